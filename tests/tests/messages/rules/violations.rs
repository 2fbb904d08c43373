//! `docs/protocol.md`, heading "Protocol violations": lenient mode merges and records each row, strict mode rejects
//! it without a change.

use serde_json::{Value, json};
use ssewire::Decoder;
use ssewire_messages::{
    AccumulateError, Accumulator, Completion, MessageDecoder, NonStreamBody, Step, Update, Validation, ViolationKind,
};

use super::support::*;

/// One delta of each kind, in this order: text, thinking, compaction, signature, citation, input.
fn deltas(index: u64) -> [Value; 6] {
    [
        text(index, "a"),
        thinking(index, "b"),
        compaction(index, json!("c")),
        signature(index, "s"),
        citation(index, "d"),
        input(index, "{\"e\": 1}"),
    ]
}

/// The blocks that [`deltas`] open if no block accepts them.
fn opened() -> [Vec<Value>; 6] {
    [
        vec![text_block("a")],
        vec![thinking_block("b")],
        vec![compaction_block(json!("c"))],
        vec![json!({"type": "thinking", "thinking": "", "signature": "s"})],
        vec![json!({"type": "text", "text": "", "citations": [cited("d")]})],
        vec![],
    ]
}

/// A block that accepts the delta at the same position of [`deltas`], before and after the delta.
fn takers() -> [(Value, Value); 6] {
    let text_with_citation = json!({"type": "text", "text": "0", "citations": [cited("d")]});
    let signed = json!({"type": "thinking", "thinking": "0", "signature": "s"});
    [
        (text_block("0"), text_block("0a")),
        (thinking_block("0"), thinking_block("0b")),
        (compaction_block(json!("0")), compaction_block(json!("c"))),
        (thinking_block("0"), signed),
        (text_block("0"), text_with_citation),
        (tool(json!({})), tool(json!({"e": 1}))),
    ]
}

/// A stream whose only block, a text block, is complete; of the message only `message_stop` is missing.
fn nearly_stopped() -> [Value; 4] {
    [begin(), start(0, text_block("t")), stop(0), end_turn()]
}

fn stopped() -> Vec<Value> {
    [&nearly_stopped()[..], &[end()]].concat()
}

/// The message of [`stopped`].
fn whole() -> Value {
    message(json!({"content": [text_block("t")], "stop_reason": "end_turn"}))
}

// Delta before its block's start; delta that does not fit its block

#[test]
fn a_delta_before_the_start_of_its_block() {
    for before in [vec![begin()], vec![begin(), start(0, text_block("t")), stop(0)]] {
        let blocks = before.len() as u64 / 2;
        for (delta, opened) in deltas(blocks).into_iter().zip(opened()) {
            let run = violation(&before, delta, &[(ViolationKind::DeltaBeforeStart, Some(blocks))]);
            let whole = (0..blocks).map(|_| text_block("t")).chain(opened).collect::<Vec<_>>();
            assert_eq!(run.content(), json!(whole));
        }
    }
}

#[test]
fn input_before_the_start_of_its_block_waits_for_it() {
    let run = violation(&[begin()], input(1, "{"), &[(ViolationKind::DeltaBeforeStart, Some(1))]);
    assert_eq!(run.unmatched_input(), [(1, "{".to_owned())]);
}

#[test]
fn a_delta_before_any_start_may_have_the_highest_index() {
    let run = violation(&[begin()], text(u64::MAX, "a"), &[(ViolationKind::DeltaBeforeStart, Some(u64::MAX))]);
    assert_eq!(run.content(), json!([text_block("a")]));
}

#[test]
fn each_delta_before_the_start_is_a_violation() {
    let run = run(&[begin(), text(0, "a"), text(0, "b"), thinking(1, "c"), text(0, "d")]);
    let early = |index| (ViolationKind::DeltaBeforeStart, Some(index));
    assert_eq!(run.violations(), [early(0), early(0), early(0), early(1)]);
    assert_eq!(run.content(), json!([text_block("abd"), thinking_block("c")]));
}

#[test]
fn a_delta_that_does_not_fit_its_block() {
    for (other, kinds) in [
        (text_block("t"), &[1, 2, 3, 5][..]),
        (thinking_block("x"), &[0, 2, 4, 5]),
        (tool(json!({})), &[0, 1, 2, 3, 4]),
        (json!({"type": "server_tool_use", "id": "i", "name": "web_search", "input": {}}), &[0, 1, 2, 3, 4]),
        (json!({"type": "mcp_tool_use", "id": "i", "name": "f", "server_name": "s", "input": {}}), &[0, 1, 2, 3, 4]),
        (compaction_block(json!("c")), &[0, 1, 3, 4, 5]),
        (json!({"type": "redacted_thinking", "data": "d"}), &[0, 1, 2, 3, 4, 5]),
        (json!({"type": "container_upload", "file_id": "f"}), &[0, 1, 2, 3, 4, 5]),
    ] {
        let begun = [begin(), start(0, other.clone())];
        let initial = [message_start(json!({"content": [other]}))];
        let closed = [&begun[..], &[stop(0)]].concat();
        for before in [&begun[..], &initial, &closed] {
            for kind in kinds {
                let delta = deltas(0)[*kind].clone();
                let run = violation(before, delta, &[(ViolationKind::MismatchedDelta, Some(0))]);
                let expected: Vec<_> = [other.clone()].into_iter().chain(opened()[*kind].clone()).collect();
                assert_eq!(run.content(), json!(expected));
            }
        }
    }
}

