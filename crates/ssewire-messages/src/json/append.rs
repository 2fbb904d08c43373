//! Fast path: a JSON string is appended to a text while its end is searched.
//!
//! It appends the text that `JsonStr::to_text` returns, or gives up: ill-formed UTF-8 and `\u` escapes, which may be
//! halves of surrogate pairs, are left to that.

use alloc::string::String;

use ssewire_json::string::{find_special_in_text, unescape_letter};

/// The free capacity with which a text is appended to fastest.
pub(crate) const APPEND_ROOM: usize = Block::LEN;

/// Appends the text of a string, up to its closing quote, and returns the bytes from there on. `None`: it is longer
/// than `room`, or the slow path has to read it; some of it may have been appended.
#[inline(always)]
pub(crate) fn append_string<'a>(data: &'a [u8], text: &mut String, room: usize) -> Option<&'a [u8]> {
    let plain = find_special_in_text(data)?;
    let (rest, room) = (data.get(plain..)?, room.checked_sub(plain)?);
    append_plain(data, plain, text)?;
    if rest.first() == Some(&b'"') { Some(rest) } else { append_escaped(rest, text, room) }
}

/// Appends the text of a string from its first escape on, as [`append_string`] does.
fn append_escaped<'a>(mut rest: &'a [u8], text: &mut String, mut room: usize) -> Option<&'a [u8]> {
    while let [b'\\', escape, after @ ..] = rest {
        let plain = find_special_in_text(after)?;
        room = room.checked_sub(plain.saturating_add(1))?;
        crate::memory::push_char(text, unescape_letter(*escape)?);
        append_plain(after, plain, text)?;
        rest = after.get(plain..)?;
    }
    (rest.first() == Some(&b'"')).then_some(rest)
}

/// Appends the first `len` bytes, if they are UTF-8.
#[inline]
fn append_plain(data: &[u8], len: usize, text: &mut String) -> Option<()> {
    // Perhaps a block would not fit, or its end cuts a character of the bytes after these.
    if len > Block::LEN || !Block::start_of(data).append_to(text, len) {
        crate::memory::push(text, core::str::from_utf8(data.get(..len)?).ok()?);
    }
    Some(())
}

/// A few bytes to be appended, and those after them.
///
/// `from_utf8` takes words at a time from the first aligned byte on. In the few bytes of a delta, which begin anywhere,
/// its branches before and after these words cost more than it saves: no processor predicts them. So the bytes are
/// validated with those after them, mostly ASCII, in an aligned block. The whole block is appended, and then cut: the
/// compiler inlines a copy of constant length.
#[repr(align(16))]
struct Block([u8; Self::LEN]);

impl Block {
    const LEN: usize = 32;

    /// Returns the first bytes, and zeros if there are fewer.
    #[inline(always)]
    fn start_of(data: &[u8]) -> Self {
        if let Some(start) = data.first_chunk() {
            return Self(*start);
        }
        let mut block = Self([0; Self::LEN]);
        if let Some(start) = block.0.get_mut(..data.len()) {
            start.copy_from_slice(data);
        }
        block
    }

    /// Appends the first `len` bytes, if the text has room for the block, and the block is UTF-8. Otherwise changes
    /// nothing: when a text grows depends on its own length alone.
    #[inline(always)]
    fn append_to(&self, text: &mut String, len: usize) -> bool {
        if text.capacity().saturating_sub(text.len()) < Self::LEN {
            return false;
        }
        match core::str::from_utf8(&self.0) {
            // The length is that of the block; only the optimizer does not know it.
            Ok(valid) if valid.len() == Self::LEN => {
                let end = text.len().saturating_add(len);
                text.push_str(valid);
                text.truncate(end);
                true
            }
            _ => false,
        }
    }
}

/// Returns the bytes as text, if they are UTF-8. Avoids the same branches as [`Block`], but by a loop over the
/// bytes: the result borrows from them, and so cannot be the aligned copy. With `from_utf8` alone, decoding a delta
/// would take 10 % longer.
#[inline]
pub(crate) fn short_utf8(text: &[u8]) -> Option<&str> {
    const FEW: usize = 24;
    if text.len() > FEW {
        return core::str::from_utf8(text).ok();
    }
    let mut chunks = text.utf8_chunks();
    let valid = chunks.next().map_or("", |chunk| chunk.valid());
    (valid.len() == text.len()).then_some(valid)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::super::JsonStr;
    use super::*;

    /// The distance between the tested lengths, and places: all of them would take an hour in Miri.
    const STEP: usize = if cfg!(miri) { 24 } else { 1 };

    /// Strings of every length with each special byte at every place.
    fn strings() -> Vec<Vec<u8>> {
        let plain = "a brown fox, é, 😀 and a dog that jumps over it".as_bytes();
        let marks: [&[u8]; 9] = [b"", b"\\n", b"\\\"", b"\\\\", b"\\u00e9", b"\\ud83d", b"\xFF", b"\xC3", b"\x01"];
        let mut strings = Vec::new();
        for length in (0..plain.len()).step_by(STEP) {
            for mark in marks {
                for at in (0..=length).step_by(STEP) {
                    strings.push([&plain[..at], mark, &plain[at..length]].concat());
                }
            }
        }
        strings
    }

    /// A text without room for a block, and one with room for several.
    fn texts() -> [String; 2] {
        let mut roomy = String::with_capacity(8 * Block::LEN);
        roomy.push_str("so far ");
        ["so far ".into(), roomy]
    }

    #[test]
    fn a_string_is_appended_as_it_is_read_or_not_at_all() {
        let mut appended = 0;
        for string in strings() {
            for end in [&b"\""[..], b"\"}}\n\nevent: content_block_delta"] {
                let data = [&string[..], end].concat();
                for mut text in texts() {
                    let Some(rest) = append_string(&data, &mut text, string.len()) else { continue };
                    assert_eq!(rest, end);
                    assert_eq!(text, alloc::format!("so far {}", JsonStr::escaped(&string).to_text()));
                    appended += 1;
                }
            }
        }
        assert!(appended > 10_000 / STEP.pow(2), "{appended}");
    }

    #[test]
    fn what_follows_a_string_may_end_within_a_character() {
        let after = "\"}}\n\n😀😀😀😀😀😀😀😀";
        for len in 0..=Block::LEN {
            let string = "abcdefghijklmnopqrstuvwxyz0123456".get(..len).unwrap();
            let data = alloc::format!("{string}{after}");
            for mut text in texts() {
                assert_eq!(append_string(data.as_bytes(), &mut text, len), Some(after.as_bytes()));
                assert_eq!(text, alloc::format!("so far {string}"));
            }
        }
    }

    #[test]
    fn a_string_longer_than_the_room_is_refused() {
        for string in [&b"a brown fox"[..], b"a brown fox that jumps over a dog and a fence", b"a\\nb\\nc"] {
            let data = [string, b"\""].concat();
            let length = JsonStr::escaped(string).to_text().len();
            assert!(append_string(&data, &mut String::new(), length).is_some());
            for room in 0..length {
                assert!(append_string(&data, &mut String::new(), room).is_none());
            }
        }
    }
}
