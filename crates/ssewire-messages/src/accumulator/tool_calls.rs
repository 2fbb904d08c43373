//! The rules for when a tool call is complete, and for lost pieces of its input. `docs/protocol.md`, heading "Tool
//! input".

use super::blocks::BlockId;
use super::change::Change;
use super::{Accumulator, Completion};
use crate::block::ContentBlock;
use crate::json::is_blank;
use crate::memory::push_growing_by_half;
use crate::piece::BlockString;
use crate::stop_reason::StopReason;
use crate::tool_input::InputState;
use crate::turn::ToolCall;

impl Accumulator {
    /// Closes a block. Returns whether its text ended within a character.
    pub(super) fn close(&mut self, id: BlockId) -> bool {
        self.blocks.close(id);
        let half = self.end_half(id);
        let is_half = half.is_some();
        let is_highest = self.is_highest(id);
        let Some(block) = self.blocks.block_mut(id, &mut self.message.content) else { return is_half };
        let may_be_truncated = is_highest && is_blank_call(block);
        let Some(input) = block.existing_input_state_mut() else { return is_half };
        // A half of the input is a change of its own.
        if half != Some(BlockString::InputJson) {
            input.clear_changes();
        }
        input.stop(may_be_truncated);
        if !input.is_undecided() {
            self.queue_call(id);
            return is_half;
        }
        push_growing_by_half(&mut self.cold_mut().undecided, id);
        if self.has_stop_reason {
            self.decide_blank_calls(self.is_output_truncated());
        }
        is_half
    }

    /// Returns whether the output limit may have truncated the message. The stop reason of `message_start` counts until
    /// another comes. One that was not kept proves nothing: its last value was not a string, or is unknown and beyond
    /// the limit.
    pub(super) fn is_output_truncated(&self) -> bool {
        self.message.stop_reason().map_or(self.has_stop_reason, StopReason::is_truncation)
    }

    /// Returns whether a lost event may have had the stop reason.
    pub(super) fn is_stop_reason_uncertain(&self) -> bool {
        !self.has_stop_reason
            && (self.has_reason(Completion::LimitExceeded) || self.has_reason(Completion::ContentLost))
    }

    /// Decides whether a call without any input is complete or was truncated, by a block of a higher index, the stop
    /// reason or `message_stop`. A truncated one may still turn out to be complete.
    pub(super) fn decide_blank_calls(&mut self, is_truncated: bool) {
        self.decide_initial_call(is_truncated);
        let Some(cold) = &mut self.cold else { return };
        let undecided = core::mem::take(&mut cold.undecided);
        let truncated = core::mem::take(&mut cold.truncated);
        // To truncate a call again with each event would be quadratic.
        for id in undecided.get(if is_truncated { truncated } else { 0 }..).unwrap_or_default() {
            // If text has arrived after the stop, the end of the message returns the call.
            let Some(input) = self.existing_input_mut(*id).filter(|input| input.json().is_none()) else { continue };
            input.decide_blank(is_truncated);
            if !is_truncated {
                self.queue_call(*id);
            }
        }
        if is_truncated {
            let cold = self.cold_mut();
            (cold.truncated, cold.undecided) = (undecided.len(), undecided);
        }
    }

    /// Decides whether the call of the last initial block is complete or truncated, while that block is open. An
    /// initial block needs no stop, and `message_stop` may be missing, so each event that can decide its call does so.
    // Out of line: inlining duplicates it.
    #[inline(never)]
    pub(super) fn decide_initial_call(&mut self, is_truncated: bool) {
        let Some(id) = self.cold.as_ref().and_then(|cold| cold.initial_call) else { return };
        let is_truncated = is_truncated && self.is_highest(id);
        if self.blocks.is_open(id) {
            if let Some(input) = self.existing_input_mut(id) {
                input.decide_blank(is_truncated);
            }
        }
    }

    /// Decides the calls of `message_start`. Its blocks may be of a higher index than an undecided call, and the last
    /// of them may be a call that an earlier stop reason has truncated.
    pub(super) fn decide_calls_at_start(&mut self, highest_before: Option<u64>) {
        if self.blocks.highest_index() > highest_before {
            self.decide_blank_calls(false);
        }
        let last = self.blocks.initial().checked_sub(1);
        if let Some(at) = last.filter(|at| self.message.content.get(*at).is_some_and(is_blank_call)) {
            self.cold_mut().initial_call = Some(BlockId::initial(at));
            self.decide_initial_call(self.is_output_truncated());
        }
    }

    /// Returns whether the index of a block is the highest one.
    fn is_highest(&self, id: BlockId) -> bool {
        self.blocks.key(id).map(|key| key.index) == self.blocks.highest_index()
    }

