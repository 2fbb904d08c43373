//! `docs/protocol.md`, heading "Undecodable events": they are reported and skipped, and the stream continues. Also
//! unusual values that can be decoded.

use serde_json::{Value, json};
use ssewire_messages::{ContentBlock, LostEvent, Message, MessageDecoder, PayloadErrorKind, StopReason, StreamEvent};

use super::support::*;

/// JSON values that are not objects.
fn non_objects() -> [Value; 6] {
    [json!(null), json!(true), json!(5), json!("x"), json!([]), json!([{}])]
}

/// JSON values that are neither strings nor null.
fn non_strings() -> [Value; 5] {
    [json!(false), json!(5), json!([]), json!({}), json!(["x"])]
}

// The payload

#[test]
fn json_that_does_not_parse() {
    for payload in [
        "{",
        "}",
        "x",
        "{'type': 'ping'}",
        "{\"type\": \"ping\",}",
        "{\"type\": \"ping\"} {}",
        "{\"type\": \"ping\", \"x\": NaN}",
        "{\"type\": \"content_block_delta\", \"index\": 0, \"delta\": {\"type\": \"text_delta\", \"text\": \"x\"}",
        "{\"type\": \"content_block_delta\", \"index\": 0, \"delta\": {\"type\": \"text_delta\", \"text\": \"\t\"}}",
        "{\"type\": \"content_block_delta\", \"index\": 0, \"delta\": {\"type\": \"text_delta\", \"text\": \"\\x\"}}",
        "[DONE",
        "\"\"\"",
    ] {
        let names = ["", "message", "content_block_delta", "message_delta", "ping", "future_event"];
        // Without an event type, a value that is not an object is a keep-alive.
        for name in names.into_iter().filter(|name| payload.starts_with('{') || !matches!(*name, "" | "message")) {
            let kind = skipped(&named(name, payload));
            assert!(matches!(kind, PayloadErrorKind::NotJson { .. }), "{name:?} {payload}: {kind:?}");
        }
    }
}

