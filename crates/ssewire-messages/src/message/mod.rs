//! The message.

mod error;
mod merge;
mod read;
mod write;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

pub use self::error::InvalidMessage;
use crate::Nullable;
use crate::block::{ContentBlock, TextBlock};
use crate::id_and_model::IdAndModel;
use crate::json::{Cursor, ExtraMembers, JsonStr, RawJson, RawJsonRef, serde_text};
use crate::members::ReadError;
use crate::stop_reason::StopReason;
use crate::tool_input::{ToolInputError, write_finished, write_lossy};
use crate::usage::Usage;

/// A message of the model (Messages API: `Message`, `BetaMessage`), complete or partial.
///
/// As JSON it always has `type`, `role` and `content`; everything else is written only if it arrived. What deltas build
/// is typed, everything else is kept as [text](RawJson). Inside tagged and untagged enums of serde, and below
/// `flatten`, reading has the limits that [`RawJson`] names.
///
/// # Your own type
/// Projects that have a type for messages parse it from the JSON of this one. It equals the API's response for the
/// same message without a stream, so a type that reads such responses reads it, too:
///
/// ```
/// use ssewire_messages::Message;
///
/// #[derive(serde::Deserialize)]
/// struct Response {
///     id: String,
///     content: Vec<Block>,
///     stop_reason: Option<String>,
/// }
///
/// #[derive(serde::Deserialize)]
/// #[serde(tag = "type", rename_all = "snake_case")]
/// enum Block {
///     Text { text: String },
///     ToolUse { name: String, input: serde_json::Value },
///     #[serde(other)]
///     Other,
/// }
///
/// # let message: Message = r#"{"id":"msg_1","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn"}"#.parse()?;
/// let response: Response = message.to_json()?.parse()?;
/// assert!(matches!(&response.content[..], [Block::Text { text }] if text == "Hi"));
/// # assert_eq!((&*response.id, response.stop_reason.as_deref()), ("msg_1", Some("end_turn")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`to_json`](Self::to_json) refuses unfinished tool input; [`to_json_lossy`](Self::to_json_lossy) writes it, for
/// display.
#[derive(Clone, Default)]
pub struct Message {
    pub(crate) id_and_model: IdAndModel,
    pub(crate) stop_reason: Nullable<StopReason>,
    pub(crate) content: Vec<ContentBlock>,
    pub(crate) usage: Nullable<Usage>,
    extra: ExtraMembers,
    /// Which known members are of another type, and among the extras.
    mistyped: [bool; Known::NAMES.len()],
    /// The message was read from JSON: its last tool call may be truncated.
    pub(crate) is_from_json: bool,
}

/// A known member of a message.
#[derive(Clone, Copy)]
enum Known {
    Id,
    Type,
    Role,
    StopReason,
    Usage,
    Model,
}

impl Known {
    const NAMES: [&str; 6] = ["id", "type", "role", "stop_reason", "usage", "model"];
}

