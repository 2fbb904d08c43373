//! Bytes in, updates out: the whole way of the data, without a transport.

use alloc::vec::Vec;
use core::fmt;

use ssewire::{DecodeError, Decoder, EventSpan, Frame, FrameSpan};

use crate::accumulator::{AccumulateError, Accumulator, Anomalies, Change, Completion, Incomplete, Update};
use crate::decode::exact;
use crate::event::StreamEvent;
use crate::message::Message;
use crate::not_a_stream::{Body, NotAStream};
use crate::payload_error::PayloadError;

/// Drives decoder and accumulator over the bytes of a response body, cut anywhere.
///
/// ```
/// use ssewire_messages::MessageStream;
///
/// let body = b"data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}}\n\n\
///              data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
///              data: {\"type\":\"message_stop\"}\n\n";
/// let mut stream = MessageStream::new();
/// let mut text = String::new();
/// for mut chunk in body.chunks(7) {
///     loop {
///         match stream.decode(&mut chunk) {
///             Ok(Some(item)) => text.extend(item.update.text_pieces()),
///             Ok(None) => break,                     // Bring the next chunk.
///             Err(error) => eprintln!("{error}"),    // Of one event: the stream goes on, and `finish` judges.
///         }
///     }
/// }
/// let message = stream.finish()?;
/// assert_eq!(text, "Hi");
/// assert_eq!(message.final_text(), "Hi");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The stream belongs to the caller: nothing here reads, waits, retries or replays.
pub struct MessageStream {
    decoder: Decoder,
    accumulator: Accumulator,
    body: Body,
    error_field: ErrorField,
    events: u64,
    /// An event was refused.
    refused: bool,
}

/// The value of a field `error: …`, with which some servers report errors in place of an event (llama.cpp). It counts
/// as an event of the type `error` at its blank line. The first of a block stands.
#[derive(Default)]
enum ErrorField {
    #[default]
    None,
    /// Its block has not ended yet.
    Waiting(Vec<u8>),
    /// Its block has ended, in an event that had to be told first.
    Due(Vec<u8>),
    /// Told; kept for as long as it is lent.
    Told(Vec<u8>),
}

/// What one event of the stream brought.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Item<'a> {
    /// What it changed.
    pub update: Update<'a>,
    /// The payload of the event, as it came.
    pub payload: &'a [u8],
    /// The SSE event type, `message` if there was none.
    pub event_type: &'a [u8],
}

/// An [`Item`] without its borrows, as [`MessageStream::advance`] finds it.
#[derive(Debug, Clone, Copy)]
#[must_use = "the item is lent by `MessageStream::item`"]
pub struct ReadyItem {
    change: Change,
    source: Source,
}

/// Where the event of an item goes, if somebody wants it.
type Owned<'o> = Option<&'o mut Option<StreamEvent<'static>>>;

/// Where the payload lies.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// In the event that was found behind the first `offset` bytes of the input.
    Event { ready: EventSpan, offset: usize },
    /// In an `error` field.
    ErrorField,
}

/// Why an event of the stream gave no update. The stream can go on: call again. Whether the message is whole without
/// that event is judged by [`MessageStream::finish`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// The event was too large.
    Decode(DecodeError),
    /// The payload could not be read.
    Payload(PayloadError),
    /// The event could not be merged.
    Accumulate(AccumulateError),
}

