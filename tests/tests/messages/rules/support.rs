//! Test support: builders of events and blocks, and runs of events.

use serde_json::{Value, json};
use ssewire_messages::{
    AccumulateError, Accumulator, Completion, ContentBlock, Incomplete, LostEvent, Message, MessageDecoder,
    PartialStrings, ProtocolViolation, Step, StreamEvent, ToolInputError, Update, Validation, ViolationKind,
};

// Events.

/// Event types of a stream: none, the default one, all known ones, and an unknown one.
pub const EVENT_TYPES: [&str; 11] = [
    "",
    "message",
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "ping",
    "future_event",
    "error",
];

pub fn message_start(message: Value) -> Value {
    json!({"type": "message_start", "message": message})
}

/// A `message_start` without content.
pub fn begin() -> Value {
    message_start(json!({}))
}

pub fn start(index: u64, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

pub fn delta(index: u64, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

pub fn text(index: u64, text: &str) -> Value {
    delta(index, json!({"type": "text_delta", "text": text}))
}

pub fn thinking(index: u64, thinking: &str) -> Value {
    delta(index, json!({"type": "thinking_delta", "thinking": thinking}))
}

pub fn signature(index: u64, signature: &str) -> Value {
    delta(index, json!({"type": "signature_delta", "signature": signature}))
}

pub fn citation(index: u64, cited_text: &str) -> Value {
    delta(index, json!({"type": "citations_delta", "citation": cited(cited_text)}))
}

pub fn input(index: u64, partial_json: &str) -> Value {
    delta(index, json!({"type": "input_json_delta", "partial_json": partial_json}))
}

pub fn compaction(index: u64, content: Value) -> Value {
    delta(index, json!({"type": "compaction_delta", "content": content}))
}

pub fn stop(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

pub fn message_delta(delta: Value, usage: Value) -> Value {
    json!({"type": "message_delta", "delta": delta, "usage": usage})
}

/// A `message_delta` with this stop reason, with a null usage.
pub fn stopped_by(reason: &str) -> Value {
    message_delta(json!({"stop_reason": reason}), Value::Null)
}

/// The last `message_delta` of most streams: `end_turn`, without usage.
pub fn end_turn() -> Value {
    json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}})
}

pub fn end() -> Value {
    json!({"type": "message_stop"})
}

pub fn ping() -> Value {
    json!({"type": "ping"})
}

pub fn unknown_event() -> Value {
    json!({"type": "future_event", "index": 0, "text": "not content"})
}

pub fn error() -> Value {
    json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
}

// Parts of events.

