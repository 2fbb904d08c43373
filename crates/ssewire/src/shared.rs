//! Events that own a reference-counted slice of the chunk.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Range;
use core::time::Duration;

use bytes::Bytes;

use crate::decoder::Decoder;
use crate::error::DecodeError;
use crate::event::{Event, EventSpan, Span};
use crate::owned::{OwnedEvent, forward_accessors};
use crate::shared_id::SharedId;
use crate::storage::Storage;

/// An event that owns its bytes by sharing the chunk: `Send`, `'static`, cheap to clone. Made by
/// [`Decoder::decode_shared`].
///
/// ```text
///   chunk:  … event: e\n data: hello\n\n …        one allocation, shared by all events that lie in it
///                    ╰──── bytes ────╯
///                    event_type  data
/// ```
///
/// An event that lies within one chunk keeps the whole chunk in memory for as long as it lives: perhaps 64 KiB for an
/// event of 20 bytes. [Copy out](Self::copy_out) an event that is kept for long.
#[derive(Clone)]
pub struct SharedEvent {
    bytes: Bytes,
    event_type: Range<usize>,
    data: Range<usize>,
    last_event_id: SharedId,
    retry: Option<Duration>,
}

impl SharedEvent {
    /// Borrows the event.
    #[must_use]
    pub fn as_event(&self) -> Event<'_> {
        let part = |range: &Range<usize>| self.bytes.get(range.clone());
        let data = part(&self.data).unwrap_or_default();
        Event::new(part(&self.event_type), data, self.last_event_id.bytes(), self.retry)
    }

    /// Returns the data as [`Bytes`]. Shares the memory of the event, copies nothing.
    #[must_use]
    pub fn data_bytes(&self) -> Bytes {
        self.bytes.slice(self.data.clone())
    }

    /// Copies the event into one allocation of its own, so that it no longer keeps the chunk alive.
    #[must_use]
    pub fn copy_out(self) -> Self {
        OwnedEvent::from(self).into()
    }
}

forward_accessors!(SharedEvent);

/// Copies type and data, and shares the last event ID.
impl From<SharedEvent> for OwnedEvent {
    fn from(event: SharedEvent) -> Self {
        Self::new(event.as_event(), event.last_event_id.clone())
    }
}

/// Copies nothing.
impl From<OwnedEvent> for SharedEvent {
    fn from(event: OwnedEvent) -> Self {
        let OwnedEvent { bytes, data_start, last_event_id, retry } = event;
        let (data_start, end) = (data_start.min(bytes.len()), bytes.len());
        Self { bytes: bytes.into(), event_type: 0..data_start, data: data_start..end, last_event_id, retry }
    }
}

/// Compares the events, not the slices that they share.
impl PartialEq for SharedEvent {
    fn eq(&self, other: &Self) -> bool {
        self.as_event() == other.as_event()
    }
}

impl Eq for SharedEvent {}

impl Hash for SharedEvent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_event().hash(state);
    }
}

impl fmt::Debug for SharedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_event().fmt(f)
    }
}

impl<S: Storage> Decoder<S> {
    /// As [`decode`](Self::decode), but the event owns its bytes by sharing the chunk.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use ssewire::Decoder;
    ///
    /// let mut decoder = Decoder::new();
    /// let mut input = Bytes::from_static(b"data: one\n\ndata: two\n\n");
    /// let mut events = Vec::new();
    /// while let Some(event) = decoder.decode_shared(&mut input)? {
    ///     events.push(event); // owned: may go to another thread
    /// }
    /// assert_eq!(events[1].data_bytes(), "two");
    /// # Ok::<(), ssewire::DecodeError>(())
    /// ```
    ///
    /// # Cost
    /// An event that lies within one chunk copies nothing, and allocates nothing except what `bytes` needs to share a
    /// chunk that was made from a full vector. An event that crosses chunks, or joins `data` lines, takes one
    /// allocation. A last event ID takes one when it changes, whatever the number of events that carry it.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_shared(&mut self, input: &mut Bytes) -> Result<Option<SharedEvent>, DecodeError> {
        let chunk = input.clone();
        let mut rest: &[u8] = &chunk;
        let polled = self.poll_event(&mut rest);
        *input = chunk.slice(chunk.len().saturating_sub(rest.len())..);
        Ok(polled?.map(|span| self.resolve_shared(&chunk, span)))
    }

    /// Shares the event that [`poll_event`](Self::poll_event) found, as [`decode_shared`](Self::decode_shared) does.
    /// `chunk` is its input as it was *before* that call.
    #[must_use]
    pub fn resolve_shared(&mut self, chunk: &Bytes, span: EventSpan) -> SharedEvent {
        let last_event_id = self.buffer.shared_last_event_id();
        let retry = self.resolve_event(chunk, span).retry;
        // Without a type the event starts with its data.
        let data = span.0.data.unwrap_or(Span::Chunk(0, 0));
        let event_type = match (span.0.event_type, data) {
            (Some(event_type), _) => event_type,
            (None, Span::Chunk(start, _)) => Span::Chunk(start, start),
            (None, Span::Buffer(start, _)) => Span::Buffer(start, start),
        };
        let in_chunk = |part| match part {
            Span::Chunk(start, end) if start <= end && end <= chunk.len() => Some(start..end),
            Span::Chunk(..) | Span::Buffer(..) => None,
        };
        let (Some(event_type), Some(data)) = (in_chunk(event_type), in_chunk(data)) else {
            return self.resolve_owned(chunk, span).into();
        };
        let start = event_type.start.min(data.start);
        let within = |part: &Range<usize>| part.start.saturating_sub(start)..part.end.saturating_sub(start);
        SharedEvent {
            bytes: chunk.slice(start..event_type.end.max(data.end)),
            event_type: within(&event_type),
            data: within(&data),
            last_event_id,
            retry,
        }
    }
}
