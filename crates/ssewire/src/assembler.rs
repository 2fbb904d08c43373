//! The slow path: lines to blocks, for input that is cut anywhere.
//!
//! One call reads one chunk, up to the next frame. Values that lie complete in the chunk are kept as ranges
//! ([`Cursor`]); they are copied into the [`EventBuffer`] only when the chunk ends before the block does, or when `data`
//! lines must be joined.

use core::ops::Range;
use core::time::Duration;

use crate::buffer::{EventBuffer, OutOfCapacity};
use crate::error::DecodeError;
use crate::event::{BlockSpan, FrameParts, Span, SpanSource};
use crate::fast_path::scan_data_line;
use crate::field::{LinePrefix, LineState, Name, RetryParser, classify, split_unknown};
use crate::line::{Bom, LineScanner, LineSplit, line_end, split_line};
use crate::storage::Storage;
use crate::trace;

/// Assembles lines into blocks.
#[derive(Clone)]
pub(crate) struct BlockAssembler<S> {
    pub(crate) limits: Limits,
    pub(crate) interest: Interest,
    pub(crate) buffer: EventBuffer<S>,
    /// Bytes consumed since the last blank line, without those of an incomplete byte order mark.
    pending: u64,
    retry: Option<Duration>,
    retry_parser: RetryParser,
    scanner: LineScanner,
    line: LineState,
    prefix: LinePrefix,
    block: BlockFlags,
    /// Part of the open comment or unknown field was dropped.
    truncated: bool,
    /// An event was discarded while another frame was returned; the next call returns the error.
    pending_error: bool,
    /// The next byte starts a block. Equal to `starts_block()`, computed once per call instead of once per event.
    between_blocks: bool,
}

/// Bounds, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) event: usize,
    pub(crate) id: usize,
    pub(crate) comment: usize,
}

/// What the caller reads beside blocks. Chosen once, because lines that nobody reads are not kept.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Interest {
    pub(crate) comments: bool,
    pub(crate) unknown_fields: bool,
}

/// What ends a call. Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Until {
    Event,
    Block,
    Frame,
}

/// Properties of the current block, apart from what is in the buffer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct BlockFlags {
    /// A line that is no comment has ended.
    has_field: bool,
    has_retry: bool,
    id_ignored: bool,
    /// The event exceeds a limit and is dropped. `id` and `retry` still count.
    discarded: bool,
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
    fn bytes(&self, range: Range<usize>) -> &'c [u8] {
        self.chunk.get(range).unwrap_or_default()
    }

    fn rest(&self) -> &'c [u8] {
        self.bytes(self.at..self.chunk.len())
    }

    /// Forgets the values: their event is discarded.
    fn drop_values(&mut self) {
        (self.event_type, self.data) = (None, None);
    }

    fn advance(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
        debug_assert!(self.at <= self.chunk.len());
    }
}

impl<S> BlockAssembler<S> {
    pub(crate) const fn new(buffer: EventBuffer<S>, limits: Limits) -> Self {
        Self {
            limits,
            interest: Interest { comments: false, unknown_fields: false },
            buffer,
            pending: 0,
            retry: None,
            retry_parser: RetryParser::new(),
            scanner: LineScanner::new(),
            line: LineState::Start,
            prefix: LinePrefix::new(),
            block: BlockFlags { has_field: false, has_retry: false, id_ignored: false, discarded: false },
            truncated: false,
            pending_error: false,
            between_blocks: false,
        }
    }

    /// The reconnection time that the stream set last.
    pub(crate) const fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Returns whether the next byte starts a block for certain, so that the fast path applies.
    #[inline]
    pub(crate) fn is_between_blocks(&self) -> bool {
        debug_assert_eq!(self.between_blocks, self.starts_block());
        self.between_blocks
    }

    /// Number of bytes that would be discarded if the input ended here: an unfinished line, or a block with a field.
    pub(crate) fn pending_bytes(&self) -> Option<u64> {
        let bom = self.scanner.bom_bytes();
        let is_pending =
            bom > 0 || self.line != LineState::Start || !self.prefix.is_empty() || self.block.has_field;
        is_pending.then(|| self.pending.saturating_add(u64::from(bom)))
    }

