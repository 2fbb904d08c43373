//! An undecodable event.

use core::fmt;

/// The payload of one event is undecodable. The event is lost, the stream continues.
///
/// Never holds the payload: text of a model does not belong in logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PayloadError {
    pub(crate) kind: PayloadErrorKind,
    pub(crate) lost: LostKind,
    /// The index of the block, if it could be read.
    pub(crate) index: Option<u64>,
}

/// Kind of a [`PayloadError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PayloadErrorKind {
    /// The payload is not valid JSON. The scanner stopped at this position.
    NotJson {
        /// The line within the payload, from 1.
        line: usize,
        /// The byte within the line, from 1.
        column: usize,
    },
    /// The payload is JSON, but not an object.
    NotAnObject,
    /// A member that the event cannot do without is missing, or of a type that cannot be read.
    Member(&'static str),
}

/// The event that was lost, if it can be recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum LostKind {
    /// No event type, neither an object nor spliced: a keep-alive of a proxy.
    KeepAlive,
    /// An event of another protocol.
    Unknown,
    /// Another event of a Messages stream, without content.
    Known,
    /// A `message_start`: initial blocks may be lost.
    MessageStart,
    /// A `message_delta`: the stop reason may be lost.
    MessageDelta,
    /// The start of a content block.
    BlockStart,
    /// A spliced event without a type: it may have been content, or not an event of a Messages stream.
    Untyped,
    /// A piece of a content block, the stop of one, or a spliced event.
    Content,
}

impl PayloadError {
    /// Returns the kind of error.
    #[must_use]
    pub fn kind(&self) -> PayloadErrorKind {
        self.kind
    }

    /// Returns whether the event may have been a piece of content, so that text or tool input is missing from the
    /// message. `false` for a `message_start`, though a message that had begun before is incomplete because of it.
    #[must_use]
    pub fn is_content_lost(&self) -> bool {
        matches!(self.lost, LostKind::BlockStart | LostKind::Content | LostKind::Untyped)
    }

    /// Returns whether the payload is a keep-alive without a name, and not an event: `[]`, `: PROCESSING`. This is a
    /// protocol violation.
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
