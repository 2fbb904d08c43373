//! `ssewire-batch` against the decoders that it wraps.

mod bounds;
mod events;
mod updates;

/// Counts the allocations of each thread.
#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;