/// RFC 8259, section 6, has no limit for numbers. Only the value of tool input has one.
#[test]
fn a_number_beyond_the_range_of_a_float_is_valid_json() {
    for number in ["1e400", "-1e400", "1.5E+999", &format!("1{}", "0".repeat(400))] {
        let delta = format!(r#"{{"type":"text_delta","text":"b","logprob":{number}}}"#);
        let payload = format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#);
        let StreamEvent::ContentBlockDelta(event) = StreamEvent::from_json(payload.as_bytes()).unwrap().unwrap() else {
            panic!("{payload}")
        };
        assert!(event.has_extra);
        let expected = message(json!({"content": [text_block("abb")], "stop_reason": "end_turn"}));
        assert_eq!(tolerated(around(named("content_block_delta", &payload))), expected);
        let kept = format!(r#"{{"type":"message","role":"assistant","x":{number},"content":[]}}"#);
        assert_eq!(kept.parse::<Message>().unwrap().to_json().unwrap().as_str(), kept);
        let input = sse(&[begin(), start(0, tool(json!({}))), input(0, &format!("[1,{number}]")), stop(0)]);
        let report = body(input).end.unwrap_err();
        assert_eq!(state_of(&report.partial().content()[0]), InputState::Invalid);
        assert_eq!(to_json(report.partial())["content"][0]["input"], json!([1]));
    }
}

#[test]
fn json_that_is_not_an_object() {
    for payload in non_objects() {
        for name in ["content_block_delta", "message_delta", "ping", "future_event"] {
            let kind = skipped(&named(name, &payload.to_string()));
            assert_eq!(kind, PayloadErrorKind::NotAnObject, "{name:?} {payload}");
        }
    }
    for name in ["content_block_delta", "message_stop"] {
        let kind = skipped(&named(name, "\"\""));
        assert_eq!(kind, PayloadErrorKind::NotAnObject, "an empty string is only nothing in a ping, not in {name}");
    }
}

// The index

#[test]
fn an_index_that_is_missing_null_negative_or_fractional() {
    let blocks = [
        start(0, text_block("x")),
        text(0, "x"),
        thinking(0, "x"),
        input(0, "x"),
        compaction(0, json!("x")),
        delta(0, json!({"type": "future_delta"})),
        stop(0),
    ];
    for event in blocks {
        let mut missing = event.clone();
        missing.as_object_mut().unwrap().remove("index");
        assert_undecodable(&missing, "index");
        for index in [json!(null), json!(-1), json!(-1.0), json!(0.5), json!(1e-3), json!("-1"), json!("0.5")] {
            let mut odd = event.clone();
            odd["index"] = index;
            assert_undecodable(&odd, "index");
        }
    }
}

// Values in place of objects

#[test]
fn a_message_that_is_not_an_object() {
    assert_undecodable(&json!({"type": "message_start"}), "message");
    for message in non_objects() {
        assert_undecodable(&message_start(message), "message");
    }
}

#[test]
fn a_content_block_that_is_not_an_object() {
    assert_undecodable(&json!({"type": "content_block_start", "index": 1}), "content_block");
    for block in non_objects() {
        assert_undecodable(&start(1, block), "content_block");
    }
}

#[test]
fn a_delta_of_a_block_that_is_not_an_object() {
    assert_undecodable(&json!({"type": "content_block_delta", "index": 0}), "delta");
    for piece in non_objects() {
        assert_undecodable(&delta(0, piece), "delta");
    }
}

#[test]
fn a_block_without_a_type() {
    for block in [json!({}), json!({"text": "x"}), json!({"type": null, "text": "x"})] {
        assert_lost_event(&start(1, block.clone()));
        assert_lost_event(&start(0, block.clone()));
        assert_lost_start(&message_start(json!({"content": [text_block("x"), block]})));
    }
}

#[test]
fn a_delta_without_a_type() {
    for piece in [json!({}), json!({"text": "x"}), json!({"type": null, "text": "x"})] {
        assert_lost_event(&delta(0, piece));
    }
}

// Required members of deltas

/// The deltas with a string, and its name.
const STRINGS: [(&str, &str); 4] = [
    ("text_delta", "text"),
    ("input_json_delta", "partial_json"),
    ("thinking_delta", "thinking"),
    ("signature_delta", "signature"),
];

#[test]
fn a_string_member_of_a_delta_that_is_absent_or_of_another_type() {
    for (kind, name) in STRINGS {
        assert_undecodable(&delta(0, json!({"type": kind})), name);
        for value in non_strings() {
            assert_undecodable(&delta(0, json!({"type": kind, name: value})), name);
        }
    }
}

#[test]
fn null_counts_as_the_empty_string_in_a_delta() {
    for ((kind, name), block, expected) in [
        (STRINGS[0], text_block("t"), text_block("t")),
        (STRINGS[1], tool(json!({"a": 1})), tool(json!({"a": 1}))),
        (STRINGS[2], thinking_block("x"), thinking_block("x")),
        (
            STRINGS[3],
            json!({"type": "thinking", "thinking": "x", "signature": "s"}),
            json!({"type": "thinking", "thinking": "x", "signature": ""}),
        ),
    ] {
        let piece = |value| delta(0, json!({"type": kind, name: value}));
        for piece in [piece(json!(null)), piece(json!(""))] {
            let run = orderly(&[begin(), start(0, block.clone()), piece, stop(0), end_turn(), end()]);
            assert_eq!(run.content(), json!([expected]), "{kind}");
            assert!(run.end().is_ok());
        }
    }
}

#[test]
fn a_member_of_a_compaction_delta_that_is_of_another_type() {
    for name in ["content", "encrypted_content"] {
        for value in non_strings() {
            let member = if name == "content" { "delta.content" } else { "delta.encrypted_content" };
            assert_undecodable(&delta(0, json!({"type": "compaction_delta", name: value})), member);
        }
    }
}

#[test]
fn the_members_of_a_compaction_delta_may_be_absent_or_null() {
    for (piece, content, encrypted) in [
        (json!({}), json!("c"), json!("e")),
        (json!({"content": "d"}), json!("d"), json!("e")),
        (json!({"content": null}), json!(null), json!("e")),
        (json!({"content": "d", "encrypted_content": null}), json!("d"), json!(null)),
    ] {
        let block =
            |content, encrypted| json!({"type": "compaction", "content": content, "encrypted_content": encrypted});
        let mut piece = piece;
        piece["type"] = json!("compaction_delta");
        let run = orderly(&[begin(), start(0, block(json!("c"), json!("e"))), delta(0, piece), stop(0)]);
        assert_eq!(run.content(), json!([block(content, encrypted)]));
    }
}

#[test]
fn a_citation_that_is_not_an_object() {
    assert_undecodable(&delta(0, json!({"type": "citations_delta"})), "citation");
    for citation in non_objects() {
        assert_undecodable(&delta(0, json!({"type": "citations_delta", "citation": citation})), "citation");
    }
}

// Required members of blocks

#[test]
fn initial_text_of_a_text_block_of_a_wrong_type() {
    for value in non_strings() {
        assert_undecodable_block(json!({"type": "text", "text": value}));
    }
}

#[test]
fn initial_citations_of_a_text_block_of_a_wrong_type() {
    for value in [json!(true), json!(5), json!("x"), json!({}), json!([5]), json!([cited("c"), null])] {
        assert_undecodable_block(json!({"type": "text", "text": "x", "citations": value}));
    }
}

#[test]
fn thinking_of_a_thinking_block_of_a_wrong_type() {
    for value in non_strings() {
        assert_undecodable_block(json!({"type": "thinking", "thinking": value, "signature": "s"}));
    }
}

#[test]
fn content_of_a_compaction_block_of_a_wrong_type() {
    for value in non_strings() {
        assert_undecodable_block(json!({"type": "compaction", "content": value}));
    }
}

#[test]
fn content_of_a_message_of_a_wrong_type() {
    for value in [json!(true), json!(5), json!("x"), json!({}), json!([5]), json!([null]), json!([[]])] {
        assert_lost_start(&message_start(json!({"id": "msg_1", "content": value})));
    }
}

#[test]
fn absent_or_null_text_is_empty() {
    for (block, expected) in [
        (json!({"type": "text"}), text_block("")),
        (json!({"type": "text", "text": null}), text_block("")),
        (json!({"type": "thinking"}), thinking_block("")),
        (json!({"type": "thinking", "thinking": null}), thinking_block("")),
    ] {
        let run = orderly(&[message_start(json!({"content": [block]})), start(1, block), stop(1), end()]);
        assert_eq!(to_json(&run.end().unwrap())["content"], json!([expected, expected]));
    }
}

// Members of the message

#[test]
fn a_message_delta_whose_delta_or_usage_is_neither_object_nor_null_nor_absent() {
    for value in non_objects().into_iter().filter(|value| !value.is_null()) {
        let delta = json!({"type": "message_delta", "delta": value, "usage": {"output_tokens": 7}});
        assert_undecodable(&delta, "delta");
        let usage = json!({"type": "message_delta", "delta": {"stop_sequence": "x"}, "usage": value});
        assert_undecodable(&usage, "usage");
    }
}

#[test]
fn the_delta_and_the_usage_of_a_message_delta_may_be_null_or_absent() {
    for event in [
        json!({"type": "message_delta"}),
        json!({"type": "message_delta", "delta": null, "usage": null}),
        json!({"type": "message_delta", "usage": null}),
        json!({"type": "message_delta", "delta": {}}),
    ] {
        assert_eq!(tolerated(around(sse(&[event]))), around_nothing());
    }
}

// How it is reported

#[test]
fn each_undecodable_event_is_reported_and_the_stream_goes_on() {
    let broken = [named("content_block_delta", "{"), named("ping", "[]"), sse(&[text(0, "+"), delta(0, json!(5))])];
    for stream in streams() {
        let body = body_with(stream, &around(broken.concat()));
        let kinds: Vec<_> = body.lost.iter().map(payload_error).collect();
        let [PayloadErrorKind::NotJson { .. }, PayloadErrorKind::NotAnObject, PayloadErrorKind::Member("delta")] =
            kinds[..]
        else {
            panic!("one report each: {kinds:?}")
        };
        assert_eq!(body.violations, 0);
        assert_eq!(to_json(&partial(body))["content"], json!([text_block("a+b")]));
    }
}

#[test]
fn a_report_shows_nothing_of_the_payload() {
    for payload in [r#"{"type":"content_block_delta","secret":"#, r#"{"type":"message_start","message":"secret"}"#] {
        for error in body(named("", payload)).lost {
            assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        }
        assert_eq!(body(named("", payload)).lost.len(), 1);
    }
}

// Other unusual values are kept: a known member of an unexpected type is among the extras, and its accessor returns
// `None`

/// The final message of a stream with this start.
fn begun_with(members: &Value) -> Message {
    orderly(&[message_start(members.clone()), end()]).end().unwrap()
}

#[test]
fn a_member_of_the_message_of_an_unexpected_type_is_kept() {
    for (name, odd) in [
        ("id", json!(5)),
        ("model", json!({})),
        ("role", json!(5)),
        ("container", json!("x")),
        ("context_management", json!([])),
        ("diagnostics", json!(true)),
        ("stop_details", json!("x")),
        ("stop_reason", json!(5)),
        ("stop_sequence", json!(["x"])),
        ("usage", json!("x")),
        ("input_transformations", json!({})),
        ("input_transformations", json!([5])),
    ] {
        let message = begun_with(&json!({name: odd}));
        assert_eq!(message.extra().get(name).unwrap(), odd, "{name}");
        assert_eq!(to_json(&message), self::message(json!({name: odd})));
        let is_absent = match name {
            "id" => message.id().is_none(),
            "model" => message.model().is_none(),
            "stop_reason" => message.stop_reason().is_none(),
            "stop_sequence" => message.stop_sequence().is_none(),
            "usage" => message.usage().is_none(),
            // The others are parsed on request.
            _ => true,
        };
        assert!(is_absent, "{name}");
    }
}

#[test]
fn a_member_of_the_usage_of_an_unexpected_type_is_kept() {
    let counts = ["many", "", "-1", "1.5", "+1"].map(Value::from).into_iter();
    for odd in counts.chain([json!(-1), json!(1.5), json!(true), json!([]), json!({})]) {
        for name in ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"] {
            for events in [
                [message_start(json!({"usage": {name: odd}})), end()],
                [message_start(json!({"usage": {}})), message_delta(json!({}), json!({name: odd}))],
            ] {
                let run = orderly(&events);
                let snapshot = run.accumulator.snapshot();
                let usage = snapshot.usage().unwrap();
                assert_eq!(usage.extra().get(name).unwrap(), odd);
                assert_eq!((usage.input_tokens(), usage.output_tokens()), (None, None));
                assert_eq!((usage.cache_creation_input_tokens(), usage.cache_read_input_tokens()), (None, None));
                assert_eq!(run.message()["usage"], json!({name: odd}));
            }
        }
    }
    for name in ["cache_creation", "output_tokens_details", "server_tool_use", "service_tier", "speed", "iterations"] {
        let message = begun_with(&json!({"usage": {name: 5}}));
        assert_eq!(message.usage().unwrap().get(name).unwrap(), json!(5));
        assert_eq!(to_json(&message)["usage"], json!({name: 5}));
    }
}

#[test]
fn a_member_of_a_block_of_an_unexpected_type_is_kept() {
    let odd = json!([5]);
    let names = [
        ("thinking", vec!["signature"]),
        ("redacted_thinking", vec!["data"]),
        ("tool_use", vec!["id", "name", "caller", "toolset_name"]),
        ("server_tool_use", vec!["id", "name", "caller"]),
        ("mcp_tool_use", vec!["id", "name", "server_name"]),
        ("web_search_tool_result", vec!["tool_use_id", "caller", "content"]),
        ("web_fetch_tool_result", vec!["tool_use_id", "caller", "content"]),
        ("code_execution_tool_result", vec!["tool_use_id", "content"]),
        ("bash_code_execution_tool_result", vec!["tool_use_id", "content"]),
        ("text_editor_code_execution_tool_result", vec!["tool_use_id", "content"]),
        ("tool_search_tool_result", vec!["tool_use_id", "content"]),
        ("container_upload", vec!["file_id"]),
        ("advisor_tool_result", vec!["tool_use_id", "content"]),
        ("mcp_tool_result", vec!["tool_use_id", "is_error", "content"]),
        ("compaction", vec!["encrypted_content", "signature", "tool_changes"]),
        ("fallback", vec!["from", "to", "trigger"]),
        ("mcp_tool_listing", vec!["mcp_server_name", "tools"]),
    ];
    for (kind, names) in names {
        for name in names {
            let mut block = whole_block(kind);
            block[name] = odd.clone();
            let run = orderly(&[message_start(json!({"content": [block]})), start(1, block.clone()), stop(1), end()]);
            assert_eq!(to_json(&run.end().unwrap())["content"], json!([block, block]), "{kind}: {name}");
        }
    }
}

/// A block of this kind with its mandatory members.
fn whole_block(kind: &str) -> Value {
    match kind {
        "thinking" => thinking_block("x"),
        "tool_use" | "server_tool_use" | "mcp_tool_use" => json!({"type": kind, "input": {}}),
        _ => json!({"type": kind}),
    }
}

#[test]
fn the_accessor_of_a_member_of_an_unexpected_type_says_absent() {
    let message = begun_with(&json!({"content": [
        {"type": "thinking", "thinking": "x", "signature": 5},
        {"type": "tool_use", "id": 5, "name": ["f"], "caller": "x", "input": {}},
        {"type": "redacted_thinking", "data": 5},
        {"type": "compaction", "content": "c", "encrypted_content": 5},
        {"type": "web_search_tool_result", "tool_use_id": 5, "content": "x"},
    ]}));
    let blocks: Vec<_> = message.content().iter().collect();
    let [
        ContentBlock::Thinking(thinking),
        ContentBlock::ToolUse(tool),
        ContentBlock::Raw(redacted),
        ContentBlock::Compaction(compaction),
        ContentBlock::Raw(result),
    ] = blocks[..]
    else {
        panic!("blocks of their kinds: {blocks:?}")
    };
    assert_eq!(thinking.signature(), None);
    assert_eq!(thinking.get("signature").unwrap(), json!(5));
    assert_eq!((tool.id(), tool.name()), (None, None));
    assert_eq!(tool.get("caller").unwrap(), json!("x"));
    assert_eq!(redacted.get("data").unwrap(), json!(5));
    assert!(compaction.encrypted_content().is_absent());
    assert_eq!(compaction.get("encrypted_content").unwrap(), json!(5));
    assert_eq!(result.get("content").unwrap(), json!("x"));
}

#[test]
fn a_member_of_a_message_delta_of_an_unexpected_type_is_kept() {
    for (name, odd) in [
        ("container", json!("x")),
        ("stop_details", json!([5])),
        ("stop_reason", json!(5)),
        ("stop_sequence", json!({})),
    ] {
        let run = orderly(&[begin(), message_delta(json!({name: odd}), Value::Null), end()]);
        let message = run.end().unwrap();
        assert_eq!(message.extra().get(name).unwrap(), odd);
        assert_eq!(message.stop_reason(), None);
        assert_eq!(to_json(&message), self::message(json!({name: odd})));
    }
}

/// A present, non-null value of any type overwrites the value before. So does null, because every `message_start`
/// contains it.
#[test]
fn a_member_of_a_message_delta_of_an_unexpected_type_overwrites_the_known_value() {
    for (name, known, odd) in [
        ("container", json!({"id": "c"}), json!("x")),
        ("stop_details", json!({"type": "refusal"}), json!([5])),
        ("stop_reason", json!("end_turn"), json!(5)),
        ("stop_sequence", json!("END"), json!({})),
    ] {
        for known in [Value::Null, known] {
            let run =
                orderly(&[message_start(json!({name: known})), message_delta(json!({name: odd}), Value::Null), end()]);
            assert_eq!(to_json(&run.end().unwrap()), message(json!({name: odd})), "{name}: {odd} after {known}");
        }
    }
    for known in [json!(null), json!(3)] {
        for name in ["input_tokens", "service_tier", "server_tool_use"] {
            let start = message_start(json!({"usage": {name: known}}));
            let run = orderly(&[start, message_delta(json!({}), json!({name: ["odd"]}))]);
            assert_eq!(run.message()["usage"][name], json!(["odd"]));
        }
    }
}

#[test]
fn a_member_of_an_unexpected_type_beside_the_delta_is_kept() {
    for name in ["context_management", "input_transformations"] {
        let event = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, name: "x"});
        let body = body(around(sse(std::slice::from_ref(&event))));
        assert_eq!(body.lost, []);
        assert_eq!(partial(body).get(name).unwrap(), json!("x"), "kept on the message");
    }
}

