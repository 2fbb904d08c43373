//! Errors outside of events: in a field `error`, or in a line that is JSON.

use alloc::vec::Vec;

use ssewire::{Decoder, Frame, FrameSpan};

use super::poll::{Owned, add_head};
use super::step::Source;
use super::{MessageDecodeError, MessageDecoder, UpdateSpan};
use crate::accumulator::Change;
use crate::api_error::ApiError;
use crate::event::StreamEvent;
use crate::json::RawJson;
use crate::lost_event::LostEvent;

/// The value of a field `error: …`, with which some servers report errors in place of an event (llama.cpp). It counts
/// as an event of the type `error` at its blank line. The first one of a block counts.
#[derive(Default)]
pub(super) enum ErrorField {
    #[default]
    None,
    /// Its block has not ended yet.
    Buffered(Vec<u8>),
    /// Its block has ended, in an event that had to be given first.
    Ready(Vec<u8>),
    /// Given; kept for as long as it is borrowed.
    Emitted(Vec<u8>),
}

impl ErrorField {
    fn buffer(&mut self, value: &[u8]) {
        if !matches!(self, Self::Buffered(_)) {
            *self = Self::Buffered(value.to_vec());
        }
    }

    #[inline]
    fn end_block(&mut self) {
        if let Self::Buffered(value) = self {
            *self = Self::Ready(core::mem::take(value));
        }
    }

    /// Whether its block has ended, and it is an error and no other event.
    pub(super) fn is_ready_error(&self) -> bool {
        let Self::Ready(value) = self else { return false };
        matches!(StreamEvent::decode(b"error", value), Ok(Some(StreamEvent::Error(_))))
    }

    #[inline]
    pub(super) fn take_ready(&mut self) -> Option<Vec<u8>> {
        let Self::Ready(value) = self else { return None };
        let value = core::mem::take(value);
        *self = Self::None;
        Some(value)
    }

    pub(super) fn emitted(&self) -> &[u8] {
        match self {
            Self::Emitted(value) => value,
            _ => b"",
        }
    }
}

impl MessageDecoder {
    /// Records an `error` field, or an error as a bare JSON line, of a frame without an event.
    pub(super) fn note_frame(&mut self, chunk: &[u8], frame: FrameSpan) {
        match self.decoder.resolve_frame(chunk, frame) {
            Frame::UnknownField { name: b"error", value, .. } => {
                self.rare.get_or_insert_default().error_field.buffer(value);
            }
            Frame::UnknownField { name, value, .. }
                if !self.is_skipping && name.trim_ascii_start().starts_with(b"{") =>
            {
                let rare = self.rare.get_or_insert_default();
                if rare.bare_error.is_none() {
                    rare.bare_error = bare_error(name, value);
                }
            }
            Frame::Block(_) => self.end_error_field(),
            _ => {}
        }
    }

    pub(super) fn error_field(&self) -> &ErrorField {
        self.rare.as_ref().map_or(&ErrorField::None, |rare| &rare.error_field)
    }

    /// The block of an `error` field has ended.
    #[inline]
    pub(super) fn end_error_field(&mut self) {
        if let Some(rare) = &mut self.rare {
            rare.error_field.end_block();
        }
    }

    /// An `error` field whose block has ended is an event.
    pub(super) fn emit_error_field(&mut self, owned: &mut Owned<'_>) -> Result<Option<UpdateSpan>, MessageDecodeError> {
        if self.is_ended() {
            // If a `message_start` in its block ended the message, it belongs to the next one.
            return Ok(None);
        }
        let Some(value) = self.rare.as_mut().and_then(|rare| rare.error_field.take_ready()) else { return Ok(None) };
        if self.is_skipping {
            return Ok(None);
        }
        self.event_count = self.event_count.saturating_add(1);
        let change = match StreamEvent::decode(b"error", &value) {
            Ok(Some(mut event)) => {
                if let Some(owned) = owned {
                    **owned = Some(event.clone().into_owned());
                }
                add_head(&mut event, self.head.as_deref());
                let applied = self.accumulator.apply(event);
                Some(self.admit(applied)?)
            }
            Ok(None) => None,
            Err(error) => {
                let recorded = self.accumulator.record_decode_error(&error);
                self.admit(recorded.map(|()| Change::Lost(LostEvent::Payload(error)))).map(Some)?
            }
        };
        self.rare_mut().error_field = ErrorField::Emitted(value);
        Ok(change.map(|change| UpdateSpan { change, source: Source::ErrorField, has_extra: false }))
    }
}

/// Makes the decoder return unknown fields: servers report errors in them. One beyond the bound is truncated.
pub(super) fn with_error_fields(decoder: Decoder) -> Decoder {
    const MAX_ERROR_FIELD_BYTES: usize = 64 * 1024;
    decoder.with_unknown_fields().with_max_comment_bytes(MAX_ERROR_FIELD_BYTES)
}

/// The error of a line that is JSON: the standard takes it for an unknown field. Name and value are parts of that line;
/// the space that the standard removes between them may be part of a string.
fn bare_error(name: &[u8], value: &[u8]) -> Option<ApiError> {
    let between = value.as_ptr().addr().saturating_sub(name.as_ptr().addr()).saturating_sub(name.len());
    let mut line = Vec::with_capacity(name.len().saturating_add(value.len()).saturating_add(2));
    line.extend_from_slice(name);
    line.extend_from_slice(if between == 2 { b": " } else { b":" });
    line.extend_from_slice(value);
    ApiError::in_json(RawJson::from_bytes(&line).ok()?)
}
