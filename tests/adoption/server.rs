//! A server that writes events with keep-alive comments, and a client that reads them: the server side of rmcp, and
//! axum's `Sse` for those who use hyper alone.
//!
//! Worked around before: events were formatted by `format!`, so that a line end in the data injected fields; keep-alive
//! was a task with a channel per connection, which outlived clients that had gone; on the reading side, comments were
//! invisible above the parser, so that an idle timer could not distinguish a quiet server from a dead one.
//!
//! Gone: `EventBody` is a body for hyper and axum with the caller's timer, `EventBuilder` cannot inject, and frames
//! show comments to those who ask for them.

// Their code.
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use hyper::{Response, service::service_fn};
use hyper_util::rt::TokioIo;
use ssewire_io::EventBody;
use ssewire_io::ssewire::{EncodeError, EventBuilder};
use tokio::net::TcpListener;

/// Something that happened, as the application knows it.
#[derive(Debug, Clone)]
pub struct Happening {
    pub number: u64,
    pub kind: &'static str,
    pub text: String,
}

impl Happening {
    fn encode(&self) -> Result<Bytes, EncodeError> {
        let id = self.number.to_string();
        Ok(EventBuilder::new().event_type(self.kind)?.id(&id)?.data(&self.text).to_bytes())
    }
}

/// Serves one connection: every response has the happenings after the last event ID of its request.
pub async fn serve_one<F, S, T, M>(listener: TcpListener, happenings: F, timer: M)
where
    F: Fn(u64) -> S + Send + 'static,
    S: Stream<Item = Happening> + Send + 'static,
    M: Fn() -> T + Clone + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let (socket, _) = listener.accept().await.expect("a connection");
    let respond = Arc::new(move |request: hyper::Request<hyper::body::Incoming>| {
        let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).unwrap_or(0);
        let events = futures::StreamExt::map(happenings(last), |happening| happening.encode());
        let body = EventBody::new(Box::pin(events)).with_keep_alive(timer.clone());
        Response::builder()
            .header("content-type", "text/event-stream")
            .header("cache-control", "no-store")
            .body(body)
            .expect("valid headers")
    });
    let service = service_fn(move |request| {
        let respond = respond.clone();
        async move { Ok::<_, Infallible>(respond(request)) }
    });
    // An error means that the client has left, or that a happening could not be encoded.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
}

// Tests.
use futures::stream;
use ssewire_io::ssewire::OwnedFrame;
use ssewire_io::{ByteStreamExt as _, FrameStream};
use tokio::sync::{Notify, mpsc};

type Body = core::pin::Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;
type Frames = FrameStream<core::pin::Pin<Box<Body>>>;

async fn connect(listener: &TcpListener, last_event_id: u64) -> Frames {
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let request = reqwest::Client::new().get(url).header("last-event-id", last_event_id.to_string());
    let body: Body = Box::pin(stream::once(request.send()).flat_map(|response| response.unwrap().bytes_stream()));
    body.sse_frames()
}

use futures::StreamExt as _;

fn happening(number: u64, kind: &'static str, text: &str) -> Happening {
    Happening { number, kind, text: text.to_owned() }
}

/// The text of a comment, or event type, ID and data.
async fn next(frames: &mut Frames) -> Option<(String, String, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Some(match frames.try_next().await.unwrap()? {
        OwnedFrame::Comment { text: comment, .. } => ("comment".to_owned(), String::new(), text(&comment)),
        frame => {
            let ssewire_io::ssewire::Frame::Block(block) = frame.as_frame() else { panic!("{frame:?}") };
            let event = block.event().unwrap();
            (text(event.event_type()), text(event.last_event_id()), text(event.data()))
        }
    })
}

#[tokio::test]
async fn comments_keep_a_quiet_connection_alive_and_no_data_injects_a_field() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (sender, receiver) = mpsc::unbounded_channel::<Happening>();
    let receiver = std::sync::Mutex::new(Some(receiver));
    let happenings = move |_| {
        let receiver = receiver.lock().unwrap().take().unwrap();
        stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) })
    };
    // The timer of this server is a hand that turns when the test says so.
    let idle = Arc::new(Notify::new());
    let timer = {
        let idle = idle.clone();
        move || {
            let idle = idle.clone();
            async move { idle.notified().await }
        }
    };
    let mut frames = connect(&listener, 0).await;
    let server = tokio::spawn(serve_one(listener, happenings, timer));

    let evil = "one\r\nevent: admin\n\n: x\u{feff}";
    sender.send(happening(1, "note", evil)).unwrap();
    let expected = "one\nevent: admin\n\n: x\u{feff}";
    assert_eq!(next(&mut frames).await.unwrap(), ("note".to_owned(), "1".to_owned(), expected.to_owned()));
    for _ in 0..3 {
        idle.notify_one();
        assert_eq!(next(&mut frames).await.unwrap().0, "comment");
    }
    sender.send(happening(2, "note", "")).unwrap();
    assert_eq!(next(&mut frames).await.unwrap(), ("note".to_owned(), "2".to_owned(), String::new()));
    drop(sender);
    assert_eq!(next(&mut frames).await, None);
    drop(frames);
    server.await.unwrap();
}

#[tokio::test]
async fn a_client_that_reconnects_receives_the_missed_events() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let happenings = |last| stream::iter((last + 1..=4).map(|number| happening(number, "note", &format!("n{number}"))));
    let mut frames = connect(&listener, 2).await;
    let server = tokio::spawn(serve_one(listener, happenings, futures::future::pending::<()>));
    let mut received = Vec::new();
    while let Some((_, id, data)) = next(&mut frames).await {
        received.push((id, data));
    }
    assert_eq!(received, [("3".to_owned(), "n3".to_owned()), ("4".to_owned(), "n4".to_owned())]);
    drop(frames);
    server.await.unwrap();
}
