//! From the bytes to the next update: framing, the fast paths of deltas, and the merge of every other event.

use core::mem;

use ssewire::{DecodeError, Decoder, EventSpan, FrameSpan};

use super::cut_event::MAX_CUT_BYTES;
use super::error_field::ErrorField;
use super::step::Source;
use super::{MessageDecoder, Step, UpdateSpan};
use crate::accumulator::{AccumulateError, Accumulator, AppendedPiece, Change, ExceededLimit, ProtocolViolation};
use crate::event::StreamEvent;
use crate::fused::{MatchedPrefix, Template};
use crate::lost_event::LostEvent;
use crate::payload_error::PayloadError;
use crate::piece::BlockString;
use crate::response_head::ResponseHead;

/// A larger buffer is freed after its block: between blocks a decoder holds little, whatever the limit. Room for 6 KiB
/// of data, so that most streams allocate once.
const KEPT_BUFFER_BYTES: usize = 6 * 1024;

/// The change of an event.
pub(super) struct Changed {
    pub(super) change: Change,
    /// The event is a delta with further members.
    pub(super) has_extra: bool,
}

impl MessageDecoder {
    /// Fast path for nearly every event: appends a delta in canonical form, and returns the length of its event.
    /// `fused.rs` lists the decisions that it must share with the slow path.
    // Inlined, so that the piece and the update are never in memory.
    #[inline(always)]
    pub(super) fn append_canonical(&mut self, input: &mut &[u8]) -> Option<(AppendedPiece, usize)> {
        if self.must_free_buffer || self.cut_event.start_len() > 0 || self.has_queued_update() {
            return None;
        }
        let prefix = MatchedPrefix::canonical_event(input)?;
        let appended = append_event(prefix, &mut self.decoder, &mut self.accumulator, input)?;
        self.note_appended_event();
        Some(appended)
    }

    /// Fast path for a delta in canonical form that begins in an earlier chunk: appends it as
    /// [`append_canonical`](Self::append_canonical) does, or keeps the chunk.
    #[inline(never)]
    pub(super) fn append_joined(&mut self, input: &mut &[u8]) -> Option<Step<(AppendedPiece, usize)>> {
        if self.has_queued_update() {
            return None;
        }
        let start = self.cut_event.start_len();
        if self.cut_event.join(input) {
            *input = &[];
            return Some(Step::NeedInput);
        }
        let mut event = self.cut_event.joined();
        let prefix = MatchedPrefix::canonical_event(event)?;
        let (piece, len) = append_rare_event(prefix, &mut self.decoder, &mut self.accumulator, &mut event)?;
        self.cut_event.close();
        *input = input.get(len.saturating_sub(start)..).unwrap_or_default();
        self.note_appended_event();
        Some(Step::Update((piece, len)))
    }

    /// Fast path for a delta in the learned form.
    // Out of line: the API writes no such event.
    #[inline(never)]
    fn append_learned(&mut self, input: &mut &[u8]) -> Option<UpdateSpan> {
        if self.must_free_buffer {
            return None;
        }
        let (prefix, parts) = self.template.match_event(input)?;
        let (piece, len) = append_rare_event(prefix, &mut self.decoder, &mut self.accumulator, input)?;
        self.note_appended_event();
        Some(UpdateSpan::of_piece(piece, Source::Fused { parts, len }))
    }

    #[inline(always)]
    fn note_appended_event(&mut self) {
        self.event_count = self.event_count.saturating_add(1);
        self.is_between_events = true;
    }

    /// Fast path for the end of a chunk.
    #[inline]
    pub(super) fn is_input_used_up(&self, input: &[u8]) -> bool {
        input.is_empty() && self.is_between_events
    }

