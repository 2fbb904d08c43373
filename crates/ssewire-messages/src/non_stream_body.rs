//! Bodies that are not a stream. `docs/protocol.md`, heading "A body that is no stream".

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::api_error::ApiError;
use crate::json::{RawJson, RawJsonRef};
use crate::message::Message;

/// A body without anything of a Messages stream. `Display` is one sentence with the likely cause.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum NonStreamBody {
    /// A message as JSON: the request did not ask for a stream. It is whole.
    Message(Box<Message>),
    /// An error as JSON.
    Error(ApiError),
    /// Other JSON.
    Json,
    /// A web page.
    Html,
    /// Compressed bytes.
    Compressed,
    /// Text in UTF-16, as some shells and editors save it.
    Utf16,
    /// Other bytes that are no text.
    Binary,
    /// Other text.
    Text,
    /// A body of another content type, which is given without parameters and in lower case. The cases above come first:
    /// they are recognised by their bytes.
    ContentType(Box<str>),
    /// Nothing, only white space, or only a response head.
    Empty,
    /// An event stream, but without any event: only comments, or fields that set something.
    OnlyComments,
    /// An event stream of another protocol.
    OtherEvents,
    /// An event stream with nothing but `[DONE]`.
    OnlyDone,
}

impl fmt::Display for NonStreamBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message(_) => {
                "body is a plain JSON message, not a stream: the request probably lacks \"stream\": true"
            }
            Self::Error(error) => return write!(f, "body is a JSON error, not a stream: {error}"),
            Self::Json => "body is JSON, but neither a message nor a stream: check the address",
            Self::Html => "body is an HTML page, not a stream: a gateway or proxy probably answered for the server",
            Self::Compressed => "body is compressed: the HTTP client asked for compression, but did not decompress it",
            Self::Utf16 => "body is text in UTF-16, but an event stream is in UTF-8: convert it, or save it as UTF-8",
            Self::Binary => "body is binary data, not a stream: check the address, and that it is decompressed",
            Self::Text => "body is text, but not an event stream: check the address",
            Self::ContentType(kind) if kind.as_ref() == BEDROCK => {
                return write!(
                    f,
                    "content type is {kind}: these are frames of Bedrock, whose JSON has to be taken out first"
                );
            }
            Self::ContentType(kind) => {
                return write!(f, "content type is {kind}, not text/event-stream: check the address");
            }
            Self::Empty => "body is empty: the connection was probably closed before the server answered",
            Self::OnlyComments => {
                "stream has no event, only comments or settings: the server was probably cut off before the message"
            }
            Self::OtherEvents => "stream has events, but none of the Messages API: it is probably of another protocol",
            Self::OnlyDone => "stream has nothing but [DONE]: a gateway probably ended it before the message began",
        })
    }
}

/// Names the case, never text of a message.
impl fmt::Debug for NonStreamBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message(_) => "Message(..)",
            Self::Error(error) => return f.debug_tuple("Error").field(error).finish(),
            Self::Json => "Json",
            Self::Html => "Html",
            Self::Compressed => "Compressed",
            Self::Utf16 => "Utf16",
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

/// The content type of the event streams of Bedrock.
const BEDROCK: &str = "application/vnd.amazon.eventstream";

/// What is known of a body.
#[derive(Clone, Default)]
pub(crate) struct Body {
    is_stream: bool,
    /// `None`: nothing of it was kept.
    beginning: Option<Box<Beginning>>,
}

/// The beginning of a body that may not be a stream.
#[derive(Clone, Default)]
struct Beginning {
    mode: Mode,
    /// The head, from the first significant byte on. All of the body, if it is JSON.
    head: Vec<u8>,
    mark: Mark,
    /// The beginning of the line that is arriving.
    line: LinePrefix,
    /// A line began as a field of an event does.
    has_fields: bool,
    /// The same for a line of the current block. A block that ended without data is no event.
    has_fields_in_block: bool,
    has_events: bool,
    /// JSON that was too large to be kept.
    is_too_large: bool,
    content_type: Option<Box<str>>,
}

/// The kind of the current bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    /// White space before the first significant byte.
    #[default]
    Leading,
    Json,
    Other,
    /// The head of the response, printed in front of its body. The length of the current line.
    HttpHead {
        line: u8,
    },
}

impl Body {
    /// Number of bytes that are kept of a body that is JSON.
    const JSON: usize = 16 * 1024 * 1024;