#[test]
fn each_delta_that_does_not_fit_is_a_violation() {
    let run = run(&[begin(), start(0, tool(json!({}))), text(0, "a"), text(0, "b"), input(0, "{}"), stop(0)]);
    assert_eq!(run.violations(), [(ViolationKind::MismatchedDelta, Some(0)); 2]);
    assert_eq!(run.content(), json!([tool(json!({})), text_block("ab")]));
}

#[test]
fn input_that_does_not_fit_its_block_waits_for_one() {
    let before = [begin(), start(0, text_block("t"))];
    let run = violation(&before, input(0, "[1]"), &[(ViolationKind::MismatchedDelta, Some(0))]);
    assert_eq!((run.content(), run.unmatched_input()), (json!([text_block("t")]), vec![(0, "[1]".to_owned())]));
}

// Start 1 before start 0, gaps in the indices

#[test]
fn a_start_after_a_gap_in_the_indices() {
    let first = [begin(), start(0, text_block("t")), stop(0)];
    let initial = message_start(json!({"content": [text_block("t")]}));
    for (before, index, content) in [
        (&[begin()][..], 1, vec![text_block("far")]),
        (&[begin()], u64::MAX, vec![text_block("far")]),
        (&first, 2, vec![text_block("t"), text_block("far")]),
        (&[initial], 7, vec![text_block("t"), text_block("far")]),
    ] {
        let run = violation(before, start(index, text_block("far")), &[(ViolationKind::IndexGap, Some(index))]);
        assert_eq!(run.content(), json!(content), "a gap adds no block");
    }
}

/// Strict mode rejects the first of the two; then the rest has no violation.
#[test]
fn start_1_before_start_0() {
    let events = [
        begin(),
        start(1, text_block("b")),
        text(1, "B"),
        stop(1),
        start(0, text_block("a")),
        text(0, "A"),
        stop(0),
        end_turn(),
        end(),
    ];
    let run = run(&events);
    assert_eq!(run.content(), json!([text_block("aA"), text_block("bB")]));
    assert_eq!(run.violations(), [(ViolationKind::IndexGap, Some(1)), (ViolationKind::StartOutOfOrder, Some(0))]);
    assert_eq!(run.accumulator.completion(), Completion::Complete);

    let strict = strict(&events);
    assert!(matches!(&strict.results[1], Err(AccumulateError::Violation(violation)) if violation.index == Some(1)));
    assert_eq!(strict.results[4], Ok(()));
    assert_eq!(strict.content(), json!([text_block("aA")]));
}

#[test]
fn content_is_ordered_by_index_without_holes() {
    let starts = [9, 2, u64::MAX, 0, 5].map(|index| start(index, text_block(&index.to_string())));
    let run = run(&[begin()]).then(&starts);
    assert_eq!(run.content(), json!(["0", "2", "5", "9", &u64::MAX.to_string()].map(text_block)));
    let expected = [
        (ViolationKind::IndexGap, Some(9)),
        (ViolationKind::IndexGap, Some(u64::MAX)),
        (ViolationKind::StartOutOfOrder, Some(0)),
        (ViolationKind::StartOutOfOrder, Some(2)),
        (ViolationKind::StartOutOfOrder, Some(5)),
    ];
    assert_eq!(run.violations(), expected);
}

#[test]
fn a_block_that_an_early_delta_opened_is_at_its_index() {
    let run = run(&[begin(), text(3, "3"), start(0, text_block("0")), text(1, "1")]);
    assert_eq!(run.content(), json!(["0", "1", "3"].map(text_block)));
}

// Start for an index that was started already

#[test]
fn a_start_for_an_index_that_was_started_already() {
    let begun = [begin(), start(0, text_block("a"))];
    let closed = [&begun[..], &[stop(0)]].concat();
    let initial = [message_start(json!({"content": [text_block("a")]}))];
    for before in [&begun[..], &closed, &initial] {
        let reused = [(ViolationKind::IndexReused, Some(0))];
        let run = violation(before, start(0, text_block("b")), &reused);
        assert_eq!(run.content(), json!([text_block("a"), text_block("b")]), "a new block after the earlier one");
        let run = run.then(&[text(0, "!")]);
        assert_eq!(run.content(), json!([text_block("a"), text_block("b!")]), "later deltas go to the new one");
        assert_eq!(run.violations(), reused);
    }
}

#[test]
fn later_deltas_go_to_the_new_block_of_an_index_where_it_can_take_them() {
    let run =
        run(&[begin(), start(0, text_block("a")), start(0, tool(json!({}))), text(0, "!"), input(0, "{\"k\":1}")]);
    assert_eq!(run.content(), json!([text_block("a!"), tool(json!({"k": 1}))]));
    assert_eq!(run.violations(), [(ViolationKind::IndexReused, Some(0))], "each delta has found its open block");
}