    /// Prepares for the start of another stream. The last event ID and the reconnection time stay.
    pub(crate) fn reset(&mut self) {
        self.buffer.discard_block();
        self.pending = 0;
        self.retry_parser = RetryParser::new();
        self.scanner = LineScanner::new();
        self.line = LineState::Start;
        self.prefix = LinePrefix::new();
        self.block = BlockFlags::default();
        (self.truncated, self.pending_error, self.between_blocks) = (false, false, false);
    }

    fn starts_block(&self) -> bool {
        self.line == LineState::Start
            && self.prefix.is_empty()
            && self.scanner.is_at_line_content()
            && self.block == BlockFlags::default()
            && self.buffer.is_empty()
            && !self.pending_error
    }

    /// Returns whether the content of the open line must be kept when the chunk ends.
    #[inline]
    fn keeps_content(&self) -> bool {
        match self.line {
            LineState::Value(Name::Id) => true,
            LineState::Value(Name::Event | Name::Data) => !self.block.discarded,
            LineState::Comment => self.interest.comments && !self.block.discarded,
            LineState::Unknown => self.interest.unknown_fields && !self.block.discarded,
            LineState::Value(Name::Retry) | LineState::Start | LineState::Skipped => false,
        }
    }

    /// Returns whether the open line is a further `data` line, which an LF joins to the data.
    #[inline]
    fn joins_data(&self, cursor: &Cursor<'_>) -> bool {
        self.line == LineState::Value(Name::Data) && (cursor.data.is_some() || self.buffer.has_data())
    }

    /// The logical size of the event so far: type, data with the LFs that join it, and the value of an open `event` or
    /// `data` line as far as earlier chunks brought it.
    #[inline]
    fn event_size(&self, cursor: &Cursor<'_>) -> usize {
        let event_type = cursor.event_type.as_ref().map_or(self.buffer.event_type_len(), Range::len);
        let data = cursor.data.as_ref().map_or(self.buffer.data_len(), Range::len);
        event_type.saturating_add(data).saturating_add(self.buffer.value_len())
    }
}

impl<S: Storage> BlockAssembler<S> {
    /// Passes over a block that the fast path has dispatched. None of it is here.
    #[inline(always)]
    pub(crate) fn skip_block(&mut self) {
        debug_assert!(self.between_blocks);
        self.pending = 0;
        self.buffer.note_idle_block();
    }

    /// Reads up to the next frame or the end of the chunk. The first `end` bytes are complete lines that the fast path
    /// has read, with these values.
    pub(crate) fn read(
        &mut self,
        input: &mut &[u8],
        until: Until,
        event_type: Option<Range<usize>>,
        data: Option<Range<usize>>,
        end: usize,
    ) -> Result<Option<FrameParts>, DecodeError> {
        if core::mem::take(&mut self.pending_error) {
            self.between_blocks = self.starts_block();
            return Err(self.out_of_capacity());
        }
        let chunk = *input;
        let mut at = end;
        if self.between_blocks {
            self.buffer.maybe_shrink();
        } else {
            let (block, read) = self.resume_value(chunk);
            let is_within_value = read > 0 && self.line != LineState::Start;
            if block.is_some() || is_within_value {
                *input = chunk.get(read..).unwrap_or_default();
                return Ok(block.map(FrameParts::Block));
            }
            at = read;
        }
        if event_type.is_some() || data.is_some() {
            self.block.has_field = true;
        }
        let mut cursor = Cursor { chunk, at, block_start: 0, event_type, data };
        let result = self.read_lines(&mut cursor, until);
        *input = cursor.rest();
        self.note_consumed(&cursor);
        result
    }

