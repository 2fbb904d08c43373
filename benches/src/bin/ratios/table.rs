//! Results as tables.

use ssewire_benches::{Result, Role};

use crate::races::Reached;

pub(crate) fn print_race(name: &str, results: &[Result]) {
    let units = results.iter().map(|result| result.units).max().unwrap_or_default();
    println!("\n## {name} ({units} units)\n");
    println!("| | best MB/s | median MB/s | best ns/unit | allocations/unit |");
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
