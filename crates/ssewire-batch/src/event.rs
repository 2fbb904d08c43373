//! Events in batches.

use core::fmt;
use core::ops::Range;
use core::time::Duration;

use simdutf8::compat::from_utf8;
use ssewire::{Decoder, Event, Frame, LastEventIdError, Truncated};

use crate::DEFAULT_MAX_RECORDS;
use crate::batch::{Batch, BatchBuffer, Span, get};

/// The records of a chunk, of events. They point into its text, and into the input.
pub type EventBatch<'a> = Batch<'a, EventRecord>;

/// The kind of an event record.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// An event.
    Event = 0,
    /// A comment line, if comments were asked for. `data` is everything after the colon, by default up to 1 KiB.
    Comment = 1,
    /// An event was lost because it exceeds a limit. `data` is the description of the error.
    Lost = 2,
}

/// An event, a comment, or a lost event. The layout is that of C.
///
/// The type and the data may be spans of the input, as `is_event_type_in_input` and `is_data_in_input` say. Such a span
/// counts from the first byte of this push. Everything else is a span of the text.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRecord {
    /// The kind of the record.
    pub kind: EventKind,
    /// Whether the block of the event set a reconnection time.
    pub has_retry: bool,
    /// Whether `data` is only the start of a comment, which is longer than the limit.
    pub is_truncated: bool,
    /// Whether `event_type` is a span of the input, and not of the text.
    pub is_event_type_in_input: bool,
    /// Whether `data` is a span of the input, and not of the text.
    pub is_data_in_input: bool,
    /// The reconnection time in milliseconds; 0 if `has_retry` is false.
    pub retry_ms: u64,
    /// The type of an event, `message` if it had none; empty for other kinds. Records of one type may share their text.
    pub event_type: Span,
    /// The data of an event: the values of the `data` fields, joined by LF. For other kinds, the kind says what it is.
    pub data: Span,
    /// The last event ID at an event; empty if there is none, and for other kinds. Records of one ID may share their
    /// text.
    pub last_event_id: Span,
}

impl EventRecord {
    const EMPTY: Self = Self {
        kind: EventKind::Event,
        has_retry: false,
        is_truncated: false,
        is_event_type_in_input: false,
        is_data_in_input: false,
        retry_ms: 0,
        event_type: Span::EMPTY,
        data: Span::EMPTY,
        last_event_id: Span::EMPTY,
    };

    /// Returns the part of the input with the values that lie in it.
    #[inline]
    fn range_in_input(&self) -> Option<Range<usize>> {
        let (event_type, data) = (self.event_type.range(), self.data.range());
        Some(match (self.is_event_type_in_input, self.is_data_in_input) {
            (true, true) => event_type.start.min(data.start)..event_type.end.max(data.end),
            (true, false) => event_type,
            (false, true) => data,
            (false, false) => return None,
        })
    }
}

/// Decodes an event stream into batches: [`ssewire::Decoder`] for foreign function interfaces.
///
/// The example of the [crate](crate) shows it.
#[derive(Clone)]
pub struct BatchDecoder {
    decoder: Decoder,
    buffer: BatchBuffer<EventRecord>,
    max_records: usize,
    has_comments: bool,
}

