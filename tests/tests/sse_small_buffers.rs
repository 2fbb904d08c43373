//! A buffer that is too small loses single events, says so, and nothing else goes wrong. What is lost depends on the
//! chunking; what is left is right whatever the chunking.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult};
use ssewire::{DecodeError, Decoder, Fixed};
use ssewire_tests::blocks::{Block, blocks};
use ssewire_tests::chunks::{self, Chunks, any_lengths};
use ssewire_tests::drive;
use ssewire_tests::oracle::Oracle;
use ssewire_tests::outcome::{Outcome, Item, What, event};
use ssewire_tests::streams::any_stream;

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 2000, ..Config::default() })]

    #[test]
    fn what_is_not_lost_is_right(input in any_stream(), lengths in any_lengths()) {
        let cut = chunks::of_lengths(&lengths, &input);
        with_buffer_of::<0>(&input, &cut)?;
        with_buffer_of::<1>(&input, &cut)?;
        with_buffer_of::<5>(&input, &cut)?;
        with_buffer_of::<13>(&input, &cut)?;
        with_buffer_of::<40>(&input, &cut)?;
    }

    #[test]
    fn frames_that_are_not_lost_are_right(input in any_stream(), lengths in any_lengths()) {
        let cut = chunks::of_lengths(&lengths, &input);
        frames_with_buffer_of::<0>(&input, &cut)?;
        frames_with_buffer_of::<5>(&input, &cut)?;
        frames_with_buffer_of::<13>(&input, &cut)?;
        frames_with_buffer_of::<40>(&input, &cut)?;
    }

    /// A limit below the buffer, above it, or much the same: no panic, and still no event but those of the stream.
    #[test]
    fn limit_and_buffer_together(input in any_stream(), lengths in any_lengths(), limit in 0..30usize) {
        let expected = Oracle::new().read(&input);
        let mut decoder = Decoder::with_storage(ArrayBuffer::<16>::new()).with_limit(limit);
        let outcome = drive::events(&mut decoder, chunks::of_lengths(&lengths, &input));
        for (at, event) in outcome.events() {
            let right = expected.events().into_iter().find(|(end, _)| *end == at).map(|(_, event)| event);
            let right = right.map(|right| (&right.event_type, &right.data));
            prop_assert_eq!(right, Some((&event.event_type, &event.data)));
        }
        prop_assert_eq!(outcome.pending, expected.pending);
    }
}

/// "A zero-byte buffer decodes every event with one data line and no `id` that lies within one chunk."
#[test]
fn no_buffer_at_all() {
    for block in [
        "data: x\n\n",
        "data: x\r\n\r\n",
        "data: x\r\r",
        "data:x\nevent: e\n\n",
        "event: other\nevent: e\ndata: x\n\n",
        "\u{feff}event: e\ndata: x\n\n",
        ": a comment\ndata: x\nretry: 1000\nunknown: field\nevent: e\n: and another\n\n",
        "\n\n\ndata: x\n\n",
        "id: with a \0 in it\ndata: x\n\n",
    ] {
        let expected = if block.contains("event: e\n") { event("e", "x", "") } else { event("message", "x", "") };
        let mut decoder = Decoder::with_storage(ArrayBuffer::<0>::new());
        for _ in 0..3 {
            let outcome = drive::events(&mut decoder, [block.as_bytes()]);
            assert_eq!(outcome.decoded(), [&expected], "{block:?}");
        }
    }
}

#[test]
fn a_last_event_id_that_fits_the_buffer_takes_nothing_from_the_events_in_chunks() {
    let mut memory = *b"???";
    let mut decoder = Decoder::with_storage(&mut memory[..]).with_last_event_id(b"abc").unwrap();
    let outcome = drive::events(&mut decoder, [&b"data: long enough\n\n: c\nevent: e\ndata: x\n\n"[..]]);
    assert_eq!(outcome.decoded(), [&event("message", "long enough", "abc"), &event("e", "x", "abc")]);
}

