//! The command `ssewire-growth`: measures how the costs of hostile input grow, and fails where they grow too fast.
//! tests/growth/README.md explains the table and how to add a family.

mod drive;
mod exponent;
mod families;
mod family;
mod measure;
mod table;
mod verdict;

use core::num::NonZero;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::env;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use clap::Parser;

use crate::families::{KNOWN, LAYERS, Layer};
use crate::family::Family;
use crate::measure::{Costs, Runner};
use crate::table::Row;
use crate::verdict::{Exponents, Failure, failures};

#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

/// Measures instructions, allocations and peak memory of hostile input at growing sizes
///
/// Exits with 1 if a family exceeds a bound.
#[derive(Debug, Parser)]
struct Args {
    /// Layers to measure: sse, json, messages; all of them unless given
    #[arg(long, value_name = "LAYERS", value_delimiter = ',')]
    layer: Vec<String>,
    /// Families to measure, by `LAYER/NAME`; `*` matches any text
    #[arg(long, value_name = "GLOB", value_delimiter = ',', default_value = "*")]
    families: Vec<String>,
    /// Sizes of input in growing order, in bytes or with the suffix K
    #[arg(long, value_name = "SIZES", value_delimiter = ',', value_parser = size, default_value = "32K,64K,128K,256K,512K")]
    sizes: Vec<usize>,
    /// Two small sizes only: 32K and 128K
    #[arg(long, conflicts_with = "sizes")]
    small: bool,
    /// Processes at the same time; as many as there are processors unless given
    #[arg(long)]
    jobs: Option<NonZero<usize>>,
    /// Seconds after which one measurement is given up, and its family fails
    #[arg(long, default_value_t = 600)]
    patience: u64,
    /// The valgrind program
    #[arg(long, default_value = "valgrind")]
    valgrind: String,
    /// Also writes the costs of all families to this file, as a page
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Lists the families
    #[arg(long)]
    list: bool,
}

const SMALL: [usize; 2] = [32 << 10, 128 << 10];

/// Sizes of the known families, which check the harness.
const KNOWN_SIZES: [usize; 3] = [16 << 10, 32 << 10, 64 << 10];

fn main() -> ExitCode {
    // An argument that is not UTF-8 is an error that the parser of the command line reports.
    let words: Option<Vec<String>> = env::args_os().skip(1).map(|word| word.into_string().ok()).collect();
    let outcome = match words.as_deref() {
        // Parsed by hand: valgrind needs more time for the parser than for most families.
        Some([once, name, bytes]) if once == measure::ONCE => print_once(name, bytes),
        _ => run(&Args::parse()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("growth: {error}");
            ExitCode::from(2)
        }
    }
}

/// Drives a family once in this process and prints its costs without instructions.
fn print_once(name: &str, bytes: &str) -> Result<bool, String> {
    let mut all = named(&LAYERS).chain(named(&[KNOWN]));
    let (_, family) = all.find(|(known, _)| known == name).ok_or_else(|| format!("no family {name}"))?;
    println!("{}", measure::once(family, size(bytes)?).to_line());
    Ok(true)
}

/// Returns whether all bounds were kept.
fn run(args: &Args) -> Result<bool, String> {
    let selected = select(args)?;
    if args.list {
        selected.iter().for_each(|(name, family)| println!("{name:<32} {}", family.why));
        return Ok(true);
    }
    let jobs = args.jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let runner = Runner::new(&args.valgrind, Duration::from_secs(args.patience));
    if !runner.counts_instructions() {
        println!("== growth: instructions: NOT RUN: there is no valgrind; `apt-get install valgrind` installs it");
    }
    if cfg!(debug_assertions) {
        println!("== growth: this build has debug assertions: build with --release for counts that can be compared");
    }
    check_harness(&runner, jobs)?;
    let sizes: &[usize] = if args.small { &SMALL } else { &args.sizes };
    let rows = measure_all(&runner, &selected, sizes, jobs);
    print!("{}", table::render(&rows));
    if let Some(page) = &args.page {
        fs::write(page, table::page(&rows, sizes)).map_err(|error| format!("{}: {error}", page.display()))?;
    }
    let failed = rows.iter().filter(|row| !row.failures.is_empty()).count();
    println!("growth: {} families, {failed} exceed their bounds", rows.len());
    Ok(failed == 0)
}

