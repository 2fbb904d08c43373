//! Updates of a message in batches.

use alloc::borrow::Cow;
use core::fmt;

use ssewire_messages::{
    ContentBlock, Incomplete, Message, MessageDecoder, ProtocolViolation, Step, StopReason, ToolUseBlock, Update,
    UpdateEvent,
};

use crate::DEFAULT_MAX_RECORDS;
use crate::batch::{Batch, BatchBuffer, Span, get};

/// The records of a chunk, of updates of a message.
pub type MessageBatch<'a> = Batch<'a, MessageRecord>;

/// The kind of a message record: that of an update, or a rejected event.
///
/// Where `text` is a payload, it is the JSON of the event as it arrived; empty for a further update of the same event,
/// and for the start of a message that replaced another one.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageKind {
    /// The message has begun. `id` is that of the message, `name` its model, `text` the payload.
    MessageStart = 0,
    /// A content block has begun. `name` is its type, `id` that of a tool call, `text` the payload.
    BlockStart = 1,
    /// A text block has grown by `text`. In a complete stream without protocol violations, all such records of one
    /// index together are the text of its block. A record without an index is the U+FFFD of a block that ended
    /// within a character.
    Text = 2,
    /// A thinking block has grown by `text`.
    Thinking = 3,
    /// A thinking block received its signature, `text`.
    Signature = 4,
    /// A text block received a citation. `text` is its JSON.
    Citation = 5,
    /// The input of a tool call has grown by `text`, a piece of JSON.
    ToolInput = 6,
    /// A tool that the client runs is called, complete and valid. `id` and `name` are those of the call, `text` is the
    /// JSON of its input.
    ToolCall = 7,
    /// A compaction block received its value. `text` is the payload.
    Compaction = 8,
    /// A block of an unknown type has changed. `text` is the payload.
    RawBlock = 9,
    /// A content block has stopped.
    BlockStop = 10,
    /// Stop reason and usage so far. `name` is the stop reason, or empty if that is longer than 256 bytes. `text` is
    /// the payload.
    MessageDelta = 11,
    /// The message has stopped.
    MessageStop = 12,
    /// The server has reported an error. `name` is its type, `text` its JSON.
    Error = 13,
    /// Another message has begun before this one had stopped. This one ends here. The `message_start` of the other one
    /// is consumed: it is returned if the decoder continues with the next message.
    Replaced = 14,
    /// An event was lost. `text` describes the error. The end of the message decides whether content is missing.
    Lost = 15,
    /// A `ping`: the server is alive.
    Ping = 16,
    /// The end marker of other protocols.
    Done = 17,
    /// An event that changes nothing, or that this version does not know. `text` is the payload.
    Unchanged = 18,
    /// An event violates the protocol, and the decoder is strict. `name` is the name of the violation, `text` its
    /// description. The message ends here.
    Rejected = 19,
}

/// One change of the message. The layout is that of C.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageRecord {
    /// The kind of the record.
    pub kind: MessageKind,
    /// Whether the record belongs to a content block whose index is known.
    pub has_index: bool,
    /// The index of the content block on the wire; 0 if `has_index` is false.
    pub index: u64,
    /// The text; its meaning depends on the kind.
    pub text: Span,
    /// An identifier; its meaning depends on the kind.
    pub id: Span,
    /// A name; its meaning depends on the kind.
    pub name: Span,
}

/// Decodes a Messages stream into batches: [`MessageDecoder`] for foreign function interfaces.
///
/// ```
/// use ssewire_batch::{MessageBatchDecoder, MessageKind};
///
/// let mut body = &b"data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}}\n\n\
///     data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
///     data: {\"type\":\"message_stop\"}\n\n"[..];
/// let mut decoder = MessageBatchDecoder::new();
/// let mut text = String::new();
/// while !body.is_empty() && !decoder.is_ended() {
///     let batch = decoder.push(&mut body);
///     for record in batch.records() {
///         if record.kind == MessageKind::Text {
///             text += batch.get(record.text);
///         }
///     }
/// }
/// let message = decoder.finish()?;
/// assert_eq!(text, message.text());
/// # Ok::<(), ssewire_messages::Incomplete>(())
/// ```
#[derive(Clone)]
pub struct MessageBatchDecoder {
    decoder: MessageDecoder,
    buffer: BatchBuffer<MessageRecord>,
    max_records: usize,
    has_input_ended: bool,
}

