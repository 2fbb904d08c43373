//! The only sort of the crate.

/// Sorts by the order `is_less`, in place, in about n log n comparisons, whatever the order was.
///
/// Heapsort, compiled once: the sort of the standard library is 7 KB of machine code for each type and order, and
/// nothing is sorted unless blocks or members arrive out of order.
#[inline(never)]
pub(crate) fn sort(items: &mut [u32], is_less: &dyn Fn(u32, u32) -> bool) {
    for root in (0..items.len() / 2).rev() {
        sift_down(items, root, is_less);
    }
    for end in (1..items.len()).rev() {
        items.swap(0, end);
        sift_down(items.get_mut(..end).unwrap_or_default(), 0, is_less);
    }
}

/// Moves the item at `root` down the heap until none below it is greater.
///
/// Bottom up: most items belong near a leaf. So the search goes down to a leaf first, with one comparison a level, and
/// then up to the place of the item. To compare the item on the way down would need two.
fn sift_down(heap: &mut [u32], root: usize, is_less: &dyn Fn(u32, u32) -> bool) {
    let less = |heap: &[u32], a: usize, b: usize| match (heap.get(a), heap.get(b)) {
        (Some(a), Some(b)) => is_less(*a, *b),
        _ => false,
    };
    let mut at = root;
    loop {
        let left = at.saturating_mul(2).saturating_add(1);
        if left >= heap.len() {
            break;
        }
        at = if less(heap, left, left.saturating_add(1)) { left.saturating_add(1) } else { left };
    }
    while less(heap, at, root) {
        at = parent(at);
    }
    while at > root {
        heap.swap(root, at);
        at = parent(at);
    }
}

fn parent(at: usize) -> usize {
    at.saturating_sub(1) / 2
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
