//! Decodes a response body into updates, without a transport. The only module that drives the core crate.
//!
//! This file has the public methods except `poll_end`; `poll.rs` reads the events, `error_field.rs` the errors outside
//! of events, and `end.rs` ends the input and a message.

mod cut_event;
mod end;
mod error_field;
mod poll;
mod step;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::{fmt, mem};

use ssewire::Decoder;

use self::cut_event::CutEvent;
use self::error_field::{ErrorField, with_error_fields};
use self::step::Source;
pub use self::step::{Step, UpdateEvent, UpdateSpan};
use crate::accumulator::{Accumulator, AppendedPiece, Completion, Incomplete, ProtocolViolation, ProtocolViolations};
use crate::fused::{CANONICAL_PARTS, Template};
use crate::json::RawJson;
use crate::message::Message;
use crate::non_stream_body::Body;
use crate::response_head::ResponseHead;

/// Decodes the bytes of a response body, in chunks of any size, into the updates of a message.
///
/// ```
/// use ssewire_messages::{MessageDecoder, Step};
///
/// let body = b"data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}}\n\n\
///              data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
///              data: {\"type\":\"message_stop\"}\n\n";
/// let mut decoder = MessageDecoder::new();
/// let mut text = String::new();
/// for mut chunk in body.chunks(7) {
///     while let Step::Update(event) = decoder.decode(&mut chunk)? {
///         text.extend(event.update.text_deltas());
///     }
///     if decoder.is_ended() {
///         break; // The message has ended, even if the connection stays open.
///     }
/// }
/// while let Some(event) = decoder.decode_end()? {
///     text.extend(event.update.text_deltas());
/// }
/// let message = decoder.finish()?;
/// assert_eq!(text, "Hi");
/// assert_eq!(message.text(), "Hi");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The connection belongs to the caller: nothing here reads, waits, retries or replays.
#[derive(Clone)]
pub struct MessageDecoder {
    decoder: Decoder,
    accumulator: Accumulator,
    /// The last delta without its text.
    template: Template,
    cut_event: CutEvent,
    body: Body,
    response_head: Option<Box<ResponseHead>>,
    cold: Option<Box<ColdState>>,
    /// Everything is skipped up to a `message_start`.
    is_skipping: bool,
    /// An event was rejected: the message has ended.
    is_rejected: bool,
    /// The input has ended.
    is_input_ended: bool,
    /// The last block was larger than most: the next call frees its buffer.
    must_free_buffer: bool,
    /// The last event was appended, no update is queued, and the next byte starts a block: empty input returns
    /// `NeedInput` at once, and the start of a cut event may be kept.
    is_between_events: bool,
    /// The last event of the message was used though its blank line is missing.
    has_used_pending_event: bool,
    event_count: u64,
}

/// State that few streams need, in an allocation of its own, so that the decoder of other streams is small.
#[derive(Clone, Default)]
struct ColdState {
    error_field: ErrorField,
    /// An error that was a bare JSON line of the stream.
    bare_error: Option<RawJson>,
    /// The `message_start` that ended the message before this one.
    next_start: Option<Box<Message>>,
    /// The number of bytes of an unfinished event at the end of the input.
    pending_bytes: u64,
}

