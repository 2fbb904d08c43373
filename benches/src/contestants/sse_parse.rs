//! sse-parse: feed a chunk, then read its events.

use sse_parse::SseParser;

use crate::answer::{Answer, Sink};
use crate::corpora::Corpus;

pub(super) fn framing<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    let mut parser = SseParser::new();
    for input in corpus.chunks(chunk) {
        parser.feed(input);
        while let Some(event) = parser.next_event() {
            sink.event(event.event.as_bytes(), event.data.as_bytes(), event.id.as_bytes());
        }
    }
    parser.finish();
    sink.answer()
}
