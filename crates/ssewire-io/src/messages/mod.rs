//! The Messages view of a transport: typed events, text, the final message.

#[cfg(feature = "std")]
mod read;
#[cfg(feature = "stream")]
mod stream;

#[cfg(any(feature = "std", feature = "stream"))]
use alloc::string::String;
use core::fmt;

use ssewire_messages::{Completion, Incomplete, StreamError};
#[cfg(any(feature = "std", feature = "stream"))]
use ssewire_messages::{Message, MessageStream};

#[cfg(feature = "std")]
pub use self::read::{MessageReader, TextPieces};
#[cfg(feature = "stream")]
pub use self::stream::{Messages, TextStream};

/// Why there is no event, or no more of them. Generic in the transport's own error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageError<E> {
    /// The transport failed. Nothing follows.
    Transport(E),
    /// One event could not be used. The stream goes on behind it, and its end tells whether the message is whole.
    Event(StreamError),
    /// The stream has ended, but its message is not whole. Nothing follows. This is only the kind of the end: what
    /// came, what the server said if it was an error, and what the body was if it was no stream, is in the error of
    /// `final_message`. So it is better not to return this one by `?`.
    Incomplete(Completion),
}

impl<E> MessageError<E> {
    /// Whether the stream ends with it. If not, only one event is lost.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Event(_))
    }
}

impl<E: fmt::Display> fmt::Display for MessageError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => write!(f, "the connection failed: {error}"),
            Self::Event(error) => error.fmt(f),
            Self::Incomplete(completion) => completion.fmt(f),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for MessageError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Transport(error) => Some(error),
            Self::Event(error) => Some(error),
            Self::Incomplete(_) => None,
        }
    }
}

/// Why there is no final message: what came of it, and, if that is what cut it, the transport's error.
#[derive(Debug)]
pub struct FinalMessageError<E> {
    transport: Option<E>,
    incomplete: Incomplete,
}

impl<E> FinalMessageError<E> {
    /// The message as far as it came, and why it is not whole.
    #[must_use]
    pub fn incomplete(&self) -> &Incomplete {
        &self.incomplete
    }

    /// The same, to keep.
    #[must_use]
    pub fn into_incomplete(self) -> Incomplete {
        self.incomplete
    }

    /// The transport's error, if it failed while the final message was read. `None` where it failed before: then the
    /// [`MessageError::Transport`] of the text, the items or the events has told it.
    #[must_use]
    pub fn transport(&self) -> Option<&E> {
        self.transport.as_ref()
    }
}

impl<E: fmt::Display> fmt::Display for FinalMessageError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.transport {
            Some(error) => write!(f, "{}: {error}", self.incomplete),
            None => self.incomplete.fmt(f),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for FinalMessageError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.transport {
            Some(error) => Some(error),
            None => self.incomplete.source(),
        }
    }
}

#[cfg(any(feature = "std", feature = "stream"))]
/// The final message. A connection that failed behind the end of the message does not take it away.
fn finish<E>(stream: MessageStream, transport: Option<E>) -> Result<Message, FinalMessageError<E>> {
    stream.finish().map_err(|incomplete| FinalMessageError { transport, incomplete })
}

#[cfg(any(feature = "std", feature = "stream"))]
/// The text of the next event that brings some.
fn advance_text(stream: &mut MessageStream, input: &mut &[u8]) -> Result<Option<String>, StreamError> {
    loop {
        let chunk = *input;
        let Some(ready) = stream.advance(input)? else { return Ok(None) };
        let text: String = stream.item(chunk, ready).update.text_pieces().collect();
        if !text.is_empty() {
            return Ok(Some(text));
        }
    }
}
