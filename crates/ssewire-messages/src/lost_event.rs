//! Events that were lost.

use core::fmt;

use ssewire::DecodeError;

use crate::accumulator::AccumulateError;
use crate::payload_error::PayloadError;

/// An event of the stream was lost. The stream goes on; whether the message is complete without the event is judged in
/// the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LostEvent {
    /// The event was too large.
    TooLarge(DecodeError),
    /// The payload could not be read.
    Payload(PayloadError),
    /// The message would pass its limit. From here on its content does not grow any more; given once.
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

/// `Display` says it all, so there is no source.
impl core::error::Error for LostEvent {}
