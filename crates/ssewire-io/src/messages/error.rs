use alloc::boxed::Box;
#[cfg(not(target_has_atomic = "ptr"))]
use alloc::rc::Rc as Shared;
#[cfg(target_has_atomic = "ptr")]
use alloc::sync::Arc as Shared;
use core::error::Error;
use core::fmt;

use super::read_error::MessageReadError;
use ssewire_messages::{ApiError, Completion, Incomplete, Message, ParseTextError, ProtocolViolation, ResponseHead};

/// Error of an incomplete message: contains the partial message, the reason, and the cause if the transport failed.
///
/// `Display` prints the reason and the transport's error, and no text of the message; `source` returns the source of
/// the transport's error.
///
/// An [`Error`] if the transport's error is one; see [common behaviour](crate#common-behaviour).
#[derive(Clone)]
pub struct IncompleteMessage<E> {
    /// Shared with the adapter: its `finish` returns the same report.
    report: SharedReport,
    /// Both, if strict mode rejected an event at the end of a connection that failed.
    rejected: Option<ProtocolViolation>,
    transport: Option<E>,
}

pub(super) type SharedReport = Shared<Incomplete>;

impl<E> IncompleteMessage<E> {
    pub(super) fn new(report: SharedReport, rejected: Option<ProtocolViolation>, transport: Option<E>) -> Self {
        Self { report, rejected, transport }
    }

    /// Returns the partial message.
    #[must_use]
    pub fn partial(&self) -> &Message {
        self.report.partial()
    }

    /// Returns the partial message, owned. Do not use it as a result; see [`reason`](Self::reason). Copies it if the
    /// stream or the reader that returned this error still exists.
    #[must_use]
    pub fn into_partial(self) -> Message {
        self.into_report().into_partial()
    }

    /// Returns the first reason.
    #[must_use]
    pub fn reason(&self) -> Completion {
        self.report.reason()
    }

    /// Returns whether a content block of the message has begun; see [`Incomplete::has_content`].
    #[must_use]
    pub fn has_content(&self) -> bool {
        self.report.has_content()
    }

    /// Returns whether another request may succeed: the same one if the message has no [content](Self::has_content), or
    /// one that continues its text. `Backoff::decide_incomplete` takes the [`report`](Self::report), and decides
    /// when; [`Incomplete::is_retryable`] has the rule.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.report.is_retryable()
    }

    /// Returns the error that the server reported, in the stream or as a JSON body instead of it.
    #[must_use]
    pub fn server_error(&self) -> Option<&ApiError> {
        self.report.server_error()
    }

    /// Returns the head of the response, if the decoder has one: request ID, rate limits.
    #[must_use]
    pub fn response_head(&self) -> Option<&ResponseHead> {
        self.report.response_head()
    }

    /// Returns the request ID, if the decoder has the head of the response.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.report.request_id()
    }

    /// Returns the transport's error, if it failed.
    #[must_use]
    pub fn transport(&self) -> Option<&E> {
        self.transport.as_ref()
    }

    /// Returns the transport's error, owned, if it failed.
    #[must_use]
    pub fn into_transport(self) -> Option<E> {
        self.transport
    }

    /// Returns the violation for which strict mode rejected an event, if that ended the message.
    #[must_use]
    pub fn rejected(&self) -> Option<ProtocolViolation> {
        self.rejected
    }

    /// Returns the full report: every reason, the kind of a body that is not a stream, protocol violations.
    #[must_use]
    pub fn report(&self) -> &Incomplete {
        &self.report
    }

    /// Returns the full report, owned; copies it as [`into_partial`](Self::into_partial) does.
    #[must_use]
    pub fn into_report(self) -> Incomplete {
        self.into_parts().0
    }

    /// Returns the full report and the transport's error, owned; copies the report as
    /// [`into_partial`](Self::into_partial) does. The rejection of an event is in [`rejected`](Self::rejected).
    #[must_use]
    pub fn into_parts(self) -> (Incomplete, Option<E>) {
        (Shared::unwrap_or_clone(self.report), self.transport)
    }

    /// Converts the transport's error.
    #[must_use]
    pub fn map_transport<F>(self, convert: impl FnOnce(E) -> F) -> IncompleteMessage<F> {
        IncompleteMessage { report: self.report, rejected: self.rejected, transport: self.transport.map(convert) }
    }
}

