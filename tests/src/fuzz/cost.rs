//! The heap use of a run on this thread. All zero unless [`ssewire_heap::Counting`] is the global allocator.

#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// Number of allocations, a reallocation being one more.
    pub(super) allocations: usize,
    /// Bytes allocated in all, freed ones included.
    pub(super) allocated: usize,
    /// Bytes held at most, beyond those held before.
    pub(super) peak: usize,
}

/// Returns the result of a run and its cost.
pub(super) fn of<T>(run: impl FnOnce() -> T) -> (T, Cost) {
    let (allocations, allocated) = (ssewire_heap::allocations(), ssewire_heap::allocated());
    let (result, peak) = ssewire_heap::peak_of(run);
    let allocations = ssewire_heap::allocations() - allocations;
    (result, Cost { allocations, allocated: ssewire_heap::allocated().wrapping_sub(allocated), peak })
}
