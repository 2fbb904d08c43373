//! The contents of a JSON string: where they end, and what their escapes mean (RFC 8259, section 7); and a limit of
//! numbers.
//!
//! Shared with `ssewire-messages`; not part of the public API, and free to change in any release.
//!
//! WARNING: [`find_special`] and [`find_special_in_text`] are fast paths. They read 8, 32 or 64 bytes at a time. They
//! must return the same position as a loop over single bytes, which the tests `…_agrees_with_a_byte_loop` prove. Read
//! `special_in_word` first.

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
        if at == BLOCK {
            return find_special_far(rest).map(|far| BLOCK + far);
        }
    }
    // The last eight bytes overlap those before.
    match bytes.last_chunk() {
        Some(word) => special_in_word(*word).map(|lane| bytes.len() - 8 + lane),
        None => bytes.iter().position(is_special),
    }
}

/// As [`find_special`], for the text of a delta: its length varies, so the branches of a loop over words would be
/// mispredicted. For the names and short values of a document, that loop is faster.
#[inline]
#[must_use]
pub fn find_special_in_text(bytes: &[u8]) -> Option<usize> {
    let Some((block, after)) = bytes.split_first_chunk() else { return find_special(bytes) };
    special_in_block(block).or_else(|| find_special_far(after).map(|far| BLOCK + far))
}

/// Most strings end within this many bytes.
const BLOCK: usize = 32;

/// As [`find_special`], for long strings: in blocks that are compiled to vector instructions.
#[inline(never)]
fn find_special_far(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    while let Some((blocks, after)) = rest.split_first_chunk::<{ 2 * BLOCK }>() {
        if blocks.iter().fold(false, |found, byte| found | is_special(byte)) {
            break;
        }
        rest = after;
    }
    while let Some((block, after)) = rest.split_first_chunk() {
        if let Some(at) = special_in_block(block) {
            return Some(bytes.len() - rest.len() + at);
        }
        rest = after;
    }
    find_special(rest).map(|at| bytes.len() - rest.len() + at)
}

/// As [`find_special`], for a block at once, without a branch.
#[inline]
fn special_in_block(block: &[u8; BLOCK]) -> Option<usize> {
    // Compiled to vector instructions, which make each byte 0xFF or 0. The multiplication gathers the lowest bits of
    // the eight bytes of a word in its highest byte.
    let lanes = block.map(|byte| if is_special(&byte) { 0xFF } else { 0 });
    let bits = lanes.chunks_exact(8).rev().fold(0_u32, |bits, word| {
        let word = u64::from_le_bytes(word.try_into().unwrap_or_default()) & EACH;
        (bits << 8) | (word.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
    });
    if bits == 0 { None } else { Some(bits.trailing_zeros() as usize) }
}

#[inline]
fn is_special(byte: &u8) -> bool {
    // Not `||`: its branches would not be compiled to vector instructions.
    (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\')
}

/// 1 in each byte of a word.
const EACH: u64 = u64::MAX / 0xFF;

/// As [`find_special`], for eight bytes at once.
///
/// In each byte lane, `(x - n) & !x` has its top bit set if `x < n`, for `n` up to 0x80. `x ^ c` is below 1 only for
/// `x == c`; it has the top bit of `x`. A borrow may set the top bit of a lane wrongly, but only above a lane that has
/// it rightly. So the lowest bit is always right.
#[inline]
fn special_in_word(word: [u8; 8]) -> Option<usize> {
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

    /// For every byte value in every lane.
    #[test]
    fn special_in_block_agrees_with_a_byte_loop() {
        for byte in 0..=u8::MAX {
            for lane in 0..BLOCK {
                for &filler in AROUND {
                    let mut block = [filler; BLOCK];
                    block[lane] = byte;
                    assert_eq!(special_in_block(&block), block.iter().position(is_special), "{block:x?}");
                }
            }
        }
    }

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
                assert_eq!((find_special(&plain), find_special_in_text(&plain)), (None, None));
                for at in 0..length {
                    for byte in (0..CONTROLS).chain([b'"', b'\\']) {
                        let mut data = plain.clone();
                        data[at..].fill(byte);
                        assert_eq!((find_special(&data), find_special_in_text(&data)), (Some(at), Some(at)));
                        data[at + 1..].fill(filler);
                        assert_eq!((find_special(&data), find_special_in_text(&data)), (Some(at), Some(at)));
                    }
                }
            }
        }
    }
}
