//! Observers of a message that passes through a tap.

use core::fmt;

use ssewire_messages::{
    Accumulator, Completion, Incomplete, Message, MessageDecoder, NonStreamBody, ResponseHead, Step, UpdateEvent, Usage,
};

use crate::observe::Observer;

/// Accumulates each message that passes through a [`Tap`](crate::Tap), and passes its updates and its end to a closure:
/// the end at once, though the body may stay open. Bytes between messages are skipped. A body without any message has
/// one end, too, when it ends. In strict mode each rejected event is an end.
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
/// Memory: the message until its end, at most 64 MiB as
/// [`with_max_bytes`](ssewire_messages::Accumulator::with_max_bytes) counts them, in up to four times that memory, and
/// the buffer of the decoder. With [`with_discarded_text`](Self::with_discarded_text), only the last piece of each
/// text.
pub struct MessageObserver<F> {
    messages: Messages,
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

/// A message that has passed, and how it ended; or a body without a message.
pub struct MessageEnd {
    completion: Completion,
    response_head: Option<ResponseHead>,
    result: Result<Message, Incomplete>,
}

impl MessageEnd {
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
                _ => incomplete.partial(),
            },
        }
    }

    /// Returns the message, owned; see [`message`](Self::message).
    #[must_use]
    pub fn into_message(self) -> Message {
        self.result.or_else(Incomplete::into_non_stream_message).unwrap_or_else(Incomplete::into_partial)
    }

    /// Returns the head of the response, if the observer was created by `with_decoder` with a decoder that has it.
    #[must_use]
    pub fn response_head(&self) -> Option<&ResponseHead> {
        self.response_head.as_ref()
    }

    /// Returns the request ID, if there is the [head](Self::response_head) of the response.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.response_head().and_then(ResponseHead::request_id)
    }

    /// Returns the model, as [`Message::model`] does.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.message().model()
    }

    /// Returns the token counts, as [`Message::usage`] does.
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
    /// Creates an observer with default limits and [`Validation::Lenient`](ssewire_messages::Validation): a violation
    /// of the protocol is counted, not an error, and a message that lacks only its `message_stop` is complete.
    pub fn new(on_observed: F) -> Self {
        Self::with_decoder(MessageDecoder::new(), on_observed)
    }

    /// Creates an observer with the given decoder: for `Validation::Strict`, other limits, or the head of the response.
    pub fn with_decoder(decoder: MessageDecoder, on_observed: F) -> Self {
        Self { messages: Messages::new(decoder), on_observed }
    }

    /// Keeps only the last piece of each text, for meters that count: see
    /// [`with_discarded_text`](ssewire_messages::Accumulator::with_discarded_text) of the accumulator. The updates are
    /// the same.
    #[must_use]
    pub fn with_discarded_text(mut self) -> Self {
        self.messages = self.messages.with_discarded_text();
        self
    }
}

impl<F: FnMut(Observed<'_>)> Observer for MessageObserver<F> {
    fn on_chunk(&mut self, bytes: &[u8]) {
        self.messages.decode(bytes, &mut self.on_observed);
    }

    fn on_end(&mut self) {
        self.messages.decode_end(&mut self.on_observed);
    }
}

impl<F> fmt::Debug for MessageObserver<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageObserver").field("decoder", &self.messages.decoder).finish_non_exhaustive()
    }
}

/// Passes only the end of each message to a closure; created by `tap_message`. See [`MessageObserver`].
///
/// ```
/// use std::io::Read as _;
/// use ssewire_io::ssewire_messages::{MessageDecoder, ResponseHead};
/// use ssewire_io::{MessageEndObserver, Tap};
///
/// # let response = &b"data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"output_tokens\":1}}}\n\n"[..];
/// # let headers = [("request-id", "req_1")];
/// let head = ResponseHead::new(200, headers); // `response.status().as_u16()` and `response.headers()`
/// let decoder = MessageDecoder::new().with_response_head(head);
/// let mut bill = Vec::new();
/// let meter = MessageEndObserver::with_decoder(decoder, |end| {
///     bill.push((end.request_id().map(str::to_owned), end.message().output_tokens()));
/// });
/// std::io::copy(&mut Tap::new(response, meter.with_discarded_text()), &mut std::io::sink())?;
/// assert_eq!(bill, [(Some("req_1".to_owned()), Some(1))]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct MessageEndObserver<F> {
    messages: Messages,
    on_end: F,
}

