//! A blocking reader as a source of input.

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::io::{self, ErrorKind, Read};
use std::time::Instant;

/// Reads repeatedly into one buffer.
///
/// ```text
///   buffer:  … consumed …│… unread …│… free …
///                        start      end            start <= end <= buffer.len()
/// ```
pub(crate) struct ReadSource<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    is_ended: bool,
    /// A read has failed as on a dead connection, and no byte has come since.
    may_be_dead: bool,
    idle: Option<IdleLimit>,
}

/// Time limit for an item, and the caller's clock.
struct IdleLimit {
    limit: Duration,
    now: fn() -> Instant,
}

/// How long one call of an adapter may wait, and whether it has read. A call that skips items calls `decode` several
/// times.
pub(crate) struct Wait {
    deadline: Option<Instant>,
    has_read: bool,
}

/// Reason for missing input.
pub(crate) enum ReadError {
    /// A later read may succeed.
    Timeout(io::Error),
    /// No further read is made.
    Failed(io::Error),
}

impl<R> ReadSource<R> {
    /// Maximum size of a TLS record.
    const BUFFER: usize = 16 * 1024;

    pub(crate) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, end: 0, is_ended: false, may_be_dead: false, idle: None }
    }

    pub(crate) fn set_idle_limit(&mut self, limit: Duration, now: fn() -> Instant) {
        self.idle = Some(IdleLimit { limit, now });
    }

    /// Replaces the reader by another connection.
    pub(crate) fn replace(&mut self, reader: R) {
        self.reader = reader;
        (self.start, self.end, self.is_ended, self.may_be_dead) = (0, 0, false, false);
    }

    /// Begins the wait of one call.
    pub(crate) fn begin_wait(&self) -> Wait {
        // `None` also for a limit beyond the range of the clock.
        let deadline = self.idle.as_ref().and_then(|idle| (idle.now)().checked_add(idle.limit));
        Wait { deadline, has_read: false }
    }

    /// Returns the bytes read, from the offset `from`.
    pub(crate) fn chunk(&self, from: usize) -> &[u8] {
        self.buffer.get(from..self.end).unwrap_or_default()
    }

    /// Returns the bytes read that are not decoded yet.
    #[cfg(feature = "messages")]
    pub(crate) fn unread(&self) -> &[u8] {
        self.chunk(self.start)
    }

    pub(crate) fn get_ref(&self) -> &R {
        &self.reader
    }

    pub(crate) fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    pub(crate) fn into_inner(self) -> R {
        self.reader
    }
}

impl<R: Read> ReadSource<R> {
    /// Passes input to `decode` until that returns an item or an error. Returns the item, and the offset from which on
    /// the [`chunk`](Self::chunk) is the input of that call: the item is resolved from it. Returns `None` after the end
    /// of the input or an error other than a timeout. After either the reader is not called again.
    pub(crate) fn decode<T, E>(
        &mut self,
        wait: &mut Wait,
        mut decode: impl FnMut(&mut &[u8]) -> Result<Option<T>, E>,
        read_error: impl FnOnce(ReadError) -> E,
    ) -> Result<Option<(usize, T)>, E> {
        loop {
            let from = self.start;
            let mut input = self.buffer.get(from..self.end).unwrap_or_default();
            let found = decode(&mut input);
            self.start = self.end.saturating_sub(input.len());
            if let Some(found) = found? {
                return Ok(Some((from, found)));
            }
            // Each call reads at least once. Otherwise a timeout of zero would never let a byte pass.
            if wait.has_read && self.is_after(wait.deadline) {
                return Err(read_error(ReadError::Timeout(idle_error())));
            }
            match self.refill() {
                Ok(true) => wait.has_read = true,
                Ok(false) => return Ok(None),
                Err(error) => return Err(read_error(error)),
            }
        }
    }

    fn is_after(&self, deadline: Option<Instant>) -> bool {
        self.idle.as_ref().zip(deadline).is_some_and(|(idle, deadline)| (idle.now)() >= deadline)
    }

    /// Reads once; an interrupted read yields no bytes. Returns `false` if the input has ended.
    fn refill(&mut self) -> Result<bool, ReadError> {
        if self.is_ended {
            return Ok(false);
        }
        self.buffer.resize(Self::BUFFER, 0);
        (self.start, self.end) = (0, 0);
        match self.reader.read(&mut self.buffer) {
            Ok(0) => {
                self.is_ended = true;
                if self.may_be_dead { Err(ReadError::Failed(dead_error())) } else { Ok(false) }
            }
            Ok(length) if length <= self.buffer.len() => {
                self.end = length;
                self.may_be_dead = false;
                Ok(true)
            }
            Ok(_) => {
                self.is_ended = true;
                let error =
                    io::Error::new(ErrorKind::InvalidData, "reader returned more bytes than the buffer has room for");
                Err(ReadError::Failed(error))
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                // On Windows this is a read timeout, which elsewhere is `WouldBlock`.
                self.may_be_dead |= error.kind() == ErrorKind::TimedOut && !cfg!(windows);
                Err(ReadError::Timeout(error))
            }
            Err(error) => {
                self.is_ended = true;
                Err(ReadError::Failed(error))
            }
        }
    }
}

/// Unix reports a dead connection as [`ErrorKind::TimedOut`], once; the next read is an end.
fn dead_error() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "connection timed out and ended")
}

fn idle_error() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "no item within the idle timeout")
}

/// Shows states, never bytes of the input.
impl<R> fmt::Debug for ReadSource<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unread = self.end.saturating_sub(self.start);
        f.debug_struct("ReadSource").field("unread", &unread).field("is_ended", &self.is_ended).finish_non_exhaustive()
    }
}
