//! Fields to events: what an event is, and how it is lent.

use core::fmt;
use core::str::Utf8Error;

use crate::lossy::Lossy;

/// A dispatched event, lent from the chunk it came in or from the decoder's buffer.
///
/// All three parts are bytes: framing never looks at characters, so none can be broken by a chunk boundary, and
/// ill-formed UTF-8 cannot fail a stream. Checking happens where the text is used ([`data_str`](Self::data_str)), or
/// not at all, where a JSON decoder does it anyway.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Event<'a> {
    pub(crate) event_type: &'a [u8],
    pub(crate) data: &'a [u8],
    pub(crate) last_event_id: &'a [u8],
}

impl<'a> Event<'a> {
    /// The event type: the value of the last `event` field of the block, or `message` where that is missing or empty
    /// (HTML standard, "dispatch the event", step 5 and 6).
    #[inline]
    #[must_use]
    pub fn event_type(&self) -> &'a [u8] {
        self.event_type
    }

    /// The data: the values of the `data` fields, joined by LF.
    #[inline]
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The last event ID as it stands with this event: the last `id` of this block or of an earlier one; empty if none.
    /// This is what a client sends as `Last-Event-ID` when it reconnects.
    #[inline]
    #[must_use]
    pub fn last_event_id(&self) -> &'a [u8] {
        self.last_event_id
    }

    /// The event type as text. One check, no copy.
    ///
    /// # Errors
    /// If it is not UTF-8; see [`event_type_lossy`](Self::event_type_lossy).
    #[inline]
    pub fn event_type_str(&self) -> Result<&'a str, Utf8Error> {
        core::str::from_utf8(self.event_type)
    }

    /// The data as text. One check, no copy.
    ///
    /// # Errors
    /// If it is not UTF-8; see [`data_lossy`](Self::data_lossy).
    #[inline]
    pub fn data_str(&self) -> Result<&'a str, Utf8Error> {
        core::str::from_utf8(self.data)
    }

    /// The last event ID as text. One check, no copy.
    ///
    /// # Errors
    /// If it is not UTF-8; see [`last_event_id_lossy`](Self::last_event_id_lossy).
    #[inline]
    pub fn last_event_id_str(&self) -> Result<&'a str, Utf8Error> {
        core::str::from_utf8(self.last_event_id)
    }

    /// The event type with ill-formed UTF-8 shown as U+FFFD, as a browser shows it.
    #[must_use]
    pub fn event_type_lossy(&self) -> Lossy<'a> {
        Lossy::new(self.event_type)
    }

    /// The data with ill-formed UTF-8 shown as U+FFFD, as a browser shows it.
    #[must_use]
    pub fn data_lossy(&self) -> Lossy<'a> {
        Lossy::new(self.data)
    }

    /// The last event ID with ill-formed UTF-8 shown as U+FFFD, as a browser shows it.
    #[must_use]
    pub fn last_event_id_lossy(&self) -> Lossy<'a> {
        Lossy::new(self.last_event_id)
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("event_type", &self.event_type_lossy())
            .field("data", &self.data_lossy())
            .field("last_event_id", &self.last_event_id_lossy())
            .finish()
    }
}

/// What [`Decoder::decode_frame`](crate::Decoder::decode_frame) finds: events, and what else a stream carries.
///
/// Every block of fields ends in exactly one of [`Event`](Self::Event), [`LastEventId`](Self::LastEventId) and
/// [`EmptyBlock`](Self::EmptyBlock); the others come as their line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame<'a> {
    /// A block with data: an event.
    Event(Event<'a>),
    /// A comment line, everything behind its colon. Servers send them to keep a connection alive.
    Comment(&'a [u8]),
    /// A valid `retry` line: the reconnection time in milliseconds, in effect from here on.
    Retry(u64),
    /// A block without data that had an `id`: no event, but the last event ID is this now.
    LastEventId(&'a [u8]),
    /// A field of a name that the standard does not know.
    UnknownField {
        /// Everything before the first colon.
        name: &'a [u8],
        /// Everything behind it, less one space.
        value: &'a [u8],
    },
    /// The end of a block that had fields, but neither data nor an `id`.
    EmptyBlock,
}

/// An event found by [`Decoder::advance`](crate::Decoder::advance): where its parts lie, without borrowing anything.
///
/// [`Decoder::event`](crate::Decoder::event) turns it into the [`Event`]. It is good until the next call that takes
/// the decoder by `&mut`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the event is lent by `Decoder::event`"]
pub struct Ready {
    pub(crate) event_type: Part,
    pub(crate) data: Part,
}

/// A frame found by [`Decoder::advance_frame`](crate::Decoder::advance_frame), as [`Ready`] is for an event;
/// [`Decoder::frame`](crate::Decoder::frame) turns it into the [`Frame`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the frame is lent by `Decoder::frame`"]
pub struct ReadyFrame(pub(crate) Found);

impl ReadyFrame {
    /// The event, if the frame is one; [`Decoder::event`](crate::Decoder::event) lends it.
    #[inline]
    #[must_use]
    pub fn event(self) -> Option<Ready> {
        match self.0 {
            Found::Event(ready) => Some(ready),
            _ => None,
        }
    }
}

/// What a step of the engine found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Event(Ready),
    Comment(Part),
    Retry(u64),
    LastEventId,
    UnknownField { name: Part, value: Part },
    EmptyBlock,
}

/// Where some bytes lie: ranges inside, references only at the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) place: Place,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Chunk,
    Room,
}

impl Part {
    #[inline]
    pub(crate) fn chunk(range: core::ops::Range<usize>) -> Self {
        Self { place: Place::Chunk, start: range.start, end: range.end }
    }

    #[inline]
    pub(crate) fn room(range: core::ops::Range<usize>) -> Self {
        Self { place: Place::Room, start: range.start, end: range.end }
    }

    /// Whether it is empty, wherever it lies.
    #[cfg(feature = "bytes")]
    pub(crate) fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// The first `len` bytes of it.
    pub(crate) fn first(self, len: usize) -> Self {
        Self { end: self.start.saturating_add(len), ..self }
    }

    /// The last `len` bytes of it.
    pub(crate) fn last(self, len: usize) -> Self {
        Self { start: self.end.saturating_sub(len), ..self }
    }
}
