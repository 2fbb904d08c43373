//! From events to the message: content blocks keyed by index, deltas in any order.

mod apply;
mod block_delta;
mod block_ref;
mod block_start;
mod blocks;
mod change;
mod cold_state;
mod completion;
mod current;
mod error;
mod incomplete;
mod limits;
mod merge;
mod options;
mod tool_calls;
mod update;
mod violation;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::fmt;

use ssewire::DecodeError;

pub use self::block_ref::BlockRef;
pub use self::blocks::BlockKey;
use self::blocks::{BlockId, Blocks};
pub(crate) use self::change::Change;
use self::cold_state::ColdState;
pub use self::completion::Completion;
pub(crate) use self::current::AppendedPiece;
pub use self::error::{AccumulateError, ExceededLimit};
pub use self::incomplete::Incomplete;
use self::options::Options;
pub use self::options::Validation;
pub use self::update::Update;
pub use self::violation::{ProtocolViolation, ProtocolViolations, ViolationKind};
use crate::api_error::ApiError;
use crate::event::StreamEvent;
use crate::id_and_model::IdAndModel;
use crate::lost_event::LostEvent;
use crate::message::Message;
use crate::partial::{PartialInput, PartialStrings};
use crate::payload_error::{LostKind, PayloadError};
use crate::tool_input::ToolInput;

/// Builds the message while its events arrive.
///
/// ```
/// use ssewire_messages::{Accumulator, Update};
///
/// let mut accumulator = Accumulator::new();
/// for (event_type, data) in [
///     ("message_start", r#"{"type":"message_start","message":{"id":"msg_1","usage":{"output_tokens":1}}}"#),
///     ("content_block_start", r#"{"type":"content_block_start","index":0,"content_block":{"type":"text"}}"#),
///     ("content_block_delta", r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#),
///     ("content_block_stop", r#"{"type":"content_block_stop","index":0}"#),
///     ("message_delta", r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}"#),
///     ("message_stop", r#"{"type":"message_stop"}"#),
/// ] {
///     // An undecodable event is `Update::Lost`; `into_message` decides whether content is missing.
///     for text in accumulator.accumulate_event(event_type.as_bytes(), data.as_bytes())?.text_deltas() {
///         print!("{text}");
///     }
///     while let Some(update) = accumulator.next_update() {
///         if let Update::ToolCall(call) = update {
///             println!("call {} with {}", call.name, call.input);
///         }
///     }
/// }
/// let message = accumulator.into_message()?;
/// assert_eq!(message.text(), "Hi");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// This is for events that you have framed yourself, without a [`MessageDecoder`](crate::MessageDecoder). Then you must
/// also report two conditions, or an incomplete message will look complete: an event that was too large, with
/// [`record_oversized_event`](Self::record_oversized_event); and that the input ended within the first event, with
/// [`record_truncation`](Self::record_truncation). If you decode events, too, you call [`accumulate`](Self::accumulate)
/// for each, and [`record_payload_error`](Self::record_payload_error) for each that is undecodable.
///
/// The message ends at `message_stop` or at an error: see [`is_ended`](Self::is_ended). Later events change nothing.
///
/// # Cost
/// Time and memory are linear in the bytes of the events. An index out of order is found in at most 64 steps. Blocks
/// out of order are sorted at the end: *n* log *n* in their number.
#[derive(Clone, Default)]
pub struct Accumulator {
    message: Message,
    blocks: Blocks,
    /// The open block of the last event other than a ping, if that was its start or a delta without a violation. The
    /// next event is most likely for it, too.
    current: Option<BlockId>,
    phase: Phase,
    cold: Option<Box<ColdState>>,
    /// `message_start` has arrived.
    has_started: bool,
    /// An event of the Messages API has arrived, so this is a Messages stream.
    is_messages_stream: bool,
    /// The end marker of other protocols has arrived.
    has_done_marker: bool,
    /// `message_delta` had a stop reason.
    has_stop_reason: bool,
    /// A block start, a delta, or a `message_start` after the first one was undecodable before the message had stopped.
    has_lost_content: bool,
    /// A `message_delta` was undecodable before the message had stopped.
    has_lost_message_delta: bool,
    /// The limit of the message was exceeded: its content does not grow any more.
    is_over_limit: bool,
    /// A protocol violation was rejected.
    is_rejected: bool,
    /// The bytes that the events have added, as [`Accumulator::with_max_bytes`] counts them.
    bytes: usize,
    violations: ProtocolViolations,
    options: Options,
}

