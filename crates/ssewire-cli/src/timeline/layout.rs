//! From a recording to columns: where everything stands, whatever it is drawn with. Whole numbers only, no clock.

use core::ops::Range;
use core::time::Duration;

use super::recording::{Kind, Point, Recording, Subject};
use crate::units;

/// What goes from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    /// The time since the beginning of the run.
    Time,
    /// The position in the input: a file does not tell when its bytes came.
    Bytes,
}

/// Where everything stands.
#[derive(Debug)]
pub(super) struct Layout {
    /// What it is about, in a line.
    pub(super) title: String,
    pub(super) lanes: Vec<LaneOf>,
    /// The most events that stand in one column of a lane; at least 1.
    pub(super) busiest: usize,
    pub(super) first_text: Option<Tick>,
    pub(super) gaps: Vec<Gap>,
    pub(super) ticks: Vec<Tick>,
}

/// The events about one subject.
#[derive(Debug)]
pub(super) struct LaneOf {
    pub(super) label: String,
    pub(super) kind: Kind,
    /// How many events there are in each column.
    pub(super) events: Vec<usize>,
    /// From the first event to the last one.
    pub(super) span: Range<usize>,
}

/// A place on the axis.
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
    /// So many blocks have lanes of their own; a picture of thousands would show nothing.
    const MOST_BLOCKS: usize = 40;
    /// A gap is told if it is at least this part of the whole.
    const GAP: u64 = 20;

    /// Ticks are to be so many columns apart that their labels have room.
    pub(super) fn new(recording: &Recording, axis: Axis, columns: usize, apart: usize) -> Self {
        let end = recording.marks.iter().map(|mark| axis.x(mark.point)).max().unwrap_or(0);
        let scale = Scale { end: end.max(1), columns: columns.max(1) };
        let mut blocks = 0_usize;
        let mut lanes = Vec::new();
        for (subject, lane) in &recording.lanes {
            if matches!(subject, Subject::Block(_)) {
                blocks = blocks.saturating_add(1);
                if blocks > Self::MOST_BLOCKS {
                    continue;
                }
            }
            lanes.push((*subject, LaneOf::new(lane.label.clone(), lane.kind, scale.columns)));
        }
        for mark in &recording.marks {
            // They were taken from a map, so they are sorted.
            if let Ok(at) = lanes.binary_search_by_key(&mark.subject, |(subject, _)| *subject) {
                if let Some((_, lane)) = lanes.get_mut(at) {
                    lane.add(scale.column(axis.x(mark.point)));
                }
            }
        }
        let lanes: Vec<_> = lanes.into_iter().map(|(_, lane)| lane).collect();
        Self {
            title: title(recording, axis, blocks.saturating_sub(Self::MOST_BLOCKS)),
            busiest: lanes.iter().flat_map(|lane| &lane.events).copied().max().unwrap_or(0).max(1),
            lanes,
            first_text: recording.first_text.map(|point| Tick {
                column: scale.column(axis.x(point)),
                label: match axis {
                    Axis::Time => units::in_words(point.at),
                    Axis::Bytes => format!("{} B", point.offset),
                },
            }),
            gaps: if axis == Axis::Time { gaps(recording, &scale) } else { Vec::new() },
            ticks: ticks(axis, &scale, apart),
        }
    }
}

impl Axis {
    fn x(self, point: Point) -> u64 {
        match self {
            Self::Time => u64::try_from(point.at.as_micros()).unwrap_or(u64::MAX),
            Self::Bytes => point.offset,
        }
    }
}

impl LaneOf {
    fn new(label: String, kind: Kind, columns: usize) -> Self {
        Self { label, kind, events: vec![0; columns], span: 0..0 }
    }

    fn add(&mut self, column: usize) {
        if let Some(events) = self.events.get_mut(column) {
            *events = events.saturating_add(1);
        }
        let first = if self.span.is_empty() { column } else { self.span.start.min(column) };
        self.span = first..self.span.end.max(column.saturating_add(1));
    }
}

/// From a place on the axis to its column.
struct Scale {
    end: u64,
    columns: usize,
}

impl Scale {
    /// The end of the axis is in the last column.
    fn column(&self, x: u64) -> usize {
        let last = self.columns.saturating_sub(1);
        let column = u128::from(x).saturating_mul(last as u128) / u128::from(self.end.max(1));
        usize::try_from(column).unwrap_or(last).min(last)
    }
}

fn title(recording: &Recording, axis: Axis, blocks_not_drawn: usize) -> String {
    let events = units::count(recording.marks.len(), "event");
    let last = recording.marks.last().map_or(Point { at: Duration::ZERO, offset: 0 }, |mark| mark.point);
    let bytes = units::count(usize::try_from(last.offset).unwrap_or(usize::MAX), "byte");
    let mut title = match axis {
        Axis::Time => format!("{events} and {bytes} in {}", units::in_words(last.at)),
        Axis::Bytes => format!("{events} in {bytes}, by position: a file has no times"),
    };
    if blocks_not_drawn > 0 {
        title.push_str(&format!("; {} not drawn", units::count(blocks_not_drawn, "block")));
    }
    title
}

