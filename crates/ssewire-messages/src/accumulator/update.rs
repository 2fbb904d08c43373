//! What an event changed, borrowed from the message.

use alloc::borrow::Cow;

use serde_json::Value;

use super::blocks::{BlockId, BlockKey, Blocks};
use crate::api_error::ApiError;
use crate::block::{Citations, CompactionBlock, ContentBlock, TextBlock, ThinkingBlock};
use crate::json::RawJsonRef;
use crate::lost_event::LostEvent;
use crate::message::Message;
use crate::stop_reason::StopReason;
use crate::tool_input::ToolInput;
use crate::turn::ToolCall;
use crate::usage::Usage;

/// A change by an event, by index and with the snapshot: at least the values that the official helpers yield.
///
/// Text is borrowed from the message that it has become part of.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Update<'a> {
    /// The message has begun.
    #[non_exhaustive]
    MessageStart {
        /// The message as it begins. Its text, if it has any, is a piece of text like every other.
        message: &'a Message,
        /// The initial blocks.
        blocks: &'a [ContentBlock],
    },
    /// A block has begun. Early deltas of the block are merged into it.
    #[non_exhaustive]
    BlockStart {
        /// The block.
        block: BlockRef<'a>,
        /// The text that a text block began with: a piece of text like every other. Usually empty.
        text: &'a str,
        /// The thinking that a thinking block began with. Usually empty.
        thinking: &'a str,
    },
    /// A text block has grown. The start of a message or of a block may have text, too. To show all
    /// of it take [`text_deltas`](Self::text_deltas).
    #[non_exhaustive]
    Text {
        /// The block.
        block: BlockRef<'a>,
        /// The new text.
        text: &'a str,
        /// All text of the block.
        snapshot: &'a str,
    },
    /// A thinking block has grown. [`thinking_deltas`](Self::thinking_deltas) returns all thinking, as for text.
    #[non_exhaustive]
    Thinking {
        /// The block.
        block: BlockRef<'a>,
        /// The new reasoning.
        thinking: &'a str,
        /// All reasoning of the block.
        snapshot: &'a str,
    },
    /// A thinking block has got its signature.
    #[non_exhaustive]
    Signature {
        /// The block.
        block: BlockRef<'a>,
        /// The signature, whole.
        signature: &'a str,
    },
    /// A text block has got a citation.
    #[non_exhaustive]
    Citation {
        /// The block.
        block: BlockRef<'a>,
        /// The new one.
        citation: RawJsonRef<'a>,
        /// All citations of the block.
        snapshot: &'a Citations,
    },
    /// The input of a tool call has grown.
    #[non_exhaustive]
    ToolInput {
        /// The block.
        block: BlockRef<'a>,
        /// The new JSON text.
        partial_json: &'a str,
        /// The value so far, with [`with_partial_input`](crate::Accumulator::with_partial_input).
        partial: Option<&'a Value>,
        /// The input so far.
        input: ToolInput<'a>,
    },
    /// A tool that the client runs is called: complete, valid, with id and name. Always a further update of an event:
    /// with an [`Accumulator`](crate::Accumulator), call [`next_update`](crate::Accumulator::next_update).
    ToolCall(ToolCall<'a>),
    /// A compaction block has got its value.
    #[non_exhaustive]
    Compaction {
        /// The block.
        block: BlockRef<'a>,
        /// The block, typed.
        compaction: &'a CompactionBlock,
    },
    /// A delta was merged into a block of a kind that this version does not know.
    #[non_exhaustive]
    RawBlock {
        /// The block.
        block: BlockRef<'a>,
    },
    /// The server has stopped a block. `message_stop` closes a block that has no stop,
    /// without this update.
    #[non_exhaustive]
    BlockStop {
        /// The block.
        block: BlockRef<'a>,
        /// The rest of the text, if it ended in the middle of a character. Usually empty.
        text: &'a str,
        /// The rest of the thinking, likewise.
        thinking: &'a str,
    },
    /// Stop reason and usage so far.
    #[non_exhaustive]
    MessageDelta {
        /// Why the model stopped, once that is known.
        stop_reason: Option<&'a StopReason>,
        /// The usage so far.
        usage: Option<&'a Usage>,
    },
    /// `message_stop` has arrived. Whether the message is complete:
    /// [`MessageDecoder::finish`](crate::MessageDecoder::finish).
    #[non_exhaustive]
    MessageStop {
        /// The message.
        message: &'a Message,
        /// The number of text blocks, and of thinking blocks, that ended in the middle of a character.
        halves: [u32; 2],
    },
    /// The server has reported an error. The message ends here.
    Error(&'a ApiError),
    /// Another message has begun before this one had stopped. This one ends here.
    Replaced,
    /// An event was lost. The end of the message decides whether content is missing.
    Lost(LostEvent),
    /// A keep-alive.
    Ping,
    /// The end marker of other protocols.
    Done,
    /// Nothing has changed: an event or a delta that this version does not know, an empty delta, a stop without its
    /// block, a second `message_start`, input JSON that waits for its block, content beyond the limit, or an event
    /// after the end of the message.
    Unchanged,
}

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

    /// By itself, so that it can be inlined: most updates are of text.
    #[inline(always)]
    fn of_text(id: BlockId, key: BlockKey, from: usize, message: &'a Message, blocks: &'a Blocks) -> Option<Self> {
        let block = message.content.get(blocks.position(id)?)?;
        let ContentBlock::Text(content) = block else {
            return Some(Self::RawBlock { block: BlockRef { blocks, block, id, key } });
        };
        let snapshot = content.text();
        Some(Self::Text { block: BlockRef { blocks, block, id, key }, text: snapshot.get(from..)?, snapshot })
    }

    #[inline(never)]
    fn try_new(change: Change, message: &'a Message, blocks: &'a Blocks, error: Option<&'a ApiError>) -> Option<Self> {
        let (id, key, what) = match change {
            Change::MessageStart => {
                let blocks = message.content.get(..blocks.initial()).unwrap_or_default();
                return Some(Self::MessageStart { message, blocks });
            }
            Change::MessageDelta => {
                return Some(Self::MessageDelta { stop_reason: message.stop_reason(), usage: message.usage() });
            }
            Change::MessageStop { halves } => return Some(Self::MessageStop { message, halves }),
            Change::Error => return Some(Self::Error(error?)),
            Change::Replaced => return Some(Self::Replaced),
            Change::Ping => return Some(Self::Ping),
            Change::Done => return Some(Self::Done),
            Change::Lost(lost) => return Some(Self::Lost(lost)),
            Change::Unchanged => return None,
            Change::ToolCall(id) => {
                let block = message.content.get(blocks.position(id)?)?;
                return ToolCall::of(block.as_tool_use()?).ok()?.map(Self::ToolCall);
            }
            Change::Block(id, key, what) => (id, key, what),
        };
        let content = message.content.get(blocks.position(id)?)?;
        let block = BlockRef { blocks, block: content, id, key };
        let half = |is_half: bool| if is_half { "\u{FFFD}" } else { "" };
        Some(match (what, content) {
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

    /// The text of the event, in the order of the blocks: at most one piece, except for a `message_start` that has
    /// content, and a `message_stop` that ends several blocks in the middle of a character. Where blocks neither
    /// interleave nor arrive out of order, all pieces of a stream together are exactly [`Message::final_text`]; if the
    /// stream breaks off in the middle of a character, without its U+FFFD.
    pub fn text_deltas(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (piece, halves) = match self {
            Self::BlockStart { text, .. } | Self::Text { text, .. } | Self::BlockStop { text, .. } => (*text, 0),
            Self::MessageStop { halves: [text, _], .. } => ("", *text),
            _ => ("", 0),
        };
        let text_of = |block: &'a ContentBlock| block.as_text().map(TextBlock::text);
        Pieces { initial: self.start_blocks().iter(), text_of, piece, halves }
    }

    /// The thinking of the event, as [`text_deltas`](Self::text_deltas) returns its text.
    pub fn thinking_deltas(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (piece, halves) = match self {
            Self::BlockStart { thinking, .. } | Self::Thinking { thinking, .. } | Self::BlockStop { thinking, .. } => {
                (*thinking, 0)
            }
            Self::MessageStop { halves: [_, thinking], .. } => ("", *thinking),
            _ => ("", 0),
        };
        let text_of = |block: &'a ContentBlock| block.as_thinking().map(ThinkingBlock::thinking);
        Pieces { initial: self.start_blocks().iter(), text_of, piece, halves }
    }

    /// The initial blocks of a `message_start`, in their order. Empty for other updates.
    #[must_use]
    pub fn start_blocks(&self) -> &'a [ContentBlock] {
        match self {
            Self::MessageStart { blocks, .. } => blocks,
            _ => &[],
        }
    }
}

/// The pieces of text that an update brought: those of initial blocks, its own, halves of characters.
struct Pieces<'a, F> {
    initial: core::slice::Iter<'a, ContentBlock>,
    text_of: F,
    piece: &'a str,
    halves: u32,
}

impl<'a, F: Fn(&'a ContentBlock) -> Option<&'a str>> Iterator for Pieces<'a, F> {
    type Item = &'a str;

    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        let initial = self.initial.by_ref().filter_map(&self.text_of).find(|text| !text.is_empty());
        if initial.is_some() {
            return initial;
        }
        if !self.piece.is_empty() {
            return Some(core::mem::take(&mut self.piece));
        }
        self.halves = self.halves.checked_sub(1)?;
        Some("\u{FFFD}")
    }
}

