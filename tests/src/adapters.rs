//! What every adapter has to do: give the events of the conformance cases, each as soon as its bytes are there.

use ssewire::Decoder;

use crate::cases::{self, Case};
use crate::chunks::{self, Chunks};
use crate::oracle::Oracle;
use crate::outcome::Outcome;
use crate::transport::Script;

/// Reads every conformance case, in chunks of 1 and 7 bytes and whole, with empty chunks and waits between, by an
/// adapter that has to tell what the standard says. [`Told::at`](crate::outcome::Told::at) is how much the transport
/// had given by then: an event must be out before the chunk behind it is asked for.
pub fn every_case(read: impl Fn(Script, Decoder) -> Outcome) {
    for case in cases::all() {
        let id = case.last_event_id_before.clone().unwrap_or_default();
        let expected = Oracle::new().after(id.as_bytes()).read(&case.input);
        for chunks in ways(&case.input) {
            for script in [Script::of(&chunks), Script::slow(&chunks)] {
                let decoder = Decoder::new().with_last_event_id(id.as_bytes()).expect("a short id");
                check(&case, &chunks, &read(script, decoder), &expected);
            }
        }
    }
}

/// 1 byte at a time, 7 bytes, and whole; each also with empty chunks between.
pub fn ways(input: &[u8]) -> Vec<Chunks<'_>> {
    let ways = [chunks::of(1, input), chunks::of(7, input), chunks::whole(input)];
    ways.into_iter().flat_map(|chunks| [chunks.clone(), chunks::with_empty_ones(chunks)]).collect()
}

fn check(case: &Case, chunks: &[&[u8]], seen: &Outcome, expected: &Outcome) {
    let id = &case.id;
    assert_eq!(seen.decoded(), expected.decoded(), "{id}");
    assert_eq!(seen.pending, expected.pending, "{id}: the end");
    assert_eq!((seen.retry, &seen.last_event_id), (case.retry, &expected.last_event_id), "{id}");
    for (told, &due) in seen.items.iter().zip(&case.dispatch_at) {
        // A reader may have less room than the chunk has bytes, and gets less then.
        assert!((due..=end_of_chunk(chunks, due)).contains(&told.at), "{id}: due at {due}, but told at {}", told.at);
    }
}

/// Where the chunk ends that brings the byte before `at`.
fn end_of_chunk(chunks: &[&[u8]], at: usize) -> usize {
    let mut end = 0;
    let ends = chunks.iter().map(|chunk| {
        end += chunk.len();
        end
    });
    ends.into_iter().find(|&end| end >= at).expect("within the input")
}
