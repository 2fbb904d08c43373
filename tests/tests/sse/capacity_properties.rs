//! Properties of `Decoder` with a small storage: it loses single events, returns an error for each, and decodes all
//! others correctly. Which events are lost depends on the chunking.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult};
use ssewire::{DecodeError, Decoder};
use ssewire_tests::blocks::{Block, blocks};
use ssewire_tests::chunks::{self, Chunks, any_lengths};
use ssewire_tests::drive;
use ssewire_tests::oracle::Oracle;
use ssewire_tests::outcome::{Decoded, Item, Outcome, OwnedBlock, Text, event};
use ssewire_tests::streams::any_stream;

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 1000, ..Config::default() })]

    #[test]
    fn decode_returns_events_of_the_stream(input in any_stream(), lengths in any_lengths()) {
        let cut = chunks::of_lengths(&lengths, &input);
        check_events::<0>(&input, &cut)?;
        check_events::<1>(&input, &cut)?;
        check_events::<5>(&input, &cut)?;
        check_events::<13>(&input, &cut)?;
        check_events::<40>(&input, &cut)?;
    }

    #[test]
    fn decode_block_returns_every_block(input in any_stream(), lengths in any_lengths()) {
        let cut = chunks::of_lengths(&lengths, &input);
        check_blocks::<0>(&input, &cut)?;
        check_blocks::<5>(&input, &cut)?;
        check_blocks::<13>(&input, &cut)?;
        check_blocks::<40>(&input, &cut)?;
    }

    #[test]
    fn decode_frame_returns_frames_of_the_stream(input in any_stream(), lengths in any_lengths()) {
        let cut = chunks::of_lengths(&lengths, &input);
        check_frames::<0>(&input, &cut)?;
        check_frames::<5>(&input, &cut)?;
        check_frames::<13>(&input, &cut)?;
        check_frames::<40>(&input, &cut)?;
    }

    /// For a limit below, at and above the size of the storage.
    #[test]
    fn limit_and_capacity_together_return_events_of_the_stream(
        input in any_stream(),
        lengths in any_lengths(),
        limit in 0..30usize,
    ) {
        let expected = Oracle::new().read(&input);
        let mut decoder = Decoder::with_storage([0; 16]).with_max_event_bytes(limit);
        let outcome = drive::events(&mut decoder, chunks::of_lengths(&lengths, &input));
        for (at, event) in outcome.events() {
            let right = expected.events().into_iter().find(|(end, _)| *end == at).map(|(_, event)| event);
            let right = right.map(|right| (&right.event_type, &right.data));
            prop_assert_eq!(right, Some((&event.event_type, &event.data)));
        }
        prop_assert_eq!(outcome.pending, expected.pending);
    }

    /// "Largest event (type and data, with an LF after each line) + 3 · longest ID."
    #[test]
    fn the_documented_size_of_a_storage_loses_nothing(
        blocks in vec((option::of("[a-z]{0,9}"), option::of("[0-9]{0,9}"), vec("[a-z]{0,9}", 0..4), any::<bool>()), 0..6),
        lengths in any_lengths(),
    ) {
        let (mut input, mut event, mut longest_id) = (String::new(), 0, 0);
        for (event_type, id, data, is_id_first) in &blocks {
            let line = |name, value: &Option<String>| value.as_ref().map_or_else(String::new, |value| format!("{name}: {value}\n"));
            let (first, second) = (line("event", event_type), line("id", id));
            input += &if *is_id_first { second + &first } else { first + &second };
            data.iter().for_each(|value| input += &format!("data: {value}\n"));
            input += "\n";
            event = event.max(event_type.as_ref().map_or(0, String::len) + data.join("\n").len());
            longest_id = longest_id.max(id.as_ref().map_or(0, String::len));
        }
        let mut storage = vec![0; event + 1 + 3 * longest_id];
        let mut decoder = Decoder::with_storage(&mut storage[..]);
        let outcome = drive::events(&mut decoder, chunks::of_lengths(&lengths, input.as_bytes()));
        prop_assert_eq!(outcome, Oracle::new().read(input.as_bytes()));
    }
}

