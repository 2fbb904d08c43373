//! Events in batches.

use core::fmt;
use core::time::Duration;

use ssewire::{Decoder, Event, Frame, InvalidId};

use crate::DEFAULT_MAX_RECORDS;
use crate::batch::{Batch, BatchBuffer, Span};
use crate::window::Window;

/// The records of a chunk, of events.
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
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRecord {
    /// The kind of the record.
    pub kind: EventKind,
    /// Whether the block of the event set a reconnection time.
    pub has_retry: bool,
    /// Whether `data` is only the start of a comment, which is longer than the limit.
    pub is_truncated: bool,
    /// The reconnection time in milliseconds; 0 if `has_retry` is false.
    pub retry_ms: u64,
    /// The type of an event, `message` if it had none; empty of other kinds. Records of one type may share their text.
    pub event_type: Span,
    /// The data of an event: the values of the `data` fields, joined by LF. Of other kinds as the kind says.
    pub data: Span,
    /// The last event ID at an event; empty if there is none, and of other kinds. Records of one ID may share their
    /// text.
    pub last_event_id: Span,
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
        Self {
            decoder: Decoder::new(),
            buffer: BatchBuffer::new(),
            max_records: DEFAULT_MAX_RECORDS,
            has_comments: false,
        }
    }

    /// Sets the decoder: with another limit, or with a last event ID.
    #[must_use]
    pub fn with_decoder(mut self, decoder: Decoder) -> Self {
        self.decoder = if self.has_comments { decoder.with_comments() } else { decoder };
        self
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
    pub fn push(&mut self, input: &mut &[u8]) -> EventBatch<'_> {
        self.fill(input);
        self.buffer.as_batch()
    }

    #[inline(never)]
    fn fill(&mut self, input: &mut &[u8]) {
        self.buffer.start();
        let mut window = Window::default();
        if self.has_comments || !self.push_events(input, &mut window) {
            self.push_frames(input, window);
        }
    }

    /// Decodes events without comments and IDs: a loop of its own, so that [`Decoder::decode`] is compiled into it.
    /// Returns `false` after an event that has an ID: only a block says whether it set a new one.
    #[inline]
    fn push_events(&mut self, input: &mut &[u8], window: &mut Window) -> bool {
        while let Some(remaining) = self.buffer.remaining(self.max_records) {
            let from = *input;
            match self.decoder.decode(input) {
                Ok(Some(event)) => {
                    let has_id = !event.last_event_id().is_empty();
                    *window = self.buffer.push_event(event, from, input, *window, remaining);
                    if has_id {
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
    fn push_frames(&mut self, input: &mut &[u8], mut window: Window) {
        while let Some(remaining) = self.buffer.remaining(self.max_records) {
            let from = *input;
            match self.decoder.decode_frame(input) {
                Ok(Some(Frame::Block(block))) => {
                    if block.id().is_some() {
                        self.buffer.last_id = Span::default();
                    }
                    if let Some(event) = block.event() {
                        window = self.buffer.push_event(event, from, input, window, remaining);
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

    /// Reports that the input has ended. Discards an unfinished event, as the standard has it, and returns the number
    /// of its bytes. An unfinished line counts as well, even a comment.
    #[must_use = "an unfinished event may be that of a truncated stream"]
    pub fn finish(&mut self) -> u64 {
        self.decoder.finish().err().map_or(0, |truncated| truncated.pending_bytes())
    }

    /// Reports that the input has ended, and returns an unfinished event as a batch of at most one record: for streams
    /// that end in `data: [DONE]` without a blank line.
    pub fn finish_event(&mut self) -> EventBatch<'_> {
        self.buffer.start();
        match self.decoder.finish_event() {
            Ok(Some(event)) => {
                self.buffer.push_event(event, &[], &[], Window::default(), 1);
            }
            Ok(None) => {}
            Err(error) => self.buffer.push_lost(&error),
        }
        self.buffer.as_batch()
    }

    /// Discards an unfinished event: the connection broke, and the next input is from another one. Keeps the last event
    /// ID and the reconnection time.
    pub fn reset(&mut self) {
        self.decoder.reset();
    }

    /// Returns the decoder: the pending bytes, the limits.
    #[must_use]
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
    /// [`InvalidId`]. The previous ID stays.
    pub fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), InvalidId> {
        self.decoder.set_last_event_id(id)
    }

    /// Returns the reconnection time that the stream set last.
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        self.decoder.retry()
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

/// The type of an event without an `event` field. The text of each batch starts with it.
const DEFAULT_TYPE: &str = "message";
const DEFAULT_TYPE_SPAN: Span = Span { offset: 0, len: DEFAULT_TYPE.len() };

impl BatchBuffer<EventRecord> {
    /// Starts the next batch.
    #[inline]
    fn start(&mut self) {
        self.clear();
        self.text.push_str(DEFAULT_TYPE);
    }

    /// The number of further records that the batch may have; `None` if it is full.
    #[inline]
    fn remaining(&self, max_records: usize) -> Option<usize> {
        max_records.checked_sub(self.records.len()).filter(|records| *records > 0)
    }

    /// Appends an event that was decoded from the start of `input`, and has left `rest` of it. Returns the window in
    /// which the next one may lie. `remaining` is the number of records that the batch may still have, this one
    /// included.
    ///
    /// Inline, and without a reference to the window: in memory, event and window would be written in words and read in
    /// vectors, which stalls the processor for longer than this function takes.
    #[inline(always)]
    fn push_event(
        &mut self,
        event: Event<'_>,
        input: &[u8],
        rest: &[u8],
        mut window: Window,
        remaining: usize,
    ) -> Window {
        let mut data = window.find(event.data());
        // Where nothing else would be found in a window, it takes longer than a copy of the data.
        if data.is_none() && !(rest.is_empty() && event.event_type() == DEFAULT_TYPE.as_bytes()) {
            window = Window::copy(input, event.data(), remaining, &mut self.text).unwrap_or(window);
            data = window.find(event.data());
        }
        let data = data.unwrap_or_else(|| self.text.push_lossy(event.data()));
        let retry = event.retry();
        let record = EventRecord {
            kind: EventKind::Event,
            has_retry: retry.is_some(),
            is_truncated: false,
            retry_ms: retry.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            event_type: window.find(event.event_type()).unwrap_or_else(|| self.push_type(event.event_type())),
            data,
            last_event_id: self.push_id(event.last_event_id()),
        };
        self.records.push(record);
        window
    }

    #[inline]
    fn push_type(&mut self, event_type: &[u8]) -> Span {
        if event_type == DEFAULT_TYPE.as_bytes() {
            return DEFAULT_TYPE_SPAN;
        }
        self.text.push_repeated(event_type, &mut self.last_name)
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
        self.records.push(EventRecord {
            kind,
            has_retry: false,
            is_truncated,
            retry_ms: 0,
            event_type: Span::default(),
            data,
            last_event_id: Span::default(),
        });
    }
}
