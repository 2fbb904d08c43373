use super::{CitationsDelta, Delta, DeltaType, Target};
use crate::block::{BlockChange, ContentBlock, TextBlock};
use crate::json::{Cursor, RawJson, ScannedJson};
use crate::members::{ReadError, each_member, text_member};
use crate::piece::{BlockString, Piece, push_piece};

/// Text to append to a text block (Messages API: `TextDelta`).
///
/// A `citation` in it is merged as a [`CitationsDelta`] would be.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextDelta<'a> {
    pub(crate) piece: Piece<'a>,
    citation: Option<ScannedJson<'a>>,
}

impl<'a> TextDelta<'a> {
    pub(crate) fn new(piece: Piece<'a>) -> Self {
        Self { piece, citation: None }
    }

    /// Returns the text to append.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.piece.text
    }

    /// Returns the citation to append, if the delta has one. Copies it: one allocation.
    #[must_use]
    pub fn citation(&self) -> Option<RawJson> {
        self.citation.as_ref().map(ScannedJson::to_raw)
    }

    /// Returns whether the delta is text and nothing else.
    pub(crate) fn is_plain(&self) -> bool {
        self.piece.is_whole() && self.citation.is_none()
    }
}

impl<'a> DeltaType<'a> for TextDelta<'a> {
    const TYPE: &'static str = "text_delta";

    fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
        let mut citation = None;
        let piece = read_piece(cursor, "text", has_extra, &mut |name, value| {
            if name == b"citation" {
                citation = value.starts_with(b"{").then(|| ScannedJson::new(value));
            }
        })?;
        Ok(Self { piece, citation })
    }

    fn is_accepted_by(block: &ContentBlock) -> bool {
        match block {
            ContentBlock::Text(_) => true,
            ContentBlock::Raw(block) => block.accepts().text,
            _ => false,
        }
    }

    fn new_block() -> Option<ContentBlock> {
        Some(ContentBlock::Text(TextBlock::default()))
    }

    fn take_foreign_member(&mut self) -> Option<Delta<'a>> {
        self.citation.take().map(|citation| Delta::Citations(CitationsDelta::new(citation)))
    }

    fn byte_size(&self) -> usize {
        self.piece.text.len()
    }

    fn merge(self, into: &mut Target<'_>) -> BlockChange {
        into.begin(BlockString::Text);
        match &mut *into.block {
            ContentBlock::Text(block) => {
                BlockChange::Text { from: push_piece(block.text_mut(), self.piece, &mut into.half.unit) }
            }
            ContentBlock::Raw(block) => {
                push_piece(block.text_mut(), self.piece, &mut into.half.unit);
                BlockChange::Raw
            }
            _ => BlockChange::Raw,
        }
    }

    fn into_owned(self) -> Delta<'static> {
        let citation = self.citation.map(ScannedJson::into_owned);
        Delta::Text(TextDelta { piece: self.piece.into_owned(), citation })
    }
}

/// Reads an object of a delta whose own member is a string. `visit` gets each member that is not of the delta, and its
/// value; the last one of a name counts, whatever its type.
pub(super) fn read_piece<'a>(
    cursor: &mut Cursor<'a>,
    member: &'static str,
    has_extra: &mut bool,
    visit: &mut dyn FnMut(&[u8], &'a [u8]),
) -> Result<Piece<'a>, ReadError> {
    let mut piece = None;
    each_member(cursor, &mut |found, cursor| {
        match found.bytes {
            b"type" => {
                cursor.skip_value()?;
            }
            // The last of several counts.
            found if found == member.as_bytes() => piece = Some(text_member(cursor, member)?),
            other => {
                *has_extra = true;
                visit(other, cursor.skip_value()?);
            }
        }
        Ok(())
    })?;
    piece.unwrap_or(Err(ReadError::Member(member))).map(Piece::of)
}
