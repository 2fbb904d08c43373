//! How large an event may be: what counts, where the error comes, what is left of the event, what becomes of the next.

use std::iter;

use ssewire::{DecodeError, Decoder, Fixed};
use ssewire_tests::chunks;
use ssewire_tests::drive;
use ssewire_tests::oracle::Oracle;
use ssewire_tests::outcome::{Outcome, Item, What, comment, event, too_large, unknown_field};

const MIB: usize = 1 << 20;

#[test]
fn data_counts() {
    at_limit(5, "data: 12345\n\n", [(13, event("message", "12345", ""))]);
    at_limit(4, "data: 12345\n\n", [(11, limit_exceeded(4))]);
    at_limit(4, "data:12345", [(10, limit_exceeded(4))]);
    at_limit(0, "data\n\n", [(6, event("message", "", ""))]);
    at_limit(0, "data: 1\n\n", [(7, limit_exceeded(0))]);
}

#[test]
fn the_type_counts() {
    at_limit(5, "event: ab\ndata: cde\n\n", [(21, event("ab", "cde", ""))]);
    at_limit(4, "event: ab\ndata: cde\n\n", [(19, limit_exceeded(4))]);
    at_limit(4, "data: cde\nevent: ab\n\n", [(19, limit_exceeded(4))]);
    at_limit(1, "event: ab\n\n", [(9, limit_exceeded(1))]);
}

#[test]
fn a_type_replaced_counts_until_its_successor_is_there() {
    at_limit(5, "event: abc\nevent: de\ndata: fgh\n\n", [(32, event("de", "fgh", ""))]);
    at_limit(5, "event: abc\nevent: def\ndata\n\n", [(21, limit_exceeded(5))]);
    at_limit(3, "event: abc\nevent\ndata: def\n\n", [(28, event("message", "def", ""))]);
}

#[test]
fn the_join_counts_as_its_line_ends() {
    at_limit(5, "data: ab\ndata: cd\n\n", [(19, event("message", "ab\ncd", ""))]);
    at_limit(4, "data: ab\ndata: cd\n\n", [(18, limit_exceeded(4))]);
    at_limit(4, "data: ab\rdata: cd\r\n\r\n", [(18, limit_exceeded(4))]);
    at_limit(3, "data: ab\ndata: cd\n\n", [(17, limit_exceeded(3))]);
}

#[test]
fn empty_data_lines_count_by_their_joins() {
    at_limit(2, "data\ndata\ndata\n\n", [(16, event("message", "\n\n", ""))]);
    at_limit(2, "data\ndata\ndata\ndata\n\n", [(20, limit_exceeded(2))]);
    at_limit(2, "data:\ndata: \ndata\ndata\n\n", [(23, limit_exceeded(2))]);
}

#[test]
fn the_id_buffer_counts_in_later_events_too() {
    at_limit(5, "id: ab\ndata: cde\n\n", [(18, event("message", "cde", "ab"))]);
    at_limit(4, "id: ab\ndata: cde\n\n", [(16, limit_exceeded(4))]);
    at_limit(4, "id: ab\ndata: c\n\ndata: def\n\n", [(16, event("message", "c", "ab")), (25, limit_exceeded(4))]);
    at_limit(
        4,
        "id: ab\ndata: c\n\nid\ndata: defg\n\n",
        [(16, event("message", "c", "ab")), (31, event("message", "defg", ""))],
    );
}

#[test]
fn an_id_replaced_counts_until_its_successor_is_there() {
    at_limit(5, "id: abc\nid: de\ndata: f\n\n", [(24, event("message", "f", "de"))]);
    let outcome = at_limit(5, "id: abc\nid: def\ndata: f\n\n", [(15, limit_exceeded(5))]);
    assert_eq!(outcome.last_event_id.lossy(), "abc", "the one before fitted");
}

#[test]
fn an_id_with_a_nul_counts_until_its_line_ends() {
    at_limit(3, "id: a\0b\ndata: xyz\n\n", [(19, event("message", "xyz", ""))]);
    at_limit(3, "id: a\0bc\ndata: x\n\n", [(8, limit_exceeded(3))]);
}

#[test]
fn retry_counts_until_its_line_ends() {
    at_limit(4, "retry: 1234\ndata: abcd\n\n", [(24, event("message", "abcd", ""))]);
    let outcome =
        at_limit(3, "retry: 1234\ndata: x\n\ndata: y\n\n", [(11, limit_exceeded(3)), (30, event("message", "y", ""))]);
    assert_eq!(outcome.retry, Some(1234), "it takes effect for all that");
}

#[test]
fn comments_unknown_fields_and_names_count_nothing() {
    let stream = ": a comment\nunknown: field\nretrying\ndata: x\nand another: one\n: x\n\n";
    at_limit(1, stream, [(stream.len(), event("message", "x", ""))]);
}

