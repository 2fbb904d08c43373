//! The growth exponent of a cost, from its values at growing sizes of input.
//!
//! The exponent of one step is log(cost ratio) / log(size ratio): 1 is linear, 2 is quadratic.
//!
//! * For instructions and allocations it is the **largest of all steps**. A fit over five sizes would hide a cost that
//!   turns quadratic at the last one, and these counts have no noise that a fit would have to remove.
//! * For peak memory it is the exponent **from the first size to the last**, less one doubling. A buffer that doubles
//!   has up to twice the capacity that it needs, so a single step proves nothing.

/// A cost at one size of input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    /// Bytes of input.
    pub(crate) size: u64,
    pub(crate) cost: u64,
}

/// Returns the largest exponent of all steps, or `None` below two points.
///
/// `floor` is added to each cost. It hides steps between costs that are small against it, for instance from 2 to 5
/// allocations, and leaves large ones as they are. It lowers exponents below 1 only slightly and never raises one above
/// 1.
pub(crate) fn largest(points: &[Point], floor: u64) -> Option<f64> {
    let steps = points.windows(2).filter_map(|pair| match pair {
        [small, large] => Some(step(*small, *large, floor)),
        _ => None,
    });
    steps.reduce(f64::max)
}

/// Returns the exponent from the first to the last point, with half of the last cost. `None` below two
/// points. For `floor` see [`largest`].
pub(crate) fn overall(points: &[Point], floor: u64) -> Option<f64> {
    let (first, last) = (points.first()?, points.last()?);
    let halved = Point { cost: last.cost / 2, ..*last };
    (points.len() > 1).then(|| step(*first, halved, floor))
}

fn step(small: Point, large: Point, floor: u64) -> f64 {
    let cost = |point: Point| (point.cost.saturating_add(floor)).max(1) as f64;
    let sizes = large.size as f64 / small.size as f64;
    (cost(large) / cost(small)).ln() / sizes.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(cost: fn(u64) -> u64) -> Vec<Point> {
        (15..20).map(|power| 1 << power).map(|size| Point { size, cost: cost(size) }).collect()
    }

    #[track_caller]
    fn assert_exponent(cost: fn(u64) -> u64, floor: u64, expected: f64) {
        let exponent = largest(&series(cost), floor).unwrap();
        assert!((exponent - expected).abs() < 0.01, "{exponent} instead of {expected}");
    }

    #[test]
    fn powers_have_their_exponents() {
        assert_exponent(|_| 1000, 0, 0.0);
        assert_exponent(|n| 7 * n, 0, 1.0);
        assert_exponent(|n| n * n, 0, 2.0);
        assert_exponent(|n| n * n * n, 0, 3.0);
    }

    #[test]
    fn n_log_n_is_close_to_linear() {
        assert_exponent(|n| n * u64::from(n.ilog2()), 0, 1.09);
    }

    #[test]
    fn a_constant_part_does_not_hide_a_quadratic_one() {
        assert_exponent(|n| 1_000_000 + 30 * n + n * n, 0, 2.0);
    }

    #[test]
    fn one_bad_step_decides() {
        assert_exponent(|n| if n >= 1 << 19 { 4 * n } else { n }, 0, 3.0);
    }

    #[test]
    fn the_floor_hides_small_costs_alone() {
        assert_exponent(|n| if n > 1 << 15 { 5 } else { 2 }, 32, 0.12);
        assert_exponent(|n| n * n, 4096, 2.0);
        assert_exponent(|n| n, 4096, 0.99);
    }

    #[test]
    fn capacities_that_double_are_linear() {
        let capacity = |cost: fn(u64) -> u64| overall(&series(cost), 0).unwrap();
        assert!(capacity(u64::next_power_of_two) < 1.0);
        assert!(capacity(|n| if n == 1 << 19 { 2 * n } else { n }) <= 1.0);
        assert!(capacity(|n| (n / 1000 * 1000).next_power_of_two() * 3) < 1.1);
        assert!((capacity(|n| n * n) - 1.75).abs() < 0.01);
    }

    #[test]
    fn sizes_need_not_double_exactly() {
        let points = [Point { size: 1000, cost: 1_000_000 }, Point { size: 3000, cost: 9_000_000 }];
        assert!((largest(&points, 0).unwrap() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn one_point_has_no_exponent() {
        assert!(largest(&[Point { size: 1, cost: 1 }], 0).is_none());
        assert!(overall(&[Point { size: 1, cost: 1 }], 0).is_none());
        assert!(largest(&[], 0).is_none() && overall(&[], 0).is_none());
    }

    #[test]
    fn a_cost_of_zero_has_the_exponent_zero() {
        let points = [Point { size: 1024, cost: 0 }, Point { size: 2048, cost: 0 }];
        assert_eq!(largest(&points, 0), Some(0.0));
    }
}