impl MessageBatchDecoder {
    /// Creates a decoder with default limits that tolerates protocol violations. Allocates nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::with_decoder(MessageDecoder::new())
    }

    /// Creates a decoder with other limits or options.
    #[must_use]
    pub fn with_decoder(decoder: MessageDecoder) -> Self {
        Self { decoder, buffer: BatchBuffer::new(), max_records: DEFAULT_MAX_RECORDS, has_input_ended: false }
    }

    /// Sets the number of records at which a batch ends; at least 1. The records of one event stay together, so a batch
    /// may have more: as many as the message has content blocks, and a few.
    #[must_use]
    pub fn with_max_records(mut self, records: usize) -> Self {
        self.max_records = records.max(1);
        self
    }

    /// Decodes the input up to its end, to the end of the message, or to the largest number of records. `input` is
    /// advanced: call again until it is empty, or the [message has ended](Self::is_ended). Nothing after the message is
    /// consumed, except the `message_start` of another one that [replaced](MessageKind::Replaced) it. Nothing is
    /// consumed after [`push_end`](Self::push_end). [`next_message`](Self::next_message) continues.
    pub fn push(&mut self, input: &mut &[u8]) -> MessageBatch<'_> {
        self.buffer.start("");
        // The decoder would go on with further input.
        let mut has_next = !self.has_input_ended;
        while has_next {
            // Further updates of the last event need no input.
            let mut nothing: &[u8] = &[];
            let is_full = self.buffer.records.len() >= self.max_records;
            has_next = self.push_next(if is_full { &mut nothing } else { &mut *input });
        }
        self.buffer.as_batch(&[])
    }

    /// Appends the records of the next update. `false`: more input is needed, or the message has ended.
    #[inline]
    fn push_next(&mut self, input: &mut &[u8]) -> bool {
        // By reference: a match by value copies the event.
        match &self.decoder.decode(input) {
            Ok(Step::Update(event)) => self.buffer.push_update(event),
            Ok(_) => return false,
            Err(error) => self.buffer.push_rejected(error),
        }
        true
    }

    /// Reports that the input has ended, and returns the updates that are left: an event whose blank line is missing is
    /// used if its data is a complete JSON object. The message has ended, too.
    pub fn push_end(&mut self) -> MessageBatch<'_> {
        self.has_input_ended = true;
        self.buffer.start("");
        loop {
            match self.decoder.decode_end() {
                Ok(Some(event)) => self.buffer.push_update(&event),
                Ok(None) => break,
                Err(error) => self.buffer.push_rejected(&error),
            }
        }
        self.buffer.as_batch(&[])
    }

    /// Returns whether the message has ended: at `message_stop`, at an error, where another message began, where an
    /// event was rejected, or with the [input](Self::has_input_ended).
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.has_input_ended || self.decoder.is_ended()
    }

    /// Returns whether [`push_end`](Self::push_end) was called.
    #[must_use]
    pub fn has_input_ended(&self) -> bool {
        self.has_input_ended
    }

    /// Returns the message that has ended, and continues with the next one of the same body, as
    /// [`MessageDecoder::next_message`] does: first with the one that [replaced](MessageKind::Replaced) it, if one did.
    /// [`push`](Self::push) and [`push_end`](Self::push_end) can be called again. If no
    /// [`MessageKind::MessageStart`] comes until the input ends, no further message exists.
    ///
    /// ```
    /// use ssewire_batch::{MessageBatchDecoder, MessageKind};
    ///
    /// let start = |id| format!("data: {{\"type\":\"message_start\",\"message\":{{\"id\":\"{id}\"}}}}\n\n");
    /// let body = start("a") + &start("b") + "data: {\"type\":\"message_stop\"}\n\n";
    /// let (mut input, mut ids) = (body.as_bytes(), Vec::new());
    /// let mut decoder = MessageBatchDecoder::new();
    /// loop {
    ///     let batch = decoder.push(&mut input);
    ///     let starts = batch.records().iter().filter(|record| record.kind == MessageKind::MessageStart);
    ///     ids.extend(starts.map(|start| batch.get(start.id).to_owned()));
    ///     if !decoder.is_ended() {
    ///         break;
    ///     }
    ///     // The first message is incomplete.
    ///     let _ = decoder.next_message();
    /// }
    /// assert_eq!(ids, ["a", "b"]);
    /// ```
    ///
    /// # Errors
    /// [`Incomplete`], as [`finish`](Self::finish), also if the message has not ended yet. The next message can be
    /// decoded all the same.
    pub fn next_message(&mut self) -> Result<Message, Incomplete> {
        self.has_input_ended = false;
        self.decoder.next_message()
    }

    /// Returns the decoder: the snapshot, the completion so far, the violations.
    #[must_use]
    pub fn decoder(&self) -> &MessageDecoder {
        &self.decoder
    }

    /// Reports that the input has ended, and returns the message. Discards the updates that are left: to see them, call
    /// [`push_end`](Self::push_end) before.
    ///
    /// # Errors
    /// [`Incomplete`], with the partial message and the reasons.
    pub fn finish(self) -> Result<Message, Incomplete> {
        self.decoder.finish()
    }
}

