//! An event that is repeated costs its own length each time, whatever the message holds already; and a message is
//! written and compared in proportion to its length.
//!
//! Time is not measured, and nothing ends a slow test: quadratic work shows only as a run of minutes. `ci/growth`
//! counts the instructions of such inputs, and fails.

use std::collections::BTreeMap;

use ssewire_messages::{Accumulator, Message, Update};

const MIB: usize = 1 << 20;
const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","content":[]}}"#;
const BLANK_CALL: &str =
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}"#;
const STOP: &str = r#"{"type":"content_block_stop","index":0}"#;
const TRUNCATED: &str = r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens"}}"#;
const NOT_TRUNCATED: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#;

/// An accumulator that took these payloads.
fn with<'a>(payloads: impl IntoIterator<Item = &'a str>) -> Accumulator {
    let mut accumulator = Accumulator::new().with_max_blocks(usize::MAX);
    payloads.into_iter().for_each(|payload| take(&mut accumulator, payload));
    accumulator
}

fn take(accumulator: &mut Accumulator, payload: &str) {
    let update = accumulator.accumulate_json(payload.as_bytes()).expect("within the limits");
    assert!(!matches!(update, Update::Lost(_)), "{update:?}");
}

/// The number of tool calls that the last event completed.
fn completed_calls(accumulator: &mut Accumulator) -> usize {
    let mut calls = 0;
    while let Some(update) = accumulator.next_update() {
        calls += usize::from(matches!(update, Update::ToolCall(_)));
    }
    calls
}

#[test]
fn a_repeated_stop_reason_does_not_read_blank_input_again() {
    let blank = format!(
        r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"input_json_delta","partial_json":"{}"}}}}"#,
        " ".repeat(8 * MIB)
    );
    let initial =
        r#"{"type":"message_start","message":{"content":[{"type":"tool_use","id":"t","name":"n","input":{}}]}}"#;
    let mut open = with([initial, &blank]);
    let mut accumulator = with([START, BLANK_CALL, &blank, STOP]);
    for _ in 0..100_000 {
        take(&mut accumulator, TRUNCATED);
        take(&mut open, TRUNCATED);
    }
    assert!(open.snapshot().content()[0].tool_input().unwrap().value().is_err(), "truncated");
    assert!(accumulator.snapshot().content()[0].tool_input().unwrap().value().is_err(), "truncated");
    take(&mut accumulator, NOT_TRUNCATED);
    assert_eq!(completed_calls(&mut accumulator), 1);
}

#[test]
fn a_truncated_call_is_not_decided_again_at_each_stop() {
    let calls = 100_000;
    let mut accumulator = with([START, TRUNCATED]);
    for _ in 0..calls {
        take(&mut accumulator, BLANK_CALL);
        take(&mut accumulator, STOP);
    }
    let is_truncated = |call: usize| accumulator.snapshot().content()[call].tool_input().unwrap().value().is_err();
    assert!(is_truncated(0) && is_truncated(calls - 1));
    take(&mut accumulator, NOT_TRUNCATED);
    assert_eq!(completed_calls(&mut accumulator), calls);
}

/// Two blocks after the same deltas: one that takes a compaction, one of an unknown kind that takes a signature.
#[test]
fn a_large_assigned_member_is_not_searched_for_each_member_of_the_start() {
    let (members, value) = (r#","a":0"#.repeat(300_000), "s".repeat(4 * MIB));
    for (kind, delta, name) in
        [("compaction", "compaction_delta", "content"), ("future", "signature_delta", "signature")]
    {
        let start = format!(
            r#"{{"type":"content_block_start","index":0,"content_block":{{"type":"{kind}","{name}":"first"{members}}}}}"#
        );
        let delta =
            format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"{delta}","{name}":"{value}"}}}}"#);
        let written = with([START, &start, &delta]).snapshot().to_json().unwrap().into_string();
        let expected = format!(r#"{{"type":"{kind}"{members},"{name}":"{value}"}}"#);
        assert!(written.contains(&expected), "{kind}");
    }
}

#[test]
fn messages_with_many_members_are_compared_by_name_once() {
    let message = |numbers: &mut dyn Iterator<Item = u32>, last: u32| -> Message {
        let members: String = numbers.map(|number| format!(r#""x{number}":0,"#)).collect();
        format!(r#"{{{members}"last":{last}}}"#).parse().unwrap()
    };
    let many = 50_000;
    let rising = message(&mut (0..many), 1);
    assert!(rising == message(&mut (0..many).rev(), 1), "in any order");
    assert!(rising != message(&mut (0..many).rev(), 2), "another value");
    assert!(rising != message(&mut (1..many).rev(), 1), "one less");
}

#[test]
fn a_fallback_does_not_copy_the_id_of_the_message() {
    let start = format!(r#"{{"type":"message_start","message":{{"id":"{}","content":[]}}}}"#, "i".repeat(MIB));
    let mut accumulator = with([&*start]);
    let (mut received, mut allocated) = (start.len(), 0);
    for number in 0..4000 {
        let fallback = format!(
            r#"{{"type":"content_block_start","index":0,"content_block":{{"type":"fallback","to":{{"model":"m{number}"}}}}}}"#
        );
        received += fallback.len();
        let before = ssewire_heap::allocated();
        take(&mut accumulator, &fallback);
        allocated += ssewire_heap::allocated() - before;
    }
    assert!(allocated <= 20 * received, "{allocated} allocated for {received}");
    let message = accumulator.snapshot();
    assert_eq!((message.id().map(str::len), message.model()), (Some(MIB), Some("m3999")));
}

#[test]
fn equal_members_are_equal_in_any_spelling_and_order() {
    let all: BTreeMap<&str, Message> = [
        ("plain", r#"{"a/b":1,"c":[2]}"#),
        ("escaped", r#"{"c":[2],"\u0061\/b":1}"#),
        ("repeated", r#"{"c":0,"a/b":1,"c":[2]}"#),
    ]
    .map(|(name, json)| (name, json.parse().unwrap()))
    .into();
    for (name, message) in &all {
        assert_eq!(message, &all["plain"], "{name}");
    }
    assert_ne!(all["plain"], r#"{"a/b":1,"c":[ 2]}"#.parse().unwrap());
}
