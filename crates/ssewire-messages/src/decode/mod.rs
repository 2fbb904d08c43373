//! Payloads to events.
//!
//! Most events of a stream are deltas of a few words: [`canonical`] reads those in the spelling of the API. Everything
//! else is read here by the member scanner, whatever its spacing and the order of its members, mostly in one pass: the
//! SSE event type names the type of the payload, whose `type` has to confirm it.

pub(crate) mod canonical;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

use crate::api_error::ApiError;
use crate::block::ContentBlock;
use crate::delta::Delta;
use crate::event::{
    ContentBlockDelta, ContentBlockStart, ContentBlockStop, MessageDelta, OTHERS, StreamEvent, UnknownEvent,
};
use crate::json::{Cursor, RawJson, ScannedJson, push_lossy};
use crate::message::Message;
use crate::payload_error::{LostKind, PayloadError, PayloadErrorKind};
use crate::read::{ReadError, each_member, member_or_error, peek_type};

impl<'a> StreamEvent<'a> {
    /// Decodes an SSE event: its event type and its data.
    ///
    /// The payload's `type` decides. The SSE event type decides only if that is absent, or if it is `error` and the
    /// `type` is unknown.  `Ok(None)`: there is nothing in it
    /// (blank data, the `""` of some pings).
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
    /// [`PayloadError`]: this event cannot be read; the stream can go on.
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
    pub(crate) fn decode_slow(event_type: &[u8], data: &'a [u8]) -> Result<Option<Self>, PayloadError> {
        if let Some(event) = canonical::parse_small(data) {
            return Ok(Some(event));
        }
        // The default event type of SSE names nothing.
        let name = if event_type == b"message" { b"" } else { event_type };
        let text = data.trim_ascii();
        let is_error = name == b"error";
        match text {
            b"[DONE]" => return Ok(Some(Self::Done)),
            b"" => return Ok(is_error.then(|| Self::Error(Box::new(ApiError::from_text(String::new()))))),
            b"\"\"" if name == b"ping" => return Ok(None),
            [b'{', ..] => {}
            other => return Self::decode_no_object(name, other),
        }
        if let Some(event) = read_as_named(name, data) {
            return Ok(Some(event));
        }
        let mut cursor = Cursor::new(data);
        // An error in the payload is met again below.
        let kind_name = peek_type(&cursor).ok().flatten();
        let kind = kind_name.as_deref().map_or_else(|| EventKind::of(name), |kind| EventKind::of(kind.as_bytes()));
        let is_typed = kind_name.is_some();
        let mut others = Others::default();
        let read = read(kind, &mut cursor, &mut others).and_then(|event| {
            cursor.end()?;
            Ok(event)
        });
        match read {
            Ok(_) if others.is_error(kind, is_typed, name) => Ok(Some(Self::of_error(data))),
            Ok(Some(event)) => Ok(Some(event)),
            Ok(None) => {
                let name = kind_name.unwrap_or_else(|| Cow::Owned(String::from_utf8_lossy(name).into_owned()));
                let name = if name.is_empty() { "message".into() } else { name };
                Ok(Some(Self::Unknown(UnknownEvent { name, raw: ScannedJson::new(data) })))
            }
            Err(error) => {
                // A payload that is an error is one whatever else is wrong with it.
                let mut others = Others::default();
                let mut cursor = Cursor::new(data);
                let syntax = read_unknown(&mut cursor, &mut others).and_then(|()| Ok(cursor.end()?));
                let (error, lost) = match syntax {
                    Ok(()) if others.is_error(kind, is_typed, name) => return Ok(Some(Self::of_error(data))),
                    Ok(()) => (error, kind.lost()),
                    Err(_) if is_error => return Ok(Some(Self::of_error_text(text))),
                    // The type of a payload that is not JSON is not to be trusted.
                    Err(syntax) => (syntax, EventKind::of(name).lost()),
                };
                Err(PayloadError { kind: error_kind(data, error), lost, index: index_of(data) })
            }
        }
    }

    /// Decodes a payload that is no object.
    fn decode_no_object(name: &[u8], text: &'a [u8]) -> Result<Option<Self>, PayloadError> {
        let json = RawJson::from_bytes(text);
        if name == b"error" {
            return Ok(Some(match json {
                Ok(json) => Self::Error(Box::new(ApiError::from_body(json))),
                Err(_) => Self::of_error_text(text),
            }));
        }
        let kind = match json {
            Ok(_) => PayloadErrorKind::NotAnObject,
            Err(error) => error_kind(text, ReadError::Syntax(crate::json::SyntaxError { at: error.offset() })),
        };
        // Without a name it is no content: a keep-alive of something on the way.
        let lost = if name.is_empty() { LostKind::KeepAlive } else { EventKind::of(name).lost() };
        Err(PayloadError { kind, lost, index: None })
    }

