//! The message that passes a tap.

use core::fmt;

use ssewire_messages::{Completion, Incomplete, Message, MessageDecoder, NonStreamBody, Step, UpdateEvent, Usage};

use crate::observe::Observer;

/// Accumulates the message that passes a [`Tap`](crate::Tap), and shows its updates and its end to a closure.
///
/// ```
/// use std::io::Read as _;
/// use ssewire_io::{MessageObserver, Observed, Tap};
///
/// # let response = &b"data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"output_tokens\":1}}}\n\n"[..];
/// let mut updates = 0;
/// let meter = MessageObserver::new(|observed| match observed {
///     Observed::Update(_) => updates += 1,
///     // What came, also if the stream was cut or the client disconnected.
///     Observed::End(end) => println!("{:?}; {}", end.usage(), end.completion()),
///     _ => {}
/// });
/// std::io::copy(&mut Tap::new(response, meter), &mut std::io::sink())?;
/// assert_eq!(updates, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// The response to a request without `"stream": true` is one JSON document: it ends as [`Completion::NonStreamBody`], but
/// [`MessageEnd::message`] is that message. A compressed body cannot be read: a gateway removes `accept-encoding` from
/// the request.
///
/// It holds the message while it passes: at most 64 MiB
/// ([`DEFAULT_MAX_BYTES`](ssewire_messages::Accumulator::DEFAULT_MAX_BYTES)).
pub struct MessageObserver<F> {
    decoder: MessageDecoder,
    on_observed: F,
}

/// What a [`MessageObserver`] sees.
#[derive(Debug)]
#[non_exhaustive]
pub enum Observed<'a> {
    /// An event has changed the message.
    Update(UpdateEvent<'a>),
    /// Nothing more will come.
    End(MessageEnd),
}

/// The end of a message that has passed: what it was, and how it ended.
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

    /// How the message ended.
    #[must_use]
    pub fn completion(&self) -> Completion {
        match &self.result {
            Ok(_) => self.completion,
            Err(incomplete) => incomplete.reason(),
        }
    }

    /// The message as far as it came, also if it came as plain JSON.
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

    /// The message if it is complete.
    ///
    /// # Errors
    /// [`Incomplete`]: the reasons, the server's error, what the body was if it was not a stream.
    pub fn into_result(self) -> Result<Message, Incomplete> {
        self.result
    }

    /// Why the message is not complete, if it is not.
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
    /// Uses a decoder with default limits; lenient.
    pub fn new(on_observed: F) -> Self {
        Self::with_decoder(MessageDecoder::new(), on_observed)
    }

    /// Uses the caller's decoder: strict, with other limits, or with the head of the response.
    pub fn with_decoder(decoder: MessageDecoder, on_observed: F) -> Self {
        Self { decoder, on_observed }
    }
}

impl<F: FnMut(Observed<'_>)> Observer for MessageObserver<F> {
    fn on_chunk(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        // An error ends the message, and the end says which.
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

/// Shows only the end of the message to a closure; made by `tap_message`.
pub struct MessageEndObserver<F> {
    decoder: MessageDecoder,
    on_end: Option<F>,
}

impl<F: FnOnce(MessageEnd)> MessageEndObserver<F> {
    /// Uses a decoder with default limits; lenient.
    pub fn new(on_end: F) -> Self {
        Self::with_decoder(MessageDecoder::new(), on_end)
    }

    /// Uses the caller's decoder: strict, with other limits, or with the head of the response.
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
