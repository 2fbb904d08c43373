//! Merges the events of the message as a whole. `docs/protocol.md`, heading "Merge rules".

use super::{Known, Message};
use crate::Nullable;
use crate::event::{EVENT_MEMBERS, MessageDelta};
use crate::json::{Cursor, JsonStr, kept_len};
use crate::members::{ReadError, count, each_member};
use crate::stop_reason::StopReason;
use crate::usage::Usage;

impl Message {
    /// Merges a `message_delta`. Returns whether it has a stop reason. Beyond the limit of the message, only a known
    /// stop reason and the counts are merged.
    pub(crate) fn merge(&mut self, event: &MessageDelta<'_>, is_within_limit: bool) -> bool {
        let mut has_stop_reason = false;
        // The scanner has validated all of it.
        if let Some(delta) = event.delta.as_deref() {
            let _ = each_member(&mut Cursor::new(delta), &mut |name, cursor| {
                if name.bytes == b"stop_reason" {
                    return self.merge_stop_reason(cursor, is_within_limit, &mut has_stop_reason);
                }
                let value = cursor.skip_value()?;
                if is_within_limit && value != b"null" && is_merged(name.bytes) {
                    self.set_member(&name.text(), value);
                }
                Ok(())
            });
        }
        if let Some((delta, usage)) = event.usage.as_deref().and_then(|delta| Some((delta, self.usage_mut()?))) {
            let mut cursor = Cursor::new(delta);
            let _ = if is_within_limit { usage.merge(&mut cursor) } else { usage.merge_counts(&mut cursor) };
        }
        for (name, value) in EVENT_MEMBERS.iter().zip(&event.event_members) {
            if let Some(value) = value.as_deref().filter(|_| is_within_limit) {
                self.extra.set(name, value);
            }
        }
        has_stop_reason
    }

    /// Merges what arrived before `message_start`. The server sent it after the message began, so it wins.
    pub(crate) fn merge_known(&mut self, known: Self, has_fallback: bool) {
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

    /// Returns a simple upper bound of the bytes that a `message_delta` adds: a byte of ill-formed UTF-8 becomes three.
    /// The constant is more than all names that are not in the members themselves.
    pub(crate) fn most_growth(event: &MessageDelta<'_>) -> usize {
        let [context_management, input_transformations] = &event.event_members;
        let mut bytes = 0_usize;
        for member in [&event.delta, &event.usage, context_management, input_transformations] {
            bytes = bytes.saturating_add(member.as_deref().map_or(0, <[u8]>::len));
        }
        bytes.saturating_mul(3).saturating_add(256)
    }

    /// Returns an upper bound of the bytes that a `message_delta` adds. A typed member adds none, unless it removes one
    /// of another type: that takes an entry.
    #[cold]
    #[inline(never)]
    pub(crate) fn growth(&self, event: &MessageDelta<'_>) -> usize {
        let mut may_remove = self.is_mistyped(Known::StopReason) || self.usage().is_some_and(Usage::has_mistyped);
        let mut bytes =
            if self.is_mistyped(Known::Usage) && event.usage.is_some() { entry_size(b"usage", b"") } else { 0 };
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
        match StopReason::read(cursor)? {
            Ok(reason) => {
                // The text of an unknown reason needs memory. It still removes the earlier reason.
                let is_stored = is_within_limit || !matches!(reason, StopReason::Unknown(_));
                self.set_stop_reason(if is_stored { Nullable::Value(reason) } else { Nullable::Absent });
                *has_stop_reason = true;
            }
            Err(b"null") => {}
            Err(value) => {
                *has_stop_reason = false;
                if is_within_limit {
                    self.set_member("stop_reason", value);
                } else {
                    self.set_stop_reason(Nullable::Absent);
                }
            }
        }
        Ok(())
    }

    fn set_stop_reason(&mut self, reason: Nullable<StopReason>) {
        self.stop_reason = reason;
        self.keep_mistyped(Known::StopReason, None);
    }

    /// Sets a member that is not typed, or a stop reason of another type.
    fn set_member(&mut self, name: &str, value: &[u8]) {
        if name == "stop_reason" {
            self.stop_reason = Nullable::Absent;
            self.keep_mistyped(Known::StopReason, Some(value));
        } else {
            self.extra.set(name, value);
        }
    }

    /// Returns the usage for writing. Replaces an absent or mistyped usage with an empty one.
    #[inline(never)]
    pub(crate) fn usage_mut(&mut self) -> Option<&mut Usage> {
        if !self.usage.is_value() {
            self.usage = Nullable::Value(Usage::default());
            self.keep_mistyped(Known::Usage, None);
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

/// Returns an upper bound of the bytes that [`ExtraMembers`](crate::ExtraMembers) keep of a member: with the quotes of
/// its name, its colon and its comma. The name is as it was written, as it is kept with escapes, too.
#[inline(never)]
fn entry_size(name: &[u8], value: &[u8]) -> usize {
    kept_len(name).saturating_add(kept_len(value)).saturating_add(4)
}