#[test]
fn the_new_block_of_an_index_precedes_the_next_index() {
    let before = [begin(), start(0, text_block("0")), start(1, text_block("1"))];
    let run = violation(&before, start(0, text_block("0b")), &[(ViolationKind::IndexReused, Some(0))]);
    assert_eq!(run.content(), json!(["0", "0b", "1"].map(text_block)));
}

#[test]
fn a_start_at_the_index_of_an_initial_block_follows_all_initial_blocks() {
    let before = [message_start(json!({"content": [text_block("i0"), text_block("i1")]}))];
    let run = violation(&before, start(0, text_block("0")), &[(ViolationKind::IndexReused, Some(0))]);
    assert_eq!(run.content(), json!(["i0", "i1", "0"].map(text_block)));
}

// Delta after the stop of its block

#[test]
fn a_delta_after_the_stop_of_its_block() {
    for (delta, (begun, whole)) in deltas(0).into_iter().zip(takers()) {
        let before = [begin(), start(0, begun.clone()), stop(0)];
        let run = violation(&before, delta.clone(), &[(ViolationKind::DeltaAfterStop, Some(0))]);
        assert_eq!(run.content(), json!([whole]), "merged");
        let initial = [message_start(json!({"content": [begun]})), stop(0)];
        let run = violation(&initial, delta, &[(ViolationKind::DeltaAfterStop, Some(0))]);
        assert_eq!(run.content(), json!([whole]), "merged into an initial block");
    }
}

#[test]
fn each_delta_after_the_stop_is_a_violation() {
    let run = run(&[begin(), start(0, text_block("a")), text(0, "b"), stop(0), text(0, "c"), text(0, "d")]);
    assert_eq!(run.violations(), [(ViolationKind::DeltaAfterStop, Some(0)); 2]);
    assert_eq!(run.content(), json!([text_block("abcd")]));
}

#[test]
fn input_after_the_stop_completes_the_input() {
    let before = [begin(), start(0, tool(json!({}))), input(0, "{\"a\": "), stop(0)];
    let run = violation(&before, input(0, "1}"), &[(ViolationKind::DeltaAfterStop, Some(0))]);
    assert_eq!(run.input_state(0), InputState::Pending, "more may come");
    let run = run.then(&[end_turn(), end()]);
    assert_eq!((run.content(), run.input_state(0)), (json!([tool(json!({"a": 1}))]), InputState::Complete));
    assert_eq!(run.accumulator.completion(), Completion::Complete);
}

#[test]
fn a_delta_after_the_stop_goes_to_the_newest_block_of_its_index() {
    let run = run(&[begin(), start(0, text_block("a")), start(0, text_block("b")), stop(0), text(0, "!")]);
    assert_eq!(run.content(), json!([text_block("a"), text_block("b!")]));
    assert_eq!(run.violations(), [(ViolationKind::DeltaAfterStop, Some(0)), (ViolationKind::IndexReused, Some(0))]);
}

// Stop for an index that never started, or a second stop

#[test]
fn a_stop_for_an_index_that_never_started() {
    for (before, index) in [
        (vec![begin()], 0),
        (vec![begin()], u64::MAX),
        (vec![begin(), start(0, text_block("t"))], 1),
        (vec![message_start(json!({"content": [text_block("t")]}))], 1),
    ] {
        let run = violation(&before, stop(index), &[(ViolationKind::StopWithoutStart, Some(index))]);
        assert_eq!(run.message(), orderly(&before).message(), "ignored");
    }
}

#[test]
fn a_second_stop() {
    for begun in
        [[begin(), start(0, text_block("t"))].to_vec(), vec![message_start(json!({"content": [tool(json!({}))]}))]]
    {
        let before = [&begun[..], &[stop(0)]].concat();
        let run = violation(&before, stop(0), &[(ViolationKind::DuplicateStop, Some(0))]);
        assert_eq!(run.message(), orderly(&before).message(), "ignored");
    }
}

/// A block that a delta opened was never started: it needs no stop, and its stop is one without a start.
#[test]
fn a_stop_for_a_block_that_a_delta_opened() {
    let run = run(&[begin(), text(0, "a"), stop(0), text(0, "b"), end_turn(), end()]);
    assert_eq!(run.content(), json!([text_block("ab")]));
    let early = (ViolationKind::DeltaBeforeStart, Some(0));
    assert_eq!(run.violations(), [early, early, (ViolationKind::StopWithoutStart, Some(0))]);
    assert_eq!(run.accumulator.completion(), Completion::Complete);
}

#[test]
fn a_stop_for_input_that_waits_for_its_block() {
    let run = run(&[begin(), input(0, "{\"a\":"), stop(0), start(0, tool(json!({}))), input(0, "1}"), stop(0)]);
    assert_eq!(run.content(), json!([tool(json!({"a": 1}))]), "it waits on");
    assert_eq!(
        run.violations(),
        [(ViolationKind::DeltaBeforeStart, Some(0)), (ViolationKind::StopWithoutStart, Some(0))]
    );
}

