//! The messages of the Claude Messages API against `docs/protocol.md`.

mod bodies;
mod bounds;
mod errors;
mod hostile;
mod properties;
mod reports;
mod rules;
mod samples;
mod security_memory;
mod structured;
mod types;
mod vocabulary;

/// Tests of bounds on memory count what their own thread allocates.
#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;
