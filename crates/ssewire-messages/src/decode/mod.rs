//! Payloads to events.
//!
//! Three ways, one result. Most events of a stream are deltas of a few words: [`exact`] reads those that are written as
//! the API writes them, [`hot`] those that are written in any other way, both without building a JSON value. Everything
//! else, and everything unusual, takes the way of this file: parse, then interpret.

pub(crate) mod exact;
mod hot;
mod repair;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

use serde_json::{Map, Value};

use crate::Extra;
use crate::api_error::ApiError;
use crate::content::ContentBlock;
use crate::event::{
    CitationsDelta, CompactionDelta, ContentBlockDelta, ContentBlockStart, ContentBlockStop, Delta, InputJsonDelta,
    MessageDelta, MessageStart, PayloadSize, SignatureDelta, StreamEvent, TextDelta, ThinkingDelta, UnknownEvent,
};
use crate::message::Message;
use crate::payload_error::{Lost, PayloadError, PayloadErrorKind};
use crate::wire::{FromJson, Member, UnknownObject, count};

impl<'a> StreamEvent<'a> {
    /// Decodes an SSE event: its event type and its data.
    ///
    /// The kind of the event is the payload's `type`; the SSE event type decides only where that is absent. `Ok(None)`:
    /// there is nothing in it (blank data, the `""` of some pings). The text of deltas is borrowed from `data` where no
    /// escape and no ill-formed UTF-8 forces a copy.
    ///
    /// ```
    /// use ssewire_messages::{Delta, StreamEvent};
    ///
    /// let data = br#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#;
    /// let Some(StreamEvent::ContentBlockDelta(piece)) = StreamEvent::decode(b"content_block_delta", data)? else {
    ///     panic!("a delta");
    /// };
    /// assert!(matches!(piece.delta, Delta::Text(delta) if delta.text == "Hi"));
    /// # Ok::<(), ssewire_messages::PayloadError>(())
    /// ```
    ///
    /// # Errors
    /// [`PayloadError`]: this event cannot be read; the stream can go on.
    pub fn decode(event_type: &[u8], data: &'a [u8]) -> Result<Option<Self>, PayloadError> {
        match exact::piece(data) {
            Some(piece) => Ok(Some(Self::ContentBlockDelta(piece.into_delta(data.len())))),
            None => Self::decode_unusual(event_type, data),
        }
    }

    /// Decodes what [`exact`] does not read.
    #[inline(never)]
    pub(crate) fn decode_unusual(event_type: &[u8], data: &'a [u8]) -> Result<Option<Self>, PayloadError> {
        if let Some(delta) = hot::delta(data) {
            return Ok(Some(Self::ContentBlockDelta(delta)));
        }
        // The default event type of SSE names nothing.
        general(if event_type == b"message" { b"" } else { event_type }, data)
    }

    /// Decodes bare JSON, as transports other than SSE carry it. As [`decode`](Self::decode) without an event type.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn from_json(data: &'a [u8]) -> Result<Option<Self>, PayloadError> {
        Self::decode(b"", data)
    }
}

/// Every event but the common deltas, and those as well.
fn general(name: &[u8], data: &[u8]) -> Result<Option<StreamEvent<'static>>, PayloadError> {
    let text = data.trim_ascii();
    let is_error = name == b"error";
    if text == b"[DONE]" {
        return Ok(Some(StreamEvent::Done));
    }
    if text.is_empty() {
        return Ok(is_error.then(|| StreamEvent::Error(ApiError::from_text(String::new()))));
    }
    if name == b"ping" && text == b"\"\"" {
        return Ok(None);
    }
    match repair::parse(data) {
        Ok(Value::Object(payload)) => interpret(name, payload, PayloadSize(data.len())).map(Some),
        Ok(other) if is_error => Ok(Some(StreamEvent::Error(ApiError::from_body(other)))),
        Err(_) if is_error => {
            let text = String::from_utf8_lossy(text).into_owned();
            Ok(Some(StreamEvent::Error(ApiError::from_text(text))))
        }
        Ok(_) => Err(PayloadError { kind: PayloadErrorKind::NotAnObject, lost: Kind::of(name).lost() }),
        Err(error) => {
            let kind = PayloadErrorKind::NotJson { line: error.line(), column: error.column() };
            Err(PayloadError { kind, lost: Kind::of(name).lost() })
        }
    }
}

/// The kinds of events.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
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

impl Kind {
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