#[test]
fn later_value_of_the_right_type_replaces_a_mistyped_one() {
    let odd = json!({"stop_reason": 5, "usage": {"output_tokens": "many"}, "content": [
        {"type": "thinking", "thinking": "x", "signature": 5},
    ]});
    let run = orderly(&[
        message_start(odd),
        signature(0, "s"),
        message_delta(json!({"stop_reason": "end_turn"}), json!({"output_tokens": 7})),
        end(),
    ]);
    let content = [json!({"type": "thinking", "thinking": "x", "signature": "s"})];
    let expected = json!({"content": content, "stop_reason": "end_turn", "usage": {"output_tokens": 7}});
    let message = run.end().unwrap();
    assert_eq!(message.stop_reason(), Some(&StopReason::EndTurn));
    assert_eq!(to_json(&message), self::message(expected));
    // Each is written once, which a JSON value does not show.
    let written = serde_json::to_string(&message).unwrap();
    for name in ["\"stop_reason\"", "\"output_tokens\"", "\"signature\""] {
        assert_eq!(written.matches(name).count(), 1, "{name} in {written}");
    }
}

#[test]
fn a_usage_of_an_unexpected_type_gives_way_to_the_counts_of_a_message_delta() {
    let run = orderly(&[message_start(json!({"usage": "x"})), message_delta(json!({}), json!({"output_tokens": 7}))]);
    assert_eq!(run.accumulator.snapshot().output_tokens(), Some(7));
    assert_eq!(run.message(), message(json!({"usage": {"output_tokens": 7}})));
}

