//! Decodes a response body into updates, without a transport. The only file that drives the core crate.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use ssewire::{Decoder, EventSpan, Frame, FrameSpan};

use crate::accumulator::{AccumulateError, Accumulator, Change, Completion, Incomplete, ProtocolViolation};
use crate::accumulator::{ProtocolViolations, Update};
use crate::api_error::ApiError;
use crate::decode::canonical::{self, PieceKind};
use crate::event::StreamEvent;
use crate::fused::{END, Parts, Template};
use crate::json::RawJson;
use crate::lost_event::LostEvent;
use crate::message::Message;
use crate::non_stream_body::{Body, NonStreamBody};
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
/// 'body: for mut chunk in body.chunks(7) {
///     loop {
///         match decoder.decode(&mut chunk)? {
///             Step::Update(event) => text.extend(event.update.text_deltas()),
///             Step::NeedInput => break,     // Bring the next chunk.
///             Step::Ended => break 'body,   // The message has ended, whatever the connection does.
///         }
///     }
/// }
/// let message = decoder.finish()?;
/// assert_eq!(text, "Hi");
/// assert_eq!(message.final_text(), "Hi");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The connection belongs to the caller: nothing here reads, waits, retries or replays.
pub struct MessageDecoder {
    decoder: Decoder,
    accumulator: Accumulator,
    /// The last delta without its text.
    template: Template,
    body: Body,
    head: Option<Box<ResponseHead>>,
    rare: Option<Box<Rare>>,
    /// Everything is skipped up to a `message_start`.
    is_skipping: bool,
    /// An event was rejected: the message has ended.
    is_rejected: bool,
    /// The input has ended.
    is_input_ended: bool,
    /// The last event was larger than most: its buffer is given back.
    is_buffer_large: bool,
    /// No update is queued and no event is open, so that empty input returns `NeedInput` at once.
    is_between_events: bool,
    /// The last event was used though its blank line is missing.
    has_unterminated_event: bool,
    events: u64,
}

/// What few streams need. It has an allocation of its own, so that a stream without it is small.
#[derive(Default)]
struct Rare {
    error_field: ErrorField,
    /// An error that was a bare JSON line of the stream.
    bare_error: Option<ApiError>,
    /// The `message_start` that ended the message before this one.
    next_start: Option<Box<Message>>,
    /// The number of bytes of an unfinished event at the end of the input.
    pending_bytes: u64,
}

/// The value of a field `error: …`, with which some servers report errors in place of an event (llama.cpp). It counts
/// as an event of the type `error` at its blank line. The first one of a block counts.
#[derive(Default)]
enum ErrorField {
    #[default]
    None,
    /// Its block has not ended yet.
    Buffered(Vec<u8>),
    /// Its block has ended, in an event that had to be given first.
    Ready(Vec<u8>),
    /// Given; kept for as long as it is borrowed.
    Emitted(Vec<u8>),
}

/// The result of one call: an update, the need for input, or the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<U> {
    /// The message has changed.
    Update(U),
    /// All input is used up: bring the next chunk, or [end](MessageDecoder::decode_end) it.
    NeedInput,
    /// The message has ended. No more input is consumed.
    Ended,
}

/// An update with the event that brought it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UpdateEvent<'a> {
    /// The change.
    pub update: Update<'a>,
    /// The payload of the event, as it came. Empty for a further update of the same event, for an event above the
    /// limit, and for a `message_start` that `next_message` kept.
    pub payload: &'a [u8],
    /// The SSE event type, `message` if there was none. Empty where the payload is.
    pub event_type: &'a [u8],
    /// See [`ContentBlockDelta::has_extra`](crate::ContentBlockDelta::has_extra).
    pub has_extra: bool,
}

/// An [`UpdateEvent`] without its borrows, as [`MessageDecoder::poll`] returns it.
#[derive(Debug, Clone, Copy)]
#[must_use = "the update is borrowed by `MessageDecoder::resolve`"]
pub struct UpdateSpan {
    change: Change,
    source: Source,
    has_extra: bool,
}

/// Where the payload lies.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// In the event that was found after the first `offset` bytes of the input.
    Event { span: EventSpan, offset: usize },
    /// In the event of `len` bytes at the start of the input.
    Fused { parts: Parts, len: usize },
    /// In an `error` field.
    ErrorField,
    /// Nowhere.
    None,
}