impl<F: FnMut(MessageEnd)> MessageEndObserver<F> {
    /// Creates an observer with default limits and [`Validation::Lenient`](ssewire_messages::Validation): a violation
    /// of the protocol is counted, not an error, and a message that lacks only its `message_stop` is complete.
    pub fn new(on_end: F) -> Self {
        Self::with_decoder(MessageDecoder::new(), on_end)
    }

    /// Creates an observer with the given decoder: for `Validation::Strict`, other limits, or the head of the response.
    pub fn with_decoder(decoder: MessageDecoder, on_end: F) -> Self {
        Self { messages: Messages::new(decoder), on_end }
    }

    /// Keeps only the last piece of each text, for meters that count: see
    /// [`with_discarded_text`](ssewire_messages::Accumulator::with_discarded_text) of the accumulator.
    #[must_use]
    pub fn with_discarded_text(mut self) -> Self {
        self.messages = self.messages.with_discarded_text();
        self
    }
}

impl<F: FnMut(MessageEnd)> Observer for MessageEndObserver<F> {
    fn on_chunk(&mut self, bytes: &[u8]) {
        self.messages.decode(bytes, &mut only_ends(&mut self.on_end));
    }

    fn on_end(&mut self) {
        self.messages.decode_end(&mut only_ends(&mut self.on_end));
    }
}

fn only_ends(on_end: &mut impl FnMut(MessageEnd)) -> impl FnMut(Observed<'_>) {
    |observed| {
        if let Observed::End(end) = observed {
            on_end(end);
        }
    }
}

impl<F> fmt::Debug for MessageEndObserver<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageEndObserver").field("decoder", &self.messages.decoder).finish_non_exhaustive()
    }
}

/// The messages of a body, one after another.
struct Messages {
    decoder: MessageDecoder,
    /// Set after the first message: the absence of a further one is not observed.
    is_later: bool,
}

impl Messages {
    fn new(decoder: MessageDecoder) -> Self {
        Self { decoder, is_later: false }
    }

    fn with_discarded_text(self) -> Self {
        Self { decoder: self.decoder.map_accumulator(Accumulator::with_discarded_text), ..self }
    }

    fn decode(&mut self, mut input: &[u8], on_observed: &mut impl FnMut(Observed<'_>)) {
        loop {
            match self.decoder.decode(&mut input) {
                Ok(Step::Update(event)) => on_observed(Observed::Update(event)),
                Ok(Step::NeedInput) => return,
                // In strict mode, an error ends the message, too.
                Ok(Step::Ended) | Err(_) => on_observed(Observed::End(self.next_message())),
            }
        }
    }

    fn decode_end(&mut self, on_observed: &mut impl FnMut(Observed<'_>)) {
        loop {
            let is_rejected = match self.decoder.decode_end() {
                Ok(Some(event)) => {
                    on_observed(Observed::Update(event));
                    continue;
                }
                Ok(None) => false,
                Err(_) => true,
            };
            if self.is_later && !self.decoder.has_started() && !is_rejected {
                return;
            }
            // A `message_start` without its blank line ends a message, and starts a further one.
            on_observed(Observed::End(self.next_message()));
        }
    }

    fn next_message(&mut self) -> MessageEnd {
        self.is_later = true;
        let completion = self.decoder.completion();
        let response_head = self.decoder.response_head().cloned();
        MessageEnd { completion, response_head, result: self.decoder.next_message() }
    }
}
