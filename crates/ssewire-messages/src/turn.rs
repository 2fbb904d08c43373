//! What follows a message: its tool calls, the next turn, and the message as a stream again.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;

use crate::Nullable;
use crate::block::{ContentBlock, ToolKind, ToolUseBlock};
use crate::json::{ObjectWriter, RawJson, RawJsonRef, bridge, push_string};
use crate::message::Message;
use crate::tool_input::{ParseInputError, ToolInputError, write_finished};

/// A call of a tool that the client runs, complete and valid.
///
/// ```
/// # use ssewire_messages::{Message, RawJson};
/// # let message: Message = r#"{"content":[{"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Paris"}}],"stop_reason":"tool_use"}"#.parse()?;
/// let mut turns: Vec<RawJson> = Vec::new();
/// let mut results = Vec::new();
/// for call in message.tool_calls()? {
///     let input: serde_json::Value = call.parse()?;
///     results.push(call.result(format!("sunny in {}", input["city"])));
/// }
/// turns.push(message.to_turn()?);
/// turns.push(serde_json::json!({ "role": "user", "content": results }).into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
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
    /// The call of a block, if the client runs the tool and the input is finished. `None`: it has no id or name, or
    /// somebody else runs the tool.
    pub(crate) fn of(block: &'a ToolUseBlock) -> Result<Option<Self>, ToolInputError> {
        if block.kind() != ToolKind::Client {
            return Ok(None);
        }
        let input = block.input().value()?;
        let (Some(id), Some(name)) = (block.id(), block.name()) else { return Ok(None) };
        Ok(Some(Self { id, name, input }))
    }

    /// Parses the input.
    ///
    /// # Errors
    /// [`ParseInputError`]: it is not of the type.
    pub fn parse<T: Deserialize<'a>>(&self) -> Result<T, ParseInputError> {
        self.input.parse_as().map_err(ParseInputError::Type)
    }

    /// The result of the call, as text.
    pub fn result(&self, content: impl Into<String>) -> ToolResult {
        let mut json = String::new();
        push_string(&mut json, &content.into());
        self.result_json(RawJson::from_valid(json))
    }

    /// The result of the call, as a list of content blocks.
    #[must_use]
    pub fn result_json(&self, content: RawJson) -> ToolResult {
        ToolResult { tool_use_id: self.id.as_ref().into(), content, is_error: false }
    }
}

/// The result of a tool call, a content block of the next user turn.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult {
    tool_use_id: String,
    content: RawJson,
    is_error: bool,
}

impl ToolResult {
    /// Marks the result as an error of the tool.
    #[must_use]
    pub fn with_error(self) -> Self {
        Self { is_error: true, ..self }
    }

    /// The result as JSON.
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
        bridge::serialize(self.to_json().as_str(), serializer)
    }
}

