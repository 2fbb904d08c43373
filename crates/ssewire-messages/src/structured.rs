//! Structured output: text that is JSON, as the caller's type.

use core::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;
use ssewire_json::{JsonError, PartialJson, PartialStrings};

use crate::accumulator::Update;
use crate::message::Message;

/// The text of a message that is JSON (structured output), while it arrives.
///
/// ```
/// use ssewire_messages::{MessageStream, StructuredOutput};
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
/// let mut stream = MessageStream::new();
/// let mut output = StructuredOutput::new();
/// for mut chunk in body.chunks(64) {
///     loop {
///         match stream.decode(&mut chunk) {
///             Ok(Some(item)) => {
///                 output.take(&item.update);
///                 if let Some(title) = output.partial().and_then(|recipe| recipe.get("title")) {
///                     println!("{title}"); // There before the steps are.
///                 }
///             }
///             Ok(None) => break,
///             Err(error) => eprintln!("{error}"),
///         }
///     }
/// }
/// let message = stream.finish()?; // First: text that was cut is no output.
/// let recipe: Recipe = message.parse_text()?;
/// assert_eq!(recipe.title, "Tea");
/// assert_eq!(recipe.steps, ["Boil", "Pour"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Taking an update costs time in proportion to its text; the text before it is never parsed again.
#[derive(Clone, Default)]
pub struct StructuredOutput(PartialJson);

impl StructuredOutput {
    /// Hides the unfinished string at the end of the text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Hides or shows it.
    #[must_use]
    pub fn with_partial_strings(partial_strings: PartialStrings) -> Self {
        Self(PartialJson::with_partial_strings(partial_strings))
    }

    /// Takes the text that an update brought; others bring none. Pieces are joined in the order of their arrival: the
    /// order of the message, unless text blocks interleave.
    pub fn take(&mut self, update: &Update<'_>) {
        for piece in update.text_pieces() {
            // An error stays, and is told by `error`.
            let _kept = self.0.push(piece);
        }
    }

    /// The value as far as it has arrived, for display: free, at any moment. `None`: nothing of it is decided yet.
    ///
    /// Only of a message that [ended well](Message::parse_text) is it a result.
    #[must_use]
    pub fn partial(&self) -> Option<&Value> {
        self.0.value()
    }

    /// The text so far.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.0.raw()
    }

    /// Where the text stopped being JSON, if it did. The value up to there stays.
    #[must_use]
    pub fn error(&self) -> Option<JsonError> {
        self.0.error()
    }
}

/// Tells how far it is, never what it says.
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
    /// The [final text](Self::final_text), which has to be JSON, as a type of the caller's: structured output.
    ///
    /// A message whose `stop_reason` is `max_tokens` or `refusal` need not follow the schema that was asked for. All
    /// text blocks together have to be one JSON document: with a block of prose before it, the text of the block that
    /// holds the JSON has to be taken instead. And a partial message may pass for a whole one: of `1234`, cut, `12` is
    /// a number.
    ///
    /// # Errors
    /// [`ParseTextError`]: the text is no JSON, or not that of the type.
    pub fn parse_text<T: DeserializeOwned>(&self) -> Result<T, ParseTextError> {
        serde_json::from_str(&self.final_text()).map_err(|error| ParseTextError::new(&error))
    }
}

/// The text of a message is not the JSON that was expected. Says where, never what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseTextError {
    kind: ParseTextErrorKind,
    line: usize,
    column: usize,
}

/// What is wrong with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseTextErrorKind {
    /// It is no JSON.
    NotJson,
    /// It ends before the JSON does.
    Cut,
    /// It is JSON, but not of the type.
    OtherType,
}

impl ParseTextError {
    fn new(error: &serde_json::Error) -> Self {
        let kind = match error.classify() {
            Category::Eof => ParseTextErrorKind::Cut,
            Category::Data => ParseTextErrorKind::OtherType,
            Category::Syntax | Category::Io => ParseTextErrorKind::NotJson,
        };
        Self { kind, line: error.line(), column: error.column() }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> ParseTextErrorKind {
        self.kind
    }

    /// The line of the text where it was noticed, from 1; 0 if unknown.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The byte of that line, from 1; 0 if unknown.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for ParseTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ParseTextErrorKind::NotJson => "the text of the message is no JSON",
            ParseTextErrorKind::Cut => "the text of the message ends before its JSON does",
            ParseTextErrorKind::OtherType => "the text of the message is JSON, but not of the expected type",
        })?;
        write!(f, " (line {}, column {})", self.line, self.column)
    }
}

impl core::error::Error for ParseTextError {}
