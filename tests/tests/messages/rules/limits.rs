//! `docs/protocol.md`, heading "Limits of a message".

use serde_json::{Value, json};
use ssewire_messages::{
    AccumulateError, Accumulator, Completion, ExceededLimit, MessageDecoder, Step, Update, ViolationKind,
};

use super::support::*;

/// Both validation modes, with room for one block.
fn with_one_block() -> [Accumulator; 2] {
    [Accumulator::new(), strict_accumulator()].map(|accumulator| accumulator.with_max_blocks(1))
}

/// The errors of a run, which must be one for the limit.
fn assert_exceeded_once(run: &Run) {
    let errors: Vec<_> = run.results.iter().filter_map(|result| result.as_ref().err()).collect();
    let [AccumulateError::LimitExceeded(ExceededLimit::Bytes { .. } | ExceededLimit::Blocks { .. })] = errors[..]
    else {
        panic!("{errors:?}")
    };
}

/// A message of one text block that is within the limit, and the start that exceeds it.
fn exceeded() -> Vec<Value> {
    vec![begin(), start(0, text_block("a")), stop(0), start(1, text_block("b"))]
}

#[test]
fn beyond_the_limit_stop_reason_and_counts_are_merged() {
    for accumulator in with_one_block() {
        let last = message_delta(
            json!({"stop_reason": "end_turn", "stop_sequence": "x"}),
            json!({"output_tokens": 9, "service_tier": "standard"}),
        );
        let events = [exceeded(), vec![text(1, "c"), stop(1), last, end()]].concat();
        let run = run_with(accumulator, &events);
        assert_exceeded_once(&run);
        let expected = json!({"content": [text_block("a")], "stop_reason": "end_turn", "usage": {"output_tokens": 9}});
        assert_eq!(run.message(), message(expected));
        assert_eq!(reasons(run), [Completion::LimitExceeded]);
    }
}

#[test]
fn beyond_the_limit_an_index_is_not_a_violation() {
    let of_any_index = [
        start(2, tool(json!({}))),
        input(2, "{}"),
        stop(2),
        start(9, text_block("gap")),
        start(5, text_block("out of order")),
        start(0, text_block("reused")),
        text(0, "after its stop"),
        thinking(0, "mismatched"),
        text(7, "before its start"),
        stop(7),
        stop(0),
    ];
    for accumulator in with_one_block() {
        let run = run_with(accumulator, &[exceeded(), of_any_index.to_vec(), vec![end_turn(), end()]].concat());
        assert_exceeded_once(&run);
        assert_eq!(run.violations(), []);
        assert_eq!(run.content(), json!([text_block("a")]));
        assert_eq!(reasons(run), [Completion::LimitExceeded]);
    }
}

#[test]
fn beyond_the_limit_other_violations_remain() {
    let [lenient, strict] = with_one_block();
    let open = [begin(), start(0, text_block("a")), start(1, text_block("b")), text(1, "c"), stop(1), end_turn()];
    let run = run_with(lenient.clone(), &open).then(&[end(), text(0, "late")]);
    let late = (ViolationKind::BlockEventAfterStop, Some(0));
    assert_eq!(run.violations(), [(ViolationKind::MissingStop, Some(0)), late]);
    let results = run_with(strict.clone(), &open).then(&[end()]).results;
    assert!(matches!(results.last(), Some(Err(AccumulateError::Violation(_)))), "{results:?}");
    let results = run_with(strict, &open).then(&[stop(0), end()]).results;
    assert_eq!(results.last(), Some(&Ok(())));

    let early = [text(0, "a"), text(1, "b"), text(1, "c")];
    let before = |index| (ViolationKind::BeforeMessageStart, Some(index));
    // The first two are also deltas before the start of their block.
    let unknown = |index| (ViolationKind::DeltaBeforeStart, Some(index));
    let run = run_with(lenient, &early);
    assert_eq!(run.violations(), [before(0), before(1), before(1), unknown(0), unknown(1)]);
}

#[test]
fn a_message_start_that_exceeds_the_limit_starts_the_message() {
    let large = message_start(json!({
        "id": "msg_a", "model": "m", "content": [text_block("a"), text_block(&"b".repeat(200))],
        "role": "user", "usage": {"input_tokens": 7, "service_tier": "standard"},
    }));
    for accumulator in [Accumulator::new(), strict_accumulator()] {
        for limited in [accumulator.clone().with_max_blocks(1), accumulator.clone().with_max_bytes(100)] {
            let events = [large.clone(), text(0, "a"), stop(1), start(2, text_block("c")), stop(2), end_turn(), end()];
            let first = run_with(limited.clone(), &events[..1]);
            assert!(first.accumulator.has_started());
            let expected = json!({"id": "msg_a", "usage": {"input_tokens": 7}});
            assert_eq!(first.message(), message(expected));

            let run = run_with(limited, &events);
            assert_exceeded_once(&run);
            assert_eq!((run.violations(), run.content()), (vec![], json!([])));
            assert_eq!(reasons(run), [Completion::LimitExceeded]);
        }
    }
}

