//! Events that own a slice of the chunk (feature `bytes`).

use std::collections::HashSet;

use bytes::Bytes;
use proptest::prelude::*;
use ssewire::{DecodeError, Decoder, SharedEvent};
use ssewire_tests::{chunks, streams};

fn shared(decoder: &mut Decoder, chunks: &[&[u8]]) -> Vec<Result<SharedEvent, DecodeError>> {
    let mut seen = Vec::new();
    for chunk in chunks {
        let mut input = Bytes::copy_from_slice(chunk);
        while let Some(event) = decoder.decode_shared(&mut input).transpose() {
            seen.push(event);
        }
        assert!(input.is_empty());
    }
    seen
}

#[test]
fn decode_shared_slices_an_event_within_one_chunk() {
    let chunk = Bytes::from_static(b"event: e\ndata: hello\n\ndata: again\n\n");
    let mut input = chunk.clone();
    let mut decoder = Decoder::new();
    let first = decoder.decode_shared(&mut input).unwrap().unwrap();
    let second = decoder.decode_shared(&mut input).unwrap().unwrap();
    let lies_in_chunk = |bytes: &[u8]| chunk.as_ptr_range().contains(&bytes.as_ptr());
    assert!(lies_in_chunk(first.data()) && lies_in_chunk(first.event_type()) && lies_in_chunk(second.data()));
    assert_eq!((first.event_type(), first.data()), (&b"e"[..], &b"hello"[..]));
    assert_eq!((second.event_type(), second.data_bytes()), (&b"message"[..], Bytes::from_static(b"again")));
}

#[test]
fn copy_out_releases_the_chunk() {
    let chunk = Bytes::from(b"id: 7\ndata: hello\n\n".to_vec());
    let mut input = chunk.clone();
    let event = Decoder::new().decode_shared(&mut input).unwrap().unwrap();
    drop(input);
    assert!(!chunk.is_unique(), "the event is a slice of the chunk");
    let copied = event.copy_out();
    assert!(chunk.is_unique());
    assert_eq!((copied.data(), copied.last_event_id()), (&b"hello"[..], &b"7"[..]));
}

#[test]
fn shared_event_moves_to_another_thread() {
    fn owned<T: Send + Sync + 'static>() {}
    owned::<SharedEvent>();
    let event = shared(&mut Decoder::new(), &[b"data: x\n\n"]).remove(0).unwrap();
    assert_eq!(std::thread::spawn(move || event.data().to_vec()).join().unwrap(), b"x");
}

#[test]
fn last_event_id_is_shared_until_it_changes() {
    let stream = b"id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\nid\ndata: d\n\n";
    let events: Vec<_> = shared(&mut Decoder::new(), &[stream]).into_iter().map(Result::unwrap).collect();
    let ids: Vec<_> = events.iter().map(SharedEvent::last_event_id).collect();
    assert_eq!(ids, [&b"1"[..], b"1", b"2", b""]);
    assert_eq!(ids[0].as_ptr(), ids[1].as_ptr());
}

/// Equality and hash depend neither on the chunking nor on the other bytes of the chunk.
#[test]
fn shared_events_compare_by_content() {
    let stream = b"event: e\nid: 7\ndata: x\n\n";
    let events: Vec<_> =
        chunks::splits(stream).map(|cut| shared(&mut Decoder::new(), &cut).remove(0).unwrap()).collect();
    for event in &events {
        assert_eq!(event, &events[0]);
        assert_eq!(&event.clone().copy_out(), event);
    }
    assert_eq!(HashSet::<_>::from_iter(events.clone()).len(), 1);
    for other in [&b"event: e\ndata: x\n\n"[..], b"event: e\nid: 7\ndata: y\n\n", b"event: f\nid: 7\ndata: x\n\n"] {
        assert_ne!(shared(&mut Decoder::new(), &[other])[0].as_ref(), Ok(&events[0]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// For any stream, chunking and limit.
    #[test]
    fn decode_shared_equals_decode(
        stream in streams::any_stream(),
        lengths in chunks::any_lengths(),
        limit in prop_oneof![Just(usize::MAX), 0..60_usize],
    ) {
        let chunks = chunks::of_lengths(&lengths, &stream);
        let seen = shared(&mut Decoder::new().with_max_event_bytes(limit), &chunks);
        let mut decoder = Decoder::new().with_max_event_bytes(limit);
        let mut at = 0;
        for chunk in chunks {
            let mut input = chunk;
            while let Some(event) = decoder.decode(&mut input).transpose() {
                prop_assert_eq!(seen[at].as_ref().map(SharedEvent::as_event), event.as_ref().map(|event| *event));
                if let Ok(event) = &seen[at] {
                    let copied = event.clone().copy_out();
                    prop_assert_eq!(copied.as_event(), event.as_event());
                }
                at += 1;
            }
        }
        prop_assert_eq!(at, seen.len());
    }
}