fn with_buffer_of<const N: usize>(input: &[u8], cut: &Chunks<'_>) -> TestCaseResult {
    let expected = Oracle::new().read(input);
    let outcome = drive::events(&mut Decoder::with_storage(ArrayBuffer::<N>::new()), cut.iter().copied());
    prop_assert_eq!(outcome.retry, expected.retry, "retry needs no room");
    prop_assert_eq!(outcome.pending, expected.pending);
    for (_, error) in outcome.errors() {
        prop_assert_eq!(error, DecodeError::CapacityExceeded { capacity: N });
    }

    // What the last event ID can be: the one that stands, or one of a block in which something was lost.
    let mut ids: Vec<&[u8]> = vec![b""];
    let mut lost_in_all = 0;
    for block in blocks(input) {
        let lost = lost_in(&outcome, &block);
        lost_in_all += lost;
        let told: Vec<_> = outcome.events().into_iter().filter(|(at, _)| *at == block.span.end).collect();
        prop_assert!(lost <= 1, "a block is lost once: {:?}", block);
        prop_assert_eq!(told.len() + lost.min(usize::from(block.has_event())), usize::from(block.has_event()));
        if block.data_lines <= 1 && block.ids.is_empty() && lies_in_one(&block, cut) {
            prop_assert_eq!(lost, 0, "needs no room: {:?}", block);
        }
        if !block.is_over {
            break;
        }
        match block.ids.last() {
            _ if lost > 0 => ids.extend(&block.ids),
            Some(id) => ids = vec![id],
            None => {}
        }
        if let [(_, event)] = told[..] {
            let all = expected.events();
            let (_, right) = all.iter().find(|(at, _)| *at == block.span.end).unwrap();
            prop_assert_eq!((&event.event_type, &event.data), (&right.event_type, &right.data));
            prop_assert!(ids.contains(&&event.last_event_id.0[..]), "{:?} is none of {:?}", event.last_event_id, ids);
            ids.retain(|id| *id == event.last_event_id.0);
        }
    }
    prop_assert!(ids.contains(&&outcome.last_event_id.0[..]));
    prop_assert_eq!(outcome.errors().len(), lost_in_all, "every error belongs to a block");
    prop_assert!(outcome.events().len() <= expected.events().len());
    Ok(())
}

fn frames_with_buffer_of<const N: usize>(input: &[u8], cut: &Chunks<'_>) -> TestCaseResult {
    let expected = Oracle::new().frames().read(input);
    let outcome = drive::frames(&mut Decoder::with_storage(ArrayBuffer::<N>::new()), cut.iter().copied());
    prop_assert_eq!(outcome.retry, expected.retry);
    prop_assert_eq!(outcome.pending, expected.pending);
    for Item { at, what } in &outcome.items {
        let told_by_the_oracle = || expected.items.iter().filter(|told| told.at == *at).map(|told| &told.what);
        match what {
            Decoded::Comment(_) | Decoded::Retry(_) | Decoded::UnknownField { .. } => {
                prop_assert_eq!(told_by_the_oracle().collect::<Vec<_>>(), [what]);
            }
            // Of an event that was lost, the end of its block is told.
            Decoded::LastEventId(_) | Decoded::EmptyBlock => prop_assert_eq!(told_by_the_oracle().count(), 1),
            Decoded::Event(_) => {}
            Decoded::Error(error) => prop_assert_eq!(*error, DecodeError::CapacityExceeded { capacity: N }),
        }
    }
    for block in blocks(input) {
        let lost = lost_in(&outcome, &block);
        prop_assert!(lost <= 1, "a block is lost once: {:?}", block);
        let right = expected.events().into_iter().find(|(at, _)| *at == block.span.end).map(|(_, event)| event);
        let told = outcome.events().into_iter().find(|(at, _)| *at == block.span.end).map(|(_, event)| event);
        if lost > 0 {
            prop_assert_eq!(told, None, "lost and told");
        } else {
            let parts = |event: Option<&ssewire_tests::outcome::OwnedEvent>| {
                event.map(|event| (event.event_type.clone(), event.data.clone()))
            };
            prop_assert_eq!(parts(told), parts(right));
            // What stands in a block of which nothing was lost is told in full.
            let frames = |outcome: &Outcome| {
                let within = |told: &&Item| told.at > block.span.start && told.at <= block.span.end;
                outcome.items.iter().filter(within).count()
            };
            prop_assert_eq!(frames(&outcome), frames(&expected), "{:?}", block);
        }
    }
    Ok(())
}

/// How many errors were told within a block.
fn lost_in(outcome: &Outcome, block: &Block<'_>) -> usize {
    // Behind its first byte, and before its blank line is over: that one loses nothing.
    let within = |at: usize| at > block.span.start && (at < block.span.end || !block.is_over && at == block.span.end);
    outcome.errors().into_iter().filter(|&(at, _)| within(at)).count()
}

fn lies_in_one(block: &Block<'_>, cut: &Chunks<'_>) -> bool {
    let boundaries = cut.iter().scan(0, |end, chunk| {
        *end += chunk.len();
        Some(*end)
    });
    let within = |at: usize| at > block.span.start && at < block.span.end;
    block.is_over && !boundaries.into_iter().any(within)
}
