//! Plot of throughput for each chunk size, as SVG.

use std::fmt::Write as _;

use ssewire_benches::chunks::{self, WHOLE};
use ssewire_benches::contestants::{self, Contestant, Role};
use ssewire_benches::{Entry, contest, corpora};

/// `WHOLE` is at the position of the next power.
const SIZES: [usize; 7] = [1, 8, 64, 512, 1400, 16 * 1024, WHOLE];

/// Fewer bytes for small chunks, and for contestants with quadratic cost in one chunk.
const BYTES: usize = 512 * 1024;

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 560.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 720.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 500.0;

const COLOURS: [&str; 13] = [
    "#000000", "#d62728", "#ff9896", "#1f77b4", "#17becf", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#555555",
    "#888888", "#bcbd22", "#bbbbbb",
];

/// A line of the plot: megabytes per second for each chunk size, or `None`.
struct Line {
    name: &'static str,
    role: Role,
    points: Vec<Option<f64>>,
}

/// Measures all framing contestants with all chunk sizes, and ssewire from bytes to message, and draws the plot.
pub(crate) fn throughput(rounds: usize) -> String {
    draw(&measure(rounds))
}

fn measure(rounds: usize) -> Vec<Line> {
    let (deltas, recorded) = (corpora::deltas(BYTES), corpora::recorded());
    let to_message = Contestant { name: "bytes → message, as recorded", ..contestants::recorded().swap_remove(0) };
    let mut runners = vec![(to_message, &recorded)];
    runners.extend(contestants::framing().into_iter().map(|contestant| (contestant, &deltas)));
    let line =
        |(contestant, _): &(Contestant, _)| Line { name: contestant.name, role: contestant.role, points: Vec::new() };
    let mut lines: Vec<Line> = runners.iter().map(line).collect();
    for chunk in SIZES {
        eprintln!("chunks: {}", chunks::name(chunk));
        let entries: Vec<_> = runners.iter().map(|&(contestant, corpus)| Entry { contestant, corpus, chunk }).collect();
        for (line, result) in lines.iter_mut().zip(contest(&entries, rounds)) {
            line.points.push((!result.wrong).then(|| result.megabytes_per_second(result.best)));
        }
    }
    lines
}

fn draw(lines: &[Line]) -> String {
    let all = || lines.iter().flat_map(|line| line.points.iter().copied().flatten());
    let (low, high) = (decade(all().fold(f64::MAX, f64::min), false), decade(all().fold(1.0, f64::max), true));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    text(
        &mut svg,
        LEFT,
        28.0,
        "start",
        "Framing of text deltas (126 B an event), and streams as recorded, to messages: MB/s against bytes in a chunk",
    );
    axes(&mut svg, low, high);
    for (line, colour) in lines.iter().zip(COLOURS) {
        curve(&mut svg, line, colour, low, high);
    }
    legend(&mut svg, lines);
    svg + "</svg>\n"
}

fn axes(svg: &mut String, low: f64, high: f64) {
    let mut value = low;
    while value <= high * 1.01 {
        let y = y(value, low, high);
        rule(svg, (LEFT, y), (RIGHT, y));
        text(svg, LEFT - 8.0, y + 4.0, "end", &format!("{value}"));
        value *= 10.0;
    }
    for (at, size) in SIZES.into_iter().enumerate() {
        rule(svg, (x(at), TOP), (x(at), BOTTOM));
        text(svg, x(at), BOTTOM + 20.0, "middle", &chunks::name(size));
    }
    text(svg, f64::midpoint(LEFT, RIGHT), BOTTOM + 44.0, "middle", "bytes in a chunk");
}

fn curve(svg: &mut String, line: &Line, colour: &str, low: f64, high: f64) {
    let points = line.points.iter().enumerate().filter_map(|(at, point)| Some((x(at), y((*point)?, low, high))));
    let path: String = points.clone().map(|(x, y)| format!("{x:.1},{y:.1} ")).collect();
    let (width, dashes) = style(line.role);
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"{dashes}/>",
        path.trim()
    );
    for (x, y) in points {
        let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{width}\" fill=\"{colour}\"/>");
    }
}

/// Draws the names of the lines at the right side, in the order of their last values.
fn legend(svg: &mut String, lines: &[Line]) {
    let mut named: Vec<_> = lines.iter().zip(COLOURS).collect();
    let last = |line: &Line| line.points.last().copied().flatten().unwrap_or_default();
    named.sort_by(|a, b| last(b.0).total_cmp(&last(a.0)));
    for (at, (line, colour)) in named.into_iter().enumerate() {
        let y = TOP + 20.0 + at as f64 * 24.0;
        let (width, dashes) = style(line.role);
        let (from, to) = (RIGHT + 24.0, RIGHT + 54.0);
        let _ = writeln!(
            svg,
            "<line x1=\"{from}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"{width}\"{dashes}/>"
        );
        text(svg, to + 8.0, y + 4.0, "start", line.name);
    }
}

fn style(role: Role) -> (f64, &'static str) {
    match role {
        Role::Ours => (3.5, ""),
        Role::Peer => (1.8, ""),
        Role::Reference => (1.5, " stroke-dasharray=\"5 4\""),
    }
}

fn rule(svg: &mut String, from: (f64, f64), to: (f64, f64)) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(svg, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#dddddd\"/>");
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#222222\">{words}</text>");
}

/// Returns the position of a chunk size, on a logarithmic axis.
fn x(at: usize) -> f64 {
    // As far from 16 KiB as 16 KiB is from 1400.
    let place = |size: usize| if size == WHOLE { 2.0_f64.powf(17.5) } else { size as f64 };
    LEFT + 20.0 + (RIGHT - LEFT - 40.0) * place(SIZES[at]).log2() / place(WHOLE).log2()
}

fn y(value: f64, low: f64, high: f64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * (value / low).log10() / (high / low).log10()
}

/// Returns the power of ten next to the value.
fn decade(value: f64, above: bool) -> f64 {
    let exponent = value.log10();
    10.0_f64.powf(if above { exponent.ceil() } else { exponent.floor() })
}
