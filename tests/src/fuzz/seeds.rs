//! Seeds of the fuzz targets: sample streams, hostile streams and conformance cases, in the input format of each
//! target.

use std::fs;

use serde_json::Value;

use super::stream_event::NAMES;
use crate::cases;

/// An input of a target.
#[derive(Debug, Clone)]
pub struct Seed {
    pub target: &'static str,
    pub name: String,
    pub input: Vec<u8>,
}

/// All seeds, the same in every run.
pub fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut payloads = Vec::new();
    for (number, (name, body)) in (0..).zip(streams()) {
        let events = events(&body);
        seeds.extend(stream_seeds(number, &name, &body, &events));
        payloads.extend(events.into_iter().enumerate().map(|(at, event)| (format!("{name}-{at}"), event)));
    }
    seeds.extend(payload_seeds(payloads));
    seeds.extend(accumulate_seeds());
    seeds.extend(delta_seeds());
    // A number at the end of the text is shown up to 64 bytes.
    for digits in [61, 62, 63, 70] {
        let number = format!("[0.{}", "3".repeat(digits));
        seeds.push(Seed::new("json_prefixes", &format!("{digits}-digits"), [&[1, 5], number.as_bytes()].concat()));
    }
    seeds.push(Seed::new("json_prefixes", "depth", [&[1, 9], "[".repeat(127).as_bytes()].concat()));
    seeds.extend(blocks_of_fields());
    seeds.extend((0..60).map(|number| Seed::new("order", &format!("order-{number}"), vec![number; 4])));
    for (number, case) in (0..).zip(cases::all()) {
        let how = [0x03, 0x13, 0x23, 0x33, 0x43, 0x83][number % 6];
        seeds.push(Seed::new("decoder", &case.id, [&[how, 20, 1, 2, 3][..], &case.input].concat()));
    }
    // Not longer than the maximum length of the target, which would truncate or discard it.
    seeds.retain(|seed| seed.input.len() <= if seed.target == "json_prefixes" { 192 } else { 2400 });
    seeds
}

/// The event type and the payload of an event.
type Event = (Vec<u8>, Vec<u8>);

/// A stream as the input of each target that reads streams, recordings or lines.
fn stream_seeds(number: u8, name: &str, body: &[u8], events: &[Event]) -> Vec<Seed> {
    let mut seeds = Vec::new();
    // Each with other options: strict or lenient, view of the input, limits on events and message, content type.
    let limits = if number % 5 == 0 { number % 3 + 1 } else { 0 };
    let flags = (number % 4) | limits << 2 | ((number % 8) << 4);
    for target in ["message_stream", "message_protocol"] {
        seeds.push(Seed::new(target, name, [&[flags, 40, 3, 1, 7, 30][..], body].concat()));
    }
    // Chunks and steps by each method, looks between them, and the next message after its half and at its end.
    let calls =
        [0x03, number.wrapping_mul(7), 9, 0, 5, 40, 0x26, 200, 4, 90, number % 3 + 11, number, 2, 255, 13, 0, 0x1B, 1];
    let driver = [&[flags | ((number % 2) << 7), 40, 18][..], &calls, body].concat();
    seeds.push(Seed::new("driver", name, driver));
    let schedule = [((number % 4) << 4) | (number % 8), 200, 2, 40, 7, 3, number % 4, 0, 1];
    seeds.push(Seed::new("adapters", name, [&schedule[..], body].concat()));
    let mut recorded = vec![3, 1, 7, 30];
    for (line, block) in body.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if line % 3 == 0 {
            recorded.extend(format!(": ssewire +{line}ms\n").bytes());
        }
        recorded.extend(block);
    }
    seeds.push(Seed::new("recording", name, recorded));
    seeds.push(Seed::new("recording", &format!("{name}-without-times"), [&[2, 9, 50], body].concat()));
    let lines: Vec<&[u8]> = events.iter().map(|(_, payload)| &payload[..]).collect();
    let wrapped = lines.iter().map(|line| [&br#"{"type":"stream_event","event":"#[..], line, b"}\n"].concat());
    let wrapped = wrapped.collect::<Vec<_>>().concat();
    for (kind, text) in [("bare", lines.join(&b'\n')), ("wrapped", wrapped)] {
        let name = format!("{name}-{kind}");
        seeds.push(Seed::new("json_lines", &name, [&[number % 3, 80 + number, 2, 7, 30], &text[..]].concat()));
    }
    seeds.push(Seed::new("accumulate", name, [&[0x80 | (number % 8), 40][..], &lines.join(&b'\n')].concat()));
    seeds
}

/// One payload of each shape, as an event and as JSON.
fn payload_seeds(payloads: Vec<(String, Event)>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut seen = Vec::new();
    for (name, (event_type, payload)) in payloads {
        let shape = (event_type.clone(), shape(&payload));
        if !seen.contains(&shape) {
            seen.push(shape);
            let event_type = NAMES.iter().position(|name| *name == event_type).unwrap_or_default();
            let event_type = u8::try_from(event_type).expect("a few names");
            seeds.push(Seed::new("stream_event", &name, [&[event_type], &payload[..]].concat()));
            seeds.push(Seed::new("json_prefixes", &name, [&[3, 5, 1, 9], &payload[..]].concat()));
        }
    }
    seeds
}

/// Events in the format of `accumulate::script`: kind, index and details of each.
fn accumulate_seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    // One index for three blocks and their stops, and text up to a limit that is exceeded in the middle of a block.
    let (begin, start, stop, text) = ([0, 0, 1], [1, 0, 0], [12, 0, 0], b"\x04\0\xF0fifteen letters");
    let reused = [&[0, 0][..], &begin, &start, &start, &start, &stop, &stop, text, &stop, &stop].concat();
    seeds.push(Seed::new("accumulate", "one-index", reused));
    for limit in 20..36 {
        let full = [&[2, limit][..], &begin, &start, &text.repeat(8)].concat();
        seeds.push(Seed::new("accumulate", &format!("limit-{limit}"), full));
    }
    seeds
}

