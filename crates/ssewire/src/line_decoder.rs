//! Lines alone, for protocols that are no event stream.

use core::fmt;

use crate::buffer::{Growing, Room, Storage};
use crate::error::{DecodeError, Truncated};
use crate::event::{Part, Place};
use crate::line::{LineStart, Mark, line_end};

/// The lowest layer by itself: bytes to lines, cut anywhere. For newline-delimited JSON and its like.
///
/// Lines end at LF, CR or CRLF, and one leading byte order mark is dropped, as in an event stream. A CR ends its line at
/// once; an LF right behind it is swallowed, also when it arrives in a later chunk.
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
/// assert_eq!(decoder.unfinished(), b"{}"); // No line in an event stream; another protocol may take it for one.
/// assert_eq!(decoder.finish().unwrap_err().pending_bytes(), 2);
/// # Ok::<(), ssewire::DecodeError>(())
/// ```
///
/// # Cost
/// Every byte is looked at once. A line that lies within one chunk is borrowed from it, one that straddles chunks is
/// copied once.
#[derive(Clone)]
pub struct LineDecoder<S = Growing> {
    room: Room<S>,
    limit: usize,
    start: LineStart,
    /// The rest of a line that was too large is passed over.
    skips: bool,
    /// Bytes of the line so far, kept or not.
    pending: u64,
}

/// A line found by [`LineDecoder::advance`], without its borrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the line is lent by `LineDecoder::line`"]
pub struct ReadyLine(Part);

#[cfg(feature = "alloc")]
impl LineDecoder<Growing> {
    /// A decoder with a buffer that grows up to 16 MiB. Allocates nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_storage(Growing::new())
    }
}

#[cfg(feature = "alloc")]
impl Default for LineDecoder<Growing> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> LineDecoder<S> {
    /// A decoder that keeps lines that straddle chunks in `storage`.
    #[must_use]
    pub const fn with_storage(storage: S) -> Self {
        let limit = crate::Decoder::<S>::DEFAULT_LIMIT;
        Self { room: Room::new(storage), limit, start: LineStart::new(), skips: false, pending: 0 }
    }

    /// Sets the largest line, in bytes.
    #[must_use]
    pub const fn with_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }
}

impl<S: Storage> LineDecoder<S> {
    /// Decodes up to the next line end. `input` is advanced; `Ok(None)`: all of it is used up, bring more.
    ///
    /// # Errors
    /// [`DecodeError::TooLarge`] at the first byte beyond the limit, whatever the chunking; [`DecodeError::BufferFull`]
    /// if the line straddles chunks and finds no room. Only this line is lost.
    #[inline]
    pub fn decode<'d, 'c: 'd>(&'d mut self, input: &mut &'c [u8]) -> Result<Option<&'d [u8]>, DecodeError> {
        let chunk: &'c [u8] = input;
        Ok(self.advance(input)?.map(|ready| self.line(chunk, ready)))
    }

    /// As [`decode`](Self::decode), without borrowing; see [`Decoder::advance`](crate::Decoder::advance).
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn advance(&mut self, input: &mut &[u8]) -> Result<Option<ReadyLine>, DecodeError> {
        let chunk: &[u8] = input;
        if self.pending == 0 {
            // What was lent until now is free again.
            self.room.truncate_front(0);
            self.room.rest();
        }
        self.skip_what_is_no_line(input)?;
        loop {
            let rest: &[u8] = input;
            let len = line_end(rest);
            let piece = rest.get(..len.unwrap_or(rest.len())).unwrap_or_default();
            let allowed = self.limit.saturating_sub(self.room.front());
            if !self.skips && piece.len() > allowed {
                let stop = allowed.saturating_add(1);
                *input = rest.get(stop..).unwrap_or_default();
                self.count(stop);
                self.lose();
                return Err(DecodeError::TooLarge { limit: self.limit });
            }
            let Some(len) = len else {
                *input = b"";
                self.count(piece.len());
                return self.hold(piece).map(|()| None);
            };
            let terminator = rest.get(len).copied().unwrap_or(b'\n');
            *input = rest.get(len.saturating_add(1)..).unwrap_or_default();
            self.start.ended_by(terminator);
            self.pending = 0;
            if core::mem::take(&mut self.skips) {
                if self.start.swallow_lf(input) {
                    *input = input.get(1..).unwrap_or_default();
                }
                continue;
            }
            if self.room.front() == 0 {
                self.room.end_small_block();
                let start = chunk.len().saturating_sub(rest.len());
                return Ok(Some(ReadyLine(Part::chunk(start..start.saturating_add(len)))));
            }
            self.hold(piece)?;
            self.room.end_block();
            return Ok(Some(ReadyLine(Part::room(0..self.room.front()))));
        }
    }

