//! The slow path: lines to blocks, for input that is split at any byte.
//!
//! One call reads one chunk, up to the next frame. Values that lie complete in the chunk are borrowed ([`Cursor`]).
//! They are copied into the buffer when the chunk ends, or a frame is returned, before the block ends, and when `data`
//! lines are joined. An `id` is always copied.

use crate::buffer::EventBuffer;
use crate::decoder::{Decoder, Polled, Until};
use crate::error::DecodeError;
use crate::event::{BlockFlags, BlockSpan, FrameParts, FrameSpan, Span};
use crate::fast_path::{Cursor, DATA};
use crate::field::{LineState, RetryDigits};
use crate::line::line_end;
use crate::storage::Storage;

impl<S: Storage> Decoder<S> {
    /// Reads up to the next frame or the end of the chunk, from where the fast path stopped.
    pub(crate) fn read<'c>(&mut self, input: &mut &'c [u8], until: Until, mut cursor: Cursor<'c>) -> Polled {
        self.buffer.maybe_shrink();
        // From here on, `pending` contains all of the chunk; at the end, the rest is subtracted. Cannot overflow: 2^64
        // bytes do not arrive.
        self.pending += input.len() as u64;
        // The fast path has scanned a field, or the start of one.
        self.block.has_field |= cursor.rest.len() < input.len();
        let result = self.resume_value(&mut cursor).and_then(|()| self.read_lines(&mut cursor, until));
        if result.is_err() {
            // The event exceeds a limit. It is discarded, except the `id` and `retry` of its block, with the rest of
            // the open line: so the error is returned once per block. The values in the chunk are lost with the
            // cursor.
            debug_assert!(!self.block.discarded);
            self.block.discarded = true;
            self.buffer.discard_event();
            if !matches!(self.line, LineState::Start { .. } | LineState::Id | LineState::Retry(_)) {
                self.line = LineState::Skipped;
            }
        }
        *input = cursor.rest;
        self.pending -= cursor.rest.len() as u64;
        self.between_blocks = self.pending_bytes() == 0 && self.scanner.is_in_content();
        result
    }

    /// Fast path for an `event` or `data` value that the chunk before cut. Reads to the end of its line, then the
    /// `data` line after a type, and the blank line. Leaves the cursor as [`scan_event`](Cursor::scan_event) does.
    ///
    /// **Warning.** It decides the same as [`read_lines`](Self::read_lines), which the tests that `fast_path.rs` names
    /// compare at every split.
    #[inline]
    fn resume_value(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
        let is_cut = matches!(self.line, LineState::Event | LineState::Data) && self.buffer.has_value();
        // An event that may exceed the limit within this chunk is left to `read_lines`.
        if !is_cut || cursor.rest.len() >= self.buffer.room(None, None) {
            return Ok(());
        }
        let Some(value) = cursor.take_value(self.line, cursor.rest) else { return Ok(()) };
        let is_data = matches!(core::mem::replace(&mut self.line, LineState::START), LineState::Data);
        let stored = if is_data { self.buffer.push_data(value) } else { self.buffer.set_event_type(value) };
        stored?;
        if self.buffer.has_data() {
            cursor.scan_blank_line();
        } else {
            cursor.scan_data();
        }
        Ok(())
    }

    /// Reads line by line from where the cursor is, at the start of a line or within the one that the chunk before cut.
    fn read_lines(&mut self, cursor: &mut Cursor<'_>, until: Until) -> Polled {
        match cursor.line {
            LineState::Start { .. } => {}
            LineState::Blank => return Ok(Some(FrameSpan(FrameParts::Block(self.dispatch(cursor))))),
            // The chunk ends within an `event` or `data` value.
            line => {
                self.line = line;
                let value = core::mem::take(&mut cursor.rest);
                cursor.save(&mut self.buffer)?;
                return self.buffer.push_value(value).map(|()| None);
            }
        }
        while !cursor.rest.is_empty() {
            if let LineState::Start { first, seen } = self.line {
                let (mark, rest) = self.scanner.skip_before_line(cursor.rest);
                let skipped = cursor.rest.len() - rest.len();
                if skipped > 0 {
                    // Neither a byte order mark nor the rest of a blank line is part of the block that follows.
                    self.pending -= if self.pending == cursor.rest.len() as u64 { skipped as u64 } else { 0 };
                    cursor.rest = rest;
                    continue;
                }
                self.pending += mark.len() as u64;
                let (line, content_start, replayed) = match mark {
                    b"" => LineState::classify(first, seen, rest),
                    _ => (LineState::Unknown, 0, mark),
                };
                let consumed = cursor.take(content_start);
                if let LineState::Blank = line {
                    self.scanner.is_after_cr = consumed == b"\r";
                    let block = self.dispatch(cursor);
                    if block.data.is_some() || (block.flags.has_field && until >= Until::Block) {
                        return Ok(Some(FrameSpan(FrameParts::Block(block))));
                    }
                    continue;
                }
                self.start_line(line, replayed);
            }
            // Of a value, at most one byte above the limit of the event is read: the error comes there in any chunking.
            let is_value = matches!(self.line, LineState::Data | LineState::Event);
            let max = if is_value { self.buffer.room(cursor.event_type, cursor.data) } else { usize::MAX };
            let within = cursor.rest.get(..=max).unwrap_or(cursor.rest);
            let end = line_end(within);
            if end.is_none() {
                // The buffer stores the values that lie in the chunk before the open one. If they do not fit, the event
                // is lost, and the next call reads the open line: an `id` or a `retry` takes effect.
                cursor.save(&mut self.buffer)?;
            }
            let ended = end.is_some();
            let piece = cursor.take(end.unwrap_or(within.len()));
            let (mut stored, mut frame) = (Ok(()), None);
            match self.line {
                LineState::Data | LineState::Event => stored = self.read_value(cursor, piece, ended),
                LineState::Id => self.read_id(piece, ended),
                // "If the field value consists of only ASCII digits, then … set the event stream's reconnection time to
                // that integer. Otherwise, ignore the field."
                LineState::Retry(digits) => {
                    let digits = digits.push(piece);
                    self.line = digits.map_or(LineState::Skipped, LineState::Retry);
                    if let (true, Some(retry)) = (ended, digits.and_then(RetryDigits::value)) {
                        self.retry = Some(retry);
                        self.block.has_retry = true;
                    }
                }
                LineState::Comment | LineState::Unknown => frame = self.read_comment(cursor, piece, ended),
                LineState::Start { .. } | LineState::Blank | LineState::Skipped => {}
            }
            if !ended {
                return stored.map(|()| None);
            }
            self.scanner.is_after_cr = cursor.take(1) == b"\r";
            self.line = LineState::START;
            self.buffer.discard_value();
            stored?;
            if frame.is_some() && until == Until::Frame {
                // The caller gets the chunk back before the block has ended.
                return cursor.save(&mut self.buffer).map(|()| frame);
            }
            if is_value && self.buffer.has_data() && !self.scanner.is_after_cr {
                self.join_data_lines(cursor);
            }
        }
        cursor.save(&mut self.buffer).map(|()| None)
    }

    /// Fast path for further `data` lines that lie complete in the chunk, as nearly all lines of an event of many do.
    /// Stops where a line needs [`read_lines`](Self::read_lines), with which it shares the decisions about these lines.
    fn join_data_lines(&mut self, cursor: &mut Cursor<'_>) {
        let mut allowed = self.buffer.room(cursor.event_type, cursor.data);
        let mut ahead = Cursor::new(cursor.rest);
        while let Some(value) = ahead.rest.strip_prefix(DATA).and_then(|value| ahead.take_value(LineState::Data, value))
        {
            if value.len() >= allowed || self.buffer.push_data(value).is_err() {
                return;
            }
            allowed -= value.len() + 1;
            cursor.rest = ahead.rest;
        }
    }

    /// Starts a line of this kind. `replayed` is content of an unknown field from earlier chunks: it looked like the
    /// start of a known name or of a byte order mark.
    fn start_line(&mut self, line: LineState, replayed: &[u8]) {
        self.block.has_field |= !matches!(line, LineState::Comment);
        let is_read = match line {
            LineState::Comment => self.comments && !self.block.discarded,
            LineState::Unknown => self.unknown_fields && !self.block.discarded,
            LineState::Data | LineState::Event => !self.block.discarded,
            _ => true,
        };
        self.line = if is_read { line } else { LineState::Skipped };
        if self.line == LineState::Unknown {
            self.buffer.push_truncated(replayed, self.max_comment_bytes);
        }
    }

    /// Reads a piece of an `event` or `data` value: "Set the event type buffer to the field value", "append the field
    /// value to the data buffer". A value that lies in the chunk stays there until it has to be copied.
    fn read_value<'c>(&mut self, cursor: &mut Cursor<'c>, piece: &'c [u8], ended: bool) -> Result<(), DecodeError> {
        let is_data = self.line == LineState::Data;
        let joins = is_data && (cursor.data.is_some() || self.buffer.has_data());
        // The LF that joins this line to those before counts when the line ends.
        if piece.len().saturating_add(usize::from(joins && ended)) > self.buffer.room(cursor.event_type, cursor.data) {
            return Err(DecodeError::LimitExceeded { limit: self.buffer.limit });
        }
        if !ended {
            return self.buffer.push_value(piece);
        }
        if joins || self.buffer.has_value() {
            cursor.data.take().map_or(Ok(()), |data| self.buffer.push_data(data))?;
            return if is_data { self.buffer.push_data(piece) } else { self.buffer.set_event_type(piece) };
        }
        let value = if is_data { &mut cursor.data } else { &mut cursor.event_type };
        *value = Some(piece);
        Ok(())
    }

    /// Reads a piece of an `id` value: "If the field value does not contain U+0000 NULL, then set the last event ID
    /// buffer to the field value. Otherwise, ignore the field."
    fn read_id(&mut self, piece: &[u8], ended: bool) {
        let allowed = self.max_id_bytes.saturating_sub(self.buffer.value_range().len());
        let within = piece.get(..allowed).unwrap_or(piece);
        let has_nul = memchr::memchr(0, within).is_some();
        let mut keep = |piece| if ended { self.buffer.set_id(piece) } else { self.buffer.push_value(piece) };
        if has_nul || piece.len() > allowed || keep(piece).is_err() {
            self.block.has_ignored_id |= !has_nul;
            self.line = LineState::Skipped;
            self.buffer.discard_value();
        } else {
            self.block.has_id |= ended;
        }
    }

    /// Reads a piece of a comment or an unknown field that the caller reads. Returns the frame if the line has ended.
    fn read_comment(&mut self, cursor: &Cursor<'_>, piece: &[u8], ended: bool) -> Option<FrameSpan> {
        let frame = if self.line == LineState::Comment { FrameParts::Comment } else { FrameParts::UnknownField };
        if !ended || self.buffer.has_value() {
            let truncated = self.buffer.push_truncated(piece, self.max_comment_bytes);
            let value = self.buffer.value_range();
            return ended.then(|| FrameSpan(frame(Span::Buffer(value.start, value.end), truncated)));
        }
        let start = piece.get(..self.max_comment_bytes).unwrap_or(piece);
        Some(FrameSpan(frame(Span::in_chunk(cursor.chunk, start), start.len() < piece.len())))
    }

    /// Reads the blank line: "dispatch the event".
    fn dispatch(&mut self, cursor: &mut Cursor<'_>) -> BlockSpan {
        self.pending = cursor.rest.len() as u64;
        let flags = core::mem::replace(&mut self.block, BlockFlags::NONE);
        let (event_type, data) = self.buffer.dispatch(flags.has_id);
        let in_chunk = |part| Span::in_chunk(cursor.chunk, part);
        let event_type = cursor.event_type.take().map(in_chunk).or(event_type);
        let data = cursor.data.take().map(in_chunk).or(data);
        BlockSpan { event_type, data, flags }
    }
}

impl<'c> Cursor<'c> {
    /// Copies the values that lie in the chunk, which the caller gets back, into the buffer.
    #[inline]
    fn save<S: Storage>(&mut self, buffer: &mut EventBuffer<S>) -> Result<(), DecodeError> {
        debug_assert!(!buffer.has_value() || (self.event_type.is_none() && self.data.is_none()));
        self.event_type.take().map_or(Ok(()), |value| buffer.set_event_type(value))?;
        self.data.take().map_or(Ok(()), |value| buffer.push_data(value))
    }

    /// Returns the next `len` bytes, and moves past them.
    fn take(&mut self, len: usize) -> &'c [u8] {
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, b""));
        self.rest = rest;
        taken
    }
}
