//! `docs/protocol.md`, heading "Completion": how a stream ended, and why its message is incomplete.

use serde_json::{Value, json};
use ssewire::Decoder;
use ssewire_messages::{
    AccumulateError, Accumulator, Completion, ErrorKind, ExceededLimit, Incomplete, LostEvent, Message, MessageDecoder,
    NonStreamBody, PartialStrings, PayloadErrorKind, Step, StreamEvent, ToolInputError, Update, ViolationKind,
};

use super::support::*;

/// A complete text block.
fn one_block() -> [Value; 4] {
    [begin(), start(0, text_block("a")), text(0, "b"), stop(0)]
}

/// A complete text block, and the stop reason.
fn but_for_the_end() -> Vec<Value> {
    [&one_block()[..], &[end_turn()]].concat()
}

fn whole_stream() -> Vec<Value> {
    [&but_for_the_end()[..], &[end()]].concat()
}

/// The message of [`whole_stream`].
fn whole() -> Value {
    message(json!({"content": [text_block("ab")], "stop_reason": "end_turn"}))
}

/// The completion after these events. Checks that an accumulator and a decoder of bytes agree.
fn end_of(events: &[Value]) -> Result<Message, Incomplete> {
    end_of_with(Accumulator::new(), events)
}

fn strict_end_of(events: &[Value]) -> Result<Message, Incomplete> {
    end_of_with(strict_accumulator(), events)
}

fn end_of_with(accumulator: Accumulator, events: &[Value]) -> Result<Message, Incomplete> {
    let decoder = || MessageDecoder::new().with_accumulator(accumulator.clone());
    let end = run_with(accumulator.clone(), events).end();
    let of_stream = body_with(decoder, sse(events).as_bytes()).end;
    match (&end, &of_stream) {
        (Ok(one), Ok(other)) => assert_eq!(one, other),
        (Err(one), Err(other)) => {
            assert_eq!(one.reasons(), other.reasons());
            assert_eq!(one.partial(), other.partial());
            assert_eq!(one.unmatched_input(), other.unmatched_input());
        }
        _ => panic!("{end:?} of the accumulator, {of_stream:?} of the stream"),
    }
    end
}

/// The reason for which the message of a body is incomplete.
fn reasons_of_body(bytes: impl AsRef<[u8]>) -> Vec<Completion> {
    let incomplete = body(bytes.as_ref()).end.unwrap_err();
    assert_eq!(incomplete.reason(), incomplete.reasons()[0], "the first of them");
    incomplete.reasons().to_vec()
}

// Complete

#[test]
fn complete() {
    for end in [end_of(&whole_stream()), strict_end_of(&whole_stream())] {
        assert_eq!(to_json(&end.unwrap()), whole());
    }
    assert_eq!(run(&whole_stream()).accumulator.completion(), Completion::Complete);
}

#[test]
fn complete_without_a_stop_reason() {
    let events = [&one_block()[..], &[end()]].concat();
    for end in [end_of(&events), strict_end_of(&events)] {
        assert_eq!(to_json(&end.unwrap()), message(json!({"content": [text_block("ab")]})));
    }
}

#[test]
fn complete_without_any_content() {
    assert_eq!(to_json(&strict_end_of(&[begin(), end()]).unwrap()), message(json!({})));
}

#[test]
fn complete_whatever_is_cut_after_message_stop() {
    for after in ["data: {\"type\": \"pi", "event: content_block_start\n", ": comm", "\u{FFFD}"] {
        let body = body(sse(&whole_stream()) + after);
        assert_eq!(to_json(&body.end.unwrap()), whole(), "{after}");
    }
}

// Unterminated

#[test]
fn unterminated() {
    let reasons = strict_end_of(&but_for_the_end()).unwrap_err().reasons().to_vec();
    assert_eq!(reasons, [Completion::Unterminated], "strict");
    assert_eq!(to_json(&end_of(&but_for_the_end()).unwrap()), whole(), "lenient");
    assert_eq!(run(&but_for_the_end()).accumulator.completion(), Completion::Unterminated);
}

#[test]
fn a_strict_unterminated_message_is_in_the_report() {
    let incomplete = strict_end_of(&but_for_the_end()).unwrap_err();
    assert_eq!(to_json(incomplete.partial()), whole());
    assert!(incomplete.has_started());
}

#[test]
fn a_stop_reason_of_message_start_proves_nothing() {
    for reason in ["", "end_turn", "max_tokens", "a_future_reason"] {
        let begun = [message_start(json!({"stop_reason": reason})), start(0, text_block("")), text(0, "a")];
        let incomplete = end_of(&begun).unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::Truncated], "{reason:?}");
        assert_eq!(to_json(incomplete.partial())["stop_reason"], reason, "but it is kept");
    }
}

#[test]
fn unterminated_with_any_stop_reason_wherever_it_came() {
    for reason in ["max_tokens", "tool_use", "pause_turn", "a_future_reason"] {
        let in_delta = message_delta(json!({"stop_reason": reason}), Value::Null);
        for events in [vec![begin(), in_delta.clone()], vec![in_delta, begin()]] {
            assert_eq!(run(&events).accumulator.completion(), Completion::Unterminated);
            assert_eq!(to_json(&end_of(&events).unwrap()), message(json!({"stop_reason": reason})));
        }
    }
}

#[test]
fn unterminated_with_a_block_that_is_open() {
    let events = [begin(), start(0, text_block("a")), text(0, "b"), end_turn()];
    assert_eq!(to_json(&end_of(&events).unwrap()), whole());
}

