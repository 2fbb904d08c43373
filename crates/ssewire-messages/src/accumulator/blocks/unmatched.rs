//! The unmatched input of each index, and the pieces of it that were lost. `docs/protocol.md`, heading "Tool input".

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::Blocks;
use super::id::BlockId;
use super::slot::Slot;
use crate::memory::push_growing_by_half;
use crate::sort::sort;

/// The values of [`Disorder::lost`](super::Disorder::lost).
const LOST: u32 = 1;
const TAKEN: u32 = 0;

/// Input JSON that waits for its block.
#[derive(Clone, Default)]
pub(in crate::accumulator) struct Unmatched {
    pub(in crate::accumulator) json: String,
    /// The half of a surrogate pair that the JSON ended with; 0: none.
    pub(in crate::accumulator) half: u16,
    /// Length of the JSON before the first lost piece.
    pub(in crate::accumulator) lost_at: Option<usize>,
}

impl Unmatched {
    /// Records a lost piece: the text after it does not continue the text before it.
    pub(in crate::accumulator) fn record_lost_piece(&mut self) {
        self.lost_at = self.lost_at.or(Some(self.json.len()));
    }
}

impl Blocks {
    /// Returns the number of indices at which input JSON, or a lost piece of it, waits for its block.
    pub(super) fn unmatched_count(&self) -> usize {
        self.disorder.as_ref().map_or(0, |disorder| disorder.unmatched)
    }

    /// Returns whether input JSON, or nothing but a lost piece of it, waits for a block at this index.
    pub(in crate::accumulator) fn has_unmatched(&self, index: u64) -> bool {
        self.slot(index).is_some_and(|slot| slot.unmatched.is_some()) || self.has_loss(index)
    }

    /// Records a lost piece of the input that waits at this index, or of that of the next block.
    pub(in crate::accumulator) fn record_unmatched_loss(&mut self, index: u64) {
        if let Some(unmatched) = self.existing_slot_mut(index).and_then(|slot| slot.unmatched.as_mut()) {
            unmatched.record_lost_piece();
        } else if !self.has_loss(index) {
            let disorder = self.disorder_mut();
            disorder.unmatched = disorder.unmatched.saturating_add(1);
            disorder.lost.set(index, LOST);
        }
    }

    /// Returns whether a lost piece waits without any text.
    fn has_loss(&self, index: u64) -> bool {
        self.disorder.as_ref().is_some_and(|disorder| disorder.lost.find(index) == Some(LOST))
    }

    /// Takes a lost piece that waits without any text: its text, or its block, has arrived.
    fn take_loss(&mut self, index: u64) -> Option<Unmatched> {
        if !self.has_loss(index) {
            return None;
        }
        self.disorder_mut().lost.set(index, TAKEN);
        Some(Unmatched { lost_at: Some(0), ..Unmatched::default() })
    }

    /// Returns the input JSON that waits for a block at this index.
    #[inline(never)]
    pub(in crate::accumulator) fn unmatched_mut(&mut self, index: u64) -> Option<&mut Unmatched> {
        let lost = self.take_loss(index);
        if lost.is_none() && !self.has_unmatched(index) {
            let disorder = self.disorder_mut();
            disorder.unmatched = disorder.unmatched.saturating_add(1);
            push_growing_by_half(&mut disorder.unmatched_without_loss, index);
        }
        Some(self.slot_mut(index)?.unmatched.get_or_insert_with(|| Box::new(lost.unwrap_or_default())))
    }

    /// Takes the input JSON that waited for a block at this index.
    pub(in crate::accumulator) fn take_unmatched(&mut self, index: u64) -> Option<Unmatched> {
        let unmatched = match self.take_loss(index) {
            Some(lost) => lost,
            None => *self.existing_slot_mut(index)?.unmatched.take()?,
        };
        if let Some(disorder) = &mut self.disorder {
            disorder.unmatched = disorder.unmatched.saturating_sub(1);
        }
        Some(unmatched)
    }

    /// Ends input JSON that ended with half a character.
    pub(in crate::accumulator) fn end_unmatched_halves(&mut self) {
        if self.unmatched_count() == 0 {
            return;
        }
        for unmatched in self.slots.iter_mut().filter_map(|slot| slot.unmatched.as_mut()) {
            if core::mem::take(&mut unmatched.half) != 0 {
                crate::memory::push_char(&mut unmatched.json, '\u{FFFD}');
            }
        }
    }

    /// Returns the input JSON whose block never started, by index. Input of white space alone is omitted.
    pub(in crate::accumulator) fn unmatched(&self) -> impl Iterator<Item = (u64, &str)> {
        let slots = if self.unmatched_count() == 0 { &[] } else { self.slots.as_slice() };
        let mut order = Vec::new();
        for (at, slot) in (0_u32..).zip(slots) {
            if slot.has_unmatched_json() {
                order.push(at);
            }
        }
        let slot = |at: u32| self.slots.get(usize::try_from(at).ok()?);
        sort(&mut order, &|a, b| slot(a).map(|slot| slot.index) < slot(b).map(|slot| slot.index));
        order.into_iter().filter_map(move |at| {
            let slot = slot(at)?;
            Some((slot.index, slot.unmatched.as_deref()?.json.as_str()))
        })
    }

    /// Returns whether any input JSON waits for its block.
    pub(in crate::accumulator) fn has_any_unmatched(&self) -> bool {
        self.unmatched_count() > 0 && self.slots.iter().any(Slot::has_unmatched_json)
    }

    /// Records a piece that any input may have lost in all unmatched input JSON, and takes the blocks that have not
    /// lost any yet: the caller records it in those that are open. Each is returned once.
    pub(in crate::accumulator) fn take_without_loss(&mut self) -> impl Iterator<Item = BlockId> + use<> {
        let disorder = self.disorder.get_or_insert_default();
        let is_first = self.initial > 0 && !core::mem::replace(&mut disorder.has_initial_loss, true);
        // A block that a delta has opened has no input, so each block with input was open when it was added.
        let from = core::mem::replace(&mut disorder.without_loss_from, self.states.len());
        for index in core::mem::take(&mut disorder.unmatched_without_loss) {
            if let Some(unmatched) = self.existing_slot_mut(index).and_then(|slot| slot.unmatched.as_mut()) {
                unmatched.record_lost_piece();
            }
        }
        let initial = if is_first { self.initial } else { 0 };
        (0..initial).map(BlockId::initial).chain((from..self.states.len()).map(BlockId::later))
    }
}