pub fn text_block(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

pub fn thinking_block(thinking: &str) -> Value {
    json!({"type": "thinking", "thinking": thinking})
}

pub fn tool(input: Value) -> Value {
    json!({"type": "tool_use", "id": "toolu_1", "name": "f", "input": input})
}

pub fn compaction_block(content: Value) -> Value {
    json!({"type": "compaction", "content": content})
}

pub fn cited(text: &str) -> Value {
    json!({
        "type": "char_location", "cited_text": text, "document_index": 0, "start_char_index": 0, "end_char_index": 1,
    })
}

/// A message with these members and the mandatory ones.
pub fn message(members: Value) -> Value {
    let mut message = json!({"type": "message", "role": "assistant", "content": []});
    for (name, value) in members.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

// Runs of events.

/// The results of merging events, with an accumulator and with a stream, which must be equal.
pub struct Run {
    pub accumulator: Accumulator,
    decoder: MessageDecoder,
    /// The result of each event.
    pub results: Vec<Result<(), AccumulateError>>,
}

/// Merges the events in lenient mode.
pub fn run(events: &[Value]) -> Run {
    run_with(Accumulator::new(), events)
}

/// Merges the events, and makes sure that none of them is a violation.
pub fn orderly(events: &[Value]) -> Run {
    let lenient = run(events);
    assert_eq!(lenient.violations(), [], "no violation");
    let strict = strict(events);
    assert!(strict.results.iter().all(Result::is_ok), "no error in strict mode: {:?}", strict.results);
    assert_eq!(strict.message(), lenient.message(), "the same message in strict mode");
    lenient
}

/// Merges the events in strict mode, which rejects violations.
pub fn strict(events: &[Value]) -> Run {
    run_with(strict_accumulator(), events)
}

pub fn strict_accumulator() -> Accumulator {
    Accumulator::new().with_validation(Validation::Strict)
}

pub fn run_with(accumulator: Accumulator, events: &[Value]) -> Run {
    let decoder = MessageDecoder::new().with_accumulator(accumulator.clone());
    Run { accumulator, decoder, results: Vec::new() }.then(events)
}

/// Merges the events `before`, which must have no violation, and one that violates the protocol: strict mode rejects
/// it without a change, lenient mode merges and records it.
pub fn violation(before: &[Value], event: Value, violations: &[(ViolationKind, Option<u64>)]) -> Run {
    assert_rejected_without_change(before, &event, violations);
    let run = orderly(before).then(&[event]);
    assert!(run.results.iter().all(Result::is_ok), "tolerated: {:?}", run.results);
    assert_eq!(run.violations(), sorted(violations));
    run
}

fn assert_rejected_without_change(before: &[Value], event: &Value, violations: &[(ViolationKind, Option<u64>)]) {
    let untouched = strict(before);
    let refused = strict(before).then(std::slice::from_ref(event));
    let Some(Err(AccumulateError::Violation(violation))) = refused.results.last() else {
        panic!("refused in strict mode: {:?}", refused.results)
    };
    assert!(violations.contains(&(violation.kind, violation.index)), "{violation:?} is one of {violations:?}");
    assert_eq!(refused.state(), untouched.state(), "a refused event changes nothing");

    // It does not change the results of later events either.
    let (refused, untouched) = (refused.then(&probes()), untouched.then(&probes()));
    assert_eq!(refused.results[before.len() + 1..], untouched.results[before.len()..]);
    assert_eq!(refused.state(), untouched.state(), "a refused event changes nothing for those after it");
}

/// Events that reveal the state of an accumulator beside its message.
fn probes() -> Vec<Value> {
    let mut probes = vec![message_start(json!({"id": "msg_probe", "content": [text_block("initial")]}))];
    for index in 0..4 {
        probes.extend([text(index, "probe"), thinking(index, "probe"), signature(index, "probe")]);
        probes.extend([citation(index, "probe"), input(index, "{\"probe\":1}"), compaction(index, json!("probe"))]);
        probes.extend([stop(index), start(index, text_block("probe")), stop(index)]);
    }
    probes.extend([start(4, tool(json!({}))), end_turn(), end(), error()]);
    probes
}

impl Run {
    /// Merges further events.
    pub fn then(mut self, events: &[Value]) -> Self {
        for event in events {
            let json = event.to_string();
            let decoded = StreamEvent::from_json(json.as_bytes()).unwrap().unwrap();
            self.results.push(self.accumulator.accumulate(decoded).map(|_| ()));
            let sse = sse(std::slice::from_ref(event));
            let mut input = sse.as_bytes();
            while let Ok(Step::Update(_)) = self.decoder.decode(&mut input) {}
        }
        if !self.results.iter().any(Result::is_err) {
            assert_eq!(self.decoder.snapshot(), self.accumulator.snapshot(), "as a stream and event by event");
        }
        self
    }

    pub fn message(&self) -> Value {
        to_json(&self.accumulator.snapshot())
    }

    pub fn content(&self) -> Value {
        self.message()["content"].take()
    }

    /// The violations, sorted. Checks that their counts agree with the list.
    pub fn violations(&self) -> Vec<(ViolationKind, Option<u64>)> {
        let violations = self.accumulator.violations();
        let listed: Vec<_> = violations.first().iter().map(|violation| (violation.kind, violation.index)).collect();
        assert_eq!(violations.total(), listed.len() as u64);
        for (kind, _) in &listed {
            assert_eq!(violations.count(*kind), listed.iter().filter(|(other, _)| other == kind).count() as u64);
        }
        sorted(&listed)
    }

    pub fn unmatched_input(&self) -> Vec<(u64, String)> {
        self.accumulator.unmatched_input().map(|(index, json)| (index, json.to_owned())).collect()
    }

    /// The state of the tool input of the block at this position.
    pub fn input_state(&self, position: usize) -> InputState {
        state_of(self.accumulator.snapshot().content().get(position).unwrap())
    }

    /// Ends the input.
    pub fn end(self) -> Result<Message, Incomplete> {
        self.accumulator.into_message()
    }

    /// The complete observable state of an accumulator.
    fn state(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let accumulator = &self.accumulator;
        let end = accumulator.clone().into_message();
        (
            (self.message(), self.violations(), self.unmatched_input(), format!("{accumulator:?}")),
            (
                accumulator.completion(),
                accumulator.has_started(),
                accumulator.server_error().map(|error| error.body().clone()),
            ),
            end.map(|message| to_json(&message)).map_err(|incomplete| {
                (incomplete.reasons().to_vec(), to_json(incomplete.partial()), incomplete.unmatched_input().to_vec())
            }),
        )
    }
}

/// The reason for which the message is incomplete.
pub fn reasons(run: Run) -> Vec<Completion> {
    run.end().unwrap_err().reasons().to_vec()
}

/// The tool calls among the updates of a stream, each with the number of its event.
pub fn calls(events: &[Value]) -> Vec<(usize, String)> {
    let mut accumulator = Accumulator::new();
    let mut calls = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let json = event.to_string();
        let decoded = StreamEvent::from_json(json.as_bytes()).unwrap().unwrap();
        accumulator.accumulate(decoded).unwrap();
        while let Some(update) = accumulator.next_update() {
            let Update::ToolCall(call) = update else { continue };
            assert_eq!((&*call.id, &*call.name), ("toolu_1", "f"));
            calls.push((at, call.input.as_str().to_owned()));
        }
    }
    calls
}

// Bodies of bytes.

/// The events in the byte layout of the API.
pub fn sse(events: &[Value]) -> String {
    let name = |event: &Value| event["type"].as_str().unwrap_or("message").to_owned();
    events.iter().map(|event| named(&name(event), &event.to_string())).collect()
}

/// One event with this event type; without a type, without the `event` line.
pub fn named(name: &str, payload: &str) -> String {
    let name = if name.is_empty() { String::new() } else { format!("event: {name}\n") };
    format!("{name}data: {payload}\n\n")
}

/// The state of tool input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputState {
    Pending,
    Complete,
    /// The call has no input: `{}`.
    Empty,
    Truncated,
    Invalid,
}

