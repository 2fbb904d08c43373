//! Payloads to typed events.

mod common;

use criterion::{Criterion, criterion_group, criterion_main};
use ssewire_benches::chunks::WHOLE;
use ssewire_benches::{contestants, corpora};

fn decoding(criterion: &mut Criterion) {
    common::group(criterion, &contestants::decoding(), &corpora::payloads(1024 * 1024), WHOLE);
    for corpus in corpora::kinds() {
        common::group(criterion, &contestants::kinds(), &corpus, WHOLE);
    }
}

criterion_group!(benches, decoding);
criterion_main!(benches);
