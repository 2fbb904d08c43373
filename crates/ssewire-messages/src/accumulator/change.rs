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
    // Inlined, so that the change to a text is never in memory.
    #[inline(always)]
    pub(super) fn new(change: Change, message: &'a Message, blocks: &'a Blocks, error: Option<&'a ApiError>) -> Self {
        let update = match change {
            Change::Block(id, key, BlockChange::Text { from }) => Self::of_text(id, key, from, message, blocks),
            _ => Self::try_new(change, message, blocks, error),
        };
        update.unwrap_or(Self::Unchanged)
    }

    /// Converts an update of text. By itself, so that it can be inlined: most updates are of text.
    #[inline(always)]
    fn of_text(id: BlockId, key: BlockKey, from: usize, message: &'a Message, blocks: &'a Blocks) -> Option<Self> {
        let block = blocks.block(id, &message.content)?;
        let ContentBlock::Text(content) = block else {
            return Some(Self::RawBlock { block: BlockRef { blocks, block, id, key } });
        };
        let snapshot = content.text();
        Some(Self::Text { block: BlockRef { blocks, block, id, key }, text: snapshot.get(from..)?, snapshot })
    }

    #[inline(never)]
    fn try_new(change: Change, message: &'a Message, blocks: &'a Blocks, error: Option<&'a ApiError>) -> Option<Self> {
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
        let block = BlockRef { blocks, block: content, id, key };
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
            (BlockChange::Text { from }, _) => return Self::of_text(id, key, from, message, blocks),
            (BlockChange::Thinking { from }, ContentBlock::Thinking(content)) => {
                Self::Thinking { block, thinking: content.thinking().get(from..)?, snapshot: content.thinking() }
            }
            (BlockChange::Signature, ContentBlock::Thinking(content)) => {
                Self::Signature { block, signature: content.signature()? }
            }
            (BlockChange::Citation { from }, ContentBlock::Text(content)) => {
                let snapshot = content.citations().into_option()?;
                Self::Citation { block, citation: snapshot.at(from)?, snapshot }
            }
            (BlockChange::Input { from }, content) => {
                let input = content.tool_input()?;
                Self::ToolInput { block, partial_json: input.raw().get(from..)?, partial: input.partial(), input }
            }
            (BlockChange::Compaction, ContentBlock::Compaction(compaction)) => Self::Compaction { block, compaction },
            _ => Self::RawBlock { block },
        })
    }
}
