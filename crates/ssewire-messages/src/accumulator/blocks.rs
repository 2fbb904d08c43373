//! Which block a delta, a start or a stop belongs to.
//!
//! Every question is answered from the slot of its index in constant time (but for finding the slot, which is
//! logarithmic in the number of indices): a stream that reuses one index a million times costs no more than one that
//! counts up.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::anomaly::AnomalyKind;
use crate::content::{Content, ContentBlock};

/// Identifies a block for as long as its message is accumulated, whatever else starts before or after it.
///
/// The index of the wire alone does not: a stream may use one for several blocks. Its position in the content does
/// not either: a block with a lower index may still start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct BlockKey {
    /// The index of the block on the wire.
    pub index: u64,
    /// How many blocks of this index came before it.
    pub generation: u32,
}

/// A block's place in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockId(pub(super) u32);

/// What a delta may ask a block to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Text,
    Thinking,
    Signature,
    Citations,
    InputJson,
    Compaction,
}

impl Takes {
    const ALL: [Self; 6] =
        [Self::Text, Self::Thinking, Self::Signature, Self::Citations, Self::InputJson, Self::Compaction];

    /// Whether a block can take such a delta: by its kind, or, where that is unknown, by the member it has.
    pub(super) fn is_taken_by(self, block: &ContentBlock) -> bool {
        match (self, block) {
            (_, ContentBlock::Unknown(block)) => {
                let member = |name| block.raw().get(name);
                let text = |name| member(name).is_some_and(|value| value.is_string() || value.is_null());
                match self {
                    Self::Text => text("text"),
                    Self::Thinking => text("thinking"),
                    Self::Signature => text("signature"),
                    Self::Citations => member("citations").is_some_and(|value| value.is_array() || value.is_null()),
                    Self::InputJson => member("input").is_some(),
                    Self::Compaction => false,
                }
            }
            (Self::Text | Self::Citations, ContentBlock::Text(_))
            | (Self::Thinking | Self::Signature, ContentBlock::Thinking(_))
            | (
                Self::InputJson,
                ContentBlock::ToolUse(_) | ContentBlock::ServerToolUse(_) | ContentBlock::McpToolUse(_),
            )
            | (Self::Compaction, ContentBlock::Compaction(_)) => true,
            _ => false,
        }
    }
}

/// How a block came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// It stood in `message_start`.
    Initial,
    /// It had a `content_block_start`.
    Started,
    /// A delta opened it, for the lack of a block that could take it. The departure that each such delta is.
    Implied(AnomalyKind),
}

/// What is known of a block beside its content.
#[derive(Debug, Clone)]
pub(super) struct BlockState {
    pub(super) key: BlockKey,
    pub(super) origin: Origin,
    pub(super) is_open: bool,
    /// The block of the same index that was open when this one started.
    open_below: Option<BlockId>,
}

impl BlockState {
    /// The order of the content: initial blocks, then the others by index, those of one index by arrival.
    pub(super) fn order(&self) -> (bool, BlockKey) {
        (self.origin != Origin::Initial, self.key)
    }
}

/// What is known of an index.
#[derive(Debug, Clone, Default)]
struct Slot {
    /// How many blocks it has had.
    blocks: u32,
    /// A block stood in `message_start` or had a start.
    is_in_use: bool,
    /// The newest block that takes each sort of delta, by [`Takes`].
    newest: [Option<BlockId>; Takes::ALL.len()],
    newest_open: Option<BlockId>,
    /// Blocks that deltas opened and no start has adopted yet, by the delta that opens them.
    implied: [Option<BlockId>; 3],
    /// Input JSON that waits for its block.
    orphan: String,
}

/// All blocks of a message, by arrival and by index.
#[derive(Debug, Clone, Default)]
pub(super) struct Blocks {
    states: Vec<BlockState>,
    slots: BTreeMap<u64, Slot>,
    /// The index that the next start should have: one more than the highest so far.
    next_index: u64,
    /// At how many indices input JSON waits for its block.
    orphans: usize,
}

impl Blocks {
    /// How many there are, with those that input JSON still waits for.
    pub(super) fn count(&self) -> usize {
        self.states.len().saturating_add(self.orphans)
    }

    pub(super) fn state(&self, id: BlockId) -> Option<&BlockState> {
        self.states.get(usize::try_from(id.0).ok()?)
    }

    /// The blocks that are open, in the order of their arrival.
    pub(super) fn open(&self) -> impl Iterator<Item = (BlockId, &BlockState)> {
        (0..).map(BlockId).zip(&self.states).filter(|(_, state)| state.is_open)
    }

    /// The newest block of an index that can take such a delta.
    pub(super) fn taker(&self, index: u64, takes: Takes) -> Option<BlockId> {
        self.slots.get(&index)?.newest.get(takes as usize).copied().flatten()
    }

    /// Whether a block of this index stood in `message_start` or had a start.
    pub(super) fn is_in_use(&self, index: u64) -> bool {
        self.slots.get(&index).is_some_and(|slot| slot.is_in_use)
    }

    /// The newest open block of an index.
    pub(super) fn newest_open(&self, index: u64) -> Option<BlockId> {
        self.slots.get(&index)?.newest_open
    }

