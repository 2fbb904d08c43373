//! The events of a Messages stream.

use alloc::borrow::Cow;
use alloc::boxed::Box;

use serde::de::Error as _;

use crate::api_error::ApiError;
use crate::block::ContentBlock;
use crate::delta::Delta;
use crate::json::{Cursor, RawJson, ScannedJson, serde_text};
use crate::members::each_member;
use crate::message::Message;
use crate::stop_reason::StopReason;
use crate::usage::Usage;

/// One event of a Messages stream (Messages API: `RawMessageStreamEvent` and its beta counterpart).
///
/// Decoded by [`decode`](Self::decode) from an SSE event, or by [`from_json`](Self::from_json) from bare JSON. The
/// strings of deltas are borrowed from the payload, unless they have an escape.
///
/// Transports without SSE contain events as JSON values. `StreamEvent<'static>` implements
/// [`Deserialize`](serde::Deserialize), for a member of your own type or for a `serde_json::Value`. Inside tagged and
/// untagged enums, and below `flatten`, reading has the limits that [`RawJson`] names.
///
/// ```
/// use ssewire_messages::StreamEvent;
///
/// #[derive(serde::Deserialize)]
/// struct Line {
///     event: StreamEvent<'static>,
/// }
///
/// let line: Line = serde_json::from_str(r#"{"type":"stream_event","event":{"type":"message_stop"}}"#)?;
/// assert_eq!(line.event, StreamEvent::MessageStop);
/// let value = serde_json::json!({"type": "message_stop"});
/// assert_eq!(serde_json::from_value::<StreamEvent>(value)?, StreamEvent::MessageStop);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum StreamEvent<'a> {
    /// The message begins: everything known of it before its content.
    MessageStart(Box<Message>),
    /// A content block begins.
    ContentBlockStart(ContentBlockStart),
    /// A piece of a content block.
    ContentBlockDelta(ContentBlockDelta<'a>),
    /// The server has ended a content block. Its content may be incomplete if an event was lost.
    ContentBlockStop(ContentBlockStop),
    /// Stop reason and usage so far. May arrive more than once.
    MessageDelta(MessageDelta<'a>),
    /// The server has ended the message. [`Completion`](crate::Completion) says whether it is complete.
    MessageStop,
    /// A keep-alive, about every 15 seconds.
    Ping,
    /// The server, or a gateway on the way, reports an error. The message will not be finished.
    Error(Box<ApiError>),
    /// `[DONE]`, the end marker of other protocols, which some gateways add.
    Done,
    /// An event that this version does not know.
    Unknown(UnknownEvent<'a>),
}

/// A content block begins (Messages API: `RawContentBlockStartEvent`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ContentBlockStart {
    /// The index of the block on the wire. Usually its position in the message's content, but not by necessity.
    pub index: u64,
    /// The block as it begins; most kinds arrive complete.
    pub content_block: ContentBlock,
}

/// A piece of a content block (Messages API: `RawContentBlockDeltaEvent`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ContentBlockDelta<'a> {
    /// The index of the block on the wire.
    pub index: u64,
    /// The piece.
    pub delta: Delta<'a>,
    /// The event has other members than `type`, `index` and `delta`, or its delta than `type` and its own string.
    /// Always set for a delta of unknown type.
    pub has_extra: bool,
}

/// The server has ended a content block (Messages API: `RawContentBlockStopEvent`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContentBlockStop {
    /// The index of the block on the wire.
    pub index: u64,
}

/// Stop reason and usage so far (Messages API: `RawMessageDeltaEvent`). A value that is not null replaces the known
/// one. Counts are cumulative: they are replaced, never added.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MessageDelta<'a> {
    /// The members of the message. Absent where it is null.
    pub(crate) delta: Option<ScannedJson<'a>>,
    pub(crate) usage: Option<ScannedJson<'a>>,
    /// The members of the event beside these: `context_management` and `input_transformations`. Absent where they are
    /// null.
    pub(crate) event_members: [Option<ScannedJson<'a>>; 2],
}

/// The names of [`MessageDelta::event_members`].
pub(crate) const EVENT_MEMBERS: [&str; 2] = ["context_management", "input_transformations"];