    /// Keeps the rest of a chunk that ends within a value, after the complete `event` line that may come before it. The
    /// fast path has found that no line ends there.
    pub(crate) fn keep_partial(
        &mut self,
        input: &mut &[u8],
        event_type: Option<Range<usize>>,
        name: Name,
        value_start: usize,
    ) -> Result<(), DecodeError> {
        debug_assert!(self.between_blocks);
        self.buffer.maybe_shrink();
        let chunk = core::mem::take(input);
        let value = chunk.get(value_start..).unwrap_or_default();
        let saved = match event_type.and_then(|range| chunk.get(range)) {
            Some(event_type) => {
                self.block.has_field = true;
                self.buffer.set_event_type(event_type)
            }
            None => Ok(()),
        };
        let saved = saved.and_then(|()| self.buffer.push_value(value, false));
        self.line = LineState::Value(name);
        self.add_pending(chunk.len());
        self.between_blocks = false;
        saved.or_else(|OutOfCapacity| {
            self.line = LineState::Skipped;
            self.discard_event(self.out_of_capacity())
        })
    }

    /// Continues an `event` or `data` value that the chunk before cut, up to the end of its line, and dispatches the event
    /// if a blank line follows. Returns the block, if any, and the number of bytes read. Where that is not all of the chunk,
    /// the slow path continues after them, and counts them.
    #[inline]
    fn resume_value(&mut self, chunk: &[u8]) -> (Option<BlockSpan>, usize) {
        let (LineState::Value(name @ (Name::Event | Name::Data)), true) = (self.line, self.buffer.has_value()) else {
            return (None, 0);
        };
        let (piece, rest) = match split_line(chunk) {
            LineSplit::Line { value, rest } => (value, Some(rest)),
            LineSplit::Unfinished => (chunk, None),
            LineSplit::EndsInCr => return (None, 0),
        };
        if self.buffer.size().saturating_add(piece.len()) >= self.limits.event {
            // The slow path finds the first byte in excess.
            return (None, 0);
        }
        let kept = match (rest, name) {
            (None, _) => self.buffer.push_value(piece, false),
            (Some(_), Name::Data) => self.buffer.append_data(piece),
            (Some(_), _) => self.buffer.set_event_type(piece),
        };
        if kept.is_err() {
            // Nothing has changed. The slow path reports it.
            return (None, 0);
        }
        let Some(rest) = rest else {
            self.add_pending(chunk.len());
            return (None, chunk.len());
        };
        (self.line, self.block.has_field) = (LineState::Start, true);
        match rest {
            [b'\n', rest @ ..] if self.buffer.has_data() => {
                trace::examined(|| 1);
                self.between_blocks = true;
                (Some(self.dispatch(None, None)), chunk.len().saturating_sub(rest.len()))
            }
            _ => (None, chunk.len().saturating_sub(rest.len())),
        }
    }

    pub(crate) fn out_of_capacity(&self) -> DecodeError {
        DecodeError::CapacityExceeded { capacity: self.buffer.capacity() }
    }

    fn note_consumed(&mut self, cursor: &Cursor<'_>) {
        self.add_pending(cursor.at.saturating_sub(cursor.block_start));
        self.between_blocks = self.starts_block();
    }

    #[inline]
    fn add_pending(&mut self, bytes: usize) {
        // Cannot overflow: 2^64 bytes do not arrive.
        self.pending = self.pending.wrapping_add(bytes as u64);
    }

    fn read_lines(&mut self, cursor: &mut Cursor<'_>, until: Until) -> Result<Option<FrameParts>, DecodeError> {
        self.skip_bom(cursor);
        loop {
            if self.line == LineState::Start {
                if self.prefix.is_empty() && self.scanner.skip_lf_after_cr(cursor.rest()) {
                    self.skip_bytes(cursor, 1);
                    continue;
                }
                match self.start_line(cursor) {
                    LineStart::Content => {}
                    LineStart::Blank => {
                        let has_field = self.block.has_field;
                        let block = self.dispatch(cursor.event_type.take(), cursor.data.take());
                        cursor.block_start = cursor.at;
                        if block.data.is_some() || (has_field && until >= Until::Block) {
                            return Ok(Some(FrameParts::Block(block)));
                        }
                        continue;
                    }
                    LineStart::Undecided => return self.save_block(cursor).map(|()| None),
                }
            }
            let rest = self.rest_within_limit(cursor);
            let Some(len) = line_end(rest) else {
                self.check_limits(cursor, rest)?;
                return self.suspend(cursor).map(|()| None);
            };
            let content = cursor.at..cursor.at.saturating_add(len);
            self.check_limits(cursor, cursor.bytes(content.clone()))?;
            cursor.advance(len.saturating_add(1));
            self.scanner.set_terminator(rest.get(len).copied().unwrap_or(b'\n'));
            let frame = self.end_line(cursor, content)?;
            if frame.is_some() && until == Until::Frame {
                // The caller gets the chunk back before the block has ended.
                self.pending_error = self.save_block(cursor).is_err();
                return Ok(frame);
            }
            if self.buffer.has_data() && self.scanner.is_at_line_content() {
                self.append_data_lines(cursor);
            }
        }
    }

