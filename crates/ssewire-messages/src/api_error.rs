//! Errors that the API, or a gateway in front of it, reports.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::error_kind::ErrorKind;
use crate::json::{RawJson, RawJsonRef, push_string, quoted_len};
use crate::memory::compact;
use crate::response_head::{ResponseHead, is_retryable_status};

/// An error that the server reported, in an `error` event or in the body of a response.
///
/// The shape of the Messages API is `{"type":"error","error":{"type":…,"message":…},"request_id":…}`; those of other
/// servers and gateways are read as well as possible, and [`body`](Self::body) keeps all of it.
///
/// `Display` and `Debug` name the kind, the status and the request id. The message is text of the server, so only
/// [`message`](Self::message) returns it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiError {
    kind: Option<ErrorKind>,
    // Not boxed: to give back the capacity of decoded text would copy it.
    message: Option<String>,
    request_id: Option<Box<str>>,
    body: RawJson,
    // Boxed: errors are in enums beside small variants.
    response_head: Option<Box<ResponseHead>>,
}

impl ApiError {
    /// Reads an error from its JSON body, of any shape. It keeps the kind of another vendor, but
    /// [`is_retryable`](Self::is_retryable) does not know it.
    #[must_use]
    pub fn from_body(body: RawJson) -> Self {
        let (outer, inner) = (outer(body.as_json()), inner(body.as_json()));
        let request_id = word_of(outer, "request_id").or_else(|| word_of(inner, "request_id")).map(Into::into);
        let (kind, message) = (kind_of(inner), message_of(outer, inner));
        Self { kind, message, request_id, body, response_head: None }
    }

    /// Returns whether a body, or a line of one, is an error. `docs/protocol.md`, headings "Errors" and
    /// "Bodies that are not an event stream".
    pub(crate) fn is_in_json(json: RawJsonRef<'_>) -> bool {
        let object = outer(json);
        let text = |name| object.get(name).and_then(RawJsonRef::decode_string);
        let has = |member| object.get(member).is_some_and(|member| !member.is_null());
        let kind = text("type");
        kind.as_deref() == Some("error")
            || text("object").as_deref() == Some("error")
            || has("error")
            || has("detail")
            || (kind.is_none() && !has("content") && (has("message") || (has("code") && has("msg"))))
    }

    /// Reads an error from an unsuccessful response.
    ///
    /// The body may be JSON of any shape, text, a web page or nothing. Text is the message if it is short and plain.
    /// If the body does not name the kind, the status does.
    #[must_use]
    pub fn from_response(head: ResponseHead, body: &[u8]) -> Self {
        let error = match json(body) {
            Some(value) => Self::from_body(value),
            None => {
                let text = core::str::from_utf8(body).ok();
                let message = text.and_then(|text| short_text(&head, text)).map(Into::into);
                let body = text.filter(|text| !text.is_empty()).map_or_else(null, quoted);
                Self { kind: None, message, request_id: None, body, response_head: None }
            }
        };
        let kind = error.kind.or_else(|| ErrorKind::from_status(head.status()));
        Self { kind, response_head: Some(Box::new(head)), ..error }
    }

    /// Creates an error of plain text, which may be empty.
    pub(crate) fn from_text(text: String) -> Self {
        let body = quoted(&text);
        let message = if text.is_empty() { None } else { Some(text) };
        Self { kind: None, message, request_id: None, body, response_head: None }
    }

    /// Returns the kind of the error, if the error names one.
    #[must_use]
    pub fn kind(&self) -> Option<&ErrorKind> {
        self.kind.as_ref()
    }

    /// Returns the message of the server.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Returns the code of the error (Messages API: `error.details.error_code`).
    #[must_use]
    pub fn error_code(&self) -> Option<Cow<'_, str>> {
        inner(self.body.as_json()).get("details")?.get("error_code")?.decode_string()
    }

    /// Returns the identifier of the request, `req_…`, which support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref().or_else(|| self.response_head()?.request_id())
    }

    /// Returns the HTTP status of the response, if its head is known.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.response_head().map(ResponseHead::status)
    }

    /// Adds the head of the response, whose body was or had the error, unless the error has one.
    pub(crate) fn add_response_head(&mut self, head: &ResponseHead) {
        self.response_head.get_or_insert_with(|| Box::new(head.clone()));
    }

    /// Returns the head of the response, if it is known.
    #[must_use]
    pub fn response_head(&self) -> Option<&ResponseHead> {
        self.response_head.as_deref()
    }

    /// Returns the complete error: JSON, or text as a JSON string. `null` if it was neither.
    #[must_use]
    pub fn body(&self) -> &RawJson {
        &self.body
    }

    /// Returns whether another request may succeed. After an error in place of a stream, that is the same request;
    /// after one within a stream, see [`Incomplete::is_retryable`](crate::Incomplete::is_retryable).
    ///
    /// The header `x-should-retry` decides if there is one, else the status or the kind. An `overloaded_error` in a
    /// stream with status 200 is as retryable as status 529. An error without a status and of an unknown kind is
    /// retryable if its body names a retryable status (`"code": 503`). Kinds of other vendors are unknown, for example
    /// `server_error` and `rate_limit_exceeded` of OpenAI: compare [`kind`](Self::kind) with them, too.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.response_head().and_then(ResponseHead::should_retry).unwrap_or_else(|| {
            let by_kind = self.kind().is_some_and(ErrorKind::is_retryable);
            let is_known = self.kind().is_some_and(|kind| !matches!(kind, ErrorKind::Unknown(_)));
            // A gateway may wrap an error in a response with a success status.
            let in_body = || if is_known { None } else { status_in(inner(self.body.as_json())) };
            let status = self.status().filter(|status| *status >= 400).or_else(in_body);
            by_kind || status.is_some_and(is_retryable_status)
        })
    }
}

