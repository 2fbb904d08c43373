//! The pieces that content blocks come in.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::citation::Citation;
use crate::wire::object;
use crate::{Extra, Nullable, UnknownObject};

/// A piece of a content block (Messages API: the `delta` of a `RawContentBlockDeltaEvent`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Delta<'a> {
    /// Text to append to a text block.
    Text(TextDelta<'a>),
    /// JSON text to append to the input of a tool call.
    InputJson(InputJsonDelta<'a>),
    /// Text to append to a thinking block.
    Thinking(ThinkingDelta<'a>),
    /// The signature of a thinking block, whole; the last one wins.
    Signature(SignatureDelta<'a>),
    /// A citation to append to those of a text block.
    Citations(CitationsDelta),
    /// The final value of a compaction block (beta).
    Compaction(Box<CompactionDelta>),
    /// A delta that this version does not know.
    Unknown(UnknownObject),
}

/// Messages API: `TextDelta`.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct TextDelta<'a> {
    /// The text to append.
    pub text: Cow<'a, str>,
    /// Members that this version does not know.
    pub extra: Extra,
}

/// Messages API: `InputJSONDelta`.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct InputJsonDelta<'a> {
    /// The JSON text to append, cut anywhere. Often empty in the first delta of a block.
    pub partial_json: Cow<'a, str>,
    /// Members that this version does not know.
    pub extra: Extra,
}

/// Messages API: `ThinkingDelta`.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ThinkingDelta<'a> {
    /// The text to append.
    pub thinking: Cow<'a, str>,
    /// About how many tokens were thought so far (beta). A hint for a display; it is not part of the message.
    pub estimated_tokens: Nullable<u64>,
    /// Members that this version does not know.
    pub extra: Extra,
}

/// Messages API: `SignatureDelta`.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct SignatureDelta<'a> {
    /// The signature. It must be sent back unchanged with its thinking block.
    pub signature: Cow<'a, str>,
    /// Members that this version does not know.
    pub extra: Extra,
}

/// Messages API: `CitationsDelta`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CitationsDelta {
    /// The citation to append.
    pub citation: Box<Citation>,
    /// Members that this version does not know.
    pub extra: Extra,
}

object! {
    /// Messages API: `BetaCompactionContentBlockDelta`. What is present replaces what the block has.
    pub struct CompactionDelta = "compaction_delta" {
        /// The summary; null if the compaction failed.
        pub content (strict): Nullable<String>,
        /// The same, encrypted.
        pub encrypted_content (strict): Nullable<String>,
    }
}

impl Delta<'_> {
    /// The `type` of the delta on the wire.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Text(_) => "text_delta",
            Self::InputJson(_) => "input_json_delta",
            Self::Thinking(_) => "thinking_delta",
            Self::Signature(_) => "signature_delta",
            Self::Citations(_) => "citations_delta",
            Self::Compaction(_) => "compaction_delta",
            Self::Unknown(unknown) => unknown.kind(),
        }
    }

    /// The same delta without borrows.
    #[must_use]
    pub fn into_owned(self) -> Delta<'static> {
        match self {
            Self::Text(delta) => Delta::Text(TextDelta { text: owned(delta.text), extra: delta.extra }),
            Self::InputJson(delta) => {
                Delta::InputJson(InputJsonDelta { partial_json: owned(delta.partial_json), extra: delta.extra })
            }
            Self::Thinking(delta) => Delta::Thinking(ThinkingDelta {
                thinking: owned(delta.thinking),
                estimated_tokens: delta.estimated_tokens,
                extra: delta.extra,
            }),
            Self::Signature(delta) => {
                Delta::Signature(SignatureDelta { signature: owned(delta.signature), extra: delta.extra })
            }
            Self::Citations(delta) => Delta::Citations(delta),
            Self::Compaction(delta) => Delta::Compaction(delta),
            Self::Unknown(delta) => Delta::Unknown(delta),
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

impl Serialize for Delta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, text, extra) = match self {
            Self::Text(delta) => ("text", &delta.text, &delta.extra),
            Self::InputJson(delta) => ("partial_json", &delta.partial_json, &delta.extra),
            Self::Thinking(delta) => ("thinking", &delta.thinking, &delta.extra),
            Self::Signature(delta) => ("signature", &delta.signature, &delta.extra),
            Self::Citations(delta) => {
                let mut object = serializer.serialize_map(None)?;
                object.serialize_entry("type", self.kind())?;
                object.serialize_entry("citation", &delta.citation)?;
                for (name, value) in delta.extra.iter() {
                    object.serialize_entry(name, value)?;
                }
                return object.end();
            }
            Self::Compaction(delta) => return delta.serialize(serializer),
            Self::Unknown(delta) => return delta.serialize(serializer),
        };
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("type", self.kind())?;
        object.serialize_entry(name, text)?;
        if let Self::Thinking(ThinkingDelta { estimated_tokens, .. }) = self {
            if !estimated_tokens.is_absent() {
                object.serialize_entry("estimated_tokens", estimated_tokens)?;
            }
        }
        for (name, value) in extra.iter() {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}
