use core::error::Error;
use core::fmt;

use ssewire_messages::{ApiError, Completion, Message};

use super::error::IncompleteMessage;

/// The error of a [`MessageReader`](crate::MessageReader): the message is incomplete, or a read timed out. Its methods
/// are those of [`IncompleteMessage`], and return `None` after a timeout.
///
/// An [`Error`] if the transport's error is one; see [common behaviour](crate#common-behaviour).
///
/// ```
/// use ssewire_io::ReadExt as _;
///
/// # let response = &br#"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: required"}}"#[..];
/// let error = response.message().next_text().unwrap_err(); // The status of the response is 400.
/// let explanation = error.server_error().and_then(|error| error.message());
/// assert_eq!(explanation, Some("max_tokens: required"));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum MessageReadError<E> {
    /// The message has ended, but it is not complete. Nothing follows.
    Incomplete(IncompleteMessage<E>),
    /// The read timeout of a blocking transport expired; see [`EventError::Timeout`](crate::EventError::Timeout).
    /// Nothing is lost: call again to continue.
    Timeout(E),
}

impl<E> MessageReadError<E> {
    /// Returns whether the message has ended. If not, call again to continue.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Incomplete(_))
    }

    /// Returns the incomplete message; `None` after a timeout, because the message continues.
    #[must_use]
    pub fn incomplete(&self) -> Option<&IncompleteMessage<E>> {
        match self {
            Self::Incomplete(incomplete) => Some(incomplete),
            Self::Timeout(_) => None,
        }
    }

    /// Returns the incomplete message, owned.
    ///
    /// # Errors
    /// The error itself after a timeout, because the message continues.
    pub fn into_incomplete(self) -> Result<IncompleteMessage<E>, Self> {
        match self {
            Self::Incomplete(incomplete) => Ok(incomplete),
            Self::Timeout(_) => Err(self),
        }
    }

    /// Returns the first reason why the message is incomplete; `None` after a timeout.
    #[must_use]
    pub fn reason(&self) -> Option<Completion> {
        self.incomplete().map(IncompleteMessage::reason)
    }

    /// Returns the partial message; `None` after a timeout.
    #[must_use]
    pub fn partial(&self) -> Option<&Message> {
        self.incomplete().map(IncompleteMessage::partial)
    }

    /// Returns whether a content block of the message has begun; see [`IncompleteMessage::has_content`]. `false` after
    /// a timeout, because the message continues.
    #[must_use]
    pub fn has_content(&self) -> bool {
        self.incomplete().is_some_and(IncompleteMessage::has_content)
    }

    /// Returns whether another request may succeed: the same one if the message has no [content](Self::has_content), or
    /// one that continues its text. `false` after a timeout, because the message continues.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.incomplete().is_some_and(IncompleteMessage::is_retryable)
    }

    /// Returns the error that the server reported, in the stream or as a JSON body instead of it. Its
    /// [`message`](ApiError::message) explains a rejected request.
    #[must_use]
    pub fn server_error(&self) -> Option<&ApiError> {
        self.incomplete().and_then(IncompleteMessage::server_error)
    }

    /// Returns the request ID, if the decoder has the head of the response; `None` after a timeout.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.incomplete().and_then(IncompleteMessage::request_id)
    }

    /// Returns the transport's error, if it failed or timed out.
    #[must_use]
    pub fn transport(&self) -> Option<&E> {
        match self {
            Self::Incomplete(incomplete) => incomplete.transport(),
            Self::Timeout(error) => Some(error),
        }
    }

    /// Returns the transport's error, owned, if it failed or timed out.
    #[must_use]
    pub fn into_transport(self) -> Option<E> {
        match self {
            Self::Incomplete(incomplete) => incomplete.into_transport(),
            Self::Timeout(error) => Some(error),
        }
    }

    /// Converts the transport's error.
    #[must_use]
    pub fn map_transport<F>(self, convert: impl FnOnce(E) -> F) -> MessageReadError<F> {
        match self {
            Self::Incomplete(incomplete) => MessageReadError::Incomplete(incomplete.map_transport(convert)),
            Self::Timeout(error) => MessageReadError::Timeout(convert(error)),
        }
    }
}

impl<E> From<IncompleteMessage<E>> for MessageReadError<E> {
    fn from(error: IncompleteMessage<E>) -> Self {
        Self::Incomplete(error)
    }
}

impl<E: fmt::Display> fmt::Display for MessageReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete(error) => error.fmt(f),
            Self::Timeout(error) => write!(f, "read timed out: {error}"),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for MessageReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete(error) => error.fmt(f),
            Self::Timeout(error) => f.debug_tuple("Timeout").field(error).finish(),
        }
    }
}

/// `Display` prints the transport's error, so `source` returns the source of that error.
impl<E: Error + 'static> Error for MessageReadError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.transport()?.source()
    }
}
