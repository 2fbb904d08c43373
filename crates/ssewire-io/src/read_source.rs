//! A blocking reader as a source of chunks.

use alloc::vec::Vec;
use std::io::{self, ErrorKind, Read};

/// Reads into one buffer, again and again.
///
/// ```text
///   buffer:  … consumed …│… unread …│… room …
///                        start      end            start <= end <= buffer.len()
/// ```
pub(crate) struct ReadSource<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
}

impl<R: Read> ReadSource<R> {
    /// As much as a TLS record brings at most.
    const BUFFER: usize = 16 * 1024;

    pub(crate) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, end: 0, ended: false }
    }

    /// Feeds `advance` until it finds something. It is found in the [`chunk`](Self::chunk) from the place on that is
    /// returned with it. `None`: the input has ended, or has failed before.
    pub(crate) fn find<T, E>(
        &mut self,
        mut advance: impl FnMut(&mut &[u8]) -> Result<Option<T>, E>,
        failed: impl FnOnce(io::Error) -> E,
    ) -> Result<Option<(usize, T)>, E> {
        loop {
            let from = self.start;
            let mut input = self.buffer.get(from..self.end).unwrap_or_default();
            let advanced = advance(&mut input);
            self.start = self.end.saturating_sub(input.len());
            if let Some(found) = advanced? {
                return Ok(Some((from, found)));
            }
            match self.refill() {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => return Err(failed(error)),
            }
        }
    }

    pub(crate) fn chunk(&self, from: usize) -> &[u8] {
        self.buffer.get(from..self.end).unwrap_or_default()
    }

    pub(crate) fn into_inner(self) -> R {
        self.reader
    }

    /// Reads more. False: there is no more.
    fn refill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.resize(Self::BUFFER, 0);
        (self.start, self.end) = (0, 0);
        loop {
            match self.reader.read(&mut self.buffer) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(length) => {
                    self.end = length;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        }
    }
}
