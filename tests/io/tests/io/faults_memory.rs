//! Input that attacks memory: a line without an end, millions of data lines, arbitrary indices. The allocator counts
//! the peak.

use core::convert::Infallible;
use std::collections::BTreeMap;
use std::io::{self, Read};

use bytes::Bytes;
use futures::executor::block_on;
use futures::{FutureExt as _, Stream, StreamExt as _, stream};
use serde::de::IgnoredAny;
use ssewire::{DecodeError, Decoder, LineDecoder};
use ssewire_io::{
    EventCodec, EventError, EventReader, EventStream, IncompleteMessage, JsonReader, MessageObserver, MessageReader,
    MessageStream, SharedEventStream, Tap,
};
use ssewire_messages::{Accumulator, Completion, ExceededLimit, Incomplete, LostEvent, MessageDecoder, Step, Update};
use tokio_util::codec::FramedRead;
use tokio_util::io::StreamReader;

const LIMIT: usize = 1 << 20;

/// The bound of SECURITY.md while the buffer grows, and a chunk.
const HELD: usize = 5 * (LIMIT + 4 * Decoder::DEFAULT_MAX_ID_BYTES + 1024) / 2 + CHUNK;

/// Thirty-two times the limit.
const LINE: usize = 32 * LIMIT;

const CHUNK: usize = 16 * 1024;

/// A data line that never ends, a chunk at a time.
fn line() -> impl Iterator<Item = Bytes> {
    let (first, more) = (Bytes::from_static(b"data: x"), Bytes::from(vec![b'x'; CHUNK]));
    core::iter::once(first).chain(core::iter::repeat_n(more, LINE / CHUNK))
}

fn chunks() -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin {
    stream::iter(line().map(Ok))
}

/// As a reader that ends within the line.
struct LineReader(usize);

impl Read for LineReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.0);
        buffer[..length].fill(b'x');
        self.0 -= length;
        Ok(length)
    }
}

fn reader() -> impl Read {
    b"data: ".chain(LineReader(LINE))
}

fn decoder() -> Decoder {
    Decoder::new().with_max_event_bytes(LIMIT)
}

fn driver() -> MessageDecoder {
    MessageDecoder::new().with_decoder(decoder())
}

/// The error is returned once, and then the end.
fn is_too_large_and_truncated<T, E>(returned: impl IntoIterator<Item = Result<T, EventError<E>>>) {
    let mut returned = returned.into_iter();
    assert!(matches!(returned.next(), Some(Err(EventError::Decode(DecodeError::LimitExceeded { limit: LIMIT })))));
    assert!(
        matches!(returned.next(), Some(Err(EventError::Truncated(truncated))) if truncated.pending_bytes() >= LINE as u64),
        "the end is returned, with all that was discarded"
    );
    assert!(returned.next().is_none());
}

fn is_too_large<E>(incomplete: Result<ssewire_messages::Message, IncompleteMessage<E>>) {
    let Err(error) = incomplete else { panic!("taken for whole") };
    assert_eq!(error.report().reason(), Completion::LimitExceeded);
}

#[track_caller]
fn bounded(run: impl FnOnce()) {
    let ((), peak) = ssewire_heap::peak_of(run);
    assert!(peak <= HELD, "{peak} held, of at most {HELD}");
}

#[test]
fn a_line_that_never_ends_is_bounded_in_a_reader() {
    bounded(|| is_too_large_and_truncated(EventReader::with_decoder(reader(), decoder())));
}

#[test]
fn a_line_that_never_ends_is_bounded_in_a_stream() {
    bounded(|| {
        is_too_large_and_truncated(block_on(EventStream::with_decoder(chunks(), decoder()).collect::<Vec<_>>()))
    });
    bounded(|| {
        is_too_large_and_truncated(block_on(SharedEventStream::with_decoder(chunks(), decoder()).collect::<Vec<_>>()));
    });
}

