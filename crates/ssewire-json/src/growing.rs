//! The public face: the raw text, the value and the parser, held together.

use alloc::string::String;
use core::fmt;

use serde_json::Value;

use crate::parser::Parser;
use crate::{JsonError, JsonErrorKind};

/// JSON text that is still arriving, and the value it makes so far.
///
/// Push the text as it comes, cut anywhere between two characters; look at [`value`](Self::value) whenever you like.
/// What it shows depends on the text alone, never on how it was cut.
///
/// ```
/// use serde_json::json;
/// use ssewire_json::GrowingJson;
///
/// let mut json = GrowingJson::new();
/// json.push(r#"{"city": "Par"#)?;
/// assert_eq!(json.value(), Some(&json!({})));
/// json.push(r#"is", "days": [1, 2"#)?;
/// assert_eq!(json.value(), Some(&json!({"city": "Paris", "days": [1, 2]})));
/// assert!(!json.is_settled()); // that 2 may become 25
/// json.push("5]}")?;
/// assert_eq!(json.finish()?, &json!({"city": "Paris", "days": [1, 25]}));
/// # Ok::<(), ssewire_json::JsonError>(())
/// ```
///
/// `Debug` shows lengths and state, never the text.
#[derive(Clone, Default)]
pub struct GrowingJson {
    raw: String,
    root: Option<Value>,
    parser: Parser,
}

/// Whether the unfinished string at the end of the text is shown.
///
/// A string that has ended is shown in both views, and an unfinished key in neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trailing {
    /// A string is shown when its closing quote has come: `{"city": "Par` shows `{}`.
    #[default]
    Hide,
    /// A string is shown from its opening quote on, and grows: `{"city": "Par` shows `{"city": "Par"}`. An escape, or
    /// a surrogate pair, is shown when it is whole.
    Show,
}

impl GrowingJson {
    /// Nothing yet, with [`Trailing::Hide`]. Allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing yet, with the view chosen. Allocates nothing.
    ///
    /// ```
    /// use serde_json::json;
    /// use ssewire_json::{GrowingJson, Trailing};
    ///
    /// let mut json = GrowingJson::with_trailing(Trailing::Show);
    /// json.push(r#"["one", "tw"#)?;
    /// assert_eq!(json.value(), Some(&json!(["one", "tw"])));
    /// # Ok::<(), ssewire_json::JsonError>(())
    /// ```
    #[must_use]
    pub fn with_trailing(trailing: Trailing) -> Self {
        Self { parser: Parser::new(trailing), ..Self::default() }
    }

    /// Appends `text`, which may begin and end anywhere, and brings [`value`](Self::value) up to date.
    ///
    /// # Errors
    ///
    /// When the text so far can no longer become JSON. The value is then that of the text before [`JsonError::offset`]
    /// and stays so; every further push returns the same error. A number directly before the byte that cannot stand
    /// there has ended. The text is appended to [`raw`](Self::raw) in any case.
    ///
    /// # Cost
    ///
    /// In proportion to the length of `text` plus the number of open containers, for each of which its last member is
    /// found again; in an object with more than 32 members that is one look-up of the key.
    pub fn push(&mut self, text: &str) -> Result<(), JsonError> {
        self.raw.push_str(text);
        if self.parser.error().is_none() {
            self.parser.read(&self.raw, &mut self.root);
        }
        self.error().map_or(Ok(()), Err)
    }

