//! A message as a stream again.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::Nullable;
use crate::block::ContentBlock;
use crate::json::{ObjectWriter, RawJson, push_string};
use crate::message::Message;
use crate::tool_input::{ToolInputError, write_finished};
use crate::turn::TurnError;

impl Message {
    /// The message as the payloads of a stream, each text in one piece. Decoding them returns an equal message.
    ///
    /// # Errors
    /// [`TurnError`]: the input of a tool call is not complete.
    pub fn to_events(&self) -> Result<Vec<RawJson>, TurnError> {
        self.to_events_in_pieces(usize::MAX)
    }

    /// As [`to_events`](Self::to_events), with text, thinking and tool input in pieces of at most `characters` characters
    /// (at least one), as the API streams them.
    ///
    /// ```
    /// use ssewire_messages::{Message, Update};
    ///
    /// # let message: Message = r#"{"content":[{"type":"text","text":"Hello world"}],"stop_reason":"end_turn"}"#.parse()?;
    /// let mut accumulator = ssewire_messages::Accumulator::new();
    /// let mut pieces = Vec::new();
    /// for payload in message.to_events_in_pieces(4)? {
    ///     if let Update::Text { text, .. } = accumulator.accumulate_json(payload.as_str().as_bytes())? {
    ///         pieces.push(text.to_string());
    ///     }
    /// }
    /// assert_eq!(pieces, ["Hell", "o wo", "rld"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`to_events`](Self::to_events).
    pub fn to_events_in_pieces(&self, characters: usize) -> Result<Vec<RawJson>, TurnError> {
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
            BlockEvents { events: &mut events, index: index.to_string(), characters: characters.max(1) }
                .write(block)?;
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
}

/// The events of one block.
struct BlockEvents<'e> {
    events: &'e mut Vec<RawJson>,
    index: String,
    /// In a piece.
    characters: usize,
}

impl BlockEvents<'_> {
    fn write(&mut self, block: &ContentBlock) -> Result<(), ToolInputError> {
        let mut start = self.event("content_block_start");
        start.push_str(",\"content_block\":");
        match block {
            ContentBlock::Text(text) => {
                let mut object = ObjectWriter::new(&mut start);
                object.string("type", "text");
                match text.citations() {
                    Nullable::Null => object.raw("citations", "null"),
                    Nullable::Value(citations) if citations.is_empty() => object.raw("citations", "[]"),
                    _ => {}
                }
                object.raw("text", "\"\"");
                if let Some(extra) = text.extra() {
                    extra.write(&mut object);
                }
                object.end();
                self.push(start);
                if let Nullable::Value(citations) = text.citations() {
                    for citation in citations.iter() {
                        let mut delta = self.delta("citations_delta", "citation");
                        delta.push_str(citation.as_str());
                        delta.push('}');
                        self.push(delta);
                    }
                }
                self.push_pieces("text_delta", "text", text.text());
            }
            ContentBlock::Thinking(thinking) => {
                let mut object = ObjectWriter::new(&mut start);
                object.string("type", "thinking");
                object.raw("thinking", "\"\"");
                if let Some(extra) = thinking.extra() {
                    extra.write(&mut object);
                }
                object.end();
                self.push(start);
                self.push_pieces("thinking_delta", "thinking", thinking.thinking());
                if let Some(signature) = thinking.signature() {
                    let mut delta = self.delta("signature_delta", "signature");
                    push_string(&mut delta, signature);
                    delta.push('}');
                    self.push(delta);
                }
            }
            ContentBlock::ToolUse(call) => {
                call.write_start(&mut start);
                self.push(start);
                self.push_pieces("input_json_delta", "partial_json", call.input().value()?.as_str());
            }
            whole => {
                whole.write(&mut start, write_finished)?;
                self.push(start);
            }
        }
        let stop = self.event("content_block_stop");
        self.push(stop);
        Ok(())
    }

    /// Begins an event: its type and the index.
    fn event(&self, kind: &str) -> String {
        ["{\"type\":\"", kind, "\",\"index\":", &self.index].concat()
    }

    /// Begins a delta, up to the value of its member.
    fn delta(&self, kind: &str, member: &str) -> String {
        [&self.event("content_block_delta"), ",\"delta\":{\"type\":\"", kind, "\",\"", member, "\":"].concat()
    }

    /// Ends an event.
    fn push(&mut self, mut event: String) {
        event.push('}');
        self.events.push(RawJson::from_valid(event));
    }

    /// A delta for each piece of a text.
    fn push_pieces(&mut self, kind: &str, member: &str, text: &str) {
        let beginning = self.delta(kind, member);
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.char_indices().nth(self.characters).map_or(rest.len(), |(at, _)| at);
            let (piece, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            // Exact, unless there are escapes: the quotes, and both braces.
            let mut delta = String::with_capacity(beginning.len().saturating_add(piece.len()).saturating_add(4));
            delta.push_str(&beginning);
            push_string(&mut delta, piece);
            delta.push('}');
            self.push(delta);
            rest = after;
        }
    }
}
