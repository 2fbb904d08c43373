//! The decoder, the encoder and `Reconnect` against the standard.

mod blocks;
mod bounds;
mod capacity;
mod capacity_properties;
mod conformance;
mod consume_recognized_event;
mod encode;
mod exhaustive;
mod fields;
mod finish_event;
mod frames;
mod last_event_id;
mod limits;
mod lines;
mod mixing;
mod owned;
mod properties;
mod reconnect;
mod regressions;
mod shared;
mod types;
mod work;

/// Counts the allocations of each thread, for the tests of memory bounds.
#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;
