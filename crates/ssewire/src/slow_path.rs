//! The slow path: lines to blocks, for input that is cut anywhere.
//!
//! One call reads one chunk, up to the next frame. Values that lie complete in the chunk are kept as ranges ([`Cursor`]);
//! they are copied into the buffer only when the chunk ends before the block does, or when `data` lines are joined.

use core::ops::Range;

use crate::buffer::{EventBuffer, OutOfCapacity};
use crate::decoder::{BlockFlags, Decoder, Until};
use crate::error::DecodeError;
use crate::event::{BlockSpan, FrameParts, Span};
use crate::fast_path::{Scan, scan_data_line};
use crate::field::{LinePrefix, LineStart, LineState, Name, RetryParser};
use crate::line::{Bom, LineSplit, line_end, split_line};
use crate::storage::Storage;
use crate::trace;

impl<S: Storage> Decoder<S> {
    /// Reads up to the next frame or the end of the chunk, after what the fast path has scanned.
    #[inline]
    pub(crate) fn read(
        &mut self,
        input: &mut &[u8],
        until: Until,
        scan: Scan<'_>,
    ) -> Result<Option<FrameParts>, DecodeError> {
        if core::mem::take(&mut self.pending_error) {
            return Err(DecodeError::CapacityExceeded { capacity: self.buffer.capacity() });
        }
        self.buffer.maybe_shrink();
        let mut cursor = Cursor { chunk: input, at: 0, block_start: 0, event_type: None, data: None };
        let len = |part: &Option<Range<usize>>| part.as_ref().map_or(0, Range::len);
        let allowed = |value: usize| self.max_event_bytes.checked_sub(value);
        let result = match scan {
            _ if !self.between_blocks => {
                self.resume_value(&mut cursor).map_or_else(|| self.read_lines(&mut cursor, until), Ok)
            }
            Scan::Partial { event_type, name, value_start }
                if allowed(input.len().saturating_sub(value_start)) >= Some(len(&event_type)) =>
            {
                self.keep_partial(&mut cursor, event_type, name, value_start).map(|()| None)
            }
            Scan::Lines { event_type, data, end } if allowed(len(&data)) >= Some(len(&event_type)) => {
                self.block.has_field = event_type.is_some() || data.is_some();
                (cursor.event_type, cursor.data, cursor.at) = (event_type, data, end);
                self.read_lines(&mut cursor, until)
            }
            // An event above the limit: reading it line by line finds the first byte in excess.
            _ => self.read_lines(&mut cursor, until),
        };
        *input = cursor.rest();
        // Cannot overflow: 2^64 bytes do not arrive.
        self.pending = self.pending.wrapping_add(cursor.at.saturating_sub(cursor.block_start) as u64);
        self.between_blocks = self.starts_block();
        result
    }

    /// Returns whether the next byte starts a block for certain.
    pub(crate) fn starts_block(&self) -> bool {
        self.line == LineState::Start
            && self.prefix.bytes().is_empty()
            && self.scanner.is_at_line_content()
            && self.block == BlockFlags::default()
            && self.buffer.is_empty()
    }

    /// Keeps a value that the chunk cuts, after the complete `event` line that may come before it. The fast path has found
    /// that no line ends there.
    fn keep_partial(
        &mut self,
        cursor: &mut Cursor<'_>,
        event_type: Option<Range<usize>>,
        name: Name,
        value_start: usize,
    ) -> Result<(), DecodeError> {
        (self.line, self.block.has_field, cursor.at) = (LineState::Value(name), true, value_start);
        let typed = event_type.map_or(Ok(()), |range| self.buffer.set_event_type(cursor.bytes(&range)));
        let kept = typed.and_then(|()| self.buffer.push_value(cursor.rest(), false));
        cursor.at = cursor.chunk.len();
        self.require(cursor, kept)
    }

