//! A new connection: the last event ID and the reconnection time are kept, pending input is discarded.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt as _;
use futures::executor::block_on;
use futures::stream::{self, FusedStream as _};
use http_body_util::Full;
use ssewire::Decoder;
use ssewire_io::{
    EventError, EventReader, EventStream, HttpBodyExt as _, JsonReader, JsonStream, LineReader, SharedEventStream,
};
use ssewire_tests::adapters;
use ssewire_tests::transport::Script;

const FIRST: &[u8] = b"\xEF\xBB\xBFretry: 20\nid: 7\ndata: one\n\nid: 8\ndata: cut";

/// With a separate byte order mark, which a chunk boundary may split.
const SECOND: &[u8] = b"\xEF\xBB\xBFdata: two\n\n";

#[test]
fn streams_continue_after_the_end() {
    for (first, second) in adapters::ways(FIRST).into_iter().zip(adapters::ways(SECOND)) {
        let mut events = EventStream::new(Script::<io::Error>::slow(&first));
        assert_eq!(block_on(events.try_next()).unwrap().unwrap().data(), b"one");
        assert!(matches!(block_on(events.try_next()), Err(EventError::Truncated(_))));
        assert!(events.is_terminated());
        assert_eq!(events.decoder().last_event_id(), b"7", "the block of 8 was cut");
        assert_eq!(events.decoder().retry(), Some(Duration::from_millis(20)));

        events.reconnect(Script::slow(&second));
        assert!(!events.is_terminated());
        let two = block_on(events.try_next()).unwrap().unwrap();
        assert_eq!((two.data(), two.last_event_id()), (&b"two"[..], &b"7"[..]));
        assert!(block_on(events.try_next()).unwrap().is_none());
    }
}

#[test]
fn streams_continue_in_the_middle_of_a_chunk_and_after_an_error() {
    let mut events = EventStream::new(Script::of(&[b"id: 7\ndata: one\n\ndata: left behind\n\ndata: p"]));
    assert_eq!(block_on(events.try_next()).unwrap().unwrap().data(), b"one");
    events.reconnect(Script::of(&[b"data: two\n\ndata: p"]).failing(io::Error::other("gone")));
    assert_eq!(block_on(events.try_next()).unwrap().unwrap().data(), b"two");
    assert!(matches!(block_on(events.try_next()), Err(EventError::Transport(_))));
    events.reconnect(Script::of(&[b"data: three\n\n"]));
    let three = block_on(events.try_next()).unwrap().unwrap();
    assert_eq!((three.data(), three.last_event_id()), (&b"three"[..], &b"7"[..]));
}

#[test]
fn streams_of_bytes_and_readers_continue() {
    let mut events = SharedEventStream::new(Script::<io::Error>::of(&[FIRST]));
    assert_eq!(block_on(events.try_next()).unwrap().unwrap().data(), b"one");
    events.reconnect(Script::of(&[SECOND]));
    let two = block_on(events.try_next()).unwrap().unwrap();
    assert_eq!((two.data(), two.last_event_id()), (&b"two"[..], &b"7"[..]));

    let mut events = Full::new(FIRST).sse_events();
    assert_eq!(block_on(events.try_next()).unwrap().unwrap().data(), b"one");
    events.reconnect(Box::pin(Full::new(SECOND)).chunks());
    let two = block_on(events.try_next()).unwrap().unwrap();
    assert_eq!((two.data(), two.last_event_id()), (&b"two"[..], &b"7"[..]));

    let mut events = EventReader::new(FIRST);
    assert_eq!(events.next_event().unwrap().unwrap().data(), b"one");
    assert!(events.next_event().is_err());
    events.reconnect(SECOND);
    let two = events.next_event().unwrap().unwrap();
    assert_eq!((two.data(), two.last_event_id()), (&b"two"[..], &b"7"[..]));
    assert!(events.next_event().unwrap().is_none());

    let mut lines = LineReader::new(&b"one\ncut"[..]);
    assert_eq!(lines.next_line().unwrap().unwrap(), b"one");
    lines.reconnect(&b"two\n"[..]);
    assert_eq!(lines.next_line().unwrap().unwrap(), b"two");
}

/// A stored last event ID can be set before and between connections.
#[test]
fn streams_of_json_continue_with_a_stored_id() {
    let first = &b"id: 7\ndata: 1\n\ndata: [DONE]\n\n"[..];
    let mut reader = JsonReader::<_, u8>::new(first);
    let mut stream = JsonStream::<_, u8>::new(Script::<io::Error>::of(&[first]));
    reader.decoder_mut().set_last_event_id(b"6").unwrap();
    stream.decoder_mut().set_last_event_id(b"6").unwrap();
    assert_eq!((reader.decoder().last_event_id(), stream.decoder().last_event_id()), (&b"6"[..], &b"6"[..]));
    assert_eq!(reader.by_ref().count(), 1);
    while block_on(stream.try_next()).unwrap().is_some() {}
    assert_eq!((reader.decoder().last_event_id(), stream.decoder().last_event_id()), (&b"7"[..], &b"7"[..]));
    reader.decoder_mut().set_last_event_id(b"8").unwrap();
    stream.decoder_mut().set_last_event_id(b"8").unwrap();
    reader.reconnect(b"data: 2\n\n");
    stream.reconnect(Script::of(&[b"data: 2\n\n"]));
    assert_eq!((reader.next().unwrap().unwrap().value, block_on(stream.try_next()).unwrap().unwrap().value), (2, 2));
    assert_eq!((reader.into_decoder().last_event_id(), stream.into_decoder().last_event_id()), (&b"8"[..], &b"8"[..]));
}

/// The decoder can move to a connection of another type.
#[test]
fn the_returned_decoder_has_no_pending_event() {
    let mut events = EventStream::new(Script::<io::Error>::of(&[FIRST]));
    assert_eq!(block_on(events.try_next()).unwrap().unwrap().data(), b"one");
    let decoder = events.into_decoder();
    assert_eq!(decoder.pending_bytes(), 0);
    let chunks = stream::iter([Ok::<_, Infallible>("data: two\n\n")]);
    let mut events = EventStream::with_decoder(chunks, decoder);
    let two = block_on(events.try_next()).unwrap().unwrap();
    assert_eq!((two.data(), two.last_event_id()), (&b"two"[..], &b"7"[..]));
}

/// A connection that is not `Unpin`, as an `async` block makes it.
#[test]
fn pinned_streams_continue() {
    let connect = |data: &'static str| {
        stream::once(async move {
            std::future::ready(()).await;
            Ok::<_, Infallible>(data)
        })
    };
    let mut events = pin!(EventStream::new(connect("id: 7\ndata: one\n\n")));
    assert_eq!(block_on(events.next()).unwrap().unwrap().data(), b"one");
    assert!(block_on(events.next()).is_none());
    events.as_mut().reconnect_pinned(connect("data: two\n\n"));
    assert_eq!(block_on(events.next()).unwrap().unwrap().last_event_id(), b"7");
}

#[test]
fn the_last_event_id_can_be_set_while_a_stream_runs() {
    let mut events = EventReader::with_decoder(&b"data: x\n\n"[..], Decoder::new());
    events.decoder_mut().set_last_event_id(b"from storage").unwrap();
    assert_eq!(events.next_event().unwrap().unwrap().last_event_id(), b"from storage");
}