/// Returns the JSON in a body. A bare number or word there is text.
fn json(body: &[u8]) -> Option<RawJson> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii();
    if !matches!(body.first(), Some(b'{' | b'[' | b'"')) {
        return None;
    }
    RawJson::from_payload(body).ok()
}

fn null() -> RawJson {
    RawJson::from_valid("null".into())
}

fn quoted(text: &str) -> RawJson {
    let mut json = String::with_capacity(quoted_len(text));
    push_string(&mut json, text);
    RawJson::from_valid(json)
}

/// Returns text that a person may have written for a person: neither a page nor a dump.
fn short_text<'a>(head: &ResponseHead, text: &'a str) -> Option<&'a str> {
    const MAX: usize = 1024;
    let text = text.trim_start_matches('\u{FEFF}').trim();
    let is_html = |kind: &str| kind.as_bytes().windows(4).any(|part| part.eq_ignore_ascii_case(b"html"));
    let is_page = text.starts_with('<') || head.content_type().is_some_and(is_html);
    let is_plain = !text.chars().any(|c| c.is_control() && !c.is_whitespace());
    (!text.is_empty() && text.len() <= MAX && !is_page && is_plain).then_some(text)
}

/// Returns the first element of a list: Google's servers put the error into one.
#[inline(never)]
fn outer(body: RawJsonRef<'_>) -> RawJsonRef<'_> {
    body.elements().next().unwrap_or(body)
}

/// Returns the object that describes the error.
fn inner(body: RawJsonRef<'_>) -> RawJsonRef<'_> {
    let outer = outer(body);
    let described = ["error", "detail"].iter().filter_map(|name| outer.get(name)).find(|inner| inner.is_object());
    described.unwrap_or(outer)
}

/// Returns `type`, or else `code` as a name (OpenAI), a status there (llama.cpp), or the name of the status (Google).
fn kind_of(inner: RawJsonRef<'_>) -> Option<ErrorKind> {
    let mut name = word_of(inner, "type").filter(|kind| kind != "error");
    if name.is_none() {
        let status = status_in(inner);
        if let Some(kind) = status.and_then(ErrorKind::from_status) {
            return Some(kind);
        }
        if status.is_none() {
            name = word_of(inner, "code");
        }
        name = name.or_else(|| word_of(inner, "status"));
    }
    name.map(|name| ErrorKind::from(&*name))
}

/// Returns the HTTP status that a body names as `code`.
fn status_in(inner: RawJsonRef<'_>) -> Option<u16> {
    u16::try_from(inner.get("code")?.count()?).ok().filter(|status| matches!(status, 400..=599))
}

/// Returns `error.message` (Messages API, OpenAI, llama.cpp, Google), `error` as a string (Ollama), `detail` (FastAPI),
/// `message` (vLLM, AWS), `Message` (AWS), `msg` (beside a numeric `code`), or a string and nothing else.
fn message_of(outer: RawJsonRef<'_>, inner: RawJsonRef<'_>) -> Option<String> {
    let members = [
        (inner, "message"),
        (outer, "error"),
        (outer, "detail"),
        (outer, "message"),
        (outer, "Message"),
        (outer, "msg"),
    ];
    let text = members.iter().find_map(|(object, name)| text_of(*object, name));
    text.or_else(|| fastapi_messages(outer.get("detail")?)).or_else(|| outer.decode_string()).map(Cow::into_owned)
}

/// Joins the messages of a list: FastAPI lists each member of the request that is invalid: `[{"msg":…,"loc":…}]`.
// Out of line: smaller, and rarely called.
#[inline(never)]
fn fastapi_messages(detail: RawJsonRef<'_>) -> Option<Cow<'_, str>> {
    // Enough for all of them: to grow would hold three times as much.
    let mut all = String::with_capacity(detail.as_str().len());
    for message in detail.elements().filter_map(|item| text_of(item, "msg")) {
        if !all.is_empty() {
            all.push_str("; ");
        }
        all.push_str(&message);
    }
    (!all.is_empty()).then(|| compact(all.into()).into())
}

/// Returns the text of a member.
// Out of line: inlining duplicates it, and no hot path calls it.
#[inline(never)]
fn text_of<'a>(object: RawJsonRef<'a>, name: &str) -> Option<Cow<'a, str>> {
    object.get(name)?.decode_string()
}

/// Returns a name or an identifier. These are shown in logs, where prose and line ends of the server's choice have no
/// place.
#[inline(never)]
fn word_of<'a>(object: RawJsonRef<'a>, name: &str) -> Option<Cow<'a, str>> {
    let text = text_of(object, name)?;
    let is_word = matches!(text.len(), 1..=128) && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_word.then_some(text)
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Some(kind) => write!(f, "server reported {kind}")?,
            None => f.write_str("server reported an error")?,
        }
        if let Some(status) = self.status().filter(|status| *status >= 400) {
            write!(f, " (status {status})")?;
        }
        match self.request_id() {
            Some(id) => write!(f, " for request {id}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("kind", &self.kind)
            .field("status", &self.status())
            .field("request_id", &self.request_id())
            .finish_non_exhaustive()
    }
}

impl core::error::Error for ApiError {}
