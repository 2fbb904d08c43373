//! What an event changed, lent from the message.

use super::blocks::{BlockId, BlockKey};
use crate::api_error::ApiError;
use crate::citation::Citation;
use crate::content::{CompactionBlock, Content, ContentBlock};
use crate::message::Message;
use crate::tool_input::ToolInput;

/// What an event changed: what the official helpers yield, each with its snapshot, always by index.
///
/// Pieces of text are lent from the message that they have become part of.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Update<'a> {
    /// The message has begun.
    #[non_exhaustive]
    MessageStart {
        /// The message as it begins. Its text, if it has any, is a piece of text like every other.
        message: &'a Message,
        /// How many blocks deltas had opened that came early: they were told before.
        #[doc(hidden)]
        early: usize,
    },
    /// A block has begun, or has joined what early deltas had brought of it.
    #[non_exhaustive]
    BlockStart {
        /// The block.
        block: BlockRef<'a>,
        /// The text that a text block began with: a piece of text like every other. Usually empty.
        text: &'a str,
        /// The same of a thinking block.
        thinking: &'a str,
    },
    /// A text block has grown. Not all text comes so: the start of a message or of a block may bring some. To show all
    /// of it take [`text_pieces`](Self::text_pieces).
    #[non_exhaustive]
    Text {
        /// The block.
        block: BlockRef<'a>,
        /// What was added.
        text: &'a str,
        /// All text of the block.
        snapshot: &'a str,
    },
    /// A thinking block has grown. As with text, [`thinking_pieces`](Self::thinking_pieces) gives all of it.
    #[non_exhaustive]
    Thinking {
        /// The block.
        block: BlockRef<'a>,
        /// What was added.
        thinking: &'a str,
        /// All that was thought in the block.
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
        /// The one that was added.
        citation: &'a Citation,
        /// All citations of the block.
        snapshot: &'a [Citation],
    },
    /// The input of a tool call has grown, or that of a block of an unknown kind.
    #[non_exhaustive]
    InputJson {
        /// The block.
        block: BlockRef<'a>,
        /// The JSON text that was added.
        partial_json: &'a str,
        /// The input so far.
        input: &'a ToolInput,
    },
    /// A compaction block has got its value.
    #[non_exhaustive]
    Compaction {
        /// The block.
        block: BlockRef<'a>,
        /// The same, typed.
        compaction: &'a CompactionBlock,
    },
    /// A block of a kind that this version does not know has taken a delta into one of its members.
    #[non_exhaustive]
    UnknownBlock {
        /// The block.
        block: BlockRef<'a>,
    },
    /// A block is whole, as far as the server says: whether the input of a tool call is, tells
    /// [`ToolInput::value`]. A block without a stop of its own is closed by `message_stop`, without this update.
    #[non_exhaustive]
    BlockStop {
        /// The block.
        block: BlockRef<'a>,
    },
    /// The message as a whole has changed: its stop reason, its usage.
    #[non_exhaustive]
    MessageDelta {
        /// The message.
        message: &'a Message,
    },
    /// The message is whole.
    #[non_exhaustive]
    MessageStop {
        /// The message.
        message: &'a Message,
    },
    /// The server has reported an error. The message stays as it is.
    #[non_exhaustive]
    Error {
        /// The error.
        error: &'a ApiError,
    },
    /// A sign of life.
    Ping,
    /// The end marker of other protocols.
    Done,
    /// Nothing has changed: an event or a delta that this version does not know, input JSON that waits for its block,
    /// or something that came too late.
    Nothing,
}

impl<'a> Update<'a> {
    pub(super) fn new(change: Change, message: &'a Message, error: Option<&'a ApiError>) -> Self {
        Self::try_new(change, message, error).unwrap_or(Self::Nothing)
    }

