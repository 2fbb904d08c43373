//! An event whose payload could not be read.

use core::fmt;

/// The payload of one event could not be read. The event is lost, the stream goes on.
///
/// Never holds the payload itself: what a model writes does not belong in logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadError {
    pub(crate) kind: PayloadErrorKind,
    pub(crate) lost: Lost,
}

/// What is wrong with a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadErrorKind {
    /// It is no JSON. Where the JSON parser stopped:
    NotJson {
        /// The line within the payload, from 1; 0 if unknown.
        line: usize,
        /// The byte within the line, from 1; 0 if unknown.
        column: usize,
    },
    /// It is JSON, but no object.
    NotAnObject,
    /// A member that the event cannot do without is missing, or of a type that cannot be read.
    Member(&'static str),
}

/// What the event would have been, as far as that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The start or a piece of a content block: the message has a hole.
    Content,
    /// Another event of a Messages stream.
    Other,
    /// Nothing shows that it had to do with a Messages stream. If it had, it may have been content.
    Unnamed,
    /// It has the name of an event of another protocol.
    Foreign,
}

impl PayloadError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> PayloadErrorKind {
        self.kind
    }

    /// Whether text or tool input may be missing from the message because of it.
    #[must_use]
    pub fn is_hole(&self) -> bool {
        matches!(self.lost, Lost::Content | Lost::Unnamed)
    }
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PayloadErrorKind::NotJson { line: 0, .. } => f.write_str("the payload of an event is no JSON"),
            PayloadErrorKind::NotJson { line, column } => {
                write!(f, "the payload of an event is no JSON (line {line}, column {column})")
            }
            PayloadErrorKind::NotAnObject => f.write_str("the payload of an event is no JSON object"),
            PayloadErrorKind::Member(name) => {
                write!(f, "the payload of an event has no readable member `{name}`")
            }
        }
    }
}

impl core::error::Error for PayloadError {}
