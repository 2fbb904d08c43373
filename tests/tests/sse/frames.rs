//! `Decoder::decode_frame`: blocks, comments and unknown fields.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::Config;
use ssewire::{Decoder, Storage};
use ssewire_tests::blocks::blocks;
use ssewire_tests::chunks::{self, any_lengths};
use ssewire_tests::drive;
use ssewire_tests::oracle::Oracle;
use ssewire_tests::outcome::{
    Decoded, Outcome, OwnedBlock, comment, data_block, empty_block, event, id_block, unknown_field,
};
use ssewire_tests::streams::any_stream;

#[test]
fn comment_is_everything_after_the_colon() {
    check(": ping\n", [comment(" ping")]);
    check(":\n", [comment("")]);
    check("::\n", [comment(":")]);
    check(":data: x\n", [comment("data: x")]);
    check(": a\r: b\r\n: c\n", [comment(" a"), comment(" b"), comment(" c")]);
    check("\u{feff}: ping\n", [comment(" ping")]);
    check(": unfinished", []);
    // In the standard comments have no structure: no space is removed; NUL and ill-formed UTF-8 are ordinary bytes.
    check(b":  \0\xFF\n", [comment(b"  \0\xFF")]);
}

#[test]
fn comment_is_not_a_field_of_its_block() {
    check(": a\n\n: b\n\n\n: c\n\n", [comment(" a"), comment(" b"), comment(" c")]);
}

#[test]
fn blank_lines_alone_are_not_frames() {
    check("\n", []);
    check("\n\n\r\r\r\n\r\n\n", []);
    check("\u{feff}\n\r", []);
}

#[test]
fn block_frame_is_returned_at_the_blank_line() {
    check("data: x\n", []);
    check("data: x\n\n", [data_block("x")]);
    check("id: 1\n", []);
    check("id: 1\n\n", [id_block("1")]);
    check("retry: 10\n", []);
    check("retry: 10\n\n", [retry_block(10)]);
    check("event: e\n\ndata: x\n\n", [type_block("e"), data_block("x")]);
    check(": c\nevent: e\n\n", [comment(" c"), type_block("e")]);
}

#[test]
fn retry_takes_effect_at_the_end_of_its_line() {
    assert_eq!(check("retry: 10", []).retry, None);
    assert_eq!(check("retry: 10\n", []).retry, Some(Duration::from_millis(10)));
    assert_eq!(check("retry: 10\nretry:20\n\n", [retry_block(20)]).retry, Some(Duration::from_millis(20)));
    check("retry: 10\nretry: x\n\n", [retry_block(10)]);
    check("retry: 18446744073709551616\n\n", [retry_block(u64::MAX)]);
}

#[test]
fn unknown_field_is_split_at_the_first_colon() {
    check("error: overloaded\n", [unknown_field("error", "overloaded")]);
    check("error:overloaded\n\n", [unknown_field("error", "overloaded"), empty_block()]);
    check("error:  two spaces\n", [unknown_field("error", " two spaces")]);
    check("error\n", [unknown_field("error", "")]);
    check("error:\n", [unknown_field("error", "")]);
    check("error: a: b\n", [unknown_field("error", "a: b")]);
    check("error: unfinished", []);
}

#[test]
fn unknown_field_may_look_like_a_known_one() {
    for name in ["d", "dat", "datax", "data ", " data", "Data", "e", "even", "events", "i", "idx", "ret", "retry\0"] {
        check(&format!("{name}\n"), [unknown_field(name, "")]);
        check(&format!("{name}: data: 1\n"), [unknown_field(name, "data: 1")]);
        check(&format!("data: x\n{name}\r\n\n"), [unknown_field(name, ""), data_block("x")]);
    }
}

#[test]
fn unknown_field_may_start_with_a_further_byte_order_mark() {
    check("\u{feff}\u{feff}data: x\n\n", [unknown_field("\u{feff}data", "x"), empty_block()]);
    check("\n\u{feff}data: x\n\n", [unknown_field("\u{feff}data", "x"), empty_block()]);
    check("\u{feff}data: x\n\n", [data_block("x")]);
    check(b"\xEF\xBBdata: x\n\n", [unknown_field(b"\xEF\xBBdata", "x"), empty_block()]);
    check(b"\xEF:x\n", [unknown_field(b"\xEF", "x")]);
    check(b"\xEF\n", [unknown_field(b"\xEF", "")]);
    check(b"\xEF\xBB\r\n", [unknown_field(b"\xEF\xBB", "")]);
    check(b"\xEF\xBB\xEF\xBB\xBF\n", [unknown_field(b"\xEF\xBB\xEF\xBB\xBF", "")]);
}

