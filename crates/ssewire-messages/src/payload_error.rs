//! An event whose payload could not be read.

use core::fmt;

/// The payload of one event could not be read. The event is lost, the stream goes on.
///
/// Never holds the payload itself: what a model writes does not belong in logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadError {
    pub(crate) kind: PayloadErrorKind,
    pub(crate) lost: LostKind,
    /// The index of the block, as far as it could be read.
    pub(crate) index: Option<u64>,
}

/// What is wrong with a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadErrorKind {
    /// It is not valid JSON. Where the scanner stopped:
    NotJson {
        /// The line within the payload, from 1.
        line: usize,
        /// The byte within the line, from 1.
        column: usize,
    },
    /// It is JSON, but not an object.
    NotAnObject,
    /// A member that the event cannot do without is missing, or of a type that cannot be read.
    Member(&'static str),
}

/// What the event would have been, as far as that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LostKind {
    /// The start of a content block.
    BlockStart,
    /// A piece of a content block.
    BlockDelta,
    /// A `message_delta`: the stop reason may be lost.
    MessageDelta,
    /// Another event of a Messages stream.
    Known,
    /// Nothing shows that it belongs to a Messages stream. If it does, it may be content.
    Untyped,
    /// No name, and no object: a keep-alive of something on the way.
    KeepAlive,
    /// An event of another protocol.
    Unknown,
}

impl PayloadError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> PayloadErrorKind {
        self.kind
    }

    /// Whether text or tool input may be missing from the message because of it.
    #[must_use]
    pub fn loses_content(&self) -> bool {
        matches!(self.lost, LostKind::BlockStart | LostKind::BlockDelta | LostKind::Untyped)
    }

    /// Whether it is no event at all, but a keep-alive without a name: `[]`, `: PROCESSING`. A protocol violation.
    #[must_use]
    pub fn is_keep_alive(&self) -> bool {
        self.lost == LostKind::KeepAlive
    }
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PayloadErrorKind::NotJson { line, column } => {
                write!(f, "event payload is not valid JSON (line {line}, column {column})")
            }
            PayloadErrorKind::NotAnObject => f.write_str("event payload is not a JSON object"),
            PayloadErrorKind::Member(name) => write!(f, "event payload has no readable member `{name}`"),
        }
    }
}

impl core::error::Error for PayloadError {}