    fn of_error(data: &[u8]) -> Self {
        Self::Error(Box::new(match RawJson::from_bytes(data) {
            Ok(body) => ApiError::from_body(body),
            Err(_) => ApiError::from_text(String::from_utf8_lossy(data).into_owned()),
        }))
    }

    /// An error whose payload is not JSON. Its last line may be: a gateway that breaks into another event writes it
    /// there.
    fn of_error_text(text: &[u8]) -> Self {
        let last = text.rsplit(|byte| *byte == b'\n').next().unwrap_or(text);
        let json = if last.first() == Some(&b'{') { RawJson::from_bytes(last).ok() } else { None };
        Self::Error(Box::new(match json {
            Some(json) => ApiError::from_body(json),
            None => {
                let mut message = String::new();
                push_lossy(text, &mut message);
                ApiError::from_text(message)
            }
        }))
    }
}

/// The kinds of events.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EventKind {
    MessageStart,
    MessageDelta,
    MessageStop,
    BlockStart,
    BlockDelta,
    BlockStop,
    Ping,
    Error,
    /// No name at all.
    Unnamed,
    Unknown,
}

impl EventKind {
    fn of(name: &[u8]) -> Self {
        match name {
            b"message_start" => Self::MessageStart,
            b"message_delta" => Self::MessageDelta,
            b"message_stop" => Self::MessageStop,
            b"content_block_start" => Self::BlockStart,
            b"content_block_delta" => Self::BlockDelta,
            b"content_block_stop" => Self::BlockStop,
            b"ping" => Self::Ping,
            b"error" => Self::Error,
            b"" => Self::Unnamed,
            _ => Self::Unknown,
        }
    }

    fn lost(self) -> LostKind {
        match self {
            Self::BlockStart => LostKind::BlockStart,
            Self::BlockDelta => LostKind::BlockDelta,
            Self::Unnamed => LostKind::Untyped,
            Self::Unknown => LostKind::Unknown,
            Self::MessageDelta => LostKind::MessageDelta,
            _ => LostKind::Known,
        }
    }
}

/// Members beside those of the event's kind.
#[derive(Default)]
struct Others {
    /// The first `type`; `Unnamed` if it is no string.
    kind: Option<EventKind>,
    /// `"object": "error"`.
    is_error_object: bool,
    /// A non-null `error` or `detail`.
    has_error: bool,
    has_any: bool,
}

impl Others {
    fn read(&mut self, name: &[u8], cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
        if name == b"type" {
            let kind = match cursor.string()? {
                Some(kind) => EventKind::of(&kind.name()),
                None => cursor.skip_value().map(|_| EventKind::Unnamed)?,
            };
            self.kind.get_or_insert(kind);
            return Ok(());
        }
        let value = cursor.skip_value()?;
        match name {
            b"object" => self.is_error_object |= is_string(value, b"error"),
            b"error" | b"detail" => self.has_error |= value != b"null",
            _ => {}
        }
        self.has_any = true;
        Ok(())
    }

    /// Whether the payload is an error. Each occurrence of a member counts. `docs/protocol.md`, heading "Errors".
    fn is_error(&self, kind: EventKind, is_typed: bool, name: &[u8]) -> bool {
        kind == EventKind::Error
            || self.is_error_object
            || (!is_typed && self.has_error)
            || (name == b"error" && matches!(kind, EventKind::Unnamed | EventKind::Unknown))
    }
}

/// Whether a value that the scanner has validated is this string, however it is escaped.
fn is_string(value: &[u8], expected: &[u8]) -> bool {
    matches!(Cursor::new(value).string(), Ok(Some(text)) if *text.name() == *expected)
}

/// Reads an event whose `type` equals the SSE event type, in one pass. `None`: it is another one, an error, or
/// cannot be read.
fn read_as_named<'a>(name: &[u8], data: &'a [u8]) -> Option<StreamEvent<'a>> {
    let kind = EventKind::of(name);
    if matches!(kind, EventKind::Error | EventKind::Unnamed | EventKind::Unknown) {
        return None;
    }
    let (mut cursor, mut others) = (Cursor::new(data), Others::default());
    let event = read(kind, &mut cursor, &mut others).ok()??;
    cursor.end().ok()?;
    (others.kind == Some(kind) && !others.is_error(kind, true, name)).then_some(event)
}

