//! Counts the bytes that are examined, for the test that bounds the work per byte.
//!
//! Compiled in only with `--cfg ssewire_observe`, which the package `tests/observed` sets for that test.

/// Adds to the number of bytes examined. A search counts the bytes up to and including its match.
///
/// The count is a closure, so that without the counter not even the number is computed.
#[inline(always)]
pub(crate) fn examined(_bytes: impl FnOnce() -> usize) {
    #[cfg(ssewire_observe)]
    counting::EXAMINED.set(counting::EXAMINED.get() + _bytes());
}

#[cfg(ssewire_observe)]
pub(crate) mod counting {
    extern crate std;

    use core::cell::Cell;

    // One counter per thread: tests of other threads of the process decode as well.
    std::thread_local! {
        pub(super) static EXAMINED: Cell<usize> = const { Cell::new(0) };
    }

    /// Returns the bytes examined by all decoders on this thread since the last call.
    #[allow(clippy::must_use_candidate, reason = "the first call of a test only resets the counter")]
    pub fn take_bytes_examined() -> usize {
        EXAMINED.take()
    }
}