    fn try_new(change: Change, message: &'a Message, error: Option<&'a ApiError>) -> Option<Self> {
        let (id, key, what) = match change {
            Change::MessageStart { early } => return Some(Self::MessageStart { message, early }),
            Change::MessageDelta => return Some(Self::MessageDelta { message }),
            Change::MessageStop => return Some(Self::MessageStop { message }),
            Change::Error => return Some(Self::Error { error: error? }),
            Change::Ping => return Some(Self::Ping),
            Change::Done => return Some(Self::Done),
            Change::Nothing => return None,
            Change::Block(id, key, what) => (id, key, what),
        };
        let block = BlockRef { content: &message.content, block: message.content.by_arrival(id.0)?, id, key };
        Some(match (what, block.block) {
            (BlockChange::Start { initial }, ContentBlock::Text(content)) => {
                Self::BlockStart { block, text: content.text.get(..initial)?, thinking: "" }
            }
            (BlockChange::Start { initial }, ContentBlock::Thinking(content)) => {
                Self::BlockStart { block, text: "", thinking: content.thinking.get(..initial)? }
            }
            (BlockChange::Start { .. }, _) => Self::BlockStart { block, text: "", thinking: "" },
            (BlockChange::Stop, _) => Self::BlockStop { block },
            (BlockChange::Appended { from }, ContentBlock::Text(content)) => {
                Self::Text { block, text: content.text.get(from..)?, snapshot: &content.text }
            }
            (BlockChange::Appended { from }, ContentBlock::Thinking(content)) => {
                Self::Thinking { block, thinking: content.thinking.get(from..)?, snapshot: &content.thinking }
            }
            (BlockChange::Signature, ContentBlock::Thinking(content)) => {
                Self::Signature { block, signature: content.signature.as_deref()? }
            }
            (BlockChange::Citation, ContentBlock::Text(content)) => {
                let snapshot = content.citations.get()?;
                Self::Citation { block, citation: snapshot.last()?, snapshot }
            }
            (BlockChange::Input { from }, content) => {
                let input = content.input()?;
                Self::InputJson { block, partial_json: input.raw().get(from..)?, input }
            }
            (BlockChange::Compaction, ContentBlock::Compaction(compaction)) => Self::Compaction { block, compaction },
            (BlockChange::Unknown, _) => Self::UnknownBlock { block },
            _ => return None,
        })
    }

    /// The pieces of text that the event brought, in the order of the blocks: at most one, but for a `message_start`
    /// that has content. Where blocks neither interleave nor arrive out of order, all pieces of a stream together are
    /// exactly [`Message::final_text`].
    pub fn text_pieces(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let piece = match self {
            Self::BlockStart { text, .. } | Self::Text { text, .. } => Some(*text),
            _ => None,
        };
        let initial = self.initial_blocks().filter_map(ContentBlock::as_text).map(|block| block.text.as_str());
        initial.chain(piece).filter(|text| !text.is_empty())
    }

    /// The pieces of thinking that the event brought, as [`text_pieces`](Self::text_pieces) has those of text.
    pub fn thinking_pieces(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let piece = match self {
            Self::BlockStart { thinking, .. } | Self::Thinking { thinking, .. } => Some(*thinking),
            _ => None,
        };
        let initial = self.initial_blocks().filter_map(ContentBlock::as_thinking).map(|block| block.thinking.as_str());
        initial.chain(piece).filter(|thinking| !thinking.is_empty())
    }

    /// The blocks that a `message_start` brought along, in their order; none for every other update.
    pub fn initial_blocks(&self) -> impl Iterator<Item = &'a ContentBlock> + use<'a> {
        let (content, early) = match self {
            Self::MessageStart { message, early } => (Some(&message.content), *early),
            _ => (None, 0),
        };
        (0..).skip(early).map_while(move |arrival| content?.by_arrival(arrival))
    }
}

/// A block of the message, and what it is known by.
#[derive(Debug, Clone, Copy)]
pub struct BlockRef<'a> {
    content: &'a Content,
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

    /// What identifies the block while the message is accumulated.
    #[must_use]
    pub fn key(&self) -> BlockKey {
        self.key
    }

    /// The position of the block in the message's content as it stands. Constant time; linear in the number of blocks
    /// if they started out of order.
    #[must_use]
    pub fn position(&self) -> usize {
        self.content.position(self.id.0).unwrap_or(0)
    }

    /// The block as it stands.
    #[must_use]
    pub fn content(&self) -> &'a ContentBlock {
        self.block
    }
}

/// An update without its borrows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// So many blocks were there before.
    MessageStart {
        early: usize,
    },
    MessageDelta,
    MessageStop,
    Error,
    Ping,
    Done,
    Nothing,
    Block(BlockId, BlockKey, BlockChange),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum BlockChange {
    /// A block of text or thinking began with this many bytes.
    Start {
        initial: usize,
    },
    Stop,
    /// The text of the block is new from here on.
    Appended {
        from: usize,
    },
    Signature,
    Citation,
    /// The raw input is new from here on.
    Input {
        from: usize,
    },
    Compaction,
    /// A block of an unknown kind has taken something.
    Unknown,
}
