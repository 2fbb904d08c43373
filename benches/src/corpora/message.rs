//! Streams of text deltas, for contestants that decode payloads.

use super::Corpus;
use super::framing::{deltas, text_delta};
use super::words::Words;
use crate::answer::{Answer, Hashes, Sink};

/// Payloads of text deltas, decoded one by one. The answer is the text of each.
#[must_use]
pub fn payloads(bytes: usize) -> Corpus {
    let corpus = deltas(bytes);
    let (mut words, mut expected) = (Words::new(), Hashes::default());
    for _ in 0..corpus.expected.count {
        expected.event(b"", words.piece().as_bytes(), b"");
    }
    Corpus { name: "payloads", expected: expected.answer(), ..corpus }
}

/// A complete message in text deltas. The answer is its stop reason and its text.
#[must_use]
pub fn message(bytes: usize) -> Corpus {
    let (mut words, mut text, mut deltas) = (Words::new(), String::new(), 0);
    let mut stream = String::from(START);
    while stream.len() < bytes {
        let piece = words.piece();
        stream += &format!("event: content_block_delta\ndata: {}\n\n", text_delta(&piece));
        text += &piece;
        deltas += 1;
    }
    stream += END;
    let expected = one(b"end_turn", text.as_bytes());
    let lines = stream.bytes().filter(|&byte| byte == b'\n').count() as u64;
    Corpus {
        name: "message",
        expected,
        lines,
        units: deltas,
        ends: ends(&stream),
        stream: stream.into(),
        ..Corpus::default()
    }
}

/// Events to encode. The answer is the encoded stream.
#[must_use]
pub fn encoding(bytes: usize) -> Corpus {
    let corpus = deltas(bytes);
    Corpus { name: "encoding", expected: one(b"", &corpus.stream), ..corpus }
}

/// Events of the start of a message and of its text block.
pub const START: &str = concat!(
    "event: message_start\n",
    r#"data: {"type":"message_start","message":{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"#,
    r#""assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":"#,
    r#"{"input_tokens":472,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":2,"#,
    r#""service_tier":"standard"}}}"#,
    "\n\nevent: content_block_start\n",
    r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    "\n\nevent: ping\n",
    r#"data: {"type":"ping"}"#,
    "\n\n"
);

const END: &str = concat!(
    "event: content_block_stop\n",
    r#"data: {"type":"content_block_stop","index":0}"#,
    "\n\nevent: message_delta\n",
    r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":"#,
    r#"{"output_tokens":89}}"#,
    "\n\nevent: message_stop\n",
    r#"data: {"type":"message_stop"}"#,
    "\n\n"
);

/// The ends of the events of a stream of one-line events.
fn ends(stream: &str) -> Vec<usize> {
    stream.match_indices("\n\n").map(|(at, end)| at + end.len()).collect()
}

fn one(event_type: &[u8], data: &[u8]) -> Answer {
    let mut expected = Hashes::default();
    expected.event(event_type, data, b"");
    expected.answer()
}
