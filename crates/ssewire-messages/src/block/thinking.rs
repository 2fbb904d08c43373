use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

use super::Block;
use crate::json::{Cursor, Extra, ObjectWriter};
use crate::read::{ReadError, each_member, text};
use crate::tool_input::{ToolInputError, WriteInput};

/// The model's reasoning (Messages API: `ThinkingBlock`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ThinkingBlock {
    pub(crate) thinking: String,
    rest: Option<Box<Rest>>,
}

/// What follows the reasoning.
#[derive(Debug, Clone, Default, PartialEq)]
struct Rest {
    signature: Option<Box<str>>,
    extra: Extra,
}

impl ThinkingBlock {
    /// The reasoning; empty where it is not to be shown.
    #[must_use]
    pub fn thinking(&self) -> &str {
        &self.thinking
    }

    /// The proof that the reasoning is the model's own. A block without it is not sent back to the API.
    #[must_use]
    pub fn signature(&self) -> Option<&str> {
        self.rest.as_ref()?.signature.as_deref()
    }

    /// Members that this version does not know.
    #[must_use]
    pub fn extra(&self) -> Option<&Extra> {
        self.rest.as_ref().map(|rest| &rest.extra).filter(|extra| !extra.is_empty())
    }

    /// Sets the signature. The last one wins.
    pub(crate) fn set_signature(&mut self, signature: &str) {
        let rest = self.rest.get_or_insert_default();
        if rest.signature.is_none() {
            rest.extra.remove("signature");
        }
        rest.signature = Some(signature.into());
    }
}

impl Block for ThinkingBlock {
    const TYPES: &'static [&'static str] = &["thinking"];

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ReadError> {
        let mut block = Self::default();
        each_member(cursor, &mut |name, cursor| {
            match &*name.name() {
                b"type" => {
                    cursor.skip_value()?;
                }
                b"thinking" => block.thinking = text(cursor, "content_block.thinking")?.to_text().into_owned(),
                b"signature" => match cursor.string()? {
                    Some(signature) => {
                        block.rest.get_or_insert_default().signature = Some(signature.to_text().into());
                    }
                    None => block.rest.get_or_insert_default().extra.push(name, cursor.skip_value()?),
                },
                _ => block.rest.get_or_insert_default().extra.push(name, cursor.skip_value()?),
            }
            Ok(())
        })?;
        Ok(block)
    }

    fn type_name(&self) -> Cow<'_, str> {
        "thinking".into()
    }

    fn write(&self, out: &mut String, _: WriteInput) -> Result<(), ToolInputError> {
        let mut object = ObjectWriter::new(out);
        object.string("type", "thinking");
        if let Some(signature) = self.signature() {
            object.string("signature", signature);
        }
        object.string("thinking", &self.thinking);
        if let Some(rest) = &self.rest {
            rest.extra.write(&mut object);
        }
        object.end();
        Ok(())
    }

    /// The API refuses reasoning without a signature.
    fn write_turn(&self, out: &mut String) -> Result<bool, ToolInputError> {
        let Some(signature) = self.signature().filter(|signature| !signature.is_empty()) else { return Ok(false) };
        let mut object = ObjectWriter::new(out);
        object.string("type", "thinking");
        object.string("signature", signature);
        object.string("thinking", &self.thinking);
        object.end();
        Ok(true)
    }

    fn held(&self) -> usize {
        let rest = self.rest.as_ref().map_or(0, |rest| rest.extra.held());
        self.thinking.len().saturating_add(self.signature().map_or(0, str::len)).saturating_add(rest)
    }

    fn merge_start(&mut self, mut start: Self) {
        start.thinking.push_str(&self.thinking);
        if let Some(signature) = self.signature() {
            start.set_signature(signature);
        }
        *self = start;
    }
}
