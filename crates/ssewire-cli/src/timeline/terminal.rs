//! A timeline in characters.

use core::ops::Range;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use super::layout::{Axis, Layout};
use super::recording::{Kind, Recording};

/// Returns the drawing in pieces of one style. Its lines have at most `width` columns, but for the title and the least
/// width of a drawing.
pub(crate) fn draw(recording: &Recording, axis: Axis, width: usize) -> Vec<(Style, String)> {
    let longest = recording.lanes.values().map(|lane| lane.label.width()).max().unwrap_or(0);
    let margin = longest.max(LONGEST_NAME).saturating_add(2);
    // One column less: some terminals begin a new line at the last one.
    let columns = width.saturating_sub(margin).saturating_sub(1).max(NARROWEST);
    let layout = Layout::new(recording, axis, columns, 12);
    let mut drawing = Drawing { pieces: Vec::new(), margin, columns };

    drawing.add(Style::new().bold(), format!("{}\n\n", layout.title));
    for lane in &layout.lanes {
        let cells = lane.events.iter().enumerate().map(|(at, events)| match events {
            0 if lane.kind.is_block() && lane.span.contains(&at) => '·',
            0 => ' ',
            events => bar(*events, layout.busiest),
        });
        drawing.row(&lane.label, lane.kind.style(), &cells.collect::<String>());
    }
    for marker in &layout.markers {
        let (label, column) = (&marker.label, marker.column);
        let with_space = label.width().saturating_add(1);
        // Not in cells: a character of the label may need two, or none.
        let row = if column.saturating_add(with_space) < columns {
            format!("{:column$}▲ {label}", "")
        } else if let Some(before) = column.checked_sub(with_space) {
            format!("{:before$}{label} ▲", "")
        } else {
            format!("{:column$}▲", "")
        };
        drawing.row(marker.name, marker.kind.style(), &row);
    }
    if !layout.gaps.is_empty() {
        let mut row = drawing.empty();
        for gap in &layout.gaps {
            put(&mut row, gap.columns.start, &"╌".repeat(gap.columns.len()));
            put_in_the_middle(&mut row, &gap.columns, &gap.label);
        }
        drawing.row("gaps", AnsiColor::Magenta.on_default(), &row.iter().collect::<String>());
    }
    let (mut line, mut labels) = (vec!['─'; columns], drawing.empty());
    for tick in &layout.ticks {
        put(&mut line, tick.column, "┴");
        let fits = columns.saturating_sub(tick.label.len());
        put(&mut labels, tick.column.min(fits), &tick.label);
    }
    drawing.row("", Style::new(), &line.iter().collect::<String>());
    drawing.row("", Style::new(), &labels.iter().collect::<String>());
    drawing.legend(&layout);
    drawing.pieces
}

/// Length of the longest name of a row that is not a lane.
const LONGEST_NAME: usize = "stop reason".len();
const NARROWEST: usize = 24;

impl Kind {
    fn style(self) -> Style {
        match self {
            Self::Message => Style::new(),
            Self::Text => AnsiColor::Green.on_default(),
            Self::Thinking => Style::new().dimmed(),
            Self::Tool => AnsiColor::Cyan.on_default(),
            Self::Block => AnsiColor::Blue.on_default(),
            // Yellow cannot be read on white.
            Self::Ping | Self::Other => AnsiColor::Magenta.on_default(),
            Self::Error => AnsiColor::Red.on_default(),
        }
    }
}

struct Drawing {
    pieces: Vec<(Style, String)>,
    /// Width of the labels, with the space after them.
    margin: usize,
    columns: usize,
}

impl Drawing {
    fn add(&mut self, style: Style, piece: String) {
        self.pieces.push((style, piece));
    }

    fn row(&mut self, label: &str, style: Style, cells: &str) {
        let space = self.margin.saturating_sub(label.width());
        self.add(Style::new(), format!("{label}{:space$}", ""));
        self.add(style, cells.trim_end().to_owned());
        self.add(Style::new(), "\n".into());
    }

