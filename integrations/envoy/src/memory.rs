//! Bounds the memory of a VM: one sum over all of its meters, under whichever configuration each began.

use core::cell::Cell;

thread_local! {
    /// Each thread has a VM of its own.
    static SUM: Cell<usize> = const { Cell::new(0) };
}

/// The bytes of one meter within the sum of the VM. Dropped with its meter, it takes them out.
#[derive(Debug, Default)]
pub(crate) struct Share(usize);

impl Share {
    /// Sets the share to the bytes that the meter keeps now, and returns the sum.
    pub(crate) fn set(&mut self, bytes: usize) -> usize {
        let sum = SUM.get().saturating_sub(self.0).saturating_add(bytes);
        SUM.set(sum);
        self.0 = bytes;
        sum
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// Returns whether the VM can allocate this number of bytes. The VM crashes if the host copies more than it can
/// allocate.
pub(crate) fn can_allocate(bytes: usize) -> bool {
    let mut room = Vec::<u8>::new();
    let can_allocate = room.try_reserve_exact(bytes).is_ok();
    // Otherwise the compiler removes the allocation, and takes it for granted.
    core::hint::black_box(&room);
    can_allocate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_counts_once() {
        let (mut one, mut two) = (Share::default(), Share::default());
        assert_eq!(one.set(10), 10);
        assert_eq!(two.set(5), 15);
        assert_eq!(one.set(12), 17);
        assert_eq!(one.set(3), 8);
        assert_eq!(one.set(13), 18);
    }

    #[test]
    fn the_sum_is_zero_again_when_all_meters_are_dropped() {
        let mut shares: Vec<_> = (0..100).map(|_| Share::default()).collect();
        for (number, share) in shares.iter_mut().enumerate() {
            share.set(number);
            share.set(number * 1000);
        }
        assert_eq!(SUM.get(), 4_950_000);
        shares.truncate(10);
        assert_eq!(SUM.get(), 45_000);
        drop(shares);
        assert_eq!(SUM.get(), 0);
    }

    #[test]
    fn more_than_the_address_space_cannot_be_allocated() {
        assert!(can_allocate(1 << 20));
        assert!(!can_allocate(usize::MAX));
        assert!(!can_allocate(isize::MAX.unsigned_abs()));
    }
}
