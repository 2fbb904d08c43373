use core::error::Error;
use core::fmt;

use ssewire::{DecodeError, Truncated};

/// The error of event, block, frame and line streams. Generic in the transport's error, which is returned unchanged.
///
/// `Display` prints the transport's error, and `source` returns the source of that error, so that each cause is printed
/// once. The type is an [`Error`] if the transport's error is one; [common behaviour](crate#common-behaviour) says what
/// to do if not. `map_transport(std::io::Error::other)` also gives several transports one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventError<E> {
    /// The transport failed. Nothing follows.
    Transport(E),
    /// The read timeout of a blocking transport expired (`WouldBlock` or `TimedOut`). Nothing is lost: call again to
    /// continue. Only a reader returns this, never a stream.
    ///
    /// On Unix a dead connection looks alike: one read fails with `TimedOut`, and the next one is the end of the input.
    /// Therefore an end directly after `TimedOut` is returned as [`Transport`](Self::Transport). On Windows `TimedOut`
    /// is the ordinary read timeout, and an end after it is an ordinary end. The timeouts of ureq and reqwest have
    /// other error kinds, and are `Transport`, too.
    Timeout(E),
    /// One event, or one line, was too large and is lost. The stream continues after it.
    Decode(DecodeError),
    /// The input ended within an event, or within a line, which is lost. Nothing follows.
    Truncated(Truncated),
}

impl<E> EventError<E> {
    /// Returns whether the stream has ended. If not, call again to continue.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Transport(_) | Self::Truncated(_))
    }

    /// Returns the transport's error, if it failed or timed out.
    #[must_use]
    pub fn transport(&self) -> Option<&E> {
        match self {
            Self::Transport(error) | Self::Timeout(error) => Some(error),
            Self::Decode(_) | Self::Truncated(_) => None,
        }
    }

    /// Returns the transport's error, owned, if it failed or timed out.
    #[must_use]
    pub fn into_transport(self) -> Option<E> {
        match self {
            Self::Transport(error) | Self::Timeout(error) => Some(error),
            Self::Decode(_) | Self::Truncated(_) => None,
        }
    }

    /// Converts the transport's error.
    #[must_use]
    pub fn map_transport<F>(self, convert: impl FnOnce(E) -> F) -> EventError<F> {
        match self {
            Self::Transport(error) => EventError::Transport(convert(error)),
            Self::Timeout(error) => EventError::Timeout(convert(error)),
            Self::Decode(error) => EventError::Decode(error),
            Self::Truncated(error) => EventError::Truncated(error),
        }
    }
}

impl<E: fmt::Display> fmt::Display for EventError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => write!(f, "connection failed: {error}"),
            Self::Timeout(error) => write!(f, "read timed out: {error}"),
            Self::Decode(error) => error.fmt(f),
            Self::Truncated(error) => error.fmt(f),
        }
    }
}

/// `Display` prints the transport's error, so `source` returns the source of that error.
impl<E: Error + 'static> Error for EventError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.transport()?.source()
    }
}

impl<E> From<DecodeError> for EventError<E> {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl<E> From<Truncated> for EventError<E> {
    fn from(error: Truncated) -> Self {
        Self::Truncated(error)
    }
}

/// Codecs of tokio-util need it.
#[cfg(feature = "std")]
impl From<std::io::Error> for EventError<std::io::Error> {
    fn from(error: std::io::Error) -> Self {
        Self::Transport(error)
    }
}
