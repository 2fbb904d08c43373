//! Fast path: a JSON string is appended to a text while its end is searched.
//!
//! It appends the text that `JsonStr::to_text` returns, or gives up: ill-formed UTF-8 and `\u` escapes, which may be
//! halves of surrogate pairs, are left to that.

use alloc::string::String;

use ssewire_json::string::unescape_letter;

use super::find_special;

/// Appends the text of a string, up to its closing quote, and returns the bytes from there on. `None`: it is longer
/// than `room`, or the slow path has to read it; some of it may have been appended.
#[inline(always)]
pub(crate) fn append_string<'a>(data: &'a [u8], text: &mut String, room: usize) -> Option<&'a [u8]> {
    let (plain, rest) = data.split_at_checked(find_special(data)?)?;
    let room = room.checked_sub(plain.len())?;
    push_plain(plain, text)?;
    if rest.first() == Some(&b'"') { Some(rest) } else { append_escaped(rest, text, room) }
}

/// Appends the text of a string from its first escape on, as [`append_string`] does.
fn append_escaped<'a>(mut rest: &'a [u8], text: &mut String, mut room: usize) -> Option<&'a [u8]> {
    while let [b'\\', escape, after @ ..] = rest {
        let unescaped = unescape_letter(*escape)?;
        let (plain, after) = after.split_at_checked(find_special(after)?)?;
        room = room.checked_sub(plain.len().saturating_add(1))?;
        crate::memory::push_char(text, unescaped);
        push_plain(plain, text)?;
        rest = after;
    }
    (rest.first() == Some(&b'"')).then_some(rest)
}

/// Appends bytes, if they are UTF-8.
///
/// `from_utf8` takes words at a time from the first aligned byte on. In the few bytes of a delta, which begin anywhere,
/// its branches before and after these words cost more than it saves: no processor predicts them. So the bytes are
/// copied to where they are aligned, and filled up. With the loop of [`short_utf8`] a delta would take 8 % longer.
#[inline]
fn push_plain(plain: &[u8], text: &mut String) -> Option<()> {
    #[repr(align(16))]
    struct Aligned([u8; 32]);

    let mut aligned = Aligned([0; 32]);
    let valid = match aligned.0.get_mut(..plain.len()) {
        Some(few) => {
            few.copy_from_slice(plain);
            core::str::from_utf8(&aligned.0).ok()?.get(..plain.len())?
        }
        None => core::str::from_utf8(plain).ok()?,
    };
    crate::memory::push(text, valid);
    Some(())
}

/// Returns the bytes as text, if they are UTF-8. Avoids the same branches as [`push_plain`], but by a loop over the
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

    #[test]
    fn a_string_is_appended_as_it_is_read_or_not_at_all() {
        let mut appended = 0;
        for string in strings() {
            for end in [&b"\""[..], b"\"}}\n\nevent: content_block_delta"] {
                let data = [&string[..], end].concat();
                let mut text = String::from("so far ");
                let Some(rest) = append_string(&data, &mut text, string.len()) else { continue };
                assert_eq!(rest, end);
                assert_eq!(text, alloc::format!("so far {}", JsonStr::escaped(&string).to_text()));
                appended += 1;
            }
        }
        assert!(appended > 5000 / STEP.pow(2), "{appended}");
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