type Named = (String, &'static Family);

fn named(layers: &[Layer]) -> impl Iterator<Item = Named> {
    layers
        .iter()
        .flat_map(|layer| layer.families.iter().map(|family| (format!("{}/{}", layer.name, family.name), family)))
}

/// The families that the arguments name, and their controls.
fn select(args: &Args) -> Result<Vec<Named>, String> {
    let layers: Vec<Layer> = match args.layer.as_slice() {
        [] => LAYERS.to_vec(),
        names => names.iter().map(|name| layer(name)).collect::<Result<_, _>>()?,
    };
    let all: Vec<Named> = named(&layers).collect();
    let is_named = |name: &str| args.families.iter().any(|glob| matches(glob, name));
    let controls: Vec<String> =
        all.iter().filter(|(name, _)| is_named(name)).filter_map(|(name, family)| control_of(name, family)).collect();
    let selected: Vec<Named> = all.into_iter().filter(|(name, _)| is_named(name) || controls.contains(name)).collect();
    if selected.is_empty() { Err("no family is named so".to_owned()) } else { Ok(selected) }
}

fn layer(name: &str) -> Result<Layer, String> {
    let mut layers = LAYERS.into_iter().chain([KNOWN]);
    layers.find(|layer| layer.name == name).ok_or_else(|| format!("no layer {name}"))
}

/// The name of the control of a family, with its layer.
fn control_of(name: &str, family: &Family) -> Option<String> {
    let (layer, _) = name.split_once('/')?;
    Some(format!("{layer}/{}", family.bounds.control?.name))
}

/// Returns whether a name matches a pattern in which `*` is any text.
fn matches(glob: &str, name: &str) -> bool {
    match glob.split_once('*') {
        None => glob == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| rest.get(at..).is_some_and(|rest| matches(after, rest)))
        }),
    }
}

/// Measures families of known growth.
///
/// # Errors
/// One of them has another verdict than it must have: then no verdict of this run counts.
fn check_harness(runner: &Runner, jobs: usize) -> Result<(), String> {
    let families: Vec<Named> = named(&[KNOWN]).collect();
    for row in measure_all(runner, &families, &KNOWN_SIZES, jobs) {
        let found = row.failures.iter().any(|failure| match failure {
            Failure::Exponent(cost, exponent) => row.name.ends_with(cost) && (1.4..2.2).contains(exponent),
            _ => false,
        });
        let is_right = match row.family.name {
            "linear" => row.failures.is_empty(),
            "quadratic-instructions" if !runner.counts_instructions() => true,
            _ => found,
        };
        if !is_right {
            return Err(format!("the harness is defective: {} gives {:?}, {:?}", row.name, row.failures, row.series));
        }
    }
    Ok(())
}

fn measure_all(runner: &Runner, families: &[Named], sizes: &[usize], jobs: usize) -> Vec<Row> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let shows_progress = io::stderr().is_terminal();
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((name, family)) = families.get(index) else { break };
                    let series = measure_family(runner, name, family, sizes);
                    if shows_progress {
                        eprintln!("growth: {name} ({} of {})", index + 1, families.len());
                    }
                    if let Ok(mut done) = done.lock() {
                        done.push((index, series));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(index, _)| *index);
    let series: Vec<Series> = done.into_iter().map(|(_, series)| series).collect();
    let control_series = |name: &str, family: &Family| {
        let control = control_of(name, family)?;
        let index = families.iter().position(|(name, _)| *name == control)?;
        series.get(index).map(|series| series.costs.as_slice())
    };
    let rows = families.iter().zip(&series).map(|((name, family), series)| {
        let mut failures = failures(&family.bounds, &series.costs, control_series(name, family));
        failures.extend(series.error.clone().map(Failure::NoResult));
        Row { name: name.clone(), family: **family, series: series.costs.clone(), failures }
    });
    rows.collect()
}

/// The measurements of one family.
#[derive(Debug)]
struct Series {
    costs: Vec<Costs>,
    /// Why there is no result for a further size.
    error: Option<String>,
}

/// Measures from the smallest size on. Stops at the first step that exceeds the bound: a quadratic family would take
/// hours at the largest size.
fn measure_family(runner: &Runner, name: &str, family: &Family, sizes: &[usize]) -> Series {
    let mut costs = Vec::new();
    for size in sizes {
        match runner.measure(name, *size) {
            Ok(measured) => costs.push(measured),
            Err(error) => return Series { costs, error: Some(format!("{} KiB: {error}", size / 1024)) },
        }
        if Exponents::of(&costs).exceed(family.bounds.exponent) {
            break;
        }
    }
    Series { costs, error: None }
}

/// Reads a size: `65536` or `64K`.
fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = text.strip_suffix('K').map_or((text, 1), |number| (number, 1024));
    let size = number.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    size.filter(|size| *size >= 1024).ok_or_else(|| "must be a number of at least 1K".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_names() {
        for (glob, name) in
            [("*", "sse/a"), ("sse/*", "sse/a"), ("*f4*", "sse/f4-bytes"), ("sse/a", "sse/a"), ("*a", "aba")]
        {
            assert!(matches(glob, name), "{glob} {name}");
        }
        for (glob, name) in
            [("", "sse/a"), ("sse", "sse/a"), ("*f4", "sse/f4-bytes"), ("a*b", "ab c"), ("sse/*x", "sse/a")]
        {
            assert!(!matches(glob, name), "{glob} {name}");
        }
    }

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!((size("2048"), size("32K")), (Ok(2048), Ok(32768)));
        assert!(size("K").is_err() && size("1").is_err() && size("-1K").is_err());
    }

    #[test]
    fn controls_are_selected_along() {
        let args = Args::parse_from(["growth", "--layer", "json", "--families", "json/f2"]);
        let names: Vec<String> = select(&args).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["json/f2", "json/f2-control"]);
    }
}
