//! Compares `MessageDecoder` with the oracle.

use ssewire::Decoder;
use ssewire_messages::{
    Accumulator, Completion, Incomplete, LostEvent, Message, MessageDecoder, NonStreamBody, Step, Update, Validation,
};

use super::block::Call;
use super::{Outcome, Protocol, body, message_value, value};

/// The decoder records the first violations one by one.
const KEPT_VIOLATIONS: usize = 64;

/// Panics if `MessageDecoder` differs from the oracle.
pub fn same(protocol: Protocol, body: &[u8], chunks: &[&[u8]]) {
    let mut expected = protocol.read(body);
    expected.iter_mut().for_each(|outcome| outcome.violations.truncate(KEPT_VIOLATIONS));
    let decoder = MessageDecoder::new()
        .with_decoder(Decoder::new().with_max_event_bytes(protocol.max_event_bytes))
        .with_accumulator(Accumulator::new().with_validation(protocol.validation));
    let decoded = decode(decoder, chunks);
    assert_eq!(decoded.len(), expected.len(), "messages of {}", body.escape_ascii());
    for (number, (decoded, expected)) in decoded.iter().zip(&expected).enumerate() {
        let differs = differences(decoded, expected);
        assert!(differs.is_empty(), "message {number}: {}\nof {}", differs.join("\n"), body.escape_ascii());
    }
}

/// Panics if a decoder with a limit on its message returns text that the oracle does not know, or if it does not report
/// the limit.
pub fn within_limit(protocol: Protocol, accumulator: Accumulator, body: &[u8], chunks: &[&[u8]]) {
    let accumulator = accumulator.with_validation(protocol.validation);
    let decoder = MessageDecoder::new()
        .with_decoder(Decoder::new().with_max_event_bytes(protocol.max_event_bytes))
        .with_accumulator(accumulator);
    let mut expected = protocol.read(body).swap_remove(0);
    let mut decoded = decode(decoder, chunks).swap_remove(0);
    // A document above the limit is reported without its content.
    let has_exceeded = |outcome: &Outcome| outcome.reasons.contains(&Completion::LimitExceeded);
    let is_body = decoded.reasons[0] == Completion::NonStreamBody && body::is_document(body);
    if is_body && has_exceeded(&decoded) && !has_exceeded(&expected) {
        decoded.reasons.retain(|reason| *reason != Completion::LimitExceeded);
        expected.body_message = None;
        (decoded.error, expected.error) = (None, None);
    }
    if decoded.too_large == expected.too_large {
        let differs = differences(&decoded, &expected);
        assert!(differs.is_empty(), "{}\nof {}", differs.join("\n"), body.escape_ascii());
        return;
    }
    assert!(decoded.reasons.contains(&Completion::LimitExceeded), "{decoded:?}\nof {}", body.escape_ascii());
    let (text, all) = (decoded.joined_text(), expected.joined_text());
    assert!(all.starts_with(&text), "{text:?} is no part of {all:?}\nof {}", body.escape_ascii());
}

fn differences(decoded: &Outcome, expected: &Outcome) -> Vec<String> {
    let mut differs = Vec::new();
    let mut check = |name: &str, decoded: &dyn std::fmt::Debug, expected: &dyn std::fmt::Debug| {
        let (decoded, expected) = (format!("{decoded:?}"), format!("{expected:?}"));
        if decoded != expected {
            differs.push(format!("{name} is {decoded}, not {expected}"));
        }
    };
    check("message", &decoded.message, &expected.message);
    check("reasons", &decoded.reasons, &expected.reasons);
    check("started", &decoded.has_started, &expected.has_started);
    check("text", &decoded.text, &expected.text);
    let mut expected_calls = expected.calls.clone();
    // No update separates the calls of the last event from those of the end of the message.
    if expected_calls.len() > 1 && expected_calls.len() == decoded.calls.len() + 1 {
        let of_the_end = expected_calls.split_off(expected_calls.len() - 1).concat();
        expected_calls.last_mut().expect("not empty").extend(of_the_end);
    }
    check("tool calls", &sorted(&decoded.calls), &sorted(&expected_calls));
    check("violations", &decoded.violations, &expected.violations);
    check("undecodable", &decoded.undecodable, &expected.undecodable);
    check("too large", &decoded.too_large, &expected.too_large);
    check("unmatched input", &decoded.unmatched_input, &expected.unmatched_input);
    check("error", &decoded.error, &expected.error);
    check("replaced by", &decoded.replaced_by, &expected.replaced_by);
    check("body", &decoded.body_message, &expected.body_message);
    check("pending", &decoded.pending_bytes, &expected.pending_bytes);
    differs
}

