//! A timeline as an SVG picture.

use core::fmt::{self, Display, Formatter};
use core::ops::Range;

use super::layout::{Axis, Gap, LaneOf, Layout, Tick};
use super::recording::{Kind, Recording};

/// The picture: a whole document, without scripts and without anything from elsewhere.
pub(crate) fn draw(recording: &Recording, axis: Axis) -> String {
    Picture(Layout::new(recording, axis, COLUMNS, TICKS_APART)).to_string()
}

// In pixels, if the picture is not scaled.
const WIDTH: usize = 960;
const COLUMN: usize = 2;
const COLUMNS: usize = 360;
const TICKS_APART: usize = 45;
/// About as wide is a character.
const CHARACTER: usize = 8;
/// Where the columns begin.
const LEFT: usize = 205;
/// Where the lanes begin; above them are the title, and the labels of what goes through all of them.
const TOP: usize = 72;
const LANE: usize = 28;
const BAR: usize = 20;

struct Picture(Layout);

impl Picture {
    fn bottom(&self) -> usize {
        TOP.saturating_add(self.0.lanes.len().saturating_mul(LANE))
    }

    fn lane(&self, f: &mut Formatter<'_>, lane: &LaneOf, top: usize) -> fmt::Result {
        let colour = lane.kind.colour();
        let base = top.saturating_add(LANE.saturating_sub(4));
        let (label_x, label_y) = (LEFT.saturating_sub(12), base.saturating_sub(5));
        writeln!(f, r#"<text x="{label_x}" y="{label_y}" text-anchor="end">{}</text>"#, Escaped(&lane.label))?;
        if lane.kind.is_block() {
            let (x, width) = (x(lane.span.start), lane.span.len().saturating_mul(COLUMN));
            let y = base.saturating_sub(BAR);
            writeln!(
                f,
                r#"<rect x="{x}" y="{y}" width="{width}" height="{BAR}" rx="2" fill="{colour}" fill-opacity="0.15"/>"#
            )?;
        }
        // One path a lane: thousands of elements would be slow to show.
        write!(f, r#"<path fill="{colour}" d=""#)?;
        for (column, events) in lane.events.iter().enumerate().filter(|(_, events)| **events > 0) {
            let height = events.saturating_mul(BAR).div_ceil(self.0.busiest);
            write!(f, "M{} {base}v-{height}h{COLUMN}v{height}z", x(column))?;
        }
        writeln!(f, r#""/>"#)
    }

    fn tick(&self, f: &mut Formatter<'_>, tick: &Tick) -> fmt::Result {
        let (x, bottom) = (x(tick.column), self.bottom());
        let label_y = bottom.saturating_add(18);
        writeln!(f, r##"<path stroke="#d8d8d8" d="M{x} {TOP}V{bottom}"/>"##)?;
        writeln!(
            f,
            r##"<text x="{x}" y="{label_y}" text-anchor="middle" fill="#666666">{}</text>"##,
            Escaped(&tick.label)
        )
    }

    fn gap(&self, f: &mut Formatter<'_>, gap: &Gap) -> fmt::Result {
        let Range { start, end } = gap.columns;
        let (left, width) = (x(start), end.saturating_sub(start).saturating_mul(COLUMN));
        let (height, middle) = (self.bottom().saturating_sub(TOP), left.saturating_add(width / 2));
        writeln!(f, r##"<rect x="{left}" y="{TOP}" width="{width}" height="{height}" fill="#fff3e0"/>"##)?;
        let y = TOP.saturating_sub(6);
        let label = format!("gap {}", gap.label);
        if label.len().saturating_mul(CHARACTER) > width {
            return Ok(());
        }
        writeln!(f, r##"<text x="{middle}" y="{y}" text-anchor="middle" fill="#b45f06">{}</text>"##, Escaped(&label))
    }

    fn first_text(&self, f: &mut Formatter<'_>, tick: &Tick) -> fmt::Result {
        let colour = Kind::Text.colour();
        let (x, bottom, top) = (x(tick.column), self.bottom(), TOP.saturating_sub(22));
        writeln!(f, r#"<path stroke="{colour}" stroke-dasharray="4 3" d="M{x} {top}V{bottom}"/>"#)?;
        // To the side where there is more room.
        let is_left = tick.column < COLUMNS / 2;
        let (x, anchor) = if is_left { (x.saturating_add(5), "start") } else { (x.saturating_sub(5), "end") };
        let y = top.saturating_add(9);
        writeln!(
            f,
            r#"<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">first text: {}</text>"#,
            Escaped(&tick.label)
        )
    }
}

impl Display for Picture {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let layout = &self.0;
        let bottom = self.bottom();
        let height = bottom.saturating_add(34);
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">"#
        )?;
        let title = Escaped(&layout.title);
        writeln!(f, "<title>{title}</title>")?;
        writeln!(f, r##"<rect width="100%" height="100%" fill="#ffffff"/>"##)?;
        writeln!(f, r#"<text x="16" y="26" font-size="15" font-weight="bold">{title}</text>"#)?;
        // From back to front.
        layout.gaps.iter().try_for_each(|gap| self.gap(f, gap))?;
        layout.ticks.iter().try_for_each(|tick| self.tick(f, tick))?;
        for (row, lane) in layout.lanes.iter().enumerate() {
            self.lane(f, lane, TOP.saturating_add(row.saturating_mul(LANE)))?;
        }
        writeln!(f, r##"<path stroke="#888888" d="M{LEFT} {bottom}H{}"/>"##, x(COLUMNS))?;
        if let Some(tick) = &layout.first_text {
            self.first_text(f, tick)?;
        }
        writeln!(f, "</svg>")
    }
}

impl Kind {
    fn colour(self) -> &'static str {
        match self {
            Self::Message => "#444444",
            Self::Text => "#2e7d32",
            Self::Thinking => "#7a6a9a",
            Self::Tool => "#00798c",
            Self::Block => "#1565c0",
            Self::Ping => "#b8860b",
            Self::Other => "#8e24aa",
            Self::Error => "#c62828",
        }
    }
}

fn x(column: usize) -> usize {
    LEFT.saturating_add(column.saturating_mul(COLUMN))
}

/// Text as XML has it.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            // What XML cannot carry, escaped or not.
            '\u{FFFE}' | '\u{FFFF}' => f.write_str("\u{FFFD}"),
            c if c.is_control() => f.write_str("\u{FFFD}"),
            c => write!(f, "{c}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::super::recording::{Point, Subject};
    use super::*;

    fn recording(label: &str) -> Recording {
        let mut recording = Recording::default();
        for millis in [1000, 2000] {
            let point = Point { at: Duration::from_millis(millis), offset: millis };
            recording.note(Subject::Other, Kind::Tool, label.into(), point);
        }
        recording
    }

    #[test]
    fn the_servers_words_do_not_leave_their_element() {
        let picture = draw(&recording("</text><script>\"&\u{1}\u{FFFE}"), Axis::Time);
        assert!(picture.contains(">&lt;/text&gt;&lt;script&gt;&quot;&amp;\u{FFFD}\u{FFFD}</text>"), "{picture}");
    }

    #[test]
    fn events_gaps_and_ticks_stand_where_the_layout_says() {
        let picture = draw(&recording("tool"), Axis::Time);
        // 1 s and 2 s of 2 s: columns 179 and 359 of 360.
        assert!(picture.contains("M563 96v-20h2v20zM923 96v-20h2v20z"), "{picture}");
        assert!(picture.contains(r#"<rect x="205" y="72" width="358""#), "{picture}");
        assert!(picture.contains(">2 s</text>"), "{picture}");
        assert!(!draw(&recording("tool"), Axis::Bytes).contains("#fff3e0"));
    }
}
