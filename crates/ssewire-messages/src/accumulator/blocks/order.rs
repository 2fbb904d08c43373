//! The order of the content. `docs/protocol.md`, heading "Order between blocks".

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::Blocks;
use super::id::{BlockId, Place};
use crate::block::ContentBlock;
use crate::sort::sort;

impl Blocks {
    /// Returns the position of a block in the content in its order. Linear if blocks started out of order.
    pub(in crate::accumulator) fn final_position(&self, id: BlockId) -> Option<usize> {
        if !self.is_unsorted || matches!(id.place(), Place::Initial(_)) {
            return self.position(id);
        }
        let key = self.key(id)?;
        Some(self.initial.saturating_add(self.states.iter().filter(|state| state.key < key).count()))
    }

    /// Sorts the content, if blocks started out of order.
    pub(in crate::accumulator) fn sort(&mut self, content: &mut Vec<ContentBlock>) {
        if !core::mem::replace(&mut self.is_unsorted, false) {
            return;
        }
        let order = self.order();
        let mut blocks: Vec<_> = core::mem::take(content).into_iter().map(Some).collect();
        let mut take = |at: usize| blocks.get_mut(at).and_then(Option::take);
        content.reserve_exact(order.len().saturating_add(self.initial));
        for at in 0..self.initial {
            content.extend(take(at));
        }
        for at in order {
            let position = u32::try_from(content.len()).unwrap_or(u32::MAX);
            let state = usize::try_from(at).ok().and_then(|at| self.states.get_mut(at));
            let Some(state) = state else { continue };
            let from = usize::try_from(state.position).unwrap_or(usize::MAX);
            state.position = position;
            content.extend(take(from));
        }
    }

    /// Returns the content in its order.
    pub(in crate::accumulator) fn sorted<'c>(&self, content: &'c [ContentBlock]) -> Cow<'c, [ContentBlock]> {
        if !self.is_unsorted {
            return Cow::Borrowed(content);
        }
        let order = self.order();
        let mut sorted = Vec::with_capacity(content.len());
        sorted.extend_from_slice(content.get(..self.initial).unwrap_or_default());
        for at in order {
            let position = usize::try_from(at).ok().and_then(|at| self.position(BlockId::later(at)));
            sorted.extend(position.and_then(|at| content.get(at)).cloned());
        }
        Cow::Owned(sorted)
    }

    /// Returns the blocks that started later, by their keys.
    fn order(&self) -> Vec<u32> {
        let mut order: Vec<_> = (0..u32::try_from(self.states.len()).unwrap_or(u32::MAX)).collect();
        let key = |at: u32| self.states.get(usize::try_from(at).ok()?).map(|state| state.key);
        sort(&mut order, &|a, b| key(a) < key(b));
        order
    }
}
