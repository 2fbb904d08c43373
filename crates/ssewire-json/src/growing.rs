//! The public face: raw text, tree and parser held together.

use alloc::string::String;
use core::fmt;

use serde_json::Value;

use crate::parser::{Next, Parser};
use crate::{JsonError, JsonErrorKind};

/// JSON text that is still arriving, and the value it makes so far.
///
/// ```
/// use serde_json::json;
/// use ssewire_json::GrowingJson;
///
/// let mut input = GrowingJson::new();
/// input.push(r#"{"city": "San"#)?;
/// assert_eq!(input.value(), Some(&json!({})));
/// input.push(r#" Francisco", "days": [1"#)?;
/// assert_eq!(input.value(), Some(&json!({"city": "San Francisco", "days": [1]})));
/// input.push("0]}")?;
/// assert_eq!(input.finish()?, &json!({"city": "San Francisco", "days": [10]}));
/// # Ok::<(), ssewire_json::JsonError>(())
/// ```
///
/// # Cost
/// A push costs time in proportion to its piece and to the depth at which the text stands; all pushes together in
/// proportion to the text. [`value`](Self::value) is free. Memory: the text and the value.
#[derive(Clone, Default)]
pub struct GrowingJson {
    raw: String,
    root: Option<Value>,
    parser: Parser,
}

/// Whether the unfinished string at the end of the text is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trailing {
    /// A string is shown once it is whole. What is shown does not change any more, but for a number at the end.
    #[default]
    Hide,
    /// The string at the end is shown as far as it came, and grows. Keys are never shown unfinished.
    Show,
}

impl GrowingJson {
    /// Nothing has come yet; [`Trailing::Hide`]. Allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with the view of the caller's choice.
    #[must_use]
    pub fn with_trailing(trailing: Trailing) -> Self {
        Self { parser: Parser::new(trailing), ..Self::default() }
    }

    /// Takes the next piece of the text, cut anywhere. It is kept in [`raw`](Self::raw) whatever it is.
    ///
    /// # Errors
    /// [`JsonError`] from the first byte on with which the text can no longer become JSON. From then on the value stays
    /// as it was before that byte, and every push returns the same error.
    pub fn push(&mut self, text: &str) -> Result<(), JsonError> {
        self.raw.push_str(text);
        if self.parser.error().is_none() {
            self.parser.read(&self.raw, &mut self.root);
        }
        self.error().map_or(Ok(()), Err)
    }

    /// The value so far, in the view that was chosen. `None`: nothing of it is decided yet. Free.
    ///
    /// A type of the caller's can be read from it, if that type can do without what is not there yet:
    ///
    /// ```
    /// # use ssewire_json::GrowingJson;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize, Default)]
    /// #[serde(default)]
    /// struct Weather { city: Option<String>, days: Vec<u64> }
    ///
    /// let mut input = GrowingJson::new();
    /// input.push(r#"{"days": [1, 2"#)?;
    /// let weather = input.value().map(Weather::deserialize).transpose()?.unwrap_or_default();
    /// assert_eq!((weather.city, weather.days), (None, vec![1, 2]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.root.as_ref()
    }

    /// Whether all that [`value`](Self::value) shows will stay, so that it can only grow. False while a number stands at
    /// the very end: `1` vanishes at `1.` and comes back as `1.5`.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !matches!(self.parser.next(), Next::RestOfNumber { shown: true, .. })
    }

    /// Whether the text, if it ended here, would be a whole JSON document. Only more white space can follow then, or
    /// more of a number that stands alone.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_whole = match self.parser.next() {
            Next::End => true,
            Next::RestOfNumber { digits, .. } => digits.may_end() && digits.value(&self.raw).is_some(),
            _ => false,
        };
        is_whole && self.depth() == 0 && self.error().is_none()
    }

    /// Whether nothing has come, or nothing but white space.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.raw.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
    }

    /// How many arrays and objects are open at the end of the text.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.parser.depth()
    }

    /// The error that a push has returned, if one has.
    #[must_use]
    pub fn error(&self) -> Option<JsonError> {
        self.parser.error()
    }

    /// All of the text, as it came.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Says that the text has ended, and lends the value, which equals what serde_json reads from the whole text.
    ///
    /// # Errors
    /// What [`push`](Self::push) returned; [`JsonErrorKind::UnexpectedEnd`] if the text stops in the middle, or is blank.
    pub fn finish(&mut self) -> Result<&Value, JsonError> {
        if let Some(error) = self.error() {
            return Err(error);
        }
        if let (Next::RestOfNumber { digits, shown: false }, 0) = (self.parser.next(), self.depth()) {
            // Nothing but a number, and one that had to wait for its end or is out of range.
            self.root = digits.value(&self.raw);
            if digits.may_end() && self.root.is_none() {
                return Err(JsonError::new(JsonErrorKind::NumberOutOfRange, digits.start()));
            }
        }
        let end = JsonError::new(JsonErrorKind::UnexpectedEnd, self.raw.len());
        self.root.as_ref().filter(|_| self.is_complete()).ok_or(end)
    }

    /// The same, by value.
    ///
    /// # Errors
    /// As [`finish`](Self::finish); the text comes back with the error.
    pub fn into_value(mut self) -> Result<Value, (JsonError, String)> {
        match self.finish() {
            Ok(_) => Ok(self.root.unwrap_or_default()),
            Err(error) => Err((error, self.raw)),
        }
    }
}

/// Shows states and lengths, never the text.
impl fmt::Debug for GrowingJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrowingJson")
            .field("length", &self.raw.len())
            .field("depth", &self.depth())
            .field("complete", &self.is_complete())
            .field("error", &self.error())
            .finish_non_exhaustive()
    }
}
