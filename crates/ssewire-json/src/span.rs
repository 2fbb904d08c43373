//! A string of the raw text: scanned once as it arrives, decoded once when it is shown.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::escape::{Escape, read_escape};
use crate::string::find_special;
use crate::{JsonError, JsonErrorKind, work};

/// Result of scanning a string or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// The end of the token was found.
    Ended,
    /// The text ends first: scan again when more has arrived.
    Partial,
    /// The text cannot become a valid token.
    Failed(JsonError),
}

/// The contents of a string, as far as they have arrived and are valid.
///
/// ```text
///   raw   { "k e y \n . . \u00
///           ^             ^
///         start          end      (an incomplete escape is excluded)
/// ```
///
/// Invariant: every escape is longer than its character, and `escape_overhead` is the sum of the differences. So the
/// decoded text has `end - start - escape_overhead` bytes, and equals the raw text if `escape_overhead` is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StringSpan {
    start: usize,
    end: usize,
    escape_overhead: usize,
}

impl StringSpan {
    /// Starts the string whose contents begin at `start`.
    pub(crate) fn begin(start: usize) -> Self {
        Self { start, end: start, escape_overhead: 0 }
    }

    /// Returns the rest of the string, once all of this has been shown.
    pub(crate) fn rest(self) -> Self {
        Self::begin(self.end)
    }

    /// Returns the position of the closing quote, once [`scan`](Self::scan) has returned [`Scan::Ended`].
    pub(crate) fn end(self) -> usize {
        self.end
    }

    /// Returns the length of the undecoded contents in bytes.
    pub(crate) fn raw_len(self) -> usize {
        self.end - self.start
    }

    /// Extends the span to the closing quote, the end of the text or an error. Scans every byte once, except for an
    /// incomplete escape (at most 11 bytes).
    pub(crate) fn scan(&mut self, raw: &str) -> Scan {
        let mut rest = raw.as_bytes().get(self.end..).unwrap_or_default();
        loop {
            let Some(plain) = find_special(rest) else {
                self.end += rest.len();
                return Scan::Partial;
            };
            self.end += plain;
            rest = rest.get(plain..).unwrap_or_default();
            let error = match rest.first() {
                Some(b'"') => return Scan::Ended,
                Some(b'\\') => match read_escape(rest) {
                    Escape::Complete { len, character } => {
                        self.end += len;
                        self.escape_overhead += len - character.len_utf8();
                        rest = rest.get(len..).unwrap_or_default();
                        continue;
                    }
                    Escape::Partial => return Scan::Partial,
                    Escape::Invalid { kind, at } => JsonError::new(kind, self.end + at),
                },
                _ => JsonError::new(JsonErrorKind::ControlCharacter, self.end),
            };
            return Scan::Failed(error);
        }
    }

    /// Returns the decoded text in an allocation of exactly its size.
    pub(crate) fn decode(&self, raw: &str) -> String {
        let mut text = String::with_capacity(self.raw_len().saturating_sub(self.escape_overhead));
        self.decode_onto(&mut text, raw);
        text
    }

    /// Returns the decoded text; borrows it if it has no escape.
    pub(crate) fn text<'r>(&self, raw: &'r str) -> Cow<'r, str> {
        match self.as_raw(raw) {
            Some(plain) => Cow::Borrowed(plain),
            None => Cow::Owned(self.decode(raw)),
        }
    }

    /// Appends the decoded text.
    pub(crate) fn decode_onto(&self, text: &mut String, raw: &str) {
        work::count(self.raw_len());
        if let Some(plain) = self.as_raw(raw) {
            text.push_str(plain);
            return;
        }
        // Scanned: a byte that a string cannot contain is the backslash of a complete escape.
        let mut rest = raw.get(self.start..self.end).unwrap_or_default();
        while let Some((plain, escape)) = find_special(rest.as_bytes()).and_then(|at| rest.split_at_checked(at)) {
            let Escape::Complete { len, character } = read_escape(escape.as_bytes()) else { break };
            text.push_str(plain);
            text.push(character);
            rest = escape.get(len..).unwrap_or_default();
        }
        text.push_str(rest);
    }

    /// Borrows the raw text, if it has no escape.
    fn as_raw<'r>(&self, raw: &'r str) -> Option<&'r str> {
        if self.escape_overhead == 0 { raw.get(self.start..self.end) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_borrows_a_string_without_escapes() {
        for (raw, expected) in [("plain\"", Some("plain")), ("\"", Some("")), ("line\\n\"", None)] {
            let mut span = StringSpan::begin(0);
            assert_eq!(span.scan(raw), Scan::Ended);
            assert_eq!(span.as_raw(raw), expected);
            assert_eq!(matches!(span.text(raw), Cow::Borrowed(_)), expected.is_some());
            assert_eq!(span.text(raw), span.decode(raw));
        }
    }

    #[test]
    fn scan_excludes_an_incomplete_escape() {
        let raw = r"ab\u00e9c\ud83d\ude0";
        let mut span = StringSpan::begin(0);
        assert_eq!(span.scan(raw), Scan::Partial);
        assert_eq!(span.end, 9);
        assert_eq!(span.decode(raw), "abéc");
    }

    #[test]
    fn decode_allocates_exactly_the_size_of_the_text() {
        for (raw, expected) in [
            ("plain\"", "plain"),
            (r#"\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r#"a\u0041\u00e9\u20ac\uD83D\uDE00z""#, "aAé€😀z"),
            (r#"over a word long \n and on\t""#, "over a word long \n and on\t"),
        ] {
            let mut span = StringSpan::begin(0);
            assert_eq!(span.scan(raw), Scan::Ended);
            assert_eq!(span.end(), raw.len() - 1);
            assert_eq!(span.end - span.start - span.escape_overhead, expected.len());
            let decoded = span.decode(raw);
            assert_eq!(decoded, expected);
            assert_eq!(decoded.capacity(), expected.len());
        }
    }
}
