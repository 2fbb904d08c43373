//! The test that every adapter must pass: it returns the events of the conformance cases, each as soon as its bytes
//! have arrived.

use ssewire::Decoder;

use crate::cases::{self, Case};
use crate::chunks::{self, Chunks};
use crate::oracle::Oracle;
use crate::outcome::Outcome;
use crate::transport::Script;

/// Reads every conformance case with an adapter and compares the outcome with the standard's. The input is cut in each
/// of these [`ways`], also with waits between the chunks.
/// [`Item::at`](crate::outcome::Item::at) is the number of bytes that the transport had delivered by then: an event
/// must be returned before the next chunk is requested.
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

/// The input in chunks of 1 byte, of 7 bytes, and in one chunk; each also with empty chunks between. If it has more
/// than `LONG` bytes, in chunks of 61 and of 1400 bytes instead: an adapter only passes chunks on, and the tests of
/// the decoder also cut long lines into single bytes.
pub fn ways(input: &[u8]) -> Vec<Chunks<'_>> {
    let [small, large] = if input.len() > LONG { [61, 1400] } else { [1, 7] };
    let ways = [chunks::of(small, input), chunks::of(large, input), chunks::whole(input)];
    ways.into_iter().flat_map(|chunks| [chunks.clone(), chunks::with_empty_ones(chunks)]).collect()
}

/// The size of the buffer of the readers, the largest of any adapter.
const LONG: usize = 16 * 1024;

fn check(case: &Case, chunks: &[&[u8]], seen: &Outcome, expected: &Outcome) {
    let id = &case.id;
    assert_eq!(seen.decoded(), expected.decoded(), "{id}");
    assert_eq!(seen.pending, expected.pending, "{id}: the end");
    assert_eq!((seen.retry, &seen.last_event_id), (case.retry, &expected.last_event_id), "{id}");
    for (item, &due) in seen.items.iter().zip(&case.dispatch_at) {
        // A reader whose buffer is smaller than the chunk receives only a part of it.
        let chunk_end = end_of_chunk(chunks, due);
        assert!((due..=chunk_end).contains(&item.at), "{id}: due at {due}, but returned at {}", item.at);
    }
}

/// The offset at which the chunk that contains the byte before `at` ends.
fn end_of_chunk(chunks: &[&[u8]], at: usize) -> usize {
    let mut end = 0;
    let ends = chunks.iter().map(|chunk| {
        end += chunk.len();
        end
    });
    ends.into_iter().find(|&end| end >= at).expect("within the input")
}