/// "`id` and `retry` of a discarded event still take effect": else a reconnect would fetch the same giant for ever.
#[test]
fn the_id_and_the_retry_of_a_discarded_event_take_effect() {
    let behind = at_limit(
        4,
        "data: 12345\nid: 7\nretry: 99999\n\ndata: x\n\n",
        [(11, limit_exceeded(4)), (41, event("message", "x", "7"))],
    );
    assert_eq!((behind.last_event_id.lossy(), behind.retry), ("7".into(), Some(99999)));
    let before = at_limit(
        4,
        "id: 7\nretry: 9\ndata: 12345\n\ndata: x\n\n",
        [(25, limit_exceeded(4)), (37, event("message", "x", "7"))],
    );
    assert_eq!((before.last_event_id.lossy(), before.retry), ("7".into(), Some(9)));
    let empty = at_limit(4, "id: 7\n\ndata: 12345\nid\n\n", [(17, limit_exceeded(4))]);
    assert_eq!(empty.last_event_id.lossy(), "");
    let cut_off = at_limit(4, "data: 12345\nid: 7\n", [(11, limit_exceeded(4))]);
    assert_eq!((cut_off.last_event_id.lossy(), cut_off.pending), (String::new(), Some(18)), "not dispatched");
}

/// "… unless the id itself was the excess."
#[test]
fn an_id_that_is_the_excess_has_no_effect() {
    at_limit(3, "id: 1234\ndata: x\n\ndata: y\n\n", [(8, limit_exceeded(3)), (27, event("message", "y", ""))]);
    at_limit(3, "id: 1\n\nid: 1234\ndata: x\n\ndata: y\n\n", [(14, limit_exceeded(3)), (34, event("message", "y", "1"))]);
    // Nor has one behind the excess that does not fit beside the old one; and nothing more is said about it.
    at_limit(
        4,
        "data: 12345\nid: abcde\nid: ab\n\ndata: x\n\n",
        [(11, limit_exceeded(4)), (39, event("message", "x", "ab"))],
    );
    at_limit(4, "data: 12345\nid: ab\nid: cde\n\ndata: x\n\n", [(11, limit_exceeded(4)), (37, event("message", "x", "ab"))]);
}

#[test]
fn the_event_behind_a_giant_is_decoded() {
    at_limit(
        4,
        "data: 12345\ndata: 6\n: c\nevent: e\ndata\n\ndata: x\r\n\r\n: c\ndata: 67890\n\nevent: e\ndata: y\n\n",
        [(11, limit_exceeded(4)), (49, event("message", "x", "")), (65, limit_exceeded(4)), (85, event("e", "y", ""))],
    );
}

/// A frame caller wants them whole, so they have to fit.
#[test]
fn comments_and_unknown_fields_are_frames_and_have_a_limit() {
    let frames = |limit, stream: &str, expected: &[(usize, What)]| {
        let expected: Vec<_> = expected.iter().cloned().map(|(at, what)| Item { at, what }).collect();
        for cut in ways_to_cut(stream.as_bytes()) {
            let outcome = drive::frames(&mut Decoder::new().with_limit(limit), cut);
            assert_eq!(outcome.items, expected, "{stream:?} at a limit of {limit}");
        }
    };
    frames(5, ": 1234\n", &[(7, comment(" 1234"))]);
    frames(4, ": 1234\n\ndata: x\n\n", &[(6, limit_exceeded(4)), (17, event("message", "x", ""))]);
    frames(4, "data: ab\n:345\n\n", &[(13, limit_exceeded(4)), (15, Decoded::EmptyBlock)]);
    frames(4, "error: x\n", &[(9, unknown_field("error", "x"))]);
    frames(4, "error: overloaded\n\n", &[(10, limit_exceeded(4)), (19, Decoded::EmptyBlock)]);
}

#[test]
fn the_limit_is_16_mib_unless_set() {
    assert_eq!(Decoder::new().limit(), 16 * MIB);
    assert_eq!(Decoder::new().with_limit(7).limit(), 7);
    let text = vec![b'x'; 16 * MIB];
    let fits = [b"data: ", &text[..], b"\n\n"].concat();
    let outcome = drive::events(&mut Decoder::new(), chunks::of(64 * 1024, &fits));
    assert_eq!(outcome.items, [Item { at: fits.len(), what: event("message", &text, "") }]);
    let too_much = [b"data: ", &text[..], b"x\n\n"].concat();
    let outcome = drive::events(&mut Decoder::new(), chunks::of(64 * 1024, &too_much));
    assert_eq!(outcome.items, [Item { at: 6 + 16 * MIB + 1, what: limit_exceeded(16 * MIB) }]);
}

#[test]
fn a_limit_that_is_none() {
    let outcome =
        drive::events(&mut Decoder::new().with_limit(usize::MAX), chunks::of(7, b"id: 7\ndata: some text\n\n"));
    assert_eq!(outcome.decoded(), [&event("message", "some text", "7")]);
}

