//! The deltas of content blocks, one file for each kind.
//!
//! A new kind is a file with a type that implements [`DeltaType`], and its line in `deltas!`.

mod citations;
mod compaction;
mod input_json;
mod signature;
mod text;
mod thinking;
mod unknown;

use alloc::borrow::Cow;

pub use self::citations::CitationsDelta;
pub use self::compaction::CompactionDelta;
pub use self::input_json::InputJsonDelta;
pub use self::signature::SignatureDelta;
pub use self::text::TextDelta;
pub use self::thinking::ThinkingDelta;
pub use self::unknown::UnknownDelta;
use crate::block::{BlockChange, ContentBlock};
use crate::json::Cursor;
use crate::members::{ReadError, peek_type};
use crate::partial::PartialInput;
use crate::piece::{BlockString, PendingHalf};

/// A kind of delta.
pub(crate) trait DeltaType<'a>: Sized {
    /// The `type` of this kind of delta.
    const TYPE: &'static str;

    /// Reads the object at the cursor. `has_extra` is set if it has members beyond those of its kind.
    fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError>;

    /// Returns whether a block accepts such deltas: by its kind, or, if that is unknown, by the member it has.
    fn is_accepted_by(block: &ContentBlock) -> bool;

    /// Returns the block that such a delta opens, if no block of its index accepts it. `None`: it waits for its block.
    fn new_block() -> Option<ContentBlock>;

    /// Takes the foreign member: one that belongs to another kind of delta. Returns it as such a delta.
    fn take_foreign_member(&mut self) -> Option<Delta<'a>> {
        None
    }

    /// Returns the bytes that it adds to a block.
    fn byte_size(&self) -> usize;

    /// Merges it into a block that accepts it.
    fn merge(self, into: &mut Target<'_>) -> BlockChange;

    /// Copies the borrowed parts.
    fn into_owned(self) -> Delta<'static>;
}

/// The block that a delta is merged into.
pub(crate) struct Target<'t> {
    pub(crate) block: &'t mut ContentBlock,
    /// The half of a surrogate pair that a string of it ended with.
    pub(crate) half: &'t mut PendingHalf,
    /// Whether partial values of tool input are wanted.
    pub(crate) partial: Option<PartialInput>,
}

impl Target<'_> {
    /// Prepares for the growth of a string: half a character at the end of another string stays alone.
    fn begin(&mut self, of: BlockString) {
        if !self.half.is_none() && self.half.of != of {
            let alone = core::mem::take(self.half);
            self.block.push_replacement(alone.of, self.partial);
        }
        self.half.of = of;
    }
}

macro_rules! deltas {
    ($( $(#[$meta:meta])* $variant:ident($delta:ident) ,)+) => {
        /// A piece of a content block (Messages API: the `delta` of a `RawContentBlockDeltaEvent`).
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Delta<'a> {
            $( $(#[$meta])* $variant($delta<'a>), )+
            /// A delta that this version does not know.
            Unknown(UnknownDelta<'a>),
        }

        /// The kinds of deltas that are known.
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub(crate) enum DeltaKind {
            $( $variant, )+
        }

        impl DeltaKind {
            pub(crate) const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// As [`DeltaType::is_accepted_by`].
            pub(crate) fn is_accepted_by(self, block: &ContentBlock) -> bool {
                match self {
                    $( Self::$variant => <$delta<'_> as DeltaType<'_>>::is_accepted_by(block), )+
                }
            }

            /// As [`DeltaType::new_block`].
            pub(crate) fn new_block(self) -> Option<ContentBlock> {
                match self {
                    $( Self::$variant => <$delta<'_> as DeltaType<'_>>::new_block(), )+
                }
            }
        }

        impl<'a> Delta<'a> {
            /// Returns the `type` of the delta on the wire.
            #[must_use]
            pub fn type_name(&self) -> Cow<'_, str> {
                match self {
                    $( Self::$variant(_) => <$delta<'_> as DeltaType<'_>>::TYPE.into(), )+
                    Self::Unknown(delta) => delta.type_name(),
                }
            }

            /// Copies the borrowed parts of the delta.
            #[must_use]
            pub fn into_owned(self) -> Delta<'static> {
                match self {
                    $( Self::$variant(delta) => delta.into_owned(), )+
                    Self::Unknown(delta) => Delta::Unknown(delta.into_owned()),
                }
            }

            /// Reads the object at the cursor.
            pub(crate) fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
                if cursor.peek() != Some(b'{') {
                    cursor.skip_value()?;
                    return Err(ReadError::Member("delta"));
                }
                let Some(name) = peek_type(cursor)? else {
                    cursor.skip_value()?;
                    return Err(ReadError::Member("delta.type"));
                };
                match &*name {
                    $(
                        <$delta<'_> as DeltaType<'_>>::TYPE => {
                            <$delta<'a> as DeltaType<'a>>::read(cursor, has_extra).map(Self::$variant)
                        }
                    )+
                    _ => UnknownDelta::read(cursor, has_extra).map(Self::Unknown),
                }
            }

            pub(crate) fn kind(&self) -> Option<DeltaKind> {
                match self {
                    $( Self::$variant(_) => Some(DeltaKind::$variant), )+
                    Self::Unknown(_) => None,
                }
            }

            /// As [`DeltaType::take_foreign_member`].
            pub(crate) fn take_foreign_member(&mut self) -> Option<Self> {
                match self {
                    $( Self::$variant(delta) => delta.take_foreign_member(), )+
                    Self::Unknown(_) => None,
                }
            }

            pub(crate) fn byte_size(&self) -> usize {
                match self {
                    $( Self::$variant(delta) => DeltaType::byte_size(delta), )+
                    Self::Unknown(_) => 0,
                }
            }

            pub(crate) fn merge(self, into: &mut Target<'_>) -> BlockChange {
                match self {
                    $( Self::$variant(delta) => DeltaType::merge(delta, into), )+
                    Self::Unknown(_) => BlockChange::Raw,
                }
            }
        }
    };
}

deltas! {
    /// Text to append to a text block.
    Text(TextDelta),
    /// Text to append to a thinking block.
    Thinking(ThinkingDelta),
    /// The signature of a thinking block; the last one wins.
    Signature(SignatureDelta),
    /// A citation to append to those of a text block.
    Citations(CitationsDelta),
    /// JSON text to append to the input of a tool call.
    InputJson(InputJsonDelta),
    /// The final value of a compaction block (beta).
    Compaction(CompactionDelta),
}

impl Delta<'_> {
    /// Returns the text of a delta that has nothing else, if it consists of complete characters; and the string that it
    /// extends.
    pub(crate) fn plain_piece(&self) -> Option<(BlockString, &str)> {
        match self {
            Self::Text(text) if text.is_plain() => Some((BlockString::Text, text.text())),
            Self::Thinking(thinking) if thinking.is_plain() => Some((BlockString::Thinking, thinking.thinking())),
            Self::InputJson(input) if input.piece.is_whole() => Some((BlockString::InputJson, input.partial_json())),
            _ => None,
        }
    }
}
