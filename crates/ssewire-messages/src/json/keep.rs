//! How a value that the scanner has validated is kept as text.

use alloc::string::String;
use core::str::Utf8Chunk;

use super::Cursor;
use super::string::{push_lossy, unit};
use crate::memory::reserve;

/// Appends a valid value: line ends as spaces, since JSON has them only between tokens; ill-formed UTF-8 and lone
/// surrogate escapes as U+FFFD.
pub(crate) fn append_raw(valid: &[u8], text: &mut String) {
    let is_plain = !has_replaceable(valid);
    if is_plain {
        if let Ok(valid) = core::str::from_utf8(valid) {
            reserve(text, valid.len().saturating_add(usize::from(!text.is_empty())));
            text.push_str(valid);
            return;
        }
    }
    reserve(text, kept_len(valid).saturating_add(1));
    let mut rest = valid;
    loop {
        let from = skip_plain(rest);
        push_lossy(rest.get(..rest.len().saturating_sub(from.len())).unwrap_or_default(), text);
        if from.is_empty() {
            return;
        }
        let length = match (from.first(), unit(from)) {
            (Some(b'\\'), None) => 2,
            (Some(b'\\'), Some(0xD800..=0xDBFF)) if matches!(from.get(6..).and_then(unit), Some(0xDC00..=0xDFFF)) => 12,
            (Some(b'\\'), Some(0xD800..=0xDFFF)) => {
                text.push_str(r"\ufffd");
                rest = from.get(6..).unwrap_or_default();
                continue;
            }
            (Some(b'\\'), Some(_)) => 6,
            _ => {
                text.push(' ');
                rest = from.get(1..).unwrap_or_default();
                continue;
            }
        };
        let (escape, after) = from.split_at_checked(length).unwrap_or((from, &[]));
        push_lossy(escape, text);
        rest = after;
    }
}

/// Returns the length of bytes as text: each ill-formed part becomes a U+FFFD of three bytes. [`append_raw`] changes
/// the length of valid JSON in no other way.
#[inline(never)]
pub(crate) fn kept_len(valid: &[u8]) -> usize {
    // Many times as fast as the search for ill-formed bytes.
    if core::str::from_utf8(valid).is_ok() {
        return valid.len();
    }
    let length =
        |chunk: Utf8Chunk<'_>| chunk.valid().len().saturating_add(if chunk.invalid().is_empty() { 0 } else { 3 });
    valid.utf8_chunks().map(length).fold(0, usize::saturating_add)
}

/// Splits kept values, `value,` for each: the first one, and the text after its comma.
pub(crate) fn split_value(text: &str) -> Option<(&str, &str)> {
    let mut cursor = Cursor::of_document(text.as_bytes());
    cursor.skip_value().ok()?;
    let (value, after) = text.split_at_checked(cursor.offset())?;
    Some((value, after.strip_prefix(',')?))
}

/// Returns whether the bytes have a line end, or a `\u` escape.
fn has_replaceable(bytes: &[u8]) -> bool {
    let mut rest = skip_plain(bytes);
    while let [b'\\', escape, after @ ..] = rest {
        if *escape == b'u' {
            return true;
        }
        rest = skip_plain(after);
    }
    !rest.is_empty()
}

/// Returns the bytes from the first line end or backslash on.
// Out of line: inlined, its loop over vectors is three times in a program.
#[inline(never)]
fn skip_plain(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    // Blocks of a constant length, without an early end and with few comparisons are compiled to vector instructions.
    while let Some((block, after)) = rest.split_first_chunk::<64>() {
        if block.iter().fold(false, |found, byte| found | (*byte < b' ') | (*byte == b'\\')) {
            break;
        }
        rest = after;
    }
    let plain = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r' | b'\\')).unwrap_or(rest.len());
    rest.get(plain..).unwrap_or_default()
}
