//! The member scanner: a pull reader over the bytes of one JSON document.
//!
//! It validates the grammar as RFC 8259 has it and allocates nothing. UTF-8 is not checked here: bytes above 0x7F can
//! only stand in strings, and whoever keeps a string or a value checks its bytes then.

use super::string::{JsonStr, find_special, unit};

/// How deep containers may nest in a payload, as in `serde_json`.
const MAX_DEPTH: u32 = 127;

/// How deep they may nest in what was a payload: a message holds the input of a tool, which has a limit of its own, three
/// levels deep.
const MAX_DOCUMENT_DEPTH: u32 = MAX_DEPTH + 4;

/// The bytes stopped being JSON at this offset. At the end of the bytes: the document is truncated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) at: usize,
}

/// A position in the bytes of a document.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
    max_depth: u32,
    /// Lone surrogate escapes are errors.
    is_strict: bool,
}

/// Checks that a text is one JSON document and nothing else, with the rules of `serde_json`: a lone surrogate escape and
/// a number that no `f64` can hold are errors, too.
pub(crate) fn validate(text: &str) -> Result<(), SyntaxError> {
    let mut cursor = Cursor::new(text.as_bytes());
    cursor.is_strict = true;
    cursor.skip_value()?;
    cursor.end()
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0, max_depth: MAX_DEPTH, is_strict: false }
    }

    /// For a message, or text that was validated before.
    pub(crate) fn of_document(bytes: &'a [u8]) -> Self {
        Self { max_depth: MAX_DOCUMENT_DEPTH, ..Self::new(bytes) }
    }

    /// The next byte that is not white space.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.byte()
    }

    /// Checks that only white space follows.
    pub(crate) fn end(&mut self) -> Result<(), SyntaxError> {
        if self.peek().is_some() { Err(self.error()) } else { Ok(()) }
    }

    pub(crate) fn error(&self) -> SyntaxError {
        SyntaxError { at: self.at }
    }

    /// Enters an object. `false`: the value is none, and was not touched.
    pub(crate) fn begin_object(&mut self) -> Result<bool, SyntaxError> {
        self.begin(b'{')
    }

    /// Enters an array, likewise.
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

    /// The name of the next member; the value follows. `is_first`: nothing of the object was read yet. `None`: the
    /// object has ended.
    pub(crate) fn next_member(&mut self, is_first: &mut bool) -> Result<Option<JsonStr<'a>>, SyntaxError> {
        if !self.next_in(b'}', is_first)? {
            return Ok(None);
        }
        self.name().map(Some)
    }

    /// Whether another element follows.
    pub(crate) fn next_element(&mut self, is_first: &mut bool) -> Result<bool, SyntaxError> {
        self.next_in(b']', is_first)
    }

    fn next_in(&mut self, bracket: u8, is_first: &mut bool) -> Result<bool, SyntaxError> {
        let was_first = core::mem::replace(is_first, false);
        match self.peek() {
            Some(byte) if byte == bracket => {
                self.at += 1;
                self.depth = self.depth.saturating_sub(1);
                Ok(false)
            }
            Some(b',') if !was_first => {
                self.at += 1;
                self.skip_space();
                Ok(true)
            }
            Some(_) if was_first => Ok(true),
            _ => Err(self.error()),
        }
    }

    /// Reads a string. `None`: the value is none, and was not touched.
    pub(crate) fn string(&mut self) -> Result<Option<JsonStr<'a>>, SyntaxError> {
        if self.peek() == Some(b'"') { self.quoted().map(Some) } else { Ok(None) }
    }

    /// Skips a value, and returns its bytes.
    pub(crate) fn skip_value(&mut self) -> Result<&'a [u8], SyntaxError> {
        self.skip_space();
        let start = self.at;
        // One bit for each open container: an object, or an array.
        let (mut objects, mut open) = (0_u128, 0_u32);
        loop {
            match self.byte() {
                // No bit is left.
                Some(b'{' | b'[') if open == 120 => {
                    self.depth += open;
                    self.skip_value()?;
                    self.depth -= open;
                }
                Some(b'{') => {
                    self.enter(open)?;
                    if self.peek() == Some(b'}') {
                        self.at += 1;
                    } else {
                        (objects, open) = ((objects << 1) | 1, open + 1);
                        self.name()?;
                        self.skip_space();
                        continue;
                    }
                }
                Some(b'[') => {
                    self.enter(open)?;
                    if self.peek() == Some(b']') {
                        self.at += 1;
                    } else {
                        (objects, open) = (objects << 1, open + 1);
                        continue;
                    }
                }
                Some(b'"') => {
                    self.quoted()?;
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal(b"true")?,
                Some(b'f') => self.literal(b"false")?,
                Some(b'n') => self.literal(b"null")?,
                _ => return Err(self.error()),
            }
            loop {
                if open == 0 {
                    return Ok(self.bytes.get(start..self.at).unwrap_or_default());
                }
                match (self.peek(), objects & 1 == 1) {
                    (Some(b','), is_object) => {
                        self.at += 1;
                        self.skip_space();
                        if is_object {
                            self.name()?;
                            self.skip_space();
                        }
                        break;
                    }
                    (Some(b'}'), true) | (Some(b']'), false) => {
                        self.at += 1;
                        (objects, open) = (objects >> 1, open - 1);
                    }
                    _ => return Err(self.error()),
                }
            }
        }
    }

    /// Steps over an opening bracket.
    fn enter(&mut self, open: u32) -> Result<(), SyntaxError> {
        if self.depth + open >= self.max_depth {
            return Err(self.error());
        }
        self.at += 1;
        Ok(())
    }

    /// A member's name, and the colon.
    fn name(&mut self) -> Result<JsonStr<'a>, SyntaxError> {
        if self.byte() != Some(b'"') {
            return Err(self.error());
        }
        let name = self.quoted()?;
        if self.peek() != Some(b':') {
            return Err(self.error());
        }
        self.at += 1;
        Ok(name)
    }

    fn quoted(&mut self) -> Result<JsonStr<'a>, SyntaxError> {
        self.at += 1;
        let start = self.at;
        let mut is_escaped = false;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            self.at = self.at.saturating_add(find_special(rest).unwrap_or(rest.len()));
            match self.byte() {
                Some(b'"') => {
                    let raw = self.bytes.get(start..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(JsonStr { raw, is_escaped });
                }
                Some(b'\\') => {
                    is_escaped = true;
                    self.escape()?;
                }
                _ => return Err(self.error()),
            }
        }
    }

    fn escape(&mut self) -> Result<(), SyntaxError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += 1;
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                return Ok(());
            }
            Some(b'u') => self.at += 1,
            _ => return Err(self.error()),
        }
        for _ in 0..4 {
            if !self.byte().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                return Err(self.error());
            }
            self.at += 1;
        }
        if self.is_strict {
            match unit(rest) {
                Some(0xDC00..=0xDFFF) => return Err(self.error()),
                Some(0xD800..=0xDBFF) => {
                    let low = self.bytes.get(self.at..).unwrap_or_default();
                    // A truncated document ends in the middle of the pair.
                    let seen = low.get(..6).unwrap_or(low);
                    if low.len() >= 6 && !matches!(unit(low), Some(0xDC00..=0xDFFF)) || !could_be_unit(seen) {
                        return Err(self.error());
                    }
                    self.at = self.at.saturating_add(seen.len());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        match self.byte() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let has_exponent = matches!(self.byte(), Some(b'e' | b'E'));
        if has_exponent {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        // Shorter ones without an exponent fit into an `f64`.
        let text = self.bytes.get(start..self.at).unwrap_or_default();
        if has_exponent || text.len() > 300 {
            let number = core::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
            if !number.is_some_and(f64::is_finite) {
                return Err(SyntaxError { at: start });
            }
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        while matches!(self.byte(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.error()) } else { Ok(()) }
    }

    fn literal(&mut self, expected: &[u8]) -> Result<(), SyntaxError> {
        for byte in expected {
            if self.byte() != Some(*byte) {
                return Err(self.error());
            }
            self.at += 1;
        }
        Ok(())
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn skip_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
}

/// Whether the bytes are the beginning of an escape `\uDC00` to `\uDFFF`.
fn could_be_unit(bytes: &[u8]) -> bool {
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
