use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;
use core::iter::FusedIterator;
use core::time::Duration;
use std::io::{self, Read};
use std::time::Instant;

use serde::de::DeserializeOwned;
use ssewire_messages::{Message, MessageDecoder, PartialStrings, ResponseHead, Update, UpdateEvent, Validation};

use super::error::IncompleteMessage;
use super::read_error::MessageReadError;
use super::state::{Found, MessageState, Phase, Position, message_methods, text_of};
use super::structured::StructuredMessage;
use crate::read_source::{ReadError, ReadSource};

/// A message that arrives from a blocking reader; the blocking form of `MessageStream`.
///
/// ```
/// use ssewire_io::ReadExt as _;
///
/// # let response = &b"data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}}\n\n\
/// #   data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n"[..];
/// let mut reply = response.message(); // the body that any blocking HTTP client has
/// while let Some(text) = reply.next_text()? {
///     print!("{text}");
/// }
/// let message = reply.finish()?;
/// println!("\n{:?}, {:?} tokens", message.stop_reason(), message.output_tokens());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// All methods read from the same message; call [`finish`](Self::finish) last. It ends where the message does, not
/// where the connection does: it does not read on. [`into_inner`](Self::into_inner) returns the reader, to drain it, so
/// that the connection can be reused.
///
/// Use `?` on every call: an incomplete message is one error, [`MessageReadError::Incomplete`], which contains the
/// reason, the partial message and the transport's error. A lost event is [`Update::Lost`], not an error. A read
/// timeout of the transport is [`MessageReadError::Timeout`]: call again to continue.
#[must_use = "nothing is read before a method is called"]
pub struct MessageReader<R> {
    source: ReadSource<R>,
    state: MessageState<io::Error>,
}

type Error = MessageReadError<io::Error>;

impl<R> MessageReader<R> {
    /// Creates a reader with default limits and [`Validation::Lenient`]: a violation of the
    /// protocol is counted, not an error, and a message that lacks only its `message_stop` is complete.
    pub fn new(reader: R) -> Self {
        Self::with_decoder(reader, MessageDecoder::new())
    }

    /// Creates a reader with the given decoder, for other limits of events or blocks, or a last event ID.
    pub fn with_decoder(reader: R, decoder: MessageDecoder) -> Self {
        Self { source: ReadSource::new(reader), state: MessageState::new(decoder) }
    }

    message_methods!();

    /// As [`DecodeReader::with_idle_timeout`](crate::DecodeReader::with_idle_timeout), with the error
    /// [`MessageReadError::Timeout`]. It does **not** interrupt a read that blocks: set the read timeout of the socket
    /// as well. Each update restarts the time, also one that the call skips, and also a `ping`, which shows that the
    /// server is alive.
    pub fn with_idle_timeout(mut self, timeout: Duration, now: fn() -> Instant) -> Self {
        self.source.set_idle_limit(timeout, now);
        self
    }

    /// Borrows the reader.
    #[must_use]
    pub fn get_ref(&self) -> &R {
        self.source.get_ref()
    }

    /// Borrows the reader mutably. Reading from it loses bytes for this message.
    pub fn get_mut(&mut self) -> &mut R {
        self.source.get_mut()
    }

    /// Returns the reader, to drain it. Bytes that were read and not yet returned are lost.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.source.into_inner()
    }

    /// Ends the message with the bytes that were taken from the reader so far, without reading: after a timeout or a
    /// cancellation of your own. Bytes whose updates were not returned yet count, too; [`snapshot`](Self::snapshot) is
    /// the message without them.
    ///
    /// # Errors
    /// As [`finish`](Self::finish) of a body that ends here.
    pub fn into_message(self) -> Result<Message, IncompleteMessage<io::Error>> {
        self.state.into_message(self.source.unread())
    }

    fn event(&self, (at, span): Position) -> UpdateEvent<'_> {
        let chunk = at.map(|from| self.source.chunk(from)).unwrap_or_default();
        self.state.resolve(chunk, span)
    }
}