pub fn state_of(block: &ContentBlock) -> InputState {
    match block.tool_input().unwrap().value() {
        Ok(value) if value.as_str() == "{}" => InputState::Empty,
        Ok(_) => InputState::Complete,
        Err(ToolInputError::Pending) => InputState::Pending,
        Err(ToolInputError::Truncated) => InputState::Truncated,
        Err(_) => InputState::Invalid,
    }
}

/// A body that was read to its end.
pub struct Body {
    /// The pieces of text.
    pub text: String,
    pub lost: Vec<LostEvent>,
    pub error: Option<ProtocolViolation>,
    pub violations: u64,
    /// The typed events that were merged.
    pub events: Vec<StreamEvent<'static>>,
    pub end: Result<Message, Incomplete>,
}

pub fn body(bytes: impl AsRef<[u8]>) -> Body {
    body_with(MessageDecoder::new, bytes.as_ref())
}

pub fn body_with(make: impl Fn() -> MessageDecoder, bytes: &[u8]) -> Body {
    let (mut decoder, mut lost, mut error, mut input) = (make(), Vec::new(), None, bytes);
    let (mut text, mut events) = (String::new(), Vec::new());
    loop {
        let step = if input.is_empty() {
            decoder.decode_end().map(|event| event.map_or(Step::Ended, Step::Update))
        } else {
            decoder.decode(&mut input)
        };
        match step {
            Ok(Step::Update(event)) => {
                text.extend(event.update.text_deltas());
                if let Update::Lost(event) = event.update {
                    lost.push(event);
                } else if !event.event_type.is_empty() {
                    let merged = StreamEvent::decode(event.event_type, event.payload).unwrap();
                    events.extend(merged.map(StreamEvent::into_owned));
                }
            }
            Ok(Step::NeedInput) => assert!(input.is_empty()),
            Ok(Step::Ended) => break,
            Err(other) => error = Some(other),
        }
    }
    let (violations, is_complete, end) = (decoder.violations().total(), decoder.is_complete(), decoder.finish());
    assert_eq!(is_complete, end.is_ok());
    Body { text, lost, error, violations, events, end }
}

/// Reads a body without any violation, also in strict mode.
pub fn tolerated(bytes: impl AsRef<[u8]>) -> Value {
    let strict = || MessageDecoder::new().with_accumulator(strict_accumulator());
    let [strict, lenient] = [body_with(strict, bytes.as_ref()), body(bytes.as_ref())].map(|body| {
        let shown = String::from_utf8_lossy(bytes.as_ref());
        assert_eq!((body.lost, body.error, body.violations), (vec![], None, 0), "{shown}");
        to_json(&body.end.unwrap())
    });
    assert_eq!(strict, lenient);
    lenient
}

/// An accumulator with partial values of tool input.
pub fn showing(strings: PartialStrings) -> Accumulator {
    Accumulator::new().with_partial_input(strings)
}

/// A complete body with these bytes within its only block, a text block.
pub fn around(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let before = sse(&[begin(), start(0, text_block("")), text(0, "a")]);
    let after = sse(&[text(0, "b"), stop(0), end_turn(), end()]);
    [before.as_bytes(), bytes.as_ref(), after.as_bytes()].concat()
}

/// The message of [`around`], if the bytes have changed nothing.
pub fn around_nothing() -> Value {
    message(json!({"content": [text_block("ab")], "stop_reason": "end_turn"}))
}

// Helpers.

pub fn to_json(message: &Message) -> Value {
    message.to_json_lossy().to_value().unwrap()
}

fn sorted(violations: &[(ViolationKind, Option<u64>)]) -> Vec<(ViolationKind, Option<u64>)> {
    let mut violations = violations.to_vec();
    violations.sort();
    violations
}
