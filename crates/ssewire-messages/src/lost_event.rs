//! Events that were lost.

use core::fmt;

use crate::accumulator::ExceededLimit;
use crate::payload_error::PayloadError;

/// An event of the stream was lost. The stream continues. The end of the message decides whether content is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LostEvent {
    /// The payload is undecodable.
    Payload(PayloadError),
    /// The event exceeds its own limit, or one of the message.
    LimitExceeded(ExceededLimit),
}

impl LostEvent {
    /// Returns the lost event of an undecodable payload; `None` if the payload is a keep-alive, which is not an event.
    pub(crate) fn of_payload(error: PayloadError) -> Option<Self> {
        (!error.is_keep_alive()).then_some(Self::Payload(error))
    }
}

impl fmt::Display for LostEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payload(error) => error.fmt(f),
            Self::LimitExceeded(limit) => limit.fmt(f),
        }
    }
}

/// `Display` prints the cause, so `source` returns `None`.
impl core::error::Error for LostEvent {}
