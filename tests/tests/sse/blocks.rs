//! `Decoder::decode_block`: the fields that each block sets, also without data.

use std::time::Duration;

use ssewire::{Decoder, LineDecoder};
use ssewire_tests::chunks;
use ssewire_tests::drive;
use ssewire_tests::oracle::Oracle;
use ssewire_tests::outcome::{
    Decoded, Outcome, OwnedBlock, OwnedEvent, data_block, empty_block, id_block, limit_exceeded,
};

#[test]
fn id_is_set_by_the_last_valid_id_field() {
    check("id: 1\n\n", [id_block("1")]);
    check("id: 1\nid: 2\n\n", [id_block("2")]);
    check("id: 1\n\nid\n\n", [id_block("1"), id_block("")]);
    check("id: 1\nid: 2\0\n\n", [id_block("1")]);
    check("id: 1\n\ndata: x\n\n", [id_block("1"), block(None, Some("x"), None, "1", None)]);
    // Not dispatched: not yet the last event ID.
    assert_eq!(check("id: 1\n", []).last_event_id.lossy(), "");
}

#[test]
fn id_with_nul_is_ignored_without_a_report() {
    check("id: \0\n\n", [empty_block()]);
    check("id: 1\n\nid: a\0b\n\n", [id_block("1"), empty_block()]);
}

#[test]
fn has_ignored_id_reports_an_id_above_the_limit() {
    let ignored = |id: Option<&str>, data: Option<&str>| {
        let Decoded::Block(block) = block(None, data, id, id.unwrap_or("abc"), None) else { unreachable!() };
        Decoded::Block(OwnedBlock { has_ignored_id: true, ..block })
    };
    let bounded = |stream: &str, expected: &[Decoded]| {
        let oracle = Oracle { max_id_bytes: 3, ..Oracle::new() };
        check_with(&oracle, stream, expected)
    };
    bounded("id: abc\n\n", &[id_block("abc")]);
    // The previous ID stays.
    let outcome = bounded("id: abc\n\nid: defg\n\n", &[id_block("abc"), ignored(None, None)]);
    assert_eq!(outcome.last_event_id.lossy(), "abc");
    bounded("id: abc\n\nid: defg\ndata: x\n\n", &[id_block("abc"), ignored(None, Some("x"))]);
    // An earlier ID of this block is kept as well, and a later one replaces it.
    bounded("id: ab\nid: cdef\n\n", &[ignored(Some("ab"), None)]);
    bounded("id: cdef\nid: ab\n\n", &[ignored(Some("ab"), None)]);
    bounded("id: cdef\nid\n\n", &[ignored(Some(""), None)]);
    // The ignored ID is reported once.
    bounded(
        "id: abcd\n\ndata: x\n\n",
        &[Decoded::Block(OwnedBlock { has_ignored_id: true, ..OwnedBlock::default() }), data_block("x")],
    );
    // A NUL within the bound is found first. Bytes above the bound are not searched for one.
    bounded("id: ab\0de\n\n", &[empty_block()]);
    bounded("id: abcd\0\n\n", &[Decoded::Block(OwnedBlock { has_ignored_id: true, ..OwnedBlock::default() })]);
}

#[test]
fn max_id_bytes_is_4096_unless_set() {
    let stream = |len| [b"id: ", vec![b'i'; len].as_slice(), b"\n\n"].concat();
    for (len, is_ignored) in [(4096, false), (4097, true)] {
        for size in [1000, usize::MAX] {
            let outcome = drive::blocks(&mut Decoder::new(), chunks::of(size, &stream(len)));
            let [Decoded::Block(block)] = outcome.decoded()[..] else { panic!("{outcome:?}") };
            assert_eq!((block.has_ignored_id, block.id.is_none()), (is_ignored, is_ignored), "{len}");
        }
    }
}

#[test]
fn retry_is_that_of_the_block() {
    check("retry: 10\n\n", [block(None, None, None, "", Some(10))]);
    check("retry: 10\nretry:20\n\n", [block(None, None, None, "", Some(20))]);
    check("retry: 0\n\ndata: x\n\n", [block(None, None, None, "", Some(0)), data_block("x")]);
    check("data: a\nretry: 3\ndata: b\n\n", [block(None, Some("a\nb"), None, "", Some(3))]);
    check("retry: 10\nretry: no\n\n", [block(None, None, None, "", Some(10))]);
}

#[test]
fn retry_accepts_digits_only() {
    for stream in ["retry: 1s\n\n", "retry\n\n", "retry:\n\n", "retry: \n\n", "retry: +1\n\n", "retry: 1 \n\n"] {
        check(stream, [empty_block()]);
    }
}

