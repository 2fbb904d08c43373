//! `docs/protocol.md`, heading "Tool input": how far a lost piece reaches. And heading "Merge rules": a half of a
//! surrogate pair at the end of a message.

use serde_json::json;

use super::support::*;
use ssewire_messages::Completion;

/// An undecodable delta.
fn lost(rest: &str) -> String {
    named("content_block_delta", &format!("{{\"type\":\"content_block_delta\",{rest}"))
}

fn content(bytes: String) -> serde_json::Value {
    let incomplete = body(bytes).end.unwrap_err();
    to_json(incomplete.partial())["content"].clone()
}

/// "The value so far, up to the first error or lost piece."
#[test]
fn text_after_a_lost_piece_is_not_part_of_the_value_even_if_the_block_starts_later() {
    let before_any =
        sse(&[begin()]) + &lost("\"index\":0}") + &sse(&[start(0, tool(json!({}))), input(0, r#"{"a":1}"#)]);
    assert_eq!(content(before_any)[0]["input"], json!({}));
    let between = sse(&[begin(), input(0, r#"{"a":1,"#)])
        + &lost("\"index\":0}")
        + &sse(&[start(0, tool(json!({}))), input(0, r#""b":2}"#)]);
    assert_eq!(content(between)[0]["input"], json!({"a": 1}));
}

/// The raw text has every piece that was received, before and after the lost one, and before and after the start.
#[test]
fn text_after_a_lost_piece_stays_in_the_raw_text() {
    for starts_after in 0..=3 {
        let mut events = vec![sse(&[input(0, r#"{"a":1"#)]), lost("\"index\":0}"), sse(&[input(0, r#","b":2}"#)])];
        events.insert(starts_after, sse(&[start(0, tool(json!({})))]));
        let incomplete = body(sse(&[begin()]) + &events.concat()).end.unwrap_err();
        let input = incomplete.partial().content()[0].tool_input().unwrap();
        assert_eq!(input.raw(), r#"{"a":1,"b":2}"#, "{starts_after}");
        assert!(input.value().is_err());
    }
}

/// "A number at the end may lack digits": then the index is unknown, and the piece may have been one of any open block.
#[test]
fn an_index_that_may_lack_digits_is_unknown() {
    let open = sse(&[begin(), start(12, tool(json!({}))), input(12, r#"{"a":1}"#)]);
    let end = sse(&[stop(12), end_turn(), end()]);
    let reasons = |index: &str| body(open.clone() + &lost(index) + &end).end.unwrap_err().reasons().to_vec();
    for cut in ["\"index\":1", "\"index\":1 "] {
        assert_eq!(reasons(cut), [Completion::ContentLost, Completion::ToolInput], "{cut}");
    }
    assert_eq!(reasons("\"index\":1,"), [Completion::ContentLost], "it was that of another block");
}

/// A loss before `message_start` does not exempt the blocks of `message_start` from a later one.
#[test]
fn a_second_lost_piece_truncates_the_initial_blocks() {
    let start = message_start(json!({"content": [tool(json!({}))]}));
    let bytes = lost("}") + &sse(&[start]) + &lost("}") + &sse(&[end_turn(), end()]);
    assert_eq!(body(bytes).end.unwrap_err().reasons(), [Completion::ContentLost, Completion::ToolInput]);
}

/// "The call has no input: no delta or only blank ones", also after its stop.
#[test]
fn white_space_after_the_stop_is_not_input() {
    let call = [begin(), start(0, tool(json!({}))), stop(0), input(0, " ")];
    assert_eq!(body(sse(&call)).end.unwrap_err().reasons(), [Completion::Truncated, Completion::ToolInput]);
    let limit = message_delta(json!({"stop_reason": "max_tokens"}), json!({}));
    let whole = [&call[..], &[limit, end()]].concat();
    assert_eq!(body(sse(&whole)).end.unwrap_err().reasons(), [Completion::ToolInput]);
}

/// "The concatenated pieces equal `final_text()`."
#[test]
fn a_half_of_a_pair_at_the_end_is_a_piece_of_text_in_a_block_without_a_start() {
    let half = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"A\ud83d"}}"#;
    let bytes = sse(&[begin()]) + &named("content_block_delta", half) + &sse(&[end_turn(), end()]);
    let body = body(bytes);
    assert_eq!(body.text, "A\u{FFFD}");
    assert_eq!(body.end.unwrap().final_text(), "A\u{FFFD}");
}