impl BatchDecoder {
    /// Creates a decoder with default limits. Allocates nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_decoder(Decoder::new())
    }

    /// Creates a decoder with other limits, or with a last event ID. To get comments, call
    /// [`with_comments`](Self::with_comments): that of the decoder alone has no effect.
    #[must_use]
    pub const fn with_decoder(decoder: Decoder) -> Self {
        Self { decoder, buffer: BatchBuffer::new(), max_records: DEFAULT_MAX_RECORDS, has_comments: false }
    }

    /// Returns comments as records, too.
    #[must_use]
    pub fn with_comments(mut self) -> Self {
        self.decoder = self.decoder.with_comments();
        self.has_comments = true;
        self
    }

    /// Sets the number of records at which a batch ends; at least 1.
    #[must_use]
    pub const fn with_max_records(mut self, records: usize) -> Self {
        self.max_records = if records == 0 { 1 } else { records };
        self
    }

    /// Decodes the input up to its end, or to the largest number of records. `input` is advanced: call again until it
    /// is empty.
    #[inline]
    pub fn push<'d, 'c: 'd>(&'d mut self, input: &mut &'c [u8]) -> EventBatch<'d> {
        let chunk: &'c [u8] = input;
        *input = self.fill(chunk);
        let consumed = chunk.len().saturating_sub(input.len());
        self.buffer.as_batch(chunk.get(..consumed).unwrap_or_default())
    }

    /// Decodes a chunk into the buffer, and returns the rest of it.
    #[inline(never)]
    fn fill<'c>(&mut self, chunk: &'c [u8]) -> &'c [u8] {
        self.buffer.start(DEFAULT_TYPE);
        let mut rest = chunk;
        if self.has_comments || !self.push_events(&mut rest, chunk) {
            self.push_frames(&mut rest, chunk);
        }
        self.buffer.check_input(chunk.get(..chunk.len().saturating_sub(rest.len())).unwrap_or_default());
        rest
    }

    /// Decodes events without comments and IDs: a loop of its own, so that [`Decoder::decode`] is compiled into it.
    /// Returns `false` after an event that has an ID: only a block says whether it set a new one.
    #[inline]
    fn push_events(&mut self, input: &mut &[u8], chunk: &[u8]) -> bool {
        // Each call makes a record, or is the last one.
        for _ in 0..self.max_records {
            // A decoder that has a buffer gives it back at the end of a chunk.
            if input.is_empty() && self.decoder.buffer_bytes() == 0 {
                break;
            }
            match self.decoder.decode(input) {
                Ok(Some(event)) => {
                    self.buffer.push_event(event, chunk);
                    // The event has an ID: its text is not empty.
                    if self.buffer.last_id.len > 0 {
                        return false;
                    }
                }
                Ok(None) => break,
                Err(error) => self.buffer.push_lost(&error),
            }
        }
        true
    }

    #[inline(never)]
    fn push_frames(&mut self, input: &mut &[u8], chunk: &[u8]) {
        while self.buffer.records.len() < self.max_records {
            match self.decoder.decode_frame(input) {
                Ok(Some(Frame::Block(block))) => {
                    if block.id().is_some() {
                        self.buffer.last_id = Span::default();
                    }
                    if let Some(event) = block.event() {
                        self.buffer.push_event(event, chunk);
                    }
                }
                // The decoder of the caller may return comments without being asked for them here.
                Ok(Some(Frame::Comment { text, truncated })) if self.has_comments => {
                    self.buffer.push_comment(text, truncated);
                }
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(error) => self.buffer.push_lost(&error),
            }
        }
    }

    /// Ends the input and discards an unfinished event, as [`Decoder::finish`] does.
    ///
    /// # Errors
    /// [`Truncated`], with the number of bytes discarded. An unfinished line counts as well, even a comment.
    pub fn finish(&mut self) -> Result<(), Truncated> {
        self.decoder.finish()
    }

    /// Reports that the input has ended, and returns an unfinished event as a batch of at most one record: for streams
    /// that end in `data: [DONE]` without a blank line.
    pub fn finish_event(&mut self) -> EventBatch<'_> {
        self.buffer.start(DEFAULT_TYPE);
        match self.decoder.finish_event() {
            Ok(Some(event)) => self.buffer.push_event(event, &[]),
            Ok(None) => {}
            Err(error) => self.buffer.push_lost(&error),
        }
        self.buffer.as_batch(&[])
    }

    /// Discards an unfinished event: the connection broke, and the next input is from another one. Keeps the last event
    /// ID and the reconnection time.
    pub fn reset(&mut self) {
        self.decoder.reset();
    }

    /// Returns the decoder: the pending bytes, the limits.
    #[must_use = "returns a reference and changes nothing"]
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// Returns the last event ID, which a client that reconnects sends as `Last-Event-ID`.
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.decoder.last_event_id()
    }

    /// Sets the last event ID.
    ///
    /// # Errors
    /// [`LastEventIdError`]. The previous ID stays.
    pub fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), LastEventIdError> {
        self.decoder.set_last_event_id(id)
    }

    /// Returns the reconnection time in milliseconds that the stream set last.
    #[must_use]
    pub fn retry_ms(&self) -> Option<u64> {
        self.decoder.retry().map(milliseconds)
    }
}

