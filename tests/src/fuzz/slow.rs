//! A decoder of Messages streams, built from the public parts: SSE decoder, typed events, accumulator. It has no fast
//! path and does not classify the body.

use serde_json::Value;
use ssewire::{Decoder, Frame};
use ssewire_messages::{AccumulateError, Accumulator, ExceededLimit, LostEvent, RawJson, StreamEvent, Update};

use crate::json::deep_value;

/// The results of a stream, as text.
pub(super) type Transcript = Vec<String>;

pub(super) struct Slow {
    decoder: Decoder,
    pub(super) accumulator: Accumulator,
    /// The value of an `error` field whose block has not ended.
    error_field: Option<Vec<u8>>,
    pub(super) transcript: Transcript,
    /// An event was rejected: the message has ended.
    pub(super) is_rejected: bool,
    /// A line of the message was an error as JSON.
    pub(super) has_bare_error: bool,
}

impl Slow {
    pub(super) fn new(decoder: Decoder, accumulator: Accumulator) -> Self {
        Self {
            decoder: decoder.with_unknown_fields().with_max_comment_bytes(64 * 1024),
            accumulator,
            error_field: None,
            transcript: Transcript::new(),
            is_rejected: false,
            has_bare_error: false,
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
                        Frame::UnknownField { name, value, .. } => {
                            self.has_bare_error |= is_error_line(&[name, b":", value].concat());
                            continue;
                        }
                        Frame::Block(block) => {
                            block.event().map(|event| (event.event_type().to_vec(), event.data().to_vec()))
                        }
                        _ => continue,
                    };
                    let error_field = self.error_field.take().map(|value| (b"error".to_vec(), value));
                    let mut events = [event, error_field];
                    if events.iter().flatten().map(kind_of).eq([Some("message_stop"), Some("error")]) {
                        events.reverse();
                    }
                    for (name, data) in events.into_iter().flatten() {
                        if !self.is_ended() {
                            self.event(&name, &data);
                        }
                    }
                }
                Err(error) => {
                    self.accumulator.record_oversized_event(error);
                    self.transcript.push(describe(
                        b"",
                        b"",
                        &Update::Lost(LostEvent::LimitExceeded(ExceededLimit::Event(error))),
                    ));
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
                match self.accumulator.record_payload_error(&error) {
                    Ok(()) if error.is_keep_alive() => {}
                    Ok(()) => self.transcript.push(describe(name, data, &Update::Lost(LostEvent::Payload(error)))),
                    Err(error) => self.reject(error),
                }
                return;
            }
        };
        let returned = match self.accumulator.accumulate(event) {
            Ok(update) => Ok(describe(name, data, &update)),
            Err(AccumulateError::LimitExceeded(limit)) => {
                Ok(describe(name, data, &Update::Lost(LostEvent::LimitExceeded(limit))))
            }
            Err(error) => Err(error),
        };
        match returned {
            Ok(returned) => {
                self.transcript.push(returned);
                while let Some(update) = self.accumulator.next_update() {
                    self.transcript.push(describe(b"", b"", &update));
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

/// The type of an event that can be decoded.
fn kind_of((name, data): &(Vec<u8>, Vec<u8>)) -> Option<&'static str> {
    match StreamEvent::decode(name, data) {
        Ok(Some(StreamEvent::MessageStop)) => Some("message_stop"),
        Ok(Some(StreamEvent::Error(_))) => Some("error"),
        _ => None,
    }
}

/// `docs/protocol.md`, heading "Bodies that are not an event stream".
fn is_error_line(line: &[u8]) -> bool {
    let value = RawJson::from_bytes(line).ok().map(|json| deep_value(json.as_json()));
    let Some(Value::Object(members)) = value else { return false };
    let has = |name| members.get(name).is_some_and(|value| !value.is_null());
    let kind = members.get("type").and_then(Value::as_str);
    let is_untyped = kind.is_none() && !has("content") && (has("message") || (has("code") && has("msg")));
    kind == Some("error")
        || members.get("object").is_some_and(|object| object == "error")
        || has("error")
        || has("detail")
        || is_untyped
}

/// An update with its event, and everything that is visible of both.
pub(super) fn describe(name: &[u8], data: &[u8], update: &Update<'_>) -> String {
    format!("{} {} {}", name.escape_ascii(), data.escape_ascii(), show(update))
}

/// An update with everything that it borrows, without the other blocks.
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
