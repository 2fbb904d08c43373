//! `Decoder::set_last_event_id` and the bound on an `id`.

use ssewire::{Decoder, LastEventIdError, Storage};
use ssewire_tests::chunks;
use ssewire_tests::drive;
use ssewire_tests::outcome::{Decoded, event, limit_exceeded};

/// Decodes `stream`, sets the ID before the byte at `at`, and returns the events.
fn set_at<S: Storage>(decoder: &mut Decoder<S>, stream: &[u8], at: usize, id: &[u8]) -> Vec<Decoded> {
    let mut seen = Vec::new();
    let (first, second) = stream.split_at(at);
    for (mut chunk, is_first) in [(first, true), (second, false)] {
        while let Some(event) = decoder.decode(&mut chunk).transpose() {
            seen.push(event.map_or_else(Decoded::Error, |event| Decoded::Event(event.into())));
        }
        if is_first {
            decoder.set_last_event_id(id).unwrap();
            assert_eq!(decoder.last_event_id(), id);
        }
    }
    seen
}

#[test]
fn set_last_event_id_keeps_a_block_at_every_split() {
    let stream = b"event: type\ndata: one\n: comment\nretry: 5\ndata: two\n\n";
    for at in chunks::places(stream.len()) {
        for id in [&b""[..], b"1", b"a much longer ID than the one before"] {
            let expected = if at == stream.len() { &b"old"[..] } else { id };
            let Decoded::Event(mut expected) = event("type", "one\ntwo", expected) else { unreachable!() };
            expected.retry = Some(std::time::Duration::from_millis(5));
            let decoder = || Decoder::new().with_last_event_id(b"old").unwrap();
            assert_eq!(set_at(&mut decoder(), stream, at, id), [Decoded::Event(expected.clone())], "{at}");
            let mut fixed = Decoder::with_storage([0; 64]);
            fixed.set_last_event_id(b"old").unwrap();
            assert_eq!(set_at(&mut fixed, stream, at, id), [Decoded::Event(expected)], "{at}, in an array");
        }
    }
}

/// The `id` of the block is dispatched at its blank line, after the call.
#[test]
fn id_of_the_block_replaces_the_one_that_was_set_within_it() {
    let stream = b"id: of the block\nevent: e\ndata: x\n\ndata: y\n\n";
    let end_of_block = stream.len() - b"data: y\n\n".len();
    for at in chunks::places(end_of_block - 1) {
        for id in [&b""[..], b"1", b"a much longer ID than the one before"] {
            let expected = [event("e", "x", "of the block"), event("message", "y", "of the block")];
            assert_eq!(set_at(&mut Decoder::new(), stream, at, id), expected, "{at}");
        }
    }
    let expected = [event("e", "x", "of the block"), event("message", "y", "1")];
    assert_eq!(set_at(&mut Decoder::new(), stream, end_of_block, b"1"), expected);
}

#[test]
fn set_last_event_id_within_a_frame_keeps_it() {
    let stream = b": some comment\nunknown: field\ndata: x\n\n";
    for at in chunks::places(stream.len()) {
        let mut decoder = Decoder::new().with_comments().with_unknown_fields();
        let (first, second) = stream.split_at(at);
        let mut frames = Vec::new();
        for mut chunk in [first, second] {
            while let Some(frame) = decoder.decode_frame(&mut chunk).unwrap() {
                frames.push(Decoded::from(frame));
            }
            decoder.set_last_event_id(b"a new ID").unwrap();
        }
        let mut decoder = Decoder::new().with_comments().with_unknown_fields();
        let whole = drive::frames(&mut decoder, chunks::whole(stream));
        let [comment, field, _] = whole.decoded()[..] else { panic!("{whole:?}") };
        assert_eq!([&frames[0], &frames[1]], [comment, field], "{at}");
        assert_eq!(frames[2].event().unwrap().data.lossy(), "x");
    }
}

#[test]
fn set_last_event_id_rejects_bytes_that_no_id_can_contain() {
    let mut decoder = Decoder::new().with_last_event_id(b"old").unwrap();
    for id in [&b"a\nb"[..], b"\r", b"a\0", b"\n"] {
        assert_eq!(decoder.set_last_event_id(id), Err(LastEventIdError::ForbiddenByte), "{}", id.escape_ascii());
        assert!(Decoder::new().with_last_event_id(id).is_err());
    }
    assert_eq!(decoder.last_event_id(), b"old", "the previous ID stays");
    for id in [&b"\xFF\t:"[..], "ü".as_bytes(), b" ", b""] {
        decoder.set_last_event_id(id).unwrap();
        assert_eq!(decoder.last_event_id(), id);
    }
}

