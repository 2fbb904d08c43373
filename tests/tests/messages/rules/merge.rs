//! `docs/protocol.md`, heading "Merge rules": each rule, for streams in the documented order, and for deltas without
//! their block.

use serde_json::{Value, json};
use ssewire_messages::{Completion, Delta, StreamEvent, ToolInputError, ViolationKind};

use super::support::*;

// message_start

#[test]
fn the_snapshot_is_the_message_of_message_start() {
    let whole = json!({
        "type": "message", "role": "assistant", "id": "msg_1", "model": "claude-x", "content": [], "stop_reason": null,
        "stop_sequence": null, "container": {"id": "c", "expires_at": "2026-11-01T00:00:00Z"}, "diagnostics": null,
        "usage": {"input_tokens": 3, "output_tokens": 1, "future_tokens": 2}, "future": {"member": [1]},
    });
    assert_eq!(orderly(&[message_start(whole.clone())]).message(), whole);
}

#[test]
fn the_content_of_message_start_may_be_non_empty_absent_or_null() {
    for (start, content) in [
        (json!({"content": [text_block("a"), tool(json!({}))]}), json!([text_block("a"), tool(json!({}))])),
        (json!({"content": []}), json!([])),
        (json!({}), json!([])),
        (json!({"content": null}), json!([])),
    ] {
        assert_eq!(orderly(&[message_start(start)]).content(), content);
    }
}

#[test]
fn the_usage_of_message_start_may_be_absent_or_null() {
    let counts = message_delta(json!({}), json!({"output_tokens": 5}));
    for before in [json!({}), json!({"usage": null})] {
        assert_eq!(orderly(&[message_start(before.clone())]).message(), message(before.clone()));
        let run = orderly(&[message_start(before), counts.clone()]);
        assert_eq!(run.message()["usage"], json!({"output_tokens": 5}));
    }
}

#[test]
fn initial_blocks_hold_the_indices_from_zero_and_take_deltas() {
    let initial = [text_block("a"), tool(json!({})), thinking_block("x"), compaction_block(Value::Null)];
    let run = orderly(&[
        message_start(json!({"content": initial})),
        text(0, "b"),
        citation(0, "c"),
        input(1, "{\"k\":1}"),
        thinking(2, "y"),
        signature(2, "s"),
        compaction(3, json!("short")),
        start(4, text_block("next")),
    ]);
    let expected = json!([
        {"type": "text", "text": "ab", "citations": [cited("c")]},
        tool(json!({"k": 1})),
        {"type": "thinking", "thinking": "xy", "signature": "s"},
        compaction_block(json!("short")),
        text_block("next"),
    ]);
    assert_eq!(run.content(), expected);
}

/// It received deltas, so it counts as a started block: only its stop makes it complete.
#[test]
fn the_input_of_an_initial_tool_block_grows_once_deltas_come_to_it() {
    let initial = message_start(json!({"content": [tool(json!({}))]}));
    let run = orderly(&[initial, input(0, "{\"k\":"), input(0, " 1}")]);
    assert_eq!(run.input_state(0), InputState::Pending);
    assert_eq!(run.then(&[stop(0)]).input_state(0), InputState::Complete);
}

#[test]
fn the_input_of_an_initial_tool_block_is_cut_with_its_deltas() {
    let initial = message_start(json!({"content": [tool(json!({}))]}));
    let stopped = message_delta(json!({"stop_reason": "tool_use"}), Value::Null);
    let incomplete = orderly(&[initial, input(0, "{\"k\": [1, "), stopped]).end().unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::ToolInput, Completion::Unterminated]);
    let call = incomplete.partial().content().first().unwrap().as_tool_use().unwrap();
    assert_eq!(call.input().value(), Err(ToolInputError::Truncated));
    assert_eq!(to_json(incomplete.partial())["content"], json!([tool(json!({"k": [1]}))]));
}

// content_block_start

#[test]
fn a_start_opens_the_block_with_all_its_fields() {
    let blocks = [
        json!({"type": "text", "text": "t", "citations": [cited("c")], "future": 1}),
        json!({"type": "thinking", "thinking": "x", "signature": "s"}),
        json!({"type": "redacted_thinking", "data": "d"}),
        json!({"type": "tool_use", "id": "i", "name": "n", "input": {"a": 1}, "caller": {"type": "direct"}}),
        json!({"type": "web_search_tool_result", "tool_use_id": "i", "content": [
            {"type": "web_search_result", "encrypted_content": "e", "title": "t", "url": "u", "page_age": null},
        ]}),
        json!({"type": "future_block", "a": {"b": null}}),
    ];
    let mut events = vec![begin()];
    for (index, block) in (0..).zip(&blocks) {
        events.extend([start(index, block.clone()), stop(index)]);
    }
    assert_eq!(orderly(&events).content(), json!(blocks));
}

