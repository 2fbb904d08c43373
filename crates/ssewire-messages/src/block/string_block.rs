//! What text and thinking blocks have in common: a string that deltas append to, and few other members.

use alloc::boxed::Box;
use alloc::string::String;

use super::Citations;
use crate::Nullable;
use crate::growing_text::compact;
use crate::json::{Cursor, ExtraMembers, ObjectWriter};
use crate::members::{ReadError, each_member, read_member, text_member};

/// A block whose own member is a string.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct StringBlock {
    pub(super) text: String,
    rare: Option<Box<RareMembers>>,
}

/// The names of a kind of such blocks.
pub(super) struct StringNames {
    /// The `type` of the block.
    pub(super) name: &'static str,
    /// The member that is the string.
    pub(super) member: &'static str,
    /// The path of that member in an error.
    pub(super) path: &'static str,
}

/// Members that few of these blocks have before their end. A kind uses those that it declares; the others stay empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RareMembers {
    pub(super) citations: Nullable<Citations>,
    pub(super) signature: Option<Box<str>>,
    extra: ExtraMembers,
}

/// Reads a member that only one kind has. `false`: it is not that member, or of another type, and was not consumed.
pub(super) type ReadMember = fn(&mut StringBlock, &[u8], &mut Cursor<'_>) -> Result<bool, ReadError>;

impl StringBlock {
    pub(super) fn rare(&self) -> Option<&RareMembers> {
        self.rare.as_deref()
    }

    pub(super) fn rare_mut(&mut self) -> &mut RareMembers {
        self.rare.get_or_insert_default()
    }

    /// Members that this version does not know.
    pub(super) fn extra(&self) -> &ExtraMembers {
        self.rare.as_ref().map_or(ExtraMembers::EMPTY, |rare| &rare.extra)
    }

    /// Sets the signature. The last one wins.
    pub(super) fn set_signature(&mut self, signature: &str) {
        let rare = self.rare_mut();
        if rare.signature.is_none() {
            rare.extra.remove("signature");
        }
        rare.signature = Some(signature.into());
    }

    /// Reads the object at the cursor. Of a member that occurs twice the last one holds.
    pub(super) fn read(cursor: &mut Cursor<'_>, names: &StringNames, special: ReadMember) -> Result<Self, ReadError> {
        let mut block = Self::default();
        // Of the last member of each name.
        let (mut text_error, mut special_error) = (None, None);
        each_member(cursor, &mut |name, cursor| {
            match name.bytes {
                b"type" => {
                    cursor.skip_value()?;
                }
                own if own == names.member.as_bytes() => match text_member(cursor, names.path)? {
                    Ok(text) => (block.text, text_error) = (compact(text.to_text()), None),
                    Err(error) => text_error = Some(error),
                },
                other => match read_member(cursor, |cursor| special(&mut block, other, cursor))? {
                    Ok(true) => special_error = None,
                    Ok(false) => block.rare_mut().extra.push(name, cursor.skip_value()?),
                    Err(error) => special_error = Some(error),
                },
            }
            Ok(())
        })?;
        text_error.or(special_error).map_or(Ok(block), Err)
    }

    /// Writes the block as JSON. `with_all`: also citations that are null, and the members that this version does not
    /// know.
    pub(super) fn write(&self, out: &mut String, names: &StringNames, with_all: bool) {
        let mut object = ObjectWriter::new(out);
        object.string("type", names.name);
        if let Some(rare) = &self.rare {
            match &rare.citations {
                Nullable::Null if with_all => object.raw("citations", "null"),
                Nullable::Value(citations) => citations.write(object.value("citations")),
                _ => {}
            }
            if let Some(signature) = &rare.signature {
                object.string("signature", signature);
            }
        }
        object.string(names.member, &self.text);
        if let Some(rare) = self.rare.as_ref().filter(|_| with_all) {
            rare.extra.write(&mut object);
        }
        object.end();
    }

    /// The bytes that it holds.
    pub(super) fn byte_size(&self) -> usize {
        let Some(rare) = &self.rare else { return self.text.len() };
        let citations = rare.citations.as_option().map_or(0, Citations::byte_size);
        let signature = rare.signature.as_ref().map_or(0, |signature| signature.len());
        let parts = [self.text.len(), citations, signature, rare.extra.byte_size()];
        parts.into_iter().fold(0, usize::saturating_add)
    }

    /// Merges the start of the block: its string and its citations come before those of the deltas, their signature
    /// replaces its own.
    pub(super) fn merge_start(&mut self, mut start: Self) {
        start.text.push_str(&self.text);
        if let Some(early) = self.rare.take() {
            if let Nullable::Value(later) = early.citations {
                match &mut start.rare_mut().citations {
                    Nullable::Value(citations) => citations.append(&later),
                    none => *none = Nullable::Value(later),
                }
            }
            if let Some(signature) = early.signature {
                start.set_signature(&signature);
            }
        }
        *self = start;
    }
}