/// The state of the stream.
#[derive(Clone, Default)]
enum Phase {
    #[default]
    Running,
    /// `message_stop` has arrived.
    Stopped,
    /// Another message has begun after that one.
    NextMessage,
    /// Another message has begun before this one had stopped. It is the next one.
    Replaced(Box<Message>),
    /// As [`Running`](Self::Running). Strict mode has rejected the start of another message: for a driver it is the
    /// next one.
    RejectedStart(Box<Message>),
    /// An error has arrived, which is final.
    Failed(Box<ApiError>),
}

impl Accumulator {
    /// The limit of the bytes of a message unless [`with_max_bytes`](Self::with_max_bytes) sets another: 64 MiB.
    pub const DEFAULT_MAX_BYTES: usize = 64 * 1024 * 1024;

    /// The limit of the blocks of a message unless [`with_max_blocks`](Self::with_max_blocks) sets another.
    pub const DEFAULT_MAX_BLOCKS: usize = 4096;

    /// Creates an accumulator with default limits that tolerates protocol violations. Allocates nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the treatment of protocol violations; [`Validation::Lenient`] unless this is called.
    #[must_use]
    pub fn with_validation(mut self, validation: Validation) -> Self {
        self.options.validation = validation;
        self
    }

    /// Builds the value of tool input while it arrives, with or without the unfinished string at its end:
    /// [`ToolInput::partial`](crate::ToolInput::partial). Its nodes and its text count towards the limit. Input that
    /// began before has no such value.
    #[must_use]
    pub fn with_partial_input(mut self, strings: PartialStrings) -> Self {
        self.options.partial = Some(PartialInput::values(strings));
        self
    }

    /// Builds the value as [`with_partial_input`](Self::with_partial_input) does, and records the changes of each
    /// piece: [`ToolInput::partial_changes`](crate::ToolInput::partial_changes). The records of all pieces count
    /// towards the limit, though only that of the last one is kept.
    #[must_use]
    pub fn with_partial_changes(mut self, strings: PartialStrings) -> Self {
        self.options.partial = Some(PartialInput::changes(strings));
        self
    }

