//! Fast path: a piece for the block that has just started or taken a piece.

use alloc::string::String;

use super::Accumulator;
use super::block_ref::BlockRef;
use super::blocks::{BlockId, BlockKey};
use super::change::Change;
use super::update::Update;
use crate::block::{BlockChange, ContentBlock};
use crate::memory::free_excess;
use crate::piece::BlockString;

/// The text that the next piece is appended to.
pub(crate) struct CurrentText<'a> {
    pub(crate) text: &'a mut String,
    block: CurrentBlock,
    bytes: &'a mut usize,
    max_bytes: usize,
    /// Only the last piece is kept.
    is_discarded: bool,
}

/// The block of this text, and which of its strings it is.
#[derive(Clone, Copy)]
struct CurrentBlock {
    string: BlockString,
    id: BlockId,
    key: BlockKey,
    /// Its position in the content, which is sorted only at the end of the message.
    position: usize,
}

/// A piece that was appended: the text is new from here on.
#[derive(Clone, Copy)]
pub(crate) struct AppendedPiece {
    block: CurrentBlock,
    from: usize,
}

impl CurrentText<'_> {
    /// Returns the number of bytes that may be appended.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.max_bytes.saturating_sub(*self.bytes)
    }

    /// Counts the appended bytes. From here on the piece is accepted, and the one before is discarded.
    #[inline(always)]
    pub(crate) fn appended(self, mut from: usize) -> AppendedPiece {
        *self.bytes = self.bytes.saturating_add(self.text.len().saturating_sub(from));
        if self.is_discarded {
            discard_before(self.text, from, self.bytes);
            from = 0;
        }
        AppendedPiece { block: self.block, from }
    }
}

impl AppendedPiece {
    /// Returns the change that the piece made.
    #[inline]
    pub(crate) fn change(self) -> Change {
        let Self { block, from } = self;
        let change = match block.string {
            BlockString::Text => BlockChange::Text { from },
            BlockString::Thinking => BlockChange::Thinking { from },
            BlockString::InputJson => BlockChange::Input { from },
        };
        Change::Block(block.id, block.key, change)
    }
}

impl Accumulator {
    /// Fast path of most events: appends a piece to the [current text](Self::current_text).
    #[inline]
    pub(crate) fn append_to_current(&mut self, index: u64, string: BlockString, piece: &str) -> Option<Change> {
        let current = self.current_text(index, string)?;
        if piece.len() > current.room() {
            return None;
        }
        let from = current.text.len();
        crate::memory::push(current.text, piece);
        Some(current.appended(from).change())
    }

    /// Converts a piece that was appended last. The same as the [update](Self::update) of its change, but the block is
    /// not looked up again.
    #[inline(always)]
    pub(crate) fn appended_update(&self, piece: AppendedPiece) -> Update<'_> {
        let AppendedPiece { block, from } = piece;
        let content = self.message.content.get(block.position);
        content
            .and_then(|content| {
                let reference = BlockRef::new(&self.blocks, content, block.id, block.key);
                Update::of_piece(reference, content, block.string, from)
            })
            .unwrap_or(Update::Unchanged)
    }

    /// Returns the string of the block that has just started or taken a piece, if the block has this string.
    ///
    /// Nothing but deltas and pings arrived since, so every condition of [`block_delta`](Self::block_delta) holds,
    /// except the limit. A piece that may exceed the limit takes the slow path. The fast path must never decide
    /// differently.
    #[inline(always)]
    pub(crate) fn current_text(&mut self, index: u64, string: BlockString) -> Option<CurrentText<'_>> {
        let id = self.current?;
        let (key, position) = self.blocks.locate(id).filter(|(key, _)| key.index == index)?;
        let block = self.message.content.get_mut(position)?;
        let text = match (string, block) {
            (BlockString::Text, ContentBlock::Text(block)) => block.text_mut(),
            (BlockString::Thinking, ContentBlock::Thinking(block)) => block.thinking_mut(),
            (BlockString::InputJson, ContentBlock::ToolUse(block)) if self.options.partial.is_none() => {
                block.input.growing_text()?
            }
            _ => return None,
        };
        let is_discarded = self.options.is_text_discarded && string != BlockString::InputJson;
        let (bytes, max_bytes) = (&mut self.bytes, self.options.max_bytes);
        let block = CurrentBlock { string, id, key, position };
        Some(CurrentText { text, block, bytes, max_bytes, is_discarded })
    }

    /// Returns whether a change has continued a text: more pieces are likely to follow. The first piece does not count,
    /// except if text is discarded, which makes each piece the first.
    pub(crate) fn is_continuation(&self, change: Change) -> bool {
        let Change::Block(_, _, change) = change else { return false };
        match change {
            BlockChange::Text { from } | BlockChange::Thinking { from } | BlockChange::Input { from } => {
                from > 0 || self.options.is_text_discarded
            }
            _ => false,
        }
    }

    /// Returns whether the block of this index has just started or taken a piece, and is likely to take the next one.
    pub(crate) fn is_current(&self, index: u64) -> bool {
        self.current.and_then(|id| self.blocks.key(id)).is_some_and(|key| key.index == index)
    }
}

/// Discards the first `len` bytes of a text. `bytes` is the count of its message.
#[inline(never)]
pub(super) fn discard_before(text: &mut String, len: usize, bytes: &mut usize) {
    *bytes = bytes.saturating_sub(len);
    text.drain(..len);
    free_excess(text);
}
