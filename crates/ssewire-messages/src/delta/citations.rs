use alloc::borrow::Cow;

use super::{Delta, DeltaType, Merged, Target};
use crate::block::{ContentBlock, TextBlock};
use crate::json::{Cursor, RawJson};
use crate::read::{ReadError, each_member};

/// Messages API: `CitationsDelta`.
#[derive(Debug, Clone, PartialEq)]
pub struct CitationsDelta<'a> {
    /// As the scanner has validated it.
    citation: Cow<'a, [u8]>,
}

impl CitationsDelta<'_> {
    /// The citation to append.
    #[must_use]
    pub fn citation(&self) -> RawJson {
        RawJson::keep(&self.citation)
    }
}

impl<'a> DeltaType<'a> for CitationsDelta<'a> {
    const TYPE: &'static str = "citations_delta";

    fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
        let mut citation = None;
        each_member(cursor, &mut |name, cursor| {
            match &*name.name() {
                b"type" => {
                    cursor.skip_value()?;
                }
                b"citation" => citation = Some(cursor.skip_value()?),
                _ => {
                    *has_extra = true;
                    cursor.skip_value()?;
                }
            }
            Ok(())
        })?;
        let citation = citation.filter(|citation| citation.first() == Some(&b'{'));
        Ok(Self { citation: Cow::Borrowed(citation.ok_or(ReadError::Member("citation"))?) })
    }

    fn is_taken_by(block: &ContentBlock) -> bool {
        match block {
            ContentBlock::Text(_) => true,
            ContentBlock::Raw(block) => block.takes_citations(),
            _ => false,
        }
    }

    fn new_block() -> Option<ContentBlock> {
        Some(ContentBlock::Text(TextBlock::default()))
    }

    fn len(&self) -> usize {
        self.citation.len()
    }

    fn merge(self, into: &mut Target<'_>) -> Merged {
        match into.block {
            ContentBlock::Text(block) => Merged::Citation { from: block.push_citation(&self.citation) },
            ContentBlock::Raw(block) => {
                block.push_citation(&self.citation);
                Merged::Other
            }
            _ => Merged::Other,
        }
    }

    fn into_owned(self) -> Delta<'static> {
        Delta::Citations(CitationsDelta { citation: Cow::Owned(self.citation.into_owned()) })
    }
}
