//! Structured output: the text of a message as a type of the caller.

use core::fmt;
use core::marker::PhantomData;

use super::StructuredError;
#[cfg(feature = "stream")]
use super::{IncompleteMessage, MessageStream};
#[cfg(feature = "std")]
use super::{MessageReadError, MessageReader};
use alloc::boxed::Box;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ssewire_messages::{JsonError, Message, PartialStrings, StructuredOutput, Update};

/// Structured output while it arrives; created by `structured` of a message.
///
/// ```
/// use ssewire_io::ReadExt as _;
///
/// #[derive(serde::Deserialize)]
/// struct Recipe {
///     title: String,
/// }
///
/// # let response = &b"data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"{\\\"title\\\":\\\"Tea\\\"}\"}]}}\n\n\
/// #   data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n"[..];
/// let mut reply = response.message().structured::<Recipe>();
/// while let Some(partial) = reply.next_partial()? {
///     println!("{}", partial["title"]);
/// }
/// let recipe: Recipe = reply.finish()?;
/// assert_eq!(recipe.title, "Tea");
/// # Ok::<(), ssewire_io::StructuredError<std::io::Error>>(())
/// ```
#[must_use = "nothing is read before a method is called"]
pub struct StructuredMessage<M, T> {
    message: M,
    output: StructuredOutput,
    of: PhantomData<fn() -> T>,
}

impl<M, T> StructuredMessage<M, T> {
    pub(super) fn new(message: M) -> Self {
        let output = StructuredOutput::with_partial_strings(PartialStrings::Show);
        Self { message, output, of: PhantomData }
    }

    /// Returns the value so far, for display; `None` if no part of it has arrived.
    #[must_use]
    pub fn partial(&self) -> Option<&Value> {
        self.output.partial()
    }

    /// Returns where the text stopped being JSON, if it did, for example at a code fence or at prose after the value.
    /// The value before it stays, and `next_partial` returns no other.
    #[must_use]
    pub fn error(&self) -> Option<JsonError> {
        self.output.error()
    }

    /// Borrows the message.
    #[must_use]
    pub fn get_ref(&self) -> &M {
        &self.message
    }

    /// Borrows the message mutably. Updates that are taken from it are missing in [`partial`](Self::partial).
    pub fn get_mut(&mut self) -> &mut M {
        &mut self.message
    }

    /// Returns the message, to finish it without a type.
    #[must_use]
    pub fn into_inner(self) -> M {
        self.message
    }
}

/// Appends the text of an update. Returns whether there is more to show.
fn extend(output: &mut StructuredOutput, update: &Update<'_>) -> bool {
    let has_text = update.text_deltas().next().is_some();
    output.extend_from(update);
    has_text && output.partial().is_some()
}

fn parse<T: DeserializeOwned, E>(message: Message) -> Result<(T, Message), StructuredError<E>> {
    match message.parse_text() {
        Ok(value) => Ok((value, message)),
        Err(error) => Err(StructuredError::Text { error, message: Box::new(message) }),
    }
}

#[cfg(feature = "stream")]
impl<S: futures_core::TryStream, T: DeserializeOwned> StructuredMessage<MessageStream<S>, T>
where
    S::Ok: AsRef<[u8]>,
{
    /// Returns the value after the next text, with the unfinished string at its end. `None`: the message is complete,
    /// or its error was returned before.
    ///
    /// # Errors
    /// [`IncompleteMessage`]. Nothing follows.
    pub async fn next_partial(&mut self) -> Result<Option<&Value>, IncompleteMessage<S::Error>> {
        while let Some(update) = self.message.next_update().await? {
            if extend(&mut self.output, &update) {
                return Ok(self.output.partial());
            }
        }
        Ok(None)
    }

    /// Reads to the end of the message, and parses its text.
    ///
    /// # Errors
    /// [`StructuredError`]: the message is incomplete, its text is not a `T`, or the stop reason shows that the model
    /// was stopped or declined.
    pub async fn finish(self) -> Result<T, StructuredError<S::Error>> {
        Ok(self.finish_with_message().await?.0)
    }

    /// As [`finish`](Self::finish), and returns the message, too: its usage, stop reason and ID.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub async fn finish_with_message(self) -> Result<(T, Message), StructuredError<S::Error>> {
        parse(self.message.finish().await?)
    }
}

#[cfg(feature = "std")]
impl<R: std::io::Read, T: DeserializeOwned> StructuredMessage<MessageReader<R>, T> {
    /// Returns the value after the next text, with the unfinished string at its end. `None`: the message is complete,
    /// or its error was returned before.
    ///
    /// # Errors
    /// [`MessageReadError`]. Nothing follows, except after a timeout.
    pub fn next_partial(&mut self) -> Result<Option<&Value>, MessageReadError<std::io::Error>> {
        while let Some(update) = self.message.next_update()? {
            if extend(&mut self.output, &update) {
                return Ok(self.output.partial());
            }
        }
        Ok(None)
    }

    /// Reads to the end of the message, and parses its text.
    ///
    /// # Errors
    /// [`StructuredError`]: the message is incomplete, its text is not a `T`, or the stop reason shows that the model
    /// was stopped or declined.
    pub fn finish(self) -> Result<T, StructuredError<std::io::Error>> {
        Ok(self.finish_with_message()?.0)
    }

    /// As [`finish`](Self::finish), and returns the message, too: its usage, stop reason and ID.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn finish_with_message(self) -> Result<(T, Message), StructuredError<std::io::Error>> {
        parse(self.message.finish()?)
    }
}

/// Shows states, never bytes of the stream.
impl<M: fmt::Debug, T> fmt::Debug for StructuredMessage<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StructuredMessage").field("message", &self.message).field("output", &self.output).finish()
    }
}