#[test]
fn content_is_initial_blocks_then_started_ones_by_index_then_by_arrival() {
    let initial = message_start(json!({"content": [text_block("i0"), text_block("i1")]}));
    let run = run(&[
        initial,
        start(5, text_block("5")),
        start(3, text_block("3a")),
        start(3, text_block("3b")),
        start(0, text_block("0")),
        start(4, text_block("4")),
        start(3, text_block("3c")),
    ]);
    let texts = ["i0", "i1", "0", "3a", "3b", "3c", "4", "5"].map(text_block);
    assert_eq!(run.content(), json!(texts));
}

// Deltas

#[test]
fn a_delta_goes_to_the_newest_block_of_its_index_that_can_take_it() {
    let run = run(&[
        begin(),
        start(0, text_block("A")),
        start(0, tool(json!({}))),
        start(0, thinking_block("x")),
        start(0, text_block("B")),
        start(0, json!({"type": "redacted_thinking", "data": "d"})),
        text(0, "+"),
        input(0, "{\"k\":1}"),
        thinking(0, "y"),
        signature(0, "s"),
        citation(0, "c"),
    ]);
    let expected = json!([
        text_block("A"),
        tool(json!({"k": 1})),
        {"type": "thinking", "thinking": "xy", "signature": "s"},
        {"type": "text", "text": "B+", "citations": [cited("c")]},
        {"type": "redacted_thinking", "data": "d"},
    ]);
    assert_eq!(run.content(), expected);
}

#[test]
fn text_deltas_append() {
    let run = orderly(&[begin(), start(0, text_block("a")), text(0, "b"), text(0, ""), text(0, "c\u{1F600}")]);
    assert_eq!(run.content(), json!([text_block("abc\u{1F600}")]));
}

#[test]
fn thinking_deltas_append() {
    let run = orderly(&[begin(), start(0, thinking_block("a")), thinking(0, "b"), thinking(0, ""), thinking(0, "c")]);
    assert_eq!(run.content(), json!([thinking_block("abc")]));
}

#[test]
fn citations_deltas_append_one_each() {
    for (before, after) in [
        (json!({}), json!([cited("1"), cited("2")])),
        (json!({"citations": null}), json!([cited("1"), cited("2")])),
        (json!({"citations": []}), json!([cited("1"), cited("2")])),
        (json!({"citations": [cited("0")]}), json!([cited("0"), cited("1"), cited("2")])),
    ] {
        let mut block = before;
        block["type"] = json!("text");
        let run = orderly(&[begin(), start(0, block), citation(0, "1"), citation(0, "2")]);
        assert_eq!(run.content(), json!([{"type": "text", "text": "", "citations": after}]));
    }
}

#[test]
fn signature_deltas_assign_and_the_last_wins() {
    let block = json!({"type": "thinking", "thinking": "x", "signature": "start"});
    let run = orderly(&[begin(), start(0, block), signature(0, "first"), signature(0, "last")]);
    assert_eq!(run.content(), json!([{"type": "thinking", "thinking": "x", "signature": "last"}]));
}

#[test]
fn compaction_deltas_assign_their_present_members() {
    let block = json!({"type": "compaction", "content": "c0", "encrypted_content": "e0", "signature": "s"});
    for (pieces, content, encrypted) in [
        (vec![json!({"content": "c1"})], json!("c1"), json!("e0")),
        (vec![json!({"encrypted_content": "e1"})], json!("c0"), json!("e1")),
        (vec![json!({"content": "c1"}), json!({"content": "c2", "encrypted_content": "e2"})], json!("c2"), json!("e2")),
        (vec![json!({"content": null})], Value::Null, json!("e0")),
        (vec![json!({})], json!("c0"), json!("e0")),
    ] {
        let mut events = vec![begin(), start(0, block.clone())];
        for mut piece in pieces {
            piece["type"] = json!("compaction_delta");
            events.push(delta(0, piece));
        }
        let expected =
            json!([{"type": "compaction", "content": content, "encrypted_content": encrypted, "signature": "s"}]);
        assert_eq!(orderly(&events).content(), expected);
    }
}

/// A member that is assigned replaces that of the start also in the text of the JSON.
#[test]
fn an_assigned_member_of_a_compaction_block_is_written_once() {
    let block = json!({"type": "compaction", "content": "c0", "encrypted_content": "e0"});
    for name in ["content", "encrypted_content"] {
        let run =
            orderly(&[begin(), start(0, block.clone()), delta(0, json!({"type": "compaction_delta", name: "x"}))]);
        let written = run.accumulator.snapshot().content()[0].to_json().unwrap();
        assert_eq!(written.as_str().matches(&format!("\"{name}\":")).count(), 1, "{written}");
        assert_eq!(written.parse::<Value>().unwrap()[name], "x");
    }
}

