//! Measures ssewire and other libraries in one process, and prints their ratios with the goals.
//!
//! `cargo run --release -p ssewire-benches --bin ratios -- [--rounds N] [--only SUBSTRING] [--tsv | --markdown] [--svg
//! FILE] [--scale]`

mod options;
mod plot;
mod races;
mod scale;
mod table;

use std::process::ExitCode;

use ssewire_benches::allocations::Counting;
use ssewire_benches::contest;

use self::options::Options;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n{}", options::USAGE);
            return ExitCode::FAILURE;
        }
    };
    if options.scale {
        table::print_measures(&scale::measure(options.rounds));
    } else if let Some(file) = &options.svg {
        if let Err(error) = std::fs::write(file, plot::throughput(options.rounds)) {
            eprintln!("{file}: {error}");
            return ExitCode::FAILURE;
        }
    } else {
        race(&options);
    }
    ExitCode::SUCCESS
}

fn race(options: &Options) {
    let mut goals = Vec::new();
    let mut races = Vec::new();
    for race in races::all() {
        let Some(wanted) = race.goals_named_like(&options.only) else { continue };
        if wanted.is_empty() && options.tsv {
            continue;
        }
        let results = contest(&race.entries(), options.rounds);
        let reached: Vec<_> = wanted.iter().map(|goal| goal.measured(&results)).collect();
        if options.tsv {
            table::print_tsv(&reached);
        } else if !options.markdown {
            table::print_race(race.name, &results);
        }
        goals.extend(reached);
        races.push((race.name, results));
    }
    if options.markdown {
        let measures = scale::measure(options.rounds);
        table::print_overview(&goals, &measures);
        table::print_goals(&goals);
        table::print_measures(&measures);
        println!("\n# Results of all races");
        races.iter().for_each(|(name, results)| table::print_race(name, results));
    } else if !options.tsv {
        table::print_goals(&goals);
    }
}
