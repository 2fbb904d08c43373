use core::fmt;

/// The text is not the JSON of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidMessage {
    /// The text is not valid JSON.
    Syntax {
        /// The offset of the first unexpected byte.
        offset: usize,
    },
    /// The text is JSON, but not an object.
    NotAnObject,
    /// This member has a value that a message cannot have.
    Member(&'static str),
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { offset } => write!(f, "message is not valid JSON (at byte {offset})"),
            Self::NotAnObject => f.write_str("message is not a JSON object"),
            Self::Member(name) => write!(f, "message has no readable member `{name}`"),
        }
    }
}

impl core::error::Error for InvalidMessage {}