impl MessageDecoder {
    /// Creates a decoder with default limits that tolerates protocol violations. Allocates nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            decoder: with_error_fields(Decoder::new()),
            accumulator: Accumulator::default(),
            template: Template::default(),
            cut_event: CutEvent::default(),
            body: Body::default(),
            response_head: None,
            cold: None,
            is_skipping: false,
            is_rejected: false,
            is_input_ended: false,
            must_free_buffer: false,
            is_between_events: false,
            has_used_pending_event: false,
            event_count: 0,
        }
    }

    /// Sets the SSE decoder: another limit, or a last event ID. Its unknown fields are read, up to 64 KiB each,
    /// whatever it was set to: servers report errors in them.
    #[must_use]
    pub fn with_decoder(mut self, decoder: Decoder) -> Self {
        self.decoder = with_error_fields(decoder);
        // The pending event is discarded, and the next byte may not start one.
        (self.cut_event, self.is_between_events) = (CutEvent::default(), false);
        self
    }

    /// Sets the accumulator: strict, with other limits, or with partial values of tool input.
    #[must_use]
    pub fn with_accumulator(mut self, accumulator: Accumulator) -> Self {
        self.accumulator = accumulator;
        // Between two messages: the further one may only be absent.
        if self.body.is_stream() {
            self.accumulator.mark_as_messages_stream();
        }
        self
    }

    /// Changes options of the accumulator. Copies nothing: a message that has begun continues.
    ///
    /// ```
    /// use ssewire_messages::{MessageDecoder, PartialStrings};
    ///
    /// let decoder = MessageDecoder::new()
    ///     .map_accumulator(|accumulator| accumulator.with_max_bytes(1 << 20).with_partial_input(PartialStrings::Show));
    /// ```
    #[must_use]
    pub fn map_accumulator(mut self, change: impl FnOnce(Accumulator) -> Accumulator) -> Self {
        let accumulator = mem::take(&mut self.accumulator);
        self.with_accumulator(change(accumulator))
    }

    /// Sets the content type of the response. It is used only in the [description](crate::NonStreamBody) of a body that
    /// is not an event stream: a stream is decoded whatever its content type.
    #[must_use]
    pub fn with_content_type(mut self, content_type: &str) -> Self {
        self.body.set_content_type(content_type);
        self
    }

    /// Sets the head of the response: its request ID and rate limits are in every error of the stream, in
    /// [`Incomplete::response_head`], and in [`response_head`](Self::response_head).
    #[must_use]
    pub fn with_response_head(mut self, head: ResponseHead) -> Self {
        if let Some(content_type) = head.content_type() {
            self.body.set_content_type(content_type);
        }
        self.response_head = Some(Box::new(head));
        self
    }

    /// Decodes the input up to the next update. `input` is advanced.
    ///
    /// # Errors
    /// [`ProtocolViolation`], only in strict mode: the message has ended.
    // A module for wasm32 is mostly built for size; inlined, this loop is built as the caller's crate is. Elsewhere it
    // is not worth it: 1 % more instructions.
    #[cfg_attr(target_arch = "wasm32", inline)]
    pub fn decode<'s, 'c: 's>(&'s mut self, input: &mut &'c [u8]) -> Result<Step<UpdateEvent<'s>>, ProtocolViolation> {
        let chunk: &'c [u8] = input;
        if let Some((piece, len)) = self.append_canonical(input) {
            return Ok(Step::Update(self.appended_event(piece, chunk, len)));
        }
        if self.is_input_used_up(input) {
            return Ok(Step::NeedInput);
        }
        if self.cut_event.start_len() > 0 {
            match self.append_joined(input) {
                Some(Step::Update((piece, len))) => {
                    return Ok(Step::Update(self.appended_event(piece, self.cut_event.joined(), len)));
                }
                Some(_) => return Ok(Step::NeedInput),
                None => {}
            }
        }
        // Not `?`: it would copy the span.
        match self.poll_slow(input) {
            Ok(Step::Update(span)) => Ok(Step::Update(self.resolve(chunk, span))),
            Ok(Step::NeedInput) => Ok(Step::NeedInput),
            Ok(Step::Ended) => Ok(Step::Ended),
            Err(violation) => Err(violation),
        }
    }

    /// Reports that the input has ended, and returns the next of the updates that are left. An event whose blank line
    /// is missing is used if its data is a complete JSON object. If only `message_stop` is missing, the calls whose
    /// block has no stop are returned, too. `None`: no update is left. Linear in the size of the message.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_end(&mut self) -> Result<Option<UpdateEvent<'_>>, ProtocolViolation> {
        let span = self.poll_end()?;
        Ok(span.map(|span| self.resolve(&[], span)))
    }

    /// Reports that the input has ended, and returns the message. Discards the updates that are left: to see them, call
    /// [`decode_end`](Self::decode_end) until it returns `None`.
    ///
    /// # Errors
    /// [`Incomplete`], with the partial message and the reason; for a body that was not a stream, with its kind.
    #[doc(alias = "get_final_message")]
    pub fn finish(mut self) -> Result<Message, Incomplete> {
        while let Ok(Some(_)) = self.poll_end() {}
        self.conclude(Accumulator::new())
    }

    /// Returns the message that has ended, and continues with the next one of the same body: everything up to a
    /// `message_start` is skipped. Of that, an event that is too large or undecodable is an
    /// [`Update::Lost`](crate::Update::Lost): it may have been that `message_start`. If the body ends before one comes,
    /// [`has_started`](Self::has_started) stays `false`: no further message exists. A report on it says
    /// [`Completion::Truncated`].
    ///
    /// # Errors
    /// [`Incomplete`], as [`finish`](Self::finish), also if the message has not ended yet. The next message can be
    /// decoded all the same.
    pub fn next_message(&mut self) -> Result<Message, Incomplete> {
        let (next, start) = self.accumulator.next_message();
        let result = self.conclude(next);
        if let Some(cold) = &mut self.cold {
            cold.pending_bytes = 0;
        }
        // An unterminated `message_start` is the last event of both messages.
        self.has_used_pending_event &= start.is_some();
        if start.is_some() {
            self.cold_mut().next_start = start;
        } else if let Some(cold) = &mut self.cold {
            cold.error_field.take_ready();
        }
        // After a failure of the transport the input may continue, and end once more.
        (self.is_skipping, self.is_rejected, self.is_input_ended) = (true, false, false);
        self.body.mark_as_stream();
        result
    }

    /// Decodes the input as [`decode`](Self::decode) does, but borrows nothing, so that a caller can refill its input
    /// in a loop; see `ssewire::Decoder`.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn poll(&mut self, input: &mut &[u8]) -> Result<Step<UpdateSpan>, ProtocolViolation> {
        if let Some((piece, len)) = self.append_canonical(input) {
            return Ok(Step::Update(UpdateSpan::of_piece(piece, Source::Fused { parts: CANONICAL_PARTS, len })));
        }
        if self.is_input_used_up(input) {
            return Ok(Step::NeedInput);
        }
        if self.cut_event.start_len() > 0 {
            match self.append_joined(input) {
                Some(Step::Update((piece, len))) => {
                    return Ok(Step::Update(UpdateSpan::of_piece(piece, Source::Joined { len })));
                }
                Some(_) => return Ok(Step::NeedInput),
                None => {}
            }
        }
        self.poll_slow(input)
    }

    /// Borrows the update that [`poll`](Self::poll) returned. `chunk` is the input as it was before that call. Constant
    /// time, except that a tool call is searched in its JSON text.
    ///
    /// Passing a different chunk, or calling `poll` first, yields an unspecified update or payload but never panics.
    #[must_use]
    pub fn resolve<'s>(&'s self, chunk: &'s [u8], span: UpdateSpan) -> UpdateEvent<'s> {
        let update = self.accumulator.update(span.change);
        let (event_type, payload): (&[u8], &[u8]) = match span.source {
            Source::None => (b"", b""),
            Source::ErrorField => (b"error", self.error_field().map_or(b"", ErrorField::value)),
            Source::Fused { parts, len } => parts.resolve(chunk, len),
            Source::Joined { len } => CANONICAL_PARTS.resolve(self.cut_event.joined(), len),
            Source::Event { span, offset } => {
                let event = self.decoder.resolve_event(chunk.get(offset..).unwrap_or_default(), span);
                (event.event_type(), event.data())
            }
        };
        UpdateEvent { update, payload, event_type, has_extra: span.has_extra }
    }

    /// Returns the message so far; see [`Accumulator::snapshot`].
    #[doc(alias = "current_message_snapshot")]
    #[must_use]
    pub fn snapshot(&self) -> Cow<'_, Message> {
        self.accumulator.snapshot()
    }

    /// Returns whether `message_start` has arrived.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.accumulator.has_started()
    }

    /// Returns whether the message has ended: at `message_stop`, at an error, where another message began, or where an
    /// event was rejected.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.is_rejected || self.accumulator.is_ended()
    }

    /// Returns how the message would end if the input ended now, after the events merged so far. The result is
    /// final after [`decode_end`](Self::decode_end) has returned `None`: until then, a last event without its
    /// blank line may change it. Decoding further input makes it provisional again. Linear in the size of the message.
    #[must_use]
    pub fn completion(&self) -> Completion {
        let has_bare_error = self.cold.as_ref().is_some_and(|cold| cold.bare_error.is_some());
        match self.accumulator.completion() {
            completion
                if has_bare_error && completion != Completion::NonStreamBody && self.accumulator.is_running() =>
            {
                Completion::ServerError
            }
            completion => completion,
        }
    }

    /// Returns whether [`completion`](Self::completion) is [`Completion::Complete`] or, in
    /// [`Validation::Lenient`](crate::Validation::Lenient), [`Completion::Unterminated`]. As for `completion`, a last
    /// event without its blank line may change the result: it may be an error. Linear in the size of the message.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.accumulator.is_message(self.completion())
    }

    /// Returns the [head of the response](Self::with_response_head), also after the message has ended.
    #[must_use]
    pub fn response_head(&self) -> Option<&ResponseHead> {
        self.response_head.as_deref()
    }

    /// Returns the protocol violations so far.
    #[must_use]
    pub fn violations(&self) -> &ProtocolViolations {
        self.accumulator.violations()
    }

    /// Returns the number of events of the stream so far: dispatched, too large, or in an `error` field. So this is the
    /// number, from 1, of the one that [`poll`](Self::poll) has just returned.
    #[must_use]
    pub fn event_count(&self) -> u64 {
        self.event_count
    }

    /// Returns a count of the bytes that the decoder holds, for one budget over many streams: the bytes of the message,
    /// 128 for each of its blocks, or 256 with partial values, the [buffer](Decoder::buffer_bytes) of an unfinished
    /// event, 256 once chunks have cut a delta, and a body that is JSON. Until the message has ended, the heap has at
    /// most four times as many, and 8 KiB. The head of the response does not count. Constant time, except between
    /// [`next_message`](Self::next_message) and the next update: linear in the blocks of a `message_start` that ended
    /// the message before.
    #[must_use]
    pub fn byte_count(&self) -> usize {
        const BLOCK: usize = 128;
        let (mut cold_bytes, mut blocks) = (0_usize, self.accumulator.block_count());
        if let Some(cold) = &self.cold {
            let bare_error = cold.bare_error.as_ref().map_or(0, |error| error.as_str().len());
            cold_bytes = bare_error.saturating_add(cold.error_field.value().len());
            if let Some(start) = &cold.next_start {
                cold_bytes = cold_bytes.saturating_add(start.byte_size());
                blocks = blocks.saturating_add(start.content.len());
            }
        }
        let each = if self.accumulator.has_partial_input() { 2 * BLOCK } else { BLOCK };
        let blocks = blocks.saturating_mul(each);
        let buffers = self.decoder.buffer_bytes().saturating_add(self.cut_event.buffer_bytes());
        let counts = [self.accumulator.byte_count(), blocks, buffers, self.body.byte_count(), cold_bytes];
        counts.into_iter().fold(0, usize::saturating_add)
    }

    /// Returns whether the last event of the message was used though its blank line is missing, as in recorded files.
    #[must_use]
    pub fn has_used_pending_event(&self) -> bool {
        self.has_used_pending_event
    }

    /// Returns the accumulator, for its further methods.
    #[must_use]
    pub fn accumulator(&self) -> &Accumulator {
        &self.accumulator
    }
}

/// Shared by the other files of this module.
impl MessageDecoder {
    /// Converts a piece that was appended last, and its event in canonical form at the start of these bytes.
    #[inline(always)]
    fn appended_event<'s>(&'s self, piece: AppendedPiece, bytes: &'s [u8], len: usize) -> UpdateEvent<'s> {
        let (event_type, payload) = CANONICAL_PARTS.resolve(bytes, len);
        UpdateEvent { update: self.accumulator.appended_update(piece), payload, event_type, has_extra: false }
    }

    #[inline(never)]
    fn cold_mut(&mut self) -> &mut ColdState {
        self.cold.get_or_insert_default()
    }
}

impl Default for MessageDecoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows counts and states, never the contents of the stream.
impl fmt::Debug for MessageDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageDecoder")
            .field("decoder", &self.decoder)
            .field("accumulator", &self.accumulator)
            .field("events", &self.event_count)
            .finish_non_exhaustive()
    }
}

impl ColdState {
    /// Returns whether an update waits that needs no input.
    fn has_update(&self) -> bool {
        self.next_start.is_some() || self.error_field.is_ready()
    }
}
