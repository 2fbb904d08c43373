//! The resumable machine that drives lines, fields and events over chunks cut anywhere.
//!
//! A step looks at one chunk. What of the current block lies in that chunk is known by ranges ([`Here`]); only when the
//! chunk runs out, or when data lines must be joined, are bytes copied into the room. A line is classified while it
//! arrives ([`OpenLine`]), so names, comments and unknown fields need no room at all.

use core::ops::Range;

use crate::buffer::{Full, Storage};
use crate::decoder::{Block, Decoder};
use crate::error::DecodeError;
use crate::event::{Found, Part, Ready};
use crate::field::{Field, Name, OpenLine, RetryDigits};
use crate::line::{Mark, line_end};
use crate::observe;
use crate::short::Step;
use crate::whole::{self, Before, Sighting};

/// The chunk at hand, and what of the current block lies in it and was not copied (yet).
struct Here<'c> {
    chunk: &'c [u8],
    /// Everything before this is consumed.
    at: usize,
    /// The first byte of the chunk that is pending if the input ends: where the current block began.
    block_start: usize,
    event_type: Option<Range<usize>>,
    /// The only data line so far.
    data: Option<Range<usize>>,
}

impl<'c> Here<'c> {
    fn bytes(&self, range: Range<usize>) -> &'c [u8] {
        self.chunk.get(range).unwrap_or_default()
    }

    fn rest(&self) -> &'c [u8] {
        self.bytes(self.at..self.chunk.len())
    }
}

impl<S: Storage> Decoder<S> {
    /// One step: to the end of the next thing worth telling, or of the input. With `FRAMES`, comments, unknown fields,
    /// `retry` lines and ends of blocks are worth telling, too.
    #[inline]
    pub(crate) fn step<const FRAMES: bool>(&mut self, input: &mut &[u8]) -> Result<Option<Found>, DecodeError> {
        if self.takes_all(input) {
            return Ok(None);
        }
        let chunk = *input;
        match self.short_way::<FRAMES>(input) {
            Step::Lent { event_type, data } => Ok(Some(Found::Event(Ready {
                event_type: Part::chunk(place_in(chunk, event_type)),
                data: Part::chunk(place_in(chunk, data)),
            }))),
            Step::Told(told) => told,
        }
    }

    /// The long way, from where the short one ended: within a block, and line by line.
    #[inline(never)]
    pub(crate) fn long_way<const FRAMES: bool>(
        &mut self,
        input: &mut &[u8],
        mut seen: Sighting<'_>,
    ) -> Result<Option<Found>, DecodeError> {
        if self.block.owes_error {
            self.block.owes_error = false;
            return Err(self.full());
        }
        let chunk = *input;
        if !self.is_between_blocks() {
            seen = self.sight_within_block::<FRAMES>(seen.rest);
            if self.uses_up(&seen) {
                *input = b"";
                self.add_pending(chunk.len());
                return Ok(None);
            }
        }
        if seen.block.is_some() {
            self.pending = 0;
        }
        self.block.has_field |= seen.event_type.is_some() || seen.data.is_some();
        self.block.has_data |= seen.data.is_some();
        if seen.line != OpenLine::Start {
            self.line = seen.line;
        }
        let before = |rest: &[u8]| chunk.len().saturating_sub(rest.len());
        let mut here = Here {
            chunk,
            at: before(seen.rest),
            block_start: seen.block.map_or(0, before),
            event_type: seen.event_type.map(|value| place_in(chunk, value)),
            data: seen.data.map(|value| place_in(chunk, value)),
        };
        let told = if seen.is_whole {
            Ok(self.dispatch::<FRAMES>(&mut here))
        } else if seen.is_cut {
            // Nothing but more of a line in all the rest of the chunk.
            self.read_cut_line::<FRAMES>(&mut here)
        } else {
            self.read_lines::<FRAMES>(&mut here)
        };
        // Whatever came of it, this much is consumed.
        *input = here.rest();
        self.add_pending(here.at.saturating_sub(here.block_start));
        told
    }

