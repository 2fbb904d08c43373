//! A client that reconnects, over reqwest: the shape of reqwest-eventsource and of LaunchDarkly's eventsource-client.
//!
//! Worked around before: the server's reconnection time was parsed a second time, because items had no `retry`; an ID
//! in a block without data was lost, because only events set the ID that is sent; after a reconnection that brought no
//! event the next request had no `Last-Event-ID` (pull request 2809 of the TypeScript SDK of MCP describes the same
//! fault); comments existed inside the parser only.
//!
//! Gone: the decoder keeps ID and reconnection time of every block, `reconnect` continues with the next response, and
//! `Reconnect` and `ResponseAction` know the rules of the standard. Clock, timer and randomness are the client's.

// Their code.
use core::pin::Pin;
use core::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use futures::Stream;
use ssewire_io::ssewire::{Reconnect, ResponseAction, last_event_id_header};
use ssewire_io::{EventError, TextEvent, TextEventStream};

type Body = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

pub struct EventSource {
    client: reqwest::Client,
    url: String,
    events: TextEventStream<Body>,
    reconnect: Reconnect,
    started: Instant,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Connecting,
    Open,
    Closed,
}

impl EventSource {
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            client: reqwest::Client::new(),
            url: url.into(),
            events: TextEventStream::new(Box::pin(futures::stream::empty())),
            reconnect: Reconnect::new().with_min_delay(Duration::ZERO),
            started: Instant::now(),
            state: State::Connecting,
        }
    }

    /// The next event, from as many connections as it takes. `None`: the server says that there are no more.
    pub async fn next(&mut self) -> Option<TextEvent> {
        loop {
            match self.state {
                State::Closed => return None,
                State::Connecting => self.connect().await,
                State::Open => match self.events.try_next().await {
                    Ok(Some(event)) => return Some(event),
                    // One event is lost; the connection is not.
                    Err(EventError::Decode(_)) => {}
                    Ok(None) | Err(_) => self.wait().await,
                },
            }
        }
    }

    async fn connect(&mut self) {
        let mut request = self.client.get(&self.url).header("accept", "text/event-stream");
        if let Some((name, id)) = last_event_id_header(self.events.decoder().last_event_id()) {
            // An ID may have bytes that a header cannot have.
            if let Ok(id) = reqwest::header::HeaderValue::from_bytes(id) {
                request = request.header(name, id);
            }
        }
        let Ok(response) = request.send().await else { return self.wait().await };
        let content_type = response.headers().get("content-type").map(|value| value.as_bytes());
        match ResponseAction::from_head(response.status().as_u16(), content_type) {
            ResponseAction::Announce => {
                self.reconnect.record_connected(self.started.elapsed());
                self.events.reconnect(Box::pin(response.bytes_stream()));
                self.state = State::Open;
            }
            ResponseAction::Reestablish => self.wait().await,
            ResponseAction::Fail => self.state = State::Closed,
        }
    }

    async fn wait(&mut self) {
        self.state = State::Connecting;
        // A client for many users passes a random number, so that they do not come back all at once.
        let delay = self.reconnect.record_disconnected(self.started.elapsed(), self.events.decoder().retry(), 0.0);
        tokio::time::sleep(delay).await;
    }
}

// Tests.
use ssewire_replay::{Fault, Script, Server};

#[tokio::test]
async fn it_continues_after_the_last_id_whatever_ends_a_connection() {
    let server = Server::start().unwrap();
    server.serve_in_turn(
        "/",
        [
            // The time is that of a block without data; the connection is cut within the second event.
            Script::stream("retry: 1\n\nid: 1\ndata: a\n\nid: lost\ndata: los").cut(),
            Script::status(503),
            // Nothing new but an ID, at the very end.
            Script::stream("id: 2\n\n"),
            // No ID at all: the last one stays.
            Script::stream(": keep-alive\n\ndata: b\n\n").chunked_by(1),
            Fault::RateLimit.script(),
            // An empty ID resets it.
            Script::stream("data: c\n\nid\ndata: d\n\n").reset(),
            Script::status(204),
        ],
    );
    let mut events = EventSource::new(server.base_url() + "/");
    let mut received = Vec::new();
    while let Some(event) = events.next().await {
        received.push((event.id, event.data));
    }
    let received: Vec<_> = received.iter().map(|(id, data)| (id.as_str(), data.as_str())).collect();
    assert_eq!(received, [("1", "a"), ("2", "b"), ("2", "c"), ("", "d")]);
    let requests = server.requests();
    let ids: Vec<_> = requests.iter().map(|request| request.last_event_id()).collect();
    assert_eq!(ids, [None, Some("1"), Some("1"), Some("2"), Some("2"), Some("2"), None]);
}

#[tokio::test]
async fn it_stops_where_another_request_would_fail_too() {
    for fault in [Fault::NoContent, Fault::BadRequest, Fault::HtmlBody, Fault::JsonBody] {
        let server = Server::start().unwrap();
        server.serve("/", fault.script());
        let mut events = EventSource::new(server.base_url() + "/");
        assert_eq!(events.next().await, None, "{fault}");
        assert_eq!((events.state, server.requests().len()), (State::Closed, 1), "{fault}");
    }
}

/// A header cannot have every byte of an ID. Such an ID is not sent, and locks nobody out.
#[tokio::test]
async fn it_reconnects_after_an_id_that_a_header_cannot_have() {
    let server = Server::start().unwrap();
    let scripts = ["retry: 1\nid: \u{1}\ndata: a\n\n", "id: 7\ndata: b\n\n"].map(Script::stream);
    server.serve_in_turn("/", scripts.into_iter().chain([Script::status(204)]));
    let mut events = EventSource::new(server.base_url() + "/");
    let mut received = Vec::new();
    let all = async {
        while let Some(event) = events.next().await {
            received.push(event.data);
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), all).await.is_ok(), "no further request was sent");
    assert_eq!(received, ["a", "b"]);
    let requests = server.requests();
    let ids: Vec<_> = requests.iter().map(|request| request.last_event_id()).collect();
    assert_eq!(ids, [None, None, Some("7")]);
}
