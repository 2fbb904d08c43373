//! Events that own a slice of the chunk (feature `bytes`).

use bytes::Bytes;
use proptest::prelude::*;
use ssewire::{DecodeError, Decoder, SharedEvent};
use ssewire_tests::{chunks, streams};

fn shared(decoder: &mut Decoder, chunks: &[&[u8]]) -> Vec<Result<SharedEvent, DecodeError>> {
    let mut seen = Vec::new();
    for chunk in chunks {
        let mut input = Bytes::copy_from_slice(chunk);
        while let Some(event) = decoder.decode_bytes(&mut input).transpose() {
            seen.push(event);
        }
        assert!(input.is_empty());
    }
    seen
}

#[test]
fn an_event_within_one_chunk_is_a_slice_of_it() {
    let chunk = Bytes::from_static(b"event: e\ndata: hello\n\ndata: again\n\n");
    let mut input = chunk.clone();
    let mut decoder = Decoder::new();
    let first = decoder.decode_bytes(&mut input).unwrap().unwrap();
    let second = decoder.decode_bytes(&mut input).unwrap().unwrap();
    let lies_in_chunk = |bytes: &[u8]| chunk.as_ptr_range().contains(&bytes.as_ptr());
    assert!(lies_in_chunk(first.data()) && lies_in_chunk(first.event_type()) && lies_in_chunk(second.data()));
    assert_eq!((first.event_type(), first.data()), (&b"e"[..], &b"hello"[..]));
    assert_eq!((second.event_type(), second.data_bytes()), (&b"message"[..], Bytes::from_static(b"again")));
}

#[test]
fn a_detached_event_does_not_keep_the_chunk() {
    let chunk = Bytes::from(b"id: 7\ndata: hello\n\n".to_vec());
    let mut input = chunk.clone();
    let event = Decoder::new().decode_bytes(&mut input).unwrap().unwrap();
    drop(input);
    assert!(!chunk.is_unique(), "the event is a slice of the chunk");
    let detached = event.detach();
    assert!(chunk.is_unique());
    assert_eq!((detached.data(), detached.last_event_id()), (&b"hello"[..], &b"7"[..]));
}

#[test]
fn events_are_owned() {
    fn owned<T: Send + Sync + 'static>() {}
    owned::<SharedEvent>();
    let event = shared(&mut Decoder::new(), &[b"data: x\n\n"]).remove(0).unwrap();
    assert_eq!(std::thread::spawn(move || event.data().to_vec()).join().unwrap(), b"x");
}

#[test]
fn the_last_event_id_is_shared_until_it_changes() {
    let stream = b"id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\nid\ndata: d\n\n";
    let events: Vec<_> = shared(&mut Decoder::new(), &[stream]).into_iter().map(Result::unwrap).collect();
    let ids: Vec<_> = events.iter().map(SharedEvent::last_event_id).collect();
    assert_eq!(ids, [&b"1"[..], b"1", b"2", b""]);
    assert_eq!(ids[0].as_ptr(), ids[1].as_ptr());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The same events and errors as `decode` gives, for any stream, chunking and limit.
    #[test]
    fn shared_events_are_the_events(
        stream in streams::any_stream(),
        lengths in chunks::any_lengths(),
        limit in prop_oneof![Just(usize::MAX), 0..60_usize],
    ) {
        let chunks = chunks::of_lengths(&lengths, &stream);
        let seen = shared(&mut Decoder::new().with_limit(limit), &chunks);
        let mut decoder = Decoder::new().with_limit(limit);
        let mut at = 0;
        for chunk in chunks {
            let mut input = chunk;
            while let Some(event) = decoder.decode(&mut input).transpose() {
                prop_assert_eq!(seen[at].as_ref().map(SharedEvent::as_event), event.as_ref().map(|event| *event));
                if let Ok(event) = &seen[at] {
                    let detached = event.clone().detach();
                    prop_assert_eq!(detached.as_event(), event.as_event());
                }
                at += 1;
            }
        }
        prop_assert_eq!(at, seen.len());
    }
}
