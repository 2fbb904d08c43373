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
    MessageStart {
        /// The message as it begins. Its text, if it has any, is a piece of text like every other.
        message: &'a Message,
        /// How many blocks deltas had opened that came early. They stand in the message, but were told before; the
        /// others are the [`initial_blocks`](Self::initial_blocks).
        early: usize,
    },
    /// A block has begun, or has joined what early deltas had brought of it.
    BlockStart {
        /// The block.
        block: BlockRef<'a>,
        /// The text that a text block began with: a piece of text like every other. Usually empty.
        text: &'a str,
    },
    /// A text block has grown.
    Text {
        /// The block.
        block: BlockRef<'a>,
        /// What was added.
        text: &'a str,
        /// All text of the block.
        snapshot: &'a str,
    },
    /// A thinking block has grown.
    Thinking {
        /// The block.
        block: BlockRef<'a>,
        /// What was added.
        thinking: &'a str,
        /// All that was thought in the block.
        snapshot: &'a str,
    },
    /// A thinking block has got its signature.
    Signature {
        /// The block.
        block: BlockRef<'a>,
        /// The signature, whole.
        signature: &'a str,
    },
    /// A text block has got a citation.
    Citation {
        /// The block.
        block: BlockRef<'a>,
        /// The one that was added.
        citation: &'a Citation,
        /// All citations of the block.
        snapshot: &'a [Citation],
    },
    /// The input of a tool call has grown.
    InputJson {
        /// The block.
        block: BlockRef<'a>,
        /// The JSON text that was added.
        partial_json: &'a str,
        /// The input so far.
        input: &'a ToolInput,
    },
    /// A compaction block has got its value.
    Compaction {
        /// The block.
        block: BlockRef<'a>,
        /// The same, typed.
        compaction: &'a CompactionBlock,
    },
    /// A block of a kind that this version does not know has taken a delta.
    UnknownBlock {
        /// The block.
        block: BlockRef<'a>,
    },
    /// A block is whole.
    BlockStop {
        /// The block.
        block: BlockRef<'a>,
    },
    /// The message as a whole has changed: its stop reason, its usage.
    MessageDelta {
        /// The message.
        message: &'a Message,
    },
    /// The message is whole.
    MessageStop {
        /// The message.
        message: &'a Message,
    },
    /// The server has reported an error. The message stays as it is.
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
        let block = BlockRef { content: &message.content, id, key };
        Some(match (what, block.content()?) {
            (BlockChange::Start { text }, ContentBlock::Text(content)) => {
                Self::BlockStart { block, text: content.text.get(..text)? }
            }
            (BlockChange::Start { .. }, _) => Self::BlockStart { block, text: "" },
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
            (BlockChange::Input { from }, content) => match content.input() {
                Some(input) if !matches!(content, ContentBlock::Unknown(_)) => {
                    Self::InputJson { block, partial_json: input.raw().get(from..)?, input }
                }
                _ => Self::UnknownBlock { block },
            },
            (BlockChange::Compaction, ContentBlock::Compaction(compaction)) => Self::Compaction { block, compaction },
            _ => Self::UnknownBlock { block },
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

    /// The block as it stands. `None` never comes of an [`Update`].
    #[must_use]
    pub fn content(&self) -> Option<&'a ContentBlock> {
        self.content.by_arrival(self.id.0)
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
    /// A text block began with this many bytes.
    Start {
        text: usize,
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
}
