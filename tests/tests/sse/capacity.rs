//! Storages of a fixed size: what needs capacity, and which events are lost without it.

use std::time::Duration;

use ssewire::{Decoder, Frame};
use ssewire_tests::chunks;
use ssewire_tests::drive;
use ssewire_tests::outcome::{
    Decoded, Outcome, OwnedBlock, capacity_exceeded, comment, data_block, empty_block, event,
};

/// "Set the last event ID buffer to the field value", "set the event stream's reconnection time to that integer": also if
/// a chunk ends within the line, and the data before it finds no room.
#[test]
fn id_and_retry_of_a_lost_event_take_effect_wherever_a_chunk_ends() {
    let stream = b"data: 12345\nid: 7\nretry: 9\n\ndata: x\n\n";
    let end_of_block = stream.len() - b"data: x\n\n".len();
    for at in b"data: 12345\n".len()..end_of_block {
        let (first, second) = stream.split_at(at);
        let outcome = drive::events(&mut Decoder::with_storage([0; 4]), [first, second]);
        assert_eq!(outcome.decoded(), [&capacity_exceeded(4), &event("message", "x", "7")], "a chunk ends at {at}");
        assert_eq!(outcome.retry, Some(Duration::from_millis(9)), "a chunk ends at {at}");
    }
}

#[test]
fn event_that_crosses_chunks_needs_capacity() {
    // One byte for the LF that ends the line.
    check::<6>(&["data: 012", "34\n\n"], [event("message", "01234", "")]);
    check::<5>(&["data: 012", "34\n\ndata: x\n\n"], [capacity_exceeded(5), event("message", "x", "")]);
    check::<2>(&["data: 012", "34\n\ndata: x\n\n"], [capacity_exceeded(2), event("message", "x", "")]);
    check::<0>(&["data: 0\n", "\ndata: x\n\n"], [capacity_exceeded(0), event("message", "x", "")]);
    check::<7>(&["event: abc\n", "data: def\n", "\n"], [event("abc", "def", "")]);
    check::<6>(&["event: abc\n", "data: def\n", "\n"], [capacity_exceeded(6)]);
    // A type that crosses chunks needs its length, once.
    check::<4>(&["event: ab", "c\ndata\n", "\n"], [event("abc", "", "")]);
    check::<4>(&["event: x\nevent: ab", "c\ndata\n", "\n"], [event("abc", "", "")]);
    check::<7>(&["event: abc\n", "data: d", "ef\n", "\n"], [event("abc", "def", "")]);
}

#[test]
fn lines_that_are_not_kept_need_no_capacity() {
    check::<0>(&["dat", "a: x\n\n"], [event("message", "x", "")]);
    check::<0>(&["data:", " x\n\n"], [event("message", "x", "")]);
    let event = event("message", "x", "");
    let outcome = check::<0>(&["\u{feff}: com", "ment\nret", "ry: 1", "0\n\nunk", "nown\ndata: x\n\n"], [event]);
    assert_eq!(outcome.retry, Some(Duration::from_millis(10)));
}

#[test]
fn joined_data_lines_need_capacity() {
    check::<6>(&["data: ab\ndata: cd\n\n"], [event("message", "ab\ncd", "")]);
    check::<5>(&["data: ab\ndata: cd\n\ndata: e\n\n"], [capacity_exceeded(5), event("message", "e", "")]);
    check::<0>(&["data\ndata\n\ndata: e\n\n"], [capacity_exceeded(0), event("message", "e", "")]);
}

#[test]
fn id_without_capacity_is_ignored_and_costs_no_event() {
    check::<3>(&["id: abc\ndata: x\n\n"], [event("message", "x", "abc")]);
    check::<2>(&["id: abc\ndata: x\n\ndata: y\n\n"], [event("message", "x", ""), event("message", "y", "")]);
    check::<4>(
        &["id: ab\ndata: x\n\nid: cdefg\ndata: y\n\ndata: z\n\n"],
        [event("message", "x", "ab"), event("message", "y", "ab"), event("message", "z", "ab")],
    );
    let outcome = check::<2>(&["id: abc\n\ndata: y\n\n"], [event("message", "y", "")]);
    assert_eq!(outcome.last_event_id.lossy(), "");
}