    /// The value so far, at no cost; `None` as long as nothing of it is decided.
    ///
    /// A view in a type of your own is one call away, and costs what deserialising costs:
    ///
    /// ```
    /// use serde::Deserialize;
    /// use ssewire_json::{GrowingJson, Trailing};
    ///
    /// #[derive(Deserialize, Default)]
    /// #[serde(default)] // a member may not have come yet
    /// struct Weather {
    ///     city: String,
    ///     days: Option<u32>,
    /// }
    ///
    /// let mut json = GrowingJson::with_trailing(Trailing::Show);
    /// json.push(r#"{"city": "Par"#)?;
    /// let weather = json.value().and_then(|value| Weather::deserialize(value).ok());
    /// assert_eq!(weather.unwrap_or_default().city, "Par");
    /// # Ok::<(), ssewire_json::JsonError>(())
    /// ```
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.root.as_ref()
    }

    /// All text that was pushed.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Whether everything that [`value`](Self::value) shows will stay, and can only grow.
    ///
    /// `false` exactly when a number that touches the end of the text is shown: it may change or vanish, as `1` does
    /// at `1.`, to come back as `1.5`. After an error the answer is the one for the text before it, where the number in
    /// `[1x` has ended, but the one in `[01` has not.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !self.parser.is_provisional()
    }

    /// Whether the text is one whole JSON document as it stands: whether [`finish`](Self::finish) would succeed.
    ///
    /// White space behind the value is part of a document. A number at the top level counts, even though more digits
    /// may come.
    ///
    /// Costs nothing, except for a top-level number of more than 64 bytes, which is read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_whole = match self.parser.lone_number() {
            Some(digits) => digits.value(&self.raw).is_some(),
            None => self.parser.is_whole(),
        };
        is_whole && self.error().is_none()
    }

    /// Whether there is nothing but JSON white space so far, or nothing at all.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.parser.is_blank(&self.raw) && self.error().is_none()
    }

    /// The error that ended the reading, if one did.
    #[must_use]
    pub fn error(&self) -> Option<JsonError> {
        self.parser.error()
    }

    /// The number of arrays and objects that are open at the end of the text, 127 at most.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.parser.depth()
    }

    /// The view that was chosen.
    #[must_use]
    pub fn trailing(&self) -> Trailing {
        self.parser.trailing()
    }

    /// The value, if the text is one whole JSON document.
    ///
    /// This is no farewell: it says how things are if nothing more comes, and more may be pushed afterwards. A
    /// top-level number of more than 64 bytes is shown by [`value`](Self::value) from then on.
    ///
    /// # Errors
    ///
    /// The error of the text, [`UnexpectedEnd`](JsonErrorKind::UnexpectedEnd) if it only lacks its end, or
    /// [`NumberOutOfRange`](JsonErrorKind::NumberOutOfRange) for a number at the top level. Nothing is lost: value and
    /// raw text stay.
    pub fn finish(&mut self) -> Result<&Value, JsonError> {
        if let Some(error) = self.error() {
            return Err(error);
        }
        self.parser.show_lone_number(&self.raw, &mut self.root);
        let number = self.parser.lone_number();
        match &self.root {
            Some(value) if number.is_some() || self.parser.is_whole() => Ok(value),
            _ => Err(match number {
                Some(digits) if digits.may_end() => JsonError::new(JsonErrorKind::NumberOutOfRange, digits.start()),
                _ => self.unexpected_end(),
            }),
        }
    }

    /// The value as one's own, if the text is one whole JSON document.
    ///
    /// ```
    /// use ssewire_json::GrowingJson;
    ///
    /// let mut json = GrowingJson::new();
    /// json.push(r#"{"command": "rm -r build"#)?;
    /// let (error, raw) = json.into_value().unwrap_err();
    /// assert_eq!(error.offset(), 24);
    /// assert_eq!(raw, r#"{"command": "rm -r build"#);
    /// # Ok::<(), ssewire_json::JsonError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`finish`](Self::finish), with the raw text.
    pub fn into_value(mut self) -> Result<Value, (JsonError, String)> {
        if let Err(error) = self.finish() {
            return Err((error, self.raw));
        }
        let end = self.unexpected_end();
        self.root.ok_or((end, self.raw))
    }

    /// The value so far and the raw text, whatever state they are in.
    #[must_use]
    pub fn into_parts(self) -> (Option<Value>, String) {
        (self.root, self.raw)
    }

    fn unexpected_end(&self) -> JsonError {
        JsonError::new(JsonErrorKind::UnexpectedEnd, self.raw.len())
    }
}

impl fmt::Debug for GrowingJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrowingJson")
            .field("len", &self.raw.len())
            .field("depth", &self.depth())
            .field("trailing", &self.trailing())
            .field("settled", &self.is_settled())
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
    fn debug_says_how_it_stands_but_not_what_it_says() {
        let mut json = GrowingJson::new();
        json.push(r#"{"secret": [1, "hush"#).unwrap();
        assert_eq!(
            format!("{json:?}"),
            "GrowingJson { len: 20, depth: 2, trailing: Hide, settled: true, complete: false, error: None }"
        );
    }

    #[test]
    fn finish_may_be_asked_at_any_time() {
        let end = |offset| JsonError::new(JsonErrorKind::UnexpectedEnd, offset);
        let mut json = GrowingJson::new();
        assert_eq!(json.finish(), Err(end(0)));
        json.push("1").unwrap();
        assert_eq!(json.finish(), Ok(&Value::from(1)));
        json.push(".").unwrap();
        assert_eq!(json.value(), None);
        assert_eq!(json.finish(), Err(end(2)));
        json.push("5 ").unwrap();
        assert_eq!(json.finish(), Ok(&Value::from(1.5)));
        assert_eq!(json.into_value(), Ok(Value::from(1.5)));
    }

    /// Over 64 bytes a number waits for its delimiter, or for `finish`, and may still go on after that.
    #[test]
    fn a_long_number_is_shown_by_finish() {
        let mut json = GrowingJson::new();
        let text = format!("0.{}", "1".repeat(70));
        json.push(&text).unwrap();
        assert_eq!(json.value(), None);
        assert!(json.is_settled() && json.is_complete());
        let whole: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json.finish(), Ok(&whole));
        assert!(!json.is_settled());
        json.push("e").unwrap();
        assert_eq!(json.value(), None);
        assert!(!json.is_complete());
        json.push("1 ").unwrap();
        let whole: Value = serde_json::from_str(&format!("{text}e1")).unwrap();
        assert_eq!(json.value(), Some(&whole));
    }

    #[test]
    fn a_copy_grows_on_its_own() {
        let mut json = GrowingJson::with_trailing(Trailing::Show);
        json.push(r#"{"a":{"b":["x"#).unwrap();
        let mut copy = json.clone();
        copy.push(r#"y"]}}"#).unwrap();
        json.push(r#"z"]}}"#).unwrap();
        assert_eq!(copy.value(), Some(&serde_json::json!({"a": {"b": ["xy"]}})));
        assert_eq!(json.value(), Some(&serde_json::json!({"a": {"b": ["xz"]}})));
    }
}
