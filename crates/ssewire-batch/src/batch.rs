//! Records, and the text that they point into.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;
use core::ops::Range;

use simdutf8::compat::from_utf8;
use ssewire::Lossy;

/// A range of the text of a batch, or of the input where a record says so, in bytes. Begins and ends at a character
/// boundary. Empty without text.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub offset: usize,
    /// The number of bytes.
    pub len: usize,
}

impl Span {
    pub(crate) const EMPTY: Self = Self { offset: 0, len: 0 };

    #[inline(always)]
    pub(crate) fn range(self) -> Range<usize> {
        self.offset..self.offset.saturating_add(self.len)
    }
}

/// The records of a chunk, and the text that they point into. Borrowed from the decoder until the next call, and from
/// the chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch<'a, R> {
    records: &'a [R],
    text: &'a str,
    /// The bytes that this batch consumed, for records of events, which point into them, too; else empty.
    pub(crate) input: &'a [u8],
}

impl<'a, R> Batch<'a, R> {
    /// Returns the records, in the order of the stream.
    #[must_use]
    pub fn records(&self) -> &'a [R] {
        self.records
    }

    /// Returns the text that the records point into. For events, it has only the values that are not in the input.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }
}

pub(crate) fn get(text: &str, span: Span) -> &str {
    text.get(span.range()).unwrap_or_default()
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
        let text = TextBuffer(String::new());
        let (last_name, last_id, last_error) = (Span::EMPTY, Span::EMPTY, Span::EMPTY);
        Self { records: Vec::new(), text, last_name, last_id, last_error }
    }

    /// Starts the next batch with this text, always the same one. If the last batch added nothing to it, the text
    /// stays: it has the same length.
    #[inline]
    pub(crate) fn start(&mut self, text: &str) {
        self.records.clear();
        if self.text.0.len() != text.len() || self.text.0.capacity() > LARGE {
            self.text.restart(text);
            (self.last_name, self.last_id, self.last_error) = Default::default();
        }
    }

    /// Returns the batch. Inline, as `BatchDecoder::push`: to return the batch in memory, the lengths that were just
    /// written in words would be read in vectors, which stalls the processor.
    #[inline(always)]
    pub(crate) fn as_batch<'a>(&'a self, input: &'a [u8]) -> Batch<'a, R> {
        Batch { records: &self.records, text: &self.text.0, input }
    }
}

/// The text of a batch.
#[derive(Clone)]
pub(crate) struct TextBuffer(String);

/// A larger buffer is freed if the last batch used less than a quarter of it.
const LARGE: usize = 64 * 1024;

impl TextBuffer {
    #[inline(never)]
    fn restart(&mut self, text: &str) {
        if self.0.capacity() > LARGE && self.0.len() < self.0.capacity() / 4 {
            self.0 = String::new();
        }
        self.0.clear();
        self.0.push_str(text);
    }

    #[inline]
    pub(crate) fn push_str(&mut self, text: &str) -> Span {
        let offset = self.0.len();
        self.0.push_str(text);
        Span { offset, len: text.len() }
    }

    /// Appends bytes; ill-formed UTF-8 as U+FFFD.
    #[inline(never)]
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
        self.share(text, last)
    }

    /// Appends bytes, unless they are the same as those of the last such value.
    #[inline(never)]
    pub(crate) fn push_repeated(&mut self, bytes: &[u8], last: &mut Span) -> Span {
        let text = self.push_lossy(bytes);
        self.share(text, last)
    }

    /// Removes the text that was appended last, if it is the same as the last such value.
    fn share(&mut self, text: Span, last: &mut Span) -> Span {
        if get(&self.0, text) == get(&self.0, *last) {
            self.0.truncate(text.offset);
        } else {
            *last = text;
        }
        *last
    }
}
