//! Lines alone, for protocols that are not event streams.

use core::fmt;

use crate::buffer::EventBuffer;
use crate::error::{DecodeError, Truncated};
use crate::event::Span;
use crate::line::{LineScanner, line_end};
use crate::storage::{HeapBuffer, Storage};

/// Decodes lines from chunks of any size, for formats that consist only of lines, such as newline-delimited JSON.
///
/// Lines end at LF, CR or CRLF, and one leading byte order mark is dropped, as in an event stream. A CR ends its line
/// at once; an LF directly after it is skipped, also when it arrives in a later chunk.
///
/// ```
/// use ssewire::LineDecoder;
///
/// let mut decoder = LineDecoder::new();
/// let mut lines = Vec::new();
/// for mut chunk in [&b"{\"n\":1}\r"[..], b"\n{\"n\"", b":2}\n{}"] {
///     while let Some(line) = decoder.decode(&mut chunk)? {
///         lines.push(line.to_vec());
///     }
/// }
/// assert_eq!(lines, [b"{\"n\":1}", b"{\"n\":2}"]);
/// assert_eq!(decoder.unfinished(), b"{}"); // Not a line of an event stream; another protocol may accept it.
/// assert_eq!(decoder.finish().unwrap_err().pending_bytes(), 2);
/// # Ok::<(), ssewire::DecodeError>(())
/// ```
///
/// # Cost
/// Examines each byte once. A line that lies within one chunk is borrowed from it; one that crosses chunks is copied
/// once.
///
/// # Memory
/// Holds one line that crosses chunks, and nothing else. A [`HeapBuffer`] takes at most 1.5 times
/// [`max_line_bytes`](Self::with_max_line_bytes), and 2.5 times while it grows. A fixed storage must fit the longest
/// line that crosses chunks.
#[derive(Clone)]
#[must_use]
pub struct LineDecoder<S = HeapBuffer> {
    /// Holds the line as its open value.
    buffer: EventBuffer<S>,
    scanner: LineScanner,
    /// The rest of the line is discarded: it exceeds a limit.
    skipping_line: bool,
    /// Bytes of the unfinished line, kept or not. Cannot overflow: 2^64 bytes do not arrive.
    pending: u64,
}

/// The position of a line that [`LineDecoder::poll_line`] found. Borrows nothing; [`LineDecoder::resolve_line`] returns
/// the line. Valid until the next call that decodes, resets or shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LineSpan(Span);

// The constants hold for every storage. They are here, so that `LineDecoder::NAME` needs no annotation of the storage.
impl LineDecoder<HeapBuffer> {
    /// The limit of a line unless [`with_max_line_bytes`](Self::with_max_line_bytes) sets another: 16 MiB.
    pub const DEFAULT_MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

    /// The line end that an unfinished line at the end of the input lacks. Decoded after the input, it completes that
    /// line.
    pub const LINE_END: &'static [u8] = b"\n";

    /// Creates a decoder with a buffer on the heap. Allocates nothing yet.
    #[cfg(feature = "alloc")]
    pub const fn new() -> Self {
        Self::with_storage(HeapBuffer::new())
    }
}

#[cfg(feature = "alloc")]
impl Default for LineDecoder<HeapBuffer> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Storage> LineDecoder<S> {
    /// Creates a decoder that keeps lines that cross a chunk boundary in `storage`.
    pub const fn with_storage(storage: S) -> Self {
        Self {
            buffer: EventBuffer::new(storage, LineDecoder::DEFAULT_MAX_LINE_BYTES),
            scanner: LineScanner::START,
            skipping_line: false,
            pending: 0,
        }
    }

    /// Sets the length of the longest line, in bytes.
    pub const fn with_max_line_bytes(mut self, bytes: usize) -> Self {
        self.buffer.limit = bytes;
        self
    }

    /// Returns the length of the longest line, in bytes.
    #[must_use]
    pub const fn max_line_bytes(&self) -> usize {
        self.buffer.limit
    }

    /// Decodes up to the next line end. Advances `input` past the bytes consumed. `Ok(None)`: all of `input` is
    /// consumed; continue with the next chunk.
    ///
    /// # Errors
    /// [`DecodeError::LimitExceeded`] at the first byte beyond the limit, whatever the chunking, except within what may
    /// be a byte order mark; [`DecodeError::CapacityExceeded`] if the line crosses chunks and does not fit the storage.
    /// Only this line is lost.
    #[inline]
    pub fn decode<'d, 'c: 'd>(&'d mut self, input: &mut &'c [u8]) -> Result<Option<&'d [u8]>, DecodeError> {
        let chunk: &'c [u8] = input;
        Ok(self.poll_line(input)?.map(|span| self.resolve_line(chunk, span)))
    }

