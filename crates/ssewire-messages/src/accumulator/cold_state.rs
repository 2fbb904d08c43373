//! State that few messages need, in an allocation of its own, so that the accumulator of other messages is small.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::blocks::BlockId;
use super::change::Change;
use super::error::ExceededLimit;

#[derive(Clone, Default)]
pub(super) struct ColdState {
    /// Updates beyond that of the last event.
    pub(super) queue: Queue,
    /// Tool calls without any input that have stopped, in the block of the highest index.
    pub(super) undecided: Vec<BlockId>,
    /// How many of them, from the first, the stop reason has truncated.
    pub(super) truncated: usize,
    /// The last block of `message_start`, if it began as a tool call without any input.
    pub(super) initial_call: Option<BlockId>,
    /// The index of the fallback block that gave the model.
    pub(super) fallback_index: Option<u64>,
    /// An event was lost that may have been the start of a block, or a delta of any index.
    pub(super) has_lost_start_or_delta: bool,
    /// The limit that was exceeded first.
    pub(super) exceeded_limit: Option<ExceededLimit>,
}

/// Updates in their order. Nearly always one, which needs no further allocation.
#[derive(Clone, Default)]
pub(super) struct Queue {
    first: Option<Change>,
    more: VecDeque<Change>,
}

impl Queue {
    pub(super) fn push(&mut self, change: Change) {
        if self.is_empty() {
            self.first = Some(change);
        } else {
            self.more.push_back(change);
        }
    }

    pub(super) fn pop(&mut self) -> Option<Change> {
        self.first.take().or_else(|| self.more.pop_front())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none() && self.more.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.first = None;
        self.more.clear();
    }
}
