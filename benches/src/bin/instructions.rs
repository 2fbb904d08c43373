//! Counts the instructions of ssewire-messages for each kind of event, under callgrind.
//!
//! `cargo run --release -p ssewire-benches --bin instructions`
//!
//! Unlike times, the counts do not depend on what else the machine does: compare them before and after a change. Each
//! corpus is read twice and four times; the difference leaves out its generation. Needs valgrind.

use std::process::{Command, ExitCode};

use ssewire_benches::chunks::{ONE_EVENT, WHOLE};
use ssewire_benches::contestants::{self, Contestant};
use ssewire_benches::{Corpus, corpora};

/// One run to count: a name, a contestant, a corpus and a chunk size.
type Work = (String, Contestant, Corpus, usize);

/// All runs, or those of a name. Makes only their corpora: callgrind would take minutes for the others.
fn work(only: Option<&str>) -> Vec<Work> {
    let mut work = Vec::new();
    let mut add = |name: &str, contestants: fn() -> Vec<Contestant>, corpus: fn() -> Corpus, chunk| {
        if only.is_none_or(|only| only == name) {
            work.push((name.to_owned(), contestants().swap_remove(0), corpus(), chunk));
        }
    };
    add("text delta", contestants::decoding, || corpora::payloads(1 << 18), WHOLE);
    for (chunk, name) in [(1400, "1400 B"), (ONE_EVENT, "one event per chunk"), (WHOLE, "whole")] {
        add(&format!("deltas to message, {name}"), contestants::accumulation, || corpora::message(1 << 18), chunk);
        add(&format!("as recorded, {name}"), contestants::recorded, corpora::recorded, chunk);
    }
    if only.is_none() || work.is_empty() {
        let kinds = corpora::kinds().into_iter().filter(|corpus| only.is_none_or(|only| only == corpus.name));
        work.extend(kinds.map(|corpus| (corpus.name.to_string(), contestants::kinds().swap_remove(0), corpus, WHOLE)));
    }
    work
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [name, times] = &arguments[..] {
        let (_, contestant, corpus, chunk) = work(Some(name)).pop().expect("a name");
        for _ in 0..times.parse().expect("a number") {
            assert_eq!((contestant.run)(&corpus, chunk), corpus.expected.sums());
        }
        return ExitCode::SUCCESS;
    }
    println!("| event | instructions |\n|---|---:|");
    for (name, _, corpus, _) in work(None) {
        let (Some(few), Some(many)) = (count(&name, "2"), count(&name, "4")) else {
            eprintln!("callgrind did not count: is valgrind installed?");
            return ExitCode::FAILURE;
        };
        println!("| {name} | {} |", many.saturating_sub(few) / 2 / corpus.units);
    }
    ExitCode::SUCCESS
}

/// The instructions of this program when it reads a corpus that number of times.
fn count(name: &str, times: &str) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args([name, times])
        .output()
        .ok()?;
    let report = String::from_utf8_lossy(&output.stderr);
    let line = report.lines().find(|line| line.contains("Collected"))?;
    line.rsplit(' ').next()?.parse().ok()
}
