//! Events that are JSON, of any vendor, until `[DONE]`.

mod body_decoder;
mod error;
#[cfg(feature = "std")]
mod read;
#[cfg(feature = "stream")]
mod stream;
mod vendor_error;

use alloc::string::String;
use alloc::vec::Vec;
use core::marker::PhantomData;

use serde::de::{DeserializeOwned, IgnoredAny};
use ssewire::{DecodeError, Event, EventSpan, Truncated};

use self::body_decoder::BodyDecoder;
pub use self::error::{JsonPayloadError, JsonPayloadErrorKind, JsonStreamError};
#[cfg(feature = "std")]
pub use self::read::JsonReader;
#[cfg(feature = "stream")]
pub use self::stream::JsonStream;
use self::vendor_error::is_vendor_error;
use crate::error::EventError;
use crate::format::{Decode, Events, Resolve};

/// An event whose payload is a `T`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JsonEvent<T> {
    /// The event type, `message` if the block set none.
    pub event_type: String,
    /// The payload.
    pub value: T,
}

impl<T> JsonEvent<T> {
    /// Creates an event, for example for the test of a function that takes a stream of them.
    #[must_use]
    pub fn new(event_type: impl Into<String>, value: T) -> Self {
        Self { event_type: event_type.into(), value }
    }
}

/// Kind of an event in a stream of JSON.
#[derive(Debug)]
pub(crate) enum Parsed<T> {
    /// `[DONE]`.
    Done,
    Value(JsonEvent<T>),
    /// An error of the vendor, or a payload that is not a `T`.
    Error(JsonPayloadError),
    /// A payload that the end of the input cut.
    Unfinished(JsonPayloadError),
}

/// How far a stream of JSON has come, and whether it may end without `[DONE]`.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    requires_done: bool,
    state: State,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    Done,
    /// The input has ended, and `None` or a final error was returned.
    Ended,
}

impl Progress {
    pub(crate) fn with_required_done(self) -> Self {
        Self { requires_done: true, ..self }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Returns whether nothing follows.
    pub(crate) fn is_ended(&self) -> bool {
        self.state != State::Open
    }

    /// Starts a new input.
    pub(crate) fn reopen(&mut self) {
        self.state = State::Open;
    }

    /// Converts the next item of the events, which the decoder has returned.
    pub(crate) fn next<T, E>(
        &mut self,
        item: Option<Result<Parsed<T>, EventError<E>>>,
        decoder: &BodyDecoder,
    ) -> Option<Result<JsonEvent<T>, JsonStreamError<E>>> {
        let is_at_end = matches!(item, None | Some(Err(EventError::Truncated(_))));
        if let Some(body) = is_at_end.then(|| decoder.non_stream_body()).flatten() {
            self.state = State::Ended;
            return Some(Err(JsonStreamError::Payload(body)));
        }
        let error = match item {
            Some(Ok(Parsed::Value(event))) => return Some(Ok(event)),
            Some(Ok(Parsed::Done)) => {
                self.state = State::Done;
                return None;
            }
            Some(Ok(Parsed::Unfinished(_))) | None if self.requires_done => JsonStreamError::MissingDone,
            Some(Ok(Parsed::Error(error) | Parsed::Unfinished(error))) => JsonStreamError::Payload(error),
            Some(Err(error)) => JsonStreamError::Event(error),
            None => {
                self.state = State::Ended;
                return None;
            }
        };
        if error.is_final() {
            self.state = State::Ended;
        }
        Some(Err(error))
    }
}

/// Classifies events as JSON payloads.
#[derive(Debug)]
pub(crate) struct Json<T>(PhantomData<fn() -> T>);

impl<T> Decode for Json<T> {
    type Decoder = BodyDecoder;
    type Span = EventSpan;
    type Buffer = Vec<u8>;

    fn decoder() -> BodyDecoder {
        BodyDecoder::new(Events::decoder())
    }

    fn poll(decoder: &mut BodyDecoder, input: &mut &[u8]) -> Result<Option<EventSpan>, DecodeError> {
        decoder.poll(input)
    }

    fn finish(decoder: &mut BodyDecoder) -> Result<(), Truncated> {
        decoder.finish()
    }

    fn completion(decoder: &BodyDecoder) -> &'static [u8] {
        Events::completion(&decoder.decoder)
    }
}

impl<T: DeserializeOwned> Resolve for Json<T> {
    /// `None`: a keep-alive.
    type Item = Option<Parsed<T>>;

    fn resolve_owned(decoder: &mut BodyDecoder, chunk: &[u8], span: EventSpan) -> Option<Parsed<T>> {
        parse(decoder.decoder.resolve_event(chunk, span), true)
    }

