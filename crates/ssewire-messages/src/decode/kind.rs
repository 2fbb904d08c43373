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
    /// No name at all.
    Unnamed,
    Unknown,
}

impl EventKind {
    pub(super) fn of(name: &[u8]) -> Self {
        match name {
            b"message_start" => Self::MessageStart,
            b"message_delta" => Self::MessageDelta,
            b"message_stop" => Self::MessageStop,
            b"content_block_start" => Self::BlockStart,
            b"content_block_delta" => Self::BlockDelta,
            b"content_block_stop" => Self::BlockStop,
            b"ping" => Self::Ping,
            b"error" => Self::Error,
            b"" => Self::Unnamed,
            _ => Self::Unknown,
        }
    }

    /// The kind of a payload of this `type`. An empty one is unknown, not missing.
    pub(super) fn of_type(name: &str) -> Self {
        if name.is_empty() { Self::Unknown } else { Self::of(name.as_bytes()) }
    }

    pub(super) fn lost(self) -> LostKind {
        match self {
            Self::BlockStart => LostKind::BlockStart,
            Self::BlockDelta => LostKind::BlockDelta,
            Self::Unnamed => LostKind::Untyped,
            Self::Unknown => LostKind::Unknown,
            Self::MessageStart => LostKind::MessageStart,
            Self::MessageDelta => LostKind::MessageDelta,
            _ => LostKind::Known,
        }
    }
}
