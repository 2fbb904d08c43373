//! Boundary cases: an unfinished value is never taken for a finished one.

use serde_json::{Value, json};
use ssewire_messages::{
    Completion, Message, MessageDecoder, OwnedToolCall, ParseInputError, RawJson, Step, ToolInputError, ToolResult,
    TurnError, Update, ViolationKind,
};

use super::support::*;

#[test]
fn a_tool_call_without_any_input_is_truncated_if_the_stop_reason_means_a_cut() {
    for reason in ["max_tokens", "refusal", "model_context_window_exceeded", "a_future_reason"] {
        for pieces in [&[][..], &[""], &[" ", "\n"]] {
            let mut events = vec![begin(), start(0, tool(json!({})))];
            events.extend(pieces.iter().map(|piece| input(0, piece)));
            events.extend([stop(0), stopped_by(reason), end()]);
            let run = orderly(&events);
            assert_eq!(run.input_state(0), InputState::Truncated, "{reason} {pieces:?}");
            assert_eq!(calls(&events), []);
            let incomplete = run.end().unwrap_err();
            assert_eq!(incomplete.reasons(), [Completion::ToolInput]);
            assert_eq!(incomplete.partial().to_json(), Err(ToolInputError::Truncated));
        }
    }
}

#[test]
fn a_tool_call_without_any_input_is_complete_otherwise() {
    let call = [begin(), start(0, tool(json!({}))), stop(0)];
    for reason in ["tool_use", "end_turn", "stop_sequence", "pause_turn"] {
        let events = [&call[..], &[stopped_by(reason), end()]].concat();
        assert_eq!(calls(&events), [(3, "{}".to_owned())], "it waits for the stop reason");
        assert_eq!(orderly(&events).input_state(0), InputState::Empty);
    }
    let without_reason = [&call[..], &[end()]].concat();
    assert_eq!(calls(&without_reason), [(3, "{}".to_owned())], "no stop reason by message_stop");
    let followed = [&call[..], &[start(1, text_block("t")), stop(1), stopped_by("max_tokens"), end()]].concat();
    assert_eq!(calls(&followed), [(3, "{}".to_owned())], "a block of a higher index");
    assert_eq!(orderly(&followed).end().unwrap().text(), "t");
    let with_input = [begin(), start(0, tool(json!({"a": 1}))), stop(0), stopped_by("max_tokens"), end()];
    assert_eq!(calls(&with_input), [(2, "{\"a\":1}".to_owned())], "its start has some");
    let late = [&call[..], &[stopped_by("max_tokens"), start(1, text_block("t")), stop(1), end()]].concat();
    assert_eq!(calls(&late), [(4, "{}".to_owned())], "even after the stop reason");
}

/// "A string of `message_start` counts, too, until a `message_delta` contains another value."
#[test]
fn a_stop_reason_of_message_start_that_means_a_cut_truncates_a_tool_call_without_any_input() {
    let began = |reason: &str, content: Value| message_start(json!({"content": content, "stop_reason": reason}));
    let started = [start(0, tool(json!({}))), stop(0)];
    for reason in ["max_tokens", "a_future_reason"] {
        let initial = [began(reason, json!([tool(json!({}))]))];
        let streamed = [&[began(reason, json!([]))], &started[..]].concat();
        for events in [&initial[..], &streamed] {
            let stopped = [events, &[end()]].concat();
            assert_eq!(calls(&stopped), [], "{reason}");
            let run = orderly(&stopped);
            assert_eq!(run.input_state(0), InputState::Truncated, "{reason}");
            assert_eq!(reasons(run), [Completion::ToolInput], "{reason}");
            assert!(orderly(events).end().unwrap_err().partial().tool_calls().is_err(), "{reason}, no message_stop");

            let proven = [events, &[stopped_by("tool_use"), end()]].concat();
            assert_eq!(orderly(&proven).input_state(0), InputState::Empty, "{reason}, then another");
            assert_eq!(calls(&proven).len(), 1, "{reason}, then another");
        }
    }
    for reason in ["tool_use", "end_turn", "stop_sequence", "pause_turn"] {
        let stopped = [began(reason, json!([tool(json!({}))])), end()];
        assert_eq!(calls(&stopped), [(1, "{}".to_owned())], "{reason}");
        let cut = [&[began(reason, json!([]))], &started[..]].concat();
        assert_eq!(calls(&cut), [], "{reason} proves nothing");
        assert_eq!(reasons(orderly(&cut)), [Completion::Truncated, Completion::ToolInput], "{reason} proves nothing");
    }
}