#[test]
fn an_id_that_does_not_fit_into_the_limit_is_dropped() {
    for (limit, is_kept) in [(4, false), (5, true)] {
        let run = run_with(Accumulator::new().with_max_bytes(limit), &[message_start(json!({"id": "msg_a", "x": 0}))]);
        assert_exceeded_once(&run);
        assert!(run.accumulator.has_started());
        let expected = if is_kept { json!({"id": "msg_a"}) } else { json!({}) };
        assert_eq!(run.message(), message(expected), "{limit}");
    }
}

#[test]
fn a_message_start_beyond_the_limit_starts_the_message() {
    let [lenient, _] = with_one_block();
    let early = [text(0, "a"), text(1, "b")];
    let known = message_delta(json!({}), json!({"output_tokens": 2}));
    let usage = json!({"input_tokens": 7, "output_tokens": 1});
    let begin = message_start(json!({"id": "msg_a", "content": [text_block("c")], "usage": usage}));
    let run = run_with(lenient, &early).then(&[known, begin, text(1, "d"), end_turn(), end()]);
    assert_exceeded_once(&run);
    let expected = json!({
        "id": "msg_a", "content": [text_block("a")], "stop_reason": "end_turn",
        "usage": {"input_tokens": 7, "output_tokens": 2},
    });
    assert_eq!(run.message(), message(expected));
    assert_eq!(run.accumulator.violations().count(ViolationKind::BeforeMessageStart), 3);
    assert_eq!(reasons(run), [Completion::LimitExceeded]);
}

/// The message that replaces one above the limit is not lost with it.
#[test]
fn a_message_above_the_limit_ends_where_another_begins() {
    let [lenient, _] = with_one_block();
    let begin = |id: &str, content: Value| message_start(json!({"id": id, "content": content}));
    let large = begin("msg_a", json!([text_block("a"), text_block("b")]));
    let body = sse(&[large, begin("msg_b", json!([text_block("c")])), end_turn(), end()]);
    let mut decoder = MessageDecoder::new().with_accumulator(lenient);
    let mut input = body.as_bytes();
    let mut has_been_replaced = false;
    while let Step::Update(event) = decoder.decode(&mut input).unwrap() {
        has_been_replaced |= matches!(event.update, Update::Replaced);
    }
    assert!(has_been_replaced);
    let incomplete = decoder.next_message().unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::LimitExceeded, Completion::Truncated]);
    while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
    assert_eq!(decoder.finish().unwrap().id(), Some("msg_b"));
}

/// An empty piece has nothing that could be lost.
#[test]
fn an_empty_piece_of_input_beyond_the_limit_is_not_a_lost_piece() {
    let call = [begin(), start(0, tool(json!({}))), input(0, "{\"a\":1}"), start(1, text_block(""))];
    for (piece, expected) in [("", vec![]), (" ", vec![Completion::ToolInput])] {
        let [lenient, _] = with_one_block();
        let run = run_with(lenient, &call).then(&[input(0, piece), stop(0), end_turn(), end()]);
        assert_exceeded_once(&run);
        assert_eq!(reasons(run), [vec![Completion::LimitExceeded], expected].concat(), "{piece:?}");
    }
}

/// The stop of a block that was not merged may close another block of its index, whose input goes on after that.
#[test]
fn a_start_beyond_the_limit_truncates_the_open_input_of_its_index() {
    let calls_of = |mut accumulator: Accumulator, events: &[Value]| {
        let mut calls = Vec::new();
        for event in events {
            let _ = accumulator.accumulate_json(event.to_string().as_bytes());
            while let Some(update) = accumulator.next_update() {
                if let Update::ToolCall(call) = update {
                    calls.push(call.input.as_str().to_owned());
                }
            }
        }
        (calls, accumulator.into_message().unwrap_err().reasons().to_vec())
    };
    let limits = [Accumulator::new().with_max_blocks(1), Accumulator::new().with_max_bytes(150)];
    let other = |index| start(index, text_block(&"x".repeat(200)));
    let broken = vec![Completion::LimitExceeded, Completion::ToolInput];
    for limited in &limits {
        for input in [vec![], vec![input(0, "1")]] {
            let call = [vec![begin(), start(0, tool(json!({})))], input, vec![stopped_by("tool_use")]].concat();
            // The first start that exceeds the limit, and a later one.
            for starts in [vec![other(0)], vec![other(1), other(0)]] {
                let events = [&call[..], &starts, &[stop(0), stop(0), end()]].concat();
                assert_eq!(calls_of(limited.clone(), &events), (vec![], broken.clone()), "{events:?}");
            }
        }
        // A block of another index, and one that is closed, lose nothing.
        let call = [begin(), start(0, tool(json!({}))), input(0, "12")];
        for rest in [[other(1), stop(0)], [stop(0), other(0)]] {
            let events = [&call[..], &rest, &[stopped_by("tool_use"), end()]].concat();
            let expected = (vec!["12".to_owned()], vec![Completion::LimitExceeded]);
            assert_eq!(calls_of(limited.clone(), &events), expected, "{events:?}");
        }
    }
}