#[test]
fn set_last_event_id_rejects_an_id_above_the_bound() {
    let mut decoder = Decoder::new().with_max_id_bytes(3);
    decoder.set_last_event_id(b"123").unwrap();
    assert_eq!(decoder.set_last_event_id(b"1234"), Err(LastEventIdError::LimitExceeded { limit: 3 }));
    assert_eq!(decoder.last_event_id(), b"123");
    let long = [b'i'; 4097];
    assert_eq!(Decoder::new().set_last_event_id(&long), Err(LastEventIdError::LimitExceeded { limit: 4096 }));
    assert_eq!(Decoder::new().set_last_event_id(&long[..4096]), Ok(()));
    // The event limit does not apply to IDs.
    assert_eq!(Decoder::new().with_max_event_bytes(0).set_last_event_id(b"1234"), Ok(()));
}

#[test]
fn set_last_event_id_rejects_an_id_without_capacity() {
    let mut decoder = Decoder::with_storage([0; 4]);
    assert_eq!(decoder.set_last_event_id(b"12345"), Err(LastEventIdError::CapacityExceeded { capacity: 4 }));
    decoder.set_last_event_id(b"1234").unwrap();
    assert_eq!(decoder.set_last_event_id(b"56789"), Err(LastEventIdError::CapacityExceeded { capacity: 4 }));
    assert_eq!(decoder.last_event_id(), b"1234");
    decoder.set_last_event_id(b"1").unwrap();
    // Three bytes are free. The data uses two of them, and the end of its line one.
    assert_eq!(decoder.poll_event(&mut &b"data: ab\n"[..]), Ok(None));
    assert_eq!(decoder.set_last_event_id(b"12"), Err(LastEventIdError::CapacityExceeded { capacity: 4 }));
    let outcome = drive::events(&mut decoder, [&b"\n"[..]]);
    assert_eq!(outcome.decoded(), [&event("message", "ab", "1")]);
}

#[test]
fn last_event_id_that_was_set_before_a_smaller_bound_stays() {
    let mut decoder = Decoder::new().with_last_event_id(b"12345").unwrap().with_max_id_bytes(2);
    let outcome = drive::events(&mut decoder, [&b"id: 678\ndata: x\n\n"[..]]);
    assert_eq!(outcome.decoded(), [&event("message", "x", "12345")]);
    let outcome = drive::events(&mut decoder, [&b"id: 67\ndata: x\n\n"[..]]);
    assert_eq!(outcome.decoded(), [&event("message", "x", "67")]);
}

#[test]
fn long_id_makes_no_event_too_large() {
    let id = "i".repeat(98);
    let stream = format!("id: {id}\n\ndata: 12345\n\ndata: 67890\n\n");
    let expected = [event("message", "12345", &id), event("message", "67890", &id)];
    for cut in chunks::splits(stream.as_bytes()) {
        let mut decoder = Decoder::new().with_max_event_bytes(100);
        assert_eq!(drive::events(&mut decoder, cut).decoded(), expected.iter().collect::<Vec<_>>());
        decoder.reset();
        let outcome = drive::events(&mut decoder, [&b"data: again\n\n"[..]]);
        assert_eq!(outcome.decoded(), [&event("message", "again", &id)]);
    }
}

/// The error of a large event is returned as without an ID.
#[test]
fn long_id_changes_no_limit() {
    let id = "i".repeat(98);
    let stream = format!("id: {id}\ndata: {}\n\ndata: {}\n\n", "x".repeat(100), "x".repeat(101));
    for cut in chunks::splits(stream.as_bytes()) {
        let outcome = drive::events(&mut Decoder::new().with_max_event_bytes(100), cut);
        assert_eq!(outcome.decoded(), [&event("message", "x".repeat(100), &id), &limit_exceeded(100)]);
    }
}

#[test]
fn last_event_id_stays_after_reset_and_finish() {
    let mut decoder = Decoder::new();
    drive::events(&mut decoder, [&b"id: 7\n\nid: 8\ndata: lost"[..]]);
    assert_eq!(decoder.last_event_id(), b"7");
    decoder.reset();
    assert_eq!(decoder.last_event_id(), b"7");
    decoder.set_last_event_id(b"").unwrap();
    assert_eq!(decoder.last_event_id(), b"");
}
