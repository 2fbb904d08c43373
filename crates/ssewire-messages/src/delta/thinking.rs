use alloc::borrow::Cow;

use super::text::read_piece;
use super::{Delta, DeltaType, SignatureDelta, Target};
use crate::block::{BlockChange, ContentBlock, ThinkingBlock};
use crate::json::{Cursor, JsonStr};
use crate::members::{ReadError, count};
use crate::piece::{BlockString, Piece, push_piece};

/// Thinking to append to a thinking block (Messages API: `ThinkingDelta`).
///
/// A `signature` in it, as one gateway writes it, is merged as a [`SignatureDelta`] would be.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ThinkingDelta<'a> {
    pub(crate) piece: Piece<'a>,
    signature: Option<Cow<'a, str>>,
    estimated_tokens: Option<u64>,
}

impl<'a> ThinkingDelta<'a> {
    pub(crate) fn new(piece: Piece<'a>) -> Self {
        Self { piece, ..Self::default() }
    }

    /// Returns the text to append.
    #[must_use]
    pub fn thinking(&self) -> &str {
        &self.piece.text
    }

    /// Returns the signature of the block, if the delta has one.
    #[must_use]
    pub fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }

    /// Returns the estimated number of thinking tokens so far (beta). A hint for a display; not part of the message.
    #[must_use]
    pub fn estimated_tokens(&self) -> Option<u64> {
        self.estimated_tokens
    }

    /// Returns whether the delta merges nothing but thinking.
    pub(crate) fn is_plain(&self) -> bool {
        self.piece.is_whole() && self.signature.is_none()
    }
}

impl<'a> DeltaType<'a> for ThinkingDelta<'a> {
    const TYPE: &'static str = "thinking_delta";

    fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
        let (mut signature, mut estimated_tokens) = (None, None);
        let piece = read_piece(cursor, "thinking", has_extra, &mut |name, value| match name {
            b"signature" => signature = Cursor::new(value).string().ok().flatten().map(JsonStr::to_text),
            b"estimated_tokens" => estimated_tokens = count(&mut Cursor::new(value)).ok().and_then(Result::ok),
            _ => {}
        })?;
        Ok(Self { piece, signature, estimated_tokens })
    }

    fn is_accepted_by(block: &ContentBlock) -> bool {
        match block {
            ContentBlock::Thinking(_) => true,
            ContentBlock::Raw(block) => block.accepts().thinking,
            _ => false,
        }
    }

    fn new_block() -> Option<ContentBlock> {
        Some(ContentBlock::Thinking(ThinkingBlock::default()))
    }

    fn take_foreign_member(&mut self) -> Option<Delta<'a>> {
        self.signature.take().map(|signature| Delta::Signature(SignatureDelta::new(signature)))
    }

    fn byte_size(&self) -> usize {
        self.piece.text.len()
    }

    fn merge(self, into: &mut Target<'_>) -> BlockChange {
        into.begin(BlockString::Thinking);
        match &mut *into.block {
            ContentBlock::Thinking(block) => {
                BlockChange::Thinking { from: push_piece(block.thinking_mut(), self.piece, &mut into.half.unit) }
            }
            ContentBlock::Raw(block) => {
                push_piece(block.thinking_mut(), self.piece, &mut into.half.unit);
                BlockChange::Raw
            }
            _ => BlockChange::Raw,
        }
    }

    fn into_owned(self) -> Delta<'static> {
        Delta::Thinking(ThinkingDelta {
            piece: self.piece.into_owned(),
            signature: self.signature.map(|text| text.into_owned().into()),
            estimated_tokens: self.estimated_tokens,
        })
    }
}
