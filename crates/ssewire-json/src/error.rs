//! What can be wrong with the text, and where.

use core::fmt;

/// Why the text is not JSON, and at which byte of it.
///
/// Small and `Copy`. Neither `Display` nor `Debug` shows anything of the text itself: what a model wrote does not
/// belong in logs.
///
/// ```
/// use ssewire_json::{GrowingJson, JsonErrorKind};
///
/// let mut json = GrowingJson::new();
/// let error = json.push(r#"{"city": Paris}"#).unwrap_err();
/// assert_eq!(error.kind(), JsonErrorKind::UnexpectedCharacter);
/// assert_eq!(error.offset(), 9);
/// assert_eq!(error.to_string(), "this character cannot stand here in JSON (at byte 9)");
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

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> JsonErrorKind {
        self.kind
    }

    /// The offset in bytes, into [`GrowingJson::raw`](crate::GrowingJson::raw), of the first byte with which the text
    /// can no longer become JSON.
    ///
    /// Two kinds point elsewhere: [`UnexpectedEnd`](JsonErrorKind::UnexpectedEnd) to the end of the text, and
    /// [`NumberOutOfRange`](JsonErrorKind::NumberOutOfRange) to the first byte of the number.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.kind, self.offset)
    }
}

impl core::error::Error for JsonError {}

/// The ways in which a text is not JSON. `Display` says each in a plain sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// The text ends before its value does. Only [`finish`](crate::GrowingJson::finish) and
    /// [`into_value`](crate::GrowingJson::into_value) say so: until then more text may come.
    UnexpectedEnd,
    /// A character that cannot stand at this place: `{a`, `[1 2`, `[1,]`, `trap`, `NaN`.
    UnexpectedCharacter,
    /// A backslash in a string, and behind it nothing that JSON knows: `"\x41"`, `"\u00g0"`.
    InvalidEscape,
    /// Half a surrogate pair: `"\ud83d"` without a low half directly behind it, or `"\ude00"` without a high one
    /// before it.
    LoneSurrogate,
    /// A character below U+0020 in a string, where JSON wants an escape: a line feed as it is instead of `\n`.
    ControlCharacter,
    /// A number that JSON does not write so: `01`, `1.x`, `-.5`, `1e+]`.
    InvalidNumber,
    /// A number too big for an `f64`, such as `1e999`. With serde_json's feature `arbitrary_precision` there is no
    /// such number.
    NumberOutOfRange,
    /// The 128th container within one another. serde_json refuses it too.
    TooDeep,
    /// Something other than white space behind the value.
    TrailingCharacters,
}

impl fmt::Display for JsonErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnexpectedEnd => "the JSON text ends before its value does",
            Self::UnexpectedCharacter => "this character cannot stand here in JSON",
            Self::InvalidEscape => "a string has an escape that JSON does not know",
            Self::LoneSurrogate => "a string has half a surrogate pair",
            Self::ControlCharacter => "a string has a control character that is not escaped",
            Self::InvalidNumber => "a number is not written as JSON writes numbers",
            Self::NumberOutOfRange => "a number is too big",
            Self::TooDeep => "more than 127 arrays and objects stand within one another",
            Self::TrailingCharacters => "something follows the JSON value",
        })
    }
}
