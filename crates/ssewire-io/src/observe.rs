//! What a tap is looked through with.

use core::fmt;

use ssewire::{Decoder, Event};
#[cfg(feature = "messages")]
use ssewire_messages::{Completion, Incomplete, Message, MessageDecoder, NonStreamBody, Step, UpdateEvent};

/// What looks at the bytes that pass through a [`Tap`](crate::Tap).
pub trait Observe {
    /// The next bytes have passed.
    fn chunk(&mut self, bytes: &[u8]);

    /// Nothing more will pass: the input has ended or failed, or whoever took it has gone. Called once.
    fn end(&mut self) {}
}

/// Shows each event to a closure. Events that are too large for the decoder are left out.
#[derive(Default)]
pub struct EventObserver<F> {
    decoder: Decoder,
    event: F,
}

impl<F: FnMut(Event<'_>)> EventObserver<F> {
    /// With the decoder's default limits.
    pub fn new(event: F) -> Self {
        Self::with_decoder(Decoder::new(), event)
    }

    /// With a decoder of the caller's: another limit, or a last event ID.
    pub fn with_decoder(decoder: Decoder, event: F) -> Self {
        Self { decoder, event }
    }
}

impl<F: FnMut(Event<'_>)> Observe for EventObserver<F> {
    fn chunk(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        loop {
            match self.decoder.decode(&mut input) {
                Ok(Some(event)) => (self.event)(event),
                Ok(None) => break,
                Err(_left_out) => {}
            }
        }
    }
}

impl<F> fmt::Debug for EventObserver<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventObserver").field("decoder", &self.decoder).finish_non_exhaustive()
    }
}

/// Accumulates the message that passes by, and shows its updates and its end to a closure: what a gateway bills by.
///
/// ```
/// use std::io::Read as _;
/// use ssewire_io::{MessageObserver, Observed, Tap};
///
/// # let response = &b"data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"output_tokens\":1}}}\n\n"[..];
/// let meter = MessageObserver::new(|observed| {
///     if let Observed::End { message, completion, .. } = observed {
///         // What came, also where the stream was cut or the client went away.
///         println!("{:?} tokens; {completion}", message.output_tokens());
///     }
/// });
/// std::io::copy(&mut Tap::new(response, meter), &mut std::io::sink())?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// The answer to a request without `"stream": true` is one JSON document: it ends as [`Completion::NonStreamBody`], but the
/// message is there. A compressed body is noise: a gateway takes `accept-encoding` out of the request.
///
/// It holds the message while it passes: at most 64 MiB
/// ([`DEFAULT_MAX_BYTES`](ssewire_messages::Accumulator::DEFAULT_MAX_BYTES)).
#[cfg(feature = "messages")]
pub struct MessageObserver<F> {
    decoder: MessageDecoder,
    observed: F,
}

/// What a [`MessageObserver`] has seen.
#[cfg(feature = "messages")]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Observed<'a> {
    /// An event has changed the message.
    Update(UpdateEvent<'a>),
    /// Nothing more will come.
    End {
        /// The message, as far as it came; one that came as plain JSON, too.
        message: &'a Message,
        /// How its stream ended.
        completion: Completion,
        /// Unless the message is whole: the reasons, what the server reported, what the body was if it was no stream.
        incomplete: Option<&'a Incomplete>,
    },
}

#[cfg(feature = "messages")]
impl<F: FnMut(Observed<'_>)> MessageObserver<F> {
    /// With default limits; tolerant.
    pub fn new(observed: F) -> Self {
        Self::with_decoder(MessageDecoder::new(), observed)
    }

    /// With a decoder of the caller's: strict, with other limits, or with the head of the response.
    pub fn with_decoder(decoder: MessageDecoder, observed: F) -> Self {
        Self { decoder, observed }
    }
}

#[cfg(feature = "messages")]
impl<F: FnMut(Observed<'_>)> Observe for MessageObserver<F> {
    fn chunk(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        // An error ends the message, and `end` says which.
        while let Ok(Step::Update(event)) = self.decoder.decode(&mut input) {
            (self.observed)(Observed::Update(event));
        }
    }

    fn end(&mut self) {
        while let Ok(Step::Update(event)) = self.decoder.decode_end() {
            (self.observed)(Observed::Update(event));
        }
        let decoder = core::mem::take(&mut self.decoder);
        let completion = decoder.completion();
        match decoder.finish() {
            Ok(message) => (self.observed)(Observed::End { message: &message, completion, incomplete: None }),
            Err(incomplete) => (self.observed)(Observed::End {
                message: match incomplete.non_stream_body() {
                    Some(NonStreamBody::Message(message)) => message,
                    _ => incomplete.message(),
                },
                completion: incomplete.reason(),
                incomplete: Some(&incomplete),
            }),
        }
    }
}

#[cfg(feature = "messages")]
impl<F> fmt::Debug for MessageObserver<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageObserver").field("decoder", &self.decoder).finish_non_exhaustive()
    }
}