#[test]
fn a_line_that_never_ends_is_bounded_in_a_codec() {
    bounded(|| {
        let body = StreamReader::new(stream::iter(line().map(Ok::<_, io::Error>)));
        let mut framed = FramedRead::new(body, EventCodec::with_decoder(decoder()));
        let lost = block_on(framed.next()).unwrap().unwrap();
        assert_eq!(lost.unwrap_err(), DecodeError::LimitExceeded { limit: LIMIT });
        let end = block_on(framed.next()).unwrap().unwrap_err();
        assert!(matches!(end, EventError::Truncated(truncated) if truncated.pending_bytes() >= LINE as u64), "{end:?}");
        assert!(block_on(framed.next()).is_none());
    });
}

#[test]
fn a_line_that_never_ends_is_bounded_in_messages() {
    bounded(|| is_too_large(MessageReader::with_decoder(reader(), driver()).finish()));
    bounded(|| is_too_large(block_on(MessageStream::with_decoder(chunks(), driver()).finish())));
    bounded(|| {
        let mut messages = MessageStream::with_decoder(chunks(), driver());
        let event = block_on(messages.next_event()).unwrap().unwrap();
        let lost = LostEvent::LimitExceeded(ExceededLimit::Event(DecodeError::LimitExceeded { limit: LIMIT }));
        assert!(matches!(event.update, Update::Lost(error) if error == lost));
    });
}

