//! A range of bytes that is missing from a stream, from within one event to within a later one. A message with other
//! content is never returned as complete, and no tool call with other input is returned.
//!
//! Splices that cannot be recognised are exempt, and no others: each block of the spliced stream that has a `data` line
//! has a payload that is valid JSON. Then one event is the splice, or only whole events and blocks without `data` are
//! missing. If such an event is undecodable, the message is incomplete, too, but the index of the event counts.

use serde::de::IgnoredAny;
use serde_json::Value;
use ssewire_messages::{Message, MessageDecoder, Step, Update};

/// The content of the message as JSON, and the tool calls that updates returned.
type Content = (Vec<String>, Vec<String>);

/// An event with its members in the order of the API.
fn event(kind: &str, members: &str) -> String {
    format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{members}}}\n\n")
}

fn ping() -> String {
    "event: ping\ndata: {\"type\": \"ping\"}\n\n".to_owned()
}

fn start(index: u64, block: &str) -> String {
    event("content_block_start", &format!(",\"index\":{index},\"content_block\":{block}"))
}

fn delta(index: u64, kind: &str, member: &str, value: &str) -> String {
    let delta = format!("{{\"type\":\"{kind}\",\"{member}\":{}}}", Value::from(value));
    event("content_block_delta", &format!(",\"index\":{index},\"delta\":{delta}"))
}

fn text(index: u64, text: &str) -> String {
    delta(index, "text_delta", "text", text)
}

fn tool(index: u64) -> String {
    start(index, &format!(r#"{{"type":"tool_use","id":"t{index}","name":"rm","input":{{}}}}"#))
}

fn input(index: u64, json: &str) -> String {
    delta(index, "input_json_delta", "partial_json", json)
}

fn stop(index: u64) -> String {
    event("content_block_stop", &format!(",\"index\":{index}"))
}

/// A complete stream with these events of blocks.
fn message(blocks: &[String], reason: &str) -> Vec<String> {
    let begin = event("message_start", r#","message":{"id":"m","content":[]}"#);
    let reason = format!(r#","delta":{{"stop_reason":"{reason}"}},"usage":{{"output_tokens":3}}"#);
    let end = [event("message_delta", &reason), event("message_delta", &reason), event("message_stop", "")];
    [&[begin], blocks, &end].concat()
}

fn streams() -> Vec<Vec<String>> {
    let empty = || start(0, r#"{"type":"text","text":""}"#);
    let with_pings = [empty(), ping(), text(0, "Do "), text(0, "not "), ping(), text(0, "delete"), ping(), stop(0)];
    let text_and_tool = [
        empty(),
        text(0, "I run"),
        stop(0),
        tool(1),
        input(1, ""),
        input(1, "{\"path\":"),
        input(1, "\"/tmp\"}"),
        stop(1),
    ];
    let interleaved = [
        tool(0),
        tool(1),
        input(0, "{\"a\":"),
        input(1, "{\"path\":"),
        input(0, "1}"),
        input(1, "\"/tmp\"}"),
        stop(0),
        stop(1),
    ];
    let thinking = [
        start(0, r#"{"type":"thinking","thinking":"","signature":""}"#),
        delta(0, "thinking_delta", "thinking", "hm"),
        delta(0, "signature_delta", "signature", "s"),
        stop(0),
        tool(1),
        stop(1),
    ];
    vec![
        message(&with_pings, "end_turn"),
        message(&text_and_tool, "tool_use"),
        message(&interleaved, "tool_use"),
        message(&thinking, "tool_use"),
    ]
}

/// The same stream without its `event` lines.
fn without_event_types(events: &[String]) -> Vec<String> {
    events.iter().map(|event| event.split_once('\n').expect("an `event` line").1.to_owned()).collect()
}

fn content(message: &Message) -> Vec<String> {
    message.content().iter().map(|block| block.to_json().expect("complete").as_str().to_owned()).collect()
}

/// The content of the message if it is complete, the calls, and whether an event was lost.
fn decode(body: &str) -> (Option<Vec<String>>, Vec<String>, bool) {
    let (mut decoder, mut input) = (MessageDecoder::new(), body.as_bytes());
    let (mut calls, mut is_lost) = (Vec::new(), false);
    while let Ok(Step::Update(event)) = decoder.decode(&mut input) {
        match event.update {
            Update::ToolCall(call) => calls.push(format!("{} {}", call.id, call.input)),
            Update::Lost(_) => is_lost = true,
            _ => {}
        }
    }
    (decoder.finish().ok().map(|message| content(&message)), calls, is_lost)
}

/// Returns whether the data of each block is valid JSON, or blank. Blocks without `data` have none.
fn is_valid_json(body: &str) -> bool {
    body.split("\n\n").all(|block| {
        let lines = block.split('\n').filter_map(|line| line.strip_prefix("data:"));
        let data = lines.collect::<Vec<_>>().join("\n");
        data.trim().is_empty() || serde_json::from_str::<IgnoredAny>(&data).is_ok()
    })
}

#[derive(Debug, Default)]
struct Counts {
    ranges: usize,
    not_json: usize,
    /// Undecodable, though the payloads are valid JSON.
    undecodable: usize,
}

/// Removes one of `step` ranges that begin within one event and end within a later one.
fn remove_ranges(events: &[String], step: usize) -> Counts {
    let whole = events.concat();
    let (complete, calls, is_lost) = decode(&whole);
    let (complete, calls): Content = (complete.expect("complete"), calls);
    assert!(!is_lost);
    let mut ends = Vec::new();
    for event in events {
        ends.push(ends.last().unwrap_or(&0) + event.len());
    }
    let event_at = |at: usize| ends.iter().position(|end| at < *end).expect("an event");
    let mut counts = Counts::default();
    for from in 1..whole.len() {
        let first = event_at(from - 1);
        for to in ends[first]..whole.len() {
            let is_next = event_at(to) == first + 1;
            // A prime, so that each pair of positions occurs.
            if (from * 131 + to) % if is_next { step.div_ceil(4) } else { step } != 0 {
                continue;
            }
            counts.ranges += 1;
            let body = [&whole[..from], &whole[to..]].concat();
            let (found, found_calls, is_lost) = decode(&body);
            let is_json = is_valid_json(&body);
            let is_whole = found.is_none_or(|found| found == complete);
            if !is_json {
                counts.not_json += 1;
                assert!(is_lost || !body.ends_with("\n\n"), "{body}");
                assert!(found_calls.iter().all(|call| calls.contains(call)), "{found_calls:?} of {body}");
            }
            counts.undecodable += usize::from(is_json && is_lost);
            assert!(is_whole || is_json && !is_lost, "complete with other content: {body}");
        }
    }
    counts
}

#[test]
fn a_spliced_stream_is_not_a_complete_message_with_other_content() {
    for events in streams() {
        for events in [without_event_types(&events), events] {
            let counts = remove_ranges(&events, 67);
            assert!(counts.not_json > counts.ranges / 4, "{counts:?}");
            assert!(counts.undecodable > 5, "{counts:?}");
        }
    }
}
