//! A block that an update names.

use alloc::borrow::Cow;
use core::fmt;

use super::blocks::{BlockId, BlockKey, Blocks};
use crate::block::ContentBlock;

/// A block of the message, with its index and identity.
#[derive(Clone, Copy)]
pub struct BlockRef<'a> {
    blocks: &'a Blocks,
    block: &'a ContentBlock,
    // Not a `BlockKey`: beside it, the id would take eight bytes of every update, which is copied several times.
    index: u64,
    generation: u32,
    id: BlockId,
}

impl<'a> BlockRef<'a> {
    #[inline(always)]
    pub(super) fn new(blocks: &'a Blocks, block: &'a ContentBlock, id: BlockId, key: BlockKey) -> Self {
        Self { blocks, block, index: key.index, generation: key.generation, id }
    }

    /// Returns the index of the block on the wire.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Returns the identity of the block while the message is accumulated.
    #[must_use]
    pub fn key(&self) -> BlockKey {
        BlockKey { index: self.index, generation: self.generation }
    }

    /// Returns the position of the block in the message's content so far. Constant time; linear in the number of blocks
    /// if they started out of order.
    #[must_use]
    pub fn position(&self) -> usize {
        self.blocks.final_position(self.id).unwrap_or(0)
    }

    /// Returns the id of the tool call, if the block is one that has an id: that of
    /// [`ToolCall::id`](crate::ToolCall::id), to match partial input to its call. Linear in the JSON text of the
    /// block's start.
    #[must_use]
    pub fn tool_id(&self) -> Option<Cow<'a, str>> {
        self.block.as_tool_use()?.id()
    }

    /// Returns the name of the tool, if the block is a tool call that has one. Linear in the JSON text of the block's
    /// start.
    #[must_use]
    pub fn tool_name(&self) -> Option<Cow<'a, str>> {
        self.block.as_tool_use()?.name()
    }

    /// Returns the block so far.
    #[must_use]
    pub fn content(&self) -> &'a ContentBlock {
        self.block
    }
}

impl fmt::Debug for BlockRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockRef").field("key", &self.key()).field("content", &self.block).finish()
    }
}