#[test]
fn a_stop_closes_the_newest_open_block_of_its_index() {
    let reused = (ViolationKind::IndexReused, Some(0));
    let run = run(&[begin(), start(0, text_block("a")), start(0, thinking_block("b")), stop(0)]);
    let run = run.then(&[text(0, "A")]);
    assert_eq!(run.violations(), [reused], "the older one is open");
    let run = run.then(&[thinking(0, "B")]);
    assert_eq!(run.violations(), [(ViolationKind::DeltaAfterStop, Some(0)), reused], "the newer one is not");
    let run = run.then(&[stop(0), end_turn(), end()]);
    assert_eq!(run.violations(), [(ViolationKind::DeltaAfterStop, Some(0)), reused], "none is open at the end");
    assert_eq!(run.content(), json!([text_block("aA"), thinking_block("bB")]));
}

#[test]
fn one_stop_more_than_blocks_of_an_index_is_a_second_stop() {
    let run = run(&[begin(), start(0, text_block("a")), start(0, text_block("b")), stop(0), stop(0)]);
    assert_eq!(run.violations(), [(ViolationKind::IndexReused, Some(0))]);
    let run = run.then(&[stop(0)]);
    assert_eq!(run.violations(), [(ViolationKind::IndexReused, Some(0)), (ViolationKind::DuplicateStop, Some(0))]);
}

#[test]
fn initial_blocks_need_no_stop() {
    let initial = message_start(json!({"content": [text_block("a"), tool(json!({}))]}));
    let run = orderly(&[initial, text(0, "b"), input(1, "{\"k\": 1}"), end_turn(), end()]);
    assert_eq!(run.content(), json!([text_block("ab"), tool(json!({"k": 1}))]));
    assert_eq!(run.accumulator.completion(), Completion::Complete);
}

#[test]
fn the_stop_of_an_initial_block_is_not_a_violation() {
    let initial = message_start(json!({"content": [text_block("a"), text_block("b")]}));
    assert_eq!(orderly(&[initial, stop(1), stop(0)]).content(), json!([text_block("a"), text_block("b")]));
}

// Missing content_block_stop

#[test]
fn a_block_without_a_stop_is_closed_at_message_stop() {
    let before = [begin(), start(0, tool(json!({}))), input(0, "{\"a\": 1}"), end_turn()];
    let run = violation(&before, end(), &[(ViolationKind::MissingStop, Some(0))]);
    assert_eq!(run.input_state(0), InputState::Complete);
    assert_eq!(run.accumulator.completion(), Completion::Complete);
}

#[test]
fn each_missing_stop_is_a_violation() {
    let starts = [0, 1, 2, 3].map(|index| start(index, text_block("t")));
    let before = [&[begin()], &starts[..], &[stop(1), end_turn()]].concat();
    let run = violation(&before, end(), &[0, 2, 3].map(|index| (ViolationKind::MissingStop, Some(index))));
    assert_eq!(run.content(), json!(["t", "t", "t", "t"].map(text_block)));
}

/// `message_stop` was rejected, so the message has not ended.
#[test]
fn a_missing_stop_leaves_a_strict_message_unterminated() {
    let run = strict(&[begin(), start(0, text_block("t")), end_turn(), end()]);
    assert_eq!(run.accumulator.completion(), Completion::Unterminated);
    let run = run.then(&[stop(0), end()]);
    assert_eq!(run.accumulator.completion(), Completion::Complete);
}

#[test]
fn an_implicit_block_that_was_started_needs_its_stop() {
    let events = [begin(), text(0, "early"), start(0, text_block("a"))];
    let early = (ViolationKind::DeltaBeforeStart, Some(0));
    assert_eq!(run(&events).then(&[end()]).violations(), [early, (ViolationKind::MissingStop, Some(0))]);
    assert_eq!(run(&events).then(&[stop(0), end()]).violations(), [early]);
}

// Second message_start before message_stop

#[test]
fn a_second_message_start_before_message_stop() {
    let first = json!({"id": "msg_1", "model": "m", "usage": {"input_tokens": 1}, "content": [text_block("i")]});
    let second = json!({
        "id": "msg_1", "model": "n", "usage": {"input_tokens": 2, "output_tokens": 2}, "content": [text_block("x")],
        "stop_reason": "end_turn", "future": 1,
    });
    let before = [message_start(first.clone()), start(1, text_block("t"))];
    let run = violation(&before, message_start(second), &[(ViolationKind::SecondMessageStart, None)]);
    assert_eq!(run.message(), orderly(&before).message(), "ignored: the first stands");
    let run = run.then(&[text(1, "!"), stop(1), start(2, text_block("u")), stop(2), end_turn(), end()]);
    assert_eq!(run.content(), json!(["i", "t!", "u"].map(text_block)), "the stream goes on");
    assert_eq!(run.message()["id"], "msg_1");
    assert_eq!(run.violations(), [(ViolationKind::SecondMessageStart, None)]);
    assert_eq!(run.accumulator.completion(), Completion::Complete);
}