    /// Fast path for an `event` or `data` value that the chunk before cut: reads to the end of its line, and dispatches the
    /// event if a blank line follows. Returns `None` where the slow path continues, after what was read here.
    fn resume_value(&mut self, cursor: &mut Cursor<'_>) -> Option<Option<FrameParts>> {
        let LineState::Value(name @ (Name::Event | Name::Data)) = self.line else { return None };
        let (value, rest) = match split_line(cursor.chunk) {
            LineSplit::Line { value, rest } => (value, Some(rest)),
            LineSplit::Unfinished => (cursor.chunk, None),
            LineSplit::EndsInCr => return None,
        };
        let fits = cursor.event_size(&self.buffer).saturating_add(value.len()) < self.max_event_bytes;
        if !fits || !self.buffer.has_value() {
            return None;
        }
        // Where a value does not fit the storage, nothing changes, and the slow path reports it.
        let Some(rest) = rest else {
            self.buffer.push_value(value, false).ok()?;
            cursor.at = cursor.chunk.len();
            return Some(None);
        };
        if name == Name::Data { self.buffer.append_data(value) } else { self.buffer.set_event_type(value) }.ok()?;
        self.line = LineState::Start;
        cursor.at = cursor.chunk.len().saturating_sub(rest.len());
        if !rest.starts_with(b"\n") || !self.buffer.has_data() {
            return None;
        }
        trace::examined(|| 1);
        cursor.take(1);
        Some(Some(FrameParts::Block(self.dispatch(cursor))))
    }

    fn read_lines(&mut self, cursor: &mut Cursor<'_>, until: Until) -> Result<Option<FrameParts>, DecodeError> {
        match self.scanner.skip_bom(cursor.chunk) {
            Bom::Absent => {}
            Bom::Bytes(count) => cursor.skip(count, self.pending == 0),
            Bom::FalseStart(content) => {
                self.pending = content.len() as u64;
                self.start_line(LineState::Unknown, content);
            }
        }
        loop {
            if self.line == LineState::Start {
                if self.prefix.bytes().is_empty() && self.scanner.skip_lf_after_cr(cursor.rest()) {
                    cursor.skip(1, self.pending == 0);
                    continue;
                }
                let prefix = self.prefix;
                let (start, read) = self.prefix.start_line(cursor.rest());
                cursor.take(read);
                match start {
                    LineStart::Undecided => {
                        let saved = cursor.save(&mut self.buffer);
                        return self.require(cursor, saved).map(|()| None);
                    }
                    LineStart::Blank(terminator) => {
                        self.scanner.set_terminator(terminator);
                        let has_field = self.block.has_field;
                        let block = self.dispatch(cursor);
                        if block.data.is_some() || (has_field && until >= Until::Block) {
                            return Ok(Some(FrameParts::Block(block)));
                        }
                        continue;
                    }
                    LineStart::Content(line) => self.start_line(line, prefix.bytes()),
                }
            }
            let mut rest = cursor.rest();
            if let (LineState::Value(Name::Data | Name::Event), false) = (self.line, self.block.discarded) {
                // Bytes after the first in excess are examined only when they are skipped.
                let allowed = self.max_event_bytes.saturating_sub(cursor.event_size(&self.buffer));
                rest = rest.get(..=allowed).unwrap_or(rest);
            }
            let end = line_end(rest);
            self.check_limits(cursor, rest.get(..end.unwrap_or(rest.len())).unwrap_or_default())?;
            let Some(len) = end else { return self.suspend(cursor).map(|()| None) };
            let content = cursor.take(len);
            self.scanner.set_terminator(rest.get(len).copied().unwrap_or(b'\n'));
            cursor.take(1);
            let frame = self.end_line(cursor, content)?;
            if frame.is_some() && until == Until::Frame {
                // The caller gets the chunk back before the block has ended.
                let saved = cursor.save(&mut self.buffer);
                self.pending_error = self.require(cursor, saved).is_err();
                return Ok(frame);
            }
            if self.buffer.has_data() && self.scanner.is_at_line_content() {
                cursor.append_data_lines(&mut self.buffer, self.max_event_bytes);
            }
        }
    }

    /// Starts a line of this kind. In an unknown field all of the line is content, also `prefix`, which looked like the start
    /// of a known name or of a byte order mark.
    fn start_line(&mut self, line: LineState, prefix: &[u8]) {
        self.block.has_field |= line != LineState::Comment;
        let is_read = match line {
            LineState::Comment => self.comments && !self.block.discarded,
            LineState::Unknown => self.unknown_fields && !self.block.discarded,
            _ => true,
        };
        (self.line, self.prefix) = (if is_read { line } else { LineState::Skipped }, LinePrefix::new());
        if self.line == LineState::Unknown {
            self.buffer.push_truncated(prefix, bound(self.max_comment_bytes));
        }
    }

