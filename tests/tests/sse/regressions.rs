//! Bugs that were found once, each with the smallest input that shows it.

use std::time::Duration;

use ssewire::{DecodeError, Decoder, Frame};
use ssewire_tests::drive;
use ssewire_tests::outcome::{Decoded, comment, data_block, empty_block, limit_exceeded, unknown_field};

/// The digits of a `retry` line that was cut off were kept for the next connection: 125.
#[test]
fn reset_forgets_the_digits_of_an_unfinished_retry() {
    for finish in [true, false] {
        let mut decoder = Decoder::new();
        assert_eq!(decoder.poll_event(&mut &b"retry: 12"[..]), Ok(None));
        if finish {
            assert_eq!(decoder.finish().unwrap_err().pending_bytes(), 9);
        } else {
            decoder.reset();
        }
        assert_eq!(decoder.poll_event(&mut &b"retry: 5\n"[..]), Ok(None));
        assert_eq!(decoder.retry(), Some(Duration::from_millis(5)), "finish: {finish}");
    }
}

/// A comment above the event limit made the decoder lose its block, and in some chunkings the next one. Now a comment
/// has a bound of its own.
#[test]
fn long_comment_costs_no_event_in_any_chunking() {
    let long = Decoded::Comment { text: "abcd".into(), truncated: true };
    let expected = [&long, &data_block("a"), &data_block("b"), &data_block("c")];
    let stream = b":abcdef\ndata: a\n\ndata: b\r\n\r\ndata: c\n\n";
    for at in 0..stream.len() {
        let mut decoder = Decoder::new().with_comments().with_max_event_bytes(4).with_max_comment_bytes(4);
        let outcome = drive::frames(&mut decoder, [&stream[..at], &stream[at..]]);
        assert_eq!(outcome.decoded(), expected, "cut at {at}");
    }
}

/// Regression: the bug above, for a comment that does not fit a fixed storage.
#[test]
fn comment_without_capacity_costs_no_event() {
    let mut decoder = Decoder::with_storage([0; 4]).with_comments();
    assert_eq!(decoder.decode_frame(&mut &b": long com"[..]), Ok(None));
    let truncated = Frame::Comment { text: b" lon", truncated: true };
    assert_eq!(decoder.decode_frame(&mut &b"ment\n"[..]), Ok(Some(truncated)));
    let outcome = drive::frames(&mut decoder, [&b"data: a\n\ndata: b\r\n\r\n"[..]]);
    assert_eq!(outcome.decoded(), [&data_block("a"), &data_block("b")]);
}

/// An unknown field that looked like a known one until its line ended exceeded the limit in one chunk and not in two.
#[test]
fn nearly_known_name_does_not_count_in_any_chunking() {
    let stream = b"data: 123456\ndat\n: c\n\n";
    let expected = [&unknown_field("dat", ""), &comment(" c"), &data_block("123456")];
    for at in 0..stream.len() {
        let mut decoder = Decoder::new().with_comments().with_unknown_fields().with_max_event_bytes(6);
        let outcome = drive::frames(&mut decoder, [&stream[..at], &stream[at..]]);
        assert_eq!(outcome.decoded(), expected, "cut at {at}");
    }
}

/// A block whose event is lost while its comment is open was not skipped in some chunkings.
#[test]
fn lost_event_is_skipped_up_to_its_blank_line() {
    let stream = b"data: 12345\n:abc\ndata: a\n\ndata: b\n\n";
    for at in 0..stream.len() {
        let mut decoder = Decoder::new().with_comments().with_max_event_bytes(4);
        let outcome = drive::frames(&mut decoder, [&stream[..at], &stream[at..]]);
        assert_eq!(outcome.decoded(), [&limit_exceeded(4), &empty_block(), &data_block("b")], "cut at {at}");
    }
}

/// The LF that joined the last line exceeded the limit. The error was returned before the blank line, and the ID was
/// lost.
#[test]
fn finish_event_commits_the_id_of_a_lost_event() {
    let mut decoder = Decoder::new().with_max_event_bytes(2);
    assert_eq!(decoder.decode(&mut &b"id: 7\ndata: a\ndata: b"[..]), Ok(None));
    assert_eq!(decoder.finish_event(), Err(DecodeError::LimitExceeded { limit: 2 }));
    assert_eq!(decoder.last_event_id(), b"7");
}
