//! `content_block_delta`. `docs/protocol.md`, heading "Merge rules".

use super::apply::Applied;
use super::blocks::{BlockId, Origin};
use super::change::Change;
use super::current::discard_before;
use super::{Accumulator, ViolationKind};
use crate::block::{BlockChange, ContentBlock};
use crate::delta::{Delta, DeltaKind, Target};
use crate::event::ContentBlockDelta;
use crate::piece::{BlockString, PendingHalf, push_piece};

/// The target and the violation of a delta, found before anything changes.
#[derive(Clone, Copy)]
struct Plan {
    kind: DeltaKind,
    /// The newest block of the index that accepts such a delta.
    target: Option<BlockId>,
    violation: Option<ViolationKind>,
}

impl Accumulator {
    pub(super) fn block_delta(&mut self, event: ContentBlockDelta<'_>) -> Applied {
        let ContentBlockDelta { index, mut delta, .. } = event;
        let foreign = delta.take_foreign_member();
        let Some(plan) = self.plan(index, &delta) else { return Ok(Change::Unchanged) };
        let foreign_plan = foreign.as_ref().and_then(|foreign| self.plan(index, foreign));
        if let Some(violation) = plan.violation.or_else(|| foreign_plan?.violation) {
            self.record_violation_by_index(violation, index)?;
        }
        let is_orderly = self.has_started && plan.violation.is_none();
        let (bytes, blocks) = self.cost(index, plan, &delta);
        let foreign_cost = foreign_plan.zip(foreign.as_ref()).map(|(plan, foreign)| self.cost(index, plan, foreign));
        let (foreign_bytes, foreign_blocks) = foreign_cost.unwrap_or_default();
        // Both open the same block.
        match self.charge(bytes.saturating_add(foreign_bytes), blocks.max(foreign_blocks)) {
            Ok(true) => {}
            refused => {
                // An empty piece changes no input.
                if plan.kind == DeltaKind::InputJson && bytes > 0 {
                    self.record_lost_piece(Some(index), false);
                }
                return refused.map(|_| Change::Unchanged);
            }
        }
        // Clear the changes of the previous piece, even if this delta extends another string of the block.
        if let Some(input) = plan.target.and_then(|id| self.existing_input_mut(id)) {
            input.clear_changes();
        }
        let change = self.merge_piece(index, plan, delta);
        // The block that the delta has opened may be the target of its foreign member.
        if let Some((plan, foreign)) = foreign.and_then(|foreign| Some((self.plan(index, &foreign)?, foreign))) {
            let change = self.merge_piece(index, plan, foreign);
            self.cold_mut().queue.push(change);
        } else if is_orderly {
            self.set_current(change);
        }
        Ok(change)
    }

    /// Takes the block of a piece as the likely one of the next piece.
    fn set_current(&mut self, change: Change) {
        let Change::Block(id, _, kind) = change else { return };
        let is_piece =
            matches!(kind, BlockChange::Text { .. } | BlockChange::Thinking { .. } | BlockChange::Input { .. });
        if is_piece && self.blocks.half(id).is_none() {
            self.current = Some(id);
        }
    }

    /// Finds the block of a delta, and whether the delta violates the protocol. `None`: a delta of an unknown kind.
    #[inline(never)]
    fn plan(&mut self, index: u64, delta: &Delta<'_>) -> Option<Plan> {
        let kind = delta.kind()?;
        self.blocks.touch(&self.message.content, index);
        let target = self.blocks.target(index, kind);
        let violation = match target.map(|id| (self.blocks.origin(id), self.blocks.is_open(id))) {
            Some((Origin::Implicit(violation), _)) => Some(violation),
            Some((_, true)) => None,
            Some((_, false)) => Some(ViolationKind::DeltaAfterStop),
            None if self.blocks.is_in_use(index) => Some(ViolationKind::MismatchedDelta),
            None => Some(ViolationKind::DeltaBeforeStart),
        };
        Some(Plan { kind, target, violation })
    }

