//! The conformance cases of `data/conformance/cases.json`: input bytes, expected events, and the offset at which each
//! event must have been returned. The README in that folder defines the keys.

use std::fs;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Case {
    pub id: String,
    pub input: Vec<u8>,
    /// Seeds the last event ID string and the id buffer.
    pub last_event_id_before: Option<String>,
    pub events: Vec<Expected>,
    pub retry: Option<Duration>,
    pub last_event_id: String,
    /// For each event, the number of input bytes after which it must have been returned.
    pub dispatch_at: Vec<usize>,
    /// Chunk lengths of special interest; may contain 0.
    pub chunks: Option<Vec<usize>>,
}

/// An event; ill-formed UTF-8 is replaced by U+FFFD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub event: String,
    pub data: String,
    pub id: String,
}

/// Reads all cases.
pub fn all() -> Vec<Case> {
    let file = fs::read_to_string(crate::at("data/conformance/cases.json"))
        .expect("the conformance cases are part of the repository");
    let records: Vec<Value> = serde_json::from_str(&file).expect("the conformance cases are JSON");
    records.iter().map(case).collect()
}

fn case(record: &Value) -> Case {
    assert_eq!(record["utf8"], "lossy", "no other UTF-8 mode is supported");
    Case {
        id: text(&record["id"]),
        input: STANDARD.decode(text(&record["input_b64"])).expect("base64"),
        last_event_id_before: record["last_event_id_before"].as_str().map(str::to_owned),
        events: list(&record["events"]).iter().map(expected).collect(),
        retry: record["retry"].as_u64().map(Duration::from_millis),
        last_event_id: text(&record["last_event_id"]),
        dispatch_at: list(&record["dispatch_at"]).iter().map(number).collect(),
        chunks: record.get("chunks").map(|chunks| list(chunks).iter().map(number).collect()),
    }
}

fn expected(record: &Value) -> Expected {
    Expected { event: text(&record["event"]), data: text(&record["data"]), id: text(&record["id"]) }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

fn number(value: &Value) -> usize {
    value.as_u64().and_then(|number| number.try_into().ok()).expect("a number")
}