#[test]
fn get_returns_the_present_members_of_a_compaction_delta() {
    let payload = br#"{"type":"content_block_delta","index":0,
        "delta":{"type":"compaction_delta","content":null,"encrypted_content":"e","future":1}}"#;
    let Ok(Some(StreamEvent::ContentBlockDelta(event))) = StreamEvent::decode(b"", payload) else { panic!("a delta") };
    let Delta::Compaction(delta) = event.delta else { panic!("a compaction delta") };
    let get = |name| delta.get(name).map(|value| value.as_str().to_owned());
    assert_eq!(["content", "encrypted_content"].map(get), [Some("null".into()), Some("\"e\"".into())]);
    assert_eq!(["type", "future"].map(get), [None, None]);
    let payload = br#"{"type":"content_block_delta","index":0,"delta":{"type":"compaction_delta","content":"c"}}"#;
    let Ok(Some(StreamEvent::ContentBlockDelta(event))) = StreamEvent::decode(b"", payload) else { panic!("a delta") };
    let Delta::Compaction(delta) = event.delta else { panic!("a compaction delta") };
    assert_eq!(delta.get("encrypted_content"), None);
}

#[test]
fn an_unknown_block_takes_a_known_delta_where_it_has_the_member() {
    for (member, value, deltas, expected) in [
        ("text", json!("a"), [text(0, "b"), text(0, "c")], json!("abc")),
        ("thinking", json!("a"), [thinking(0, "b"), thinking(0, "c")], json!("abc")),
        ("signature", json!("a"), [signature(0, "b"), signature(0, "c")], json!("c")),
        (
            "citations",
            json!([cited("a")]),
            [citation(0, "b"), citation(0, "c")],
            json!([cited("a"), cited("b"), cited("c")]),
        ),
        ("input", json!({}), [input(0, "{\"k\":"), input(0, "1}")], json!({"k": 1})),
    ] {
        let block = |value| json!({"type": "future_block", "other": 1, member: value});
        let [first, second] = deltas;
        let run = orderly(&[begin(), start(0, block(value)), first, second, stop(0)]);
        assert_eq!(run.content(), json!([block(expected)]), "{member}");
    }
}

#[test]
fn an_unknown_block_without_the_member_takes_nothing() {
    let block = json!({"type": "future_block", "other": 1});
    let before = [begin(), start(0, block.clone())];
    for (delta, after) in [
        (text(0, "a"), vec![text_block("a")]),
        (thinking(0, "a"), vec![thinking_block("a")]),
        (compaction(0, json!("a")), vec![compaction_block(json!("a"))]),
        (signature(0, "a"), vec![json!({"type": "thinking", "thinking": "", "signature": "a"})]),
        (citation(0, "a"), vec![json!({"type": "text", "text": "", "citations": [cited("a")]})]),
        (input(0, "{}"), vec![]),
    ] {
        let run = violation(&before, delta, &[(ViolationKind::MismatchedDelta, Some(0))]);
        let expected: Vec<_> = [block.clone()].into_iter().chain(after).collect();
        assert_eq!(run.content(), json!(expected));
    }
}

// Early and mismatched deltas. `violations` tests their violations.

#[test]
fn text_thinking_and_compaction_deltas_without_a_block_open_one_of_their_kind() {
    for (pieces, opened) in [
        ([text(2, "a"), text(2, "b")], text_block("ab")),
        ([thinking(2, "a"), thinking(2, "b")], thinking_block("ab")),
        ([compaction(2, json!("a")), compaction(2, json!("b"))], compaction_block(json!("b"))),
    ] {
        assert_eq!(run(&[begin()]).then(&pieces).content(), json!([opened]), "early");
        let other = json!({"type": "redacted_thinking", "data": "d"});
        let mismatched = run(&[begin(), start(2, other.clone())]).then(&pieces);
        assert_eq!(mismatched.content(), json!([other, opened]), "mismatched");
    }
}

#[test]
fn a_later_start_of_the_same_kind_and_index_is_merged_into_the_implicit_block() {
    let text_start = json!({"type": "text", "text": "start ", "citations": [cited("c")], "future": 1});
    let thinking_start = json!({"type": "thinking", "thinking": "start ", "signature": "s"});
    for (early, begun, expected, later, whole) in [
        (
            text(0, "early"),
            text_start,
            json!({"type": "text", "text": "start early", "citations": [cited("c")], "future": 1}),
            text(0, " later"),
            json!({"type": "text", "text": "start early later", "citations": [cited("c")], "future": 1}),
        ),
        (
            thinking(0, "early"),
            thinking_start,
            json!({"type": "thinking", "thinking": "start early", "signature": "s"}),
            signature(0, "new"),
            json!({"type": "thinking", "thinking": "start early", "signature": "new"}),
        ),
        (
            compaction(0, json!("early")),
            json!({"type": "compaction", "content": "start", "encrypted_content": "e", "signature": "s"}),
            json!({"type": "compaction", "content": "early", "encrypted_content": "e", "signature": "s"}),
            compaction(0, json!("later")),
            json!({"type": "compaction", "content": "later", "encrypted_content": "e", "signature": "s"}),
        ),
    ] {
        let run = run(&[begin(), early, start(0, begun)]);
        assert_eq!(run.content(), json!([expected]));
        let run = run.then(&[later, stop(0), end_turn(), end()]);
        assert_eq!(run.content(), json!([whole]));
        assert_eq!(
            run.violations(),
            [(ViolationKind::DeltaBeforeStart, Some(0))],
            "the start and the rest are in order"
        );
    }
}

