//! Counts allocations. A binary that installs [`Counting`] as its global allocator can ask.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static COUNT: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// Allocations so far, growing ones included.
#[must_use]
pub fn count() -> usize {
    COUNT.load(Relaxed)
}

/// Bytes that are allocated now.
#[must_use]
pub fn live() -> usize {
    LIVE.load(Relaxed)
}

/// The system's allocator, counted.
///
/// For one thread: the counters are loaded and stored, not added to in one atomic step. A locked addition
/// costs ten times as much, and would tell against the contestants that allocate often.
#[derive(Debug)]
pub struct Counting;

fn add(counter: &AtomicUsize, number: usize) {
    counter.store(counter.load(Relaxed).wrapping_add(number), Relaxed);
}

// SAFETY: all of it is the system's own; counting neither allocates nor touches the memory.
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(&COUNT, 1);
        add(&LIVE, layout.size());
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(&COUNT, 1);
        add(&LIVE, layout.size());
        // SAFETY: as the caller promised.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(&COUNT, 1);
        add(&LIVE, size.wrapping_sub(layout.size()));
        // SAFETY: as the caller promised.
        unsafe { System.realloc(memory, layout, size) }
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        add(&LIVE, 0_usize.wrapping_sub(layout.size()));
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(memory, layout) }
    }
}
