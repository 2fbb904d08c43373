//! Counts the bytes that are looked at, for the test that proves the work linear. Without the feature `__observe`, which
//! only that test asks for, nothing is left of it.

/// So many bytes were looked at: a searcher counts those up to what it found. Not even the number is worked out where
/// nobody asks.
#[cfg(not(feature = "__observe"))]
#[inline(always)]
pub(crate) fn examined(_bytes: impl FnOnce() -> usize) {}

/// How many bytes it takes to see whether this stands here.
pub(crate) fn seen_of(expected: &[u8], rest: &[u8]) -> usize {
    let same = expected.iter().zip(rest).take_while(|(a, b)| a == b).count();
    same.saturating_add(1).min(expected.len()).min(rest.len())
}

#[cfg(feature = "__observe")]
pub(crate) use counting::examined;

#[cfg(feature = "__observe")]
pub(crate) mod counting {
    use core::sync::atomic::{AtomicUsize, Ordering};

    static EXAMINED: AtomicUsize = AtomicUsize::new(0);

    pub(crate) fn examined(bytes: impl FnOnce() -> usize) {
        EXAMINED.fetch_add(bytes(), Ordering::Relaxed);
    }

    /// Takes the count of all decoders of the process since the last call.
    pub fn take_examined() -> usize {
        EXAMINED.swap(0, Ordering::Relaxed)
    }
}