/// The common deltas, in the layout of the API and in members.
fn delta_seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (kind, text) in (0..4_u8).zip([r"plain", r"\n\t\r\b\f\/\\", r#"{\"a\":"#, r"\u00e9\ud83d\ude00"]) {
        let exact = [&[0x20, kind, kind | kind << 3 | kind << 5][..], text.as_bytes()].concat();
        seeds.push(Seed::new("stream_event", &format!("layout-{kind}"), exact));
        let delta = [4, 2, kind << 4, kind << 4 | 1, 2, b'a', b'b'];
        let members = [&[0x30, 0, 2, 1, b'0'][..], &delta].concat();
        seeds.push(Seed::new("stream_event", &format!("members-{kind}"), members));
        let members = [&[0x30][..], &delta, &[2, 2, b'1', b'7', 0]].concat();
        seeds.push(Seed::new("stream_event", &format!("members-turned-{kind}"), members));
    }
    seeds
}

impl Seed {
    fn new(target: &'static str, name: &str, input: Vec<u8>) -> Self {
        Self { target, name: format!("seed-{name}"), input }
    }
}

/// The sample streams and the hostile streams, by name.
fn streams() -> Vec<(String, Vec<u8>)> {
    let mut streams = Vec::new();
    for folder in ["samples", "hostile"] {
        let folder = crate::at("data/streams").join(folder);
        for file in fs::read_dir(folder).expect("the streams are part of the repository") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|extension| extension == "sse") {
                let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
                streams.push((name, fs::read(path).expect("a file that can be read")));
            }
        }
    }
    streams.sort();
    streams
}

/// The events of a stream in the form of the samples: one line for the type, one for the data.
fn events(body: &[u8]) -> Vec<Event> {
    let (mut events, mut event_type) = (Vec::new(), Vec::new());
    for line in body.split(|byte| *byte == b'\n') {
        match (line.strip_prefix(b"event: "), line.strip_prefix(b"data: ")) {
            (Some(name), _) => event_type = name.to_vec(),
            (_, Some(data)) => events.push((std::mem::take(&mut event_type), data.to_vec())),
            _ => {}
        }
    }
    events
}

/// The member names of a payload. Of payloads that differ only in their text, one is enough.
fn shape(payload: &[u8]) -> String {
    fn of(value: &Value, shape: &mut String) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    *shape += name;
                    if let (Some(kind), "type") = (value.as_str(), name.as_str()) {
                        *shape += kind;
                    }
                    of(value, shape);
                }
            }
            Value::Array(elements) => elements.iter().for_each(|element| of(element, shape)),
            Value::Null => *shape += "null",
            _ => {}
        }
    }
    match serde_json::from_slice(payload) {
        Ok(value) => {
            let mut shape = String::new();
            of(&value, &mut shape);
            shape
        }
        Err(_) => String::from_utf8_lossy(payload).into_owned(),
    }
}

/// The events of the conformance cases as input of `encode_decode`.
fn blocks_of_fields() -> Vec<Seed> {
    let mut seeds = Vec::<Seed>::new();
    for case in cases::all() {
        let mut input = vec![3, 1, 3, 9];
        for event in case.events.iter().take(4) {
            input.push(0x1F);
            for field in ["a comment", &event.event, &event.id, &event.data] {
                let field = &field.as_bytes()[..field.len().min(255)];
                input.push(u8::try_from(field.len()).expect("no more than that"));
                input.extend(field);
            }
            input.extend(1500_u64.to_be_bytes());
        }
        let is_new = seeds.iter().all(|seed| seed.input != input);
        if is_new && input.len() < 200 {
            seeds.push(Seed::new("encode_decode", &case.id, input));
        }
    }
    seeds
}
