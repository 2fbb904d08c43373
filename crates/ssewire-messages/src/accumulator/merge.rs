//! The merge rules of the message as a whole. `docs/protocol.md`, heading "Merge rules".

use alloc::boxed::Box;

use super::change::Change;
use super::{AccumulateError, Accumulator, Completion, Phase, ViolationKind};
use crate::event::MessageDelta;
use crate::id_and_model::IdAndModel;
use crate::message::Message;

impl Accumulator {
    pub(super) fn message_start(&mut self, start: Box<Message>) -> Result<Change, AccumulateError> {
        if self.has_started {
            let is_another = self.message.id().zip(start.id()).is_some_and(|(known, other)| known != other);
            let kind = if is_another { ViolationKind::ReplacedMessage } else { ViolationKind::SecondMessageStart };
            if let Err(error) = self.record_violation(kind, None) {
                if is_another {
                    self.phase = Phase::RejectedStart(start);
                }
                return Err(error);
            }
            if !is_another {
                return Ok(Change::Unchanged);
            }
            self.phase = Phase::Replaced(start);
            if self.completion() == Completion::Unterminated {
                self.end_calls();
            }
            return Ok(Change::Replaced);
        }
        self.has_started = true;
        let charged = self.charge(start.byte_size(), start.content.len());
        if !matches!(charged, Ok(true)) {
            self.start_beyond_limit(&start);
            return charged.map(|_| Change::MessageStart);
        }
        let initial = start.content.len();
        let known = core::mem::replace(&mut self.message, *start);
        let has_fallback = self.cold.as_ref().is_some_and(|cold| cold.fallback_index.is_some());
        self.message.merge_known(known, has_fallback);
        let highest = self.blocks.highest_index();
        self.blocks.set_initial(&self.message.content, initial);
        self.decide_calls_at_start(highest);
        Ok(Change::MessageStart)
    }

    /// Merges the id of a message, if it fits into the limit, and the counts, which need no memory. A usage without
    /// counts becomes an empty one.
    #[cold]
    #[inline(never)]
    fn start_beyond_limit(&mut self, start: &Message) {
        if let Some(id) = start.id().filter(|id| id.len() <= self.room()) {
            self.bytes = self.bytes.saturating_add(id.len());
            self.message.id_and_model = IdAndModel::new(Some(id), self.message.model());
        }
        if let Some(usage) = start.usage() {
            if let Some(known) = self.message.usage_mut() {
                known.merge_missing_counts(usage);
            }
        }
    }

    pub(super) fn message_delta(&mut self, event: &MessageDelta<'_>) -> Result<Change, AccumulateError> {
        let before = self.message.byte_size_without_content();
        // The closer bound needs a pass over the members.
        let growth = if self.has_room_for(Message::most_growth(event)) { 0 } else { self.message.growth(event) };
        let charged = self.charge(growth, 0);
        // A known stop reason and the token counts are merged even beyond the limit: they need no memory. Exception: if
        // one replaces a value of another type, an entry records the removal.
        let is_within_limit = matches!(charged, Ok(true));
        if is_within_limit {
            self.bytes = self.bytes.saturating_sub(growth);
        }
        self.has_stop_reason |= self.message.merge(event, is_within_limit);
        let after = self.message.byte_size_without_content();
        self.bytes = self.bytes.saturating_add(after).saturating_sub(before);
        if self.has_stop_reason {
            self.decide_blank_calls(self.is_output_truncated());
        } else {
            // A value of another type has replaced the stop reason of `message_start`.
            self.decide_initial_call(self.is_output_truncated());
        }
        charged.map(|_| Change::MessageDelta)
    }
}
