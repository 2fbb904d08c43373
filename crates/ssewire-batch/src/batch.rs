//! Records, and the text that they point into.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use simdutf8::compat::from_utf8;
use ssewire::Lossy;

/// A range of the text of a batch, in bytes. Begins and ends at a character boundary. Empty without text.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub offset: usize,
    /// The number of bytes.
    pub len: usize,
}

/// The records of a chunk, and the text that they point into. Borrowed from the decoder until the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch<'a, R> {
    records: &'a [R],
    text: &'a str,
}

impl<'a, R> Batch<'a, R> {
    /// Returns the records, in the order of the stream.
    #[must_use]
    pub fn records(&self) -> &'a [R] {
        self.records
    }

    /// Returns the text that the records point into, with other text between.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Returns the text of a span. Empty if the span is of another batch and does not fit this one.
    #[must_use]
    pub fn get(&self, span: Span) -> &'a str {
        get(self.text, span)
    }
}

fn get(text: &str, span: Span) -> &str {
    text.get(span.offset..span.offset.saturating_add(span.len)).unwrap_or_default()
}

/// The memory of a batch, which is used again for the next one.
#[derive(Clone)]
pub(crate) struct BatchBuffer<R> {
    pub(crate) records: Vec<R>,
    pub(crate) text: TextBuffer,
    /// The last event type that was copied, or stop reason. Later records share its text.
    pub(crate) last_name: Span,
    /// The last event ID of this batch, as long as no block sets another one. Later records share its text.
    pub(crate) last_id: Span,
    /// The description of the last error. Later records of the same error share its text. It may be longer than what
    /// was lost: with a copy for each, the text of a batch of many small lost events could exceed its bound.
    pub(crate) last_error: Span,
}

impl<R> BatchBuffer<R> {
    pub(crate) const fn new() -> Self {
        const NONE: Span = Span { offset: 0, len: 0 };
        let text = TextBuffer(String::new());
        Self { records: Vec::new(), text, last_name: NONE, last_id: NONE, last_error: NONE }
    }

    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.text.clear();
        (self.last_name, self.last_id, self.last_error) = Default::default();
    }

    /// Inline, as `BatchDecoder::push`: to return the batch in memory, the lengths that were just written in words
    /// would be read in vectors, which stalls the processor.
    #[inline(always)]
    pub(crate) fn as_batch(&self) -> Batch<'_, R> {
        Batch { records: &self.records, text: &self.text.0 }
    }
}

/// The text of a batch.
#[derive(Clone)]
pub(crate) struct TextBuffer(String);

/// A larger buffer is freed if the last batch used less than a quarter of it.
const LARGE: usize = 64 * 1024;

impl TextBuffer {
    fn clear(&mut self) {
        if self.0.capacity() > LARGE && self.0.len() < self.0.capacity() / 4 {
            self.0 = String::new();
        }
        self.0.clear();
    }

    #[inline]
    pub(crate) fn push_str(&mut self, text: &str) -> Span {
        let offset = self.0.len();
        self.0.push_str(text);
        Span { offset, len: text.len() }
    }

    /// Appends bytes; ill-formed UTF-8 as U+FFFD.
    #[inline]
    pub(crate) fn push_lossy(&mut self, bytes: &[u8]) -> Span {
        match from_utf8(bytes) {
            Ok(text) => self.push_str(text),
            Err(_) => self.push_display(&Lossy::new(bytes)),
        }
    }

    #[cold]
    pub(crate) fn push_display(&mut self, text: &dyn core::fmt::Display) -> Span {
        let offset = self.0.len();
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{text}");
        Span { offset, len: self.0.len().saturating_sub(offset) }
    }

    /// Appends the description of an error, unless it is the same as that of the last one.
    #[cold]
    pub(crate) fn push_error(&mut self, error: &dyn core::fmt::Display, last: &mut Span) -> Span {
        let text = self.push_display(error);
        if get(&self.0, text) == get(&self.0, *last) {
            self.0.truncate(text.offset);
        } else {
            *last = text;
        }
        *last
    }

    /// Appends bytes, unless they are the same as those of the last such value. Rare: most types lie in a window, and
    /// most events have no ID.
    #[inline(never)]
    pub(crate) fn push_repeated(&mut self, bytes: &[u8], last: &mut Span) -> Span {
        if !is_lossy_text_of(get(&self.0, *last), bytes) {
            *last = self.push_lossy(bytes);
        }
        *last
    }
}

/// Returns whether this is the text of the bytes, with U+FFFD for ill-formed UTF-8.
fn is_lossy_text_of(text: &str, bytes: &[u8]) -> bool {
    let rest = bytes.utf8_chunks().try_fold(text, |rest, chunk| {
        let rest = rest.strip_prefix(chunk.valid())?;
        if chunk.invalid().is_empty() { Some(rest) } else { rest.strip_prefix(char::REPLACEMENT_CHARACTER) }
    });
    rest == Some("")
}