impl<R: Read> MessageReader<R> {
    /// Returns the next update, borrowed. Blocks until it is there. `None`: the message is complete, or its error was
    /// returned before.
    ///
    /// # Errors
    /// [`MessageReadError`]. Nothing follows, except after a timeout.
    pub fn next_update(&mut self) -> Result<Option<Update<'_>>, Error> {
        Ok(self.next_event()?.map(|event| event.update))
    }

    /// As [`next_update`](Self::next_update), with the payload and the type of the event that caused the update.
    ///
    /// # Errors
    /// As [`next_update`](Self::next_update).
    pub fn next_event(&mut self) -> Result<Option<UpdateEvent<'_>>, Error> {
        let found = self.next_position()?;
        Ok(found.map(|position| self.event(position)))
    }

    /// Returns the next piece of text. `None`: the message is complete, or its error was returned before.
    ///
    /// # Errors
    /// As [`next_update`](Self::next_update).
    #[doc(alias = "text_stream")]
    pub fn next_text(&mut self) -> Result<Option<String>, Error> {
        while let Some(position) = self.next_position()? {
            if let Some(text) = text_of(&self.event(position)) {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// Returns the text as it arrives, as an iterator: the items of [`next_text`](Self::next_text).
    #[doc(alias = "text_stream")]
    pub fn text_deltas(&mut self) -> TextDeltas<'_, R> {
        TextDeltas(self)
    }

    /// Reads to the end of the message, and returns it.
    ///
    /// # Errors
    /// [`IncompleteMessage`], with the partial message and the reason. A read timeout counts as a failure of the
    /// transport; [`next_text`](Self::next_text) can be called again after one. An error that was returned before is
    /// returned again, without the transport's error.
    #[doc(alias("get_final_message", "until_done"))]
    pub fn finish(mut self) -> Result<Message, IncompleteMessage<io::Error>> {
        self.read_to_end()?;
        self.state.finish()
    }

    /// Reads to the end of the message, returns it, and continues with the next one of the same body. `None`: the body
    /// has no further message.
    ///
    /// # Errors
    /// [`IncompleteMessage`], also for a read timeout, and if the transport failed between two messages. The next call
    /// continues with the next message, and so does this one if another method has returned the error of the message
    /// before.
    pub fn next_message(&mut self) -> Result<Option<Message>, IncompleteMessage<io::Error>> {
        self.state.skip_failed();
        self.read_to_end()?;
        self.state.next_message()
    }

    fn read_to_end(&mut self) -> Result<(), IncompleteMessage<io::Error>> {
        loop {
            match self.next_position() {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(MessageReadError::Incomplete(error)) => return Err(error),
                Err(MessageReadError::Timeout(error)) => return self.state.interrupt(error),
            }
        }
    }

    fn next_position(&mut self) -> Result<Option<Position>, Error> {
        loop {
            match self.state.phase() {
                Phase::Reading => {
                    let state = &mut self.state;
                    match self.source.decode(
                        &mut self.source.begin_wait(),
                        |input| Ok(state.poll(input)),
                        |error| error,
                    ) {
                        Ok(Some((from, Found::Update(span)))) => return Ok(Some((Some(from), span))),
                        Ok(Some((_, Found::End))) => return Ok(self.state.conclude().map(|()| None)?),
                        Ok(None) => self.state.end_input(),
                        Err(ReadError::Timeout(error)) => return Err(MessageReadError::Timeout(error)),
                        Err(ReadError::Failed(error)) => {
                            self.state.record_transport_error(error);
                            self.state.end_input();
                        }
                    }
                }
                Phase::Draining => return Ok(self.state.drain()?.map(|span| (None, span))),
                Phase::Ended | Phase::Failed => return Ok(None),
            }
        }
    }
}

/// Shows states, never bytes of the stream.
impl<R> fmt::Debug for MessageReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageReader")
            .field("decoder", self.decoder())
            .field("phase", &self.state.phase())
            .finish_non_exhaustive()
    }
}

/// The text of a [`MessageReader`] as it arrives: that of all text blocks, without separators.
#[derive(Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct TextDeltas<'a, R>(&'a mut MessageReader<R>);

impl<R: Read> Iterator for TextDeltas<'_, R> {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_text().transpose()
    }
}

impl<R: Read> FusedIterator for TextDeltas<'_, R> {}
