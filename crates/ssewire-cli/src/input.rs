//! Reading: what has come is handed on, and nothing waits for more.

use core::num::NonZeroUsize;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The input, in chunks.
pub(crate) struct Input {
    source: Box<dyn Read>,
    /// What to call it.
    name: String,
    chunk_size: Option<NonZeroUsize>,
    buffer: Vec<u8>,
    /// `start <= end <= buffer.len()`; what lies between was read and not handed on yet.
    start: usize,
    end: usize,
}

impl Input {
    /// How much is read at once.
    const READ: usize = 64 * 1024;
    /// The largest chunk, whatever was asked for.
    const LARGEST: usize = 16 * 1024 * 1024;

    /// Any source.
    pub(crate) fn new(source: impl Read + 'static, name: &str, chunk_size: Option<NonZeroUsize>) -> Self {
        // A multiple of the chunk size: a file then is cut at its multiples and nowhere else.
        let size = match chunk_size {
            Some(size) if size.get() >= Self::READ => size.get().min(Self::LARGEST),
            Some(size) => Self::READ.saturating_sub(Self::READ.checked_rem(size.get()).unwrap_or(0)),
            None => Self::READ,
        };
        Self { source: Box::new(source), name: name.into(), chunk_size, buffer: vec![0; size], start: 0, end: 0 }
    }

    /// A file; standard input if there is none.
    ///
    /// # Errors
    /// A sentence that says why it cannot be opened.
    pub(crate) fn open(file: Option<&Path>, chunk_size: Option<NonZeroUsize>) -> Result<Self, String> {
        let Some(path) = file else { return Ok(Self::new(io::stdin().lock(), "standard input", chunk_size)) };
        match File::open(path) {
            Ok(file) => Ok(Self::new(file, &path.to_string_lossy(), chunk_size)),
            Err(error) => Err(format!("cannot open {}: {error}", path.display())),
        }
    }

    /// The next chunk; empty at the end of the input. Waits for bytes, but never for a certain number of them.
    ///
    /// # Errors
    /// A sentence that says why it cannot be read.
    pub(crate) fn next_chunk(&mut self) -> Result<&[u8], String> {
        if self.start == self.end {
            (self.start, self.end) = (0, self.read().map_err(|error| format!("cannot read {}: {error}", self.name))?);
        }
        let rest = self.buffer.get(self.start..self.end).unwrap_or_default();
        let chunk = self.chunk_size.and_then(|size| rest.get(..size.get())).unwrap_or(rest);
        self.start = self.start.saturating_add(chunk.len());
        Ok(chunk)
    }

    fn read(&mut self) -> io::Result<usize> {
        loop {
            match self.source.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(source: impl Read + 'static, size: Option<usize>) -> Vec<usize> {
        let mut input = Input::new(source, "", size.and_then(NonZeroUsize::new));
        core::iter::from_fn(|| Some(input.next_chunk().unwrap().len()).filter(|len| *len > 0)).collect()
    }

    #[test]
    fn chunks_have_the_size_that_was_asked_for() {
        let source = || io::Cursor::new(vec![b'x'; 150_000]);
        assert_eq!(chunks(source(), None), [65_536, 65_536, 18_928]);
        assert_eq!(chunks(source(), Some(20_000)), [20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 10_000]);
        assert_eq!(chunks(source(), Some(100_000)), [100_000, 50_000]);
        assert_eq!(chunks(source(), Some(usize::MAX)), [150_000]);
        assert_eq!(chunks(source(), Some(1)), vec![1; 150_000]);
    }

    #[test]
    fn what_has_come_does_not_wait() {
        let source = (&b"abc"[..]).chain(&b"defgh"[..]);
        assert_eq!(chunks(source, Some(4)), [3, 4, 1]);
    }
}
