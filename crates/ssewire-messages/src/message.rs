//! The message.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::str::FromStr;

use crate::Nullable;
use crate::block::{ContentBlock, TextBlock};
use crate::json::{Cursor, ExtraMembers, JsonStr, MemberRanges, ObjectWriter, RawJson, RawJsonRef, bridge};
use crate::names::Names;
use crate::read::{ReadError, each_element, each_member_inlined};
use crate::stop_reason::StopReason;
use crate::tool_input::{ToolInputError, WriteInput, write_finished, write_lossy};
use crate::usage::Usage;

/// A message of the model (Messages API: `Message`, `BetaMessage`), complete or partial.
///
/// As JSON it always has `type`, `role` and `content`; everything else is written only if it came. What deltas build is
/// typed, everything else is kept as [text](RawJson).
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
/// let response: Response = message.to_json()?.parse_as()?;
/// assert!(matches!(&response.content[..], [Block::Text { text }] if text == "Hi"));
/// # assert_eq!((&*response.id, response.stop_reason.as_deref()), ("msg_1", Some("end_turn")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`to_json`](Self::to_json) refuses unfinished tool input; [`to_json_lossy`](Self::to_json_lossy) writes it, for
/// display.
#[derive(Debug, Clone, Default)]
pub struct Message {
    pub(crate) names: Names,
    pub(crate) stop_reason: Nullable<StopReason>,
    pub(crate) content: Vec<ContentBlock>,
    pub(crate) usage: Nullable<Usage>,
    pub(crate) extra: ExtraMembers,
    /// Known members that are of another type, and among the extras.
    pub(crate) mistyped: MistypedMembers,
    /// It was read from JSON: its last tool call may be truncated.
    pub(crate) is_from_json: bool,
}

/// Which known members are among the extras.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MistypedMembers {
    id: bool,
    kind: bool,
    role: bool,
    pub(crate) stop_reason: bool,
    pub(crate) usage: bool,
    model: bool,
}

/// The text is not the JSON of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidMessage {
    /// It is not valid JSON. The offset of the first unexpected byte.
    Syntax {
        /// In bytes.
        offset: usize,
    },
    /// It is JSON, but not an object.
    NotAnObject,
    /// This member has a value that a message cannot have.
    Member(&'static str),
}

impl core::fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Syntax { offset } => write!(f, "message is not valid JSON (at byte {offset})"),
            Self::NotAnObject => f.write_str("message is not a JSON object"),
            Self::Member(name) => write!(f, "message has no readable member `{name}`"),
        }
    }
}

impl core::error::Error for InvalidMessage {}