    /// Explains the signs that the drawing has, in lines as long as the rows.
    fn legend(&mut self, layout: &Layout) {
        let mut entries = vec![match layout.busiest {
            1 => "█ an event".to_owned(),
            busiest => format!("▁…█ 1 to {busiest} events"),
        }];
        if layout.lanes.iter().any(|lane| lane.kind.is_block()) {
            entries.push("· block is open".into());
        }
        if !layout.gaps.is_empty() {
            entries.push("╌ no events".into());
        }
        if !layout.markers.is_empty() {
            entries.push("▲ moment".into());
        }
        entries.extend(layout.origin.map(Into::into));
        let mut line = String::new();
        for entry in entries {
            let length = line.chars().count().saturating_add(entry.chars().count()).saturating_add(3);
            if !line.is_empty() && length > self.columns {
                self.row("", Style::new().dimmed(), &core::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push_str("   ");
            }
            line.push_str(&entry);
        }
        self.row("", Style::new().dimmed(), &line);
    }

    fn empty(&self) -> Vec<char> {
        vec![' '; self.columns]
    }
}

/// Returns a bar with the height of the number of events, relative to the busiest column.
fn bar(events: usize, busiest: usize) -> char {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let height = events.saturating_mul(BARS.len()).div_ceil(busiest.max(1));
    BARS.get(height.saturating_sub(1)).copied().unwrap_or('█')
}

fn put(row: &mut [char], at: usize, text: &str) {
    for (cell, c) in row.iter_mut().skip(at).zip(text.chars()) {
        *cell = c;
    }
}

/// If there is room for it.
fn put_in_the_middle(row: &mut [char], columns: &Range<usize>, text: &str) {
    if let Some(room) = columns.len().checked_sub(text.len()) {
        put(row, columns.start.saturating_add(room / 2), text);
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::super::recording::{Point, Subject};
    use super::*;

    #[test]
    fn everything_is_where_the_layout_says() {
        let mut recording = Recording::default();
        let point = |millis, offset| Point { at: Duration::from_millis(millis), offset };
        recording.note(Subject::Message, Kind::Message, || "message".into(), point(300, 50));
        for millis in [400, 410, 500, 1000] {
            recording.note(Subject::Other, Kind::Text, || "0 text".into(), point(millis, 60));
        }
        recording.note(Subject::Message, Kind::Message, || "message".into(), point(1000, 100));
        recording.first_text = Some(point(400, 60));
        recording.stop_reason = Some((point(1000, 100), "end_turn".into()));
        let plain = |axis, width| draw(&recording, axis, width).into_iter().map(|(_, piece)| piece).collect::<String>();
        // 32 columns: 300 ms of 1 s is in column 9, 400 and 410 ms in 12, 500 ms in 15, the end in 31.
        let expected = "\
6 events and 100 bytes in 1.00 s

message               ▄                     ▄
0 text                   █··▄···············▄
first text               ▲ 400 ms
stop reason                end_turn, 1.00 s ▲
gaps         ╌300 ms╌╌ ╌╌ ╌╌ ╌╌╌╌500 ms╌╌╌╌╌
             ┴──────────────┴───────────────┴
             0 s            0.5 s         1 s
             ▁…█ 1 to 2 events
             · block is open   ╌ no events
             ▲ moment   0: start of command
";
        assert_eq!(plain(Axis::Arrival, 46), expected);
        // However narrow it is.
        assert!(plain(Axis::Bytes, 0).lines().skip(1).all(|line| line.chars().count() <= 37));
    }

    /// Terminals show some characters in two columns, and add others to the one before.
    #[test]
    fn labels_are_as_wide_as_a_terminal_shows_them() {
        for (label, width) in [("ab", 2), ("中文", 4), ("🙂", 2), ("e\u{301}", 1), ("👩\u{200d}👩\u{200d}👧", 2)]
        {
            let mut recording = Recording::default();
            let point = |millis| Point { at: Duration::from_millis(millis), offset: 0 };
            recording.note(Subject::Message, Kind::Text, || label.into(), point(0));
            recording.note(Subject::Ping, Kind::Ping, || "ping".into(), point(1000));
            recording.stop_reason = Some((point(1000), label.into()));
            let drawing: String = draw(&recording, Axis::Arrival, 46).into_iter().map(|(_, piece)| piece).collect();
            // The margin is as wide as "stop reason" and two spaces; the end of the axis is in the last of 32 columns.
            let lane = format!("{label}{}█", " ".repeat(13 - width));
            assert!(drawing.lines().any(|line| line == lane), "{drawing}");
            let marker = format!("stop reason  {}{label}, 1.00 s ▲", " ".repeat(31 - width - ", 1.00 s ".len()));
            assert!(drawing.lines().any(|line| line == marker), "{drawing}");
        }
    }

    #[test]
    fn bars_grow_with_the_number_of_events() {
        let bars: String = [1, 2, 50, 99, 100].map(|events| bar(events, 100)).into_iter().collect();
        assert_eq!(bars, "▁▁▄██");
        assert_eq!(bar(1, 1), '█');
    }
}
