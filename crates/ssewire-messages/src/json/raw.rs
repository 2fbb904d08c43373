//! JSON text that is known to be valid.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::Deserialize;

use super::keep::append_raw;
use super::number::whole_number;
use super::{Cursor, JsonStr};

/// A JSON value as valid text, in one allocation.
///
/// Line ends between its tokens are spaces, ill-formed UTF-8 and lone surrogate escapes are U+FFFD; all else is
/// unchanged, byte for byte. It is parsed on demand.
///
/// ```
/// use ssewire_messages::RawJson;
///
/// let json: RawJson = r#"{"id": "c_1", "n": 1.50}"#.parse()?;
/// assert_eq!(json.as_str(), r#"{"id": "c_1", "n": 1.50}"#);
/// assert_eq!(json.get("id").and_then(|id| id.decode_string()).as_deref(), Some("c_1"));
/// assert_eq!(json.parse_as::<serde_json::Value>()?["n"], 1.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RawJson(Box<str>);

/// A borrowed [`RawJson`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RawJsonRef<'a>(&'a str);

/// The text is not valid JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidJson {
    pub(crate) offset: usize,
}

impl InvalidJson {
    /// Offset of the first unexpected byte; the length of the text if that is truncated.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
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
    /// [`InvalidJson`]: they are not one JSON value, or it nests deeper than 127 levels.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidJson> {
        let mut cursor = Cursor::new(bytes);
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

    /// Borrows it.
    #[must_use]
    pub fn as_json(&self) -> RawJsonRef<'_> {
        RawJsonRef(&self.0)
    }

    /// The JSON text: that of a string is in quotes. [`RawJsonRef::decode_string`] returns what the string says.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The JSON text, to keep.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0.into_string()
    }

    /// As [`RawJsonRef::get`].
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RawJsonRef<'_>> {
        self.as_json().get(name)
    }

    /// As [`RawJsonRef::to_value`].
    ///
    /// # Errors
    /// As there.
    pub fn to_value(&self) -> Result<serde_json::Value, serde_json::Error> {
        self.as_json().to_value()
    }

    /// As [`RawJsonRef::parse_as`].
    ///
    /// # Errors
    /// As there.
    pub fn parse_as<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        self.as_json().parse_as()
    }
}

impl<'a> RawJsonRef<'a> {
    pub(crate) const EMPTY_OBJECT: Self = Self("{}");

    /// Borrows text that the scanner has validated.
    pub(crate) const fn of_valid(text: &'a str) -> Self {
        Self(text)
    }

    /// The JSON text: that of a string is in quotes. [`decode_string`](Self::decode_string) returns what the string says.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Copies the text.
    #[must_use]
    pub fn to_raw_json(self) -> RawJson {
        RawJson(self.0.into())
    }

