//! The merge rules, event by event. `docs/protocol.md`, headings "Merge rules" and "Protocol violations".
//!
//! [`Accumulator::record_phase_violation`] decides whether an event is merged at this point of the stream. The rule of
//! the event first names a further violation, and changes state only after that: in strict mode the first violation is
//! an error.

use super::blocks::{BlockId, Origin};
use super::change::Change;
use super::{AccumulateError, Accumulator, Phase, Validation, ViolationKind};
use crate::block::{BlockChange, ContentBlock};
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
        }
        if !matches!(event, StreamEvent::Ping) {
            self.current = None;
        }
        if !self.record_phase_violation(&event)? {
            return Ok(Change::Unchanged);
        }
        let is_known = !matches!(event, StreamEvent::Error(_) | StreamEvent::Done | StreamEvent::Unknown(_));
        let applied = self.apply_rule(event);
        // An event that was rejected changed nothing, not even this.
        if !matches!(applied, Err(AccumulateError::Violation(_))) {
            self.is_messages_stream |= is_known;
        }
        applied
    }

    /// Records the violation of an event that does not fit the phase of the message. Returns whether the event is
    /// merged. One after the end of the message is not: it is a violation, unless it never changes a message. One
    /// before `message_start` is merged, but is a violation, too.
    fn record_phase_violation(&mut self, event: &StreamEvent<'_>) -> Result<bool, AccumulateError> {
        let kind = match self.phase {
            Phase::NextMessage => return Ok(false),
            _ if is_neutral(event) => return Ok(true),
            Phase::Failed(_) => ViolationKind::AfterError,
            Phase::Stopped | Phase::Replaced(_) => violation_after_stop(event),
            Phase::Running | Phase::RejectedStart(_) => {
                if !self.has_started && !matches!(event, StreamEvent::MessageStart(_) | StreamEvent::Error(_)) {
                    self.record_violation(ViolationKind::BeforeMessageStart, block_index(event))?;
                }
                return Ok(true);
            }
        };
        self.record_violation(kind, block_index(event))?;
        if matches!((&self.phase, event), (Phase::Stopped, StreamEvent::MessageStart(_))) {
            self.phase = Phase::NextMessage;
        }
        Ok(false)
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
                self.phase = Phase::Failed(error);
                Ok(Change::Error)
            }
        }
    }

    fn block_stop(&mut self, index: u64) -> Applied {
        self.blocks.touch(&self.message.content, index);
        let Some(id) = self.blocks.newest_open(index) else {
            let is_in_use = self.blocks.is_in_use(index);
            let kind = if is_in_use { ViolationKind::DuplicateStop } else { ViolationKind::StopWithoutStart };
            self.record_violation_by_index(kind, index)?;
            return Ok(Change::Unchanged);
        };
        let is_half = self.close(id);
        Ok(self.changed(id, BlockChange::Stop { is_half }))
    }

    fn message_stop(&mut self) -> Applied {
        // In constant time: callers may send a `message_stop` that was rejected again and again.
        if self.options.validation == Validation::Strict {
            let open = self.blocks.first_open().and_then(|id| self.blocks.key(id));
            if let Some(key) = open {
                self.record_violation(ViolationKind::MissingStop, Some(key.index))?;
            }
        }
        for id in self.blocks.ids() {
            // A block of `message_start` needs no stop.
            if self.blocks.is_open(id) && self.blocks.origin(id) != Origin::Initial {
                let index = self.blocks.key(id).map(|key| key.index);
                self.record_violation(ViolationKind::MissingStop, index)?;
            }
        }
        let (mut text_halves, mut thinking_halves) = (0, 0);
        // A block that a delta opened, or that a delta reached after its stop, is not open, but may end in a half.
        for id in self.blocks.ids() {
            if self.end_half(id).is_none() {
                continue;
            }
            match self.blocks.block(id, &self.message.content) {
                Some(ContentBlock::Text(_)) => text_halves += 1,
                Some(ContentBlock::Thinking(_)) => thinking_halves += 1,
                _ => {}
            }
        }
        for id in self.blocks.ids() {
            if self.blocks.is_open(id) {
                self.close(id);
            }
        }
        self.decide_blank_calls(self.is_output_truncated() || self.is_stop_reason_uncertain());
        self.decide_late_input();
        self.phase = Phase::Stopped;
        self.blocks.sort(&mut self.message.content);
        Ok(Change::MessageStop { text_halves, thinking_halves })
    }

    /// Ends a string that ended with half a character. Returns which one did.
    pub(super) fn end_half(&mut self, id: BlockId) -> Option<BlockString> {
        let half = self.blocks.half_mut(id).filter(|half| !half.is_none())?;
        let of = core::mem::take(half).of;
        if let Some(block) = self.blocks.block_mut(id, &mut self.message.content) {
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

/// Returns the violation of an event after the end of the message.
fn violation_after_stop(event: &StreamEvent<'_>) -> ViolationKind {
    match event {
        StreamEvent::MessageStart(_) => ViolationKind::MessageAfterStop,
        StreamEvent::MessageDelta(_) => ViolationKind::MessageDeltaAfterStop,
        StreamEvent::MessageStop => ViolationKind::SecondMessageStop,
        StreamEvent::Error(_) => ViolationKind::ErrorAfterStop,
        _ => ViolationKind::BlockEventAfterStop,
    }
}

fn block_index(event: &StreamEvent<'_>) -> Option<u64> {
    match event {
        StreamEvent::ContentBlockStart(start) => Some(start.index),
        StreamEvent::ContentBlockDelta(delta) => Some(delta.index),
        StreamEvent::ContentBlockStop(stop) => Some(stop.index),
        _ => None,
    }
}
