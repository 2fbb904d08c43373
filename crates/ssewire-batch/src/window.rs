//! The copy of a whole piece of the input, in place of a copy of each event.
//!
//! Copying and checking a few kilobytes at once takes less time than one event at a time. So the text of a batch has
//! copies of windows of the input, with field names and line ends, and records point into them. An event that is not
//! within one piece of the input has a copy of its own: one that spans chunks or has several `data` lines. So has the
//! last event of a chunk if no window has it, and its type is `message`.
//!
//! Where an event lies is found by its address. An address decides nothing but whether bytes are copied again: a record
//! always points to the same text.

use simdutf8::compat::from_utf8;

use crate::batch::{Span, TextBuffer};

/// A window of the input, and where the text has its copy.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Window {
    address: usize,
    offset: usize,
    len: usize,
}

/// The largest window: it fits in the first-level cache, and is the most that a batch copies in vain.
const MAX_LEN: usize = 8 * 1024;

/// A batch that may have so many further records copies so many bytes for each at most.
const PER_RECORD: usize = 256;

impl Window {
    /// Copies the start of the input, if it has this part of it, and this part is UTF-8.
    #[inline(never)]
    pub(crate) fn copy(input: &[u8], part: &[u8], records: usize, text: &mut TextBuffer) -> Option<Self> {
        let len = MAX_LEN.min(records.saturating_mul(PER_RECORD)).min(input.len());
        let mut window = Self { address: input.as_ptr().addr(), offset: 0, len };
        let end = window.find(part).map(|span| span.offset.saturating_add(span.len))?;
        let bytes = input.get(..len)?;
        let valid = match from_utf8(bytes) {
            Ok(valid) => valid,
            Err(error) => from_utf8(bytes.get(..error.valid_up_to())?).ok()?,
        };
        if end > valid.len() {
            return None;
        }
        let copy = text.push_str(valid);
        (window.offset, window.len) = (copy.offset, copy.len);
        Some(window)
    }

    /// Where the text has these bytes, if they lie in this window. Events end at line ends, and fields begin after
    /// ASCII, so this is never within a character.
    #[inline]
    pub(crate) fn find(&self, bytes: &[u8]) -> Option<Span> {
        let at = bytes.as_ptr().addr().wrapping_sub(self.address);
        let end = at.checked_add(bytes.len())?;
        (end <= self.len).then(|| Span { offset: self.offset.wrapping_add(at), len: bytes.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::BatchBuffer;

    #[test]
    fn a_part_of_the_input_is_found_in_its_copy() {
        let input = "data: größer\n\n".repeat(3).into_bytes();
        let (mut text, other) = (BatchBuffer::<()>::new().text, input.clone());
        text.push_str("x");
        let window = Window::copy(&input, &input[6..14], 1024, &mut text).unwrap();
        assert_eq!(window.find(&input[6..14]), Some(Span { offset: 7, len: 8 }));
        assert_eq!(window.find(&input), Some(Span { offset: 1, len: input.len() }));
        assert_eq!(window.find(&other[6..14]), None);
        assert_eq!(window.find(b""), None);
        assert_eq!(Window::default().find(&input[..1]), None);
    }

    #[test]
    fn a_window_ends_before_ill_formed_text_and_at_its_bound() {
        let mut text = BatchBuffer::<()>::new().text;
        let input = b"data: a\n\ndata: \xff\n\n";
        let window = Window::copy(input, &input[6..7], 1024, &mut text).unwrap();
        assert_eq!(window.find(&input[..15]), Some(Span { offset: 0, len: 15 }));
        assert_eq!(window.find(&input[15..16]), None);
        assert!(Window::copy(input, &input[15..16], 1024, &mut text).is_none());
        let long = [b'x'; 3 * PER_RECORD];
        let window = Window::copy(&long, &long[..9], 2, &mut text).unwrap();
        assert_eq!(window.find(&long[..2 * PER_RECORD]).map(|span| span.len), Some(2 * PER_RECORD));
        assert_eq!(window.find(&long[2 * PER_RECORD..][..1]), None);
        assert!(Window::copy(&long, &long[..600], 2, &mut text).is_none());
    }
}
