//! The time that the thread at hand has worked.

use std::time::Duration;

/// Not the time on the wall: where other programs want the processor, too, the wall clock goes on while a contestant
/// waits, and the slow ones, whose runs are longer than a time slice, would never show what they can do.
#[cfg(unix)]
#[must_use]
pub fn worked() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes to `time`, which is there.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "there is a clock for the thread");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(not(unix))]
#[must_use]
pub fn worked() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}
