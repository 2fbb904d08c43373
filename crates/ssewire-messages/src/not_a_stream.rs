//! Bodies that are no stream, and what they are instead.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use serde_json::Value;

use crate::api_error::ApiError;
use crate::message::Message;
use crate::wire::FromJson;

/// What a body was that had nothing of a Messages stream in it. `Display` is one sentence that names the likely cause.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum NotAStream {
    /// A message as JSON: the request did not ask for a stream. It is whole, and here it is.
    Message(Box<Message>),
    /// An error as JSON.
    Error(ApiError),
    /// Other JSON.
    Json,
    /// A web page.
    Html,
    /// Compressed bytes.
    Compressed,
    /// Other bytes that are no text.
    Binary,
    /// Other text.
    Text,
    /// Something that is no event stream even by its content type, which is given: without parameters, in lower case.
    /// What can be told by the bytes themselves is told by the cases above.
    ContentType(Box<str>),
    /// Nothing at all, or only line ends.
    Empty,
    /// An event stream, but without any event: only comments, or fields that set something.
    OnlyComments,
    /// An event stream of another protocol.
    OtherEvents,
    /// An event stream with nothing but `[DONE]`.
    OnlyDone,
}

impl fmt::Display for NotAStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message(_) => {
                "the body is a plain JSON message and no stream: the request probably lacks \"stream\": true"
            }
            Self::Error(error) => return write!(f, "the body is a JSON error and no stream: {error}"),
            Self::Json => "the body is JSON, but neither a message nor a stream: is the address right?",
            Self::Html => "the body is an HTML page and no stream: a gateway or proxy probably answered for the server",
            Self::Compressed => {
                "the body is compressed: the HTTP client asked for compression, but did not undo it before this"
            }
            Self::Binary => "the body is binary data and no stream: is the address right, and is it decompressed?",
            Self::Text => "the body is text, but no event stream: is the address right?",
            Self::ContentType(kind) if kind.as_ref() == BEDROCK => {
                return write!(
                    f,
                    "the content type is {kind}: these are frames of Bedrock, whose JSON has to be taken out first"
                );
            }
            Self::ContentType(kind) => {
                return write!(f, "the content type is {kind} and not text/event-stream: is the address right?");
            }
            Self::Empty => "the body is empty: the connection was probably closed before the server answered",
            Self::OnlyComments => {
                "the stream holds no event, only comments or settings: the server was probably cut off before the message"
            }
            Self::OtherEvents => {
                "the stream holds events, but none of the Messages API: it is probably of another protocol"
            }
            Self::OnlyDone => {
                "the stream holds nothing but [DONE]: a gateway probably ended it before the message began"
            }
        })
    }
}

/// Names the case, never what a message says.
impl fmt::Debug for NotAStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message(_) => "Message(..)",
            Self::Error(error) => return f.debug_tuple("Error").field(error).finish(),
            Self::Json => "Json",
            Self::Html => "Html",
            Self::Compressed => "Compressed",
            Self::Binary => "Binary",
            Self::Text => "Text",
            Self::ContentType(kind) => return f.debug_tuple("ContentType").field(kind).finish(),
            Self::Empty => "Empty",
            Self::OnlyComments => "OnlyComments",
            Self::OtherEvents => "OtherEvents",
            Self::OnlyDone => "OnlyDone",
        })
    }
}

/// What the event streams of Bedrock call themselves.
const BEDROCK: &str = "application/vnd.amazon.eventstream";

/// The beginning of a body, for as long as it may be none of a stream.
#[derive(Clone, Default)]
pub(crate) struct Body {
    /// The beginning. If that is JSON: all of it, up to [`JSON`](Self::JSON) bytes.
    head: Vec<u8>,
    length: u64,
    /// How the line that is arriving begins.
    line: LineStart,
    /// A line began as a field of an event does.
    has_fields: bool,
    is_a_stream: bool,
    has_events: bool,
    content_type: Option<Box<str>>,
}

impl Body {
    /// How much is looked at of what is no JSON.
    const HEAD: usize = 512;
    /// How large a JSON body is kept.
    const JSON: usize = 16 * 1024 * 1024;