    #[inline(never)]
    pub(super) fn poll_slow(&mut self, input: &mut &[u8]) -> Result<Step<UpdateSpan>, ProtocolViolation> {
        let has_appended = mem::take(&mut self.is_between_events);
        if self.has_queued_update() {
            if let Some(span) = self.next_span()? {
                return Ok(Step::Update(span));
            }
        }
        if self.cut_event.start_len() > 0 {
            self.read_cut_event();
        } else if has_appended && self.decoder.max_event_bytes() >= MAX_CUT_BYTES && self.cut_event.keep(input) {
            *input = &[];
            return Ok(Step::NeedInput);
        }
        if !self.template.is_empty() {
            if let Some(span) = self.append_learned(input) {
                return Ok(Step::Update(span));
            }
        }
        let chunk: &[u8] = input;
        loop {
            self.free_large_buffer();
            if self.is_ended() {
                return Ok(Step::Ended);
            }
            let before: &[u8] = input;
            let polled = self.poll_frame(input);
            let consumed = before.get(..before.len().saturating_sub(input.len())).unwrap_or_default();
            let max_bytes = self.accumulator.max_bytes();
            let frame = match polled {
                Ok(Some(frame)) => frame,
                Ok(None) => {
                    self.body.take(consumed, max_bytes);
                    return Ok(Step::NeedInput);
                }
                Err(error) => {
                    self.body.take(consumed, max_bytes);
                    return Ok(Step::Update(self.record_too_large(error)));
                }
            };
            let Some(event_span) = frame.event() else {
                self.body.take(consumed, max_bytes);
                self.note_frame(before, frame);
                if let Some(span) = self.emit_error_field()? {
                    return Ok(Step::Update(span));
                }
                continue;
            };
            self.end_error_field();
            let source = Source::Event { span: event_span, offset: chunk.len().saturating_sub(before.len()) };
            if let Some(change) = self.append_framed(before, consumed, event_span) {
                self.body.take(consumed, max_bytes);
                return Ok(Step::Update(UpdateSpan { change, source, has_extra: false }));
            }
            let merged = self.merge(before, consumed, event_span);
            // After the event, which nearly always shows that nothing of the body needs to be kept.
            self.body.take(consumed, max_bytes);
            if let Some(Changed { change, has_extra }) = merged? {
                return Ok(Step::Update(UpdateSpan { change, source, has_extra }));
            }
            if let Some(span) = self.emit_error_field()? {
                return Ok(Step::Update(span));
            }
        }
    }

    /// Fast path for a delta that the core has framed: its framing is not that of the API, or it was cut and not joined.
    /// It never decides differently from [`merge`](Self::merge).
    #[inline(always)]
    fn append_framed(&mut self, chunk: &[u8], consumed: &[u8], span: EventSpan) -> Option<Change> {
        let event = self.decoder.resolve_event(chunk, span);
        let change = self.template.append_payload(consumed, event.data(), &mut self.accumulator)?;
        self.event_count = self.event_count.saturating_add(1);
        self.is_between_events = !self.must_free_buffer && !self.has_queued_update();
        Some(change)
    }

    /// Passes the start of a cut event to the core. No event ends in it, and none exceeds a limit.
    #[inline(never)]
    pub(super) fn read_cut_event(&mut self) {
        let mut cut_event = mem::take(&mut self.cut_event);
        let polled = self.poll_frame(&mut cut_event.close());
        debug_assert_eq!(polled, Ok(None));
        self.cut_event = cut_event;
    }

    // Out of line: the core inlines it into each of its two callers.
    #[inline(never)]
    pub(super) fn poll_frame(&mut self, input: &mut &[u8]) -> Result<Option<FrameSpan>, DecodeError> {
        let polled = self.decoder.poll_frame(input);
        // Within a block the buffer contains its values, unless its event has been discarded.
        self.must_free_buffer = self.has_large_buffer() && (polled.is_err() || self.decoder.pending_bytes() == 0);
        polled
    }

    fn has_large_buffer(&self) -> bool {
        let bytes = self.decoder.buffer_bytes();
        // A long ID takes three times its length while the next one arrives: freed each time, it would move each time.
        bytes > KEPT_BUFFER_BYTES
            && bytes > self.decoder.last_event_id().len().saturating_mul(3).saturating_add(KEPT_BUFFER_BYTES)
    }

    /// Frees the buffer of a large block, which the last call has returned.
    #[inline]
    pub(super) fn free_large_buffer(&mut self) {
        if mem::take(&mut self.must_free_buffer) {
            self.decoder.shrink_to_fit();
        }
    }

    /// Returns whether an update is at hand that needs no input.
    #[inline]
    fn has_queued_update(&self) -> bool {
        self.accumulator.has_next_change() || self.cold.as_ref().is_some_and(|cold| cold.has_update())
    }

