//! `content_block_delta`. `docs/protocol.md`, heading "Merge rules".

use super::apply::Applied;
use super::blocks::{BlockId, Origin};
use super::change::{BlockChange, Change};
use super::current::discard_before;
use super::{Accumulator, ViolationKind};
use crate::block::ContentBlock;
use crate::delta::{Delta, DeltaKind, Merged, Target};
use crate::event::ContentBlockDelta;
use crate::piece::{BlockString, PendingHalf, push_piece};

impl Accumulator {
    pub(super) fn block_delta(&mut self, event: ContentBlockDelta<'_>) -> Applied {
        let ContentBlockDelta { index, mut delta, .. } = event;
        self.current = None;
        if self.violation_if_stopped(ViolationKind::BlockEventAfterStop, Some(index))? {
            return Ok(Change::Unchanged);
        }
        self.violation_before_start(Some(index))?;
        let Some(kind) = delta.kind() else { return Ok(Change::Unchanged) };
        self.blocks.touch(&self.message.content, index);
        let foreign = delta.take_foreign_member();
        let foreign_kind = foreign.as_ref().and_then(Delta::kind);
        let violation = self.delta_violation(index, kind);
        if let Some(violation) = violation.or_else(|| self.delta_violation(index, foreign_kind?)) {
            self.violation_by_index(violation, index)?;
        }
        let is_orderly = self.has_started && violation.is_none();
        let (bytes, blocks) = self.delta_cost(index, kind, &delta);
        let foreign_cost = foreign.as_ref().zip(foreign_kind).map(|(delta, kind)| self.delta_cost(index, kind, delta));
        let (foreign_bytes, foreign_blocks) = foreign_cost.unwrap_or_default();
        // Both open the same block.
        match self.charge(bytes.saturating_add(foreign_bytes), blocks.max(foreign_blocks)) {
            Ok(true) => {}
            refused => {
                // An empty piece changes no input.
                if kind == DeltaKind::InputJson && bytes > 0 {
                    self.record_lost_piece(Some(index), false);
                }
                return refused.map(|_| Change::Unchanged);
            }
        }
        // Clear the changes of the previous piece, even if this delta extends another string of the block.
        if let Some(input) = self.blocks.target(index, kind).and_then(|id| self.existing_input_mut(id)) {
            input.clear_changes();
        }
        let change = self.merge_piece(index, kind, delta, violation);
        if let Some((kind, delta)) = foreign_kind.zip(foreign) {
            let violation = self.delta_violation(index, kind);
            let change = self.merge_piece(index, kind, delta, violation);
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
        if is_piece && self.blocks.half_mut(id).is_none_or(|half| half.is_none()) {
            self.current = Some(id);
        }
    }

    /// The violation, if a delta of this kind violates the protocol at this index.
    fn delta_violation(&self, index: u64, kind: DeltaKind) -> Option<ViolationKind> {
        let target = self.blocks.target(index, kind);
        match target.map(|id| (self.blocks.origin(id), self.blocks.is_open(id))) {
            Some((Origin::Implicit(violation), _)) => Some(violation),
            Some((_, true)) => None,
            Some((_, false)) => Some(ViolationKind::DeltaAfterStop),
            None if self.blocks.is_in_use(index) => Some(ViolationKind::MismatchedDelta),
            None => Some(ViolationKind::DeltaBeforeStart),
        }
    }

    /// The bytes and the blocks that a delta adds.
    #[inline(never)]
    fn delta_cost(&mut self, index: u64, kind: DeltaKind, delta: &Delta<'_>) -> (usize, usize) {
        let len = delta.len();
        // An empty piece of input is free, at any number of indices.
        let opens = kind != DeltaKind::InputJson || (len > 0 && !self.blocks.has_unmatched(index));
        let is_new = opens && self.blocks.target(index, kind).is_none();
        // Each half is charged as U+FFFD, 3 bytes. A pair becomes one character of 4 bytes, so 2 bytes are returned.
        let saved = if self.joins_half(index, kind, delta) { 2 } else { 0 };
        (len.saturating_sub(saved).saturating_add(self.held_bytes(delta)), usize::from(is_new))
    }

    /// Returns whether a piece begins with the second half of a pair whose first half the text before it ended with.
    fn joins_half(&mut self, index: u64, kind: DeltaKind, delta: &Delta<'_>) -> bool {
        let (piece, of) = match delta {
            Delta::Text(delta) => (&delta.piece, BlockString::Text),
            Delta::Thinking(delta) => (&delta.piece, BlockString::Thinking),
            Delta::InputJson(delta) => (&delta.piece, BlockString::InputJson),
            _ => return false,
        };
        piece.halves.leading != 0 && self.blocks.ends_in_half(index, kind, of)
    }

    /// Upper bound of the bytes that the partial value of a piece of input, and the record of its changes, hold.
    fn held_bytes(&self, delta: &Delta<'_>) -> usize {
        match (delta, self.options.partial) {
            (Delta::InputJson(delta), Some(partial)) => partial.held_bytes(delta.partial_json()),
            _ => 0,
        }
    }

    /// Merges a delta into the newest block of its index that can take it, or else into one that it opens.
    fn merge_piece(
        &mut self,
        index: u64,
        kind: DeltaKind,
        delta: Delta<'_>,
        violation: Option<ViolationKind>,
    ) -> Change {
        if let Some(id) = self.blocks.target(index, kind) {
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
            self.begin_piece_of_input(id, delta.partial_json());
        }
        let Some(block) = self.blocks.position(id).and_then(|at| self.message.content.get_mut(at)) else {
            return Change::Unchanged;
        };
        let mut none = PendingHalf::default();
        let half = self.blocks.half_mut(id).unwrap_or(&mut none);
        let mut merged = delta.merge(&mut Target { block, half, partial: self.options.partial });
        if self.options.is_text_discarded {
            let piece = match (&mut merged, &mut *block) {
                (Merged::Text { from }, ContentBlock::Text(block)) => Some((block.text_mut(), from)),
                (Merged::Thinking { from }, ContentBlock::Thinking(block)) => Some((block.thinking_mut(), from)),
                _ => None,
            };
            if let Some((text, from)) = piece {
                discard_before(text, core::mem::take(from), &mut self.bytes);
            }
        }
        let change = match merged {
            Merged::Text { from } => BlockChange::Text { from },
            Merged::Thinking { from } => BlockChange::Thinking { from },
            Merged::Signature => BlockChange::Signature,
            Merged::Citation { from } => BlockChange::Citation { from },
            Merged::Input { from } => BlockChange::Input { from },
            Merged::Compaction => BlockChange::Compaction,
            Merged::Other => BlockChange::Raw,
        };
        self.changed(id, change)
    }
}
