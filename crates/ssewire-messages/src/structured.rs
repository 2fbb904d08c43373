//! Structured output: text that is JSON, as the caller's type.

use core::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

use crate::accumulator::Update;
use crate::message::Message;
use crate::partial::{JsonError, PartialJson, PartialStrings};
use crate::stop_reason::StopReason;

/// The text of a message that is JSON (structured output), while it arrives.
///
/// ```
/// use ssewire_messages::{MessageDecoder, Step, StructuredOutput};
///
/// #[derive(serde::Deserialize)]
/// struct Recipe {
///     title: String,
///     steps: Vec<String>,
/// }
///
/// # let body = b"data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"{\\\"title\\\":\\\"Tea\\\",\\\"ste\"}]}}\n\n\
/// #   data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"ps\\\":[\\\"Boil\\\",\\\"Pour\\\"]}\"}}\n\n\
/// #   data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
/// let mut decoder = MessageDecoder::new();
/// let mut output = StructuredOutput::new();
/// for mut chunk in body.chunks(64) {
///     while let Step::Update(event) = decoder.decode(&mut chunk)? {
///         output.extend_from(&event.update);
///         if let Some(title) = output.partial().and_then(|recipe| recipe.get("title")) {
///             println!("{title}"); // Before the steps arrive.
///         }
///     }
///     if decoder.is_ended() {
///         break; // The message has ended, even if the connection stays open.
///     }
/// }
/// let recipe: Recipe = decoder.finish()?.parse_text()?;
/// assert_eq!(recipe.title, "Tea");
/// assert_eq!(recipe.steps, ["Boil", "Pour"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Taking an update costs time in proportion to its text; the text before it is never parsed again.
#[derive(Clone, Default)]
pub struct StructuredOutput(PartialJson);

impl StructuredOutput {
    /// Creates a parser whose value omits the unfinished string at the end of the text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a parser whose value omits or contains the unfinished string at the end of the text.
    #[must_use]
    pub fn with_partial_strings(strings: PartialStrings) -> Self {
        Self(PartialJson::with_partial_strings(strings))
    }

    /// Appends the text of an update, if it has any. Pieces are joined in the order of their arrival: the
    /// order of the message, unless text blocks interleave.
    pub fn extend_from(&mut self, update: &Update<'_>) {
        for piece in update.text_deltas() {
            // The error stays with the value.
            let _ = self.0.push(piece);
        }
    }

    /// Borrows the value so far, for display, at no cost. `None` before the first value.
    ///
    /// It is a result only if the message ended well, which [`Message::parse_text`] checks.
    #[must_use]
    pub fn partial(&self) -> Option<&Value> {
        self.0.value()
    }

    /// Returns the text so far.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.0.raw()
    }

    /// Returns where the text stopped being JSON, if it did. The value up to there stays.
    #[must_use]
    pub fn error(&self) -> Option<JsonError> {
        self.0.error()
    }
}

/// Shows lengths and state, never text.
impl fmt::Debug for StructuredOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StructuredOutput")
            .field("bytes", &self.raw().len())
            .field("is_complete", &self.0.is_complete())
            .field("error", &self.error())
            .finish()
    }
}

impl Message {
    /// Parses the [text](Self::text), which has to be JSON, as a type of the caller: structured output.
    ///
    /// All text blocks together have to be one JSON document. If there is a block of prose, too, parse the text of the
    /// block that holds the JSON.
    ///
    /// The result is only complete if the message is one that `finish` returned: text may be missing from a partial
    /// message, and a stop reason that is absent is not an error.
    ///
    /// # Errors
    /// [`ParseTextError`]: the text is not JSON, or not that of the type. Or the stop reason may mean that the text was
    /// truncated or declined: every stop reason but `end_turn`, `stop_sequence`, `tool_use` and `pause_turn`.
    #[doc(alias = "parsed_output")]
    pub fn parse_text<T: DeserializeOwned>(&self) -> Result<T, ParseTextError> {
        if self.stop_reason().is_some_and(StopReason::is_truncation) {
            return Err(ParseTextError::StopReason);
        }
        serde_json::from_str(&self.text()).map_err(|error| ParseTextError::new(&error))
    }
}

/// The text of a message is not the expected JSON. Has the position, but not the reason, which may quote the text:
/// `serde_json::from_str::<T>(&message.text())` returns the error of serde_json, which has both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseTextError {
    /// The text is not valid JSON.
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The byte of the line, from 1; 0 before the first one.
        column: usize,
    },
    /// The text ends before the JSON does.
    Eof {
        /// The line, from 1.
        line: usize,
        /// The byte of the line, from 1; 0 before the first one.
        column: usize,
    },
    /// The text is JSON, but not of the type.
    Data {
        /// The line, from 1; 0 if unknown.
        line: usize,
        /// The byte of the line, from 1; 0 if unknown.
        column: usize,
    },
    /// The stop reason means that the text was truncated or declined, or this version does not know it.
    StopReason,
}

impl ParseTextError {
    fn new(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            Category::Eof => Self::Eof { line, column },
            Category::Data => Self::Data { line, column },
            Category::Syntax | Category::Io => Self::Syntax { line, column },
        }
    }
}

impl fmt::Display for ParseTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, line, column) = match self {
            Self::Syntax { line, column } => ("message text is not valid JSON", line, column),
            Self::Eof { line, column } => ("message text ends before its JSON does", line, column),
            Self::Data { line, column } => ("message text is JSON, but not of the expected type", line, column),
            Self::StopReason => return f.write_str("message text was truncated or declined: see the stop reason"),
        };
        write!(f, "{what} (line {line}, column {column})")
    }
}

impl core::error::Error for ParseTextError {}
