//! Events as strings.

use alloc::string::String;
use core::time::Duration;

use ssewire::{Event, OwnedEvent};

/// An event as three strings. The fields have the names of the `Event` of the crate eventsource-stream, so that a
/// program that changes from it reads the same fields. Ill-formed UTF-8 is U+FFFD, as the standard requires. Each
/// string that is not empty is one copy and one allocation, also the last event ID, of up to `max_id_bytes`. An
/// [`OwnedEvent`] has one for type and data, and shares the ID with other events.
///
/// ```
/// use ssewire_io::TextEvent;
///
/// let event = TextEvent::new("greeting", "hello", "7");
/// assert_eq!((event.event.as_str(), event.data.as_str(), event.retry), ("greeting", "hello", None));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TextEvent {
    /// The event type, `message` if the block set none.
    pub event: String,
    /// The data.
    pub data: String,
    /// The last event ID.
    pub id: String,
    /// The reconnection time that the event's block set, if it set one.
    pub retry: Option<Duration>,
}

impl TextEvent {
    /// Creates an event without a reconnection time.
    #[must_use]
    pub fn new(event: impl Into<String>, data: impl Into<String>, id: impl Into<String>) -> Self {
        Self { event: event.into(), data: data.into(), id: id.into(), retry: None }
    }

    /// Sets the reconnection time.
    #[must_use]
    pub fn with_retry(self, retry: Duration) -> Self {
        Self { retry: Some(retry), ..self }
    }

    /// Returns whether the data is the end marker of OpenAI-compatible streams; see [`is_done`](ssewire::is_done).
    #[must_use]
    pub fn is_done(&self) -> bool {
        ssewire::is_done(self.data.as_bytes())
    }
}

impl From<Event<'_>> for TextEvent {
    #[inline]
    fn from(event: Event<'_>) -> Self {
        Self {
            event: event.event_type_lossy().to_cow().into_owned(),
            data: event.data_lossy().to_cow().into_owned(),
            id: event.last_event_id_lossy().to_cow().into_owned(),
            retry: event.retry(),
        }
    }
}

impl From<OwnedEvent> for TextEvent {
    #[inline]
    fn from(event: OwnedEvent) -> Self {
        event.as_event().into()
    }
}

#[cfg(feature = "bytes")]
impl From<ssewire::SharedEvent> for TextEvent {
    #[inline]
    fn from(event: ssewire::SharedEvent) -> Self {
        event.as_event().into()
    }
}
