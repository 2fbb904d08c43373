//! Deterministic inputs with their answers. The generator computes the answers, never a decoder.

mod framing;
mod json;
mod message;
mod recorded;
mod saved;
mod words;

use std::ops::Range;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use self::framing::{big, comments, deltas, multiline, one_line, openai, tiny};
pub use self::json::{PIECE, json_string, json_structured};
pub use self::message::{START, encoding, message, payloads};
pub use self::recorded::{PERCENTILES, kinds, name_of, other_kinds, profile, recorded, say_message};
use crate::answer::Answer;
use crate::chunks::Chunks;

/// An input and its answer.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Corpus {
    pub name: &'static str,
    /// The event type of all payloads, in corpora of one kind.
    pub kind: &'static str,
    /// The stream. Shared, for contestants that accept only `Bytes`.
    #[serde(skip)]
    pub stream: Bytes,
    /// The expected answer.
    pub expected: Answer,
    /// Number of line ends in the stream.
    pub lines: u64,
    /// Number of units: events, or pieces.
    pub units: u64,
    /// Ranges of the payloads in the stream, for races that decode payloads or encode events.
    pub payloads: Vec<Range<usize>>,
    /// Ends of the events in the stream, for chunks of one event each.
    pub ends: Vec<usize>,
    /// Ranges of the streams of several messages. Empty: it is one stream.
    pub streams: Vec<Range<usize>>,
}

impl Corpus {
    /// The bytes in chunks of this size, as if they were one stream.
    #[must_use]
    pub fn chunks(&self, chunk: usize) -> Chunks<'_> {
        Chunks::new(self, 0..self.stream.len(), chunk)
    }

    /// The chunks of each stream.
    pub fn streams(&self, chunk: usize) -> impl Iterator<Item = Chunks<'_>> {
        let whole = self.streams.is_empty().then_some(0..self.stream.len());
        whole.into_iter().chain(self.streams.iter().cloned()).map(move |range| Chunks::new(self, range, chunk))
    }
}

/// All framing corpora, of about the given number of bytes each.
#[must_use]
pub fn framing(bytes: usize) -> Vec<Corpus> {
    vec![deltas(bytes), openai(bytes), big(bytes), multiline(bytes), comments(bytes), tiny(bytes)]
}