/// The message cannot be acted upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// The calls of the tools that the client runs.
    ///
    /// # Errors
    /// [`TurnError`]: one of them is not complete, or cannot be answered.
    pub fn tool_calls(&self) -> Result<Vec<ToolCall<'_>>, TurnError> {
        self.check_last_call()?;
        let mut calls = Vec::new();
        for block in self.content.iter().filter_map(ContentBlock::as_tool_use) {
            if block.kind() == ToolKind::Client {
                calls.push(ToolCall::of(block)?.ok_or(TurnError::UnidentifiedToolCall)?);
            }
        }
        Ok(calls)
    }

    /// The message as the assistant's turn of the next request, limited to the content that the API accepts. Text,
    /// thinking and tool calls are written with the members that a request accepts; any other block is written as it
    /// came. Omitted are thinking blocks without a signature, and text blocks without text.
    ///
    /// # Errors
    /// [`TurnError`]: the input of a tool call is not complete.
    pub fn to_turn(&self) -> Result<RawJson, TurnError> {
        self.check_last_call()?;
        let mut out = String::from(r#"{"role":"assistant","content":["#);
        let mut is_first = true;
        for block in &self.content {
            let before = out.len();
            if !is_first {
                out.push(',');
            }
            if block.write_turn(&mut out)? {
                is_first = false;
            } else {
                out.truncate(before);
            }
        }
        out.push_str("]}");
        Ok(RawJson::from_valid(out))
    }

    /// The message as the payloads of a stream. Decoding them returns an equal message.
    ///
    /// # Errors
    /// [`TurnError`]: the input of a tool call is not complete.
    pub fn to_events(&self) -> Result<Vec<RawJson>, TurnError> {
        self.check_last_call()?;
        let mut events = Vec::new();
        let mut start = String::from(r#"{"type":"message_start","message":"#);
        let stop_reason = if self.stop_reason.is_value() { Nullable::Null } else { self.stop_reason.as_ref() };
        let mut object = self.write_head(&mut start, stop_reason);
        object.raw("content", "[]");
        object.end();
        start.push('}');
        events.push(RawJson::from_valid(start));
        for (index, block) in self.content.iter().enumerate() {
            block_events(&mut events, index, block)?;
        }
        if let Nullable::Value(reason) = &self.stop_reason {
            let mut delta = String::from(r#"{"type":"message_delta","delta":{"stop_reason":"#);
            push_string(&mut delta, reason.as_str());
            delta.push_str("}}");
            events.push(RawJson::from_valid(delta));
        }
        events.push(RawJson::from_valid(r#"{"type":"message_stop"}"#.into()));
        Ok(events)
    }

    /// A message read from JSON does not know how it ended.
    fn check_last_call(&self) -> Result<(), TurnError> {
        let is_proven = self.stop_reason().is_some_and(|reason| !reason.may_cut());
        let ends_in_call = matches!(self.content.last(), Some(ContentBlock::ToolUse(_)));
        if self.is_from_json && ends_in_call && !is_proven { Err(TurnError::UnprovenToolCall) } else { Ok(()) }
    }
}

/// The events of one block.
fn block_events(events: &mut Vec<RawJson>, index: usize, block: &ContentBlock) -> Result<(), ToolInputError> {
    let mut start = String::new();
    let mut deltas: Vec<(&str, &str, String)> = Vec::new();
    let quoted = |text: &str| {
        let mut json = String::new();
        push_string(&mut json, text);
        json
    };
    match block {
        ContentBlock::Text(text) => {
            let mut object = ObjectWriter::new(&mut start);
            object.string("type", "text");
            match text.citations() {
                Nullable::Absent => {}
                Nullable::Null => object.raw("citations", "null"),
                Nullable::Value(citations) => {
                    if citations.is_empty() {
                        object.raw("citations", "[]");
                    }
                    let each =
                        citations.iter().map(|citation| ("citations_delta", "citation", citation.as_str().into()));
                    deltas.extend(each);
                }
            }
            object.raw("text", "\"\"");
            if let Some(extra) = text.extra() {
                extra.write(&mut object);
            }
            object.end();
            if !text.text().is_empty() {
                deltas.push(("text_delta", "text", quoted(text.text())));
            }
        }
        ContentBlock::Thinking(thinking) => {
            let mut object = ObjectWriter::new(&mut start);
            object.string("type", "thinking");
            object.raw("thinking", "\"\"");
            if let Some(extra) = thinking.extra() {
                extra.write(&mut object);
            }
            object.end();
            if !thinking.thinking().is_empty() {
                deltas.push(("thinking_delta", "thinking", quoted(thinking.thinking())));
            }
            if let Some(signature) = thinking.signature() {
                deltas.push(("signature_delta", "signature", quoted(signature)));
            }
        }
        ContentBlock::ToolUse(call) => {
            call.write_start(&mut start);
            deltas.push(("input_json_delta", "partial_json", quoted(call.input().value()?.as_str())));
        }
        whole => whole.write(&mut start, write_finished)?,
    }
    let event = |kind: &str, member: &str, value: &str| {
        let mut out = String::new();
        let mut object = ObjectWriter::new(&mut out);
        object.string("type", kind);
        object.raw("index", &alloc::string::ToString::to_string(&index));
        if !member.is_empty() {
            object.raw(member, value);
        }
        object.end();
        RawJson::from_valid(out)
    };
    events.push(event("content_block_start", "content_block", &start));
    for (kind, member, value) in deltas {
        let mut delta = String::new();
        let mut object = ObjectWriter::new(&mut delta);
        object.string("type", kind);
        object.raw(member, &value);
        object.end();
        events.push(event("content_block_delta", "delta", &delta));
    }
    events.push(event("content_block_stop", "", ""));
    Ok(())
}