/// Gateways that fail over write this; the texts of two generations are never joined.
#[test]
fn a_message_start_of_another_id_ends_the_message_and_begins_the_next() {
    let first = [message_start(json!({"id": "msg_a", "model": "m"})), start(0, text_block("The answer is "))];
    let second = [message_start(json!({"id": "msg_b", "model": "m"})), start(0, text_block("42")), stop(0)];
    let run = violation(&first, second[0].clone(), &[(ViolationKind::ReplacedMessage, None)]);
    let late = run.then(&[text(0, "not of the first")]);
    assert_eq!(late.content(), json!([text_block("The answer is ")]));
    let incomplete = late.end().unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::Truncated]);
    assert_eq!(incomplete.replaced_by(), Some("msg_b"));

    let bytes = sse(&[&first[..], &second, &[end_turn(), end()]].concat());
    let (mut decoder, mut input) = (MessageDecoder::new(), bytes.as_bytes());
    while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
    let incomplete = decoder.next_message().unwrap_err();
    assert_eq!((incomplete.reason(), incomplete.replaced_by()), (Completion::Truncated, Some("msg_b")));
    while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
    let message = decoder.next_message().unwrap();
    assert_eq!((message.id(), message.text().as_str()), (Some("msg_b"), "42"));
    assert!(matches!(decoder.decode(&mut input).unwrap(), Step::NeedInput));
    assert!(!decoder.has_started(), "the body has only two messages");
}

/// Regression: strict mode lost the second message with its start.
#[test]
fn strict_mode_ends_the_message_there_too_and_keeps_the_start() {
    let first = [message_start(json!({"id": "msg_a"})), start(0, text_block("The answer is "))];
    let second = [message_start(json!({"id": "msg_b"})), start(0, text_block("42")), stop(0), end_turn(), end()];
    let body = sse(&[&first[..], &second].concat());
    for length in [1, 7, body.len()] {
        let mut decoder =
            MessageDecoder::new().with_accumulator(Accumulator::new().with_validation(Validation::Strict));
        let (mut messages, mut rejected) = (Vec::new(), Vec::new());
        for mut chunk in body.as_bytes().chunks(length) {
            loop {
                match decoder.decode(&mut chunk) {
                    Ok(Step::Update(_)) => {}
                    Ok(Step::NeedInput) => break,
                    Ok(Step::Ended) => messages.push(decoder.next_message()),
                    Err(error) => rejected.push(error.to_string()),
                }
            }
        }
        let [Err(incomplete), Ok(message)] = &messages[..] else { panic!("{messages:?} in chunks of {length}") };
        assert_eq!(rejected, [format!("protocol violation: {}", ViolationKind::ReplacedMessage)]);
        assert_eq!(incomplete.reasons(), [Completion::RejectedByStrictMode, Completion::Truncated]);
        assert_eq!((incomplete.partial().id(), incomplete.replaced_by()), (Some("msg_a"), Some("msg_b")));
        assert_eq!(incomplete.partial().text(), "The answer is ");
        assert_eq!((message.id(), message.text().as_str()), (Some("msg_b"), "42"));
        assert!(!decoder.has_started(), "the body has only two messages");
    }
}

/// "In strict mode a violation is an error that changes nothing": an accumulator without a driver keeps no start.
#[test]
fn an_accumulator_keeps_nothing_of_a_rejected_start() {
    let mut accumulator = Accumulator::new().with_validation(Validation::Strict).with_max_bytes(1000);
    accumulator.accumulate_json(message_start(json!({"id": "msg_a"})).to_string().as_bytes()).unwrap();
    let other = message_start(json!({"id": "msg_b", "x": "y".repeat(100_000)})).to_string();
    let before = ssewire_heap::held();
    for _ in 0..2 {
        let rejected = accumulator.accumulate_json(other.as_bytes());
        assert!(
            matches!(rejected, Err(AccumulateError::Violation(found)) if found.kind == ViolationKind::ReplacedMessage)
        );
    }
    assert!(ssewire_heap::held() < before + 1000);
    assert!(!accumulator.is_ended());
}

/// Regression: the error went with the message that the start had ended.
#[test]
fn an_error_field_in_the_block_of_such_a_start_is_one_of_the_next_message() {
    let payload = |id: &str| message_start(json!({"id": id})).to_string();
    let body = format!("data: {}\n\ndata: {}\nerror: boom\n\n", payload("msg_a"), payload("msg_b"));
    for length in [1, 7, body.len()] {
        let mut decoder = MessageDecoder::new();
        let mut reasons = Vec::new();
        for chunk in body.as_bytes().chunks(length) {
            let mut input = chunk;
            loop {
                match decoder.decode(&mut input).unwrap() {
                    Step::Update(_) => {}
                    Step::NeedInput => break,
                    Step::Ended => reasons.push(decoder.next_message().unwrap_err().reason()),
                }
            }
        }
        assert_eq!(reasons, [Completion::Truncated, Completion::ServerError], "chunks of {length}");
    }
}

