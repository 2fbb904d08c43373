//! Errors outside of events: in a field `error`, or in a line that is JSON.

use alloc::vec::Vec;

use ssewire::{Decoder, Frame, FrameSpan};

use super::poll::{add_response_head, is_skipped};
use super::step::Source;
use super::{MessageDecoder, UpdateSpan};
use crate::accumulator::ProtocolViolation;
use crate::api_error::ApiError;
use crate::event::StreamEvent;
use crate::json::RawJson;

/// The value of a field `error: …`: some servers report errors in it and not in an event (llama.cpp). The field counts
/// as an event of the type `error` at its blank line. Of several in a block, the first one that is an error counts, and
/// without such a one the first.
#[derive(Clone, Default)]
pub(super) struct ErrorField {
    value: Vec<u8>,
    is_error: bool,
    phase: FieldPhase,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum FieldPhase {
    /// No field has arrived, or it was returned: its value is kept for as long as it is borrowed.
    #[default]
    None,
    /// The block of the field has not ended yet.
    Buffered,
    /// The block of the field has ended, in an event that has to be returned first.
    Ready,
}

impl ErrorField {
    fn buffer(&mut self, value: &[u8]) {
        let is_error = is_error(value);
        if self.phase != FieldPhase::Buffered || (is_error && !self.is_error) {
            *self = Self { value: value.to_vec(), is_error, phase: FieldPhase::Buffered };
        }
    }

    #[inline]
    fn end_block(&mut self) {
        if self.phase == FieldPhase::Buffered {
            self.phase = FieldPhase::Ready;
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.phase == FieldPhase::Ready
    }

    /// Returns whether the block of the field has ended, and the field is an error and no other event.
    pub(super) fn is_ready_error(&self) -> bool {
        self.is_ready() && self.is_error
    }

    #[inline]
    pub(super) fn take_ready(&mut self) -> Option<Vec<u8>> {
        if !self.is_ready() {
            return None;
        }
        self.phase = FieldPhase::None;
        Some(core::mem::take(&mut self.value))
    }

    pub(super) fn value(&self) -> &[u8] {
        &self.value
    }
}

impl MessageDecoder {
    /// Records an `error` field, or an error as a bare JSON line, of a frame without an event.
    pub(super) fn note_frame(&mut self, chunk: &[u8], frame: FrameSpan) {
        match self.decoder.resolve_frame(chunk, frame) {
            Frame::UnknownField { name: b"error", value, .. } => {
                self.cold.get_or_insert_default().error_field.buffer(value);
            }
            Frame::UnknownField { name, value, .. }
                if !self.is_skipping && matches!(name.trim_ascii_start(), [b'{' | b'[', ..]) =>
            {
                let cold = self.cold.get_or_insert_default();
                if cold.bare_error.is_none() {
                    cold.bare_error = bare_error(name, value);
                }
            }
            Frame::Block(_) => self.end_error_field(),
            _ => {}
        }
    }

    pub(super) fn error_field(&self) -> Option<&ErrorField> {
        self.cold.as_ref().map(|cold| &cold.error_field)
    }

    /// Records that the block of an `error` field has ended.
    #[inline]
    pub(super) fn end_error_field(&mut self) {
        if let Some(cold) = &mut self.cold {
            cold.error_field.end_block();
        }
    }

    /// Returns an `error` field whose block has ended as an event.
    pub(super) fn emit_error_field(&mut self) -> Result<Option<UpdateSpan>, ProtocolViolation> {
        if self.is_ended() {
            // If a `message_start` in its block ended the message, it belongs to the next one.
            return Ok(None);
        }
        let Some(value) = self.cold.as_mut().and_then(|cold| cold.error_field.take_ready()) else { return Ok(None) };
        // The value is a copy. The error has up to two more.
        self.free_large_buffer();
        self.event_count = self.event_count.saturating_add(1);
        let decoded = StreamEvent::decode(b"error", &value);
        self.is_skipping = is_skipped(self.is_skipping, &decoded);
        if self.is_skipping && decoded.is_ok() {
            return Ok(None);
        }
        let change = match decoded {
            Ok(Some(mut event)) => {
                add_response_head(&mut event, self.response_head.as_deref());
                let applied = self.accumulator.apply(event);
                Some(self.end_if_rejected(applied)?)
            }
            Ok(None) => None,
            Err(error) => self.record_undecodable(error)?.map(|changed| changed.change),
        };
        self.cold_mut().error_field.value = value;
        Ok(change.map(|change| UpdateSpan { change, source: Source::ErrorField, has_extra: false }))
    }
}

/// Returns whether the value of an `error` field is an error: its payload may be another event.
#[inline(never)]
fn is_error(value: &[u8]) -> bool {
    matches!(StreamEvent::decode(b"error", value), Ok(Some(StreamEvent::Error(_))))
}

/// Makes the decoder return unknown fields: servers report errors in them. One beyond the limit is truncated.
pub(super) fn with_error_fields(decoder: Decoder) -> Decoder {
    const MAX_ERROR_FIELD_BYTES: usize = 64 * 1024;
    decoder.with_unknown_fields().with_max_comment_bytes(MAX_ERROR_FIELD_BYTES)
}

/// Returns the error of a line that is JSON: the standard takes it for an unknown field. Name and value are parts of
/// that line; the space that the standard removes between them may be part of a string.
fn bare_error(name: &[u8], value: &[u8]) -> Option<RawJson> {
    let between = value.as_ptr().addr().saturating_sub(name.as_ptr().addr()).saturating_sub(name.len());
    let mut line = Vec::with_capacity(name.len().saturating_add(value.len()).saturating_add(2));
    line.extend_from_slice(name);
    line.extend_from_slice(if between == 2 { b": " } else { b":" });
    line.extend_from_slice(value);
    RawJson::from_payload(&line).ok().filter(|json| ApiError::is_in_json(json.as_json()))
}
