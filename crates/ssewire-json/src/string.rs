//! The contents of a JSON string: where they end, and what their escapes mean (RFC 8259, section 7).
//!
//! Shared with `ssewire-messages`; not part of the public API, and free to change in any release.
//!
//! WARNING: [`find_special`] is a fast path. It reads eight bytes at a time, and 64 in a long string. It must return
//! the same position as a loop over single bytes, which the tests `find_special_agrees_with_a_byte_loop` and
//! `find_special_in_word_agrees_with_a_byte_loop` prove. Read `special_in_word` first.

use alloc::string::String;

pub use crate::escape::{Escape, read_escape, unescape_letter};
use crate::{JsonError, JsonErrorKind};

/// Returns the position of the first byte that a string cannot contain unescaped: `"`, `\` or a control character
/// (below 0x20). `None` if there is none.
///
/// Does not check UTF-8. Costs one pass up to the position returned.
#[inline]
#[must_use]
pub fn find_special(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        if let Some(lane) = special_in_word(*word) {
            return Some(at + lane);
        }
        (at, rest) = (at + 8, after);
        if at == NEAR {
            return find_special_far(rest).map(|far| NEAR + far);
        }
    }
    // The last eight bytes overlap those before.
    match bytes.last_chunk() {
        Some(word) => special_in_word(*word).map(|lane| bytes.len() - 8 + lane),
        None => bytes.iter().position(is_special),
    }
}

/// Most strings end within this many bytes.
const NEAR: usize = 32;

/// [`find_special`] for long strings: in blocks that are compiled to vector instructions.
#[inline(never)]
fn find_special_far(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    while let Some((block, after)) = rest.split_first_chunk::<64>() {
        if block.iter().fold(false, |found, byte| found | is_special(byte)) {
            break;
        }
        rest = after;
    }
    rest.iter().position(is_special).map(|at| bytes.len() - rest.len() + at)
}

/// Appends `contents`, the contents of a JSON string without its quotes, with every escape replaced by its character. A
/// surrogate pair is one character.
///
/// Reserves nothing: reserve `contents.len()` bytes before, which is always enough. Costs one pass.
///
/// # Errors
///
/// A byte that cannot be in a string, an invalid or incomplete escape
/// ([`UnexpectedEnd`](JsonErrorKind::UnexpectedEnd)) or a lone surrogate; the offset is the one within `contents`. What
/// precedes it has been appended: truncate `text` to undo this.
pub fn unescape_onto(text: &mut String, contents: &str) -> Result<(), JsonError> {
    let mut rest = contents;
    while let Some((plain, special)) = find_special(rest.as_bytes()).and_then(|at| rest.split_at_checked(at)) {
        text.push_str(plain);
        let fail = |kind, at| Err(JsonError::new(kind, (contents.len() - special.len()) + at));
        if !special.starts_with('\\') {
            let is_quote = special.starts_with('"');
            let kind = if is_quote { JsonErrorKind::UnexpectedCharacter } else { JsonErrorKind::ControlCharacter };
            return fail(kind, 0);
        }
        match read_escape(special.as_bytes()) {
            Escape::Complete { len, character } => {
                text.push(character);
                rest = special.get(len..).unwrap_or_default();
            }
            Escape::Partial => return fail(JsonErrorKind::UnexpectedEnd, special.len()),
            Escape::Invalid { kind, at } => return fail(kind, at),
        }
    }
    text.push_str(rest);
    Ok(())
}

#[inline]
fn is_special(byte: &u8) -> bool {
    // Not `||`: its branches would not be compiled to vector instructions.
    (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\')
}

/// [`find_special`] for eight bytes at once.
///
/// In each byte lane, `(x - n) & !x` has its top bit set if `x < n`, for `n` up to 0x80. `x ^ c` is below 1 only for
/// `x == c`; it has the top bit of `x`. A borrow may set the top bit of a lane wrongly, but only above a lane that has
/// it rightly. So the lowest bit is always right.
#[inline]
fn special_in_word(word: [u8; 8]) -> Option<usize> {
    const EACH: u64 = u64::MAX / 0xFF;
    let word = u64::from_le_bytes(word);
    let below = |x: u64, n: u8| x.wrapping_sub(EACH * u64::from(n));
    let equal = |c: u8| below(word ^ (EACH * u64::from(c)), 1);

    let special = (below(word, 0x20) | equal(b'"') | equal(b'\\')) & !word & (EACH * 0x80);
    if special == 0 { None } else { Some(special.trailing_zeros() as usize / 8) }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// For every byte value in every lane, also next to its neighbours in value.
    #[test]
    fn find_special_in_word_agrees_with_a_byte_loop() {
        for byte in 0..=u8::MAX {
            for lane in 0..8 {
                for filler in [b'x', b'!', b'#', b' ', 0x7F, 0x80, 0xFF] {
                    let mut word = [filler; 8];
                    word[lane] = byte;
                    let expected = word.iter().position(is_special);
                    assert_eq!(special_in_word(word), expected, "{word:x?}");
                }
            }
        }
    }

    #[test]
    fn find_special_agrees_with_a_byte_loop() {
        // Around the ends of words, of the near part, and of a block.
        for length in (0..42).chain(94..106) {
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
    fn unescape_replaces_every_escape() {
        for (contents, expected) in [
            ("", ""),
            ("plain é", "plain é"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"a\u0041\u00e9\u20ac\uD83D\uDE00z", "aAé€😀z"),
        ] {
            let mut text = String::from("before ");
            assert_eq!(unescape_onto(&mut text, contents), Ok(()), "{contents}");
            assert_eq!(text.strip_prefix("before "), Some(expected));
        }
    }

    #[test]
    fn unescape_rejects_controls_and_unknown_escapes() {
        use JsonErrorKind::*;
        for (contents, kind, at) in [
            ("a\"b", UnexpectedCharacter, 1),
            ("a\tb", ControlCharacter, 1),
            (r"ab\x", InvalidEscape, 3),
            (r"ab\ud83d!", LoneSurrogate, 8),
            (r"ab\ud83d", UnexpectedEnd, 8),
            (r"ab\", UnexpectedEnd, 3),
        ] {
            assert_eq!(unescape_onto(&mut String::new(), contents), Err(JsonError::new(kind, at)), "{contents}");
        }
    }
}
