//! Compares the costs of a family with its bounds.

use core::fmt;

use crate::exponent::{self, Point};
use crate::family::{Bounds, Errors};
use crate::measure::Costs;

/// Costs below these do not count for an exponent; see [`exponent`].
const FLOOR_OF_INSTRUCTIONS: u64 = 1000;
const FLOOR_OF_ALLOCATIONS: u64 = 32;
const FLOOR_OF_PEAK: u64 = 4096;

/// The growth exponents of a family, as far as they were measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exponents {
    pub(crate) instructions: Option<f64>,
    pub(crate) allocations: Option<f64>,
    pub(crate) peak: Option<f64>,
}

impl Exponents {
    /// The exponents of one family at growing sizes.
    pub(crate) fn of(series: &[Costs]) -> Self {
        let points = |cost: fn(&Costs) -> Option<u64>| {
            let points = series.iter().map(|costs| Some(Point { size: costs.received, cost: cost(costs)? }));
            points.collect::<Option<Vec<_>>>().unwrap_or_default()
        };
        Self {
            instructions: exponent::largest(&points(|costs| costs.instructions), FLOOR_OF_INSTRUCTIONS),
            allocations: exponent::largest(&points(|costs| Some(costs.allocations)), FLOOR_OF_ALLOCATIONS),
            peak: exponent::overall(&points(|costs| Some(costs.peak)), FLOOR_OF_PEAK),
        }
    }

    fn named(self) -> impl Iterator<Item = (&'static str, f64)> {
        let all = [("instructions", self.instructions), ("allocations", self.allocations), ("peak", self.peak)];
        all.into_iter().filter_map(|(name, exponent)| Some((name, exponent?)))
    }

    /// Returns whether any exponent exceeds the bound: then larger sizes change nothing.
    pub(crate) fn exceed(self, bound: f64) -> bool {
        self.named().any(|(_, exponent)| exponent > bound)
    }
}

/// One bound that was exceeded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Failure {
    /// The exponent of this cost.
    Exponent(&'static str, f64),
    /// Most bytes held at once, and how many are allowed.
    Peak(u64, f64),
    /// Bytes held at the end, and how many are allowed.
    Held(u64, f64),
    /// Number of errors returned, which differs from the expected number.
    Errors(u64),
    /// Times the instructions per byte of the control.
    Control(f64, &'static str),
    /// There is no result at some size.
    NoResult(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exponent(cost, exponent) => write!(f, "exponent of {cost} {exponent:.3}"),
            Self::Peak(bytes, allowed) => write!(f, "peak {bytes} bytes, {allowed:.0} allowed"),
            Self::Held(bytes, allowed) => write!(f, "held {bytes} bytes, {allowed:.0} allowed"),
            Self::Errors(count) => write!(f, "{count} errors"),
            Self::Control(times, name) => write!(f, "{times:.1} times the instructions of {name}"),
            Self::NoResult(reason) => f.write_str(reason),
        }
    }
}

/// Instructions per byte received, at the largest size.
pub(crate) fn instructions_per_byte(series: &[Costs]) -> Option<f64> {
    let last = series.last()?;
    Some(last.instructions? as f64 / last.received as f64)
}

