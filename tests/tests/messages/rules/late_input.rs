//! `docs/protocol.md`, heading "Tool input": input that arrives after the stop of its block, and white space.

use serde_json::{Value, json};
use ssewire_messages::{Accumulator, Completion, MessageDecoder, Step, ToolInputError, Update};

use super::support::*;

/// White space in Unicode or in ASCII, but not in JSON.
const NO_JSON_SPACE: [&str; 4] = ["\u{c}", "\u{b}", "\u{a0}", " \u{c}\n"];

/// A call with this input in one delta, or without one, up to its stop.
fn stopped_call(json: &str) -> Vec<Value> {
    let delta = (!json.is_empty()).then(|| input(0, json));
    [begin(), start(0, tool(json!({})))].into_iter().chain(delta).chain([stop(0)]).collect()
}

/// These events, in the byte layout of the API; `@` is the first half of a surrogate pair.
fn with_halves(events: &[Value]) -> Vec<u8> {
    sse(events).replace('@', r"\ud83d").into_bytes()
}

/// Decodes a body up to its end, and checks that the decoder knows then how the message ends.
fn end_of(bytes: &[u8]) -> Vec<Completion> {
    let (mut decoder, mut input) = (MessageDecoder::new(), bytes);
    while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
    while decoder.decode_end().unwrap().is_some() {}
    let completion = decoder.completion();
    let reasons = decoder.finish().map_or_else(|incomplete| incomplete.reasons().to_vec(), |_| Vec::new());
    assert_eq!(reasons.first().copied().unwrap_or(Completion::Complete), completion);
    reasons
}

#[test]
fn only_white_space_of_json_is_blank_input() {
    for late in NO_JSON_SPACE {
        for before in ["{\"a\":1}", ""] {
            let run = run(&stopped_call(before)).then(&[input(0, late), stopped_by("tool_use"), end()]);
            assert_eq!(run.input_state(0), InputState::Invalid, "{before:?} {late:?}");
            assert_eq!(reasons(run), [Completion::ToolInput], "{before:?} {late:?}");
        }
        let waiting = run(&[begin(), input(5, late), end_turn(), end()]);
        assert_eq!(waiting.unmatched_input(), [(5, late.to_owned())]);
        assert_eq!(reasons(waiting), [Completion::ToolInput], "{late:?}");
    }
    for blank in [" ", "\t\r\n"] {
        let late = run(&stopped_call("{\"a\":1}")).then(&[input(0, blank), end_turn(), end()]);
        assert_eq!(late.input_state(0), InputState::Complete, "{blank:?}");
        let waiting = run(&[begin(), input(5, blank), end_turn(), end()]);
        assert!(waiting.unmatched_input().is_empty() && waiting.end().is_ok(), "{blank:?}");
    }
}

/// "`Update::ToolCall` then, unless it was returned before."
#[test]
fn a_call_that_late_input_completes_is_returned_at_message_stop() {
    let after = [stopped_by("tool_use"), end()];
    for (before, late) in [("", "{\"a\":1}"), ("{\"a\":", "1}"), (" ", "{\"a\":1}")] {
        let events = [&stopped_call(before)[..], &[input(0, late)], &after].concat();
        assert_eq!(calls(&events), [(events.len() - 1, "{\"a\":1}".to_owned())], "{before:?} {late:?}");
        assert_eq!(run(&events).end().unwrap().tool_calls().unwrap().len(), 1);
    }
    let higher = [start(1, text_block("")), stop(1)];
    let late = [&[input(0, "{\"a\":")][..], &[input(0, "1}")]].concat();
    let events = [&stopped_call("")[..], &late, &higher, &after].concat();
    assert_eq!(calls(&events), [(events.len() - 1, "{\"a\":1}".to_owned())], "in two pieces");
}

#[test]
fn a_call_that_was_returned_is_not_returned_again() {
    // `1` and then `12` are values, and an empty call before a block of a higher index is one.
    let number = [&stopped_call("1")[..], &[input(0, "2"), end_turn(), end()]].concat();
    assert_eq!(calls(&number), [(3, "1".to_owned())]);
    let higher = [start(1, text_block("")), stop(1)];
    let empty = [&stopped_call("")[..], &higher, &[input(0, "{\"a\":1}"), end_turn(), end()]].concat();
    assert_eq!(calls(&empty), [(3, "{}".to_owned())]);
    let broken = [&stopped_call("{}")[..], &[input(0, "}"), end_turn(), end()]].concat();
    assert_eq!(calls(&broken), [(3, "{}".to_owned())]);
    assert_eq!(reasons(run(&broken)), [Completion::ToolInput]);
}

