//! Payloads to events.
//!
//! Most events of a stream are deltas of a few words: [`canonical`] reads those, and the starts of messages and blocks,
//! in canonical form; [`small`] reads events of only a type and an index. Everything else is read by the member scanner
//! (`read.rs`), whatever its spacing and the order of its members, mostly in one pass: the SSE event type names the
//! type of the payload, whose `type` has to confirm it.
//!
//! A fast path returns either the event of the slow path or `None`, never a different event. The fuzz target
//! `stream_event` compares both.

pub(crate) mod canonical;
mod envelope;
mod kind;
mod read;
mod small;

use alloc::boxed::Box;
use alloc::string::String;

use self::envelope::EnvelopeMembers;
use self::kind::EventKind;
use self::read::{read, read_as_named, read_unknown};
use crate::api_error::ApiError;
use crate::event::{StreamEvent, UnknownEvent};
use crate::json::{Cursor, RawJson, ScannedJson, SyntaxError, kept_len, push_lossy};
use crate::members::{ReadError, each_member, peek_type};
use crate::payload_error::{LostKind, PayloadError, PayloadErrorKind};

impl<'a> StreamEvent<'a> {
    /// Decodes an SSE event: its event type and its data.
    ///
    /// The payload's `type` decides. The SSE event type decides only if that is absent, or if it is `error` and the
    /// `type` is unknown. Returns `Ok(None)` if the event has no content: blank data, or the `""` of some pings.
    ///
    /// ```
    /// use ssewire_messages::{Delta, StreamEvent};
    ///
    /// let data = br#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#;
    /// let Some(StreamEvent::ContentBlockDelta(piece)) = StreamEvent::decode(b"content_block_delta", data)? else {
    ///     panic!("a delta");
    /// };
    /// assert!(matches!(piece.delta, Delta::Text(delta) if delta.text() == "Hi"));
    /// # Ok::<(), ssewire_messages::PayloadError>(())
    /// ```
    ///
    /// # Errors
    /// [`PayloadError`]: this event is undecodable; the stream can go on.
    pub fn decode(event_type: &[u8], data: &'a [u8]) -> Result<Option<Self>, PayloadError> {
        match canonical::parse_delta(data) {
            Some(delta) => Ok(Some(Self::ContentBlockDelta(delta.into_event()))),
            None => Self::decode_slow(event_type, data),
        }
    }