/// Where the typed event goes, if somebody wants it.
type Owned<'o> = Option<&'o mut Option<StreamEvent<'static>>>;

/// The buffer of a larger event is freed before the next one: between events a decoder holds little, whatever the
/// limit.
const LARGE: usize = 4 * 1024;

/// A change, and whether its event is a delta with further members.
type Changed = (Change, bool);

/// The message cannot be decoded any further: it has ended. [`MessageDecoder::next_message`] continues with the next
/// one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageDecodeError {
    /// An event violates the protocol, and [`Validation::Strict`](crate::Validation::Strict) was asked for.
    Violation(ProtocolViolation),
}

impl fmt::Display for MessageDecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => write!(f, "protocol violation: {violation}"),
        }
    }
}

impl core::error::Error for MessageDecodeError {}

impl MessageDecoder {
    /// A decoder with default limits that tolerates protocol violations. Allocates nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            decoder: with_error_fields(Decoder::new()),
            accumulator: Accumulator::default(),
            template: Template::default(),
            body: Body::default(),
            head: None,
            rare: None,
            is_skipping: false,
            is_rejected: false,
            is_input_ended: false,
            is_buffer_large: false,
            is_between_events: false,
            has_unterminated_event: false,
            events: 0,
        }
    }

    /// Sets the SSE decoder: another limit, or a last event ID. Its unknown fields are read, up to 64 KiB each,
    /// whatever it was set to: servers report errors in them.
    #[must_use]
    pub fn with_decoder(mut self, decoder: Decoder) -> Self {
        self.decoder = with_error_fields(decoder);
        self
    }

    /// Sets the accumulator: strict, with other limits, or with partial values of tool input.
    #[must_use]
    pub fn with_accumulator(mut self, accumulator: Accumulator) -> Self {
        self.accumulator = accumulator;
        self
    }

    /// Sets the content type of the response. It decides nothing: a stream under another name is read all the same. But
    /// where there was none, it helps to [explain](NonStreamBody) the body.
    #[must_use]
    pub fn with_content_type(mut self, content_type: &str) -> Self {
        self.body.set_content_type(content_type);
        self
    }

    /// Sets the head of the response: its request id and rate limits are in every error of the stream, and in
    /// [`Incomplete::head`].
    #[must_use]
    pub fn with_response_head(mut self, head: ResponseHead) -> Self {
        if let Some(content_type) = head.content_type() {
            self.body.set_content_type(content_type);
        }
        self.head = Some(Box::new(head));
        self
    }

    /// Decodes the input up to the next update. `input` is advanced.
    ///
    /// # Errors
    /// [`MessageDecodeError`], only in strict mode: the message has ended.
    pub fn decode<'s, 'c: 's>(&'s mut self, input: &mut &'c [u8]) -> Result<Step<UpdateEvent<'s>>, MessageDecodeError> {
        let chunk: &'c [u8] = input;
        if let Some((change, len)) = self.append_fused(input) {
            let (event_type, payload) = self.template.parts().resolve(chunk, len);
            let update = self.accumulator.update(change);
            return Ok(Step::Update(UpdateEvent { update, payload, event_type, has_extra: false }));
        }
        if self.needs_input(input) {
            return Ok(Step::NeedInput);
        }
        Ok(match self.poll_with(input, None)? {
            Step::Update(span) => Step::Update(self.resolve(chunk, span)),
            Step::NeedInput => Step::NeedInput,
            Step::Ended => Step::Ended,
        })
    }

    /// As [`decode`](Self::decode), but borrows nothing, so that a caller can refill its input in a loop; see
    /// `ssewire::Decoder`.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn poll(&mut self, input: &mut &[u8]) -> Result<Step<UpdateSpan>, MessageDecodeError> {
        if let Some((change, len)) = self.append_fused(input) {
            let source = Source::Fused { parts: self.template.parts(), len };
            return Ok(Step::Update(UpdateSpan { change, source, has_extra: false }));
        }
        if self.needs_input(input) {
            return Ok(Step::NeedInput);
        }
        self.poll_with(input, None)
    }

    /// As [`poll`](Self::poll), but returns typed events, which own their bytes. Each is merged already: the
    /// [`snapshot`](Self::snapshot) holds it. Events that are [lost](Update::Lost) are left out. Once the message has
    /// exceeded its limit, events are returned, but their content is not merged.
    ///
    /// # Cost
    /// Decodes and copies every event: the fast path of `poll` for deltas does not apply.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn poll_owned(&mut self, input: &mut &[u8]) -> Result<Step<StreamEvent<'static>>, MessageDecodeError> {
        loop {
            let mut owned = None;
            match (self.poll_with(input, Some(&mut owned))?, owned) {
                (Step::Update(span), Some(event)) if !matches!(span.change, Change::Lost(_)) => {
                    return Ok(Step::Update(event));
                }
                (Step::Update(_), _) => {}
                (Step::NeedInput, _) => return Ok(Step::NeedInput),
                (Step::Ended, _) => return Ok(Step::Ended),
            }
        }
    }

    /// Fast path for the end of a chunk.
    #[inline]
    fn needs_input(&self, input: &[u8]) -> bool {
        input.is_empty() && self.is_between_events && !self.is_buffer_large
    }

    #[inline(never)]
    fn poll_with(&mut self, input: &mut &[u8], mut owned: Owned<'_>) -> Result<Step<UpdateSpan>, MessageDecodeError> {
        self.is_between_events = false;
        if self.has_queued_update() {
            if let Some(span) = self.next_span(&mut owned)? {
                return Ok(Step::Update(span));
            }
        }
        let chunk: &[u8] = input;
        while !self.is_ended() {
            if self.is_buffer_large {
                self.is_buffer_large = false;
                self.decoder.shrink_to_fit();
            }
            let before: &[u8] = input;
            let advanced = self.decoder.poll_frame(input);
            let consumed = before.get(..before.len().saturating_sub(input.len())).unwrap_or_default();
            let event_span = advanced.ok().flatten().and_then(FrameSpan::event);
            if event_span.is_none() {
                self.body.take(consumed, self.accumulator.max_bytes());
            }
            let frame = match advanced {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(Step::NeedInput),
                Err(error) => {
                    self.events = self.events.saturating_add(1);
                    if self.is_skipping {
                        continue;
                    }
                    self.accumulator.record_lost_event(error);
                    if self.body.has_fields() || self.body.is_stream() {
                        self.accumulator.record_truncation();
                    }
                    let change = Change::Lost(LostEvent::TooLarge(error));
                    return Ok(Step::Update(UpdateSpan { change, source: Source::None, has_extra: false }));
                }
            };
            let Some(event_span) = event_span else {
                self.note_frame(before, frame);
                if let Some(span) = self.emit_error_field(&mut owned)? {
                    return Ok(Step::Update(span));
                }
                continue;
            };
            self.end_error_field();
            let source = Source::Event { span: event_span, offset: chunk.len().saturating_sub(before.len()) };
            if owned.is_none() {
                if let Some(change) = self.append_delta(before, consumed, event_span) {
                    return Ok(Step::Update(UpdateSpan { change, source, has_extra: false }));
                }
            }
            let merged = self.merge(before, consumed, event_span, &mut owned);
            // After the event, which nearly always shows that nothing of the body needs to be kept.
            self.body.take(consumed, self.accumulator.max_bytes());
            if let Some((change, has_extra)) = merged? {
                return Ok(Step::Update(UpdateSpan { change, source, has_extra }));
            }
            if let Some(span) = self.emit_error_field(&mut owned)? {
                return Ok(Step::Update(span));
            }
        }
        Ok(Step::Ended)
    }

    /// Returns whether an update is at hand that needs no input.
    #[inline]
    fn has_queued_update(&self) -> bool {
        self.accumulator.has_next_change() || self.rare.as_ref().is_some_and(|rare| rare.has_update())
    }

    #[inline(never)]
    fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    fn error_field(&self) -> &ErrorField {
        self.rare.as_ref().map_or(&ErrorField::None, |rare| &rare.error_field)
    }

    /// The block of an `error` field has ended.
    #[inline]
    fn end_error_field(&mut self) {
        if let Some(rare) = &mut self.rare {
            rare.error_field.end_block();
        }
    }

    /// Fast path for nearly every event: appends a delta that repeats the one before but for its text, and returns the
    /// length of its event. `fused.rs` lists the decisions that it must share with the slow path.
    // Inlined, so that the change and the update are never in memory.
    #[inline(always)]
    fn append_fused(&mut self, input: &mut &[u8]) -> Option<(Change, usize)> {
        if self.is_buffer_large || self.has_queued_update() {
            return None;
        }
        let chunk = *input;
        let bytes = self.template.strip_prefix(chunk)?;
        let (change, len) = self.template.append(bytes, &mut self.accumulator, |rest| {
            let len = chunk.len().saturating_sub(rest.strip_prefix(END)?.len());
            self.decoder.skip_event(input, len).then_some(len)
        })?;
        self.events = self.events.saturating_add(1);
        self.is_buffer_large = len > LARGE;
        self.is_between_events = true;
        Some((change, len))
    }

    /// The same for a delta that is cut by a chunk boundary, or that is the first to repeat another in the spelling of
    /// the API. Decides nothing that [`merge`](Self::merge) would decide differently.
    fn append_delta(&mut self, chunk: &[u8], consumed: &[u8], span: EventSpan) -> Option<Change> {
        let event = self.decoder.resolve(chunk, span);
        let payload = event.data();
        let repeated = self
            .template
            .strip_payload_prefix(payload)
            .and_then(|bytes| self.template.append(bytes, &mut self.accumulator, |rest| rest.is_empty().then_some(())));
        let change = match repeated {
            Some((change, ())) => change,
            None => {
                let delta = canonical::parse_delta(payload)?;
                let change = self.accumulator.append_to_current(delta.index, delta.kind, &delta.text)?;
                self.template.learn(consumed, payload, delta.kind, delta.index);
                change
            }
        };
        self.events = self.events.saturating_add(1);
        self.is_buffer_large = payload.len() > LARGE;
        Some(change)
    }

    /// Updates that need no input: further ones of the last event, an `error` field, a kept `message_start`.
    fn next_span(&mut self, owned: &mut Owned<'_>) -> Result<Option<UpdateSpan>, MessageDecodeError> {
        if let Some(change) = self.accumulator.next_change() {
            return Ok(Some(UpdateSpan { change, source: Source::None, has_extra: false }));
        }
        if let Some(start) = self.rare.as_mut().and_then(|rare| rare.next_start.take()) {
            self.is_skipping = false;
            if let Some(owned) = owned {
                **owned = Some(StreamEvent::MessageStart(start.clone()));
            }
            let applied = self.accumulator.apply(StreamEvent::MessageStart(start));
            let change = self.admit(applied)?;
            return Ok(Some(UpdateSpan { change, source: Source::None, has_extra: false }));
        }
        self.emit_error_field(owned)
    }

    /// Reports that the input has ended, and returns the updates that are left: an event whose blank line is missing is
    /// used if its data is a complete JSON object. Never [`Step::NeedInput`].
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_end(&mut self) -> Result<Step<UpdateEvent<'_>>, MessageDecodeError> {
        Ok(match self.poll_end()? {
            Step::Update(span) => Step::Update(self.resolve(&[], span)),
            Step::NeedInput | Step::Ended => Step::Ended,
        })
    }

    /// As [`decode_end`](Self::decode_end), but borrows nothing. Resolve the span with an empty chunk.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn poll_end(&mut self) -> Result<Step<UpdateSpan>, MessageDecodeError> {
        if let Some(span) = self.next_span(&mut None)? {
            return Ok(Step::Update(span));
        }
        if core::mem::replace(&mut self.is_input_ended, true) || self.is_ended() {
            return Ok(Step::Ended);
        }
        let pending = self.decoder.clone().finish().err().map_or(0, |truncated| truncated.pending_bytes());
        if pending == 0 {
            return Ok(Step::Ended);
        }
        self.rare_mut().pending_bytes = pending;
        // The end of the line, and the blank line.
        let mut rest: &[u8] = b"\n\n";
        loop {
            let before = rest;
            let Ok(Some(frame)) = self.decoder.poll_frame(&mut rest) else { break };
            let Some(event_span) = frame.event() else {
                self.note_frame(before, frame);
                if let Some(span) = self.emit_unterminated_error_field()? {
                    return Ok(Step::Update(span));
                }
                continue;
            };
            self.end_error_field();
            if !is_object(self.decoder.resolve(before, event_span).data()) {
                if let Some(span) = self.emit_unterminated_error_field()? {
                    return Ok(Step::Update(span));
                }
                continue;
            }
            self.use_unterminated_event();
            if let Some((change, has_extra)) = self.merge(&[], &[], event_span, &mut None)? {
                let source = Source::Event { span: event_span, offset: 0 };
                return Ok(Step::Update(UpdateSpan { change, source, has_extra }));
            }
            if let Some(span) = self.emit_error_field(&mut None)? {
                return Ok(Step::Update(span));
            }
        }
        // Any other field without its blank line is no event.
        self.rare_mut().error_field = ErrorField::None;
        let has_begun = self.body.has_partial_event() && !self.accumulator.has_done_marker();
        if self.pending_bytes() > 0 && has_begun {
            self.accumulator.record_truncation();
        }
        Ok(Step::Ended)
    }

    /// Borrows the update that [`poll`](Self::poll) returned. `chunk` is the input as it was before that call. Constant
    /// time, except that a tool call or a citation is searched in its JSON text.
    ///
    /// Passing a different chunk, or calling `poll` first, yields an unspecified update or payload but never panics.
    #[must_use]
    pub fn resolve<'s>(&'s self, chunk: &'s [u8], span: UpdateSpan) -> UpdateEvent<'s> {
        let update = self.accumulator.update(span.change);
        let (event_type, payload): (&[u8], &[u8]) = match span.source {
            Source::None => (b"", b""),
            Source::ErrorField => (b"error", self.error_field().emitted()),
            Source::Fused { parts, len } => parts.resolve(chunk, len),
            Source::Event { span, offset } => {
                let event = self.decoder.resolve(chunk.get(offset..).unwrap_or_default(), span);
                (event.event_type(), event.data())
            }
        };
        UpdateEvent { update, payload, event_type, has_extra: span.has_extra }
    }

    /// The number of events of the stream so far: dispatched, too large, or in an `error` field. So this is the number,
    /// from 1, of the one that [`poll`](Self::poll) has just returned.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The message so far; see [`Accumulator::snapshot`].
    #[must_use]
    pub fn snapshot(&self) -> alloc::borrow::Cow<'_, Message> {
        self.accumulator.snapshot()
    }

    /// Whether `message_start` has come.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.accumulator.has_started()
    }

    /// Whether the message has ended: at `message_stop`, at an error, where another message began, or where an event
    /// was rejected.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.is_rejected || self.accumulator.is_ended()
    }

    /// The protocol violations so far.
    #[must_use]
    pub fn violations(&self) -> &ProtocolViolations {
        self.accumulator.violations()
    }

    /// Whether the last event was used though its blank line is missing, as in recorded files.
    #[must_use]
    pub fn has_unterminated_event(&self) -> bool {
        self.has_unterminated_event
    }

    /// The accumulator, for its further methods.
    #[must_use]
    pub fn accumulator(&self) -> &Accumulator {
        &self.accumulator
    }

    /// How the message would end if the input ended here, by the events merged so far. Final once
    /// [`decode_end`](Self::decode_end) has returned [`Step::Ended`], which may use a last event without its blank
    /// line.
    #[must_use]
    pub fn completion(&self) -> Completion {
        let has_bare_error = self.rare.as_ref().is_some_and(|rare| rare.bare_error.is_some());
        match self.accumulator.completion() {
            completion
                if has_bare_error && completion != Completion::NonStreamBody && self.accumulator.is_running() =>
            {
                Completion::ServerError
            }
            completion => completion,
        }
    }

    /// Whether an unterminated message counts as a whole one.
    #[must_use]
    pub fn is_lenient(&self) -> bool {
        self.accumulator.is_lenient()
    }

    /// Reports that the input has ended, and returns the message. Discards the updates that are left: to see them, call
    /// [`decode_end`](Self::decode_end) until it returns [`Step::Ended`].
    ///
    /// # Errors
    /// [`Incomplete`], with the partial message and the reason; for a body that was no stream, with its kind.
    pub fn finish(mut self) -> Result<Message, Incomplete> {
        while let Ok(Step::Update(_)) = self.poll_end() {}
        self.conclude(Accumulator::new())
    }

    /// Returns the message that has ended, and goes on with the next one of the same body: everything up to a
    /// `message_start` is skipped. If the body ends before one comes, [`has_started`](Self::has_started) stays `false`:
    /// there is no further message.
    ///
    /// # Errors
    /// [`Incomplete`], as [`finish`](Self::finish), also if the message has not ended yet. The next message can be
    /// decoded all the same.
    pub fn next_message(&mut self) -> Result<Message, Incomplete> {
        let (next, start) = self.accumulator.next_message();
        let result = self.conclude(next);
        if start.is_some() {
            self.rare_mut().next_start = start;
        }
        (self.is_skipping, self.is_rejected) = (true, false);
        self.body.mark_as_stream();
        result
    }

    fn conclude(&mut self, next: Accumulator) -> Result<Message, Incomplete> {
        self.is_between_events = false;
        let mut accumulator = core::mem::replace(&mut self.accumulator, next);
        let body = core::mem::take(&mut self.body);
        if body.is_too_large() && !accumulator.is_messages_stream() {
            let limit = Body::max_json(accumulator.max_bytes());
            accumulator.record_exceeded(LostEvent::OverLimit(AccumulateError::BytesExceeded { limit }));
        }
        let is_stream = accumulator.is_messages_stream() || body.is_stream();
        let mut bare_error = self.rare.as_mut().and_then(|rare| rare.bare_error.take());
        if let Some(error) = bare_error.take_if(|_| is_stream) {
            accumulator.record_error(error);
        }
        let is_done = accumulator.has_done_marker();
        let pending_bytes = self.pending_bytes();
        let head = self.head.as_deref().cloned();
        accumulator.into_message().map_err(|incomplete| {
            let incomplete =
                if is_stream { incomplete } else { incomplete.with_body(NonStreamBody::of(body, is_done, bare_error)) };
            incomplete.with_pending_bytes(pending_bytes).with_head(head)
        })
    }

    /// Notes an `error` field, or an error as a bare JSON line, in a frame that is no event.
    fn note_frame(&mut self, chunk: &[u8], frame: FrameSpan) {
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

    /// Merges what an event carries. `None`: no update.
    fn merge(
        &mut self,
        chunk: &[u8],
        consumed: &[u8],
        span: EventSpan,
        owned: &mut Owned<'_>,
    ) -> Result<Option<Changed>, MessageDecodeError> {
        self.events = self.events.saturating_add(1);
        let event = self.decoder.resolve(chunk, span);
        let data = event.data();
        self.is_buffer_large = data.len() > LARGE;
        let canonical = canonical::parse_delta(data);
        let decoded = match canonical {
            Some(delta) => Ok(Some(StreamEvent::ContentBlockDelta(delta.into_event()))),
            None => StreamEvent::decode_slow(event.event_type(), data),
        };
        if self.is_skipping {
            if !matches!(decoded, Ok(Some(StreamEvent::MessageStart(_)))) {
                return Ok(None);
            }
            self.is_skipping = false;
        }
        let decoded = match decoded {
            // An error in the same block comes first: before `message_stop` no error is ignored.
            Ok(Some(StreamEvent::MessageStop)) if self.error_field().is_ready_error() => return Ok(None),
            Ok(Some(decoded)) => decoded,
            Ok(None) => return Ok(None),
            Err(error) => {
                self.body.set_has_events();
                if let Err(error) = self.accumulator.record_decode_error(&error) {
                    self.admit(Err(error))?;
                }
                let is_lost = !error.is_keep_alive();
                return Ok(is_lost.then_some((Change::Lost(LostEvent::Payload(error)), false)));
            }
        };
        let is_done = matches!(decoded, StreamEvent::Done);
        if let Some(owned) = owned {
            **owned = Some(decoded.clone().into_owned());
        }
        let has_extra = matches!(&decoded, StreamEvent::ContentBlockDelta(delta) if delta.has_extra);
        let repeats = piece_of(&decoded).filter(|(_, index)| self.accumulator.is_current(*index));
        let applied = self.accumulator.apply(with_head(decoded, self.head.as_deref()));
        if let Some((kind, index)) = repeats.filter(|(_, index)| self.accumulator.is_current(*index)) {
            self.template.learn(consumed, data, kind, index);
        }
        if self.accumulator.is_messages_stream() {
            self.body.mark_as_stream();
        } else if !is_done {
            self.body.set_has_events();
        }
        self.admit(applied).map(|change| Some((change, has_extra)))
    }

    /// An event that was rejected ends the message; one that passed the limit is lost.
    fn admit(&mut self, applied: Result<Change, AccumulateError>) -> Result<Change, MessageDecodeError> {
        match applied {
            Ok(change) => Ok(change),
            Err(AccumulateError::Violation(violation)) => {
                // After the end of the message there is nothing to lose.
                self.accumulator.record_rejection();
                self.is_rejected = true;
                Err(MessageDecodeError::Violation(violation))
            }
            Err(error) => Ok(Change::Lost(LostEvent::OverLimit(error))),
        }
    }

    fn pending_bytes(&self) -> u64 {
        self.rare.as_ref().map_or(0, |rare| rare.pending_bytes)
    }

    /// The event at the end of the input is used, though its blank line is missing.
    fn use_unterminated_event(&mut self) {
        self.rare_mut().pending_bytes = 0;
        self.has_unterminated_event = true;
    }

    /// An `error` field of a block without its blank line is an event, as the event of such a block: if its value is a
    /// complete JSON object.
    fn emit_unterminated_error_field(&mut self) -> Result<Option<UpdateSpan>, MessageDecodeError> {
        match self.error_field() {
            ErrorField::Ready(value) if is_object(value) => {
                self.use_unterminated_event();
                self.emit_error_field(&mut None)
            }
            _ => Ok(None),
        }
    }

    /// An `error` field whose block has ended is an event.
    fn emit_error_field(&mut self, owned: &mut Owned<'_>) -> Result<Option<UpdateSpan>, MessageDecodeError> {
        let Some(value) = self.rare.as_mut().and_then(|rare| rare.error_field.take_ready()) else { return Ok(None) };
        if self.is_skipping || self.is_ended() {
            return Ok(None);
        }
        self.events = self.events.saturating_add(1);
        let change = match StreamEvent::decode(b"error", &value) {
            Ok(Some(event)) => {
                if let Some(owned) = owned {
                    **owned = Some(event.clone().into_owned());
                }
                let applied = self.accumulator.apply(with_head(event, self.head.as_deref()));
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

impl Default for MessageDecoder {
    fn default() -> Self {
        Self::new()
    }
}

/// The kind of a delta that brings nothing but a piece, and the index of its block.
fn piece_of(event: &StreamEvent<'_>) -> Option<(PieceKind, u64)> {
    match event {
        StreamEvent::ContentBlockDelta(delta) if !delta.has_extra => Some((PieceKind::of(&delta.delta)?, delta.index)),
        _ => None,
    }
}

/// Whether data is a complete JSON object.
fn is_object(data: &[u8]) -> bool {
    RawJson::from_bytes(data).is_ok_and(|json| json.as_json().is_object())
}

/// Makes the decoder return unknown fields: servers report errors in them. One beyond the bound is truncated.
fn with_error_fields(decoder: Decoder) -> Decoder {
    const MAX_ERROR_FIELD_BYTES: usize = 64 * 1024;
    decoder.with_unknown_fields().with_max_comment_bytes(MAX_ERROR_FIELD_BYTES)
}

/// An error with the head of the response in whose body it came.
fn with_head<'a>(event: StreamEvent<'a>, head: Option<&ResponseHead>) -> StreamEvent<'a> {
    match (event, head) {
        (StreamEvent::Error(error), Some(head)) => StreamEvent::Error(Box::new(error.with_head(head))),
        (event, _) => event,
    }
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

/// Shows counts and states, never the contents of the stream.
impl fmt::Debug for MessageDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageDecoder")
            .field("decoder", &self.decoder)
            .field("accumulator", &self.accumulator)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl Rare {
    /// Whether it has an update that needs no input.
    fn has_update(&self) -> bool {
        self.next_start.is_some() || matches!(self.error_field, ErrorField::Ready(_))
    }
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
    fn is_ready_error(&self) -> bool {
        let Self::Ready(value) = self else { return false };
        matches!(StreamEvent::decode(b"error", value), Ok(Some(StreamEvent::Error(_))))
    }

    #[inline]
    fn take_ready(&mut self) -> Option<Vec<u8>> {
        let Self::Ready(value) = self else { return None };
        let value = core::mem::take(value);
        *self = Self::None;
        Some(value)
    }

    fn emitted(&self) -> &[u8] {
        match self {
            Self::Emitted(value) => value,
            _ => b"",
        }
    }
}
