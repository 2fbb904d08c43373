//! The adapters: what they return, when, and how they end.

mod body;
mod bytes;
mod codec;
mod errors;
mod faults_memory;
mod formats;
mod json;
mod messages;
mod reader;
mod reconnect;
mod secrets;
mod streams;
mod tap;
mod types;

/// Tests of bounds on memory count what their own thread allocates.
#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;
