//! Whatever the bytes and however they are cut, a decoder with room enough tells what the oracle tells.

use proptest::prelude::*;
use proptest::test_runner::Config;
use ssewire::{Decoder, Fixed, Growing, Storage};
use ssewire_tests::chunks::{self, any_lengths};
use ssewire_tests::drive;
use ssewire_tests::oracle::Oracle;
use ssewire_tests::outcome::{Outcome, OwnedEvent, Item, What};
use ssewire_tests::streams::{any_stream, cut_stream};

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 2000, ..Config::default() })]

    #[test]
    fn every_chunking_and_every_storage_tell_what_the_oracle_tells(
        input in any_stream(),
        lengths in any_lengths(),
        id in "[a-z]{0,9}",
    ) {
        let expected = Oracle::new().after(id.as_bytes()).read(&input);
        let cut = chunks::of_lengths(&lengths, &input);
        let mut memory = [0; 8192];
        prop_assert_eq!(&drive::events(&mut seeded(&id, HeapBuffer::new()), cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::events(&mut seeded(&id, ArrayBuffer::<8192>::new()), cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::events(&mut seeded(&id, &mut memory[..]), cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::events(&mut seeded(&id, HeapBuffer::new()), chunks::whole(&input)), &expected);
        prop_assert_eq!(&drive::events(&mut seeded(&id, HeapBuffer::new()), chunks::of(1, &input)), &expected);
    }

    #[test]
    fn under_a_small_limit_every_chunking_tells_what_the_oracle_tells(
        input in any_stream(),
        lengths in any_lengths(),
        limit in 0..40usize,
        id in "[a-z]{0,3}",
    ) {
        let id = &id[..id.len().min(limit)];
        let expected = Oracle::new().after(id.as_bytes()).limited(limit).read(&input);
        let decoder = || seeded(id, HeapBuffer::new()).with_limit(limit);
        let cut = chunks::of_lengths(&lengths, &input);
        prop_assert_eq!(&drive::events(&mut decoder(), cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::events(&mut decoder(), chunks::whole(&input)), &expected);
        prop_assert_eq!(&drive::events(&mut decoder(), chunks::of(1, &input)), &expected);
    }

    #[test]
    fn advance_and_event_are_decode(input in any_stream(), lengths in any_lengths(), limit in 0..60usize) {
        let cut = chunks::of_lengths(&lengths, &input);
        let decoder = || Decoder::new().with_limit(limit);
        prop_assert_eq!(
            drive::two_steps(&mut decoder(), cut.iter().copied()),
            drive::events(&mut decoder(), cut.iter().copied())
        );
    }

    /// A caller may stop behind any event and go on later, in another chunk.
    #[test]
    fn one_call_per_chunk_is_as_good_as_draining_it(input in any_stream(), window in 1..50usize) {
        let expected = Oracle::new().read(&input);
        prop_assert_eq!(drive::windows(&mut Decoder::new(), &input, window), expected);
        let limited = Oracle::new().limited(9).read(&input);
        prop_assert_eq!(drive::windows(&mut Decoder::new().with_limit(9), &input, window), limited);
    }

    /// "A wrong event, never a panic."
    #[test]
    fn a_wrong_chunk_is_no_panic(
        input in any_stream(),
        lengths in any_lengths(),
        wrong in proptest::collection::vec(any::<u8>(), 0..30),
    ) {
        let mut decoder = Decoder::new();
        let other = Decoder::with_storage(ArrayBuffer::<3>::new());
        let mut first_ready = None;
        for mut chunk in chunks::of_lengths(&lengths, &input) {
            while let Some(ready) = decoder.advance(&mut chunk).unwrap() {
                for ready in [ready, *first_ready.get_or_insert(ready)] {
                    for wrong in [&wrong[..], b"", chunk] {
                        let event = decoder.event(wrong, ready);
                        prop_assert!(event.data().len() <= wrong.len().max(input.len()));
                        prop_assert!(other.event(wrong, ready).data().len() <= wrong.len().max(3));
                    }
                }
            }
        }
    }

    /// "`reset()` starts a new connection": everything of the old one is forgotten but the last dispatched ID and the
    /// reconnection time.
    #[test]
    fn after_reset_a_stream_is_read_as_if_it_were_the_first(
        first in cut_stream(),
        second in any_stream(),
        lengths in any_lengths(),
        limit in prop_oneof![0..40usize, Just(usize::MAX)],
        (finished, reset) in prop_oneof![Just((true, false)), Just((false, true)), Just((true, true))],
    ) {
        let before = Oracle::new().limited(limit).read(&first);
        let mut expected = Oracle::new().after(&before.last_event_id.0).limited(limit).read(&second);
        expected.retry = expected.retry.or(before.retry);

        let mut decoder = Decoder::new().with_limit(limit);
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

    /// A buffer gives memory back by itself, and whenever it is told to; what waits in it does not mind.
    #[test]
    fn memory_may_be_given_back_at_any_moment(
        giants in proptest::collection::vec(("[a-z]{0,8}", 0..4000usize, 20..50usize), 1..4),
        lengths in any_lengths(),
        told in proptest::collection::vec(prop::bool::weighted(0.1), 1..40),
    ) {
        let mut input = Vec::new();
        for (id, length, small) in giants {
            input.extend(format!("id: {id}\ndata: {}\ndata: {id}\n\n", "x".repeat(length)).into_bytes());
            input.extend(b"data: a\ndata: b\n\nevent: e\ndata: c\n\n: c\n\n".repeat(small));
        }
        let expected = Oracle::new().read(&input);
        let lengths: Vec<_> = lengths.into_iter().chain([1, 700]).cycle().take(400).collect();
        let cut = chunks::of_lengths(&lengths, &input);
        let mut fixed = Decoder::with_storage(ArrayBuffer::<8192>::new());
        prop_assert_eq!(&drive::events(&mut fixed, cut.iter().copied()), &expected);
        prop_assert_eq!(&drive::events(&mut Decoder::new(), cut.iter().copied()), &expected);
        let mut decoder = Decoder::new();
        let mut seen = Vec::new();
        for (mut chunk, told) in cut.into_iter().zip(told.into_iter().cycle()) {
            while let Some(event) = decoder.decode(&mut chunk).unwrap() {
                seen.push(OwnedEvent::from(event));
                if told {
                    decoder.shrink_to_fit();
                }
            }
            if told {
                decoder.shrink_to_fit();
            }
        }
        let events: Vec<_> = expected.events().into_iter().map(|(_, event)| event.clone()).collect();
        prop_assert_eq!(seen, events);
        prop_assert_eq!(decoder.last_event_id(), &expected.last_event_id.0[..]);
    }

    /// A clone taken in the middle goes on as the original does.
    #[test]
    fn a_clone_is_as_good_as_the_original(
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

/// The outcome as it looks to someone who came at this offset.
fn from(at: usize, outcome: Outcome) -> Outcome {
    let later = |told: Item| (told.at > at).then(|| Item { at: told.at - at, what: Decoded::clone(&told.what) });
    Outcome { told: outcome.items.into_iter().filter_map(later).collect(), ..outcome }
}