#[test]
fn unterminated_if_message_stop_is_undecodable() {
    let ended_by = |payload: &str| body(sse(&but_for_the_end()) + &named("message_stop", payload));
    let body = ended_by("null");
    assert_eq!(body.lost.len(), 1);
    assert_eq!(to_json(&body.end.unwrap()), whole(), "no content is lost with it");
    let reasons = ended_by("{").end.unwrap_err().reasons().to_vec();
    assert_eq!(reasons, [Completion::ContentLost, Completion::Unterminated], "the beginning may be that of content");
}

// Incomplete: Truncated

#[test]
fn truncated_before_the_stop_reason() {
    let events = [
        &[message_start(json!({"id": "msg_1", "stop_reason": null}))],
        &one_block()[1..],
        &[message_delta(json!({"stop_reason": null}), json!({"output_tokens": 5}))],
    ]
    .concat();
    for length in 1..=events.len() {
        let incomplete = end_of(&events[..length]).unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::Truncated]);
        assert!(incomplete.has_started());
        assert_eq!(to_json(incomplete.partial()), run(&events[..length]).message(), "with all that came");
    }
}

#[test]
fn truncated_anywhere_in_the_bytes_before_the_stop_reason() {
    let bytes = sse(&one_block());
    for length in "event:".len()..bytes.len() {
        assert_eq!(reasons_of_body(&bytes[..length]), [Completion::Truncated], "{:?}", &bytes[..length]);
    }
}

#[test]
fn truncated_after_only_pings() {
    for events in [vec![ping()], vec![ping(), ping()], vec![ping(), unknown_event()]] {
        let incomplete = end_of(&events).unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::Truncated]);
        assert_eq!((incomplete.has_started(), incomplete.non_stream_body()), (false, None));
        assert_eq!(to_json(incomplete.partial()), message(json!({})));
    }
    assert_eq!(reasons_of_body(": a comment\n\nevent: ping\ndata: {}\n\n"), [Completion::Truncated]);
}

#[test]
fn truncated_without_message_start() {
    for events in [
        vec![start(0, text_block("a")), text(0, "b"), stop(0), end_turn(), end()],
        vec![text(0, "ab"), end_turn()],
        vec![end_turn()],
        vec![end()],
        vec![stop(0)],
    ] {
        let incomplete = end_of(&events).unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::Truncated]);
        assert!(!incomplete.has_started());
        assert_eq!(to_json(incomplete.partial()), run(&events).message(), "with all that came");
    }
}

#[test]
fn truncated_if_message_start_is_undecodable() {
    let undecodable = named("message_start", r#"{"type": "message_start", "message": "text"}"#);
    assert_eq!(reasons_of_body(&undecodable), [Completion::Truncated]);
    assert_eq!(reasons_of_body(undecodable + &sse(&whole_stream()[1..])), [Completion::Truncated]);
}

#[test]
fn truncated_within_the_first_field() {
    let payload = begin().to_string();
    for body in [
        "event:".to_owned(),
        "data:".to_owned(),
        "event: message_st".to_owned(),
        "event: message_start\n".to_owned(),
        "event: message_start\ndata: {\"type\"".to_owned(),
        format!("data: {payload}"),
        format!("data: {payload}\n"),
        ": a comment\n\nevent: mess".to_owned(),
        "retry: 5\n\ndata: {".to_owned(),
        "\u{FEFF}data: {".to_owned(),
        "\r\n\r\ndata: {".to_owned(),
    ] {
        let incomplete = self::body(&body).end.unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::Truncated], "{body:?}");
        assert_eq!(incomplete.non_stream_body(), None, "{body:?}");
    }
}

// Incomplete: ContentLost

/// A complete stream, except for this event within its block.
fn with(name: &str, payload: &str) -> Body {
    body(around(named(name, payload)))
}

#[track_caller]
fn assert_content_lost(name: &str, payload: &str) {
    let body = with(name, payload);
    assert!(matches!(body.lost[..], [LostEvent::Payload(_)]), "{name:?} {payload}: {:?}", body.lost);
    let incomplete = body.end.unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::ContentLost], "{name:?} {payload}");
    assert_eq!(to_json(incomplete.partial()), around_nothing(), "skipped, and the stream went on");
}

#[track_caller]
fn assert_undecodable_without_loss(name: &str, payload: &str) {
    let body = with(name, payload);
    assert!(matches!(body.lost[..], [LostEvent::Payload(_)]), "{name:?} {payload}: {:?}", body.lost);
    assert_eq!(to_json(&body.end.unwrap()), around_nothing(), "{name:?} {payload}");
}

const NAMES: [&str; 9] = [
    "",
    "message",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "ping",
    "future_event",
    "error",
];

