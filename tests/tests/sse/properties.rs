//! Properties of `Decoder` with enough storage: any stream, any chunking, against the oracle.

use proptest::prelude::*;
use proptest::test_runner::Config;
use ssewire::{Decoder, HeapBuffer, Storage};
use ssewire_tests::chunks::{self, any_lengths};
use ssewire_tests::drive;
use ssewire_tests::oracle::Oracle;
use ssewire_tests::outcome::{Item, Outcome, OwnedEvent};
use ssewire_tests::streams::{any_stream, cut_stream};

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 1000, ..Config::default() })]

    #[test]
    fn decode_agrees_with_the_oracle_in_every_storage(
        input in any_stream(),
        lengths in any_lengths(),
        id in "[a-z]{0,9}",
    ) {
        let expected = Oracle::new().after(id.as_bytes()).read(&input);
        let cut = chunks::of_lengths(&lengths, &input);
        let mut memory = [0; 8192];
        prop_assert_eq!(&drive::events(&mut seeded(&id, HeapBuffer::new()), cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::events(&mut seeded(&id, [0; 8192]), cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::events(&mut seeded(&id, &mut memory[..]), cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::events(&mut seeded(&id, HeapBuffer::new()), chunks::whole(&input)), &expected);
        prop_assert_eq!(&drive::events(&mut seeded(&id, HeapBuffer::new()), chunks::of(1, &input)), &expected);
    }

    #[test]
    fn decode_agrees_with_the_oracle_under_a_small_limit(
        input in any_stream(),
        lengths in any_lengths(),
        limit in 0..40usize,
        id in "[a-z]{0,3}",
    ) {
        let expected = Oracle::new().after(id.as_bytes()).limited(limit).read(&input);
        let decoder = || seeded(&id, HeapBuffer::new()).with_max_event_bytes(limit);
        let cut = chunks::of_lengths(&lengths, &input);
        prop_assert_eq!(&drive::events(&mut decoder(), cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::events(&mut decoder(), chunks::whole(&input)), &expected);
        prop_assert_eq!(&drive::events(&mut decoder(), chunks::of(1, &input)), &expected);
    }

    #[test]
    fn decode_block_agrees_with_the_oracle(
        input in any_stream(),
        lengths in any_lengths(),
        limit in prop_oneof![0..40usize, Just(usize::MAX)],
        max_id_bytes in prop_oneof![0..6usize, Just(4096)],
    ) {
        let oracle = Oracle { max_id_bytes, ..Oracle::new().limited(limit).blocks() };
        let expected = oracle.read(&input);
        let decoder = || Decoder::new().with_max_event_bytes(limit).with_max_id_bytes(max_id_bytes);
        let cut = chunks::of_lengths(&lengths, &input);
        prop_assert_eq!(&drive::blocks(&mut decoder(), cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::polled_blocks(&mut decoder(), cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::blocks(&mut decoder(), chunks::whole(&input)), &expected);
        prop_assert_eq!(&drive::blocks(&mut decoder(), chunks::of(1, &input)), &expected);
    }

    #[test]
    fn poll_event_and_resolve_equal_decode(input in any_stream(), lengths in any_lengths(), limit in 0..60usize) {
        let cut = chunks::of_lengths(&lengths, &input);
        let decoder = || Decoder::new().with_max_event_bytes(limit);
        prop_assert_eq!(
            drive::polled_events(&mut decoder(), cut.iter().copied()),
            drive::events(&mut decoder(), cut.iter().copied())
        );
    }

    /// The caller may stop after any event and continue later, with another chunk.
    #[test]
    fn decode_once_per_chunk_equals_draining_the_chunk(input in any_stream(), window in 1..50usize) {
        let expected = Oracle::new().read(&input);
        prop_assert_eq!(drive::windows(&mut Decoder::new(), &input, window), expected);
        let limited = Oracle::new().limited(9).read(&input);
        prop_assert_eq!(drive::windows(&mut Decoder::new().with_max_event_bytes(9), &input, window), limited);
    }

    /// Passing a different chunk yields unspecified contents but never panics.
    #[test]
    fn resolve_with_another_chunk_does_not_panic(
        input in any_stream(),
        lengths in any_lengths(),
        wrong in proptest::collection::vec(any::<u8>(), 0..30),
    ) {
        let mut decoder = Decoder::new();
        let other = Decoder::with_storage([0; 3]);
        let mut first_span = None;
        for mut chunk in chunks::of_lengths(&lengths, &input) {
            while let Some(span) = decoder.poll_event(&mut chunk).unwrap() {
                for span in [span, *first_span.get_or_insert(span)] {
                    for wrong in [&wrong[..], b"", chunk] {
                        let event = decoder.resolve_event(wrong, span);
                        prop_assert!(event.data().len() <= wrong.len().max(input.len()));
                        prop_assert!(other.resolve_event(wrong, span).data().len() <= wrong.len().max(3));
                    }
                }
            }
        }
    }

    /// Only the last event ID and the reconnection time are kept.
    #[test]
    fn reset_and_finish_prepare_for_another_stream(
        first in cut_stream(),
        second in any_stream(),
        lengths in any_lengths(),
        limit in prop_oneof![0..40usize, Just(usize::MAX)],
        (finished, reset) in prop_oneof![Just((true, false)), Just((false, true)), Just((true, true))],
    ) {
        let before = Oracle::new().limited(limit).read(&first);
        let mut expected = Oracle::new().after(&before.last_event_id.0).limited(limit).read(&second);
        expected.retry = expected.retry.or(before.retry);

        let mut decoder = Decoder::new().with_max_event_bytes(limit);
        for mut chunk in chunks::of_lengths(&lengths, &first) {
            while decoder.decode(&mut chunk).map_or(true, |event| event.is_some()) {}
        }
        if finished {
            prop_assert_eq!(decoder.finish().err().map(|truncated| truncated.pending_bytes()), before.pending);
        }
        if reset {
            decoder.reset();
        }
        prop_assert_eq!(drive::events(&mut decoder, chunks::of_lengths(&lengths, &second)), expected);
    }

    /// Neither automatic shrinking nor a call of `shrink_to_fit` affects the pending event.
    #[test]
    fn shrink_to_fit_changes_no_event(
        giants in proptest::collection::vec(("[a-z]{0,8}", 0..4000usize, 20..50usize), 1..4),
        lengths in any_lengths(),
        shrinks in proptest::collection::vec(prop::bool::weighted(0.1), 1..40),
    ) {
        let mut input = Vec::new();
        for (id, length, small) in giants {
            input.extend(format!("id: {id}\ndata: {}\ndata: {id}\n\n", "x".repeat(length)).into_bytes());
            input.extend(b"data: a\ndata: b\n\nevent: e\ndata: c\n\n: c\n\n".repeat(small));
        }
        let expected = Oracle::new().read(&input);
        let lengths: Vec<_> = lengths.into_iter().chain([1, 700]).cycle().take(400).collect();
        let cut = chunks::of_lengths(&lengths, &input);
        let mut fixed = Decoder::with_storage([0; 8192]);
        prop_assert_eq!(&drive::events(&mut fixed, cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::events(&mut Decoder::new(), cut.iter().copied()), &expected);
        let mut decoder = Decoder::new();
        let mut seen = Vec::new();
        for (mut chunk, shrink) in cut.into_iter().zip(shrinks.into_iter().cycle()) {
            while let Some(event) = decoder.decode(&mut chunk).unwrap() {
                seen.push(OwnedEvent::from(event));
                if shrink {
                    decoder.shrink_to_fit();
                }
            }
            if shrink {
                decoder.shrink_to_fit();
            }
        }
        let events: Vec<_> = expected.events().into_iter().map(|(_, event)| event.clone()).collect();
        prop_assert_eq!(seen, events);
        prop_assert_eq!(decoder.last_event_id(), &expected.last_event_id.0[..]);
    }

    /// At any offset.
    #[test]
    fn clone_continues_as_the_original(
        input in any_stream(),
        at in any::<prop::sample::Index>(),
        lengths in any_lengths(),
    ) {
        let at = at.index(input.len() + 1);
        let mut original = Decoder::new();
        for mut chunk in chunks::of_lengths(&lengths, &input[..at]) {
            while original.decode(&mut chunk).unwrap().is_some() {}
        }
        let mut clone = original.clone();
        let rest = chunks::of_lengths(&lengths, &input[at..]);
        let expected = from(at, Oracle::new().read(&input));
        prop_assert_eq!(&drive::events(&mut clone, rest.iter().copied()), &expected);
        prop_assert_eq!(&drive::events(&mut original, rest.iter().copied()), &expected);
    }
}

fn seeded<S: Storage>(id: &str, storage: S) -> Decoder<S> {
    Decoder::with_storage(storage).with_last_event_id(id.as_bytes()).unwrap()
}

/// The part of the outcome after an offset.
fn from(at: usize, outcome: Outcome) -> Outcome {
    let items = outcome.items.into_iter().filter(|item| item.at > at);
    let items = items.map(|item| Item { at: item.at - at, ..item }).collect();
    Outcome { items, ..outcome }
}
