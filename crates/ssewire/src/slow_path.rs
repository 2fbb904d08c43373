//! The slow path: lines to blocks, for input that is cut anywhere.
//!
//! One call reads one chunk, up to the next frame. Values that lie complete in the chunk are kept as ranges ([`Cursor`]);
//! they are copied into the buffer only when the chunk ends before the block does, or when `data` lines are joined.

use core::ops::Range;

use crate::buffer::OutOfCapacity;
use crate::decoder::{BlockFlags, Decoder, Until};
use crate::error::DecodeError;
use crate::event::{BlockSpan, FrameParts, Span};
use crate::fast_path::{Scan, scan_data_line};
use crate::field::{LinePrefix, LineState, Name, RetryParser, classify};
use crate::line::{Bom, LineSplit, line_end, split_line};
use crate::storage::Storage;
use crate::trace;

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
}

impl<S: Storage> Decoder<S> {
    /// Reads up to the next frame or the end of the chunk, after what the fast path has scanned.
    #[inline]
    pub(crate) fn read(
        &mut self,
        input: &mut &[u8],
        until: Until,
        scan: Scan<'_>,
    ) -> Result<Option<FrameParts>, DecodeError> {
        let mut cursor = Cursor { chunk: input, at: 0, block_start: 0, event_type: None, data: None };
        let result = if !self.between_blocks {
            self.resume_value(&mut cursor).map_or_else(|| self.read_lines(&mut cursor, until), Ok)
        } else {
            self.buffer.maybe_shrink();
            match scan {
                Scan::Partial { event_type, name, value_start }
                    if self.fits(&event_type, cursor.chunk.len().saturating_sub(value_start)) =>
                {
                    self.keep_partial(&mut cursor, event_type, name, value_start).map(|()| None)
                }
                Scan::Lines { event_type, data, end }
                    if self.fits(&event_type, data.as_ref().map_or(0, Range::len)) =>
                {
                    self.block.has_field = event_type.is_some() || data.is_some();
                    (cursor.event_type, cursor.data, cursor.at) = (event_type, data, end);
                    self.read_lines(&mut cursor, until)
                }
                // An event above the limit: the slow path finds the first byte in excess.
                _ => self.read_lines(&mut cursor, until),
            }
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

    fn fits(&self, event_type: &Option<Range<usize>>, value: usize) -> bool {
        event_type.as_ref().map_or(0, Range::len).saturating_add(value) <= self.max_event_bytes
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
        (self.line, self.block.has_field, cursor.at) = (LineState::Value(name), event_type.is_some(), value_start);
        let typed = event_type.map_or(Ok(()), |range| self.buffer.set_event_type(cursor.bytes(&range)));
        let kept = typed.and_then(|()| self.buffer.push_value(cursor.rest(), false));
        cursor.at = cursor.chunk.len();
        if kept.is_err() {
            self.line = LineState::Skipped;
        }
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
        let fits = self.buffer.size_with(None, None).saturating_add(value.len()) < self.max_event_bytes;
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
        (self.line, self.block.has_field) = (LineState::Start, true);
        cursor.at = cursor.chunk.len().saturating_sub(rest.len());
        if !rest.starts_with(b"\n") || !self.buffer.has_data() {
            return None;
        }
        trace::examined(|| 1);
        cursor.take(1);
        Some(Some(FrameParts::Block(self.dispatch(cursor))))
    }

    fn read_lines(&mut self, cursor: &mut Cursor<'_>, until: Until) -> Result<Option<FrameParts>, DecodeError> {
        self.skip_bom(cursor);
        loop {
            if self.line == LineState::Start {
                if self.prefix.bytes().is_empty() && self.scanner.skip_lf_after_cr(cursor.rest()) {
                    self.skip_bytes(cursor, 1);
                    continue;
                }
                match self.start_line(cursor) {
                    LineStart::Content => {}
                    LineStart::Undecided => return self.save_block(cursor).map(|()| None),
                    LineStart::Blank => {
                        let has_field = self.block.has_field;
                        let block = self.dispatch(cursor);
                        if block.data.is_some() || (has_field && until >= Until::Block) {
                            return Ok(Some(FrameParts::Block(block)));
                        }
                        continue;
                    }
                }
            }
            let rest = cursor.rest();
            let end = line_end(rest);
            self.check_limits(cursor, rest.get(..end.unwrap_or(rest.len())).unwrap_or_default())?;
            let Some(len) = end else { return self.suspend(cursor).map(|()| None) };
            let content = cursor.take(len);
            self.scanner.set_terminator(rest.get(len).copied().unwrap_or(b'\n'));
            cursor.take(1);
            let frame = self.end_line(cursor, content)?;
            if frame.is_some() && until == Until::Frame {
                // The caller gets the chunk back before the block has ended.
                return self.save_block(cursor).map(|()| frame);
            }
            if self.buffer.has_data() && self.scanner.is_at_line_content() {
                self.append_data_lines(cursor);
            }
        }
    }

    /// Fast path for further `data` lines that lie complete in the chunk, as nearly all lines of an event of many do. Stops
    /// where a line needs the slow path.
    fn append_data_lines(&mut self, cursor: &mut Cursor<'_>) {
        let mut size = self.event_size(cursor);
        while let Some((value, rest)) = scan_data_line(cursor.rest()) {
            size = size.saturating_add(value.len()).saturating_add(1);
            if size > self.max_event_bytes || self.buffer.append_data(value).is_err() {
                return;
            }
            cursor.at = cursor.chunk.len().saturating_sub(rest.len());
        }
    }

    /// "One leading U+FEFF BYTE ORDER MARK character must be ignored if any are present."
    fn skip_bom(&mut self, cursor: &mut Cursor<'_>) {
        match self.scanner.skip_bom(cursor.chunk) {
            Bom::Absent => {}
            Bom::Bytes(count) => self.skip_bytes(cursor, count),
            Bom::FalseStart(content) => {
                self.line = LineState::Unknown;
                self.pending = content.len() as u64;
                self.keep_truncated(content);
            }
        }
    }

    /// Skips bytes that belong to no line. They are pending only if a block has started before them.
    fn skip_bytes(&mut self, cursor: &mut Cursor<'_>, count: usize) {
        let skipped = cursor.take(count);
        if self.pending == 0 && cursor.block_start == skipped.start {
            cursor.block_start = skipped.end;
        }
    }

    /// Reads the first bytes of a line, up to its content.
    fn start_line(&mut self, cursor: &mut Cursor<'_>) -> LineStart {
        let rest = cursor.rest();
        let prefix = self.prefix;
        let (before, classified) = match (prefix.bytes().len(), rest.first()) {
            (0, Some(&byte @ (b'\n' | b'\r'))) => {
                trace::examined(|| 1);
                self.scanner.set_terminator(byte);
                cursor.take(1);
                return LineStart::Blank;
            }
            (0, _) => (0, classify(rest)),
            (before, _) => (before, prefix.classify_with(rest)),
        };
        let Some((line, head)) = classified else {
            self.prefix.push(rest);
            cursor.take(rest.len());
            return LineStart::Undecided;
        };
        (self.line, self.prefix) = (line, LinePrefix::new());
        if line == LineState::Unknown {
            // All of an unknown line is content, also what looked like the start of a known name.
            self.keep_truncated(prefix.bytes());
        }
        cursor.take(head.saturating_sub(before));
        LineStart::Content
    }

    /// Checks a piece of the open line's content against the limits of its kind.
    fn check_limits(&mut self, cursor: &mut Cursor<'_>, piece: &[u8]) -> Result<(), DecodeError> {
        match self.line {
            LineState::Value(Name::Data | Name::Event) if !self.block.discarded => {
                let allowed = self.max_event_bytes.saturating_sub(self.event_size(cursor));
                if piece.len() > allowed {
                    // Stops after the first byte in excess, whatever the chunking.
                    cursor.take(allowed.saturating_add(1));
                    self.line = LineState::Skipped;
                    return self.discard_event(cursor, DecodeError::LimitExceeded { limit: self.max_event_bytes });
                }
            }
            // "If the field value does not contain U+0000 NULL, … Otherwise, ignore the field."
            LineState::Value(Name::Id) => {
                let allowed = bound(self.max_id_bytes).saturating_sub(self.buffer.value_range().len());
                let within = piece.get(..allowed).unwrap_or(piece);
                trace::examined(|| within.len());
                let has_nul = memchr::memchr(0, within).is_some();
                if has_nul || piece.len() > allowed {
                    self.skip_id(!has_nul);
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
        // An `id` must be kept even if the event is discarded here.
        let saved = self.save_block(cursor);
        let kept = match self.line {
            LineState::Value(Name::Data) if !self.block.discarded => self.buffer.push_value(piece, joins),
            LineState::Value(Name::Event) if !self.block.discarded => self.buffer.push_value(piece, false),
            LineState::Value(Name::Id) => {
                if self.buffer.push_value(piece, false).is_err() {
                    self.skip_id(true);
                }
                Ok(())
            }
            _ => {
                self.keep_truncated(piece);
                Ok(())
            }
        };
        if kept.is_err() {
            self.line = LineState::Skipped;
        }
        saved.and(self.require(cursor, kept))
    }

    /// Copies the values of the block that lie in the chunk.
    fn save_block(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
        debug_assert!(!self.buffer.has_value() || (cursor.event_type.is_none() && cursor.data.is_none()));
        let mut saved = Ok(());
        if let Some(event_type) = cursor.event_type.take() {
            saved = self.buffer.set_event_type(cursor.bytes(&event_type));
        }
        if let (Some(data), Ok(())) = (cursor.data.take(), &saved) {
            saved = self.buffer.append_data(cursor.bytes(&data));
        }
        self.require(cursor, saved)
    }

    /// Keeps a piece of a comment or an unknown field, if the caller reads them, as far as the bound and the storage allow.
    fn keep_truncated(&mut self, piece: &[u8]) {
        if !self.is_frame(self.line) {
            return;
        }
        let allowed = bound(self.max_comment_bytes).saturating_sub(self.buffer.value_range().len());
        let mut kept = piece.get(..allowed).unwrap_or(piece);
        if self.buffer.push_value(kept, false).is_err() {
            kept = kept.get(..self.buffer.free()).unwrap_or_default();
            let free = self.buffer.push_value(kept, false);
            debug_assert!(free.is_ok());
        }
        self.truncated |= kept.len() < piece.len();
    }

    /// Returns whether a line becomes a frame of its own.
    fn is_frame(&self, line: LineState) -> bool {
        let is_read = match line {
            LineState::Comment => self.comments,
            LineState::Unknown => self.unknown_fields,
            _ => false,
        };
        is_read && !self.block.discarded
    }

    /// Ends the open line. `content` is its last piece.
    fn end_line(&mut self, cursor: &mut Cursor<'_>, content: Range<usize>) -> Result<Option<FrameParts>, DecodeError> {
        let piece = cursor.bytes(&content);
        let mut frame = None;
        let ended = match self.line {
            LineState::Value(Name::Event | Name::Data) if self.block.discarded => Ok(()),
            // "Set the event type buffer to the field value."
            LineState::Value(Name::Event) if self.buffer.has_value() => {
                cursor.event_type = None;
                let set = self.buffer.set_event_type(piece);
                self.require(cursor, set)
            }
            LineState::Value(Name::Event) => {
                cursor.event_type = Some(content);
                Ok(())
            }
            LineState::Value(Name::Data) => self.end_data(cursor, content),
            LineState::Value(Name::Id) => {
                self.block.id_ignored |= self.buffer.set_id(piece).is_err();
                Ok(())
            }
            // "If the field value consists of only ASCII digits, then … set the event stream's reconnection time to that
            // integer. Otherwise, ignore the field."
            LineState::Value(Name::Retry) => {
                if let Some(retry) = core::mem::replace(&mut self.retry_parser, RetryParser::new()).milliseconds() {
                    (self.retry, self.has_retry, self.block.has_retry) = (retry, true, true);
                }
                Ok(())
            }
            line => {
                if self.is_frame(line) {
                    let (span, truncated) = self.end_content(cursor, content);
                    frame = Some(match line {
                        LineState::Comment => FrameParts::Comment { text: span, truncated },
                        _ => FrameParts::UnknownField { line: span, truncated },
                    });
                }
                Ok(())
            }
        };
        self.block.has_field |= self.line != LineState::Comment;
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
        let size = self.event_size(cursor).saturating_add(content.len()).saturating_add(usize::from(joins));
        if size > self.max_event_bytes {
            return self.discard_event(cursor, DecodeError::LimitExceeded { limit: self.max_event_bytes });
        }
        if cursor.data.is_some() {
            self.save_block(cursor)?;
        }
        let appended = self.buffer.append_data(cursor.bytes(&content));
        self.require(cursor, appended)
    }

    /// Where the content of a comment or an unknown field lies, and whether it is truncated.
    fn end_content(&mut self, cursor: &Cursor<'_>, content: Range<usize>) -> (Span, bool) {
        if self.buffer.has_value() {
            self.keep_truncated(cursor.bytes(&content));
            let value = self.buffer.value_range();
            return (Span::Buffer(value.start, value.end), core::mem::take(&mut self.truncated));
        }
        let end = content.end.min(content.start.saturating_add(bound(self.max_comment_bytes)));
        let truncated = core::mem::take(&mut self.truncated) || end < content.end;
        (Span::Chunk(content.start, end), truncated)
    }

    /// The blank line: "dispatch the event".
    fn dispatch(&mut self, cursor: &mut Cursor<'_>) -> BlockSpan {
        let BlockFlags { id_ignored, has_retry, .. } = core::mem::take(&mut self.block);
        (self.pending, cursor.block_start) = (0, cursor.at);
        let block = self.buffer.dispatch(cursor.event_type.take(), cursor.data.take());
        BlockSpan { id_ignored, has_retry, ..block }
    }

    /// The logical size of the event so far: type, data with the LFs that join it, and the value of an open `event` or
    /// `data` line as far as earlier chunks brought it.
    fn event_size(&self, cursor: &Cursor<'_>) -> usize {
        self.buffer.size_with(cursor.event_type.as_ref().map(Range::len), cursor.data.as_ref().map(Range::len))
    }

    /// Skips the rest of an `id` line.
    fn skip_id(&mut self, is_too_long: bool) {
        self.block.id_ignored |= is_too_long;
        self.buffer.discard_value();
        self.line = LineState::Skipped;
    }

    /// Discards the event if a value of it does not fit the storage.
    fn require(&mut self, cursor: &mut Cursor<'_>, kept: Result<(), OutOfCapacity>) -> Result<(), DecodeError> {
        let error = DecodeError::CapacityExceeded { capacity: self.buffer.capacity() };
        kept.or_else(|OutOfCapacity| self.discard_event(cursor, error))
    }

    /// The event exceeds a limit: drops all of it, except the `id` of its block. The error is returned once per block.
    #[cold]
    fn discard_event(&mut self, cursor: &mut Cursor<'_>, error: DecodeError) -> Result<(), DecodeError> {
        debug_assert!(!self.block.discarded);
        self.block.discarded = true;
        self.buffer.discard_event();
        (cursor.event_type, cursor.data) = (None, None);
        Err(error)
    }
}

/// What `start_line` found.
enum LineStart {
    /// The content of a line of known kind.
    Content,
    /// A blank line.
    Blank,
    /// The end of the chunk.
    Undecided,
}

fn bound(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
