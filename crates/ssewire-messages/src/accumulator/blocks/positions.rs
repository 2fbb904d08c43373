//! Finds the slots and blocks of indices that came out of order.

use alloc::vec;
use alloc::vec::Vec;

/// The positions of slots or blocks, by index.
///
/// Sorted lists, in order, none of them empty. One that is full is split into halves, so that an insertion moves at most
/// one list; and the list of lists only at every 32nd insertion, which is 50 bytes for each of 4096 indices, the default
/// limit of blocks. With a much higher limit, falling indices cost time with the square of their number. An ordered map
/// of the standard library would be eight times the machine code, for streams that are rare.
#[derive(Debug, Clone, Default)]
pub(super) struct Positions(Vec<Vec<(u64, u32)>>);

impl Positions {
    /// The entries of a full list.
    const FULL: usize = 64;

    /// Sets the position of an index.
    #[cold]
    #[inline(never)]
    pub(super) fn set(&mut self, index: u64, position: u32) {
        let at = self.list_of(index);
        let Some(list) = self.0.get_mut(at) else {
            self.0.push(vec![(index, position)]);
            return;
        };
        let place = place_in(list, index);
        if let Some(entry) = list.get_mut(place).filter(|(found, _)| *found == index) {
            entry.1 = position;
            return;
        }
        list.insert(place, (index, position));
        if list.len() == Self::FULL {
            let after = list.split_off(Self::FULL / 2);
            self.0.insert(at.saturating_add(1), after);
        }
    }

    /// The position of an index. Logarithmic.
    // Out of line: nearly no stream comes here.
    #[cold]
    #[inline(never)]
    pub(super) fn find(&self, index: u64) -> Option<u32> {
        let list = self.0.get(self.list_of(index))?;
        let (found, position) = list.get(place_in(list, index))?;
        (*found == index).then_some(*position)
    }

    /// Where the list lies to which an index belongs: the last that begins with a lower one, or the first.
    fn list_of(&self, index: u64) -> usize {
        let begins_before = |list: &Vec<(u64, u32)>| list.first().is_some_and(|(first, _)| *first <= index);
        self.0.partition_point(begins_before).saturating_sub(1)
    }
}

/// Where an index lies in a list, or belongs.
fn place_in(list: &[(u64, u32)], index: u64) -> usize {
    list.partition_point(|(other, _)| *other < index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_is_found_by_its_index() {
        // 997 is prime, so each step gives all indices but 0, in another order: rising, mixed, falling.
        for step in [1_u64, 5, 331, 996] {
            let index_of = |at: u32| (u64::from(at) + 1) * step % 997;
            let mut positions = Positions::default();
            for at in 0..996 {
                assert_eq!(positions.find(index_of(at)), None);
                positions.set(index_of(at), 0);
                positions.set(index_of(at), at);
                assert_eq!(positions.find(index_of(at)), Some(at));
            }
            for at in 0..996 {
                assert_eq!(positions.find(index_of(at)), Some(at), "{step} {at}");
            }
            assert_eq!([0, 997].map(|index| positions.find(index)), [None, None]);
        }
    }
}
