use alloc::borrow::Cow;

use super::text::read_piece;
use super::{Delta, DeltaType, Merged, Target, owned};
use crate::block::{ContentBlock, ThinkingBlock};
use crate::json::Cursor;
use crate::read::ReadError;

/// Messages API: `SignatureDelta`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SignatureDelta<'a> {
    signature: Cow<'a, str>,
}

impl SignatureDelta<'_> {
    /// The signature. It must be sent back unchanged with its thinking block.
    #[must_use]
    pub fn signature(&self) -> &str {
        &self.signature
    }
}

impl<'a> DeltaType<'a> for SignatureDelta<'a> {
    const TYPE: &'static str = "signature_delta";

    fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
        read_piece(cursor, b"signature", "signature", has_extra).map(|piece| Self { signature: piece.text })
    }

    fn is_taken_by(block: &ContentBlock) -> bool {
        match block {
            ContentBlock::Thinking(_) => true,
            ContentBlock::Raw(block) => block.takes_text("signature"),
            _ => false,
        }
    }

    fn new_block() -> Option<ContentBlock> {
        Some(ContentBlock::Thinking(ThinkingBlock::default()))
    }

    fn len(&self) -> usize {
        self.signature.len()
    }

    fn merge(self, into: &mut Target<'_>) -> Merged {
        match into.block {
            ContentBlock::Thinking(block) => {
                block.set_signature(&self.signature);
                Merged::Signature
            }
            ContentBlock::Raw(block) => {
                block.assign_string("signature", &self.signature);
                Merged::Other
            }
            _ => Merged::Other,
        }
    }

    fn into_owned(self) -> Delta<'static> {
        Delta::Signature(SignatureDelta { signature: owned(self.signature) })
    }
}
