//! Counts the heap memory of the current thread. The test, fuzz target or program must install [`Counting`] as its
//! global allocator; otherwise all counts stay 0.
//!
//! ```
//! #[global_allocator]
//! static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;
//!
//! let ((), peak) = ssewire_heap::peak_of(|| drop(vec![0_u8; 1000]));
//! assert_eq!(peak, 1000);
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system allocator with counters for each thread. A reallocation counts the old and the new block at once, as if
/// the block could never grow in place.
#[derive(Debug, Clone, Copy)]
pub struct Counting;

/// Initial value of the held bytes: a thread may free memory that another thread has allocated, and must not underflow.
const BASE: usize = usize::MAX / 2;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
    static HELD: Cell<usize> = const { Cell::new(BASE) };
    static PEAK: Cell<usize> = const { Cell::new(BASE) };
}

/// Number of allocations of this thread; a reallocation is one more.
#[must_use]
pub fn allocations() -> usize {
    ALLOCATIONS.get()
}

/// Total bytes that this thread has allocated, freed ones included.
#[must_use]
pub fn allocated() -> usize {
    ALLOCATED.get()
}

/// Bytes held now: allocated minus freed by this thread, plus an arbitrary constant. Only differences are meaningful.
#[must_use]
pub fn held() -> usize {
    HELD.get()
}

/// Maximum of [`held`] since [`begin`].
#[must_use]
pub fn peak() -> usize {
    PEAK.get()
}

/// Resets the peak to the bytes held now.
pub fn begin() {
    PEAK.set(HELD.get());
}

/// Calls `run`, and returns its result and the maximum number of bytes held in addition to those held before.
pub fn peak_of<T>(run: impl FnOnce() -> T) -> (T, usize) {
    begin();
    let before = held();
    let result = run();
    (result, peak() - before)
}

// SAFETY: every call goes to the system allocator; counting neither allocates nor accesses the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        ALLOCATED.set(ALLOCATED.get().wrapping_add(layout.size()));
        HELD.set(HELD.get().wrapping_add(layout.size()));
        PEAK.set(PEAK.get().max(HELD.get()));
        // SAFETY: the caller upholds the contract of this method, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.set(HELD.get().wrapping_sub(layout.size()));
        // SAFETY: the caller upholds the contract of this method, which is the same.
        unsafe { System.dealloc(memory, layout) }
    }
}
