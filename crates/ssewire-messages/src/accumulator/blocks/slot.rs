//! The state of a block beside its content, and that of an index.

use alloc::boxed::Box;

use super::id::{BlockId, BlockKey};
use super::unmatched::Unmatched;
use crate::accumulator::violation::ViolationKind;
use crate::delta::DeltaKind;
use crate::json::is_blank;
use crate::piece::PendingHalf;

/// The event that opened a block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::accumulator) enum Origin {
    /// The `message_start` that has the block in its content.
    Initial,
    /// A `content_block_start`.
    Started,
    /// A delta that no block could take. The violation is that of each such delta.
    Implicit(ViolationKind),
}

/// The state of a block beside its content.
#[derive(Clone)]
pub(super) struct BlockState {
    pub(super) key: BlockKey,
    /// The position of the block in the content.
    pub(super) position: u32,
    /// The block of the same index that was open when this block started.
    pub(super) open_below: Option<BlockId>,
    pub(super) half: PendingHalf,
    pub(super) origin: Origin,
    pub(super) is_open: bool,
}

/// The state of an index.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) index: u64,
    /// The newest block that accepts each kind of delta.
    pub(super) newest: [Option<BlockId>; DeltaKind::ALL.len()],
    pub(super) newest_open: Option<BlockId>,
    /// The open block that started before the initial block of the index.
    pub(super) open_below_initial: Option<BlockId>,
    /// The initial block of the index is registered.
    pub(super) has_initial: bool,
    /// The number of blocks of the index.
    pub(super) blocks: u32,
    /// The number of blocks before the initial block of the index.
    pub(super) initial_generation: u32,
    /// The half of a surrogate pair that the initial block of the index ended with.
    pub(super) half: PendingHalf,
    /// The index has had an initial block, or a start.
    pub(super) is_in_use: bool,
    /// The initial block of the index is open.
    pub(super) initial_is_open: bool,
    pub(super) unmatched: Option<Box<Unmatched>>,
}

impl Slot {
    pub(super) fn new(index: u64) -> Self {
        Self {
            index,
            newest: [None; DeltaKind::ALL.len()],
            newest_open: None,
            open_below_initial: None,
            has_initial: false,
            blocks: 0,
            initial_generation: 0,
            half: PendingHalf::default(),
            is_in_use: false,
            initial_is_open: false,
            unmatched: None,
        }
    }

    /// Returns whether the slot has unmatched input JSON that is not blank, if only half a character of it.
    pub(super) fn has_unmatched_json(&self) -> bool {
        self.unmatched.as_ref().is_some_and(|unmatched| unmatched.half != 0 || !is_blank(&unmatched.json))
    }
}
