//! stream-rs: a parser that fills a vector of events, and an accumulator whose caller parses the JSON.

use serde_json::Value;
use stream_rs::accumulators::anthropic::{AnthropicAccumulator, BlockKind};
use stream_rs::sse::SseParser;

use crate::answer::{Answer, Sink};
use crate::corpora::Corpus;

pub(super) fn framing<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    let (mut parser, mut events) = (SseParser::new(), Vec::new());
    for input in corpus.chunks(chunk) {
        parser.feed(input, &mut events);
        for event in events.drain(..) {
            let event_type = event.event.as_deref().unwrap_or("message");
            sink.event(event_type.as_bytes(), event.data.as_bytes(), event.id.unwrap_or_default().as_bytes());
        }
    }
    sink.answer()
}

/// Parses to `Value`, as its documentation does.
pub(super) fn accumulation<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut message = AnthropicAccumulator::new();
    let (mut parser, mut events) = (SseParser::new(), Vec::new());
    for input in corpus.chunks(chunk) {
        parser.feed(input, &mut events);
        for event in events.drain(..) {
            add(&mut message, &serde_json::from_str(&event.data).expect("JSON"));
        }
    }
    let mut sink = S::default();
    let text = message.block(0).map(|block| block.text.as_str()).unwrap_or_default();
    sink.event(message.stop_reason().unwrap_or_default().as_bytes(), text.as_bytes(), b"");
    sink.answer()
}

fn add(message: &mut AnthropicAccumulator, payload: &Value) {
    let index = payload["index"].as_u64().unwrap_or_default() as usize;
    match payload["type"].as_str() {
        Some("message_start") => message.message_start(),
        Some("content_block_start") => message.content_block_start(index, BlockKind::Text).expect("in order"),
        Some("content_block_delta") => {
            let text = payload["delta"]["text"].as_str().unwrap_or_default();
            message.text_delta(index, text).expect("in order");
        }
        Some("content_block_stop") => message.content_block_stop(index).expect("in order"),
        Some("message_delta") => message.message_delta(payload["delta"]["stop_reason"].as_str()),
        Some("message_stop") => message.message_stop(),
        _ => {}
    }
}
