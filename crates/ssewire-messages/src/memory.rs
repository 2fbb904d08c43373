//! How strings and vectors grow, and when memory is freed: what keeps the heap within the factor that SECURITY.md
//! promises.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// Appends a piece to a string that deltas append to.
#[inline]
pub(crate) fn push(text: &mut String, piece: &str) {
    if text.capacity().saturating_sub(text.len()) < piece.len() {
        grow(text, piece.len());
    }
    text.push_str(piece);
}

/// As [`push`], of a character. `String::push` would double a full text.
#[inline]
pub(crate) fn push_char(text: &mut String, character: char) {
    if text.capacity().saturating_sub(text.len()) < character.len_utf8() {
        grow(text, character.len_utf8());
    }
    text.push(character);
}

/// Reserves room for more bytes, and for those that are likely to follow. A text of more than 4 KiB grows by half: at
/// most two and a half times its length is held while it is moved. A shorter one grows to three times its length: most
/// texts then take five allocations, not ten.
#[cold]
fn grow(text: &mut String, more: usize) {
    const LEAST: usize = 64;
    const LARGE: usize = 4096;
    let likely = if text.len() < LARGE { text.len().saturating_mul(2) } else { text.len() / 2 };
    text.reserve_exact(more.max(likely).max(LEAST));
}

/// Reserves room for `more` bytes of kept JSON. A large text grows by an eighth: doubling would hold three times its
/// length while it is moved.
pub(crate) fn reserve(text: &mut String, more: usize) {
    // A smaller text may double: the 8 KiB that SECURITY.md grants beside the factor are enough for it.
    const LARGE: usize = 8 * 1024;
    if text.capacity().saturating_sub(text.len()) >= more {
        return;
    }
    if text.is_empty() {
        text.reserve_exact(more);
    } else if text.len().max(more) > LARGE {
        text.reserve_exact(more.max(text.len() / 8));
    } else {
        text.reserve(more);
    }
}

/// Appends to a vector that grows by half: doubling would hold three times its length while it is moved. It begins with
/// room for the blocks of most messages.
pub(crate) fn push_growing_by_half<T>(vec: &mut Vec<T>, item: T) {
    const FIRST: usize = 2;
    if vec.len() == vec.capacity() {
        vec.reserve_exact(if vec.is_empty() { FIRST } else { vec.len() / 2 + 1 });
    }
    vec.push(item);
}

/// Reserves room for `more` bytes, or for half as many as there are.
pub(crate) fn reserve_half(bytes: &mut Vec<u8>, more: usize) {
    if bytes.capacity().saturating_sub(bytes.len()) < more {
        bytes.reserve_exact(more.max(bytes.len() / 2));
    }
}

/// Removes the text beyond this length, and frees its memory.
#[cold]
#[inline(never)]
pub(crate) fn truncate(text: &mut String, len: usize) {
    text.truncate(len);
    free_excess(text);
}

/// Frees the capacity of text that was removed, which no limit counts. What [`push`] reserves is never freed, so that
/// the cost stays linear: to be freed, capacity must have been filled.
#[inline(never)]
pub(crate) fn free_excess(text: &mut String) {
    // Each block may keep as much, and counts half of it: see `MessageDecoder::byte_count`.
    const KEPT: usize = 256;
    if text.capacity() / 4 > text.len().max(KEPT / 4) {
        *text = compact(Cow::Borrowed(text));
    }
}

/// Returns whether a decoded string may be kept as it is. That of an event with many escapes or spaces has several
/// times the capacity that it needs, which no limit counts.
pub(crate) fn is_compact(text: &String) -> bool {
    text.capacity() / 2 <= text.len()
}

/// Returns a decoded string, to keep.
pub(crate) fn compact(text: Cow<'_, str>) -> String {
    match text {
        Cow::Owned(owned) if is_compact(&owned) => owned,
        other => String::from(&*other),
    }
}
