//! What text and thinking blocks have in common: a string that deltas append to, and few other members.

use alloc::boxed::Box;
use alloc::string::String;

use super::Citations;
use crate::Nullable;
use crate::json::{Cursor, Extra, ObjectWriter};
use crate::read::{ReadError, each_member, text};

/// A block whose own member is a string.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Prose {
    pub(super) text: String,
    rest: Option<Box<Rest>>,
}

/// The names of a kind of such blocks.
pub(super) struct Kind {
    /// The `type` of the block.
    pub(super) name: &'static str,
    /// The member that is the string.
    pub(super) member: &'static str,
    /// The same in an error.
    pub(super) path: &'static str,
}

/// Members that few of these blocks have before their end. A kind uses those that it declares; the rest stays empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rest {
    pub(super) citations: Nullable<Citations>,
    pub(super) signature: Option<Box<str>>,
    extra: Extra,
}

/// Reads a member that only one kind has. `false`: it is not that member, or of another type, and was not consumed.
pub(super) type ReadMember = fn(&mut Prose, &[u8], &mut Cursor<'_>) -> Result<bool, ReadError>;

impl Prose {
    pub(super) fn rest(&self) -> Option<&Rest> {
        self.rest.as_deref()
    }

    pub(super) fn rest_mut(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    /// Members that this version does not know.
    pub(super) fn extra(&self) -> Option<&Extra> {
        self.rest.as_ref().map(|rest| &rest.extra).filter(|extra| !extra.is_empty())
    }

    /// Sets the signature. The last one wins.
    pub(super) fn set_signature(&mut self, signature: &str) {
        let rest = self.rest_mut();
        if rest.signature.is_none() {
            rest.extra.remove("signature");
        }
        rest.signature = Some(signature.into());
    }

    /// Reads the object at the cursor. Of a member that occurs twice the last one holds.
    pub(super) fn read(cursor: &mut Cursor<'_>, kind: &Kind, special: ReadMember) -> Result<Self, ReadError> {
        let mut block = Self::default();
        each_member(cursor, &mut |name, cursor| {
            match &*name.name() {
                b"type" => {
                    cursor.skip_value()?;
                }
                own if own == kind.member.as_bytes() => block.text = text(cursor, kind.path)?.to_text().into_owned(),
                other if special(&mut block, other, cursor)? => {}
                _ => block.rest_mut().extra.push(name, cursor.skip_value()?),
            }
            Ok(())
        })?;
        Ok(block)
    }

    /// Writes the block as JSON. `with_all`: also citations that are null, and the members that this version does not
    /// know.
    pub(super) fn write(&self, out: &mut String, kind: &Kind, with_all: bool) {
        let mut object = ObjectWriter::new(out);
        object.string("type", kind.name);
        if let Some(rest) = &self.rest {
            match &rest.citations {
                Nullable::Null if with_all => object.raw("citations", "null"),
                Nullable::Value(citations) => citations.write(object.value("citations")),
                _ => {}
            }
            if let Some(signature) = &rest.signature {
                object.string("signature", signature);
            }
        }
        object.string(kind.member, &self.text);
        if let Some(rest) = self.rest.as_ref().filter(|_| with_all) {
            rest.extra.write(&mut object);
        }
        object.end();
    }

    /// The bytes that it holds.
    pub(super) fn held(&self) -> usize {
        let Some(rest) = &self.rest else { return self.text.len() };
        let citations = rest.citations.as_option().map_or(0, Citations::held);
        let signature = rest.signature.as_ref().map_or(0, |signature| signature.len());
        let parts = [self.text.len(), citations, signature, rest.extra.held()];
        parts.into_iter().fold(0, usize::saturating_add)
    }

    /// Merges the start of the block: its string and its citations come before those of the deltas, their signature
    /// replaces its own.
    pub(super) fn merge_start(&mut self, mut start: Self) {
        start.text.push_str(&self.text);
        if let Some(early) = self.rest.take() {
            if let Nullable::Value(later) = early.citations {
                match &mut start.rest_mut().citations {
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