#[test]
fn id_without_capacity_is_reported_by_its_block() {
    for chunks in [&["id: 1\nid: abcdef\n\n"][..], &["id: 1\nid: abc", "def\n\n"], &["id: 1\nid: abcdef", "\n\n"]] {
        let mut decoder = Decoder::with_storage([0; 4]);
        let outcome = drive::blocks(&mut decoder, chunks.iter().map(|chunk| chunk.as_bytes()));
        let block = OwnedBlock { id: Some("1".into()), has_ignored_id: true, ..OwnedBlock::default() };
        assert_eq!(outcome.decoded(), [&Decoded::Block(block)], "{chunks:?}");
    }
}

/// The start of the frame is kept. It is empty if there is no free storage.
#[test]
fn frames_are_truncated_to_the_free_storage() {
    frame::<0>(&[": abc", "def\n"], "", true);
    frame::<2>(&[": abc", "def\n"], " a", true);
    frame::<5>(&[": abc", "def\n"], " abcd", true);
    frame::<5>(&[": abcd", "ef\n"], " abcd", true);
    frame::<7>(&[": abc", "def\n"], " abcdef", false);
    frame::<0>(&[": abcdef\n"], " abcdef", false);
    // The data of the block uses the storage first.
    frame::<5>(&["data: 1234\n: abc", "def\n"], "", true);
    frame::<7>(&["data: 1234\n: abc", "def\n"], " a", true);
    for (chunks, name, value) in [
        (["error: over", "loaded\n"], "err", ""),
        (["err", "or: overloaded\n"], "err", ""),
        (["e:xyz", "abc: d\n"], "e", "x"),
        // The first chunk ends within a name that may still be `data`.
        (["dat", "ax: y\n"], "dat", ""),
    ] {
        let chunks = chunks.iter().map(|chunk| chunk.as_bytes());
        let mut decoder = Decoder::with_storage([0; 3]).with_unknown_fields();
        let outcome = drive::frames(&mut decoder, chunks.clone());
        let expected = Decoded::UnknownField { name: name.into(), value: value.into(), truncated: true };
        assert_eq!(outcome.decoded(), [&expected]);
        let mut decoder = Decoder::with_storage([0; 0]).with_unknown_fields();
        let outcome = drive::frames(&mut decoder, chunks);
        let expected = Decoded::UnknownField { name: "".into(), value: "".into(), truncated: true };
        assert_eq!(outcome.decoded(), [&expected]);
    }
}

/// An ID that is replaced within the line must not free storage for a later part of it.
#[test]
fn truncated_frame_has_no_gap() {
    let mut decoder = Decoder::with_storage([0; 4]).with_comments();
    decoder.set_last_event_id(b"12").unwrap();
    assert_eq!(decoder.decode_frame(&mut &b":abcd"[..]), Ok(None));
    decoder.set_last_event_id(b"").unwrap();
    let frame = decoder.decode_frame(&mut &b"ef\n"[..]);
    assert_eq!(frame, Ok(Some(Frame::Comment { text: b"ab", truncated: true })));
}

#[test]
fn frame_without_capacity_costs_no_event() {
    for chunks in [&[": lon", "g\ndata: a\n\n"], &["x: lon", "g\ndata: a\n\n"]] {
        let mut decoder = Decoder::with_storage([0; 1]).with_comments().with_unknown_fields();
        let outcome = drive::frames(&mut decoder, chunks.iter().map(|chunk| chunk.as_bytes()));
        assert_eq!(outcome.decoded()[1..], [&data_block("a")]);
    }
}

