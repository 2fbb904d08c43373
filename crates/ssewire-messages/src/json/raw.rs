//! JSON text that is known to be valid.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::Deserialize;

use super::keep::append_raw;
use super::{Cursor, RawJsonRef, SyntaxError};

/// A JSON value as valid text, in one allocation.
///
/// Line ends between tokens become spaces. Ill-formed UTF-8 and lone surrogate escapes become U+FFFD. All other bytes
/// are kept. The text is parsed on demand.
///
/// ```
/// use ssewire_messages::RawJson;
///
/// let json: RawJson = r#"{"id": "c_1", "n": 1.50}"#.parse()?;
/// assert_eq!(json.as_str(), r#"{"id": "c_1", "n": 1.50}"#);
/// assert_eq!(json.get("id").and_then(|id| id.decode_string()).as_deref(), Some("c_1"));
/// assert_eq!(json.parse::<serde_json::Value>()?["n"], 1.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Writing with serde
/// * `serde_json::to_string` writes the text unchanged.
/// * `serde_json::to_value` and `json!` parse it. Long numbers may change. More than 127 levels, or a number that no
///   `f64` holds, is an error of `to_value` and a **panic** in `json!`.
/// * Other formats receive a private struct of serde_json, and cannot read it back as the value: store it as JSON.
///
/// # Reading with serde
/// In structs and in externally tagged enums, the default of serde, the text is kept.
///
/// In other enums and below `flatten`, serde passes a parsed value, and the text is written anew. Members and their
/// order are kept; spaces, escapes, and numbers that no `i64`, `u64` or `f64` holds exactly are not. In this case
/// serde_json rejects a document of more than 127 levels, a number that no `f64` holds, and a lone surrogate escape.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RawJson(Box<str>);

/// The text is not valid JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InvalidJson {
    offset: usize,
}

impl InvalidJson {
    /// Returns the offset of the first unexpected byte; the length of the text if that is truncated.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl From<SyntaxError> for InvalidJson {
    fn from(error: SyntaxError) -> Self {
        Self { offset: error.at }
    }
}

impl fmt::Display for InvalidJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text is not valid JSON (at byte {})", self.offset)
    }
}

impl core::error::Error for InvalidJson {}

impl RawJson {
    /// Validates the bytes and keeps them.
    ///
    /// # Errors
    /// [`InvalidJson`]: they are not one JSON value, or it nests deeper than 131 levels, which is the most that a
    /// message is written with.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidJson> {
        Self::read(Cursor::of_document(bytes))
    }

    /// Writes a value as JSON, for example a turn of your own type. Unlike `json!` and `serde_json::to_value`, this
    /// keeps the text of each `RawJson` in the value.
    ///
    /// ```
    /// use ssewire_messages::{RawJson, ToolResult};
    ///
    /// #[derive(serde::Serialize)]
    /// struct Turn {
    ///     role: &'static str,
    ///     content: (ToolResult, serde_json::Value),
    /// }
    ///
    /// let text = serde_json::json!({"type": "text", "text": "Be brief."});
    /// let turn = Turn { role: "user", content: (ToolResult::new("toolu_1", "sunny"), text) };
    /// let turn = RawJson::from_serialize(&turn)?;
    /// assert!(turn.as_str().starts_with(r#"{"role":"user","content":[{"type":"tool_result","#));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// A value of more than 131 levels can be written, but its members cannot be read. Linear.
    ///
    /// # Errors
    /// That of [`serde_json::to_vec`]: the value refuses, or a map has keys that are not strings.
    pub fn from_serialize<T: serde::Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        // Copied once more: a `RawValue` of serde_json may have line ends and lone surrogate escapes.
        serde_json::to_vec(value).map(|json| Self::keep(&json))
    }

    /// As [`from_bytes`](Self::from_bytes), with the depth of the payload of an event: at most 127 levels.
    pub(crate) fn from_payload(bytes: &[u8]) -> Result<Self, InvalidJson> {
        Self::read(Cursor::new(bytes))
    }

    fn read(mut cursor: Cursor<'_>) -> Result<Self, InvalidJson> {
        let value = cursor.keep_value()?;
        cursor.end()?;
        Ok(value)
    }

    /// Keeps bytes that the scanner has validated.
    pub(crate) fn keep(valid: &[u8]) -> Self {
        let mut text = String::new();
        append_raw(valid, &mut text);
        Self(text.into_boxed_str())
    }

    /// Keeps text that the scanner has validated and in which nothing is to be replaced.
    pub(crate) fn from_plain(text: &str) -> Self {
        Self(text.into())
    }

    /// Keeps text that this crate has written.
    pub(crate) fn from_valid(text: String) -> Self {
        Self(text.into_boxed_str())
    }

    /// Borrows the value.
    #[must_use]
    pub fn as_json(&self) -> RawJsonRef<'_> {
        RawJsonRef::of_valid(&self.0)
    }

    /// Returns the JSON text: that of a string is in quotes. [`RawJsonRef::decode_string`] returns the decoded string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the JSON text, to keep.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0.into_string()
    }

    /// Returns the value of a member, as [`RawJsonRef::get`] does.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RawJsonRef<'_>> {
        self.as_json().get(name)
    }

    /// Parses the value into a tree, as [`RawJsonRef::to_value`] does.
    ///
    /// # Errors
    /// As [`RawJsonRef::to_value`].
    pub fn to_value(&self) -> Result<serde_json::Value, serde_json::Error> {
        self.as_json().to_value()
    }

    /// Parses the value as a type of the caller, as [`RawJsonRef::parse`] does.
    ///
    /// # Errors
    /// As [`RawJsonRef::parse`].
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        self.as_json().parse()
    }
}

impl FromStr for RawJson {
    type Err = InvalidJson;

    fn from_str(text: &str) -> Result<Self, InvalidJson> {
        Self::from_bytes(text.as_bytes())
    }
}

/// Never fails. A value of more than 131 levels can be written, but its members cannot be read.
impl From<serde_json::Value> for RawJson {
    fn from(value: serde_json::Value) -> Self {
        Self::from_valid(alloc::string::ToString::to_string(&value))
    }
}

/// Equal if both are the same JSON value. Parses the text.
impl PartialEq<serde_json::Value> for RawJson {
    fn eq(&self, other: &serde_json::Value) -> bool {
        self.as_json() == *other
    }
}

impl AsRef<str> for RawJson {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<RawJsonRef<'_>> for RawJson {
    fn from(json: RawJsonRef<'_>) -> Self {
        json.to_raw_json()
    }
}

impl fmt::Display for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_values_are_verbatim_but_for_what_text_cannot_hold() {
        let kept = |bytes: &[u8]| RawJson::from_bytes(bytes).unwrap().into_string();
        assert_eq!(kept(b" {\"a\" : [1.50, 1e2],\"b\":\"\\u00e9\\/\"} "), "{\"a\" : [1.50, 1e2],\"b\":\"\\u00e9\\/\"}");
        assert_eq!(kept(b"[\r\n1,\n2]"), "[  1, 2]");
        assert_eq!(kept(b"\"a\xFFb\xE2\x82\""), "\"a\u{FFFD}b\u{FFFD}\"");
        assert_eq!(kept(br#""\ud800 \ud83d\ude00 \\ud800 \udc00""#), r#""\ufffd \ud83d\ude00 \\ud800 \ufffd""#);
        assert_eq!(kept(b"[\n\"\\\\\"]"), "[ \"\\\\\"]");
    }
}