    /// As [`decode`](Self::decode), without borrowing; see [`Decoder::poll_event`](crate::Decoder::poll_event).
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn poll_line(&mut self, input: &mut &[u8]) -> Result<Option<LineSpan>, DecodeError> {
        let chunk: &[u8] = input;
        if self.pending == 0 {
            // Nothing borrows the line before any more.
            self.buffer.discard_value();
            self.buffer.maybe_shrink();
        }
        self.skip_before_line(input)?;
        loop {
            let rest: &[u8] = input;
            let allowed = self.buffer.room(None, None);
            // The bytes after the first in excess are examined only when they are skipped.
            let within = if self.skipping_line { rest } else { rest.get(..=allowed).unwrap_or(rest) };
            let len = line_end(within);
            let piece = within.get(..len.unwrap_or(within.len())).unwrap_or_default();
            if !self.skipping_line && piece.len() > allowed {
                let stop = allowed.saturating_add(1);
                *input = rest.get(stop..).unwrap_or_default();
                self.pending += stop as u64;
                self.drop_line();
                return Err(DecodeError::LimitExceeded { limit: self.buffer.limit });
            }
            let Some(len) = len else {
                *input = b"";
                self.pending += piece.len() as u64;
                return self.keep(piece).map(|()| None);
            };
            self.scanner.is_after_cr = rest.get(len) == Some(&b'\r');
            *input = rest.get(len.saturating_add(1)..).unwrap_or_default();
            self.pending = 0;
            if core::mem::take(&mut self.skipping_line) {
                self.skip_before_line(input)?;
                continue;
            }
            if !self.buffer.has_value() {
                self.buffer.note_block();
                return Ok(Some(LineSpan(Span::in_chunk(chunk, piece))));
            }
            self.keep(piece)?;
            let line = self.buffer.value_range();
            // Its bytes stay readable until the next write.
            self.buffer.discard_value();
            self.buffer.note_block();
            return Ok(Some(LineSpan(Span::Buffer(line.start, line.end))));
        }
    }

    /// Borrows the line that [`poll_line`](Self::poll_line) found. `chunk` is its input as it was *before* that call.
    /// Constant time. Passing a different chunk yields unspecified contents but never panics.
    #[inline]
    #[must_use]
    pub fn resolve_line<'d>(&'d self, chunk: &'d [u8], span: LineSpan) -> &'d [u8] {
        self.buffer.resolve(chunk, span.0)
    }

    /// Returns the bytes after the last line end, as far as they were kept: empty after an error and while a line is
    /// borrowed. Without the first bytes of a byte order mark that is still incomplete, which count as
    /// [pending](Self::pending_bytes).
    #[must_use]
    pub fn unfinished(&self) -> &[u8] {
        if self.pending == 0 { b"" } else { self.buffer.bytes(self.buffer.value_range()) }
    }

    /// Returns the number of bytes of an unfinished line, which [`finish`](Self::finish) would discard. Constant time.
    #[must_use]
    pub fn pending_bytes(&self) -> u64 {
        self.pending + u64::from(self.scanner.bom_bytes())
    }

    /// Ends the input and discards an unfinished line.
    ///
    /// # Errors
    /// [`Truncated`] if there is one.
    pub fn finish(&mut self) -> Result<(), Truncated> {
        let pending = self.pending_bytes();
        self.reset();
        Truncated::check(pending)
    }

    /// Frees all memory that an unfinished line does not need. A large buffer also shrinks by itself, as in
    /// [`Decoder::shrink_to_fit`](crate::Decoder::shrink_to_fit).
    pub fn shrink_to_fit(&mut self) {
        if self.pending == 0 {
            self.buffer.discard_value();
        }
        self.buffer.shrink_to_fit();
    }

    /// Prepares for another stream.
    pub fn reset(&mut self) {
        self.buffer.discard_value();
        self.scanner = LineScanner::START;
        self.skipping_line = false;
        self.pending = 0;
    }

    fn skip_before_line(&mut self, input: &mut &[u8]) -> Result<(), DecodeError> {
        let (replayed, rest) = self.scanner.skip_before_line(input);
        *input = rest;
        if !replayed.is_empty() {
            self.pending += replayed.len() as u64;
            if replayed.len() > self.buffer.limit {
                self.drop_line();
                return Err(DecodeError::LimitExceeded { limit: self.buffer.limit });
            }
            self.keep(replayed)?;
        }
        Ok(())
    }

    fn keep(&mut self, piece: &[u8]) -> Result<(), DecodeError> {
        if self.skipping_line {
            return Ok(());
        }
        let Err(error) = self.buffer.push_value(piece) else { return Ok(()) };
        let line_continues = self.pending > 0;
        self.drop_line();
        self.skipping_line = line_continues;
        Err(error)
    }

    /// Drops the kept part of the line, and the rest of it as it arrives.
    fn drop_line(&mut self) {
        self.buffer.discard_value();
        self.skipping_line = true;
    }
}

/// Shows counts, never the contents of the stream.
impl<S: Storage> fmt::Debug for LineDecoder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineDecoder")
            .field("max_line_bytes", &self.buffer.limit)
            .field("pending_bytes", &self.pending_bytes())
            .field("capacity", &self.buffer.capacity())
            .finish_non_exhaustive()
    }
}
