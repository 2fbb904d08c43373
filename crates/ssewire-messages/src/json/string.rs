//! JSON strings: finding their end, and what they say.

use alloc::borrow::Cow;
use alloc::string::String;

/// A string between its quotes, valid by the grammar; its UTF-8 is not checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonStr<'a> {
    pub(crate) raw: &'a [u8],
    pub(crate) is_escaped: bool,
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
    /// What the string says. Ill-formed UTF-8 and lone surrogates are U+FFFD.
    pub(crate) fn to_text(self) -> Cow<'a, str> {
        self.to_text_with_halves().0
    }

    /// The same, and the halves of pairs at its ends, which are U+FFFD in the text.
    pub(crate) fn to_text_with_halves(self) -> (Cow<'a, str>, Halves) {
        if !self.is_escaped {
            return match core::str::from_utf8(self.raw) {
                Ok(text) => (Cow::Borrowed(text), Halves::default()),
                Err(_) => (String::from_utf8_lossy(self.raw), Halves::default()),
            };
        }
        let mut text = String::with_capacity(self.raw.len());
        let halves = unescape(self.raw, &mut text);
        (Cow::Owned(text), halves)
    }

    /// The bytes of a name, to be compared.
    pub(crate) fn name(self) -> Cow<'a, [u8]> {
        if !self.is_escaped {
            return Cow::Borrowed(self.raw);
        }
        Cow::Owned(self.to_text().into_owned().into_bytes())
    }
}

/// Appends what an escaped string says.
fn unescape(raw: &[u8], text: &mut String) -> Halves {
    let mut halves = Halves::default();
    let mut rest = raw;
    while let Some(backslash) = rest.iter().position(|byte| *byte == b'\\') {
        let (before, escape) = rest.split_at_checked(backslash).unwrap_or((rest, &[]));
        push_lossy(before, text);
        let mut length = 2;
        text.push(match escape.get(1) {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'u') => {
                length = 6;
                let first = unit(escape).unwrap_or(0xFFFD);
                let second = escape.get(6..).and_then(unit);
                match (first, second) {
                    (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => {
                        length = 12;
                        pair(first, low)
                    }
                    _ => {
                        if matches!(first, 0xDC00..=0xDFFF) && escape.len() == raw.len() {
                            halves.leading = first;
                        }
                        if matches!(first, 0xD800..=0xDBFF) && escape.len() == length {
                            halves.trailing = first;
                        }
                        char::from_u32(u32::from(first)).unwrap_or('\u{FFFD}')
                    }
                }
            }
            Some(other) => char::from(*other),
            None => '\u{FFFD}',
        });
        rest = escape.get(length..).unwrap_or_default();
    }
    push_lossy(rest, text);
    halves
}

/// The character that a surrogate pair stands for.
pub(crate) fn pair(high: u16, low: u16) -> char {
    let mut units = char::decode_utf16([high, low]);
    units.next().and_then(Result::ok).unwrap_or('\u{FFFD}')
}

/// The UTF-16 code unit of the `\uXXXX` that begins here.
pub(crate) fn unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(br"\u")?.get(..4)?;
    digits.iter().try_fold(0_u16, |unit, digit| {
        let digit = char::from(*digit).to_digit(16).and_then(|digit| u16::try_from(digit).ok())?;
        Some((unit << 4) | digit)
    })
}

/// Appends bytes as text, with U+FFFD for what is ill-formed.
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

/// The position of the first quote, backslash or control character: the bytes that a string cannot hold as they are.
#[inline]
pub(crate) fn find_special(data: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    let mut rest = data;
    while let Some((word, after)) = rest.split_first_chunk() {
        let found = special_in(*word);
        if found != 0 {
            return at.checked_add(usize::try_from(found.trailing_zeros() / 8).ok()?);
        }
        at = at.saturating_add(8);
        rest = after;
        if at == NEAR {
            return find_far(rest)?.checked_add(NEAR);
        }
    }
    at.checked_add(rest.iter().position(is_special)?)
}

/// Most strings end within so many bytes.
const NEAR: usize = 32;

/// The same for long strings: in blocks that are compiled to vector instructions.
#[inline(never)]
fn find_far(data: &[u8]) -> Option<usize> {
    const BLOCK: usize = 64;
    let mut rest = data;
    while let Some((block, after)) = rest.split_first_chunk::<BLOCK>() {
        if block.iter().fold(false, |found, byte| found | is_special(byte)) {
            break;
        }
        rest = after;
    }
    let at = data.len().saturating_sub(rest.len());
    at.checked_add(rest.iter().position(is_special)?)
}

#[inline(always)]
fn is_special(byte: &u8) -> bool {
    // Not `matches!`: its branches would not be compiled to vector instructions.
    (*byte == b'"') | (*byte == b'\\') | (*byte < 0x20)
}

/// The high bits of the special bytes among eight; only the lowest bit that is set is exact: `word - 0x01…` borrows into
/// the high bit of a byte that is zero, and the borrow may change the bytes above it.
#[inline(always)]
fn special_in(word: [u8; 8]) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let word = u64::from_le_bytes(word);
    let (quote, backslash) = (word ^ (ONES * b'"' as u64), word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    ((quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash) | control) & HIGH
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands_and_whatever_stands_around_it() {
        for length in 0..24 {
            for filler in [b'x', 0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7F, 0x80, 0x9F, 0xA2, 0xDC, 0xFF] {
                let plain = vec![filler; length];
                assert_eq!(find_special(&plain), None);
                for at in 0..length {
                    for byte in (0..0x20).chain([b'"', b'\\']) {
                        let mut data = plain.clone();
                        data[at..].fill(byte);
                        assert_eq!(find_special(&data), Some(at));
                        data[at + 1..].fill(filler);
                        assert_eq!(find_special(&data), Some(at));
                    }
                }
            }
        }
    }

    #[test]
    fn escapes_say_what_they_say() {
        let read = |raw: &[u8]| {
            let (text, halves) = JsonStr { raw, is_escaped: true }.to_text_with_halves();
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