#[test]
fn a_replaced_message_whose_stop_reason_came_is_unterminated() {
    let run = run(&[message_start(json!({"id": "msg_a"})), end_turn(), message_start(json!({"id": "msg_b"}))]);
    assert_eq!(run.accumulator.completion(), Completion::Unterminated);
}

/// The rest is not consumed, so nothing depends on the chunking.
#[test]
fn the_message_ends_at_message_stop_and_at_an_error() {
    for last in [end(), error()] {
        let events = [begin(), end_turn(), last];
        let rest = sse(&[ping(), text(0, "late")]);
        for chunk in [1, 7, 1000] {
            let bytes = sse(&events) + &rest;
            let mut decoder = MessageDecoder::new();
            let mut consumed = 0;
            for piece in bytes.as_bytes().chunks(chunk) {
                let mut input = piece;
                while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
                consumed += piece.len() - input.len();
            }
            assert!(decoder.is_ended());
            assert_eq!(consumed, bytes.len() - rest.len());
        }
    }
}

#[test]
fn several_messages_in_one_body_are_returned_one_after_the_other() {
    let message = |id: &str| [message_start(json!({"id": id})), start(0, text_block(id)), stop(0), end_turn(), end()];
    let between = [ping(), error(), text(0, "late")];
    let events = [&message("msg_1")[..], &between, &message("msg_2"), &between].concat();
    let bytes = sse(&events);
    let (mut decoder, mut input, mut ids) = (MessageDecoder::new(), bytes.as_bytes(), Vec::new());
    loop {
        match decoder.decode(&mut input).unwrap() {
            Step::Update(_) => {}
            Step::Ended => ids.push(decoder.next_message().unwrap().text()),
            Step::NeedInput => break,
        }
    }
    assert_eq!(ids, ["msg_1", "msg_2"]);
    assert!(!decoder.has_started());
}

/// Regression: nothing said that a further message may have been lost with its start.
#[test]
fn an_event_that_may_have_started_a_further_message_is_reported_as_lost() {
    let message = |id: &str| [message_start(json!({"id": id})), start(0, text_block(id)), stop(0), end_turn(), end()];
    let [first, third] = ["msg_1", "msg_3"].map(|id| sse(&message(id)));
    let large = message_start(json!({"id": "msg_2", "model": "m".repeat(1_000)})).to_string();
    for second in [large.as_str(), "{\"type\":\"message_start\",", "{\"type\":"] {
        let body = format!("{first}data: {second}\n\n: comment\n\n{}{third}", sse(&[ping(), text(0, "late")]));
        for length in [1, 100, body.len()] {
            let mut decoder = MessageDecoder::new().with_decoder(Decoder::new().with_max_event_bytes(500));
            let (mut texts, mut lost) = (Vec::new(), 0);
            for chunk in body.as_bytes().chunks(length) {
                let mut input = chunk;
                loop {
                    match decoder.decode(&mut input).unwrap() {
                        Step::Update(event) => lost += usize::from(matches!(event.update, Update::Lost(_))),
                        Step::NeedInput => break,
                        Step::Ended => texts.push(decoder.next_message().unwrap().text()),
                    }
                }
            }
            assert_eq!((texts, lost), (vec!["msg_1".into(), "msg_3".into()], 1), "{second} in chunks of {length}");
        }
    }
}

#[test]
fn after_the_last_message_of_a_body_there_is_no_other() {
    let message = [message_start(json!({"id": "msg_1"})), end_turn(), end()];
    for after in [vec![], vec![ping(), error(), text(0, "late")]] {
        let bytes = sse(&[&message[..], &after].concat());
        let (mut decoder, mut input) = (MessageDecoder::new(), bytes.as_bytes());
        while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
        decoder.next_message().unwrap();
        for _ in 0..2 {
            while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
            assert!(decoder.decode_end().unwrap().is_none());
            assert!(!decoder.has_started());
            assert_eq!(decoder.completion(), Completion::Truncated, "no message_start");
            let absent = decoder.next_message().unwrap_err();
            assert_eq!((absent.reason(), absent.has_started()), (Completion::Truncated, false));
            assert_eq!(absent.non_stream_body(), None);
        }
        assert_eq!(decoder.finish().unwrap_err().reason(), Completion::Truncated);
    }
    // The first report on another body names its kind.
    let mut decoder = MessageDecoder::new();
    while let Step::Update(_) = decoder.decode(&mut &b"<html>"[..]).unwrap() {}
    let first = decoder.next_message().unwrap_err();
    assert_eq!((first.reason(), first.non_stream_body()), (Completion::NonStreamBody, Some(&NonStreamBody::Html)));
    let absent = decoder.finish().unwrap_err();
    assert_eq!((absent.reason(), absent.non_stream_body()), (Completion::Truncated, None));
}

#[test]
fn a_second_message_start_with_the_stop_reason_known() {
    let run = violation(&nearly_stopped(), begin(), &[(ViolationKind::SecondMessageStart, None)]);
    assert_eq!((run.message(), run.accumulator.completion()), (whole(), Completion::Unterminated));
}

