//! Why the content of an event was not merged.

use core::fmt;

use super::ProtocolViolation;

/// The content of an event was not merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccumulateError {
    /// The event violates the protocol in [`Validation::Strict`](crate::Validation::Strict). Nothing was changed.
    Violation(ProtocolViolation),
    /// The message would hold more bytes than its limit. From here on its content does not grow any more, and it is
    /// incomplete; reported once.
    BytesExceeded {
        /// In bytes.
        limit: usize,
    },
    /// The message would hold more blocks than its limit; as for bytes.
    BlocksExceeded {
        /// In blocks.
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
