//! Bytes to events.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ssewire::Decoder;
use ssewire_benches::{CHUNKS, framing};

fn decode(stream: &[u8], chunk: usize) -> usize {
    let mut decoder = Decoder::new();
    let mut events = 0;
    for mut input in stream.chunks(chunk) {
        while let Some(event) = decoder.decode(&mut input).expect("within the limit") {
            events += usize::from(!event.data().is_empty());
        }
    }
    events
}

fn framing_benchmarks(criterion: &mut Criterion) {
    for corpus in framing() {
        let mut group = criterion.benchmark_group(corpus.name);
        group.throughput(Throughput::Bytes(corpus.stream.len() as u64)).sample_size(20);
        for chunk in CHUNKS {
            let size = if chunk == usize::MAX { "whole".into() } else { chunk.to_string() };
            group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
                bencher.iter(|| assert_eq!(decode(&corpus.stream, chunk), corpus.events));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, framing_benchmarks);
criterion_main!(benches);
