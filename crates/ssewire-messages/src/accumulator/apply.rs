//! The merge rules, event by event. `docs/protocol.md`, headings "Merge rules" and "Protocol violations".
//!
//! Each rule first names the violation of the event, and changes state only after that: in strict mode the first
//! violation is an error.

use super::blocks::{BlockId, Origin};
use super::change::{BlockChange, Change};
use super::update::EndedHalves;
use super::{AccumulateError, Accumulator, Phase, Validation, ViolationKind};
use crate::block::ContentBlock;
use crate::event::StreamEvent;
use crate::piece::BlockString;

pub(super) type Applied = Result<Change, AccumulateError>;

impl Accumulator {
    /// Merges the next event.
    pub(crate) fn apply(&mut self, event: StreamEvent<'_>) -> Applied {
        self.discard_queue();
        if let StreamEvent::ContentBlockDelta(delta) = &event {
            let appended =
                delta.delta.plain_piece().and_then(|(string, text)| self.append_to_current(delta.index, string, text));
            if let Some(change) = appended {
                return Ok(change);
            }
        } else if !matches!(event, StreamEvent::Ping) {
            self.current = None;
        }
        match self.phase {
            Phase::NextMessage => return Ok(Change::Unchanged),
            Phase::Failed(_) if !is_neutral(&event) => {
                self.violation(ViolationKind::AfterError, block_index(&event))?;
                return Ok(Change::Unchanged);
            }
            _ => {}
        }
        let is_known = !matches!(event, StreamEvent::Error(_) | StreamEvent::Done | StreamEvent::Unknown(_));
        let applied = self.apply_rule(event);
        // An event that was rejected changed nothing, not even this.
        if !matches!(applied, Err(AccumulateError::Violation(_))) {
            self.is_messages_stream |= is_known;
        }
        applied
    }

    // Inlined, so that the event, which is large, is not moved.
    #[inline(always)]
    fn apply_rule(&mut self, event: StreamEvent<'_>) -> Applied {
        match event {
            StreamEvent::MessageStart(message) => self.message_start(message),
            StreamEvent::ContentBlockStart(start) => self.block_start(start),
            StreamEvent::ContentBlockDelta(delta) => self.block_delta(delta),
            StreamEvent::ContentBlockStop(stop) => self.block_stop(stop.index),
            StreamEvent::MessageDelta(delta) => self.message_delta(&delta),
            StreamEvent::MessageStop => self.message_stop(),
            StreamEvent::Ping => Ok(Change::Ping),
            StreamEvent::Done => {
                self.has_done_marker = true;
                Ok(Change::Done)
            }
            StreamEvent::Unknown(_) => Ok(Change::Unchanged),
            StreamEvent::Error(error) => {
                if self.violation_if_stopped(ViolationKind::ErrorAfterStop, None)? {
                    return Ok(Change::Unchanged);
                }
                self.phase = Phase::Failed(error);
                Ok(Change::Error)
            }
        }
    }

    fn block_stop(&mut self, index: u64) -> Applied {
        if self.violation_if_stopped(ViolationKind::BlockEventAfterStop, Some(index))? {
            return Ok(Change::Unchanged);
        }
        self.violation_before_start(Some(index))?;
        self.blocks.touch(&self.message.content, index);
        let Some(id) = self.blocks.newest_open(index) else {
            let is_in_use = self.blocks.is_in_use(index);
            let kind = if is_in_use { ViolationKind::DuplicateStop } else { ViolationKind::StopWithoutStart };
            self.violation_by_index(kind, index)?;
            return Ok(Change::Unchanged);
        };
        let is_half = self.close(id);
        Ok(self.changed(id, BlockChange::Stop { is_half }))
    }

    fn message_stop(&mut self) -> Applied {
        if self.violation_if_stopped(ViolationKind::SecondMessageStop, None)? {
            return Ok(Change::Unchanged);
        }
        self.violation_before_start(None)?;
        // In constant time: callers may send a `message_stop` that was rejected again and again.
        if self.options.validation == Validation::Strict {
            let open = self.blocks.first_open().and_then(|id| self.blocks.key(id));
            if let Some(key) = open {
                self.violation(ViolationKind::MissingStop, Some(key.index))?;
            }
        }
        for position in 0..self.message.content.len() {
            let id = self.blocks.at(position);
            // A block of `message_start` needs no stop.
            if self.blocks.is_open(id) && self.blocks.origin(id) != Origin::Initial {
                let index = self.blocks.key(id).map(|key| key.index);
                self.violation(ViolationKind::MissingStop, index)?;
            }
        }
        let mut halves = EndedHalves::default();
        // A block that a delta opened, or that a delta reached after its stop, is not open, but may end in a half.
        for id in self.blocks.with_half() {
            self.end_half(id);
            match self.blocks.position(id).and_then(|at| self.message.content.get(at)) {
                Some(ContentBlock::Text(_)) => halves.text += 1,
                Some(ContentBlock::Thinking(_)) => halves.thinking += 1,
                _ => {}
            }
        }
        for position in 0..self.message.content.len() {
            let id = self.blocks.at(position);
            if self.blocks.is_open(id) {
                self.close(id);
            }
        }
        self.decide_waiting_calls(self.is_output_truncated() || self.may_have_lost_stop_reason());
        self.decide_late_input();
        self.phase = Phase::Stopped;
        self.blocks.sort(&mut self.message.content);
        Ok(Change::MessageStop { halves })
    }

    /// Ends a string that ended with half a character. Returns which one did.
    pub(super) fn end_half(&mut self, id: BlockId) -> Option<BlockString> {
        let half = self.blocks.half_mut(id).filter(|half| !half.is_none())?;
        let of = core::mem::take(half).of;
        if let Some(block) = self.blocks.position(id).and_then(|at| self.message.content.get_mut(at)) {
            block.push_replacement(of, self.options.partial);
        }
        Some(of)
    }

    pub(super) fn changed(&self, id: BlockId, change: BlockChange) -> Change {
        match self.blocks.key(id) {
            Some(key) => Change::Block(id, key, change),
            None => Change::Unchanged,
        }
    }
}

/// Returns whether the event never changes a message, so that it is not a violation after the end.
fn is_neutral(event: &StreamEvent<'_>) -> bool {
    matches!(event, StreamEvent::Ping | StreamEvent::Done | StreamEvent::Unknown(_))
}

fn block_index(event: &StreamEvent<'_>) -> Option<u64> {
    match event {
        StreamEvent::ContentBlockStart(start) => Some(start.index),
        StreamEvent::ContentBlockDelta(delta) => Some(delta.index),
        StreamEvent::ContentBlockStop(stop) => Some(stop.index),
        _ => None,
    }
}
