//! Runs every contestant over streams for which the standard defines the result, and over incomplete JSON. Prints two
//! tables of `docs/comparison.md`.
//!
//! Each stream is read in one chunk and in one-byte chunks. The expectations are those of the standard (HTML,
//! "Server-sent events").

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use jiter::{JsonValue, PartialMode};
use json_stream_parser::JsonStreamParser;
use serde_json::Value;
use ssewire_benches::chunks::{Chunks, Shared, Slices, WHOLE, drain};
use ssewire_json::{PartialJson, PartialStrings};

/// Event type, data, last event ID.
type Event = [String; 3];

/// Returns the events of a stream read in chunks of the given size, or an error if the contestant rejects it.
type Contestant = fn(&'static [u8], usize) -> Result<Vec<Event>, ()>;

const CONTESTANTS: [(&str, Contestant); 7] = [
    ("ssewire", ssewire),
    ("eventsource-stream", eventsource_stream),
    ("sse-core", sse_core),
    ("sse-stream", sse_stream),
    ("sseer", sseer),
    ("sse-parse", sse_parse),
    ("stream-rs", stream_rs),
];

/// A rule, a stream that shows it, and the expected events.
type Behaviour = (&'static str, &'static [u8], &'static [[&'static str; 3]]);

const BEHAVIOURS: [Behaviour; 14] = [
    ("one byte order mark is removed", b"\xEF\xBB\xBFdata: x\n\n", &[["message", "x", ""]]),
    ("CR ends a line immediately", b"data: x\r\rdata: y\r\r", &[["message", "x", ""], ["message", "y", ""]]),
    ("CRLF ends a line", b"data: x\r\n\r\ndata: y\r\n\r\n", &[["message", "x", ""], ["message", "y", ""]]),
    ("without `event` the type is `message`", b"data: x\n\n", &[["message", "x", ""]]),
    ("`event` without a value clears the type", b"event: a\nevent\ndata: x\n\n", &[["message", "x", ""]]),
    ("`data` lines are joined", b"data: x\ndata\ndata: y\n\n", &[["message", "x\n\ny", ""]]),
    ("`data` without a value is an event", b"data\n\n", &[["message", "", ""]]),
    ("without `data` there is no event", b"event: a\n\ndata: x\n\n", &[["message", "x", ""]]),
    ("one space after the colon is removed, no more", b"data:  x\n\n", &[["message", " x", ""]]),
    (
        "the last event ID applies to later events",
        b"id: 1\ndata: x\n\ndata: y\n\n",
        &[["message", "x", "1"], ["message", "y", "1"]],
    ),
    ("an `id` takes effect without an event", b"id: 1\n\ndata: x\n\n", &[["message", "x", "1"]]),
    ("an `id` with NUL is ignored", b"id: a\0b\ndata: x\n\n", &[["message", "x", ""]]),
    (
        "ill-formed UTF-8 is U+FFFD",
        b"data: a\xFFb\n\ndata: x\n\n",
        &[["message", "a\u{FFFD}b", ""], ["message", "x", ""]],
    ),
    ("a truncated event is not dispatched", b"data: x\n\ndata: y\n", &[["message", "x", ""]]),
];

fn main() {
    // The table reports panics.
    std::panic::set_hook(Box::new(|_| {}));
    let names = CONTESTANTS.map(|(name, _)| name).join(" | ");
    println!("| | {names} |\n|---{}|", "|---".repeat(CONTESTANTS.len()));
    for (behaviour, stream, events) in BEHAVIOURS {
        let row = CONTESTANTS.map(|(_, contestant)| {
            let [whole, bytes] = [WHOLE, 1].map(|chunk| verdict(contestant, stream, chunk, events));
            match (whole, bytes) {
                (whole, bytes) if whole == bytes => whole.to_owned(),
                (whole, bytes) => format!("{whole}; in bytes: {bytes}"),
            }
        });
        println!("| {behaviour} | {} |", row.join(" | "));
    }
    show_json();
}

/// Incomplete or invalid JSON.
const PREFIXES: [&str; 10] = [
    "{\"l\": \"San",
    "{\"l\"",
    "{\"l\":",
    "{\"l\": tr",
    "{\"a\": 1",
    "{\"a\": 1.",
    "[\"x\",\"y",
    "[1,",
    "[1 2",
    "[NaN",
];

/// Prints the value of each parser for each prefix, in both views if it has two.
fn show_json() {
    println!("\n| text so far | ssewire-json | jiter | json-stream-parser |\n|---|---|---|---|");
    for text in PREFIXES {
        let ours = [PartialStrings::Hide, PartialStrings::Show].map(|partial_strings| {
            let mut json = PartialJson::with_partial_strings(partial_strings);
            match json.push(text) {
                Ok(()) => json.value().map_or("nothing".to_owned(), |value| format!("`{value}`")),
                Err(_) => "error".to_owned(),
            }
        });
        let jiter = [PartialMode::On, PartialMode::TrailingStrings].map(|mode| {
            match JsonValue::parse_with_config(text.as_bytes(), false, mode) {
                Ok(value) => format!("`{}`", plain(&value)),
                Err(_) => "error".to_owned(),
            }
        });
        let mut parser = JsonStreamParser::new();
        let parsed = match text.chars().try_for_each(|c| parser.add_char(c)) {
            Ok(()) => format!("`{}`", parser.get_result()),
            Err(_) => "error".to_owned(),
        };
        println!("| `{text}` | {} | {} | {parsed} |", both(ours), both(jiter));
    }
}

