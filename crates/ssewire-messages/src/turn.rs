//! The steps after a message: its tool calls and the next turn.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;

use crate::block::{ContentBlock, ToolKind, ToolUseBlock};
use crate::json::{ObjectWriter, RawJson, RawJsonRef, push_string, serde_text};
use crate::message::Message;
use crate::tool_input::{ParseInputError, ToolInputError};

/// A call of a tool that the client runs, complete and valid.
///
/// ```
/// # use ssewire_messages::{Message, RawJson, ToolResult};
/// # let message: Message = r#"{"content":[{"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Paris"}}],"stop_reason":"tool_use"}"#.parse()?;
/// let mut turns: Vec<RawJson> = Vec::new();
/// let mut results = Vec::new();
/// for call in message.tool_calls()? {
///     let input: serde_json::Value = call.parse()?;
///     results.push(call.result(format!("sunny in {}", input["city"])));
/// }
/// turns.extend(message.to_turn()?);
/// turns.push(ToolResult::user_turn(results));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ToolCall<'a> {
    /// The identifier, which the result has to name.
    pub id: Cow<'a, str>,
    /// The name of the tool.
    pub name: Cow<'a, str>,
    /// The input.
    pub input: RawJsonRef<'a>,
}

impl<'a> ToolCall<'a> {
    /// Returns the call of a block. `None`: another side than the client runs the tool.
    pub(crate) fn of(block: &'a ToolUseBlock) -> Option<Result<Self, TurnError>> {
        if block.kind() != ToolKind::Client {
            return None;
        }
        let (id, name) = block.id_and_name();
        Some(match (block.input().value(), id.zip(name)) {
            (Ok(input), Some((id, name))) => Ok(Self { id, name, input }),
            (Ok(_), None) => Err(TurnError::UnidentifiedToolCall),
            (Err(error), _) => Err(TurnError::ToolInput(error)),
        })
    }

    /// Parses the input.
    ///
    /// # Errors
    /// [`ParseInputError`]: it is not of the type.
    pub fn parse<T: Deserialize<'a>>(&self) -> Result<T, ParseInputError> {
        self.input.parse().map_err(ParseInputError::Type)
    }

    /// Copies the call.
    #[must_use]
    pub fn into_owned(self) -> OwnedToolCall {
        let Self { id, name, input } = self;
        OwnedToolCall { id: id.into_owned(), name: name.into_owned(), input: input.to_raw_json() }
    }

    /// Creates the result of the call, as text.
    pub fn result(&self, content: impl Into<String>) -> ToolResult {
        ToolResult::new(&*self.id, content)
    }

    /// Creates the result of the call, as a list of content blocks.
    #[must_use]
    pub fn result_json(&self, content: RawJson) -> ToolResult {
        ToolResult::new_json(&*self.id, content)
    }
}

/// A [`ToolCall`] that does not borrow the message: `Send` and `'static`, for a task or thread that runs the tool, or
/// for a program that stores the call until a person has approved it. Serialized, it is an object of `id`, `name` and
/// `input`; [`RawJson`] names the limits of reading one with serde.
///
/// ```
/// # use ssewire_messages::Message;
/// # let message: Message = r#"{"content":[{"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Paris"}}],"stop_reason":"tool_use"}"#.parse()?;
/// let mut threads = Vec::new();
/// for call in message.tool_calls()? {
///     let call = call.into_owned();
///     threads.push(std::thread::spawn(move || call.result(format!("{} ran", call.name))));
/// }
/// let results: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
/// assert_eq!(results[0].content().decode_string().as_deref(), Some("weather ran"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct OwnedToolCall {
    /// See [`ToolCall::id`].
    pub id: String,
    /// See [`ToolCall::name`].
    pub name: String,
    /// See [`ToolCall::input`].
    pub input: RawJson,
}

impl OwnedToolCall {
    /// Creates a call, for tests and for programs that store calls in another way. Nothing is checked. In particular,
    /// the input may be incomplete.
    pub fn new(id: impl Into<String>, name: impl Into<String>, input: RawJson) -> Self {
        Self { id: id.into(), name: name.into(), input }
    }

