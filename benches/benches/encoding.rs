//! Events to bytes.

mod common;

use criterion::{Criterion, criterion_group, criterion_main};
use ssewire_benches::chunks::WHOLE;
use ssewire_benches::{contestants, corpora};

fn encoding(criterion: &mut Criterion) {
    common::group(criterion, &contestants::encoding(), &corpora::encoding(1024 * 1024), WHOLE);
}

criterion_group!(benches, encoding);
criterion_main!(benches);