fn both([hidden, shown]: [String; 2]) -> String {
    if hidden == shown { hidden } else { format!("{hidden} or {shown}") }
}

fn plain(value: &JsonValue<'_>) -> Value {
    match value {
        JsonValue::Bool(value) => (*value).into(),
        JsonValue::Int(value) => (*value).into(),
        JsonValue::Float(value) => (*value).into(),
        JsonValue::Str(text) => text.as_ref().into(),
        JsonValue::Array(items) => items.iter().map(plain).collect(),
        JsonValue::Object(members) => {
            members.iter().map(|(name, value)| (name.as_ref().to_owned(), plain(value))).collect()
        }
        _ => Value::Null,
    }
}

fn verdict(contestant: Contestant, stream: &'static [u8], chunk: usize, expected: &[[&str; 3]]) -> &'static str {
    match catch_unwind(AssertUnwindSafe(|| contestant(stream, chunk))) {
        Ok(Ok(events)) if events == expected => "yes",
        Ok(Ok(_)) => "no",
        Ok(Err(())) => "error",
        Err(_) => "panic",
    }
}

fn event(event_type: &str, data: &str, id: &str) -> Event {
    [event_type, data, id].map(ToOwned::to_owned)
}

fn ssewire(stream: &'static [u8], chunk: usize) -> Result<Vec<Event>, ()> {
    let (mut decoder, mut events) = (ssewire::Decoder::new(), Vec::new());
    for mut input in stream.chunks(chunk) {
        while let Some(one) = decoder.decode(&mut input).map_err(drop)? {
            let texts = [one.event_type_lossy(), one.data_lossy(), one.last_event_id_lossy()];
            events.push(texts.map(|text| text.to_string()));
        }
    }
    Ok(events)
}

fn eventsource_stream(stream: &'static [u8], chunk: usize) -> Result<Vec<Event>, ()> {
    let mut events = Ok(Vec::new());
    drain(eventsource_stream::EventStream::new(Slices(Chunks::Sized(stream.chunks(chunk)))), |one| match one {
        Ok(one) => events.iter_mut().for_each(|events| events.push(event(&one.event, &one.data, &one.id))),
        Err(_) => events = Err(()),
    });
    events
}

fn sse_core(stream: &'static [u8], chunk: usize) -> Result<Vec<Event>, ()> {
    let (mut decoder, mut events) = (sse_core::SseDecoder::new(), Vec::new());
    for mut input in stream.chunks(chunk) {
        while let Some(one) = decoder.next(&mut input) {
            if let sse_core::SseEvent::Message(one) = one.map_err(drop)? {
                events.push(event(&one.event, &one.data, one.last_event_id.as_deref().unwrap_or_default()));
            }
        }
    }
    Ok(events)
}

fn sse_stream(stream: &'static [u8], chunk: usize) -> Result<Vec<Event>, ()> {
    let mut events = Ok(Vec::new());
    drain(sse_stream::SseByteStream::new(Slices(Chunks::Sized(stream.chunks(chunk)))), |one| match one {
        // It also returns blocks without data, which are not events.
        Ok(sse_stream::Sse { data: None, .. }) => {}
        Ok(one) => {
            let event_type = one.event.as_deref().unwrap_or("message");
            let one = event(event_type, &one.data.unwrap_or_default(), &one.id.unwrap_or_default());
            events.iter_mut().for_each(|events| events.push(one.clone()));
        }
        Err(_) => events = Err(()),
    });
    events
}

fn sseer(stream: &'static [u8], chunk: usize) -> Result<Vec<Event>, ()> {
    let mut events = Ok(Vec::new());
    drain(
        sseer::EventStream::new(Shared::new(&Bytes::from_static(stream), Chunks::Sized(stream.chunks(chunk)))),
        |one| match one {
            Ok(one) => events.iter_mut().for_each(|events| events.push(event(&one.event, &one.data, &one.id))),
            Err(_) => events = Err(()),
        },
    );
    events
}

fn sse_parse(stream: &'static [u8], chunk: usize) -> Result<Vec<Event>, ()> {
    let (mut parser, mut events) = (sse_parse::SseParser::new(), Vec::new());
    for input in stream.chunks(chunk) {
        parser.feed(input);
    }
    parser.finish();
    while let Some(one) = parser.next_event() {
        events.push(event(&one.event, &one.data, &one.id));
    }
    Ok(events)
}

fn stream_rs(stream: &'static [u8], chunk: usize) -> Result<Vec<Event>, ()> {
    let (mut parser, mut events) = (stream_rs::sse::SseParser::new(), Vec::new());
    for input in stream.chunks(chunk) {
        parser.feed(input, &mut events);
    }
    let of = |one: stream_rs::sse::SseEvent| {
        event(one.event.as_deref().unwrap_or("message"), &one.data, &one.id.unwrap_or_default())
    };
    Ok(events.into_iter().map(of).collect())
}
