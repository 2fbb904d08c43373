//! ssewire-batch: the same work as the decoders below it, for foreign function interfaces.

use std::hint::black_box;

use ssewire_batch::{BatchDecoder, MessageBatchDecoder, MessageKind};
use ssewire_messages::Message;

use super::ssewire::say;
use crate::answer::{Answer, Sink};
use crate::chunks::Chunks;
use crate::corpora::Corpus;

pub(super) fn framing<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    let mut decoder = BatchDecoder::new();
    for mut input in corpus.chunks(chunk) {
        while !input.is_empty() {
            let pushed = input;
            let batch = decoder.push(&mut input);
            // As C reads it: bytes at an offset.
            let text = batch.text().as_bytes();
            for record in batch.records() {
                let [event_type, data, id] = [
                    (record.is_event_type_in_input, record.event_type),
                    (record.is_data_in_input, record.data),
                    (false, record.last_event_id),
                ]
                .map(|(is_in_input, span)| &(if is_in_input { pushed } else { text })[span.offset..][..span.len]);
                sink.event(event_type, data, id);
            }
        }
    }
    decoder.finish().expect("a complete stream");
    sink.answer()
}

/// Complete streams of text deltas.
pub(super) fn accumulation<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    let message = read(corpus.chunks(chunk));
    let reason = message.stop_reason().map_or("", |reason| reason.as_str());
    sink.event(reason.as_bytes(), message.text().as_bytes(), b"");
    sink.answer()
}

/// Complete streams. The text of every update is read, as by a program that shows it.
pub(super) fn recorded<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    corpus.streams(chunk).for_each(|chunks| say(&mut sink, &read(chunks)));
    sink.answer()
}

fn read(chunks: Chunks<'_>) -> Message {
    let mut decoder = MessageBatchDecoder::new();
    for mut input in chunks {
        while !input.is_empty() && !decoder.is_ended() {
            let batch = decoder.push(&mut input);
            for record in batch.records() {
                if record.kind == MessageKind::Text {
                    black_box(batch.get(record.text));
                }
                black_box(record);
            }
        }
    }
    decoder.finish().expect("a complete message")
}
