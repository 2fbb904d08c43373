use super::{Delta, DeltaType, Target, TextDelta};
use crate::block::{BlockChange, ContentBlock, TextBlock};
use crate::json::{Cursor, RawJson, ScannedJson, kept_len};
use crate::members::{ReadError, each_member};
use crate::piece::Piece;

/// A citation to append to a text block (Messages API: `CitationsDelta`).
///
/// A `text` in it is merged as a [`TextDelta`] would be.
#[derive(Debug, Clone, PartialEq)]
pub struct CitationsDelta<'a> {
    citation: ScannedJson<'a>,
    text: Option<Piece<'a>>,
}

impl<'a> CitationsDelta<'a> {
    pub(super) fn new(citation: ScannedJson<'a>) -> Self {
        Self { citation, text: None }
    }

    /// Returns the citation to append. Copies it: one allocation.
    #[must_use]
    pub fn citation(&self) -> RawJson {
        self.citation.to_raw()
    }

    /// Returns the text to append, if the delta has any.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.text.as_ref().map(|piece| &*piece.text)
    }
}

impl<'a> DeltaType<'a> for CitationsDelta<'a> {
    const TYPE: &'static str = "citations_delta";

    fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
        let (mut citation, mut text) = (None, None);
        each_member(cursor, &mut |name, cursor| {
            let value = cursor.skip_value()?;
            match name.bytes {
                b"type" => {}
                b"citation" => citation = Some(value),
                other => {
                    *has_extra = true;
                    if other == b"text" {
                        text = Piece::of_value(value);
                    }
                }
            }
            Ok(())
        })?;
        let citation = citation.filter(|citation| citation.starts_with(b"{")).ok_or(ReadError::Member("citation"))?;
        Ok(Self { citation: ScannedJson::new(citation), text })
    }

    fn is_accepted_by(block: &ContentBlock) -> bool {
        match block {
            ContentBlock::Text(_) => true,
            ContentBlock::Raw(block) => block.accepts().citations,
            _ => false,
        }
    }

    fn new_block() -> Option<ContentBlock> {
        Some(ContentBlock::Text(TextBlock::default()))
    }

    fn take_foreign_member(&mut self) -> Option<Delta<'a>> {
        self.text.take().filter(|piece| !piece.text.is_empty()).map(|piece| Delta::Text(TextDelta::new(piece)))
    }

    fn byte_size(&self) -> usize {
        // With its comma.
        kept_len(&self.citation).saturating_add(1)
    }

    fn merge(self, into: &mut Target<'_>) -> BlockChange {
        match into.block {
            ContentBlock::Text(block) => BlockChange::Citation { from: block.push_citation(&self.citation) },
            ContentBlock::Raw(block) => {
                block.push_citation(&self.citation);
                BlockChange::Raw
            }
            _ => BlockChange::Raw,
        }
    }

    fn into_owned(self) -> Delta<'static> {
        Delta::Citations(CitationsDelta {
            citation: self.citation.into_owned(),
            text: self.text.map(Piece::into_owned),
        })
    }
}