    /// Lends the line that [`advance`](Self::advance) found. `chunk` is the input as it was before that call. Free;
    /// with another chunk the line is a wrong one, there is no panic.
    #[inline]
    #[must_use]
    pub fn line<'d>(&'d self, chunk: &'d [u8], ready: ReadyLine) -> &'d [u8] {
        let range = ready.0.start..ready.0.end;
        match ready.0.place {
            Place::Chunk => chunk.get(range).unwrap_or_default(),
            Place::Room => self.room.bytes(range),
        }
    }

    /// The bytes behind the last line end, as far as they were kept: empty after an error, and while a line is lent.
    #[must_use]
    pub fn unfinished(&self) -> &[u8] {
        if self.pending == 0 { b"" } else { self.room.bytes(0..self.room.front()) }
    }

    /// Says that the input has ended, and discards an unfinished line.
    ///
    /// # Errors
    /// [`Truncated`] if there is one.
    pub fn finish(&mut self) -> Result<(), Truncated> {
        let pending = self.pending.saturating_add(u64::from(self.start.mark_bytes()));
        self.reset();
        if pending == 0 { Ok(()) } else { Err(Truncated { pending }) }
    }

    /// Gives back all memory that an unfinished line does not need. Happens by itself, too, as in
    /// [`Decoder::shrink_to_fit`](crate::Decoder::shrink_to_fit).
    pub fn shrink_to_fit(&mut self) {
        if self.pending == 0 {
            self.room.truncate_front(0);
        }
        self.room.shrink(0);
    }

    /// Makes ready for another stream.
    pub fn reset(&mut self) {
        self.room.truncate_front(0);
        self.start = LineStart::new();
        self.skips = false;
        self.pending = 0;
    }

    fn skip_what_is_no_line(&mut self, input: &mut &[u8]) -> Result<(), DecodeError> {
        match self.start.skip_mark(input) {
            Mark::None => {}
            Mark::Bytes(count) => *input = input.get(count..).unwrap_or_default(),
            Mark::Never(content) => {
                self.count(content.len());
                if content.len() > self.limit {
                    self.lose();
                    return Err(DecodeError::TooLarge { limit: self.limit });
                }
                self.hold(content)?;
            }
        }
        if self.pending == 0 && self.start.swallow_lf(input) {
            *input = input.get(1..).unwrap_or_default();
        }
        Ok(())
    }

    fn count(&mut self, bytes: usize) {
        self.pending = self.pending.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Keeps a piece of the line.
    fn hold(&mut self, piece: &[u8]) -> Result<(), DecodeError> {
        if self.skips || self.room.push(piece).is_ok() {
            return Ok(());
        }
        let line_goes_on = self.pending > 0;
        self.lose();
        self.skips = line_goes_on;
        Err(DecodeError::BufferFull { capacity: self.room.capacity() })
    }

    /// The line finds no room: what is kept of it is dropped, and what is to come.
    fn lose(&mut self) {
        self.room.truncate_front(0);
        self.skips = true;
    }
}

/// Shows counts, never what the stream carried.
impl<S: Storage> fmt::Debug for LineDecoder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineDecoder")
            .field("room", &self.room)
            .field("limit", &self.limit)
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}
