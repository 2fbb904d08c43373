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

    pub(super) fn lost(self) -> LostKind {
        match self {
            Self::BlockStart => LostKind::BlockStart,
            Self::BlockDelta => LostKind::BlockDelta,
            Self::Untyped => LostKind::Untyped,
            Self::Unknown => LostKind::Unknown,
            Self::MessageStart => LostKind::MessageStart,
            Self::MessageDelta => LostKind::MessageDelta,
            _ => LostKind::Known,
        }
    }
}
