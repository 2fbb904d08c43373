//! Bytes to the message.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ssewire_benches::message;
use ssewire_messages::MessageStream;

fn accumulate(body: &[u8]) -> usize {
    let mut stream = MessageStream::new();
    for mut input in body.chunks(1400) {
        while stream.decode(&mut input).expect("a well-formed stream").is_some() {}
    }
    stream.finish().expect("a whole message").final_text().len()
}

fn accumulation_benchmarks(criterion: &mut Criterion) {
    let deltas = 8000;
    let body = message(deltas);
    let mut group = criterion.benchmark_group("message");
    group.throughput(Throughput::Elements(deltas as u64)).sample_size(20);
    group.bench_function("1400", |bencher| {
        bencher.iter(|| assert_eq!(accumulate(&body), deltas * " word".len()));
    });
    group.finish();
}

criterion_group!(benches, accumulation_benchmarks);
criterion_main!(benches);
