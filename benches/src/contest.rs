//! Checks the contestants, and times them alternately.

use std::time::Duration;

use crate::allocations;
use crate::clock::worked;
use crate::contestants::{Contestant, Role};
use crate::corpora::Corpus;

/// A contestant and its input.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    pub contestant: Contestant,
    pub corpus: &'a Corpus,
    /// Size of a chunk in bytes.
    pub chunk: usize,
}

/// The result of a contestant.
#[derive(Debug, Clone)]
pub struct Result {
    pub name: &'static str,
    pub role: Role,
    pub best: Duration,
    pub median: Duration,
    /// Bytes of the corpus.
    pub bytes: usize,
    /// Units of the corpus.
    pub units: u64,
    /// Allocations per unit of the corpus. 0 if the binary does not count them.
    pub allocations: f64,
    /// Its answer was wrong, and it was not timed.
    pub wrong: bool,
}

impl Result {
    #[must_use]
    pub fn nanoseconds_per_byte(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e9 / self.bytes as f64
    }

    #[must_use]
    pub fn megabytes_per_second(&self, time: Duration) -> f64 {
        self.bytes as f64 / time.as_secs_f64() / 1e6
    }

    #[must_use]
    pub fn nanoseconds_per_unit(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e9 / self.units as f64
    }
}

/// Contestants with a longer run get only [`ROUNDS_OF_THE_SLOW`]: some take a thousand times as long as others, which
/// is much more than the noise.
const SLOW: Duration = Duration::from_millis(250);
const ROUNDS_OF_THE_SLOW: usize = 3;

/// Runs each entry once in each round, in rotating order, so that the load of the machine affects all of them equally.
#[must_use]
pub fn contest(entries: &[Entry<'_>], rounds: usize) -> Vec<Result> {
    let mut runs: Vec<Checked<'_>> = entries.iter().map(check).collect();
    for round in 0..rounds.max(1) {
        for turn in 0..runs.len() {
            let at = (turn + round) % runs.len();
            runs[at].run(round);
        }
    }
    runs.into_iter().map(Checked::result).collect()
}

/// Returns whether the answer of the contestant is correct, and the time of the run with hashing.
#[must_use]
pub fn check_answer(entry: &Entry<'_>) -> (bool, Duration) {
    let start = worked();
    let answer = (entry.contestant.check)(entry.corpus, entry.chunk);
    (answer == entry.corpus.expected, worked().saturating_sub(start))
}

struct Checked<'a> {
    entry: Entry<'a>,
    right: bool,
    slow: bool,
    allocations: usize,
    times: Vec<Duration>,
}

fn check<'a>(entry: &Entry<'a>) -> Checked<'a> {
    let (right, took) = check_answer(entry);
    assert!(right || entry.contestant.role == Role::Peer, "a wrong answer of {}", entry.contestant.name);
    Checked { entry: *entry, right, slow: took > SLOW, allocations: 0, times: Vec::new() }
}

impl Checked<'_> {
    fn run(&mut self, round: usize) {
        if !self.right || (self.slow && round >= ROUNDS_OF_THE_SLOW) {
            return;
        }
        let Entry { contestant, corpus, chunk } = self.entry;
        let before = allocations::count();
        let start = worked();
        let answer = (contestant.run)(corpus, chunk);
        self.times.push(worked().saturating_sub(start));
        self.allocations = allocations::count().wrapping_sub(before);
        assert_eq!(answer, corpus.expected.sums(), "{} answered differently when it was timed", contestant.name);
    }

    fn result(mut self) -> Result {
        self.times.sort_unstable();
        let corpus = self.entry.corpus;
        Result {
            name: self.entry.contestant.name,
            role: self.entry.contestant.role,
            best: self.times.first().copied().unwrap_or_default(),
            median: self.times.get(self.times.len() / 2).copied().unwrap_or_default(),
            bytes: corpus.stream.len(),
            units: corpus.units,
            allocations: self.allocations as f64 / corpus.units as f64,
            wrong: !self.right,
        }
    }
}