    /// Borrows the call, for a function that takes a [`ToolCall`].
    #[must_use]
    pub fn as_call(&self) -> ToolCall<'_> {
        ToolCall { id: Cow::Borrowed(&self.id), name: Cow::Borrowed(&self.name), input: self.input.as_json() }
    }

    /// Parses the input, as [`ToolCall::parse`] does.
    ///
    /// # Errors
    /// [`ParseInputError`]: it is not of the type.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ParseInputError> {
        self.as_call().parse()
    }

    /// Creates the result of the call, as [`ToolCall::result`] does.
    pub fn result(&self, content: impl Into<String>) -> ToolResult {
        ToolResult::new(&*self.id, content)
    }

    /// Creates the result of the call, as [`ToolCall::result_json`] does.
    #[must_use]
    pub fn result_json(&self, content: RawJson) -> ToolResult {
        ToolResult::new_json(&*self.id, content)
    }
}

impl serde::Serialize for OwnedToolCall {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = String::new();
        let mut object = ObjectWriter::new(&mut out);
        object.string("id", &self.id);
        object.string("name", &self.name);
        object.raw("input", self.input.as_str());
        object.end();
        serde_text::serialize(&out, serializer)
    }
}

impl<'de> Deserialize<'de> for OwnedToolCall {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_text::deserialize(deserializer, "tool_use", |cursor| {
            let call = cursor.keep_value().ok()?;
            let text = |name| call.get(name)?.decode_string();
            Some(Self::new(text("id")?, text("name")?, call.get("input")?.to_raw_json()))
        })
    }
}

/// The result of a tool call, a content block of the next user turn, which [`user_turn`](Self::user_turn) writes. If
/// the turn also has other blocks, write it with [`RawJson::from_serialize`]: `json!` and `to_value` parse the result
/// again; see [`RawJson`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ToolResult {
    tool_use_id: String,
    content: RawJson,
    is_error: bool,
}

impl ToolResult {
    /// Creates the result of the call of this id, as text: for a program that no longer has the [`ToolCall`].
    pub fn new(tool_use_id: impl Into<String>, content: impl Into<String>) -> Self {
        let mut json = String::new();
        push_string(&mut json, &content.into());
        Self::new_json(tool_use_id, RawJson::from_valid(json))
    }

    /// Creates the result of the call of this id, as a list of content blocks: for a program that no longer has the
    /// [`ToolCall`].
    pub fn new_json(tool_use_id: impl Into<String>, content: RawJson) -> Self {
        Self { tool_use_id: tool_use_id.into(), content, is_error: false }
    }

    /// Sets whether the tool failed (Messages API: `is_error`): the content then describes the error to the model.
    #[must_use]
    pub fn with_is_error(self, is_error: bool) -> Self {
        Self { is_error, ..self }
    }

    /// Returns the id of the call.
    #[must_use]
    pub fn tool_use_id(&self) -> &str {
        &self.tool_use_id
    }

    /// Returns the content: a JSON string, or a list of content blocks.
    #[must_use]
    pub fn content(&self) -> RawJsonRef<'_> {
        self.content.as_json()
    }

    /// Returns whether the tool failed.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.is_error
    }

    /// Returns the results as the user's turn of the next request, as [`Message::to_turn`] returns the assistant's.
    /// The API rejects it unless it has exactly one result for each call of the turn before.
    #[must_use]
    pub fn user_turn(results: impl IntoIterator<Item = Self>) -> RawJson {
        let results: Vec<_> = results.into_iter().map(|result| result.to_json().into_string()).collect();
        RawJson::from_valid([r#"{"role":"user","content":["#, &results.join(","), "]}"].concat())
    }

    /// Returns the result as JSON.
    #[must_use]
    pub fn to_json(&self) -> RawJson {
        let mut out = String::new();
        let mut object = ObjectWriter::new(&mut out);
        object.string("type", "tool_result");
        object.string("tool_use_id", &self.tool_use_id);
        object.raw("content", self.content.as_str());
        if self.is_error {
            object.raw("is_error", "true");
        }
        object.end();
        RawJson::from_valid(out)
    }
}

impl serde::Serialize for ToolResult {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_text::serialize(self.to_json().as_str(), serializer)
    }
}

/// The message cannot be sent back, or its tools cannot be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TurnError {
    /// The input of a tool call is not finished, or not valid.
    ToolInput(ToolInputError),
    /// The message was read from JSON, its last block is a tool call, and its stop reason does not prove that the call
    /// is complete.
    UnprovenToolCall,
    /// A tool call has no id or no name.
    UnidentifiedToolCall,
}

