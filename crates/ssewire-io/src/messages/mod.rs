//! The Messages view of a transport: typed events, text, the final message.

#[cfg(feature = "std")]
mod read;
#[cfg(feature = "stream")]
mod stream;

#[cfg(any(feature = "std", feature = "stream"))]
use alloc::string::String;
use core::fmt;

use ssewire_messages::{Completion, Incomplete, MessageDecodeError};
#[cfg(any(feature = "std", feature = "stream"))]
use ssewire_messages::{Message, MessageDecoder, Step, UpdateSpan};

#[cfg(feature = "std")]
pub use self::read::{MessageReader, TextDeltas};
#[cfg(feature = "stream")]
pub use self::stream::{Messages, TextStream};

/// The stream has ended without a complete message. Generic in the transport's own error. Nothing follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageError<E> {
    /// The transport failed.
    Transport(E),
    /// An event was rejected in strict mode.
    Decode(MessageDecodeError),
    /// The stream has ended, but its message is not complete. This is only the reason: the partial message, the server's
    /// error, and what the body was if it was not a stream, are in the error of `final_message`.
    Incomplete(Completion),
}

impl<E: fmt::Display> fmt::Display for MessageError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => write!(f, "connection failed: {error}"),
            Self::Decode(error) => error.fmt(f),
            Self::Incomplete(completion) => completion.fmt(f),
        }
    }
}

/// `Display` says it all, so there is no source.
impl<E: fmt::Debug + fmt::Display> core::error::Error for MessageError<E> {}

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

/// `Display` says it all, so there is no source.
impl<E: fmt::Debug + fmt::Display> core::error::Error for FinalMessageError<E> {}

#[cfg(any(feature = "std", feature = "stream"))]
/// The final message. A connection that failed after the end of the message does not take it away.
fn finish<E>(decoder: MessageDecoder, transport: Option<E>) -> Result<Message, FinalMessageError<E>> {
    decoder.finish().map_err(|incomplete| FinalMessageError { transport, incomplete })
}

#[cfg(any(feature = "std", feature = "stream"))]
/// What an adapter looks for: `Some(None)` is the end of the message, `None` asks for more input.
type Found<T> = Option<Option<T>>;

#[cfg(any(feature = "std", feature = "stream"))]
fn found<T>(step: Step<T>) -> Found<T> {
    match step {
        Step::Update(update) => Some(Some(update)),
        Step::Ended => Some(None),
        Step::NeedInput => None,
    }
}

#[cfg(any(feature = "std", feature = "stream"))]
/// The next update.
fn poll_update(decoder: &mut MessageDecoder, input: &mut &[u8]) -> Result<Found<UpdateSpan>, MessageDecodeError> {
    decoder.poll(input).map(found)
}

#[cfg(any(feature = "std", feature = "stream"))]
/// The text of the next update that brings some.
fn poll_text(decoder: &mut MessageDecoder, input: &mut &[u8]) -> Result<Found<String>, MessageDecodeError> {
    loop {
        let chunk = *input;
        let step = decoder.poll(input)?;
        let Step::Update(span) = step else { return Ok(found(step).map(|_| None)) };
        let text: String = decoder.resolve(chunk, span).update.text_deltas().collect();
        if !text.is_empty() {
            return Ok(Some(Some(text)));
        }
    }
}

#[cfg(any(feature = "std", feature = "stream"))]
/// The text of an update that came with the end of the input.
fn end_text(decoder: &mut MessageDecoder) -> Result<Option<String>, MessageDecodeError> {
    while let Step::Update(event) = decoder.decode_end()? {
        let text: String = event.update.text_deltas().collect();
        if !text.is_empty() {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

#[cfg(any(feature = "std", feature = "stream"))]
/// The next update that came with the end of the input.
fn end_update(decoder: &mut MessageDecoder) -> Result<Option<UpdateSpan>, MessageDecodeError> {
    decoder.poll_end().map(|step| found(step).flatten())
}

#[cfg(any(feature = "std", feature = "stream"))]
/// Whether the message that has ended is complete.
fn judge<E>(decoder: &MessageDecoder) -> Result<(), MessageError<E>> {
    match decoder.completion() {
        Completion::Complete => Ok(()),
        Completion::Unterminated if decoder.is_lenient() => Ok(()),
        completion => Err(MessageError::Incomplete(completion)),
    }
}
