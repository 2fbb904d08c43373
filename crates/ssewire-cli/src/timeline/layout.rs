//! Assigns the events of a recording to columns, for every kind of drawing. Whole numbers only, no clock.

use core::ops::Range;
use core::time::Duration;

use super::histogram::Histogram;
use super::recording::{Kind, Lane, Point, Recording, micros};
use crate::units;

/// The quantity from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    /// The time since the start of the run.
    Arrival,
    /// The time since the start of the recording.
    Recorded,
    /// The position in the input, if it has no times.
    Bytes,
}

/// The columns of everything.
#[derive(Debug)]
pub(super) struct Layout {
    /// A summary, in a line.
    pub(super) title: String,
    pub(super) lanes: Vec<Row>,
    /// The most events in one column of a lane; at least 1.
    pub(super) busiest: usize,
    pub(super) markers: Vec<Marker>,
    pub(super) gaps: Vec<Gap>,
    pub(super) ticks: Vec<Tick>,
    /// The meaning of 0 on an axis of times, for the legend.
    pub(super) origin: Option<&'static str>,
}

/// The events of a lane.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) kind: Kind,
    /// Number of events in each column.
    pub(super) events: Vec<usize>,
    /// From the first event to the last one.
    pub(super) span: Range<usize>,
}

/// A moment of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Marker {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) column: usize,
    pub(super) label: String,
}

/// A position on the axis.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tick {
    pub(super) column: usize,
    pub(super) label: String,
}

/// A long time without an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) columns: Range<usize>,
    pub(super) label: String,
}

impl Layout {
    /// A gap is drawn if it is at least this part of the whole.
    const GAP: u64 = 20;

    /// Ticks are at least `apart` columns apart, so that their labels have room.
    pub(super) fn new(recording: &Recording, axis: Axis, columns: usize, apart: usize) -> Self {
        let end = recording.last.map_or(0, |point| axis.position(point));
        let scale = Scale { end: end.max(1), columns: columns.max(1) };
        let lanes: Vec<_> = recording.lanes.values().map(|lane| Row::new(lane, axis, &scale)).collect();
        let marker = |name, kind, point, label: &str| Marker {
            name,
            kind,
            column: scale.column(axis.position(point)),
            label: match (label, axis) {
                ("", Axis::Bytes) => format!("{} B", point.offset),
                ("", _) => units::in_words(point.at),
                (label, Axis::Bytes) => label.to_owned(),
                (label, _) => format!("{label}, {}", units::in_words(point.at)),
            },
        };
        let first_text = recording.first_text.map(|point| marker("first text", Kind::Text, point, ""));
        let stop = recording.stop_reason.as_ref();
        let stop = stop.map(|(point, reason)| marker("stop reason", Kind::Message, *point, reason));
        Self {
            title: title(recording, axis),
            busiest: lanes.iter().flat_map(|lane| &lane.events).copied().max().unwrap_or(0).max(1),
            lanes,
            markers: first_text.into_iter().chain(stop).collect(),
            gaps: if axis == Axis::Bytes { Vec::new() } else { gaps(recording, &scale) },
            ticks: ticks(axis, &scale, apart),
            origin: match axis {
                Axis::Arrival => Some("0: start of command"),
                Axis::Recorded => Some("0: start of recording"),
                Axis::Bytes => None,
            },
        }
    }
}

impl Axis {
    /// In microseconds or bytes.
    fn position(self, point: Point) -> u64 {
        match self {
            Self::Arrival | Self::Recorded => micros(point.at),
            Self::Bytes => point.offset,
        }
    }

    fn histogram(self, lane: &Lane) -> &Histogram {
        match self {
            Self::Arrival | Self::Recorded => &lane.times,
            Self::Bytes => &lane.offsets,
        }
    }
}

impl Row {
    fn new(lane: &Lane, axis: Axis, scale: &Scale) -> Self {
        let histogram = axis.histogram(lane);
        let mut events = vec![0_usize; scale.columns];
        for (position, count) in histogram.counts() {
            if let Some(events) = events.get_mut(scale.column(position)) {
                *events = events.saturating_add(count);
            }
        }
        let (first, last) = histogram.ends();
        let span = scale.column(first)..scale.column(last).saturating_add(1);
        Self { label: lane.label.clone(), kind: lane.kind, events, span }
    }
}

