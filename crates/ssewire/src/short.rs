//! The short ways: what a chunk nearly always brings, taken in few steps.
//!
//! One more byte of a name or of a value; an event that lies whole in the chunk; one that the chunk cuts within a value;
//! the rest of such a value, and the blank line behind it. Whatever is anything else, or does not fit, is left to the
//! line-by-line machine in `machine.rs`, which begins where the short way ended.

use crate::buffer::Storage;
use crate::decoder::Decoder;
use crate::error::DecodeError;
use crate::event::{Found, Part, Ready};
use crate::field::{Name, OpenLine};
use crate::line::line_end;
use crate::machine::place_in;
use crate::observe;
use crate::whole::{self, Line, Look, Sighting};

/// What a step has come to.
pub(crate) enum Step<'c> {
    /// An event that lies whole in the chunk.
    Lent { event_type: &'c [u8], data: &'c [u8] },
    /// Anything else.
    Told(Result<Option<Found>, DecodeError>),
}

impl<S: Storage> Decoder<S> {
    /// For a chunk of one byte: nearly always it is one more of a name or of a value. True if so, and then the input is
    /// used up.
    #[inline]
    pub(crate) fn takes_all(&mut self, input: &mut &[u8]) -> bool {
        let [byte] = **input else { return false };
        let takes = self.takes_byte_of_value(byte) || self.takes_byte_of_name(byte);
        if takes {
            *input = b"";
        }
        takes
    }

    /// Never inlined: it needs few registers, and who calls it for each byte shall not save them all each time.
    #[inline(never)]
    fn takes_byte_of_value(&mut self, byte: u8) -> bool {
        // A further line of data needs an LF before its first byte.
        let goes_on = self.is_in_value() && (self.value > 0 || !self.block.has_data);
        observe::examined(|| usize::from(goes_on));
        // Where it does not fit, the long way knows what to do.
        if !goes_on || matches!(byte, b'\n' | b'\r') || !self.room.push_byte_within(self.limit, byte) {
            return false;
        }
        self.value = self.value.wrapping_add(1);
        self.add_pending(1);
        true
    }

    #[inline(never)]
    fn takes_byte_of_name(&mut self, byte: u8) -> bool {
        let takes = match self.line {
            OpenLine::Start if self.line_start.is_plain() => {
                if !self.block.has_field {
                    self.room.rest();
                }
                self.line.feed_byte(byte)
            }
            OpenLine::Name { .. } | OpenLine::Colon(_) => self.line.feed_byte(byte),
            _ => false,
        };
        self.add_pending(usize::from(takes));
        takes
    }