impl fmt::Display for TurnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ToolInput(error) => error.fmt(f),
            Self::UnprovenToolCall => {
                f.write_str("last tool call may be truncated: the stop reason does not prove it complete")
            }
            Self::UnidentifiedToolCall => f.write_str("tool call has no id or no name"),
        }
    }
}

impl core::error::Error for TurnError {}

impl From<ToolInputError> for TurnError {
    fn from(error: ToolInputError) -> Self {
        Self::ToolInput(error)
    }
}

impl Message {
    /// Returns the calls of the tools that the client runs.
    ///
    /// # Errors
    /// [`TurnError`]: one of them is not complete, or cannot be answered.
    pub fn tool_calls(&self) -> Result<Vec<ToolCall<'_>>, TurnError> {
        self.check_last_call()?;
        let mut calls = Vec::new();
        for call in self.content.iter().filter_map(ContentBlock::as_tool_use).filter_map(ToolCall::of) {
            calls.push(call?);
        }
        Ok(calls)
    }

    /// Returns the message as the assistant's turn of the next request, limited to the content that the API accepts.
    /// Text, thinking and tool calls are written with the members that a request accepts; citations and any other block
    /// are written as they arrived. Omitted are thinking blocks without a signature, thinking at the end of the turn,
    /// redacted or not, and text blocks of nothing but white space. `None`: nothing else is there, and the API refuses
    /// a turn without content. Write the request with `serde_json::to_string`: `json!` and `to_value` parse the turn
    /// again; see [`RawJson`].
    ///
    /// # Errors
    /// [`TurnError`]: a tool call is not complete, or cannot be answered.
    pub fn to_turn(&self) -> Result<Option<RawJson>, TurnError> {
        self.check_last_call()?;
        let mut out = String::from(r#"{"role":"assistant","content":["#);
        let begin = out.len();
        // Where the turn may end: not after thinking.
        let mut end = begin;
        for block in &self.content {
            block.as_tool_use().and_then(ToolCall::of).transpose()?;
            let before = out.len();
            if before > begin {
                out.push(',');
            }
            if !block.write_turn(&mut out)? {
                out.truncate(before);
            } else if !matches!(&*block.type_name(), "thinking" | "redacted_thinking") {
                end = out.len();
            }
        }
        out.truncate(end);
        out.push_str("]}");
        Ok((end > begin).then(|| RawJson::from_valid(out)))
    }

    /// Returns the text of the message as the assistant's turn of the next request, for a message that is not complete:
    /// to continue it, or to keep it in a conversation. White space at its end is cut off, because the API rejects it.
    /// `None`: nothing else is there, and the API refuses a turn without content. Everything but [text](Self::text) is
    /// left out; [`to_turn`](Self::to_turn) is the turn of a complete message. To continue the message, add a turn of
    /// the user: Claude 4.6 and later models reject a request that ends with a turn of the assistant.
    ///
    /// ```
    /// use ssewire_messages::Message;
    ///
    /// let message: Message = r#"{"content":[{"type":"text","text":"Once upon "}]}"#.parse()?;
    /// assert_eq!(message.to_text_turn().unwrap().as_str(), r#"{"role":"assistant","content":"Once upon"}"#);
    /// # Ok::<(), ssewire_messages::InvalidMessage>(())
    /// ```
    #[must_use]
    pub fn to_text_turn(&self) -> Option<RawJson> {
        let text = self.text();
        let text = text.trim_end();
        if text.is_empty() {
            return None;
        }
        let mut out = String::new();
        let mut object = ObjectWriter::new(&mut out);
        object.string("role", "assistant");
        object.string("content", text);
        object.end();
        Some(RawJson::from_valid(out))
    }

    /// Returns an error if the last call may be truncated: a message read from JSON does not know how it ended.
    pub(crate) fn check_last_call(&self) -> Result<(), TurnError> {
        let is_proven = self.stop_reason().is_some_and(|reason| !reason.is_truncation());
        let ends_in_call = matches!(self.content.last(), Some(ContentBlock::ToolUse(_)));
        if self.is_from_json && ends_in_call && !is_proven { Err(TurnError::UnprovenToolCall) } else { Ok(()) }
    }
}
