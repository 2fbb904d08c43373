//! All calls into the libraries under test. Changes of their names need a change only in this file.
//!
//! A driver reads all chunks of an input, never stops at an error, and counts. It keeps no results, except if its
//! name says so.

use core::hint::black_box;

use ssewire::{Decoder, LineDecoder, OwnedEvent, SharedEvent, Storage};
use ssewire_batch::{BatchDecoder, MessageBatchDecoder};
use ssewire_json::{PartialJson, PartialStrings};
use ssewire_messages::{Accumulator, Message, MessageDecoder, Step, Update, Validation};

use crate::family::{Input, Outcome};

/// The results of a decoder.
#[derive(Default)]
struct Count {
    events: u64,
    errors: u64,
}

impl Count {
    /// Counts a result; `false` if the decoder needs the next chunk.
    fn add<T, E>(&mut self, result: Result<Option<T>, E>) -> bool {
        match result {
            Ok(Some(item)) => {
                black_box(item);
                self.events += 1;
            }
            Ok(None) => return false,
            Err(_) => self.errors += 1,
        }
        true
    }

    fn outcome(&self) -> Outcome {
        Outcome::now(self.events, self.errors)
    }
}

/// A decoder with the limits of the input.
fn decoder(input: &Input) -> Decoder {
    with_limits(Decoder::new(), input)
}

fn with_limits<S: Storage>(mut decoder: Decoder<S>, input: &Input) -> Decoder<S> {
    if let Some(limit) = input.limit {
        decoder = decoder.with_max_event_bytes(limit);
    }
    if let Some(limit) = input.id_limit {
        decoder = decoder.with_max_id_bytes(limit);
    }
    decoder
}

fn decode_chunk<S: Storage>(decoder: &mut Decoder<S>, mut chunk: &[u8], count: &mut Count) {
    while count.add(decoder.decode(&mut chunk)) {}
}

/// `Decoder::decode`.
pub(crate) fn decode(input: &Input) -> Outcome {
    let (mut decoder, mut count) = (decoder(input), Count::default());
    input.iter().for_each(|chunk| decode_chunk(&mut decoder, chunk, &mut count));
    count.outcome()
}

/// `Decoder::decode` with a storage of 64 bytes that does not grow.
pub(crate) fn decode_array(input: &Input) -> Outcome {
    let (mut decoder, mut count) = (with_limits(Decoder::with_storage([0; 64]), input), Count::default());
    input.iter().for_each(|chunk| decode_chunk(&mut decoder, chunk, &mut count));
    count.outcome()
}

/// `Decoder::decode` with a storage of twice the input that does not grow.
pub(crate) fn decode_in_slice(input: &Input) -> Outcome {
    let mut memory = vec![0; 2 * input.len()];
    let (mut decoder, mut count) = (with_limits(Decoder::with_storage(&mut memory[..]), input), Count::default());
    input.iter().for_each(|chunk| decode_chunk(&mut decoder, chunk, &mut count));
    count.outcome()
}

/// `Decoder::decode`, with a reset of the decoder after half of the chunks.
pub(crate) fn decode_and_reset(input: &Input) -> Outcome {
    let (mut decoder, mut count) = (decoder(input), Count::default());
    for (index, chunk) in input.iter().enumerate() {
        if index == input.count() / 2 {
            decoder.reset();
        }
        decode_chunk(&mut decoder, chunk, &mut count);
    }
    count.outcome()
}

/// `Decoder::poll_event` and `Decoder::resolve_event`.
pub(crate) fn decode_in_two_steps(input: &Input) -> Outcome {
    let (mut decoder, mut count) = (decoder(input), Count::default());
    for mut chunk in input.iter() {
        loop {
            let before = chunk;
            let result = decoder.poll_event(&mut chunk);
            if !count.add(result.map(|span| span.map(|span| decoder.resolve_event(before, span)))) {
                break;
            }
        }
    }
    count.outcome()
}

/// `BatchDecoder::push`, with as many records as there are.
pub(crate) fn batch_events(input: &Input) -> Outcome {
    let mut batches = BatchDecoder::with_decoder(decoder(input)).with_max_records(usize::MAX);
    let mut events = 0;
    for mut chunk in input.iter() {
        events += black_box(batches.push(&mut chunk)).records().len() as u64;
    }
    Outcome::now(events, 0)
}

/// `MessageBatchDecoder::push`, with as many records as there are.
pub(crate) fn batch_messages(input: &Input) -> Outcome {
    let mut batches = MessageBatchDecoder::new().with_max_records(usize::MAX);
    let mut events = 0;
    for mut chunk in input.iter() {
        events += black_box(batches.push(&mut chunk)).records().len() as u64;
    }
    Outcome::now(events, 0)
}

/// `Decoder::decode_frame`, with all kinds of frames.
pub(crate) fn decode_frames(input: &Input) -> Outcome {
    let mut decoder = decoder(input).with_comments().with_unknown_fields();
    let mut count = Count::default();
    for mut chunk in input.iter() {
        while count.add(decoder.decode_frame(&mut chunk)) {}
    }
    count.outcome()
}

fn decode_shared_with(input: &Input, mut receive: impl FnMut(SharedEvent)) -> Outcome {
    let (mut decoder, mut count) = (decoder(input), Count::default());
    for mut chunk in input.shared() {
        while count.add(decoder.decode_shared(&mut chunk).map(|event| event.map(&mut receive))) {}
    }
    count.outcome()
}

