//! What the thread at hand allocates. A test, a fuzz target or a program that asks has to have [`Counting`] as its
//! allocator; without that all counts stay as they are.
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

/// Where counting what is held begins: a thread may free what another has allocated, and shall not get below 0.
const GROUND: usize = 1 << 24;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
    static HELD: Cell<usize> = const { Cell::new(GROUND) };
    static PEAK: Cell<usize> = const { Cell::new(GROUND) };
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

/// The bytes that are held now: allocated less freed, by this thread, and counted from no fixed point. What says
/// something is a difference.
#[must_use]
pub fn held() -> usize {
    HELD.get()
}

/// The most that was held at once since [`begin`], counted likewise.
#[must_use]
pub fn peak() -> usize {
    PEAK.get()
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

// SAFETY: all of it is the system's own; counting neither allocates nor touches the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        ALLOCATED.set(ALLOCATED.get().wrapping_add(layout.size()));
        HELD.set(HELD.get().wrapping_add(layout.size()));
        PEAK.set(PEAK.get().max(HELD.get()));
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.set(HELD.get().wrapping_sub(layout.size()));
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(memory, layout) }
    }
}
