use alloc::borrow::Cow;

use super::text::read_piece;
use super::{Delta, DeltaType, Target, ThinkingDelta};
use crate::block::{BlockChange, ContentBlock, ThinkingBlock};
use crate::json::Cursor;
use crate::members::ReadError;
use crate::piece::Piece;

/// The signature of a thinking block (Messages API: `SignatureDelta`).
///
/// A `thinking` in it is merged as a [`ThinkingDelta`] would be.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SignatureDelta<'a> {
    signature: Cow<'a, str>,
    thinking: Option<Piece<'a>>,
}

impl<'a> SignatureDelta<'a> {
    pub(super) fn new(signature: Cow<'a, str>) -> Self {
        Self { signature, thinking: None }
    }

    /// Returns the signature. It must be sent back unchanged with its thinking block.
    #[must_use]
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// Returns the thinking to append, if the delta has any.
    #[must_use]
    pub fn thinking(&self) -> Option<&str> {
        self.thinking.as_ref().map(|piece| &*piece.text)
    }
}

impl<'a> DeltaType<'a> for SignatureDelta<'a> {
    const TYPE: &'static str = "signature_delta";

    fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
        let mut thinking = None;
        let piece = read_piece(cursor, "signature", has_extra, &mut |name, value| {
            if name == b"thinking" {
                thinking = Piece::of_value(value);
            }
        })?;
        Ok(Self { signature: piece.text, thinking })
    }

    fn is_accepted_by(block: &ContentBlock) -> bool {
        match block {
            ContentBlock::Thinking(_) => true,
            ContentBlock::Raw(block) => block.accepts().signature,
            _ => false,
        }
    }

    fn new_block() -> Option<ContentBlock> {
        Some(ContentBlock::Thinking(ThinkingBlock::default()))
    }

    fn take_foreign_member(&mut self) -> Option<Delta<'a>> {
        self.thinking
            .take()
            .filter(|piece| !piece.text.is_empty())
            .map(|piece| Delta::Thinking(ThinkingDelta::new(piece)))
    }

    fn byte_size(&self) -> usize {
        self.signature.len()
    }

    fn merge(self, into: &mut Target<'_>) -> BlockChange {
        match into.block {
            ContentBlock::Thinking(block) => {
                block.set_signature(&self.signature);
                BlockChange::Signature
            }
            ContentBlock::Raw(block) => {
                block.set_signature(&self.signature);
                BlockChange::Raw
            }
            _ => BlockChange::Raw,
        }
    }

    fn into_owned(self) -> Delta<'static> {
        Delta::Signature(SignatureDelta {
            signature: self.signature.into_owned().into(),
            thinking: self.thinking.map(Piece::into_owned),
        })
    }
}
