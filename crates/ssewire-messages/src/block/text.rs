use alloc::string::String;

use super::string_block::{StringBlock, StringNames};
use super::{Block, Citations};
use crate::Nullable;
use crate::json::{Cursor, ExtraMembers, RawJsonRef};
use crate::members::ReadError;
use crate::tool_input::{ToolInputError, WriteInput};

/// Text for the user (Messages API: `TextBlock`).
#[derive(Clone, Default, PartialEq)]
pub struct TextBlock(StringBlock);

const NAMES: StringNames = StringNames { name: "text", member: "text", path: "content_block.text" };

impl TextBlock {
    /// Returns the `type` of the block on the wire.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        NAMES.name
    }

    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Returns the text that deltas append to.
    #[inline]
    pub(crate) fn text_mut(&mut self) -> &mut String {
        &mut self.0.text
    }

    /// Returns the sources of the text, in the order of its passages.
    #[must_use]
    pub fn citations(&self) -> Nullable<&Citations> {
        self.0.optional().map_or(Nullable::Absent, |optional| optional.citations.as_ref())
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

    /// Appends a citation. Returns where it lies.
    pub(crate) fn push_citation(&mut self, valid: &[u8]) -> usize {
        let citations = &mut self.0.optional_mut().citations;
        if !citations.is_value() {
            *citations = Nullable::Value(Citations::default());
        }
        match citations {
            Nullable::Value(citations) => citations.push(valid),
            _ => 0,
        }
    }
}

impl Block for TextBlock {
    const TYPES: &'static [&'static str] = &[NAMES.name];

    fn read(cursor: &mut Cursor<'_>, _: &str) -> Result<Self, ReadError> {
        let block = StringBlock::read(cursor, &NAMES, |block, name, cursor| {
            if name != b"citations" {
                return Ok(false);
            }
            let citations = Citations::read(cursor, "content_block.citations")?;
            block.optional_mut().citations = citations.map_or(Nullable::Null, Nullable::Value);
            Ok(true)
        })?;
        Ok(Self(block))
    }

    fn write(&self, out: &mut String, _: WriteInput) -> Result<(), ToolInputError> {
        self.0.write(out, &NAMES, true);
        Ok(())
    }

    /// As [`Block::write_turn`]: the API refuses a text block without text, and text of nothing but white space.
    fn write_turn(&self, out: &mut String) -> Result<bool, ToolInputError> {
        let has_text = !self.text().trim().is_empty();
        if has_text {
            self.0.write(out, &NAMES, false);
        }
        Ok(has_text)
    }

    fn byte_size(&self) -> usize {
        self.0.byte_size()
    }

    fn merge_start(&mut self, start: Self) {
        self.0.merge_start(start.0);
    }
}
