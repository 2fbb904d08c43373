//! Event streams of about a given number of bytes.

use super::Corpus;
use super::words::Words;
use crate::answer::{Hashes, Sink};

/// Text deltas of the Messages API: 126 bytes per event on average.
#[must_use]
pub fn deltas(bytes: usize) -> Corpus {
    let mut words = Words::new();
    events("deltas", bytes, || Block {
        comments: 0,
        event_type: "content_block_delta",
        data: text_delta(&words.piece()),
    })
}

/// Chunks of a chat completion: 263 bytes per event on average, no event type.
#[must_use]
pub fn openai(bytes: usize) -> Corpus {
    let mut words = Words::new();
    events("openai-like", bytes, || Block {
        comments: 0,
        event_type: "",
        data: format!(
            "{{\"id\":\"chatcmpl-B0T4UsKl9wYqGdH7mRzXc2Nv5JpEa\",\"object\":\"chat.completion.chunk\",\
             \"created\":1735689600,\"model\":\"gpt-4o-2024-08-06\",\"service_tier\":\"default\",\
             \"system_fingerprint\":\"fp_50cad350\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{}}},\
             \"finish_reason\":null}}]}}",
            serde_json::Value::from(words.piece())
        ),
    })
}

/// Lines of 64 KiB.
#[must_use]
pub fn big(bytes: usize) -> Corpus {
    let mut words = Words::new();
    events("big", bytes, || Block { comments: 0, event_type: "", data: words.text(64 * 1024) })
}

/// Twenty `data` lines of 60 bytes.
#[must_use]
pub fn multiline(bytes: usize) -> Corpus {
    let mut words = Words::new();
    events("multiline", bytes, || Block {
        comments: 0,
        event_type: "",
        data: (0..20).map(|_| words.text(60)).collect::<Vec<_>>().join("\n"),
    })
}

/// A server that keeps the connection alive: eight comments for each event.
#[must_use]
pub fn comments(bytes: usize) -> Corpus {
    events("comments", bytes, || Block { comments: 8, event_type: "", data: "x".into() })
}

/// `data: x`.
#[must_use]
pub fn tiny(bytes: usize) -> Corpus {
    events("tiny", bytes, || Block { comments: 0, event_type: "", data: "x".into() })
}

/// One event with a line of the given number of bytes.
#[must_use]
pub fn one_line(bytes: usize) -> Corpus {
    events("one line", 1, || Block { comments: 0, event_type: "", data: "x".repeat(bytes) })
}

/// The payload of a text delta.
pub(super) fn text_delta(text: &str) -> String {
    format!(
        "{{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":{}}}}}",
        serde_json::Value::from(text)
    )
}

/// An event, and the comments before it.
struct Block {
    comments: usize,
    /// Empty: none.
    event_type: &'static str,
    data: String,
}

fn events(name: &'static str, bytes: usize, mut next: impl FnMut() -> Block) -> Corpus {
    let (mut stream, mut expected, mut payloads, mut ends) = (String::new(), Hashes::default(), Vec::new(), Vec::new());
    while stream.len() < bytes {
        let block = next();
        stream += &": ping\n\n".repeat(block.comments);
        if !block.event_type.is_empty() {
            stream += &format!("event: {}\n", block.event_type);
        }
        for line in block.data.split('\n') {
            stream += "data: ";
            payloads.push(stream.len()..stream.len() + line.len());
            stream += line;
            stream.push('\n');
        }
        stream.push('\n');
        ends.push(stream.len());
        let event_type = if block.event_type.is_empty() { "message" } else { block.event_type };
        expected.event(event_type.as_bytes(), block.data.as_bytes(), b"");
    }
    let expected = expected.answer();
    let lines = stream.bytes().filter(|&byte| byte == b'\n').count() as u64;
    let units = expected.count;
    Corpus { name, stream: stream.into(), expected, lines, units, payloads, ends, ..Corpus::default() }
}
