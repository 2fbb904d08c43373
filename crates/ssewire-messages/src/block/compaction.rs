use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

use super::Block;
use crate::Nullable;
use crate::json::{Cursor, ExtraMembers, ObjectWriter, RawJson, RawJsonRef};
use crate::members::{ReadError, each_member};
use crate::tool_input::{ToolInputError, WriteInput};

/// The conversation so far in short (Messages API: `BetaCompactionBlock`).
#[derive(Clone, PartialEq)]
pub struct CompactionBlock {
    start: RawJson,
    /// The members that deltas have assigned.
    assigned: Option<Box<ExtraMembers>>,
}

impl CompactionBlock {
    /// Returns the `type` of the block on the wire.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        "compaction"
    }

    /// Returns the summary; null where the compaction failed.
    #[must_use]
    pub fn content(&self) -> Nullable<Cow<'_, str>> {
        self.nullable_string("content")
    }

    /// Returns the encrypted part of the summary, to be sent back unchanged.
    #[must_use]
    pub fn encrypted_content(&self) -> Nullable<Cow<'_, str>> {
        self.nullable_string("encrypted_content")
    }

    /// Returns a member as raw JSON, unless it is null. Linear.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RawJsonRef<'_>> {
        self.member(name)?.non_null()
    }

    fn member(&self, name: &str) -> Option<RawJsonRef<'_>> {
        self.assigned.as_ref().and_then(|assigned| assigned.get(name)).or_else(|| self.start.get(name))
    }

    fn nullable_string(&self, name: &str) -> Nullable<Cow<'_, str>> {
        match self.member(name) {
            Some(value) if value.is_null() => Nullable::Null,
            Some(value) => value.decode_string().into(),
            None => Nullable::Absent,
        }
    }

    pub(crate) fn assign(&mut self, name: &str, valid: &[u8]) {
        self.assigned.get_or_insert_default().set(name, valid);
    }
}

/// A block that a delta has opened.
impl Default for CompactionBlock {
    fn default() -> Self {
        Self { start: RawJson::from_valid(r#"{"type":"compaction"}"#.into()), assigned: None }
    }
}

impl Block for CompactionBlock {
    const TYPES: &'static [&'static str] = &["compaction"];

    fn read(cursor: &mut Cursor<'_>, _: &str) -> Result<Self, ReadError> {
        let raw = cursor.skip_value()?;
        let mut members = Cursor::of_document(raw);
        let mut is_text = true;
        each_member(&mut members, &mut |name, cursor| {
            let value = cursor.skip_value()?;
            if name.bytes == b"content" {
                is_text = value == b"null" || value.first() == Some(&b'"');
            }
            Ok(())
        })?;
        if !is_text {
            return Err(ReadError::Member("content_block.content"));
        }
        Ok(Self { start: RawJson::keep(raw), assigned: None })
    }

    fn write(&self, out: &mut String, _: WriteInput) -> Result<(), ToolInputError> {
        let Some(assigned) = &self.assigned else {
            out.push_str(self.start.as_str());
            return Ok(());
        };
        let mut object = ObjectWriter::new(out);
        // To search the assigned members for each member of the start would be quadratic.
        let (has_content, has_encrypted) = (assigned.contains("content"), assigned.contains("encrypted_content"));
        object.members_but(self.start.as_json(), &|name| match name {
            "content" => has_content,
            "encrypted_content" => has_encrypted,
            _ => false,
        });
        assigned.write(&mut object);
        object.end();
        Ok(())
    }

    fn byte_size(&self) -> usize {
        self.start.as_str().len().saturating_add(self.assigned.as_ref().map_or(0, |assigned| assigned.byte_size()))
    }

    fn merge_start(&mut self, start: Self) {
        self.start = start.start;
    }
}
