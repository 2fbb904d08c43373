use super::{Delta, DeltaType, Merged, Target, owned};
use crate::block::{ContentBlock, TextBlock};
use crate::json::Cursor;
use crate::read::{ReadError, each_member, text_or_error};
use crate::text::{Piece, push_piece};

/// Messages API: `TextDelta`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextDelta<'a> {
    pub(crate) piece: Piece<'a>,
}

impl TextDelta<'_> {
    /// The text to append.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.piece.text
    }
}

impl<'a> DeltaType<'a> for TextDelta<'a> {
    const TYPE: &'static str = "text_delta";

    fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
        read_piece(cursor, b"text", "text", has_extra).map(|piece| Self { piece })
    }

    fn is_taken_by(block: &ContentBlock) -> bool {
        match block {
            ContentBlock::Text(_) => true,
            ContentBlock::Raw(block) => block.takes_text("text"),
            _ => false,
        }
    }

    fn new_block() -> Option<ContentBlock> {
        Some(ContentBlock::Text(TextBlock::default()))
    }

    fn len(&self) -> usize {
        self.piece.text.len()
    }

    fn merge(self, into: &mut Target<'_>) -> Merged {
        match into.block {
            ContentBlock::Text(block) => Merged::Text { from: push_piece(&mut block.text, self.piece, into.half) },
            ContentBlock::Raw(block) => {
                push_piece(block.text_mut(), self.piece, into.half);
                Merged::Other
            }
            _ => Merged::Other,
        }
    }

    fn into_owned(self) -> Delta<'static> {
        Delta::Text(TextDelta { piece: own(self.piece) })
    }
}

/// Reads an object whose only member beside its type is a string.
pub(super) fn read_piece<'a>(
    cursor: &mut Cursor<'a>,
    name: &[u8],
    member: &'static str,
    has_extra: &mut bool,
) -> Result<Piece<'a>, ReadError> {
    let mut piece = None;
    each_member(cursor, &mut |found, cursor| {
        match &*found.name() {
            b"type" => {
                cursor.skip_value()?;
            }
            // The last of several holds.
            found if found == name => piece = Some(text_or_error(cursor, member)?),
            _ => {
                *has_extra = true;
                cursor.skip_value()?;
            }
        }
        Ok(())
    })?;
    let (text, halves) = piece.unwrap_or(Err(ReadError::Member(member)))?.to_text_with_halves();
    Ok(Piece { text, halves })
}

pub(super) fn own(piece: Piece<'_>) -> Piece<'static> {
    Piece { text: owned(piece.text), halves: piece.halves }
}