/// Reads an event of a kind. `None`: an unknown one, or an error.
fn read<'a>(
    kind: EventKind,
    cursor: &mut Cursor<'a>,
    others: &mut Others,
) -> Result<Option<StreamEvent<'a>>, ReadError> {
    Ok(Some(match kind {
        EventKind::MessageStart => {
            let mut message = None;
            each_member(cursor, &mut |name, cursor| match &*name.name() {
                b"message" => {
                    message = Some(member_or_error(cursor, Message::read)?);
                    Ok(())
                }
                other => others.read(other, cursor),
            })?;
            StreamEvent::MessageStart(Box::new(message.unwrap_or(Err(ReadError::Member("message")))?))
        }
        EventKind::BlockStart => {
            let (mut index, mut block) = (None, None);
            each_member(cursor, &mut |name, cursor| {
                match &*name.name() {
                    b"index" => index = Some(member_or_error(cursor, read_index)?),
                    b"content_block" => block = Some(member_or_error(cursor, ContentBlock::read)?),
                    other => others.read(other, cursor)?,
                }
                Ok(())
            })?;
            let index = index.unwrap_or(Err(ReadError::Member("index")))?;
            let content_block = block.unwrap_or(Err(ReadError::Member("content_block")))?;
            StreamEvent::ContentBlockStart(ContentBlockStart { index, content_block })
        }
        EventKind::BlockDelta => {
            let (mut index, mut delta, mut has_extra) = (None, None, false);
            each_member(cursor, &mut |name, cursor| {
                match &*name.name() {
                    b"index" => index = Some(member_or_error(cursor, read_index)?),
                    b"delta" => delta = Some(member_or_error(cursor, |cursor| Delta::read(cursor, &mut has_extra))?),
                    other => others.read(other, cursor)?,
                }
                Ok(())
            })?;
            let index = index.unwrap_or(Err(ReadError::Member("index")))?;
            let delta = delta.unwrap_or(Err(ReadError::Member("delta")))?;
            StreamEvent::ContentBlockDelta(ContentBlockDelta { index, delta, has_extra: has_extra || others.has_any })
        }
        EventKind::BlockStop => {
            let mut index = None;
            each_member(cursor, &mut |name, cursor| {
                match &*name.name() {
                    b"index" => index = Some(member_or_error(cursor, read_index)?),
                    other => others.read(other, cursor)?,
                }
                Ok(())
            })?;
            StreamEvent::ContentBlockStop(ContentBlockStop { index: index.unwrap_or(Err(ReadError::Member("index")))? })
        }
        EventKind::MessageDelta => StreamEvent::MessageDelta(read_message_delta(cursor, others)?),
        EventKind::MessageStop | EventKind::Ping | EventKind::Error | EventKind::Unnamed | EventKind::Unknown => {
            read_unknown(cursor, others)?;
            match kind {
                EventKind::MessageStop => StreamEvent::MessageStop,
                EventKind::Ping => StreamEvent::Ping,
                _ => return Ok(None),
            }
        }
    }))
}

fn read_message_delta<'a>(cursor: &mut Cursor<'a>, others: &mut Others) -> Result<MessageDelta<'a>, ReadError> {
    let mut event = MessageDelta::default();
    each_member(cursor, &mut |name, cursor| {
        let name = name.name();
        let member = match &*name {
            b"delta" => "delta",
            b"usage" => "usage",
            other => match OTHERS.iter().zip(&mut event.others).find(|(known, _)| known.as_bytes() == other) {
                Some((_, slot)) => {
                    *slot = Some(ScannedJson::new(cursor.skip_value()?));
                    return Ok(());
                }
                None => return others.read(other, cursor),
            },
        };
        let value = match cursor.skip_value()? {
            b"null" => None,
            object @ [b'{', ..] => Some(ScannedJson::new(object)),
            _ => return Err(ReadError::Member(member)),
        };
        if member == "delta" {
            event.delta = value;
        } else {
            event.usage = value;
        }
        Ok(())
    })?;
    Ok(event)
}

fn read_unknown(cursor: &mut Cursor<'_>, others: &mut Others) -> Result<(), ReadError> {
    each_member(cursor, &mut |name, cursor| others.read(&name.name(), cursor))?;
    Ok(())
}

/// An index is an integer, a string of digits, or a float without a fraction.
fn read_index(cursor: &mut Cursor<'_>) -> Result<u64, ReadError> {
    crate::read::count(cursor)?.map_err(|_| ReadError::Member("index"))
}

/// The index of a payload that could not be read, as far as it goes.
fn index_of(data: &[u8]) -> Option<u64> {
    let mut index = None;
    // Where it stops being JSON, there is no more to find.
    let _ = each_member(&mut Cursor::new(data), &mut |name, cursor| {
        if &*name.name() == b"index" {
            let count = crate::read::count(cursor)?;
            // A number at the end of the text may lack digits.
            index = if cursor.clone().end().is_ok() { None } else { count.ok() };
        } else {
            cursor.skip_value()?;
        }
        Ok(())
    });
    index
}

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