/// Maps positions on the axis to columns.
struct Scale {
    end: u64,
    columns: usize,
}

impl Scale {
    /// Returns the column of a position. The end of the axis is in the last column.
    fn column(&self, x: u64) -> usize {
        let last = self.columns.saturating_sub(1);
        let column = u128::from(x).saturating_mul(last as u128) / u128::from(self.end.max(1));
        usize::try_from(column).unwrap_or(last).min(last)
    }
}

fn title(recording: &Recording, axis: Axis) -> String {
    let events = units::count(recording.events, "event");
    let last = recording.last.unwrap_or(Point { at: Duration::ZERO, offset: 0 });
    let bytes = units::count(last.offset, "byte");
    let time = units::in_words(last.at);
    let mut title = match axis {
        Axis::Arrival => format!("{events} and {bytes} in {time}"),
        Axis::Recorded => format!("{events} and {bytes} in {time}, as recorded"),
        Axis::Bytes => format!("{events} in {bytes}, by position: the file has no times"),
    };
    if recording.more_blocks > 0 {
        title.push_str(&format!("; {} in one lane", units::count(units::to_u64(recording.more_blocks), "more block")));
    }
    title
}

fn gaps(recording: &Recording, scale: &Scale) -> Vec<Gap> {
    let mut gaps: Vec<_> = recording.gaps.iter().map(|(start, end)| (micros(*start), micros(*end))).collect();
    gaps.sort_unstable();
    let long = gaps.into_iter().filter(|(start, end)| end.saturating_sub(*start) >= (scale.end / Layout::GAP).max(1));
    let begins_with_event = recording.lanes.values().any(|lane| lane.times.ends().0 == 0);
    let gaps = long.map(|(start, end)| Gap {
        // The columns between those of the two events. At the start of the axis need not be an event.
        columns: if start == 0 && !begins_with_event { 0 } else { scale.column(start).saturating_add(1) }
            ..scale.column(end),
        label: units::in_words(Duration::from_micros(end.saturating_sub(start))),
    });
    gaps.filter(|gap| !gap.columns.is_empty()).collect()
}

/// Ticks at round numbers.
fn ticks(axis: Axis, scale: &Scale, apart: usize) -> Vec<Tick> {
    let most = u64::try_from(scale.columns / apart.max(1)).unwrap_or(u64::MAX).max(1);
    let step = round_up(scale.end.div_ceil(most));
    let places = core::iter::successors(Some(0_u64), |x| x.checked_add(step)).take_while(|x| *x <= scale.end);
    places.map(|x| Tick { column: scale.column(x), label: place(axis, x, scale.end) }).collect()
}

/// Returns the next number that is 1, 2 or 5 with zeros.
fn round_up(number: u64) -> u64 {
    let powers = core::iter::successors(Some(1_u64), |power| power.checked_mul(10));
    let round = powers.flat_map(|power| [1, 2, 5].map(|digit| power.saturating_mul(digit)));
    round.into_iter().find(|round| *round >= number).unwrap_or(u64::MAX)
}

fn place(axis: Axis, x: u64, end: u64) -> String {
    match axis {
        Axis::Bytes => format!("{x} B"),
        _ if end >= 1_000_000 => format!("{} s", thousandths(x / 1000)),
        _ => format!("{} ms", thousandths(x)),
    }
}

