//! The decoder of a Messages stream, put together from its public parts: SSE decoder, typed events, accumulator. No fast
//! path, no knowledge of the body.

use ssewire::{Decoder, Frame};
use ssewire_messages::{AccumulateError, Accumulator, LostEvent, StreamEvent, Update};

/// What a stream yields, as text.
pub(super) type Transcript = Vec<String>;

pub(super) struct Slow {
    decoder: Decoder,
    pub(super) accumulator: Accumulator,
    /// The value of an `error` field whose block has not ended.
    error_field: Option<Vec<u8>>,
    pub(super) transcript: Transcript,
    /// The events that were merged.
    pub(super) events: Vec<StreamEvent<'static>>,
    /// An event was rejected: the message has ended.
    pub(super) is_rejected: bool,
}

impl Slow {
    pub(super) fn new(decoder: Decoder, accumulator: Accumulator) -> Self {
        Self {
            decoder: decoder.with_unknown_fields().with_max_comment_bytes(64 * 1024),
            accumulator,
            error_field: None,
            transcript: Transcript::new(),
            events: Vec::new(),
            is_rejected: false,
        }
    }

    pub(super) fn read(&mut self, body: &[u8]) {
        let mut input = body;
        while !self.is_ended() {
            let chunk = input;
            match self.decoder.poll_frame(&mut input) {
                Ok(None) => return,
                Ok(Some(span)) => {
                    let event = match self.decoder.resolve_frame(chunk, span) {
                        Frame::UnknownField { name: b"error", value, .. } => {
                            self.error_field.get_or_insert_with(|| value.to_vec());
                            continue;
                        }
                        Frame::Block(block) => {
                            block.event().map(|event| (event.event_type().to_vec(), event.data().to_vec()))
                        }
                        _ => continue,
                    };
                    let error_field = self.error_field.take();
                    if let Some((name, data)) = event {
                        self.event(&name, &data);
                    }
                    if let Some(value) = error_field {
                        if !self.is_ended() {
                            self.event(b"error", &value);
                        }
                    }
                }
                Err(error) => {
                    self.accumulator.record_lost_event();
                    self.transcript.push(tell(b"", b"", &Update::Lost(LostEvent::TooLarge(error))));
                }
            }
        }
    }

    fn is_ended(&self) -> bool {
        self.is_rejected || self.accumulator.is_ended()
    }

    fn event(&mut self, name: &[u8], data: &[u8]) {
        let event = match StreamEvent::decode(name, data) {
            Ok(None) => return,
            Ok(Some(event)) => event,
            Err(error) => {
                match self.accumulator.record_decode_error(&error) {
                    Ok(()) if error.is_keep_alive() => {}
                    Ok(()) => self.transcript.push(tell(name, data, &Update::Lost(LostEvent::Payload(error)))),
                    Err(error) => self.reject(error),
                }
                return;
            }
        };
        let owned = event.clone().into_owned();
        let told = match self.accumulator.accumulate(event) {
            Ok(update) => Ok(tell(name, data, &update)),
            Err(error @ AccumulateError::Violation(_)) => Err(error),
            Err(error) => Ok(tell(name, data, &Update::Lost(LostEvent::OverLimit(error)))),
        };
        match told {
            Ok(told) => {
                self.transcript.push(told);
                self.events.push(owned);
                while let Some(update) = self.accumulator.next_update() {
                    self.transcript.push(tell(b"", b"", &update));
                }
            }
            Err(error) => self.reject(error),
        }
    }

    fn reject(&mut self, error: AccumulateError) {
        self.accumulator.record_truncation();
        self.is_rejected = true;
        self.transcript.push(format!("rejected: {error}"));
    }
}

/// An update with its event, and everything of it that is visible.
pub(super) fn tell(name: &[u8], data: &[u8], update: &Update<'_>) -> String {
    format!("{} {} {}", name.escape_ascii(), data.escape_ascii(), show(update))
}

/// An update with all that it borrows, but without the blocks that it has nothing to do with.
pub(super) fn show(update: &Update<'_>) -> String {
    let text: Vec<_> = update.text_deltas().collect();
    let thinking: Vec<_> = update.thinking_deltas().collect();
    let (what, block) = match update {
        Update::MessageStart { message, .. } => return format!("MessageStart {message:?} {text:?} {thinking:?}"),
        Update::MessageDelta { stop_reason, usage, .. } => return format!("MessageDelta {stop_reason:?} {usage:?}"),
        Update::MessageStop { message, .. } => return format!("MessageStop {message:?} {text:?} {thinking:?}"),
        Update::Error(error) => return format!("Error {:?}", error.body()),
        Update::BlockStart { block, .. } => ("BlockStart".to_owned(), block),
        Update::Text { block, snapshot, .. } => (format!("Text {snapshot:?}"), block),
        Update::Thinking { block, snapshot, .. } => (format!("Thinking {snapshot:?}"), block),
        Update::Signature { block, signature, .. } => (format!("Signature {signature:?}"), block),
        Update::Citation { block, citation, snapshot, .. } => (format!("Citation {citation:?} {snapshot:?}"), block),
        Update::ToolInput { block, partial_json, partial, input, .. } => {
            (format!("ToolInput {partial_json:?} {partial:?} {input:?}"), block)
        }
        Update::Compaction { block, compaction, .. } => (format!("Compaction {compaction:?}"), block),
        Update::RawBlock { block, .. } => ("RawBlock".to_owned(), block),
        Update::BlockStop { block, .. } => ("BlockStop".to_owned(), block),
        other => return format!("{other:?}"),
    };
    format!("{what} {text:?} {thinking:?} {:?} {} {:?}", block.key(), block.position(), block.content())
}
