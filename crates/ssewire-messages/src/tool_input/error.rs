//! Why tool input cannot be parsed, or not as the type that the caller asked for.

use alloc::string::{String, ToString as _};
use core::fmt;

/// The tool input is not finished, or not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ToolInputError {
    /// The block is still open, or it is not certain yet that its input is complete.
    Pending,
    /// The JSON text is incomplete, or a piece of it was lost.
    Truncated,
    /// The text is not valid JSON.
    Invalid {
        /// Offset of the first unexpected byte.
        offset: usize,
    },
}

impl fmt::Display for ToolInputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("tool input is still arriving"),
            Self::Truncated => f.write_str("tool input is truncated"),
            Self::Invalid { offset } => write!(f, "tool input is not valid JSON (at byte {offset})"),
        }
    }
}

impl core::error::Error for ToolInputError {}

/// The reason why tool input was not read into the caller's type.
#[derive(Debug)]
#[non_exhaustive]
pub enum ParseInputError {
    /// The input is not finished, or not valid.
    Input(ToolInputError),
    /// The input is of another type. The error may quote the input.
    Type(serde_json::Error),
}

impl ParseInputError {
    /// Returns the reason for the model, as the content of a result with `is_error`: the model can then correct its
    /// input. It names the member and the type that serde expected, and may quote the input, so it does not belong in a
    /// log; `Display` has no text of the input.
    ///
    /// ```
    /// # use ssewire_messages::Message;
    /// # let message: Message = r#"{"content":[{"type":"tool_use","id":"toolu_1","name":"weather","input":{"town":"Paris"}}],"stop_reason":"tool_use"}"#.parse()?;
    /// #[derive(serde::Deserialize)]
    /// struct Weather {
    ///     city: String,
    /// }
    ///
    /// for call in message.tool_calls()? {
    ///     let result = match call.parse::<Weather>() {
    ///         Ok(input) => call.result(format!("sunny in {}", input.city)),
    ///         Err(error) => call.result(error.explanation()).with_is_error(true),
    ///     };
    ///     assert!(result.content().as_str().contains("missing field `city`"));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn explanation(&self) -> String {
        match self {
            Self::Input(error) => error.to_string(),
            Self::Type(error) => error.to_string(),
        }
    }
}

/// Gives the position of an unexpected value, and no text of the input: see [`explanation`](Self::explanation).
impl fmt::Display for ParseInputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Type(error) => {
                write!(f, "tool input is not of the expected type (line {}, column {})", error.line(), error.column())
            }
        }
    }
}

/// `Display` prints the cause, so `source` returns `None`.
impl core::error::Error for ParseInputError {}

impl From<ToolInputError> for ParseInputError {
    fn from(error: ToolInputError) -> Self {
        Self::Input(error)
    }
}