    fn lost(self) -> Lost {
        match self {
            Self::BlockStart | Self::BlockDelta => Lost::Content,
            Self::Unnamed => Lost::Unnamed,
            Self::Unknown => Lost::Foreign,
            _ => Lost::Other,
        }
    }
}

fn interpret(
    name: &[u8],
    payload: Map<String, Value>,
    size: PayloadSize,
) -> Result<StreamEvent<'static>, PayloadError> {
    let typed = payload.get("type").and_then(Value::as_str);
    let kind = match typed {
        Some(kind) => Kind::of(kind.as_bytes()),
        None => Kind::of(name),
    };
    if is_error(kind, typed.is_some(), name, &payload) {
        return Ok(StreamEvent::Error(ApiError::from_body(Value::Object(payload))));
    }
    let mut members = Members(payload);
    let event = match kind {
        Kind::MessageStart => members.message_start(size).map(StreamEvent::MessageStart),
        Kind::MessageDelta => members.message_delta(size).map(StreamEvent::MessageDelta),
        Kind::BlockStart => members.block_start(size).map(StreamEvent::ContentBlockStart),
        Kind::BlockDelta => members.block_delta(size).map(StreamEvent::ContentBlockDelta),
        Kind::BlockStop => members.block_stop().map(StreamEvent::ContentBlockStop),
        Kind::MessageStop => Ok(StreamEvent::MessageStop),
        Kind::Ping => Ok(StreamEvent::Ping),
        Kind::Error | Kind::Unnamed | Kind::Unknown => {
            let name = match members.0.get("type") {
                Some(Value::String(kind)) => Cow::Borrowed(kind.as_str()),
                _ => String::from_utf8_lossy(name),
            };
            let name = if name.is_empty() { "message".into() } else { name.as_ref().into() };
            Ok(StreamEvent::Unknown(UnknownEvent { name, raw: Box::new(members.0) }))
        }
    };
    event.map_err(|member| PayloadError { kind: PayloadErrorKind::Member(member), lost: kind.lost() })
}

/// An error, wherever it stands: section 3 of the protocol, "An error, wherever it stands".
fn is_error(kind: Kind, typed: bool, name: &[u8], payload: &Map<String, Value>) -> bool {
    let has = |member| payload.get(member).is_some_and(|value: &Value| !value.is_null());
    kind == Kind::Error
        || payload.get("object").and_then(Value::as_str) == Some("error")
        || (!typed && (has("error") || has("detail")))
        || (name == b"error" && matches!(kind, Kind::Unnamed | Kind::Unknown))
}

/// The members of a payload that were not taken yet; what is left over is kept as it came.
struct Members(Map<String, Value>);

/// The name of a member that is missing or cannot be read.
type Unreadable = &'static str;

impl Members {
    fn message_start(&mut self, size: PayloadSize) -> Result<MessageStart, Unreadable> {
        let message = Message::from_json(self.take("message").ok_or("message")?).map_err(|_| "message")?;
        Ok(MessageStart { message: Box::new(message), extra: self.rest(), size })
    }

    fn message_delta(&mut self, size: PayloadSize) -> Result<MessageDelta, Unreadable> {
        Ok(MessageDelta {
            delta: self.take_fitting("delta")?,
            usage: self.take_fitting("usage")?,
            context_management: self.take_if_it_fits("context_management"),
            input_transformations: self.take_if_it_fits("input_transformations"),
            extra: self.rest(),
            size,
        })
    }

    fn block_start(&mut self, size: PayloadSize) -> Result<ContentBlockStart, Unreadable> {
        let index = self.index()?;
        let content_block = self.take("content_block").ok_or("content_block")?;
        let content_block = ContentBlock::from_json(content_block).map_err(|_| "content_block")?;
        Ok(ContentBlockStart { index, content_block, extra: self.rest(), size })
    }

    fn block_stop(&mut self) -> Result<ContentBlockStop, Unreadable> {
        Ok(ContentBlockStop { index: self.index()?, extra: self.rest() })
    }

