//! The content of a message: its blocks, one file for each kind that accepts deltas.
//!
//! A new kind is a file with a type that implements [`Block`], and its line in `blocks!`. A kind without a line is a
//! [`RawBlock`].

mod change;
mod citations;
mod compaction;
mod raw;
mod string_block;
mod text;
mod thinking;
mod tool_use;

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use serde::de::DeserializeOwned;

pub(crate) use self::change::BlockChange;
pub use self::citations::{Citations, CitationsIter};
pub use self::compaction::CompactionBlock;
pub use self::raw::RawBlock;
pub use self::text::TextBlock;
pub use self::thinking::ThinkingBlock;
pub use self::tool_use::{ToolKind, ToolUseBlock};
use crate::json::{Cursor, RawJson, serde_text};
use crate::members::{ReadError, peek_first_type};
use crate::memory::push_char;
use crate::partial::PartialInput;
use crate::piece::{BlockString, Piece};
use crate::tool_input::{InputState, ToolInput, ToolInputError, WriteInput, write_finished, write_lossy};

/// A kind of content block that accepts deltas.
pub(crate) trait Block: Sized {
    /// The `type`s of this kind of block.
    const TYPES: &'static [&'static str];

    /// Reads the object at the cursor, which has this `type`.
    fn read(cursor: &mut Cursor<'_>, type_name: &str) -> Result<Self, ReadError>;

    /// Writes the block as JSON.
    fn write(&self, out: &mut String, write_input: WriteInput) -> Result<(), ToolInputError>;

    /// Writes the block as the API accepts it in the next request. `false`: the API accepts none.
    fn write_turn(&self, out: &mut String) -> Result<bool, ToolInputError> {
        self.write(out, write_finished).map(|()| true)
    }

    /// Returns the bytes that it holds.
    fn byte_size(&self) -> usize;

    /// Merges the start of the block, whose deltas arrived earlier: the members and the text of the start are first.
    fn merge_start(&mut self, start: Self);
}

macro_rules! blocks {
    ($( $(#[$meta:meta])* $variant:ident($block:ty), )+) => {
        /// A block of a message's content (Messages API: `ContentBlock`, `BetaContentBlock`).
        ///
        /// The kinds that deltas build are typed. All others, results of server tools and kinds that this version does
        /// not know, are raw JSON, which [`parse`](Self::parse) reads as a type. Inside tagged and untagged enums of
        /// serde, and below `flatten`, reading has the limits that [`RawJson`] names.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum ContentBlock {
            $( $(#[$meta])* $variant($block), )+
            /// A block that arrives complete, as raw JSON.
            Raw(RawBlock),
        }

        $(
            impl fmt::Debug for $block {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt_json(f, stringify!($block), |out| self.write(out, write_lossy))
                }
            }
        )+

        impl ContentBlock {
            /// Returns the `type` of the block on the wire.
            #[must_use]
            pub fn type_name(&self) -> Cow<'_, str> {
                match self {
                    $( Self::$variant(block) => block.type_name().into(), )+
                    Self::Raw(block) => block.type_name(),
                }
            }

            /// Reads the block at the cursor.
            pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, ReadError> {
                // Where `type` is not the first member, it is found while the block is kept as it arrived, which may be
                // large.
                let mut after = cursor.clone();
                let (block, name) = match peek_first_type(cursor)? {
                    Some(name) => (None, name),
                    None => {
                        let (block, name) = RawBlock::read(&mut after)?;
                        let name = name.ok_or(ReadError::Member("content_block"))?;
                        // A typed block is read once more. Until then this one is dropped: it may be large.
                        let is_typed = [$( <$block as Block>::TYPES ),+].iter().any(|types| types.contains(&&*name));
                        (Some(block).filter(|_| !is_typed), name)
                    }
                };
                $(
                    if <$block as Block>::TYPES.contains(&&*name) {
                        return <$block as Block>::read(cursor, &name).map(Self::$variant);
                    }
                )+
                let block = match block {
                    Some(block) => block,
                    None => RawBlock::read(&mut after)?.0,
                };
                *cursor = after;
                Ok(Self::Raw(block))
            }

            pub(crate) fn write(&self, out: &mut String, write_input: WriteInput) -> Result<(), ToolInputError> {
                match self {
                    $( Self::$variant(block) => block.write(out, write_input), )+
                    Self::Raw(block) => block.write(out, write_input),
                }
            }

            pub(crate) fn write_turn(&self, out: &mut String) -> Result<bool, ToolInputError> {
                match self {
                    $( Self::$variant(block) => block.write_turn(out), )+
                    Self::Raw(block) => block.write(out, write_finished).map(|()| true),
                }
            }

            pub(crate) fn byte_size(&self) -> usize {
                match self {
                    $( Self::$variant(block) => block.byte_size(), )+
                    Self::Raw(block) => block.byte_size(),
                }
            }

            fn has_equal_parts(&self, other: &Self) -> bool {
                match (self, other) {
                    $( (Self::$variant(block), Self::$variant(other)) => block == other, )+
                    (Self::Raw(block), Self::Raw(other)) => block == other,
                    _ => false,
                }
            }

            /// Merges the start of a block into what deltas have built before it. Only for blocks of one kind.
            pub(crate) fn merge_start(&mut self, start: Self) {
                match (self, start) {
                    $( (Self::$variant(early), Self::$variant(start)) => early.merge_start(start), )+
                    _ => {}
                }
            }
        }
    };
}

blocks! {
    /// Text for the user.
    Text(TextBlock),
    /// The model's reasoning.
    Thinking(ThinkingBlock),
    /// A call of a tool, run by the client or by the server.
    ToolUse(ToolUseBlock),
    /// The conversation so far in short (beta).
    Compaction(CompactionBlock),
}

impl fmt::Debug for RawBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_json(f, "RawBlock", |out| self.write(out, write_lossy))
    }
}