impl MessageDelta<'_> {
    /// Returns why the model stopped, if the event says so.
    #[must_use]
    pub fn stop_reason(&self) -> Option<StopReason> {
        let mut reason = None;
        let mut cursor = Cursor::new(self.delta.as_deref()?);
        // Valid, as the scanner has found.
        let _ = each_member(&mut cursor, &mut |name, cursor| {
            if name.bytes != b"stop_reason" {
                cursor.skip_value()?;
                return Ok(());
            }
            match StopReason::read(cursor)? {
                Err(b"null") => {}
                read => reason = read.ok(),
            }
            Ok(())
        });
        reason
    }

    /// Returns the usage so far, without members that are null: they change nothing.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        let mut usage = Usage::default();
        usage.merge(&mut Cursor::new(self.usage.as_deref()?)).ok()?;
        Some(usage)
    }

    /// Returns a member of `delta`, or `context_management` or `input_transformations`, which are beside it. Null is
    /// `None`: it changes nothing. Linear. Copies the value: one allocation.
    ///
    /// ```
    /// use ssewire_messages::StreamEvent;
    ///
    /// let payload = br#"{"type":"message_delta","delta":{"container":null},"context_management":{"edits":[]}}"#;
    /// let Some(StreamEvent::MessageDelta(delta)) = StreamEvent::from_json(payload)? else { panic!() };
    /// assert_eq!(delta.get("context_management").unwrap().as_str(), r#"{"edits":[]}"#);
    /// assert_eq!(delta.get("container"), None);
    /// # Ok::<(), ssewire_messages::PayloadError>(())
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RawJson> {
        // One beside the delta is merged last.
        let beside = EVENT_MEMBERS.iter().zip(&self.event_members).find(|(member, _)| **member == name);
        if let Some(value) = beside.and_then(|(_, value)| value.as_ref()) {
            return Some(value.to_raw());
        }
        let mut found = None;
        // Valid, as the scanner has found.
        let _ = each_member(&mut Cursor::new(self.delta.as_deref()?), &mut |member, cursor| {
            let value = cursor.skip_value()?;
            if member.bytes == name.as_bytes() && value != b"null" {
                found = Some(value);
            }
            Ok(())
        });
        found.map(RawJson::keep)
    }

    /// Returns the `delta` of the event, as JSON. Copies it: one allocation.
    #[must_use]
    pub fn delta_to_json(&self) -> Option<RawJson> {
        self.delta.as_ref().map(ScannedJson::to_raw)
    }

    fn into_owned(self) -> MessageDelta<'static> {
        let own = |value: Option<ScannedJson<'_>>| value.map(ScannedJson::into_owned);
        let [context_management, input_transformations] = self.event_members;
        let event_members = [own(context_management), own(input_transformations)];
        MessageDelta { delta: own(self.delta), usage: own(self.usage), event_members }
    }
}

/// An event of a kind that this version does not know, as raw JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownEvent<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) raw: ScannedJson<'a>,
}

impl UnknownEvent<'_> {
    /// Returns the `type` of the event, or else the SSE event type; `message` if there is none.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.name
    }

    /// Returns the payload. Copies it: one allocation.
    #[must_use]
    pub fn to_json(&self) -> RawJson {
        self.raw.to_raw()
    }
}

impl StreamEvent<'_> {
    /// Returns the `type` of the event on the wire; `[DONE]` for the end marker.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Self::MessageStart(_) => "message_start",
            Self::ContentBlockStart(_) => "content_block_start",
            Self::ContentBlockDelta(_) => "content_block_delta",
            Self::ContentBlockStop(_) => "content_block_stop",
            Self::MessageDelta(_) => "message_delta",
            Self::MessageStop => "message_stop",
            Self::Ping => "ping",
            Self::Error(_) => "error",
            Self::Done => "[DONE]",
            Self::Unknown(event) => event.type_name(),
        }
    }

    /// Copies the borrowed parts of the event.
    #[must_use]
    pub fn into_owned(self) -> StreamEvent<'static> {
        match self {
            Self::MessageStart(message) => StreamEvent::MessageStart(message),
            Self::ContentBlockStart(start) => StreamEvent::ContentBlockStart(start),
            Self::ContentBlockDelta(ContentBlockDelta { index, delta, has_extra }) => {
                StreamEvent::ContentBlockDelta(ContentBlockDelta { index, delta: delta.into_owned(), has_extra })
            }
            Self::ContentBlockStop(stop) => StreamEvent::ContentBlockStop(stop),
            Self::MessageDelta(delta) => StreamEvent::MessageDelta(delta.into_owned()),
            Self::MessageStop => StreamEvent::MessageStop,
            Self::Ping => StreamEvent::Ping,
            Self::Error(error) => StreamEvent::Error(error),
            Self::Done => StreamEvent::Done,
            Self::Unknown(UnknownEvent { name, raw }) => {
                StreamEvent::Unknown(UnknownEvent { name: name.into_owned().into(), raw: raw.into_owned() })
            }
        }
    }
}

/// Reads the JSON value of an event, as [`StreamEvent::from_json`] does, and copies it.
impl<'de> serde::Deserialize<'de> for StreamEvent<'static> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not `RawJson`, which replaces halves of surrogate pairs: the next delta may bring the other half.
        let payload = serde_text::read_text(deserializer)?;
        let event = StreamEvent::from_json(payload.get().as_bytes()).map_err(D::Error::custom)?;
        // Only a payload without a value has no event.
        event.map(StreamEvent::into_owned).ok_or_else(|| D::Error::custom("event has no payload"))
    }
}
