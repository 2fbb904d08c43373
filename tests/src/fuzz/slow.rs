//! The driver of a Messages stream, assembled from its public parts: decoder, typed events, accumulator. No fast path, no
//! knowledge of the body.

use ssewire::{Decoder, Frame};
use ssewire_messages::{AccumulateError, Accumulator, StreamError, StreamEvent, Update};

/// What a stream tells, as text.
pub(super) type Transcript = Vec<String>;

pub(super) struct Slow {
    decoder: Decoder,
    pub(super) accumulator: Accumulator,
    /// The value of an `error` field whose block has not ended.
    error_field: Option<Vec<u8>>,
    pub(super) transcript: Transcript,
    /// The events that were merged.
    pub(super) events: Vec<StreamEvent<'static>>,
    stopped: bool,
    /// An event was refused before the message had ended.
    pub(super) refused: bool,
}

impl Slow {
    pub(super) fn new(decoder: Decoder, accumulator: Accumulator) -> Self {
        Self {
            decoder: decoder.with_unknown_fields().with_max_comment_bytes(4096),
            accumulator,
            error_field: None,
            transcript: Transcript::new(),
            events: Vec::new(),
            stopped: false,
            refused: false,
        }
    }

    pub(super) fn read(&mut self, body: &[u8]) {
        let mut input = body;
        loop {
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
                        self.event(b"error", &value);
                    }
                }
                Err(error) => {
                    self.accumulator.lost_event();
                    self.transcript.push(format!("{:?}", StreamError::from(error)));
                }
            }
        }
    }

    fn event(&mut self, name: &[u8], data: &[u8]) {
        let event = match StreamEvent::decode(name, data) {
            Ok(None) => return,
            Ok(Some(event)) => event,
            Err(error) => {
                self.accumulator.undecodable(&error);
                self.transcript.push(format!("{:?}", StreamError::from(error)));
                return;
            }
        };
        match self.accumulator.accumulate(&event) {
            Ok(update) => {
                self.stopped |= matches!(update, Update::MessageStop { .. });
                self.transcript.push(tell(name, data, &update));
                self.events.push(event.into_owned());
            }
            Err(error) => {
                let has_ended = self.stopped || self.accumulator.error().is_some();
                if matches!(error, AccumulateError::Departure(_)) {
                    self.accumulator.cut();
                    self.refused |= !has_ended;
                }
                self.transcript.push(format!("{:?}", StreamError::from(error)));
            }
        }
    }
}

/// An item of the stream: its event, and what of it is to be seen.
pub(super) fn tell(name: &[u8], data: &[u8], update: &Update<'_>) -> String {
    format!("{} {} {}", name.escape_ascii(), data.escape_ascii(), show(update))
}

/// An update with all that it lends, but without the blocks that it has nothing to do with.
pub(super) fn show(update: &Update<'_>) -> String {
    let text: Vec<_> = update.text_pieces().collect();
    let thinking: Vec<_> = update.thinking_pieces().collect();
    let (what, block) = match update {
        Update::MessageStart { message, .. } => return format!("MessageStart {message:?} {text:?} {thinking:?}"),
        Update::MessageDelta { message, .. } => return format!("MessageDelta {message:?}"),
        Update::MessageStop { message, .. } => return format!("MessageStop {message:?}"),
        Update::Error { error, .. } => return format!("Error {:?}", error.body()),
        Update::BlockStart { block, .. } => ("BlockStart".to_owned(), block),
        Update::Text { block, snapshot, .. } => (format!("Text {snapshot:?}"), block),
        Update::Thinking { block, snapshot, .. } => (format!("Thinking {snapshot:?}"), block),
        Update::Signature { block, signature, .. } => (format!("Signature {signature:?}"), block),
        Update::Citation { block, citation, snapshot, .. } => (format!("Citation {citation:?} {snapshot:?}"), block),
        Update::InputJson { block, partial_json, input, .. } => {
            (format!("InputJson {partial_json:?} {input:?} {:?}", input.raw()), block)
        }
        Update::Compaction { block, compaction, .. } => (format!("Compaction {compaction:?}"), block),
        Update::UnknownBlock { block, .. } => ("UnknownBlock".to_owned(), block),
        Update::BlockStop { block, .. } => ("BlockStop".to_owned(), block),
        other => return format!("{other:?}"),
    };
    format!("{what} {text:?} {thinking:?} {:?} {} {:?}", block.key(), block.position(), block.content())
}