    /// Decodes the payload of an event without SSE around it.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn from_json(payload: &'a [u8]) -> Result<Option<Self>, PayloadError> {
        Self::decode(b"", payload)
    }

    /// Slow path: decodes all payloads that the fast path leaves.
    #[inline(never)]
    fn decode_slow(event_type: &[u8], data: &'a [u8]) -> Result<Option<Self>, PayloadError> {
        if let Some(event) = small::parse_small(data) {
            return Ok(Some(event));
        }
        if let Some(event) = canonical::parse_start(data) {
            return Ok(Some(event));
        }
        // The default event type of SSE says nothing.
        let event_type = if event_type == b"message" { b"" } else { event_type };
        let text = data.trim_ascii();
        let is_error = event_type == b"error";
        match text {
            // First: nearly all payloads are objects.
            [b'{', ..] => {}
            _ if ssewire::is_done(text) => return Ok(Some(Self::Done)),
            b"" => return Ok(is_error.then(|| Self::Error(Box::new(ApiError::from_text(String::new()))))),
            b"\"\"" if event_type == b"ping" => return Ok(None),
            other => return Self::decode_no_object(event_type, other).map(Some),
        }
        let data = if is_error { text } else { data };
        if let Some(event) = read_as_named(event_type, data) {
            return Ok(Some(event));
        }
        let mut cursor = Cursor::new(data);
        // An error in the payload is found again below.
        let type_name = peek_type(&cursor).ok().flatten();
        let kind = type_name.as_deref().map_or_else(|| EventKind::of(event_type), EventKind::of_type);
        let is_typed = type_name.is_some();
        let mut envelope = EnvelopeMembers::default();
        let read = read(kind, &mut cursor, &mut envelope).and_then(|event| {
            cursor.end()?;
            Ok(event)
        });
        match read {
            Ok(_) if envelope.is_error(kind, is_typed, event_type) => Ok(Some(Self::of_error(data))),
            Ok(Some(event)) => Ok(Some(event)),
            Ok(None) => {
                let name = type_name.unwrap_or_else(|| match event_type {
                    b"" => "message".into(),
                    event_type => String::from_utf8_lossy(event_type).into_owned().into(),
                });
                Ok(Some(Self::Unknown(UnknownEvent { name, raw: ScannedJson::new(data) })))
            }
            Err(error) => Self::decode_undecodable(event_type, data, kind, is_typed, error).map(Some),
        }
    }

    /// Decodes a payload whose members do not have the types of its kind: it is an error of the server, or undecodable.
    fn decode_undecodable(
        event_type: &[u8],
        data: &'a [u8],
        kind: EventKind,
        is_typed: bool,
        error: ReadError,
    ) -> Result<Self, PayloadError> {
        // A payload that is an error is one whatever else is wrong with it.
        let mut envelope = EnvelopeMembers::default();
        let mut cursor = Cursor::new(data);
        let syntax = read_unknown(&mut cursor, &mut envelope).and_then(|()| Ok(cursor.end()?));
        let (error, lost, index) = match syntax {
            Ok(()) if envelope.is_error(kind, is_typed, event_type) => return Ok(Self::of_error(data)),
            Ok(()) => (error, kind.lost(), index_of(data)),
            Err(_) if event_type == b"error" => return Ok(Self::of_error_text(data.trim_ascii())),
            Err(syntax) => {
                let lost = EventKind::lost_by_splice(EventKind::of(event_type), is_typed.then_some(kind));
                // An index may be that of another event.
                (syntax, lost, None)
            }
        };
        Err(PayloadError { kind: error_kind(data, error), lost, index })
    }

    /// Decodes a payload that is not an object.
    fn decode_no_object(event_type: &[u8], text: &'a [u8]) -> Result<Self, PayloadError> {
        let json = RawJson::from_payload(text);
        if event_type == b"error" {
            return Ok(match json {
                Ok(json) => Self::Error(Box::new(ApiError::from_body(json))),
                Err(_) => Self::of_error_text(text),
            });
        }
        let named = EventKind::of(event_type);
        let (kind, is_spliced) = match json {
            Ok(_) => (PayloadErrorKind::NotAnObject, false),
            Err(error) => {
                let has_brace = text.iter().any(|byte| matches!(byte, b'{' | b'}'));
                (error_kind(text, ReadError::Syntax(SyntaxError { at: error.offset() })), has_brace)
            }
        };
        let lost = match named {
            _ if is_spliced => EventKind::lost_by_splice(named, None),
            // A keep-alive of a proxy.
            EventKind::Untyped => LostKind::KeepAlive,
            _ => named.lost(),
        };
        Err(PayloadError { kind, lost, index: None })
    }

    fn of_error(data: &[u8]) -> Self {
        Self::Error(Box::new(match RawJson::from_payload(data) {
            Ok(body) => ApiError::from_body(body),
            Err(_) => ApiError::from_text(lossy_text(data)),
        }))
    }

    /// Creates an error whose payload is not JSON. Its last line may be: a gateway that breaks into another event
    /// writes it there.
    fn of_error_text(text: &[u8]) -> Self {
        let last = text.rsplit(|byte| *byte == b'\n').next().unwrap_or(text);
        let is_object = last.trim_ascii_start().first() == Some(&b'{');
        let json = if is_object { RawJson::from_payload(last).ok() } else { None };
        Self::Error(Box::new(match json {
            Some(json) => ApiError::from_body(json),
            None => ApiError::from_text(lossy_text(text)),
        }))
    }
}

/// Returns bytes as text, with U+FFFD for ill-formed UTF-8. Its size is computed first: to grow would hold twice as
/// much.
fn lossy_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(kept_len(bytes));
    push_lossy(bytes, &mut text);
    text
}

/// Returns the index of an undecodable payload that is valid JSON.
fn index_of(data: &[u8]) -> Option<u64> {
    let mut index = None;
    let _ = each_member(&mut Cursor::new(data), &mut |name, cursor| {
        if name.bytes == b"index" {
            index = crate::members::count(cursor)?.ok();
        } else {
            cursor.skip_value()?;
        }
        Ok(())
    });
    index
}

#[inline(never)]
fn error_kind(data: &[u8], error: ReadError) -> PayloadErrorKind {
    let at = match error {
        ReadError::Member(name) => return PayloadErrorKind::Member(name),
        ReadError::Syntax(error) => error.at,
    };
    let before = data.get(..at).unwrap_or(data);
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
    let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
    PayloadErrorKind::NotJson { line, column: before.len().saturating_sub(line_start).saturating_add(1) }
}