#[test]
fn a_later_start_is_merged_into_a_block_that_a_mismatched_delta_opened() {
    let run = run(&[begin(), start(0, tool(json!({}))), text(0, "misfit"), start(0, text_block("start "))]);
    assert_eq!(run.content(), json!([tool(json!({})), text_block("start misfit")]));
}

#[test]
fn a_later_start_is_merged_into_its_block_though_an_unknown_block_takes_later_deltas() {
    let unknown = |thinking: &str| json!({"type": "future", "thinking": thinking});
    let early = [begin(), thinking(0, "early"), start(0, unknown("")), thinking(0, "x")];
    let run = run(&early).then(&[start(0, thinking_block("a ")), thinking(0, "!")]);
    assert_eq!(run.content(), json!([thinking_block("a early"), unknown("x!")]));
}

#[test]
fn an_implicit_block_is_started_once() {
    let run = run(&[begin(), text(0, "early"), start(0, text_block("a ")), start(0, text_block("b")), text(0, "!")]);
    assert_eq!(run.content(), json!([text_block("a early"), text_block("b!")]));
}

#[test]
fn a_later_start_of_another_kind_opens_a_block_of_its_own_after_it() {
    let run = run(&[begin(), text(0, "early"), start(0, thinking_block("x")), thinking(0, "y"), text(0, "!")]);
    assert_eq!(run.content(), json!([text_block("early!"), thinking_block("xy")]));
}

#[test]
fn an_input_json_delta_without_a_block_waits_for_its_start() {
    for kind in ["tool_use", "server_tool_use", "mcp_tool_use"] {
        let block = |input: Value| json!({"type": kind, "id": "i", "name": "f", "input": input});
        let waiting = run(&[begin(), input(0, "{\"a\":"), input(0, " 1")]);
        assert_eq!((waiting.content(), waiting.unmatched_input()), (json!([]), vec![(0, "{\"a\": 1".into())]));
        let joined = waiting.then(&[start(0, block(json!({}))), input(0, "2}"), stop(0)]);
        assert_eq!((joined.content(), joined.unmatched_input()), (json!([block(json!({"a": 12}))]), vec![]));
        assert_eq!(joined.input_state(0), InputState::Complete);
    }
}

#[test]
fn waiting_input_joins_an_unknown_block_that_has_the_member_input() {
    let block = |input: Value| json!({"type": "future_tool", "input": input});
    let run = run(&[begin(), input(0, "{\"a\": 1}"), start(0, block(json!({}))), stop(0)]);
    assert_eq!((run.content(), run.unmatched_input()), (json!([block(json!({"a": 1}))]), vec![]));
}

#[test]
fn waiting_input_waits_on_while_blocks_start_that_cannot_take_it() {
    let waiting = run(&[begin(), input(0, "{\"a\": 1}"), start(0, text_block("t")), start(1, tool(json!({})))]);
    assert_eq!(waiting.content(), json!([text_block("t"), tool(json!({}))]));
    assert_eq!(waiting.unmatched_input(), [(0, "{\"a\": 1}".to_owned())]);
    let joined = waiting.then(&[start(0, tool(json!({})))]);
    assert_eq!(joined.content(), json!([text_block("t"), tool(json!({"a": 1})), tool(json!({}))]));
}

#[test]
fn input_whose_block_never_starts_is_in_the_report() {
    let run = run(&[begin(), input(3, "{\"a\":"), input(1, "[1"), input(3, " 1}"), end_turn(), end()]);
    let incomplete = run.end().unwrap_err();
    assert_eq!(incomplete.unmatched_input(), [(1, "[1".to_owned()), (3, "{\"a\": 1}".to_owned())]);
    assert_eq!(incomplete.reasons(), [Completion::ToolInput]);
}

#[test]
fn an_early_signature_or_citation_opens_a_block_that_a_later_start_is_merged_into() {
    let signed = json!({"type": "thinking", "thinking": "x", "signature": "s"});
    let begun = json!({"type": "thinking", "thinking": "x", "signature": "of the start"});
    assert_eq!(run(&[begin(), signature(0, "s"), start(0, begun)]).content(), json!([signed]), "replaced");
    let cited_text = json!({"type": "text", "text": "t", "citations": [cited("a"), cited("c")]});
    let begun = json!({"type": "text", "text": "t", "citations": [cited("a")]});
    assert_eq!(run(&[begin(), citation(0, "c"), start(0, begun)]).content(), json!([cited_text]), "followed");
    let mismatched = run(&[begin(), start(0, tool(json!({}))), signature(0, "s")]);
    let opened = json!({"type": "thinking", "thinking": "", "signature": "s"});
    assert_eq!(mismatched.content(), json!([tool(json!({})), opened]));
}

