use alloc::boxed::Box;
use alloc::string::String;
use core::error::Error;
use core::fmt;

use serde::Deserialize;
use serde_json::error::Category;

use crate::error::EventError;

/// The error of a stream of JSON.
///
/// An [`Error`] if the transport's error is one; see [common behaviour](crate#common-behaviour).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum JsonStreamError<E> {
    /// The transport failed, a read timed out, an event was lost, or the input was truncated.
    Event(EventError<E>),
    /// The payload of an event is not a `T`: usually an error that the server reports. The stream continues after it,
    /// except after [`NonStreamBody`](JsonPayloadErrorKind::NonStreamBody).
    Payload(JsonPayloadError),
    /// The input ended without `[DONE]`, perhaps within a payload: it was cut, or the server ended it after an error
    /// that it reported. Only if `with_required_done` of the stream or reader was called.
    MissingDone,
}

/// Payload that is not of the expected type, or the beginning of a body that is not an event stream: usually an error
/// of the vendor. [`parse`](Self::parse) reads it as the vendor's type, if it is JSON and complete.
///
/// It has the position of the error, but not its reason, which may quote the payload: `parse::<T>()` with the type of
/// the stream returns the error of serde_json, which has both.
#[derive(Clone)]
pub struct JsonPayloadError(Box<Parts>);

#[derive(Clone)]
struct Parts {
    kind: JsonPayloadErrorKind,
    event_type: String,
    text: String,
    /// Line and column; zeros if unknown.
    position: (usize, usize),
}

/// Kind of a [`JsonPayloadError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonPayloadErrorKind {
    /// An error of the server: the event is of the type `error`; or its payload has a member `error` that is not null,
    /// or is of the `type` or `object` `error`. `ApiError::from_body` of ssewire-messages reads its kind and message,
    /// but takes no kind of another vendor for retryable.
    Reported,
    /// The payload is not valid JSON.
    Syntax,
    /// The payload ends before its JSON does. Or it is a number, and its event is unfinished at the end of the input:
    /// digits may be missing.
    Eof,
    /// The payload is JSON, but not of the type.
    Data,
    /// The input has ended without any event, and begins with `{`, `[` or `<`: a JSON document, lines of JSON, or a web
    /// page, usually the error of a server or a gateway. The payload is the first 4 KiB of the body, or all of a
    /// shorter one, without a byte order mark and white space around it. This error is final.
    NonStreamBody,
}

impl JsonPayloadErrorKind {
    pub(super) fn of(error: &serde_json::Error) -> Self {
        match error.classify() {
            Category::Eof => Self::Eof,
            Category::Data => Self::Data,
            Category::Syntax | Category::Io => Self::Syntax,
        }
    }
}

impl JsonPayloadError {
    pub(super) fn new(event_type: String, text: String, kind: JsonPayloadErrorKind, position: (usize, usize)) -> Self {
        Self(Box::new(Parts { kind, event_type, text, position }))
    }

    /// Returns the kind of the payload.
    #[must_use]
    pub fn kind(&self) -> JsonPayloadErrorKind {
        self.0.kind
    }

    /// Returns the line of [`text`](Self::text) where the error was noticed, from 1; 0 if unknown, as for an error that
    /// the server reported.
    #[must_use]
    pub fn line(&self) -> usize {
        self.0.position.0
    }

    /// Returns the byte of that line, from 1; 0 if unknown.
    #[must_use]
    pub fn column(&self) -> usize {
        self.0.position.1
    }

    /// Returns the event type, `message` if the block set none; empty if there was no event.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.0.event_type
    }

    /// Returns the payload, with U+FFFD for ill-formed UTF-8. `Display` and `Debug` do not contain it, so that text of
    /// a model does not get into logs.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Returns the payload.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0.text
    }

    /// Parses the payload as another type, the vendor's error; or as the type of the stream, for the reason of this
    /// error.
    ///
    /// # Errors
    /// The error of serde_json.
    pub fn parse<'a, V: Deserialize<'a>>(&'a self) -> Result<V, serde_json::Error> {
        serde_json::from_str(&self.0.text)
    }
}

impl<E> JsonStreamError<E> {
    /// Returns whether the stream has ended. If not, call again to continue.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Event(error) => error.is_final(),
            Self::Payload(error) => error.kind() == JsonPayloadErrorKind::NonStreamBody,
            Self::MissingDone => true,
        }
    }

    /// Returns the transport's error, if it failed or timed out.
    #[must_use]
    pub fn transport(&self) -> Option<&E> {
        match self {
            Self::Event(error) => error.transport(),
            Self::Payload(_) | Self::MissingDone => None,
        }
    }

    /// Returns the transport's error, owned, if it failed or timed out.
    #[must_use]
    pub fn into_transport(self) -> Option<E> {
        match self {
            Self::Event(error) => error.into_transport(),
            Self::Payload(_) | Self::MissingDone => None,
        }
    }

    /// Converts the transport's error.
    #[must_use]
    pub fn map_transport<F>(self, convert: impl FnOnce(E) -> F) -> JsonStreamError<F> {
        match self {
            Self::Event(error) => JsonStreamError::Event(error.map_transport(convert)),
            Self::Payload(error) => JsonStreamError::Payload(error),
            Self::MissingDone => JsonStreamError::MissingDone,
        }
    }
}

impl<E: fmt::Display> fmt::Display for JsonStreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(error) => error.fmt(f),
            Self::Payload(error) => error.fmt(f),
            Self::MissingDone => f.write_str("input ended without [DONE]"),
        }
    }
}

/// `Display` prints the transport's error, so `source` returns the source of that error.
impl<E: Error + 'static> Error for JsonStreamError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.transport()?.source()
    }
}

impl<E> From<EventError<E>> for JsonStreamError<E> {
    fn from(error: EventError<E>) -> Self {
        Self::Event(error)
    }
}

impl fmt::Display for JsonPayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.kind {
            JsonPayloadErrorKind::Reported => "server reported an error in an event",
            JsonPayloadErrorKind::Syntax => "event payload is not valid JSON",
            JsonPayloadErrorKind::Eof => "event payload ends before its JSON does",
            JsonPayloadErrorKind::Data => "event payload is JSON, but not of the expected type",
            JsonPayloadErrorKind::NonStreamBody => "body is JSON or a web page, not an event stream",
        })?;
        match self.0.position {
            (0, _) => Ok(()),
            (line, column) => write!(f, " (line {line}, column {column})"),
        }
    }
}

impl fmt::Debug for JsonPayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonPayloadError")
            .field("kind", &self.0.kind)
            .field("bytes", &self.0.text.len())
            .finish_non_exhaustive()
    }
}

impl Error for JsonPayloadError {}
