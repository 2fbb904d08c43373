//! Frames: what a stream carries besides events, told as it comes.

use proptest::prelude::*;
use proptest::test_runner::Config;
use ssewire::{Decoder, Fixed};
use ssewire_tests::blocks::blocks;
use ssewire_tests::chunks::{self, any_lengths};
use ssewire_tests::drive;
use ssewire_tests::oracle::Oracle;
use ssewire_tests::outcome::Decoded::{EmptyBlock, Retry};
use ssewire_tests::outcome::{Outcome, What, comment, event, last_event_id, unknown_field};
use ssewire_tests::streams::any_stream;

#[test]
fn comments() {
    told(": ping\n", [comment(" ping")]);
    told(":\n", [comment("")]);
    told("::\n", [comment(":")]);
    told(":data: x\n\n", [comment("data: x")]);
    told(": a\r: b\r\n: c\n", [comment(" a"), comment(" b"), comment(" c")]);
    told("\u{feff}: ping\n", [comment(" ping")]);
    told(": cut off", []);
    // The standard gives comments no structure: neither is a space dropped, nor is a NUL or broken UTF-8 special.
    told(b":  \0\xFF\n", [comment(b"  \0\xFF")]);
}

#[test]
fn a_comment_is_no_field_so_its_block_ends_in_nothing() {
    told(": a\n\n: b\n\n\n: c\n\n", [comment(" a"), comment(" b"), comment(" c")]);
}

#[test]
fn blank_lines_with_nothing_before_them_are_nothing() {
    told("\n", []);
    told("\n\n\r\r\r\n\r\n\n", []);
    told("\u{feff}\n\r", []);
}

#[test]
fn retry_takes_effect_as_its_line_ends() {
    told("retry: 10\n", [Retry(10)]);
    told("retry: 10\n\n", [Retry(10), EmptyBlock]);
    told("retry: 10\nretry:20\n\n", [Retry(10), Retry(20), EmptyBlock]);
    told("data: a\nretry: 3\ndata: b\n\n", [Retry(3), event("message", "a\nb", "")]);
    told("retry: 0\n", [Retry(0)]);
    told("retry: 18446744073709551616\n", [Retry(u64::MAX)]);
}

#[test]
fn a_retry_that_is_not_digits_is_nothing_but_a_field() {
    for stream in ["retry: 1s\n\n", "retry\n\n", "retry:\n\n", "retry: \n\n", "retry: +1\n\n", "retry: 1 \n\n"] {
        told(stream, [EmptyBlock]);
    }
}

#[test]
fn a_block_with_an_id_and_no_data() {
    told("id: 1\n\n", [last_event_id("1")]);
    told("id: 1\nid: 2\n\n", [last_event_id("2")]);
    told("id: 1\n\nid\n\n", [last_event_id("1"), last_event_id("")]);
    told("id: 1\nevent: e\n\n", [last_event_id("1")]);
    told("id: 1\nid: 2\0\n\n", [last_event_id("1")]);
    // Not dispatched: no last event ID yet.
    told("id: 1\n", []);
}

#[test]
fn a_block_with_neither_data_nor_id() {
    told("event: e\n\n", [EmptyBlock]);
    told("event\n\n", [EmptyBlock]);
    told("id: \0\n\n", [EmptyBlock]);
    told("event: e\n\ndata: x\n\n", [EmptyBlock, event("message", "x", "")]);
    told(": c\nevent: e\n\n", [comment(" c"), EmptyBlock]);
}

#[test]
fn unknown_fields() {
    told("error: overloaded\n", [unknown_field("error", "overloaded")]);
    told("error:overloaded\n\n", [unknown_field("error", "overloaded"), EmptyBlock]);
    told("error:  two spaces\n", [unknown_field("error", " two spaces")]);
    told("error\n", [unknown_field("error", "")]);
    told("error:\n", [unknown_field("error", "")]);
    told("error: a: b\n", [unknown_field("error", "a: b")]);
    told("error: cut off", []);
}