/// "Until a `message_delta` contains another value", of any type. Then no stop reason is known.
#[test]
fn a_stop_reason_of_another_type_replaces_that_of_message_start() {
    let began = message_start(json!({"content": [tool(json!({}))], "stop_reason": "max_tokens"}));
    let other = message_delta(json!({"stop_reason": 5}), json!({}));
    assert_eq!(reasons(orderly(&[began.clone(), other.clone()])), [Completion::Truncated]);
    assert_eq!(calls(&[began, other, end()]), [(2, "{}".to_owned())]);
}

/// "Its block has the highest index": every index of 64 bits counts.
#[test]
fn a_tool_call_at_the_highest_index_is_truncated_like_others() {
    for index in [0, u64::MAX - 1, u64::MAX] {
        let events = [begin(), start(index, tool(json!({}))), stop(index), stopped_by("max_tokens"), end()];
        assert_eq!(calls(&events), [], "{index}");
        assert_eq!(run(&events).input_state(0), InputState::Truncated, "{index}");
        assert_eq!(reasons(run(&events)), [Completion::ToolInput], "{index}");
    }
}

#[test]
fn a_tool_call_with_input_is_returned_at_its_stop() {
    let events = [begin(), start(0, tool(json!({}))), input(0, "{\"a\":"), input(0, "1}"), stop(0), end_turn(), end()];
    assert_eq!(calls(&events), [(4, "{\"a\":1}".to_owned())]);
    let cut = [begin(), start(0, tool(json!({}))), input(0, "{\"a\":"), stop(0), stopped_by("max_tokens"), end()];
    assert_eq!(calls(&cut), []);
    let open = [begin(), start(0, tool(json!({}))), input(0, "{\"a\":1}"), end_turn(), end()];
    assert_eq!(calls(&open), [(4, "{\"a\":1}".to_owned())], "message_stop closes it");
}

#[test]
fn a_lost_piece_truncates_the_input_of_its_block() {
    let before = [begin(), start(0, tool(json!({}))), start(1, tool(json!({}))), input(0, "{\"path\":\"/\"")];
    let after = [input(0, "}"), input(1, "{}"), stop(0), stop(1), end_turn(), end()];
    let whole =
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": 5}});
    let cut = "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\",\\\"a";
    for (lost, expected) in [(whole.to_string(), &["{}"][..]), (cut.to_owned(), &[])] {
        let bytes = sse(&before) + &named("content_block_delta", &lost) + &sse(&after);
        let (mut decoder, mut input) = (MessageDecoder::new(), bytes.as_bytes());
        let mut calls = Vec::new();
        let mut is_lost = false;
        while let Step::Update(event) = decoder.decode(&mut input).unwrap() {
            match event.update {
                Update::Lost(_) => is_lost = true,
                Update::BlockStop { block, .. } if block.index() == 0 => {
                    assert_eq!(block.content().tool_input().unwrap().value(), Err(ToolInputError::Truncated));
                }
                Update::ToolCall(call) => calls.push(call.input.as_str().to_owned()),
                _ => {}
            }
            if is_lost {
                let snapshot = decoder.snapshot();
                assert_eq!(snapshot.content()[0].tool_input().unwrap().value(), Err(ToolInputError::Truncated));
            }
        }
        assert_eq!(calls, expected, "of the other block, if the index is known");
        let incomplete = decoder.finish().unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::ContentLost, Completion::ToolInput]);
        let input = incomplete.partial().to_json_lossy().to_value().unwrap()["content"][0]["input"].take();
        assert_eq!(input, json!({"path": "/"}), "the value up to the lost piece");
    }
}

