//! Escapes in strings (RFC 8259, section 7), with surrogate pairs.

use crate::JsonErrorKind;

/// The escape at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// A complete escape.
    Complete {
        /// Length of the escape in bytes.
        len: usize,
        /// The character it means.
        character: char,
    },
    /// Valid so far, but the text ends within it.
    Partial,
    /// An invalid escape.
    Invalid {
        /// The error.
        kind: JsonErrorKind,
        /// Offset from the backslash of the first invalid byte.
        at: usize,
    },
}

/// Reads the escape at the beginning of `text`, whose first byte is a backslash (not checked).
///
/// A surrogate pair is one escape of 12 bytes: `\ud83d\ude00`. Reads no more than that.
#[inline]
#[must_use]
pub fn read_escape(text: &[u8]) -> Escape {
    let Some(letter) = text.get(1) else {
        return Escape::Partial;
    };
    match unescape_letter(*letter) {
        Some(character) => Escape::Complete { len: 2, character },
        None => read_long_escape(text),
    }
}

/// Returns the character that a backslash and this letter mean. `None` for `u` and for a letter without a meaning.
#[inline]
#[must_use]
pub fn unescape_letter(letter: u8) -> Option<char> {
    Some(match letter {
        b'"' | b'\\' | b'/' => char::from(letter),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return None,
    })
}

/// Reads `\uXXXX`, a surrogate pair of two, or an invalid escape.
#[cold]
fn read_long_escape(text: &[u8]) -> Escape {
    if text.get(1) == Some(&b'u') {
        read_code_point(text).unwrap_or_else(|stop| stop)
    } else {
        invalid(JsonErrorKind::InvalidEscape, 1)
    }
}

fn read_code_point(text: &[u8]) -> Result<Escape, Escape> {
    let first = read_code_unit(text, 2, Half::HighOrNone)?;
    if let Some(character) = char::from_u32(first) {
        return Ok(Escape::Complete { len: 6, character });
    }
    for (at, expected) in [(6, b'\\'), (7, b'u')] {
        match text.get(at) {
            Some(byte) if *byte == expected => {}
            Some(_) => return Err(invalid(JsonErrorKind::LoneSurrogate, at)),
            None => return Err(Escape::Partial),
        }
    }
    let second = read_code_unit(text, 8, Half::Low)?;
    // `first` is 0xD800..=0xDBFF and `second` 0xDC00..=0xDFFF here, ten bits of the character in each.
    match char::from_u32(0x1_0000 + ((first & 0x3FF) << 10) + (second & 0x3FF)) {
        Some(character) => Ok(Escape::Complete { len: 12, character }),
        None => Err(invalid(JsonErrorKind::LoneSurrogate, 8)),
    }
}

/// The code units allowed: the second of a pair must be a low surrogate, the first must not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    HighOrNone,
    Low,
}

/// Reads the four hexadecimal digits at `from`. Fails at the first digit that decides it: `\udc` is a low surrogate
/// whatever follows.
fn read_code_unit(text: &[u8], from: usize, half: Half) -> Result<u32, Escape> {
    let mut unit = 0;
    for at in from..from + 4 {
        let Some(byte) = text.get(at) else {
            return Err(Escape::Partial);
        };
        let Some(digit) = char::from(*byte).to_digit(16) else {
            return Err(invalid(JsonErrorKind::InvalidEscape, at));
        };
        unit = unit * 16 + digit;
        let fits = match (half, at - from) {
            (Half::HighOrNone, 1) => !matches!(unit, 0xDC..=0xDF),
            (Half::Low, 0) => unit == 0xD,
            (Half::Low, 1) => matches!(unit, 0xDC..=0xDF),
            _ => true,
        };
        if !fits {
            return Err(invalid(JsonErrorKind::LoneSurrogate, at));
        }
    }
    Ok(unit)
}

fn invalid(kind: JsonErrorKind, at: usize) -> Escape {
    Escape::Invalid { kind, at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_escape_decodes_complete_escapes() {
        for (text, len, character) in [
            (r#"\""#, 2, '"'),
            (r"\\n", 2, '\\'),
            (r"\/", 2, '/'),
            (r"\b", 2, '\u{8}'),
            (r"\f", 2, '\u{c}'),
            (r"\n", 2, '\n'),
            (r"\r", 2, '\r'),
            (r"\t", 2, '\t'),
            (r"\u0000", 6, '\0'),
            (r"\u00e9\u00e9", 6, 'é'),
            (r"\ud7FF", 6, '\u{d7ff}'),
            (r"\uE000", 6, '\u{e000}'),
            (r"\uFfFf", 6, '\u{ffff}'),
            (r"\ud800\udc00", 12, '\u{10000}'),
            (r"\uD83D\uDE00", 12, '😀'),
            (r"\udbff\udfff!", 12, '\u{10ffff}'),
        ] {
            let expected = Escape::Complete { len, character };
            assert_eq!(read_escape(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn read_escape_is_partial_for_every_prefix() {
        for text in [r"\n", r"\u00e9", r"\ud83d\ude00", r"\uD800\uDFFF"] {
            for len in 1..text.len() {
                let prefix = &text.as_bytes()[..len];
                assert_eq!(read_escape(prefix), Escape::Partial, "{text} {len}");
            }
        }
    }

    #[test]
    fn read_escape_reports_the_first_invalid_byte() {
        use JsonErrorKind::{InvalidEscape, LoneSurrogate};
        for (text, kind, at) in [
            (r"\x", InvalidEscape, 1),
            (r"\'", InvalidEscape, 1),
            (r"\U0041", InvalidEscape, 1),
            (r"\ug", InvalidEscape, 2),
            (r"\u+041", InvalidEscape, 2),
            (r"\u00 1", InvalidEscape, 4),
            (r"\u004é", InvalidEscape, 5),
            (r"\ud83d\udxyz", InvalidEscape, 9),
            (r"\udc", LoneSurrogate, 3),
            (r"\uDFFF", LoneSurrogate, 3),
            (r"\ud83d!", LoneSurrogate, 6),
            (r"\ud83d\n", LoneSurrogate, 7),
            (r"\ud83d\u0041", LoneSurrogate, 8),
            (r"\ud83d\ud83d\ude00", LoneSurrogate, 9),
        ] {
            assert_eq!(read_escape(text.as_bytes()), Escape::Invalid { kind, at }, "{text}");
        }
    }
}
