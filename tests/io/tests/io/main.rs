//! The adapters: their items, when they return them, and their ends.

mod body;
mod bytes;
mod codec;
mod error_types;
mod errors;
mod faults_memory;
mod formats;
mod idle;
mod json;
mod message_end;
mod messages;
mod reader;
mod reconnect;
mod secrets;
mod server;
mod started_stream;
mod streams;
mod structured;
mod tap;
mod transports;
mod types;

/// Tests of bounds on memory count what their own thread allocates.
#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;
