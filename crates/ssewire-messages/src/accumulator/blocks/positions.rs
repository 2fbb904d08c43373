//! A map from indices that arrived out of order to positions.

use alloc::vec::Vec;

use crate::memory::push_growing_by_half;

/// A number for each index: the position of its slot or block, or whether a lost piece waits. A crit-bit tree.
///
/// A search takes at most 64 steps, whatever the indices and the order in which they arrived. An ordered map of the
/// standard library would be eight times the machine code, for streams that are rare.
#[derive(Clone, Default)]
pub(super) struct Positions {
    /// The first is the root.
    nodes: Vec<Node>,
}

#[derive(Clone, Copy)]
enum Node {
    Leaf {
        index: u64,
        position: u32,
    },
    /// All indices below agree in the bits above `bit`. Those without that bit are below the first child.
    Branch {
        bit: u32,
        children: [u32; 2],
    },
}

impl Positions {
    /// Returns the position of an index.
    // Out of line: nearly no stream comes here.
    #[cold]
    #[inline(never)]
    pub(super) fn find(&self, index: u64) -> Option<u32> {
        match self.nodes.get(self.descend(index, 0))? {
            Node::Leaf { index: found, position } if *found == index => Some(*position),
            _ => None,
        }
    }

    /// Sets the position of an index.
    #[cold]
    #[inline(never)]
    pub(super) fn set(&mut self, index: u64, position: u32) {
        let leaf = Node::Leaf { index, position };
        let at = self.descend(index, 0);
        match self.nodes.get_mut(at) {
            Some(Node::Leaf { index: nearest, .. }) if *nearest != index => {
                let bit = (*nearest ^ index).ilog2();
                self.insert(leaf, index, bit);
            }
            Some(found) => *found = leaf,
            None => push_growing_by_half(&mut self.nodes, leaf),
        }
    }

    /// Inserts a leaf whose index differs at `bit` from all those that it agrees with above.
    fn insert(&mut self, leaf: Node, index: u64, bit: u32) {
        let at = self.descend(index, bit);
        let Ok(end) = u32::try_from(self.nodes.len()) else { return };
        let mut children = [end, end.saturating_add(1)];
        if !has_bit(index, bit) {
            children.reverse();
        }
        // The branch takes the place of the node that it has as a child, so that no link to it changes.
        let Some(node) = self.nodes.get_mut(at) else { return };
        let displaced = core::mem::replace(node, Node::Branch { bit, children });
        // Memory is promised for each byte received: doubling would hold three times the nodes while they are moved.
        push_growing_by_half(&mut self.nodes, displaced);
        push_growing_by_half(&mut self.nodes, leaf);
    }

    /// Walks down to the first node that does not branch at `bit` or above.
    fn descend(&self, index: u64, bit: u32) -> usize {
        let mut at = 0;
        while let Some(Node::Branch { bit: branch, children: [without, with] }) = self.nodes.get(at) {
            if *branch < bit {
                break;
            }
            let child = if has_bit(index, *branch) { with } else { without };
            at = usize::try_from(*child).unwrap_or(usize::MAX);
        }
        at
    }
}

fn has_bit(index: u64, bit: u32) -> bool {
    index.checked_shr(bit).unwrap_or(0) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A prime, so each step gives all indices but 0, in another order. Small in Miri, where all would take minutes.
    const PRIME: u32 = if cfg!(miri) { 37 } else { 997 };

    #[test]
    fn every_position_is_found_by_its_index() {
        let prime = u64::from(PRIME);
        // Rising, mixed, falling.
        for step in [1, 5, prime / 3, prime - 1] {
            let index_of = |at: u32| (u64::from(at) + 1) * step % prime;
            let mut positions = Positions::default();
            for at in 0..PRIME - 1 {
                assert_eq!(positions.find(index_of(at)), None);
                positions.set(index_of(at), 0);
                positions.set(index_of(at), at);
                assert_eq!(positions.find(index_of(at)), Some(at));
            }
            for at in 0..PRIME - 1 {
                assert_eq!(positions.find(index_of(at)), Some(at), "{step} {at}");
            }
            assert_eq!([0, prime].map(|index| positions.find(index)), [None, None]);
        }
    }
}
