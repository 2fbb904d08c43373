//! A message as a stream again.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use ssewire::EventBuilder;

use crate::Nullable;
use crate::block::{ContentBlock, TextBlock, ThinkingBlock, ToolUseBlock};
use crate::json::{ObjectWriter, RawJson, RawJsonRef, push_string, validate};
use crate::message::Message;
use crate::tool_input::{ToolInputError, write_finished};
use crate::turn::TurnError;

impl Message {
    /// Returns the message as the payloads of a stream, each text in one piece. Decoding them returns an equal message,
    /// whose model is that of the last `fallback` block if it has one. An event has at most 127 levels, so its payload
    /// cannot be decoded if a value of the message makes it deeper. The input of a tool call is sent as text, and may
    /// have 127 levels of its own. Input with a number that no `f64` holds is sent in the start of its block.
    ///
    /// # Errors
    /// [`TurnError`]: the input of a tool call is not complete.
    pub fn to_events(&self) -> Result<Vec<RawJson>, TurnError> {
        self.to_events_in_pieces(usize::MAX)
    }

    /// Returns the events as [`to_events`](Self::to_events) does, with text, thinking and tool input in pieces of at
    /// most `characters` characters (at least one), as the API streams them. `usize::MAX`: each in one piece.
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
        let mut object = self.write_without_content(&mut start, stop_reason);
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

    /// Returns the message as the body of a response, an event stream: the payloads of
    /// [`to_events_in_pieces`](Self::to_events_in_pieces), each as the data of an event of its type. For the fake
    /// server of a test, and for a cache.
    ///
    /// ```
    /// use ssewire_messages::{Message, MessageDecoder, Step};
    ///
    /// # let message: Message = r#"{"content":[{"type":"text","text":"Hello world"}],"stop_reason":"end_turn"}"#.parse()?;
    /// let body = message.to_event_stream(4)?;
    /// assert!(body.starts_with(b"event: message_start\ndata: {\"type\":\"message_start\","));
    /// let mut decoder = MessageDecoder::new();
    /// let mut input = &body[..];
    /// while let Step::Update(_) = decoder.decode(&mut input)? {}
    /// assert_eq!(decoder.finish()?, message);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`to_events`](Self::to_events).
    pub fn to_event_stream(&self, characters: usize) -> Result<Vec<u8>, TurnError> {
        let mut body = Vec::new();
        for payload in self.to_events_in_pieces(characters)? {
            let event_type = payload.get("type").and_then(RawJsonRef::decode_string).unwrap_or_default();
            let event = EventBuilder::new().data(payload.as_str());
            event.event_type(&*event_type).unwrap_or(event).encode_into_vec(&mut body);
        }
        Ok(body)
    }
}

/// The events of one block.
struct BlockEvents<'e> {
    events: &'e mut Vec<RawJson>,
    index: String,
    /// The number of characters of a piece.
    characters: usize,
}

impl BlockEvents<'_> {
    fn write(&mut self, block: &ContentBlock) -> Result<(), ToolInputError> {
        match block {
            ContentBlock::Text(text) => self.write_text(text),
            ContentBlock::Thinking(thinking) => self.write_thinking(thinking),
            // Input that deltas cannot bring, such as `1e400`, is sent in the start, where it is kept as it is.
            ContentBlock::ToolUse(call) if validate(call.input().value()?.as_str()).is_ok() => self.write_call(call)?,
            whole => self.write_whole(whole)?,
        }
        let stop = self.event("content_block_stop");
        self.push(stop);
        Ok(())
    }

    fn write_text(&mut self, block: &TextBlock) {
        let mut start = self.start();
        let mut object = ObjectWriter::new(&mut start);
        object.string("type", "text");
        match block.citations() {
            Nullable::Null => object.raw("citations", "null"),
            Nullable::Value(citations) if citations.is_empty() => object.raw("citations", "[]"),
            _ => {}
        }
        object.raw("text", "\"\"");
        block.extra().write(&mut object);
        object.end();
        self.push(start);
        if let Nullable::Value(citations) = block.citations() {
            for citation in citations {
                let mut delta = self.delta("citations_delta", "citation");
                delta.push_str(citation.as_str());
                delta.push('}');
                self.push(delta);
            }
        }
        self.push_pieces("text_delta", "text", block.text());
    }

    fn write_thinking(&mut self, block: &ThinkingBlock) {
        let mut start = self.start();
        let mut object = ObjectWriter::new(&mut start);
        object.string("type", "thinking");
        object.raw("thinking", "\"\"");
        block.extra().write(&mut object);
        object.end();
        self.push(start);
        self.push_pieces("thinking_delta", "thinking", block.thinking());
        if let Some(signature) = block.signature() {
            let mut delta = self.delta("signature_delta", "signature");
            push_string(&mut delta, signature);
            delta.push('}');
            self.push(delta);
        }
    }

    fn write_call(&mut self, block: &ToolUseBlock) -> Result<(), ToolInputError> {
        let mut start = self.start();
        block.write_start(&mut start);
        self.push(start);
        self.push_pieces("input_json_delta", "partial_json", block.input().value()?.as_str());
        Ok(())
    }

    /// Writes a block that arrives whole in its start.
    fn write_whole(&mut self, block: &ContentBlock) -> Result<(), ToolInputError> {
        let mut start = self.start();
        block.write(&mut start, write_finished)?;
        self.push(start);
        Ok(())
    }

    /// Begins the start of the block, up to the block.
    fn start(&self) -> String {
        self.event("content_block_start") + ",\"content_block\":"
    }

    /// Begins an event: its type and the index.
    fn event(&self, kind: &str) -> String {
        String::from("{\"type\":\"") + kind + "\",\"index\":" + &self.index
    }

    /// Begins a delta, up to the value of its member.
    fn delta(&self, kind: &str, member: &str) -> String {
        self.event("content_block_delta") + ",\"delta\":{\"type\":\"" + kind + "\",\"" + member + "\":"
    }

    /// Ends an event.
    fn push(&mut self, mut event: String) {
        event.push('}');
        self.events.push(RawJson::from_valid(event));
    }

    /// Appends a delta for each piece of a text.
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
