//! Counts the instructions of ssewire-messages for each kind of event, under callgrind.
//!
//! `cargo run --release -p ssewire-benches --bin instructions`
//!
//! Unlike times, the counts do not depend on what else the machine does: compare them before and after a change. Each
//! corpus is loaded from a file, and read twice and four times; the difference leaves out the loading. Needs valgrind.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs, io};

use ssewire_benches::chunks::{ONE_EVENT, WHOLE};
use ssewire_benches::contestants::{self, Contestant};
use ssewire_benches::{Corpus, corpora};

/// Where the program that counts leaves the corpus for itself under callgrind.
const FILE: &str = "SSEWIRE_CORPUS";

fn main() -> ExitCode {
    let result = match &env::args().skip(1).collect::<Vec<_>>()[..] {
        [race, chunk, times] => run(race, chunk, times),
        _ => count_all(),
    };
    result.map_or_else(
        |error| {
            eprintln!("instructions: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

/// Prints the table.
fn count_all() -> io::Result<()> {
    println!("| event | instructions |\n|---|---:|");
    let deltas = corpora::message(1 << 18);
    let recorded = corpora::recorded();
    print_row("text delta, decoded", "decoding", &corpora::payloads(1 << 18), WHOLE)?;
    for (chunk, name) in [(WHOLE, "whole"), (1400, "1400 B"), (ONE_EVENT, "one event per chunk")] {
        print_row(&format!("deltas to message, {name}"), "accumulation", &deltas, chunk)?;
        print_row(&format!("as recorded, {name}"), "recorded", &recorded, chunk)?;
    }
    for corpus in corpora::kinds().into_iter().chain(corpora::other_kinds()) {
        print_row(&format!("{}, decoded", corpus.name), "kinds", &corpus, WHOLE)?;
    }
    Ok(())
}

fn print_row(name: &str, race: &str, corpus: &Corpus, chunk: usize) -> io::Result<()> {
    let file = env::temp_dir().join(format!("ssewire-corpus-{}", std::process::id()));
    corpus.save(&file)?;
    let (few, many) = (count(&file, race, chunk, 2), count(&file, race, chunk, 4));
    fs::remove_file(&file)?;
    println!("| {name} | {} |", many?.saturating_sub(few?) / 2 / corpus.units);
    Ok(())
}

/// The instructions of this program when it reads the corpus that number of times.
fn count(file: &Path, race: &str, chunk: usize, times: u32) -> io::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args([race, &chunk.to_string(), &times.to_string()])
        .env(FILE, file)
        .output()
        .map_err(|error| io::Error::new(error.kind(), format!("valgrind does not run: {error}")))?;
    let report = String::from_utf8_lossy(&output.stderr);
    let counted = report.lines().find(|line| line.contains("Collected")).and_then(|line| line.rsplit(' ').next());
    counted.and_then(|count| count.parse().ok()).ok_or_else(|| io::Error::other("callgrind counted nothing"))
}

/// The counted work: reads the saved corpus, and checks the answer each time.
fn run(race: &str, chunk: &str, times: &str) -> io::Result<()> {
    let contestants: Vec<Contestant> = match race {
        "decoding" => contestants::decoding(),
        "accumulation" => contestants::accumulation(),
        "recorded" => contestants::recorded(),
        _ => contestants::kinds(),
    };
    let ssewire = contestants.first().ok_or(io::ErrorKind::NotFound)?;
    let corpus = Corpus::load(Path::new(&env::var_os(FILE).ok_or(io::ErrorKind::NotFound)?))?;
    let chunk = chunk.parse().map_err(io::Error::other)?;
    for _ in 0..times.parse().map_err(io::Error::other)? {
        assert_eq!((ssewire.run)(&corpus, chunk), corpus.expected.sums());
    }
    Ok(())
}
