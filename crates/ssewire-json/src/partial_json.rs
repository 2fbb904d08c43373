//! The public type: the raw text, the value and the parser.

use alloc::string::String;
use core::fmt;

use serde_json::Value;

use crate::parser::Parser;
use crate::{JsonError, JsonErrorKind, PartialChange};

/// Incomplete JSON text, and its value so far.
///
/// Push the text as it arrives, split between any two characters, and read [`value`](Self::value) at any time. The
/// value depends on the text alone, never on how it was split; [`complete_value`](Self::complete_value) names the one
/// exception.
///
/// ```
/// use serde_json::json;
/// use ssewire_json::PartialJson;
///
/// let mut json = PartialJson::new();
/// json.push(r#"{"city": "Par"#)?;
/// assert_eq!(json.value(), Some(&json!({})));
/// json.push(r#"is", "days": [1, 2"#)?;
/// assert_eq!(json.value(), Some(&json!({"city": "Paris", "days": [1, 2]})));
/// assert!(!json.is_stable()); // the 2 may become 25
/// json.push("5]}")?;
/// assert_eq!(json.complete_value()?, &json!({"city": "Paris", "days": [1, 25]}));
/// # Ok::<(), ssewire_json::JsonError>(())
/// ```
///
/// `Debug` shows lengths and state, never the text.
#[derive(Clone, Default)]
pub struct PartialJson {
    raw: String,
    root: Option<Value>,
    parser: Parser,
}

/// Whether an incomplete string at the end of the text is shown.
///
/// A complete string is always shown, an incomplete key never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PartialStrings {
    /// Shows a string once its closing quote has arrived: `{"city": "Par` shows `{}`.
    #[default]
    Hide,
    /// Shows a string from its opening quote on: `{"city": "Par` shows `{"city": "Par"}`. An escape or a surrogate pair
    /// is shown once it is complete.
    Show,
}

impl PartialJson {
    /// Creates an empty text with [`PartialStrings::Hide`]. Does not allocate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty text with the given view. Does not allocate.
    ///
    /// ```
    /// use serde_json::json;
    /// use ssewire_json::{PartialJson, PartialStrings};
    ///
    /// let mut json = PartialJson::with_partial_strings(PartialStrings::Show);
    /// json.push(r#"["one", "tw"#)?;
    /// assert_eq!(json.value(), Some(&json!(["one", "tw"])));
    /// # Ok::<(), ssewire_json::JsonError>(())
    /// ```
    #[must_use]
    pub fn with_partial_strings(partial_strings: PartialStrings) -> Self {
        Self { parser: Parser::new(partial_strings), ..Self::default() }
    }

    /// Records the changes of each push, for [`changes`](Self::changes).
    #[must_use]
    pub fn with_changes(mut self) -> Self {
        self.parser.record_changes();
        self
    }

