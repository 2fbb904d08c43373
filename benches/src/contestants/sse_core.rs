//! sse-core: a state machine over `bytes::Buf`, which borrowed slices implement.

use sse_core::{SseDecoder, SseEvent};

use super::payload_shapes::{Blocks, Flat, FlatMessage, Tagged};
use crate::answer::{Answer, Sink};
use crate::corpora::Corpus;

pub(super) fn framing<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    let mut decoder = SseDecoder::new();
    for mut input in corpus.chunks(chunk) {
        while let Some(event) = decoder.next(&mut input) {
            if let SseEvent::Message(event) = event.expect("within the limit") {
                let id = event.last_event_id.as_deref().unwrap_or_default();
                sink.event(event.event.as_bytes(), event.data.as_bytes(), id.as_bytes());
            }
        }
    }
    sink.answer()
}

pub(super) fn accumulation<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut message = FlatMessage::default();
    let mut decoder = SseDecoder::new();
    for mut input in corpus.chunks(chunk) {
        while let Some(event) = decoder.next(&mut input) {
            if let SseEvent::Message(event) = event.expect("within the limit") {
                message.add(serde_json::from_str::<Flat<'_>>(&event.data).expect("JSON"));
            }
        }
    }
    message.answer::<S>()
}

pub(super) fn recorded_value<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    recorded::<S>(corpus, chunk, |message, payload| {
        message.add_value(&serde_json::from_str(payload).expect("JSON"));
    })
}

pub(super) fn recorded_tagged<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    recorded::<S>(corpus, chunk, |message, payload| {
        message.add_tagged(serde_json::from_str::<Tagged>(payload).expect("JSON"));
    })
}

fn recorded<S: Sink>(corpus: &Corpus, chunk: usize, add: impl Fn(&mut Blocks, &str)) -> Answer {
    let mut sink = S::default();
    for chunks in corpus.streams(chunk) {
        let mut message = Blocks::default();
        let mut decoder = SseDecoder::new();
        for mut input in chunks {
            while let Some(event) = decoder.next(&mut input) {
                if let SseEvent::Message(event) = event.expect("within the limit") {
                    add(&mut message, &event.data);
                }
            }
        }
        message.say(&mut sink);
    }
    sink.answer()
}