/// Shows the JSON of a value, as `to_json_lossy` of a message returns it.
fn fmt_json(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    write: impl FnOnce(&mut String) -> Result<(), ToolInputError>,
) -> fmt::Result {
    let mut json = String::new();
    // Only unfinished input fails, and that is written here.
    let _ = write(&mut json);
    f.debug_tuple(name).field(&format_args!("{json}")).finish()
}

impl ContentBlock {
    /// Returns the text block, if it is one.
    #[must_use]
    pub const fn as_text(&self) -> Option<&TextBlock> {
        match self {
            Self::Text(block) => Some(block),
            _ => None,
        }
    }

    /// Returns the thinking block, if it is one; a redacted one is a raw block.
    #[must_use]
    pub const fn as_thinking(&self) -> Option<&ThinkingBlock> {
        match self {
            Self::Thinking(block) => Some(block),
            _ => None,
        }
    }

    /// Returns the call of a tool, if it is one: see [`ToolUseBlock::kind`] for the side that runs it.
    #[must_use]
    pub const fn as_tool_use(&self) -> Option<&ToolUseBlock> {
        match self {
            Self::ToolUse(block) => Some(block),
            _ => None,
        }
    }

    /// Returns the compaction block, if it is one.
    #[must_use]
    pub const fn as_compaction(&self) -> Option<&CompactionBlock> {
        match self {
            Self::Compaction(block) => Some(block),
            _ => None,
        }
    }

    /// Returns the raw block, if it is of a kind that accepts no deltas or is not known.
    #[must_use]
    pub const fn as_raw(&self) -> Option<&RawBlock> {
        match self {
            Self::Raw(block) => Some(block),
            _ => None,
        }
    }

    /// Returns the input of the call, if the block has one.
    #[must_use]
    pub fn tool_input(&self) -> Option<ToolInput<'_>> {
        match self {
            Self::ToolUse(block) => Some(block.input()),
            Self::Raw(block) => block.input(),
            _ => None,
        }
    }

    /// Returns the state of its input; `None` if the block has no input.
    pub(crate) fn input_state_mut(&mut self) -> Option<&mut InputState> {
        match self {
            Self::ToolUse(block) => Some(&mut block.input),
            Self::Raw(block) => block.input_state_mut(),
            _ => None,
        }
    }

    /// Returns the state of its input, if there is one yet.
    pub(crate) fn existing_input_state_mut(&mut self) -> Option<&mut InputState> {
        match self {
            Self::ToolUse(block) => Some(&mut block.input),
            Self::Raw(block) => block.existing_input_state_mut(),
            _ => None,
        }
    }

    /// Returns whether the block accepts input deltas.
    pub(crate) fn has_input(&self) -> bool {
        match self {
            Self::ToolUse(_) => true,
            Self::Raw(block) => block.accepts().input,
            _ => false,
        }
    }

    /// Ends a string that ended with half a character.
    pub(crate) fn push_replacement(&mut self, of: BlockString, partial: Option<PartialInput>) {
        match (of, self) {
            (BlockString::Text, Self::Text(block)) => push_char(block.text_mut(), '\u{FFFD}'),
            (BlockString::Text, Self::Raw(block)) => push_char(block.text_mut(), '\u{FFFD}'),
            (BlockString::Thinking, Self::Thinking(block)) => push_char(block.thinking_mut(), '\u{FFFD}'),
            (BlockString::Thinking, Self::Raw(block)) => push_char(block.thinking_mut(), '\u{FFFD}'),
            (BlockString::InputJson, block) => {
                if let Some(input) = block.input_state_mut() {
                    input.push(Piece { text: "\u{FFFD}".into(), ..Piece::default() }, &mut 0, partial);
                }
            }
            _ => {}
        }
    }

    /// Returns the block as JSON.
    ///
    /// # Errors
    /// [`ToolInputError`]: its tool input is not finished.
    pub fn to_json(&self) -> Result<RawJson, ToolInputError> {
        let mut out = String::new();
        self.write(&mut out, write_finished)?;
        Ok(RawJson::from_valid(out))
    }

    /// Parses the block as a type of your own, or of the vocabulary:
    /// `block.parse::<vocabulary::WebSearchToolResultBlock>()`.
    ///
    /// # Errors
    /// An error of `serde_json`, which may quote the block: it is not of the type, or its tool input is not finished.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        match self {
            Self::Raw(block) if !block.has_merged_members() => block.start_json().parse(),
            _ => match self.to_json() {
                Ok(json) => json.parse(),
                Err(error) => Err(serde::ser::Error::custom(error)),
            },
        }
    }
}

/// Equal parts, or the same text as JSON: a member may have arrived with the start of the block or with its deltas. The
/// typed blocks in it compare their parts only.
impl PartialEq for ContentBlock {
    fn eq(&self, other: &Self) -> bool {
        self.has_equal_parts(other)
            || matches!((self.to_json(), other.to_json()), (Ok(json), Ok(other)) if json == other)
    }
}

/// As JSON. Unfinished tool input is an error.
impl serde::Serialize for ContentBlock {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = self.to_json().map_err(serde::ser::Error::custom)?;
        serde_text::serialize(json.as_str(), serializer)
    }
}

impl<'de> serde::Deserialize<'de> for ContentBlock {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_text::deserialize(deserializer, "ContentBlock", |cursor| Self::read(cursor).ok())
    }
}