#[test]
fn a_thinking_block_that_a_delta_opened_takes_its_signature() {
    let run = run(&[begin(), thinking(0, "x"), signature(0, "s"), end_turn(), end()]);
    let signed = json!({"type": "thinking", "thinking": "x", "signature": "s"});
    assert_eq!(run.content(), json!([signed]));
    let only_signed = self::run(&[begin(), signature(0, "s"), end_turn(), end()]);
    assert_eq!(only_signed.content(), json!([{"type": "thinking", "thinking": "", "signature": "s"}]));
}

#[test]
fn a_citation_for_a_text_block_that_a_delta_opened_is_merged() {
    let expected = json!([{"type": "text", "text": "x", "citations": [cited("c")]}]);
    assert_eq!(run(&[begin(), text(0, "x"), citation(0, "c")]).content(), expected);
    assert_eq!(run(&[begin(), citation(0, "c"), text(0, "x")]).content(), expected);
}

// input_json_delta

#[test]
fn input_json_deltas_append_to_the_raw_text() {
    let run = orderly(&[begin(), start(0, tool(json!({}))), input(0, ""), input(0, "{\"a\" : "), input(0, "[1] } ")]);
    let snapshot = run.accumulator.snapshot();
    assert_eq!(snapshot.content()[0].tool_input().unwrap().raw(), "{\"a\" : [1] } ");
}

#[test]
fn any_input_text_replaces_the_input_of_the_start() {
    for (begun, parsed) in [(json!({"old": 1}), json!({"new": 2})), (json!({}), json!({})), (json!([1]), json!({}))] {
        let run = orderly(&[begin(), start(0, tool(begun)), input(0, &parsed.to_string()), stop(0)]);
        assert_eq!(run.content(), json!([tool(parsed)]));
    }
}

#[test]
fn without_input_text_the_input_of_the_start_is_kept() {
    for pieces in [vec![], vec![""], vec!["", ""], vec![" "], vec![" \n", "\t\r"]] {
        let mut events = vec![begin(), start(0, tool(json!({"a": [1]})))];
        events.extend(pieces.iter().map(|piece| input(0, piece)));
        events.extend([stop(0), end_turn(), end()]);
        let run = orderly(&events);
        assert_eq!(run.content(), json!([tool(json!({"a": [1]}))]), "{pieces:?}");
        assert_eq!(run.accumulator.completion(), Completion::Complete);
    }
}

#[test]
fn without_input_text_the_input_is_empty_if_the_start_has_none_or_null_or_an_empty_string() {
    for kind in ["tool_use", "server_tool_use", "mcp_tool_use"] {
        for members in [json!({}), json!({"input": null}), json!({"input": ""})] {
            let mut block = members;
            block["type"] = json!(kind);
            let run = orderly(&[begin(), start(0, block), stop(0)]);
            assert_eq!(run.input_state(0), InputState::Pending, "the stop reason may say that it was cut");
            let run = run.then(&[end_turn(), end()]);
            assert_eq!(run.content(), json!([{"type": kind, "input": {}}]));
            assert_eq!(run.input_state(0), InputState::Empty);
        }
    }
}

#[test]
fn valid_input_json_that_is_not_an_object_is_kept() {
    for value in [json!([1, {}]), json!("x"), json!(-1.5), json!(true), json!(null)] {
        let pieces = [begin(), start(0, tool(json!({}))), input(0, &value.to_string()), stop(0), end_turn(), end()];
        let run = orderly(&pieces);
        assert_eq!(run.content(), json!([tool(value)]));
        assert_eq!(run.input_state(0), InputState::Complete);
        assert_eq!(run.accumulator.completion(), Completion::Complete);
    }
}

// message_delta

/// A `message_delta` that sets this member to this value.
type Set = fn(&str, Value) -> Value;

