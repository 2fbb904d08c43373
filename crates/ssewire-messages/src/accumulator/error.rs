//! Why the content of an event was not merged.

use core::fmt;

use ssewire::DecodeError;

use super::ProtocolViolation;

/// The content of an event was not merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccumulateError {
    /// The event violates the protocol in [`Validation::Strict`](crate::Validation::Strict). Nothing was changed.
    Violation(ProtocolViolation),
    /// The event exceeds a limit of the message.
    LimitExceeded(ExceededLimit),
}

/// A limit that was exceeded: that of an event, or one of the message. After one of the message its content does not
/// grow any more, and it is incomplete; each message reports this once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExceededLimit {
    /// The event is larger than its limit. This event alone is lost.
    Event(DecodeError),
    /// The events of the message add more bytes than its limit.
    Bytes {
        /// The limit in bytes: see [`Accumulator::with_max_bytes`](crate::Accumulator::with_max_bytes).
        limit: usize,
    },
    /// The message would have more blocks than its limit.
    Blocks {
        /// The limit in blocks: see [`Accumulator::with_max_blocks`](crate::Accumulator::with_max_blocks).
        limit: usize,
    },
}

impl fmt::Display for AccumulateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => violation.fmt(f),
            Self::LimitExceeded(limit) => limit.fmt(f),
        }
    }
}

impl fmt::Display for ExceededLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(error) => error.fmt(f),
            Self::Bytes { limit } => write!(f, "message exceeds the limit of {limit} bytes"),
            Self::Blocks { limit } => write!(f, "message exceeds the limit of {limit} blocks"),
        }
    }
}

/// `Display` prints the cause, so `source` returns `None`.
impl core::error::Error for AccumulateError {}
