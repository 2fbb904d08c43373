use alloc::borrow::Cow;
use alloc::string::String;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::ToolInput;
use crate::event::Delta;
use crate::wire::{FromJson, tag};

/// A block of a kind that this version does not know, kept as it came.
#[derive(Debug, Clone)]
pub struct UnknownBlock {
    pub(crate) raw: Map<String, Value>,
    /// Once input JSON has arrived for the block: what is written in place of its `input`.
    pub(crate) input: Option<ToolInput>,
}

impl UnknownBlock {
    /// Its `type`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.raw.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    /// All its members, `type` included. Its `input` is the one that it started with: what deltas brought is told by
    /// [`ContentBlock::input`](super::ContentBlock::input).
    #[must_use]
    pub fn raw(&self) -> &Map<String, Value> {
        &self.raw
    }
}

impl UnknownBlock {
    /// Takes a known delta into the member that is there for it.
    pub(crate) fn take(&mut self, delta: &Delta<'_>) {
        match delta {
            Delta::Text(delta) => self.append("text", &delta.text),
            Delta::Thinking(delta) => self.append("thinking", &delta.thinking),
            Delta::Signature(delta) => self.set("signature", Value::String(delta.signature.as_ref().into())),
            Delta::Citations(delta) => {
                let Ok(citation) = serde_json::to_value(&delta.citation) else { return };
                match self.raw.get_mut("citations") {
                    Some(Value::Array(citations)) => citations.push(citation),
                    _ => self.set("citations", Value::Array([citation].into())),
                }
            }
            // It goes into the input, see `input_for_deltas`.
            Delta::InputJson(_) | Delta::Compaction(_) | Delta::Unknown(_) => {}
        }
    }

    /// The input that deltas grow; none if the block has no member of that name.
    pub(crate) fn input_for_deltas(&mut self) -> Option<&mut ToolInput> {
        let start = self.raw.get("input")?;
        Some(self.input.get_or_insert_with(|| ToolInput::from_start(Some(start.clone()))))
    }

    fn append(&mut self, name: &str, piece: &str) {
        match self.raw.get_mut(name) {
            Some(Value::String(text)) => text.push_str(piece),
            _ => self.set(name, Value::String(piece.into())),
        }
    }

    fn set(&mut self, name: &str, value: Value) {
        self.raw.insert(name.into(), value);
    }
}

impl UnknownBlock {
    /// The input as it stands, whichever way it came.
    fn current_input(&self) -> Option<Cow<'_, ToolInput>> {
        let start = || Some(Cow::Owned(ToolInput::from_start(Some(self.raw.get("input")?.clone()))));
        self.input.as_ref().map(Cow::Borrowed).or_else(start)
    }
}

/// The same members with the same values. How the input came does not matter.
impl PartialEq for UnknownBlock {
    fn eq(&self, other: &Self) -> bool {
        let others = |block: &Self| block.raw.iter().filter(|(name, _)| *name != "input").count();
        let same = |(name, value): (&String, &Value)| name == "input" || other.raw.get(name) == Some(value);
        others(self) == others(other) && self.raw.iter().all(same) && self.current_input() == other.current_input()
    }
}

/// Only an object with a string `type` is a block.
impl FromJson for UnknownBlock {
    fn fits(value: &Value) -> bool {
        tag(value).is_some()
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        match value {
            Value::Object(raw) if raw.get("type").is_some_and(Value::is_string) => Ok(Self { raw, input: None }),
            other => Err(other),
        }
    }
}

impl Serialize for UnknownBlock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(input) = &self.input else {
            return self.raw.serialize(serializer);
        };
        let mut object = serializer.serialize_map(None)?;
        for (name, value) in self.raw.iter().filter(|(name, _)| *name != "input") {
            object.serialize_entry(name, value)?;
        }
        object.serialize_entry("input", input)?;
        object.end()
    }
}
