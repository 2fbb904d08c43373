//! The functions of memchr that ssewire calls, with a count of the bytes searched. `tests/observed` compiles the
//! sources of ssewire with this crate in place of memchr. So the decoder itself needs no counter.

use core::cell::Cell;

std::thread_local! {
    // One counter per thread: tests of other threads of the process decode as well.
    static SEARCHED: Cell<usize> = const { Cell::new(0) };
}

/// Returns the bytes that were searched on this thread since the last call.
#[allow(clippy::must_use_candidate, reason = "the first call of a test only resets the counter")]
pub fn take_bytes_searched() -> usize {
    SEARCHED.take()
}

/// Counts the bytes up to and including the match.
fn find(needles: &[u8], haystack: &[u8]) -> Option<usize> {
    let found = haystack.iter().position(|byte| needles.contains(byte));
    SEARCHED.set(SEARCHED.get() + found.map_or(haystack.len(), |at| at + 1));
    found
}

/// As in memchr.
#[must_use]
pub fn memchr(needle: u8, haystack: &[u8]) -> Option<usize> {
    find(&[needle], haystack)
}

/// As in memchr.
#[must_use]
pub fn memchr2(needle1: u8, needle2: u8, haystack: &[u8]) -> Option<usize> {
    find(&[needle1, needle2], haystack)
}

/// As in memchr.
#[must_use]
pub fn memchr3(needle1: u8, needle2: u8, needle3: u8, haystack: &[u8]) -> Option<usize> {
    find(&[needle1, needle2, needle3], haystack)
}

/// The searchers that ssewire names, at the paths of memchr.
pub mod arch {
    /// As in memchr.
    pub mod x86_64 {
        /// As in memchr.
        pub mod sse2 {
            pub use crate::searcher as memchr;
        }
    }

    /// As in memchr.
    pub mod aarch64 {
        /// As in memchr.
        pub mod neon {
            pub use crate::searcher as memchr;
        }
    }
}

/// The searcher for two bytes.
pub mod searcher {
    /// As in memchr.
    #[derive(Debug, Clone, Copy)]
    pub struct Two(u8, u8);

    impl Two {
        /// As in memchr.
        #[must_use]
        pub fn new(needle1: u8, needle2: u8) -> Option<Self> {
            Some(Self(needle1, needle2))
        }

        /// As in memchr.
        #[must_use]
        pub fn find(&self, haystack: &[u8]) -> Option<usize> {
            crate::find(&[self.0, self.1], haystack)
        }
    }
}