#[test]
fn a_lost_piece_without_an_index_truncates_the_input_of_every_open_block() {
    let before =
        [begin(), start(0, tool(json!({}))), input(0, "{}"), stop(0), start(1, tool(json!({}))), input(2, "{")];
    let after = [input(1, "{}"), stop(1), start(2, tool(json!({}))), input(2, "}"), stop(2), end_turn(), end()];
    for lost in [named("content_block_delta", "{\"type\":\"content_block_delta\""), named("", "{\"x")] {
        let incomplete = body(sse(&before) + &lost + &sse(&after)).end.unwrap_err();
        let states: Vec<_> = incomplete.partial().content().iter().map(state_of).collect();
        assert_eq!(states, [InputState::Empty, InputState::Truncated, InputState::Truncated]);
    }
    let too_large = text(5, &"x".repeat(2000));
    let decoder = || MessageDecoder::new().with_decoder(ssewire::Decoder::new().with_max_event_bytes(1000));
    let bytes = sse(&before) + &sse(&[too_large]) + &sse(&after);
    let incomplete = body_with(decoder, bytes.as_bytes()).end.unwrap_err();
    assert_eq!(incomplete.reason(), Completion::LimitExceeded);
    let states: Vec<_> = incomplete.partial().content().iter().map(state_of).collect();
    assert_eq!(states, [InputState::Empty, InputState::Truncated, InputState::Truncated]);
}

#[test]
fn a_piece_beyond_the_limit_truncates_the_input_of_its_block() {
    let accumulator = ssewire_messages::Accumulator::new().with_max_bytes(200);
    let run = run_with(
        accumulator,
        &[
            begin(),
            start(0, tool(json!({}))),
            input(0, "{\"a\":1}"),
            input(0, &" ".repeat(300)),
            stop(0),
            end_turn(),
            end(),
        ],
    );
    assert_eq!(run.input_state(0), InputState::Truncated);
    assert_eq!(reasons(run), [Completion::LimitExceeded, Completion::ToolInput]);
}

#[test]
fn a_message_delta_that_could_not_be_read_is_lost_content_unless_the_stop_reason_is_known() {
    let lost = named("message_delta", "{\"type\":\"message_delta\",\"delta\":{\"stop_r");
    let start = sse(&[begin()]);
    let incomplete = body(start.clone() + &lost + &sse(&[end()])).end.unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::ContentLost]);
    assert!(body(start + &lost + &sse(&[end_turn(), end()])).end.is_ok());
}

#[test]
fn a_bare_json_error_is_the_cause_if_the_stream_ends_without_a_message_end() {
    let bare = error().to_string() + "\n";
    // The last of them would be complete without the line: it lacks only its `message_stop`.
    for events in [&[ping()][..], &[begin(), start(0, text_block("a"))], &[begin(), end_turn()]] {
        let incomplete = body(sse(events) + &bare).end.unwrap_err();
        assert_eq!(incomplete.reason(), Completion::ServerError);
        assert_eq!(incomplete.server_error().unwrap().message(), Some("Overloaded"));
    }
    let named_by_object = r#"{"object":"error","message":"x"}"#.to_string() + "\n";
    assert_eq!(body(sse(&[begin()]) + &named_by_object).end.unwrap_err().reason(), Completion::ServerError);
    let whole = [begin(), end_turn(), end()];
    assert!(body(sse(&[begin()]) + &bare + "\n" + &sse(&whole[1..])).end.is_ok());
}

/// "An error in JSON has one of these forms", each perhaps in a list: Google's.
#[test]
fn a_bare_json_error_may_be_in_a_list() {
    for bare in [r#"[{"error":{"code":400,"message":"x"}}]"#, r#" [ {"error":{"code":400,"message":"x"}}]"#] {
        let bare = bare.to_owned() + "\n";
        let incomplete = body(sse(&[begin(), start(0, text_block("a"))]) + &bare).end.unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::ServerError, Completion::Truncated], "{bare}");
        assert_eq!(incomplete.server_error().unwrap().message(), Some("x"), "{bare}");
        assert!(!incomplete.is_retryable(), "{bare}");
        let incomplete = body(": a comment\n\n".to_owned() + &bare).end.unwrap_err();
        assert_eq!(incomplete.reason(), Completion::NonStreamBody, "{bare}");
        assert!(!incomplete.is_retryable(), "{bare}");
    }
}

/// The decoder and its report name the same first reason.
#[test]
fn a_bare_json_error_comes_before_a_rejected_event() {
    let strict = MessageDecoder::new().with_accumulator(strict_accumulator());
    let (mut decoder, bytes) = (strict, error().to_string() + "\n" + &sse(&[stop(0)]));
    assert!(decoder.decode(&mut bytes.as_bytes()).is_err());
    assert_eq!(decoder.completion(), Completion::ServerError);
    assert_eq!(decoder.finish().unwrap_err().reason(), Completion::ServerError);
}

