//! Reads JSON text that is known to be valid.

use alloc::borrow::Cow;
use core::fmt;

use serde::Deserialize;

use super::number::{parse_digits, whole_number};
use super::{Cursor, JsonStr, RawJson};

/// A borrowed [`RawJson`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RawJsonRef<'a>(&'a str);

impl<'a> RawJsonRef<'a> {
    pub(crate) const EMPTY_OBJECT: Self = Self("{}");

    /// Borrows text that the scanner has validated.
    pub(crate) const fn of_valid(text: &'a str) -> Self {
        Self(text)
    }

    /// Returns the JSON text: that of a string is in quotes. [`decode_string`](Self::decode_string) returns the
    /// decoded string.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Copies the text.
    #[must_use]
    pub fn to_raw_json(self) -> RawJson {
        RawJson::from_plain(self.0)
    }

    /// Returns the value of the last member of this name, if this is an object that has one. Linear.
    #[must_use]
    pub fn get(self, name: &str) -> Option<RawJsonRef<'a>> {
        let found = self.members().filter(|(other, _)| *other == name).last();
        found.map(|(_, value)| value)
    }

    /// Returns the members, if this is an object.
    #[inline(never)]
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
        Some((name.to_text(), self.next_value(cursor)?))
    }

    /// Returns the elements, if this is an array.
    #[inline(never)]
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
        if cursor.next_element(is_first).ok()? { self.next_value(cursor) } else { None }
    }

    /// Returns the value at the cursor, as a part of this text: its UTF-8 needs no further check.
    #[inline(never)]
    fn next_value(self, cursor: &mut Cursor<'a>) -> Option<Self> {
        let value = cursor.skip_value().ok()?;
        let end = cursor.offset();
        self.0.get(end.checked_sub(value.len())?..end).map(Self)
    }

    /// Returns the decoded string: without its quotes and escapes. `None`: it is another value.
    #[inline(never)]
    #[must_use]
    pub fn decode_string(self) -> Option<Cow<'a, str>> {
        let string = self.json_str()?;
        if string.is_escaped() {
            return Some(string.to_text());
        }
        // Its UTF-8 needs no further check.
        self.0.get(1..self.0.len().checked_sub(1)?).map(Cow::Borrowed)
    }

    pub(crate) fn json_str(self) -> Option<JsonStr<'a>> {
        Cursor::of_document(self.0.as_bytes()).string().ok().flatten()
    }

    /// Returns the number, if it is an integer that is not negative.
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        parse_digits(self.0)
    }

    /// Returns a count as servers and gateways send it: an integer, a string of digits, or a float without a fraction
    /// (`7`, `"7"`, `7.0`). An index is read in the same way.
    pub(crate) fn count(self) -> Option<u64> {
        if self.0.starts_with('"') {
            let digits = self.decode_string()?;
            return parse_digits(&digits);
        }
        self.as_u64().or_else(|| whole_number(self.0))
    }

    /// Returns whether the value is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// Returns the value, unless it is null.
    pub(crate) fn non_null(self) -> Option<Self> {
        if self.is_null() { None } else { Some(self) }
    }

    /// Returns whether the value is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// Returns whether the value is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.0.starts_with('[')
    }

    /// Parses the value as a type of the caller.
    ///
    /// # Errors
    /// An error of `serde_json`, which may quote the value: it is not of the type, or nests deeper than 127 levels.
    pub fn parse<T: Deserialize<'a>>(self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0)
    }

    /// Parses it into a tree.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn to_value(self) -> Result<serde_json::Value, serde_json::Error> {
        // Not `parse`, which is generic: it compiles the parser of values once more, 4 % of this crate.
        self.0.parse()
    }
}

impl AsRef<str> for RawJsonRef<'_> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// Equal if both are the same JSON value. Parses the text.
impl PartialEq<serde_json::Value> for RawJsonRef<'_> {
    fn eq(&self, other: &serde_json::Value) -> bool {
        self.to_value().is_ok_and(|value| value == *other)
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
