//! A server of events with axum, for those whose events axum's `Sse` cannot write.
//!
//! Worked around before: axum's `Sse` takes events of its own type, which panics on a line end in an event type; a
//! gateway that passes encoded events decoded them first, and wrote them again; keep-alive had the timer of one
//! runtime.
//!
//! Gone: `EventBody` is the body of an axum response, for encoded events and with any timer.

// Their code.
use core::convert::Infallible;
use core::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::{Stream, StreamExt as _};
use ssewire_io::EventBody;
use ssewire_io::ssewire::EventBuilder;

/// A response with these texts as events, and a comment after each silence.
fn respond(texts: impl Stream<Item = String> + Send + 'static, silence: Duration) -> Response {
    let events = texts.map(|text| Ok::<_, Infallible>(EventBuilder::new().data(&text).to_bytes()));
    let body = EventBody::new(events).with_keep_alive(move || tokio::time::sleep(silence));
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    (headers, Body::new(body)).into_response()
}

pub fn router<S>(texts: impl Fn() -> S + Clone + Send + Sync + 'static, silence: Duration) -> Router
where
    S: Stream<Item = String> + Send + 'static,
{
    Router::new().route("/events", get(move || async move { respond(texts(), silence) }))
}

// Tests.
use futures::stream;
use ssewire_io::ByteStreamExt as _;
use ssewire_io::ssewire::{Frame, OwnedFrame};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Serves until the runtime ends, and connects.
async fn get_from(router: Router) -> reqwest::Response {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    reqwest::get(url).await.unwrap()
}

#[tokio::test]
async fn an_axum_server_sends_events_that_a_client_reads() {
    let texts = ["one", "two\nevent: admin\r\n\r\ndata: x", "", ": no comment"];
    let response = get_from(router(move || stream::iter(texts.map(str::to_owned)), Duration::from_secs(3600))).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut events = response.bytes_stream().text_events();
    let mut received = Vec::new();
    while let Some(event) = events.try_next().await.unwrap() {
        assert_eq!(event.event, "message");
        received.push(event.data);
    }
    assert_eq!(received, ["one", "two\nevent: admin\n\ndata: x", "", ": no comment"]);
}

/// The event is sent only after a comment has arrived, so the comment came from the timer.
#[tokio::test]
async fn comments_keep_the_connection_alive() {
    let (sender, receiver) = mpsc::unbounded_channel::<String>();
    let receiver = std::sync::Mutex::new(Some(receiver));
    let receiver = std::sync::Arc::new(receiver);
    let texts = move || {
        let receiver = receiver.lock().unwrap().take().unwrap();
        stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) })
    };
    let mut frames = get_from(router(texts, Duration::from_millis(5))).await.bytes_stream().sse_frames();
    assert!(matches!(frames.try_next().await.unwrap(), Some(OwnedFrame::Comment { .. })));
    sender.send("after".to_owned()).unwrap();
    let data = loop {
        let frame = frames.try_next().await.unwrap().unwrap();
        if let Frame::Block(block) = frame.as_frame() {
            break block.event().unwrap().data().to_vec();
        }
    };
    assert_eq!(data, b"after");
    drop(sender);
    while let Some(frame) = frames.try_next().await.unwrap() {
        assert!(matches!(frame, OwnedFrame::Comment { .. }));
    }
}
