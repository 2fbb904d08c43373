//! The profile of recorded streams, and how values are drawn from it.

use serde_json::Value;

/// Percentiles of the profile, as their position in the distribution.
pub const PERCENTILES: [(&str, f64); 8] =
    [("min", 0.0), ("p10", 0.1), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)];

/// Returns the profile: measured over recorded streams, which are not part of the repository.
///
/// # Panics
/// If the file is not JSON.
#[must_use]
pub fn profile() -> Value {
    serde_json::from_str(include_str!("../../../profile.json")).expect("the profile is JSON")
}

/// A distribution that is known by its percentiles.
#[derive(Debug, Clone)]
pub(super) struct Quantiles {
    points: Vec<(f64, f64)>,
    /// How much of the range above the 90th percentile has small values. 1: as much as of large ones, by the logarithm.
    tail: f64,
    draws: Draws,
}

/// A sequence of numbers from 0 to 1 that fills the range evenly: multiples of an irrational number. So even a short
/// sequence has the percentiles of its distribution.
#[derive(Debug, Clone)]
pub(super) struct Draws {
    last: f64,
    step: f64,
}

impl Draws {
    /// Sequences of different numbers are independent of each other. The numbers are primes.
    pub(super) fn new(prime: u32) -> Self {
        Self { last: 0.5, step: f64::from(prime).sqrt().fract() }
    }

    pub(super) fn next(&mut self) -> f64 {
        self.last = (self.last + self.step).fract();
        self.last
    }

    /// Draws `true` with this probability.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.next() < share
    }
}

impl Quantiles {
    pub(super) fn new(percentiles: &Value, prime: u32) -> Self {
        let point = |(name, at): (&str, f64)| (at, percentiles[name].as_f64().expect("a percentile"));
        Self { points: PERCENTILES.into_iter().map(point).collect(), tail: 1.0, draws: Draws::new(prime) }
    }

    /// Chooses the values above the 90th percentile such that `count` values have about this mean.
    pub(super) fn with_mean(mut self, mean: f64, count: usize) -> Self {
        let (mut low, mut high) = (0.05, 50.0);
        for _ in 0..50 {
            self.tail = f64::midpoint(low, high);
            let sum: usize = self.spread(count).iter().sum();
            if sum as f64 > mean * count as f64 { low = self.tail } else { high = self.tail }
        }
        self
    }

    /// Draws the next value.
    pub(super) fn draw(&mut self) -> usize {
        let at = self.draws.next();
        self.at(at)
    }

    /// Returns `count` values with these percentiles, from the smallest to the largest.
    pub(super) fn spread(&self, count: usize) -> Vec<usize> {
        (0..count).map(|at| self.at(at as f64 / count.saturating_sub(1).max(1) as f64)).collect()
    }

    /// Interpolates between the percentiles, by the logarithm: sizes have long tails.
    fn at(&self, at: f64) -> usize {
        let above = self.points.iter().position(|point| point.0 >= at).unwrap_or(self.points.len() - 1).max(1);
        let ((from, low), (to, high)) = (self.points[above - 1], self.points[above]);
        let mut part = (at - from) / (to - from);
        if from >= 0.9 {
            part = part.powf(self.tail);
        }
        let value = if low >= 1.0 { low * (high / low).powf(part) } else { low + (high - low) * part };
        value.round() as usize
    }
}