/// Each block is in one chunk and has one `data` line. An `id` is ignored.
#[test]
fn zero_bytes_decode_events_within_one_chunk() {
    for block in [
        "data: x\n\n",
        "data: x\r\n\r\n",
        "data: x\r\r",
        "data:x\nevent: e\n\n",
        "event: other\nevent: e\ndata: x\n\n",
        "\u{feff}event: e\ndata: x\n\n",
        ": a comment\ndata: x\nretry: none\nunknown: field\nevent: e\n: and another\n\n",
        "\n\n\ndata: x\n\n",
        "id: with a \0 in it\ndata: x\n\n",
        "id: without room\ndata: x\n\n",
    ] {
        let expected = if block.contains("event: e\n") { event("e", "x", "") } else { event("message", "x", "") };
        let mut decoder = Decoder::with_storage([0; 0]);
        for _ in 0..3 {
            let outcome = drive::events(&mut decoder, [block.as_bytes()]);
            assert_eq!(outcome.decoded(), [&expected], "{block:?}");
        }
    }
}

#[test]
fn last_event_id_may_fill_the_storage() {
    let mut memory = *b"???";
    let mut decoder = Decoder::with_storage(&mut memory[..]).with_last_event_id(b"abc").unwrap();
    let outcome = drive::events(&mut decoder, [&b"data: long enough\n\n: c\nevent: e\ndata: x\n\n"[..]]);
    assert_eq!(outcome.decoded(), [&event("message", "long enough", "abc"), &event("e", "x", "abc")]);
}

fn check_events<const N: usize>(input: &[u8], cut: &Chunks<'_>) -> TestCaseResult {
    let expected = Oracle::new().read(input);
    let outcome = drive::events(&mut Decoder::with_storage([0; N]), cut.iter().copied());
    prop_assert_eq!(outcome.retry, expected.retry, "retry needs no storage");
    prop_assert_eq!(outcome.pending, expected.pending);
    for (_, error) in outcome.errors() {
        prop_assert_eq!(error, DecodeError::CapacityExceeded { capacity: N });
    }

    // The possible last event IDs: each `id` may be ignored.
    let mut ids: Vec<&[u8]> = vec![b""];
    let mut all_lost = 0;
    for block in blocks(input) {
        let lost = lost_in(&outcome, &block);
        all_lost += lost;
        let seen: Vec<_> = outcome.events().into_iter().filter(|(at, _)| *at == block.span.end).collect();
        prop_assert!(lost <= 1, "a block is lost once: {:?}", block);
        prop_assert_eq!(seen.len() + lost.min(usize::from(block.has_event())), usize::from(block.has_event()));
        if block.data_lines <= 1 && is_in_one_chunk(&block, cut) {
            prop_assert_eq!(lost, 0, "needs no storage: {:?}", block);
        }
        if !block.is_over {
            break;
        }
        ids.extend(&block.ids);
        if let [(_, event)] = seen[..] {
            let all = expected.events();
            let (_, right) = all.iter().find(|(at, _)| *at == block.span.end).unwrap();
            prop_assert_eq!((&event.event_type, &event.data), (&right.event_type, &right.data));
            prop_assert!(ids.contains(&&event.last_event_id.0[..]), "{:?} is none of {:?}", event.last_event_id, ids);
            ids.retain(|id| *id == event.last_event_id.0);
        }
    }
    prop_assert!(ids.contains(&&outcome.last_event_id.0[..]));
    prop_assert_eq!(outcome.errors().len(), all_lost, "every error belongs to a block");
    Ok(())
}

fn check_blocks<const N: usize>(input: &[u8], cut: &Chunks<'_>) -> TestCaseResult {
    let expected = Oracle::new().blocks().read(input);
    let outcome = drive::blocks(&mut Decoder::with_storage([0; N]), cut.iter().copied());
    let seen: Vec<_> = outcome.items.iter().filter(|item| !matches!(item.decoded, Decoded::Error(_))).collect();
    prop_assert_eq!(seen.len(), expected.items.len(), "also the block of a lost event is returned");
    let all_blocks = blocks(input);
    let mut last_event_id = &Text::default();
    for (seen, right) in seen.into_iter().zip(&expected.items) {
        prop_assert_eq!(seen.at, right.at);
        let (Decoded::Block(seen), Decoded::Block(right)) = (&seen.decoded, &right.decoded) else { unreachable!() };
        prop_assert_eq!(seen.retry, right.retry);
        if seen.has_ignored_id {
            // An `id` before the ignored one may have fitted.
            let block = all_blocks.iter().find(|block| block.span.end == outcome_end(&expected, right)).unwrap();
            prop_assert!(seen.id.as_ref().is_none_or(|id| block.ids.contains(&&id.0[..])));
        } else {
            prop_assert_eq!(&seen.id, &right.id);
        }
        last_event_id = seen.id.as_ref().unwrap_or(last_event_id);
        if let Some(event) = &seen.event {
            prop_assert_eq!(&event.last_event_id, last_event_id);
            prop_assert_eq!(&seen.event_type, &right.event_type);
        }
    }
    prop_assert_eq!(&outcome.last_event_id, last_event_id);
    Ok(())
}