    /// Appends further `data` lines that lie complete in the chunk, as nearly all lines of an event of many do. Stops where
    /// a line needs the slow path.
    fn append_data_lines(&mut self, cursor: &mut Cursor<'_>) {
        debug_assert!(cursor.data.is_none() && !self.block.discarded);
        while let Some((value, rest)) = scan_data_line(cursor.rest()) {
            let size = self.event_size(cursor).saturating_add(value.len()).saturating_add(1);
            if size > self.limits.event || self.buffer.append_data(value).is_err() {
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
                self.pending = u64::try_from(content.len()).unwrap_or(u64::MAX);
                if self.keeps_content() {
                    self.keep_truncated(content);
                }
            }
        }
    }

    /// Skips bytes that belong to no line. They are pending only if a block has started before them.
    fn skip_bytes(&mut self, cursor: &mut Cursor<'_>, count: usize) {
        if self.pending == 0 && cursor.block_start == cursor.at {
            cursor.block_start = cursor.block_start.saturating_add(count);
        }
        cursor.advance(count);
    }

    /// Reads the first bytes of a line, up to its content.
    fn start_line(&mut self, cursor: &mut Cursor<'_>) -> LineStart {
        let rest = cursor.rest();
        if self.prefix.is_empty() {
            if let Some(&byte @ (b'\n' | b'\r')) = rest.first() {
                trace::examined(|| 1);
                self.scanner.set_terminator(byte);
                cursor.advance(1);
                return LineStart::Blank;
            }
        }
        let classified = if self.prefix.is_empty() { classify(rest) } else { self.prefix.classify_with(rest) };
        let Some((line, head)) = classified else {
            self.prefix.push(rest);
            cursor.advance(rest.len());
            return LineStart::Undecided;
        };
        self.line = line;
        let prefix = core::mem::replace(&mut self.prefix, LinePrefix::new());
        if line == LineState::Unknown && self.keeps_content() {
            // All of an unknown line is content, also what looked like the start of a known name.
            self.keep_truncated(prefix.bytes());
        }
        cursor.advance(head.saturating_sub(prefix.bytes().len()));
        LineStart::Content
    }