    /// Updates that need no input: further ones of the last event, an `error` field, a kept `message_start`.
    pub(super) fn next_span(&mut self) -> Result<Option<UpdateSpan>, ProtocolViolation> {
        if let Some(change) = self.accumulator.next_change() {
            return Ok(Some(UpdateSpan::without_payload(change)));
        }
        if let Some(start) = self.cold.as_mut().and_then(|cold| cold.next_start.take()) {
            self.is_skipping = false;
            let applied = self.accumulator.apply(StreamEvent::MessageStart(start));
            let change = self.end_if_rejected(applied)?;
            return Ok(Some(UpdateSpan::without_payload(change)));
        }
        self.emit_error_field()
    }

    /// Records an event above the limit. Before a further message it is only reported: it may have been its start.
    fn record_too_large(&mut self, error: DecodeError) -> UpdateSpan {
        self.event_count = self.event_count.saturating_add(1);
        if !self.is_skipping {
            self.accumulator.record_oversized_event(error);
            if self.body.has_fields() || self.body.is_stream() {
                self.accumulator.mark_as_messages_stream();
            }
        }
        UpdateSpan::without_payload(Change::Lost(LostEvent::LimitExceeded(ExceededLimit::Event(error))))
    }

    /// Merges an event. `None`: no update.
    pub(super) fn merge(
        &mut self,
        chunk: &[u8],
        consumed: &[u8],
        span: EventSpan,
    ) -> Result<Option<Changed>, ProtocolViolation> {
        self.event_count = self.event_count.saturating_add(1);
        let event = self.decoder.resolve_event(chunk, span);
        let data = event.data();
        let decoded = StreamEvent::decode(event.event_type(), data);
        self.is_skipping = is_skipped(self.is_skipping, &decoded);
        // An undecodable event may have been the start of the next message, so it is reported.
        if self.is_skipping && decoded.is_ok() {
            return Ok(None);
        }
        let mut decoded = match decoded {
            // An error in the same block comes first: before `message_stop` no error is ignored.
            Ok(Some(StreamEvent::MessageStop)) if self.error_field().is_some_and(ErrorField::is_ready_error) => {
                return Ok(None);
            }
            Ok(Some(decoded)) => decoded,
            Ok(None) => return Ok(None),
            Err(error) => return self.record_undecodable(error),
        };
        let is_done = matches!(decoded, StreamEvent::Done);
        let has_extra = matches!(&decoded, StreamEvent::ContentBlockDelta(delta) if delta.has_extra);
        add_response_head(&mut decoded, self.response_head.as_deref());
        let applied = apply_and_learn(&mut self.accumulator, &mut self.template, decoded, consumed, data);
        if self.accumulator.is_messages_stream() {
            self.body.mark_as_stream();
        } else if !is_done {
            self.body.set_has_events();
        }
        self.end_if_rejected(applied).map(|change| Some(Changed { change, has_extra }))
    }

    /// Records an undecodable payload. Before a further message it is only reported.
    pub(super) fn record_undecodable(&mut self, error: PayloadError) -> Result<Option<Changed>, ProtocolViolation> {
        self.body.set_has_events();
        if !self.is_skipping {
            if let Err(error) = self.accumulator.record_payload_error(&error) {
                self.end_if_rejected(Err(error))?;
            }
        }
        Ok(LostEvent::of_payload(error).map(|lost| Changed { change: Change::Lost(lost), has_extra: false }))
    }

    /// Converts the result of a merge: a rejected event ends the message, an event beyond the limit becomes
    /// [`Change::Lost`].
    pub(super) fn end_if_rejected(
        &mut self,
        applied: Result<Change, AccumulateError>,
    ) -> Result<Change, ProtocolViolation> {
        match applied {
            Ok(change) => Ok(change),
            Err(AccumulateError::Violation(violation)) => {
                // After the end of the message there is nothing to lose.
                self.accumulator.record_rejection();
                self.is_rejected = true;
                Err(violation)
            }
            Err(AccumulateError::LimitExceeded(limit)) => Ok(Change::Lost(LostEvent::LimitExceeded(limit))),
        }
    }
}

