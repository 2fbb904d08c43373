//! Which block a delta, a start or a stop belongs to.
//!
//! Each lookup takes constant time in the slot of its index. Finding the slot of an index out of order takes at most 64
//! steps. So a stream that reuses one index a million times costs no more than one that counts up.

mod id;
mod order;
mod positions;
mod slot;
mod unmatched;

use alloc::boxed::Box;
use alloc::vec::Vec;

pub(crate) use self::id::BlockId;
pub use self::id::BlockKey;
use self::id::Place;
use self::positions::Positions;
pub(super) use self::slot::Origin;
use self::slot::{BlockState, Slot};
pub(super) use self::unmatched::Unmatched;
use super::violation::ViolationKind;
use crate::block::ContentBlock;
use crate::delta::DeltaKind;
use crate::memory::push_growing_by_half;
use crate::piece::{BlockString, PendingHalf};

/// All blocks of a message, by arrival and by index.
#[derive(Clone, Default)]
pub(crate) struct Blocks {
    /// Number of blocks in `message_start`. They are first in the content.
    initial: usize,
    /// The others, in the order of their arrival.
    states: Vec<BlockState>,
    /// The slots, in the order in which their indices arrived. Usually slot n is that of index n.
    slots: Vec<Slot>,
    /// The highest index of a block that was in `message_start` or had a start.
    highest_index: Option<u64>,
    /// The content is not in its order.
    is_unsorted: bool,
    /// Number of open blocks that started later.
    open: usize,
    /// No block before this one is open.
    first_open: usize,
    disorder: Option<Box<Disorder>>,
}

/// State that only streams with blocks out of order, implicit blocks, unmatched input or lost events need.
#[derive(Clone, Default)]
struct Disorder {
    /// The positions of the slots, where slot n is not that of the index n.
    elsewhere: Positions,
    /// The blocks of each [kind](implicit_kind) that deltas opened, by index, in the order of `states`.
    implicit: [Positions; 3],
    /// The number of indices at which input JSON, or a lost piece of it, waits for its block.
    unmatched: usize,
    /// Indices at which a piece was lost before any text arrived. Not in a slot: such an event may have 20 bytes, and a
    /// slot has more than four times as many.
    lost: Positions,
    /// Indices of unmatched input JSON that has lost no piece yet.
    unmatched_without_loss: Vec<u64>,
    /// Open blocks with input before this one have lost a piece.
    without_loss_from: usize,
    /// The initial blocks have lost a piece.
    has_initial_loss: bool,
}

impl Blocks {
    /// Sets the blocks of `message_start`, which precede those that started before it.
    pub(super) fn set_initial(&mut self, content: &[ContentBlock], initial: usize) {
        self.initial = initial;
        for state in &mut self.states {
            state.position = state.position.saturating_add(u32::try_from(initial).unwrap_or(u32::MAX));
        }
        let initial = u64::try_from(initial).unwrap_or(u64::MAX);
        self.highest_index = self.highest_index.max(initial.checked_sub(1));
        // Indices that were used before `message_start` have their slots already.
        for at in 0..self.slots.len() {
            if let Some(index) = self.slots.get(at).map(|slot| slot.index).filter(|index| *index < initial) {
                self.register_initial(content, index);
            }
        }
    }

    /// Makes the slot of an initial block, which has none before its first event.
    pub(super) fn touch(&mut self, content: &[ContentBlock], index: u64) {
        if self.is_initial(index) && self.slot(index).is_none_or(|slot| !slot.has_initial) {
            self.register_initial(content, index);
        }
    }

    /// Adds a block to the content and to the slot of its index.
    pub(super) fn add(
        &mut self,
        content: &mut Vec<ContentBlock>,
        index: u64,
        origin: Origin,
        block: ContentBlock,
    ) -> BlockId {
        let at = self.states.len();
        let id = BlockId::later(at);
        let generation = self.slot_mut(index).map_or(0, |slot| {
            let next = slot.blocks.saturating_add(1);
            core::mem::replace(&mut slot.blocks, next)
        });
        let key = BlockKey { index, generation };
        // As long as the blocks are sorted, the last one is the highest.
        self.is_unsorted |= self.states.last().is_some_and(|last| key < last.key);
        let position = u32::try_from(content.len()).unwrap_or(u32::MAX);
        push_growing_by_half(content, block);
        push_growing_by_half(
            &mut self.states,
            BlockState { key, position, open_below: None, half: PendingHalf::default(), origin, is_open: false },
        );
        self.register(content, id, at);
        id
    }

