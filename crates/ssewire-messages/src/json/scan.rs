//! The member scanner: a pull reader over the bytes of one JSON document.
//!
//! It validates the grammar as RFC 8259 has it and allocates nothing. UTF-8 is not checked here: bytes above 0x7F can
//! only be in strings, and their UTF-8 is checked when a string or a value is kept.

use super::RawJson;
use super::number::{is_beyond_f64, leading_u64};
use super::string::{JsonStr, find_special, unit};
use crate::members::{ReadError, Visit, each_member};

/// How deep containers may nest in a payload, as in `serde_json`.
const MAX_DEPTH: u32 = 127;

/// How deep they may nest in a message that was written: three levels are around the input of a tool, which has a limit
/// of its own, and one is to spare.
const MAX_DOCUMENT_DEPTH: u32 = MAX_DEPTH + 4;

/// The bytes stopped being JSON at this offset. At the end of the bytes: the document is truncated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) at: usize,
}

/// A position in the bytes of a document.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    /// The document.
    all: &'a [u8],
    /// The bytes not read yet.
    rest: &'a [u8],
    depth: u32,
    max_depth: u32,
    /// Lone surrogate escapes are errors, and so are numbers that no `f64` can hold.
    is_strict: bool,
    /// No line end between tokens and no `\u` escape was read yet: the bytes read so far can be kept as they are.
    is_plain: bool,
}

