//! The events of a Messages stream.

mod block;
mod delta;
mod message;
mod unknown;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

pub use self::block::{ContentBlockDelta, ContentBlockStart, ContentBlockStop};
pub use self::delta::{
    CitationsDelta, CompactionDelta, Delta, InputJsonDelta, SignatureDelta, TextDelta, ThinkingDelta,
};
pub use self::message::{MessageDelta, MessageDeltaBody, MessageStart};
pub use self::unknown::UnknownEvent;
use crate::api_error::ApiError;

/// One event of a Messages stream (Messages API: `RawMessageStreamEvent` and its beta counterpart).
///
/// Made by [`StreamEvent::decode`](Self::decode) from an SSE event, or by [`from_json`](Self::from_json) from bare
/// JSON. The text of deltas is borrowed from the payload where no escape forces a copy.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum StreamEvent<'a> {
    /// The message begins: everything known of it before its content.
    MessageStart(MessageStart),
    /// A content block begins.
    ContentBlockStart(ContentBlockStart),
    /// A piece of a content block.
    ContentBlockDelta(ContentBlockDelta<'a>),
    /// A content block is whole.
    ContentBlockStop(ContentBlockStop),
    /// What became known of the message as a whole: the stop reason, the usage so far. May come more than once.
    MessageDelta(MessageDelta),
    /// The message is whole.
    MessageStop,
    /// A sign of life, about every 15 seconds.
    Ping,
    /// The server, or a gateway on the way, reports an error. The message will not be finished.
    Error(ApiError),
    /// `[DONE]`, the end marker of other protocols, which some gateways add.
    Done,
    /// An event that this version does not know.
    Unknown(UnknownEvent),
}

impl StreamEvent<'_> {
    /// The `type` of the event on the wire; `[DONE]` for the end marker.
    #[must_use]
    pub fn kind(&self) -> &str {
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
            Self::Unknown(unknown) => unknown.name(),
        }
    }

    /// The same event without borrows, for channels and async items. Copies the text of a delta, nothing else.
    #[must_use]
    pub fn into_owned(self) -> StreamEvent<'static> {
        match self {
            Self::ContentBlockDelta(delta) => StreamEvent::ContentBlockDelta(delta.into_owned()),
            Self::MessageStart(start) => StreamEvent::MessageStart(start),
            Self::ContentBlockStart(start) => StreamEvent::ContentBlockStart(start),
            Self::ContentBlockStop(stop) => StreamEvent::ContentBlockStop(stop),
            Self::MessageDelta(delta) => StreamEvent::MessageDelta(delta),
            Self::MessageStop => StreamEvent::MessageStop,
            Self::Ping => StreamEvent::Ping,
            Self::Error(error) => StreamEvent::Error(error),
            Self::Done => StreamEvent::Done,
            Self::Unknown(unknown) => StreamEvent::Unknown(unknown),
        }
    }
}

/// The bytes of a payload, which bound what its event adds to a message. Two events are the same however much white
/// space they came with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PayloadSize(pub(crate) usize);

impl PartialEq for PayloadSize {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// As the event stands on the wire; the end marker as the string `[DONE]`.
impl Serialize for StreamEvent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::MessageStart(event) => event.serialize(serializer),
            Self::ContentBlockStart(event) => event.serialize(serializer),
            Self::ContentBlockDelta(event) => event.serialize(serializer),
            Self::ContentBlockStop(event) => event.serialize(serializer),
            Self::MessageDelta(event) => event.serialize(serializer),
            Self::MessageStop | Self::Ping => {
                let mut object = serializer.serialize_map(Some(1))?;
                object.serialize_entry("type", self.kind())?;
                object.end()
            }
            Self::Error(error) => error.body().serialize(serializer),
            Self::Done => serializer.serialize_str("[DONE]"),
            Self::Unknown(unknown) => unknown.serialize(serializer),
        }
    }
}