#[test]
fn members_of_an_unexpected_type_in_deltas_and_citations_are_kept() {
    let piece = json!({"type": "thinking_delta", "thinking": "y", "estimated_tokens": "many"});
    let odd_citation = json!({"type": "char_location", "cited_text": 5, "document_index": "x"});
    let citation = json!({"type": "citations_delta", "citation": odd_citation});
    let untyped = json!({"type": "citations_delta", "citation": {"cited_text": "c"}});
    let events = [
        begin(),
        start(0, thinking_block("x")),
        delta(0, piece.clone()),
        stop(0),
        start(1, text_block("t")),
        delta(1, citation),
        delta(1, untyped),
        stop(1),
    ];
    let cited = json!({"type": "text", "text": "t", "citations": [odd_citation, {"cited_text": "c"}]});
    assert_eq!(orderly(&events).content(), json!([thinking_block("xy"), cited]));
    let delivered = body(sse(&events)).events;
    assert!(matches!(&delivered[2], StreamEvent::ContentBlockDelta(delta) if delta.has_extra));
}

// Helpers

/// A lenient stream and a strict one.
fn streams() -> [fn() -> MessageDecoder; 2] {
    [MessageDecoder::new, || MessageDecoder::new().with_accumulator(strict_accumulator())]
}

fn payload_error(error: &LostEvent) -> PayloadErrorKind {
    let LostEvent::Payload(error) = error else { panic!("of the payload: {error:?}") };
    error.kind()
}

