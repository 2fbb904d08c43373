//! Bytes to accumulated messages.

mod common;

use criterion::{Criterion, criterion_group, criterion_main};
use ssewire_benches::{chunks, contestants, corpora};

fn accumulation(criterion: &mut Criterion) {
    let corpus = corpora::message(1024 * 1024);
    for chunk in chunks::SIZES.into_iter().chain([chunks::ONE_EVENT]) {
        common::group(criterion, &contestants::accumulation(), &corpus, chunk);
    }
    let corpus = corpora::recorded();
    for chunk in [chunks::WHOLE, 16 * 1024, 1400, chunks::ONE_EVENT] {
        common::group(criterion, &contestants::recorded(), &corpus, chunk);
    }
}

criterion_group!(benches, accumulation);
criterion_main!(benches);