impl Default for MessageBatchDecoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows counts and states, never the contents of the stream.
impl fmt::Debug for MessageBatchDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageBatchDecoder").field("decoder", &self.decoder).finish_non_exhaustive()
    }
}

impl<'a> Batch<'a, MessageRecord> {
    /// Returns the text of a span. Empty if the span is of another batch and does not fit this one.
    #[must_use]
    pub fn get(&self, span: Span) -> &'a str {
        get(self.text(), span)
    }
}

impl BatchBuffer<MessageRecord> {
    #[inline]
    fn push_update(&mut self, event: &UpdateEvent<'_>) {
        match &event.update {
            Update::Text { block, text, .. } => self.push_piece(MessageKind::Text, Some(block.index()), text),
            Update::Thinking { block, thinking, .. } => {
                self.push_piece(MessageKind::Thinking, Some(block.index()), thinking);
            }
            Update::ToolInput { block, partial_json, .. } => {
                self.push_piece(MessageKind::ToolInput, Some(block.index()), partial_json);
            }
            _ => self.push_other(event),
        }
    }

    #[inline]
    fn push_piece(&mut self, kind: MessageKind, index: Option<u64>, text: &str) {
        let text = self.text.push_str(text);
        self.push(kind, index, text, Span::default(), Span::default());
    }

    #[inline]
    fn push(&mut self, kind: MessageKind, index: Option<u64>, text: Span, id: Span, name: Span) {
        let (has_index, index) = (index.is_some(), index.unwrap_or(0));
        self.records.push(MessageRecord { kind, has_index, index, text, id, name });
    }

    #[cold]
    fn push_rejected(&mut self, violation: &ProtocolViolation) {
        let text = self.text.push_display(violation);
        let name = self.text.push_str(violation.kind.as_str());
        self.push(MessageKind::Rejected, violation.index, text, Span::default(), name);
    }

    /// Appends an update that is not a piece of text, thinking or input.
    #[inline(never)]
    fn push_other(&mut self, event: &UpdateEvent<'_>) {
        let update = &event.update;
        let kind = kind_of(update);
        let index = update.block().map(|block| block.index());
        // The rest of the text comes before the stop, the text of a start after it.
        let is_stop = matches!(kind, MessageKind::BlockStop | MessageKind::MessageStop);
        if is_stop {
            self.push_pieces(update, index);
        }
        let text = match update {
            Update::Signature { signature, .. } => self.text.push_str(signature),
            Update::Citation { citation, .. } => self.text.push_str(citation.as_str()),
            Update::ToolCall(call) => self.text.push_str(call.input.as_str()),
            Update::Error(error) => self.text.push_str(error.body().as_str()),
            Update::Lost(lost) => self.text.push_error(lost, &mut self.last_error),
            _ if has_payload(kind) => self.text.push_lossy(event.payload),
            _ => Span::default(),
        };
        let (id, name) = self.push_names(update);
        self.push(kind, index, text, id, name);
        if !is_stop {
            self.push_pieces(update, index);
        }
    }