    /// Keeps only the last piece of each text and thinking block, for meters. Usage, tool calls, violations and
    /// completion are those of the complete message, in memory that does not grow with its text. The content of the
    /// message then differs from the text of the model, even if the message is complete.
    ///
    /// ```
    /// use ssewire_messages::Accumulator;
    ///
    /// let mut accumulator = Accumulator::new().with_discarded_text();
    /// for payload in [
    ///     r#"{"type":"message_start","message":{}}"#,
    ///     r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    ///     r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}"#,
    ///     r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}"#,
    /// ] {
    ///     accumulator.accumulate_json(payload.as_bytes())?;
    /// }
    /// assert_eq!(accumulator.snapshot().text(), "lo");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_discarded_text(mut self) -> Self {
        self.options.is_text_discarded = true;
        self
    }

    /// Sets the limit of a message in bytes. Decoded text, thinking and tool input count, and members that are kept as
    /// JSON; the JSON and the SSE around them do not. An event counts before it is merged: the members of a
    /// `message_delta` that are kept, and an unknown stop reason, with their names, and beside those that they replace.
    /// Text that is
    /// [discarded](Self::with_discarded_text) counts until the next piece of its block has been merged.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.options.max_bytes = bytes;
        self
    }

    /// Sets the largest number of content blocks. An index at which tool input, or a lost piece, waits for the start of
    /// its block counts as one.
    #[must_use]
    pub fn with_max_blocks(mut self, blocks: usize) -> Self {
        self.options.max_blocks = blocks;
        self
    }

    /// Merges the next event, and returns the change. Further updates of the same event are in
    /// [`next_update`](Self::next_update); the next event discards them.
    ///
    /// # Errors
    /// [`AccumulateError`]: the content of the event was not merged; beyond a limit, stop reason and counts still are.
    /// The stream may continue.
    pub fn accumulate(&mut self, event: StreamEvent<'_>) -> Result<Update<'_>, AccumulateError> {
        match self.apply(event) {
            Ok(change) => Ok(self.update(change)),
            Err(error) => {
                // Only a driver keeps the start of another message.
                if matches!(self.phase, Phase::RejectedStart(_)) {
                    self.phase = Phase::Running;
                }
                Err(error)
            }
        }
    }

    /// Returns a further update of the last event: a complete tool call, or the update of a foreign member of a
    /// delta: a `citation` in a text delta, for example.
    pub fn next_update(&mut self) -> Option<Update<'_>> {
        let change = self.next_change()?;
        Some(self.update(change))
    }

    /// Decodes an SSE event, merges it, and returns the change: [`StreamEvent::decode`] and
    /// [`accumulate`](Self::accumulate) in one. [`Update::Lost`] if the event is undecodable; [`Update::Unchanged`] if
    /// its data is blank, or a [keep-alive](PayloadError::is_keep_alive).
    ///
    /// ```
    /// use ssewire_messages::Accumulator;
    ///
    /// let mut message = Accumulator::new();
    /// message.accumulate_event(b"message_start", br#"{"type":"message_start","message":{"id":"msg_1"}}"#)?;
    /// message.accumulate_event(b"error", b"upstream connect error")?; // As a gateway reports it.
    /// assert_eq!(message.server_error().and_then(|error| error.message()), Some("upstream connect error"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`accumulate`](Self::accumulate). In strict mode, a keep-alive is a violation, too.
    pub fn accumulate_event(&mut self, event_type: &[u8], data: &[u8]) -> Result<Update<'_>, AccumulateError> {
        match StreamEvent::decode(event_type, data) {
            Ok(Some(event)) => self.accumulate(event),
            Ok(None) => {
                self.discard_queue();
                Ok(Update::Unchanged)
            }
            Err(error) => {
                self.record_payload_error(&error)?;
                Ok(LostEvent::of_payload(error).map_or(Update::Unchanged, Update::Lost))
            }
        }
    }

    /// Decodes the payload of an event and merges it, as [`accumulate_event`](Self::accumulate_event) does, for
    /// transports that carry the same JSON without SSE. An SSE event must not lose its event type: that of an error may
    /// be its only sign.
    ///
    /// ```
    /// use ssewire_messages::Accumulator;
    ///
    /// let mut message = Accumulator::new();
    /// for payload in [
    ///     r#"{"type":"message_start","message":{"content":[{"type":"text","text":"Hel"}]}}"#,
    ///     r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}"#,
    ///     r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
    ///     r#"{"type":"message_stop"}"#,
    /// ] {
    ///     message.accumulate_json(payload.as_bytes())?.text_deltas().for_each(|text| print!("{text}"));
    /// }
    /// assert_eq!(message.into_message()?.text(), "Hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`accumulate_event`](Self::accumulate_event).
    pub fn accumulate_json(&mut self, payload: &[u8]) -> Result<Update<'_>, AccumulateError> {
        self.accumulate_event(b"", payload)
    }

    /// Records that the payload of an event was undecodable. If it may have been a piece of content, content is lost,
    /// and the tool input of its block is truncated from here on, or that of every open block if its index is unknown.
    /// Input that arrives before the start of its block or after its stop is truncated, too, if the event may have been
    /// the start of a block or of a message, or its index is unknown. A `message_start` after the first one is lost
    /// content, too. Discards further updates of the event before, as an event does.
    ///
    /// # Errors
    /// [`AccumulateError::Violation`], in strict mode, for [data that is a keep-alive](PayloadError::is_keep_alive).
    pub fn record_payload_error(&mut self, error: &PayloadError) -> Result<(), AccumulateError> {
        self.current = None;
        self.discard_queue();
        if !self.is_running() {
            return Ok(());
        }
        match error.lost {
            LostKind::KeepAlive => self.record_violation(ViolationKind::KeepAliveData, None)?,
            LostKind::BlockStart | LostKind::Content | LostKind::Untyped => {
                self.has_lost_content = true;
                self.record_lost_piece(error.index, error.lost == LostKind::BlockStart);
                // Without an index it may have been the start of a block.
                if error.lost == LostKind::BlockStart || error.index.is_none() {
                    self.record_lost_start_or_delta();
                }
            }
            // It may have had initial blocks, or begun another message.
            LostKind::MessageStart => {
                self.has_lost_content |= self.has_started;
                self.record_lost_piece(None, true);
                self.record_lost_start_or_delta();
            }
            LostKind::MessageDelta => self.has_lost_message_delta = true,
            LostKind::Known | LostKind::Unknown => {}
        }
        self.is_messages_stream |= !matches!(error.lost, LostKind::KeepAlive | LostKind::Untyped | LostKind::Unknown);
        Ok(())
    }

    /// Records that the decoder discarded an event above its limit: content may be lost. All open tool input is
    /// truncated, and so is input that arrives before the start of its block or after its stop. Discards further
    /// updates of the event before, as an event does. If it may be the only event of the stream, also call
    /// [`record_truncation`](Self::record_truncation): an accumulator does not know that the body is a stream.
    pub fn record_oversized_event(&mut self, error: DecodeError) {
        self.record_exceeded(ExceededLimit::Event(error));
    }

    /// Records that the input ended within an event: it was the beginning of a stream, even if nothing was decoded yet,
    /// so that the reason is [`Completion::Truncated`] and not [`Completion::NonStreamBody`].
    pub fn record_truncation(&mut self) {
        self.mark_as_messages_stream();
    }

    /// Returns the message so far. Borrowed, unless blocks started out of order: then it is a sorted copy.
    #[doc(alias = "current_message_snapshot")]
    #[must_use]
    pub fn snapshot(&self) -> Cow<'_, Message> {
        match self.blocks.sorted(&self.message.content) {
            Cow::Borrowed(_) => Cow::Borrowed(&self.message),
            Cow::Owned(content) => Cow::Owned(self.message.with_content(content)),
        }
    }

    /// Returns whether `message_start` has arrived, also if it exceeded a limit.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.has_started
    }

    /// Returns the bytes of the message so far, as [`with_max_bytes`](Self::with_max_bytes) counts them: not the memory
    /// of its blocks, of which each needs some hundred bytes even if it is empty. For a budget over many streams, use
    /// [`MessageDecoder::byte_count`](crate::MessageDecoder::byte_count). Constant time.
    #[must_use]
    pub fn byte_count(&self) -> usize {
        self.bytes
    }

    /// Returns the number of blocks, as [`with_max_blocks`](Self::with_max_blocks) counts them.
    pub(crate) fn block_count(&self) -> usize {
        self.blocks.count()
    }

    /// Returns whether tool input has a partial value: a parser, and a record of changes.
    pub(crate) fn has_partial_input(&self) -> bool {
        self.options.partial.is_some()
    }

    /// Returns whether the message has ended: at `message_stop`, at an error, or where another message began.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        !self.is_running()
    }

    /// Returns the error that ended the stream, if one did.
    #[must_use]
    pub fn server_error(&self) -> Option<&ApiError> {
        match &self.phase {
            Phase::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the protocol violations so far.
    #[must_use]
    pub fn violations(&self) -> &ProtocolViolations {
        &self.violations
    }

    /// Returns the input JSON whose block has not started, by index. Input of white space alone is omitted.
    pub fn unmatched_input(&self) -> impl Iterator<Item = (u64, &str)> {
        self.blocks.unmatched()
    }

    /// Returns the input of the newest tool call at an index of the wire, once its block has started: for callers that
    /// keep no update. Constant time: an index out of order is found in at most 64 steps.
    ///
    /// ```
    /// use ssewire_messages::{Accumulator, PartialStrings};
    ///
    /// let mut message = Accumulator::new().with_partial_input(PartialStrings::Show);
    /// for payload in [
    ///     r#"{"type":"message_start","message":{}}"#,
    ///     r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","input":{}}}"#,
    ///     r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"city\":\"Par"}}"#,
    /// ] {
    ///     message.accumulate_json(payload.as_bytes())?;
    /// }
    /// let partial = message.tool_input(0).and_then(|input| input.partial());
    /// assert_eq!(partial.map(ToString::to_string).as_deref(), Some(r#"{"city":"Par"}"#));
    /// assert!(message.tool_input(1).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn tool_input(&self, index: u64) -> Option<ToolInput<'_>> {
        let id = self.blocks.input_target(&self.message.content, index)?;
        self.blocks.block(id, &self.message.content)?.tool_input()
    }

    /// Returns the message, if the stream has delivered all of it.
    ///
    /// # Errors
    /// [`Incomplete`], with the partial message and the reasons. [`Completion::Unterminated`] is an error only in
    /// [`Validation::Strict`].
    #[doc(alias = "get_final_message")]
    pub fn into_message(mut self) -> Result<Message, Incomplete> {
        self.finish();
        if self.is_message(self.completion()) {
            return Ok(self.message);
        }
        Err(Incomplete::new(self))
    }
}