#[test]
fn frames_within_a_block_do_not_change_it() {
    let whole = typed_block("e", "a\nb", Some("7"), None);
    check("event: e\nid: 7\ndata: a\n: c\ndata: b\n\n", [comment(" c"), whole.clone()]);
    check(": c\nevent: e\nid: 7\ndata: a\ndata: b\n\n", [comment(" c"), whole.clone()]);
    check(
        "event: old\n: c\nevent: e\ndata: a\n: c\nid: 6\n: c\nid: 7\ndata: b\n\n",
        [comment(" c"), comment(" c"), comment(" c"), whole],
    );
    check(
        "data: a\nx: y\nevent: e\nretry: 1\nid: 7\n:\ndata: b\n\n",
        [unknown_field("x", "y"), comment(""), typed_block("e", "a\nb", Some("7"), Some(1))],
    );
    let empty_type = typed_block("", "\n", None, None);
    check("event: e\n: c\nevent\ndata\n: c\ndata\n\n", [comment(" c"), comment(" c"), empty_type]);
}

#[test]
fn comments_and_unknown_fields_are_returned_only_if_chosen() {
    let stream = b": c\nx: y\ndata: a\n\n";
    for cut in chunks::splits(stream) {
        let parts = || cut.iter().copied();
        let outcome = drive::frames(&mut Decoder::new(), parts());
        assert_eq!(outcome.decoded(), [&data_block("a")]);
        let outcome = drive::frames(&mut Decoder::new().with_comments(), parts());
        assert_eq!(outcome.decoded(), [&comment(" c"), &data_block("a")]);
        let outcome = drive::frames(&mut Decoder::new().with_unknown_fields(), parts());
        assert_eq!(outcome.decoded(), [&unknown_field("x", "y"), &data_block("a")]);
    }
}

#[test]
fn frames_are_truncated_to_their_bound() {
    let decoder = || with_frames(Decoder::new()).with_max_comment_bytes(5);
    let comment = |text: &str, truncated| Decoded::Comment { text: text.into(), truncated };
    let field = |name: &str, value: &str, truncated| Decoded::UnknownField {
        name: name.into(),
        value: value.into(),
        truncated,
    };
    for (stream, expected) in [
        (":12345\n", comment("12345", false)),
        (":123456\n", comment("12345", true)),
        ("abc:d\n", field("abc", "d", false)),
        ("abc:de\n", field("abc", "d", true)),
        ("abc: d\n", field("abc", "", true)),
        ("abcde\n", field("abcde", "", false)),
        ("abcdef: x\n", field("abcde", "", true)),
        // Not the field `data`: the start of its name.
        ("data : x\n", field("data ", "", true)),
        ("events\n", field("event", "", true)),
    ] {
        let stream = format!("data: a\n{stream}data: b\n\n: end\n");
        for cut in chunks::splits(stream.as_bytes()).chain([chunks::of(1, stream.as_bytes())]) {
            let outcome = drive::frames(&mut decoder(), cut.iter().copied());
            let end = comment(" end", false);
            assert_eq!(outcome.decoded(), [&expected, &data_block("a\nb"), &end], "{stream:?} as {cut:?}");
        }
    }
}

#[test]
fn frames_are_bounded_by_1_kib_unless_set() {
    let comment = |len| [b":", vec![b'c'; len].as_slice(), b"\n"].concat();
    for (len, truncated) in [(1024, false), (1025, true), (100_000, true)] {
        for size in [7, 1000, usize::MAX] {
            let outcome = drive::frames(&mut with_frames(Decoder::new()), chunks::of(size, &comment(len)));
            let expected = Decoded::Comment { text: (&vec![b'c'; 1024]).into(), truncated };
            assert_eq!(outcome.decoded(), [&expected], "{len} in chunks of {size}");
        }
    }
}

#[test]
fn frames_do_not_count_towards_the_event_limit() {
    for cut in chunks::splits(b": long comment\nunknown: field\nevent\ndata: abc\n: x\n\n") {
        let outcome = drive::frames(&mut with_frames(Decoder::new()).with_max_event_bytes(3), cut);
        let block = typed_block("", "abc", None, None);
        let expected = [comment(" long comment"), unknown_field("unknown", "field"), comment(" x"), block];
        assert_eq!(outcome.decoded(), expected.iter().collect::<Vec<_>>());
    }
}

#[test]
fn frames_of_a_block_end_with_its_lost_event() {
    for cut in chunks::splits(b": a\ndata: 12345\n: b\nx: y\n\n: c\n") {
        let outcome = drive::frames(&mut with_frames(Decoder::new()).with_max_event_bytes(4), cut);
        let error = Decoded::Error(ssewire::DecodeError::LimitExceeded { limit: 4 });
        assert_eq!(outcome.decoded(), [&comment(" a"), &error, &empty_block(), &comment(" c")]);
    }
}

