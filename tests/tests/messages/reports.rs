//! Inputs from public bug reports: every case of `data/reports` gives the expected outcome in every chunking.
//!
//! The expectations describe the command. The README in that folder maps them to the libraries.

use std::fs;
use std::ops::Range;
use std::slice;

use serde_json::{Map, Value, json};
use ssewire::Decoder;
use ssewire_messages::{Completion, Incomplete, Message, MessageDecoder, NonStreamBody, Step};
use ssewire_tests::json::by_value;

/// The number of objects in `expected.json`.
const CASES: usize = 100;

/// An input with its expectation.
struct Case {
    expected: Map<String, Value>,
    input: Vec<u8>,
    /// The subcommand and its options.
    command: Command,
    /// `true` if the decoder must report the end of the message before the input ends.
    ends_early: bool,
}

enum Command {
    /// The events of any event stream.
    Sse,
    /// The message as a document.
    Message { max_event_bytes: Option<usize> },
    /// The text.
    Text,
}

/// The result of one run, as the command would print it.
#[derive(Debug, PartialEq)]
struct Outcome {
    exit_code: u64,
    /// The document of `message`.
    document: Option<Value>,
    text: String,
    /// The text that the command prints to standard error, in lower case.
    notes: String,
    has_ended_early: bool,
}

#[test]
fn every_report_file_belongs_to_a_case() {
    let cases = cases();
    assert_eq!(cases.len(), CASES);
    for file in fs::read_dir(ssewire_tests::at("data/reports/cases")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(cases.iter().any(|case| case.name() == name), "{name} belongs to no case");
    }
}