impl Default for BatchDecoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the state of the decoder, never the contents of the stream.
impl fmt::Debug for BatchDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchDecoder").field("decoder", &self.decoder).finish_non_exhaustive()
    }
}

impl<'a> Batch<'a, EventRecord> {
    /// Returns the type of an event. As every text of a batch, it is empty if the record is of another batch and does
    /// not fit this one.
    #[must_use]
    pub fn event_type(&self, record: &EventRecord) -> &'a str {
        self.text_of(record.event_type, record.is_event_type_in_input)
    }

    /// Returns the data of a record.
    #[must_use]
    pub fn data(&self, record: &EventRecord) -> &'a str {
        self.text_of(record.data, record.is_data_in_input)
    }

    /// Returns the last event ID at an event.
    #[must_use]
    pub fn last_event_id(&self, record: &EventRecord) -> &'a str {
        self.text_of(record.last_event_id, false)
    }

    fn text_of(&self, span: Span, is_in_input: bool) -> &'a str {
        if !is_in_input {
            return get(self.text(), span);
        }
        let bytes = self.input.get(span.range()).unwrap_or_default();
        // Checked when the record was made. Without unsafe code, it is checked again to become a `str`.
        from_utf8(bytes).unwrap_or_default()
    }
}

/// Converts a reconnection time: a decoder returns no time above `u64::MAX` milliseconds.
#[inline(always)]
fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Returns where a part of the input is in it; `None` if it is elsewhere, or empty.
///
/// It is found by its address, which decides nothing but whether the bytes are copied. An empty slice of other memory
/// may have the address of the end of the input.
#[inline(always)]
fn position(input: &[u8], part: &[u8]) -> Option<Span> {
    let offset = part.as_ptr().addr().wrapping_sub(input.as_ptr().addr());
    let is_in_input = offset.saturating_add(part.len()) <= input.len() && !part.is_empty();
    is_in_input.then_some(Span { offset, len: part.len() })
}

/// Returns whether these bytes are few, and ASCII. Most chunks are: then a test in place takes less time than to read
/// the records, and to call a function. The bytes are read in blocks, and the last two may overlap: a processor cannot
/// predict where a loop over words ends.
#[inline(always)]
fn is_short_ascii(bytes: &[u8]) -> bool {
    const SHORT: usize = 512;
    if bytes.len() > SHORT {
        return false;
    }
    let bits = if let Some(last) = bytes.last_chunk::<64>() {
        bytes.chunks_exact(64).fold(bits_of(last), |bits, block| bits | bits_of(block))
    } else if let Some(last) = bytes.last_chunk::<16>() {
        bytes.chunks_exact(16).fold(bits_of(last), |bits, block| bits | bits_of(block))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        bits_of(first) | bits_of(last)
    } else {
        return bytes.iter().all(u8::is_ascii);
    };
    bits & u64::from_ne_bytes([0x80; 8]) == 0
}

/// Returns the bits that are set in any word of a block.
#[inline(always)]
fn bits_of(block: &[u8]) -> u64 {
    let words = block.chunks_exact(8).filter_map(|word| word.first_chunk());
    words.fold(0, |bits, word| bits | u64::from_ne_bytes(*word))
}

/// The type of an event without an `event` field. The text of each batch starts with it.
const DEFAULT_TYPE: &str = "message";
const DEFAULT_TYPE_SPAN: Span = Span { offset: 0, len: DEFAULT_TYPE.len() };

impl BatchBuffer<EventRecord> {
    /// Appends an event of the input.
    ///
    /// Inline: in memory, the event would be written in words and read in vectors, which stalls the processor for
    /// longer than this function takes.
    #[inline(always)]
    fn push_event(&mut self, event: Event<'_>, input: &[u8]) {
        let (is_event_type_in_input, event_type) = self.place_event_type(event.event_type(), input);
        let data = position(input, event.data());
        let retry = event.retry();
        let record = EventRecord {
            kind: EventKind::Event,
            has_retry: retry.is_some(),
            is_truncated: false,
            is_event_type_in_input,
            is_data_in_input: data.is_some(),
            retry_ms: retry.map_or(0, milliseconds),
            event_type,
            data: data.unwrap_or_else(|| self.text.push_lossy(event.data())),
            last_event_id: self.push_id(event.last_event_id()),
        };
        self.records.push(record);
    }

