//! The slow path: lines to blocks, for input that is cut anywhere.
//!
//! One call reads one chunk, up to the next frame. Values that lie complete in the chunk are kept as ranges ([`Cursor`]).
//! They are copied into the buffer only when the chunk ends before the block does, or when `data` lines are joined.

use core::ops::Range;

use crate::buffer::{EventBuffer, OutOfCapacity};
use crate::decoder::{BlockFlags, Decoder, Until};
use crate::error::DecodeError;
use crate::event::{BlockSpan, FrameParts, Span};
use crate::fast_path::{Scan, scan_data_line};
use crate::field::{LinePrefix, LineState, Name, RetryParser};
use crate::line::{Bom, LineEnd, line_end, split_line};
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
        self.buffer.maybe_shrink();
        let mut cursor = Cursor { chunk: input, at: 0, block_start: 0, event_type: None, data: None };
        let result = match scan {
            Scan::Lines { open: Some(name), event_type, end, .. } => {
                // The chunk ends within the value: no line end was found.
                (self.block.has_field, self.line, cursor.at) = (true, LineState::Value(name), end);
                let typed = event_type.map_or(Ok(()), |range| self.buffer.set_event_type(cursor.bytes(&range)));
                let kept = typed.and_then(|()| self.buffer.push_value(cursor.rest()));
                cursor.at = cursor.chunk.len();
                kept.or_else(|error| self.discard_event(&mut cursor, error)).map(|()| None)
            }
            Scan::Lines { event_type, data, end, .. } => {
                self.block.has_field = event_type.is_some() || data.is_some();
                (cursor.event_type, cursor.data, cursor.at) = (event_type, data, end);
                self.read_lines(&mut cursor, until)
            }
            _ => self.resume_value(&mut cursor).map_or_else(|| self.read_lines(&mut cursor, until), Ok),
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

    /// Fast path for an `event` or `data` value that the chunk before cut. Reads to the end of its line, then the `data` line
    /// after a type, or the blank line that dispatches the event. Returns `None` where the slow path continues.
    #[inline]
    fn resume_value(&mut self, cursor: &mut Cursor<'_>) -> Option<Option<FrameParts>> {
        let LineState::Value(name @ (Name::Event | Name::Data)) = self.line else { return None };
        let (value, rest) = match split_line(cursor.chunk) {
            Ok((value, rest)) => (value, Some(rest)),
            Err(LineEnd::Missing) => (cursor.chunk, None),
            Err(LineEnd::Cr) => return None,
        };
        let free = self.max_event_bytes.saturating_sub(self.buffer.size_with(None, None));
        if value.len() >= free || !self.buffer.has_value() {
            return None;
        }
        // Where a value does not fit the storage, nothing changes, and the slow path reports it.
        let Some(rest) = rest else {
            self.buffer.push_value(value).ok()?;
            cursor.at = cursor.chunk.len();
            return Some(None);
        };
        if name == Name::Data { self.buffer.push_data(value, true) } else { self.buffer.set_event_type(value) }.ok()?;
        self.line = LineState::Start;
        cursor.at = cursor.chunk.len().saturating_sub(rest.len());
        if self.buffer.has_data() {
            trace::examined(|| rest.len().min(1));
            let ended = rest.starts_with(b"\n");
            cursor.take(usize::from(ended));
            return ended.then(|| Some(FrameParts::Block(self.dispatch(cursor))));
        }
        match scan_data_line(rest) {
            Ok((data, rest)) if value.len().saturating_add(data.len()) < free => {
                cursor.at = cursor.chunk.len().saturating_sub(rest.len());
                let end = cursor.at.saturating_sub(1);
                cursor.data = Some(end.saturating_sub(data.len())..end);
                None
            }
            Err(Some(data)) if value.len().saturating_add(data.len()) < free => {
                self.buffer.push_value(data).ok()?;
                (self.line, cursor.at) = (LineState::Value(Name::Data), cursor.chunk.len());
                Some(None)
            }
            _ => None,
        }
    }

    fn read_lines(&mut self, cursor: &mut Cursor<'_>, until: Until) -> Result<Option<FrameParts>, DecodeError> {
        if core::mem::take(&mut self.pending_error) {
            return Err(DecodeError::CapacityExceeded { capacity: self.buffer.capacity() });
        }
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
                let prefix = self.prefix;
                if prefix.bytes().is_empty() && self.scanner.skip_lf_after_cr(cursor.rest()) {
                    cursor.skip(1, self.pending == 0);
                    continue;
                }
                let Some((line, head)) = self.prefix.classify(cursor.rest()) else {
                    cursor.take(cursor.rest().len());
                    return self.save(cursor).map(|()| None);
                };
                cursor.take(head);
                self.start_line(line, prefix.bytes());
            }
            let (content, ended) = self.take_content(cursor);
            // Values that lie in the chunk come before the open one in the buffer.
            let mut result = if ended { Ok(()) } else { self.save(cursor) };
            let mut frame = None;
            match self.line {
                LineState::Value(name @ (Name::Data | Name::Event)) => {
                    result = self.read_value(cursor, name, content, ended);
                }
                LineState::Value(Name::Id) => self.read_id(cursor.bytes(&content), ended),
                // "If the field value consists of only ASCII digits, then … set the event stream's reconnection time to that
                // integer. Otherwise, ignore the field."
                LineState::Value(Name::Retry) => {
                    trace::examined(|| content.len());
                    self.retry_parser.push(cursor.bytes(&content));
                    if let (true, Some(retry)) = (ended, self.retry_parser.milliseconds()) {
                        (self.retry, self.has_retry, self.block.has_retry) = (retry, true, true);
                    }
                }
                LineState::Comment | LineState::Unknown => frame = self.read_comment(cursor, content, ended),
                LineState::Blank => {
                    let has_field = self.block.has_field;
                    let block = self.dispatch(cursor);
                    self.line = LineState::Start;
                    if block.data.is_some() || (has_field && until >= Until::Block) {
                        return Ok(Some(FrameParts::Block(block)));
                    }
                    continue;
                }
                LineState::Start | LineState::Skipped => {}
            }
            if !ended {
                return result.map(|()| None);
            }
            self.line = LineState::Start;
            self.buffer.discard_value();
            result?;
            if frame.is_some() && until == Until::Frame {
                // The caller gets the chunk back before the block has ended.
                self.pending_error = self.save(cursor).is_err();
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
        self.block.has_field |= !matches!(line, LineState::Comment | LineState::Blank);
        let is_read = match line {
            LineState::Comment => self.comments && !self.block.discarded,
            LineState::Unknown => self.unknown_fields && !self.block.discarded,
            LineState::Value(Name::Data | Name::Event) => !self.block.discarded,
            _ => true,
        };
        (self.line, self.prefix) = (if is_read { line } else { LineState::Skipped }, LinePrefix::new());
        self.retry_parser = RetryParser::new();
        if self.line == LineState::Unknown {
            self.buffer.push_truncated(prefix, bound(self.max_comment_bytes));
        }
    }

    /// Takes the content of the open line, as far as the chunk has it, and its line end. Returns where the content lies, and
    /// whether the line has ended. Stops after the first byte above the size limit of the event, whatever the chunking.
    fn take_content(&mut self, cursor: &mut Cursor<'_>) -> (Range<usize>, bool) {
        let mut rest = cursor.rest();
        if let LineState::Value(Name::Data | Name::Event) = self.line {
            let allowed = self.max_event_bytes.saturating_sub(cursor.event_size(&self.buffer));
            rest = rest.get(..=allowed).unwrap_or(rest);
        }
        let end = if self.line == LineState::Blank { Some(0) } else { line_end(rest) };
        let content = cursor.take(end.unwrap_or(rest.len()));
        if let Some(&terminator) = end.and_then(|end| rest.get(end)) {
            self.scanner.set_terminator(terminator);
            cursor.take(1);
        }
        (content, end.is_some())
    }

    /// Reads a piece of an `event` or `data` value: "Set the event type buffer to the field value", "append the field value
    /// to the data buffer".
    fn read_value(
        &mut self,
        cursor: &mut Cursor<'_>,
        name: Name,
        content: Range<usize>,
        ended: bool,
    ) -> Result<(), DecodeError> {
        let joins = name == Name::Data && (cursor.data.is_some() || self.buffer.has_data());
        // The LF that joins this line to those before counts when the line ends.
        let size = cursor.event_size(&self.buffer).saturating_add(content.len());
        if size.saturating_add(usize::from(joins && ended)) > self.max_event_bytes {
            return self.discard_event(cursor, DecodeError::LimitExceeded { limit: self.max_event_bytes });
        }
        let is_borrowed = ended && !joins && !self.buffer.has_value();
        let kept = match name {
            Name::Data if is_borrowed => {
                cursor.data = Some(content);
                Ok(())
            }
            Name::Data => {
                let saved = if cursor.data.is_some() { cursor.save(&mut self.buffer) } else { Ok(()) };
                saved.and_then(|()| self.buffer.push_data(cursor.bytes(&content), ended))
            }
            _ if is_borrowed => {
                cursor.event_type = Some(content);
                Ok(())
            }
            _ if ended => {
                cursor.event_type = None;
                self.buffer.set_event_type(cursor.bytes(&content))
            }
            _ => self.buffer.push_value(cursor.bytes(&content)),
        };
        kept.or_else(|error| self.discard_event(cursor, error))
    }

    /// Reads a piece of an `id` value: "If the field value does not contain U+0000 NULL, then set the last event ID buffer to
    /// the field value. Otherwise, ignore the field."
    fn read_id(&mut self, piece: &[u8], ended: bool) {
        let allowed = bound(self.max_id_bytes).saturating_sub(self.buffer.value_range().len());
        let within = piece.get(..allowed).unwrap_or(piece);
        trace::examined(|| within.len());
        let has_nul = memchr::memchr(0, within).is_some();
        let mut is_kept = !has_nul && piece.len() <= allowed;
        if is_kept {
            is_kept = if ended { self.buffer.set_id(piece) } else { self.buffer.push_value(piece) }.is_ok();
        }
        if !is_kept {
            self.block.id_ignored |= !has_nul;
            self.line = LineState::Skipped;
            self.buffer.discard_value();
        }
    }

    /// Reads a piece of a comment or an unknown field that the caller reads. Returns the frame if the line has ended.
    fn read_comment(&mut self, cursor: &Cursor<'_>, content: Range<usize>, ended: bool) -> Option<FrameParts> {
        let bound = bound(self.max_comment_bytes);
        let end = content.end.min(content.start.saturating_add(bound));
        let (mut span, mut truncated) = (Span::Chunk(content.start, end), end < content.end);
        if !ended || self.buffer.has_value() || self.buffer.is_truncated() {
            self.buffer.push_truncated(cursor.bytes(&content), bound);
            let value = self.buffer.value_range();
            (span, truncated) = (Span::Buffer(value.start, value.end), self.buffer.is_truncated());
        }
        let is_comment = self.line == LineState::Comment;
        ended.then_some(FrameParts::Line { is_comment, content: span, truncated })
    }

    /// The blank line: "dispatch the event".
    fn dispatch(&mut self, cursor: &mut Cursor<'_>) -> BlockSpan {
        let BlockFlags { id_ignored, has_retry, .. } = core::mem::take(&mut self.block);
        (self.pending, cursor.block_start) = (0, cursor.at);
        let block = self.buffer.dispatch(cursor.event_type.take(), cursor.data.take());
        BlockSpan { id_ignored, has_retry, ..block }
    }

    /// Copies the values that lie in the chunk, which the caller gets back.
    fn save(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
        cursor.save(&mut self.buffer).or_else(|error| self.discard_event(cursor, error))
    }

    /// Discards an event that exceeds a limit, except the `id` and `retry` of its block, with the rest of the open line. So
    /// the error is returned once per block.
    fn discard_event(&mut self, cursor: &mut Cursor<'_>, error: impl Into<DecodeError>) -> Result<(), DecodeError> {
        debug_assert!(!self.block.discarded);
        self.block.discarded = true;
        (cursor.event_type, cursor.data) = (None, None);
        if !matches!(self.line, LineState::Start | LineState::Value(Name::Id | Name::Retry)) {
            self.line = LineState::Skipped;
        }
        self.buffer.discard_event();
        Err(error.into())
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

    /// The logical size of the event so far: type, data with the LFs that join it, and the buffered part of the value of an
    /// open `event` or `data` line.
    fn event_size<S>(&self, buffer: &EventBuffer<S>) -> usize {
        buffer.size_with(self.event_type.as_ref().map(Range::len), self.data.as_ref().map(Range::len))
    }

    /// Copies the values into the buffer.
    fn save<S: Storage>(&mut self, buffer: &mut EventBuffer<S>) -> Result<(), OutOfCapacity> {
        debug_assert!(!buffer.has_value() || (self.event_type.is_none() && self.data.is_none()));
        if let Some(event_type) = self.event_type.take() {
            buffer.set_event_type(self.bytes(&event_type))?;
        }
        self.data.take().map_or(Ok(()), |data| buffer.push_data(self.bytes(&data), true))
    }

    /// Fast path for further `data` lines that lie complete in the chunk, as nearly all lines of an event of many do. Stops
    /// where a line needs the slow path.
    fn append_data_lines<S: Storage>(&mut self, buffer: &mut EventBuffer<S>, max_event_bytes: usize) {
        let mut size = self.event_size(buffer);
        while let Ok((value, rest)) = scan_data_line(self.rest()) {
            size = size.saturating_add(value.len()).saturating_add(1);
            if size > max_event_bytes || buffer.push_data(value, true).is_err() {
                return;
            }
            self.at = self.chunk.len().saturating_sub(rest.len());
        }
    }
}

fn bound(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