/// All bounds that a family exceeds. `control` is the series of its control.
pub(crate) fn failures(bounds: &Bounds, series: &[Costs], control: Option<&[Costs]>) -> Vec<Failure> {
    let exponents = Exponents::of(series).named().filter(|(_, exponent)| *exponent > bounds.exponent);
    let mut failures: Vec<Failure> = exponents.map(|(cost, exponent)| Failure::Exponent(cost, exponent)).collect();
    // A peak may exceed its bound only at a small size.
    let worst =
        |excess: fn(&Bounds, &Costs) -> Option<Failure>| series.iter().rev().find_map(|costs| excess(bounds, costs));
    failures.extend(worst(|bounds, costs| {
        let allowed = bounds.peak.of(costs.received, costs.limit);
        (costs.peak as f64 > allowed).then_some(Failure::Peak(costs.peak, allowed))
    }));
    failures.extend(worst(|bounds, costs| {
        let allowed = bounds.held?.of(costs.received, costs.limit);
        (costs.held as f64 > allowed).then_some(Failure::Held(costs.held, allowed))
    }));
    failures.extend(worst(|bounds, costs| {
        let is_right = match bounds.errors {
            Errors::None => costs.errors == 0,
            Errors::AtLeastOne => costs.errors > 0,
            Errors::Any => true,
        };
        (!is_right).then_some(Failure::Errors(costs.errors))
    }));
    if let (Some(allowed), Some(control)) = (bounds.control, control) {
        let times = instructions_per_byte(series).zip(instructions_per_byte(control)).map(|(this, that)| this / that);
        failures
            .extend(times.filter(|times| *times > allowed.times).map(|times| Failure::Control(times, allowed.name)));
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::{Family, Input, Outcome, Room};

    fn family() -> Family {
        Family::new("x", "", |n| Input::chunks(vec![0; n], 1), |_| Outcome::now(0, 0))
    }

    fn series(change: fn(&mut Costs)) -> Vec<Costs> {
        [1 << 15, 1 << 16, 1 << 17]
            .map(|received| {
                let mut costs =
                    Costs { received, instructions: Some(9 * received), peak: received, ..Costs::default() };
                change(&mut costs);
                costs
            })
            .to_vec()
    }

    fn failures_of(family: Family, change: fn(&mut Costs)) -> Vec<Failure> {
        failures(&family.bounds, &series(change), None)
    }

    #[test]
    fn a_family_within_its_bounds_passes() {
        assert_eq!(failures_of(family(), |_| {}), []);
    }

    #[test]
    fn each_exponent_has_to_keep_the_bound() {
        let fails = |change| match failures_of(family(), change).as_slice() {
            [Failure::Exponent(cost, exponent)] if *exponent > 1.1 => *cost,
            other => panic!("{other:?}"),
        };
        assert_eq!(fails(|costs| costs.instructions = Some(costs.received.pow(2))), "instructions");
        assert_eq!(fails(|costs| costs.allocations = costs.received.pow(2)), "allocations");
        assert_eq!(fails(|costs| costs.peak = costs.received.pow(2) / (1 << 17)), "peak");
        let raised = family().exponent(2.1);
        assert_eq!(failures_of(raised, |costs| costs.instructions = Some(costs.received.pow(2))), []);
    }

    #[test]
    fn without_instructions_the_others_are_compared() {
        assert_eq!(failures_of(family(), |costs| costs.instructions = None), []);
        let failures = failures_of(family(), |costs| {
            costs.instructions = None;
            costs.allocations = costs.received.pow(2);
        });
        assert!(matches!(failures.as_slice(), [Failure::Exponent("allocations", _)]), "{failures:?}");
    }

    #[test]
    fn memory_has_to_keep_its_bounds_at_each_size() {
        let failures = failures_of(family(), |costs| costs.peak = if costs.received == 1 << 15 { 200_000 } else { 0 });
        assert_eq!(failures, [Failure::Peak(200_000, 3.0 * 32768.0 + 4096.0)]);
        let limited = family().peak(Room::per_limit(3.0, 0.0));
        let failures = failures_of(limited, |costs| {
            costs.limit = Some(1000);
            costs.peak = 3001;
        });
        assert_eq!(failures, [Failure::Peak(3001, 3000.0)]);
        let failures = failures_of(family().held(Room::bytes(1024.0)), |costs| costs.held = 1025);
        assert_eq!(failures, [Failure::Held(1025, 1024.0)]);
    }

    #[test]
    fn errors_have_to_be_as_expected() {
        assert_eq!(failures_of(family(), |costs| costs.errors = 1), [Failure::Errors(1)]);
        assert_eq!(failures_of(family().errors(Errors::Any), |costs| costs.errors = 1), []);
        assert_eq!(failures_of(family().errors(Errors::AtLeastOne), |costs| costs.errors = 1), []);
        assert_eq!(failures_of(family().errors(Errors::AtLeastOne), |_| {}), [Failure::Errors(0)]);
    }

    #[test]
    fn a_control_is_compared_with() {
        let family = family().control("control", 2.0);
        let fast = series(|costs| costs.instructions = Some(4 * costs.received));
        let slow = series(|costs| costs.instructions = Some(5 * costs.received));
        assert_eq!(failures(&family.bounds, &series(|_| {}), Some(&slow)), []);
        assert_eq!(failures(&family.bounds, &series(|_| {}), Some(&fast)), [Failure::Control(2.25, "control")]);
    }
}