/// The message of the body, complete or not.
fn partial(body: Body) -> Message {
    body.end.unwrap_or_else(|incomplete| incomplete.into_partial())
}

/// The error of these bytes: reported once, also in strict mode, without a change of the message.
#[track_caller]
fn skipped(bytes: &str) -> PayloadErrorKind {
    let kinds = streams().map(|stream| {
        let body = body_with(stream, &around(bytes));
        let [error] = &body.lost[..] else { panic!("one report of {bytes}: {:?}", body.lost) };
        let kind = payload_error(error);
        assert_eq!(body.violations, 0, "{bytes}");
        assert_eq!(to_json(&partial(body)), around_nothing(), "{bytes}");
        kind
    });
    assert_eq!(kinds[0], kinds[1]);
    kinds[0]
}

#[track_caller]
fn assert_lost_event(event: &Value) -> PayloadErrorKind {
    let kind = skipped(&sse(std::slice::from_ref(event)));
    assert!(matches!(kind, PayloadErrorKind::Member(_)), "{event}: {kind:?}");
    kind
}

/// Checks that this member makes the event undecodable.
#[track_caller]
fn assert_undecodable(event: &Value, member: &'static str) {
    assert_eq!(assert_lost_event(event), PayloadErrorKind::Member(member), "{event}");
}

/// An undecodable `message_start` has the effect of a missing one.
#[track_caller]
fn assert_lost_start(event: &Value) {
    assert_lost_event(event);
    let body = body(sse(&[event.clone(), ping(), begin(), start(0, text_block("t")), stop(0), end_turn(), end()]));
    assert_eq!((body.lost.len(), body.violations), (1, 0), "{event}");
    let expected = message(json!({"content": [text_block("t")], "stop_reason": "end_turn"}));
    assert_eq!(to_json(&body.end.unwrap()), expected, "{event}");
}

/// Checks that the block is undecodable in its start and in a `message_start`.
#[track_caller]
fn assert_undecodable_block(block: Value) {
    for index in [0, 1] {
        let kind = assert_lost_event(&start(index, block.clone()));
        assert!(matches!(kind, PayloadErrorKind::Member(name) if name.starts_with("content_block")), "{kind:?}");
    }
    assert_lost_start(&message_start(json!({"content": [text_block("x"), block]})));
}
