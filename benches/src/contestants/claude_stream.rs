//! claude-stream: bytes to typed events. It has no accumulator, so this file accumulates.

use claude_stream::{Delta, Event, EventParser};

use crate::answer::{Answer, Sink};
use crate::corpora::Corpus;

pub(super) fn accumulation<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let (mut text, mut reason) = (String::new(), String::new());
    let mut parser = EventParser::new();
    for input in corpus.chunks(chunk) {
        parser.feed(input);
        while let Some(event) = parser.next_event().expect("well-formed") {
            match event {
                Event::ContentBlockDelta { delta: Delta::TextDelta { text: piece }, .. } => text += &piece,
                Event::MessageDelta { delta, .. } => reason = delta.stop_reason.unwrap_or_default(),
                _ => {}
            }
        }
    }
    let mut sink = S::default();
    sink.event(reason.as_bytes(), text.as_bytes(), b"");
    sink.answer()
}
