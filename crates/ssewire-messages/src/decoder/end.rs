//! The end of the input, and of a message.

use ssewire::Decoder;

use super::error_field::ErrorField;
use super::poll::Changed;
use super::step::Source;
use super::{MessageDecoder, UpdateSpan};
use crate::accumulator::{Accumulator, ExceededLimit, Incomplete, ProtocolViolation};
use crate::api_error::ApiError;
use crate::json::RawJson;
use crate::message::Message;
use crate::non_stream_body::{Body, NonStreamBody};

impl MessageDecoder {
    /// Ends the input as [`decode_end`](Self::decode_end) does, but borrows nothing. Resolve the span with an empty
    /// chunk.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn poll_end(&mut self) -> Result<Option<UpdateSpan>, ProtocolViolation> {
        self.free_large_buffer();
        if let Some(span) = self.next_span()? {
            return Ok(Some(span));
        }
        if self.is_ended() {
            self.is_input_ended = true;
            return Ok(None);
        }
        if !core::mem::replace(&mut self.is_input_ended, true) {
            if let Some(span) = self.end_decoder()? {
                return Ok(Some(span));
            }
        }
        // Complete without its end: only `message_stop` is missing.
        if !self.is_ended() && self.is_complete() {
            self.accumulator.end_calls();
            self.is_between_events = false;
        }
        self.next_span()
    }

    /// Uses or discards a last block whose blank line is missing.
    fn end_decoder(&mut self) -> Result<Option<UpdateSpan>, ProtocolViolation> {
        if self.cut_event.start_len() > 0 {
            self.read_cut_event();
        }
        let pending = self.decoder.pending_bytes();
        if pending == 0 {
            return Ok(None);
        }
        self.cold_mut().pending_bytes = pending;
        if let Some(span) = self.end_block()? {
            return Ok(Some(span));
        }
        // Other fields without their blank line are discarded.
        self.cold_mut().error_field = ErrorField::default();
        let has_begun = self.body.has_partial_event() && !self.accumulator.has_done_marker();
        if self.pending_bytes() > 0 && has_begun {
            self.accumulator.record_truncation();
        }
        Ok(None)
    }

    /// Ends the block at the end of the input as its blank line would. Its event and its `error` field are used if they
    /// are complete JSON objects.
    fn end_block(&mut self) -> Result<Option<UpdateSpan>, ProtocolViolation> {
        let mut rest = Decoder::BLOCK_END;
        loop {
            let before = rest;
            let frame = match self.poll_frame(&mut rest) {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(None),
                // The event is discarded. The blank line is still to come.
                Err(_) => continue,
            };
            let Some(event_span) = frame.event() else {
                self.note_frame(before, frame);
                if let Some(span) = self.emit_pending_error_field()? {
                    return Ok(Some(span));
                }
                continue;
            };
            self.end_error_field();
            if !is_object(self.decoder.resolve_event(before, event_span).data()) {
                if let Some(span) = self.emit_pending_error_field()? {
                    return Ok(Some(span));
                }
                continue;
            }
            let merged = self.merge(&[], &[], event_span);
            // After the merge, which decides whether the event is skipped, and also if it was rejected.
            self.use_pending_event();
            if let Some(Changed { change, has_extra }) = merged? {
                let source = Source::Event { span: event_span, offset: 0 };
                return Ok(Some(UpdateSpan { change, source, has_extra }));
            }
            if let Some(span) = self.emit_error_field()? {
                return Ok(Some(span));
            }
        }
    }

    /// Returns an `error` field of a block without its blank line as an event, as the event of such a block: if its
    /// value is a complete JSON object.
    fn emit_pending_error_field(&mut self) -> Result<Option<UpdateSpan>, ProtocolViolation> {
        let is_used = |field: &ErrorField| field.is_ready() && is_object(field.value());
        if !self.error_field().is_some_and(is_used) {
            return Ok(None);
        }
        let emitted = self.emit_error_field();
        self.use_pending_event();
        emitted
    }

    /// Ends the message, and continues with the accumulator of the next one.
    pub(super) fn conclude(&mut self, next: Accumulator) -> Result<Message, Incomplete> {
        self.is_between_events = false;
        let mut accumulator = core::mem::replace(&mut self.accumulator, next);
        let body = core::mem::take(&mut self.body);
        if body.is_too_large() && !accumulator.is_messages_stream() {
            let limit = Body::max_json(accumulator.max_bytes());
            accumulator.record_exceeded(ExceededLimit::Bytes { limit });
        }
        let is_stream = accumulator.is_messages_stream() || body.is_stream();
        let mut bare_error = self.cold.as_mut().and_then(|cold| cold.bare_error.take());
        if let Some(error) = bare_error.take_if(|_| is_stream) {
            accumulator.record_error(ApiError::from_body(error));
        }
        let is_done = accumulator.has_done_marker();
        let pending_bytes = self.pending_bytes();
        accumulator.into_message().map_err(|incomplete| {
            let incomplete = if is_stream {
                incomplete
            } else {
                // The decoder has the last line, which may be all of the body.
                self.decoder.shrink_to_fit();
                incomplete.with_body(NonStreamBody::of(body, is_done, bare_error))
            };
            incomplete.with_pending_bytes(pending_bytes).with_response_head(self.response_head.as_deref().cloned())
        })
    }

    /// Records that the event at the end of the input is used, though its blank line is missing. Before a further
    /// message it is not.
    #[inline(never)]
    fn use_pending_event(&mut self) {
        if !self.is_skipping {
            self.cold_mut().pending_bytes = 0;
            self.has_used_pending_event = true;
        }
    }

    fn pending_bytes(&self) -> u64 {
        self.cold.as_ref().map_or(0, |cold| cold.pending_bytes)
    }
}

/// Returns whether data is a complete JSON object.
fn is_object(data: &[u8]) -> bool {
    RawJson::from_payload(data).is_ok_and(|json| json.as_json().is_object())
}
