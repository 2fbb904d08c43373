//! Fields to events: events, blocks and frames as the caller sees them, and the spans they are resolved from.

use core::str::Utf8Error;
use core::time::Duration;

use crate::lossy::Lossy;

/// A dispatched event, borrowed from its chunk or from the decoder's buffer.
///
/// All parts are bytes: framing never examines characters, so a chunk boundary cannot break one, and ill-formed UTF-8
/// cannot fail a stream. UTF-8 is checked where text is asked for ([`data_str`](Self::data_str)), or not at all where a
/// JSON decoder checks it anyway.
///
/// `Debug` shows the payload: an event is the caller's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Event<'a> {
    pub(crate) event_type: Lossy<'a>,
    pub(crate) data: Lossy<'a>,
    pub(crate) last_event_id: Lossy<'a>,
    pub(crate) retry: Option<Duration>,
}

impl<'a> Event<'a> {
    /// Creates the event that a block dispatches. Its type is "message" unless the block sets one that is not empty.
    #[inline]
    pub(crate) fn new(set_type: Option<&'a [u8]>, data: &'a [u8], id: &'a [u8], retry: Option<Duration>) -> Self {
        let event_type = set_type.filter(|event_type| !event_type.is_empty()).unwrap_or(b"message");
        Self { event_type: Lossy::new(event_type), data: Lossy::new(data), last_event_id: Lossy::new(id), retry }
    }

    /// Returns the event type: the value of the last `event` field of the block, or `message` if that is absent or
    /// empty (HTML standard, "dispatch the event").
    #[must_use]
    pub fn event_type(&self) -> &'a [u8] {
        self.event_type.bytes
    }

    /// Returns the data: the values of the `data` fields, joined by LF.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.data.bytes
    }

    /// Returns the last event ID at this event: the last valid `id` of this block or of an earlier one; empty if there
    /// is none. A client that reconnects sends it as `Last-Event-ID`.
    #[must_use]
    pub fn last_event_id(&self) -> &'a [u8] {
        self.last_event_id.bytes
    }

    /// Returns the reconnection time that this event's block set, if it set one.
    /// [`Decoder::retry`](crate::Decoder::retry) keeps the value for later events.
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Returns whether the data is the end marker of OpenAI-compatible streams; see [`is_done`](crate::is_done).
    #[must_use]
    pub fn is_done(&self) -> bool {
        crate::end_marker::is_done(self.data.bytes)
    }

    /// Returns the event type as text. Checks UTF-8 once, copies nothing.
    ///
    /// # Errors
    /// [`Utf8Error`] if it is not UTF-8; see [`event_type_lossy`](Self::event_type_lossy).
    pub fn event_type_str(&self) -> Result<&'a str, Utf8Error> {
        core::str::from_utf8(self.event_type.bytes)
    }

    /// Returns the data as text. Checks UTF-8 once, copies nothing.
    ///
    /// # Errors
    /// [`Utf8Error`] if it is not UTF-8; see [`data_lossy`](Self::data_lossy).
    pub fn data_str(&self) -> Result<&'a str, Utf8Error> {
        core::str::from_utf8(self.data.bytes)
    }

    /// Returns the last event ID as text. Checks UTF-8 once, copies nothing.
    ///
    /// # Errors
    /// [`Utf8Error`] if it is not UTF-8; see [`last_event_id_lossy`](Self::last_event_id_lossy).
    pub fn last_event_id_str(&self) -> Result<&'a str, Utf8Error> {
        core::str::from_utf8(self.last_event_id.bytes)
    }

    /// Returns the event type with ill-formed UTF-8 shown as U+FFFD, as a browser shows it.
    pub fn event_type_lossy(&self) -> Lossy<'a> {
        self.event_type
    }

    /// Returns the data with ill-formed UTF-8 shown as U+FFFD, as a browser shows it.
    pub fn data_lossy(&self) -> Lossy<'a> {
        self.data
    }

    /// Returns the last event ID with ill-formed UTF-8 shown as U+FFFD, as a browser shows it.
    pub fn last_event_id_lossy(&self) -> Lossy<'a> {
        self.last_event_id
    }
}

/// The fields between two blank lines, as [`Decoder::decode_block`](crate::Decoder::decode_block) returns them: the
/// values that the block set, and the event if it dispatches one.
///
/// A block without data dispatches no event, but may set the last event ID or the reconnection time.
///
/// `Debug` shows the payload: a block is the caller's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Block<'a> {
    pub(crate) event_type: Option<Lossy<'a>>,
    pub(crate) data: Option<Lossy<'a>>,
    pub(crate) last_event_id: Lossy<'a>,
    pub(crate) retry: Option<Duration>,
    pub(crate) has_id: bool,
    pub(crate) has_ignored_id: bool,
}

