//! Partial JSON: the value after each piece.

mod common;

use criterion::{Criterion, criterion_group, criterion_main};
use ssewire_benches::{contestants, corpora};

fn partial_json(criterion: &mut Criterion) {
    for corpus in [corpora::json_structured(), corpora::json_string()] {
        common::group(criterion, &contestants::partial_json(), &corpus, corpora::PIECE);
    }
}

criterion_group!(benches, partial_json);
criterion_main!(benches);
