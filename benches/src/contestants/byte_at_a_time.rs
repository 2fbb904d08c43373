//! The simplest decoder: a buffer for the line, filled byte by byte. It is fast for one-byte chunks.

use crate::answer::{Answer, Sink};
use crate::corpora::Corpus;

pub(super) fn framing<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    let (mut line, mut event_type, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for input in corpus.chunks(chunk) {
        for &byte in input {
            if byte != b'\n' {
                line.push(byte);
                continue;
            }
            if line.is_empty() {
                // Each `data` line has appended an LF.
                if data.pop().is_some() {
                    sink.event(if event_type.is_empty() { b"message" } else { &event_type }, &data, b"");
                }
                data.clear();
                event_type.clear();
            } else if let Some(value) = line.strip_prefix(b"data: ") {
                data.extend_from_slice(value);
                data.push(b'\n');
            } else if let Some(value) = line.strip_prefix(b"event: ") {
                event_type.clear();
                event_type.extend_from_slice(value);
            }
            line.clear();
        }
    }
    sink.answer()
}
