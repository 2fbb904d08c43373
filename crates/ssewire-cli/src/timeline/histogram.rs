//! Counts events along an axis whose end is not known, in bounded memory.

/// Counts at positions. Positions are exact up to [`Histogram::BINS`], and then to a part in half as many.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    bins: Vec<u32>,
    /// The width of a bin is 2 to the power of this.
    width_log2: u32,
    first: u64,
    last: u64,
}

impl Histogram {
    /// More than the columns of any drawing.
    const BINS: usize = 2048;

    pub(super) fn add(&mut self, position: u64) {
        if self.bins.is_empty() {
            self.first = position;
        }
        self.first = self.first.min(position);
        self.last = self.last.max(position);
        while self.bin(position) >= Self::BINS {
            let halves = self.bins.chunks(2).map(|pair| pair.iter().fold(0_u32, |sum, bin| sum.saturating_add(*bin)));
            self.bins = halves.collect();
            self.width_log2 = self.width_log2.saturating_add(1);
        }
        let bin = self.bin(position);
        if bin >= self.bins.len() {
            self.bins.resize(bin.saturating_add(1), 0);
        }
        if let Some(count) = self.bins.get_mut(bin) {
            *count = count.saturating_add(1);
        }
    }

    /// Returns the positions with their counts. The first and the last one are exact, others are the middle of a bin.
    pub(super) fn counts(&self) -> impl Iterator<Item = (u64, usize)> + '_ {
        let bins = (0_u64..).zip(&self.bins).filter(|(_, count)| **count > 0);
        bins.map(|(bin, count)| {
            let start = bin.checked_shl(self.width_log2).unwrap_or(u64::MAX);
            let middle = start.saturating_add(1_u64.checked_shl(self.width_log2).unwrap_or(u64::MAX) / 2);
            let index = usize::try_from(bin).unwrap_or(usize::MAX);
            let position = match index {
                index if index == self.bin(self.last) => self.last,
                index if index == self.bin(self.first) => self.first,
                _ => middle,
            };
            (position, usize::try_from(*count).unwrap_or(usize::MAX))
        })
    }

    /// Returns the first and the last position.
    pub(super) fn ends(&self) -> (u64, u64) {
        (self.first, self.last)
    }

    fn bin(&self, position: u64) -> usize {
        usize::try_from(position.checked_shr(self.width_log2).unwrap_or(0)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_kept_to_a_thousandth() {
        let mut histogram = Histogram::default();
        for position in (0..1_000_000_u64).step_by(1000) {
            histogram.add(position);
        }
        assert_eq!(histogram.ends(), (0, 999_000));
        assert_eq!(histogram.counts().map(|(_, count)| count).sum::<usize>(), 1000);
        let nearest = |position: u64| histogram.counts().map(|(at, _)| at.abs_diff(position)).min().unwrap();
        assert!((0..1_000_000).step_by(1000).all(|position| nearest(position) <= 1000));
        assert_eq!(histogram.counts().last(), Some((999_000, 1)));
    }

    #[test]
    fn any_number_of_events_needs_the_same_memory() {
        let mut histogram = Histogram::default();
        for position in [0, 1, 2047, 2048, u64::MAX / 2, u64::MAX, u64::MAX] {
            histogram.add(position);
            assert!(histogram.bins.len() <= Histogram::BINS);
        }
        assert_eq!(histogram.counts().map(|(_, count)| count).sum::<usize>(), 7);
        assert_eq!(histogram.counts().last(), Some((u64::MAX, 2)));
    }
}
