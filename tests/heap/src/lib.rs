//! What the thread at hand allocates. A test, a fuzz target or a program that asks has to have [`Counting`] as its
//! allocator; without that all counts stay 0.
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

/// The system's allocator, which counts for each thread. A block that grows counts twice while it is copied, as it
/// does where it cannot grow in place.
#[derive(Debug, Clone, Copy)]
pub struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// How often this thread has allocated; a block that grows is a new one.
#[must_use]
pub fn allocations() -> usize {
    ALLOCATIONS.get()
}

/// All bytes that this thread ever allocated.
#[must_use]
pub fn allocated() -> usize {
    ALLOCATED.get()
}

/// The bytes that are held now: allocated less freed, by this thread.
#[must_use]
pub fn held() -> usize {
    usize::try_from(HELD.get()).unwrap_or(0)
}

/// The most that was held at once since [`begin`].
#[must_use]
pub fn peak() -> usize {
    usize::try_from(PEAK.get()).unwrap_or(0)
}

/// Forgets the peak so far.
pub fn begin() {
    PEAK.set(HELD.get());
}

/// Runs, and tells the most that was held beside what was held before.
pub fn peak_of<T>(run: impl FnOnce() -> T) -> (T, usize) {
    begin();
    let before = held();
    let result = run();
    (result, peak() - before)
}

fn note(bytes: isize) {
    HELD.set(HELD.get() + bytes);
    PEAK.set(PEAK.get().max(HELD.get()));
}

// SAFETY: all of it is the system's own; counting neither allocates nor touches the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        ALLOCATED.set(ALLOCATED.get().wrapping_add(layout.size()));
        note(layout.size() as isize);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        note(-(layout.size() as isize));
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(memory, layout) }
    }
}
