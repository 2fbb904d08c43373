//! `EventBody`: the bytes that a server sends, and that a client can read them.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use ssewire::EventBuilder;
use ssewire_io::{EventBody, HttpBodyExt as _};

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(test);
}

fn event(data: &str) -> Bytes {
    EventBuilder::new().data(data).to_bytes()
}

#[test]
fn events_are_sent_as_they_come() {
    run(async {
        let body = EventBody::new(stream::iter([Ok::<_, Infallible>(event("a")), Ok(event("b\nc"))]));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "data: a\n\ndata: b\ndata: c\n\n");
        // Anything that becomes `Bytes`.
        let body = EventBody::new(stream::iter([Ok::<_, Infallible>(event("a").to_vec())]));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "data: a\n\n");
    });
}

/// A comment after each silence, none while events come; every comment is a block of its own.
#[test]
fn comments_keep_the_connection_alive() {
    run(async {
        let events = stream::iter([10_u64, 40, 5]).then(|seconds| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok::<_, Infallible>(event(&seconds.to_string()))
        });
        let start = tokio::time::Instant::now();
        let body = EventBody::new(events).with_keep_alive(|| tokio::time::sleep(Duration::from_secs(15)));
        let mut body = Box::pin(body);
        let mut sent = Vec::new();
        while let Some(frame) = body.frame().await {
            let data = frame.unwrap().into_data().unwrap();
            sent.push((start.elapsed().as_secs(), String::from_utf8(data.to_vec()).unwrap()));
        }
        let (events, comments): (Vec<_>, Vec<_>) = sent.into_iter().partition(|(_, data)| data.starts_with("data"));
        assert_eq!(events.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [10, 50, 55]);
        assert_eq!(comments.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [25, 40]);
        assert!(comments.iter().all(|(_, data)| data.starts_with(':') && data.ends_with("\n\n")), "{comments:?}");
        assert!(body.is_end_stream());
    });
}

#[test]
fn a_client_reads_the_events_of_a_server() {
    run(async {
        let texts = ["a", "b\nc", "", ": no comment", "data: x"];
        let events = stream::iter(texts).then(|text| async move {
            tokio::time::sleep(Duration::from_secs(20)).await;
            Ok::<_, Infallible>(event(text))
        });
        let body = EventBody::new(events).with_keep_alive(|| tokio::time::sleep(Duration::from_secs(6)));
        let mut events = Box::pin(body).sse_events();
        for text in texts {
            assert_eq!(events.try_next().await.unwrap().unwrap().data(), text.as_bytes());
        }
        assert!(events.try_next().await.unwrap().is_none());
    });
}

#[test]
fn an_error_of_the_events_ends_the_body() {
    run(async {
        let events = stream::iter([Ok(event("a")), Err(io::Error::other("gone")), Ok(event("b"))]);
        let mut body = Box::pin(EventBody::new(events));
        assert!(body.frame().await.unwrap().is_ok());
        assert_eq!(body.frame().await.unwrap().unwrap_err().to_string(), "gone");
        assert!(body.is_end_stream() && body.frame().await.is_none());
    });
}

#[test]
fn the_body_is_send_for_servers() {
    fn is_send<T: Send>(_: &T) {}
    let events = stream::pending::<Result<Bytes, Infallible>>();
    is_send(&EventBody::new(events).with_keep_alive(|| tokio::time::sleep(Duration::from_secs(15))));
}
