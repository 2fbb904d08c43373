//! Events that own a reference-counted slice of the chunk.

use core::fmt;
use core::ops::Range;

use bytes::{Bytes, BytesMut};

use crate::buffer::Storage;
use crate::decoder::Decoder;
use crate::error::DecodeError;
use crate::event::{Event, Part, Place, Ready};

/// An event that owns its bytes: `Send`, `'static`, cheap to clone. Made by [`Decoder::decode_bytes`].
///
/// ```text
///   chunk:  … event: e\n data: hello\n\n …        one allocation, shared by all events that lie in it
///                    ╰──── bytes ────╯
///                    event_type  data
/// ```
///
/// One `Bytes` holds type and data, and a second one, shared by all events that carry it, the last event ID. An event
/// that lies within one chunk keeps all of that chunk in memory for as long as it lives, be it 64 KiB for 20 bytes of
/// event: what is kept for long should be [detached](Self::detach).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SharedEvent {
    bytes: Bytes,
    event_type: Range<usize>,
    data: Range<usize>,
    last_event_id: Bytes,
}

impl SharedEvent {
    /// The event, lent.
    #[must_use]
    pub fn as_event(&self) -> Event<'_> {
        let event_type = self.bytes.get(self.event_type.clone()).unwrap_or_default();
        Event {
            event_type: if event_type.is_empty() { b"message" } else { event_type },
            data: self.data(),
            last_event_id: &self.last_event_id,
        }
    }

    /// See [`Event::event_type`].
    #[must_use]
    pub fn event_type(&self) -> &[u8] {
        self.as_event().event_type()
    }

    /// See [`Event::data`].
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.bytes.get(self.data.clone()).unwrap_or_default()
    }

    /// See [`Event::last_event_id`].
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        &self.last_event_id
    }

    /// The data, owned. Shares what the event shares; copies nothing.
    #[must_use]
    pub fn data_bytes(&self) -> Bytes {
        self.bytes.slice(self.data.clone())
    }

    /// The same event in memory of its own, so that it does not keep the chunk alive. One allocation of just its size.
    #[must_use]
    pub fn detach(self) -> Self {
        let last_event_id = self.last_event_id.clone();
        let event_type = self.bytes.get(self.event_type.clone()).unwrap_or_default();
        Self::copied(event_type, self.data(), last_event_id)
    }

    fn copied(event_type: &[u8], data: &[u8], last_event_id: Bytes) -> Self {
        let mut bytes = BytesMut::with_capacity(event_type.len().saturating_add(data.len()));
        bytes.extend_from_slice(event_type);
        bytes.extend_from_slice(data);
        let (split, end) = (event_type.len(), bytes.len());
        Self { bytes: bytes.freeze(), event_type: 0..split, data: split..end, last_event_id }
    }
}

impl fmt::Debug for SharedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_event().fmt(f)
    }
}

impl<S: Storage> Decoder<S> {
    /// As [`decode`](Self::decode), but the event owns its bytes. `input` is advanced; `Ok(None)`: bring more.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use ssewire::Decoder;
    ///
    /// let mut decoder = Decoder::new();
    /// let mut input = Bytes::from_static(b"data: one\n\ndata: two\n\n");
    /// let mut events = Vec::new();
    /// while let Some(event) = decoder.decode_bytes(&mut input)? {
    ///     events.push(event); // owned: may go to another thread
    /// }
    /// assert_eq!(events[1].data_bytes(), "two");
    /// # Ok::<(), ssewire::DecodeError>(())
    /// ```
    ///
    /// # Cost
    /// An event that lies within one chunk copies nothing and allocates nothing; one that straddles chunks, or joins
    /// data lines, takes one allocation. A last event ID takes one when it changes.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_bytes(&mut self, input: &mut Bytes) -> Result<Option<SharedEvent>, DecodeError> {
        let chunk = input.clone();
        let mut rest: &[u8] = &chunk;
        let ready = self.advance(&mut rest);
        *input = chunk.slice(chunk.len().saturating_sub(rest.len())..);
        Ok(ready?.map(|ready| self.event_bytes(&chunk, ready)))
    }

    /// As [`event`](Self::event), but the event owns its bytes: what [`decode_bytes`](Self::decode_bytes) does behind
    /// [`advance`](Self::advance). `chunk` is the input as it was *before* that call.
    #[must_use]
    pub fn event_bytes(&mut self, chunk: &Bytes, ready: Ready) -> SharedEvent {
        let id = self.room.last_event_id_range();
        if self.shared_id != self.room.bytes(id.clone()) {
            self.shared_id = Bytes::copy_from_slice(self.room.bytes(id));
        }
        let last_event_id = self.shared_id.clone();
        let (event_type, data) = (ready.event_type, ready.data);
        let lies_in_chunk =
            |part: Part| part.place == Place::Chunk && part.start <= part.end && part.end <= chunk.len();
        // A type that did not come lies nowhere, so it does not matter that it seems to lie at the start of the chunk.
        let event_type = if event_type.is_empty() { data.first(0) } else { event_type };
        if !lies_in_chunk(event_type) || !lies_in_chunk(data) {
            return SharedEvent::copied(self.resolve(chunk, event_type), self.resolve(chunk, data), last_event_id);
        }
        let start = event_type.start.min(data.start);
        let within = |part: Part| part.start.saturating_sub(start)..part.end.saturating_sub(start);
        SharedEvent {
            bytes: chunk.slice(start..event_type.end.max(data.end)),
            event_type: within(event_type),
            data: within(data),
            last_event_id,
        }
    }
}