// A message_start after message_stop

#[test]
fn a_message_start_after_message_stop() {
    let second = message_start(json!({"id": "msg_2", "content": [text_block("x")], "usage": {"output_tokens": 9}}));
    let run = violation(&stopped(), second, &[(ViolationKind::MessageAfterStop, None)]);
    assert_eq!((run.message(), run.accumulator.completion()), (whole(), Completion::Complete));
}

#[test]
fn all_that_follows_the_message_start_after_message_stop_is_ignored() {
    let second = [
        message_start(json!({"id": "msg_2"})),
        start(0, text_block("x")),
        text(0, "y"),
        stop(0),
        message_delta(json!({"stop_reason": "refusal", "future": 1}), json!({"output_tokens": 9})),
        error(),
        end(),
        message_start(json!({"id": "msg_3"})),
        input(4, "{"),
    ];
    let run = run(&stopped()).then(&second);
    assert_eq!((run.message(), run.unmatched_input()), (whole(), vec![]));
    assert_eq!(run.accumulator.server_error(), None);
    assert_eq!(to_json(&run.end().unwrap()), whole());
}

// Events before message_start

#[test]
fn a_start_before_message_start() {
    let early = [(ViolationKind::BeforeMessageStart, Some(0))];
    let run = violation(&[], start(0, text_block("t")), &early);
    let run = run.then(&[message_start(json!({"id": "msg_1"}))]);
    assert_eq!(run.message(), message(json!({"id": "msg_1", "content": [text_block("t")]})), "kept");
}

#[test]
fn a_delta_before_message_start() {
    let early = [(ViolationKind::BeforeMessageStart, Some(2)), (ViolationKind::DeltaBeforeStart, Some(2))];
    for (delta, opened) in deltas(2).into_iter().zip(opened()) {
        let run = violation(&[], delta, &early).then(&[begin()]);
        assert_eq!(run.content(), json!(opened), "kept");
    }
}

#[test]
fn input_before_message_start_waits_for_its_block() {
    let run = run(&[input(0, "{\"a\""), begin(), input(0, ": 1}"), start(0, tool(json!({}))), stop(0)]);
    assert_eq!(run.content(), json!([tool(json!({"a": 1}))]));
}

#[test]
fn a_stop_before_message_start() {
    let early = [(ViolationKind::BeforeMessageStart, Some(1)), (ViolationKind::StopWithoutStart, Some(1))];
    assert_eq!(violation(&[], stop(1), &early).message(), message(json!({})));
}

#[test]
fn a_message_delta_before_message_start() {
    let early = message_delta(json!({"stop_reason": "end_turn", "future": 1}), json!({"output_tokens": 5}));
    let run = violation(&[], early, &[(ViolationKind::BeforeMessageStart, None)]);
    let known = json!({"stop_reason": "end_turn", "future": 1, "usage": {"output_tokens": 5}});
    assert_eq!(run.message(), message(known.clone()), "kept");

    let nothing = message_start(json!({"stop_reason": null, "future": null, "usage": {"output_tokens": null}}));
    let other = json!({"stop_reason": "refusal", "future": 2, "usage": {"output_tokens": 1, "input_tokens": 3}});
    assert_eq!(run.then(&[nothing]).message(), message(known.clone()), "nothing known is discarded");
    let run = violation(
        &[],
        message_delta(json!({"stop_reason": "end_turn", "future": 1}), json!({"output_tokens": 5})),
        &[(ViolationKind::BeforeMessageStart, None)],
    );
    let mut expected = known;
    expected["usage"]["input_tokens"] = json!(3);
    assert_eq!(run.then(&[message_start(other)]).message(), message(expected), "nor by other values");
}

#[test]
fn a_message_stop_before_message_start() {
    let run = violation(&[], end(), &[(ViolationKind::BeforeMessageStart, None)]);
    let run = run.then(&[message_start(json!({"id": "msg_1", "content": [text_block("next")]}))]);
    assert_eq!(run.message(), message(json!({})), "that is a message_start after message_stop");
    assert_eq!(reasons(run), [Completion::Truncated], "of no message_start");
}

#[test]
fn a_later_message_start_never_discards_known_members() {
    let early = [start(0, text_block("a")), text(0, "b"), text(1, "early"), end_turn()];
    let late = message_start(json!({
        "id": "msg_1", "model": "m", "content": [text_block("initial")], "stop_reason": null,
        "usage": {"input_tokens": 3},
    }));
    let run = run(&early).then(&[late, text(1, "!")]);
    let content = ["initial", "ab", "early!"].map(text_block);
    let expected = json!({
        "id": "msg_1", "model": "m", "content": content, "stop_reason": "end_turn", "usage": {"input_tokens": 3},
    });
    assert_eq!(run.message(), message(expected));
}