    /// Checks a piece of the open line's content against the limits of its kind.
    fn check_limits(&mut self, cursor: &mut Cursor<'_>, piece: &[u8]) -> Result<(), DecodeError> {
        match self.line {
            LineState::Value(Name::Data | Name::Event) if !self.block.discarded => {
                let allowed = self.max_event_bytes.saturating_sub(cursor.event_size(&self.buffer));
                if piece.len() > allowed {
                    // Stops after the first byte in excess, whatever the chunking.
                    cursor.take(allowed.saturating_add(1));
                    return self.require(cursor, Err(DecodeError::LimitExceeded { limit: self.max_event_bytes }));
                }
            }
            // "If the field value does not contain U+0000 NULL, … Otherwise, ignore the field."
            LineState::Value(Name::Id) => {
                let allowed = bound(self.max_id_bytes).saturating_sub(self.buffer.value_range().len());
                let within = piece.get(..allowed).unwrap_or(piece);
                trace::examined(|| within.len());
                let has_nul = memchr::memchr(0, within).is_some();
                if has_nul || piece.len() > allowed {
                    self.block.id_ignored |= !has_nul;
                    self.line = LineState::Skipped;
                    self.buffer.discard_value();
                }
            }
            LineState::Value(Name::Retry) => {
                trace::examined(|| piece.len());
                self.retry_parser.push(piece);
            }
            _ => {}
        }
        Ok(())
    }

    /// The chunk ends within a line: copies what is needed of it.
    fn suspend(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
        let piece = cursor.rest();
        let joins = cursor.data.is_some() || self.buffer.has_data();
        cursor.take(piece.len());
        let saved = cursor.save(&mut self.buffer);
        // Must not discard the open line with the event: an `id` still counts.
        let line = self.line;
        let saved = self.require(cursor, saved);
        self.line = line;
        let kept = match line {
            LineState::Value(Name::Event | Name::Data) if self.block.discarded => Ok(()),
            LineState::Value(Name::Data) => self.buffer.push_value(piece, joins),
            LineState::Value(Name::Event) => self.buffer.push_value(piece, false),
            LineState::Value(Name::Id) => {
                if self.buffer.push_value(piece, false).is_err() {
                    self.block.id_ignored = true;
                    self.line = LineState::Skipped;
                    self.buffer.discard_value();
                }
                Ok(())
            }
            LineState::Comment | LineState::Unknown if !self.block.discarded => {
                self.buffer.push_truncated(piece, bound(self.max_comment_bytes));
                Ok(())
            }
            _ => Ok(()),
        };
        saved.and(self.require(cursor, kept))
    }

    /// Ends the open line. `content` is its last piece.
    fn end_line(&mut self, cursor: &mut Cursor<'_>, content: Range<usize>) -> Result<Option<FrameParts>, DecodeError> {
        let piece = cursor.bytes(&content);
        let mut frame = None;
        let mut ended = Ok(());
        match self.line {
            LineState::Value(Name::Event | Name::Data) if self.block.discarded => {}
            // "Set the event type buffer to the field value."
            LineState::Value(Name::Event) if !self.buffer.has_value() => cursor.event_type = Some(content),
            LineState::Value(Name::Event) => {
                cursor.event_type = None;
                let set = self.buffer.set_event_type(piece);
                ended = self.require(cursor, set);
            }
            LineState::Value(Name::Data) => ended = self.end_data(cursor, content),
            LineState::Value(Name::Id) => self.block.id_ignored |= self.buffer.set_id(piece).is_err(),
            // "If the field value consists of only ASCII digits, then … set the event stream's reconnection time to that
            // integer. Otherwise, ignore the field."
            LineState::Value(Name::Retry) => {
                if let Some(retry) = core::mem::replace(&mut self.retry_parser, RetryParser::new()).milliseconds() {
                    (self.retry, self.has_retry, self.block.has_retry) = (retry, true, true);
                }
            }
            line @ (LineState::Comment | LineState::Unknown) if !self.block.discarded => {
                let end = content.end.min(content.start.saturating_add(bound(self.max_comment_bytes)));
                let mut span = Span::Chunk(content.start, end);
                let mut truncated = end < content.end;
                if self.buffer.has_value() || self.buffer.is_truncated() {
                    self.buffer.push_truncated(piece, bound(self.max_comment_bytes));
                    span = Span::Buffer(self.buffer.value_range().start, self.buffer.value_range().end);
                    truncated = self.buffer.is_truncated();
                }
                frame = Some(match line {
                    LineState::Comment => FrameParts::Comment { text: span, truncated },
                    _ => FrameParts::UnknownField { line: span, truncated },
                });
            }
            LineState::Start | LineState::Comment | LineState::Unknown | LineState::Skipped => {}
        }
        self.line = LineState::Start;
        self.buffer.discard_value();
        ended.map(|()| frame)
    }