    /// Returns the changes of the last push, in the order of the text. Empty without
    /// [`with_changes`](Self::with_changes).
    ///
    /// For callers that keep the value in a form of their own, such as bindings to another language. Applied one after
    /// the other, the changes of all pushes build [`value`](Self::value), except that a number comes once it has ended:
    /// at the top level only white space ends it. So no change is ever undone.
    ///
    /// ```
    /// use ssewire_json::{PartialChange, PartialJson, PartialStrings};
    ///
    /// let mut json = PartialJson::with_partial_strings(PartialStrings::Show).with_changes();
    /// json.push(r#"{"city": "Par"#)?;
    /// let changes: Vec<_> = json.changes().collect();
    /// let (key, text) = (PartialChange::Key("city".into()), PartialChange::Text("Par".into()));
    /// assert_eq!(changes, [PartialChange::Object, key, PartialChange::String, text]);
    /// json.push(r#"is"}"#)?;
    /// let changes: Vec<_> = json.changes().collect();
    /// assert_eq!(changes, [PartialChange::Text("is".into()), PartialChange::End]);
    /// # Ok::<(), ssewire_json::JsonError>(())
    /// ```
    ///
    /// # Cost
    ///
    /// O(length of the text of the last push, and of the strings, keys and numbers that it ended), whatever the value
    /// holds. Strings are borrowed from [`raw`](Self::raw) unless they have an escape.
    pub fn changes(&self) -> impl Iterator<Item = PartialChange<'_>> {
        self.parser.changes().iter(&self.raw)
    }

    /// Appends `text`, split anywhere, and updates [`value`](Self::value).
    ///
    /// # Errors
    ///
    /// The text cannot become valid JSON (RFC 8259) any more. The value stays that of the text before
    /// [`JsonError::offset`], and every later push returns the same error. A number directly before an unexpected
    /// character has ended. `text` is appended to [`raw`](Self::raw) in any case.
    ///
    /// # Cost
    ///
    /// Over all pushes O(length of the text), and for each push O(number of open containers), whatever the containers
    /// hold. A push that ends a key, a string that is not shown yet, or a number of more than 64 bytes also pays for
    /// its earlier pieces; each push into a shorter number pays for all of its pieces so far. The key of a new member
    /// is inserted into its map, as by serde_json, when the first byte of its value is shown.
    ///
    /// One exception: with serde_json's feature `preserve_order`, each push into the value of a repeated key costs
    /// more. The additional cost is O(number of members between it and the nearer end of its object) or O(length of the
    /// key), whichever is less.
    pub fn push(&mut self, text: &str) -> Result<(), JsonError> {
        self.raw.push_str(text);
        self.parser.clear_changes();
        if self.parser.error().is_none() {
            self.parser.read(&self.raw, &mut self.root);
        }
        self.error().map_or(Ok(()), Err)
    }

    /// Borrows the value so far, at no cost; `None` if nothing can be shown yet.
    ///
    /// To view it as a type of your own, deserialize it, at the cost of deserialization:
    ///
    /// ```
    /// use serde::Deserialize;
    /// use ssewire_json::{PartialJson, PartialStrings};
    ///
    /// #[derive(Deserialize, Default)]
    /// #[serde(default)] // a member may not have arrived yet
    /// struct Weather {
    ///     city: String,
    ///     days: Option<u32>,
    /// }
    ///
    /// let mut json = PartialJson::with_partial_strings(PartialStrings::Show);
    /// json.push(r#"{"city": "Par"#)?;
    /// let weather = json.value().and_then(|value| Weather::deserialize(value).ok());
    /// assert_eq!(weather.unwrap_or_default().city, "Par");
    /// # Ok::<(), ssewire_json::JsonError>(())
    /// ```
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.root.as_ref()
    }

    /// Borrows all text that was pushed.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Returns whether everything [`value`](Self::value) shows is final: later text can only extend it, or replace
    /// the value of a repeated key.
    ///
    /// `false` exactly if a number at the end of the text is shown: it may change or disappear, as `1` does at `1.`
    /// before it becomes `1.5`. After an error, the result is that of the text before the error. The number in `[1x`
    /// has ended; the number in `[01` has not.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        !self.parser.is_provisional()
    }

    /// Returns whether the text is one complete JSON document: if [`complete_value`](Self::complete_value) would
    /// succeed.
    ///
    /// White space after the value is part of the document. A top-level number is complete, although more digits may
    /// follow.
    ///
    /// Costs nothing, except that a top-level number is parsed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_complete = match self.parser.top_level_number() {
            Some(number) => number.value(&self.raw).is_some(),
            None => self.parser.is_complete(),
        };
        is_complete && self.error().is_none()
    }

    /// Returns whether the text is nothing but JSON white space, or empty.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.parser.is_blank(&self.raw) && self.error().is_none()
    }

    /// Returns the error at which reading stopped.
    #[must_use]
    pub fn error(&self) -> Option<JsonError> {
        self.parser.error()
    }

    /// Returns the number of arrays and objects that are open at the end of the text, at most 127.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.parser.depth()
    }

    /// Returns the view that was chosen.
    #[must_use]
    pub fn partial_strings(&self) -> PartialStrings {
        self.parser.partial_strings()
    }

    /// Borrows the value, if the text is one complete JSON document.
    ///
    /// Does not end the text: you may push more after calling it. A top-level number of more than 64 bytes is shown by
    /// [`value`](Self::value) from here to the next push.
    ///
    /// # Errors
    ///
    /// The error of the text, [`UnexpectedEnd`](JsonErrorKind::UnexpectedEnd) if it is incomplete, or
    /// [`NumberOutOfRange`](JsonErrorKind::NumberOutOfRange) for a top-level number. Value and raw text are kept.
    pub fn complete_value(&mut self) -> Result<&Value, JsonError> {
        if let Some(error) = self.error() {
            return Err(error);
        }
        self.parser.publish_top_level_number(&self.raw, &mut self.root);
        let number = self.parser.top_level_number();
        match &self.root {
            Some(value) if number.is_some() || self.parser.is_complete() => Ok(value),
            _ => Err(match number {
                Some(number) if number.is_number() => JsonError::new(JsonErrorKind::NumberOutOfRange, number.start()),
                _ => self.unexpected_end(),
            }),
        }
    }

    /// Returns the value, if the text is one complete JSON document.
    ///
    /// ```
    /// use ssewire_json::PartialJson;
    ///
    /// let mut json = PartialJson::new();
    /// json.push(r#"{"command": "rm -r build"#)?;
    /// let (error, raw) = json.into_value().unwrap_err();
    /// assert_eq!(error.offset(), 24);
    /// assert_eq!(raw, r#"{"command": "rm -r build"#);
    /// # Ok::<(), ssewire_json::JsonError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`complete_value`](Self::complete_value), with the raw text.
    pub fn into_value(mut self) -> Result<Value, (JsonError, String)> {
        if let Err(error) = self.complete_value() {
            return Err((error, self.raw));
        }
        let end = self.unexpected_end();
        self.root.ok_or((end, self.raw))
    }

    /// Returns the value so far and the raw text, complete or not.
    #[must_use]
    pub fn into_parts(self) -> (Option<Value>, String) {
        (self.root, self.raw)
    }

    fn unexpected_end(&self) -> JsonError {
        JsonError::new(JsonErrorKind::UnexpectedEnd, self.raw.len())
    }
}