/// The half is not in the text yet, but it will be U+FFFD, which is not JSON.
#[test]
fn half_a_character_after_the_stop_is_input() {
    for before in ["{\"a\":1}", ""] {
        let events = [&stopped_call(before)[..], &[input(0, "@"), stopped_by("tool_use"), end()]].concat();
        let bytes = with_halves(&events);
        let (mut decoder, mut rest) = (MessageDecoder::new(), &bytes[..]);
        let (mut calls, mut at_stop) = (Vec::new(), None);
        while let Step::Update(event) = decoder.decode(&mut rest).unwrap() {
            match event.update {
                Update::ToolCall(call) => calls.push(call.input.as_str().to_owned()),
                Update::MessageStop { message, .. } => at_stop = Some(state_of(&message.content()[0])),
                _ => {}
            }
        }
        assert_eq!(at_stop, Some(InputState::Invalid), "{before:?}");
        let returned = if before.is_empty() { vec![] } else { vec![before.to_owned()] };
        assert_eq!(calls, returned, "only before the half arrived");
        assert_eq!(end_of(&bytes), [Completion::ToolInput], "{before:?}");
    }
}

#[test]
fn half_a_character_at_the_end_of_input_is_broken_input() {
    let before = [begin(), start(0, tool(json!({}))), input(0, "{\"a\":1}")];
    let open = [&before[..], &[input(0, "@"), stopped_by("tool_use")]].concat();
    assert_eq!(end_of(&with_halves(&open)), [Completion::ToolInput, Completion::Unterminated]);
    let waiting = [&before[..], &[stop(0), input(5, "@"), stopped_by("tool_use")]].concat();
    assert_eq!(end_of(&with_halves(&waiting)), [Completion::ToolInput, Completion::Unterminated]);
    let stopped = [&waiting[..], &[end()]].concat();
    assert_eq!(end_of(&with_halves(&stopped)), [Completion::ToolInput]);
}

/// At `message_stop` several calls may become complete. They are returned as their blocks arrived.
#[test]
fn calls_without_a_stop_are_returned_in_their_order() {
    let call = |index: u64| [start(index, tool(json!({}))), input(index, &format!("{{\"a\":{index}}}"))];
    let initial = message_start(json!({"content": [tool(json!({"b": 0})), tool(json!({"b": 1}))]}));
    let events = [&[initial][..], &call(2), &call(3), &call(4), &[stopped_by("tool_use"), end()]].concat();
    let expected = ["{\"b\":0}", "{\"b\":1}", "{\"a\":2}", "{\"a\":3}", "{\"a\":4}"];
    assert_eq!(calls(&events), expected.map(|call| (events.len() - 1, call.to_owned())));
}

/// Input that waits at the index of an initial block does not close that block.
#[test]
fn an_initial_block_is_open_also_if_input_waits_at_its_index() {
    let start = message_start(json!({"content": [tool(json!({}))]}));
    for waiting in ["{}", " "] {
        let events = [input(0, waiting), start.clone(), end_turn(), end()];
        assert_eq!(calls(&events), [(3, "{}".to_owned())], "{waiting:?}");
        let bytes = sse(&events[..2]) + &named("content_block_delta", "{") + &sse(&events[2..]);
        let report = body(bytes).end.unwrap_err();
        assert_eq!(state_of(&report.partial().content()[0]), InputState::Truncated, "{waiting:?}");
    }
}

// The stop reason of a call without input

/// "The last stop reason, if it was kept": a later one of another type proves nothing.
#[test]
fn a_call_without_input_is_not_complete_by_a_stop_reason_that_is_not_kept() {
    let call = [start(0, tool(json!({}))), stop(0)];
    let undecodable = message_delta(json!({"stop_reason": 5}), Value::Null);
    for reasons_before in
        [vec![stopped_by("max_tokens"), undecodable.clone()], vec![undecodable.clone(), stopped_by("max_tokens")]]
    {
        let events = [&[begin()][..], &call, &reasons_before, &[end()]].concat();
        assert_eq!(run(&events).input_state(0), InputState::Truncated);
        assert_eq!((calls(&events), reasons(run(&events))), (vec![], vec![Completion::ToolInput]));
    }
    let later = [&[begin(), stopped_by("tool_use"), undecodable.clone()][..], &call, &[end()]].concat();
    assert_eq!((calls(&later), reasons(run(&later))), (vec![], vec![Completion::ToolInput]));
    let only = [&[begin()][..], &call, &[undecodable, end()]].concat();
    assert_eq!(calls(&only), [(4, "{}".to_owned())], "no stop reason at all");
}

#[test]
fn a_call_without_input_is_truncated_by_an_unknown_stop_reason_beyond_the_limit() {
    let large = message_delta(json!({"stop_reason": "future_limit", "container": {"x": "x".repeat(300)}}), Value::Null);
    for members in [json!({}), json!({"stop_reason": "end_turn"})] {
        let events = [message_start(members), start(0, tool(json!({}))), stop(0), large.clone(), end()];
        let run = run_with(Accumulator::new().with_max_bytes(200), &events);
        let input = run.accumulator.snapshot().content()[0].tool_input().unwrap().value().map(|_| ());
        assert_eq!(input, Err(ToolInputError::Truncated));
        assert_eq!(run.message().get("stop_reason"), None, "it was not kept");
        assert_eq!(reasons(run), [Completion::LimitExceeded, Completion::ToolInput]);
    }
}

