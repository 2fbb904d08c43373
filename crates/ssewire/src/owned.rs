//! Events that own a copy of their bytes.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::event::Event;

/// An event that owns its bytes, in one allocation of just its size: `Send`, `'static`, and independent of the decoder.
/// Made by [`Event::into_owned`].
///
/// With the feature `bytes` there is `SharedEvent`, too, which shares the chunk instead of copying from it.
///
/// ```
/// let mut decoder = ssewire::Decoder::new();
/// let mut input = &b"event: greeting\ndata: hello\n\n"[..];
/// let event = decoder.decode(&mut input)?.unwrap().into_owned();
/// drop(decoder);
/// assert_eq!(event.event_type(), b"greeting");
/// assert_eq!(event.as_event().data_str(), Ok("hello"));
/// # Ok::<(), ssewire::DecodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnedEvent {
    /// Type, data, last event ID.
    bytes: Box<[u8]>,
    type_end: usize,
    data_end: usize,
}

impl OwnedEvent {
    /// The event, lent; it has all the accessors.
    #[must_use]
    pub fn as_event(&self) -> Event<'_> {
        let part = |from, to| self.bytes.get(from..to).unwrap_or_default();
        Event {
            event_type: part(0, self.type_end),
            data: part(self.type_end, self.data_end),
            last_event_id: part(self.data_end, self.bytes.len()),
        }
    }

    /// See [`Event::event_type`].
    #[must_use]
    pub fn event_type(&self) -> &[u8] {
        self.as_event().event_type
    }

    /// See [`Event::data`].
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.as_event().data
    }

    /// See [`Event::last_event_id`].
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.as_event().last_event_id
    }
}

impl Event<'_> {
    /// A copy that owns its bytes: one allocation.
    #[must_use]
    pub fn into_owned(self) -> OwnedEvent {
        let parts = [self.event_type, self.data, self.last_event_id];
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        let type_end = self.event_type.len();
        OwnedEvent { bytes: bytes.into(), type_end, data_end: type_end.saturating_add(self.data.len()) }
    }
}

impl fmt::Debug for OwnedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_event().fmt(f)
    }
}
