//! Bodies that are not an event stream. `docs/protocol.md`, heading "Bodies that are not an event stream".
//!
//! This file names the kinds; `body.rs` keeps the needed part of a body until it is known to be a stream.

mod beginning;
mod body;
mod lines;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use ssewire::BodyStart;

use self::beginning::{Beginning, Mode};
pub(crate) use self::body::Body;
use crate::api_error::ApiError;
use crate::json::{RawJson, RawJsonRef};
use crate::message::Message;

/// A body without anything of a Messages stream. `Display` is one sentence with the likely cause.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum NonStreamBody {
    /// A message as JSON: the request did not ask for a stream. It is complete.
    Message(Box<Message>),
    /// An error as JSON.
    Error(ApiError),
    /// Other JSON, or JSON that is cut or above the limit.
    Json,
    /// A web page.
    Html,
    /// Compressed bytes.
    Compressed,
    /// Text in UTF-16, as some shells and editors save it.
    Utf16,
    /// Other bytes, which are not text.
    Binary,
    /// Other text.
    Text,
    /// A body of another content type, which is given without parameters and in lower case. The cases above come first:
    /// they are recognised by their bytes.
    ContentType(Box<str>),
    /// Nothing, only white space, or only a response head.
    Empty,
    /// An event stream without events: only comments, IDs or reconnection times.
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
            Self::Json => {
                "body is JSON, but neither a complete message nor a stream: check the address, and that it was not cut"
            }
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
            Self::Empty => "body is empty: it ended before the stream began",
            Self::OnlyComments => {
                "stream has only comments, IDs or reconnection times: the server was probably cut off before the message"
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

impl NonStreamBody {
    /// Returns the name of the variant, for labels and logs. Later versions keep it.
    ///
    /// ```
    /// use ssewire_messages::NonStreamBody;
    ///
    /// assert_eq!(NonStreamBody::OnlyComments.as_str(), "only_comments");
    /// ```
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Error(_) => "error",
            Self::Json => "json",
            Self::Html => "html",
            Self::Compressed => "compressed",
            Self::Utf16 => "utf16",
            Self::Binary => "binary",
            Self::Text => "text",
            Self::ContentType(_) => "content_type",
            Self::Empty => "empty",
            Self::OnlyComments => "only_comments",
            Self::OtherEvents => "other_events",
            Self::OnlyDone => "only_done",
        }
    }

    /// Classifies the body. `is_done`: the end marker arrived. `bare_error`: the error in a line of it.
    pub(crate) fn of(body: Body, is_done: bool, bare_error: Option<RawJson>) -> Self {
        let mut body = body.beginning.map_or_else(Beginning::default, |beginning| *beginning);
        let found = Self::by_its_bytes(&mut body, is_done);
        let is_document = matches!(found, Self::Html | Self::Message(_) | Self::Error(_));
        if let Some(error) = bare_error.filter(|_| !is_document) {
            return Self::Error(ApiError::from_body(error));
        }
        match (found, body.content_type) {
            (Self::Text | Self::Binary, Some(kind)) => Self::ContentType(kind),
            (found, _) => found,
        }
    }

    fn by_its_bytes(body: &mut Beginning, is_done: bool) -> Self {
        let bytes = body.bytes.as_slice();
        match body.mode {
            Mode::Body(BodyStart::Blank) | Mode::ResponseHead { .. } => return Self::Empty,
            Mode::Body(BodyStart::Json) if is_utf16(bytes) => return Self::Utf16,
            Mode::Body(BodyStart::Json) => return Self::of_json(core::mem::take(&mut body.bytes)),
            Mode::Body(_) => {}
        }
        if is_compressed(bytes) {
            return Self::Compressed;
        }
        if is_utf16(bytes) {
            return Self::Utf16;
        }
        if body.has_events {
            return Self::OtherEvents;
        }
        if is_done {
            return Self::OnlyDone;
        }
        if body.is_document() {
            return Self::Html;
        }
        if body.has_fields || [&b":"[..], b"retry:", b"id:"].iter().any(|begin| bytes.starts_with(begin)) {
            return Self::OnlyComments;
        }
        let is_text = match core::str::from_utf8(bytes) {
            Ok(_) => true,
            // They may end within a character, the body has not.
            Err(error) => error.error_len().is_none() && bytes.len() == Beginning::MAX_BYTES,
        };
        if is_text && !bytes.contains(&0) { Self::Text } else { Self::Binary }
    }

    fn of_json(json: Vec<u8>) -> Self {
        let Ok(value) = RawJson::from_bytes(&json) else { return Self::Json };
        // Neither an error nor a message is read while the body is held twice.
        if ApiError::is_in_json(value.as_json()) {
            drop(json);
            return Self::Error(ApiError::from_body(value));
        }
        let is_message = value.get("type").and_then(RawJsonRef::decode_string).as_deref() == Some("message");
        drop(value);
        let message = if is_message { Message::from_json(&json).ok() } else { None };
        message.map_or(Self::Json, |message| Self::Message(Box::new(message)))
    }
}

/// Returns whether the body is gzip, zstd or zlib. Brotli has no mark.
fn is_compressed(bytes: &[u8]) -> bool {
    let marks: [&[u8]; 6] = [b"\x1F\x8B", b"\x28\xB5\x2F\xFD", b"\x78\x01", b"\x78\x5E", b"\x78\x9C", b"\x78\xDA"];
    marks.iter().any(|mark| bytes.starts_with(mark))
}

/// Returns whether the body is UTF-16: a byte order mark, or ASCII with a zero byte before or after each character.
fn is_utf16(bytes: &[u8]) -> bool {
    let is_ascii = |text: &[u8; 8], zero: usize| {
        text.iter()
            .enumerate()
            .all(|(at, byte)| if at % 2 == zero { *byte == 0 } else { byte.is_ascii() && *byte != 0 })
    };
    let has_zeros = bytes.first_chunk().is_some_and(|text| is_ascii(text, 0) || is_ascii(text, 1));
    bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") || has_zeros
}
