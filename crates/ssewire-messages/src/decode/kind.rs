//! Maps the type of an event to its kind, and to the loss if it is undecodable.

use crate::payload_error::LostKind;

/// The kinds of events.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKind {
    MessageStart,
    MessageDelta,
    MessageStop,
    BlockStart,
    BlockDelta,
    BlockStop,
    Ping,
    Error,
    /// Neither a `type` nor an event type.
    Untyped,
    Unknown,
}

impl EventKind {
    pub(super) fn of(event_type: &[u8]) -> Self {
        match event_type {
            b"message_start" => Self::MessageStart,
            b"message_delta" => Self::MessageDelta,
            b"message_stop" => Self::MessageStop,
            b"content_block_start" => Self::BlockStart,
            b"content_block_delta" => Self::BlockDelta,
            b"content_block_stop" => Self::BlockStop,
            b"ping" => Self::Ping,
            b"error" => Self::Error,
            b"" => Self::Untyped,
            _ => Self::Unknown,
        }
    }

    /// Returns the kind of a payload of this `type`. An empty one is unknown, not missing.
    pub(super) fn of_type(type_name: &str) -> Self {
        if type_name.is_empty() { Self::Unknown } else { Self::of(type_name.as_bytes()) }
    }

    /// Returns the loss of an undecodable event.
    pub(super) fn lost(self) -> LostKind {
        match self {
            Self::BlockStart => LostKind::BlockStart,
            // A stop without its index may have been spliced into valid JSON.
            Self::BlockDelta | Self::BlockStop => LostKind::Content,
            Self::MessageStart => LostKind::MessageStart,
            Self::MessageDelta => LostKind::MessageDelta,
            Self::MessageStop | Self::Ping | Self::Error => LostKind::Known,
            Self::Untyped | Self::Unknown => LostKind::Unknown,
        }
    }

    /// Returns the loss of an event whose payload is not valid JSON and has a brace: it may be the beginning of one
    /// event and the rest of a later one. `typed` is the kind of its `type`, if that comes before the first invalid
    /// byte. `docs/protocol.md`, heading "Completion".
    pub(super) fn lost_by_splice(event_type: Self, typed: Option<Self>) -> LostKind {
        match (typed.unwrap_or(event_type), event_type) {
            (Self::MessageStart, _) => LostKind::MessageStart,
            (Self::MessageDelta, Self::MessageDelta | Self::Untyped) if typed.is_some() => LostKind::MessageDelta,
            (Self::Unknown, Self::Unknown) => LostKind::Unknown,
            (Self::Unknown | Self::Untyped, Self::Untyped) => LostKind::Untyped,
            _ => LostKind::Content,
        }
    }
}
