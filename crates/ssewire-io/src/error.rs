use core::fmt;

use ssewire::{DecodeError, Truncated};

/// Why there is no event. Generic in the transport's own error, which is handed on as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<E> {
    /// The transport failed. Nothing follows.
    Transport(E),
    /// One event was too large and is lost. The stream goes on behind it.
    Decode(DecodeError),
    /// The input ended in the middle of an event, which is lost. Nothing follows.
    Truncated(Truncated),
}

impl<E> Error<E> {
    /// Whether the stream ends with it. If not, only one event is lost.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Decode(_))
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => write!(f, "the connection failed: {error}"),
            Self::Decode(error) => error.fmt(f),
            Self::Truncated(error) => error.fmt(f),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Transport(error) => Some(error),
            Self::Decode(error) => Some(error),
            Self::Truncated(error) => Some(error),
        }
    }
}

impl<E> From<DecodeError> for Error<E> {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl<E> From<Truncated> for Error<E> {
    fn from(error: Truncated) -> Self {
        Self::Truncated(error)
    }
}

/// Codecs of tokio-util need it.
#[cfg(feature = "std")]
impl From<std::io::Error> for Error<std::io::Error> {
    fn from(error: std::io::Error) -> Self {
        Self::Transport(error)
    }
}