/// Regression: `end_turn` stayed, and the call was complete.
#[test]
fn a_stop_reason_of_another_type_replaces_the_one_before_also_beyond_the_limit() {
    let large = start(1, text_block(&"x".repeat(300)));
    let other = message_delta(json!({"stop_reason": 5}), Value::Null);
    let events = [begin(), start(0, tool(json!({}))), large, end_turn(), other, stop(0), end()];
    let run = run_with(Accumulator::new().with_max_bytes(200), &events);
    assert_eq!(run.message().get("stop_reason"), None);
    assert_eq!(run.input_state(0), InputState::Truncated);
}

/// "The input of a `server_tool_use` or `mcp_tool_use`, which no update returns, is decided by the same event."
#[test]
fn a_later_stop_reason_does_not_change_a_call_that_is_decided() {
    let undecodable = message_delta(json!({"stop_reason": 7}), Value::Null);
    for kind in ["tool_use", "server_tool_use", "mcp_tool_use"] {
        let block = json!({"type": kind, "id": "i", "name": "f", "input": {}});
        let call = |reason: &str| [begin(), start(0, block.clone()), stopped_by(reason), stop(0)];
        assert_eq!(run(&call("max_tokens")).input_state(0), InputState::Truncated, "{kind}");
        for later in [stopped_by("max_tokens"), undecodable.clone()] {
            let run = run(&call("end_turn")).then(&[later, end()]);
            assert_eq!((run.input_state(0), run.end().is_ok()), (InputState::Empty, true), "{kind}");
        }
    }
}

/// Regression: without `message_stop`, an initial call without a stop was returned with the input `{}`.
#[test]
fn an_initial_call_without_input_is_truncated_by_the_stop_reason_alone() {
    let truncated = [Completion::ToolInput, Completion::Unterminated];
    for blocks in [json!([tool(json!({}))]), json!([text_block("a"), tool(Value::Null)])] {
        let last = blocks.as_array().unwrap().len() - 1;
        let start = message_start(json!({ "content": blocks }));
        let limit = [stopped_by("max_tokens"), message_delta(json!({"stop_reason": 5}), Value::Null)];
        for events in [
            vec![start.clone(), limit[0].clone()],
            vec![limit[0].clone(), start.clone()],
            vec![start.clone(), end_turn(), limit[1].clone()],
        ] {
            let cut = run(&events);
            assert_eq!(cut.input_state(last), InputState::Truncated, "in a snapshot");
            assert_eq!(cut.accumulator.completion(), Completion::ToolInput);
            assert_eq!(body(sse(&events)).end.unwrap_err().reasons(), truncated);
            assert_eq!((calls(&events), reasons(cut)), (vec![], truncated.to_vec()));
        }
    }
    let first = message_start(json!({"content": [tool(json!({})), tool(json!({}))]}));
    let cut = run(&[first, stopped_by("max_tokens")]);
    assert_eq!([0, 1].map(|at| cut.input_state(at)), [InputState::Empty, InputState::Truncated]);
}

#[test]
fn an_initial_call_without_input_is_complete_again_by_what_follows() {
    let cut = [message_start(json!({"content": [tool(json!({}))]})), stopped_by("max_tokens")];
    let higher = [start(1, text_block("")), stop(1)];
    for after in [&[stopped_by("tool_use")][..], &higher, &[input(0, "{\"a\":1}")], &[input(0, "{}"), stop(0)]] {
        let events = [&cut, after].concat();
        assert_eq!(run(&events).end().unwrap().tool_calls().unwrap().len(), 1, "{after:?}");
        let ended = [&events[..], &[end()]].concat();
        assert_eq!(calls(&ended).len(), 1, "{after:?}");
    }
    for after in [&[stop(0)][..], &[input(0, "")], &[input(0, "{")], &[input(0, "1")]] {
        let events = [&cut, after].concat();
        assert_eq!(reasons(run(&events)), [Completion::ToolInput, Completion::Unterminated], "{after:?}");
        assert_eq!(calls(&events), [], "{after:?}");
    }
}

/// Regression: the initial blocks of a higher index were no blocks of a higher index.
#[test]
fn initial_blocks_of_a_higher_index_complete_a_call_without_input() {
    let early = [start(0, tool(json!({}))), stop(0)];
    let initial = message_start(json!({"content": [text_block("a"), text_block("b")]}));
    for before in [&early[..], &[&early[..], &[stopped_by("max_tokens")]].concat()] {
        let events = [before, &[initial.clone(), stopped_by("max_tokens"), end()]].concat();
        assert_eq!(calls(&events), [(before.len(), "{}".to_owned())]);
        assert_eq!(run(&events).end().unwrap().tool_calls().unwrap().len(), 1);
    }
    let same = message_start(json!({"content": [text_block("a")]}));
    let events = [&early[..], &[same, stopped_by("max_tokens"), end()]].concat();
    assert_eq!((calls(&events), reasons(run(&events))), (vec![], vec![Completion::ToolInput]), "the same index");
}