    /// Appends the name and the ID of a record.
    fn push_names(&mut self, update: &Update<'_>) -> (Span, Span) {
        let (id, name) = match update {
            Update::MessageStart { message, .. } => (message.id().map(Cow::from), message.model().map(Cow::from)),
            Update::BlockStart { block, .. } => {
                let content = block.content();
                (content.as_tool_use().and_then(ToolUseBlock::id), Some(content.type_name()))
            }
            Update::ToolCall(call) => (Some(Cow::from(&*call.id)), Some(Cow::from(&*call.name))),
            Update::MessageDelta { stop_reason, .. } => {
                // It may be that of an earlier event: a long one must not be copied for each of many short events.
                let reason = stop_reason.map(StopReason::as_str).filter(|reason| reason.len() <= MAX_STOP_REASON);
                let reason = reason.unwrap_or_default().as_bytes();
                return (Span::default(), self.text.push_repeated(reason, &mut self.last_name));
            }
            Update::Error(error) => (None, error.kind().map(|kind| Cow::from(kind.as_str()))),
            _ => (None, None),
        };
        (self.text.push_str(&id.unwrap_or_default()), self.text.push_str(&name.unwrap_or_default()))
    }

    /// Appends the text and the thinking of a start or a stop.
    fn push_pieces(&mut self, update: &Update<'_>, index: Option<u64>) {
        for (position, block) in (0_u64..).zip(update.start_blocks()) {
            match block {
                ContentBlock::Text(block) if !block.text().is_empty() => {
                    self.push_piece(MessageKind::Text, Some(position), block.text());
                }
                ContentBlock::Thinking(block) if !block.thinking().is_empty() => {
                    self.push_piece(MessageKind::Thinking, Some(position), block.thinking());
                }
                _ => {}
            }
        }
        if update.start_blocks().is_empty() {
            update.text_deltas().for_each(|text| self.push_piece(MessageKind::Text, index, text));
            update.thinking_deltas().for_each(|text| self.push_piece(MessageKind::Thinking, index, text));
        }
    }
}

/// A longer stop reason is not named.
const MAX_STOP_REASON: usize = 256;

fn kind_of(update: &Update<'_>) -> MessageKind {
    match update {
        Update::MessageStart { .. } => MessageKind::MessageStart,
        Update::BlockStart { .. } => MessageKind::BlockStart,
        Update::Text { .. } => MessageKind::Text,
        Update::Thinking { .. } => MessageKind::Thinking,
        Update::Signature { .. } => MessageKind::Signature,
        Update::Citation { .. } => MessageKind::Citation,
        Update::ToolInput { .. } => MessageKind::ToolInput,
        Update::ToolCall(_) => MessageKind::ToolCall,
        Update::Compaction { .. } => MessageKind::Compaction,
        Update::RawBlock { .. } => MessageKind::RawBlock,
        Update::BlockStop { .. } => MessageKind::BlockStop,
        Update::MessageDelta { .. } => MessageKind::MessageDelta,
        Update::MessageStop { .. } => MessageKind::MessageStop,
        Update::Error(_) => MessageKind::Error,
        Update::Replaced => MessageKind::Replaced,
        Update::Lost(_) => MessageKind::Lost,
        Update::Ping => MessageKind::Ping,
        Update::Done => MessageKind::Done,
        _ => MessageKind::Unchanged,
    }
}

/// Returns whether the text of a record is the payload of its event.
fn has_payload(kind: MessageKind) -> bool {
    matches!(
        kind,
        MessageKind::MessageStart
            | MessageKind::BlockStart
            | MessageKind::Compaction
            | MessageKind::RawBlock
            | MessageKind::MessageDelta
            | MessageKind::Unchanged
    )
}
