//! The clients, each with the adapter that fits it.

use core::future::Future;
use core::time::Duration;
use std::io;

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::TokioExecutor;
use ssewire_io::{
    ByteStreamExt as _, EventCodec, HttpBodyExt as _, IdleTimeoutExt as _, MessageReader, MessageStream, Observer, Tap,
};
use ssewire_messages::{Accumulator, ApiError, MessageDecoder, ResponseHead, Step, StreamEvent, Update};
use tokio_util::codec::FramedRead;
use tokio_util::io::StreamReader;

use crate::outcome::Outcome;

/// Sends a request to the URL, with an idle timeout, and calls the function for each text delta.
pub(crate) type Client = fn(&str, Duration, &mut dyn FnMut(&str)) -> Outcome;

const REQUEST: &str = r#"{"stream":true}"#;

pub(crate) fn ureq(url: &str, idle: Duration, show: &mut dyn FnMut(&str)) -> Outcome {
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_recv_body(Some(idle));
    let agent: ureq::Agent = config.build().into();
    let mut response = agent.post(url).send(REQUEST).unwrap();
    let head = ResponseHead::new(response.status().as_u16(), response.headers());
    if !response.status().is_success() {
        return Outcome::refused(&ApiError::from_response(head, &response.body_mut().read_to_vec().unwrap()));
    }
    let mut stream = MessageReader::new(response.into_body().into_reader());
    let mut text = String::new();
    for piece in stream.text_deltas().flatten() {
        show(&piece);
        text.push_str(&piece);
    }
    Outcome::new(text, stream.finish().map_err(ssewire_io::IncompleteMessage::into_report))
}

pub(crate) fn reqwest(url: &str, idle: Duration, show: &mut dyn FnMut(&str)) -> Outcome {
    block_on(async {
        match post(url, idle).await {
            Ok(response) => follow(response.bytes_stream(), show).await,
            Err(refused) => refused,
        }
    })
}

pub(crate) fn hyper(url: &str, idle: Duration, show: &mut dyn FnMut(&str)) -> Outcome {
    block_on(async {
        let client = HyperClient::builder(TokioExecutor::new()).build_http::<Full<bytes::Bytes>>();
        let request = hyper::Request::post(url).body(REQUEST.into()).unwrap();
        let response = client.request(request).await.unwrap();
        let head = ResponseHead::new(response.status().as_u16(), response.headers());
        if !response.status().is_success() {
            let body = response.into_body().collect().await.unwrap().to_bytes();
            return Outcome::refused(&ApiError::from_response(head, &body));
        }
        // hyper has no timeout of its own.
        follow(response.into_body().chunks().idle_timeout(|| tokio::time::sleep(idle)), show).await
    })
}

/// Combines the layers directly: reqwest as an `AsyncRead`, then the event codec, then the accumulator.
pub(crate) fn codec(url: &str, idle: Duration, show: &mut dyn FnMut(&str)) -> Outcome {
    block_on(async {
        let response = match post(url, idle).await {
            Ok(response) => response,
            Err(refused) => return refused,
        };
        // The message decoder is needed only to classify a body without events.
        let mut driver = MessageDecoder::new();
        let body = response.bytes_stream().map_err(io::Error::other).inspect_ok(|chunk| {
            let mut input = &chunk[..];
            while let Ok(Step::Update(_)) = driver.decode(&mut input) {}
        });
        let mut accumulator = Accumulator::new();
        let mut text = String::new();
        let mut events = FramedRead::new(StreamReader::new(Box::pin(body)), EventCodec::new());
        while let Some(Ok(event)) = events.next().await {
            let event = event.unwrap();
            let Ok(Some(event)) = StreamEvent::decode(event.event_type(), event.data()) else { continue };
            let update: Update<'_> = accumulator.accumulate(event).unwrap();
            for piece in update.text_deltas() {
                show(piece);
                text.push_str(piece);
            }
        }
        drop(events);
        let by_driver = driver.finish();
        let by_hand = accumulator.into_message();
        assert_eq!(by_hand.as_ref().ok(), by_driver.as_ref().ok());
        Outcome::new(text, by_driver)
    })
}

/// A gateway: the bytes that pass the tap are those that another client would receive.
pub(crate) fn tapped(url: &str, idle: Duration, show: &mut dyn FnMut(&str)) -> Outcome {
    struct Bytes<'a>(&'a mut Vec<u8>);
    impl Observer for Bytes<'_> {
        fn on_chunk(&mut self, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }
    }
    block_on(async {
        let response = match post(url, idle).await {
            Ok(response) => response,
            Err(refused) => return refused,
        };
        let mut seen = Vec::new();
        let outcome = follow(Tap::new(response.bytes_stream(), Bytes(&mut seen)), show).await;
        // The observed bytes give the same outcome as the bytes that passed.
        let again = follow(futures::stream::iter([Ok::<_, io::Error>(seen)]), &mut |_| ()).await;
        assert_eq!((&again.text, &again.end), (&outcome.text, &outcome.end));
        outcome
    })
}

async fn follow<S, B, E>(body: S, show: &mut dyn FnMut(&str)) -> Outcome
where
    S: Stream<Item = Result<B, E>>,
    B: AsRef<[u8]>,
    E: core::fmt::Debug,
{
    let mut stream: MessageStream<_> = Box::pin(body).message();
    let mut text = String::new();
    while let Ok(Some(piece)) = stream.next_text().await {
        show(&piece);
        text.push_str(&piece);
    }
    Outcome::new(text, stream.finish().await.map_err(ssewire_io::IncompleteMessage::into_report))
}

async fn post(url: &str, idle: Duration) -> Result<reqwest::Response, Outcome> {
    let client = reqwest::Client::builder().read_timeout(idle).build().unwrap();
    let response = client.post(url).body(REQUEST).send().await.unwrap();
    if response.status().is_success() {
        return Ok(response);
    }
    let head = ResponseHead::new(response.status().as_u16(), response.headers());
    Err(Outcome::refused(&ApiError::from_response(head, &response.bytes().await.unwrap())))
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
