//! serde_json in its usual forms.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::payload_shapes::{Flat, Tagged, TaggedMessage, exact_text};
use crate::answer::{Answer, Sink};
use crate::corpora::Corpus;

pub(super) fn decoding_tagged<S: Sink>(corpus: &Corpus, _: usize) -> Answer {
    let mut sink = S::default();
    for payload in &corpus.payloads {
        let event: Tagged = serde_json::from_slice(&corpus.stream[payload.clone()]).expect("JSON");
        let text = TaggedMessage::text_of(&event);
        sink.event(b"", text.as_bytes(), b"");
    }
    sink.answer()
}

pub(super) fn decoding_value<S: Sink>(corpus: &Corpus, _: usize) -> Answer {
    let mut sink = S::default();
    for payload in &corpus.payloads {
        let event: Value = serde_json::from_slice(&corpus.stream[payload.clone()]).expect("JSON");
        sink.event(b"", event["delta"]["text"].as_str().unwrap_or_default().as_bytes(), b"");
    }
    sink.answer()
}

pub(super) fn decoding_flat<S: Sink>(corpus: &Corpus, _: usize) -> Answer {
    let mut sink = S::default();
    for payload in &corpus.payloads {
        let text = std::str::from_utf8(&corpus.stream[payload.clone()]).expect("UTF-8");
        let event: Flat<'_> = serde_json::from_str(text).expect("JSON");
        sink.event(b"", event.text().unwrap_or_default().as_bytes(), b"");
    }
    sink.answer()
}

/// Checks only that the payload is JSON. It decodes nothing, so it reports the expected answer.
pub(super) fn decoding_ignored<S: Sink>(corpus: &Corpus, _: usize) -> Answer {
    for payload in &corpus.payloads {
        let IgnoredAny = serde_json::from_slice(&corpus.stream[payload.clone()]).expect("JSON");
    }
    S::given(corpus.expected)
}

/// Payloads of one kind: the name of each, and its text.
pub(super) fn kinds_tagged<S: Sink>(corpus: &Corpus, _: usize) -> Answer {
    let mut sink = S::default();
    for payload in &corpus.payloads {
        let event: Tagged = serde_json::from_slice(&corpus.stream[payload.clone()]).expect("JSON");
        sink.event(event.name().as_bytes(), TaggedMessage::text_of(&event).as_bytes(), b"");
    }
    sink.answer()
}

pub(super) fn decoding_exact<S: Sink>(corpus: &Corpus, _: usize) -> Answer {
    let mut sink = S::default();
    for payload in &corpus.payloads {
        let payload = std::str::from_utf8(&corpus.stream[payload.clone()]).expect("UTF-8");
        if let Some(text) = exact_text(payload) {
            sink.event(b"", text.as_bytes(), b"");
        } else {
            let event: Flat<'_> = serde_json::from_str(payload).expect("JSON");
            sink.event(b"", event.text().unwrap_or_default().as_bytes(), b"");
        }
    }
    sink.answer()
}

/// Parses once at the end, without partial values.
pub(super) fn json_at_the_end<S: Sink>(corpus: &Corpus, piece: usize) -> Answer {
    let mut text = String::new();
    for piece in corpus.chunks(piece) {
        text += std::str::from_utf8(piece).expect("ASCII");
    }
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let mut sink = S::default();
    sink.value(|| value.to_string());
    sink.answer()
}
