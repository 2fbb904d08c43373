//! `content_block_start`. `docs/protocol.md`, headings "Merge rules" and "Tool input".

use super::Accumulator;
use super::apply::Applied;
use super::blocks::{BlockId, Origin, Unmatched};
use super::change::Change;
use crate::block::{BlockChange, ContentBlock};
use crate::event::ContentBlockStart;
use crate::json::{JsonStr, RawJsonRef};
use crate::piece::{BlockString, PendingHalf, Piece};

impl Accumulator {
    pub(super) fn block_start(&mut self, start: ContentBlockStart) -> Applied {
        let ContentBlockStart { index, content_block: block } = start;
        self.blocks.touch(&self.message.content, index);
        if let Some(violation) = self.blocks.start_violation(index) {
            self.record_violation_by_index(violation, index)?;
        }
        let implicit = self.blocks.implicit_block(&self.message.content, index, &block);
        // Unmatched input of this index was counted as a block when it arrived.
        let has_unmatched = self.blocks.has_unmatched(index) && block.has_input();
        let bytes = block.byte_size().saturating_add(1);
        let charged = self.charge(bytes, usize::from(implicit.is_none() && !has_unmatched));
        if !matches!(charged, Ok(true)) {
            self.record_lost_piece(Some(index), true);
            self.record_lost_start_or_delta();
            return charged.map(|_| Change::Unchanged);
        }

        self.set_fallback_model(index, &block);
        let initial = initial_len(&block);
        let is_higher = self.blocks.highest_index().is_none_or(|highest| index > highest);
        let id = match implicit {
            Some(id) => {
                self.start_implicit_block(id, block);
                id
            }
            None => self.add_block(index, block, has_unmatched),
        };
        if is_higher {
            self.decide_blank_calls(false);
        }
        Ok(self.changed(id, BlockChange::Start { initial }))
    }

    /// Sets the model of the message if the block is a fallback, unless one of a higher index has set it.
    fn set_fallback_model(&mut self, index: u64, block: &ContentBlock) {
        let Some(model) = fallback_model(block) else { return };
        let fallback_index = &mut self.cold_mut().fallback_index;
        if fallback_index.is_none_or(|highest| index >= highest) {
            *fallback_index = Some(index);
            self.message.set_model(model);
        }
    }

    /// Merges the start of a block that deltas have opened.
    #[inline(never)]
    fn start_implicit_block(&mut self, id: BlockId, start: ContentBlock) {
        if let Some(block) = self.blocks.block_mut(id, &mut self.message.content) {
            block.merge_start(start);
        }
        self.blocks.set_started(&self.message.content, id);
    }

    /// Adds a block, with the unmatched input JSON of its index.
    #[inline(never)]
    fn add_block(&mut self, index: u64, mut block: ContentBlock, has_unmatched: bool) -> BlockId {
        if let Some(input) = block.existing_input_state_mut() {
            input.open();
        }
        let mut half = PendingHalf { unit: 0, of: BlockString::InputJson };
        if has_unmatched {
            half.unit = self.push_unmatched(index, &mut block);
        }
        let id = self.blocks.add(&mut self.message.content, index, Origin::Started, block);
        if let Some(pending) = self.blocks.half_mut(id) {
            *pending = half;
        }
        // It is open and the newest of its index, so its deltas violate nothing.
        self.current = (self.has_started && half.is_none()).then_some(id);
        id
    }

    /// Moves the unmatched input JSON of this index to the block. Returns the half of a surrogate pair that it ends
    /// with; 0: none.
    fn push_unmatched(&mut self, index: u64, block: &mut ContentBlock) -> u16 {
        let unmatched = self.blocks.take_unmatched(index);
        let is_loss_before = self.has_lost_start_or_delta();
        let (Some(input), Some(unmatched)) = (block.input_state_mut(), unmatched) else { return 0 };
        input.open();
        let Unmatched { mut json, half, lost_at } = unmatched;
        // The text may be that of a lost block, or lack a lost delta.
        let lost_at = lost_at.or(is_loss_before.then_some(json.len()));
        let after_loss = lost_at.map(|at| json.split_off(at));
        input.push(Piece { text: json.into(), ..Piece::default() }, &mut 0, self.options.partial);
        if let Some(json) = after_loss {
            input.record_lost_piece();
            // Not part of the value, whose changes remain.
            input.push(Piece { text: json.into(), ..Piece::default() }, &mut 0, None);
        }
        half
    }
}

/// Returns the length of the text or thinking that a block begins with.
fn initial_len(block: &ContentBlock) -> usize {
    match block {
        ContentBlock::Text(block) => block.text().len(),
        ContentBlock::Thinking(block) => block.thinking().len(),
        _ => 0,
    }
}

/// Returns the model that a fallback block names.
fn fallback_model(block: &ContentBlock) -> Option<JsonStr<'_>> {
    let block = block.as_raw()?;
    if block.type_name() != "fallback" {
        return None;
    }
    block.get("to")?.get("model").and_then(RawJsonRef::json_str)
}
