//! The event limit: which bytes count, at which byte the error is returned, and how decoding continues.

use std::iter;
use std::time::Duration;

use ssewire::Decoder;
use ssewire_tests::chunks;
use ssewire_tests::drive;
use ssewire_tests::oracle::Oracle;
use ssewire_tests::outcome::{Decoded, Item, Outcome, event, limit_exceeded};

const MIB: usize = 1 << 20;

#[test]
fn data_counts() {
    check(5, "data: 12345\n\n", [(13, event("message", "12345", ""))]);
    check(4, "data: 12345\n\n", [(11, limit_exceeded(4))]);
    check(4, "data:12345", [(10, limit_exceeded(4))]);
    check(0, "data\n\n", [(6, event("message", "", ""))]);
    check(0, "data: 1\n\n", [(7, limit_exceeded(0))]);
}

#[test]
fn event_type_counts() {
    check(5, "event: ab\ndata: cde\n\n", [(21, event("ab", "cde", ""))]);
    check(4, "event: ab\ndata: cde\n\n", [(19, limit_exceeded(4))]);
    check(4, "data: cde\nevent: ab\n\n", [(19, limit_exceeded(4))]);
    check(1, "event: ab\n\n", [(9, limit_exceeded(1))]);
}

#[test]
fn replaced_event_type_counts_until_the_next_is_complete() {
    check(5, "event: abc\nevent: de\ndata: fgh\n\n", [(32, event("de", "fgh", ""))]);
    check(5, "event: abc\nevent: def\ndata\n\n", [(21, limit_exceeded(5))]);
    check(3, "event: abc\nevent\ndata: def\n\n", [(28, event("message", "def", ""))]);
}

#[test]
fn joining_lf_counts_when_its_line_ends() {
    check(5, "data: ab\ndata: cd\n\n", [(19, event("message", "ab\ncd", ""))]);
    check(4, "data: ab\ndata: cd\n\n", [(18, limit_exceeded(4))]);
    check(4, "data: ab\rdata: cd\r\n\r\n", [(18, limit_exceeded(4))]);
    check(3, "data: ab\ndata: cd\n\n", [(17, limit_exceeded(3))]);
}

#[test]
fn empty_data_lines_count_their_joining_lf() {
    check(2, "data\ndata\ndata\n\n", [(16, event("message", "\n\n", ""))]);
    check(2, "data\ndata\ndata\ndata\n\n", [(20, limit_exceeded(2))]);
    check(2, "data:\ndata: \ndata\ndata\n\n", [(23, limit_exceeded(2))]);
}

#[test]
fn id_retry_and_comments_do_not_count() {
    let stream = ": a comment\nunknown: field\nretrying\nid: 12345\nretry: 123456\nid\0\ndata: x\nid: 7\n\n";
    let outcome = check(1, stream, [(stream.len(), with_retry(event("message", "x", "7"), 123_456))]);
    assert_eq!(outcome.retry, Some(Duration::from_millis(123_456)));
    check(0, "id: 12345\nretry: 9\n\nid: 1\ndata\n\n", [(32, event("message", "", "1"))]);
}

/// Also with an ID that is longer than the event limit.
#[test]
fn last_event_id_does_not_count() {
    check(3, "id: abcdef\ndata: xyz\n\n", [(22, event("message", "xyz", "abcdef"))]);
    check(
        3,
        "id: abcdef\n\ndata: xyz\n\ndata: 1234\n\n",
        [(23, event("message", "xyz", "abcdef")), (33, limit_exceeded(3))],
    );
}

/// Otherwise a reconnection would fetch the same large event again.
#[test]
fn id_and_retry_of_a_lost_event_take_effect() {
    let after = check(
        4,
        "data: 12345\nid: 7\nretry: 99999\n\ndata: x\n\n",
        [(11, limit_exceeded(4)), (41, event("message", "x", "7"))],
    );
    assert_eq!((after.last_event_id.lossy(), after.retry), ("7".into(), Some(Duration::from_millis(99_999))));
    let before = check(
        4,
        "id: 7\nretry: 9\ndata: 12345\n\ndata: x\n\n",
        [(26, limit_exceeded(4)), (37, event("message", "x", "7"))],
    );
    assert_eq!((before.last_event_id.lossy(), before.retry), ("7".into(), Some(Duration::from_millis(9))));
    let empty = check(4, "id: 7\n\ndata: 12345\nid\n\n", [(18, limit_exceeded(4))]);
    assert_eq!(empty.last_event_id.lossy(), "");
    let unfinished = check(4, "data: 12345\nid: 7\n", [(11, limit_exceeded(4))]);
    assert_eq!((unfinished.last_event_id.lossy(), unfinished.pending), (String::new(), Some(18)), "not dispatched");
}

#[test]
fn event_after_a_lost_one_is_decoded() {
    check(
        4,
        "data: 12345\ndata: 6\n: c\nevent: e\ndata\n\ndata: x\r\n\r\n: c\ndata: 67890\n\nevent: e\ndata: y\n\n",
        [(11, limit_exceeded(4)), (49, event("message", "x", "")), (65, limit_exceeded(4)), (85, event("e", "y", ""))],
    );
}