impl Message {
    /// The identifier, `msg_…`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.names.id()
    }

    /// The model that wrote the message; after a fallback, the one that finished it.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.names.model()
    }

    /// Why the model stopped. `None` until it has.
    #[must_use]
    pub fn stop_reason(&self) -> Option<&StopReason> {
        self.stop_reason.as_option()
    }

    /// The stop sequence that was met, where the stop reason is `stop_sequence`.
    #[must_use]
    pub fn stop_sequence(&self) -> Option<Cow<'_, str>> {
        self.get("stop_sequence")?.decode_string()
    }

    /// The content blocks.
    #[must_use]
    pub fn content(&self) -> &[ContentBlock] {
        &self.content
    }

    /// The content blocks, to keep.
    #[must_use]
    pub fn into_content(self) -> Vec<ContentBlock> {
        self.content
    }

    /// The tokens and requests that the message cost.
    #[must_use]
    pub fn usage(&self) -> Option<&Usage> {
        self.usage.as_option()
    }

    /// Another member, unless it is null: `container`, `stop_details`, `context_management`, `diagnostics`,
    /// `input_transformations`, or one that this version does not know. Linear.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RawJsonRef<'_>> {
        self.extra.get(name).filter(|value| !value.is_null())
    }

    /// The members that are neither merged nor typed, such as `stop_sequence` and `container`, and known ones of
    /// another type than documented.
    #[must_use]
    pub fn extra(&self) -> &ExtraMembers {
        &self.extra
    }

    /// The tokens of the request that were neither written to the cache nor read from it.
    #[must_use]
    pub fn input_tokens(&self) -> Option<u64> {
        self.usage()?.input_tokens()
    }

    /// The tokens that the model has written.
    #[must_use]
    pub fn output_tokens(&self) -> Option<u64> {
        self.usage()?.output_tokens()
    }

    /// All text of the message: that of its text blocks, with nothing in between.
    #[must_use]
    pub fn final_text(&self) -> String {
        self.content.iter().filter_map(ContentBlock::as_text).map(TextBlock::text).collect()
    }

    /// The message as JSON, in the shape of the API.
    ///
    /// # Errors
    /// [`ToolInputError`]: the input of a tool call is not finished. [`to_json_lossy`](Self::to_json_lossy) is for those
    /// who want to look at such a message.
    pub fn to_json(&self) -> Result<RawJson, ToolInputError> {
        let mut out = String::new();
        self.write(&mut out, write_finished)?;
        Ok(RawJson::from_valid(out))
    }

    /// The message as JSON, for display. Tool input that is not finished is the value so far, and looks like a finished
    /// one: never run a tool with it.
    #[must_use]
    pub fn to_json_lossy(&self) -> RawJson {
        let mut out = String::new();
        // Only unfinished input fails, and that is written here.
        let _ = self.write(&mut out, write_lossy);
        RawJson::from_valid(out)
    }

    pub(crate) fn write(&self, out: &mut String, write_input: WriteInput) -> Result<(), ToolInputError> {
        let mut object = self.write_head(out, self.stop_reason.as_ref());
        let content = object.value("content");
        content.push('[');
        for (at, block) in self.content.iter().enumerate() {
            if at > 0 {
                content.push(',');
            }
            block.write(content, write_input)?;
        }
        content.push(']');
        object.end();
        Ok(())
    }

    /// Writes everything but the content.
    pub(crate) fn write_head<'o>(&self, out: &'o mut String, stop_reason: Nullable<&StopReason>) -> ObjectWriter<'o> {
        let mut object = ObjectWriter::new(out);
        if let Some(id) = self.id() {
            object.string("id", id);
        }
        if !self.mistyped.kind {
            object.string("type", "message");
        }
        if !self.mistyped.role {
            object.string("role", "assistant");
        }
        if let Some(model) = self.model() {
            object.string("model", model);
        }
        match stop_reason {
            Nullable::Absent => {}
            Nullable::Null => object.raw("stop_reason", "null"),
            Nullable::Value(reason) => object.string("stop_reason", reason.as_str()),
        }
        match &self.usage {
            Nullable::Absent => {}
            Nullable::Null => object.raw("usage", "null"),
            Nullable::Value(usage) => usage.write(object.value("usage")),
        }
        self.extra.write(&mut object);
        object
    }

    /// Reads the object at the cursor.
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, ReadError> {
        let mut message = Self::default();
        message.read_members(cursor)?;
        Ok(message)
    }

    /// The same, without moving the message, which has hundreds of bytes.
    pub(crate) fn read_boxed(cursor: &mut Cursor<'_>) -> Result<Box<Self>, ReadError> {
        let mut message = Box::<Self>::default();
        message.read_members(cursor)?;
        Ok(message)
    }

    fn read_members(&mut self, cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
        let (message, mut members) = (self, MemberRanges::default());
        let (mut id, mut model) = (None, None);
        let is_object = each_member_inlined(cursor, |name, cursor| {
            match &*name.name() {
                b"content" => message.content = read_content(cursor)?,
                b"id" => {
                    id = cursor.string()?;
                    let mistyped = if id.is_none() { Some(cursor.skip_value()?) } else { None };
                    message.keep_mistyped("id", |mistyped| &mut mistyped.id, mistyped);
                }
                b"model" => {
                    model = cursor.string()?;
                    let mistyped = if model.is_none() { Some(cursor.skip_value()?) } else { None };
                    message.keep_mistyped("model", |mistyped| &mut mistyped.model, mistyped);
                }
                b"stop_reason" => {
                    let reason = cursor.string()?.map(|reason| StopReason::from(&*reason.to_text()));
                    let other = if reason.is_none() { Some(cursor.skip_value()?) } else { None };
                    let mistyped = other.filter(|other| *other != b"null");
                    message.stop_reason = nullable(reason, mistyped.is_none());
                    message.keep_mistyped("stop_reason", |mistyped| &mut mistyped.stop_reason, mistyped);
                }
                b"usage" => {
                    let usage = Usage::read(cursor)?;
                    let other = if usage.is_none() { Some(cursor.skip_value()?) } else { None };
                    let mistyped = other.filter(|other| *other != b"null");
                    message.usage = nullable(usage, mistyped.is_none());
                    message.keep_mistyped("usage", |mistyped| &mut mistyped.usage, mistyped);
                }
                b"type" => {
                    let kind = cursor.skip_value()?;
                    message.keep_mistyped(
                        "type",
                        |mistyped| &mut mistyped.kind,
                        Some(kind).filter(|kind| *kind != b"\"message\""),
                    );
                }
                b"role" => {
                    let role = cursor.skip_value()?;
                    message.keep_mistyped(
                        "role",
                        |mistyped| &mut mistyped.role,
                        Some(role).filter(|role| *role != b"\"assistant\""),
                    );
                }
                _ => {
                    let value = cursor.skip_value()?;
                    members.push(name, value, cursor, &mut message.extra);
                }
            }
            Ok(())
        })?;
        members.append_to(&mut message.extra, cursor);
        let [id, model] = [id, model].map(|name| name.map(JsonStr::to_text));
        message.names = Names::new(id.as_deref(), model.as_deref());
        if is_object { Ok(()) } else { Err(ReadError::Member("message")) }
    }

    /// Keeps a known member of another type among the extras. It replaces the member of this name before it, as one of
    /// the usual type does: the last one holds.
    pub(crate) fn keep_mistyped(
        &mut self,
        name: &str,
        flag: fn(&mut MistypedMembers) -> &mut bool,
        mistyped: Option<&[u8]>,
    ) {
        if core::mem::replace(flag(&mut self.mistyped), mistyped.is_some()) && mistyped.is_none() {
            self.extra.remove(name);
        }
        if let Some(mistyped) = mistyped {
            self.extra.set(name, mistyped);
        }
    }

    /// Reads a whole document: any JSON object whose members have the types of a message. Absent members stay absent,
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

    /// Sets the model to that of a fallback block.
    pub(crate) fn set_model(&mut self, model: &str) {
        if core::mem::take(&mut self.mistyped.model) {
            self.extra.remove("model");
        }
        self.names.set_model(model);
    }

    /// Everything that it holds beside its blocks, in bytes.
    pub(crate) fn head_byte_size(&self) -> usize {
        let parts =
            [self.names.byte_size(), self.extra.byte_size(), self.usage.as_option().map_or(0, Usage::byte_size)];
        parts.into_iter().fold(0, usize::saturating_add)
    }
}