    /// The value of the last member of this name, if this is an object that has one. Linear.
    #[must_use]
    pub fn get(self, name: &str) -> Option<RawJsonRef<'a>> {
        let found = self.members().filter(|(other, _)| *other == name).last();
        found.map(|(_, value)| value)
    }

    /// The members, if this is an object.
    pub fn members(self) -> impl Iterator<Item = (Cow<'a, str>, RawJsonRef<'a>)> + use<'a> {
        let mut cursor = Cursor::of_document(self.0.as_bytes());
        let mut is_first = true;
        let mut is_object = matches!(cursor.begin_object(), Ok(true));
        core::iter::from_fn(move || {
            if !is_object {
                return None;
            }
            let member = self.next_member(&mut cursor, &mut is_first);
            is_object = member.is_some();
            member
        })
    }

    // Out of line: the iterator is inlined into each of its loops.
    #[inline(never)]
    fn next_member(self, cursor: &mut Cursor<'a>, is_first: &mut bool) -> Option<(Cow<'a, str>, RawJsonRef<'a>)> {
        let name = cursor.next_member(is_first).ok()??;
        let value = cursor.skip_value().ok()?;
        Some((self.text(name), self.part(value)))
    }

    /// The elements, if this is an array.
    pub fn elements(self) -> impl Iterator<Item = RawJsonRef<'a>> + use<'a> {
        let mut cursor = Cursor::of_document(self.0.as_bytes());
        let mut is_first = true;
        let mut is_array = matches!(cursor.begin_array(), Ok(true));
        core::iter::from_fn(move || {
            if !is_array {
                return None;
            }
            let element = self.next_element(&mut cursor, &mut is_first);
            is_array = element.is_some();
            element
        })
    }

    #[inline(never)]
    fn next_element(self, cursor: &mut Cursor<'a>, is_first: &mut bool) -> Option<Self> {
        if cursor.next_element(is_first).ok()? { Some(self.part(cursor.skip_value().ok()?)) } else { None }
    }

    /// The part of this text that consists of these bytes of it, which need no further check of their UTF-8.
    #[inline(never)]
    fn part(self, bytes: &[u8]) -> Self {
        let from = bytes.as_ptr().addr().saturating_sub(self.0.as_ptr().addr());
        Self(self.0.get(from..from.saturating_add(bytes.len())).unwrap_or("null"))
    }

    /// The decoded text of a string in this text.
    fn text(self, string: JsonStr<'a>) -> Cow<'a, str> {
        if string.is_escaped { string.to_text() } else { Cow::Borrowed(self.part(string.raw).0) }
    }

    /// The text that a string says: without its quotes, its escapes decoded. `None`: it is another value.
    #[inline(never)]
    #[must_use]
    pub fn decode_string(self) -> Option<Cow<'a, str>> {
        self.json_str().map(|string| self.text(string))
    }

    pub(crate) fn json_str(self) -> Option<JsonStr<'a>> {
        Cursor::of_document(self.0.as_bytes()).string().ok().flatten()
    }

    /// The number, if it is an integer that is not negative.
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        // `parse` alone would also take `+7`.
        if self.0.starts_with(|c: char| c.is_ascii_digit()) { self.0.parse().ok() } else { None }
    }

    /// A count as servers and gateways send it: an integer, a string of digits, or a float without a fraction.
    pub(crate) fn count(self) -> Option<u64> {
        if self.0.starts_with('"') {
            let digits = self.decode_string()?;
            return if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None };
        }
        self.as_u64().or_else(|| whole_number(self.0))
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// Whether it is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.0.starts_with('[')
    }

    /// Parses it.
    ///
    /// # Errors
    /// Those of `serde_json`: it is not of the type. They may quote the value.
    pub fn parse_as<T: Deserialize<'a>>(self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0)
    }

    /// Parses it into a tree.
    ///
    /// # Errors
    /// As [`parse_as`](Self::parse_as).
    pub fn to_value(self) -> Result<serde_json::Value, serde_json::Error> {
        self.parse_as()
    }
}

impl FromStr for RawJson {
    type Err = InvalidJson;

    fn from_str(text: &str) -> Result<Self, InvalidJson> {
        Self::from_bytes(text.as_bytes())
    }
}

impl From<serde_json::Value> for RawJson {
    fn from(value: serde_json::Value) -> Self {
        Self::from_valid(alloc::string::ToString::to_string(&value))
    }
}

/// The same JSON value. Parses the text.
impl PartialEq<serde_json::Value> for RawJson {
    fn eq(&self, other: &serde_json::Value) -> bool {
        self.as_json() == *other
    }
}

/// The same JSON value. Parses the text.
impl PartialEq<serde_json::Value> for RawJsonRef<'_> {
    fn eq(&self, other: &serde_json::Value) -> bool {
        self.to_value().is_ok_and(|value| value == *other)
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

impl fmt::Display for RawJsonRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for RawJsonRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
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

    #[test]
    fn members_and_elements_are_found() {
        let json: RawJson = r#"{"a":1,"b":[true,"x"],"\u0061":"last"}"#.parse().unwrap();
        assert_eq!(json.get("a").unwrap().decode_string().unwrap(), "last");
        assert_eq!(json.get("b").unwrap().elements().count(), 2);
        assert_eq!(json.get("c"), None);
        assert_eq!(json.as_json().members().count(), 3);
        assert!(json.get("b").unwrap().get("x").is_none());
    }

    #[test]
    fn counts_are_read_leniently() {
        for (json, count) in [
            ("7", Some(7)),
            ("\"7\"", Some(7)),
            ("7.0", Some(7)),
            ("7e2", Some(700)),
            ("\"007\"", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("7.5", None),
            ("-7", None),
            ("\"+7\"", None),
            ("\"\"", None),
            ("null", None),
            ("[7]", None),
            ("2e19", None),
        ] {
            assert_eq!(json.parse::<RawJson>().unwrap().as_json().count(), count, "{json}");
        }
    }
}
