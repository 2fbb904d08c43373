//! `SharedEventStream` copies nothing that lies within one chunk.

use std::convert::Infallible;

use bytes::Bytes;
use futures::executor::block_on;
use futures::{StreamExt as _, stream};
use ssewire::{OwnedEvent, SharedEvent};
use ssewire_io::{ByteStreamExt as _, DecodeReader, SharedEventStream, SharedEvents, UnfinishedEvent};

fn events(chunks: &[&Bytes]) -> Vec<SharedEvent> {
    let chunks: Vec<_> = chunks.iter().map(|&chunk| Ok::<_, Infallible>(chunk.clone())).collect();
    block_on(SharedEventStream::new(stream::iter(chunks)).map(Result::unwrap).collect())
}

fn lies_in(bytes: &[u8], chunk: &Bytes) -> bool {
    let (outer, inner) = (chunk.as_ptr_range(), bytes.as_ptr_range());
    outer.start <= inner.start && inner.end <= outer.end
}

#[test]
fn every_event_of_a_chunk_is_a_slice_of_it() {
    let chunk = Bytes::from(b"event: e\ndata: one\n\ndata: two\r\n\r\n: c\n\ndata:three\n\n".to_vec());
    let events = events(&[&chunk]);
    let data: Vec<_> = events.iter().map(SharedEvent::data).collect();
    assert_eq!(data, [&b"one"[..], b"two", b"three"]);
    assert!(data.iter().all(|data| lies_in(data, &chunk)));
    assert!(lies_in(events[0].event_type(), &chunk));
    assert!(events.iter().all(|event| lies_in(&event.data_bytes(), &chunk)));
}

/// An event whose data lines are joined, or that straddles chunks, is the only one that is copied.
#[test]
fn an_event_across_chunks_is_copied_and_frees_both_chunks() {
    let chunks = [&b"data: one\n\ndata: stra"[..], b"ddles\n\ndata: three\n\n"].map(Bytes::copy_from_slice);
    let [one, straddles, three]: [SharedEvent; 3] = events(&[&chunks[0], &chunks[1]]).try_into().unwrap();
    assert!(lies_in(one.data(), &chunks[0]) && lies_in(three.data(), &chunks[1]));
    assert_eq!(straddles.data(), b"straddles");
    drop((one, three));
    assert!(chunks.iter().all(Bytes::is_unique));
    drop(straddles);
}

#[test]
fn a_copied_event_frees_the_chunk() {
    let chunk = Bytes::from(b"event: e\nid: 7\ndata: hello\n\n".to_vec());
    let event = events(&[&chunk]).remove(0);
    assert!(!chunk.is_unique());
    let copy = event.copy_out();
    assert!(chunk.is_unique());
    let fields = (copy.event_type(), copy.data(), copy.last_event_id());
    assert_eq!(fields, (&b"e"[..], &b"hello"[..], &b"7"[..]));
}

/// A reader has no chunk to share, but its events are of the same type.
#[test]
fn a_reader_of_shared_events_copies_them() {
    let input = &b"event: e\nid: 7\ndata: one\n\ndata: two\ndata: three"[..];
    let events = DecodeReader::<_, SharedEvents>::new(input).with_unfinished_event(UnfinishedEvent::Dispatch);
    let read: Vec<_> = events.map(Result::unwrap).collect();
    let [one, joined] = &read[..] else { panic!("two events") };
    assert_eq!((one.event_type(), one.data(), one.last_event_id()), (&b"e"[..], &b"one"[..], &b"7"[..]));
    assert_eq!(
        (joined.event_type(), joined.data(), joined.last_event_id()),
        (&b"message"[..], &b"two\nthree"[..], &b"7"[..])
    );
    assert_eq!(SharedEvent::from(OwnedEvent::from(one.clone())), *one);
}

/// A chunk that is used up is let go, though the stream is still open: it may be idle for long.
#[test]
fn the_stream_lets_go_of_a_chunk_that_is_used_up() {
    let chunk = Bytes::from(b"data: a\n\ndata: b\n\n".to_vec());
    let chunks = stream::iter([Ok::<_, Infallible>(chunk.clone())]).chain(stream::pending());
    let mut stream = chunks.shared_sse_events();
    for _ in 0..2 {
        drop(block_on(stream.next()).unwrap().unwrap());
    }
    let waker = futures::task::noop_waker_ref();
    assert!(stream.poll_next_unpin(&mut std::task::Context::from_waker(waker)).is_pending());
    assert!(chunk.is_unique());
}
