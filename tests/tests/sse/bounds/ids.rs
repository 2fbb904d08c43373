//! The cost of the last event ID for events that are kept: it does not depend on the length of the ID.

use bytes::Bytes;
use ssewire::{Decoder, Event, OwnedEvent, SharedEvent};

use super::field;

/// A stream that sets a long ID once, and then has `events` empty events.
fn stream(id: usize, events: usize) -> Vec<u8> {
    [&field("id: ", id, "\n\n")[..], &b"data\n\n".repeat(events)].concat()
}

fn owned(decoder: &mut Decoder, stream: &[u8]) -> Vec<OwnedEvent> {
    let mut events = Vec::new();
    for chunk in stream.chunks(16 * 1024) {
        events.extend(decoder.owned_events(chunk).map(Result::unwrap));
    }
    events
}

fn shared(decoder: &mut Decoder, stream: &Bytes) -> Vec<SharedEvent> {
    let mut events = Vec::new();
    for start in (0..stream.len()).step_by(16 * 1024) {
        let mut chunk = stream.slice(start..stream.len().min(start + 16 * 1024));
        while let Some(event) = decoder.decode_shared(&mut chunk).unwrap() {
            events.push(event);
        }
    }
    events
}

/// Bytes allocated by `run`, without those of the list of events, and the events.
fn allocated<T>(run: impl FnOnce() -> Vec<T>) -> (usize, Vec<T>) {
    let before = ssewire_heap::allocated();
    let events = run();
    // A list that grows by doubling.
    let list = 2 * size_of::<T>() * events.capacity();
    ((ssewire_heap::allocated() - before).saturating_sub(list), events)
}

#[test]
fn events_that_are_kept_share_a_long_id() {
    for id in [10_000, 20_000, 40_000] {
        let decoder = || Decoder::new().with_max_id_bytes(id);
        let stream = Bytes::from(stream(id, id / 6));
        let (bytes, events) = allocated(|| owned(&mut decoder(), &stream));
        let per_event = events.len() * "message".len();
        // The growing buffer, and the ID that the events share.
        assert!(bytes <= 10 * id + per_event + 1024, "decode_owned: {bytes} bytes for an ID of {id}");
        assert!(events.iter().all(|event| event.last_event_id().len() == id));
        let (bytes, events) = allocated(|| shared(&mut decoder(), &stream));
        assert!(bytes <= 10 * id + 64 * 1024, "decode_shared: {bytes} bytes for an ID of {id}");
        assert!(events.iter().all(|event| event.last_event_id().len() == id));
    }
}

#[test]
fn kept_events_hold_at_most_four_times_the_input() {
    const ID: usize = 1 << 20;
    let stream = Bytes::from(stream(ID, 1000));
    for max_id_bytes in [4096, ID] {
        let before = ssewire_heap::held();
        let mut decoder = Decoder::new().with_max_id_bytes(max_id_bytes);
        let events = (owned(&mut decoder, &stream), shared(&mut decoder, &stream));
        assert_eq!((events.0.len(), events.1.len()), (1000, 1000));
        let held = ssewire_heap::held() - before;
        assert!(held <= 4 * stream.len(), "{held} held for {} received", stream.len());
    }
}

#[test]
fn id_above_its_bound_is_ignored_and_reported() {
    let stream = stream(1 << 20, 3);
    let mut decoder = Decoder::new();
    let (mut ignored, mut events) = (0, 0);
    for mut chunk in stream.chunks(16 * 1024) {
        while let Some(block) = decoder.decode_block(&mut chunk).unwrap() {
            ignored += usize::from(block.has_ignored_id());
            assert_eq!((block.id(), block.last_event_id()), (None, &b""[..]));
            events += usize::from(block.event().is_some());
        }
    }
    assert_eq!((ignored, events), (1, 3));
}

/// One allocation per event, and one per ID, however many events share the ID.
#[test]
fn decode_owned_allocates_once_per_event() {
    let mut decoder = Decoder::new();
    let stream = b"id: 1\ndata: a\n\ndata: b\n\nid: 1\ndata: c\n\nid: 2\ndata: d\n\n";
    let mut input = &stream[..];
    let mut counts = Vec::new();
    let mut events = Vec::new();
    loop {
        let before = ssewire_heap::allocations();
        let Some(event) = decoder.decode_owned(&mut input).unwrap() else { break };
        counts.push(ssewire_heap::allocations() - before);
        events.push(event);
    }
    // The first `id` also allocates the buffer.
    assert_eq!(counts, [3, 1, 1, 2]);
    let ids: Vec<_> = events.iter().map(|event| event.last_event_id().as_ptr()).collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3]);
}

#[test]
fn into_owned_allocates_once_without_an_id() {
    let mut decoder = Decoder::new();
    let event: Event<'_> = decoder.decode(&mut &b"event: e\ndata: a\n\n"[..]).unwrap().unwrap();
    let before = ssewire_heap::allocations();
    let owned = event.into_owned();
    assert_eq!(ssewire_heap::allocations() - before, 1);
    drop(owned);
}
