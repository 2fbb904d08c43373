//! Errors: why the text is not JSON, and at which byte.

use core::fmt;

/// The reason why the text is not JSON, and the position of the error.
///
/// Neither `Display` nor `Debug` shows any of the text: the output of a model does not belong in logs.
///
/// ```
/// use ssewire_json::{PartialJson, JsonErrorKind};
///
/// let mut json = PartialJson::new();
/// let error = json.push(r#"{"city": Paris}"#).unwrap_err();
/// assert_eq!(error.kind(), JsonErrorKind::UnexpectedCharacter);
/// assert_eq!(error.offset(), 9);
/// assert_eq!(error.to_string(), "unexpected character in JSON text at byte 9");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JsonError {
    kind: JsonErrorKind,
    offset: usize,
}

impl JsonError {
    pub(crate) const fn new(kind: JsonErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// Returns the kind of error.
    #[must_use]
    pub const fn kind(&self) -> JsonErrorKind {
        self.kind
    }

    /// Returns the byte offset in [`PartialJson::raw`](crate::PartialJson::raw) of the first byte with which the text
    /// cannot become valid JSON any more.
    ///
    /// For [`UnexpectedEnd`](JsonErrorKind::UnexpectedEnd) it is the end of the text, for
    /// [`NumberOutOfRange`](JsonErrorKind::NumberOutOfRange) the first byte of the number.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl core::error::Error for JsonError {}

/// Kind of a [`JsonError`]. `Display` describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// The text ends before its value. Returned only by [`complete_value`](crate::PartialJson::complete_value) and
    /// [`into_value`](crate::PartialJson::into_value), because more text may arrive.
    UnexpectedEnd,
    /// A character that JSON does not allow here: `{a`, `[1 2`, `[1,]`, `trap`, `NaN`.
    UnexpectedCharacter,
    /// An escape that JSON does not define: `"\x41"`, `"\u00g0"`.
    InvalidEscape,
    /// Half of a surrogate pair: `"\ud83d"` without a low surrogate directly after it, or `"\ude00"` without a high one
    /// before it.
    LoneSurrogate,
    /// An unescaped character below U+0020 in a string: a line feed instead of `\n`.
    ControlCharacter,
    /// A number that violates the grammar of JSON: `01`, `1.x`, `-.5`, `1e+]`.
    InvalidNumber,
    /// A number too large for an `f64`, such as `1e999`. With serde_json's feature `arbitrary_precision` no number is.
    NumberOutOfRange,
    /// The 128th nested container, which serde_json rejects, too.
    TooDeep,
    /// A character other than white space after the value.
    TrailingCharacters,
}

impl fmt::Display for JsonErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnexpectedEnd => "unexpected end of JSON text",
            Self::UnexpectedCharacter => "unexpected character in JSON text",
            Self::InvalidEscape => "invalid escape in JSON string",
            Self::LoneSurrogate => "lone surrogate in JSON string",
            Self::ControlCharacter => "unescaped control character in JSON string",
            Self::InvalidNumber => "invalid JSON number",
            Self::NumberOutOfRange => "JSON number out of range",
            Self::TooDeep => "more than 127 nested JSON arrays and objects",
            Self::TrailingCharacters => "trailing characters after JSON value",
        })
    }
}
