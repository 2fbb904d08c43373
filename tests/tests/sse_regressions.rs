//! Bugs that were there once, each with the least input that shows it.

use ssewire::{DecodeError, Decoder, Fixed, Frame};
use ssewire_tests::drive;
use ssewire_tests::outcome::{What, comment, event, too_large, unknown_field};

/// The digits of a `retry` line that was cut off stood before those of the next connection's: 125.
#[test]
fn a_cut_retry_line_leaves_no_digits_behind() {
    for finish in [true, false] {
        let mut decoder = Decoder::new();
        assert_eq!(decoder.advance(&mut &b"retry: 12"[..]), Ok(None));
        if finish {
            assert_eq!(decoder.finish().unwrap_err().pending_bytes(), 9);
        } else {
            decoder.reset();
        }
        assert_eq!(decoder.advance(&mut &b"retry: 5\n"[..]), Ok(None));
        assert_eq!(decoder.retry(), Some(5), "finish: {finish}");
    }
}

/// A comment is no field. So the block of one that was too large was taken for one not begun if a chunk ended with the
/// comment: the rest of it was not skipped, and the next event was dropped without a word.
#[test]
fn what_follows_a_comment_that_is_too_large_is_skipped_whatever_the_chunking() {
    let expected = [&limit_exceeded(4), &Decoded::EmptyBlock, &event("message", "b", ""), &event("message", "c", "")];
    let stream = b":abcdef\ndata: a\n\ndata: b\r\n\r\ndata: c\n\n";
    for at in 0..stream.len() {
        let outcome = drive::frames(&mut Decoder::new().with_limit(4), [&stream[..at], &stream[at..]]);
        assert_eq!(outcome.decoded(), expected, "cut at {at}");
    }
}

/// The same for a comment that found no room.
#[test]
fn an_event_is_not_both_lost_and_told() {
    let mut decoder = Decoder::with_storage(ArrayBuffer::<4>::new());
    assert_eq!(decoder.decode_frame(&mut &b": long com"[..]), Err(DecodeError::CapacityExceeded { capacity: 4 }));
    assert_eq!(decoder.decode_frame(&mut &b"ment\n"[..]), Ok(None));
    assert_eq!(decoder.decode_frame(&mut &b"data: a\n\n"[..]), Ok(Some(Frame::EmptyBlock)));
    let outcome = drive::frames(&mut decoder, [&b"data: b\r\n\r\n"[..]]);
    assert_eq!(outcome.decoded(), [&event("message", "b", "")]);
}

/// An unknown field that looked like a known one until its line ended was too large in one chunk and not in two.
#[test]
fn a_name_that_is_nearly_known_is_too_large_whatever_the_chunking_or_not() {
    let stream = b"data: 123456\ndat\n: c\n\n";
    let expected = [&unknown_field("dat", ""), &comment(" c"), &event("message", "123456", "")];
    for at in 0..stream.len() {
        let outcome = drive::frames(&mut Decoder::new().with_limit(8), [&stream[..at], &stream[at..]]);
        assert_eq!(outcome.decoded(), expected, "cut at {at}");
    }
}