/// Appends the text of the event at the start of the input, and consumes the event.
#[inline(always)]
fn append_event(
    prefix: MatchedPrefix<'_, '_>,
    decoder: &mut Decoder,
    accumulator: &mut Accumulator,
    input: &mut &[u8],
) -> Option<(AppendedPiece, usize)> {
    let chunk = *input;
    prefix.append(accumulator, |rest| {
        let len = chunk.len().saturating_sub(rest.strip_prefix(Decoder::BLOCK_END)?.len());
        decoder.consume_recognized_event(input, len).then_some(len)
    })
}

/// As [`append_event`], for events of another form, and those that a chunk boundary cuts.
#[inline(never)]
fn append_rare_event(
    prefix: MatchedPrefix<'_, '_>,
    decoder: &mut Decoder,
    accumulator: &mut Accumulator,
    input: &mut &[u8],
) -> Option<(AppendedPiece, usize)> {
    append_event(prefix, decoder, accumulator, input)
}

/// Applies an event. If it is a delta that continues the current text, the next one of its form needs no decoding.
fn apply_and_learn(
    accumulator: &mut Accumulator,
    template: &mut Template,
    decoded: StreamEvent<'_>,
    event: &[u8],
    payload: &[u8],
) -> Result<Change, AccumulateError> {
    let piece = piece_of(&decoded).filter(|(_, index)| accumulator.is_current(*index));
    let change = accumulator.apply(decoded)?;
    if let Some((string, index)) =
        piece.filter(|(_, index)| accumulator.is_continuation(change) && accumulator.is_current(*index))
    {
        template.learn(event, payload, string, index);
    }
    Ok(change)
}

/// Returns the string that a delta extends, if it has only a piece, and the index of its block.
fn piece_of(event: &StreamEvent<'_>) -> Option<(BlockString, u64)> {
    match event {
        StreamEvent::ContentBlockDelta(delta) if !delta.has_extra => {
            delta.delta.plain_piece().map(|(string, _)| (string, delta.index))
        }
        _ => None,
    }
}

/// Adds the head of the response to an error in its body.
#[inline]
pub(super) fn add_response_head(event: &mut StreamEvent<'_>, head: Option<&ResponseHead>) {
    if let (StreamEvent::Error(error), Some(head)) = (event, head) {
        error.add_response_head(head);
    }
}

/// Returns whether the decoder, if it was skipping, still skips at this event: up to the next `message_start`.
#[inline]
pub(super) fn is_skipped(is_skipping: bool, decoded: &Result<Option<StreamEvent<'_>>, PayloadError>) -> bool {
    is_skipping && !matches!(decoded, Ok(Some(StreamEvent::MessageStart(_))))
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    /// The template only saves time, so no result of a stream shows it.
    #[test]
    fn deltas_of_another_form_are_learned_also_if_their_text_is_discarded() {
        for (member, block) in [("text", r#"{"type":"text","text":""}"#), ("thinking", r#"{"type":"thinking"}"#)] {
            let start = format!(r#"{{"type":"content_block_start","index":0,"content_block":{block}}}"#);
            let delta = format!(
                r#"{{"type": "content_block_delta", "index": 0, "delta": {{"type": "{member}_delta", "{member}": "x"}}}}"#
            );
            let message = r#"{"type":"message_start","message":{}}"#;
            let body = format!("data: {message}\n\ndata: {start}\n\ndata: {delta}\n\ndata: {delta}\n\n");
            let mut decoder = MessageDecoder::new().with_accumulator(Accumulator::new().with_discarded_text());
            let mut input = body.as_bytes();
            while let Ok(Step::Update(_)) = decoder.poll(&mut input) {}
            assert!(!decoder.template.is_empty(), "{member}");
        }
    }

    /// The core has no part in it. This only saves time, too.
    #[test]
    fn a_delta_that_a_chunk_boundary_cuts_is_joined() {
        let start =
            "data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"\"}]}}\n\n";
        let delta = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n";
        for at in 1..delta.len() - 2 {
            let mut decoder = MessageDecoder::new();
            let (first, second) = delta.split_at(at);
            for chunk in [[start, delta, delta, first].concat(), [second, first].concat(), second.into()] {
                let mut input = chunk.as_bytes();
                while let Ok(Step::Update(_)) = decoder.poll(&mut input) {}
            }
            assert_eq!(decoder.snapshot().text(), "xxxx", "{at}");
            assert_eq!(decoder.decoder.buffer_bytes(), 0, "{at}");
        }
    }
}