fn gaps(recording: &Recording, scale: &Scale) -> Vec<Gap> {
    let ends = recording.marks.iter().map(|mark| Axis::Time.x(mark.point));
    let begins = core::iter::once(0).chain(ends.clone());
    let long = begins.zip(ends).filter(|(begin, end)| end.saturating_sub(*begin) >= (scale.end / Layout::GAP).max(1));
    let gaps = long.map(|(begin, end)| Gap {
        // The columns between those of the two events; before the first there is none.
        columns: if begin == 0 { 0 } else { scale.column(begin).saturating_add(1) }..scale.column(end),
        label: units::in_words(Duration::from_micros(end.saturating_sub(begin))),
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

/// The next number that is 1, 2 or 5 with zeros.
fn round_up(number: u64) -> u64 {
    let powers = core::iter::successors(Some(1_u64), |power| power.checked_mul(10));
    let round = powers.flat_map(|power| [1, 2, 5].map(|digit| power.saturating_mul(digit)));
    round.into_iter().find(|round| *round >= number).unwrap_or(u64::MAX)
}

fn place(axis: Axis, x: u64, end: u64) -> String {
    match axis {
        Axis::Bytes => format!("{x} B"),
        Axis::Time if end >= 1_000_000 => format!("{} s", thousandths(x / 1000)),
        Axis::Time => format!("{} ms", thousandths(x)),
    }
}

/// A number of thousandths as a decimal number, without zeros at its end.
fn thousandths(number: u64) -> String {
    let digits = format!("{}.{:03}", number / 1000, number % 1000);
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(millis: u64, offset: u64) -> Point {
        Point { at: Duration::from_millis(millis), offset }
    }

    /// A message event, three pings, a message event.
    fn recording() -> Recording {
        let mut recording = Recording::default();
        recording.note(Subject::Message, Kind::Message, "message".into(), point(500, 100));
        for (millis, offset) in [(600, 130), (620, 160), (1900, 190)] {
            recording.note(Subject::Ping, Kind::Ping, "ping".into(), point(millis, offset));
        }
        recording.note(Subject::Message, Kind::Message, "message".into(), point(2000, 200));
        recording.first_text = Some(point(620, 160));
        recording
    }

    #[test]
    fn events_stand_in_the_column_of_their_time() {
        let layout = Layout::new(&recording(), Axis::Time, 21, 12);
        assert_eq!(layout.title, "5 events and 200 bytes in 2.00 s");
        let [message, ping] = &layout.lanes[..] else { panic!("{layout:?}") };
        assert_eq!((message.label.as_str(), &message.span), ("message", &(5..21)));
        assert_eq!((message.events[5], message.events[20], message.events.iter().sum()), (1, 1, 2));
        assert_eq!((&ping.span, ping.events[6], ping.events[19]), (&(6..20), 2, 1));
        assert_eq!(layout.busiest, 2);
        assert_eq!(layout.first_text, Some(Tick { column: 6, label: "620 ms".into() }));
    }

    #[test]
    fn long_gaps_are_told_and_short_ones_are_not() {
        let gaps = Layout::new(&recording(), Axis::Time, 21, 12).gaps;
        let expected = [(0..5, "500 ms"), (7..19, "1.28 s")];
        assert_eq!(gaps, expected.map(|(columns, label)| Gap { columns, label: label.into() }));
    }

    #[test]
    fn a_file_has_positions_and_no_gaps() {
        let layout = Layout::new(&recording(), Axis::Bytes, 21, 12);
        assert_eq!(layout.title, "5 events in 200 bytes, by position: a file has no times");
        assert_eq!(layout.gaps, []);
        assert_eq!(layout.lanes[0].span, 10..21);
        assert_eq!(layout.first_text, Some(Tick { column: 16, label: "160 B".into() }));
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
            recording.note(Subject::Ping, Kind::Ping, String::new(), point(end_millis, 1));
            let ticks = Layout::new(&recording, Axis::Time, columns, 12).ticks;
            assert_eq!(ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>(), labels);
        }
    }

    #[test]
    fn nothing_and_everything_at_once_have_a_layout() {
        assert_eq!(Layout::new(&Recording::default(), Axis::Time, 0, 12).lanes.len(), 0);
        let mut recording = Recording::default();
        recording.note(Subject::Ping, Kind::Ping, String::new(), point(0, 0));
        recording.note(Subject::Ping, Kind::Ping, String::new(), point(0, u64::MAX));
        assert_eq!(Layout::new(&recording, Axis::Time, 10, 12).busiest, 2);
        assert_eq!(Layout::new(&recording, Axis::Bytes, 10, 12).lanes[0].span, 0..10);
    }
}
