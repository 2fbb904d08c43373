//! The members that an event of any kind may have: its `type`, and those that make it an error.

use super::kind::EventKind;
use crate::json::Cursor;
use crate::members::{ReadError, is_string};

/// The members that do not belong to the kind of the event.
#[derive(Default)]
pub(super) struct EnvelopeMembers {
    /// The first `type`; `Untyped` if it is not a string.
    pub(super) kind: Option<EventKind>,
    /// `"object": "error"`.
    is_error_object: bool,
    /// A non-null `error` or `detail`.
    has_error: bool,
    pub(super) has_any: bool,
}

impl EnvelopeMembers {
    pub(super) fn read(&mut self, name: &[u8], cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
        if name == b"type" {
            let kind = match cursor.string()? {
                Some(kind) => EventKind::of(&kind.name()),
                None => cursor.skip_value().map(|_| EventKind::Untyped)?,
            };
            self.kind.get_or_insert(kind);
            return Ok(());
        }
        let value = cursor.skip_value()?;
        match name {
            b"object" => self.is_error_object |= is_string(value, b"error"),
            b"error" | b"detail" => self.has_error |= value != b"null",
            _ => {}
        }
        self.has_any = true;
        Ok(())
    }

    /// Returns whether the payload is an error. Each occurrence of a member counts. `docs/protocol.md`, heading
    /// "Errors".
    pub(super) fn is_error(&self, kind: EventKind, is_typed: bool, event_type: &[u8]) -> bool {
        kind == EventKind::Error
            || self.is_error_object
            || (!is_typed && self.has_error)
            || (event_type == b"error" && matches!(kind, EventKind::Untyped | EventKind::Unknown))
    }
}