    /// As far as whole values lead, and to the end of the chunk in the middle of one; and from there the long way.
    #[inline]
    pub(crate) fn short_way<'c, const FRAMES: bool>(&mut self, input: &mut &'c [u8]) -> Step<'c> {
        if !self.is_between_blocks() {
            return Step::Told(self.go_on::<FRAMES>(input));
        }
        match whole::look::<FRAMES>(input) {
            Look::Event { event_type, data, rest } => {
                // Nothing is in the room but the last event ID, and each slice lies in memory: this does not wrap.
                if !self.room.fits(self.limit, event_type.len().wrapping_add(data.len())) {
                    // The long way knows at which byte.
                    return Step::Told(self.long_way::<FRAMES>(input, Sighting::none(input)));
                }
                *input = rest;
                self.pending = 0;
                self.room.end_small_block();
                Step::Lent { event_type, data }
            }
            Look::Cut { event_type, line, value } => {
                self.room.rest();
                if !self.keeps_cut_value(line, event_type, value) {
                    return Step::Told(self.begin::<FRAMES>(input, Sighting::cut(event_type, line, value)));
                }
                self.add_pending(input.len());
                *input = b"";
                Step::Told(Ok(None))
            }
            Look::Other(seen) => Step::Told(self.begin::<FRAMES>(input, seen)),
        }
    }

    /// A block begins in this chunk, and does not end in it or not in the common way.
    #[inline(never)]
    fn begin<const FRAMES: bool>(
        &mut self,
        input: &mut &[u8],
        seen: Sighting<'_>,
    ) -> Result<Option<Found>, DecodeError> {
        if self.size_of(&seen) > self.limit {
            return self.long_way::<FRAMES>(input, Sighting::none(input));
        }
        self.room.rest();
        if !self.uses_up(&seen) {
            return self.long_way::<FRAMES>(input, seen);
        }
        if seen.block.is_some() {
            self.pending = 0;
        }
        self.add_pending(seen.block.unwrap_or(input).len());
        *input = b"";
        Ok(None)
    }

    /// From within a block: the rest of the open value, and the blank line behind data.
    #[inline(never)]
    fn go_on<const FRAMES: bool>(&mut self, input: &mut &[u8]) -> Result<Option<Found>, DecodeError> {
        let mut rest = *input;
        if let (OpenLine::Value(name), true) = (self.line, self.value > 0 && self.is_in_value()) {
            rest = self.take_rest_of_value(name, input);
            if rest.is_empty() {
                self.add_pending(input.len());
                *input = rest;
                return Ok(None);
            }
        }
        let told = match (rest.strip_prefix(b"\n"), rest.strip_prefix(b"data: ")) {
            (Some(behind), _) if self.is_behind_data() => {
                observe::examined(|| 1);
                Some(Some(self.end_kept(input, Part::room(0..self.data), behind)))
            }
            (_, Some(value)) if self.is_before_data() => self.go_on_with_data(input, value),
            _ => None,
        };
        match told {
            Some(told) => Ok(told),
            None => self.long_way::<FRAMES>(input, Sighting::none(rest)),
        }
    }

    /// The data behind an event type that an earlier chunk has brought: the event, or nothing until the next chunk.
    /// `None` where the long way has to look at it.
    #[inline]
    fn go_on_with_data<'c>(&mut self, input: &mut &'c [u8], value: &'c [u8]) -> Option<Option<Found>> {
        observe::examined(|| 6);
        match Line::of(value) {
            Line::Whole(data, behind) => {
                let behind = behind.strip_prefix(b"\n")?;
                let fits = self.room.fits(self.limit, data.len());
                let data = Part::chunk(place_in(input, data));
                fits.then(|| Some(self.end_kept(input, data, behind)))
            }
            Line::Cut if self.keeps_cut_value(OpenLine::Value(Name::Data), None, value) => {
                self.add_pending(input.len());
                *input = b"";
                Some(None)
            }
            _ => None,
        }
    }

    /// The blank line behind data, of an event of which the room holds the type.
    #[inline]
    fn end_kept<'c>(&mut self, input: &mut &'c [u8], data: Part, behind: &'c [u8]) -> Found {
        let event_type = Part::room(self.room.event_type_range());
        self.end_block();
        *input = behind;
        Found::Event(Ready { event_type, data })
    }

    /// Up to the end of the value or of the chunk, the line end included. Returns the rest of the chunk: all of it where
    /// the long way has to look at it.
    #[inline]
    fn take_rest_of_value<'c>(&mut self, name: Name, chunk: &'c [u8]) -> &'c [u8] {
        let (piece, rest) = match line_end(chunk).and_then(|end| chunk.split_at_checked(end)) {
            None => (chunk, None),
            Some((piece, end)) => match end.strip_prefix(b"\n") {
                None => return chunk,
                rest => (piece, rest),
            },
        };
        let is_type = name == Name::Event && rest.is_some();
        // An event type moves to its place as its line ends.
        let more = if is_type { piece.len().saturating_mul(2).saturating_add(self.value) } else { piece.len() };
        if !self.room.has_room(self.limit, more) || !self.room.push_within(self.limit, piece) {
            return chunk;
        }
        self.value = self.value.wrapping_add(piece.len());
        let Some(rest) = rest else { return b"" };
        if is_type {
            // There is room, as was made sure.
            let _moved = self.room.move_to_event_type(self.data);
        } else {
            (self.data, self.block.has_data) = (self.room.front(), true);
        }
        (self.line, self.value, self.block.has_field) = (OpenLine::Start, 0, true);
        rest
    }

    /// Whether the rest of the chunk after what was seen needs no more than to be kept: it is nothing, or a piece of a
    /// value. If so, that has been done.
    #[inline]
    pub(crate) fn uses_up(&mut self, seen: &Sighting<'_>) -> bool {
        if seen.is_cut {
            seen.data.is_none() && self.keeps_cut_value(seen.line, seen.event_type, seen.rest)
        } else {
            seen.is_nothing() && seen.rest.is_empty()
        }
    }

    /// The chunk ends in a value, and perhaps an event type was seen before it: both move into the room. False, and
    /// nothing is done, where the long way has to do it.
    #[inline(never)]
    fn keeps_cut_value(&mut self, line: OpenLine, event_type: Option<&[u8]>, value: &[u8]) -> bool {
        let needed = event_type.map_or(0, <[u8]>::len).saturating_add(value.len());
        let is_value = matches!(line, OpenLine::Value(Name::Data | Name::Event));
        if !is_value || !self.room.has_room(self.limit, needed) {
            return false;
        }
        if let Some(event_type) = event_type {
            // There is room, as was made sure.
            let _set = self.room.set_event_type(event_type);
            self.block.has_field = true;
        }
        (self.line, self.value) = (line, value.len());
        self.room.push_within(self.limit, value)
    }

    /// True where nothing is pending but comments.
    #[inline]
    pub(crate) fn is_between_blocks(&self) -> bool {
        let in_block = self.block.has_field || self.block.discarded;
        self.line == OpenLine::Start && !in_block && self.line_start.is_plain()
    }

    /// In the value of a line that is kept while it arrives.
    #[inline]
    fn is_in_value(&self) -> bool {
        matches!(self.line, OpenLine::Value(Name::Data | Name::Event)) && !self.block.discarded
    }

    /// At the start of a line where a blank one would dispatch an event without an id of its own.
    #[inline]
    fn is_behind_data(&self) -> bool {
        let block = self.block;
        let is_plain = self.line == OpenLine::Start && self.line_start.is_plain();
        is_plain && block.has_data && !block.has_id && !block.discarded
    }

    /// At the start of a line where data would be the first of their block, which has no id of its own.
    #[inline]
    fn is_before_data(&self) -> bool {
        let block = self.block;
        let is_plain = self.line == OpenLine::Start && self.line_start.is_plain();
        is_plain && !block.has_data && !block.has_id && !block.discarded
    }

    /// Wraps never: 2^64 bytes do not come.
    #[inline]
    pub(crate) fn add_pending(&mut self, bytes: usize) {
        self.pending = self.pending.wrapping_add(bytes as u64);
    }
}
