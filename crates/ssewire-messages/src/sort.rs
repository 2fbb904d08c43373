//! The only sort of the crate.

/// Sorts so that no item `is_less` than the one before it. In place, in O(n log n) comparisons, whatever the order was.
///
/// Heapsort, compiled once: the sort of the standard library is 7 KB of machine code for each type and order. It would be
/// twice as fast, and nothing is sorted unless blocks or members arrive out of order.
pub(crate) fn sort(items: &mut [u32], is_less: &dyn Fn(u32, u32) -> bool) {
    for root in (0..items.len() / 2).rev() {
        sift_down(items, root, is_less);
    }
    for end in (1..items.len()).rev() {
        items.swap(0, end);
        sift_down(items.get_mut(..end).unwrap_or_default(), 0, is_less);
    }
}

/// Moves an item down the heap until none below it is greater.
fn sift_down(heap: &mut [u32], mut root: usize, is_less: &dyn Fn(u32, u32) -> bool) {
    loop {
        let left = root.saturating_mul(2).saturating_add(1);
        let (Some(parent), Some(mut child)) = (heap.get(root).copied(), heap.get(left).copied()) else { return };
        let mut at = left;
        if let Some(right) = heap.get(left.saturating_add(1)).copied().filter(|right| is_less(child, *right)) {
            (child, at) = (right, left.saturating_add(1));
        }
        if !is_less(parent, child) {
            return;
        }
        heap.swap(root, at);
        root = at;
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn items_of_any_order_are_sorted() {
        for length in 0..70_u32 {
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
}