impl<E: fmt::Display> fmt::Display for IncompleteMessage<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.report.fmt(f)?;
        if let Some(error) = &self.rejected {
            write!(f, ": {error}")?;
        }
        if let Some(error) = &self.transport {
            write!(f, ": {error}")?;
        }
        Ok(())
    }
}

impl<E: fmt::Debug> fmt::Debug for IncompleteMessage<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncompleteMessage")
            .field("report", &self.report)
            .field("rejected", &self.rejected)
            .field("transport", &self.transport)
            .finish()
    }
}

/// `Display` prints the transport's error, so `source` returns the source of that error.
impl<E: Error + 'static> Error for IncompleteMessage<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.transport()?.source()
    }
}

/// The error of structured output. The errors of `next_partial` convert to it, so that `?` works on each method of a
/// [`StructuredMessage`](crate::StructuredMessage).
///
/// An [`Error`] if the transport's error is one; see [common behaviour](crate#common-behaviour).
#[derive(Clone)]
#[non_exhaustive]
pub enum StructuredError<E> {
    /// The message is not complete. `finish` returns no timeout: one is the converted error of `next_partial` of a
    /// blocking reader. To continue, handle it where `next_partial` returns it.
    Message(MessageReadError<E>),
    /// The message is complete, but its text is not JSON of the type, or the model was stopped or declined.
    Text {
        /// Reason and position.
        error: ParseTextError,
        /// The message.
        message: Box<Message>,
    },
}

impl<E> StructuredError<E> {
    /// Returns the message, complete or not; `None` after a timeout, because the message continues.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(error) => error.partial(),
            Self::Text { message, .. } => Some(message),
        }
    }

    /// Returns the incomplete message; `None` after a timeout, and if the message is complete.
    #[must_use]
    pub fn incomplete(&self) -> Option<&IncompleteMessage<E>> {
        match self {
            Self::Message(error) => error.incomplete(),
            Self::Text { .. } => None,
        }
    }

    /// Returns the incomplete message, owned.
    ///
    /// # Errors
    /// The error itself after a timeout, and if the message is complete.
    pub fn into_incomplete(self) -> Result<IncompleteMessage<E>, Self> {
        match self {
            Self::Message(error) => error.into_incomplete().map_err(Self::Message),
            Self::Text { .. } => Err(self),
        }
    }

    /// Returns the transport's error, if it failed or timed out.
    #[must_use]
    pub fn transport(&self) -> Option<&E> {
        match self {
            Self::Message(error) => error.transport(),
            Self::Text { .. } => None,
        }
    }

    /// Returns the transport's error, owned, if it failed or timed out.
    #[must_use]
    pub fn into_transport(self) -> Option<E> {
        match self {
            Self::Message(error) => error.into_transport(),
            Self::Text { .. } => None,
        }
    }

    /// Converts the transport's error.
    #[must_use]
    pub fn map_transport<F>(self, convert: impl FnOnce(E) -> F) -> StructuredError<F> {
        match self {
            Self::Message(error) => StructuredError::Message(error.map_transport(convert)),
            Self::Text { error, message } => StructuredError::Text { error, message },
        }
    }
}

/// Shows no text of the message.
impl<E: fmt::Debug> fmt::Debug for StructuredError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(error) => error.fmt(f),
            Self::Text { error, .. } => f.debug_struct("Text").field("error", error).finish_non_exhaustive(),
        }
    }
}

impl<E: fmt::Display> fmt::Display for StructuredError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(error) => error.fmt(f),
            Self::Text { error, .. } => error.fmt(f),
        }
    }
}

/// `Display` prints the transport's error, so `source` returns the source of that error.
impl<E: Error + 'static> Error for StructuredError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.transport()?.source()
    }
}

impl<E> From<MessageReadError<E>> for StructuredError<E> {
    fn from(error: MessageReadError<E>) -> Self {
        Self::Message(error)
    }
}

impl<E> From<IncompleteMessage<E>> for StructuredError<E> {
    fn from(error: IncompleteMessage<E>) -> Self {
        Self::Message(error.into())
    }
}
