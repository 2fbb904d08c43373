use alloc::string::String;

use super::Block;
use super::string_block::{StringBlock, StringNames};
use crate::json::{Cursor, ExtraMembers, RawJsonRef};
use crate::members::ReadError;
use crate::tool_input::{ToolInputError, WriteInput};

/// The model's reasoning (Messages API: `ThinkingBlock`).
#[derive(Clone, Default, PartialEq)]
pub struct ThinkingBlock(StringBlock);

const NAMES: StringNames = StringNames { name: "thinking", member: "thinking", path: "content_block.thinking" };

impl ThinkingBlock {
    /// Returns the `type` of the block on the wire.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        NAMES.name
    }

    /// Returns the reasoning; empty where it is not to be shown.
    #[must_use]
    pub fn thinking(&self) -> &str {
        &self.0.text
    }

    /// Returns the reasoning that deltas append to.
    #[inline]
    pub(crate) fn thinking_mut(&mut self) -> &mut String {
        &mut self.0.text
    }

    /// Returns the proof that the reasoning is the model's own. A block without it is not sent back to the API.
    #[must_use]
    pub fn signature(&self) -> Option<&str> {
        self.0.optional()?.signature.as_deref()
    }

    /// Returns a member that this version does not know, unless it is null. Linear.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RawJsonRef<'_>> {
        self.extra().get(name)?.non_null()
    }

    /// Returns the members that this version does not know.
    #[must_use]
    pub fn extra(&self) -> &ExtraMembers {
        self.0.extra()
    }

    /// Sets the signature. The last one wins.
    pub(crate) fn set_signature(&mut self, signature: &str) {
        self.0.set_signature(signature);
    }
}

impl Block for ThinkingBlock {
    const TYPES: &'static [&'static str] = &[NAMES.name];

    fn read(cursor: &mut Cursor<'_>, _: &str) -> Result<Self, ReadError> {
        let block = StringBlock::read(cursor, &NAMES, |block, name, cursor| {
            if name != b"signature" {
                return Ok(false);
            }
            let signature = cursor.string()?;
            match signature {
                Some(signature) => block.set_signature(&signature.to_text()),
                // It goes among the extras.
                None => block.optional_mut().signature = None,
            }
            Ok(signature.is_some())
        })?;
        Ok(Self(block))
    }

    fn write(&self, out: &mut String, _: WriteInput) -> Result<(), ToolInputError> {
        self.0.write(out, &NAMES, true);
        Ok(())
    }

    /// As [`Block::write_turn`]: the API refuses reasoning without a signature.
    fn write_turn(&self, out: &mut String) -> Result<bool, ToolInputError> {
        let has_signature = self.signature().is_some_and(|signature| !signature.is_empty());
        if has_signature {
            self.0.write(out, &NAMES, false);
        }
        Ok(has_signature)
    }

    fn byte_size(&self) -> usize {
        self.0.byte_size()
    }

    fn merge_start(&mut self, start: Self) {
        self.0.merge_start(start.0);
    }
}
