//! Counts allocations. A binary must install [`Counting`] as its global allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static COUNT: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// Returns the number of allocations so far, including reallocations.
#[must_use]
pub fn count() -> usize {
    COUNT.load(Relaxed)
}

/// Returns the number of bytes that are allocated now.
#[must_use]
pub fn live() -> usize {
    LIVE.load(Relaxed)
}

/// The system allocator with counters.
///
/// For one thread only: the counters are loaded and stored, without an atomic addition. A locked addition costs ten
/// times as much, and would slow the contestants that allocate often.
#[derive(Debug)]
pub struct Counting;

fn add(counter: &AtomicUsize, number: usize) {
    counter.store(counter.load(Relaxed).wrapping_add(number), Relaxed);
}

// SAFETY: every call is passed on to the system allocator; counting neither allocates nor accesses the memory.
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(&COUNT, 1);
        add(&LIVE, layout.size());
        // SAFETY: the caller upholds the contract of the same function.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(&COUNT, 1);
        add(&LIVE, layout.size());
        // SAFETY: the caller upholds the contract of the same function.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(&COUNT, 1);
        add(&LIVE, size.wrapping_sub(layout.size()));
        // SAFETY: the caller upholds the contract of the same function.
        unsafe { System.realloc(memory, layout, size) }
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        add(&LIVE, 0_usize.wrapping_sub(layout.size()));
        // SAFETY: the caller upholds the contract of the same function.
        unsafe { System.dealloc(memory, layout) }
    }
}
