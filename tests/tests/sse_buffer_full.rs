//! A buffer of a fixed size that is too small for an event: what is told, what is left, and where it goes on.

use ssewire::{Decoder, Fixed};
use ssewire_tests::drive;
use ssewire_tests::outcome::{Outcome, What, buffer_full, event};

#[test]
fn a_straddling_event_needs_room_for_itself() {
    lost::<5>(&["data: 012", "34\n\n"], [event("message", "01234", "")]);
    lost::<4>(&["data: 012", "34\n\ndata: x\n\n"], [capacity_exceeded(4), event("message", "x", "")]);
    lost::<2>(&["data: 012", "34\n\ndata: x\n\n"], [capacity_exceeded(2), event("message", "x", "")]);
    lost::<0>(&["data: 0\n", "\ndata: x\n\n"], [capacity_exceeded(0), event("message", "x", "")]);
    lost::<6>(&["event: abc\n", "data: def\n", "\n"], [event("abc", "def", "")]);
    lost::<5>(&["event: abc\n", "data: def\n", "\n"], [capacity_exceeded(5)]);
}

#[test]
fn what_is_not_kept_needs_no_room() {
    lost::<0>(&["dat", "a: x\n\n"], [event("message", "x", "")]);
    lost::<0>(&["data:", " x\n\n"], [event("message", "x", "")]);
    lost::<0>(&["\u{feff}: com", "ment\nret", "ry: 1", "0\nunk", "nown\ndata: x\n\n"], [event("message", "x", "")]);
}

#[test]
fn a_join_needs_room() {
    lost::<5>(&["data: ab\ndata: cd\n\n"], [event("message", "ab\ncd", "")]);
    lost::<4>(&["data: ab\ndata: cd\n\ndata: e\n\n"], [capacity_exceeded(4), event("message", "e", "")]);
    lost::<0>(&["data\ndata\n\ndata: e\n\n"], [capacity_exceeded(0), event("message", "e", "")]);
}

#[test]
fn an_id_needs_room_and_without_it_the_one_before_stands() {
    lost::<3>(&["id: abc\ndata: x\n\n"], [event("message", "x", "abc")]);
    lost::<2>(&["id: abc\ndata: x\n\ndata: y\n\n"], [capacity_exceeded(2), event("message", "y", "")]);
    lost::<4>(
        &["id: ab\ndata: x\n\nid: cdefg\ndata: y\n\ndata: z\n\n"],
        [event("message", "x", "ab"), capacity_exceeded(4), event("message", "z", "ab")],
    );
}

/// "If an id did not fit, the previous last event ID stands": also when no event is lost with it.
#[test]
fn an_id_alone_that_does_not_fit_is_told_too() {
    let outcome = lost::<2>(&["id: abc\n\ndata: y\n\n"], [capacity_exceeded(2), event("message", "y", "")]);
    assert_eq!(outcome.last_event_id.lossy(), "");
}

#[test]
fn the_id_and_the_retry_of_an_event_that_is_lost_take_effect() {
    let expected = [capacity_exceeded(3), event("message", "e", "7")];
    let outcome = lost::<3>(&["data: ab\ndata: cd\nid: 7\nretry: 5\n\ndata: e\n\n"], expected.clone());
    assert_eq!(outcome.retry, Some(5));
    let outcome = lost::<3>(&["id: 7\nretry: 5\ndata: ab\ndata: cd\n\ndata: e\n\n"], expected.clone());
    assert_eq!(outcome.retry, Some(5));
    // The id comes in two pieces, and the data before it is what finds no room.
    lost::<3>(&["data: abcdef\nid: ", "7\n\ndata: e\n\n"], expected);
}

#[test]
fn a_block_is_lost_once_and_up_to_its_blank_line() {
    lost::<2>(
        &["data: abc", "def\r", "\ndata: gh", "i\nid: jkl\r\n", "event: mnop\n: c\n\r", "data: x\n\n"],
        [capacity_exceeded(2), event("message", "x", "")],
    );
    lost::<2>(
        &["data: abc", "\n\ndata: def", "\n\ndata: x\n\n"],
        [capacity_exceeded(2), capacity_exceeded(2), event("message", "x", "")],
    );
}

/// What is forgotten takes no room any more.
#[test]
fn a_new_connection_has_the_whole_buffer() {
    for pending in ["id: 1234567\n", "id: 1234567", "event: 1234567\n: ", "data: 1234567\n", "data: 12345678901"] {
        for finish in [true, false] {
            let mut decoder = Decoder::with_storage(ArrayBuffer::<8>::new());
            let _may_be_full = decoder.advance(&mut pending.as_bytes());
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

/// What belongs to the end of the buffer is not lost by an attempt to shorten what cannot be shortened.
#[test]
fn a_buffer_of_a_fixed_size_gives_nothing_back_and_loses_nothing() {
    let mut decoder = Decoder::with_storage(ArrayBuffer::<16>::new()).with_last_event_id(b"abcdefg").unwrap();
    assert_eq!(decoder.advance(&mut &b"data: 01234567"[..]), Ok(None));
    decoder.shrink_to_fit();
    let outcome = drive::events(&mut decoder, [&b"8\n\n"[..]]);
    assert_eq!(outcome.decoded(), [&event("message", "012345678", "abcdefg")]);
}

fn lost<const N: usize>(chunks: &[&str], expected: impl IntoIterator<Item = What>) -> Outcome {
    let cut = || chunks.iter().map(|chunk| chunk.as_bytes());
    let outcome = drive::events(&mut Decoder::with_storage(ArrayBuffer::<N>::new()), cut());
    let expected: Vec<_> = expected.into_iter().collect();
    assert_eq!(outcome.decoded(), expected.iter().collect::<Vec<_>>(), "{chunks:?}");
    let mut memory = [0; N];
    assert_eq!(drive::events(&mut Decoder::with_storage(&mut memory[..]), cut()), outcome, "a caller's slice");
    outcome
}
