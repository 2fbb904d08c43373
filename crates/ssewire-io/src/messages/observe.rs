//! Observers of a message that passes through a tap.

use core::fmt;

use ssewire_messages::{Completion, Incomplete, Message, MessageDecoder, NonStreamBody, Step, UpdateEvent, Usage};

use crate::observe::Observer;

/// Accumulates the message that passes through a [`Tap`](crate::Tap), and passes its updates and its end to a closure.
///
/// ```
/// use std::io::Read as _;
/// use ssewire_io::{MessageObserver, Observed, Tap};
///
/// # let response = &b"data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"output_tokens\":1}}}\n\n"[..];
/// let mut updates = 0;
/// let meter = MessageObserver::new(|observed| match observed {
///     Observed::Update(_) => updates += 1,
///     // Also if the stream was truncated or the client disconnected.
///     Observed::End(end) => println!("{:?}; {}", end.usage(), end.completion()),
///     _ => {}
/// });
/// std::io::copy(&mut Tap::new(response, meter), &mut std::io::sink())?;
/// assert_eq!(updates, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// The response to a request without `"stream": true` is one JSON document: it ends as [`Completion::NonStreamBody`],
/// but [`MessageEnd::message`] is that message. A compressed body cannot be read, so remove `accept-encoding` from the
/// request.
///
/// Memory: the message until its end, at most 64 MiB
/// ([`DEFAULT_MAX_BYTES`](ssewire_messages::Accumulator::DEFAULT_MAX_BYTES)).
pub struct MessageObserver<F> {
    decoder: MessageDecoder,
    on_observed: F,
}

/// Item that a [`MessageObserver`] passes to its closure.
#[derive(Debug)]
#[non_exhaustive]
pub enum Observed<'a> {
    /// Change that one event made to the message.
    Update(UpdateEvent<'a>),
    /// End of the message.
    End(MessageEnd),
}

/// A message that has passed, and how it ended.
pub struct MessageEnd {
    completion: Completion,
    result: Result<Message, Incomplete>,
}

impl MessageEnd {
    fn of(mut decoder: MessageDecoder, mut on_update: impl FnMut(UpdateEvent<'_>)) -> Self {
        while let Ok(Step::Update(event)) = decoder.decode_end() {
            on_update(event);
        }
        let completion = decoder.completion();
        Self { completion, result: decoder.finish() }
    }

    /// Returns how the message ended.
    #[must_use]
    pub fn completion(&self) -> Completion {
        match &self.result {
            Ok(_) => self.completion,
            Err(incomplete) => incomplete.reason(),
        }
    }

    /// Returns the message, complete or partial, from a stream or from plain JSON.
    #[must_use]
    pub fn message(&self) -> &Message {
        match &self.result {
            Ok(message) => message,
            Err(incomplete) => match incomplete.non_stream_body() {
                Some(NonStreamBody::Message(message)) => message,
                _ => incomplete.message(),
            },
        }
    }

    /// See [`Message::model`].
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.message().model()
    }

    /// See [`Message::usage`].
    #[must_use]
    pub fn usage(&self) -> Option<&Usage> {
        self.message().usage()
    }

    /// Returns the message if it is complete.
    ///
    /// # Errors
    /// [`Incomplete`]: the reasons, the server's error, the kind of a body that is not a stream.
    pub fn into_result(self) -> Result<Message, Incomplete> {
        self.result
    }

    /// Returns the report of an incomplete message; `None` if the message is complete.
    #[must_use]
    pub fn incomplete(&self) -> Option<&Incomplete> {
        self.result.as_ref().err()
    }
}

/// Shows no text of the message.
impl fmt::Debug for MessageEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageEnd").field("completion", &self.completion()).finish_non_exhaustive()
    }
}

impl<F: FnMut(Observed<'_>)> MessageObserver<F> {
    /// Uses a decoder with default limits and [`Validation::Lenient`](ssewire_messages::Validation): a violation of the
    /// protocol is counted, not an error, and a message that lacks only its `message_stop` is complete.
    pub fn new(on_observed: F) -> Self {
        Self::with_decoder(MessageDecoder::new(), on_observed)
    }

    /// Uses the given decoder: with `Validation::Strict`, with other limits, or with the head of the response.
    pub fn with_decoder(decoder: MessageDecoder, on_observed: F) -> Self {
        Self { decoder, on_observed }
    }
}

impl<F: FnMut(Observed<'_>)> Observer for MessageObserver<F> {
    fn on_chunk(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        // An error ends the message; `on_end` reports it.
        while let Ok(Step::Update(event)) = self.decoder.decode(&mut input) {
            (self.on_observed)(Observed::Update(event));
        }
    }

    fn on_end(&mut self) {
        let decoder = core::mem::take(&mut self.decoder);
        let end = MessageEnd::of(decoder, |event| (self.on_observed)(Observed::Update(event)));
        (self.on_observed)(Observed::End(end));
    }
}

impl<F> fmt::Debug for MessageObserver<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageObserver").field("decoder", &self.decoder).finish_non_exhaustive()
    }
}

/// Passes only the end of the message to a closure; created by `tap_message`.
pub struct MessageEndObserver<F> {
    decoder: MessageDecoder,
    on_end: Option<F>,
}

impl<F: FnOnce(MessageEnd)> MessageEndObserver<F> {
    /// Uses a decoder with default limits and [`Validation::Lenient`](ssewire_messages::Validation): a violation of the
    /// protocol is counted, not an error, and a message that lacks only its `message_stop` is complete.
    pub fn new(on_end: F) -> Self {
        Self::with_decoder(MessageDecoder::new(), on_end)
    }

    /// Uses the given decoder: with `Validation::Strict`, with other limits, or with the head of the response.
    pub fn with_decoder(decoder: MessageDecoder, on_end: F) -> Self {
        Self { decoder, on_end: Some(on_end) }
    }
}

impl<F: FnOnce(MessageEnd)> Observer for MessageEndObserver<F> {
    fn on_chunk(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        while let Ok(Step::Update(_)) = self.decoder.decode(&mut input) {}
    }

    fn on_end(&mut self) {
        if let Some(on_end) = self.on_end.take() {
            on_end(MessageEnd::of(core::mem::take(&mut self.decoder), |_| ()));
        }
    }
}

impl<F> fmt::Debug for MessageEndObserver<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageEndObserver").field("decoder", &self.decoder).finish_non_exhaustive()
    }
}
