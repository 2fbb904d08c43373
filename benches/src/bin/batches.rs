//! Times batches for foreign function interfaces against the decoders below them, in one process.
//!
//! `cargo run --release -p ssewire-benches --bin batches -- [ROUNDS]`
//! `cargo run --release -p ssewire-benches --bin batches -- NAME CHUNK TIMES` runs one of them, for a profiler.

use ssewire_benches::chunks::{ONE_EVENT, WHOLE, name};
use ssewire_benches::contestants::{self, Contestant};
use ssewire_benches::{Corpus, Entry, contest, corpora};

const CHUNKS: [usize; 3] = [ONE_EVENT, 1400, WHOLE];

/// The compared work, with the corpus that it reads.
fn work() -> Vec<(&'static str, Vec<Contestant>, Corpus)> {
    const MIB: usize = 1024 * 1024;
    vec![
        ("events, deltas", contestants::event_batches(), corpora::deltas(MIB)),
        ("events, openai-like", contestants::event_batches(), corpora::openai(MIB)),
        ("events, tiny", contestants::event_batches(), corpora::tiny(MIB)),
        ("messages, deltas", contestants::delta_batches(), corpora::message(MIB)),
        ("messages, as recorded", contestants::message_batches(), corpora::recorded()),
    ]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [wanted, chunk, times] = &arguments[..] {
        let chunk = CHUNKS.into_iter().find(|known| name(*known) == *chunk).expect("a chunk size");
        let (_, contestants, corpus) = work().into_iter().find(|work| work.0 == *wanted).expect("a name");
        for _ in 0..times.parse().expect("a number") {
            assert_eq!((contestants[0].run)(&corpus, chunk), corpus.expected.sums());
        }
        return;
    }
    let rounds = arguments.first().map_or(31, |rounds| rounds.parse().expect("the number of rounds"));
    println!("| work | chunk | batch, ns per event | times native | of medians | times native with UTF-8 |");
    println!("|---|---|---:|---:|---:|---:|");
    for (work, contestants, corpus) in work() {
        for chunk in CHUNKS {
            let entries: Vec<_> =
                contestants.iter().map(|&contestant| Entry { contestant, corpus: &corpus, chunk }).collect();
            let results = contest(&entries, rounds);
            let [batch, native, ..] = &results[..] else { continue };
            let nanoseconds = batch.best.as_secs_f64() * 1e9 / corpus.ends.len() as f64;
            let best = batch.best.as_secs_f64() / native.best.as_secs_f64();
            let median = batch.median.as_secs_f64() / native.median.as_secs_f64();
            let text = results
                .get(2)
                .map_or(String::new(), |text| format!("{:.2}", batch.best.as_secs_f64() / text.best.as_secs_f64()));
            println!("| {work} | {} | {nanoseconds:.1} | {best:.2} | {median:.2} | {text} |", name(chunk));
        }
    }
}
