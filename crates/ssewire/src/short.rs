//! The short ways: what a chunk nearly always brings, taken in few steps.
//!
//! One more byte of a name or of a value; an event that lies whole in the chunk; one that the chunk cuts within a value;
//! the rest of such a value, and the blank line behind it. Whatever is anything else, or does not fit, is left to the
//! line-by-line machine in `machine.rs`, which begins where the short way ended.

use crate::buffer::Storage;
use crate::decoder::Decoder;
use crate::event::{Part, Ready};
use crate::field::{Name, OpenLine};
use crate::line::line_end;
use crate::observe;
use crate::whole::{self, Before, Sighting};

/// What the short way has come to.
pub(crate) enum Short<'c> {
    /// An event that lies whole in the chunk.
    Event { event_type: &'c [u8], data: &'c [u8] },
    /// An event that lies in the room.
    Kept(Ready),
    /// All of the input is taken.
    UsedUp,
    /// It does not lead further than this.
    End(Sighting<'c>),
}

/// What the rest of a block has come to.
enum Rest<'c> {
    Event(Ready),
    UsedUp,
    Left(&'c [u8]),
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
            OpenLine::Start if self.line_start.is_plain() && !self.block.discarded => {
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

    /// As far as whole values lead, and to the end of the chunk in the middle of one.
    #[inline]
    pub(crate) fn short_way<'c, const FRAMES: bool>(&mut self, input: &mut &'c [u8]) -> Short<'c> {
        if !self.is_between_blocks() {
            return match self.go_on(input) {
                Rest::Event(ready) => Short::Kept(ready),
                Rest::UsedUp => Short::UsedUp,
                Rest::Left(rest) => Short::End(Sighting::none(rest)),
            };
        }
        let seen = whole::sight::<FRAMES>(input, Before::NOTHING);
        // What does not fit is left to the long way from its start: it knows at which byte.
        if self.size_of(&seen) > self.limit {
            return Short::End(Sighting::none(input));
        }
        if let Sighting { event_type, data: Some(data), is_whole: true, .. } = seen {
            *input = seen.rest;
            self.pending = 0;
            self.room.end_small_block();
            return Short::Event { event_type: event_type.unwrap_or_default(), data };
        }
        self.room.rest();
        if !self.uses_up(&seen) {
            return Short::End(seen);
        }
        if seen.block.is_some() {
            self.pending = 0;
        }
        self.add_pending(seen.block.unwrap_or(input).len());
        *input = b"";
        Short::UsedUp
    }

    /// From within a block: the rest of the open value, and the blank line behind data.
    #[inline(never)]
    fn go_on<'c>(&mut self, input: &mut &'c [u8]) -> Rest<'c> {
        let mut rest = *input;
        if let (OpenLine::Value(name), true) = (self.line, self.value > 0 && self.is_in_value()) {
            rest = self.take_rest_of_value(name, input);
            if rest.is_empty() {
                self.add_pending(input.len());
                *input = rest;
                return Rest::UsedUp;
            }
        }
        match rest.strip_prefix(b"\n") {
            Some(behind) if self.is_behind_data() => {
                observe::examined(|| 1);
                let event_type = Part::room(self.room.event_type_range());
                let data = Part::room(0..self.data);
                self.end_block();
                *input = behind;
                Rest::Event(Ready { event_type, data })
            }
            _ => Rest::Left(rest),
        }
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

    /// Wraps never: 2^64 bytes do not come.
    #[inline]
    pub(crate) fn add_pending(&mut self, bytes: usize) {
        self.pending = self.pending.wrapping_add(bytes as u64);
    }
}