/// The limit is not one on lines: 2,000,000 lines of nothing are 1,999,999 bytes of LFs.
#[test]
fn millions_of_empty_data_lines() {
    let mut stream = b"data\n".repeat(2_000_000);
    stream.extend_from_slice(b"id: 7\n\ndata: x\n\n");
    // The first line adds nothing, each further one its join; the line behind the last that fits is the excess.
    let expected =
        [Item { at: 5 * (MIB + 2), what: limit_exceeded(MIB) }, Item { at: stream.len(), what: event("message", "x", "7") }];
    for size in [1400, 64 * 1024, usize::MAX] {
        let outcome = drive::events(&mut Decoder::new().with_limit(MIB), chunks::of(size, &stream));
        assert_eq!(outcome.items, expected, "chunks of {size}");
    }
}

/// With no buffer at all, so nothing of it can have been kept.
#[test]
fn what_counts_nothing_may_be_endless() {
    for (before, byte, behind) in
        [(":", b'c', ""), ("", b'n', ""), ("dat", b'a', ": v"), ("name: ", b'v', ""), ("datax:", b':', "")]
    {
        let mut stream = before.as_bytes().to_vec();
        stream.extend(iter::repeat_n(byte, 20 * MIB));
        stream.extend_from_slice(behind.as_bytes());
        stream.extend_from_slice(b"\ndata: x\n\n");
        let mut chunks: Vec<_> = chunks::of(1400, &stream[..stream.len() - 9]);
        chunks.push(&stream[stream.len() - 9..]);
        let mut decoder = Decoder::with_storage(ArrayBuffer::<0>::new()).with_limit(1);
        let outcome = drive::events(&mut decoder, chunks);
        assert_eq!(outcome.items, [Item { at: stream.len(), what: event("message", "x", "") }], "{before:?}");
    }
}

#[test]
fn a_giant_value() {
    for name in ["data", "event", "id", "retry"] {
        let mut stream = format!("{name}: ").into_bytes();
        stream.extend(iter::repeat_n(b'7', 4 * MIB));
        stream.extend_from_slice(b"\n\ndata: x\n\n");
        let expected = [
            Item { at: name.len() + 2 + 1001, what: limit_exceeded(1000) },
            Item { at: stream.len(), what: event("message", "x", "") },
        ];
        for size in [1400, 64 * 1024, usize::MAX] {
            let outcome = drive::events(&mut Decoder::new().with_limit(1000), chunks::of(size, &stream));
            assert_eq!(outcome.items, expected, "{name} in chunks of {size}");
            assert_eq!(outcome.retry, (name == "retry").then_some(u64::MAX));
        }
    }
}

#[test]
fn a_last_event_id_has_to_fit() {
    let too_long = Decoder::new().with_limit(3).with_last_event_id(b"1234");
    assert_eq!(too_long.unwrap_err(), DecodeError::LimitExceeded { limit: 3 });
    assert_eq!(Decoder::new().with_limit(4).with_last_event_id(b"1234").unwrap().last_event_id(), b"1234");
    let no_room = Decoder::with_storage(ArrayBuffer::<3>::new()).with_last_event_id(b"1234");
    assert_eq!(no_room.unwrap_err(), DecodeError::CapacityExceeded { capacity: 3 });
    assert_eq!(Decoder::with_storage(ArrayBuffer::<4>::new()).with_last_event_id(b"1234").unwrap().last_event_id(), b"1234");
    let seeded = Decoder::new().with_last_event_id(b"long ago").unwrap().with_last_event_id(b"now").unwrap();
    assert_eq!(seeded.last_event_id(), b"now");
}

/// All the same, however it is cut; and the oracle agrees, so that what is typed here is what the oracle means.
fn at_limit<const N: usize>(limit: usize, stream: &str, expected: [(usize, What); N]) -> Outcome {
    let expected = expected.map(|(at, what)| Item { at, what });
    let oracle = Oracle::new().limited(limit).read(stream.as_bytes());
    assert_eq!(oracle.items, expected, "the oracle, {stream:?} at a limit of {limit}");
    for cut in ways_to_cut(stream.as_bytes()) {
        let outcome = drive::events(&mut Decoder::new().with_limit(limit), cut.iter().copied());
        assert_eq!(outcome, oracle, "{stream:?} at a limit of {limit}, cut as {cut:?}");
        let mut fixed = Decoder::with_storage(ArrayBuffer::<64>::new()).with_limit(limit);
        assert_eq!(drive::events(&mut fixed, cut), oracle, "{stream:?} at a limit of {limit}, fixed");
    }
    oracle
}

fn ways_to_cut(stream: &[u8]) -> impl Iterator<Item = chunks::Chunks<'_>> {
    chunks::splits(stream).chain((1..5).map(|size| chunks::of(size, stream)))
}
