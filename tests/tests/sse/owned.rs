//! `OwnedEvent`, `OwnedBlock` and `OwnedFrame` equal the borrowed values that they were copied from.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::test_runner::Config;
use ssewire::{Decoder, Frame, OwnedEvent, OwnedFrame};
use ssewire_tests::chunks::{self, any_lengths};
use ssewire_tests::drive;
use ssewire_tests::oracle::Oracle;
use ssewire_tests::outcome::{Decoded, Text};
use ssewire_tests::streams::any_stream;

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 1000, ..Config::default() })]

    #[test]
    fn into_owned_keeps_every_part_of_a_frame(
        input in any_stream(),
        lengths in any_lengths(),
        max_comment_bytes in prop_oneof![0..5usize, Just(1024)],
        max_id_bytes in prop_oneof![0..5usize, Just(4096)],
    ) {
        let mut decoder = Decoder::new().with_comments().with_unknown_fields();
        decoder = decoder.with_max_comment_bytes(max_comment_bytes).with_max_id_bytes(max_id_bytes);
        let mut frames = Vec::new();
        for mut chunk in chunks::of_lengths(&lengths, &input) {
            while let Some(frame) = decoder.decode_frame(&mut chunk).unwrap() {
                let owned = frame.into_owned();
                prop_assert_eq!(owned.as_frame(), frame);
                prop_assert_eq!(format!("{:?}", owned.as_frame()), format!("{frame:?}"));
                if let Frame::Block(block) = frame {
                    let owned = block.into_owned();
                    prop_assert_eq!(owned.as_block(), block);
                    prop_assert_eq!(owned.as_block().event(), block.event());
                    prop_assert_eq!(format!("{owned:?}"), format!("{block:?}"));
                    prop_assert_eq!(OwnedFrame::Block(owned), frame.into_owned());
                }
                frames.push(frame.into_owned());
            }
        }
        drop(decoder);
        let expected = Oracle { max_comment_bytes, max_id_bytes, ..Oracle::new().frames() }.read(&input);
        let seen: Vec<_> = frames.iter().map(|frame| Decoded::from(frame.as_frame())).collect();
        prop_assert_eq!(seen.iter().collect::<Vec<_>>(), expected.decoded());
    }

    #[test]
    fn decode_owned_equals_decode(
        input in any_stream(),
        lengths in any_lengths(),
        limit in prop_oneof![0..40usize, Just(usize::MAX)],
    ) {
        let expected = Oracle::new().limited(limit).read(&input);
        let cut = chunks::of_lengths(&lengths, &input);
        let decoder = || Decoder::new().with_max_event_bytes(limit);
        prop_assert_eq!(&drive::owned_events(&mut decoder(), cut.iter().copied()), &expected);

        let mut iterated = decoder();
        let mut seen = Vec::new();
        for chunk in cut {
            let mut events = iterated.owned_events(chunk);
            seen.extend(events.by_ref());
            prop_assert!(events.next().is_none(), "fused");
        }
        drop(iterated);
        let seen: Vec<_> = seen
            .into_iter()
            .map(|event| event.map_or_else(Decoded::Error, |event| Decoded::Event(event.as_event().into())))
            .collect();
        prop_assert_eq!(seen.iter().collect::<Vec<_>>(), expected.decoded());
    }

    /// Events with and without a shared ID are equal, and so are their hashes.
    #[test]
    fn into_owned_equals_decode_owned(input in any_stream(), lengths in any_lengths()) {
        let (mut borrowing, mut owning) = (Decoder::new(), Decoder::new());
        for chunk in chunks::of_lengths(&lengths, &input) {
            let (mut first, mut second) = (chunk, chunk);
            while let Some(event) = borrowing.decode(&mut first).unwrap() {
                let copied: OwnedEvent = event.into_owned();
                let owned = owning.decode_owned(&mut second).unwrap().unwrap();
                prop_assert_eq!(copied.as_event(), event);
                prop_assert_eq!((owned.event_type(), owned.data()), (event.event_type(), event.data()));
                prop_assert_eq!((owned.last_event_id(), owned.retry()), (event.last_event_id(), event.retry()));
                prop_assert_eq!(&copied, &owned);
                prop_assert_eq!(HashSet::from([copied, owned]).len(), 1);
            }
            prop_assert_eq!(owning.decode_owned(&mut second).unwrap(), None);
        }
    }
}

#[test]
fn resolve_owned_copies_the_polled_event() {
    let mut decoder = Decoder::new();
    let chunk = b"id: 7\nretry: 5\nevent: e\ndata: a\ndata: b\n\n";
    let span = decoder.poll_event(&mut &chunk[..]).unwrap().unwrap();
    let owned = decoder.resolve_owned(chunk, span);
    assert_eq!(owned.as_event(), decoder.resolve_event(chunk, span));
    assert_eq!(Text::from(owned.data()), Text::from(b"a\nb"));
}

#[test]
fn owned_event_moves_to_another_thread() {
    let event = Decoder::new().decode_owned(&mut &b"id: 7\ndata: x\n\n"[..]).unwrap().unwrap();
    let seen = std::thread::spawn(move || (event.data().to_vec(), event.last_event_id().to_vec())).join().unwrap();
    assert_eq!(seen, (b"x".to_vec(), b"7".to_vec()));
}

#[test]
fn owned_events_continues_after_an_error() {
    let mut decoder = Decoder::new().with_max_event_bytes(2);
    let events: Vec<_> = decoder.owned_events(b"data: 123\n\ndata: x\n\ndata: 456\n\ndata: y\n\n").collect();
    assert_eq!(events.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, false, true]);
}

/// An ID that the caller sets or resets replaces the shared one.
#[test]
fn shared_id_follows_the_last_event_id() {
    let mut decoder = Decoder::new();
    let next = |decoder: &mut Decoder, stream: &[u8]| {
        decoder.decode_owned(&mut &stream[..]).unwrap().unwrap().last_event_id().to_vec()
    };
    assert_eq!(next(&mut decoder, b"id: 1\ndata: x\n\n"), b"1");
    decoder.set_last_event_id(b"2").unwrap();
    assert_eq!(next(&mut decoder, b"data: x\n\n"), b"2");
    assert_eq!(next(&mut decoder, b"id: 2\ndata: x\n\n"), b"2");
    assert_eq!(next(&mut decoder, b"id\ndata: x\n\n"), b"");
    assert_eq!(next(&mut decoder, b"id: 3\ndata: x\n\n"), b"3");
    decoder.reset();
    assert_eq!(next(&mut decoder, b"data: x\n\n"), b"3");
    decoder.set_last_event_id(b"").unwrap();
    assert_eq!(next(&mut decoder, b"data: x\n\n"), b"");
    let mut clone = decoder.clone();
    assert_eq!(next(&mut clone, b"id: 4\ndata: x\n\n"), b"4");
    assert_eq!(next(&mut decoder, b"data: x\n\n"), b"");
}
