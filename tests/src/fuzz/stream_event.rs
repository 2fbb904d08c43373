//! One payload: the fast paths of the decoder return the same event as the slow path.

mod spelled;

use serde_json::{Map, Value};
use ssewire_messages::{Delta, PartialStrings, PayloadError, RawJson, RawJsonRef, StreamEvent, Validation};

use super::cost;
use super::input::Input;
use super::message_stream::{Options, as_its_parts, as_sse};
use crate::{chunks, utf8};

/// The event types of a payload.
pub(super) const NAMES: [&[u8]; 12] = [
    b"",
    b"message",
    b"content_block_delta",
    b"content_block_start",
    b"content_block_stop",
    b"message_start",
    b"message_delta",
    b"message_stop",
    b"ping",
    b"error",
    b"future_event",
    b"\xFF",
];

/// A member that no fast path accepts, and that changes nothing else.
const ODD: &str = "odd~member";

/// Checks that the layout of a payload does not change its event, and that the event is the one of `docs/protocol.md`.
/// `MessageDecoder` and `Accumulator` treat it in the same way.
///
/// The first byte of the input selects the event type from `NAMES`, strict mode, and the format of the rest: the
/// payload itself, or the input of `spelled`.
pub fn stream_event(input: &[u8]) {
    let mut input = Input::new(input);
    let how = input.byte();
    let name = NAMES[usize::from(how & 0x0F) % NAMES.len()];
    let validation = if how & 0x80 == 0 { Validation::Lenient } else { Validation::Strict };
    let payload = match how >> 4 & 3 {
        0 | 1 => input.rest().to_vec(),
        2 => spelled::as_servers_do(input),
        _ => spelled::in_members(input),
    };
    let (decoded, cost) = cost::of(|| StreamEvent::decode(name, &payload));
    let received = payload.len();
    assert!(cost.peak <= 16 * received + 4096, "{cost:?} for {received} bytes");
    assert!(cost.allocated <= 32 * received + 8192, "{cost:?} for {received} bytes");
    with_an_odd_member(name, &payload, &decoded);
    well_formed(name, &payload, &decoded);
    padded(name, &payload, &decoded);
    as_the_page_says(name, &payload, &decoded);
    through_the_driver(name, &payload, validation);
}

type Decoded<'a> = Result<Option<StreamEvent<'a>>, PayloadError>;

/// An additional member forces the slow path.
fn with_an_odd_member(name: &[u8], payload: &[u8], decoded: &Decoded<'_>) {
    let Some(begin) = payload.iter().position(|byte| *byte == b'{') else { return };
    let (before, members) = payload.split_at(begin + 1);
    if !before[..begin].trim_ascii().is_empty() {
        return;
    }
    let comma = if members.trim_ascii_start().starts_with(b"}") { "" } else { "," };
    let odd = [before, format!("\"{ODD}\":1{comma}").as_bytes(), members].concat();
    match (decoded, StreamEvent::decode(name, &odd)) {
        (Ok(Some(plain)), Ok(Some(odd))) => assert_eq!(without_odd(plain), without_odd(&odd)),
        (Err(plain), Err(odd)) => same_error(plain, &odd),
        (plain, odd) => panic!("{plain:?} {odd:?}"),
    }
}

/// An event as text, without the additional member and the flag for additional members.
fn without_odd(event: &StreamEvent<'_>) -> String {
    let members = |json: &RawJson| match json.as_json().to_value() {
        Ok(Value::Object(mut members)) => {
            members.remove(ODD);
            format!("{members:?}")
        }
        // A payload of type `error` that is not JSON is an error with that text.
        _ => String::new(),
    };
    match event {
        StreamEvent::Error(error) => members(error.body()),
        StreamEvent::Unknown(unknown) => members(&unknown.to_json()),
        StreamEvent::ContentBlockDelta(delta) => format!("{} {:?}", delta.index, delta.delta),
        other => format!("{other:?}"),
    }
}

/// Ill-formed UTF-8 is replaced with U+FFFD.
fn well_formed(name: &[u8], payload: &[u8], decoded: &Decoded<'_>) {
    let text = utf8::decode(payload);
    let well_formed = StreamEvent::decode(name, text.as_bytes());
    match (decoded, &well_formed) {
        (Err(one), Err(other)) => same_error(one, other),
        (one, other) => assert_eq!(one, other),
    }
}