    /// Sets the content type of the response.
    pub(crate) fn set_content_type(&mut self, content_type: &str) {
        let essence = content_type.split(';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        let is_sane = essence.len() <= 127 && essence.bytes().all(|byte| byte.is_ascii_graphic());
        // That of a stream explains no body that is none.
        let is_telling = is_sane && !essence.is_empty() && essence != "text/event-stream";
        if is_telling || self.beginning.is_some() {
            self.beginning.get_or_insert_default().content_type = is_telling.then(|| essence.into());
        }
    }

    /// Takes the next bytes of the body. `max_bytes`: of JSON.
    #[inline]
    pub(crate) fn take(&mut self, piece: &[u8], max_bytes: usize) {
        if !self.is_stream && !piece.is_empty() {
            self.beginning.get_or_insert_default().take(piece, max_bytes);
        }
    }

    /// The number of bytes that are kept of a body that is JSON. `max_bytes`: the limit of a message.
    pub(crate) fn max_json(max_bytes: usize) -> usize {
        max_bytes.min(Self::JSON)
    }

    /// It is a stream: nothing of it needs to be kept any more.
    pub(crate) fn mark_as_stream(&mut self) {
        *self = Self { is_stream: true, beginning: None };
    }

    /// Whether it is known to be a stream.
    pub(crate) fn is_stream(&self) -> bool {
        self.is_stream
    }

    /// Whether it is JSON that was too large to be kept.
    pub(crate) fn is_too_large(&self) -> bool {
        self.beginning.as_ref().is_some_and(|beginning| beginning.is_too_large)
    }

    /// An event was dispatched, though perhaps none of the Messages API.
    pub(crate) fn set_has_events(&mut self) {
        if !self.is_stream {
            self.beginning.get_or_insert_default().has_events = true;
        }
    }

    /// Whether a line of it began like the field of an event.
    pub(crate) fn has_fields(&self) -> bool {
        self.beginning.as_ref().is_some_and(|beginning| beginning.has_fields && !beginning.is_document())
    }

    /// Whether its first event has begun, if only with half the name of a field.
    pub(crate) fn has_partial_event(&self) -> bool {
        self.beginning.as_ref().is_some_and(|beginning| beginning.has_partial_event())
    }
}

impl Beginning {
    /// Number of bytes that are kept of a body that is not JSON.
    const HEAD: usize = 512;

    fn take(&mut self, piece: &[u8], max_bytes: usize) {
        let (withheld, piece) = self.mark.skip(piece);
        self.take_text(withheld, max_bytes);
        self.take_text(piece, max_bytes);
    }

    fn take_text(&mut self, piece: &[u8], max_bytes: usize) {
        self.take_lines(piece);
        let mut rest = piece;
        while let [byte, after @ ..] = rest {
            match &mut self.mode {
                Mode::Leading => {
                    if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                        self.mode = if matches!(byte, b'{' | b'[') { Mode::Json } else { Mode::Other };
                        continue;
                    }
                    rest = after;
                }
                Mode::HttpHead { line } => {
                    match byte {
                        b'\n' if *line == 0 => self.mode = Mode::Leading,
                        b'\n' => *line = 0,
                        b'\r' => {}
                        _ => *line = 1,
                    }
                    rest = after;
                }
                Mode::Json => {
                    if self.head.len().saturating_add(rest.len()) > Body::max_json(max_bytes) {
                        self.is_too_large = true;
                        self.head = Vec::new();
                        self.mode = Mode::Other;
                        continue;
                    }
                    if self.head.capacity().saturating_sub(self.head.len()) < rest.len() {
                        // Growing by half: doubling would hold three times its length while it is moved.
                        self.head.reserve_exact(rest.len().max(self.head.len() / 2));
                    }
                    self.head.extend_from_slice(rest);
                    return;
                }
                // Byte by byte, until it is certain that no response head begins here.
                Mode::Other if self.head.len() < HTTP.len() => {
                    if self.head.is_empty() {
                        self.head.reserve_exact(Self::HEAD);
                    }
                    self.head.push(*byte);
                    rest = after;
                    if self.head == HTTP {
                        self.head = Vec::new();
                        self.mode = Mode::HttpHead { line: 1 };
                    }
                }
                Mode::Other => {
                    let room = Self::HEAD.saturating_sub(self.head.len());
                    self.head.extend_from_slice(rest.get(..room).unwrap_or(rest));
                    return;
                }
            }
        }
    }

    /// Looks for the fields of an event at the beginnings of lines.
    fn take_lines(&mut self, piece: &[u8]) {
        // After the first event, it does not matter which block a field belongs to.
        if self.has_fields && self.has_events {
            return;
        }
        let mut rest = piece;
        loop {
            if self.line.is_full() {
                // No further byte of this line matters.
                let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                rest = end.and_then(|end| rest.get(end..)).unwrap_or_default();
            }
            let [byte, after @ ..] = rest else { return };
            if self.line.push(*byte) {
                self.has_fields_in_block = false;
            }
            self.has_fields_in_block |= FIELDS.contains(&self.line.bytes());
            self.has_fields |= self.has_fields_in_block;
            rest = after;
        }
    }

    fn has_partial_event(&self) -> bool {
        let line = self.line.bytes();
        let is_half_a_field = !line.is_empty() && FIELDS.iter().any(|field| field.starts_with(line));
        !self.has_events && !self.is_document() && (self.has_fields_in_block || is_half_a_field)
    }

    /// Whether it is a page or JSON, even if its lines look like fields.
    fn is_document(&self) -> bool {
        self.mode == Mode::Json || self.is_too_large || self.head.first() == Some(&b'<')
    }
}

/// How a response head begins.
const HTTP: &[u8] = b"HTTP/";

/// How the fields begin that make an event.
const FIELDS: [&[u8]; 2] = [b"event:", b"data:"];