impl MessageStream {
    /// A stream with default limits that tolerates what departs from the protocol. Allocates nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            decoder: reading_error_fields(Decoder::new()),
            accumulator: Accumulator::default(),
            body: Body::default(),
            error_field: ErrorField::None,
            events: 0,
            refused: false,
        }
    }

    /// A stream with a decoder of the caller's: another limit, or a last event ID.
    #[must_use]
    pub fn with_decoder(mut self, decoder: Decoder) -> Self {
        self.decoder = reading_error_fields(decoder);
        self
    }

    /// A stream with an accumulator of the caller's: strict, or with other limits.
    #[must_use]
    pub fn with_accumulator(mut self, accumulator: Accumulator) -> Self {
        self.accumulator = accumulator;
        self
    }

    /// A stream that knows what the `content-type` header of the response says. It decides nothing: a stream under
    /// another name is read all the same. But where there was none, it helps to [say](NotAStream) what there was.
    #[must_use]
    pub fn with_content_type(mut self, content_type: &str) -> Self {
        self.body.is_said_to_be(content_type);
        self
    }

    /// Goes on to the end of the next event that has a payload. `input` is advanced; `Ok(None)`: bring more.
    ///
    /// # Errors
    /// [`StreamError`]: this event gave no update. Nothing else is lost; call again to go on behind it.
    pub fn decode<'s, 'c: 's>(&'s mut self, input: &mut &'c [u8]) -> Result<Option<Item<'s>>, StreamError> {
        let chunk: &'c [u8] = input;
        Ok(self.advance(input)?.map(|ready| self.item(chunk, ready)))
    }

    /// As [`decode`](Self::decode), but borrows nothing, so that a caller can refill its input in a loop; see
    /// [`Decoder::poll_event`].
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn advance(&mut self, input: &mut &[u8]) -> Result<Option<ReadyItem>, StreamError> {
        self.advance_with(input, None)
    }

    /// Puts the event of the item into `owned`, if it is wanted there.
    fn advance_with(&mut self, input: &mut &[u8], mut owned: Owned<'_>) -> Result<Option<ReadyItem>, StreamError> {
        let chunk: &[u8] = input;
        loop {
            if let Some(change) = self.tell_error_field(&mut owned)? {
                return Ok(Some(ReadyItem { change, source: Source::ErrorField }));
            }
            let before: &[u8] = input;
            let advanced = self.decoder.poll_frame(input);
            let consumed = before.len().saturating_sub(input.len());
            self.body.take(before.get(..consumed).unwrap_or_default());
            let frame = match advanced {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(None),
                Err(error) => {
                    self.events = self.events.saturating_add(1);
                    self.accumulator.lost_event();
                    if self.body.has_fields() {
                        self.accumulator.cut();
                    }
                    return Err(error.into());
                }
            };
            let Some(ready) = frame.event() else {
                self.note(before, frame);
                continue;
            };
            self.error_field.end_block();
            if let Some(change) = self.merge(before, ready, &mut owned)? {
                let offset = chunk.len().saturating_sub(before.len());
                return Ok(Some(ReadyItem { change, source: Source::Event { ready, offset } }));
            }
        }
    }

    /// As [`advance`](Self::advance), but gives the typed event that it found, which owns its bytes. It is merged
    /// already: the [`snapshot`](Self::snapshot) holds it.
    ///
    /// # Cost
    /// Beside that of `advance` a copy of the event, which borrows from `input` there.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn advance_owned(&mut self, input: &mut &[u8]) -> Result<Option<StreamEvent<'static>>, StreamError> {
        let mut owned = None;
        let ready = self.advance_with(input, Some(&mut owned))?;
        Ok(ready.and(owned))
    }

    /// Lends the item that [`advance`](Self::advance) found. `chunk` is the input as it was before that call. Free.
    ///
    /// To be called before the next `advance`: an older item, or another chunk, gives a wrong update or payload, never
    /// a panic.
    #[must_use]
    pub fn item<'s>(&'s self, chunk: &'s [u8], ready: ReadyItem) -> Item<'s> {
        let update = self.accumulator.update(ready.change);
        let (event_type, payload): (&[u8], &[u8]) = match ready.source {
            Source::ErrorField => (b"error", self.error_field.told()),
            Source::Event { ready, offset } => {
                let event = self.decoder.resolve(chunk.get(offset..).unwrap_or_default(), ready);
                (event.event_type(), event.data())
            }
        };
        Item { update, payload, event_type }
    }

    /// How many events of the stream were taken so far: dispatched, too large, or in an `error` field. So this is the
    /// number, from 1, of the one that [`advance`](Self::advance) has just found, or could not use.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The message so far; see [`Accumulator::snapshot`].
    #[must_use]
    pub fn snapshot(&self) -> &Message {
        self.accumulator.snapshot()
    }

    /// Whether `message_start` has come.
    #[must_use]
    pub fn started(&self) -> bool {
        self.accumulator.started()
    }

    /// The departures from the protocol so far.
    #[must_use]
    pub fn anomalies(&self) -> &Anomalies {
        self.accumulator.anomalies()
    }

    /// The accumulator, for what is not told here.
    #[must_use]
    pub fn accumulator(&self) -> &Accumulator {
        &self.accumulator
    }

    /// Says that the input has ended. The message stays, until [`finish`](Self::finish) gives it: this is for those who
    /// have to tell that a stream has ended before they are asked for its message.
    ///
    /// # Errors
    /// The [`Completion`], unless `finish` will give the message.
    pub fn end(&mut self) -> Result<(), Completion> {
        let truncated = self.decoder.finish().is_err();
        if truncated && self.body.has_begun_an_event() {
            self.accumulator.cut();
        }
        match self.accumulator.completion() {
            // The first reason that holds, as `finish` has it.
            completion if self.refused && completion > Completion::Refused => Err(Completion::Refused),
            completion if !self.accumulator.is_whole() => Err(completion),
            _ => Ok(()),
        }
    }

    /// Says that the input has ended, and gives the message.
    ///
    /// # Errors
    /// [`Incomplete`], with the partial message and why it is one; where the body was no stream at all, with what it
    /// was instead.
    pub fn finish(mut self) -> Result<Message, Incomplete> {
        let _judged_again = self.end();
        let no_stream = !self.accumulator.seen();
        let done = self.accumulator.done();
        let body = self.body;
        if self.refused {
            return Err(Incomplete::new(self.accumulator).after_a_refusal());
        }
        self.accumulator.into_message().map_err(|incomplete| {
            if no_stream { incomplete.explained_by(NotAStream::of(body, done)) } else { incomplete }
        })
    }

    /// Notes what a frame that is no event says of an `error` field.
    fn note(&mut self, chunk: &[u8], frame: FrameSpan) {
        match self.decoder.resolve_frame(chunk, frame) {
            Frame::UnknownField { name: b"error", value, .. } => self.error_field.hold(value),
            Frame::Block(_) => self.error_field.end_block(),
            _ => {}
        }
    }

    /// Merges what an event carries. `None`: nothing worth telling.
    fn merge(&mut self, chunk: &[u8], ready: EventSpan, owned: &mut Owned<'_>) -> Result<Option<Change>, StreamError> {
        self.events = self.events.saturating_add(1);
        let event = self.decoder.resolve(chunk, ready);
        let piece = exact::piece(event.data());
        // Nearly every event is one more piece for the block at hand, and needs no more than this.
        if let (Some(piece), None) = (&piece, &owned) {
            let appended = self.accumulator.append_to_current(piece.index, piece.kind, &piece.text);
            if appended.is_some() {
                return Ok(appended);
            }
        }
        let decoded = match piece {
            Some(piece) => Ok(Some(StreamEvent::ContentBlockDelta(piece.into_delta(event.data().len())))),
            None => StreamEvent::decode_unusual(event.event_type(), event.data()),
        };
        let decoded = match decoded {
            Ok(Some(decoded)) => decoded,
            Ok(None) => return Ok(None),
            Err(error) => {
                self.body.has_events();
                self.accumulator.undecodable(&error);
                return Err(error.into());
            }
        };
        if !matches!(decoded, StreamEvent::Done) {
            self.body.has_events();
        }
        let applied = self.accumulator.apply(&decoded);
        if self.accumulator.seen() {
            self.body.is_a_stream();
        }
        self.refused |= is_a_loss(&mut self.accumulator, &applied);
        let change = applied?;
        if let Some(owned) = owned {
            **owned = Some(decoded.into_owned());
        }
        Ok(Some(change))
    }

    /// An `error` field whose block has ended is an event.
    fn tell_error_field(&mut self, owned: &mut Owned<'_>) -> Result<Option<Change>, StreamError> {
        let Some(value) = self.error_field.take_due() else { return Ok(None) };
        self.events = self.events.saturating_add(1);
        let told = match StreamEvent::decode(b"error", &value) {
            Ok(Some(event)) => {
                let applied = self.accumulator.apply(&event);
                self.refused |= is_a_loss(&mut self.accumulator, &applied);
                if let (Ok(_), Some(owned)) = (&applied, owned) {
                    **owned = Some(event.into_owned());
                }
                applied.map(Some).map_err(StreamError::from)
            }
            Ok(None) => Ok(None),
            Err(error) => {
                self.accumulator.undecodable(&error);
                Err(error.into())
            }
        };
        self.error_field = ErrorField::Told(value);
        told
    }
}