impl Message {
    /// Returns the identifier, `msg_…`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id_and_model.id()
    }

    /// Returns the model that wrote the message; after a fallback, the one that finished it.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.id_and_model.model()
    }

    /// Returns why the model stopped; `None` until a stop reason arrived.
    #[must_use]
    pub fn stop_reason(&self) -> Option<&StopReason> {
        self.stop_reason.as_option()
    }

    /// Returns the stop sequence that was met, where the stop reason is `stop_sequence`.
    #[must_use]
    pub fn stop_sequence(&self) -> Option<Cow<'_, str>> {
        self.get("stop_sequence")?.decode_string()
    }

    /// Returns the content blocks.
    #[must_use]
    pub fn content(&self) -> &[ContentBlock] {
        &self.content
    }

    /// Returns the content blocks, owned.
    #[must_use]
    pub fn into_content(self) -> Vec<ContentBlock> {
        self.content
    }

    /// Returns the tokens and requests that the message cost.
    #[must_use]
    pub fn usage(&self) -> Option<&Usage> {
        self.usage.as_option()
    }

    /// Returns another member, unless it is null: `container`, `stop_details`, `context_management`, `diagnostics`,
    /// `input_transformations`, or one that this version does not know. Linear.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RawJsonRef<'_>> {
        self.extra.get(name)?.non_null()
    }

    /// Returns the members that are neither merged nor typed, such as `stop_sequence` and `container`, and known ones
    /// of another type than documented.
    #[must_use]
    pub fn extra(&self) -> &ExtraMembers {
        &self.extra
    }

    /// Returns the tokens of the request that were neither written to the cache nor read from it.
    #[must_use]
    pub fn input_tokens(&self) -> Option<u64> {
        self.usage()?.input_tokens()
    }

    /// Returns the tokens that the model has written.
    #[must_use]
    pub fn output_tokens(&self) -> Option<u64> {
        self.usage()?.output_tokens()
    }

    /// Returns all text of the message so far: that of its text blocks, with nothing in between.
    #[doc(alias = "get_final_text")]
    #[must_use]
    pub fn text(&self) -> String {
        self.content.iter().filter_map(ContentBlock::as_text).map(TextBlock::text).collect()
    }

    /// Reads a document: any JSON object whose members have the types of a message. Absent members stay absent,
    /// and `type` is not checked.
    ///
    /// # Errors
    /// [`InvalidMessage`].
    pub fn from_json(json: &[u8]) -> Result<Self, InvalidMessage> {
        let mut cursor = Cursor::of_document(json);
        if cursor.peek() != Some(b'{') {
            return Err(match cursor.skip_value().and_then(|_| cursor.end()) {
                Ok(()) => InvalidMessage::NotAnObject,
                Err(error) => InvalidMessage::Syntax { offset: error.at },
            });
        }
        let message = Self::read(&mut cursor).and_then(|message| {
            cursor.end()?;
            Ok(message)
        });
        match message {
            Ok(message) => Ok(Self { is_from_json: true, ..message }),
            Err(ReadError::Syntax(error)) => Err(InvalidMessage::Syntax { offset: error.at }),
            Err(ReadError::Member(name)) => Err(InvalidMessage::Member(name)),
        }
    }

    /// Returns the message as JSON, in the shape of the API.
    ///
    /// # Errors
    /// [`ToolInputError`]: the input of a tool call is not finished. [`to_json_lossy`](Self::to_json_lossy)
    /// writes such a message for display.
    pub fn to_json(&self) -> Result<RawJson, ToolInputError> {
        let mut out = String::new();
        self.write(&mut out, write_finished)?;
        Ok(RawJson::from_valid(out))
    }

    /// Returns the message as JSON, for display. Tool input that is not finished is the value so far, and looks like a
    /// finished one: never run a tool with it.
    #[must_use]
    pub fn to_json_lossy(&self) -> RawJson {
        let mut out = String::new();
        // Only unfinished input fails, and that is written here.
        let _ = self.write(&mut out, write_lossy);
        RawJson::from_valid(out)
    }

    /// Copies everything but the content.
    pub(crate) fn with_content(&self, content: Vec<ContentBlock>) -> Self {
        let Self { id_and_model, stop_reason, content: _, usage, extra, mistyped, is_from_json } = self;
        Self {
            id_and_model: id_and_model.clone(),
            stop_reason: stop_reason.clone(),
            content,
            usage: usage.clone(),
            extra: extra.clone(),
            mistyped: *mistyped,
            is_from_json: *is_from_json,
        }
    }

    /// Sets the model to that of a fallback block.
    pub(crate) fn set_model(&mut self, model: JsonStr<'_>) {
        self.keep_mistyped(Known::Model, None);
        self.id_and_model.set_model(model);
    }

    /// Returns the bytes that the message holds. Linear in the number of blocks.
    pub(crate) fn byte_size(&self) -> usize {
        let blocks = self.content.iter().map(ContentBlock::byte_size);
        blocks.fold(self.byte_size_without_content(), usize::saturating_add)
    }

    /// Returns the bytes that the message holds beside its blocks.
    pub(crate) fn byte_size_without_content(&self) -> usize {
        let stop_reason = match self.stop_reason() {
            Some(StopReason::Unknown(reason)) => reason.len(),
            _ => 0,
        };
        let usage = self.usage.as_option().map_or(0, Usage::byte_size);
        let parts = [self.id_and_model.byte_size(), stop_reason, self.extra.byte_size(), usage];
        parts.into_iter().fold(0, usize::saturating_add)
    }
}

/// Shows the JSON; input that is not finished is the value so far, as in [`to_json_lossy`](Message::to_json_lossy).
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Message").field(&self.to_json_lossy()).finish()
    }
}

/// Equal parts, or the same text as JSON: a member of a block may have arrived with its start or with its deltas.
impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        let has_equal_parts = (&self.id_and_model, &self.stop_reason, &self.usage, &self.extra)
            == (&other.id_and_model, &other.stop_reason, &other.usage, &other.extra)
            && self.content == other.content;
        has_equal_parts || matches!((self.to_json(), other.to_json()), (Ok(json), Ok(other)) if json == other)
    }
}

impl FromStr for Message {
    type Err = InvalidMessage;

    fn from_str(json: &str) -> Result<Self, InvalidMessage> {
        Self::from_json(json.as_bytes())
    }
}

/// As JSON. Unfinished tool input is an error.
impl serde::Serialize for Message {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = self.to_json().map_err(serde::ser::Error::custom)?;
        serde_text::serialize(json.as_str(), serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Message {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_text::deserialize(deserializer, "Message", |cursor| {
            let message = Self::read(cursor).ok()?;
            Some(Self { is_from_json: true, ..message })
        })
    }
}
