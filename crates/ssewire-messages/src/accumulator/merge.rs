//! The merge rules of the message as a whole. `docs/protocol.md`, heading "Merge rules".

use alloc::boxed::Box;

use super::change::Change;
use super::{AccumulateError, Accumulator, Phase, ViolationKind};
use crate::Nullable;
use crate::block::ContentBlock;
use crate::event::{EVENT_MEMBERS, MessageDelta};
use crate::id_and_model::IdAndModel;
use crate::json::{Cursor, JsonStr, kept_len};
use crate::members::{ReadError, count, each_member};
use crate::message::Message;
use crate::stop_reason::StopReason;
use crate::usage::Usage;

impl Accumulator {
    pub(super) fn message_start(&mut self, start: Box<Message>) -> Result<Change, AccumulateError> {
        if self.violation_if_stopped(ViolationKind::MessageAfterStop, None)? {
            if matches!(self.phase, Phase::Stopped) {
                self.phase = Phase::NextMessage;
            }
            return Ok(Change::Unchanged);
        }
        if self.has_started {
            let is_another = self.message.id().zip(start.id()).is_some_and(|(known, other)| known != other);
            let kind = if is_another { ViolationKind::ReplacedMessage } else { ViolationKind::SecondMessageStart };
            if let Err(error) = self.violation(kind, None) {
                if is_another {
                    self.phase = Phase::RejectedStart(start);
                }
                return Err(error);
            }
            if !is_another {
                return Ok(Change::Unchanged);
            }
            self.phase = Phase::Replaced(start);
            return Ok(Change::Replaced);
        }
        let bytes = start
            .content
            .iter()
            .map(ContentBlock::byte_size)
            .fold(start.byte_size_without_content(), usize::saturating_add);
        self.has_started = true;
        let charged = self.charge(bytes, start.content.len());
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
        if self.violation_if_stopped(ViolationKind::MessageDeltaAfterStop, None)? {
            return Ok(Change::Unchanged);
        }
        self.violation_before_start(None)?;
        let before = self.message.byte_size_without_content();
        // The exact bound needs a pass over the members.
        let growth = if self.has_room_for(most_growth(event)) { 0 } else { self.message.growth(event) };
        let charged = self.charge(growth, 0);
        // A known stop reason and the token counts are merged even beyond the limit: they need no memory. Exception: if
        // one replaces a value of another type, an entry records the removal.
        let is_within_limit = matches!(charged, Ok(true));
        if is_within_limit {
            self.bytes = self.bytes.saturating_sub(growth);
        }
        // The scanner has validated all of it.
        let _ = self.merge_members(event, is_within_limit);
        let after = self.message.byte_size_without_content();
        self.bytes = self.bytes.saturating_add(after).saturating_sub(before);
        if self.has_stop_reason {
            self.decide_waiting_calls(self.is_output_truncated());
        } else {
            // A value of another type has replaced the stop reason of `message_start`.
            self.decide_initial_call(self.is_output_truncated());
        }
        charged.map(|_| Change::MessageDelta)
    }

    fn merge_members(&mut self, event: &MessageDelta<'_>, is_within_limit: bool) -> Result<(), ReadError> {
        let message = &mut self.message;
        let mut has_stop_reason = false;
        if let Some(delta) = event.delta.as_deref() {
            each_member(&mut Cursor::new(delta), &mut |name, cursor| {
                if name.bytes == b"stop_reason" {
                    return message.merge_stop_reason(cursor, is_within_limit, &mut has_stop_reason);
                }
                let value = cursor.skip_value()?;
                if is_within_limit && value != b"null" && is_merged(name.bytes) {
                    message.set_member(&name.text(), value);
                }
                Ok(())
            })?;
        }
        if let Some(delta) = event.usage.as_deref() {
            let mut cursor = Cursor::new(delta);
            if let Some(usage) = message.usage_mut() {
                if is_within_limit { usage.merge(&mut cursor) } else { usage.merge_counts(&mut cursor) }?;
            }
        }
        for (name, value) in EVENT_MEMBERS.iter().zip(&event.event_members) {
            if let Some(value) = value.as_deref().filter(|_| is_within_limit) {
                message.extra.set(name, value);
            }
        }
        self.has_stop_reason |= has_stop_reason;
        Ok(())
    }
}

impl Message {
    /// Merges what arrived before `message_start`. The server sent it after the message began, so it wins.
    fn merge_known(&mut self, known: Self, has_fallback: bool) {
        self.content.extend(known.content);
        if known.stop_reason.is_value() {
            self.set_stop_reason(known.stop_reason);
        }
        for (name, value) in known.extra.iter() {
            self.set_member(&name, value.as_str().as_bytes());
        }
        if let Nullable::Value(later) = known.usage {
            if let Some(usage) = self.usage_mut() {
                usage.merge_known(&later);
            }
        }
        // Before the start, only a fallback block sets the model, and its model is the later one.
        if let Some(model) = known.id_and_model.model().filter(|_| has_fallback) {
            self.set_model(JsonStr::of_plain(model));
        }
    }

