//! The number of allocations of a message. It is the same in every run.

use ssewire_messages::{MessageDecoder, Step};
use ssewire_tests::samples;

/// Decodes a stream in chunks of 1400 bytes to its message. Returns the number of allocations.
fn allocations(stream: &[u8]) -> usize {
    let before = ssewire_heap::allocations();
    let mut decoder = MessageDecoder::new();
    for mut chunk in stream.chunks(1400) {
        while let Step::Update(_) = decoder.decode(&mut chunk).unwrap() {}
    }
    let message = decoder.finish().unwrap();
    let count = ssewire_heap::allocations() - before;
    drop(message);
    count
}

#[test]
fn a_sample_is_decoded_with_fifteen_allocations_in_the_mean() {
    let samples = samples::all();
    let counts = samples.iter().filter(|sample| !sample.is_error);
    let counts: Vec<_> = counts.map(|sample| (&sample.name, allocations(&sample.stream))).collect();
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    assert!(all <= 15 * counts.len(), "{all} in {}: {counts:?}", counts.len());
    // The one with the most blocks.
    assert!(counts.iter().all(|(_, count)| *count <= 30), "{counts:?}");
}

#[test]
fn a_delta_without_an_escape_allocates_only_where_its_text_grows() {
    let sample = samples::named("text").stream;
    let at = sample.windows(8).rposition(|bytes| bytes == b"event: c").unwrap();
    let (before, after) = sample.split_at(at);
    let delta = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" some more words\"}}\n\n";
    let stream = |deltas: usize| [before, delta.repeat(deltas).as_bytes(), after].concat();
    let few = allocations(&stream(20));
    // Fifty times the text: it grows nine times, the first four times to three times its length, then by half.
    let many = allocations(&stream(1000));
    assert!(many <= few + 10, "{few}, {many}");
}