    /// "Append the field value to the data buffer."
    fn end_data(&mut self, cursor: &mut Cursor<'_>, content: Range<usize>) -> Result<(), DecodeError> {
        let joins = cursor.data.is_some() || self.buffer.has_data();
        if !joins && !self.buffer.has_value() {
            cursor.data = Some(content);
            return Ok(());
        }
        // The LF that joins this line to those before counts when the line ends.
        let size = cursor.event_size(&self.buffer).saturating_add(content.len()).saturating_add(usize::from(joins));
        if size > self.max_event_bytes {
            return self.require(cursor, Err(DecodeError::LimitExceeded { limit: self.max_event_bytes }));
        }
        let saved = if cursor.data.is_some() { cursor.save(&mut self.buffer) } else { Ok(()) };
        let appended = saved.and_then(|()| self.buffer.append_data(cursor.bytes(&content)));
        self.require(cursor, appended)
    }

    /// The blank line: "dispatch the event".
    fn dispatch(&mut self, cursor: &mut Cursor<'_>) -> BlockSpan {
        let BlockFlags { id_ignored, has_retry, .. } = core::mem::take(&mut self.block);
        (self.pending, cursor.block_start) = (0, cursor.at);
        let block = self.buffer.dispatch(cursor.event_type.take(), cursor.data.take());
        BlockSpan { id_ignored, has_retry, ..block }
    }

    /// If the event exceeds a limit, discards all of it, except the `id` of its block, and skips the rest of the open line.
    /// So the error is returned once per block.
    fn require<E: Into<DecodeError>>(
        &mut self,
        cursor: &mut Cursor<'_>,
        kept: Result<(), E>,
    ) -> Result<(), DecodeError> {
        kept.map_err(|error| {
            debug_assert!(!self.block.discarded);
            self.block.discarded = true;
            self.buffer.discard_event();
            (cursor.event_type, cursor.data) = (None, None);
            if self.line != LineState::Start {
                self.line = LineState::Skipped;
            }
            error.into()
        })
    }
}

/// A position in the chunk, and the values of the current block that lie in it and have not been copied.
struct Cursor<'c> {
    chunk: &'c [u8],
    /// Everything before is consumed.
    at: usize,
    /// Where the current block starts in this chunk.
    block_start: usize,
    event_type: Option<Range<usize>>,
    /// The only `data` line so far.
    data: Option<Range<usize>>,
}

impl<'c> Cursor<'c> {
    fn bytes(&self, range: &Range<usize>) -> &'c [u8] {
        self.chunk.get(range.clone()).unwrap_or_default()
    }

    fn rest(&self) -> &'c [u8] {
        self.chunk.get(self.at..).unwrap_or_default()
    }

    /// Returns where the next `len` bytes lie, and moves past them.
    fn take(&mut self, len: usize) -> Range<usize> {
        let start = self.at;
        self.at = start.saturating_add(len);
        debug_assert!(self.at <= self.chunk.len());
        start..self.at
    }

    /// Skips bytes that belong to no line. They are pending only if a block has started before them.
    fn skip(&mut self, len: usize, nothing_pending: bool) {
        let skipped = self.take(len);
        if nothing_pending && self.block_start == skipped.start {
            self.block_start = skipped.end;
        }
    }

    /// The logical size of the event so far: type, data with the LFs that join it, and the value of an open `event` or
    /// `data` line as far as earlier chunks brought it.
    fn event_size<S>(&self, buffer: &EventBuffer<S>) -> usize {
        buffer.size_with(self.event_type.as_ref().map(Range::len), self.data.as_ref().map(Range::len))
    }

    /// Copies the values into the buffer.
    fn save<S: Storage>(&mut self, buffer: &mut EventBuffer<S>) -> Result<(), OutOfCapacity> {
        debug_assert!(!buffer.has_value() || (self.event_type.is_none() && self.data.is_none()));
        if let Some(event_type) = self.event_type.take() {
            buffer.set_event_type(self.bytes(&event_type))?;
        }
        self.data.take().map_or(Ok(()), |data| buffer.append_data(self.bytes(&data)))
    }

    /// Fast path for further `data` lines that lie complete in the chunk, as nearly all lines of an event of many do. Stops
    /// where a line needs the slow path.
    fn append_data_lines<S: Storage>(&mut self, buffer: &mut EventBuffer<S>, max_event_bytes: usize) {
        let mut size = self.event_size(buffer);
        while let Some((value, rest)) = scan_data_line(self.rest()) {
            size = size.saturating_add(value.len()).saturating_add(1);
            if size > max_event_bytes || buffer.append_data(value).is_err() {
                return;
            }
            self.at = self.chunk.len().saturating_sub(rest.len());
        }
    }
}

fn bound(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