/// Functions for the decoder and for the rules of events.
impl Accumulator {
    /// Borrows what [`apply`](Self::apply) changed. Call before the next event, which may undo the change.
    #[inline(always)]
    pub(crate) fn update(&self, change: Change) -> Update<'_> {
        Update::of_change(change, &self.message, &self.blocks, self.server_error())
    }

    #[inline]
    pub(crate) fn has_next_change(&self) -> bool {
        self.cold.as_ref().is_some_and(|cold| !cold.queue.is_empty())
    }

    /// Discards the further updates of the event before.
    fn discard_queue(&mut self) {
        if let Some(cold) = &mut self.cold {
            cold.queue.clear();
        }
    }

    pub(crate) fn next_change(&mut self) -> Option<Change> {
        self.cold.as_mut()?.queue.pop()
    }

    /// Returns an accumulator for the next message of the body, and the `message_start` that ended this message or, in
    /// strict mode, was rejected.
    pub(crate) fn next_message(&mut self) -> (Self, Option<Box<Message>>) {
        let start = match &mut self.phase {
            Phase::Replaced(message) | Phase::RejectedStart(message) => {
                // The report keeps the id.
                let mut report = Box::<Message>::default();
                report.id_and_model = IdAndModel::new(message.id(), None);
                Some(core::mem::replace(message, report))
            }
            _ => None,
        };
        // Only the report on the first message classifies the body. If no further message starts, that message is
        // absent, not a non-stream body.
        (Self { options: self.options, is_messages_stream: true, ..Self::default() }, start)
    }

    /// Records that something was lost because of a limit.
    pub(crate) fn record_exceeded(&mut self, limit: ExceededLimit) {
        self.current = None;
        self.discard_queue();
        if self.is_running() {
            self.cold_mut().exceeded_limit.get_or_insert(limit);
            self.record_lost_start_or_delta();
            self.record_lost_piece(None, false);
        }
    }

    /// Records that an event was rejected, which ends the message.
    pub(crate) fn record_rejection(&mut self) {
        self.is_messages_stream = true;
        self.is_rejected |= self.is_running();
    }

    /// Records an error that ended the stream, though it was not an event.
    pub(crate) fn record_error(&mut self, error: ApiError) {
        if self.is_running() {
            self.phase = Phase::Failed(Box::new(error));
        }
    }

    /// Records that the body is a Messages stream, though no event of it was decoded yet.
    pub(crate) fn mark_as_messages_stream(&mut self) {
        self.is_messages_stream = true;
    }

    /// Returns whether the message has not ended.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::RejectedStart(_))
    }

    /// Returns whether a stream that ends with this completion is returned as a message, not as [`Incomplete`].
    pub(crate) fn is_message(&self, completion: Completion) -> bool {
        match completion {
            Completion::Complete => true,
            Completion::Unterminated => self.options.validation == Validation::Lenient,
            _ => false,
        }
    }

    /// Returns whether anything of a Messages stream has arrived.
    pub(crate) fn is_messages_stream(&self) -> bool {
        self.is_messages_stream || self.server_error().is_some()
    }

    /// Returns whether the end marker of other protocols has arrived.
    pub(crate) fn has_done_marker(&self) -> bool {
        self.has_done_marker
    }

    /// Returns the largest number of bytes of a message that are merged.
    pub(crate) fn max_bytes(&self) -> usize {
        self.options.max_bytes
    }

    /// Closes all blocks and input: the stream has ended.
    fn finish(&mut self) {
        self.blocks.sort(&mut self.message.content);
        for id in self.blocks.ids() {
            self.end_half(id);
        }
        self.blocks.end_unmatched_halves();
        for block in &mut self.message.content {
            if let Some(input) = block.existing_input_state_mut() {
                input.end();
            }
        }
    }

    #[inline(never)]
    fn cold_mut(&mut self) -> &mut ColdState {
        self.cold.get_or_insert_default()
    }
}

/// Shows counts and states, never content of the stream.
impl fmt::Debug for Accumulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accumulator")
            .field("has_started", &self.has_started())
            .field("is_ended", &self.is_ended())
            .field("blocks", &self.blocks.count())
            .field("bytes", &self.bytes)
            .field("violations", &self.violations.total())
            .finish_non_exhaustive()
    }
}