    fn resolve_unfinished(decoder: &mut BodyDecoder, chunk: &[u8], span: EventSpan) -> Option<Parsed<T>> {
        parse(decoder.decoder.resolve_event(chunk, span), false)
    }
}

/// Separates values from the end marker and from errors of the vendor, which a `T` with optional members would accept.
/// `None`: blank data, which is a keep-alive, whatever its event type, except `error`. Not at the end of the input,
/// which may have cut it.
fn parse<T: DeserializeOwned>(event: Event<'_>, is_finished: bool) -> Option<Parsed<T>> {
    let event_type = event.event_type_lossy().to_cow();
    // Decoded once, with replacement: strings that serde skips are not checked for ill-formed UTF-8.
    let payload = event.data_lossy().to_cow();
    if ssewire::is_done(payload.as_bytes()) {
        return Some(Parsed::Done);
    }
    if is_finished && event_type != "error" && payload.trim_ascii().is_empty() {
        return None;
    }
    let parsed = if event_type == "error" || is_vendor_error(&payload) {
        Err((JsonPayloadErrorKind::Reported, (0, 0)))
    } else if !is_finished && is_number(&payload) {
        Err((JsonPayloadErrorKind::Eof, (0, 0)))
    } else {
        serde_json::from_str(&payload)
            .map_err(|error| (JsonPayloadErrorKind::of(&error), (error.line(), error.column())))
    };
    Some(match parsed {
        Ok(value) => Parsed::Value(JsonEvent::new(event_type, value)),
        Err((kind, position)) => {
            let error = JsonPayloadError::new(event_type.into_owned(), payload.into_owned(), kind, position);
            if !is_finished && is_cut(&error) { Parsed::Unfinished(error) } else { Parsed::Error(error) }
        }
    })
}

/// Returns whether the end of the input cut the payload, given that it came before the end of its event.
fn is_cut(error: &JsonPayloadError) -> bool {
    match error.kind() {
        // Complete JSON, or of the type `error`.
        JsonPayloadErrorKind::Reported | JsonPayloadErrorKind::NonStreamBody => false,
        JsonPayloadErrorKind::Eof => true,
        // serde_json returns these as soon as it sees them: the text may be complete, or end later.
        JsonPayloadErrorKind::Syntax | JsonPayloadErrorKind::Data => error.parse::<IgnoredAny>().is_err(),
    }
}

/// Returns whether the payload is a number, which may lack its last digits. Every other JSON value shows where it ends.
fn is_number(payload: &str) -> bool {
    // No other JSON ends with a digit. The type `Number` would reject a number out of range.
    payload.trim_ascii_end().ends_with(|last: char| last.is_ascii_digit())
        && serde_json::from_str::<IgnoredAny>(payload).is_ok()
}

/// The methods of both adapters that need only their events and their progress.
macro_rules! json_methods {
    () => {
        /// Sets what happens to an unfinished event when the input ends; here [`UnfinishedEvent::Dispatch`] by default.
        pub fn with_unfinished_event(self, policy: UnfinishedEvent) -> Self {
            Self { events: self.events.with_unfinished_event(policy), ..self }
        }

        /// Makes an end without `[DONE]` one final error, [`JsonStreamError::MissingDone`]: for vendors that always
        /// send it, and where the stream is passed on as another type, so that nobody can call
        /// [`is_done`](Self::is_done). A payload that the end of the input cut is the same error, except with
        /// [`UnfinishedEvent::Report`], where it is [`EventError::Truncated`](crate::EventError::Truncated). If the
        /// server reported an error and then ended the stream, this error follows the reported one, which is the cause.
        pub fn with_required_done(self) -> Self {
            Self { progress: self.progress.with_required_done(), ..self }
        }

        /// Returns whether `[DONE]` was received, perhaps with white space around it.
        #[must_use]
        pub fn is_done(&self) -> bool {
            self.progress.is_done()
        }

        /// Returns the decoder, which keeps the last event ID and the reconnection time.
        #[must_use = "returns a reference and changes nothing"]
        pub fn decoder(&self) -> &Decoder {
            &self.events.decoder().decoder
        }

        /// Returns the decoder, to change its last event ID before another connection.
        pub fn decoder_mut(&mut self) -> &mut Decoder {
            &mut self.events.decoder_mut().decoder
        }

        /// Returns the decoder for another connection. It keeps the last event ID, the reconnection time and the
        /// limits; the unfinished event is discarded.
        pub fn into_decoder(self) -> Decoder {
            self.events.into_decoder().decoder
        }
    };
}
use json_methods;
