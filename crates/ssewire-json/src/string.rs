//! The contents of a JSON string: where they end, and what their escapes mean (RFC 8259, section 7); and a limit of
//! numbers.
//!
//! Shared with `ssewire-messages`; not part of the public API, and free to change in any release.
//!
//! WARNING: [`find_special`] is a fast path. It reads eight bytes at a time, and 64 in a long string. It must return
//! the same position as a loop over single bytes, which the tests `find_special_agrees_with_a_byte_loop` and
//! `find_special_in_word_agrees_with_a_byte_loop` prove. Read `special_in_word` first.

pub use crate::escape::{Escape, read_escape, unescape_letter};

/// Maximum length in bytes of a number that is shown while it is at the end of the text. A longer number is shown when
/// its delimiter arrives: building its value again at every push would cost the square of its length.
pub const MAX_NUMBER_AT_END: usize = 64;

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

/// As [`find_special`], for long strings: in blocks that are compiled to vector instructions.
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

#[inline]
fn is_special(byte: &u8) -> bool {
    // Not `||`: its branches would not be compiled to vector instructions.
    (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\')
}

/// As [`find_special`], for eight bytes at once.
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

    /// The bytes around the tested one in a word: also the neighbours in value of the special bytes. One of them in
    /// Miri, where all would take minutes.
    const AROUND: &[u8] = if cfg!(miri) { b"!" } else { b"x!# \x7F\x80\xFF" };

    /// For every byte value in every lane, also next to its neighbours in value.
    #[test]
    fn find_special_in_word_agrees_with_a_byte_loop() {
        for byte in 0..=u8::MAX {
            for lane in 0..8 {
                for &filler in AROUND {
                    let mut word = [filler; 8];
                    word[lane] = byte;
                    let expected = word.iter().position(is_special);
                    assert_eq!(special_in_word(word), expected, "{word:x?}");
                }
            }
        }
    }

    /// The bytes around the tested one in a string, the number of control characters that are tested, and the
    /// difference of the tested lengths. Few in Miri, too.
    const FILLERS: &[u8] = if cfg!(miri) { b"x" } else { b"x !#[]\x7F\x80\x9F\xA2\xDC\xFF" };
    const CONTROLS: u8 = if cfg!(miri) { 1 } else { 0x20 };
    const STEP: usize = if cfg!(miri) { 13 } else { 1 };

    #[test]
    fn find_special_agrees_with_a_byte_loop() {
        // Around the ends of words, of the near part, and of a block.
        for length in (0..42).chain(94..106).step_by(STEP) {
            for &filler in FILLERS {
                let plain = vec![filler; length];
                assert_eq!(find_special(&plain), None);
                for at in 0..length {
                    for byte in (0..CONTROLS).chain([b'"', b'\\']) {
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
}