fn nullable<T>(value: Option<T>, is_null: bool) -> Nullable<T> {
    match value {
        Some(value) => Nullable::Value(value),
        None if is_null => Nullable::Null,
        None => Nullable::Absent,
    }
}

/// The blocks of a message: an array, or null.
fn read_content(cursor: &mut Cursor<'_>) -> Result<Vec<ContentBlock>, ReadError> {
    // Counted first: a list of tiny blocks must not be held twice while it grows.
    let mut count = 0_usize;
    let mut counting = cursor.clone();
    each_element(&mut counting, &mut |cursor| {
        cursor.skip_value()?;
        count = count.saturating_add(1);
        Ok(())
    })?;
    let mut content = Vec::with_capacity(count);
    let is_array = each_element(cursor, &mut |cursor| {
        content.push(ContentBlock::read(cursor)?);
        Ok(())
    })?;
    if is_array || cursor.skip_value()? == b"null" { Ok(content) } else { Err(ReadError::Member("message.content")) }
}

/// Equal members with equal values, however the tool input arrived.
impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        (&self.names, &self.stop_reason, &self.usage, &self.extra)
            == (&other.names, &other.stop_reason, &other.usage, &other.extra)
            && self.content == other.content
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
        bridge::serialize(json.as_str(), serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Message {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bridge::deserialize(deserializer, "Message", |cursor| {
            let message = Self::read(cursor).ok()?;
            Some(Self { is_from_json: true, ..message })
        })
    }
}