impl<'a> Block<'a> {
    /// Returns the event that the block dispatches. `None` if it has no `data` field, or if its event was discarded
    /// with a [`DecodeError`](crate::DecodeError).
    #[must_use]
    pub fn event(&self) -> Option<Event<'a>> {
        Some(Event::new(self.event_type(), self.data?.bytes, self.last_event_id.bytes, self.retry))
    }

    /// Returns the value of the last `event` field. `None` if the block has none, or if its event was discarded; empty
    /// if it is set to the empty string.
    #[must_use]
    pub fn event_type(&self) -> Option<&'a [u8]> {
        self.event_type.map(|event_type| event_type.bytes)
    }

    /// Returns the value of the last valid `id` field. `None` if the block has none; empty if it resets the last event
    /// ID.
    #[must_use]
    pub fn id(&self) -> Option<&'a [u8]> {
        self.has_id.then_some(self.last_event_id.bytes)
    }

    /// Returns whether an `id` field of this block was ignored because it is longer than
    /// [`max_id_bytes`](crate::Decoder::with_max_id_bytes) or finds no room in the storage. An `id` with a NUL within
    /// that limit, which the standard ignores, does not count. Another `id` field of the block may have taken effect;
    /// see [`id`](Self::id).
    #[must_use]
    pub fn has_ignored_id(&self) -> bool {
        self.has_ignored_id
    }

    /// Returns the reconnection time of the last valid `retry` field, if the block has one.
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Returns the last event ID after this block, whichever block set it; empty if none did.
    #[must_use]
    pub fn last_event_id(&self) -> &'a [u8] {
        self.last_event_id.bytes
    }
}

/// A part of the stream, as [`Decoder::decode_frame`](crate::Decoder::decode_frame) returns it. Every block that has a
/// field ends in exactly one [`Frame::Block`]; comments and unknown fields come before it, each when its line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Frame<'a> {
    /// The end of a block that has at least one field.
    Block(Block<'a>),
    /// A comment line ([`with_comments`](crate::Decoder::with_comments)). Servers send comments to keep a connection
    /// alive.
    Comment {
        /// Everything after the colon.
        text: &'a [u8],
        /// The comment was longer than the limit or the free storage; `text` is its start.
        truncated: bool,
    },
    /// A field whose name the standard does not know
    /// ([`with_unknown_fields`](crate::Decoder::with_unknown_fields)).
    UnknownField {
        /// Everything before the first colon.
        name: &'a [u8],
        /// Everything after it, without one leading space.
        value: &'a [u8],
        /// The line was longer than the limit or the free storage; `name` and `value` are its start.
        truncated: bool,
    },
}

/// The position of an event that [`Decoder::poll_event`](crate::Decoder::poll_event) found. Borrows nothing;
/// [`Decoder::resolve_event`](crate::Decoder::resolve_event) returns the [`Event`]. Valid until the next call that
/// decodes, sets the last event ID, resets or shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventSpan(pub(crate) BlockSpan);

/// The position of a block; [`Decoder::resolve_block`](crate::Decoder::resolve_block) returns the [`Block`]. Valid as
/// long as an [`EventSpan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockSpan {
    pub(crate) event_type: Option<Span>,
    pub(crate) data: Option<Span>,
    pub(crate) flags: BlockFlags,
}

/// Properties of a block, apart from its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BlockFlags {
    /// A field has begun: a line other than a comment or a blank line.
    pub(crate) has_field: bool,
    pub(crate) has_id: bool,
    pub(crate) has_retry: bool,
    pub(crate) has_ignored_id: bool,
    /// The event exceeds a limit and is discarded. `id` and `retry` still count.
    pub(crate) discarded: bool,
}

impl BlockFlags {
    pub(crate) const NONE: Self =
        Self { has_field: false, has_id: false, has_retry: false, has_ignored_id: false, discarded: false };
}

/// The position of a frame; [`Decoder::resolve_frame`](crate::Decoder::resolve_frame) returns the [`Frame`]. Valid as
/// long as an [`EventSpan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameSpan(pub(crate) FrameParts);

impl FrameSpan {
    /// Returns the block, if the frame is one.
    #[must_use]
    pub fn block(self) -> Option<BlockSpan> {
        if let FrameParts::Block(block) = self.0 { Some(block) } else { None }
    }

    /// Returns the event, if the frame is a block that dispatches one.
    #[must_use]
    pub fn event(self) -> Option<EventSpan> {
        self.block().filter(|block| block.data.is_some()).map(EventSpan)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FrameParts {
    Block(BlockSpan),
    /// The text of a comment, and whether it is truncated.
    Comment(Span, bool),
    /// The whole line of an unknown field, and whether it is truncated.
    UnknownField(Span, bool),
}

/// Where some bytes are, as offsets of their start and end. The decoder works with offsets; only its last, public step
/// borrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Span {
    Chunk(usize, usize),
    Buffer(usize, usize),
}

impl Span {
    /// Returns where `part`, a subslice of `chunk`, lies in it.
    #[inline(always)]
    pub(crate) fn in_chunk(chunk: &[u8], part: &[u8]) -> Self {
        // Cannot overflow: `part` starts at or after the start of `chunk`, and ends within it.
        let start = part.as_ptr().addr() - chunk.as_ptr().addr();
        Self::Chunk(start, start + part.len())
    }
}
