//! The change that an event made: without borrows, and resolved to an update.

use super::block_ref::BlockRef;
use super::blocks::{BlockId, BlockKey, Blocks};
use super::update::Update;
use crate::api_error::ApiError;
use crate::block::{BlockChange, ContentBlock};
use crate::lost_event::LostEvent;
use crate::message::Message;
use crate::turn::ToolCall;

/// An update without its borrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Change {
    MessageStart,
    MessageDelta,
    MessageStop { text_halves: u32, thinking_halves: u32 },
    Error,
    Replaced,
    Lost(LostEvent),
    Ping,
    Done,
    Unchanged,
    ToolCall(BlockId),
    Block(BlockId, BlockKey, BlockChange),
}

/// Resolves changes.
impl<'a> Update<'a> {
    /// Converts the change of a string by a piece, as nearly all changes are. `None`: it is another change.
    // Inlined, so that the change is never in memory.
    #[inline(always)]
    pub(super) fn of_piece(change: Change, message: &'a Message, blocks: &'a Blocks) -> Option<Self> {
        let Change::Block(id, key, change) = change else { return None };
        let content = blocks.block(id, &message.content)?;
        let block = BlockRef::new(blocks, content, id, key);
        match (change, content) {
            (BlockChange::Text { from }, ContentBlock::Text(content)) => {
                Some(Self::Text { block, text: content.text().get(from..)?, snapshot: content.text() })
            }
            (BlockChange::Thinking { from }, ContentBlock::Thinking(content)) => {
                Some(Self::Thinking { block, thinking: content.thinking().get(from..)?, snapshot: content.thinking() })
            }
            (BlockChange::Input { from }, content) => {
                let input = content.tool_input()?;
                let partial_json = input.raw().get(from..)?;
                Some(Self::ToolInput { block, partial_json, partial: input.partial(), input })
            }
            _ => None,
        }
    }

    /// Converts a change that [`of_piece`](Self::of_piece) does not convert.
    #[inline(never)]
    pub(super) fn of_other(
        change: Change,
        message: &'a Message,
        blocks: &'a Blocks,
        error: Option<&'a ApiError>,
    ) -> Self {
        Self::try_of_other(change, message, blocks, error).unwrap_or(Self::Unchanged)
    }

    fn try_of_other(
        change: Change,
        message: &'a Message,
        blocks: &'a Blocks,
        error: Option<&'a ApiError>,
    ) -> Option<Self> {
        Some(match change {
            Change::MessageStart => {
                let blocks = message.content.get(..blocks.initial()).unwrap_or_default();
                Self::MessageStart { message, blocks }
            }
            Change::MessageDelta => Self::MessageDelta { stop_reason: message.stop_reason(), usage: message.usage() },
            Change::MessageStop { text_halves, thinking_halves } => {
                Self::MessageStop { message, text_halves, thinking_halves }
            }
            Change::Error => Self::Error(error?),
            Change::Replaced => Self::Replaced,
            Change::Ping => Self::Ping,
            Change::Done => Self::Done,
            Change::Lost(lost) => Self::Lost(lost),
            Change::Unchanged => return None,
            Change::ToolCall(id) => {
                let block = blocks.block(id, &message.content)?;
                Self::ToolCall(ToolCall::of(block.as_tool_use()?)?.ok()?)
            }
            Change::Block(id, key, change) => return Self::of_block(id, key, change, message, blocks),
        })
    }

    fn of_block(
        id: BlockId,
        key: BlockKey,
        change: BlockChange,
        message: &'a Message,
        blocks: &'a Blocks,
    ) -> Option<Self> {
        let content = blocks.block(id, &message.content)?;
        let block = BlockRef::new(blocks, content, id, key);
        let half = |is_half: bool| if is_half { "\u{FFFD}" } else { "" };
        Some(match (change, content) {
            (BlockChange::Start { initial }, ContentBlock::Text(content)) => {
                Self::BlockStart { block, text: content.text().get(..initial)?, thinking: "" }
            }
            (BlockChange::Start { initial }, ContentBlock::Thinking(content)) => {
                Self::BlockStart { block, text: "", thinking: content.thinking().get(..initial)? }
            }
            (BlockChange::Start { .. }, _) => Self::BlockStart { block, text: "", thinking: "" },
            (BlockChange::Stop { is_half }, ContentBlock::Text(_)) => {
                Self::BlockStop { block, text: half(is_half), thinking: "" }
            }
            (BlockChange::Stop { is_half }, ContentBlock::Thinking(_)) => {
                Self::BlockStop { block, text: "", thinking: half(is_half) }
            }
            (BlockChange::Stop { .. }, _) => Self::BlockStop { block, text: "", thinking: "" },
            (BlockChange::Signature, ContentBlock::Thinking(content)) => {
                Self::Signature { block, signature: content.signature()? }
            }
            (BlockChange::Citation { from }, ContentBlock::Text(content)) => {
                let snapshot = content.citations().into_option()?;
                Self::Citation { block, citation: snapshot.at(from)?, snapshot }
            }
            (BlockChange::Compaction, ContentBlock::Compaction(compaction)) => Self::Compaction { block, compaction },
            _ => Self::RawBlock { block },
        })
    }
}
