//! Bytes to events, in chunks of all sizes.

mod common;

use criterion::{Criterion, criterion_group, criterion_main};
use ssewire_benches::{chunks, contestants, corpora};

fn framing(criterion: &mut Criterion) {
    let contestants = contestants::framing();
    for chunk in chunks::SIZES.into_iter().chain([chunks::ONE_EVENT]) {
        // A few MB. One-byte chunks get less, and no long lines, which take one contestant half a minute.
        let bytes = if chunk == 1 { 128 * 1024 } else { 2 * 1024 * 1024 };
        for corpus in corpora::framing(bytes).iter().filter(|corpus| chunk > 1 || corpus.name != "big") {
            common::group(criterion, &contestants, corpus, chunk);
        }
    }
}

criterion_group!(benches, framing);
criterion_main!(benches);