/// A body with many messages in each chunk: the stream looks ahead at the end of each message, but holds at most two
/// chunks.
#[test]
fn a_body_of_many_messages_is_bounded() {
    let one = "data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}}\n\n\
               data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
               data: {\"type\":\"message_stop\"}\n\n";
    let (messages, chunks) = (100, 50);
    let chunk = Bytes::from(one.repeat(messages));
    // A chunk may also end within a message.
    for size in [chunk.len(), chunk.len() - 1, one.len()] {
        let taken = std::cell::Cell::new(0);
        let body = chunk.repeat(chunks);
        let pieces = body.chunks(size).map(Ok::<_, Infallible>).inspect(|_| taken.set(taken.get() + 1));
        let mut reply = MessageStream::new(stream::iter(pieces));
        let mut count = 0;
        let ((), peak) = ssewire_heap::peak_of(|| {
            loop {
                // Looks ahead at the end of the message.
                while block_on(reply.next_update()).unwrap().is_some() {}
                let Some(message) = block_on(reply.next_message()).unwrap() else { break };
                assert_eq!(message.text(), "a");
                count += 1;
                let needed = (count * one.len()).div_ceil(size);
                assert!(taken.get() <= needed + 2, "{} chunks taken for {needed}", taken.get());
            }
        });
        assert_eq!(count, messages * chunks);
        assert!(peak <= 4 * size + CHUNK, "{peak} held for chunks of {size}");
    }
}

/// The rest of a chunk is copied; when it is consumed, an idle stream gives the memory back.
#[test]
fn an_idle_stream_keeps_no_large_buffer() {
    let before = ssewire_heap::held();
    let chunk = [b"data: small\n\ndata: ", &vec![b'x'; LIMIT][..], b"\n\n"].concat();
    let body = stream::iter([Ok::<_, Infallible>(chunk)]).chain(stream::pending());
    let mut events = EventStream::new(body);
    for length in [5, LIMIT] {
        assert_eq!(block_on(events.next()).unwrap().unwrap().data().len(), length);
    }
    assert!(events.next().now_or_never().is_none());
    let held = ssewire_heap::held() - before;
    assert!(held <= 8 * 1024, "{held} held");
}

/// The end of the input needs no copy of an unfinished event.
#[test]
fn an_unfinished_event_is_not_copied_at_the_end() {
    let mut messages = MessageDecoder::new();
    for mut chunk in line().take(LIMIT / CHUNK).collect::<Vec<_>>().iter().map(|chunk| &chunk[..]) {
        assert!(matches!(messages.decode(&mut chunk), Ok(Step::NeedInput)));
    }
    let (end, peak) = ssewire_heap::peak_of(|| messages.poll_end());
    assert!(matches!(end, Ok(None)));
    assert!(peak < CHUNK, "{peak} held");
}

/// Comments and unknown fields do not count towards the limit of an event. Comments are not kept at all; the driver
/// reads fields named `error`, so it keeps at most 64 KiB of an unknown field.
#[test]
fn comments_and_unknown_fields_cost_no_event() {
    let piece = vec![b'a'; CHUNK];
    for (line_start, pieces) in [(":", 1280), ("unknown: ", 1280), ("unknown", 1280), (":", 1), ("unknown: ", 1)] {
        for before_blank_line in [true, false] {
            let ((), peak) = ssewire_heap::peak_of(|| {
                let mut stream = MessageDecoder::new().with_decoder(Decoder::new().with_max_event_bytes(4000));
                let mut skip = |mut chunk: &[u8]| assert!(matches!(stream.decode(&mut chunk), Ok(Step::NeedInput)));
                skip(line_start.as_bytes());
                (0..pieces).for_each(|_| skip(&piece));
                // Without the blank line, the line is part of the block of `message_start`.
                skip(if before_blank_line { &b"\n\n"[..] } else { b"\n" });
                feed(&mut stream, &payload(r#"{"type":"message_start","message":{}}"#));
                feed(&mut stream, &start(0));
                feed(&mut stream, &text(0, "all of it"));
                assert_eq!(stopped(stream).unwrap().text(), "all of it");
            });
            assert!(peak <= 256 * 1024, "{peak} bytes held after `{line_start}` and {pieces} pieces");
        }
    }
}

/// Under the default limit.
#[test]
fn a_line_that_never_ends_is_bounded_by_default() {
    let bound = 5 * ((16 << 20) + 17 * 1024) / 2;
    let ((), peak) = ssewire_heap::peak_of(|| is_too_large(MessageReader::new(reader()).finish()));
    assert!(peak <= bound, "{peak} held");
}

#[test]
fn a_line_that_never_ends_passes_a_tap() {
    bounded(|| {
        let mut errors = 0;
        let observer = MessageObserver::with_decoder(driver(), |observed| {
            errors += usize::from(matches!(observed, ssewire_io::Observed::End(_)));
        });
        let passed = block_on(Tap::new(chunks(), observer).map(|chunk| chunk.unwrap().len()).collect::<Vec<_>>());
        assert_eq!(passed.iter().sum::<usize>(), LINE + 7);
        assert!(errors > 0);
    });
}

#[test]
fn a_line_that_never_ends_is_bounded_in_lines() {
    bounded(|| {
        let mut lines = LineDecoder::new().with_max_line_bytes(LIMIT);
        let mut returned = Vec::new();
        for chunk in line() {
            let mut input = &chunk[..];
            while let Some(line) = lines.decode(&mut input).transpose() {
                returned.push(line.map(<[u8]>::to_vec));
            }
        }
        assert_eq!(returned, [Err(DecodeError::LimitExceeded { limit: LIMIT })]);
    });
}

/// An error of the vendor is recognised without a copy of the members of a payload. Regression: `type` was read as a
/// `Value`, at 84 times its size.
#[test]
fn a_large_type_of_a_payload_is_not_kept() {
    let list = |element: &str| format!("[{element}{}]", format!(",{element}").repeat(1 << 16));
    for name in ["type", "object", "error"] {
        for value in
            [list(r#"{"":0}"#), list("0"), format!(r#"{{"":{}}}"#, list("[]")), format!(r#""{}""#, "x".repeat(1 << 20))]
        {
            let body = format!("data: {{\"{name}\":{value},\"error\":null}}\n\n");
            let mut values = JsonReader::<_, IgnoredAny>::new(body.as_bytes());
            let (_, peak) = ssewire_heap::peak_of(|| values.next());
            // The growing buffer of the event, the event, and an error's copy of the payload.
            assert!(peak <= 6 * body.len() + 64 * 1024, "{peak} for {} bytes of {name}", body.len());
        }
    }
}

/// Number of empty data lines; joined by LF they are one byte less.
const LINES: usize = 2_000_000;

/// In chunks that end anywhere in a line.
fn empty_data_lines(line: &[u8], mut feed: impl FnMut(&[u8])) {
    let size = 1400;
    let lines = line.repeat(size);
    let mut left = LINES * line.len();
    while left > 0 {
        let some = &lines[..lines.len().min(left)];
        some.chunks(size - 1).for_each(&mut feed);
        left -= some.len();
    }
}

#[test]
fn two_million_empty_data_lines_are_one_event() {
    for line in [&b"data\n"[..], b"data:\n", b"data: \r\n"] {
        let ((), peak) = ssewire_heap::peak_of(|| {
            let mut decoder = Decoder::new();
            empty_data_lines(line, |mut chunk| assert_eq!(decoder.decode(&mut chunk), Ok(None)));
            let event = decoder.decode(&mut &b"\n"[..]).unwrap().unwrap();
            assert_eq!(event.data().len(), LINES - 1);
            assert!(event.data().iter().all(|byte| *byte == b'\n'));
        });
        // The smallest of 64 · 2^k and 96 · 2^k that holds it is 2 MiB. While the buffer grows to it, the old one of
        // 1.5 MiB exists beside it. And the input.
        assert!(peak <= (7 << 19) + 16 * 1024, "{peak} held");
    }
}

#[test]
fn two_million_empty_data_lines_over_the_limit_are_lost_alone() {
    for line in [&b"data\n"[..], b"data:\n", b"data: \r\n"] {
        bounded(|| {
            let mut decoder = decoder();
            let mut errors = Vec::new();
            empty_data_lines(line, |mut chunk| {
                while let Some(returned) = decoder.decode(&mut chunk).transpose() {
                    errors.extend(returned.err());
                }
            });
            assert_eq!(errors, [DecodeError::LimitExceeded { limit: LIMIT }]);
            let after = decoder.decode(&mut &b"\ndata: after\n\n"[..]).unwrap().unwrap();
            assert_eq!(after.data(), b"after");
        });
    }
}

/// They add nothing to the message, and remove nothing from it.
#[test]
fn two_million_empty_data_lines_in_a_message() {
    let ((), peak) = ssewire_heap::peak_of(|| {
        let mut stream = MessageDecoder::new();
        let mut feed = |mut chunk: &[u8]| while let Step::Update(_) = stream.decode(&mut chunk).unwrap() {};
        feed(&payload(r#"{"type":"message_start","message":{}}"#));
        feed(&start(0));
        feed(&text(0, "before"));
        empty_data_lines(b"data:\n", &mut feed);
        feed(b"\n");
        feed(&text(0, ", after"));
        feed(&payload(r#"{"type":"message_stop"}"#));
        assert_eq!(stream.finish().unwrap().text(), "before, after");
    });
    assert!(peak <= 9 << 19, "{peak} held");
}

/// Indices around the limits of every integer width.
const EDGES: [u64; 13] =
    [0, 1, 255, 256, 65_535, 65_536, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, 1 << 53, u64::MAX];

#[test]
fn indices_at_every_edge_are_distinct_and_cost_nothing() {
    let ((), peak) = ssewire_heap::peak_of(|| {
        let mut stream = started(Accumulator::new());
        // In descending order, the worst case for a table that grows with the index.
        for index in EDGES.into_iter().rev() {
            feed(&mut stream, &start(index));
        }
        for index in EDGES {
            feed(&mut stream, &text(index, &format!("{index},")));
        }
        for index in EDGES {
            feed(&mut stream, &stop(index));
        }
        let message = stopped(stream).unwrap();
        let expected: String = EDGES.iter().map(|index| format!("{index},")).collect();
        assert_eq!(message.text(), expected);
    });
    assert!(peak <= 64 * 1024, "{peak} held");
}

/// The default maximum number of blocks, at indices up to 2^32 in any order: memory is proportional to the received
/// bytes.
#[test]
fn random_indices_up_to_2_to_the_32_cost_in_proportion() {
    let mut texts = BTreeMap::new();
    let mut index = 1_u64;
    while texts.len() < Accumulator::DEFAULT_MAX_BLOCKS {
        // A full period modulo 2^32 (Hull and Dobell): no index occurs twice.
        index = (index * 1_664_525 + 1_013_904_223) % (1 << 32);
        texts.insert(index, format!("{index},"));
    }
    let expected: String = texts.values().map(String::as_str).collect();
    let indices: Vec<u64> = texts.keys().copied().collect();
    let scattered = || (0..indices.len()).map(|nth| indices[nth * 1999 % indices.len()]);
    let mut received = 0;
    let ((), peak) = ssewire_heap::peak_of(|| {
        let mut stream = started(Accumulator::new());
        for event in scattered().map(start).chain(scattered().map(|index| text(index, &texts[&index]))) {
            received += event.len();
            feed(&mut stream, &event);
        }
        let incomplete = stream.finish().unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::Truncated]);
        assert_eq!(incomplete.partial().text(), expected);
        assert_eq!(incomplete.partial().content().len(), indices.len());
    });
    assert!(peak <= 10 * received, "{peak} held for {received}");
}

/// A value that is not an index opens no block, and needs no memory.
#[test]
fn a_value_that_is_not_an_index_is_refused() {
    let mut stream = started(Accumulator::new());
    for index in ["-1", "18446744073709551616", "1e300", "0.5", "null", "\"\"", "[0]"] {
        let mut event = &payload(&format!(
            r#"{{"type":"content_block_start","index":{index},"content_block":{{"type":"text","text":"x"}}}}"#
        ))[..];
        let step = stream.decode(&mut event).unwrap();
        let Step::Update(event) = step else { panic!("an update") };
        assert!(matches!(event.update, Update::Lost(LostEvent::Payload(_))), "{index}");
    }
    assert!(stream.snapshot().content().is_empty());
}

/// Deltas without a start, at indices of any size: kept up to the limit, reported once.
#[test]
fn input_without_blocks_at_random_indices_is_bounded() {
    let limit = 100_000;
    let ((), peak) = ssewire_heap::peak_of(|| {
        let mut stream = started(Accumulator::new().with_max_bytes(limit));
        let mut errors = Vec::new();
        for number in 0..20_000_u64 {
            let index = number.wrapping_mul(2_654_435_761) % (1 << 32);
            let event = format!(
                r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"input_json_delta","partial_json":"[1, 2, 3"}}}}"#
            );
            if let Step::Update(event) = stream.decode(&mut &payload(&event)[..]).unwrap() {
                if let Update::Lost(error) = event.update {
                    errors.push(error);
                }
            }
        }
        assert_eq!(errors.len(), 1);
        assert!(matches!(errors[0], LostEvent::LimitExceeded(ExceededLimit::Blocks { .. })), "{errors:?}");
        let incomplete = stopped(stream).unwrap_err();
        assert_eq!(incomplete.reason(), Completion::LimitExceeded);
        assert!(incomplete.unmatched_input().iter().all(|(_, json)| json == "[1, 2, 3"));
    });
    // The administration of a piece is larger than the piece.
    assert!(peak <= 20 * limit, "{peak} held");
}

fn started(accumulator: Accumulator) -> MessageDecoder {
    let mut stream = MessageDecoder::new().with_accumulator(accumulator);
    feed(&mut stream, &payload(r#"{"type":"message_start","message":{}}"#));
    stream
}

fn stopped(mut stream: MessageDecoder) -> Result<ssewire_messages::Message, Incomplete> {
    feed(&mut stream, &payload(r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#));
    feed(&mut stream, &payload(r#"{"type":"message_stop"}"#));
    stream.finish()
}

fn feed(stream: &mut MessageDecoder, mut event: &[u8]) {
    assert!(matches!(stream.decode(&mut event).unwrap(), Step::Update(_)));
}

fn start(index: u64) -> Vec<u8> {
    payload(&format!(r#"{{"type":"content_block_start","index":{index},"content_block":{{"type":"text","text":""}}}}"#))
}

fn text(index: u64, text: &str) -> Vec<u8> {
    payload(&format!(
        r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"text_delta","text":"{text}"}}}}"#
    ))
}

fn stop(index: u64) -> Vec<u8> {
    payload(&format!(r#"{{"type":"content_block_stop","index":{index}}}"#))
}

fn payload(json: &str) -> Vec<u8> {
    format!("data: {json}\n\n").into_bytes()
}