#[test]
fn event_type_is_set_unset_or_empty() {
    check("data: x\n\n", [data_block("x")]);
    check("event: e\ndata: x\n\n", [block(Some("e"), Some("x"), None, "", None)]);
    check("event: e\n\n", [block(Some("e"), None, None, "", None)]);
    check("event\n\n", [block(Some(""), None, None, "", None)]);
    check("event: e\nevent\ndata\n\n", [block(Some(""), Some(""), None, "", None)]);
    check("event: e\n\ndata: x\n\n", [block(Some("e"), None, None, "", None), data_block("x")]);
    // The type of the dispatched event.
    let outcome = check(
        "event:\ndata: x\n\nevent: e\ndata: y\n\n",
        [block(Some(""), Some("x"), None, "", None), block(Some("e"), Some("y"), None, "", None)],
    );
    let types: Vec<_> = outcome.events().into_iter().map(|(_, event)| event.event_type.lossy()).collect();
    assert_eq!(types, ["message", "e"]);
}

#[test]
fn blocks_without_fields_are_not_returned() {
    check("\n\n\r\r\n\r\n", []);
    check(": c\n\n: d\n\n", []);
    check("\u{feff}\n", []);
}

#[test]
fn unknown_field_makes_a_block() {
    check("x: y\n\n", [empty_block()]);
    check("data : x\n\n", [empty_block()]);
}

#[test]
fn block_of_a_lost_event_is_returned() {
    let limited = |stream: &str, expected: &[Decoded]| check_with(&Oracle::new().limited(4), stream, expected);
    limited("data: 12345\n\ndata: x\n\n", &[limit_exceeded(4), empty_block(), data_block("x")]);
    limited("event: e\ndata: 12345\ndata: y\n\n", &[limit_exceeded(4), empty_block()]);
    limited(
        "event: e\nid: 7\nretry: 9\ndata: 12345\n\n",
        &[limit_exceeded(4), block(None, None, Some("7"), "7", Some(9))],
    );
    limited(
        "data: 12345\nevent: e\nid: 7\nretry: 9\n\ndata: x\n\n",
        &[limit_exceeded(4), block(None, None, Some("7"), "7", Some(9)), block(None, Some("x"), None, "7", None)],
    );
}

#[test]
fn block_accessors_agree_with_the_event() {
    let mut decoder = Decoder::new();
    let mut input = &b"event: e\nid: 7\nretry: 5\ndata: x\n\ndata: y\n\n"[..];
    let block = decoder.decode_block(&mut input).unwrap().unwrap();
    let event = block.event().unwrap();
    assert_eq!((block.event_type(), event.event_type()), (Some(&b"e"[..]), &b"e"[..]));
    assert_eq!((block.id(), block.last_event_id(), event.last_event_id()), (Some(&b"7"[..]), &b"7"[..], &b"7"[..]));
    assert_eq!((block.retry(), event.retry()), (Some(Duration::from_millis(5)), Some(Duration::from_millis(5))));
    let block = decoder.decode_block(&mut input).unwrap().unwrap();
    assert_eq!((block.id(), block.last_event_id(), block.retry()), (None, &b"7"[..], None));
    assert_eq!(block.event().unwrap().data(), b"y");
    // A block ends at its blank line, wherever the lines of the input end.
    assert_eq!(LineDecoder::new().decode(&mut &input[..]), Ok(None));
}

/// A block with these values. `last_event_id` is that of its event.
fn block(
    event_type: Option<&str>,
    data: Option<&str>,
    id: Option<&str>,
    last_event_id: &str,
    retry: Option<u64>,
) -> Decoded {
    let retry = retry.map(Duration::from_millis);
    let event = data.map(|data| OwnedEvent {
        event_type: event_type.filter(|event_type| !event_type.is_empty()).unwrap_or("message").into(),
        data: data.into(),
        last_event_id: last_event_id.into(),
        retry,
    });
    let (event_type, id) = (event_type.map(Into::into), id.map(Into::into));
    Decoded::Block(OwnedBlock { event, event_type, id, has_ignored_id: false, retry })
}

fn check<const N: usize>(stream: &str, expected: [Decoded; N]) -> Outcome {
    check_with(&Oracle::new(), stream, &expected)
}

/// Checks the blocks at every split, also those of the oracle.
fn check_with(oracle: &Oracle, stream: &str, expected: &[Decoded]) -> Outcome {
    let outcome = oracle.clone().blocks().read(stream.as_bytes());
    assert_eq!(outcome.decoded(), expected.iter().collect::<Vec<_>>(), "the oracle, {stream:?}");
    let decoder = || Decoder::new().with_max_event_bytes(oracle.max_event_bytes).with_max_id_bytes(oracle.max_id_bytes);
    for cut in chunks::splits(stream.as_bytes()).chain([chunks::of(1, stream.as_bytes())]) {
        assert_eq!(drive::blocks(&mut decoder(), cut.iter().copied()), outcome, "{stream:?} as {cut:?}");
        assert_eq!(drive::polled_blocks(&mut decoder(), cut.iter().copied()), outcome, "{stream:?} as {cut:?}");
    }
    outcome
}
