//! Types of Messages events, as users of serde define them.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::answer::{Answer, Sink};
use crate::corpora::say_message;

/// The usual definition: one owned enum with a tag.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, reason = "an SDK decodes all members, also unused ones")]
pub(super) enum Tagged {
    MessageStart {
        message: Value,
    },
    ContentBlockStart {
        index: u64,
        content_block: Value,
    },
    ContentBlockDelta {
        index: u64,
        delta: TaggedDelta,
    },
    ContentBlockStop {
        index: u64,
    },
    MessageDelta {
        delta: TaggedMessageDelta,
        #[serde(default)]
        usage: Value,
    },
    MessageStop,
    Ping,
    Error {
        error: Value,
    },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, clippy::enum_variant_names, reason = "the names of the API")]
pub(super) enum TaggedDelta {
    TextDelta { text: String },
    InputJsonDelta { partial_json: String },
    ThinkingDelta { thinking: String },
    SignatureDelta { signature: String },
    CitationsDelta { citation: Value },
}

#[derive(Debug, Deserialize)]
pub(super) struct TaggedMessageDelta {
    stop_reason: Option<String>,
}

impl Tagged {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop => "message_stop",
            Self::Ping => "ping",
            Self::Error { .. } => "error",
        }
    }
}

/// The blocks of a recorded message, as a program without a library accumulates them.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    reason: String,
    texts: Vec<String>,
}

impl Blocks {
    pub(super) fn add_tagged(&mut self, event: Tagged) {
        match event {
            Tagged::ContentBlockStart { .. } => self.texts.push(String::new()),
            Tagged::ContentBlockDelta { index, delta } => {
                let text = match &delta {
                    TaggedDelta::TextDelta { text } => text,
                    TaggedDelta::InputJsonDelta { partial_json } => partial_json,
                    TaggedDelta::ThinkingDelta { thinking } => thinking,
                    TaggedDelta::SignatureDelta { .. } | TaggedDelta::CitationsDelta { .. } => "",
                };
                self.push(index, text);
            }
            Tagged::MessageDelta { delta, .. } => self.reason = delta.stop_reason.unwrap_or_default(),
            _ => {}
        }
    }

    pub(super) fn add_value(&mut self, event: &Value) {
        match event["type"].as_str() {
            Some("content_block_start") => self.texts.push(String::new()),
            Some("content_block_delta") => {
                let delta = &event["delta"];
                let member = match delta["type"].as_str() {
                    Some("text_delta") => "text",
                    Some("input_json_delta") => "partial_json",
                    Some("thinking_delta") => "thinking",
                    _ => return,
                };
                self.push(event["index"].as_u64().unwrap_or_default(), delta[member].as_str().unwrap_or_default());
            }
            Some("message_delta") => {
                self.reason = event["delta"]["stop_reason"].as_str().unwrap_or_default().to_string();
            }
            _ => {}
        }
    }

    fn push(&mut self, index: u64, text: &str) {
        if let Some(whole) = self.texts.get_mut(index as usize) {
            *whole += text;
        }
    }

    pub(super) fn say(&self, sink: &mut impl Sink) {
        say_message(sink, &self.reason, self.texts.iter().map(String::as_str));
    }
}

#[derive(Debug, Default)]
pub(super) struct TaggedMessage {
    text: String,
    reason: String,
}

impl TaggedMessage {
    pub(super) fn text_of(event: &Tagged) -> &str {
        match event {
            Tagged::ContentBlockDelta { delta: TaggedDelta::TextDelta { text }, .. } => text,
            _ => "",
        }
    }

    pub(super) fn add(&mut self, event: Tagged) {
        match event {
            Tagged::ContentBlockDelta { delta: TaggedDelta::TextDelta { text }, .. } => self.text += &text,
            Tagged::MessageDelta { delta, .. } => self.reason = delta.stop_reason.unwrap_or_default(),
            _ => {}
        }
    }

    pub(super) fn answer<S: Sink>(&self) -> Answer {
        let mut sink = S::default();
        sink.event(self.reason.as_bytes(), self.text.as_bytes(), b"");
        sink.answer()
    }
}

/// The fast definition: one struct of optional members for all events, borrowed if there is no escape.
#[derive(Debug, Deserialize)]
pub(super) struct Flat<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(default)]
    #[expect(dead_code, reason = "an SDK decodes all members, also unused ones")]
    index: Option<u64>,
    #[serde(borrow, default)]
    delta: Option<FlatDelta<'a>>,
}

#[derive(Debug, Deserialize)]
struct FlatDelta<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    stop_reason: Option<Text<'a>>,
}

/// Without this type, serde would copy each string in an `Option`.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Flat<'_> {
    /// Returns the text of a text delta.
    pub(super) fn text(&self) -> Option<&str> {
        let delta = self.delta.as_ref().filter(|_| self.kind.0 == "content_block_delta")?;
        let text = delta.text.as_ref().filter(|_| delta.kind.as_ref().is_some_and(|kind| kind.0 == "text_delta"))?;
        Some(&text.0)
    }
}

#[derive(Debug, Default)]
pub(super) struct FlatMessage {
    text: String,
    reason: String,
}

impl FlatMessage {
    #[inline]
    pub(super) fn add(&mut self, event: Flat<'_>) {
        if let Some(text) = event.text() {
            self.text += text;
        } else if event.kind.0 == "message_delta" {
            let reason = event.delta.and_then(|delta| delta.stop_reason);
            self.reason = reason.map(|reason| reason.0.into_owned()).unwrap_or_default();
        }
    }

    #[inline]
    pub(super) fn add_text(&mut self, text: &str) {
        self.text += text;
    }

    pub(super) fn answer<S: Sink>(&self) -> Answer {
        let mut sink = S::default();
        sink.event(self.reason.as_bytes(), self.text.as_bytes(), b"");
        sink.answer()
    }
}

/// Returns the text of a text delta in exactly the usual byte layout, without escapes. Parses no JSON.
#[inline]
pub(super) fn exact_text(payload: &str) -> Option<&str> {
    let text = payload
        .strip_prefix(r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""#)?
        .strip_suffix(r#""}}"#)?;
    // Reads all bytes before the decision: this can be vectorised, an early exit cannot.
    let unusual = text.bytes().fold(false, |found, byte| found | (byte == b'"') | (byte == b'\\') | (byte < 0x20));
    (!unusual).then_some(text)
}
