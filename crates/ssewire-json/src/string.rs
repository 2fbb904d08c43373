//! Strings: scanned once as they come, decoded once when somebody wants to see them.

use alloc::string::String;

use crate::escape::{Escape, read_escape};
use crate::token::Scan;
use crate::{JsonError, JsonErrorKind};

/// The inside of a string, as far as it came and was found to be good.
///
/// ```text
///   raw   { "k e y \n . . \u00
///           ^             ^
///         start          end      (an escape that is not whole is not within)
/// ```
///
/// Every escape is longer than what it stands for; `saved` is the sum of the differences. So the decoded text has
/// `end - start - saved` bytes, and stands in the raw text as it is when `saved` is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Text {
    start: usize,
    end: usize,
    saved: usize,
}

impl Text {
    /// The string whose inside begins at `start`.
    pub(crate) fn begin(start: usize) -> Self {
        Self { start, end: start, saved: 0 }
    }

    /// What follows when all of this has been shown.
    pub(crate) fn rest(self) -> Self {
        Self::begin(self.end)
    }

    /// Where the closing quote stands, once [`Scan::Ended`] was answered.
    pub(crate) fn end(self) -> usize {
        self.end
    }

    /// Goes on to the closing quote, to the end of the text or to an error, and never over the same bytes again but
    /// for an escape that was not whole (11 bytes at most).
    pub(crate) fn scan(&mut self, raw: &str) -> Scan {
        let mut rest = raw.as_bytes().get(self.end..).unwrap_or_default();
        loop {
            let plain = plain_len(rest);
            self.end += plain;
            rest = rest.get(plain..).unwrap_or_default();
            let fault = match rest.first() {
                None => return Scan::Partial,
                Some(b'"') => return Scan::Ended,
                Some(b'\\') => match read_escape(rest) {
                    Escape::Whole { len, character } => {
                        self.end += len;
                        self.saved += len - character.len_utf8();
                        rest = rest.get(len..).unwrap_or_default();
                        continue;
                    }
                    Escape::Partial => return Scan::Partial,
                    Escape::Invalid { kind, at } => JsonError::new(kind, self.end + at),
                },
                Some(_) => JsonError::new(JsonErrorKind::ControlCharacter, self.end),
            };
            return Scan::Failed(fault);
        }
    }

    /// The decoded text, in an allocation of exactly its size.
    pub(crate) fn decode(self, raw: &str) -> String {
        let mut text = String::with_capacity((self.end - self.start).saturating_sub(self.saved));
        self.decode_onto(&mut text, raw);
        text
    }

    /// Appends the decoded text.
    pub(crate) fn decode_onto(self, text: &mut String, raw: &str) {
        if let Some(plain) = self.as_it_is(raw) {
            text.push_str(plain);
            return;
        }
        let mut rest = raw.get(self.start..self.end).unwrap_or_default();
        loop {
            let (plain, escaped) = rest.split_at(plain_len(rest.as_bytes()));
            text.push_str(plain);
            let Escape::Whole { len, character } = read_escape(escaped.as_bytes()) else {
                return;
            };
            text.push(character);
            rest = escaped.get(len..).unwrap_or_default();
        }
    }

    /// The text where it stands in `raw`, if no escape forbids that.
    pub(crate) fn as_it_is(self, raw: &str) -> Option<&str> {
        if self.saved == 0 { raw.get(self.start..self.end) } else { None }
    }
}

/// The number of bytes before the first quote, backslash or control character. Eight at a time; the last eight overlap
/// those before.
fn plain_len(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        if let Some(plain) = plain_in_word(*word) {
            return bytes.len() - rest.len() + plain;
        }
        rest = after;
    }
    let before = bytes.len().saturating_sub(8);
    let plain = match bytes.last_chunk() {
        Some(word) => plain_in_word(*word).map(|plain| before + plain),
        None => rest.iter().position(|byte| is_special(*byte)),
    };
    plain.unwrap_or(bytes.len())
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The same for eight bytes at once; `None` when all eight are plain.
///
/// In each byte lane, `(x - n) & !x` has its top bit set when `x < n` (for `n` up to 0x80), and `x ^ c` is below 1
/// only for `x == c`. A borrow may set the bit of a lane wrongly, but only above a lane that has it rightly, so the
/// lowest bit is always right.
fn plain_in_word(word: [u8; 8]) -> Option<usize> {
    const EACH: u64 = u64::MAX / 0xFF;
    let below = |x: u64, n: u8| x.wrapping_sub(EACH * u64::from(n)) & !x;
    let equal = |x: u64, c: u8| below(x ^ (EACH * u64::from(c)), 1);

    let word = u64::from_le_bytes(word);
    let special = (below(word, 0x20) | equal(word, b'"') | equal(word, b'\\')) & (EACH * 0x80);
    if special == 0 { None } else { Some(special.trailing_zeros() as usize / 8) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The word at a time agrees with the byte at a time for every byte value in every lane, also next to its
    /// neighbours in value.
    #[test]
    fn words_and_bytes_agree() {
        for byte in 0..=u8::MAX {
            for lane in 0..8 {
                for filler in [b'x', b'!', b'#', b' ', 0x7F, 0x80, 0xFF] {
                    let mut word = [filler; 8];
                    word[lane] = byte;
                    let expected = word.iter().position(|byte| is_special(*byte));
                    assert_eq!(plain_in_word(word), expected, "{word:x?}");
                }
            }
        }
    }

    #[test]
    fn plain_text_ends_at_the_first_special_byte() {
        assert_eq!(plain_len(b""), 0);
        assert_eq!(plain_len(b"abc"), 3);
        assert_eq!(plain_len(b"abcdefgh"), 8);
        assert_eq!(plain_len(b"abcdefghi\"k"), 9);
        assert_eq!(plain_len(b"abcdefgh\\"), 8);
        assert_eq!(plain_len("äöü€😀\u{7f}\n".as_bytes()), 14);
    }

    #[test]
    fn text_without_escapes_is_lent() {
        for (raw, lent) in [("plain\"", Some("plain")), ("\"", Some("")), ("line\\n\"", None)] {
            let mut text = Text::begin(0);
            assert_eq!(text.scan(raw), Scan::Ended);
            assert_eq!(text.as_it_is(raw), lent);
        }
    }

    #[test]
    fn an_escape_is_within_only_when_it_is_whole() {
        let raw = r"ab\u00e9c\ud83d\ude0";
        let mut text = Text::begin(0);
        assert_eq!(text.scan(raw), Scan::Partial);
        assert_eq!(text.end, 9);
        assert_eq!(text.decode(raw), "abéc");
    }

    #[test]
    fn the_decoded_text_fits_exactly() {
        for (raw, expected) in [
            ("plain\"", "plain"),
            (r#"\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r#"\u0041\u00e9\u20ac\ud83d\ude00""#, "Aé€😀"),
            (r#"over a word long \n and on\t""#, "over a word long \n and on\t"),
        ] {
            let mut text = Text::begin(0);
            assert_eq!(text.scan(raw), Scan::Ended);
            assert_eq!(text.end(), raw.len() - 1);
            assert_eq!(text.end - text.start - text.saved, expected.len());
            let decoded = text.decode(raw);
            assert_eq!(decoded, expected);
            assert_eq!(decoded.capacity(), expected.len());
        }
    }
}