    fn block_delta(&mut self, size: PayloadSize) -> Result<ContentBlockDelta<'static>, Unreadable> {
        let index = self.index()?;
        let Some(Value::Object(delta)) = self.take("delta") else { return Err("delta") };
        let delta = Self(delta).delta()?;
        Ok(ContentBlockDelta { index, delta, extra: self.rest(), size })
    }

    fn delta(mut self) -> Result<Delta<'static>, Unreadable> {
        let kind = self.0.get("type").and_then(Value::as_str).ok_or("delta.type")?;
        Ok(match kind {
            "text_delta" => Delta::Text(TextDelta { text: self.text("text")?, extra: self.rest() }),
            "input_json_delta" => {
                Delta::InputJson(InputJsonDelta { partial_json: self.text("partial_json")?, extra: self.rest() })
            }
            "thinking_delta" => Delta::Thinking(ThinkingDelta {
                thinking: self.text("thinking")?,
                estimated_tokens: self.take_count("estimated_tokens"),
                extra: self.rest(),
            }),
            "signature_delta" => {
                Delta::Signature(SignatureDelta { signature: self.text("signature")?, extra: self.rest() })
            }
            "citations_delta" => Delta::Citations(CitationsDelta {
                citation: self.take("citation").and_then(|value| Box::from_json(value).ok()).ok_or("citation")?,
                extra: self.rest(),
            }),
            "compaction_delta" => {
                let delta = Box::<CompactionDelta>::from_json(Value::Object(self.0)).map_err(|_| "delta.content")?;
                Delta::Compaction(delta)
            }
            _ => Delta::Unknown(UnknownObject::from_json(Value::Object(self.0)).map_err(|_| "delta")?),
        })
    }

    /// An index is an integer, a string of digits, or a float without a fraction.
    fn index(&mut self) -> Result<u64, Unreadable> {
        self.take("index").as_ref().and_then(count).ok_or("index")
    }

    /// The string of a delta; null stands for the empty one.
    fn text(&mut self, name: &'static str) -> Result<Cow<'static, str>, Unreadable> {
        match self.take(name) {
            Some(Value::String(text)) => Ok(Cow::Owned(text)),
            Some(Value::Null) => Ok(Cow::Borrowed("")),
            _ => Err(name),
        }
    }

    /// A member that may be absent, but not of another type.
    fn take_fitting<T: Member>(&mut self, name: &'static str) -> Result<T, Unreadable> {
        match self.take(name) {
            None => Ok(T::default()),
            Some(value) => T::from_json(value).map_err(|_| name),
        }
    }

    /// A member that stays among the others if it is of another type.
    fn take_if_it_fits<T: Member>(&mut self, name: &str) -> T {
        if !self.0.get(name).is_some_and(T::fits) {
            return T::default();
        }
        self.take(name).and_then(|value| T::from_json(value).ok()).unwrap_or_default()
    }

    fn take_count(&mut self, name: &str) -> crate::Nullable<u64> {
        match self.0.get(name).map(|value| (value.is_null(), count(value))) {
            None | Some((false, None)) => crate::Nullable::Absent,
            Some((true, _)) => self.take(name).map_or(crate::Nullable::Absent, |_| crate::Nullable::Null),
            Some((false, Some(number))) => {
                self.take(name);
                crate::Nullable::Value(number)
            }
        }
    }

    /// Takes a member out. The others keep their order, which `Map::remove` under `preserve_order` would not grant.
    fn take(&mut self, name: &str) -> Option<Value> {
        let taken = self.0.get_mut(name).map(Value::take)?;
        self.0.retain(|other, _| other != name);
        Some(taken)
    }

    /// All that was not taken, but for the `type`, which the event itself stands for.
    fn rest(&mut self) -> Extra {
        self.take("type");
        Extra::from(core::mem::take(&mut self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`decode`] gives, after making sure that both ways give it.
    fn both_ways(name: &[u8], data: &[u8]) -> Result<Option<StreamEvent<'static>>, PayloadError> {
        let slow = general(name, data);
        let fast = StreamEvent::decode(name, data).map(|event| event.map(StreamEvent::into_owned));
        match (&slow, &fast) {
            (Ok(Some(a)), Ok(Some(b))) => {
                assert_eq!(serde_json::to_value(a).unwrap(), serde_json::to_value(b).unwrap());
            }
            (a, b) => assert_eq!(a, b),
        }
        fast
    }

    #[test]
    fn the_type_decides_and_the_name_only_without_one() {
        let ping = br#"{"type": "ping"}"#;
        for name in [&b"ping"[..], b"message", b"content_block_delta", b"error", b"foo", b""] {
            assert_eq!(StreamEvent::decode(name, ping), Ok(Some(StreamEvent::Ping)), "{name:?}");
        }
        assert_eq!(both_ways(b"message_stop", b"{}"), Ok(Some(StreamEvent::MessageStop)));
        assert!(matches!(both_ways(b"foo", b"{}"), Ok(Some(StreamEvent::Unknown(unknown))) if unknown.name() == "foo"));
    }

    #[test]
    fn an_error_is_an_error_wherever_it_stands() {
        for (name, data) in [
            ("message", r#"{"type":"error","error":{"type":"api_error","message":"boom"}}"#),
            ("message", r#"{"object":"error","message":"boom","type":"BadRequestError","code":400}"#),
            ("message", r#"{"error":{"message":"boom","code":500}}"#),
            ("message", r#"{"error":"boom"}"#),
            ("message", r#"{"detail":"boom"}"#),
            ("error", "boom"),
            ("error", r#""boom""#),
            ("error", r#"{"message":"boom"}"#),
            ("error", r#"{"type":"overloaded_error","message":"boom"}"#),
        ] {
            let event = StreamEvent::decode(name.as_bytes(), data.as_bytes());
            assert!(
                matches!(&event, Ok(Some(StreamEvent::Error(error))) if error.message() == Some("boom")),
                "{name} {data} {event:?}"
            );
        }
        let Ok(Some(StreamEvent::Error(silent))) = StreamEvent::decode(b"error", b" ") else { panic!("an error") };
        assert_eq!(silent.message(), None);
        let known = br#"{"type":"message_stop"}"#;
        assert_eq!(StreamEvent::decode(b"error", known), Ok(Some(StreamEvent::MessageStop)));
        let no_error = br#"{"error":null,"x":1}"#;
        assert!(matches!(StreamEvent::decode(b"message", no_error), Ok(Some(StreamEvent::Unknown(_)))));
    }

    #[test]
    fn indices_may_be_digits_or_integral_floats() {
        for index in ["7", "\"7\"", "7.0", "7e0"] {
            let data = [br#"{"type":"content_block_stop","index":"#, index.as_bytes(), b"}"].concat();
            assert!(matches!(both_ways(b"", &data), Ok(Some(StreamEvent::ContentBlockStop(stop))) if stop.index == 7));
        }
        for index in ["null", "-1", "1.5", "\"+7\"", "\"\"", "[7]", "1e99"] {
            let data = [br#"{"type":"content_block_stop","index":"#, index.as_bytes(), b"}"].concat();
            let error = both_ways(b"", &data).unwrap_err();
            assert_eq!(error.kind(), PayloadErrorKind::Member("index"));
            assert!(!error.is_hole(), "a stop carries no content");
        }
    }

    #[test]
    fn what_is_lost_is_known_by_type_or_else_by_name() {
        let hole = |name: &[u8], data: &[u8]| both_ways(name, data).unwrap_err().is_hole();
        assert!(hole(b"ping", br#"{"type":"content_block_delta","index":0,"delta":{}}"#));
        assert!(hole(b"content_block_delta", b"{"));
        assert!(hole(b"content_block_start", b"[1,2]"));
        assert!(hole(b"", b"null"));
        assert!(StreamEvent::decode(b"message", b"null").unwrap_err().is_hole());
        assert!(!hole(b"ping", b"{"));
        assert!(!hole(b"message_delta", br#"{"delta":5}"#));
        assert!(!hole(b"foo", b"{"));
    }

    #[test]
    fn ill_formed_text_is_replaced() {
        for (raw, shown) in [
            (&b"He\xFFllo"[..], "He\u{FFFD}llo"),
            (br"He\ud800llo", "He\u{FFFD}llo"),
            (br"\ud800\ud83d\ude00\udc00\\ud800", "\u{FFFD}\u{1F600}\u{FFFD}\\ud800"),
        ] {
            let data =
                [br#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""#, raw, br#""}}"#]
                    .concat();
            let event = both_ways(b"", &data);
            let Ok(Some(StreamEvent::ContentBlockDelta(ContentBlockDelta { delta: Delta::Text(delta), .. }))) = event
            else {
                panic!("{event:?}")
            };
            assert_eq!(delta.text, shown);
        }
    }

    #[test]
    fn common_deltas_are_borrowed_whatever_their_layout() {
        for data in [
            &br#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"plain"}}"#[..],
            br#" { "delta" : { "text" : "plain" , "type" : "text_delta" } , "index" : 0 , "type" : "content_block_delta" } "#,
        ] {
            let event = StreamEvent::from_json(data).unwrap();
            let Some(StreamEvent::ContentBlockDelta(ContentBlockDelta { delta: Delta::Text(delta), .. })) = event else {
                panic!("a text delta")
            };
            assert!(matches!(delta.text, Cow::Borrowed("plain")));
        }
    }
}