#[test]
fn frame_span_converts_to_an_event_span() {
    let mut decoder = with_frames(Decoder::new());
    let mut input = &b": c\nretry: 1\nid: 7\n\nx: y\nevent: e\ndata: a\n\nevent: e\n\n"[..];
    let (mut frames, mut blocks, mut events) = (0, 0, Vec::new());
    loop {
        let chunk = input;
        let Some(span) = decoder.poll_frame(&mut input).unwrap() else { break };
        frames += 1;
        blocks += usize::from(span.block().is_some());
        events.extend(span.event().map(|span| decoder.resolve_event(chunk, span).data().to_vec()));
    }
    assert_eq!((frames, blocks, events), (5, 3, vec![b"a".to_vec()]));
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 750, ..Config::default() })]

    #[test]
    fn decode_frame_agrees_with_the_oracle(
        input in any_stream(),
        lengths in any_lengths(),
        limit in prop_oneof![0..40usize, Just(usize::MAX)],
        max_comment_bytes in prop_oneof![0..9usize, Just(1024)],
    ) {
        let oracle = Oracle { max_comment_bytes, ..Oracle::new().limited(limit).frames() };
        let expected = oracle.read(&input);
        let bounded = |decoder: Decoder| {
            with_frames(decoder).with_max_event_bytes(limit).with_max_comment_bytes(max_comment_bytes)
        };
        let decoder = || bounded(Decoder::new());
        let cut = chunks::of_lengths(&lengths, &input);
        prop_assert_eq!(&drive::frames(&mut decoder(), cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::polled_frames(&mut decoder(), cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::frames(&mut decoder(), chunks::whole(&input)), &expected);
        prop_assert_eq!(&drive::frames(&mut decoder(), chunks::of(1, &input)), &expected);
        let fixed = with_frames(Decoder::with_storage([0; 8192]));
        let mut fixed = fixed.with_max_event_bytes(limit).with_max_comment_bytes(max_comment_bytes);
        prop_assert_eq!(&drive::frames(&mut fixed, cut.iter().copied()), &expected);
    }

    #[test]
    fn every_block_with_a_field_ends_in_one_block_frame(input in any_stream(), lengths in any_lengths()) {
        let cut = chunks::of_lengths(&lengths, &input);
        let outcome = drive::frames(&mut with_frames(Decoder::new()), cut);
        let is_block = |decoded: &Decoded| matches!(decoded, Decoded::Block(_));
        let seen: Vec<_> = outcome.items.iter().filter(|item| is_block(&item.decoded)).map(|item| item.at).collect();
        let blocks = blocks(&input).into_iter().filter(|block| block.is_over && block.fields > 0);
        prop_assert_eq!(seen, blocks.map(|block| block.span.end).collect::<Vec<_>>());
    }
}

fn with_frames<S: Storage>(decoder: Decoder<S>) -> Decoder<S> {
    decoder.with_comments().with_unknown_fields()
}

fn retry_block(milliseconds: u64) -> Decoded {
    Decoded::Block(OwnedBlock { retry: Some(Duration::from_millis(milliseconds)), ..OwnedBlock::default() })
}

fn type_block(event_type: &str) -> Decoded {
    Decoded::Block(OwnedBlock { event_type: Some(event_type.into()), ..OwnedBlock::default() })
}

fn typed_block(event_type: &str, data: &str, id: Option<&str>, retry: Option<u64>) -> Decoded {
    let effective = if event_type.is_empty() { "message" } else { event_type };
    let Decoded::Event(mut event) = event(effective, data, id.unwrap_or_default()) else { unreachable!() };
    event.retry = retry.map(Duration::from_millis);
    Decoded::Block(OwnedBlock {
        retry: event.retry,
        event: Some(event),
        event_type: Some(event_type.into()),
        id: id.map(Into::into),
        has_ignored_id: false,
    })
}

/// Checks the frames of a stream at every split and with every storage.
fn check<const N: usize>(stream: &(impl AsRef<[u8]> + ?Sized), expected: [Decoded; N]) -> Outcome {
    let stream = stream.as_ref();
    let outcome = Oracle::new().frames().read(stream);
    assert_eq!(outcome.decoded(), expected.iter().collect::<Vec<_>>(), "the oracle, {}", stream.escape_ascii());
    let cuts = [chunks::whole(stream), chunks::of(1, stream), chunks::with_empty_ones(chunks::of(1, stream))];
    for cut in cuts.into_iter().chain(chunks::splits(stream)) {
        let check = |seen: Outcome| assert_eq!(seen, outcome, "{} as {cut:?}", stream.escape_ascii());
        let mut memory = [0; 512];
        check(drive::frames(&mut with_frames(Decoder::new()), cut.iter().copied()));
        let mut fixed = with_frames(Decoder::with_storage([0; 512]));
        check(drive::frames(&mut fixed, cut.iter().copied()));
        let mut borrowed = with_frames(Decoder::with_storage(&mut memory[..]));
        check(drive::polled_frames(&mut borrowed, cut.iter().copied()));
    }
    outcome
}