/// The offset of a block among the items.
fn outcome_end(outcome: &Outcome, block: &OwnedBlock) -> usize {
    let is_same = |item: &&Item| matches!(&item.decoded, Decoded::Block(other) if std::ptr::eq(other, block));
    outcome.items.iter().find(is_same).unwrap().at
}

fn check_frames<const N: usize>(input: &[u8], cut: &Chunks<'_>) -> TestCaseResult {
    let expected = Oracle::new().frames().read(input);
    let mut decoder = Decoder::with_storage([0; N]).with_comments().with_unknown_fields();
    let outcome = drive::frames(&mut decoder, cut.iter().copied());
    prop_assert_eq!(outcome.retry, expected.retry);
    prop_assert_eq!(outcome.pending, expected.pending);
    for Item { at, decoded } in &outcome.items {
        let right: Vec<_> = expected.items.iter().filter(|item| item.at == *at).map(|item| &item.decoded).collect();
        match (decoded, &right[..]) {
            (Decoded::Error(error), _) => prop_assert_eq!(*error, DecodeError::CapacityExceeded { capacity: N }),
            (Decoded::Block(_), [Decoded::Block(_)]) => {}
            (frame, [right]) => prop_assert!(is_start_of(frame, right), "{:?} for {:?}", frame, right),
            (frame, _) => prop_assert!(false, "{:?} at {}: {:?}", frame, at, right),
        }
    }
    for block in blocks(input) {
        let lost = lost_in(&outcome, &block);
        prop_assert!(lost <= 1, "a block is lost once: {:?}", block);
        let event_of = |outcome: &Outcome| {
            let event = outcome.events().into_iter().find(|(at, _)| *at == block.span.end);
            event.map(|(_, event)| (event.event_type.clone(), event.data.clone()))
        };
        if lost > 0 {
            prop_assert_eq!(event_of(&outcome), None, "lost and returned");
        } else {
            prop_assert_eq!(event_of(&outcome), event_of(&expected));
            let frames = |outcome: &Outcome| {
                let within = |item: &&Item| item.at > block.span.start && item.at <= block.span.end;
                outcome.items.iter().filter(within).count()
            };
            prop_assert_eq!(frames(&outcome), frames(&expected), "{:?}", block);
        }
    }
    Ok(())
}

/// Returns whether a comment or an unknown field is complete, or is truncated and marked as such.
fn is_start_of(frame: &Decoded, whole: &Decoded) -> bool {
    match (frame, whole) {
        (Decoded::Comment { text, truncated }, Decoded::Comment { text: whole, .. }) => {
            whole.0.starts_with(&text.0) && *truncated == (text.0.len() < whole.0.len())
        }
        (
            Decoded::UnknownField { name, value, truncated: true },
            Decoded::UnknownField { name: whole_name, value: whole_value, .. },
        ) => {
            let ends_within_name = value.0.is_empty() && whole_name.0.starts_with(&name.0);
            ends_within_name || name == whole_name && whole_value.0.starts_with(&value.0)
        }
        _ => frame == whole,
    }
}

/// Number of errors within a block.
fn lost_in(outcome: &Outcome, block: &Block<'_>) -> usize {
    // After its first byte, and before the end of its blank line, which loses nothing.
    let within = |at: usize| at > block.span.start && (at < block.span.end || !block.is_over && at == block.span.end);
    outcome.errors().into_iter().filter(|&(at, _)| within(at)).count()
}

fn is_in_one_chunk(block: &Block<'_>, cut: &Chunks<'_>) -> bool {
    let boundaries = cut.iter().scan(0, |end, chunk| {
        *end += chunk.len();
        Some(*end)
    });
    let within = |at: usize| at > block.span.start && at < block.span.end;
    block.is_over && !boundaries.into_iter().any(within)
}
