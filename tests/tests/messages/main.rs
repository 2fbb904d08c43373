//! Tests of the message layer, the Claude Messages API, against `docs/protocol.md`.

mod bodies;
mod bounds;
mod cut_event;
mod errors;
mod fused;
mod hostile;
mod oracle;
mod properties;
mod reports;
mod rules;
mod samples;
mod security_memory;
mod splices;
mod structured;
mod types;
mod vocabulary;

/// Counts the allocations of each thread, for the tests of memory bounds.
#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;
