//! A timeline as an SVG picture.

use core::fmt::{self, Display, Formatter};
use core::ops::Range;

use super::layout::{Axis, Gap, Layout, Marker, Row, Tick};
use super::recording::{Kind, Recording};

/// Returns the picture: a complete document without scripts and without references to anything outside of it.
pub(crate) fn draw(recording: &Recording, axis: Axis) -> String {
    Picture(Layout::new(recording, axis, COLUMNS, TICKS_APART)).to_string()
}

// In pixels, if the picture is not scaled.
const WIDTH: usize = 960;
const COLUMN: usize = 2;
const COLUMNS: usize = 360;
const TICKS_APART: usize = 45;
/// The width of a character, roughly.
const CHARACTER: usize = 8;
/// The left end of the columns.
const LEFT: usize = 205;
/// The top of the lanes; above them are the title and the labels of gaps and markers.
const TOP: usize = 92;
const LANE: usize = 28;
const BAR: usize = 20;

struct Picture(Layout);

impl Picture {
    fn bottom(&self) -> usize {
        TOP.saturating_add(self.0.lanes.len().saturating_mul(LANE))
    }

    fn lane(&self, f: &mut Formatter<'_>, lane: &Row, top: usize) -> fmt::Result {
        let class = lane.kind.css_class();
        let base = top.saturating_add(LANE.saturating_sub(4));
        let (label_x, label_y) = (LEFT.saturating_sub(12), base.saturating_sub(5));
        let label = Escaped(&lane.label);
        writeln!(f, r#"<text class="ink" x="{label_x}" y="{label_y}" text-anchor="end">{label}</text>"#)?;
        if lane.kind.is_block() {
            let (x, width) = (x(lane.span.start), lane.span.len().saturating_mul(COLUMN));
            let y = base.saturating_sub(BAR);
            writeln!(
                f,
                r#"<rect class="{class} solid" x="{x}" y="{y}" width="{width}" height="{BAR}" rx="2" fill-opacity="0.15"/>"#
            )?;
        }
        // One path a lane: thousands of elements would be slow to show.
        write!(f, r#"<path class="{class} solid" d=""#)?;
        for (column, events) in lane.events.iter().enumerate().filter(|(_, events)| **events > 0) {
            let height = events.saturating_mul(BAR).div_ceil(self.0.busiest);
            write!(f, "M{} {base}v-{height}h{COLUMN}v{height}z", x(column))?;
        }
        writeln!(f, r#""/>"#)
    }

    fn tick(&self, f: &mut Formatter<'_>, tick: &Tick) -> fmt::Result {
        let (x, bottom) = (x(tick.column), self.bottom());
        let label_y = bottom.saturating_add(18);
        writeln!(f, r#"<path class="grid" d="M{x} {TOP}V{bottom}"/>"#)?;
        writeln!(f, r#"<text class="muted" x="{x}" y="{label_y}" text-anchor="middle">{}</text>"#, Escaped(&tick.label))
    }

    fn gap(&self, f: &mut Formatter<'_>, gap: &Gap) -> fmt::Result {
        let Range { start, end } = gap.columns;
        let (left, width) = (x(start), end.saturating_sub(start).saturating_mul(COLUMN));
        let (height, middle) = (self.bottom().saturating_sub(TOP), left.saturating_add(width / 2));
        writeln!(f, r#"<rect class="gap" x="{left}" y="{TOP}" width="{width}" height="{height}"/>"#)?;
        let y = TOP.saturating_sub(6);
        let label = format!("gap {}", gap.label);
        if label.len().saturating_mul(CHARACTER) > width {
            return Ok(());
        }
        writeln!(f, r#"<text class="gap-label" x="{middle}" y="{y}" text-anchor="middle">{}</text>"#, Escaped(&label))
    }

    /// A line through all lanes. The label of each marker has a line of its own.
    fn marker(&self, f: &mut Formatter<'_>, marker: &Marker, row: usize) -> fmt::Result {
        let class = marker.kind.css_class();
        let y = TOP.saturating_sub(24).saturating_sub(row.saturating_mul(16));
        let (x, bottom, top) = (x(marker.column), self.bottom(), y.saturating_sub(10));
        writeln!(f, r#"<path class="{class} line" stroke-dasharray="4 3" d="M{x} {top}V{bottom}"/>"#)?;
        // On the side where there is more room.
        let is_left = marker.column < COLUMNS / 2;
        let (x, anchor) = if is_left { (x.saturating_add(5), "start") } else { (x.saturating_sub(5), "end") };
        let label = Escaped(&marker.label);
        writeln!(
            f,
            r#"<text class="{class} solid" x="{x}" y="{y}" text-anchor="{anchor}">{}: {label}</text>"#,
            marker.name
        )
    }

    fn legend(&self) -> String {
        let layout = &self.0;
        let mut legend = match layout.busiest {
            1 => "bar: an event".to_owned(),
            busiest => format!("height of a bar: 1 to {busiest} events"),
        };
        if layout.lanes.iter().any(|lane| lane.kind.is_block()) {
            legend.push_str(" · tinted: the block is open");
        }
        if !layout.gaps.is_empty() {
            legend.push_str(" · orange: no events");
        }
        if let Some(origin) = layout.origin {
            legend.push_str(&format!(" · {origin}"));
        }
        legend
    }
}

/// Colours for light and dark surroundings.
const STYLE: &str = "<style>
.surface{fill:#ffffff}.ink{fill:#222222}.muted{fill:#666666}.grid{stroke:#d8d8d8}.axis{stroke:#888888}
.gap{fill:#fff3e0}.gap-label{fill:#b45f06}
.message{color:#444444}.text{color:#2e7d32}.thinking{color:#7a6a9a}.tool{color:#00798c}.block{color:#1565c0}
.ping{color:#b8860b}.other{color:#8e24aa}.error{color:#c62828}
.solid{fill:currentColor}.line{fill:none;stroke:currentColor}
@media (prefers-color-scheme:dark){
.surface{fill:#16181c}.ink{fill:#e6e6e6}.muted{fill:#a0a4aa}.grid{stroke:#33373d}.axis{stroke:#777c84}
.gap{fill:#3a2a14}.gap-label{fill:#f0a95a}
.message{color:#c8ccd2}.text{color:#7cc47f}.thinking{color:#b8a8d8}.tool{color:#4fc3d5}.block{color:#7fb5f0}
.ping{color:#e0b84c}.other{color:#d58ae6}.error{color:#ff8a80}
}
</style>
";

impl Display for Picture {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let layout = &self.0;
        let bottom = self.bottom();
        let (legend_y, height) = (bottom.saturating_add(42), bottom.saturating_add(56));
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">"#
        )?;
        let title = Escaped(&layout.title);
        writeln!(f, "<title>{title}</title>")?;
        f.write_str(STYLE)?;
        writeln!(f, r#"<rect class="surface" width="100%" height="100%"/>"#)?;
        writeln!(f, r#"<text class="ink" x="16" y="26" font-size="15" font-weight="bold">{title}</text>"#)?;
        // From back to front.
        layout.gaps.iter().try_for_each(|gap| self.gap(f, gap))?;
        layout.ticks.iter().try_for_each(|tick| self.tick(f, tick))?;
        for (row, lane) in layout.lanes.iter().enumerate() {
            self.lane(f, lane, TOP.saturating_add(row.saturating_mul(LANE)))?;
        }
        writeln!(f, r#"<path class="axis" d="M{LEFT} {bottom}H{}"/>"#, x(COLUMNS))?;
        for (row, marker) in layout.markers.iter().enumerate() {
            self.marker(f, marker, row)?;
        }
        writeln!(f, r#"<text class="muted" x="{LEFT}" y="{legend_y}">{}</text>"#, Escaped(&self.legend()))?;
        writeln!(f, "</svg>")
    }
}

impl Kind {
    fn css_class(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Text => "text",
            Self::Thinking => "thinking",
            Self::Tool => "tool",
            Self::Block => "block",
            Self::Ping => "ping",
            Self::Other => "other",
            Self::Error => "error",
        }
    }
}

fn x(column: usize) -> usize {
    LEFT.saturating_add(column.saturating_mul(COLUMN))
}

/// Text with what XML reserves escaped.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            // XML has no escape for these.
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
            recording.note(Subject::Other, Kind::Tool, || label.into(), point);
        }
        recording
    }

    #[test]
    fn words_of_the_server_stay_in_their_element() {
        let picture = draw(&recording("</text><script>\"&\u{1}\u{FFFE}"), Axis::Arrival);
        assert!(picture.contains(">&lt;/text&gt;&lt;script&gt;&quot;&amp;\u{FFFD}\u{FFFD}</text>"), "{picture}");
    }

    #[test]
    fn events_gaps_and_ticks_are_where_the_layout_says() {
        let picture = draw(&recording("tool"), Axis::Arrival);
        // 1 s and 2 s of 2 s: columns 179 and 359 of 360.
        assert!(picture.contains("M563 116v-20h2v20zM923 116v-20h2v20z"), "{picture}");
        assert!(picture.contains(r#"<rect class="gap" x="205" y="92" width="358""#), "{picture}");
        assert!(picture.contains(">2 s</text>"), "{picture}");
        assert!(picture.contains(" · orange: no events · 0: start of command</text>"), "{picture}");
        assert!(!draw(&recording("tool"), Axis::Bytes).contains(r#"class="gap""#));
    }
}
