//! Events that are JSON, of any vendor, until `[DONE]`.

mod error;
#[cfg(feature = "std")]
mod read;
#[cfg(feature = "stream")]
mod stream;
mod vendor_error;

use alloc::string::String;
use core::marker::PhantomData;

use serde::de::DeserializeOwned;
use ssewire::{DecodeError, Decoder, Event, EventSpan, Truncated};

pub use self::error::{JsonPayloadError, JsonPayloadErrorKind, JsonStreamError};
#[cfg(feature = "std")]
pub use self::read::JsonReader;
#[cfg(feature = "stream")]
pub use self::stream::JsonStream;
use self::vendor_error::is_vendor_error;
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

/// Kind of an event in a stream of JSON.
#[derive(Debug)]
pub(crate) enum Parsed<T> {
    /// `[DONE]`.
    Done,
    Value(JsonEvent<T>),
    Other(JsonPayloadError),
}

/// Classifies events as JSON payloads.
#[derive(Debug)]
pub(crate) struct Json<T>(PhantomData<fn() -> T>);

impl<T> Decode for Json<T> {
    type Decoder = Decoder;
    type Span = EventSpan;

    fn poll(decoder: &mut Decoder, input: &mut &[u8]) -> Result<Option<EventSpan>, DecodeError> {
        Events::poll(decoder, input)
    }

    fn finish(decoder: &mut Decoder) -> Result<(), Truncated> {
        Events::finish(decoder)
    }

    fn completion(decoder: &Decoder) -> &'static [u8] {
        Events::completion(decoder)
    }
}

impl<T: DeserializeOwned> Resolve for Json<T> {
    type Item = Parsed<T>;

    fn resolve_owned(decoder: &mut Decoder, chunk: &[u8], span: EventSpan) -> Parsed<T> {
        parse(decoder.resolve(chunk, span))
    }
}

/// Separates values from the end marker and from errors of the vendor, which a `T` with optional members would accept.
fn parse<T: DeserializeOwned>(event: Event<'_>) -> Parsed<T> {
    if event.is_done() {
        return Parsed::Done;
    }
    if is_vendor_error(event) {
        return Parsed::Other(JsonPayloadError::new(event, JsonPayloadErrorKind::Reported));
    }
    match serde_json::from_slice(event.data()) {
        Ok(value) => Parsed::Value(JsonEvent { event_type: event.event_type_lossy().to_cow().into_owned(), value }),
        Err(error) => Parsed::Other(JsonPayloadError::new(event, JsonPayloadErrorKind::of(&error))),
    }
}
