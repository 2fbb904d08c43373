//! Deterministic input, each with the answer that is in it. The answers come from what was put in, never from a
//! decoder.

mod framing;
mod json;
mod message;
mod words;

use std::ops::Range;

use bytes::Bytes;

pub use self::framing::{big, comments, deltas, multiline, one_line, openai, tiny};
pub use self::json::{PIECE, json_string, json_structured};
pub use self::message::{START, encoding, message, payloads};
use crate::answer::Answer;

/// Input and what is in it.
#[derive(Debug)]
pub struct Corpus {
    pub name: &'static str,
    /// What is read. Shared, for the peers who take no other chunks.
    pub stream: Bytes,
    /// What must come out.
    pub expected: Answer,
    /// Line ends in the stream.
    pub lines: u64,
    /// The things that work is counted by: events, or pieces.
    pub units: u64,
    /// Where in the stream the payloads of the events lie, for those who read payloads or write events.
    pub payloads: Vec<Range<usize>>,
}

/// All streams for framing, of about so many bytes each.
#[must_use]
pub fn framing(bytes: usize) -> Vec<Corpus> {
    vec![deltas(bytes), openai(bytes), big(bytes), multiline(bytes), comments(bytes), tiny(bytes)]
}
