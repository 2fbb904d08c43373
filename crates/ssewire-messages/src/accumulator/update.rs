//! The change that an event made, borrowed from the message.

use serde_json::Value;

use super::block_ref::BlockRef;
use crate::api_error::ApiError;
use crate::block::{Citations, CompactionBlock, ContentBlock, TextBlock, ThinkingBlock};
use crate::json::RawJsonRef;
use crate::lost_event::LostEvent;
use crate::message::Message;
use crate::stop_reason::StopReason;
use crate::tool_input::ToolInput;
use crate::turn::ToolCall;
use crate::usage::Usage;

/// A change that one event made to the message. Has at least the values that the helpers of the official SDKs yield.
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
    /// A block has begun. Deltas of the block that arrived before are merged into it.
    #[non_exhaustive]
    BlockStart {
        /// The block that began.
        block: BlockRef<'a>,
        /// The text that a text block began with: a piece of text like every other. Usually empty.
        text: &'a str,
        /// The thinking that a thinking block began with. Usually empty.
        thinking: &'a str,
    },
    /// A text block has grown; an empty delta has empty text. The start of a message or of a block may have text, too.
    /// To show all of it take [`text_deltas`](Self::text_deltas).
    #[non_exhaustive]
    Text {
        /// The block that has grown.
        block: BlockRef<'a>,
        /// The new text.
        text: &'a str,
        /// All text of the block.
        snapshot: &'a str,
    },
    /// A thinking block has grown. [`thinking_deltas`](Self::thinking_deltas) returns all thinking, as for text.
    #[non_exhaustive]
    Thinking {
        /// The block that has grown.
        block: BlockRef<'a>,
        /// The new reasoning.
        thinking: &'a str,
        /// All reasoning of the block.
        snapshot: &'a str,
    },
    /// A thinking block received its signature.
    #[non_exhaustive]
    Signature {
        /// The block that received it.
        block: BlockRef<'a>,
        /// The signature.
        signature: &'a str,
    },
    /// A text block received a citation.
    #[non_exhaustive]
    Citation {
        /// The block that received it.
        block: BlockRef<'a>,
        /// The new citation.
        citation: RawJsonRef<'a>,
        /// All citations of the block.
        snapshot: &'a Citations,
    },
    /// The input of a tool call has grown.
    #[doc(alias = "input_json")]
    #[non_exhaustive]
    ToolInput {
        /// The block whose input has grown.
        block: BlockRef<'a>,
        /// The new JSON text. That of the first piece is usually empty.
        partial_json: &'a str,
        /// The value so far, with [`with_partial_input`](crate::Accumulator::with_partial_input).
        partial: Option<&'a Value>,
        /// The input so far.
        input: ToolInput<'a>,
    },
    /// A tool that the client runs is called: complete, valid, with id and name. Always a further update of an event:
    /// with an [`Accumulator`](crate::Accumulator), call [`next_update`](crate::Accumulator::next_update). Each call is
    /// returned once at most. If its block has no stop, or input arrived after the stop, the end of the message returns
    /// it: `message_stop`, or [`decode_end`](crate::MessageDecoder::decode_end) if that is missing. An accumulator
    /// without a decoder does not know the end of the input: see [`Message::tool_calls`].
    ToolCall(ToolCall<'a>),
    /// A compaction block received its value.
    #[non_exhaustive]
    Compaction {
        /// The block that received it.
        block: BlockRef<'a>,
        /// The block, typed.
        compaction: &'a CompactionBlock,
    },
    /// A delta was merged into a block of a kind that this version does not know.
    #[non_exhaustive]
    RawBlock {
        /// The block that has changed.
        block: BlockRef<'a>,
    },
    /// The server has stopped a block. `message_stop` closes a block that has no stop, without this update.
    #[doc(alias = "content_block_stop")]
    #[non_exhaustive]
    BlockStop {
        /// The block that has stopped.
        block: BlockRef<'a>,
        /// The rest of the text, if it ended within a character. Usually empty.
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
    /// `message_stop` has arrived. [`MessageDecoder::finish`](crate::MessageDecoder::finish) returns whether the
    /// message is complete.
    #[non_exhaustive]
    MessageStop {
        /// The message.
        message: &'a Message,
        /// The number of text blocks that it ended within a character. Each is a piece of text, U+FFFD.
        text_halves: u32,
        /// The number of thinking blocks, likewise.
        thinking_halves: u32,
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
    /// Nothing has changed. The event is one of these: an unknown event or delta, a stop without its block, a second
    /// `message_start`, input JSON without a block, content beyond the limit, an event after the end of the message;
    /// or blank data, or a [keep-alive](crate::PayloadError::is_keep_alive), for which a
    /// [`MessageDecoder`](crate::MessageDecoder) returns no update.
    Unchanged,
}

impl<'a> Update<'a> {
    /// Returns the block that the update, and its [`text_deltas`](Self::text_deltas), belong to. `None` for an update
    /// of no single block. Of these, `message_start` has the text of its [`start_blocks`](Self::start_blocks), and
    /// `message_stop` may have a U+FFFD for the incomplete character at the end of a block.
    ///
    /// A [`ToolCall`](Self::ToolCall) names its block by the id of the call: see [`BlockRef::tool_id`].
    #[must_use]
    pub fn block(&self) -> Option<BlockRef<'a>> {
        match self {
            Self::BlockStart { block, .. }
            | Self::Text { block, .. }
            | Self::Thinking { block, .. }
            | Self::Signature { block, .. }
            | Self::Citation { block, .. }
            | Self::ToolInput { block, .. }
            | Self::Compaction { block, .. }
            | Self::RawBlock { block }
            | Self::BlockStop { block, .. } => Some(*block),
            Self::MessageStart { .. }
            | Self::ToolCall(_)
            | Self::MessageDelta { .. }
            | Self::MessageStop { .. }
            | Self::Error(_)
            | Self::Replaced
            | Self::Lost(_)
            | Self::Ping
            | Self::Done
            | Self::Unchanged => None,
        }
    }

    /// Returns the text that the event added: usually one piece or none.
    ///
    /// All pieces of a stream together equal [`Message::text`], unless blocks interleave or arrive out of order, or a
    /// block without a stop ends within a character. Of the latter, `message_stop` returns a U+FFFD.
    pub fn text_deltas(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (piece, halves) = match self {
            Self::BlockStart { text, .. } | Self::Text { text, .. } | Self::BlockStop { text, .. } => (*text, 0),
            Self::MessageStop { text_halves, .. } => ("", *text_halves),
            _ => ("", 0),
        };
        let text_of = |block: &'a ContentBlock| block.as_text().map(TextBlock::text);
        Pieces { initial: self.start_blocks().iter(), text_of, piece, halves }
    }

    /// Returns the thinking that the event added, as [`text_deltas`](Self::text_deltas) does for text.
    pub fn thinking_deltas(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (piece, halves) = match self {
            Self::BlockStart { thinking, .. } | Self::Thinking { thinking, .. } | Self::BlockStop { thinking, .. } => {
                (*thinking, 0)
            }
            Self::MessageStop { thinking_halves, .. } => ("", *thinking_halves),
            _ => ("", 0),
        };
        let text_of = |block: &'a ContentBlock| block.as_thinking().map(ThinkingBlock::thinking);
        Pieces { initial: self.start_blocks().iter(), text_of, piece, halves }
    }

    /// Returns the initial blocks of a `message_start`, in their order: the first has index 0. Empty for other updates.
    #[must_use]
    pub fn start_blocks(&self) -> &'a [ContentBlock] {
        match self {
            Self::MessageStart { blocks, .. } => blocks,
            _ => &[],
        }
    }
}

/// The pieces of text of an update: those of initial blocks, its own, halves of characters.
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