#[test]
fn a_signature_within_a_thinking_delta_is_merged_as_its_own_delta_would_be() {
    let piece = delta(0, json!({"type": "thinking_delta", "thinking": "y", "signature": "s"}));
    let run = orderly(&[begin(), start(0, thinking_block("x")), piece, stop(0), end_turn(), end()]);
    assert_eq!(run.content(), json!([{"type": "thinking", "thinking": "xy", "signature": "s"}]));
}

/// `docs/protocol.md`, heading "Merge rules": a member that belongs to the block and not to the delta.
#[test]
fn a_second_member_of_a_delta_is_merged_as_its_own_delta_would_be() {
    let cases = [
        (
            text_block("x"),
            json!({"type": "text_delta", "text": "y", "citation": cited("c")}),
            json!({"type": "text", "text": "xy", "citations": [cited("c")]}),
        ),
        (
            text_block("x"),
            json!({"type": "citations_delta", "citation": cited("c"), "text": "y"}),
            json!({"type": "text", "text": "xy", "citations": [cited("c")]}),
        ),
        (
            thinking_block("x"),
            json!({"type": "thinking_delta", "thinking": "y", "signature": "s"}),
            json!({"type": "thinking", "thinking": "xy", "signature": "s"}),
        ),
        (
            thinking_block("x"),
            json!({"type": "signature_delta", "signature": "s", "thinking": "y"}),
            json!({"type": "thinking", "thinking": "xy", "signature": "s"}),
        ),
    ];
    for (block, piece, whole) in cases {
        let run = orderly(&[begin(), start(0, block.clone()), delta(0, piece.clone()), stop(0), end_turn(), end()]);
        assert_eq!(run.content(), json!([whole]), "{piece}");
        // If the delta is early, the text of the start precedes that of the delta; the event is one violation.
        let run = run_with(ssewire_messages::Accumulator::new(), &[begin(), delta(0, piece.clone())]);
        assert_eq!(run.violations(), [(ViolationKind::DeltaBeforeStart, Some(0))], "{piece}");
        assert_eq!(run.then(&[start(0, block), stop(0)]).content(), json!([whole]), "{piece}");
        // The pieces that are returned are those that were merged.
        let mut accumulator = ssewire_messages::Accumulator::new();
        accumulator.accumulate_json(begin().to_string().as_bytes()).unwrap();
        let payload = delta(0, piece.clone()).to_string();
        let mut returned = vec![show(&accumulator.accumulate_json(payload.as_bytes()).unwrap())];
        while let Some(update) = accumulator.next_update() {
            returned.push(show(&update));
        }
        returned.sort();
        let expected = if whole["type"] == "text" { ["citation", "text y"] } else { ["signature s", "thinking y"] };
        assert_eq!(returned, expected, "{piece}");
    }
}

fn show(update: &Update<'_>) -> String {
    match update {
        Update::Text { text, .. } => format!("text {text}"),
        Update::Thinking { thinking, .. } => format!("thinking {thinking}"),
        Update::Signature { signature, .. } => format!("signature {signature}"),
        Update::Citation { .. } => "citation".to_owned(),
        other => format!("{other:?}"),
    }
}

/// For bindings, which pass the payload on only if it has more than the update.
#[test]
fn members_beyond_the_plain_delta_are_marked_on_the_update() {
    let mut beside = text(0, "x");
    beside["future"] = json!(1);
    let cases = [
        (text(0, "x"), false),
        (input(1, "{"), false),
        (delta(0, json!({"text": "x", "type": "text_delta"})), false),
        (delta(0, json!({"type": "text_delta", "text": "x", "future": null})), true),
        (delta(0, json!({"type": "text_delta", "text": "x", "citation": cited("c")})), true),
        (delta(1, json!({"type": "input_json_delta", "partial_json": "{", "future": {}})), true),
        (beside, true),
        (delta(2, json!({"type": "compaction_delta", "content": "c", "encrypted_content": "e"})), false),
        (delta(2, json!({"type": "compaction_delta", "content": "c", "future": null})), true),
    ];
    for (piece, expected) in cases {
        let blocks = [start(0, text_block("")), start(1, tool(json!({}))), start(2, compaction_block(json!(null)))];
        let before = sse(&[&[begin()][..], &blocks, &[text(0, "a"), input(1, " ")]].concat());
        let mut decoder = MessageDecoder::new();
        let mut input = before.as_bytes();
        while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
        let event = sse(std::slice::from_ref(&piece));
        let Ok(Step::Update(update)) = decoder.decode(&mut event.as_bytes()) else { panic!("an update: {piece}") };
        assert_eq!(update.has_extra, expected, "{piece}");
    }
}