/// Compares the kinds of two errors. Their positions may differ.
fn same_error(one: &PayloadError, other: &PayloadError) {
    let kind = |error: &PayloadError| std::mem::discriminant(&error.kind());
    assert_eq!((kind(one), one.is_content_lost()), (kind(other), other.is_content_lost()), "{one:?} {other:?}");
}

/// Padding, as in recorded streams, does not change the event.
fn padded(name: &[u8], payload: &[u8], decoded: &Decoded<'_>) {
    let Ok(Some(event)) = decoded else { return };
    assert_eq!(*event, event.clone().into_owned());
    if matches!(event, StreamEvent::Error(_) | StreamEvent::Unknown(_)) {
        return;
    }
    if let Some(members) = payload.trim_ascii().strip_suffix(b"}") {
        let padded = [members, b"   } "].concat();
        assert_eq!(StreamEvent::decode(name, &padded).unwrap().unwrap(), *event);
    }
}

/// Compares the event with an independent implementation for payloads that are JSON: `docs/protocol.md`, headings
/// "Errors" and "Tolerances of the decoder".
fn as_the_page_says(name: &[u8], payload: &[u8], decoded: &Decoded<'_>) {
    let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(payload) else { return };
    if is_ambiguous(payload) {
        return;
    }
    let typed = members.get("type").and_then(Value::as_str);
    let name = if name == b"message" { b"" } else { name };
    let kind = typed.map_or(name, str::as_bytes);
    if is_error(kind, typed.is_some(), name, &members) {
        return assert!(
            matches!(decoded, Ok(Some(StreamEvent::Error(error))) if error.body().as_json().to_value().unwrap().as_object() == Some(&members))
        );
    }
    let index = || members.get("index").and_then(count);
    match (kind, decoded) {
        (b"ping", decoded) => assert_eq!(*decoded, Ok(Some(StreamEvent::Ping))),
        (b"message_stop", decoded) => assert_eq!(*decoded, Ok(Some(StreamEvent::MessageStop))),
        (b"content_block_stop", Ok(Some(StreamEvent::ContentBlockStop(stop)))) => assert_eq!(Some(stop.index), index()),
        (b"content_block_stop", Err(_)) => assert_eq!(index(), None),
        (b"content_block_start", Ok(Some(StreamEvent::ContentBlockStart(start)))) => {
            assert_eq!(Some(start.index), index());
            assert_eq!(Some(&*start.content_block.type_name()), members["content_block"]["type"].as_str());
        }
        (b"content_block_delta", Ok(Some(StreamEvent::ContentBlockDelta(event)))) => {
            assert_eq!(Some(event.index), index());
            assert_eq!(Some(&*event.delta.type_name()), members["delta"]["type"].as_str());
            assert_eq!(text_of(&event.delta), text_in(&members["delta"]));
            assert_eq!(second_of(&event.delta), second_in(&members["delta"]));
        }
        (b"content_block_delta", Err(error)) => {
            assert!(error.is_content_lost());
            let delta = members.get("delta").unwrap_or(&Value::Null);
            let is_whole = index().is_some()
                && delta["type"].is_string()
                && !matches!(delta["type"].as_str(), Some("citations_delta" | "compaction_delta"));
            assert!(!is_whole || matches!(text_in(delta), Some(Err(()))), "{delta}");
        }
        (b"content_block_start", Err(error)) => assert!(error.is_content_lost()),
        (b"message_start", Ok(Some(StreamEvent::MessageStart(_)))) => assert!(members["message"].is_object()),
        (b"message_start" | b"message_delta", Err(error)) => assert!(!error.is_content_lost()),
        (b"message_delta", Ok(Some(StreamEvent::MessageDelta(_)))) => {}
        (_, Ok(Some(StreamEvent::Unknown(unknown)))) => {
            assert_eq!(unknown.to_json().as_json().to_value().unwrap().as_object(), Some(&members))
        }
        (_, decoded) => panic!("{decoded:?}"),
    }
}

/// If `type` is repeated, the first one counts; for an error, any of them. `serde_json` would use the last one.
fn is_ambiguous(payload: &[u8]) -> bool {
    let Ok(json) = RawJson::from_bytes(payload) else { return false };
    let count = |json: RawJsonRef<'_>, name: &str| json.members().filter(|(other, _)| other == name).count();
    ["type", "object", "error", "detail"].iter().any(|name| count(json.as_json(), name) > 1)
        || json.as_json().members().any(|(_, member)| count(member, "type") > 1)
}