#[test]
fn content_lost_by_type_under_any_event_type() {
    for name in NAMES {
        assert_content_lost(name, r#"{"type": "content_block_start", "index": 0}"#);
        assert_content_lost(name, r#"{"type": "content_block_delta", "index": 0}"#);
        assert_content_lost(name, r#"{"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x"}}"#);
        assert_content_lost(name, r#"{"type": "content_block_stop"}"#);
        assert_content_lost(name, r#"{"type": "content_block_stop", "delta": {"stop_reason": "end_turn"}}"#);
    }
}

#[test]
fn content_kept_by_type_under_any_event_type() {
    for name in NAMES {
        assert_undecodable_without_loss(name, r#"{"type": "message_delta", "delta": 5}"#);
    }
}

#[test]
fn content_lost_by_event_type_without_a_type() {
    for name in ["content_block_start", "content_block_delta", "content_block_stop"] {
        for payload in ["{", "{\"type\": \"ping\"", "[]", "5", "null", "text", "{}", r#"{"type": null}"#] {
            assert_content_lost(name, payload);
        }
    }
}

#[test]
fn content_kept_by_event_type_without_a_type() {
    for name in ["message_delta", "message_stop", "ping", "future_event"] {
        for payload in ["[]", "5", "text", "\"{}\""] {
            assert_undecodable_without_loss(name, payload);
        }
    }
}

/// The end of an event, the beginning of another one, both, and an event without its last brace.
const SPLICED: [&str; 8] =
    ["{", "lta\"}}", "}", "{\"type\": \"pit\":\"not \"}}", "{\"type\": \"ping\", \"ind", "{x", "[{", "{} {}"];

/// "It counts as content of an unknown index, whatever its event type and its `type` are."
#[test]
fn content_lost_by_a_spliced_event_of_any_type() {
    for name in NAMES.into_iter().chain(["message_stop"]).filter(|name| !matches!(*name, "error" | "future_event")) {
        for payload in SPLICED {
            assert_content_lost(name, payload);
        }
    }
    for own_type in ["ping", "content_block_stop", "message_stop", "content_block_delta", "error"] {
        for name in NAMES.into_iter().filter(|name| *name != "error") {
            assert_content_lost(name, &format!("{{\"type\":\"{own_type}\",\"index\":0,"));
        }
    }
    for name in ["ping", "content_block_stop", "message_stop", "future_event"] {
        assert_content_lost(name, "{\"type\":\"message_delta\",");
    }
}

/// The exceptions to this rule.
#[test]
fn content_kept_by_a_payload_that_is_not_json_of_an_unknown_event_or_a_message_delta() {
    for payload in SPLICED.into_iter().filter(|payload| !payload.contains("ping")) {
        assert_undecodable_without_loss("future_event", payload);
    }
    assert_undecodable_without_loss("future_event", "{\"type\":\"future\",");
    for name in ["", "message", "message_delta"] {
        assert_undecodable_without_loss(name, "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_");
    }
}

/// A `message_start` after that of the message: "the events after it may be those of another message".
#[test]
fn content_lost_if_another_message_may_have_begun() {
    for name in NAMES {
        assert_content_lost(name, r#"{"type": "message_start"}"#);
    }
    for payload in ["{", "{\"type\": \"ping\", \"ind", "[]", "5", "text"] {
        assert_content_lost("message_start", payload);
    }
    let lost = named("message_start", r#"{"type": "message_start", "message": {"id": "msg_2", "conte"#);
    let generation = |words: &str| sse(&[start(0, text_block("")), text(0, words)]);
    let ended = sse(&[stop(0), end_turn(), end()]);
    let joined = [sse(&[begin()]), generation("cut he"), lost.clone(), generation("from the beginning"), ended];
    assert_eq!(reasons_of_body(joined.concat()), [Completion::ContentLost]);
    // It may have been the first one.
    assert!(body(lost + &sse(&whole_stream())).end.is_ok());
}

#[test]
fn content_lost_without_type_and_event_type() {
    for name in ["", "message"] {
        for payload in ["{", "{\"type\": \"ping\"", "{x", "{\"delta\": {}"] {
            assert_content_lost(name, payload);
        }
    }
}

/// Data without an event type that is not an object is a keep-alive: a violation, never a lost event.
#[test]
fn keep_alive_data_is_a_violation_and_loses_no_content() {
    for name in ["", "message"] {
        for payload in ["[]", "5", "null", "text", ": PROCESSING", "ping", "\"x\""] {
            let kept = body(around(named(name, payload)));
            assert_eq!((kept.lost, kept.violations), (vec![], 1), "{name:?} {payload}");
            assert_eq!(to_json(&kept.end.unwrap()), around_nothing());
            let strict = || MessageDecoder::new().with_accumulator(strict_accumulator());
            let rejected = body_with(strict, &around(named(name, payload)));
            assert!(rejected.error.is_some());
            assert_eq!(rejected.end.unwrap_err().reason(), Completion::RejectedByStrictMode);
            assert_eq!(reasons_of_body(named(name, payload)), [Completion::NonStreamBody], "nothing else");
            let mut accumulator = Accumulator::new();
            let update = accumulator.accumulate_event(name.as_bytes(), payload.as_bytes());
            assert!(matches!(update, Ok(Update::Unchanged)), "{name:?} {payload}: {update:?}");
            assert_eq!(accumulator.violations().count(ViolationKind::KeepAliveData), 1);
            let rejected = strict_accumulator().accumulate_event(name.as_bytes(), payload.as_bytes()).map(|_| ());
            assert!(matches!(rejected, Err(AccumulateError::Violation(_))), "{name:?} {payload}: {rejected:?}");
        }
    }
}

/// The list of undecodable events: each required member of a start or a delta.
#[test]
fn content_lost_by_each_undecodable_start_or_delta() {
    for index in [json!(null), json!(-1), json!(0.5), json!("x"), json!("-1"), json!(true), json!([0])] {
        assert_content_lost(
            "",
            &json!({"type": "content_block_start", "index": index, "content_block": text_block("x")}).to_string(),
        );
        let text = json!({"type": "text_delta", "text": "x"});
        assert_content_lost("", &json!({"type": "content_block_delta", "index": index, "delta": text}).to_string());
    }
    for block in [
        json!(null),
        json!("text"),
        json!([]),
        json!({}),
        json!({"type": null}),
        json!({"text": "x"}),
        json!({"type": "text", "text": 5}),
        json!({"type": "text", "citations": "x"}),
        json!({"type": "thinking", "thinking": []}),
        json!({"type": "compaction", "content": 5}),
    ] {
        assert_content_lost("", &start(0, block).to_string());
    }
    for piece in [
        json!(null),
        json!("text"),
        json!([]),
        json!({}),
        json!({"type": 5, "text": "x"}),
        json!({"type": "text_delta"}),
        json!({"type": "text_delta", "text": 5}),
        json!({"type": "thinking_delta"}),
        json!({"type": "thinking_delta", "thinking": {}}),
        json!({"type": "signature_delta"}),
        json!({"type": "signature_delta", "signature": true}),
        json!({"type": "input_json_delta"}),
        json!({"type": "input_json_delta", "partial_json": {"a": 1}}),
        json!({"type": "compaction_delta", "content": 5}),
        json!({"type": "citations_delta"}),
        json!({"type": "citations_delta", "citation": null}),
        json!({"type": "citations_delta", "citation": "x"}),
    ] {
        assert_content_lost("", &delta(0, piece).to_string());
    }
}

#[test]
fn content_kept_by_a_null_string_of_a_delta() {
    for piece in [
        json!({"type": "text_delta", "text": null}),
        json!({"type": "thinking_delta", "thinking": null}),
        json!({"type": "input_json_delta", "partial_json": null}),
        json!({"type": "signature_delta", "signature": null}),
        json!({"type": "compaction_delta", "content": null}),
        json!({"type": "compaction_delta"}),
    ] {
        let body = with("", &delta(7, piece).to_string());
        assert_eq!(body.lost, []);
        assert!(body.end.is_ok(), "{:?}", body.end);
    }
}

#[test]
fn content_lost_before_message_start() {
    for payload in ["{", r#"{"type": "content_block_delta"}"#] {
        assert_eq!(reasons_of_body(named("", payload) + &sse(&whole_stream())), [Completion::ContentLost]);
    }
}

#[test]
fn content_kept_after_message_stop() {
    for payload in ["{", r#"{"type": "content_block_delta"}"#, r#"{"type": "content_block_start", "index": 1}"#] {
        for name in ["", "content_block_delta"] {
            let body = body(sse(&whole_stream()) + &named(name, payload));
            assert_eq!(body.lost, [], "the message has ended");
            assert_eq!(to_json(&body.end.unwrap()), whole());
        }
    }
}

/// Callers of the accumulator alone must report lost events to it.
#[test]
fn content_lost_as_reported_to_the_accumulator() {
    for (payload, expected) in [
        (r#"{"type": "content_block_delta"}"#, Some(Completion::ContentLost)),
        ("{", Some(Completion::ContentLost)),
        (r#"{"type": "content_block_stop"}"#, Some(Completion::ContentLost)),
        (r#"{"type": "message_delta", "delta": 5}"#, None),
    ] {
        let error = StreamEvent::from_json(payload.as_bytes()).unwrap_err();
        assert_eq!(error.is_content_lost(), expected.is_some());
        let mut run = run(&one_block());
        run.accumulator.record_payload_error(&error).unwrap();
        let end = run.then(&[end_turn(), end()]).end();
        assert_eq!(end.err().map(|incomplete| incomplete.reason()), expected);
    }
    let error = StreamEvent::from_json(br#"{"type": "content_block_delta"}"#).unwrap_err();
    assert_eq!(error.kind(), PayloadErrorKind::Member("index"));
}

// Incomplete: ToolInput

/// A complete stream with a tool call, whose input arrives in these pieces.
fn call(pieces: &[&str]) -> Vec<Value> {
    let mut events = vec![begin(), start(0, tool(json!({})))];
    events.extend(pieces.iter().map(|piece| input(0, piece)));
    events.extend([stop(0), message_delta(json!({"stop_reason": "tool_use"}), Value::Null), end()]);
    events
}

/// The input of the first block of the report.
fn input_of(incomplete: &Incomplete) -> (Value, InputState) {
    let block = incomplete.partial().content().first().unwrap();
    assert!(block.to_json().is_err() && serde_json::to_string(incomplete.partial()).is_err());
    let lossy = incomplete.partial().to_json_lossy().to_value().unwrap();
    (lossy["content"][0]["input"].clone(), state_of(block))
}

#[test]
fn tool_input_that_is_truncated() {
    for pieces in [&["{"][..], &["{\"a\": ", "1"], &["[", "1, "], &["\"x"], &["{\"a\": tr"], &["-"]] {
        let incomplete = end_of(&call(pieces)).unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::ToolInput], "{pieces:?}");
        assert_eq!(input_of(&incomplete).1, InputState::Truncated);
    }
}

#[test]
fn tool_input_that_is_invalid() {
    for pieces in [&["nope"][..], &["{\"a\": 1", "} x"], &["{\"a\" 1}"], &["{}", "{}"], &["NaN"], &["{'a': 1}"], &["]"]]
    {
        let incomplete = end_of(&call(pieces)).unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::ToolInput], "{pieces:?}");
        assert!(matches!(input_of(&incomplete).1, InputState::Invalid), "{pieces:?}");
        let call = incomplete.partial().content().first().unwrap().as_tool_use().unwrap();
        assert!(matches!(call.input().value(), Err(ToolInputError::Invalid { .. })), "nothing to run a tool with");
    }
}

#[test]
fn tool_input_of_every_tool_block() {
    for kind in ["tool_use", "server_tool_use", "mcp_tool_use"] {
        let block = json!({"type": kind, "id": "i", "name": "f", "input": {}});
        for block in [start(0, block.clone()), message_start(json!({"content": [block]}))] {
            let events = [begin(), block, input(0, "{\"a\""), stop(0), end_turn(), end()];
            let events = if events[1]["type"] == "message_start" { &events[1..] } else { &events };
            assert_eq!(end_of(events).unwrap_err().reasons(), [Completion::ToolInput]);
        }
    }
}

#[test]
fn tool_input_whatever_came_after() {
    let mut events = call(&["{\"a\": "]);
    let end = events.split_off(3);
    events.extend([stop(0), start(1, tool(json!({}))), input(1, "{}"), stop(1), start(2, text_block("t")), stop(2)]);
    events.extend_from_slice(&end[1..]);
    let incomplete = end_of(&events).unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::ToolInput]);
    let expected = json!([tool(json!({})), tool(json!({})), text_block("t")]);
    assert_eq!(to_json(incomplete.partial())["content"], expected);
    assert_eq!(state_of(&incomplete.partial().content()[1]), InputState::Empty);
}

#[test]
fn tool_input_whose_block_is_open_as_the_input_ends() {
    let cut = [begin(), start(0, tool(json!({}))), input(0, "{\"a\": 1")];
    let incomplete = end_of(&cut).unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::Truncated, Completion::ToolInput]);
    assert_eq!(input_of(&incomplete), (json!({"a": 1}), InputState::Truncated));
}

#[test]
fn tool_input_that_is_complete_though_its_block_has_no_stop() {
    let events = [begin(), start(0, tool(json!({}))), input(0, "{\"a\": 1}"), end_turn()];
    let expected = message(json!({"content": [tool(json!({"a": 1}))], "stop_reason": "end_turn"}));
    assert_eq!(to_json(&end_of(&events).unwrap()), expected, "unterminated, and nothing is missing");
    assert_eq!(strict_end_of(&events).unwrap_err().reasons(), [Completion::Unterminated]);
}

#[test]
fn input_json_that_never_found_its_block() {
    for (events, unmatched) in [
        (vec![input(1, "{\"a\": "), input(1, "1}")], vec![(1, "{\"a\": 1}".to_owned())]),
        (vec![input(0, "[]")], vec![(0, "[]".to_owned())]),
        (vec![input(3, "b"), input(2, " a ")], vec![(2, " a ".to_owned()), (3, "b".to_owned())]),
    ] {
        let stream = [&one_block()[..], &events, &[end_turn(), end()]].concat();
        let incomplete = end_of(&stream).unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::ToolInput]);
        assert_eq!(incomplete.unmatched_input(), unmatched, "its raw text is in the report");
        assert_eq!(to_json(incomplete.partial()), whole());
    }
}

#[test]
fn blank_input_json_that_never_found_its_block_is_ignored() {
    let blank = ["", " ", "\n\t\r "].map(|blank| input(1, blank));
    let events = [&one_block()[..], &blank, &[end_turn(), end()]].concat();
    assert_eq!(to_json(&end_of(&events).unwrap()), whole());
}

/// The value so far, without an unfinished string at its end: `docs/protocol.md`, heading "Partial input JSON", the
/// second column of the first table.
#[test]
fn the_partial_input_is_the_value_so_far_without_an_unfinished_string_at_its_end() {
    for (text, expected) in [
        (r#"{"l": "San"#, json!({})),
        (r#"{"l""#, json!({})),
        (r#"{"l":"#, json!({})),
        (r#"{"l": tr"#, json!({})),
        (r#"{"a": 1"#, json!({"a": 1})),
        (r#"{"a": 1.5"#, json!({"a": 1.5})),
        // Read by serde_json, which keeps the text of a number if another crate enables `arbitrary_precision`.
        (r#"{"a": 1e5"#, serde_json::from_str(r#"{"a": 1e5}"#).unwrap()),
        (r#"{"a": 1."#, json!({})),
        (r#"{"a": -"#, json!({})),
        (r#"{"a": 1e"#, json!({})),
        ("[1", json!([1])),
        ("[1,", json!([1])),
        (r#"["x","y"#, json!(["x"])),
        (r#"{"a": "\ud83d"#, json!({})),
        (r#"{"a": {"b": [true, {"c": "d", "e": "f"#, json!({"a": {"b": [true, {"c": "d"}]}})),
        (r#""whole string, half value"#, json!({})),
    ] {
        // For each view of the partial value.
        for trailing in [PartialStrings::Hide, PartialStrings::Show] {
            let accumulator = Accumulator::new().with_partial_input(trailing);
            let stopped = end_of_with(accumulator.clone(), &call(&[text])).unwrap_err();
            assert_eq!(input_of(&stopped), (expected.clone(), InputState::Truncated), "{text}");
            let open = end_of_with(accumulator, &call(&[text])[..3]).unwrap_err();
            assert_eq!(input_of(&open), (expected.clone(), InputState::Truncated), "{text}, not stopped");
        }
    }
}

/// Regression: the value was that of the pieces since the option was set.
#[test]
fn input_that_began_without_partial_values_has_none() {
    let mut accumulator = Accumulator::new();
    for event in [begin(), start(0, tool(json!({}))), input(0, r#"{"city":"#)] {
        accumulator.accumulate_json(event.to_string().as_bytes()).unwrap();
    }
    let mut accumulator = accumulator.with_partial_input(PartialStrings::Show);
    let mut partial_after = |event: Value| {
        let payload = event.to_string();
        match accumulator.accumulate_json(payload.as_bytes()) {
            Ok(Update::ToolInput { partial, .. }) => partial.cloned(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(partial_after(input(0, r#""Paris"}"#)), None);
    assert_eq!(partial_after(input(0, " ")), None);
    assert!(matches!(accumulator.accumulate_json(stop(0).to_string().as_bytes()), Ok(Update::BlockStop { .. })));
    accumulator.accumulate_json(start(1, tool(json!({}))).to_string().as_bytes()).unwrap();
    let piece = input(1, r#"{"city":"Par"#).to_string();
    let Ok(Update::ToolInput { partial, .. }) = accumulator.accumulate_json(piece.as_bytes()) else { panic!() };
    assert_eq!(partial, Some(&json!({"city": "Par"})));
    assert_eq!(accumulator.tool_input(0).unwrap().parse::<Value>().unwrap(), json!({"city": "Paris"}));
}

#[test]
fn the_partial_input_goes_up_to_the_first_error() {
    for (text, expected) in [
        (r#"{"a": 1, "b": nope, "c": 2}"#, json!({"a": 1})),
        (r#"{"a": [1, 2 3], "b": 4}"#, json!({"a": [1, 2]})),
        (r#"{"a": "x", b: 1}"#, json!({"a": "x"})),
        (r#"{"a": {"b": 1}} {"c": 2}"#, json!({"a": {"b": 1}})),
        ("nope", json!({})),
    ] {
        for trailing in [PartialStrings::Hide, PartialStrings::Show] {
            let incomplete = end_of_with(Accumulator::new().with_partial_input(trailing), &call(&[text])).unwrap_err();
            let (partial, state) = input_of(&incomplete);
            assert_eq!(partial, expected, "{text}");
            assert!(matches!(state, InputState::Invalid), "{text}");
            let block = incomplete.partial().content().first().unwrap();
            assert_eq!(block.tool_input().unwrap().raw(), text, "the raw text is kept beyond it");
        }
    }
}

// Incomplete: ServerError

#[test]
fn server_error() {
    let events = [&one_block()[..], &[error()]].concat();
    let incomplete = end_of(&events).unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::ServerError, Completion::Truncated]);
    let reported = incomplete.server_error().unwrap();
    assert_eq!((reported.kind(), reported.message()), (Some(&ErrorKind::Overloaded), Some("Overloaded")));
    assert_eq!(reported.body(), &error(), "it is in the report");
    assert_eq!(to_json(incomplete.partial()), message(json!({"content": [text_block("ab")]})), "and so is what came");
}

#[test]
fn server_error_without_anything_else() {
    let incomplete = end_of(&[error()]).unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::ServerError, Completion::Truncated]);
    assert_eq!((incomplete.has_started(), incomplete.non_stream_body()), (false, None));
}

#[test]
fn server_error_after_the_stop_reason() {
    let events = [&but_for_the_end()[..], &[error()]].concat();
    let incomplete = end_of(&events).unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::ServerError, Completion::Unterminated]);
    assert_eq!(to_json(incomplete.partial()), whole());
}

// Incomplete: LimitExceeded

#[test]
fn limit_exceeded_by_the_bytes_of_the_message() {
    let events = [begin(), start(0, text_block("")), text(0, &"x".repeat(2000)), stop(0), end_turn(), end()];
    let accumulator = Accumulator::new().with_max_bytes(1000);
    let incomplete = end_of_with(accumulator, &events).unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::LimitExceeded]);
    assert_eq!(to_json(incomplete.partial())["content"], json!([text_block("")]));
}

#[test]
fn limit_exceeded_by_the_blocks_of_the_message() {
    let starts = [0, 1, 2].map(|index| start(index, text_block("t")));
    let events = [&[begin()], &starts[..], &[stop(0), stop(1), end_turn(), end()]].concat();
    let incomplete = end_of_with(Accumulator::new().with_max_blocks(2), &events).unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::LimitExceeded]);
    assert_eq!(to_json(incomplete.partial())["content"], json!([text_block("t"), text_block("t")]));
}

#[test]
fn limit_exceeded_by_one_event() {
    let stream = || MessageDecoder::new().with_decoder(Decoder::new().with_max_event_bytes(1000));
    let bytes = around(named("content_block_delta", &text(0, &"x".repeat(2000)).to_string()));
    let body = body_with(stream, &bytes);
    assert!(matches!(body.lost[..], [LostEvent::LimitExceeded(ExceededLimit::Event(_))]));
    let incomplete = body.end.unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::LimitExceeded]);
    assert_eq!(to_json(incomplete.partial()), around_nothing(), "the stream went on");
}

// NonStreamBody

#[test]
fn non_stream_body() {
    let other_events = named("future_event", "{}") + &sse(&[unknown_event()]);
    let page = "<!doctype html>\n<html>data: no field\n</html>";
    for body in [
        message(json!({"id": "msg_1"})).to_string().as_bytes(),
        error().to_string().as_bytes(),
        serde_json::to_string_pretty(&error()).unwrap().as_bytes(),
        page.as_bytes(),
        b"\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03\xCB\x48",
        b": only\n\n: comments\n",
        other_events.as_bytes(),
        b"data: [DONE]\n\n",
        b"event: done\ndata: [DONE]\n\n",
        b"",
        b"\n\n",
    ] {
        let incomplete = self::body(body).end.unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::NonStreamBody], "{}", body.escape_ascii());
        assert!(incomplete.non_stream_body().is_some(), "{}", body.escape_ascii());
        assert_eq!((incomplete.has_started(), to_json(incomplete.partial())), (false, message(json!({}))));
    }
}

#[test]
fn report_has_the_body_that_was_not_a_stream() {
    let plain = message(json!({"id": "msg_1", "content": [text_block("t")]}));
    let incomplete = body(plain.to_string()).end.unwrap_err();
    let Some(NonStreamBody::Message(instead)) = incomplete.non_stream_body() else { panic!("{incomplete:?}") };
    assert_eq!(to_json(instead), plain);
    assert_eq!(to_json(&incomplete.into_non_stream_message().unwrap()), plain);
    let incomplete = body(error().to_string()).end.unwrap_err().into_non_stream_message().unwrap_err();
    assert_eq!(incomplete.server_error().unwrap().kind(), Some(&ErrorKind::Overloaded));
}

/// "If the body ends before another `message_start`, `finish` returns Truncated": also with another accumulator.
#[test]
fn the_body_of_a_further_message_is_a_stream() {
    let bytes = sse(&whole_stream());
    for is_replaced in [false, true] {
        let (mut decoder, mut input) = (MessageDecoder::new(), bytes.as_bytes());
        while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
        decoder.next_message().unwrap();
        if is_replaced {
            decoder = decoder.with_accumulator(strict_accumulator());
        }
        let incomplete = decoder.finish().unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::Truncated]);
        assert!(incomplete.non_stream_body().is_none());
    }
}

#[test]
fn non_stream_body_by_the_events_alone() {
    for events in [vec![], vec![unknown_event()], vec![unknown_event(), json!({"type": "response.created"})]] {
        assert_eq!(end_of(&events).unwrap_err().reasons(), [Completion::NonStreamBody]);
    }
}

// [DONE]

#[test]
fn done_instead_of_message_stop() {
    for name in ["", "message", "done", "message_stop", "content_block_delta", "error"] {
        let bytes = sse(&but_for_the_end()) + &named(name, "[DONE]");
        let lenient = body(&bytes);
        assert_eq!((lenient.lost, lenient.violations), (vec![], 0), "{name}");
        assert_eq!(to_json(&lenient.end.unwrap()), whole(), "{name}");
        let strict = body_with(|| MessageDecoder::new().with_accumulator(strict_accumulator()), bytes.as_bytes());
        assert_eq!(strict.lost, []);
        assert_eq!(strict.end.unwrap_err().reasons(), [Completion::Unterminated], "{name}");
    }
}

#[test]
fn truncated_by_done_before_the_stop_reason() {
    assert_eq!(reasons_of_body(sse(&one_block()) + &named("", "[DONE]")), [Completion::Truncated]);
    assert_eq!(reasons_of_body(sse(&[ping()]) + &named("", "[DONE]")), [Completion::Truncated]);
}

#[test]
fn done_anywhere_else_is_ignored() {
    let done = named("", "[DONE]");
    let events = whole_stream();
    for place in 0..=events.len() {
        let bytes = [sse(&events[..place]), done.clone(), sse(&events[place..]), done.clone()].concat();
        assert_eq!(tolerated(bytes), whole());
    }
}

// The order of the reasons

/// A stream with these reasons and no others, in the order of the page.
fn stream_with(error: bool, too_large: bool, content_lost: bool, tool_input: bool, ending: Completion) -> Body {
    let mut bytes = sse(&[begin(), start(0, tool(json!({})))]);
    bytes += &sse(&[input(0, if tool_input { "{\"a\": " } else { "{}" }), stop(0), start(1, text_block("t"))]);
    if content_lost {
        bytes += &named("content_block_delta", "{");
    }
    if too_large {
        bytes += &sse(&[text(1, &"x".repeat(2000))]);
    }
    bytes += &sse(&[stop(1)]);
    if ending != Completion::Truncated {
        bytes += &sse(&[end_turn()]);
    }
    if ending == Completion::Complete {
        bytes += &sse(&[end()]);
    }
    if error {
        bytes += &sse(&[self::error()]);
    }
    body_with(|| MessageDecoder::new().with_accumulator(strict_accumulator().with_max_bytes(1000)), bytes.as_bytes())
}

#[test]
fn the_report_names_every_reason_in_the_order_of_the_page() {
    for holds in 0..16_u8 {
        let [error, too_large, content_lost, tool_input] = [1, 2, 4, 8].map(|bit| holds & bit != 0);
        for ending in [Completion::Truncated, Completion::Unterminated, Completion::Complete] {
            if error && ending == Completion::Complete {
                continue; // Behind message_stop an error changes nothing.
            }
            let expected: Vec<_> = [
                (error, Completion::ServerError),
                (too_large, Completion::LimitExceeded),
                (ending == Completion::Truncated, Completion::Truncated),
                (content_lost, Completion::ContentLost),
                (tool_input, Completion::ToolInput),
                (ending == Completion::Unterminated, Completion::Unterminated),
            ]
            .into_iter()
            .filter_map(|(holds, reason)| holds.then_some(reason))
            .collect();
            match stream_with(error, too_large, content_lost, tool_input, ending).end {
                Ok(_) => assert_eq!(expected, []),
                Err(incomplete) => {
                    assert_eq!(incomplete.reasons(), expected);
                    assert_eq!(incomplete.reason(), expected[0], "the first that holds");
                }
            }
        }
    }
}

// The last event without its blank line

/// Recorded files often lack their last line end.
#[test]
fn a_pending_last_event_is_used_if_its_data_is_a_complete_object() {
    for events in [whole_stream(), but_for_the_end()] {
        let whole_body = sse(&events);
        for half in [whole_body.strip_suffix('\n').unwrap(), whole_body.strip_suffix("\n\n").unwrap()] {
            assert_eq!(to_json(&body(half).end.unwrap()), whole());
            let (mut decoder, mut input) = (MessageDecoder::new(), half.as_bytes());
            while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
            assert!(!decoder.has_used_pending_event());
            assert!(decoder.decode_end().unwrap().is_some());
            assert!(decoder.decode_end().unwrap().is_none());
            assert!(decoder.has_used_pending_event(), "and says so");
            decoder.next_message().unwrap();
            assert!(!decoder.has_used_pending_event(), "of the next message");
        }
    }
}

/// "Of an unfinished event, `next_message` uses only a `message_start`."
#[test]
fn a_pending_last_event_that_is_skipped_is_not_used() {
    let used = sse(&[message_start(json!({"id": "msg_2"}))]);
    for (rest, is_used) in [
        ("data: {\"type\":\"ping\"}", false),
        ("data: {\"type\":\"message_start\"}\n", false),
        ("error: {\"error\":\"boom\"}\n", false),
        (used.trim_ascii_end(), true),
    ] {
        let bytes = sse(&whole_stream()) + rest;
        let (mut decoder, mut input) = (MessageDecoder::new(), bytes.as_bytes());
        while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
        decoder.next_message().unwrap();
        while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
        while decoder.decode_end().unwrap().is_some() {}
        assert_eq!((decoder.has_used_pending_event(), decoder.has_started()), (is_used, is_used), "{rest}");
        let pending = if is_used { 0 } else { rest.len() as u64 };
        assert_eq!(decoder.finish().unwrap_err().pending_bytes(), pending, "{rest}");
    }
}

#[test]
fn a_pending_last_event_that_is_not_a_complete_object_is_in_the_report() {
    let before = sse(&[begin(), start(0, text_block("a"))]);
    let last = "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_de";
    let incomplete = body(before + last).end.unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::Truncated]);
    assert_eq!(incomplete.pending_bytes(), last.len() as u64);
    assert_eq!(to_json(incomplete.partial()), message(json!({"content": [text_block("a")]})));
}

#[test]
fn finish_reports_the_pending_bytes() {
    let last = sse(&[end()]);
    let bytes = sse(&but_for_the_end()) + last.strip_suffix('\n').unwrap();
    let (mut decoder, mut input, mut events) = (Decoder::new(), bytes.as_bytes(), 0);
    while let Ok(Some(_)) = decoder.poll_event(&mut input) {
        events += 1;
    }
    assert_eq!(events, but_for_the_end().len());
    assert_eq!(decoder.finish().unwrap_err().pending_bytes(), last.len() as u64 - 1);
}

#[test]
fn the_end_and_the_report_name_the_same_first_reason() {
    // A refusal, and no message_stop.
    let bytes = sse(&[&but_for_the_end()[..], &[begin()]].concat());
    let mut stream = MessageDecoder::new().with_accumulator(strict_accumulator());
    let mut input = bytes.as_bytes();
    while let Ok(Step::Update(_)) = stream.decode(&mut input) {}
    assert_eq!(stream.completion(), Completion::RejectedByStrictMode);
    assert_eq!(stream.finish().unwrap_err().reasons(), [Completion::RejectedByStrictMode, Completion::Unterminated]);
}

#[test]
fn value_of_an_error_field_is_read_as_an_event() {
    // The field counts as an event of that type; the type of the payload decides.
    let piece = r#"{"type":"content_block_delta","index":7,"delta":{"type":"text_delta","text":"lost"}}"#;
    let bytes = sse(&one_block()) + &format!("error: {piece}\n\n") + &sse(&[end_turn(), end()]);
    let strict = body_with(|| MessageDecoder::new().with_accumulator(strict_accumulator()), bytes.as_bytes());
    assert_eq!(strict.end.unwrap_err().reason(), Completion::RejectedByStrictMode);

    let broken = r#"{"type":"content_block_delta","index":0,"delta":{}}"#;
    let bytes = sse(&one_block()) + &format!("error: {broken}\n\n") + &sse(&[end_turn(), end()]);
    assert_eq!(body(bytes).end.unwrap_err().reasons(), [Completion::ContentLost]);
}

/// An `error` field is used as the event of such a block is: if its value is a complete object, nothing is missing.
#[test]
fn an_error_field_without_its_blank_line_is_used_if_its_value_is_a_complete_object() {
    let before = sse(&one_block());
    let error = error().to_string();
    for last in [
        format!("error: {error}"),
        format!("error: {error}\n"),
        format!("event: message_delta\nerror: {error}\n"),
        format!("data: {{\"type\":\"message_d\nerror: {error}\n"),
    ] {
        let incomplete = body(before.clone() + &last).end.unwrap_err();
        assert_eq!(incomplete.reason(), Completion::ServerError, "{last}");
        assert_eq!(incomplete.pending_bytes(), 0, "{last}");
        // Nothing but the field.
        assert_eq!(body(&last).end.unwrap_err().reason(), Completion::ServerError, "{last}");
    }
    for last in ["error: overloa", r#"error: {"type":"error","err"#, "error: [1]\n", "error:\n"] {
        let incomplete = body(before.clone() + last).end.unwrap_err();
        assert_eq!(incomplete.reasons(), [Completion::Truncated], "{last}");
        assert_eq!(incomplete.pending_bytes(), last.len() as u64, "{last}");
    }
}