/// A block that takes the delta may not take the second member. Its own delta would open a block.
#[test]
fn a_second_member_goes_to_a_block_that_can_take_it() {
    let future = json!({"type": "future", "thinking": ""});
    let piece = delta(0, json!({"type": "thinking_delta", "thinking": "y", "signature": "s"}));
    let run = violation(&[begin(), start(0, future)], piece, &[(ViolationKind::MismatchedDelta, Some(0))]);
    let opened = json!({"type": "thinking", "thinking": "", "signature": "s"});
    assert_eq!(run.content(), json!([{"type": "future", "thinking": "y"}, opened]));
}

/// A member of another type belongs to nothing.
#[test]
fn a_second_member_of_another_type_is_not_merged() {
    let run = run(&[
        begin(),
        start(0, text_block("x")),
        delta(0, json!({"type": "text_delta", "text": "y", "citation": "c"})),
        delta(0, json!({"type": "citations_delta", "citation": cited("c"), "text": 1})),
        start(1, thinking_block("x")),
        delta(1, json!({"type": "thinking_delta", "thinking": "y", "signature": 1})),
        delta(1, json!({"type": "signature_delta", "signature": "s", "thinking": null})),
    ]);
    let text = json!({"type": "text", "text": "xy", "citations": [cited("c")]});
    assert_eq!(run.content(), json!([text, {"type": "thinking", "thinking": "xy", "signature": "s"}]));
}

#[test]
fn a_message_from_json_has_no_completion() {
    let read = |reason: Value, content: Value| -> Message {
        json!({"content": content, "stop_reason": reason}).to_string().parse().unwrap()
    };
    let call = json!([text_block("t"), tool(json!({}))]);
    for reason in [json!(null), json!("max_tokens"), json!("refusal"), json!("a_future_reason")] {
        let message = read(reason, call.clone());
        assert_eq!(message.tool_calls(), Err(TurnError::UnprovenToolCall));
        assert_eq!(message.to_turn(), Err(TurnError::UnprovenToolCall));
        assert!(message.to_json().is_ok());
    }
    for reason in ["tool_use", "end_turn", "stop_sequence", "pause_turn"] {
        assert_eq!(read(json!(reason), call.clone()).tool_calls().unwrap().len(), 1);
    }
    let last_is_text = json!([tool(json!({})), text_block("t")]);
    assert_eq!(read(json!("max_tokens"), last_is_text).tool_calls().unwrap().len(), 1);
}

/// The result of a call has to name its `id`, and the API refuses a call without a name.
#[test]
fn a_call_without_id_or_name_is_not_a_turn() {
    let read = |block: Value| -> Message {
        json!({"content": [block], "stop_reason": "tool_use"}).to_string().parse().unwrap()
    };
    for block in [
        json!({"type": "tool_use", "input": {}}),
        json!({"type": "tool_use", "id": "i", "input": {}}),
        json!({"type": "tool_use", "name": "f", "input": {}}),
        json!({"type": "tool_use", "id": 7, "name": "f", "input": {}}),
        json!({"type": "tool_use", "id": "i", "name": null, "input": {}}),
    ] {
        let message = read(block.clone());
        assert_eq!(message.to_turn(), Err(TurnError::UnidentifiedToolCall), "{block}");
        assert_eq!(message.tool_calls(), Err(TurnError::UnidentifiedToolCall), "{block}");
    }
    // The API runs it, and nothing answers it.
    assert!(read(json!({"type": "server_tool_use", "input": {}})).to_turn().unwrap().is_some());
}