/// A member of the message, the event that sets it, and two values.
fn members_of_the_message() -> [(&'static str, Set, Value, Value); 6] {
    let in_delta: Set = |name, value| json!({"type": "message_delta", "delta": {name: value}});
    let on_event: Set = |name, value| json!({"type": "message_delta", name: value});
    let edits = |tokens| {
        let edit = json!({"type": "clear_tool_uses_20250919", "cleared_input_tokens": tokens, "cleared_tool_uses": 1});
        json!({"applied_edits": [edit]})
    };
    let dropped = |path| json!([{"type": "thinking_dropped", "path": path, "reason": "model_binding_mismatch"}]);
    [
        ("stop_reason", in_delta, json!("pause_turn"), json!("end_turn")),
        ("stop_sequence", in_delta, json!("###"), json!("END")),
        ("stop_details", in_delta, json!({"type": "refusal", "category": "cyber"}), json!({"type": "refusal"})),
        (
            "container",
            in_delta,
            json!({"id": "c1", "expires_at": "2026-11-01T00:00:00Z", "skills": []}),
            json!({"id": "c2", "expires_at": "2026-11-02T00:00:00Z"}),
        ),
        ("context_management", on_event, edits(1), edits(2)),
        ("input_transformations", on_event, dropped("a"), dropped("b")),
    ]
}

#[test]
fn a_present_non_null_value_of_a_message_delta_overwrites() {
    for (name, set, old, new) in members_of_the_message() {
        for before in [message_start(json!({name: null})), message_start(json!({name: old})), begin()] {
            let run = orderly(&[before, set(name, old.clone()), set(name, new.clone())]);
            assert_eq!(run.message(), message(json!({name: new})), "nested objects are replaced whole");
        }
    }
}

#[test]
fn an_absent_or_null_value_of_a_message_delta_keeps_the_known_value() {
    for (name, set, known, _) in members_of_the_message() {
        let start = message_start(json!({name: known}));
        let absent = json!({"type": "message_delta", "delta": {}});
        let nothing = [
            set(name, Value::Null),
            absent,
            json!({"type": "message_delta", "delta": null}),
            json!({"type": "message_delta"}),
        ];
        assert_eq!(orderly(&[start]).then(&nothing).message(), message(json!({name: known})));
    }
}

/// All counts that are numbers, except those that no known `message_delta` contains.
const COUNTS: [&str; 4] = ["cache_creation_input_tokens", "cache_read_input_tokens", "input_tokens", "output_tokens"];

#[test]
fn counts_are_overwritten_each_by_itself_and_never_added() {
    let known = json!({
        "cache_creation_input_tokens": 10, "cache_read_input_tokens": 20, "input_tokens": 30, "output_tokens": 40,
        "service_tier": "standard", "future_tokens": 50,
    });
    for name in COUNTS.into_iter().chain(["future_tokens"]) {
        let mut expected = known.clone();
        expected[name] = json!(7);
        let run = orderly(&[message_start(json!({"usage": known})), message_delta(json!({}), json!({name: 7}))]);
        assert_eq!(run.message()["usage"], expected, "{name}");
        let run = run.then(&[message_delta(json!({}), json!({name: 7}))]);
        assert_eq!(run.message()["usage"], expected, "{name}, said twice");
        let run = run.then(&[message_delta(json!({}), json!({name: null})), message_delta(json!({}), Value::Null)]);
        assert_eq!(run.message()["usage"], expected, "null leaves {name}");
    }
}

#[test]
fn nested_objects_of_the_usage_are_replaced_whole() {
    for (name, old, new) in [
        (
            "server_tool_use",
            json!({"web_fetch_requests": 1, "web_search_requests": 2}),
            json!({"web_search_requests": 3}),
        ),
        ("output_tokens_details", json!({"thinking_tokens": 5, "future": 1}), json!({"thinking_tokens": 6})),
        ("cache_creation", json!({"ephemeral_1h_input_tokens": 1}), json!({"ephemeral_5m_input_tokens": 2})),
        (
            "iterations",
            json!([{"type": "message", "input_tokens": 1}, {"type": "message", "input_tokens": 2}]),
            json!([{"type": "compaction", "input_tokens": 3}]),
        ),
        ("fallback_credit", json!({"status": {"type": "redeemed"}, "x": 1}), json!({"status": {"type": "redeemed"}})),
    ] {
        let run =
            orderly(&[message_start(json!({"usage": {name: old}})), message_delta(json!({}), json!({name: new}))]);
        assert_eq!(run.message()["usage"], json!({name: new}));
        let run = run.then(&[message_delta(json!({}), json!({name: null}))]);
        assert_eq!(run.message()["usage"], json!({name: new}), "null leaves {name}");
    }
}

#[test]
fn unknown_non_null_members_of_the_delta_are_set_on_the_message() {
    let delta = json!({"future": {"a": 1}, "other": 2, "nothing": null});
    let start = message_start(json!({"future": 0, "nothing": "known"}));
    let run = orderly(&[start, message_delta(delta, json!({}))]);
    let message = run.message();
    assert_eq!(message["future"], json!({"a": 1}));
    assert_eq!(message["other"], 2);
    assert_eq!(message["nothing"], "known");
    assert_eq!(
        orderly(&[begin(), message_delta(json!({"nothing": null}), Value::Null)]).message(),
        self::message(json!({}))
    );
}

#[test]
fn a_delta_never_sets_id_type_role_model_content_or_usage() {
    let known = json!({
        "type": "message", "role": "assistant", "id": "msg_1", "model": "m", "content": [text_block("t")],
        "usage": {"output_tokens": 1},
    });
    let intruder = json!({
        "type": "x", "role": "user", "id": "msg_2", "model": "n", "content": [], "usage": {"output_tokens": 9},
    });
    let event = json!({"type": "message_delta", "delta": intruder});
    assert_eq!(orderly(&[message_start(known.clone()), event.clone()]).message(), known);
    assert_eq!(orderly(&[begin(), event]).message(), message(json!({})));
}

#[test]
fn there_may_be_more_than_one_message_delta() {
    let run = orderly(&[
        message_start(json!({"usage": {"input_tokens": 1, "output_tokens": 1}})),
        message_delta(json!({"stop_reason": null}), json!({"output_tokens": 5})),
        start(0, text_block("t")),
        stop(0),
        message_delta(json!({"stop_reason": "end_turn"}), json!({"output_tokens": 9})),
        end(),
    ]);
    let usage = json!({"input_tokens": 1, "output_tokens": 9});
    let expected = json!({"content": [text_block("t")], "stop_reason": "end_turn", "usage": usage});
    assert_eq!(run.message(), message(expected));
}

// message_stop

#[test]
fn message_stop_completes_the_message() {
    let run = orderly(&[begin(), start(0, text_block("t")), stop(0), end_turn(), end()]);
    assert_eq!(run.accumulator.completion(), Completion::Complete);
    let expected = message(json!({"content": [text_block("t")], "stop_reason": "end_turn"}));
    assert_eq!(to_json(&run.end().unwrap()), expected);
}

#[test]
fn message_stop_closes_open_blocks() {
    let run = run(&[begin(), start(0, tool(json!({}))), input(0, "{\"a\": 1}"), end_turn()]);
    assert_eq!(run.input_state(0), InputState::Pending);
    assert_eq!(run.then(&[end()]).input_state(0), InputState::Complete);
}

// Members that no event contained

#[test]
fn members_that_no_event_carried_are_absent() {
    assert_eq!(orderly(&[]).message(), message(json!({})), "no id, model or usage, but type, role and content");
    assert_eq!(orderly(&[begin(), end()]).message(), message(json!({})));
    let run = orderly(&[begin(), message_delta(json!({}), json!({"output_tokens": 5}))]);
    assert_eq!(run.message(), message(json!({"usage": {"output_tokens": 5}})), "no invented count beside it");
    let run = orderly(&[begin(), start(0, thinking_block("x")), thinking(0, "y"), stop(0)]);
    assert_eq!(run.content(), json!([thinking_block("xy")]), "no signature");
    let run = orderly(&[begin(), start(0, text_block("x")), text(0, "y"), stop(0)]);
    assert_eq!(run.content(), json!([text_block("xy")]), "no citations");
    let run = run_without_start();
    assert_eq!(run.message(), message(json!({"content": [text_block("t")], "stop_reason": "end_turn"})));
}

fn run_without_start() -> Run {
    run(&[start(0, text_block("t")), stop(0), end_turn(), end()])
}

#[test]
fn text_and_thinking_blocks_always_have_their_string() {
    for (bare, whole) in [
        (json!({"type": "text"}), text_block("")),
        (json!({"type": "text", "text": null}), text_block("")),
        (json!({"type": "thinking"}), thinking_block("")),
        (json!({"type": "thinking", "thinking": null}), thinking_block("")),
    ] {
        assert_eq!(orderly(&[begin(), start(0, bare.clone())]).content(), json!([whole]));
        assert_eq!(orderly(&[message_start(json!({"content": [bare]}))]).content(), json!([whole]));
    }
}

// Pieces of text

/// The pieces of text of the events, in order, and the text of the message.
fn pieces(events: &[Value]) -> (Vec<String>, String) {
    let (mut run, mut pieces) = (run(&[]), Vec::new());
    for event in events {
        let json = event.to_string();
        let event = StreamEvent::from_json(json.as_bytes()).unwrap().unwrap();
        pieces.extend(run.accumulator.accumulate(event).unwrap().text_deltas().map(str::to_owned));
    }
    (pieces, run.accumulator.snapshot().text())
}

#[test]
fn a_non_empty_initial_text_is_a_text_piece() {
    let initial = message_start(json!({"content": [text_block("a"), text_block(""), text_block("b")]}));
    let (pieces, _) = pieces(&[initial, start(3, text_block("c")), start(4, text_block("")), text(4, "d")]);
    assert_eq!(pieces, ["a", "b", "c", "d"]);
}

#[test]
fn pieces_come_in_order_of_arrival() {
    let begun = [begin(), start(0, text_block("")), start(1, text_block("")), text(1, "b")];
    let interleaved = [&begun[..], &[text(0, "a"), text(1, "B"), text(0, "A")]].concat();
    assert_eq!(pieces(&interleaved), (["b", "a", "B", "A"].map(str::to_owned).to_vec(), "aAbB".into()));
    let events = [begin(), text(0, "early"), start(0, text_block("start ")), text(0, " later")];
    let (pieces, text) = pieces(&events);
    assert_eq!(
        (pieces, text.as_str()),
        (["early", "start ", " later"].map(str::to_owned).to_vec(), "start early later")
    );
}

#[test]
fn pieces_of_blocks_one_after_the_other_are_exactly_the_final_text() {
    let unknown = json!({"type": "future_block", "text": "unknown"});
    let (pieces, text) = pieces(&[
        message_start(json!({"content": [text_block("a")]})),
        text(0, "b"),
        start(1, text_block("c")),
        text(1, "d"),
        stop(1),
        start(2, unknown),
        text(2, " more"),
        stop(2),
        start(3, thinking_block("x")),
        thinking(3, "y"),
        stop(3),
        start(4, text_block("")),
        text(4, "e"),
        text(4, "f"),
        stop(4),
        end(),
    ]);
    assert_eq!(pieces.concat(), "abcdef", "unknown blocks are no part of it");
    assert_eq!(text, "abcdef");
}

// Notes on types: `docs/protocol.md`, heading "Types".

#[test]
fn estimated_tokens_are_not_accumulated() {
    let piece = json!({"type": "thinking_delta", "thinking": "y", "estimated_tokens": 5});
    let run = orderly(&[begin(), start(0, thinking_block("x")), delta(0, piece)]);
    assert_eq!(run.message(), message(json!({"content": [thinking_block("xy")]})));
}

#[test]
fn the_model_a_fallback_leads_to_becomes_that_of_the_message() {
    let fallback = json!({
        "type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}, "trigger": {"type": "refusal"},
    });
    let run = orderly(&[message_start(json!({"model": "a"})), start(0, fallback.clone()), stop(0)]);
    assert_eq!(run.message(), message(json!({"model": "b", "content": [fallback]})));
}

#[test]
fn fallback_of_the_highest_index_names_the_model() {
    let fallback = |model: &str| json!({"type": "fallback", "from": {"model": "a"}, "to": {"model": model}});
    let begun = [message_start(json!({"model": "a"}))];
    for starts in
        [[start(0, fallback("b")), start(1, fallback("c"))], [start(1, fallback("c")), start(0, fallback("b"))]]
    {
        assert_eq!(run(&[&begun[..], &starts].concat()).message()["model"], "c");
    }
}

/// The pieces are those of deltas: the initial text of a start ends with its own half.
#[test]
fn half_a_character_at_the_end_of_a_start_stays_alone() {
    let start = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a\ud83d"}}"#;
    let delta = |text: &str| {
        format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#)
    };
    let bytes = [
        sse(&[begin()]),
        named("", start),
        named("", &delta(r"\ude00 \ud83d")),
        named("", &delta(r"\ude00")),
        sse(&[stop(0), end_turn(), end()]),
    ]
    .concat();
    assert_eq!(body(bytes).end.unwrap().text(), "a\u{FFFD}\u{FFFD} 😀");
}

/// `docs/protocol.md`, heading "Tolerances of the decoder".
#[test]
fn last_member_of_a_message_delta_that_is_not_null_counts() {
    let read = |delta: &str| {
        let events = [
            r#"{"type":"message_start","message":{"content":[],"stop_reason":null}}"#.to_owned(),
            format!(r#"{{"type":"message_delta",{delta}}}"#),
            r#"{"type":"message_stop"}"#.to_owned(),
        ];
        let events: Vec<_> = events.iter().map(|event| format!("data: {event}\n\n")).collect();
        body(events.concat())
    };
    let end = read(r#""delta":{"stop_reason":"refusal","stop_reason":"end_turn","stop_reason":null}"#).end.unwrap();
    assert_eq!(end.stop_reason().map(|reason| reason.as_str()), Some("end_turn"));
    let end = read(
        r#""delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1,"output_tokens":2,"output_tokens":null}"#,
    );
    assert_eq!(to_json(&end.end.unwrap())["usage"], json!({"output_tokens": 2}));
    let end = read(r#""delta":{"stop_reason":"end_turn","stop_reason":5}"#).end.unwrap();
    assert_eq!((end.stop_reason(), &to_json(&end)["stop_reason"]), (None, &json!(5)));
}

/// "A block that a delta opened arrived with that delta": an initial block after it is newer, whenever its start comes.
#[test]
fn an_initial_block_is_newer_than_a_block_that_a_delta_opened_before_it() {
    let initial = message_start(json!({"content": [{"type": "x", "text": ""}]}));
    let events = [text(0, "a"), initial, start(0, text_block("")), text(0, "b")];
    assert_eq!(run(&events).content(), json!([{"type": "x", "text": "b"}, text_block("a")]));
}