    /// Finds the state of input that arrived after the stop of its block. A call that was complete before was returned
    /// before.
    pub(super) fn decide_late_input(&mut self) {
        for id in self.blocks.ids() {
            let Some(input) = self.existing_input_mut(id).filter(|input| input.is_late()) else { continue };
            input.end();
            if !input.is_complete_before_late_text() {
                self.queue_call(id);
            }
        }
    }

    /// Ends the calls of a message that ends here and lacks only its `message_stop`: queues those that no stop of their
    /// block has returned.
    pub(crate) fn end_calls(&mut self) {
        for id in self.blocks.ids() {
            let block = self.blocks.block(id, &self.message.content);
            if !self.blocks.is_open(id) || !matches!(block, Some(ContentBlock::ToolUse(_))) {
                continue;
            }
            // An initial block without a slot cannot be closed, so its call would be returned again.
            if let Some(key) = self.blocks.key(id) {
                self.blocks.touch(&self.message.content, key.index);
            }
            self.close(id);
        }
        self.decide_late_input();
    }

    /// Returns the tool input of a block, if it has received any.
    #[inline(never)]
    pub(super) fn existing_input_mut(&mut self, id: BlockId) -> Option<&mut InputState> {
        let block = self.blocks.block_mut(id, &mut self.message.content);
        block.and_then(ContentBlock::existing_input_state_mut)
    }

    /// Queues the update of a call that is complete.
    fn queue_call(&mut self, id: BlockId) {
        let block = self.blocks.block(id, &self.message.content);
        let call = block.and_then(ContentBlock::as_tool_use).and_then(ToolCall::of);
        if let Some(Ok(_)) = call {
            self.cold_mut().queue.push(Change::ToolCall(id));
        }
    }

    /// Records that a piece of content was lost: the tool input of its index, or of every open block, is truncated from
    /// here on. A start of a known index is a lost piece only of the open block there: its own stop closes that block,
    /// whose input may go on.
    pub(super) fn record_lost_piece(&mut self, index: Option<u64>, is_start: bool) {
        let Some(index) = index else {
            for id in self.blocks.take_without_loss() {
                if self.blocks.is_open(id) {
                    self.record_lost_piece_of(id);
                }
            }
            return;
        };
        if let Some(id) = self.blocks.input_target(&self.message.content, index) {
            if !is_start || self.blocks.is_open(id) {
                self.record_lost_piece_of(id);
            }
            return;
        }
        // Its block may start yet.
        let may_start =
            !self.is_over_limit && !self.blocks.is_in_use(index) && self.blocks.count() < self.options.max_blocks;
        if !is_start && (may_start || self.blocks.has_unmatched(index)) {
            self.blocks.record_unmatched_loss(index);
        }
    }

    /// Records that an event was lost that may have been the start of a block, or a delta of any index. Text before the
    /// start of its block or after its stop may be that of the lost block, or lack the lost delta.
    #[inline(never)]
    pub(super) fn record_lost_start_or_delta(&mut self) {
        if core::mem::replace(&mut self.cold_mut().has_lost_start_or_delta, true) {
            return;
        }
        for id in self.blocks.ids() {
            if self.existing_input_mut(id).is_some_and(|input| input.is_late()) {
                self.record_lost_piece_of(id);
            }
        }
    }

    /// Returns whether a start or a delta was lost: see
    /// [`record_lost_start_or_delta`](Self::record_lost_start_or_delta).
    pub(super) fn has_lost_start_or_delta(&self) -> bool {
        self.cold.as_ref().is_some_and(|cold| cold.has_lost_start_or_delta)
    }

    /// Opens the input of an open block for its next piece.
    #[inline(never)]
    pub(super) fn open_input(&mut self, id: BlockId) {
        let block = self.blocks.block_mut(id, &mut self.message.content);
        if let Some(input) = block.and_then(ContentBlock::input_state_mut) {
            input.open();
        }
    }

    /// Records a lost piece before one that arrived after the stop of its block, if there may be such a loss.
    #[inline(never)]
    pub(super) fn record_loss_before_late_piece(&mut self, id: BlockId, piece: &str) {
        if self.has_lost_start_or_delta() && !is_blank(piece) {
            self.record_lost_piece_of(id);
        }
    }

    #[inline(never)]
    fn record_lost_piece_of(&mut self, id: BlockId) {
        let block = self.blocks.block_mut(id, &mut self.message.content);
        if let Some(input) = block.filter(|block| block.has_input()).and_then(ContentBlock::input_state_mut) {
            input.record_lost_piece();
        }
    }
}

/// Returns whether a block is a tool call without any input.
#[inline(never)]
fn is_blank_call(block: &ContentBlock) -> bool {
    matches!(block, ContentBlock::ToolUse(call) if call.input().is_blank())
}