/// The fallback was returned before the start, although it happened later.
#[test]
fn a_fallback_before_message_start_names_the_model() {
    let fallback = json!({"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}});
    let run = run(&[start(0, fallback), message_start(json!({"model": "a"}))]);
    assert_eq!(run.message()["model"], "b");
}

/// Regression: the name was unescaped twice.
#[test]
fn a_backslash_in_the_model_of_an_early_fallback_is_kept() {
    let fallback = json!({"type": "fallback", "to": {"model": "a\\new\\u0041"}});
    let run = run(&[start(0, fallback), begin()]);
    assert_eq!(run.message()["model"], "a\\new\\u0041");
}

#[test]
fn pings_unknown_events_and_errors_may_come_before_message_start() {
    let run = orderly(&[ping(), unknown_event(), ping(), message_start(json!({"id": "msg_1"}))]);
    assert_eq!(run.message(), message(json!({"id": "msg_1"})));
    let run = orderly(&[ping(), error()]);
    assert!(run.accumulator.server_error().is_some());
}

// message_delta after message_stop

#[test]
fn a_message_delta_after_message_stop() {
    let late = message_delta(json!({"stop_reason": "max_tokens", "future": 1}), json!({"output_tokens": 9}));
    let run = violation(&stopped(), late, &[(ViolationKind::MessageDeltaAfterStop, None)]);
    assert_eq!((run.message(), run.accumulator.completion()), (whole(), Completion::Complete), "changed nothing");
}

// Block events after message_stop

#[test]
fn block_events_after_message_stop() {
    for index in [0, 1] {
        let late = [start(index, text_block("late")), start(index, tool(json!({}))), stop(index)];
        for event in late.into_iter().chain(deltas(index)) {
            let run = violation(&stopped(), event, &[(ViolationKind::BlockEventAfterStop, Some(index))]);
            assert_eq!((run.message(), run.unmatched_input()), (whole(), vec![]), "changed nothing");
            assert_eq!(run.accumulator.completion(), Completion::Complete);
        }
    }
}

#[test]
fn each_block_event_after_message_stop_is_a_violation() {
    let late = [start(1, text_block("x")), text(1, "y"), text(1, "z"), stop(1)];
    let run = run(&stopped()).then(&late);
    assert_eq!(run.violations(), [(ViolationKind::BlockEventAfterStop, Some(1)); 4]);
    assert_eq!(run.message(), whole());
}

/// Not a row of the table: it changes nothing and is returned.
#[test]
fn a_second_message_stop() {
    let run = violation(&stopped(), end(), &[(ViolationKind::SecondMessageStop, None)]);
    assert_eq!((run.message(), run.accumulator.completion()), (whole(), Completion::Complete));
}

#[test]
fn pings_and_unknown_events_after_message_stop_are_not_violations() {
    let run = orderly(&[&stopped()[..], &[ping(), unknown_event()]].concat());
    assert_eq!((run.message(), run.accumulator.completion()), (whole(), Completion::Complete));
}

// An error before message_stop

#[test]
fn an_error_before_message_stop_is_final() {
    let other_error = json!({"type": "error", "error": {"type": "api_error", "message": "another"}});
    let before = [begin(), start(0, tool(json!({}))), input(0, "{\"a\""), error()];
    for (late, index) in [
        (begin(), None),
        (start(1, text_block("late")), Some(1)),
        (stop(0), Some(0)),
        (end_turn(), None),
        (message_delta(json!({"future": 1}), json!({"output_tokens": 9})), None),
        (end(), None),
        (other_error, None),
    ]
    .into_iter()
    .chain(deltas(0).map(|delta| (delta, Some(0))))
    .chain(deltas(1).map(|delta| (delta, Some(1))))
    {
        let run = violation(&before, late, &[(ViolationKind::AfterError, index)]);
        assert_eq!((run.message(), run.unmatched_input()), (orderly(&before).message(), vec![]), "changed nothing");
        assert_eq!(run.accumulator.server_error().unwrap().body(), &error(), "the first error is kept");
        assert_eq!(run.accumulator.completion(), Completion::ServerError);
    }
}

#[test]
fn an_error_before_message_start_is_final() {
    for late in [message_start(json!({"id": "msg_1"})), end_turn()] {
        let run = violation(&[error()], late, &[(ViolationKind::AfterError, None)]);
        assert_eq!((run.message(), run.accumulator.has_started()), (message(json!({})), false));
    }
}

#[test]
fn a_whole_stream_after_an_error_changes_nothing() {
    let run = run(&[error()]).then(&stopped());
    assert_eq!(run.message(), message(json!({})));
    assert_eq!(run.accumulator.completion(), Completion::ServerError);
}

#[test]
fn pings_and_unknown_events_after_an_error_are_not_violations() {
    let run = orderly(&[begin(), start(0, text_block("t")), error(), ping(), unknown_event()]);
    assert_eq!(run.content(), json!([text_block("t")]));
    assert_eq!(run.accumulator.completion(), Completion::ServerError);
}

#[test]
fn after_an_error_after_message_stop_the_message_stays_complete() {
    let run = violation(&stopped(), error(), &[(ViolationKind::ErrorAfterStop, None)]);
    assert_eq!(run.accumulator.server_error(), None);
    assert_eq!(to_json(&run.end().unwrap()), whole());
}