/// The call returns the frame, so the data must be copied. Without room, the frame is lost with the event.
#[test]
fn frame_within_a_block_needs_capacity_for_the_block() {
    let stream = b"data: abc\n: c\n\ndata: x\n\n";
    let decode = |capacity: usize| {
        let mut memory = vec![0; capacity];
        let mut decoder = Decoder::with_storage(&mut memory[..]).with_comments();
        drive::frames(&mut decoder, chunks::whole(stream))
    };
    assert_eq!(decode(4).decoded(), [&comment(" c"), &data_block("abc"), &data_block("x")]);
    assert_eq!(decode(3).decoded(), [&capacity_exceeded(3), &empty_block(), &data_block("x")]);
}

#[test]
fn id_and_retry_of_a_lost_event_take_effect() {
    let expected = [capacity_exceeded(3), event("message", "e", "7")];
    let outcome = check::<3>(&["data: ab\ndata: cd\nid: 7\nretry: 5\n\ndata: e\n\n"], expected.clone());
    assert_eq!(outcome.retry, Some(Duration::from_millis(5)));
    let outcome = check::<3>(&["id: 7\nretry: 5\ndata: ab\ndata: cd\n\ndata: e\n\n"], expected.clone());
    assert_eq!(outcome.retry, Some(Duration::from_millis(5)));
    // The `id` line crosses chunks, and the data before it does not fit.
    check::<3>(&["data: abcdef\nid: ", "7\n\ndata: e\n\n"], expected);
}

#[test]
fn capacity_exceeded_is_returned_once_per_block() {
    check::<2>(
        &["data: abc", "def\r", "\ndata: gh", "i\nid: jkl\r\n", "event: mnop\n: c\n\r", "data: x\n\n"],
        [capacity_exceeded(2), event("message", "x", "")],
    );
    check::<2>(
        &["data: abc", "\n\ndata: def", "\n\ndata: x\n\n"],
        [capacity_exceeded(2), capacity_exceeded(2), event("message", "x", "")],
    );
}

#[test]
fn reset_and_finish_free_the_storage() {
    for pending in ["id: 1234567\n", "id: 1234567", "event: 1234567\n: ", "data: 1234567\n", "data: 12345678901"] {
        for finish in [true, false] {
            let mut decoder = Decoder::with_storage([0; 9]);
            let _may_be_full = decoder.poll_event(&mut pending.as_bytes());
            if finish {
                decoder.finish().unwrap_err();
            } else {
                decoder.reset();
            }
            let outcome = drive::events(&mut decoder, [&b"data: 0123"[..], b"4567\n\n"]);
            assert_eq!(outcome.decoded(), [&event("message", "01234567", "")], "{pending:?}");
        }
    }
}

/// Values at the end of the storage must not move.
#[test]
fn shrink_to_fit_keeps_a_fixed_storage() {
    let mut decoder = Decoder::with_storage([0; 17]).with_last_event_id(b"abcdefg").unwrap();
    assert_eq!(decoder.poll_event(&mut &b"data: 01234567"[..]), Ok(None));
    decoder.shrink_to_fit();
    let outcome = drive::events(&mut decoder, [&b"8\n\n"[..]]);
    assert_eq!(outcome.decoded(), [&event("message", "012345678", "abcdefg")]);
}

fn check<const N: usize>(chunks: &[&str], expected: impl IntoIterator<Item = Decoded>) -> Outcome {
    let parts = || chunks.iter().map(|chunk| chunk.as_bytes());
    let outcome = drive::events(&mut Decoder::with_storage([0; N]), parts());
    let expected: Vec<_> = expected.into_iter().collect();
    assert_eq!(outcome.decoded(), expected.iter().collect::<Vec<_>>(), "{chunks:?}");
    let mut memory = [0; N];
    assert_eq!(drive::events(&mut Decoder::with_storage(&mut memory[..]), parts()), outcome, "borrowed memory");
    outcome
}

/// Checks the comment at the end of the chunks.
fn frame<const N: usize>(chunks: &[&str], text: &str, truncated: bool) {
    let mut decoder = Decoder::with_storage([0; N]).with_comments();
    let outcome = drive::frames(&mut decoder, chunks.iter().map(|chunk| chunk.as_bytes()));
    assert_eq!(outcome.decoded(), [&Decoded::Comment { text: text.into(), truncated }], "{chunks:?} in {N}");
}