    /// Marks a block that deltas opened as started: from here on it is like any other.
    pub(super) fn set_started(&mut self, content: &[ContentBlock], id: BlockId) {
        let Place::Later(at) = id.place() else { return };
        if let Some(state) = self.states.get_mut(at) {
            state.origin = Origin::Started;
        }
        self.register(content, id, at);
    }

    /// Closes a block, if it is open.
    pub(super) fn close(&mut self, id: BlockId) {
        match id.place() {
            Place::Later(at) => {
                let Some(state) = self.states.get_mut(at).filter(|state| state.is_open) else { return };
                state.is_open = false;
                self.open = self.open.saturating_sub(1);
                let (index, below) = (state.key.index, state.open_below.take());
                if let Some(slot) = self.existing_slot_mut(index) {
                    slot.newest_open = below;
                }
            }
            Place::Initial(at) => {
                let index = u64::try_from(at).ok();
                // Without a slot, no event named it.
                let Some(slot) = index.and_then(|index| self.existing_slot_mut(index)) else { return };
                slot.initial_is_open = false;
                if slot.newest_open == Some(id) {
                    slot.newest_open = slot.open_below_initial.take();
                }
            }
        }
    }

    /// Returns the number of blocks, with those of unmatched input JSON.
    pub(super) fn count(&self) -> usize {
        self.initial.saturating_add(self.states.len()).saturating_add(self.unmatched_count())
    }

    pub(super) fn initial(&self) -> usize {
        self.initial
    }

    pub(super) fn key(&self, id: BlockId) -> Option<BlockKey> {
        match id.place() {
            Place::Initial(at) => self.initial_key(at),
            Place::Later(at) => self.states.get(at).map(|state| state.key),
        }
    }

    /// Returns the key and the position of a block, in one look-up.
    #[inline]
    pub(super) fn locate(&self, id: BlockId) -> Option<(BlockKey, usize)> {
        match id.place() {
            Place::Later(at) => {
                let state = self.states.get(at)?;
                Some((state.key, usize::try_from(state.position).ok()?))
            }
            Place::Initial(at) => Some((self.initial_key(at)?, at)),
        }
    }

    /// Returns the position of a block in the content, which is sorted only at the end of the message.
    #[inline]
    pub(super) fn position(&self, id: BlockId) -> Option<usize> {
        match id.place() {
            Place::Initial(at) => Some(at),
            Place::Later(at) => usize::try_from(self.states.get(at)?.position).ok(),
        }
    }