/// A block of the message, with its index and identity.
#[derive(Clone, Copy)]
pub struct BlockRef<'a> {
    blocks: &'a Blocks,
    block: &'a ContentBlock,
    id: BlockId,
    key: BlockKey,
}

impl<'a> BlockRef<'a> {
    /// The index of the block on the wire.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.key.index
    }

    /// The identity of the block while the message is accumulated.
    #[must_use]
    pub fn key(&self) -> BlockKey {
        self.key
    }

    /// The position of the block in the message's content so far. Constant time; linear in the number of blocks if they
    /// started out of order.
    #[must_use]
    pub fn position(&self) -> usize {
        self.blocks.final_position(self.id).unwrap_or(0)
    }

    /// The name of the tool, if the block is a tool call that has one. Linear in the JSON text of the block's start.
    #[must_use]
    pub fn tool_name(&self) -> Option<Cow<'a, str>> {
        self.block.as_tool_use()?.name()
    }

    /// The block so far.
    #[must_use]
    pub fn content(&self) -> &'a ContentBlock {
        self.block
    }
}

impl core::fmt::Debug for BlockRef<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BlockRef").field("key", &self.key).field("content", &self.block).finish()
    }
}

/// An update without its borrows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    MessageStart,
    MessageDelta,
    MessageStop { halves: [u32; 2] },
    Error,
    Replaced,
    Lost(LostEvent),
    Ping,
    Done,
    Unchanged,
    ToolCall(BlockId),
    Block(BlockId, BlockKey, BlockChange),
}

impl Change {
    /// Whether a text that was not empty has grown: more pieces are likely to follow.
    pub(crate) fn continues_text(self) -> bool {
        let Self::Block(_, _, change) = self else { return false };
        match change {
            BlockChange::Text { from } | BlockChange::Thinking { from } | BlockChange::Input { from } => from > 0,
            _ => false,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum BlockChange {
    /// A block of text or thinking began with this many bytes.
    Start {
        initial: usize,
    },
    /// Its text ended in the middle of a character.
    Stop {
        is_half: bool,
    },
    /// The text of the block is new from here on.
    Text {
        from: usize,
    },
    Thinking {
        from: usize,
    },
    Signature,
    /// The new citation lies here.
    Citation {
        from: usize,
    },
    /// The raw input is new from here on.
    Input {
        from: usize,
    },
    Compaction,
    /// A block of an unknown kind has changed.
    Raw,
}