    /// Checks the part of the input that records point into. If it is not UTF-8, the records get copies. If it is, so
    /// is each value: it begins after an ASCII character or where the part does, and ends at the end of a line.
    #[inline]
    fn check_input(&mut self, input: &[u8]) {
        if is_short_ascii(input) {
            return;
        }
        let mut parts = self.records.iter().filter_map(EventRecord::range_in_input);
        let Some(first) = parts.next() else { return };
        let end = parts.next_back().map_or(first.end, |last| last.end);
        if input.get(first.start..end).is_none_or(|part| from_utf8(part).is_err()) {
            self.copy_input(input);
        }
    }

    #[cold]
    fn copy_input(&mut self, input: &[u8]) {
        for record in &mut self.records {
            for (is_in_input, span) in [
                (&mut record.is_event_type_in_input, &mut record.event_type),
                (&mut record.is_data_in_input, &mut record.data),
            ] {
                if core::mem::take(is_in_input) {
                    *span = self.text.push_lossy(input.get(span.range()).unwrap_or_default());
                }
            }
        }
    }

    /// Returns whether an event type lies in the input, and where it is there or in the text.
    #[inline(always)]
    fn place_event_type(&mut self, event_type: &[u8], input: &[u8]) -> (bool, Span) {
        if event_type == DEFAULT_TYPE.as_bytes() {
            return (false, DEFAULT_TYPE_SPAN);
        }
        match position(input, event_type) {
            Some(span) => (true, span),
            None => (false, self.text.push_repeated(event_type, &mut self.last_name)),
        }
    }

    /// Appends the last event ID, unless it is that of the record before. A comparison would cost its length for each
    /// event.
    #[inline]
    fn push_id(&mut self, id: &[u8]) -> Span {
        if self.last_id.len == 0 && !id.is_empty() {
            self.last_id = self.text.push_lossy(id);
        }
        self.last_id
    }

    fn push_comment(&mut self, comment: &[u8], is_truncated: bool) {
        let data = self.text.push_lossy(comment);
        self.push_other(EventKind::Comment, data, is_truncated);
    }

    #[cold]
    fn push_lost(&mut self, error: &ssewire::DecodeError) {
        let data = self.text.push_error(error, &mut self.last_error);
        self.push_other(EventKind::Lost, data, false);
    }

    fn push_other(&mut self, kind: EventKind, data: Span, is_truncated: bool) {
        self.records.push(EventRecord { kind, is_truncated, data, ..EventRecord::EMPTY });
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn short_ascii_is_found_at_every_length_and_place() {
        for len in (0..80).chain([511, 512, 513]) {
            let is_short = len <= 512;
            assert_eq!(is_short_ascii(&vec![b'x'; len]), is_short);
            for at in 0..len {
                for byte in [0x7F, 0x80, 0xFF] {
                    let mut bytes = vec![b'x'; len];
                    bytes[at] = byte;
                    assert_eq!(is_short_ascii(&bytes), is_short && byte == 0x7F, "{len}, {at}");
                }
            }
        }
    }

    #[test]
    fn a_part_of_the_input_has_its_position() {
        let (input, other) = (b"data: x".to_vec(), b"data: x".to_vec());
        assert_eq!(position(&input, &input[6..]), Some(Span { offset: 6, len: 1 }));
        assert_eq!(position(&input, &input), Some(Span { offset: 0, len: 7 }));
        assert_eq!(position(&input[..6], &input[6..]), None);
        assert_eq!(position(&input[..6], &input[6..6]), None, "as an empty slice of the memory after the input");
        assert_eq!(position(&input[1..], &input), None);
        assert_eq!(position(&input, &other), None);
        assert_eq!(position(b"", &input), None);
    }
}
