//! The slow path: lines to blocks, for input that is cut anywhere.
//!
//! One call reads one chunk, up to the next frame. Values that lie complete in the chunk are borrowed ([`Cursor`]).
//! They are copied into the buffer when the chunk ends, or a frame is returned, before the block ends, and when `data`
//! lines are joined. An `id` is always copied.

use crate::buffer::{EventBuffer, OutOfCapacity, widen};
use crate::decoder::{BlockFlags, Decoder, Until};
use crate::error::DecodeError;
use crate::event::{BlockSpan, FrameParts, FrameSpan, Span};
use crate::fast_path::{Cursor, scan_data_line};
use crate::field::{LinePrefix, LineState, RetryParser};
use crate::line::{LineEnd, line_end, split_line};
use crate::storage::Storage;
use crate::trace;

impl<S: Storage> Decoder<S> {
    /// Reads up to the next frame or the end of the chunk, from where the fast path stopped.
    #[inline]
    pub(crate) fn read<'c>(
        &mut self,
        input: &mut &'c [u8],
        until: Until,
        mut cursor: Cursor<'c>,
    ) -> Result<Option<FrameSpan>, DecodeError> {
        self.buffer.maybe_shrink();
        let result = if cursor.line == LineState::Start {
            self.resume_value(&mut cursor).map_or_else(|| self.read_lines(&mut cursor, until), Ok)
        } else {
            // The chunk ends within the value: no line end was found.
            (self.block.has_field, self.line) = (true, cursor.line);
            let value = core::mem::take(&mut cursor.rest);
            let kept = cursor.save(&mut self.buffer).and_then(|()| self.buffer.push_value(value));
            kept.or_else(|error| self.discard_event(&mut cursor, error)).map(|()| None)
        };
        *input = cursor.rest;
        // Cannot overflow: 2^64 bytes do not arrive.
        self.pending = self.pending.wrapping_add(cursor.block.len().saturating_sub(cursor.rest.len()) as u64);
        self.between_blocks = self.pending_bytes() == 0 && self.scanner.is_at_line_content();
        result
    }

    /// Fast path for an `event` or `data` value that the chunk before cut. Reads to the end of its line, then the
    /// `data` line after a type, or the blank line that dispatches the event. Returns `None` where [`read_lines`]
    /// continues.
    ///
    /// **Warning.** It decides the same as [`read_lines`], which the tests that `fast_path.rs` names compare at every
    /// split.
    ///
    /// [`read_lines`]: Self::read_lines
    #[inline]
    fn resume_value(&mut self, cursor: &mut Cursor<'_>) -> Option<Option<FrameSpan>> {
        if !matches!(self.line, LineState::Event | LineState::Data) {
            return None;
        }
        let (value, rest) = match split_line(cursor.rest) {
            Ok((value, rest)) => (value, Some(rest)),
            Err(LineEnd::Missing) => (cursor.rest, None),
            Err(LineEnd::Cr) => return None,
        };
        let free = self.max_event_bytes.saturating_sub(cursor.size_with_buffer(&self.buffer));
        // An event of exactly the limit is left to the slow path, too: a value that ends needs no further comparison.
        if value.len() >= free || !self.buffer.has_value() {
            return None;
        }
        // Where a value does not fit the storage, nothing changes, and the slow path reports it.
        let Some(rest) = rest else {
            self.buffer.push_value(value).ok()?;
            cursor.rest = b"";
            return Some(None);
        };
        if self.line == LineState::Data {
            self.buffer.push_data(value, true).ok()?;
        } else {
            self.buffer.set_event_type(value).ok()?;
        }
        (self.line, cursor.rest) = (LineState::Start, rest);
        if self.buffer.has_data() {
            trace::examined(|| rest.len().min(1));
            cursor.rest = rest.strip_prefix(b"\n")?;
            return Some(Some(FrameSpan(FrameParts::Block(self.dispatch(cursor)))));
        }
        match scan_data_line(rest) {
            Ok((data, rest)) if value.len().saturating_add(data.len()) < free => {
                (cursor.data, cursor.rest) = (Some(data), rest);
                None
            }
            Err(Some(data)) if value.len().saturating_add(data.len()) < free => {
                self.buffer.push_value(data).ok()?;
                (self.line, cursor.rest) = (LineState::Data, b"");
                Some(None)
            }
            _ => None,
        }
    }

    /// Reads line by line from where the cursor is, at the start of a line or within the one that the chunk before cut.
    fn read_lines(&mut self, cursor: &mut Cursor<'_>, until: Until) -> Result<Option<FrameSpan>, DecodeError> {
        if core::mem::take(&mut self.pending_error) {
            return Err(DecodeError::CapacityExceeded { capacity: self.buffer.capacity() });
        }
        // Lines that the fast path has scanned.
        self.block.has_field |= cursor.event_type.is_some() | cursor.data.is_some();
        let (mark, false_start) = self.scanner.skip_bom(cursor.rest);
        if mark > 0 {
            cursor.take(mark);
            cursor.block = cursor.rest;
        }
        if !false_start.is_empty() {
            self.pending = false_start.len() as u64;
            self.start_line(LineState::Unknown, false_start);
        }
        loop {
            if self.line == LineState::Start {
                if self.scanner.skip_lf_after_cr(cursor.rest) {
                    // The rest of a blank line is no byte of the next block.
                    let is_before_block = self.pending == 0 && cursor.block.len() == cursor.rest.len();
                    cursor.take(1);
                    if is_before_block {
                        cursor.block = cursor.rest;
                    }
                    continue;
                }
                // `start_line` clears it.
                let prefix = self.prefix;
                let Some((line, head)) = self.prefix.classify(cursor.rest) else {
                    cursor.rest = b"";
                    return self.save(cursor).map(|()| None);
                };
                cursor.take(head);
                self.start_line(line, prefix.bytes());
            }
            let (content, ended) = self.take_content(cursor);
            // Values that lie in the chunk come before the open one in the buffer. If they do not fit, an open `data`
            // or `event` line is `Skipped` from here on.
            let mut result = if ended { Ok(()) } else { self.save(cursor) };
            let mut frame = None;
            match self.line {
                LineState::Data | LineState::Event => result = self.read_value(cursor, content, ended),
                LineState::Id => self.read_id(content, ended),
                // "If the field value consists of only ASCII digits, then … set the event stream's reconnection time to
                // that integer. Otherwise, ignore the field."
                LineState::Retry => {
                    trace::examined(|| content.len());
                    self.retry_parser.push(content);
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
                        return Ok(Some(FrameSpan(FrameParts::Block(block))));
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

    /// Starts a line of this kind. In an unknown field all of the line is content, also `prefix`, which looked like the
    /// start of a known name or of a byte order mark.
    fn start_line(&mut self, line: LineState, prefix: &[u8]) {
        self.block.has_field |= !matches!(line, LineState::Comment | LineState::Blank);
        let is_read = match line {
            LineState::Comment => self.comments && !self.block.discarded,
            LineState::Unknown => self.unknown_fields && !self.block.discarded,
            LineState::Data | LineState::Event => !self.block.discarded,
            _ => true,
        };
        (self.line, self.prefix) = (if is_read { line } else { LineState::Skipped }, LinePrefix::new());
        self.retry_parser = RetryParser::new();
        if self.line == LineState::Unknown {
            self.buffer.push_truncated(prefix, widen(self.max_comment_bytes));
        }
    }

    /// Takes the content of the open line, as far as the chunk has it, and its line end. Returns the content, and
    /// whether the line has ended. Stops after the first byte above the size limit of the event, whatever the chunking.
    fn take_content<'c>(&mut self, cursor: &mut Cursor<'c>) -> (&'c [u8], bool) {
        let mut rest = cursor.rest;
        if let LineState::Data | LineState::Event = self.line {
            let allowed = self.max_event_bytes.saturating_sub(cursor.size_with_buffer(&self.buffer));
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

    /// Reads a piece of an `event` or `data` value: "Set the event type buffer to the field value", "append the field
    /// value to the data buffer".
    fn read_value<'c>(&mut self, cursor: &mut Cursor<'c>, piece: &'c [u8], ended: bool) -> Result<(), DecodeError> {
        let joins = self.line == LineState::Data && (cursor.data.is_some() || self.buffer.has_data());
        // The LF that joins this line to those before counts when the line ends.
        let size = cursor.size_with_buffer(&self.buffer).saturating_add(piece.len());
        if size.saturating_add(usize::from(joins && ended)) > self.max_event_bytes {
            return self.discard_event(cursor, DecodeError::LimitExceeded { limit: self.max_event_bytes });
        }
        if ended && !joins && !self.buffer.has_value() {
            let value = if self.line == LineState::Data { &mut cursor.data } else { &mut cursor.event_type };
            *value = Some(piece);
            return Ok(());
        }
        let kept = match self.line {
            LineState::Data => {
                let first = cursor.data.take().map_or(Ok(()), |data| self.buffer.push_data(data, true));
                first.and_then(|()| self.buffer.push_data(piece, ended))
            }
            _ if ended => {
                cursor.event_type = None;
                self.buffer.set_event_type(piece)
            }
            _ => self.buffer.push_value(piece),
        };
        kept.or_else(|error| self.discard_event(cursor, error))
    }

    /// Reads a piece of an `id` value: "If the field value does not contain U+0000 NULL, then set the last event ID
    /// buffer to the field value. Otherwise, ignore the field."
    fn read_id(&mut self, piece: &[u8], ended: bool) {
        let allowed = widen(self.max_id_bytes).saturating_sub(self.buffer.value_range().len());
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
    fn read_comment(&mut self, cursor: &Cursor<'_>, piece: &[u8], ended: bool) -> Option<FrameSpan> {
        let bound = widen(self.max_comment_bytes);
        let start = piece.get(..bound).unwrap_or(piece);
        let (mut content, mut truncated) = (Span::in_chunk(cursor.chunk, start), start.len() < piece.len());
        if !ended || self.buffer.has_value() || self.buffer.is_truncated() {
            self.buffer.push_truncated(piece, bound);
            let value = self.buffer.value_range();
            (content, truncated) = (Span::Buffer(value.start, value.end), self.buffer.is_truncated());
        }
        let is_comment = self.line == LineState::Comment;
        ended.then_some(FrameSpan(FrameParts::Line { is_comment, content, truncated }))
    }

    /// The blank line: "dispatch the event".
    fn dispatch(&mut self, cursor: &mut Cursor<'_>) -> BlockSpan {
        let BlockFlags { id_ignored, has_retry, .. } = core::mem::take(&mut self.block);
        (self.pending, cursor.block) = (0, cursor.rest);
        let block = self.buffer.dispatch();
        let in_chunk = |part| Span::in_chunk(cursor.chunk, part);
        let event_type = cursor.event_type.take().map(in_chunk).or(block.event_type);
        let data = cursor.data.take().map(in_chunk).or(block.data);
        BlockSpan { event_type, data, id_ignored, has_retry, ..block }
    }

    /// Copies the values that lie in the chunk, which the caller gets back.
    fn save(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
        cursor.save(&mut self.buffer).or_else(|error| self.discard_event(cursor, error))
    }

    /// Discards an event that exceeds a limit, except the `id` and `retry` of its block, with the rest of the open
    /// line. So the error is returned once per block.
    fn discard_event(&mut self, cursor: &mut Cursor<'_>, error: impl Into<DecodeError>) -> Result<(), DecodeError> {
        debug_assert!(!self.block.discarded);
        self.block.discarded = true;
        (cursor.event_type, cursor.data) = (None, None);
        if !matches!(self.line, LineState::Start | LineState::Id | LineState::Retry) {
            self.line = LineState::Skipped;
        }
        self.buffer.discard_event();
        Err(error.into())
    }
}

impl<'c> Cursor<'c> {
    /// Returns the next `len` bytes, and moves past them.
    fn take(&mut self, len: usize) -> &'c [u8] {
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, b""));
        self.rest = rest;
        taken
    }

    /// The logical size of the event so far: type, data with the LFs that join it, and the buffered part of the value
    /// of an open `event` or `data` line.
    fn size_with_buffer<S>(&self, buffer: &EventBuffer<S>) -> usize {
        buffer.size_with(self.event_type.map(<[u8]>::len), self.data.map(<[u8]>::len))
    }

    /// Copies the values into the buffer.
    fn save<S: Storage>(&mut self, buffer: &mut EventBuffer<S>) -> Result<(), OutOfCapacity> {
        debug_assert!(!buffer.has_value() || (self.event_type.is_none() && self.data.is_none()));
        if let Some(event_type) = self.event_type.take() {
            buffer.set_event_type(event_type)?;
        }
        self.data.take().map_or(Ok(()), |data| buffer.push_data(data, true))
    }

    /// Fast path for further `data` lines that lie complete in the chunk, as nearly all lines of an event of many do.
    /// Stops where a line needs [`Decoder::read_lines`], with which it shares the decisions about these lines.
    fn append_data_lines<S: Storage>(&mut self, buffer: &mut EventBuffer<S>, max_event_bytes: usize) {
        let mut size = self.size_with_buffer(buffer);
        while let Ok((value, rest)) = scan_data_line(self.rest) {
            size = size.saturating_add(value.len()).saturating_add(1);
            if size > max_event_bytes || buffer.push_data(value, true).is_err() {
                return;
            }
            self.rest = rest;
        }
    }
}
