//! The checks of the fuzz targets, one file for each kind of input. They are not in `fuzz/`, so that a stable compiler can
//! replay the corpora.

mod accumulate;
mod adapters;
mod cost;
mod decoder;
mod encode_decode;
mod input;
mod json_prefixes;
mod message_stream;
mod recording;
mod seeds;
mod slow;
mod stream_event;

pub use self::accumulate::accumulate;
pub use self::adapters::adapters;
pub use self::decoder::decoder;
pub use self::encode_decode::encode_decode;
pub use self::json_prefixes::json_prefixes;
pub use self::message_stream::{message_protocol, message_stream};
pub use self::recording::recording;
pub use self::seeds::{Seed, seeds};
pub use self::stream_event::stream_event;

/// A check: takes any bytes, and panics if a property is violated.
pub type Target = fn(&[u8]);

/// Each target with its name.
pub const TARGETS: [(&str, Target); 9] = [
    ("accumulate", accumulate),
    ("adapters", adapters),
    ("decoder", decoder),
    ("encode_decode", encode_decode),
    ("json_prefixes", json_prefixes),
    ("message_protocol", message_protocol),
    ("message_stream", message_stream),
    ("recording", recording),
    ("stream_event", stream_event),
];