/// Returns a number of thousandths as a decimal number, without zeros at its end.
fn thousandths(number: u64) -> String {
    let digits = format!("{}.{:03}", number / 1000, number % 1000);
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::recording::Subject;
    use super::*;

    fn point(millis: u64, offset: u64) -> Point {
        Point { at: Duration::from_millis(millis), offset }
    }

    /// A message event, three pings, a message event.
    fn recording() -> Recording {
        let mut recording = Recording::default();
        recording.note(Subject::Message, Kind::Message, || "message".into(), point(500, 100));
        for (millis, offset) in [(600, 130), (620, 160), (1900, 190)] {
            recording.note(Subject::Ping, Kind::Ping, || "ping".into(), point(millis, offset));
        }
        recording.note(Subject::Message, Kind::Message, || "message".into(), point(2000, 200));
        recording.first_text = Some(point(620, 160));
        recording.stop_reason = Some((point(2000, 200), "end_turn".into()));
        recording
    }

    fn marker(name: &'static str, kind: Kind, column: usize, label: &str) -> Marker {
        Marker { name, kind, column, label: label.into() }
    }

    #[test]
    fn events_are_in_the_column_of_their_time() {
        let layout = Layout::new(&recording(), Axis::Arrival, 21, 12);
        assert_eq!(layout.title, "5 events and 200 bytes in 2.00 s");
        let [message, ping] = &layout.lanes[..] else { panic!("{layout:?}") };
        assert_eq!((message.label.as_str(), &message.span), ("message", &(5..21)));
        assert_eq!((message.events[5], message.events[20], message.events.iter().sum()), (1, 1, 2));
        assert_eq!((&ping.span, ping.events[6], ping.events[19]), (&(6..20), 2, 1));
        assert_eq!(layout.busiest, 2);
        assert_eq!(
            layout.markers,
            [
                marker("first text", Kind::Text, 6, "620 ms"),
                marker("stop reason", Kind::Message, 20, "end_turn, 2.00 s")
            ]
        );
    }

    #[test]
    fn long_gaps_are_drawn_and_short_ones_are_not() {
        let gaps = Layout::new(&recording(), Axis::Arrival, 21, 12).gaps;
        let expected = [(0..5, "500 ms"), (7..19, "1.28 s")];
        assert_eq!(gaps, expected.map(|(columns, label)| Gap { columns, label: label.into() }));
    }

    /// Regression: the gap covered the column of an event at the start of the axis.
    #[test]
    fn a_gap_after_an_event_at_the_start_begins_in_the_next_column() {
        let mut recording = Recording::default();
        for millis in [0, 800, 1000] {
            recording.note(Subject::Ping, Kind::Ping, || "ping".into(), point(millis, millis));
        }
        let gaps = Layout::new(&recording, Axis::Recorded, 11, 12).gaps;
        let expected = [(1..8, "800 ms"), (9..10, "200 ms")];
        assert_eq!(gaps, expected.map(|(columns, label)| Gap { columns, label: label.into() }));
    }

    #[test]
    fn a_file_has_positions_and_no_gaps() {
        let layout = Layout::new(&recording(), Axis::Bytes, 21, 12);
        assert_eq!(layout.title, "5 events in 200 bytes, by position: the file has no times");
        assert_eq!(layout.gaps, []);
        assert_eq!(layout.lanes[0].span, 10..21);
        assert_eq!(
            layout.markers,
            [marker("first text", Kind::Text, 16, "160 B"), marker("stop reason", Kind::Message, 20, "end_turn")]
        );
        assert_eq!(layout.ticks, [Tick { column: 0, label: "0 B".into() }, Tick { column: 20, label: "200 B".into() }]);
    }

    #[test]
    fn ticks_are_round() {
        for (columns, end_millis, labels) in [
            (60, 2000, &["0 s", "0.5 s", "1 s", "1.5 s", "2 s"][..]),
            (60, 930, &["0 ms", "200 ms", "400 ms", "600 ms", "800 ms"]),
            (12, 1, &["0 ms", "1 ms"]),
            (60, 61_000, &["0 s", "20 s", "40 s", "60 s"]),
        ] {
            let mut recording = Recording::default();
            recording.note(Subject::Ping, Kind::Ping, String::new, point(end_millis, 1));
            let ticks = Layout::new(&recording, Axis::Arrival, columns, 12).ticks;
            assert_eq!(ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>(), labels);
        }
    }

    #[test]
    fn nothing_and_everything_at_once_have_a_layout() {
        assert_eq!(Layout::new(&Recording::default(), Axis::Arrival, 0, 12).lanes.len(), 0);
        let mut recording = Recording::default();
        recording.note(Subject::Ping, Kind::Ping, String::new, point(0, 0));
        recording.note(Subject::Ping, Kind::Ping, String::new, point(0, u64::MAX));
        assert_eq!(Layout::new(&recording, Axis::Arrival, 10, 12).busiest, 2);
        assert_eq!(Layout::new(&recording, Axis::Bytes, 10, 12).lanes[0].span, 0..10);
    }
}
