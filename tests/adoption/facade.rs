//! A facade with the types of eventsource-stream: its users change one line of their manifest.
//!
//! Worked around before: a stream that starts with a byte order mark panicked (pull request 10 of that project, open
//! for long, with forks published for it), and so did reqwest-eventsource on top of it; a large event took quadratic
//! time, and as much memory as the server liked. Ports of the facade to other parsers wrote the bookkeeping of `retry`
//! by hand, and a bound on the struct broke callers that hold an `EventStream<S>` of any `S`.
//!
//! Gone: `TextEvent` carries the `retry` of its block, `TextEventStream<S>` has no bound, and one match maps the
//! errors.

// Their code.
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use futures::{Stream, TryStream};
use pin_project_lite::pin_project;
use ssewire_io::{EventError, TextEventStream, UnfinishedEvent};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    pub event: String,
    pub data: String,
    pub id: String,
    pub retry: Option<Duration>,
}

#[derive(Debug, PartialEq)]
pub enum EventStreamError<E> {
    /// Kept for callers that match on it; cannot occur.
    Utf8,
    Parser(String),
    Transport(E),
}

impl<E: fmt::Display> fmt::Display for EventStreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf8 => f.write_str("invalid UTF-8"),
            Self::Parser(reason) => write!(f, "parse error: {reason}"),
            Self::Transport(error) => write!(f, "transport error: {error}"),
        }
    }
}

pin_project! {
    pub struct EventStream<S> {
        #[pin]
        events: TextEventStream<S>,
    }
}

impl<S> EventStream<S> {
    pub fn last_event_id(&self) -> String {
        String::from_utf8_lossy(self.events.decoder().last_event_id()).into_owned()
    }

    pub fn set_last_event_id(&mut self, id: &str) {
        // The original takes any text; an ID that no stream can set is left out.
        let _ = self.events.decoder_mut().set_last_event_id(id.as_bytes());
    }
}

impl<S: TryStream> Stream for EventStream<S>
where
    S::Ok: AsRef<[u8]>,
{
    type Item = Result<Event, EventStreamError<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.project().events.poll_next(context).map_ok(Event::from).map_err(|error| match error {
            EventError::Transport(error) => EventStreamError::Transport(error),
            other => EventStreamError::Parser(other.map_transport(drop_transport).to_string()),
        })
    }
}

fn drop_transport<E>(_: E) -> &'static str {
    "transport error"
}

impl From<ssewire_io::TextEvent> for Event {
    fn from(event: ssewire_io::TextEvent) -> Self {
        Self { event: event.event, data: event.data, id: event.id, retry: event.retry }
    }
}

pub trait Eventsource: Sized {
    fn eventsource(self) -> EventStream<Self>;
}

impl<S: TryStream> Eventsource for S
where
    S::Ok: AsRef<[u8]>,
{
    fn eventsource(self) -> EventStream<Self> {
        // The original forgets an unfinished event at the end without an error.
        EventStream { events: TextEventStream::new(self).with_unfinished_event(UnfinishedEvent::Discard) }
    }
}

// Tests.
use futures::{StreamExt as _, TryStreamExt as _};
use ssewire_replay::{Fault, Script};

use crate::serve;

const STREAM: &str =
    ": hello\n\nretry: 250\nid: 1\nevent: greeting\ndata: a\n\ndata: b1\ndata: b2\n\nid: 2\n\ndata: c\n\n";

fn event(event: &str, data: &str, id: &str, retry: Option<u64>) -> Event {
    Event { event: event.into(), data: data.into(), id: id.into(), retry: retry.map(Duration::from_millis) }
}

/// A user's struct that holds the stream, with no bound on `S`.
struct Session<S> {
    events: EventStream<S>,
}

#[tokio::test]
async fn every_form_of_a_stream_gives_the_same_events() {
    for fault in [Fault::Split, Fault::OddChunks, Fault::ByteOrderMark, Fault::CrLf, Fault::Cr, Fault::UntilClose] {
        let (_server, url) = serve(fault.apply(Script::stream(STREAM)));
        let mut session = Session { events: reqwest::get(url).await.unwrap().bytes_stream().eventsource() };
        let events: Vec<_> = session.events.by_ref().try_collect().await.unwrap();
        let expected = [
            event("greeting", "a", "1", Some(250)),
            event("message", "b1\nb2", "1", None),
            event("message", "c", "2", None),
        ];
        assert_eq!(events, expected, "{fault}");
        assert_eq!(session.events.last_event_id(), "2");
    }
}

#[tokio::test]
async fn a_cut_is_the_error_of_the_transport_after_what_arrived() {
    let (_server, url) = serve(Script::stream("data: a\n\ndata: b").cut());
    let mut events = reqwest::get(url).await.unwrap().bytes_stream().eventsource();
    assert_eq!(events.try_next().await.unwrap().unwrap().data, "a");
    assert!(matches!(events.next().await, Some(Err(EventStreamError::Transport(error))) if error.is_decode()));
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn an_unfinished_event_at_the_end_is_forgotten_and_the_id_can_be_set() {
    let (_server, url) = serve(Script::stream("data: a\n\ndata: b\n"));
    let mut events = reqwest::get(url).await.unwrap().bytes_stream().eventsource();
    events.set_last_event_id("0");
    let events: Vec<_> = events.try_collect().await.unwrap();
    assert_eq!(events, [event("message", "a", "0", None)]);
}
