//! Deterministic inputs with their answers. The generator computes the answers, never a decoder.

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

/// An input and its answer.
#[derive(Debug)]
pub struct Corpus {
    pub name: &'static str,
    /// The stream. Shared, for contestants that accept only `Bytes`.
    pub stream: Bytes,
    /// The expected answer.
    pub expected: Answer,
    /// Number of line ends in the stream.
    pub lines: u64,
    /// Number of units: events, or pieces.
    pub units: u64,
    /// Ranges of the payloads in the stream, for races that decode payloads or encode events.
    pub payloads: Vec<Range<usize>>,
}

/// All framing corpora, of about the given number of bytes each.
#[must_use]
pub fn framing(bytes: usize) -> Vec<Corpus> {
    vec![deltas(bytes), openai(bytes), big(bytes), multiline(bytes), comments(bytes), tiny(bytes)]
}