#[test]
fn every_report_gives_its_expected_outcome() {
    let mut failures = Vec::new();
    for case in cases() {
        let problems = match case.command {
            Command::Sse => case.check_events(),
            _ => case.check_message(),
        };
        failures.extend(problems.into_iter().map(|problem| format!("{} ({}): {problem}", case.name(), case.what())));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

impl Case {
    fn check_events(&self) -> Vec<String> {
        let expected = match &self.expected["stdout"] {
            Value::String(text) if text.is_empty() => json!([]),
            stdout => stdout["json_lines"].clone(),
        };
        let mut problems = Vec::new();
        for chunks in chunkings(self.input.len()) {
            let events = events(&self.input, &chunks);
            if events != expected {
                problems.push(format!("chunks {}: {events}, not {expected}", shown(&chunks)));
                break;
            }
        }
        problems
    }

    fn check_message(&self) -> Vec<String> {
        let whole = self.run(slice::from_ref(&(0..self.input.len())));
        let mut problems = self.differences(&whole);
        // The outcome must not depend on the chunking.
        for chunks in chunkings(self.input.len()) {
            let outcome = self.run(&chunks);
            if outcome != whole {
                problems.push(format!("chunks {}: {outcome:?}, but whole: {whole:?}", shown(&chunks)));
                break;
            }
        }
        problems
    }

    fn run(&self, chunks: &[Range<usize>]) -> Outcome {
        let mut decoder = MessageDecoder::new();
        if let Command::Message { max_event_bytes: Some(bytes) } = self.command {
            decoder = decoder.with_decoder(Decoder::new().with_max_event_bytes(bytes));
        }
        let (mut text, mut has_ended_early) = (String::new(), false);
        'input: for chunk in chunks {
            let mut input = &self.input[chunk.clone()];
            loop {
                match decoder.decode(&mut input).expect("lenient mode rejects no event") {
                    Step::Update(event) => text.extend(event.update.text_deltas()),
                    Step::NeedInput => {
                        assert!(input.is_empty(), "asked for more before the chunk was consumed");
                        break;
                    }
                    Step::Ended => {
                        has_ended_early = true;
                        break 'input;
                    }
                }
            }
        }
        while let Some(event) = decoder.decode_end().expect("lenient mode rejects no event") {
            text.extend(event.update.text_deltas());
        }
        let completion = decoder.completion();
        let violations = decoder.violations().total();
        let result = decoder.finish();
        Outcome {
            exit_code: exit_code(&result),
            notes: notes(&result, completion, violations).to_lowercase(),
            document: document(&result),
            text,
            has_ended_early,
        }
    }

    fn differences(&self, outcome: &Outcome) -> Vec<String> {
        let mut problems = Vec::new();
        if self.expected["exit_code"] != outcome.exit_code {
            problems.push(format!("exit code {}, not {}", outcome.exit_code, self.expected["exit_code"]));
        }
        if self.ends_early && !outcome.has_ended_early {
            problems.push("the end of the message is not reported before the end of the input".to_owned());
        }
        let words = self.expected.get("stderr_has").and_then(Value::as_array);
        for word in words.into_iter().flatten().filter_map(Value::as_str) {
            if !outcome.notes.contains(word) {
                problems.push(format!("{word:?} is not among the notes {:?}", outcome.notes));
            }
        }
        match (&self.command, self.expected.get("stdout")) {
            (_, None) => {}
            (Command::Text, Some(stdout)) => {
                let expected = stdout.as_str().map_or_else(|| built(&stdout["generate"]), ToOwned::to_owned);
                if outcome.text != expected {
                    problems.push(format!("text {:?}, not {expected:?}", outcome.text));
                }
            }
            (_, Some(stdout)) => problems.extend(self.document_difference(outcome, stdout)),
        }
        problems
    }

    fn document_difference(&self, outcome: &Outcome, stdout: &Value) -> Option<String> {
        let expected = stdout.get("json").or_else(|| stdout.get("json_first"));
        if expected.is_none() {
            assert_eq!(stdout, "", "{}: the document of a message, or nothing", self.name());
        }
        let comparable = |document: &Value| {
            let mut document = by_value(document);
            for pointer in stdout.get("open").and_then(Value::as_array).into_iter().flatten() {
                if let Some(open) = document.pointer_mut(pointer.as_str().unwrap()) {
                    *open = Value::Null;
                }
            }
            without_nulls(&document)
        };
        let (got, expected) = (outcome.document.as_ref().map(comparable), expected.map(comparable));
        (got != expected).then(|| format!("document {got:?}, not {expected:?}"))
    }

    fn name(&self) -> &str {
        self.expected["case"].as_str().unwrap()
    }

    fn what(&self) -> &str {
        self.expected["what"].as_str().unwrap()
    }
}

fn cases() -> Vec<Case> {
    let file = fs::read_to_string(ssewire_tests::at("data/reports/expected.json")).unwrap();
    let expected: Vec<Map<String, Value>> = serde_json::from_str(&file).unwrap();
    expected.into_iter().map(case).collect()
}

fn case(expected: Map<String, Value>) -> Case {
    let name = expected["case"].as_str().unwrap();
    let file = || fs::read(ssewire_tests::at("data/reports/cases").join(name)).unwrap();
    let mut input = expected.get("generate").map_or_else(file, |parts| built(parts).into_bytes());
    let arguments = expected.get("command").and_then(Value::as_array);
    let arguments: Option<Vec<_>> = arguments.map(|list| list.iter().filter_map(Value::as_str).collect());
    let command = match arguments.as_deref() {
        Some(["sse"]) => Command::Sse,
        Some(["text"]) => Command::Text,
        Some(["message"]) => Command::Message { max_event_bytes: None },
        Some(["message", "--max-event-bytes", bytes]) => {
            Command::Message { max_event_bytes: Some(bytes.parse().unwrap()) }
        }
        // Cases with a shell line instead of arguments: each is one of these.
        None if name == "overloaded_body.json" => {
            input.splice(0..0, [b' '; 600]);
            Command::Message { max_event_bytes: None }
        }
        None if ["stays_open.sse", "error_stays_open.sse"].contains(&name) => Command::Text,
        other => panic!("{name}: unknown command {other:?}"),
    };
    let ends_early = expected.contains_key("ends_within_s");
    Case { input, command, ends_early, expected }
}

/// The joined parts of a `generate`.
fn built(parts: &Value) -> String {
    let part = |part: &Value| match part {
        Value::String(text) => text.clone(),
        part => {
            let times = usize::try_from(part["times"].as_u64().unwrap()).unwrap();
            part["repeat"].as_str().unwrap().repeat(times)
        }
    };
    parts.as_array().unwrap().iter().map(part).collect()
}

/// Chunkings of an input of this length: one chunk, chunks of several sizes, and two chunks split at every byte. A long
/// input is split at every seventh byte near its ends and at some offsets between: shorter cases with events of the
/// same types are split at every byte.
fn chunkings(length: usize) -> impl Iterator<Item = Vec<Range<usize>>> {
    let sizes = [1, 2, 3, 7, 64, usize::MAX];
    let of_size = move |size: usize| {
        let starts = (0..length).step_by(size);
        starts.map(|start| start..start.saturating_add(size).min(length)).collect()
    };
    let is_long = length > 16 * 1024;
    let is_near_an_end = move |at: usize| at < 1024 || length - at < 1024;
    let is_tried = move |at: &usize| !is_long || is_near_an_end(*at) && at % 7 == 0 || at % 4099 == 0;
    let splits = (0..=length).filter(is_tried).map(move |at| vec![0..at, at..length]);
    sizes.into_iter().map(of_size).chain(splits)
}

fn shown(chunks: &[Range<usize>]) -> String {
    match chunks {
        [first, second] => format!("{first:?} and {second:?}"),
        [first, ..] => format!("of {} bytes", first.len()),
        [] => "none".to_owned(),
    }
}

/// The events of an event stream.
fn events(input: &[u8], chunks: &[Range<usize>]) -> Value {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    for chunk in chunks {
        let mut input = &input[chunk.clone()];
        while let Some(event) = decoder.decode(&mut input).unwrap() {
            events.push(json!({
                "event": text(event.event_type()),
                "data": text(event.data()),
                "id": text(event.last_event_id()),
            }));
        }
    }
    Value::Array(events)
}

/// The exit code of the command for a result.
fn exit_code(result: &Result<Message, Incomplete>) -> u64 {
    match result {
        Ok(_) => 0,
        Err(incomplete) => match (incomplete.non_stream_body(), incomplete.reason()) {
            (Some(NonStreamBody::Message(_)), _) => 0,
            (Some(NonStreamBody::Error(_)), _) | (_, Completion::ServerError) => 3,
            (Some(_), _) | (_, Completion::NonStreamBody) => 1,
            _ => 4,
        },
    }
}

/// The document that the command prints: the message, or the partial message.
fn document(result: &Result<Message, Incomplete>) -> Option<Value> {
    let message = match result {
        Ok(message) => message,
        Err(incomplete) => match incomplete.non_stream_body() {
            Some(NonStreamBody::Message(message)) => message,
            Some(_) => return None,
            None if incomplete.has_started() || !incomplete.partial().content().is_empty() => incomplete.partial(),
            None => return None,
        },
    };
    Some(serde_json::from_str(message.to_json_lossy().as_str()).unwrap())
}

/// The notes that the command prints to standard error.
fn notes(result: &Result<Message, Incomplete>, completion: Completion, violations: u64) -> String {
    let mut notes = vec![completion.to_string()];
    let message = match result {
        Ok(message) => message,
        Err(incomplete) => {
            notes.push(incomplete.to_string());
            notes.extend(incomplete.server_error().and_then(|error| error.message()).map(ToOwned::to_owned));
            incomplete.partial()
        }
    };
    notes.extend(message.stop_reason().map(|reason| format!("{reason:?} {reason}")));
    if violations > 0 {
        notes.push(format!("{violations} protocol violations"));
    }
    notes.join("; ")
}

/// Removes nulls: the comparison does not distinguish null and absent.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
