use alloc::borrow::Cow;

use super::text::own;
use super::{Delta, DeltaType, Merged, Target, owned};
use crate::block::{ContentBlock, ThinkingBlock};
use crate::json::{Cursor, JsonStr};
use crate::read::{ReadError, each_member, text_or_error};
use crate::text::{Piece, push_piece};

/// Messages API: `ThinkingDelta`.
///
/// One gateway writes the signature of the block into it; then it is merged as its own delta would be.
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

    /// The text to append.
    #[must_use]
    pub fn thinking(&self) -> &str {
        &self.piece.text
    }

    /// The signature of the block, if it came along.
    #[must_use]
    pub fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }

    /// About how many tokens were thought so far (beta). A hint for a display; it is not part of the message.
    #[must_use]
    pub fn estimated_tokens(&self) -> Option<u64> {
        self.estimated_tokens
    }
}

impl<'a> DeltaType<'a> for ThinkingDelta<'a> {
    const TYPE: &'static str = "thinking_delta";

    fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
        let mut delta = Self::default();
        let mut thinking = None;
        each_member(cursor, &mut |found, cursor| {
            match &*found.name() {
                b"type" => {
                    cursor.skip_value()?;
                }
                b"thinking" => thinking = Some(text_or_error(cursor, "thinking")?),
                other => {
                    *has_extra = true;
                    if other == b"estimated_tokens" {
                        delta.estimated_tokens = crate::read::count(cursor)?.ok();
                    } else if other == b"signature" && cursor.peek() == Some(b'"') {
                        delta.signature = cursor.string()?.map(JsonStr::to_text);
                    } else {
                        cursor.skip_value()?;
                    }
                }
            }
            Ok(())
        })?;
        let (text, halves) = thinking.unwrap_or(Err(ReadError::Member("thinking")))?.to_text_with_halves();
        delta.piece = Piece { text, halves };
        Ok(delta)
    }

    fn is_taken_by(block: &ContentBlock) -> bool {
        match block {
            ContentBlock::Thinking(_) => true,
            ContentBlock::Raw(block) => block.takes_text("thinking"),
            _ => false,
        }
    }

    fn new_block() -> Option<ContentBlock> {
        Some(ContentBlock::Thinking(ThinkingBlock::default()))
    }

    fn len(&self) -> usize {
        self.piece.text.len().saturating_add(self.signature.as_ref().map_or(0, |signature| signature.len()))
    }

    fn merge(self, into: &mut Target<'_>) -> Merged {
        match into.block {
            ContentBlock::Thinking(block) => {
                if let Some(signature) = &self.signature {
                    block.set_signature(signature);
                }
                let from = push_piece(&mut block.thinking, self.piece, into.half);
                Merged::Thinking { from, is_signed: self.signature.is_some() }
            }
            ContentBlock::Raw(block) => {
                push_piece(block.thinking_mut(), self.piece, into.half);
                if let Some(signature) = self.signature.filter(|_| block.takes_text("signature")) {
                    block.assign_string("signature", &signature);
                }
                Merged::Other
            }
            _ => Merged::Other,
        }
    }

    fn into_owned(self) -> Delta<'static> {
        Delta::Thinking(ThinkingDelta {
            piece: own(self.piece),
            signature: self.signature.map(owned),
            estimated_tokens: self.estimated_tokens,
        })
    }
}