    /// Returns the bytes and the blocks that a delta adds.
    #[inline(never)]
    fn cost(&self, index: u64, plan: Plan, delta: &Delta<'_>) -> (usize, usize) {
        let bytes = delta.byte_size();
        // An empty piece of input is free, at any number of indices.
        let opens = plan.kind != DeltaKind::InputJson || (bytes > 0 && !self.blocks.has_unmatched(index));
        let is_new = opens && plan.target.is_none();
        // Each half is charged as U+FFFD, 3 bytes. A pair becomes one character of 4 bytes, so 2 bytes are returned.
        let saved = if self.is_second_half(index, plan.target, delta) { 2 } else { 0 };
        (bytes.saturating_sub(saved).saturating_add(self.held_bytes(delta)), usize::from(is_new))
    }

    /// Returns whether a piece begins with the second half of a pair whose first half the text before it ended with.
    fn is_second_half(&self, index: u64, target: Option<BlockId>, delta: &Delta<'_>) -> bool {
        let (piece, of) = match delta {
            Delta::Text(delta) => (&delta.piece, BlockString::Text),
            Delta::Thinking(delta) => (&delta.piece, BlockString::Thinking),
            Delta::InputJson(delta) => (&delta.piece, BlockString::InputJson),
            _ => return false,
        };
        piece.halves.leading != 0 && self.blocks.has_half(index, target, of)
    }

    /// Returns an upper bound of the bytes that the partial value of a piece of input, and the record of its changes,
    /// hold.
    fn held_bytes(&self, delta: &Delta<'_>) -> usize {
        match (delta, self.options.partial) {
            (Delta::InputJson(delta), Some(partial)) => partial.held_bytes(delta.partial_json()),
            _ => 0,
        }
    }

    /// Merges a delta into its block, or else into one that it opens.
    fn merge_piece(&mut self, index: u64, plan: Plan, delta: Delta<'_>) -> Change {
        let Plan { kind, target, violation } = plan;
        if let Some(id) = target {
            return self.merge_delta(id, delta);
        }
        match (kind.new_block(), delta) {
            (Some(block), delta) => {
                let origin = Origin::Implicit(violation.unwrap_or(ViolationKind::DeltaBeforeStart));
                let id = self.blocks.add(&mut self.message.content, index, origin, block);
                self.merge_delta(id, delta)
            }
            (None, Delta::InputJson(delta)) if !delta.partial_json().is_empty() => {
                if let Some(unmatched) = self.blocks.unmatched_mut(index) {
                    push_piece(&mut unmatched.json, delta.piece, &mut unmatched.half);
                }
                Change::Unchanged
            }
            _ => Change::Unchanged,
        }
    }

    fn merge_delta(&mut self, id: BlockId, delta: Delta<'_>) -> Change {
        if let Delta::InputJson(delta) = &delta {
            if self.blocks.is_open(id) {
                self.open_input(id);
            } else {
                self.record_loss_before_late_piece(id, delta.partial_json());
            }
        }
        let Some(block) = self.blocks.block_mut(id, &mut self.message.content) else { return Change::Unchanged };
        let mut none = PendingHalf::default();
        let half = self.blocks.half_mut(id).unwrap_or(&mut none);
        let mut change = delta.merge(&mut Target { block, half, partial: self.options.partial });
        if self.options.is_text_discarded {
            let piece = match (&mut change, &mut *block) {
                (BlockChange::Text { from }, ContentBlock::Text(block)) => Some((block.text_mut(), from)),
                (BlockChange::Thinking { from }, ContentBlock::Thinking(block)) => Some((block.thinking_mut(), from)),
                _ => None,
            };
            if let Some((text, from)) = piece {
                discard_before(text, core::mem::take(from), &mut self.bytes);
            }
        }
        self.changed(id, change)
    }
}