#[test]
fn names_that_are_nearly_known() {
    for name in ["d", "dat", "datax", "data ", " data", "Data", "e", "even", "events", "i", "idx", "ret", "retry\0"] {
        told(&format!("{name}\n"), [unknown_field(name, "")]);
        told(&format!("{name}: data: 1\n"), [unknown_field(name, "data: 1")]);
        told(&format!("data: x\n{name}\r\n\n"), [unknown_field(name, ""), event("message", "x", "")]);
    }
}

#[test]
fn only_the_first_byte_order_mark_is_none_of_the_name() {
    told("\u{feff}\u{feff}data: x\n\n", [unknown_field("\u{feff}data", "x"), EmptyBlock]);
    told("\n\u{feff}data: x\n\n", [unknown_field("\u{feff}data", "x"), EmptyBlock]);
    told("\u{feff}data: x\n\n", [event("message", "x", "")]);
    told(b"\xEF\xBBdata: x\n\n", [unknown_field(b"\xEF\xBBdata", "x"), EmptyBlock]);
    told(b"\xEF:x\n", [unknown_field(b"\xEF", "x")]);
    told(b"\xEF\n", [unknown_field(b"\xEF", "")]);
    told(b"\xEF\xBB\r\n", [unknown_field(b"\xEF\xBB", "")]);
    told(b"\xEF\xBB\xEF\xBB\xBF\n", [unknown_field(b"\xEF\xBB\xEF\xBB\xBF", "")]);
}

#[test]
fn a_frame_in_the_middle_of_a_block_takes_nothing_from_it() {
    let whole = event("e", "a\nb", "7");
    told("event: e\nid: 7\ndata: a\n: c\ndata: b\n\n", [comment(" c"), whole.clone()]);
    told(": c\nevent: e\nid: 7\ndata: a\ndata: b\n\n", [comment(" c"), whole.clone()]);
    told("event: e\nid: 7\ndata: a\ndata: b\n: c\n\n", [comment(" c"), whole.clone()]);
    told(
        "data: a\nx: y\nevent: e\nretry: 1\nid: 7\n:\ndata: b\n\n",
        [unknown_field("x", "y"), Retry(1), comment(""), whole.clone()],
    );
    told(
        "event: old\n: c\nevent: e\ndata: a\n: c\nid: 6\n: c\nid: 7\ndata: b\n\n",
        [comment(" c"), comment(" c"), comment(" c"), whole],
    );
    told("event: e\n: c\nevent\ndata\n: c\ndata\n\n", [comment(" c"), comment(" c"), event("message", "\n", "")]);
}

