//! Events that were lost.

use core::fmt;

use ssewire::DecodeError;

use crate::accumulator::AccumulateError;
use crate::payload_error::PayloadError;

/// An event of the stream was lost. The stream continues. The end of the message decides whether content is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LostEvent {
    /// The event was too large.
    TooLarge(DecodeError),
    /// The payload is undecodable.
    Payload(PayloadError),
    /// The message would exceed its limit. From here on its content does not grow; reported once.
    OverLimit(AccumulateError),
}

impl fmt::Display for LostEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(error) => error.fmt(f),
            Self::Payload(error) => error.fmt(f),
            Self::OverLimit(error) => error.fmt(f),
        }
    }
}

/// `Display` prints the cause, so `source` returns `None`.
impl core::error::Error for LostEvent {}