#[test]
fn the_turn_has_the_members_that_the_api_accepts() {
    let content = json!([
        thinking_block("unsigned"),
        {"type": "thinking", "thinking": "signed", "signature": "s", "future": 1},
        {"type": "redacted_thinking", "data": "d"},
        text_block(""),
        {"type": "text", "text": "t", "citations": null, "future": 1},
        {"type": "text", "text": "u", "citations": [cited("c")]},
        {"type": "tool_use", "id": "i", "name": "f", "input": {"a": 1.50}, "caller": {"type": "direct"}, "future": 1},
        {"type": "tool_use", "id": "j", "name": "g", "input": {}, "caller": null, "toolset_name": "browser"},
        {"type": "tool_use", "id": "k", "name": "h", "input": {}, "toolset_name": null},
    ]);
    let message: Message =
        json!({"id": "msg_1", "content": content, "stop_reason": "tool_use"}).to_string().parse().unwrap();
    let expected = json!({"role": "assistant", "content": [
        {"type": "thinking", "thinking": "signed", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
        {"type": "text", "text": "t"},
        {"type": "text", "text": "u", "citations": [cited("c")]},
        {"type": "tool_use", "id": "i", "name": "f", "input": {"a": 1.5}, "caller": {"type": "direct"}},
        {"type": "tool_use", "id": "j", "name": "g", "input": {}, "toolset_name": "browser"},
        {"type": "tool_use", "id": "k", "name": "h", "input": {}},
    ]});
    assert_eq!(message.to_turn().unwrap().unwrap(), expected);
}

/// A result is the same from the call, from its copy, and from the id alone.
#[test]
fn a_result_names_its_call() {
    let message = json!({"content": [tool(json!({"a": 1}))], "stop_reason": "tool_use"}).to_string();
    let message: Message = message.parse().unwrap();
    let call = message.tool_calls().unwrap().remove(0);
    let copy = call.clone().into_owned();
    assert_eq!(copy.parse::<Value>().unwrap(), json!({"a": 1}));
    let result = |content: Value| json!({"type": "tool_result", "tool_use_id": "toolu_1", "content": content});
    for text in [call.result("t"), copy.result("t"), ToolResult::new("toolu_1", "t")] {
        assert_eq!(text.to_json(), result(json!("t")));
    }
    let blocks: RawJson = json!([text_block("t")]).into();
    let from_id = ToolResult::new_json("toolu_1", blocks.clone());
    for list in [call.result_json(blocks.clone()), copy.result_json(blocks), from_id] {
        assert_eq!(list.to_json(), result(json!([text_block("t")])));
    }
}

#[test]
fn the_results_are_the_turn_of_the_user() {
    let results = [ToolResult::new("toolu_1", "a \"b\""), ToolResult::new("toolu_2", "failed").with_is_error(true)];
    assert_eq!((results[0].tool_use_id(), results[0].is_error()), ("toolu_1", false));
    assert_eq!(results[0].content().decode_string().as_deref(), Some("a \"b\""));
    assert!(results[1].is_error());
    let expected = json!({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "a \"b\""},
        {"type": "tool_result", "tool_use_id": "toolu_2", "content": "failed", "is_error": true},
    ]});
    assert_eq!(ToolResult::user_turn(results), expected);
}

