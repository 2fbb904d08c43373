//! The expected partial message of a truncated stream: the events of the oracle, merged by `docs/protocol.md`, heading
//! "Merge rules", as plain JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use ssewire_messages::{Completion, ContentBlock, Incomplete, Message};
use ssewire_tests::json::by_value;
use ssewire_tests::messages::merge_message_delta;
use ssewire_tests::oracle::Oracle;

#[derive(Debug, Default)]
pub(crate) struct Partial {
    /// `true` if the name of the first field is complete, so the body is an event stream.
    began: bool,
    /// The text deltas, concatenated.
    text: String,
    /// `None` before `message_start`.
    message: Option<Value>,
    blocks: BTreeMap<u64, Block>,
    stopped: bool,
    failed: bool,
}

#[derive(Debug)]
struct Block {
    value: Value,
    /// The input deltas of a tool call, concatenated.
    input: String,
    open: bool,
}

impl Partial {
    /// Decodes the bytes received.
    pub(crate) fn of(received: &[u8]) -> Self {
        let began = [&b"event:"[..], b"data:"].iter().any(|field| received.starts_with(field));
        let mut partial = Self { began, ..Self::default() };
        let mut events: Vec<Value> = Vec::new();
        for (_, event) in Oracle::new().read(received).events() {
            events.push(serde_json::from_slice(&event.data.0).unwrap());
        }
        // An event at the end without a blank line counts if its data is complete.
        let with_blank_line = [received, b"\n\n"].concat();
        let outcome = Oracle::new().read(&with_blank_line);
        if let Some((_, last)) = outcome.events().into_iter().nth(events.len()) {
            if let Ok(last) = serde_json::from_slice::<Value>(&last.data.0) {
                events.push(last);
            }
        }
        for event in events {
            partial.merge(&event);
        }
        partial
    }

    /// Merges an event. Handles only the events of the samples; other tests cover the rest.
    fn merge(&mut self, event: &Value) {
        let index = event["index"].as_u64().unwrap_or_default();
        match event["type"].as_str().unwrap() {
            "message_start" => self.message = Some(event["message"].clone()),
            "content_block_start" => {
                let block = Block { value: event["content_block"].clone(), input: String::new(), open: true };
                self.blocks.insert(index, block);
            }
            "content_block_delta" => {
                if let Some(text) = event["delta"]["text"].as_str() {
                    self.text += text;
                }
                self.blocks.get_mut(&index).unwrap().merge(&event["delta"]);
            }
            "content_block_stop" => self.blocks.get_mut(&index).unwrap().open = false,
            "message_delta" => {
                let message = self.message.as_mut().unwrap();
                merge_message_delta(message, event);
                if let Some(transformations) = event.get("input_transformations").filter(|value| !value.is_null()) {
                    message["input_transformations"] = transformations.clone();
                }
            }
            "message_stop" => self.stopped = true,
            "error" => self.failed = true,
            "ping" => {}
            other => panic!("{other}: not handled, because no sample had it"),
        }
    }

    /// Checks the result of decoding the truncated stream.
    pub(crate) fn check(&self, text: &str, result: Result<Message, Incomplete>, what: &str) {
        assert_eq!(text, self.text, "{what}");
        let has_reason = self.message.as_ref().is_some_and(|message| !message["stop_reason"].is_null());
        let message = match result {
            Ok(message) => {
                assert!((self.stopped || has_reason) && !self.failed, "{what}: counts as complete");
                message
            }
            Err(incomplete) => {
                let expected: &[Completion] = match &self.message {
                    _ if self.failed => &[Completion::ServerError],
                    // The first few bytes do not determine whether the body is an event stream.
                    _ if !self.began => &[Completion::Truncated, Completion::NonStreamBody],
                    _ => &[Completion::Truncated],
                };
                assert!(!self.stopped && !has_reason, "{what}: {incomplete}");
                assert!(expected.contains(&incomplete.reason()), "{what}: {incomplete}");
                assert_eq!(incomplete.has_started(), self.message.is_some(), "{what}");
                incomplete.into_partial()
            }
        };
        let Some(expected) = &self.message else {
            assert!(message.content().is_empty() && message.id().is_none(), "{what}");
            return;
        };
        let mut expected = expected.clone();
        expected["content"] = self.blocks.values().map(Block::without_partial_input).collect();
        let mut got = message.to_json_lossy().to_value().unwrap();
        for (block, position) in self.blocks.values().zip(0..) {
            if let Some(input) = raw_input(message.content().get(position).unwrap()) {
                assert_eq!(input, block.input, "{what}");
            }
            if block.has_partial_input() {
                got["content"][position].as_object_mut().unwrap().remove("input");
            }
        }
        assert_eq!(by_value(&got), by_value(&expected), "{what}");
    }
}

impl Block {
    fn merge(&mut self, delta: &Value) {
        let append = |value: &mut Value, piece: &Value| {
            *value = json!(value.as_str().unwrap_or_default().to_owned() + piece.as_str().unwrap());
        };
        match delta["type"].as_str().unwrap() {
            "text_delta" => append(&mut self.value["text"], &delta["text"]),
            "thinking_delta" => append(&mut self.value["thinking"], &delta["thinking"]),
            "signature_delta" => self.value["signature"] = delta["signature"].clone(),
            "input_json_delta" => self.input += delta["partial_json"].as_str().unwrap(),
            "compaction_delta" => {
                for name in ["content", "encrypted_content"] {
                    if let Some(value) = delta.get(name) {
                        self.value[name] = value.clone();
                    }
                }
            }
            other => panic!("{other}: not handled, because no sample had it"),
        }
    }

    /// Returns whether the tool input is incomplete. Then only its text is compared; other tests cover its value.
    fn has_partial_input(&self) -> bool {
        self.open && !self.input.is_empty()
    }

    fn without_partial_input(&self) -> Value {
        let mut value = self.value.clone();
        if self.has_partial_input() {
            value.as_object_mut().unwrap().remove("input");
        } else if !self.input.trim().is_empty() {
            value["input"] = serde_json::from_str(&self.input).unwrap();
        }
        value
    }
}

fn raw_input(block: &ContentBlock) -> Option<&str> {
    match block {
        ContentBlock::ToolUse(tool) => Some(tool.input().raw()),
        _ => None,
    }
}