    /// Upper bound of the bytes that a `message_delta` adds. A typed member adds none, unless it removes one of another
    /// type: that takes an entry.
    #[cold]
    #[inline(never)]
    fn growth(&self, event: &MessageDelta<'_>) -> usize {
        let mistyped = self.mistyped;
        let mut may_remove = mistyped.stop_reason || self.usage().is_some_and(Usage::has_mistyped);
        let mut bytes = if mistyped.usage && event.usage.is_some() { entry_size(b"usage", b"") } else { 0 };
        for (name, value) in EVENT_MEMBERS.iter().zip(&event.event_members) {
            bytes = bytes.saturating_add(value.as_ref().map_or(0, |value| entry_size(name.as_bytes(), value)));
        }
        for (members, is_usage) in [(&event.delta, false), (&event.usage, true)] {
            let Some(members) = members.as_deref() else { continue };
            // The scanner has validated all of it.
            let _ = each_member(&mut Cursor::new(members), &mut |name, cursor| {
                let value = cursor.skip_value()?;
                let has_type = if is_usage { Usage::is_count(name.bytes) } else { name.bytes == b"stop_reason" };
                // An unknown reason is kept as text.
                let is_typed = has_type
                    && if is_usage {
                        matches!(count(&mut Cursor::new(value)), Ok(Ok(_)))
                    } else {
                        is_known_reason(value)
                    };
                let adds = value != b"null" && (is_usage || is_merged(name.bytes));
                if adds && (may_remove || !is_typed) {
                    bytes = bytes.saturating_add(entry_size(name.json.raw, value));
                    may_remove |= has_type;
                }
                Ok(())
            });
        }
        bytes
    }

    /// Merges a stop reason. A string sets it; null changes nothing; another value removes it. Beyond the limit, only a
    /// known reason is stored.
    fn merge_stop_reason(
        &mut self,
        cursor: &mut Cursor<'_>,
        is_within_limit: bool,
        has_stop_reason: &mut bool,
    ) -> Result<(), ReadError> {
        if let Some(reason) = cursor.string()? {
            let reason = StopReason::from(&*reason.to_text());
            // The text of an unknown reason needs memory. It still removes the earlier reason.
            let is_stored = is_within_limit || !matches!(reason, StopReason::Unknown(_));
            self.set_stop_reason(if is_stored { Nullable::Value(reason) } else { Nullable::Absent });
            *has_stop_reason = true;
            return Ok(());
        }
        let value = cursor.skip_value()?;
        if value == b"null" {
            return Ok(());
        }
        *has_stop_reason = false;
        if is_within_limit {
            self.set_member("stop_reason", value);
        } else {
            self.set_stop_reason(Nullable::Absent);
        }
        Ok(())
    }

    fn set_stop_reason(&mut self, reason: Nullable<StopReason>) {
        self.stop_reason = reason;
        self.keep_mistyped("stop_reason", |mistyped| &mut mistyped.stop_reason, None);
    }

    /// Sets a member that is not typed, or a stop reason of another type.
    fn set_member(&mut self, name: &str, value: &[u8]) {
        if name == "stop_reason" {
            self.stop_reason = Nullable::Absent;
            self.keep_mistyped(name, |mistyped| &mut mistyped.stop_reason, Some(value));
        } else {
            self.extra.set(name, value);
        }
    }

    /// Returns the usage for writing. Replaces an absent or mistyped usage with an empty one.
    #[inline(never)]
    fn usage_mut(&mut self) -> Option<&mut Usage> {
        if !self.usage.is_value() {
            self.usage = Nullable::Value(Usage::default());
            self.keep_mistyped("usage", |mistyped| &mut mistyped.usage, None);
        }
        match &mut self.usage {
            Nullable::Value(usage) => Some(usage),
            _ => None,
        }
    }
}

/// Returns whether a member of `delta` is merged. Some members of the message are not set by a delta.
// Out of line: inlining duplicates it.
#[inline(never)]
fn is_merged(name: &[u8]) -> bool {
    !matches!(name, b"id" | b"type" | b"role" | b"model" | b"content" | b"usage")
}

/// Returns whether a valid value is a known stop reason. One that is written in more than 32 bytes counts as unknown,
/// which is enough for an upper bound.
fn is_known_reason(value: &[u8]) -> bool {
    let reason = Cursor::new(value).string().ok().flatten().filter(|_| value.len() <= 32);
    reason.is_some_and(|reason| !matches!(StopReason::from(&*reason.to_text()), StopReason::Unknown(_)))
}

/// A simple upper bound of the growth by a `message_delta`: a byte of ill-formed UTF-8 becomes three. The constant is
/// more than all names that are not in the members themselves.
fn most_growth(event: &MessageDelta<'_>) -> usize {
    let members = [&event.delta, &event.usage].into_iter().chain(&event.event_members).flatten();
    members.map(|value| value.len()).fold(0, usize::saturating_add).saturating_mul(3).saturating_add(256)
}

/// Upper bound of the bytes that [`ExtraMembers`](crate::ExtraMembers) keep of a member: with the quotes of its name,
/// its colon and its comma. The name is as it was written, as it is kept with escapes, too.
#[inline(never)]
fn entry_size(name: &[u8], value: &[u8]) -> usize {
    kept_len(name).saturating_add(kept_len(value)).saturating_add(4)
}