/// The byte order mark that a body may begin with.
const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The state of the byte order mark. Its first bytes alone belong to the text.
#[derive(Debug, Clone, Copy)]
enum Mark {
    /// Number of bytes of it so far. They are withheld.
    Partial(usize),
    /// It is complete, or the body does not begin with it.
    Past,
}

impl Default for Mark {
    fn default() -> Self {
        Self::Partial(0)
    }
}

impl Mark {
    /// Returns the text of the piece, and before it the bytes of earlier pieces and of this one that were withheld and
    /// turned out to be text.
    fn skip<'p>(&mut self, piece: &'p [u8]) -> (&'static [u8], &'p [u8]) {
        let Self::Partial(known) = *self else { return (&[], piece) };
        let matching = piece.iter().zip(MARK.iter().skip(known)).take_while(|(byte, mark)| byte == mark).count();
        let rest = piece.get(matching..).unwrap_or_default();
        let length = known.saturating_add(matching);
        if length < MARK.len() && rest.is_empty() {
            *self = Self::Partial(length);
            return (&[], rest);
        }
        *self = Self::Past;
        let withheld = if length < MARK.len() { MARK.get(..length) } else { None };
        (withheld.unwrap_or_default(), rest)
    }
}

/// The first bytes of a line: as many as the longest of [`FIELDS`] has.
#[derive(Debug, Clone, Copy, Default)]
struct LinePrefix {
    bytes: [u8; 6],
    length: u8,
    is_after_cr: bool,
}

impl LinePrefix {
    /// Takes a byte. Returns `true` if it ends a blank line.
    fn push(&mut self, byte: u8) -> bool {
        let is_after_cr = core::mem::replace(&mut self.is_after_cr, byte == b'\r');
        if matches!(byte, b'\n' | b'\r') {
            // The LF after a CR ends no further line.
            let is_blank = self.length == 0 && !(is_after_cr && byte == b'\n');
            self.length = 0;
            return is_blank;
        }
        if let Some(place) = self.bytes.get_mut(usize::from(self.length)) {
            *place = byte;
            self.length = self.length.saturating_add(1);
        }
        false
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    fn is_full(&self) -> bool {
        usize::from(self.length) == self.bytes.len()
    }
}

impl NonStreamBody {
    /// Classifies the body. `is_done`: the end marker arrived. `bare_error`: the error in a line of it.
    pub(crate) fn of(body: Body, is_done: bool, bare_error: Option<ApiError>) -> Self {
        let body = body.beginning.map_or_else(Beginning::default, |beginning| *beginning);
        let found = Self::by_its_bytes(&body, is_done);
        if let (Self::OnlyComments | Self::OtherEvents | Self::OnlyDone | Self::Text | Self::Json, Some(error)) =
            (&found, bare_error)
        {
            return Self::Error(error);
        }
        match (found, body.content_type) {
            (Self::Text | Self::Binary, Some(kind)) => Self::ContentType(kind),
            (found, _) => found,
        }
    }

    fn by_its_bytes(body: &Beginning, is_done: bool) -> Self {
        let head = body.head.as_slice();
        match body.mode {
            Mode::Leading | Mode::HttpHead { .. } => return Self::Empty,
            Mode::Json if is_utf16(head) => return Self::Utf16,
            Mode::Json => return Self::of_json(head),
            Mode::Other if body.is_too_large => return Self::Json,
            Mode::Other => {}
        }
        if is_compressed(head) {
            return Self::Compressed;
        }
        if is_utf16(head) {
            return Self::Utf16;
        }
        if body.has_events {
            return Self::OtherEvents;
        }
        if is_done {
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
            Err(error) => error.error_len().is_none() && head.len() == Beginning::HEAD,
        };
        if is_text && !head.contains(&0) { Self::Text } else { Self::Binary }
    }

    fn of_json(json: &[u8]) -> Self {
        let Ok(value) = RawJson::from_bytes(json) else { return Self::Json };
        if value.get("type").and_then(RawJsonRef::string).as_deref() == Some("message") {
            return match Message::from_json(json) {
                Ok(message) => Self::Message(Box::new(message)),
                Err(_) => Self::Json,
            };
        }
        ApiError::in_json(value).map_or(Self::Json, Self::Error)
    }
}

/// gzip, zstd, zlib. Brotli has no mark.
fn is_compressed(head: &[u8]) -> bool {
    let marks: [&[u8]; 6] = [b"\x1F\x8B", b"\x28\xB5\x2F\xFD", b"\x78\x01", b"\x78\x5E", b"\x78\x9C", b"\x78\xDA"];
    marks.iter().any(|mark| head.starts_with(mark))
}

/// A byte order mark, or ASCII with a zero byte before or after each character.
fn is_utf16(head: &[u8]) -> bool {
    let is_ascii = |text: &[u8; 8], zero: usize| {
        text.iter()
            .enumerate()
            .all(|(at, byte)| if at % 2 == zero { *byte == 0 } else { byte.is_ascii() && *byte != 0 })
    };
    let has_zeros = head.first_chunk().is_some_and(|text| is_ascii(text, 0) || is_ascii(text, 1));
    head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") || has_zeros
}
