//! `--stats`: counts and times. It reads no clock: the caller passes the time of everything.

use alloc::collections::{BTreeMap, VecDeque};
use core::time::Duration;

use ssewire_messages::ViolationKind;

use crate::input::{Chunk, Times};
use crate::units::{self, to_u64};

/// The counts and times of a run. Times are since its start, or since that of the recording.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    /// Those that were decoded.
    bytes: u64,
    events: u64,
    times: Times,
    first_byte: Option<Duration>,
    first_text: Option<Duration>,
    last_event: Option<Duration>,
    /// The last gaps between events: an endless stream must not fill the memory.
    gaps: VecDeque<Duration>,
    output_tokens: Option<u64>,
    violations: BTreeMap<ViolationKind, u64>,
}

impl Stats {
    /// 16 bytes each.
    const GAPS: usize = 1 << 18;

    pub(crate) fn chunk(&mut self, chunk: Chunk<'_>) {
        self.bytes = self.bytes.saturating_add(to_u64(chunk.bytes.len()));
        // Chunks before the first time of a recording have the times of another clock.
        if self.times != chunk.times {
            (self.first_byte, self.first_text, self.last_event) = (None, None, None);
            self.gaps.clear();
            self.times = chunk.times;
        }
        self.first_byte.get_or_insert(chunk.at);
    }

    /// These bytes at the end of the last chunk are not decoded.
    pub(crate) fn unread(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(to_u64(bytes));
    }

    pub(crate) fn event(&mut self, at: Duration) {
        self.events = self.events.saturating_add(1);
        if let Some(last) = self.last_event.replace(at) {
            if self.gaps.len() == Self::GAPS {
                self.gaps.pop_front();
            }
            self.gaps.push_back(at.saturating_sub(last));
        }
    }

    pub(crate) fn text(&mut self, at: Duration) {
        self.first_text.get_or_insert(at);
    }

    /// Adds the output tokens of a message.
    pub(crate) fn output_tokens(&mut self, tokens: Option<u64>) {
        if let Some(tokens) = tokens {
            self.output_tokens = Some(self.output_tokens.unwrap_or(0).saturating_add(tokens));
        }
    }

    /// Adds violations of a kind.
    pub(crate) fn violations(&mut self, kind: ViolationKind, number: u64) {
        let total = self.violations.entry(kind).or_default();
        *total = total.saturating_add(number);
    }

    /// Everything as an aligned table of a line each, with times if they mean something.
    pub(crate) fn table(&self) -> String {
        let has_times = self.times != Times::None;
        let when = |at: Option<Duration>| at.filter(|_| has_times).map(units::time);
        let mut gaps: Vec<_> = self.gaps.iter().copied().collect();
        gaps.sort_unstable();
        let count = |count: u64| Some((count.to_string(), ""));
        let names: Vec<_> =
            self.violations.iter().map(|(kind, number)| (format!("violation: {kind}"), *number)).collect();
        let mut rows = vec![
            ("events", count(self.events)),
            ("bytes", count(self.bytes)),
            ("time to first byte", when(self.first_byte)),
            ("time to first text", when(self.first_text)),
            ("output tokens", self.output_tokens.and_then(count)),
            ("tokens per second", self.tokens_per_second().filter(|_| has_times).map(|number| (number, ""))),
            ("gap p50", when(percentile(&gaps, 50))),
            ("gap p99", when(percentile(&gaps, 99))),
        ];
        rows.extend(names.iter().map(|(name, number)| (name.as_str(), count(*number))));
        aligned(&rows)
    }

    /// Between the first byte and the last event: the time before the first byte says nothing about speed.
    fn tokens_per_second(&self) -> Option<String> {
        let time = self.last_event?.checked_sub(self.first_byte?)?;
        let tenths = u128::from(self.output_tokens?).checked_mul(10_000_000)?.checked_div(time.as_micros())?;
        Some(format!("{}.{}", tenths / 10, tenths % 10))
    }
}

/// Returns the smallest duration that is not less than this percentage of them.
fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// Names on the left, numbers on the right, then their units. Rows without a value are left out.
fn aligned(rows: &[(&str, Option<(String, &str)>)]) -> String {
    let known: Vec<_> = rows.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).collect();
    let names = known.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let numbers = known.iter().map(|(_, (number, _))| number.len()).max().unwrap_or(0);
    let lines = known.iter().map(|(name, (number, unit))| {
        let line = format!("{name:names$}  {number:>numbers$} {unit}");
        format!("{}\n", line.trim_end())
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn chunk(len: usize, at: u64, times: Times) -> Chunk<'static> {
        Chunk { bytes: &[0; 2000][..len], at: millis(at), times }
    }

    #[test]
    fn a_live_stream_has_times() {
        let mut stats = Stats::default();
        for (at, len) in [(250, 1000), (1250, 500), (1320, 300), (2250, 5)] {
            stats.chunk(chunk(len, at, Times::Arrival));
            stats.event(millis(at));
        }
        stats.text(millis(1250));
        stats.text(millis(1320));
        stats.output_tokens(Some(241));
        let expected = "\
events                  4
bytes                1805
time to first byte    250 ms
time to first text   1.25 s
output tokens         241
tokens per second   120.5
gap p50               930 ms
gap p99              1.00 s
";
        assert_eq!(stats.table(), expected);
    }

    #[test]
    fn a_file_has_no_times_in_its_table() {
        let mut stats = Stats::default();
        stats.chunk(chunk(1805, 0, Times::None));
        stats.event(millis(1));
        stats.event(millis(2));
        stats.text(millis(2));
        stats.output_tokens(Some(7));
        assert_eq!(stats.table(), "events            2\nbytes          1805\noutput tokens     7\n");
    }

    #[test]
    fn unknown_values_are_left_out() {
        assert_eq!(Stats::default().table(), "events  0\nbytes   0\n");
        // Events that arrive together have no rate.
        let mut stats = Stats::default();
        stats.chunk(chunk(9, 3, Times::Arrival));
        stats.event(millis(3));
        stats.output_tokens(Some(5));
        assert_eq!(
            stats.table(),
            "events                1\nbytes                 9\ntime to first byte  3.0 ms\noutput tokens         5\n"
        );
    }

    #[test]
    fn percentiles_are_gaps_that_occurred() {
        let gaps: Vec<_> = (1..=200).map(millis).collect();
        assert_eq!(percentile(&gaps, 50), Some(millis(100)));
        assert_eq!(percentile(&gaps, 99), Some(millis(198)));
        assert_eq!(percentile(&gaps[..1], 50), Some(millis(1)));
        assert_eq!(percentile(&gaps[..1], 99), Some(millis(1)));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn an_endless_stream_does_not_fill_the_memory() {
        let mut stats = Stats::default();
        for event in 0..=u64::try_from(Stats::GAPS).unwrap() + 1 {
            stats.event(millis(event));
        }
        assert_eq!(stats.gaps.len(), Stats::GAPS);
    }
}
