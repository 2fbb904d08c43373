//! Contestants as criterion benchmarks.

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use ssewire_benches::contest::check_answer;
use ssewire_benches::contestants::Contestant;
use ssewire_benches::{Corpus, Entry, chunks};

/// Contestants with a longer run are omitted: criterion needs at least ten runs of each. The binary `ratios` has all.
const TOO_SLOW: Duration = Duration::from_millis(250);

/// Runs every contestant over a corpus in chunks of one size, as one group. Checks the answers first.
pub fn group(criterion: &mut Criterion, contestants: &[Contestant], corpus: &Corpus, chunk: usize) {
    let name = format!("{}/{}", corpus.name, chunks::name(chunk));
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(corpus.stream.len() as u64)).sample_size(10);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for &contestant in contestants {
        bench(&mut group, Entry { contestant, corpus, chunk });
    }
    group.finish();
}

fn bench(group: &mut BenchmarkGroup<'_, WallTime>, entry: Entry<'_>) {
    let Entry { contestant, corpus, chunk } = entry;
    let (right, took) = check_answer(&entry);
    assert!(right, "a wrong answer of {}", contestant.name);
    if took > TOO_SLOW {
        eprintln!("{} takes {took:?} for one run: omitted", contestant.name);
        return;
    }
    group.bench_function(BenchmarkId::from_parameter(contestant.name), |bencher| {
        bencher.iter(|| (contestant.run)(corpus, chunk));
    });
}