    /// Returns a block of the content.
    #[inline]
    pub(super) fn block<'c>(&self, id: BlockId, content: &'c [ContentBlock]) -> Option<&'c ContentBlock> {
        content.get(self.position(id)?)
    }

    /// Returns a block of the content, for writing.
    #[inline]
    pub(super) fn block_mut<'c>(&self, id: BlockId, content: &'c mut [ContentBlock]) -> Option<&'c mut ContentBlock> {
        content.get_mut(self.position(id)?)
    }

    /// Returns all blocks, in the order of their arrival. Initial ones are first.
    pub(super) fn ids(&self) -> impl Iterator<Item = BlockId> + use<> {
        let initial = self.initial;
        (0..initial.saturating_add(self.states.len())).map(move |at| match at.checked_sub(initial) {
            Some(at) => BlockId::later(at),
            None => BlockId::initial(at),
        })
    }

    pub(super) fn origin(&self, id: BlockId) -> Origin {
        self.state(id).map_or(Origin::Initial, |state| state.origin)
    }

    pub(super) fn is_open(&self, id: BlockId) -> bool {
        match id.place() {
            Place::Later(at) => self.states.get(at).is_some_and(|state| state.is_open),
            Place::Initial(at) => {
                u64::try_from(at).ok().and_then(|index| self.slot(index)).is_none_or(|slot| slot.initial_is_open)
            }
        }
    }

    /// Returns the half of a surrogate pair that a string of a block ended with.
    // Out of line: the fast path does not ask for it.
    #[inline(never)]
    pub(super) fn half_mut(&mut self, id: BlockId) -> Option<&mut PendingHalf> {
        match id.place() {
            Place::Later(at) => self.states.get_mut(at).map(|state| &mut state.half),
            Place::Initial(at) => self.existing_slot_mut(u64::try_from(at).ok()?).map(|slot| &mut slot.half),
        }
    }

    /// Returns the half of a surrogate pair that a string of a block ended with.
    pub(super) fn half(&self, id: BlockId) -> PendingHalf {
        let half = match id.place() {
            Place::Later(at) => self.states.get(at).map(|state| state.half),
            Place::Initial(at) => u64::try_from(at).ok().and_then(|index| self.slot(index)).map(|slot| slot.half),
        };
        half.unwrap_or_default()
    }

    /// Returns whether this string ended with a half: that of the block which a delta has as its target, or unmatched
    /// input JSON.
    #[cold]
    #[inline(never)]
    pub(super) fn has_half(&self, index: u64, target: Option<BlockId>, of: BlockString) -> bool {
        match target {
            Some(id) => !self.half(id).is_none() && self.half(id).of == of,
            None if of != BlockString::InputJson => false,
            None => self.slot(index).and_then(|slot| slot.unmatched.as_ref()).is_some_and(|json| json.half != 0),
        }
    }

    /// Returns whether the input of a block ended with a half.
    #[inline(never)]
    pub(super) fn has_half_of_input(&self) -> bool {
        self.ids().map(|id| self.half(id)).any(|half| !half.is_none() && half.of == BlockString::InputJson)
    }

    /// Returns the newest block of an index that accepts such a delta.
    pub(super) fn target(&self, index: u64, kind: DeltaKind) -> Option<BlockId> {
        self.slot(index)?.newest.get(kind as usize).copied().flatten()
    }

    /// Returns the newest block of an index that has input. An initial block needs no slot for this.
    pub(super) fn input_target(&self, content: &[ContentBlock], index: u64) -> Option<BlockId> {
        let Some(slot) = self.slot(index) else {
            let at = usize::try_from(index).ok().filter(|at| *at < self.initial)?;
            return DeltaKind::InputJson.is_accepted_by(content.get(at)?).then(|| BlockId::initial(at));
        };
        slot.newest.get(DeltaKind::InputJson as usize).copied().flatten()
    }

    /// Returns whether a block of this index was in `message_start` or had a start.
    pub(super) fn is_in_use(&self, index: u64) -> bool {
        self.is_initial(index) || self.slot(index).is_some_and(|slot| slot.is_in_use)
    }

    fn is_initial(&self, index: u64) -> bool {
        usize::try_from(index).is_ok_and(|index| index < self.initial)
    }

    /// Returns the newest open block of an index.
    pub(super) fn newest_open(&self, index: u64) -> Option<BlockId> {
        self.slot(index)?.newest_open
    }

    /// Returns the highest index of a block that was in `message_start` or had a start.
    pub(super) fn highest_index(&self) -> Option<u64> {
        self.highest_index
    }

    /// Returns the block that deltas opened before this start of its index and kind, if there is one. If an initial
    /// block of the same kind arrived later, the result is `None`.
    pub(super) fn implicit_block(&self, content: &[ContentBlock], index: u64, block: &ContentBlock) -> Option<BlockId> {
        let of_kind = self.disorder.as_ref()?.implicit.get(implicit_kind(block)?)?;
        let id = BlockId::later(usize::try_from(of_kind.find(index)?).ok()?);
        let is_claimed = !matches!(self.origin(id), Origin::Implicit(_));
        let initial = usize::try_from(index).ok().filter(|at| *at < self.initial).and_then(|at| content.get(at));
        (!is_claimed && !initial.is_some_and(|initial| is_same_kind(initial, block))).then_some(id)
    }

    /// Returns the violation that a start at this index is.
    pub(super) fn start_violation(&self, index: u64) -> Option<ViolationKind> {
        if self.is_in_use(index) {
            return Some(ViolationKind::IndexReused);
        }
        let next = self.highest_index.map_or(0, |highest| highest.saturating_add(1));
        match index.cmp(&next) {
            core::cmp::Ordering::Less => Some(ViolationKind::StartOutOfOrder),
            core::cmp::Ordering::Equal => None,
            core::cmp::Ordering::Greater => Some(ViolationKind::IndexGap),
        }
    }

    /// Returns the first open block that started later. Amortised constant time.
    pub(super) fn first_open(&mut self) -> Option<BlockId> {
        if self.open == 0 {
            return None;
        }
        while self.states.get(self.first_open).is_some_and(|state| !state.is_open) {
            self.first_open = self.first_open.saturating_add(1);
        }
        Some(BlockId::later(self.first_open))
    }

    fn register_initial(&mut self, content: &[ContentBlock], index: u64) {
        let Ok(at) = usize::try_from(index) else { return };
        let Some(block) = content.get(at) else { return };
        let id = BlockId::initial(at);
        let Some(slot) = self.slot_mut(index) else { return };
        if slot.has_initial {
            return;
        }
        slot.initial_generation = slot.blocks;
        slot.blocks = slot.blocks.saturating_add(1);
        (slot.has_initial, slot.is_in_use, slot.initial_is_open) = (true, true, true);
        for (kind, newest) in DeltaKind::ALL.iter().zip(&mut slot.newest) {
            if kind.is_accepted_by(block) {
                *newest = Some(id);
            }
        }
        slot.open_below_initial = slot.newest_open.replace(id);
    }

    /// Records which deltas the block accepts, and opens it if a stop may close it.
    fn register(&mut self, content: &[ContentBlock], id: BlockId, at: usize) {
        let Some((key, origin)) = self.states.get(at).map(|state| (state.key, state.origin)) else { return };
        let Some(block) = self.block(id, content) else { return };
        let is_implicit = matches!(origin, Origin::Implicit(_));
        let Some(slot) = self.slot_mut(key.index) else { return };
        let initial_generation = slot.initial_generation;
        for (kind, newest) in DeltaKind::ALL.iter().zip(&mut slot.newest) {
            if !kind.is_accepted_by(block) {
                continue;
            }
            // A block whose start arrives later is not newer than a block that arrived after it.
            let is_older = newest.is_some_and(|newest| match newest.place() {
                Place::Later(newest) => newest > at,
                Place::Initial(_) => initial_generation > key.generation,
            });
            if !is_older {
                *newest = Some(id);
            }
        }
        if is_implicit {
            let (at, kind) = (u32::try_from(at).unwrap_or(u32::MAX), implicit_kind(block));
            let implicit = &mut self.disorder_mut().implicit;
            if let Some(of_kind) = kind.and_then(|kind| implicit.get_mut(kind)) {
                of_kind.set(key.index, at);
            }
            return;
        }
        slot.is_in_use = true;
        let below = slot.newest_open.replace(id);
        if let Some(state) = self.states.get_mut(at) {
            state.is_open = true;
            state.open_below = below;
        }
        self.open = self.open.saturating_add(1);
        self.first_open = self.first_open.min(at);
        self.highest_index = self.highest_index.max(Some(key.index));
    }

    fn slot(&self, index: u64) -> Option<&Slot> {
        self.slots.get(self.slot_position(index)?)
    }

    // Out of line: every rule asks for it, but the fast path does not.
    #[inline(never)]
    fn slot_position(&self, index: u64) -> Option<usize> {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        if self.slots.get(at).is_some_and(|slot| slot.index == index) {
            return Some(at);
        }
        usize::try_from(self.disorder.as_ref()?.elsewhere.find(index)?).ok()
    }

    fn existing_slot_mut(&mut self, index: u64) -> Option<&mut Slot> {
        let at = self.slot_position(index)?;
        self.slots.get_mut(at)
    }

    /// Returns the slot of an index, and makes it if it does not exist. `None`: there are 2³² slots.
    fn slot_mut(&mut self, index: u64) -> Option<&mut Slot> {
        let at = match self.slot_position(index) {
            Some(at) => at,
            None => {
                let at = self.slots.len();
                if u64::try_from(at) != Ok(index) {
                    self.disorder_mut().elsewhere.set(index, u32::try_from(at).ok()?);
                }
                push_growing_by_half(&mut self.slots, Slot::new(index));
                at
            }
        };
        self.slots.get_mut(at)
    }

    #[inline(never)]
    fn disorder_mut(&mut self) -> &mut Disorder {
        self.disorder.get_or_insert_default()
    }

    fn state(&self, id: BlockId) -> Option<&BlockState> {
        match id.place() {
            Place::Later(at) => self.states.get(at),
            Place::Initial(_) => None,
        }
    }

    // Out of line, as few messages begin with blocks.
    #[inline(never)]
    fn initial_key(&self, at: usize) -> Option<BlockKey> {
        let index = u64::try_from(at).ok()?;
        Some(BlockKey { index, generation: self.slot(index).map_or(0, |slot| slot.initial_generation) })
    }
}

/// Returns the number of this kind among the kinds of blocks that deltas open.
fn implicit_kind(block: &ContentBlock) -> Option<usize> {
    match block {
        ContentBlock::Text(_) => Some(0),
        ContentBlock::Thinking(_) => Some(1),
        ContentBlock::Compaction(_) => Some(2),
        ContentBlock::ToolUse(_) | ContentBlock::Raw(_) => None,
    }
}

fn is_same_kind(a: &ContentBlock, b: &ContentBlock) -> bool {
    core::mem::discriminant(a) == core::mem::discriminant(b)
}
