//! The change that an event made: without borrows, and resolved to an update.

use super::block_ref::BlockRef;
use super::blocks::{BlockId, BlockKey, Blocks};
use super::update::Update;
use crate::api_error::ApiError;
use crate::block::{BlockChange, ContentBlock};
use crate::lost_event::LostEvent;
use crate::message::Message;
use crate::piece::BlockString;
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
    /// Converts a piece: a string of the block is new from `from` on.
    #[inline(always)]
    pub(super) fn of_piece(
        block: BlockRef<'a>,
        content: &'a ContentBlock,
        string: BlockString,
        from: usize,
    ) -> Option<Self> {
        match (string, content) {
            (BlockString::Text, ContentBlock::Text(content)) => {
                Some(Self::Text { block, text: content.text().get(from..)?, snapshot: content.text() })
            }
            (BlockString::Thinking, ContentBlock::Thinking(content)) => {
                Some(Self::Thinking { block, thinking: content.thinking().get(from..)?, snapshot: content.thinking() })
            }
            (BlockString::InputJson, content) => {
                let input = content.tool_input()?;
                let partial_json = input.raw().get(from..)?;
                Some(Self::ToolInput { block, partial_json, partial: input.partial(), input })
            }
            _ => None,
        }
    }

    /// Converts a change.
    pub(super) fn of_change(
        change: Change,
        message: &'a Message,
        blocks: &'a Blocks,
        error: Option<&'a ApiError>,
    ) -> Self {
        Self::try_of_change(change, message, blocks, error).unwrap_or(Self::Unchanged)
    }

    fn try_of_change(
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
            (BlockChange::Text { from }, _) => return Self::of_piece(block, content, BlockString::Text, from),
            (BlockChange::Thinking { from }, _) => return Self::of_piece(block, content, BlockString::Thinking, from),
            (BlockChange::Input { from }, _) => return Self::of_piece(block, content, BlockString::InputJson, from),
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