fn decode_owned_with(input: &Input, mut receive: impl FnMut(OwnedEvent)) -> Outcome {
    let (mut decoder, mut count) = (decoder(input), Count::default());
    for mut chunk in input.iter() {
        while count.add(decoder.decode_owned(&mut chunk).map(|event| event.map(&mut receive))) {}
    }
    count.outcome()
}

/// `Decoder::decode_shared`; each event is dropped at once.
pub(crate) fn decode_shared(input: &Input) -> Outcome {
    decode_shared_with(input, |event| drop(black_box(event)))
}

/// `Decoder::decode_shared`; all events are kept.
pub(crate) fn collect_bytes(input: &Input) -> Outcome {
    let mut events = Vec::new();
    decode_shared_with(input, |event| events.push(event))
}

/// Owned events; each is dropped at once.
pub(crate) fn decode_owned(input: &Input) -> Outcome {
    decode_owned_with(input, |event| drop(black_box(event)))
}

/// Owned events; all are kept.
pub(crate) fn collect_owned(input: &Input) -> Outcome {
    let mut events = Vec::new();
    decode_owned_with(input, |event| events.push(event))
}

/// `LineDecoder::decode`.
pub(crate) fn decode_lines(input: &Input) -> Outcome {
    let mut decoder = LineDecoder::new();
    if let Some(limit) = input.limit {
        decoder = decoder.with_max_line_bytes(limit);
    }
    let mut count = Count::default();
    for mut chunk in input.iter() {
        while count.add(decoder.decode(&mut chunk)) {}
    }
    count.outcome()
}

fn push_json(input: &Input, strings: PartialStrings) -> Outcome {
    let (mut json, mut count) = (PartialJson::with_partial_strings(strings), Count::default());
    for chunk in input.iter() {
        match core::str::from_utf8(chunk).map(|text| json.push(text)) {
            Ok(Ok(())) => count.events += 1,
            _ => count.errors += 1,
        }
        black_box(json.value());
    }
    count.outcome()
}

/// `push`, with the unfinished string hidden.
pub(crate) fn push_hidden(input: &Input) -> Outcome {
    push_json(input, PartialStrings::Hide)
}

/// `push`, with the unfinished string shown.
pub(crate) fn push_shown(input: &Input) -> Outcome {
    push_json(input, PartialStrings::Show)
}

fn decode_message(input: &Input, accumulator: Accumulator) -> Outcome {
    let (decoder, count) = decoded_message(input, accumulator);
    let outcome = count.outcome();
    black_box(decoder.finish().is_ok());
    outcome
}

fn decoded_message(input: &Input, accumulator: Accumulator) -> (MessageDecoder, Count) {
    let accumulator = match input.limit {
        Some(limit) => accumulator.with_max_bytes(limit),
        None => accumulator,
    };
    let (mut decoder, mut count) = (MessageDecoder::new().with_accumulator(accumulator), Count::default());
    for mut chunk in input.iter() {
        loop {
            match decoder.decode(&mut chunk) {
                Ok(Step::Update(event)) => {
                    count.errors += u64::from(matches!(event.update, Update::Lost(_)));
                    count.events += 1;
                    if let Update::ToolInput { input, .. } = &event.update {
                        input.partial_changes().for_each(|change| drop(black_box(change)));
                    }
                    black_box(event);
                }
                Ok(Step::NeedInput | Step::Ended) => break,
                Err(_) => count.errors += 1,
            }
        }
    }
    (decoder, count)
}

/// A message, lenient.
pub(crate) fn message(input: &Input) -> Outcome {
    decode_message(input, Accumulator::new())
}

/// A message, lenient, with the value of tool input so far.
pub(crate) fn message_with_partial_input(input: &Input) -> Outcome {
    decode_message(input, Accumulator::new().with_partial_input(PartialStrings::Show))
}

/// A message, lenient, with the value of tool input so far and its changes.
pub(crate) fn message_with_partial_changes(input: &Input) -> Outcome {
    decode_message(input, Accumulator::new().with_partial_changes(PartialStrings::Show))
}

/// A message, lenient, written as JSON at its end.
pub(crate) fn write_message(input: &Input) -> Outcome {
    let (decoder, count) = decoded_message(input, Accumulator::new());
    black_box(decoder.snapshot().to_json_lossy());
    count.outcome()
}

/// Messages as JSON, one in each chunk. Each is compared with the first one.
pub(crate) fn compare_messages(input: &Input) -> Outcome {
    let mut count = Count::default();
    let mut first = None;
    for chunk in input.iter() {
        match Message::from_json(chunk) {
            Ok(message) => count.events += u64::from(message == *first.get_or_insert_with(|| message.clone())),
            Err(_) => count.errors += 1,
        }
    }
    count.outcome()
}

/// A message, lenient, with any number of blocks.
pub(crate) fn message_of_many_blocks(input: &Input) -> Outcome {
    decode_message(input, Accumulator::new().with_max_blocks(usize::MAX))
}

/// A message in strict mode, with any number of blocks. Not by `MessageDecoder`, which ends at the first violation.
pub(crate) fn accumulate_strict(input: &Input) -> Outcome {
    let mut accumulator = Accumulator::new().with_validation(Validation::Strict).with_max_blocks(usize::MAX);
    let (mut decoder, mut count) = (decoder(input), Count::default());
    for mut chunk in input.iter() {
        while let Ok(Some(event)) = decoder.decode(&mut chunk) {
            count.add(accumulator.accumulate_event(event.event_type(), event.data()).map(Some));
        }
    }
    let outcome = count.outcome();
    black_box(accumulator.into_message().is_ok());
    outcome
}
