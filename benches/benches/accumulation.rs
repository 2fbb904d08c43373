//! Bytes to accumulated messages.

mod common;

use criterion::{Criterion, criterion_group, criterion_main};
use ssewire_benches::{chunks, contestants, corpora};

fn accumulation(criterion: &mut Criterion) {
    let corpus = corpora::message(1024 * 1024);
    for chunk in chunks::SIZES {
        common::group(criterion, &contestants::accumulation(), &corpus, chunk);
    }
}

criterion_group!(benches, accumulation);
criterion_main!(benches);
