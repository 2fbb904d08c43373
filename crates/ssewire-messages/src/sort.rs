//! The only sort of the crate.

use alloc::vec::Vec;
use core::mem::swap;

/// Sorts by the order `is_less` in about n log n comparisons, whatever the order was. Equal items keep their order.
///
/// A merge sort, because names are compared: a comparison costs at most the length of the item that it moves, so all of
/// them cost the names log n times. Heapsort can compare the same two long names once for each other item.
///
/// Compiled once: the sort of the standard library is 7 KB of machine code for each type and order, and nothing is
/// sorted unless blocks or members arrive out of order.
#[inline(never)]
pub(crate) fn sort(items: &mut Vec<u32>, is_less: &dyn Fn(u32, u32) -> bool) {
    let mut merged = Vec::with_capacity(items.len());
    let mut width = 1_usize;
    while width < items.len() {
        for pair in items.chunks(width.saturating_mul(2)) {
            let (mut left, mut right) = pair.split_at_checked(width).unwrap_or((pair, &[]));
            loop {
                let first = match (left, right) {
                    ([first, ..], [second, rest @ ..]) if is_less(*second, *first) => {
                        right = rest;
                        second
                    }
                    ([first, rest @ ..], _) => {
                        left = rest;
                        first
                    }
                    ([], _) => break,
                };
                merged.push(*first);
            }
            merged.extend_from_slice(right);
        }
        swap(items, &mut merged);
        merged.clear();
        width = width.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    /// The distance between the tested lengths: all lengths would take minutes in Miri.
    const STEP: usize = if cfg!(miri) { 30 } else { 1 };

    #[test]
    fn items_of_any_order_are_sorted() {
        for length in (0..70_u32).step_by(STEP) {
            for step in [1, 7, 13, 31] {
                let mut items: Vec<_> = (0..length).map(|at| at * step % 37).collect();
                let mut expected = items.clone();
                expected.sort_unstable();
                sort(&mut items, &|a, b| a < b);
                assert_eq!(items, expected);
                expected.reverse();
                sort(&mut items, &|a, b| a > b);
                assert_eq!(items, expected);
            }
        }
    }

    const ITEMS: [u32; 64] = [
        24, 37, 51, 45, 38, 7, 56, 17, 19, 27, 22, 30, 9, 58, 62, 47, 14, 63, 3, 53, 8, 40, 21, 13, 50, 15, 11, 43, 31,
        61, 49, 18, 48, 52, 55, 54, 20, 5, 29, 28, 57, 33, 36, 60, 16, 10, 25, 23, 41, 26, 4, 6, 1, 46, 39, 35, 59, 32,
        44, 0, 2, 42, 34, 12,
    ];

    /// Those that are long. In Miri, where all would take minutes, the two at which heapsort fails.
    const LONG: &[u32] = if cfg!(miri) { &[0, 2] } else { &ITEMS };

    /// Two items are long, and a comparison costs the shorter of its items. Heapsort compares 0 and 2 of these 19
    /// times.
    #[test]
    fn comparisons_cost_each_item_log_n_times() {
        for &first in LONG {
            for &second in LONG {
                let length = |item| if item == first || item == second { 1000 } else { 1 };
                let cost = Cell::new(0_u32);
                let mut items = ITEMS.to_vec();
                sort(&mut items, &|a, b| {
                    cost.set(cost.get() + length(a).min(length(b)));
                    a < b
                });
                let once: u32 = ITEMS.into_iter().map(length).sum();
                assert!(cost.get() <= ITEMS.len().ilog2() * once, "{first} {second}");
            }
        }
    }
}
