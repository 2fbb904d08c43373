//! Splits a stream into chunks.

use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_oneof};

pub type Chunks<'c> = Vec<&'c [u8]>;

/// One chunk.
pub fn whole(input: &[u8]) -> Chunks<'_> {
    vec![input]
}

/// Chunks of `n` bytes.
pub fn of(n: usize, input: &[u8]) -> Chunks<'_> {
    input.chunks(n).collect()
}

/// Two chunks, split before the byte at `at`.
pub fn split(input: &[u8], at: usize) -> Chunks<'_> {
    let (first, second) = input.split_at(at);
    vec![first, second]
}

/// Every split into two chunks; one of them may be empty.
pub fn splits(input: &[u8]) -> impl Iterator<Item = Chunks<'_>> {
    places(input.len()).map(|at| split(input, at))
}

/// Every place to split bytes of this length. Few in Miri, where all would take hours.
pub fn places(len: usize) -> impl Iterator<Item = usize> {
    const STEP: usize = if cfg!(miri) { 13 } else { 1 };
    (0..=len).step_by(STEP)
}

/// Chunks of these lengths, then one chunk with the remaining bytes, if any.
pub fn of_lengths<'c>(lengths: &[usize], input: &'c [u8]) -> Chunks<'c> {
    let mut chunks = Vec::new();
    let mut rest = input;
    for &length in lengths {
        let (chunk, after) = rest.split_at(length.min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    if !rest.is_empty() {
        chunks.push(rest);
    }
    chunks
}

/// Inserts an empty chunk before each chunk and after the last one.
pub fn with_empty_ones(chunks: Chunks<'_>) -> Chunks<'_> {
    let mut all: Chunks<'_> = vec![b""];
    for chunk in chunks {
        all.extend([chunk, b""]);
    }
    all
}

/// Lengths for [`of_lengths`]: mostly a few bytes, sometimes 0, sometimes up to 400.
pub fn any_lengths() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![6 => 0..6usize, 3 => 0..40usize, 1 => 0..400usize], 0..60)
}
