//! Memory for each byte of JSON that was received. SECURITY.md states the bounds.

use ssewire_json::PartialJson;
use ssewire_messages::{MessageDecoder, Step};

/// Returns the peak memory of `work`, in bytes for each byte of `text`.
fn per_byte<T>(text: &str, work: impl FnOnce(&str) -> T) -> f64 {
    let (_kept, peak) = ssewire_heap::peak_of(|| work(text));
    peak as f64 / text.len() as f64
}

/// Decodes the start of a message with this value as an unknown member.
fn message(json: &str) -> MessageDecoder {
    let body = format!("data: {{\"type\":\"message_start\",\"message\":{{\"unknown\":{json}}}}}\n\n");
    let (mut stream, mut input) = (MessageDecoder::new(), body.as_bytes());
    assert!(matches!(stream.decode(&mut input), Ok(Step::Update(_))));
    assert!(!stream.snapshot().extra().is_empty());
    stream
}

fn partial_json(json: &str) -> PartialJson {
    let mut incremental = PartialJson::new();
    let mut rest = json;
    while let Some((piece, after)) = rest.split_at_checked(20) {
        incremental.push(piece).unwrap();
        rest = after;
    }
    incremental.push(rest).unwrap();
    assert!(incremental.is_complete());
    incremental
}

/// A JSON array of about 256 KiB.
fn array(item: &str) -> String {
    format!("[{}]", vec![item; (1 << 18) / (item.len() + 1)].join(","))
}

#[test]
fn hostile_json_needs_less_than_256_bytes_per_byte() {
    for item in [r#"{"":0}"#, r#"{"a":0}"#, r#"{"a":{}}"#, "0", "[]", "[0]", "{}", r#""""#] {
        let json = array(item);
        let costs = [per_byte(&json, message), per_byte(&json, partial_json)];
        assert!(costs.iter().all(|cost| *cost < 256.0), "{item}: {costs:?}");
    }
}

#[test]
fn json_of_text_needs_less_than_8_bytes_per_byte() {
    let json = array(r#""some words, as a model writes them, and then some more of them""#);
    let costs = [per_byte(&json, message), per_byte(&json, partial_json)];
    assert!(costs.iter().all(|cost| *cost < 8.0), "{costs:?}");
}
