//! The checks of the fuzz targets, one file for each kind of input. They are not in `fuzz/`, so that a stable compiler
//! can replay the corpora.

mod accumulate;
mod adapters;
mod cost;
mod decoder;
mod driver;
mod encode_decode;
mod input;
mod json_lines;
mod json_prefixes;
mod message_stream;
mod order;
mod recording;
mod seeds;
mod slow;
mod stream_event;

pub use self::accumulate::accumulate;
pub use self::adapters::adapters;
pub use self::decoder::decoder;
pub use self::driver::driver;
pub use self::encode_decode::encode_decode;
pub use self::json_lines::json_lines;
pub use self::json_prefixes::json_prefixes;
pub use self::message_stream::{message_protocol, message_stream};
pub use self::order::order;
pub use self::recording::recording;
pub use self::seeds::{Seed, seeds};
pub use self::stream_event::stream_event;

/// A check: takes any bytes, and panics if a property is violated.
pub type Target = fn(&[u8]);

/// Each target with its name.
pub const TARGETS: [(&str, Target); 12] = [
    ("accumulate", accumulate),
    ("adapters", adapters),
    ("decoder", decoder),
    ("driver", driver),
    ("encode_decode", encode_decode),
    ("json_lines", json_lines),
    ("json_prefixes", json_prefixes),
    ("message_protocol", message_protocol),
    ("message_stream", message_stream),
    ("order", order),
    ("recording", recording),
    ("stream_event", stream_event),
];