/// Checks that a text is one JSON document and nothing else, with the rules of `serde_json`: a lone surrogate escape
/// and a number that no `f64` can hold are errors, too. Without its feature `float_roundtrip`, `serde_json` also
/// rejects some numbers within one part in 10^15 of the greatest `f64`.
pub(crate) fn validate(text: &str) -> Result<(), SyntaxError> {
    let mut cursor = Cursor::strict(text);
    cursor.skip_value()?;
    cursor.end()
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { all: bytes, rest: bytes, depth: 0, max_depth: MAX_DEPTH, is_strict: false, is_plain: true }
    }

    /// Creates a cursor for a text with the rules of [`validate`].
    pub(crate) fn strict(text: &'a str) -> Self {
        Self { is_strict: true, ..Self::new(text.as_bytes()) }
    }

    /// Creates a cursor within the object that a payload is, before the value of a member.
    pub(crate) fn at_member(payload: &'a [u8], value: &'a [u8]) -> Self {
        Self { rest: value, depth: 1, ..Self::new(payload) }
    }

    /// Creates a cursor for a message, or text that was validated before.
    pub(crate) fn of_document(bytes: &'a [u8]) -> Self {
        Self { max_depth: MAX_DOCUMENT_DEPTH, ..Self::new(bytes) }
    }

    /// Returns the next byte that is not white space.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.rest.first().copied()
    }

    /// Checks that only white space follows.
    #[inline(never)]
    pub(crate) fn end(&mut self) -> Result<(), SyntaxError> {
        if self.peek().is_some() { Err(self.error()) } else { Ok(()) }
    }

    /// Returns whether nothing follows, not even white space.
    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Returns the offset of the next byte.
    pub(crate) fn offset(&self) -> usize {
        self.all.len().saturating_sub(self.rest.len())
    }

    pub(crate) fn error(&self) -> SyntaxError {
        SyntaxError { at: self.offset() }
    }

    /// Enters an object. Returns `false` and does not move if the next value is not an object.
    pub(crate) fn begin_object(&mut self) -> Result<bool, SyntaxError> {
        self.begin(b'{')
    }

    /// Fast path of an object that is expected to begin with these bytes, and a member that they contain: steps over
    /// them. Returns `false` and does not move if it begins in another way.
    pub(crate) fn begin_with(&mut self, prefix: &[&[u8]]) -> bool {
        let rest = prefix.iter().try_fold(self.rest, |rest, part| rest.strip_prefix(*part));
        if let Some(rest) = rest {
            (self.rest, self.depth) = (rest, self.depth + 1);
        }
        rest.is_some()
    }

    /// Enters an array. Returns `false` and does not move if the next value is not an array.
    pub(crate) fn begin_array(&mut self) -> Result<bool, SyntaxError> {
        self.begin(b'[')
    }

    fn begin(&mut self, bracket: u8) -> Result<bool, SyntaxError> {
        if self.peek() != Some(bracket) {
            return Ok(false);
        }
        self.enter(0)?;
        self.depth += 1;
        Ok(true)
    }

    /// Reads the name of the next member; the value follows. `is_first`: nothing of the object was read yet. `None`:
    /// the object has ended.
    // Inlined, as are its parts: a name is too large to be returned in registers.
    #[inline(always)]
    pub(crate) fn next_member(&mut self, is_first: &mut bool) -> Result<Option<JsonStr<'a>>, SyntaxError> {
        if !self.next_in(b'}', is_first)? {
            return Ok(None);
        }
        self.name().map(Some)
    }

    /// Checks that the object ends here.
    pub(crate) fn end_object(&mut self) -> Result<(), SyntaxError> {
        if self.next_in(b'}', &mut false)? { Err(self.error()) } else { Ok(()) }
    }

    /// Returns whether another element follows.
    #[inline(never)]
    pub(crate) fn next_element(&mut self, is_first: &mut bool) -> Result<bool, SyntaxError> {
        self.next_in(b']', is_first)
    }

    #[inline(always)]
    fn next_in(&mut self, bracket: u8, is_first: &mut bool) -> Result<bool, SyntaxError> {
        let was_first = core::mem::replace(is_first, false);
        self.skip_space();
        match self.rest {
            [byte, rest @ ..] if *byte == bracket => {
                self.rest = rest;
                self.depth = self.depth.saturating_sub(1);
                Ok(false)
            }
            [b',', rest @ ..] if !was_first => {
                self.rest = rest;
                self.skip_space();
                Ok(true)
            }
            [_, ..] if was_first => Ok(true),
            _ => Err(self.error()),
        }
    }

    /// Reads a string. Returns `None` and does not move if the next value is not a string.
    // Out of line, as other methods with many callers: inlining duplicates it.
    #[inline(never)]
    pub(crate) fn string(&mut self) -> Result<Option<JsonStr<'a>>, SyntaxError> {
        self.skip_space();
        match self.rest {
            [b'"', text @ ..] => self.quoted(text).map(Some),
            _ => Ok(None),
        }
    }

    /// Fast path of nearly every number: reads an integer of digits alone. Returns `None` and does not move if the
    /// value is another one, or exceeds a `u64`.
    #[inline]
    pub(crate) fn digits(&mut self) -> Option<u64> {
        self.skip_space();
        let (number, rest) = leading_u64(self.rest)?;
        if !matches!(rest, [b',' | b'}' | b']', ..]) {
            return None;
        }
        self.rest = rest;
        Some(number)
    }

    /// Fast path of a member that is expected: reads its name and its [digits](Self::digits). Returns `None` and does
    /// not move if it is another member, or is written in another way. `is_first` is that of
    /// [`next_member`](Self::next_member).
    #[inline]
    pub(crate) fn digits_of(&mut self, name: &str, is_first: &mut bool) -> Option<u64> {
        let before = self.rest;
        let rest = if *is_first { before } else { before.strip_prefix(b",")? };
        self.rest = rest.strip_prefix(b"\"")?.strip_prefix(name.as_bytes())?.strip_prefix(b"\":")?;
        let digits = self.digits();
        if digits.is_none() {
            self.rest = before;
        }
        *is_first &= digits.is_none();
        digits
    }

    /// Skips a value, and returns its bytes.
    pub(crate) fn skip_value(&mut self) -> Result<&'a [u8], SyntaxError> {
        self.skip_space();
        let start = self.rest;
        match start {
            [b'"', text @ ..] => {
                self.quoted(text)?;
            }
            [b'{' | b'[', ..] => self.skip_container()?,
            _ => self.scalar()?,
        }
        Ok(start.get(..start.len().saturating_sub(self.rest.len())).unwrap_or_default())
    }

    /// Returns where the member that was read last begins and ends, `"name":value`, if it can be kept byte for byte but
    /// for ill-formed UTF-8.
    pub(crate) fn last_member(&self, name: JsonStr<'_>, value: &[u8]) -> Option<(usize, usize)> {
        const SYNTAX: &[u8] = b"\":";
        if name.is_escaped() || !self.is_plain {
            return None;
        }
        let end = self.offset();
        let value_from = end.checked_sub(value.len())?;
        let name_end = value_from.checked_sub(SYNTAX.len())?;
        // A quote within the name would be escaped, so this one ends it.
        if self.all.get(name_end..value_from)? != SYNTAX {
            return None;
        }
        let from = name_end.checked_sub(name.raw.len())?.checked_sub(1)?;
        Some((from, end))
    }

    /// Returns bytes of the document.
    pub(crate) fn bytes(&self, start: usize, end: usize) -> &'a [u8] {
        self.all.get(start..end).unwrap_or_default()
    }

    /// Skips a value and keeps it.
    pub(crate) fn keep_value(&mut self) -> Result<RawJson, SyntaxError> {
        let value = self.skip_value()?;
        Ok(self.keep(value))
    }

    /// Visits the members of an object, as [`each_member`] does, and keeps all of it. Any other value is only kept.
    pub(crate) fn keep_object(&mut self, visit: Visit<'_, 'a>) -> Result<RawJson, ReadError> {
        self.skip_space();
        let start = self.rest;
        if !each_member(self, visit)? {
            return Ok(self.keep_value()?);
        }
        Ok(self.keep(start.get(..start.len().saturating_sub(self.rest.len())).unwrap_or_default()))
    }

    fn keep(&self, value: &[u8]) -> RawJson {
        match core::str::from_utf8(value) {
            Ok(text) if self.is_plain => RawJson::from_plain(text),
            _ => RawJson::keep(value),
        }
    }

    fn skip_container(&mut self) -> Result<(), SyntaxError> {
        // One bit for each open container: an object, or an array.
        let (mut objects, mut open) = (0_u128, 0_u32);
        loop {
            match self.rest {
                // Fewer than the bits of `objects`: the rest is left to another call.
                [b'{' | b'[', ..] if open == 120 => {
                    self.depth += open;
                    self.skip_container()?;
                    self.depth -= open;
                }
                [b'{', ..] => {
                    self.enter(open)?;
                    self.skip_space();
                    if let [b'}', rest @ ..] = self.rest {
                        self.rest = rest;
                    } else {
                        (objects, open) = ((objects << 1) | 1, open + 1);
                        self.skip_name()?;
                        continue;
                    }
                }
                [b'[', ..] => {
                    self.enter(open)?;
                    self.skip_space();
                    if let [b']', rest @ ..] = self.rest {
                        self.rest = rest;
                    } else {
                        (objects, open) = (objects << 1, open + 1);
                        continue;
                    }
                }
                [b'"', text @ ..] => {
                    self.quoted(text)?;
                }
                _ => self.scalar()?,
            }
            loop {
                if open == 0 {
                    return Ok(());
                }
                self.skip_space();
                match (self.rest, objects & 1 == 1) {
                    ([b',', rest @ ..], is_object) => {
                        self.rest = rest;
                        self.skip_space();
                        if is_object {
                            self.skip_name()?;
                        }
                        break;
                    }
                    ([b'}', rest @ ..], true) | ([b']', rest @ ..], false) => {
                        self.rest = rest;
                        (objects, open) = (objects >> 1, open - 1);
                    }
                    _ => return Err(self.error()),
                }
            }
        }
    }

    /// Steps over an opening bracket.
    #[inline]
    fn enter(&mut self, open: u32) -> Result<(), SyntaxError> {
        if self.depth + open >= self.max_depth {
            return Err(self.error());
        }
        self.step();
        Ok(())
    }

    #[inline]
    fn skip_name(&mut self) -> Result<(), SyntaxError> {
        self.name()?;
        self.skip_space();
        Ok(())
    }

    /// Reads a member's name, and the colon.
    #[inline(always)]
    fn name(&mut self) -> Result<JsonStr<'a>, SyntaxError> {
        let [b'"', text @ ..] = self.rest else { return Err(self.error()) };
        let name = self.quoted(text)?;
        self.skip_space();
        let [b':', rest @ ..] = self.rest else { return Err(self.error()) };
        self.rest = rest;
        Ok(name)
    }

    /// Reads a string from after its opening quote.
    #[inline(always)]
    fn quoted(&mut self, text: &'a [u8]) -> Result<JsonStr<'a>, SyntaxError> {
        let end = find_special(text).unwrap_or(text.len());
        match text.split_at_checked(end) {
            Some((raw, [b'"', rest @ ..])) => {
                self.rest = rest;
                Ok(JsonStr::plain(raw))
            }
            Some((_, rest)) => self.escaped(text, rest),
            None => Err(self.error()),
        }
    }

    /// Reads a string from after its opening quote; `rest` begins with the first byte that is not plain.
    #[inline(never)]
    fn escaped(&mut self, text: &'a [u8], rest: &'a [u8]) -> Result<JsonStr<'a>, SyntaxError> {
        self.rest = rest;
        loop {
            match self.rest {
                [b'"', rest @ ..] => {
                    let raw = text.get(..text.len().saturating_sub(self.rest.len())).unwrap_or_default();
                    self.rest = rest;
                    return Ok(JsonStr::escaped(raw));
                }
                [b'\\', ..] => self.escape()?,
                _ => return Err(self.error()),
            }
            let plain = find_special(self.rest).unwrap_or(self.rest.len());
            self.rest = self.rest.get(plain..).unwrap_or_default();
        }
    }

    #[inline]
    fn escape(&mut self) -> Result<(), SyntaxError> {
        let escape = self.rest;
        self.step();
        match self.rest {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', rest @ ..] => {
                self.rest = rest;
                Ok(())
            }
            [b'u', rest @ ..] => {
                self.rest = rest;
                self.unicode_escape(escape)
            }
            _ => Err(self.error()),
        }
    }

    /// Reads the digits of a `\u` escape.
    fn unicode_escape(&mut self, escape: &[u8]) -> Result<(), SyntaxError> {
        self.is_plain = false;
        for _ in 0..4 {
            if !self.rest.first().is_some_and(u8::is_ascii_hexdigit) {
                return Err(self.error());
            }
            self.step();
        }
        if self.is_strict {
            match unit(escape) {
                Some(0xDC00..=0xDFFF) => return Err(self.error()),
                Some(0xD800..=0xDBFF) => {
                    let low = self.rest;
                    // A truncated document ends in the middle of the pair.
                    let seen = low.get(..6).unwrap_or(low);
                    if low.len() >= 6 && !matches!(unit(low), Some(0xDC00..=0xDFFF)) || !is_low_surrogate_prefix(seen) {
                        return Err(self.error());
                    }
                    self.rest = low.get(seen.len()..).unwrap_or_default();
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads a number or a literal.
    fn scalar(&mut self) -> Result<(), SyntaxError> {
        match self.rest {
            [b'-' | b'0'..=b'9', ..] => self.number(),
            [b't', ..] => self.literal(b"true"),
            [b'f', ..] => self.literal(b"false"),
            [b'n', ..] => self.literal(b"null"),
            _ => Err(self.error()),
        }
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        let start = self.rest;
        if let [b'-', rest @ ..] = self.rest {
            self.rest = rest;
        }
        match self.rest {
            [b'0', rest @ ..] => self.rest = rest,
            _ => self.skip_digits()?,
        }
        if let [b',' | b'}', ..] = self.rest {
            // Shorter ones fit into an `f64`.
            if start.len().saturating_sub(self.rest.len()) <= 300 {
                return Ok(());
            }
        }
        if let [b'.', rest @ ..] = self.rest {
            self.rest = rest;
            self.skip_digits()?;
        }
        let mut has_exponent = false;
        if let [b'e' | b'E', rest @ ..] = self.rest {
            has_exponent = true;
            self.rest = rest;
            if let [b'+' | b'-', rest @ ..] = self.rest {
                self.rest = rest;
            }
            self.skip_digits()?;
        }
        // Shorter ones without an exponent fit into an `f64`.
        let text = start.get(..start.len().saturating_sub(self.rest.len())).unwrap_or_default();
        let may_exceed = self.is_strict && (has_exponent || text.len() > 300);
        if may_exceed && core::str::from_utf8(text).is_ok_and(is_beyond_f64) {
            self.rest = start;
            return Err(self.error());
        }
        Ok(())
    }

    fn skip_digits(&mut self) -> Result<(), SyntaxError> {
        let [b'0'..=b'9', rest @ ..] = self.rest else { return Err(self.error()) };
        self.rest = rest;
        while let [b'0'..=b'9', rest @ ..] = self.rest {
            self.rest = rest;
        }
        Ok(())
    }

    #[inline]
    fn literal<const N: usize>(&mut self, expected: &[u8; N]) -> Result<(), SyntaxError> {
        if let Some((found, rest)) = self.rest.split_first_chunk::<N>() {
            if found == expected {
                self.rest = rest;
                return Ok(());
            }
        }
        Err(self.error_in(expected))
    }

    /// Creates the error at the first byte that differs from what is expected.
    #[cold]
    fn error_in(&mut self, expected: &[u8]) -> SyntaxError {
        let mut expected = expected.iter();
        while self.rest.first().is_some_and(|found| expected.next() == Some(found)) {
            self.step();
        }
        self.error()
    }

    #[inline]
    fn step(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    #[inline(always)]
    fn skip_space(&mut self) {
        // One comparison; other control characters are not white space, and stay.
        if matches!(self.rest, [..=b' ', ..]) {
            self.skip_spaces();
        }
    }

    /// Skips white space. Out of line: machines write hardly any, but for the padding before the end of an event.
    #[inline(never)]
    fn skip_spaces(&mut self) {
        while let Some((b"        ", rest)) = self.rest.split_first_chunk() {
            self.rest = rest;
        }
        while let [space, rest @ ..] = self.rest {
            if !is_white_space(*space) {
                return;
            }
            self.is_plain &= !matches!(space, b'\n' | b'\r');
            self.rest = rest;
        }
    }
}

/// Returns whether a byte is white space of JSON. ASCII and Unicode have more.
#[inline]
pub(crate) fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Returns whether a text is nothing but white space of JSON.
pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_white_space)
}

/// Returns whether the bytes are the beginning of an escape `\uDC00` to `\uDFFF`.
fn is_low_surrogate_prefix(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(at, byte)| match at {
        0 => *byte == b'\\',
        1 => *byte == b'u',
        2 => matches!(byte, b'd' | b'D'),
        3 => matches!(byte, b'c'..=b'f' | b'C'..=b'F'),
        _ => byte.is_ascii_hexdigit(),
    })
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    fn verdict(text: &str) -> Result<(), usize> {
        validate(text).map_err(|error| error.at)
    }

    #[test]
    fn documents_are_valid_as_serde_json_has_it() {
        for text in [
            "{}",
            "[]",
            " [1, 2.5e3, -0, \"a\\u00e9\\n\", true, false, null, {\"a\": {}}] ",
            "\"\\ud83d\\ude00\"",
            "0",
            "1e308",
            "\"\u{1F600}\"",
            "{\"a\":1,\"a\":2}",
        ] {
            assert_eq!(verdict(text), Ok(()), "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "{",
            "[1,]",
            "[,1]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{\"a\":1,}",
            "01",
            "1.",
            "-",
            "1e",
            "+1",
            "tru",
            "nulll",
            "\"\\x\"",
            "\"\n\"",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud800\\u0041\"",
            "1e999",
            "[1 2]",
            "{} {}",
            "NaN",
            "'a'",
            "[}",
            "{]",
            "\"\\u12g4\"",
        ] {
            assert!(verdict(text).is_err(), "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_end_of_a_truncated_document_is_where_the_error_is() {
        let whole = "{\"a\": [1.5e3, \"x\\u00e9\\ud83d\\ude00\", {\"b\": null}], \"c\": true}";
        for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            let cut = whole.get(..end).unwrap();
            assert_eq!(verdict(cut), Err(end), "{cut}");
        }
    }

    #[test]
    fn depth_is_limited_as_in_serde_json() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let objects = |depth: usize| {
            let open: String = "{\"\":".repeat(depth);
            format!("{open}0{}", "}".repeat(depth))
        };
        for text in [nested(127), objects(127)] {
            assert_eq!(verdict(&text), Ok(()));
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }
        for text in [nested(128), objects(128), nested(100_000)] {
            assert!(verdict(&text).is_err());
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
        }
    }
}
