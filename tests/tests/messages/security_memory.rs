//! How much memory JSON takes for each byte of it that was received: what SECURITY.md says.

use ssewire_json::PartialJson;
use ssewire_messages::{MessageDecoder, Step};

/// The most that was held for each byte of `text` while `work` used it.
fn per_byte<T>(text: &str, work: impl FnOnce(&str) -> T) -> f64 {
    let (_kept, peak) = ssewire_heap::peak_of(|| work(text));
    peak as f64 / text.len() as f64
}

/// A message that begins with a member that is not known.
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

/// An array of about 256 KiB.
fn array(item: &str) -> String {
    format!("[{}]", vec![item; (1 << 18) / (item.len() + 1)].join(","))
}

#[test]
fn hostile_json_costs_less_than_256_bytes_a_byte() {
    for item in [r#"{"":0}"#, r#"{"a":0}"#, r#"{"a":{}}"#, "0", "[]", "[0]", "{}", r#""""#] {
        let json = array(item);
        let costs = [per_byte(&json, message), per_byte(&json, partial_json)];
        assert!(costs.iter().all(|cost| *cost < 256.0), "{item}: {costs:?}");
    }
}

#[test]
fn text_costs_a_few_bytes_a_byte() {
    let json = array(r#""some words, as a model writes them, and then some more of them""#);
    let costs = [per_byte(&json, message), per_byte(&json, partial_json)];
    assert!(costs.iter().all(|cost| *cost < 8.0), "{costs:?}");
}
