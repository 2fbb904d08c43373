//! Hostile streams: each gives the outcome that `docs/protocol.md` specifies, in every chunking, in lenient and strict
//! mode. `hostile.json` lists the expected outcomes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};
use std::path::PathBuf;
use std::{fs, iter};

use serde_json::{Map, Value, json};
use ssewire_messages::{
    Accumulator, ApiError, Incomplete, LostEvent, Message, MessageDecoder, NonStreamBody, ProtocolViolation, Step,
    ToolInputError, Update, Validation,
};
use ssewire_tests::json::{by_value, deep_value};

/// A hostile stream, and its expected outcome.
struct Hostile {
    name: String,
    stream: Vec<u8>,
    expected: Map<String, Value>,
}

/// The results of decoding a stream.
struct Run {
    result: Result<Message, Incomplete>,
    text: String,
    /// The violations recorded in lenient mode.
    violations: Vec<ProtocolViolation>,
    undecodable: u64,
    /// The violations rejected in strict mode.
    rejected: Vec<ProtocolViolation>,
    /// `Display` and `Debug` of every error.
    error_texts: Vec<String>,
}

/// The number of streams in the reference.
const STREAMS: usize = 88;

#[test]
fn every_hostile_stream_has_an_expectation() {
    let files: BTreeSet<String> = fs::read_dir(folder().join("hostile"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap().strip_suffix(".sse").unwrap().to_owned())
        .collect();
    let names: BTreeSet<String> = expectations().into_keys().collect();
    assert_eq!(names, files);
    assert_eq!(names.len(), STREAMS);
}

#[test]
fn lenient_mode_gives_the_expected_outcome_of_every_hostile_stream() {
    let mut failures = Vec::new();
    for (hostile, chunk) in runs() {
        let run = drive(&hostile.stream, chunk, Validation::Lenient);
        let mut wrong = differences(&outcome(&run), &hostile.outcome(Validation::Lenient));
        if !run.rejected.is_empty() {
            wrong.push("a violation was rejected".to_owned());
        }
        wrong.extend(leaks(&hostile, &run));
        failures.extend(wrong.into_iter().map(|wrong| format!("{}, chunks of {chunk}: {wrong}", hostile.name)));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn strict_mode_rejects_the_first_violation_of_every_hostile_stream() {
    let mut failures = Vec::new();
    for (hostile, chunk) in runs() {
        let run = drive(&hostile.stream, chunk, Validation::Strict);
        let mut wrong = match hostile.first_violation() {
            None => differences(&outcome(&run), &hostile.outcome(Validation::Strict)),
            Some(kind) => {
                let first = run.rejected.first().map(|violation| format!("{:?}", violation.kind));
                differences(&json!({ "violation": first }), &json!({ "violation": kind }))
            }
        };
        wrong.extend(leaks(&hostile, &run));
        failures.extend(wrong.into_iter().map(|wrong| format!("{}, chunks of {chunk}: {wrong}", hostile.name)));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Otherwise the check for leaks would prove nothing.
#[test]
fn hostile_streams_contain_text_that_could_leak() {
    let with_secrets = hostiles().iter().filter(|hostile| !hostile.secrets().is_empty()).count();
    assert!(with_secrets > STREAMS / 2, "{with_secrets}");
}

fn folder() -> PathBuf {
    ssewire_tests::at("data/streams")
}

fn expectations() -> BTreeMap<String, Map<String, Value>> {
    serde_json::from_slice(&fs::read(folder().join("hostile.json")).unwrap()).unwrap()
}

fn hostiles() -> Vec<Hostile> {
    let hostile = |(name, expected)| {
        let stream = fs::read(folder().join("hostile").join(format!("{name}.sse"))).unwrap();
        Hostile { name, stream, expected }
    };
    expectations().into_iter().map(hostile).collect()
}

/// Every stream in chunks of 1 byte, in chunks of 7 bytes, and in one chunk.
fn runs() -> impl Iterator<Item = (Hostile, usize)> {
    [1, 7, usize::MAX].into_iter().flat_map(|chunk| hostiles().into_iter().zip(iter::repeat(chunk)))
}

fn drive(stream: &[u8], chunk: usize, validation: Validation) -> Run {
    let mut driver = MessageDecoder::new().with_accumulator(Accumulator::new().with_validation(validation));
    let (mut text, mut undecodable, mut rejected, mut error_texts) = (String::new(), 0, Vec::new(), Vec::new());
    let mut chunks = stream.chunks(chunk);
    let mut input: &[u8] = &[];
    let mut has_input = true;
    loop {
        let before = state(&driver);
        let step = if has_input {
            driver.decode(&mut input)
        } else {
            driver.decode_end().map(|event| event.map_or(Step::Ended, Step::Update))
        };
        match step {
            Ok(Step::Update(event)) => {
                text.extend(event.update.text_deltas());
                if let Update::Lost(error) = event.update {
                    error_texts.extend(both(&error));
                    assert!(matches!(error, LostEvent::Payload(_)), "{error}");
                    undecodable += 1;
                    assert_eq!(state(&driver), before, "a lost event changes nothing");
                }
            }
            Ok(Step::NeedInput) => match chunks.next() {
                Some(chunk) => input = chunk,
                None => has_input = false,
            },
            Ok(Step::Ended) => break,
            Err(violation) => {
                error_texts.extend(both(&violation));
                rejected.push(violation);
                assert_eq!(state(&driver), before, "a rejected event changes nothing");
            }
        }
    }
    let violations = driver.violations().first().to_vec();
    let result = driver.finish();
    if let Err(incomplete) = &result {
        error_texts.extend(both(incomplete));
        error_texts.extend(incomplete.server_error().into_iter().flat_map(both));
        error_texts.extend(incomplete.non_stream_body().map(ToString::to_string));
    }
    Run { result, text, violations, undecodable, rejected, error_texts }
}

/// The state that an event may change.
fn state(driver: &MessageDecoder) -> Value {
    let unmatched: Vec<_> = driver.accumulator().unmatched_input().collect();
    json!({
        "snapshot": driver.snapshot().to_json_lossy().as_str(),
        "started": driver.has_started(),
        "unmatched_input": unmatched,
    })
}

fn both(error: &(impl Display + Debug)) -> [String; 2] {
    [error.to_string(), format!("{error:?}")]
}

/// The results in the format of `hostile.json`.
fn outcome(run: &Run) -> Value {
    let violations: Vec<Value> =
        run.violations.iter().map(|violation| json!([format!("{:?}", violation.kind), violation.index])).collect();
    let mut outcome = json!({ "text": run.text, "violations": violations, "undecodable": run.undecodable });
    let (message, ended) = match &run.result {
        Ok(message) => (message, json!({ "whole": true })),
        Err(incomplete) => {
            let reasons: Vec<String> = incomplete.reasons().iter().map(|reason| format!("{reason:?}")).collect();
            assert_eq!(reasons[0], format!("{:?}", incomplete.reason()));
            assert_eq!(incomplete.violations().first(), run.violations);
            let ended = json!({
                "whole": false,
                "reasons": reasons,
                "started": incomplete.has_started(),
                "error": incomplete.server_error().map(error),
                "unmatched_input": incomplete.unmatched_input(),
                "not_a_stream": incomplete.non_stream_body().map(variant),
                "body": body(incomplete.non_stream_body()),
            });
            (incomplete.partial(), ended)
        }
    };
    let members = outcome.as_object_mut().unwrap();
    members.extend(ended.as_object().unwrap().clone());
    members.insert("message".to_owned(), by_value(&deep_value(message.to_json_lossy().as_json())));
    members.insert("tool_inputs".to_owned(), tool_inputs(message));
    outcome
}

fn error(error: &ApiError) -> Value {
    let kind = error.kind().map(|kind| serde_json::to_value(kind).unwrap());
    json!({
        "kind": kind,
        "message": error.message(),
        "request_id": error.request_id(),
        "retryable": error.is_retryable(),
    })
}

fn variant(not_a_stream: &NonStreamBody) -> String {
    name(&format!("{not_a_stream:?}"))
}

fn body(not_a_stream: Option<&NonStreamBody>) -> Value {
    match not_a_stream {
        Some(NonStreamBody::Message(message)) => serde_json::to_value(message).unwrap(),
        _ => Value::Null,
    }
}

/// The name of a variant, from its `Debug` output.
fn name(shown: &str) -> String {
    shown.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// Position and input state of every tool block.
fn tool_inputs(message: &Message) -> Value {
    let inputs = message.content().iter().enumerate().filter_map(|(position, block)| {
        let state = match block.as_tool_use()?.input().value() {
            Ok(value) if value.as_str() == "{}" => "Empty",
            Ok(_) => "Complete",
            Err(ToolInputError::Invalid { .. }) => "Invalid",
            Err(_) => "Truncated",
        };
        Some(json!([position, state]))
    });
    inputs.collect()
}

impl Hostile {
    /// The expectation in the format of [`outcome`], with the defaults of all absent members.
    fn outcome(&self, validation: Validation) -> Value {
        let expected = |member: &str, default: Value| self.expected.get(member).cloned().unwrap_or(default);
        let completion = self.expected["completion"].as_str().unwrap();
        let is_non_stream_body = completion == "NonStreamBody";
        let message = expected("message", json!({ "type": "message", "role": "assistant", "content": [] }));
        let message = expanded(&message);
        let mut outcome = json!({
            "text": expected("text", final_text(&message).into()),
            "violations": expected("violations", json!([])),
            "undecodable": expected("undecodable", json!(0)),
            "message": by_value(&message),
            "tool_inputs": expected("tool_inputs", json!([])),
            "whole": true,
        });
        let is_whole = completion == "Complete" || (completion == "Unterminated" && validation == Validation::Lenient);
        if !is_whole {
            let mut error = expected("error", Value::Null);
            if let Some(error) = error.as_object_mut() {
                // By default an error is not retryable.
                error.entry("retryable").or_insert(json!(false));
            }
            let ended = json!({
                "whole": false,
                "reasons": expected("reasons", json!([completion])),
                "started": expected("started", json!(!is_non_stream_body)),
                "error": error,
                "unmatched_input": expected("unmatched_input", json!([])),
                "not_a_stream": expected("not_a_stream", Value::Null),
                "body": expected("body", Value::Null),
            });
            outcome.as_object_mut().unwrap().extend(ended.as_object().unwrap().clone());
        }
        outcome
    }

    /// The first violation, which strict mode rejects.
    fn first_violation(&self) -> Option<&str> {
        let first = self.expected.get("violations").and_then(|violations| violations[0][0].as_str());
        self.expected.get("strict").map_or(first, Value::as_str)
    }

    /// Text of the model and of the server: texts of the final message, and the text of every delta.
    fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        let blocks = [&self.outcome(Validation::Lenient)["message"]["content"], &self.body_content()].map(Value::clone);
        for block in blocks.iter().filter_map(Value::as_array).flatten() {
            ["text", "thinking", "input"].iter().for_each(|member| strings(&block[*member], &mut secrets));
        }
        for line in self.stream.split(|byte| *byte == b'\n') {
            let payload = line.strip_prefix(b"data:").and_then(|data| serde_json::from_slice::<Value>(data).ok());
            let delta = payload.map_or(Value::Null, |payload| payload["delta"].clone());
            let members = ["text", "thinking", "partial_json", "signature"];
            members.iter().for_each(|member| strings(&delta[*member], &mut secrets));
        }
        secrets.extend(self.expected.get("error").and_then(|error| error["message"].as_str()).map(str::to_owned));
        // "Overloaded" is also part of the name of that error kind.
        secrets.retain(|secret| secret.chars().count() >= 6 && secret != "Overloaded");
        secrets
    }

    fn body_content(&self) -> Value {
        self.expected.get("body").map_or(Value::Null, |body| body["content"].clone())
    }
}

/// Replaces `{"$nested_arrays": n}` by n nested arrays, which are too deep for the JSON parser.
fn expanded(value: &Value) -> Value {
    match value {
        Value::Object(members) => match members.get("$nested_arrays").and_then(Value::as_u64) {
            Some(depth) => (1..depth).fold(json!([]), |inner, _| Value::Array(vec![inner])),
            None => members.iter().map(|(name, value)| (name.clone(), expanded(value))).collect(),
        },
        Value::Array(items) => items.iter().map(expanded).collect(),
        other => other.clone(),
    }
}

fn final_text(message: &Value) -> String {
    let blocks = message["content"].as_array().into_iter().flatten();
    blocks.filter(|block| block["type"] == "text").filter_map(|block| block["text"].as_str()).collect()
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => members.values().for_each(|member| strings(member, found)),
        _ => {}
    }
}

/// Returns the error texts that contain text of the stream.
fn leaks(hostile: &Hostile, run: &Run) -> Vec<String> {
    let secrets = hostile.secrets();
    let leaking = run.error_texts.iter().filter(|text| secrets.iter().any(|secret| text.contains(secret.as_str())));
    leaking.map(|text| format!("error shows text of the stream: {text}")).collect()
}

fn differences(got: &Value, expected: &Value) -> Vec<String> {
    let (got, expected) = (got.as_object().unwrap(), expected.as_object().unwrap());
    let members: BTreeSet<&String> = got.keys().chain(expected.keys()).collect();
    let differing = members.into_iter().filter(|member| got.get(*member) != expected.get(*member));
    let shown = |value: Option<&Value>| value.map_or("nothing".to_owned(), ToString::to_string);
    differing
        .map(|member| format!("{member} is {}, not {}", shown(got.get(member)), shown(expected.get(member))))
        .collect()
}
