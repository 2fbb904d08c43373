//! The checks of the fuzz targets, one file for each target. They are not in `fuzz/`, so that a stable compiler can
//! replay the corpora.

mod accumulate;
mod decoder;
mod encode_decode;
mod input;
mod json_prefixes;
mod message_stream;
mod seeds;
mod slow;
mod stream_event;

pub use self::accumulate::accumulate;
pub use self::decoder::decoder;
pub use self::encode_decode::encode_decode;
pub use self::json_prefixes::json_prefixes;
pub use self::message_stream::message_stream;
pub use self::seeds::{Seed, seeds};
pub use self::stream_event::stream_event;

/// A check: takes any bytes, and panics if a property is violated.
pub type Target = fn(&[u8]);

/// Each target with its name.
pub const TARGETS: [(&str, Target); 6] = [
    ("accumulate", accumulate),
    ("decoder", decoder),
    ("encode_decode", encode_decode),
    ("json_prefixes", json_prefixes),
    ("message_stream", message_stream),
    ("stream_event", stream_event),
];