    /// The block that deltas opened before this start of its index and kind, if there is one.
    pub(super) fn adoptable(&self, index: u64, block: &ContentBlock) -> Option<BlockId> {
        self.slots.get(&index)?.implied.get(implied_slot(block)?).copied().flatten()
    }

    /// The departure that a start at this index is.
    pub(super) fn start_departure(&self, index: u64) -> Option<AnomalyKind> {
        if self.is_in_use(index) {
            return Some(AnomalyKind::IndexReused);
        }
        match index.cmp(&self.next_index) {
            core::cmp::Ordering::Less => Some(AnomalyKind::StartOutOfOrder),
            core::cmp::Ordering::Equal => None,
            core::cmp::Ordering::Greater => Some(AnomalyKind::IndexGap),
        }
    }

    /// Adds a block to the content and to the books.
    pub(super) fn add(&mut self, content: &mut Content, index: u64, origin: Origin, block: ContentBlock) -> BlockId {
        let id = BlockId(u32::try_from(self.states.len()).unwrap_or(u32::MAX));
        let slot = self.slots.entry(index).or_default();
        let key = BlockKey { index, generation: slot.blocks };
        slot.blocks = slot.blocks.saturating_add(1);
        if let (Origin::Implied(_), Some(implied)) =
            (origin, implied_slot(&block).and_then(|kind| slot.implied.get_mut(kind)))
        {
            *implied = Some(id);
        }
        let state = BlockState { key, origin, is_open: false, open_below: None };
        content.add(block, state.order(), self.states.iter().map(BlockState::order));
        self.states.push(state);
        self.register(content, id);
        id
    }

    /// A start has come for a block that deltas opened: from here on it is like any other.
    pub(super) fn adopt(&mut self, content: &Content, id: BlockId) {
        let Some(state) = self.states.get_mut(usize::try_from(id.0).unwrap_or(usize::MAX)) else { return };
        state.origin = Origin::Started;
        if let Some(slot) = self.slots.get_mut(&state.key.index) {
            slot.implied.iter_mut().filter(|implied| **implied == Some(id)).for_each(|implied| *implied = None);
        }
        self.register(content, id);
    }

    pub(super) fn close(&mut self, id: BlockId) {
        let Some(state) = self.states.get_mut(usize::try_from(id.0).unwrap_or(usize::MAX)) else { return };
        state.is_open = false;
        if let Some(slot) = self.slots.get_mut(&state.key.index) {
            slot.newest_open = state.open_below.take();
        }
    }

    /// Whether input JSON waits for a block at this index.
    pub(super) fn has_orphan(&self, index: u64) -> bool {
        self.slots.get(&index).is_some_and(|slot| !slot.orphan.is_empty())
    }

    /// Keeps input JSON, which is not empty, until its block starts.
    pub(super) fn hold_orphan(&mut self, index: u64, json: &str) {
        let orphan = &mut self.slots.entry(index).or_default().orphan;
        if orphan.is_empty() {
            self.orphans = self.orphans.saturating_add(1);
        }
        orphan.push_str(json);
    }

    /// The input JSON that waited for a block at this index; there is some.
    pub(super) fn take_orphan(&mut self, index: u64) -> String {
        self.orphans = self.orphans.saturating_sub(1);
        self.slots.get_mut(&index).map(|slot| core::mem::take(&mut slot.orphan)).unwrap_or_default()
    }

    /// Input JSON that never found its block, by index; white space alone is none.
    pub(super) fn orphans(&self) -> impl Iterator<Item = (u64, &str)> {
        self.slots
            .iter()
            .map(|(index, slot)| (*index, slot.orphan.as_str()))
            .filter(|(_, json)| !json.trim_ascii().is_empty())
    }

    /// Notes what the block takes from here on, and opens it if a stop may close it.
    fn register(&mut self, content: &Content, id: BlockId) {
        let Some(state) = self.states.get_mut(usize::try_from(id.0).unwrap_or(usize::MAX)) else { return };
        let Some(block) = content.by_arrival(id.0) else { return };
        let slot = self.slots.entry(state.key.index).or_default();
        let is_implied = matches!(state.origin, Origin::Implied(_));
        for takes in Takes::ALL.into_iter().filter(|takes| takes.is_taken_by(block)) {
            // A signature or a citation before the start of its block is not merged: nobody knows what it belongs to.
            if is_implied && matches!(takes, Takes::Signature | Takes::Citations) {
                continue;
            }
            if let Some(newest) = slot.newest.get_mut(takes as usize) {
                // An adopted block is not newer than one that came after it.
                if newest.is_none_or(|newest| newest.0 <= id.0) {
                    *newest = Some(id);
                }
            }
        }
        if !is_implied {
            slot.is_in_use = true;
            state.is_open = true;
            state.open_below = slot.newest_open.replace(id);
            self.next_index = self.next_index.max(state.key.index.saturating_add(1));
        }
    }
}

/// Which kinds of blocks a delta can open.
fn implied_slot(block: &ContentBlock) -> Option<usize> {
    match block {
        ContentBlock::Text(_) => Some(0),
        ContentBlock::Thinking(_) => Some(1),
        ContentBlock::Compaction(_) => Some(2),
        _ => None,
    }
}