impl Default for MessageStream {
    fn default() -> Self {
        Self::new()
    }
}

/// Errors in a field named `error` are unknown fields to the decoder. A longer one would be no error text of a server.
fn reading_error_fields(decoder: Decoder) -> Decoder {
    const MAX_ERROR_FIELD_BYTES: usize = 4096;
    decoder.with_unknown_fields().with_max_comment_bytes(MAX_ERROR_FIELD_BYTES)
}

/// Whether an event was refused, and something of the message is missing for it.
fn is_a_loss(accumulator: &mut Accumulator, applied: &Result<Change, AccumulateError>) -> bool {
    let refused = matches!(applied, Err(AccumulateError::Departure(_)));
    if refused {
        // What was refused left no trace, but it was part of a Messages stream.
        accumulator.cut();
    }
    // Behind the end of the message there is nothing to lose.
    refused && accumulator.is_running()
}

/// Shows counts and states, never what the stream carried.
impl fmt::Debug for MessageStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageStream")
            .field("decoder", &self.decoder)
            .field("accumulator", &self.accumulator)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl ErrorField {
    fn hold(&mut self, value: &[u8]) {
        if !matches!(self, Self::Waiting(_)) {
            *self = Self::Waiting(value.to_vec());
        }
    }

    #[inline]
    fn end_block(&mut self) {
        if let Self::Waiting(value) = self {
            *self = Self::Due(core::mem::take(value));
        }
    }

    #[inline]
    fn take_due(&mut self) -> Option<Vec<u8>> {
        let Self::Due(value) = self else { return None };
        let value = core::mem::take(value);
        *self = Self::None;
        Some(value)
    }

    fn told(&self) -> &[u8] {
        match self {
            Self::Told(value) => value,
            _ => b"",
        }
    }
}

impl From<DecodeError> for StreamError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<PayloadError> for StreamError {
    fn from(error: PayloadError) -> Self {
        Self::Payload(error)
    }
}

impl From<AccumulateError> for StreamError {
    fn from(error: AccumulateError) -> Self {
        Self::Accumulate(error)
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => error.fmt(f),
            Self::Payload(error) => error.fmt(f),
            Self::Accumulate(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for StreamError {}
