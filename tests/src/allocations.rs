//! An allocator that counts. A test or a fuzz target that wants figures makes it the global one:
//!
//! ```
//! use ssewire_tests::allocations::Counting;
//!
//! #[global_allocator]
//! static ALLOCATOR: Counting = Counting;
//! ```
//!
//! Without that all counts stay 0.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator; counts what the thread at hand allocates.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// All bytes that were ever allocated.
pub fn allocated() -> usize {
    ALLOCATED.get()
}

/// The bytes that are allocated at this moment.
pub fn live() -> isize {
    LIVE.get()
}

fn note(bytes: isize) {
    ALLOCATED.set(ALLOCATED.get().wrapping_add(usize::try_from(bytes).unwrap_or(0)));
    LIVE.set(LIVE.get().wrapping_add(bytes));
}

// SAFETY: all of it is the system's own; counting neither allocates nor touches the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
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