#[test]
fn a_frame_that_is_an_event_can_be_lent_as_one() {
    let mut decoder = Decoder::new();
    let mut input = &b": c\nretry: 1\nid: 7\n\nx: y\nevent: e\ndata: a\n\nevent: e\n\n"[..];
    let (mut frames, mut events) = (0, Vec::new());
    loop {
        let chunk = input;
        let Some(ready) = decoder.advance_frame(&mut input).unwrap() else { break };
        frames += 1;
        events.extend(ready.event().map(|ready| decoder.event(chunk, ready).data().to_vec()));
    }
    // A comment, `retry`, an id by itself, an unknown field, the event, a block of nothing but a type.
    assert_eq!((frames, events), (6, vec![b"a".to_vec()]));
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 1500, ..Config::default() })]

    #[test]
    fn every_chunking_tells_the_frames_that_the_oracle_tells(input in any_stream(), lengths in any_lengths()) {
        let expected = Oracle::new().frames().read(&input);
        let cut = chunks::of_lengths(&lengths, &input);
        prop_assert_eq!(&drive::frames(&mut Decoder::new(), cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::two_frame_steps(&mut Decoder::new(), cut.iter().copied()), &expected);
        let mut fixed = Decoder::with_storage(ArrayBuffer::<8192>::new());
        prop_assert_eq!(&drive::frames(&mut fixed, cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::frames(&mut Decoder::new(), chunks::whole(&input)), &expected);
        prop_assert_eq!(&drive::frames(&mut Decoder::new(), chunks::of(1, &input)), &expected);
    }

    /// "A frame caller gets *too large* for a comment over the limit."
    #[test]
    fn the_same_under_a_small_limit(input in any_stream(), lengths in any_lengths(), limit in 0..40usize) {
        let expected = Oracle::new().limited(limit).frames().read(&input);
        let decoder = || Decoder::new().with_limit(limit);
        prop_assert_eq!(&drive::frames(&mut decoder(), chunks::whole(&input)), &expected, "whole");
        prop_assert_eq!(&drive::frames(&mut decoder(), chunks::of(1, &input)), &expected, "one byte at a time");
        let cut = chunks::of_lengths(&lengths, &input);
        prop_assert_eq!(&drive::frames(&mut decoder(), cut.iter().copied()), &expected, "in chunks {:?}", lengths);
    }

    #[test]
    fn every_block_with_a_field_ends_in_exactly_one_frame(input in any_stream(), lengths in any_lengths()) {
        let outcome = drive::frames(&mut Decoder::new(), chunks::of_lengths(&lengths, &input));
        let ends = |what: &What| matches!(what, Decoded::Event(_) | Decoded::LastEventId(_) | Decoded::EmptyBlock);
        let seen: Vec<_> = outcome.items.iter().filter(|told| ends(&told.what)).map(|told| told.at).collect();
        let blocks = blocks(&input).into_iter().filter(|block| block.is_over && block.fields > 0);
        prop_assert_eq!(seen, blocks.map(|block| block.span.end).collect::<Vec<_>>());
    }

    /// Who asks for frames sometimes and for events sometimes misses no event.
    #[test]
    fn both_ways_may_be_mixed(
        input in any_stream(),
        lengths in any_lengths(),
        frames in prop::collection::vec(any::<bool>(), 1..9),
    ) {
        let mut decoder = Decoder::new();
        let mut frames = frames.into_iter().cycle();
        let mut seen = Vec::new();
        for mut chunk in chunks::of_lengths(&lengths, &input) {
            loop {
                let told = if frames.next().unwrap() {
                    decoder.decode_frame(&mut chunk).unwrap().map(Decoded::from)
                } else {
                    decoder.decode(&mut chunk).unwrap().map(|event| Decoded::Event(event.into()))
                };
                match told {
                    Some(Decoded::Event(event)) => seen.push(event),
                    Some(_) => {}
                    None => break,
                }
            }
        }
        let expected = Oracle::new().read(&input);
        let events: Vec<_> = expected.events().into_iter().map(|(_, event)| event.clone()).collect();
        prop_assert_eq!(seen, events);
        prop_assert_eq!(decoder.retry(), expected.retry);
        prop_assert_eq!(decoder.last_event_id(), &expected.last_event_id.0[..]);
    }
}

/// The frames of a stream, however it is cut and whatever waits for the next chunk.
fn told<const N: usize>(stream: &(impl AsRef<[u8]> + ?Sized), expected: [What; N]) {
    let stream = stream.as_ref();
    let expected: Vec<_> = expected.iter().collect();
    let cuts = [chunks::whole(stream), chunks::of(1, stream), chunks::with_empty_ones(chunks::of(1, stream))];
    for cut in cuts.into_iter().chain(chunks::splits(stream)) {
        let check = |outcome: Outcome| {
            assert_eq!(outcome.decoded(), expected, "{:?} as {cut:?}", stream.escape_ascii().to_string());
        };
        let mut memory = [0; 512];
        check(drive::frames(&mut Decoder::new(), cut.iter().copied()));
        check(drive::frames(&mut Decoder::with_storage(ArrayBuffer::<512>::new()), cut.iter().copied()));
        check(drive::two_frame_steps(&mut Decoder::with_storage(&mut memory[..]), cut.iter().copied()));
    }
}