/// A call is stored while it waits, made by a test, and answered as the one of the message.
#[test]
fn a_stored_call_is_read_again() {
    let input: RawJson = r#"{"a": 1.50}"#.parse().unwrap();
    let call = OwnedToolCall::new("toolu_1", "f", input);
    let json = serde_json::to_string(&call).unwrap();
    assert_eq!(json, r#"{"id":"toolu_1","name":"f","input":{"a": 1.50}}"#);
    let again: OwnedToolCall = serde_json::from_str(&json).unwrap();
    assert_eq!(again, call);
    assert_eq!(again.result("t"), ToolResult::new("toolu_1", "t"));
    let block = json!({"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}});
    let of_a_block = serde_json::from_value::<OwnedToolCall>(block).unwrap();
    assert_eq!(of_a_block, OwnedToolCall::new("toolu_1", "f", json!({}).into()));
    for other in [json!("secret"), json!({"id": "i", "name": "secret"}), json!({"id": 7, "name": "f", "input": {}})] {
        let error = serde_json::from_value::<OwnedToolCall>(other).unwrap_err();
        assert_eq!(error.to_string(), "not a Messages API `tool_use`");
    }
}

/// The text for the model names the member; that for logs has no text of the input.
#[test]
fn an_error_of_input_is_explained_to_the_model() {
    #[derive(Debug, serde::Deserialize)]
    struct Weather {
        #[allow(dead_code, reason = "only read")]
        city: u8,
    }
    let call = |input: Value| OwnedToolCall::new("toolu_1", "weather", input.into());
    let missing = call(json!({"secret": 1})).parse::<Weather>().unwrap_err();
    assert!(missing.explanation().contains("missing field `city`"), "{}", missing.explanation());
    let mistyped = call(json!({"city": "secret"})).parse::<Weather>().unwrap_err();
    // serde quotes the value.
    assert!(mistyped.explanation().contains("\"secret\", expected u8"), "{}", mistyped.explanation());
    for error in [missing, mistyped] {
        assert!(!error.to_string().contains("secret") && !error.to_string().contains("city"), "{error}");
    }
    let truncated = ParseInputError::from(ToolInputError::Truncated);
    assert_eq!(truncated.explanation(), truncated.to_string());
}

/// A turn of the caller's type keeps the text of its `RawJson`, and has the form of every `RawJson`.
#[test]
fn a_serialized_value_has_no_line_ends_and_no_lone_surrogates() {
    let number: RawJson = "1.50".parse().unwrap();
    let raw = serde_json::value::RawValue::from_string("[\n\"\\ud800\"]".to_owned()).unwrap();
    let json = RawJson::from_serialize(&(number, raw)).unwrap();
    assert_eq!(json.as_str(), r#"[1.50,[ "\ufffd"]]"#);
    let map = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(RawJson::from_serialize(&map).is_err(), "a key is not a string");
}

/// The API rejects a turn without content, and text that is only white space.
#[test]
fn a_message_without_content_for_the_api_is_not_a_turn() {
    for content in [
        json!([]),
        json!([text_block("")]),
        json!([text_block(" \n")]),
        json!([thinking_block("unsigned")]),
        json!([thinking_block("unsigned"), text_block("\n"), text_block("")]),
    ] {
        let message = json!({"content": content, "stop_reason": "end_turn"}).to_string();
        assert_eq!(message.parse::<Message>().unwrap().to_turn(), Ok(None), "{content}");
    }
}

/// The API rejects a final text of the assistant that ends in white space, and a turn without content. Everything but
/// text is left out, whatever state it is in.
#[test]
fn a_turn_of_text_is_the_text_without_its_last_white_space() {
    for (content, text) in [
        (json!([]), None),
        (json!([text_block(" \n"), thinking_block("t"), tool(json!({}))]), None),
        (json!([text_block(" a \"b\"\n "), tool(json!({})), text_block("c \n")]), Some(" a \"b\"\n c")),
    ] {
        let message: Message = json!({"content": content}).to_string().parse().unwrap();
        let expected = text.map(|text| json!({"role": "assistant", "content": text}));
        assert_eq!(message.to_text_turn().map(|turn| turn.to_value().unwrap()), expected, "{content}");
    }
}

/// "The final block in an assistant message cannot be `thinking`", says the API, also of the redacted kind.
#[test]
fn a_turn_does_not_end_in_thinking() {
    let signed = || json!({"type": "thinking", "thinking": "x", "signature": "s"});
    let redacted = || json!({"type": "redacted_thinking", "data": "d"});
    let text = || text_block("t");
    for (content, kept) in [
        (json!([signed(), text(), signed()]), json!([signed(), text()])),
        (json!([text(), redacted(), signed(), text_block("")]), json!([text()])),
        (json!([redacted(), text(), thinking_block("unsigned"), redacted()]), json!([redacted(), text()])),
        (json!([signed(), text_block("")]), json!([])),
        (json!([signed(), redacted()]), json!([])),
        (json!([signed(), tool(json!({}))]), json!([signed(), tool(json!({}))])),
    ] {
        let message = json!({"content": content, "stop_reason": "end_turn"}).to_string();
        let turn = message.parse::<Message>().unwrap().to_turn().unwrap();
        let kept = (kept != json!([])).then(|| json!({"role": "assistant", "content": kept}));
        assert_eq!(turn.map(|turn| turn.to_value().unwrap()), kept, "{content}");
    }
}
