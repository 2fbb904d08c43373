//! Why the content of an event was not merged.

use core::fmt;

use super::ProtocolViolation;

/// The content of an event was not merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccumulateError {
    /// The event violates the protocol in [`Validation::Strict`](crate::Validation::Strict). Nothing was changed.
    Violation(ProtocolViolation),
    /// The events of the message add more bytes than its limit. From here on its content does not grow any more, and it
    /// is incomplete; reported once.
    BytesExceeded {
        /// The limit in bytes: see [`Accumulator::with_max_bytes`](crate::Accumulator::with_max_bytes).
        limit: usize,
    },
    /// The message would have more blocks than its limit. From here on its content does not grow any more, and it is
    /// incomplete; reported once.
    BlocksExceeded {
        /// The limit in blocks.
        limit: usize,
    },
}

impl fmt::Display for AccumulateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => write!(f, "protocol violation: {violation}"),
            Self::BytesExceeded { limit } => write!(f, "message exceeds the limit of {limit} bytes"),
            Self::BlocksExceeded { limit } => write!(f, "message exceeds the limit of {limit} blocks"),
        }
    }
}

impl core::error::Error for AccumulateError {}