    /// Takes what the header says the body is.
    pub(crate) fn is_said_to_be(&mut self, content_type: &str) {
        let essence = content_type.split(';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        let is_sane = essence.len() <= 127 && essence.bytes().all(|byte| byte.is_ascii_graphic());
        self.content_type = (is_sane && !essence.is_empty()).then(|| essence.into());
    }

    /// Takes the next bytes of the body.
    pub(crate) fn take(&mut self, piece: &[u8]) {
        if self.is_a_stream {
            return;
        }
        for byte in piece {
            self.line.take(*byte, self.length);
            self.has_fields |= FIELDS.contains(&self.line.bytes());
            self.length = self.length.saturating_add(1);
        }
        let wanted = if self.head.len() >= Self::HEAD && !is_json(&self.head) { Self::HEAD } else { Self::JSON };
        let room = wanted.saturating_sub(self.head.len());
        self.head.extend_from_slice(piece.get(..room).unwrap_or(piece));
        if !is_json(&self.head) {
            self.head.truncate(Self::HEAD);
        }
    }

    /// It is a stream: nothing of it needs to be kept any more.
    pub(crate) fn is_a_stream(&mut self) {
        self.is_a_stream = true;
        self.head = Vec::new();
    }

    /// An event was dispatched, though perhaps none of the Messages API.
    pub(crate) fn has_events(&mut self) {
        self.has_events = true;
    }

    /// Whether a line of it began like the field of an event.
    pub(crate) fn has_fields(&self) -> bool {
        self.has_fields && !self.is_document()
    }

    /// Whether its first event has begun, if only with half the name of a field.
    pub(crate) fn has_begun_an_event(&self) -> bool {
        let line = self.line.bytes();
        let is_half_a_field = !line.is_empty() && FIELDS.iter().any(|field| field.starts_with(line));
        !self.has_events && !self.is_document() && (self.has_fields || is_half_a_field)
    }

    /// A page or JSON, whatever its lines look like.
    fn is_document(&self) -> bool {
        is_json(&self.head) || significant(&self.head).starts_with(b"<")
    }
}

/// How the fields begin that make an event.
const FIELDS: [&[u8]; 2] = [b"event:", b"data:"];

/// The first bytes of a line: as many as the longest of [`FIELDS`] has.
#[derive(Debug, Clone, Copy, Default)]
struct LineStart {
    bytes: [u8; 6],
    length: u8,
}

impl LineStart {
    /// Takes the byte that stands `at` this place of the body.
    fn take(&mut self, byte: u8, at: u64) {
        let mark = [0xEF, 0xBB, 0xBF];
        if matches!(byte, b'\n' | b'\r') {
            self.length = 0;
        } else if usize::try_from(at).ok().and_then(|at| mark.get(at)) == Some(&byte) {
            // Of the byte order mark.
        } else if let Some(place) = self.bytes.get_mut(usize::from(self.length)) {
            *place = byte;
            self.length = self.length.saturating_add(1);
        }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl NotAStream {
    /// What the body was. `done`: the end marker came.
    pub(crate) fn of(body: Body, done: bool) -> Self {
        let found = Self::by_its_bytes(&body, done);
        match (found, body.content_type) {
            (Self::Text | Self::Binary, Some(kind)) if kind.as_ref() != "text/event-stream" => Self::ContentType(kind),
            (found, _) => found,
        }
    }

    fn by_its_bytes(body: &Body, done: bool) -> Self {
        let head = significant(&body.head);
        if head.is_empty() {
            return Self::Empty;
        }
        if is_json(head) {
            return Self::of_json(body);
        }
        if is_compressed(&body.head) {
            return Self::Compressed;
        }
        if body.has_events {
            return Self::OtherEvents;
        }
        if done {
            return Self::OnlyDone;
        }
        if head.first() == Some(&b'<') {
            return Self::Html;
        }
        if body.has_fields || [&b":"[..], b"retry:", b"id:"].iter().any(|begin| head.starts_with(begin)) {
            return Self::OnlyComments;
        }
        let is_text = match core::str::from_utf8(head) {
            Ok(_) => true,
            // The head may end within a character, the body has not.
            Err(error) => error.error_len().is_none() && body.head.len() == Body::HEAD,
        };
        if is_text && !head.contains(&0) { Self::Text } else { Self::Binary }
    }

    fn of_json(body: &Body) -> Self {
        let whole = body.length == u64::try_from(body.head.len()).unwrap_or(0);
        let value = whole.then(|| serde_json::from_slice::<Value>(significant(&body.head)).ok()).flatten();
        let Some(value) = value.filter(Value::is_object) else { return Self::Json };
        let kind = value.get("type").and_then(Value::as_str);
        let has = |member| value.get(member).is_some_and(|member| !member.is_null());
        if kind == Some("message") {
            return Message::from_json(value).map_or(Self::Json, |message| Self::Message(Box::new(message)));
        }
        let is_error = kind == Some("error")
            || value.get("object").and_then(Value::as_str) == Some("error")
            || has("error")
            || has("detail");
        if is_error { Self::Error(ApiError::from_body(value)) } else { Self::Json }
    }
}

/// Without a byte order mark and white space.
fn significant(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start()
}

/// No line of an event stream that means anything begins with a bracket.
fn is_json(head: &[u8]) -> bool {
    matches!(significant(head).first(), Some(b'{' | b'['))
}

/// gzip, zstd, zlib. Brotli has no mark of its own.
fn is_compressed(head: &[u8]) -> bool {
    let marks: [&[u8]; 6] = [b"\x1F\x8B", b"\x28\xB5\x2F\xFD", b"\x78\x01", b"\x78\x5E", b"\x78\x9C", b"\x78\xDA"];
    marks.iter().any(|mark| head.starts_with(mark))
}
