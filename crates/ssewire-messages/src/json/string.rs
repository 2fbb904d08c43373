//! JSON strings: finding their end, and unescaping them.

use alloc::borrow::Cow;
use alloc::string::String;

pub(crate) use ssewire_json::string::find_special;
use ssewire_json::string::{Escape, read_escape};

/// A string between its quotes, valid by the grammar; its UTF-8 is not checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonStr<'a> {
    pub(crate) raw: &'a [u8],
    escapes: Escapes,
}

/// Whether a string has escapes.
// A word, not a `bool`: the padding after that would be copied in two overlapping parts, which wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum Escapes {
    Absent,
    Present,
}

/// The halves of surrogate pairs that a string begins and ends with; 0: none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Halves {
    /// A low surrogate at the beginning.
    pub(crate) leading: u16,
    /// A high surrogate at the end.
    pub(crate) trailing: u16,
}

impl<'a> JsonStr<'a> {
    #[inline]
    pub(crate) fn plain(raw: &'a [u8]) -> Self {
        Self { raw, escapes: Escapes::Absent }
    }

    #[inline]
    pub(crate) fn escaped(raw: &'a [u8]) -> Self {
        Self { raw, escapes: Escapes::Present }
    }

    #[inline]
    pub(crate) fn is_escaped(self) -> bool {
        self.escapes == Escapes::Present
    }

    /// Returns the unescaped text. Ill-formed UTF-8 and lone surrogates are U+FFFD.
    pub(crate) fn to_text(self) -> Cow<'a, str> {
        self.to_text_with_halves().0
    }

    /// Returns the unescaped text, and the halves of surrogate pairs at its ends, which are U+FFFD in the text.
    pub(crate) fn to_text_with_halves(self) -> (Cow<'a, str>, Halves) {
        if !self.is_escaped() {
            return match core::str::from_utf8(self.raw) {
                Ok(text) => (Cow::Borrowed(text), Halves::default()),
                Err(_) => (String::from_utf8_lossy(self.raw), Halves::default()),
            };
        }
        let mut text = String::with_capacity(self.raw.len());
        let halves = unescape(self.raw, &mut text);
        (Cow::Owned(text), halves)
    }

    /// Creates text that is not unescaped: a backslash is an ordinary character.
    pub(crate) fn of_plain(text: &'a str) -> Self {
        Self::plain(text.as_bytes())
    }

    /// Appends the unescaped text, as [`to_text`](Self::to_text) returns it.
    pub(crate) fn append_to(self, text: &mut String) {
        if self.is_escaped() {
            unescape(self.raw, text);
        } else {
            push_lossy(self.raw, text);
        }
    }

    /// Returns the bytes of a name, to be compared.
    pub(crate) fn name(self) -> Cow<'a, [u8]> {
        if self.is_escaped() { self.unescaped_name() } else { Cow::Borrowed(self.raw) }
    }

    #[cold]
    fn unescaped_name(self) -> Cow<'a, [u8]> {
        Cow::Owned(self.to_text().into_owned().into_bytes())
    }
}

/// Length of `\uXXXX`.
const UNIT: usize = 6;

/// Appends the text of a string that has escapes.
fn unescape(raw: &[u8], text: &mut String) -> Halves {
    let mut halves = Halves::default();
    let mut rest = raw;
    while let Some(backslash) = rest.iter().position(|byte| *byte == b'\\') {
        let (before, escape) = rest.split_at_checked(backslash).unwrap_or((rest, &[]));
        push_lossy(before, text);
        let (length, character) = match read_escape(escape) {
            Escape::Complete { len, character } => (len, character),
            // The grammar is valid: this is a surrogate without its other half.
            _ => {
                match unit(escape) {
                    Some(low @ 0xDC00..=0xDFFF) if escape.len() == raw.len() => halves.leading = low,
                    Some(high @ 0xD800..=0xDBFF) if escape.len() == UNIT => halves.trailing = high,
                    _ => {}
                }
                (UNIT, '\u{FFFD}')
            }
        };
        text.push(character);
        rest = escape.get(length..).unwrap_or_default();
    }
    push_lossy(rest, text);
    halves
}

/// Returns the character that a surrogate pair encodes.
pub(crate) fn pair(high: u16, low: u16) -> char {
    let mut units = char::decode_utf16([high, low]);
    units.next().and_then(Result::ok).unwrap_or('\u{FFFD}')
}

/// Returns the UTF-16 code unit of the `\uXXXX` that begins here.
pub(crate) fn unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(br"\u")?.get(..4)?;
    digits.iter().try_fold(0_u16, |unit, digit| {
        let digit = char::from(*digit).to_digit(16).and_then(|digit| u16::try_from(digit).ok())?;
        Some((unit << 4) | digit)
    })
}

/// Appends bytes as text, with U+FFFD for ill-formed UTF-8.
pub(crate) fn push_lossy(bytes: &[u8], text: &mut String) {
    if let Ok(valid) = core::str::from_utf8(bytes) {
        text.push_str(valid);
        return;
    }
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push('\u{FFFD}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded() {
        let read = |raw: &[u8]| {
            let (text, halves) = JsonStr::escaped(raw).to_text_with_halves();
            (text.into_owned(), halves.leading, halves.trailing)
        };
        assert_eq!(read(br#"\"\\\/\b\f\n\r\t\u00e9x"#), ("\"\\/\u{8}\u{C}\n\r\t\u{e9}x".into(), 0, 0));
        assert_eq!(read(br"\ud83d\ude00"), ("\u{1F600}".into(), 0, 0));
        assert_eq!(read(br"a\ud83d"), ("a\u{FFFD}".into(), 0, 0xD83D));
        assert_eq!(read(br"\ude00b"), ("\u{FFFD}b".into(), 0xDE00, 0));
        assert_eq!(read(br"a\ude00\ud83db"), ("a\u{FFFD}\u{FFFD}b".into(), 0, 0));
        assert_eq!(read(b"\\n\xFFz"), ("\n\u{FFFD}z".into(), 0, 0));
        assert_eq!(read(br"\\ud83d"), (r"\ud83d".into(), 0, 0));
    }
}
