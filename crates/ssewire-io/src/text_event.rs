//! Events as strings, for code that comes from eventsource-stream.

use alloc::string::{String, ToString as _};
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;
use ssewire::{Event, OwnedEvent};

use crate::{Error, EventStream};

/// An event as three strings, with the fields that the event of eventsource-stream has. Ill-formed UTF-8 is U+FFFD, as
/// the standard has it. Three allocations, where [`OwnedEvent`] takes one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TextEvent {
    /// The event type, `message` if there was none.
    pub event: String,
    /// The data.
    pub data: String,
    /// The last event ID.
    pub id: String,
    /// The reconnection time that the event's block set, if it set one.
    pub retry: Option<Duration>,
}

impl From<Event<'_>> for TextEvent {
    fn from(event: Event<'_>) -> Self {
        Self {
            event: event.event_type_lossy().to_string(),
            data: event.data_lossy().to_string(),
            id: event.last_event_id_lossy().to_string(),
            retry: event.retry(),
        }
    }
}

impl From<OwnedEvent> for TextEvent {
    fn from(event: OwnedEvent) -> Self {
        event.as_event().into()
    }
}

pin_project! {
    /// The events of a stream of byte chunks as [`TextEvent`]s; else as [`EventStream`].
    #[derive(Debug)]
    pub struct TextEventStream<S: TryStream> {
        #[pin]
        events: EventStream<S>,
    }
}

impl<S: TryStream> TextEventStream<S>
where
    S::Ok: AsRef<[u8]>,
{
    /// With the decoder's default limits.
    pub fn new(stream: S) -> Self {
        Self { events: EventStream::new(stream) }
    }

    /// The events beneath.
    pub fn events(&self) -> &EventStream<S> {
        &self.events
    }
}

impl<S: TryStream> Stream for TextEventStream<S>
where
    S::Ok: AsRef<[u8]>,
{
    type Item = Result<TextEvent, Error<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.project().events.poll_next(context).map(|item| item.map(|event| event.map(TextEvent::from)))
    }
}