    /// The rest of the chunk, up to the first byte with which the open line would exceed the event limit. The bytes after it
    /// are examined only when they are skipped.
    #[inline]
    fn rest_within_limit<'c>(&self, cursor: &Cursor<'c>) -> &'c [u8] {
        let rest = cursor.rest();
        match self.line {
            LineState::Value(Name::Data | Name::Event) if !self.block.discarded => {
                let allowed = self.limits.event.saturating_sub(self.event_size(cursor));
                rest.get(..=allowed).unwrap_or(rest)
            }
            _ => rest,
        }
    }

    /// Checks a piece of the open line's content against the limits of its kind.
    #[inline]
    fn check_limits(&mut self, cursor: &mut Cursor<'_>, piece: &[u8]) -> Result<(), DecodeError> {
        match self.line {
            LineState::Value(Name::Data | Name::Event) if !self.block.discarded => {
                let allowed = self.limits.event.saturating_sub(self.event_size(cursor));
                if piece.len() > allowed {
                    // Stops after the first byte in excess, whatever the chunking.
                    cursor.advance(allowed.saturating_add(1));
                    self.line = LineState::Skipped;
                    cursor.drop_values();
                    return self.discard_event(DecodeError::LimitExceeded { limit: self.limits.event });
                }
            }
            // "If the field value does not contain U+0000 NULL, … Otherwise, ignore the field."
            LineState::Value(Name::Id) => {
                let allowed = self.limits.id.saturating_sub(self.buffer.value_len());
                let within = piece.get(..allowed).unwrap_or(piece);
                trace::examined(|| within.len());
                let has_nul = memchr::memchr(0, within).is_some();
                if has_nul || piece.len() > allowed {
                    self.block.id_ignored |= !has_nul;
                    self.skip_line();
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
        let joins = self.joins_data(cursor);
        cursor.advance(piece.len());
        // An `id` must be kept even if the event is discarded here.
        let saved = self.save_block(cursor);
        if !self.keeps_content() {
            return saved;
        }
        match self.line {
            LineState::Comment | LineState::Unknown => self.keep_truncated(piece),
            LineState::Value(Name::Id) => {
                if self.buffer.push_value(piece, false).is_err() {
                    self.block.id_ignored = true;
                    self.skip_line();
                }
            }
            _ => {
                if self.buffer.push_value(piece, joins).is_err() {
                    self.line = LineState::Skipped;
                    return self.discard_event(self.out_of_capacity());
                }
            }
        }
        saved
    }

    /// Copies the values of the block that lie in the chunk.
    fn save_block(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
        debug_assert!(!self.buffer.has_value() || (cursor.event_type.is_none() && cursor.data.is_none()));
        let event_type = cursor.event_type.take().map(|range| cursor.bytes(range));
        let data = cursor.data.take().map(|range| cursor.bytes(range));
        let saved = event_type.map_or(Ok(()), |value| self.buffer.set_event_type(value));
        let saved = saved.and_then(|()| data.map_or(Ok(()), |value| self.buffer.append_data(value)));
        saved.or_else(|OutOfCapacity| self.discard_event(self.out_of_capacity()))
    }

    /// Keeps a piece of a comment or an unknown field, as far as its bound and the storage allow.
    fn keep_truncated(&mut self, piece: &[u8]) {
        if self.truncated {
            // What is kept is the start, without a gap.
            return;
        }
        let allowed = self.limits.comment.saturating_sub(self.buffer.value_len());
        let kept = piece.get(..allowed).unwrap_or(piece);
        let free = self.buffer.free();
        let fits = self.buffer.push_value(kept, false).is_ok();
        let part = kept.get(..free).unwrap_or_default();
        self.truncated |= kept.len() < piece.len() || !fits;
        if !fits && self.buffer.push_value(part, false).is_err() {
            debug_assert!(false, "{free} bytes are free");
        }
    }

    /// Ends the open line. `content` is its last piece.
    fn end_line(
        &mut self,
        cursor: &mut Cursor<'_>,
        content: Range<usize>,
    ) -> Result<Option<FrameParts>, DecodeError> {
        let line = core::mem::replace(&mut self.line, LineState::Start);
        self.block.has_field |= line != LineState::Comment;
        let discarded = self.block.discarded;
        let frame = match line {
            LineState::Value(Name::Event | Name::Data) if discarded => Ok(None),
            LineState::Value(Name::Event) => self.end_event_type(cursor, content).map(|()| None),
            LineState::Value(Name::Data) => self.end_data(cursor, content).map(|()| None),
            LineState::Value(Name::Id) => {
                self.block.id_ignored |= self.buffer.set_id(cursor.bytes(content)).is_err();
                Ok(None)
            }
            LineState::Value(Name::Retry) => {
                self.end_retry();
                Ok(None)
            }
            LineState::Comment if self.interest.comments && !discarded => {
                let (text, truncated) = self.end_content(cursor, content);
                Ok(Some(FrameParts::Comment { text, truncated }))
            }
            LineState::Unknown if self.interest.unknown_fields && !discarded => {
                let (line, truncated) = self.end_content(cursor, content);
                let (name, value) = split_unknown(self.bytes(cursor.chunk, line));
                let (name, value) = (line.first(name.len()), line.last(value.len()));
                Ok(Some(FrameParts::UnknownField { name, value, truncated }))
            }
            LineState::Start | LineState::Comment | LineState::Unknown | LineState::Skipped => Ok(None),
        };
        self.buffer.discard_value();
        frame
    }

    /// "Set the event type buffer to the field value."
    fn end_event_type(&mut self, cursor: &mut Cursor<'_>, content: Range<usize>) -> Result<(), DecodeError> {
        if !self.buffer.has_value() {
            cursor.event_type = Some(content);
            return Ok(());
        }
        cursor.event_type = None;
        let set = self.buffer.set_event_type(cursor.bytes(content));
        set.or_else(|OutOfCapacity| {
            cursor.drop_values();
            self.discard_event(self.out_of_capacity())
        })
    }

    /// "Append the field value to the data buffer."
    fn end_data(&mut self, cursor: &mut Cursor<'_>, content: Range<usize>) -> Result<(), DecodeError> {
        if cursor.data.is_none() && !self.buffer.has_data() && !self.buffer.has_value() {
            cursor.data = Some(content);
            return Ok(());
        }
        // The LF that joins this line to those before counts when the line ends.
        let joins = usize::from(cursor.data.is_some() || self.buffer.has_data());
        let size = self.event_size(cursor).saturating_add(content.len()).saturating_add(joins);
        if size > self.limits.event {
            cursor.drop_values();
            return self.discard_event(DecodeError::LimitExceeded { limit: self.limits.event });
        }
        if cursor.data.is_some() {
            self.save_block(cursor)?;
        }
        let appended = self.buffer.append_data(cursor.bytes(content));
        appended.or_else(|OutOfCapacity| {
            cursor.drop_values();
            self.discard_event(self.out_of_capacity())
        })
    }

    /// "If the field value consists of only ASCII digits, then … set the event stream's reconnection time to that
    /// integer. Otherwise, ignore the field."
    fn end_retry(&mut self) {
        if let Some(retry) = core::mem::replace(&mut self.retry_parser, RetryParser::new()).finish() {
            self.retry = Some(retry);
            self.block.has_retry = true;
        }
    }

    /// Where the content of a comment or an unknown field lies, and whether it is truncated.
    fn end_content(&mut self, cursor: &Cursor<'_>, content: Range<usize>) -> (Span, bool) {
        if self.buffer.has_value() || self.truncated {
            self.keep_truncated(cursor.bytes(content));
            return (Span::in_buffer(self.buffer.value_range()), core::mem::take(&mut self.truncated));
        }
        let kept = content.len().min(self.limits.comment);
        (Span::in_chunk(content.start..content.start.saturating_add(kept)), kept < content.len())
    }

    /// The blank line: "dispatch the event". The arguments are the values that lie in the chunk.
    #[inline]
    fn dispatch(&mut self, event_type: Option<Range<usize>>, data: Option<Range<usize>>) -> BlockSpan {
        let buffered = self.buffer.dispatch();
        let block = core::mem::take(&mut self.block);
        self.pending = 0;
        BlockSpan {
            event_type: event_type.map(Span::in_chunk).or(buffered.event_type.map(Span::in_buffer)),
            data: data.map(Span::in_chunk).or(buffered.data.map(Span::in_buffer)),
            has_id: buffered.has_id,
            id_ignored: block.id_ignored,
            has_retry: block.has_retry,
        }
    }

    /// Skips the rest of the open line.
    fn skip_line(&mut self) {
        self.buffer.discard_value();
        self.line = LineState::Skipped;
    }

    /// The event exceeds a limit: drops all of it, except the `id` of its block. The error is returned once per block.
    #[cold]
    fn discard_event(&mut self, error: DecodeError) -> Result<(), DecodeError> {
        debug_assert!(!self.block.discarded);
        self.block.discarded = true;
        self.buffer.discard_event();
        Err(error)
    }

    /// The bytes of a span.
    #[inline]
    pub(crate) fn bytes<'d>(&'d self, chunk: &'d [u8], span: Span) -> &'d [u8] {
        let range = span.start..span.end;
        match span.source {
            SpanSource::Chunk => chunk.get(range).unwrap_or_default(),
            SpanSource::Buffer => self.buffer.bytes(range),
        }
    }
}

/// What [`BlockAssembler::start_line`] found.
enum LineStart {
    /// The content of a line of known kind.
    Content,
    /// A blank line.
    Blank,
    /// The chunk ended first.
    Undecided,
}