    /// Whole lines of a block that has begun in an earlier chunk.
    #[inline(never)]
    fn sight_within_block<'c, const FRAMES: bool>(&self, rest: &'c [u8]) -> Sighting<'c> {
        if self.line != OpenLine::Start || !self.line_start.is_plain() || self.block.discarded {
            return Sighting::none(rest);
        }
        let before = Before { fields: true, event_type: self.room.event_type() > 0, data: self.block.has_data };
        let seen = whole::sight::<FRAMES>(Sighting::none(rest), before);
        if self.size_of(&seen) > self.limit { Sighting::none(rest) } else { seen }
    }

    fn read_lines<const FRAMES: bool>(&mut self, here: &mut Here<'_>) -> Result<Option<Found>, DecodeError> {
        self.skip_mark::<FRAMES>(here)?;
        loop {
            let rest = here.rest();
            if self.line == OpenLine::Start && self.line_start.swallow_lf(rest) {
                self.skip_outside_lines(here, 1);
                continue;
            }
            let before = self.line;
            let head = self.line.feed(rest);
            let behind = rest.get(head..).unwrap_or_default();
            let len = line_end(behind);
            let terminator = len.and_then(|len| behind.get(len));
            let content_start = here.at.saturating_add(head);
            let content_end = content_start.saturating_add(len.unwrap_or(behind.len()));
            let mut content = content_start..content_end;
            if FRAMES {
                content.start = self.start_of_unknown(here, before, content_start, terminator.is_some())?;
            }
            self.count::<FRAMES>(here, &content)?;

            let Some(&terminator) = terminator else {
                here.at = content.end;
                return self.suspend::<FRAMES>(here, content).map(|()| None);
            };
            here.at = content.end.saturating_add(1);
            self.line_start.ended_by(terminator);
            if let Some(found) = self.end_line::<FRAMES>(here, content)? {
                return Ok(Some(found));
            }
            if self.data > 0 && terminator == b'\n' && !self.block.discarded {
                self.join_lines(here);
            }
        }
    }

    /// The start of a stream: one byte order mark belongs to no line.
    fn skip_mark<const FRAMES: bool>(&mut self, here: &mut Here<'_>) -> Result<(), DecodeError> {
        match self.line_start.skip_mark(here.chunk) {
            Mark::None => {}
            Mark::Bytes(count) => self.skip_outside_lines(here, count),
            Mark::Never(content) => {
                // What earlier chunks held back was the beginning of a line, and of no known field.
                self.line = OpenLine::Unknown;
                self.pending = content.len() as u64;
                if FRAMES {
                    self.hold(content)?;
                }
            }
        }
        Ok(())
    }

    /// Passes bytes that belong to no line, nor to what is pending unless a block has begun before them.
    fn skip_outside_lines(&mut self, here: &mut Here<'_>, count: usize) {
        if self.pending == 0 && here.block_start == here.at {
            here.block_start = here.block_start.saturating_add(count);
        }
        here.at = here.at.saturating_add(count);
    }

    /// The rest of the chunk is content of the open line, which does not end in it.
    fn read_cut_line<const FRAMES: bool>(&mut self, here: &mut Here<'_>) -> Result<Option<Found>, DecodeError> {
        let content = here.at..here.chunk.len();
        self.count::<FRAMES>(here, &content)?;
        here.at = content.end;
        self.suspend::<FRAMES>(here, content).map(|()| None)
    }

    /// Where the content begins for a caller who wants unknown fields whole: with what looked like a known name.
    fn start_of_unknown(
        &mut self,
        here: &Here<'_>,
        before: OpenLine,
        content_start: usize,
        ends: bool,
    ) -> Result<usize, DecodeError> {
        match self.line {
            OpenLine::Unknown => {}
            // `dat`, and the line ends there.
            OpenLine::Name { name, matched } if ends && !name.is_whole(matched) => self.line = OpenLine::Unknown,
            _ => return Ok(content_start),
        }
        if let OpenLine::Name { name, matched } = before {
            // `dat` in an earlier chunk, `x` in this one.
            self.hold(name.prefix(matched))?;
        }
        Ok(here.at)
    }

    /// Counts content towards the limit, and stops at the first byte beyond it.
    #[inline]
    fn count<const FRAMES: bool>(&mut self, here: &mut Here<'_>, content: &Range<usize>) -> Result<(), DecodeError> {
        if !self.wants_content::<FRAMES>() {
            return Ok(());
        }
        // What may yet become a known name does not count, so it does not matter either where it is cut.
        let free = if FRAMES && self.line == OpenLine::Unknown { Name::LONGEST } else { 0 };
        let allowed = self.limit.saturating_add(free).saturating_sub(self.size(here));
        let too_large = content.len() > allowed;
        // In an event that is lost already, what is too large costs only its own line.
        let stops = too_large && !self.block.discarded;
        let end = if stops { content.start.saturating_add(allowed).saturating_add(1) } else { content.end };
        if self.line == OpenLine::Value(Name::Retry) {
            self.digits.feed(here.bytes(content.start..end));
        }
        if !too_large {
            return Ok(());
        }
        if stops {
            here.at = end;
        }
        self.drop_id_line();
        self.discard(DecodeError::TooLarge { limit: self.limit })
    }

    /// Whether the content of the open line counts, and must be kept if the line is cut.
    #[inline]
    fn wants_content<const FRAMES: bool>(&self) -> bool {
        match self.line {
            OpenLine::Value(Name::Id | Name::Retry) => true,
            OpenLine::Value(Name::Event | Name::Data) => !self.block.discarded,
            OpenLine::Comment | OpenLine::Unknown => FRAMES && !self.block.discarded,
            OpenLine::Start | OpenLine::Name { .. } | OpenLine::Colon(_) | OpenLine::Unwanted => false,
        }
    }

    /// The chunk is used up within a block, perhaps within a line: what is still needed of it moves into the room.
    fn suspend<const FRAMES: bool>(&mut self, here: &mut Here<'_>, content: Range<usize>) -> Result<(), DecodeError> {
        let spilled = self.spill(here);
        if !self.wants_content::<FRAMES>() {
            return spilled;
        }
        if self.line == OpenLine::Value(Name::Retry) {
            self.value = self.value.saturating_add(content.len());
            return spilled;
        }
        spilled.and(self.hold(here.bytes(content)))
    }

    /// Copies what of the block lies in the chunk at hand.
    fn spill(&mut self, here: &mut Here<'_>) -> Result<(), DecodeError> {
        let (event_type, data) = (here.event_type.take(), here.data.take());
        if let Some(event_type) = event_type {
            if self.room.set_event_type(here.bytes(event_type)).is_err() {
                return self.discard(self.full());
            }
        }
        if let Some(data) = data {
            if self.room.push(here.bytes(data)).is_err() {
                return self.discard(self.full());
            }
            self.data = self.room.front();
        }
        Ok(())
    }

    /// Keeps a piece of the open line's content.
    fn hold(&mut self, piece: &[u8]) -> Result<(), DecodeError> {
        if piece.is_empty() {
            return Ok(());
        }
        let joins = self.value == 0 && self.block.has_data && self.line == OpenLine::Value(Name::Data);
        let held = if joins { self.room.push_line(piece) } else { self.room.push(piece) };
        if held.is_err() {
            self.drop_id_line();
            return self.discard(self.full());
        }
        self.value = self.value.saturating_add(piece.len());
        Ok(())
    }

    /// Further lines of data that lie whole in the chunk, as nearly all lines of an event of many do: joined at once.
    fn join_lines(&mut self, here: &mut Here<'_>) {
        let limit = self.limit.saturating_sub(here.event_type.as_ref().map_or(0, Range::len));
        loop {
            observe::examined(|| observe::seen_of(b"data: ", here.rest()));
            let Some(value) = here.rest().strip_prefix(b"data: ") else { return };
            let Some((line, Some(rest))) = line_end(value)
                .and_then(|end| value.split_at_checked(end))
                .map(|(line, end)| (line, end.strip_prefix(b"\n")))
            else {
                return;
            };
            if !self.room.push_line_within(limit, line) {
                return;
            }
            self.data = self.room.front();
            here.at = here.chunk.len().saturating_sub(rest.len());
        }
    }

    /// A line has ended.
    fn end_line<const FRAMES: bool>(
        &mut self,
        here: &mut Here<'_>,
        content: Range<usize>,
    ) -> Result<Option<Found>, DecodeError> {
        let line = self.line;
        let told = FRAMES && !self.block.discarded;
        self.block.has_field |= !matches!(line, OpenLine::Start | OpenLine::Comment);
        let found = match line {
            OpenLine::Start => return Ok(self.dispatch::<FRAMES>(here)),
            OpenLine::Name { name, matched } if name.is_whole(matched) => self.end_field(here, name, content),
            OpenLine::Colon(name) | OpenLine::Value(name) => self.end_field(here, name, content),
            OpenLine::Comment if told => self.end_content(here, content).map(|text| text.map(Found::Comment)),
            OpenLine::Unknown if told => {
                self.end_content(here, content).map(|line| line.map(|line| self.split(here, line)))
            }
            OpenLine::Comment | OpenLine::Unknown | OpenLine::Unwanted | OpenLine::Name { .. } => Ok(None),
        };
        self.line = OpenLine::Start;
        self.value = 0;
        self.room.truncate_front(self.data);
        match found? {
            Some(found) if FRAMES => {
                // The caller gets the chunk back before the block has ended.
                self.block.owes_error = self.spill(here).is_err();
                Ok(Some(found))
            }
            _ => Ok(None),
        }
    }

    /// One of the four known fields has ended.
    fn end_field(
        &mut self,
        here: &mut Here<'_>,
        name: Name,
        content: Range<usize>,
    ) -> Result<Option<Found>, DecodeError> {
        let done = match name {
            Name::Retry => return Ok(self.end_retry()),
            Name::Id => self.end_id(here, content),
            Name::Event | Name::Data if self.block.discarded => Ok(()),
            Name::Event => self.end_event_type(here, content),
            Name::Data => return self.end_data(here, content).map(|()| None),
        };
        if done.is_err() {
            self.discard(self.full())?;
        }
        Ok(None)
    }

    fn end_event_type(&mut self, here: &mut Here<'_>, content: Range<usize>) -> Result<(), Full> {
        if self.value == 0 {
            here.event_type = Some(content);
            return Ok(());
        }
        here.event_type = None;
        self.room.push(here.bytes(content))?;
        self.room.move_to_event_type(self.data)
    }

    /// "If the field value does not contain U+0000 NULL, then set the last event ID buffer to the field value.
    /// Otherwise, ignore the field."
    fn end_id(&mut self, here: &Here<'_>, content: Range<usize>) -> Result<(), Full> {
        let content = here.bytes(content);
        if self.value == 0 {
            if memchr::memchr(0, content).is_none() {
                self.room.set_id(content)?;
                self.block.has_id = true;
            }
            return Ok(());
        }
        self.room.push(content)?;
        if memchr::memchr(0, self.room.bytes(self.data..self.room.front())).is_none() {
            self.room.move_to_id(self.data)?;
            self.block.has_id = true;
        }
        Ok(())
    }

    fn end_retry(&mut self) -> Option<Found> {
        let milliseconds = core::mem::replace(&mut self.digits, RetryDigits::new()).milliseconds()?;
        self.retry = Some(milliseconds);
        Some(Found::Retry(milliseconds))
    }

    /// "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF) character to the data
    /// buffer"; the last of them is dropped at dispatch. Here the LF stands before each further line instead.
    fn end_data(&mut self, here: &mut Here<'_>, content: Range<usize>) -> Result<(), DecodeError> {
        let joins = core::mem::replace(&mut self.block.has_data, true);
        let size = self.size(here).saturating_add(content.len()).saturating_add(usize::from(joins));
        if size > self.limit {
            return self.discard(DecodeError::TooLarge { limit: self.limit });
        }
        if !joins && self.value == 0 {
            here.data = Some(content);
            return Ok(());
        }
        self.spill(here)?;
        let content = here.bytes(content);
        let pushed = if joins && self.value == 0 { self.room.push_line(content) } else { self.room.push(content) };
        if pushed.is_err() {
            return self.discard(self.full());
        }
        self.data = self.room.front();
        Ok(())
    }

    /// Where the content of the line that ends here lies as a whole. `None`: it found no room.
    fn end_content(&mut self, here: &Here<'_>, content: Range<usize>) -> Result<Option<Part>, DecodeError> {
        if self.value == 0 {
            return Ok(Some(Part::chunk(content)));
        }
        self.hold(here.bytes(content))?;
        Ok(Some(Part::room(self.data..self.room.front())))
    }

    /// Takes an unknown field apart.
    fn split(&self, here: &Here<'_>, line: Part) -> Found {
        match Field::unknown(self.resolve(here.chunk, line)) {
            Field::Unknown { name, value } => {
                Found::UnknownField { name: line.first(name.len()), value: line.last(value.len()) }
            }
            _ => Found::EmptyBlock,
        }
    }

    /// The blank line: "dispatch the event".
    fn dispatch<const FRAMES: bool>(&mut self, here: &mut Here<'_>) -> Option<Found> {
        // "Set the last event ID string of the event source to the value of the last event ID buffer", data or not.
        if self.block.has_id {
            self.room.commit_id();
        }
        let event_type = here.event_type.take().map_or(Part::room(self.room.event_type_range()), Part::chunk);
        let data = here.data.take().map_or(Part::room(0..self.data), Part::chunk);
        let block = self.end_block();
        here.block_start = here.at;
        if block.has_data && !block.discarded {
            Some(Found::Event(Ready { event_type, data }))
        } else if !FRAMES || !block.has_field {
            None
        } else if block.has_id {
            Some(Found::LastEventId)
        } else {
            Some(Found::EmptyBlock)
        }
    }

    /// What was known of the block that ends here. What lies in the room stays readable there until the next step
    /// writes to it.
    #[inline]
    pub(crate) fn end_block(&mut self) -> Block {
        self.room.truncate_front(0);
        self.room.clear_event_type();
        self.room.end_block();
        (self.data, self.pending) = (0, 0);
        core::mem::replace(&mut self.block, Block::new())
    }

    /// The logical size of the block, but for the piece at hand.
    #[inline]
    fn size(&self, here: &Here<'_>) -> usize {
        let event_type = here.event_type.as_ref().map_or(self.room.event_type(), Range::len);
        let data = here.data.as_ref().map_or(self.data, Range::len);
        event_type.saturating_add(data).saturating_add(self.id_size()).saturating_add(self.value)
    }

    /// The same with what the short way has seen.
    #[inline]
    pub(crate) fn size_of(&self, seen: &Sighting<'_>) -> usize {
        let event_type = seen.event_type.map_or(self.room.event_type(), <[u8]>::len);
        let data = seen.data.map_or(self.data, <[u8]>::len);
        event_type.saturating_add(data).saturating_add(self.id_size())
    }

    #[inline]
    fn id_size(&self) -> usize {
        if self.block.has_id { self.room.id() } else { self.room.last_event_id() }
    }

    /// If the open line is an `id`, it shall not take effect.
    fn drop_id_line(&mut self) {
        if self.line == OpenLine::Value(Name::Id) {
            self.room.truncate_front(self.data);
            self.value = 0;
            self.line = OpenLine::Unwanted;
        }
    }

    /// The event found no room: all of it is dropped, but for the id of its block. The error is reported once.
    #[cold]
    fn discard(&mut self, error: DecodeError) -> Result<(), DecodeError> {
        if core::mem::replace(&mut self.block.discarded, true) {
            return Ok(());
        }
        // The only open line that still matters is an `id`, and it has nothing in the room when something else makes
        // the event too large: whatever that was stood before the line, in the same chunk.
        self.room.truncate_front(0);
        self.room.clear_event_type();
        (self.data, self.value) = (0, 0);
        Err(error)
    }
}

/// Where a part of the chunk lies in it.
#[inline]
pub(crate) fn place_in(chunk: &[u8], part: &[u8]) -> Range<usize> {
    if part.is_empty() {
        return 0..0;
    }
    let start = part.as_ptr().addr().wrapping_sub(chunk.as_ptr().addr());
    start..start.wrapping_add(part.len())
}
