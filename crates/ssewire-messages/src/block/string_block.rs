//! The common part of text and thinking blocks: a string that deltas append to, and few other members.

use alloc::boxed::Box;
use alloc::string::String;

use super::Citations;
use crate::Nullable;
use crate::json::{Cursor, ExtraMembers, ObjectWriter};
use crate::members::{ReadError, each_member, read_member, text_member};
use crate::memory::{compact, reserve};

/// A block whose own member is a string.
#[derive(Clone, Default, PartialEq)]
pub(super) struct StringBlock {
    pub(super) text: String,
    optional: Option<Box<OptionalMembers>>,
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
#[derive(Clone, Default, PartialEq)]
pub(super) struct OptionalMembers {
    pub(super) citations: Nullable<Citations>,
    pub(super) signature: Option<Box<str>>,
    extra: ExtraMembers,
}

/// Reads a member that only one kind has. `false`: it is not that member, or of another type, and was not consumed.
pub(super) type ReadMember = fn(&mut StringBlock, &[u8], &mut Cursor<'_>) -> Result<bool, ReadError>;

impl StringBlock {
    pub(super) fn optional(&self) -> Option<&OptionalMembers> {
        self.optional.as_deref()
    }

    #[inline(never)]
    pub(super) fn optional_mut(&mut self) -> &mut OptionalMembers {
        self.optional.get_or_insert_default()
    }

    /// Returns the members that this version does not know.
    pub(super) fn extra(&self) -> &ExtraMembers {
        self.optional.as_ref().map_or(ExtraMembers::EMPTY, |optional| &optional.extra)
    }

    /// Sets the signature. The last one wins.
    pub(super) fn set_signature(&mut self, signature: &str) {
        let optional = self.optional_mut();
        if optional.signature.is_none() {
            optional.extra.remove("signature");
        }
        optional.signature = Some(signature.into());
    }

    /// Reads the object at the cursor. Of a member that occurs twice the last one counts.
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
                    Ok(false) => block.optional_mut().extra.push(name, cursor.skip_value()?),
                    Err(error) => special_error = Some(error),
                },
            }
            Ok(())
        })?;
        text_error.or(special_error).map_or(Ok(block), Err)
    }

    /// Writes the block as JSON. The complete form also has citations that are null, and the members that this version
    /// does not know.
    pub(super) fn write(&self, out: &mut String, names: &StringNames, is_complete_form: bool) {
        let mut object = ObjectWriter::new(out);
        object.string("type", names.name);
        if let Some(optional) = &self.optional {
            match &optional.citations {
                Nullable::Null if is_complete_form => object.raw("citations", "null"),
                Nullable::Value(citations) => citations.write(object.value("citations")),
                _ => {}
            }
            if let Some(signature) = &optional.signature {
                object.string("signature", signature);
            }
        }
        object.string(names.member, &self.text);
        if let Some(optional) = self.optional.as_ref().filter(|_| is_complete_form) {
            optional.extra.write(&mut object);
        }
        object.end();
    }

    /// Returns the bytes that it holds.
    pub(super) fn byte_size(&self) -> usize {
        let Some(optional) = &self.optional else { return self.text.len() };
        let citations = optional.citations.as_option().map_or(0, Citations::byte_size);
        let signature = optional.signature.as_ref().map_or(0, |signature| signature.len());
        let parts = [self.text.len(), citations, signature, optional.extra.byte_size()];
        parts.into_iter().fold(0, usize::saturating_add)
    }

    /// Merges the start of the block: its string and its citations come before those of the deltas, their signature
    /// replaces its own.
    pub(super) fn merge_start(&mut self, mut start: Self) {
        reserve(&mut start.text, self.text.len());
        start.text.push_str(&self.text);
        if let Some(early) = self.optional.take() {
            if let Nullable::Value(later) = early.citations {
                match &mut start.optional_mut().citations {
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