/// `docs/protocol.md`, heading "Errors".
fn is_error(kind: &[u8], typed: bool, name: &[u8], members: &Map<String, Value>) -> bool {
    let has = |name| members.get(name).is_some_and(|value| !value.is_null());
    let known: [&[u8]; 7] = [
        b"message_start",
        b"message_delta",
        b"message_stop",
        b"content_block_start",
        b"content_block_delta",
        b"content_block_stop",
        b"ping",
    ];
    kind == b"error"
        || members.get("object").is_some_and(|object| object == "error")
        || (!typed && (has("error") || has("detail")))
        || (name == b"error" && !known.contains(&kind))
}

/// `docs/protocol.md`, heading "Tolerances of the decoder". Beyond 2^53 a float names no integer exactly.
fn count(value: &Value) -> Option<u64> {
    match value {
        Value::String(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits.parse().ok(),
        Value::Number(number) => number.as_u64().or_else(|| {
            let float = number.as_f64().filter(|float| float.is_sign_positive() && float.fract() == 0.0)?;
            float.to_string().parse().ok()
        }),
        _ => None,
    }
}

/// The string of a delta, if its kind has one.
fn text_of(delta: &Delta<'_>) -> Option<Result<String, ()>> {
    let text = match delta {
        Delta::Text(delta) => delta.text(),
        Delta::Thinking(delta) => delta.thinking(),
        Delta::InputJson(delta) => delta.partial_json(),
        Delta::Signature(delta) => delta.signature(),
        _ => return None,
    };
    Some(Ok(text.to_owned()))
}

fn text_in(delta: &Value) -> Option<Result<String, ()>> {
    let member = match delta["type"].as_str()? {
        "text_delta" => "text",
        "thinking_delta" => "thinking",
        "input_json_delta" => "partial_json",
        "signature_delta" => "signature",
        _ => return None,
    };
    Some(match delta.get(member) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Null) => Ok(String::new()),
        _ => Err(()),
    })
}

/// The member of a delta that belongs to its block and not to the delta: `docs/protocol.md`, heading "Merge rules".
fn second_of(delta: &Delta<'_>) -> Option<Value> {
    match delta {
        Delta::Text(delta) => delta.citation().map(|citation| citation.as_json().to_value().unwrap()),
        Delta::Thinking(delta) => delta.signature().map(Value::from),
        Delta::Signature(delta) => delta.thinking().map(Value::from),
        Delta::Citations(delta) => delta.text().map(Value::from),
        _ => None,
    }
}

fn second_in(delta: &Value) -> Option<Value> {
    let (member, fits): (_, fn(&Value) -> bool) = match delta["type"].as_str()? {
        "text_delta" => ("citation", Value::is_object),
        "thinking_delta" => ("signature", Value::is_string),
        "signature_delta" => ("thinking", Value::is_string),
        "citations_delta" => ("text", Value::is_string),
        _ => return None,
    };
    delta.get(member).filter(|value| fits(value)).cloned()
}

/// Three times: the second of two consecutive deltas takes a faster path.
fn through_the_driver(name: &[u8], payload: &[u8], validation: Validation) {
    let mut body = PRELUDE.concat();
    // The payload without a `type` is another event under another name.
    for name in [name, name, name, b"future_event", b"error"] {
        as_sse(name, payload, &mut body);
    }
    let (max_event, max_bytes) = (usize::MAX, usize::MAX);
    let options = Options {
        validation,
        partial: Some(PartialStrings::Show),
        max_event,
        max_bytes,
        content_type: None,
        discards_text: false,
    };
    as_its_parts(&body, &chunks::whole(&body), options);
}

/// A message with a block for each of the common deltas, and one of unknown kind.
const PRELUDE: [&[u8]; 5] = [
    b"data: {\"type\":\"message_start\",\"message\":{\"content\":[]}}\n\n",
    b"data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    b"data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n",
    b"data: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"input\":{}}}\n\n",
    b"data: {\"type\":\"content_block_start\",\"index\":3,\"content_block\":{\"type\":\"new\",\"text\":\"\",\"input\":1}}\n\n",
];
