//! The report: one aligned table.

use crate::family::Family;
use crate::measure::Costs;
use crate::verdict::{Exponents, Failure, instructions_per_byte};

/// A family with its results.
#[derive(Debug)]
pub(crate) struct Row {
    /// With its layer: `sse/f4-bytes`.
    pub(crate) name: String,
    pub(crate) family: Family,
    pub(crate) series: Vec<Costs>,
    pub(crate) failures: Vec<Failure>,
}

const HEAD: [&str; 10] =
    ["family", "bound", "exponent", "size", "instr/byte", "allocs/KiB", "peak/byte", "peak/limit", "why", "verdict"];

/// The columns that are numbers.
const RIGHT: core::ops::RangeInclusive<usize> = 1..=7;

/// The rows, aligned, under a head.
pub(crate) fn render(rows: &[Row]) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    lines.extend(rows.iter().map(cells));
    let mut widths = [0; HEAD.len()];
    for line in &lines {
        widths.iter_mut().zip(line).for_each(|(width, cell)| *width = cell.chars().count().max(*width));
    }
    let mut text = String::new();
    for line in &lines {
        let mut aligned = String::new();
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            let cell = if RIGHT.contains(&column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
            aligned.push_str(&cell);
            aligned.push_str("  ");
        }
        text.push_str(aligned.trim_end());
        text.push('\n');
    }
    text
}

/// The costs of the rows as a page, to compare those of two revisions.
pub(crate) fn page(rows: &[Row], sizes: &[usize]) -> String {
    let sizes: Vec<String> = sizes.iter().map(|size| format!("{} KiB", size / 1024)).collect();
    let failed = rows.iter().filter(|row| !row.failures.is_empty()).count();
    let mut page = format!(
        "# Costs of hostile input\n\n`ci/growth` writes this page with the option `--page`; [README.md](README.md) \
         explains the columns.\nSizes: {}. {} families, {failed} above their bounds.\n\n\
         | family | exponent of instructions | of allocations | of the peak | instr/byte | peak/byte |\n\
         |---|---:|---:|---:|---:|---:|\n",
        sizes.join(", "),
        rows.len()
    );
    let number = |number: Option<f64>| number.map_or("-".to_owned(), |number| format!("{number:.2}"));
    for row in rows {
        let exponents = Exponents::of(&row.series);
        let last = row.series.last().filter(|costs| costs.received > 0);
        let columns = [
            exponents.instructions,
            exponents.allocations,
            exponents.peak,
            instructions_per_byte(&row.series),
            last.map(|costs| costs.peak as f64 / costs.received as f64),
        ];
        page += &format!("| `{}` | {} |\n", row.name, columns.map(number).join(" | "));
    }
    page
}

fn cells(row: &Row) -> [String; HEAD.len()] {
    let last = row.series.last().copied().unwrap_or_default();
    let ratio = |cost: u64, to: u64| if to == 0 { "-".to_owned() } else { format!("{:.2}", cost as f64 / to as f64) };
    let verdict = match row.failures.as_slice() {
        [] => "ok".to_owned(),
        failures => format!("FAILS: {}", failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
    };
    [
        row.name.clone(),
        format!("{:.1}", row.family.bounds.exponent),
        Exponents::of(&row.series).instructions.map_or("-".to_owned(), |exponent| format!("{exponent:.2}")),
        format!("{} KiB", last.received.div_ceil(1024)),
        instructions_per_byte(&row.series).map_or("-".to_owned(), |count| format!("{count:.1}")),
        ratio(last.allocations * 1024, last.received),
        ratio(last.peak, last.received),
        ratio(last.peak, last.limit.unwrap_or_default()),
        row.family.why.to_owned(),
        verdict,
    ]
}
