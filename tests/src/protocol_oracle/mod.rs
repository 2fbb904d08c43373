//! An oracle of the message layer: a transcription of `docs/protocol.md`. It is slow, takes the whole
//! body at once, and shares no code with `ssewire-messages`; only the names of completions and violations are the same.
//!
//! ```text
//! body ──> frames ──> event ──> message (block, tool_input) ──> Outcome
//! ```
//!
//! The rules do not define how bytes count towards the limit of a message. Therefore this oracle has no such limit.

mod block;
mod body;
pub mod compare;
mod event;
mod frames;
mod json;
mod message;
mod outcome;
mod tool_input;

use serde_json::Value;
use ssewire_messages::{Completion, Validation};

use self::event::Event;
use self::frames::{Frame, frames};
use self::message::{End, Message};

pub use self::outcome::Outcome;

/// Parses a message in the way in which the message of an [`Outcome`] is given. The last of equal members counts.
pub fn message_value(json: &str) -> Option<Value> {
    let json = json::Json::parse(json.as_bytes())?;
    let members = json.as_object()?.iter();
    Some(members.map(|(name, value)| (name.clone(), value.to_value())).collect())
}

/// Parses other JSON text in the same way; of equal members `type` the first counts.
pub fn value(json: &str) -> Option<Value> {
    json::Json::parse(json.as_bytes()).map(|json| json.to_value())
}

/// Configuration of the oracle.
#[derive(Debug, Clone, Copy)]
pub struct Protocol {
    pub validation: Validation,
    pub max_event_bytes: usize,
}

impl Protocol {
    /// Reads a body: its first message, and then every further message that starts.
    pub fn read(self, body: &[u8]) -> Vec<Outcome> {
        let (events, end) = events(body, self.max_event_bytes);
        let mut reading = Reading { protocol: self, body, events: &events, end };
        let mut outcomes = vec![reading.message()];
        while let Some(skipped) = reading.skip_to_start() {
            let mut outcome = reading.message();
            outcome.undecodable += skipped.undecodable;
            outcome.too_large += skipped.too_large;
            outcomes.push(outcome);
        }
        outcomes
    }
}

/// A frame with its meaning.
#[derive(Debug, Clone)]
enum Step {
    Event(Event),
    TooLarge,
    BareError(json::Json),
}

/// The end of the input.
#[derive(Debug, Clone, Copy)]
struct InputEnd {
    /// The input ended in the first event that is not blank: within its first field, or before its blank line.
    is_within_field: bool,
    /// Number of bytes of the unfinished event, if it is not used.
    pending_bytes: u64,
}

/// All steps of a body in their order.
fn events(body: &[u8], max_event_bytes: usize) -> (Vec<Step>, InputEnd) {
    let frames = frames(body, max_event_bytes);
    let is_used = frames.unfinished.event.is_some() || !frames.unfinished.error_fields.is_empty();
    let pending_bytes = if is_used { 0 } else { frames.pending.unwrap_or(0) };
    let mut steps = Vec::new();
    for block in frames.blocks.into_iter().chain([frames.unfinished]) {
        steps.extend(block.before.into_iter().map(step));
        let event = block.event.map(step);
        let field = block.error_fields.into_iter().map(step).next();
        // "Such a field follows the event of its block. Exception: a field that is an error precedes a `message_stop`."
        let is_stop = matches!(event, Some(Step::Event(Event::MessageStop)));
        if is_stop && matches!(field, Some(Step::Event(Event::Error(_)))) {
            steps.extend(field.into_iter().chain(event));
        } else {
            steps.extend(event.into_iter().chain(field));
        }
    }
    let is_first = steps.iter().all(|step| matches!(step, Step::Event(Event::Nothing) | Step::BareError(_)));
    let is_within_field = frames.has_unfinished_field && !is_used && is_first;
    (steps, InputEnd { is_within_field, pending_bytes })
}

fn step(frame: Frame) -> Step {
    match frame {
        Frame::Event { event_type, data } => Step::Event(Event::decode(&event_type, &data)),
        Frame::TooLarge => Step::TooLarge,
        Frame::BareError(json) => Step::BareError(json),
    }
}

/// Reads the messages of a body one after the other.
struct Reading<'b> {
    protocol: Protocol,
    body: &'b [u8],
    /// The steps that are left.
    events: &'b [Step],
    end: InputEnd,
}

/// What happened to a message, beside its content.
#[derive(Default)]
struct Record {
    is_seen: bool,
    /// An event other than blank data arrived, perhaps of another protocol.
    has_events: bool,
    end: Option<End>,
    is_rejected: bool,
    /// The id of another message, if its `message_start` was rejected.
    rejected_start: Option<String>,
    bare_error: Option<json::Json>,
    undecodable: usize,
    too_large: usize,
    has_lost_content: bool,
    has_lost_message_delta: bool,
}