/// The calls of one event are not in an order that the page defines.
fn sorted(calls: &[Vec<Call>]) -> Vec<Vec<Call>> {
    let mut calls = calls.to_vec();
    calls
        .iter_mut()
        .for_each(|calls| calls.sort_by_key(|(id, name, input)| (id.clone(), name.clone(), input.to_string())));
    calls
}

/// Decodes all messages of a body.
fn decode(mut decoder: MessageDecoder, chunks: &[&[u8]]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut chunks = chunks.iter().copied();
    let mut input: &[u8] = &[];
    loop {
        let mut record = Record::default();
        let mut is_at_end = false;
        loop {
            let step = if is_at_end {
                decoder.decode_end().map(|event| event.map_or(Step::Ended, Step::Update))
            } else {
                decoder.decode(&mut input)
            };
            match step {
                Ok(Step::Update(event)) => record.update(&event.update),
                Ok(Step::NeedInput) => match chunks.next() {
                    Some(chunk) => input = chunk,
                    None => is_at_end = true,
                },
                Ok(Step::Ended) => break,
                Err(violation) => record.rejected = Some(violation),
            }
        }
        let (completion, is_complete) = (decoder.completion(), decoder.is_complete());
        let mut violations: Vec<_> = decoder.violations().first().to_vec();
        violations.extend(record.rejected.filter(|rejected| violations.last() != Some(rejected)));
        let has_started = decoder.has_started();
        let result = decoder.next_message();
        assert_eq!(is_complete, result.is_ok());
        if !outcomes.is_empty() && !has_started {
            return outcomes;
        }
        outcomes.push(Outcome {
            violations: violations.iter().map(|violation| (violation.kind, violation.index)).collect(),
            has_started,
            ..outcome(result, completion, record)
        });
    }
}

#[derive(Default)]
struct Record {
    text: Vec<String>,
    undecodable: usize,
    too_large: usize,
    rejected: Option<ssewire_messages::ProtocolViolation>,
    calls: Vec<Vec<Call>>,
    /// The last update was a call, so a further one belongs to the same event.
    is_after_call: bool,
}

impl Record {
    fn update(&mut self, update: &Update<'_>) {
        self.text.extend(update.text_deltas().filter(|text| !text.is_empty()).map(str::to_owned));
        let is_after_call = std::mem::replace(&mut self.is_after_call, matches!(update, Update::ToolCall(_)));
        match update {
            Update::ToolCall(call) => {
                if !is_after_call {
                    self.calls.push(Vec::new());
                }
                let input = value(call.input.as_str()).expect("the input is JSON");
                self.calls.last_mut().expect("not empty").push((call.id.to_string(), call.name.to_string(), input));
            }
            Update::Lost(LostEvent::Payload(_)) => self.undecodable += 1,
            Update::Lost(_) => self.too_large += 1,
            _ => {}
        }
    }
}

fn outcome(result: Result<Message, Incomplete>, completion: Completion, record: Record) -> Outcome {
    let json = |message: &Message| message_value(message.to_json_lossy().as_str()).expect("the message is JSON");
    let outcome = Outcome {
        message: serde_json::Value::Null,
        reasons: vec![completion],
        has_started: false,
        text: record.text,
        calls: record.calls,
        violations: Vec::new(),
        undecodable: record.undecodable,
        too_large: record.too_large,
        unmatched_input: Vec::new(),
        error: None,
        replaced_by: None,
        body_message: None,
        pending_bytes: None,
    };
    match result {
        Ok(message) => {
            assert!(matches!(completion, Completion::Complete | Completion::Unterminated), "{completion:?}");
            Outcome { message: json(&message), ..outcome }
        }
        Err(incomplete) => {
            assert_eq!(incomplete.reason(), completion);
            let error = incomplete.server_error();
            Outcome {
                message: json(incomplete.partial()),
                reasons: incomplete.reasons().to_vec(),
                unmatched_input: incomplete.unmatched_input().to_vec(),
                error: error.map(|error| value(error.body().as_str()).expect("the body is JSON")).map(|body| {
                    // The body of an error without data.
                    if body == "" { serde_json::Value::Null } else { body }
                }),
                replaced_by: incomplete.replaced_by().map(str::to_owned),
                body_message: match incomplete.non_stream_body() {
                    Some(NonStreamBody::Message(message)) => Some(json(message)),
                    _ => None,
                },
                pending_bytes: Some(incomplete.pending_bytes()),
                ..outcome
            }
        }
    }
}

/// Both modes.
pub const VALIDATIONS: [Validation; 2] = [Validation::Lenient, Validation::Strict];