impl fmt::Debug for PartialJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartialJson")
            .field("len", &self.raw.len())
            .field("depth", &self.depth())
            .field("partial_strings", &self.partial_strings())
            .field("stable", &self.is_stable())
            .field("complete", &self.is_complete())
            .field("error", &self.error())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn debug_shows_state_but_not_text() {
        let mut json = PartialJson::new();
        json.push(r#"{"secret": [1, "hush"#).unwrap();
        assert_eq!(
            format!("{json:?}"),
            "PartialJson { len: 20, depth: 2, partial_strings: Hide, stable: true, complete: false, error: None }"
        );
    }

    #[test]
    fn complete_value_may_be_called_between_pushes() {
        let end = |offset| JsonError::new(JsonErrorKind::UnexpectedEnd, offset);
        let mut json = PartialJson::new();
        assert_eq!(json.complete_value(), Err(end(0)));
        json.push("1").unwrap();
        assert_eq!(json.complete_value(), Ok(&Value::from(1)));
        json.push(".").unwrap();
        assert_eq!(json.value(), None);
        assert_eq!(json.complete_value(), Err(end(2)));
        json.push("5 ").unwrap();
        assert_eq!(json.complete_value(), Ok(&Value::from(1.5)));
        assert_eq!(json.into_value(), Ok(Value::from(1.5)));
    }

    /// A number of more than 64 bytes waits for its delimiter or for `complete_value`, and may continue after that.
    #[test]
    fn complete_value_shows_a_long_number() {
        let mut json = PartialJson::new();
        let text = format!("0.{}", "1".repeat(70));
        json.push(&text).unwrap();
        assert_eq!(json.value(), None);
        assert!(json.is_stable() && json.is_complete());
        let expected: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json.complete_value(), Ok(&expected));
        assert!(!json.is_stable());
        json.push("e").unwrap();
        assert_eq!(json.value(), None);
        assert!(!json.is_complete());
        json.push("1 ").unwrap();
        let expected: Value = serde_json::from_str(&format!("{text}e1")).unwrap();
        assert_eq!(json.value(), Some(&expected));
    }

    #[test]
    fn clone_is_independent() {
        let mut json = PartialJson::with_partial_strings(PartialStrings::Show);
        json.push(r#"{"a":{"b":["x"#).unwrap();
        let mut copy = json.clone();
        copy.push(r#"y"]}}"#).unwrap();
        json.push(r#"z"]}}"#).unwrap();
        assert_eq!(copy.value(), Some(&serde_json::json!({"a": {"b": ["xy"]}})));
        assert_eq!(json.value(), Some(&serde_json::json!({"a": {"b": ["xz"]}})));
    }
}