impl Reading<'_> {
    /// "It skips everything before the next `message_start`." Returns its report of that.
    fn skip_to_start(&mut self) -> Option<Record> {
        let start = self.events.iter().position(|step| matches!(step, Step::Event(Event::MessageStart(_))))?;
        let (skipped, events) = self.events.split_at(start);
        self.events = events;
        Some(Record {
            undecodable: skipped.iter().filter(|step| matches!(step, Step::Event(Event::Undecodable(_)))).count(),
            too_large: skipped.iter().filter(|step| matches!(step, Step::TooLarge)).count(),
            ..Record::default()
        })
    }

    fn message(&mut self) -> Outcome {
        let mut message = Message::default();
        let mut record = Record::default();
        while record.end.is_none() && !record.is_rejected {
            let [step, rest @ ..] = self.events else { break };
            match step {
                Step::TooLarge => {
                    record.too_large += 1;
                    message.has_loss = true;
                    message.lose_start_or_delta();
                    message.lose_piece(None);
                }
                Step::BareError(json) => record.bare_error = record.bare_error.or_else(|| Some(json.clone())),
                Step::Event(event) => self.event(event, &mut message, &mut record),
            }
            // "A `message_start` that ended a message is kept: it begins the next message."
            if !matches!(record.end, Some(End::Replaced(_))) && record.rejected_start.is_none() {
                self.events = rest;
            }
        }
        self.outcome(&message, record)
    }

    fn event(&self, event: &Event, message: &mut Message, record: &mut Record) {
        let before = message.clone();
        let end = message.apply(event.clone());
        let is_violation = message.violations.len() > before.violations.len();
        if is_violation && matches!(self.protocol.validation, Validation::Strict) {
            let first = message.violations[before.violations.len()];
            *message = before;
            message.violations.push(first);
            record.is_rejected = true;
            record.rejected_start = match end {
                Some(End::Replaced(id)) => Some(id),
                _ => None,
            };
            return;
        }
        record.has_events |= *event != Event::Nothing;
        match event {
            Event::Undecodable(loss) => {
                record.undecodable += 1;
                record.is_seen |= loss.is_known;
                // After the first one, it may have begun another message.
                record.has_lost_content |= loss.content || loss.message_start && message.has_started();
                record.has_lost_message_delta |= loss.message_delta;
            }
            Event::KeepAlive | Event::Nothing | Event::Done | Event::Unknown => {}
            _ => record.is_seen = true,
        }
        record.end = end;
    }

    fn outcome(&self, message: &Message, record: Record) -> Outcome {
        let is_stopped = record.end == Some(End::Stop);
        let (value, has_all_input) = message.settle(is_stopped);
        let error = match &record.end {
            Some(End::Error(body)) => Some(body.clone()),
            Some(_) => None,
            None => record.bare_error.clone(),
        };
        // Parts of events that were not read may be those of a Messages stream, but not in a document.
        let has_parts = record.too_large > 0 || self.end.is_within_field;
        let is_seen = record.is_seen || has_parts && !body::is_document(self.body);
        let has_reason = message.stop_reason.is_some();
        let holds = [
            (Completion::NonStreamBody, !is_seen && !record.is_rejected),
            (Completion::ServerError, error.is_some()),
            (Completion::LimitExceeded, record.too_large > 0),
            (Completion::RejectedByStrictMode, record.is_rejected),
            (Completion::Truncated, !message.has_started() || !is_stopped && !has_reason),
            (Completion::ContentLost, record.has_lost_content || record.has_lost_message_delta && !has_reason),
            (Completion::ToolInput, !has_all_input),
            (Completion::Unterminated, message.has_started() && has_reason && !is_stopped),
        ];
        let mut reasons: Vec<_> = holds.into_iter().filter(|(_, holds)| *holds).map(|(reason, _)| reason).collect();
        // A body that is not a stream is not truncated, and its error is not an error of a stream.
        if reasons.first() == Some(&Completion::NonStreamBody) {
            reasons.retain(|reason| !matches!(reason, Completion::ServerError | Completion::Truncated));
        }
        if reasons.is_empty() {
            reasons.push(Completion::Complete);
        }
        let is_message = match reasons[0] {
            Completion::Complete => true,
            Completion::Unterminated => self.protocol.validation == Validation::Lenient,
            _ => false,
        };
        let is_at_end = record.end.is_none() && !record.is_rejected;
        let pending_bytes = if is_at_end { self.end.pending_bytes } else { 0 };
        let is_body = reasons[0] == Completion::NonStreamBody;
        let body_message = if is_body { body::message(self.body) } else { None };
        let error = if is_body {
            // "Unless it is a complete document: a page, a JSON message or another JSON error."
            let is_document = body_message.is_some() || body::is_page(self.body) && !record.has_events;
            body::error(self.body).or(record.bare_error.filter(|_| !is_document))
        } else {
            error
        };
        Outcome {
            message: value,
            reasons,
            has_started: message.has_started(),
            text: message.pieces.clone(),
            violations: message.violations.clone(),
            undecodable: record.undecodable,
            too_large: record.too_large,
            unmatched_input: message.unmatched_input(),
            calls: {
                let mut message = message.clone();
                if is_message && !is_stopped {
                    message.return_calls_at_end();
                }
                message.calls
            },
            error: error.map(|error| error.to_value()),
            replaced_by: match record.end {
                Some(End::Replaced(id)) if !is_message => Some(id),
                _ => record.rejected_start,
            },
            body_message,
            pending_bytes: (!is_message).then_some(pending_bytes),
        }
    }
}