#[test]
fn default_limit_is_16_mib() {
    assert_eq!(Decoder::new().max_event_bytes(), 16 * MIB);
    assert_eq!(Decoder::new().with_max_event_bytes(7).max_event_bytes(), 7);
    let text = vec![b'x'; 16 * MIB];
    let fits = [b"data: ", &text[..], b"\n\n"].concat();
    let outcome = drive::events(&mut Decoder::new(), chunks::of(64 * 1024, &fits));
    assert_eq!(outcome.items, [Item { at: fits.len(), decoded: event("message", &text, "") }]);
    let too_much = [b"data: ", &text[..], b"x\n\n"].concat();
    let outcome = drive::events(&mut Decoder::new(), chunks::of(64 * 1024, &too_much));
    assert_eq!(outcome.items, [Item { at: 6 + 16 * MIB + 1, decoded: limit_exceeded(16 * MIB) }]);
}

#[test]
fn largest_limit_decodes_as_without_a_limit() {
    let outcome = drive::events(
        &mut Decoder::new().with_max_event_bytes(usize::MAX),
        chunks::of(7, b"id: 7\ndata: some text\n\n"),
    );
    assert_eq!(outcome.decoded(), [&event("message", "some text", "7")]);
}

/// There is no limit on the number of lines: 2,000,000 empty `data` lines are 1,999,999 bytes of LF.
#[test]
fn limit_counts_millions_of_empty_data_lines() {
    let mut stream = b"data\n".repeat(2_000_000);
    stream.extend_from_slice(b"id: 7\n\ndata: x\n\n");
    // The first line adds nothing, each further line its LF; the line after the last that fits is in excess.
    let expected = [
        Item { at: 5 * (MIB + 2), decoded: limit_exceeded(MIB) },
        Item { at: stream.len(), decoded: event("message", "x", "7") },
    ];
    for size in [1400, 64 * 1024, usize::MAX] {
        let outcome = drive::events(&mut Decoder::new().with_max_event_bytes(MIB), chunks::of(size, &stream));
        assert_eq!(outcome.items, expected, "chunks of {size}");
    }
}

/// The storage has 0 bytes, so nothing can be kept.
#[test]
fn lines_that_do_not_count_may_be_endless() {
    for (before, byte, after) in
        [(":", b'c', ""), ("", b'n', ""), ("dat", b'a', ": v"), ("name: ", b'v', ""), ("datax:", b':', "")]
    {
        let mut stream = before.as_bytes().to_vec();
        stream.extend(iter::repeat_n(byte, 4 * MIB));
        stream.extend_from_slice(after.as_bytes());
        stream.extend_from_slice(b"\ndata: x\n\n");
        let mut chunks: Vec<_> = chunks::of(1400, &stream[..stream.len() - 9]);
        chunks.push(&stream[stream.len() - 9..]);
        let mut decoder = Decoder::with_storage([0; 0]).with_max_event_bytes(1);
        let outcome = drive::events(&mut decoder, chunks);
        assert_eq!(outcome.items, [Item { at: stream.len(), decoded: event("message", "x", "") }], "{before:?}");
    }
}

#[test]
fn large_value_of_every_field_is_bounded() {
    for name in ["data", "event", "id", "retry"] {
        let mut stream = format!("{name}: ").into_bytes();
        stream.extend(iter::repeat_n(b'7', 4 * MIB));
        stream.extend_from_slice(b"\n\ndata: x\n\n");
        let last = Item { at: stream.len(), decoded: event("message", "x", "") };
        let error = Item { at: name.len() + 2 + 1001, decoded: limit_exceeded(1000) };
        let expected = if ["data", "event"].contains(&name) { vec![error, last] } else { vec![last] };
        for size in [1400, 64 * 1024, usize::MAX] {
            let mut decoder = Decoder::new().with_max_event_bytes(1000);
            let outcome = drive::events(&mut decoder, chunks::of(size, &stream));
            assert_eq!(outcome.items, expected, "{name} in chunks of {size}");
            assert_eq!(outcome.retry, (name == "retry").then_some(Duration::from_millis(u64::MAX)));
        }
    }
}

#[test]
fn max_event_bytes_is_clamped_to_a_quarter_of_the_address_space() {
    let largest = usize::MAX / 4 + 1;
    for limit in [usize::MAX, usize::MAX / 2, largest + 1, largest] {
        assert_eq!(Decoder::new().with_max_event_bytes(limit).max_event_bytes(), largest);
    }
    assert_eq!(Decoder::new().with_max_event_bytes(largest - 1).max_event_bytes(), largest - 1);
}

/// Checks the results in every chunking, also those of the oracle.
fn check<const N: usize>(limit: usize, stream: &str, expected: [(usize, Decoded); N]) -> Outcome {
    let expected = expected.map(|(at, decoded)| Item { at, decoded });
    let oracle = Oracle::new().limited(limit).read(stream.as_bytes());
    assert_eq!(oracle.items, expected, "the oracle, {stream:?} with a limit of {limit}");
    for cut in chunkings(stream.as_bytes()) {
        let outcome = drive::events(&mut Decoder::new().with_max_event_bytes(limit), cut.iter().copied());
        assert_eq!(outcome, oracle, "{stream:?} with a limit of {limit}, cut as {cut:?}");
        let mut fixed = Decoder::with_storage([0; 64]).with_max_event_bytes(limit);
        assert_eq!(drive::events(&mut fixed, cut), oracle, "{stream:?} with a limit of {limit}, fixed");
    }
    oracle
}

fn chunkings(stream: &[u8]) -> impl Iterator<Item = chunks::Chunks<'_>> {
    chunks::splits(stream).chain((1..5).map(|size| chunks::of(size, stream)))
}

fn with_retry(decoded: Decoded, milliseconds: u64) -> Decoded {
    let Decoded::Event(mut event) = decoded else { panic!("not an event: {decoded:?}") };
    event.retry = Some(Duration::from_millis(milliseconds));
    Decoded::Event(event)
}
