//! What the API, or something in front of it, says went wrong.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use serde_json::Value;

use crate::error_kind::ErrorKind;

/// An error that the server reported, in an `error` event or in the body of a response.
///
/// The shape of the Messages API is `{"type":"error","error":{"type":…,"message":…},"request_id":…}`; those of other
/// servers and gateways are read as far as they go, and [`body`](Self::body) keeps whatever came.
///
/// `Display` and `Debug` name the kind and the request id. The message is text that the server chose, so it is only
/// given where it is asked for: by [`message`](Self::message).
#[derive(Clone, PartialEq)]
pub struct ApiError {
    kind: Option<ErrorKind>,
    message: Option<Box<str>>,
    request_id: Option<Box<str>>,
    body: Value,
}

impl ApiError {
    /// Reads an error from its JSON body, whatever its shape.
    #[must_use]
    pub fn from_body(body: Value) -> Self {
        let inner = body.get("error").filter(|inner| inner.is_object()).unwrap_or(&body);
        let request_id = text_of(&body, "request_id").or_else(|| text_of(inner, "request_id"));
        Self { kind: kind_of(inner), message: message_of(&body, inner), request_id, body }
    }

    /// An error that came as plain text; empty if it came without any.
    pub(crate) fn from_text(text: String) -> Self {
        let message = if text.is_empty() { None } else { Some(text.as_str().into()) };
        Self { kind: None, message, request_id: None, body: Value::String(text) }
    }

    /// The kind of the error, if it can be told.
    #[must_use]
    pub fn kind(&self) -> Option<&ErrorKind> {
        self.kind.as_ref()
    }

    /// The server's own words.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The identifier of the request, `req_…`: what support will ask for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The error as it came.
    #[must_use]
    pub fn body(&self) -> &Value {
        &self.body
    }
}

fn kind_of(inner: &Value) -> Option<ErrorKind> {
    let code = inner.get("code");
    let named = inner.get("type").and_then(Value::as_str).filter(|kind| !kind.is_empty() && *kind != "error");
    named.map(ErrorKind::from).or_else(|| match code? {
        Value::String(code) => Some(ErrorKind::from(code.as_str())),
        code => ErrorKind::from_status(u16::try_from(code.as_u64()?).ok()?),
    })
}

/// `error.message` (Messages API, OpenAI), `message` (vLLM), `error` as a string (Ollama), `detail` (FastAPI).
fn message_of(body: &Value, inner: &Value) -> Option<Box<str>> {
    text_of(inner, "message")
        .or_else(|| text_of(body, "error"))
        .or_else(|| text_of(body, "detail"))
        .or_else(|| text_of(body, "message"))
        .or_else(|| body.as_str().map(Into::into))
}

fn text_of(object: &Value, name: &str) -> Option<Box<str>> {
    object.get(name)?.as_str().map(Into::into)
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Some(kind) => write!(f, "the server reported {kind}")?,
            None => f.write_str("the server reported an error")?,
        }
        match &self.request_id {
            Some(id) => write!(f, " for request {id}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("kind", &self.kind)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

impl core::error::Error for ApiError {}
