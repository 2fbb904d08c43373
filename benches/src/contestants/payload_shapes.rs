//! Messages events as users of serde write them down.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::answer::{Answer, Sink};

/// The usual way: one enum, owned, told apart by its tag.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, reason = "decoded, as an SDK does, whether it is looked at or not")]
pub(super) enum Tagged {
    MessageStart { message: Value },
    ContentBlockStart { index: u64, content_block: Value },
    ContentBlockDelta { index: u64, delta: TaggedDelta },
    ContentBlockStop { index: u64 },
    MessageDelta { delta: TaggedMessageDelta, usage: Value },
    MessageStop,
    Ping,
    Error { error: Value },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, clippy::enum_variant_names, reason = "the names of the API")]
pub(super) enum TaggedDelta {
    TextDelta { text: String },
    InputJsonDelta { partial_json: String },
    ThinkingDelta { thinking: String },
    SignatureDelta { signature: String },
}

#[derive(Debug, Deserialize)]
pub(super) struct TaggedMessageDelta {
    stop_reason: Option<String>,
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

/// The careful way: one struct of optional members for all events, borrowed where there is no escape.
#[derive(Debug, Deserialize)]
pub(super) struct Flat<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(default)]
    #[expect(dead_code, reason = "decoded, as an SDK does, whether it is looked at or not")]
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

/// Without a type of its own, serde would copy each string within an `Option`.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Flat<'_> {
    /// The text, if this is a text delta.
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

/// The text of a text delta whose bytes are exactly the usual ones, with nothing escaped: no JSON is parsed.
#[inline]
pub(super) fn exact_text(payload: &str) -> Option<&str> {
    let text = payload
        .strip_prefix(r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""#)?
        .strip_suffix(r#""}}"#)?;
    // All of it before it is judged: that can be vectorised, stopping early could not.
    let unusual = text.bytes().fold(false, |found, byte| found | (byte == b'"') | (byte == b'\\') | (byte < 0x20));
    (!unusual).then_some(text)
}
