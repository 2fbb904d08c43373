//! `BodyEventStream` and `BodyChunks`: events of `http_body::Body`.

use std::collections::VecDeque;
use std::convert::Infallible;

use bytes::{Bytes, BytesMut};
use futures::executor::block_on;
use futures::stream::{self, FusedStream as _};
use futures::{StreamExt as _, TryStreamExt as _};
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use ssewire_io::{BodyChunks, BodyEventStream, EventError, HttpBodyExt as _};
use ssewire_tests::adapters;
use ssewire_tests::outcome::{Decoded, Item, Outcome};
use ssewire_tests::transport::{Script, Step};

#[test]
fn events_of_every_case() {
    adapters::every_case(|script, decoder| {
        let given = script.given();
        let mut stream = BodyEventStream::with_decoder(BodyChunks::new(script), decoder);
        let mut items = Vec::new();
        let pending = loop {
            match block_on(stream.next()) {
                Some(Ok(event)) => {
                    items.push(Item { at: given.bytes(), decoded: Decoded::Event(event.as_event().into()) })
                }
                Some(Err(EventError::Truncated(truncated))) => break Some(truncated.pending_bytes()),
                Some(Err(error)) => panic!("{error}"),
                None => break None,
            }
        };
        assert!(stream.is_terminated() && block_on(stream.next()).is_none());
        let decoder = stream.decoder();
        Outcome { items, pending, retry: decoder.retry(), last_event_id: decoder.last_event_id().into() }
    });
}

#[test]
fn trailers_are_left_out() {
    let steps = [Step::chunk(b"data: a"), Step::Trailers, Step::chunk(b"b\n\n"), Step::Wait, Step::Trailers];
    let chunks: Vec<_> = block_on(BodyChunks::new(Script::<Infallible>::new(steps)).try_collect()).unwrap();
    assert_eq!(chunks, ["data: a", "b\n\n"]);
}

#[test]
fn data_that_is_bytes_is_not_copied() {
    let data = Bytes::from(b"data: a\n\ndata: b\n\n".to_vec());
    let chunks: Vec<_> = block_on(BodyChunks::new(Full::new(data.clone())).try_collect()).unwrap();
    assert_eq!(chunks[0].as_ptr_range(), data.as_ptr_range());

    let events: Vec<_> =
        block_on(BodyEventStream::new(BodyChunks::new(Full::new(data.clone()))).try_collect()).unwrap();
    assert!(events.iter().all(|event| data.as_ptr_range().contains(&event.data().as_ptr())));
    assert_eq!(events.len(), 2);
}

/// Data that lies in several pieces is all taken.
#[test]
fn data_of_any_buffer() {
    let pieces = VecDeque::from(b"data: in a ring\n\n".to_vec());
    let chained = bytes::Buf::chain(&b"data: cha"[..], &b"ined\n\n"[..]);
    assert_eq!(data(Full::new(pieces)), ["in a ring"]);
    assert_eq!(data(Full::new(chained)), ["chained"]);
    assert_eq!(data(Full::new(BytesMut::from("data: mut\n\n").freeze())), ["mut"]);
    assert_eq!(data(Full::new(&b"data: slice\n\n"[..])), ["slice"]);
    assert_eq!(data(Empty::<Bytes>::new()), [""; 0]);
}

fn data<B: http_body::Body<Error = Infallible> + Unpin>(body: B) -> Vec<String> {
    let events = BodyEventStream::new(BodyChunks::new(body));
    block_on(events.map_ok(|event| String::from_utf8(event.data().to_vec()).unwrap()).try_collect()).unwrap()
}

/// As servers' frameworks give them.
#[test]
fn boxed_bodies() {
    let frames = stream::iter([Ok::<_, Infallible>(Frame::data(Bytes::from("data: a\n\n")))]);
    assert_eq!(data(StreamBody::new(frames).boxed_unsync()), ["a"]);
}

/// A body that is not `Unpin`, as those of middleware, needs not be pinned.
#[test]
fn a_body_is_pinned_by_the_extension() {
    async fn first<B: http_body::Body>(body: B) -> Vec<u8> {
        body.sse_events().try_next().await.ok().unwrap().unwrap().data().to_vec()
    }
    let frames = stream::once(async { Ok::<_, Infallible>(Frame::data(Bytes::from("data: a\n\n"))) });
    assert_eq!(block_on(first(StreamBody::new(frames))), b"a");
}

#[test]
fn the_error_of_a_body_is_returned() {
    #[derive(Debug, PartialEq)]
    struct Broken;
    let script = Script::of(&[b"data: a\n\ndata: lost"]).failing(Broken);
    let seen: Vec<_> = block_on(BodyEventStream::new(BodyChunks::new(script)).collect());
    assert_eq!(seen[0].as_ref().unwrap().data(), b"a");
    assert_eq!(seen[1].as_ref().unwrap_err(), &EventError::Transport(Broken));
    assert_eq!(seen.len(), 2);
}
