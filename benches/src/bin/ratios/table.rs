//! Results as tables.

use ssewire_benches::{Result, Role};

use crate::races::Reached;
use crate::scale::{Bound, Measure};

pub(crate) fn print_race(name: &str, results: &[Result]) {
    let units = results.iter().map(|result| result.units).max().unwrap_or_default();
    let unit = if name.starts_with("partial JSON") { "piece" } else { "event" };
    let plural = if units == 1 { "" } else { "s" };
    println!("\n## {name} ({units} {unit}{plural})\n");
    println!("| | best MB/s | median MB/s | best ns per {unit} | allocations per {unit} |");
    println!("|---|---:|---:|---:|---:|");
    for result in results {
        let name = match result.role {
            Role::Ours => format!("**{}**", result.name),
            Role::Peer => result.name.to_string(),
            Role::Reference => format!("*{}*", result.name),
        };
        if result.wrong {
            println!("| {name} | wrong answer | | | |");
            continue;
        }
        println!(
            "| {name} | {:.0} | {:.0} | {:.1} | {:.2} |",
            result.megabytes_per_second(result.best),
            result.megabytes_per_second(result.median),
            result.nanoseconds_per_unit(result.best),
            result.allocations
        );
    }
}

pub(crate) fn print_goals(goals: &[Reached]) {
    println!("\n## Ratios: time of the other contestant divided by that of ssewire, best rounds\n");
    println!("| race | compared with | ratio | of medians | goal | |");
    println!("|---|---|---:|---:|---:|---|");
    for Reached { name, against, best, median, goal } in goals {
        let below = if best < goal { "below" } else { "" };
        println!("| {name} | {against} | {best:.2} | {median:.2} | {goal} | {below} |");
    }
}

pub(crate) fn print_tsv(goals: &[Reached]) {
    for Reached { name, best, goal, .. } in goals {
        println!("{name}\t{best:.3}\t{goal}");
    }
}

/// Prints the goals that a newcomer understands.
pub(crate) fn print_overview(goals: &[Reached], measures: &[Measure]) {
    const LINES: [(&str, &str); 7] = [
        ("split a stream into events, chunks of 1400 B", "framing, deltas, 1400 B"),
        ("the same, one event in each chunk", "framing, deltas, one event per chunk"),
        ("decode a text delta into a typed event", "typed decode, IgnoredAny"),
        ("streams as recorded, to messages, one event in each chunk", "as recorded, one event per chunk"),
        ("streams as recorded, to messages, chunks of 1400 B", "as recorded, 1400 B, Value"),
        ("the same", "as recorded, 1400 B, skipping JSON"),
        ("partial JSON, its value after each piece of 20 B", "partial JSON, structured, jiter"),
    ];
    println!("\n| work | compared with | times as fast |\n|---|---|---:|");
    for (work, name) in LINES {
        if let Some(reached) = goals.iter().find(|reached| reached.name == name) {
            println!("| {work} | {} | {:.*} |", reached.against, if reached.best < 10.0 { 2 } else { 0 }, reached.best);
        }
    }
    if let Some(held) = measures.iter().find(|measure| measure.name.ends_with("with a block begun")) {
        println!("\nA stream that waits for its text takes {:.0} bytes of memory.", held.value);
    }
}

pub(crate) fn print_measures(measures: &[Measure]) {
    println!("\n## Scale\n\n| | measured | | goal | |\n|---|---:|---|---:|---|");
    for measure in measures {
        let goal = match measure.goal {
            Some(Bound::AtLeast(goal)) => format!("≥ {goal}"),
            Some(Bound::AtMost(goal)) => format!("≤ {goal}"),
            None => String::new(),
        };
        let missed = if measure.is_missed() { "missed" } else { "" };
        let digits = if measure.value < 10.0 { 2 } else { 0 };
        println!("| {} | {:.digits$} | {} | {goal} | {missed} |", measure.name, measure.value, measure.unit);
    }
}
