//! The result of a call of the decoder.

use ssewire::EventSpan;

use crate::accumulator::{AppendedPiece, Change, Update};
use crate::fused::Parts;

/// The result of one call: an update, the need for input, or the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step<U> {
    /// The message has changed.
    Update(U),
    /// All input is used up: pass the next chunk, or [end](super::MessageDecoder::decode_end) it.
    NeedInput,
    /// The message has ended. No more input is consumed.
    Ended,
}

/// An update with its event. [`StreamEvent::decode`](crate::StreamEvent::decode) types the event.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UpdateEvent<'a> {
    /// The change.
    pub update: Update<'a>,
    /// The payload of the event, as it arrived. Empty for an update without an event of its own: a further update of
    /// the same event, an event above the limit, and a `message_start` that `next_message` kept.
    pub payload: &'a [u8],
    /// The SSE event type: `message` if the event had none, `error` for a field `error`. Empty for an update without an
    /// event of its own.
    pub event_type: &'a [u8],
    /// See [`ContentBlockDelta::has_extra`](crate::ContentBlockDelta::has_extra).
    pub has_extra: bool,
}

/// An [`UpdateEvent`] without its borrows, as [`MessageDecoder::poll`](super::MessageDecoder::poll) returns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "the update is borrowed by `MessageDecoder::resolve`"]
pub struct UpdateSpan {
    pub(super) change: Change,
    pub(super) source: Source,
    pub(super) has_extra: bool,
}

impl UpdateSpan {
    /// Creates the span of a piece that was appended.
    #[inline]
    pub(super) fn of_piece(piece: AppendedPiece, source: Source) -> Self {
        Self { change: piece.change(), source, has_extra: false }
    }

    /// Creates the span of an update without a payload.
    pub(super) fn without_payload(change: Change) -> Self {
        Self { change, source: Source::None, has_extra: false }
    }
}

/// Where the payload lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Source {
    /// The payload of the event that was found after the first `offset` bytes of the input.
    Event { span: EventSpan, offset: usize },
    /// The payload of the event of `len` bytes at the start of the input.
    Fused { parts: Parts, len: usize },
    /// The payload of the event of `len` bytes that a chunk boundary cut.
    Joined { len: usize },
    /// The value of an `error` field.
    ErrorField,
    /// The update has no payload.
    None,
}
