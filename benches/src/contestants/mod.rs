//! Contestants: ssewire, other libraries (one file each), and hand-written reference programs.

mod batch;
mod byte_at_a_time;
mod claude_stream;
mod eventsource_stream;
mod jiter;
mod json_stream_parser;
mod lf_only;
mod payload_shapes;
mod scan;
mod serde;
mod sse_core;
mod sse_parse;
mod sse_stream;
mod sseer;
mod ssewire;
mod stream_rs;
mod write_by_hand;

use crate::answer::{Answer, Hashes, Sums};
use crate::corpora::Corpus;

/// Reads a corpus in chunks of the given size, and returns the answer.
pub type Run = fn(&Corpus, usize) -> Answer;

/// A library or a reference program in a race.
#[derive(Debug, Clone, Copy)]
pub struct Contestant {
    pub name: &'static str,
    pub role: Role,
    /// Hashes the results.
    pub check: Run,
    /// Runs the code of `check` without hashing, for timed runs.
    pub run: Run,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Ours,
    Peer,
    /// A reference program of this package. It does less than the libraries, and shows the possible improvement.
    Reference,
}

/// Builds a contestant from a function that is generic over its sink.
macro_rules! contestant {
    ($role:ident, $name:literal, $($work:ident)::+ $(, $option:tt)*) => {
        Contestant {
            name: $name,
            role: Role::$role,
            check: $($work)::+::<Hashes $(, $option)*>,
            run: $($work)::+::<Sums $(, $option)*>,
        }
    };
}

/// Contestants for bytes to events: type, data, id.
#[must_use]
pub fn framing() -> Vec<Contestant> {
    vec![
        contestant!(Ours, "ssewire", ssewire::framing, false),
        contestant!(Ours, "ssewire, text", ssewire::framing, true),
        contestant!(Peer, "sse-core", sse_core::framing),
        contestant!(Peer, "sse-stream", sse_stream::framing),
        contestant!(Peer, "sseer", sseer::framing),
        contestant!(Peer, "sse-parse", sse_parse::framing),
        contestant!(Peer, "stream-rs", stream_rs::framing),
        contestant!(Peer, "eventsource-stream", eventsource_stream::framing),
        contestant!(Reference, "LF-only loop", lf_only::framing, false),
        contestant!(Reference, "LF-only loop, text", lf_only::framing, true),
        contestant!(Reference, "byte-at-a-time buffer", byte_at_a_time::framing),
        contestant!(Reference, "memchr scan", scan::framing),
    ]
}

/// Batches of events, and the decoder below them: bytes, and with its data checked to be UTF-8, as a batch checks it.
#[must_use]
pub fn event_batches() -> Vec<Contestant> {
    vec![
        contestant!(Ours, "ssewire-batch", batch::framing),
        contestant!(Ours, "ssewire", ssewire::framing, false),
        contestant!(Ours, "ssewire, text", ssewire::framing, true),
    ]
}

/// Batches of messages in text deltas, and the decoder below them.
#[must_use]
pub fn delta_batches() -> Vec<Contestant> {
    vec![
        contestant!(Ours, "ssewire-batch", batch::accumulation),
        contestant!(Ours, "ssewire-messages", ssewire::accumulation),
    ]
}

/// Batches of messages as recorded, and the decoder below them.
#[must_use]
pub fn message_batches() -> Vec<Contestant> {
    vec![contestant!(Ours, "ssewire-batch", batch::recorded), contestant!(Ours, "ssewire-messages", ssewire::recorded)]
}

/// Contestants for payloads to the text of their deltas.
#[must_use]
pub fn decoding() -> Vec<Contestant> {
    vec![
        contestant!(Ours, "ssewire-messages", ssewire::decoding),
        contestant!(Peer, "tagged owned serde enum", serde::decoding_tagged),
        contestant!(Peer, "serde_json Value", serde::decoding_value),
        contestant!(Peer, "flat borrowed serde", serde::decoding_flat),
        contestant!(Reference, "serde_json IgnoredAny", serde::decoding_ignored),
        contestant!(Reference, "exact match, then serde", serde::decoding_exact),
    ]
}

/// Contestants for bytes to accumulated messages.
#[must_use]
pub fn accumulation() -> Vec<Contestant> {
    vec![
        contestant!(Ours, "ssewire-messages", ssewire::accumulation),
        contestant!(Peer, "eventsource-stream + tagged serde", eventsource_stream::accumulation),
        contestant!(Peer, "sse-core + flat borrowed serde", sse_core::accumulation),
        contestant!(Peer, "claude-stream", claude_stream::accumulation),
        contestant!(Peer, "stream-rs", stream_rs::accumulation),
        contestant!(Reference, "LF-only loop + exact match", lf_only::accumulation),
        contestant!(Reference, "memchr scan", scan::framing),
    ]
}

/// Contestants for streams as recorded, to messages with all blocks.
#[must_use]
pub fn recorded() -> Vec<Contestant> {
    vec![
        contestant!(Ours, "ssewire-messages", ssewire::recorded),
        contestant!(Peer, "eventsource-stream + tagged serde", eventsource_stream::recorded),
        contestant!(Peer, "sse-core + tagged serde", sse_core::recorded_tagged),
        contestant!(Peer, "sse-core + serde_json Value", sse_core::recorded_value),
        contestant!(Reference, "ssewire framing + IgnoredAny", ssewire::recorded_skipping),
        contestant!(Reference, "memchr scan", scan::framing),
    ]
}

/// Contestants for payloads of one kind to their names.
#[must_use]
pub fn kinds() -> Vec<Contestant> {
    vec![
        contestant!(Ours, "ssewire-messages", ssewire::kinds),
        contestant!(Peer, "tagged owned serde enum", serde::kinds_tagged),
        contestant!(Reference, "serde_json IgnoredAny", serde::decoding_ignored),
    ]
}

/// Contestants for pieces of JSON text to the value after each piece.
#[must_use]
pub fn partial_json() -> Vec<Contestant> {
    vec![
        contestant!(Ours, "ssewire-json", ssewire::partial_json),
        contestant!(Peer, "jiter, parsing again", jiter::partial_json),
        contestant!(Peer, "json-stream-parser", json_stream_parser::partial_json),
        contestant!(Reference, "serde_json, once at the end", serde::json_at_the_end),
    ]
}

/// Contestants for events to bytes.
#[must_use]
pub fn encoding() -> Vec<Contestant> {
    vec![
        contestant!(Ours, "ssewire, encode_into_vec", ssewire::encoding_vec),
        contestant!(Ours, "ssewire, encode_into_slice", ssewire::encoding_slice),
        contestant!(Peer, "sse-stream", sse_stream::encoding),
        contestant!(Reference, "by hand", write_by_hand::encoding),
    ]
}
