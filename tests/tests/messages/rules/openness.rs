//! `docs/protocol.md`, heading "Openness": unknown values are kept and returned, and change nothing else.

use serde_json::{Value, json};
use ssewire_messages::{ContentBlock, Delta, Message, Step, StopReason, StreamEvent, Update};

use super::support::*;

// Events

#[test]
fn an_unknown_event_changes_nothing_wherever_it_comes() {
    let events = [begin(), start(0, text_block("a")), text(0, "b"), stop(0), end_turn(), end()];
    let expected = orderly(&events).message();
    for at in 0..=events.len() {
        let (before, after) = events.split_at(at);
        let run = orderly(&[before, &[unknown_event()], after].concat());
        assert_eq!(run.message(), expected, "before event {at}");
    }
    assert_eq!(tolerated(around(sse(&[unknown_event()]))), around_nothing());
}

#[test]
fn an_unknown_event_is_delivered_with_its_type_and_all_its_members() {
    for (name, payload, expected) in [
        ("future_event", unknown_event(), "future_event"),
        ("other_name", unknown_event(), "future_event"),
        ("", unknown_event(), "future_event"),
        ("future_event", json!({"index": 0, "delta": {"type": "text_delta", "text": "x"}}), "future_event"),
    ] {
        let body = body(around(named(name, &payload.to_string())));
        let unknown = body.events.iter().filter_map(|event| match event {
            StreamEvent::Unknown(unknown) => Some(unknown),
            _ => None,
        });
        let unknown: Vec<_> = unknown.collect();
        assert_eq!(unknown.len(), 1);
        assert_eq!(unknown[0].type_name(), expected);
        assert_eq!(unknown[0].to_json(), payload);
    }
}

/// Neither a `type` nor an event type is required.
#[test]
fn a_payload_without_a_type_is_an_unknown_event() {
    for payload in [json!({}), json!({"index": 0, "text": "x"}), json!({"choices": [{"delta": {"content": "x"}}]})] {
        assert_eq!(tolerated(around(named("", &payload.to_string()))), around_nothing());
        assert_eq!(round_trip(&payload), payload);
    }
}

// Blocks

#[test]
fn an_unknown_block_is_kept_as_it_came() {
    let block = json!({
        "type": "future_block", "a": null, "nested": {"type": "text", "text": "x", "numbers": [1, -2, 1.5]}, "index": 7,
    });
    let run = orderly(&[
        message_start(json!({"content": [block, text_block("t")]})),
        start(2, block.clone()),
        stop(2),
        start(3, text_block("u")),
        stop(3),
        end_turn(),
        end(),
    ]);
    let expected = json!([block, text_block("t"), block, text_block("u")]);
    assert_eq!(run.content(), expected);
    let message = run.end().unwrap();
    assert_eq!(message.text(), "tu");
    assert_eq!(to_json(&message)["content"], expected);
}

#[test]
fn an_unknown_block_is_delivered() {
    let block = json!({"type": "future_block", "future": [1]});
    let mut accumulator = run(&[begin()]).accumulator;
    for event in [start(0, block.clone()), stop(0)] {
        let json = event.to_string();
        let event = StreamEvent::from_json(json.as_bytes()).unwrap().unwrap();
        let update = accumulator.accumulate(event).unwrap();
        let (Update::BlockStart { block: delivered, .. } | Update::BlockStop { block: delivered, .. }) = update else {
            panic!("the start and the stop of a block: {update:?}")
        };
        let ContentBlock::Raw(unknown) = delivered.content() else { panic!("an unknown block") };
        assert_eq!(unknown.type_name(), "future_block");
        assert_eq!(unknown.start_json(), block);
    }
}

#[test]
fn unknown_objects_within_known_ones_are_kept() {
    let unknown = json!({"type": "future_object", "future": [{"a": null}]});
    let blocks = [
        json!({"type": "text", "text": "t", "citations": [cited("c"), unknown]}),
        json!({"type": "tool_use", "id": "i", "name": "f", "input": {}, "caller": unknown}),
        json!({"type": "web_search_tool_result", "tool_use_id": "i", "content": unknown}),
        json!({"type": "web_search_tool_result", "tool_use_id": "i", "content": [unknown]}),
        json!({"type": "web_fetch_tool_result", "tool_use_id": "i", "content": unknown}),
        json!({"type": "web_fetch_tool_result", "tool_use_id": "i", "content": {
            "type": "web_fetch_result", "url": "u",
            "content": {"type": "document", "source": unknown},
        }}),
        json!({"type": "code_execution_tool_result", "tool_use_id": "i", "content": unknown}),
        json!({"type": "code_execution_tool_result", "tool_use_id": "i", "content": {
            "type": "code_execution_result", "content": [unknown], "return_code": 0, "stderr": "", "stdout": "",
        }}),
        json!({"type": "bash_code_execution_tool_result", "tool_use_id": "i", "content": unknown}),
        json!({"type": "text_editor_code_execution_tool_result", "tool_use_id": "i", "content": unknown}),
        json!({"type": "tool_search_tool_result", "tool_use_id": "i", "content": unknown}),
        json!({"type": "advisor_tool_result", "tool_use_id": "i", "content": unknown}),
        json!({"type": "mcp_tool_result", "tool_use_id": "i", "is_error": false, "content": [unknown]}),
        json!({"type": "compaction", "content": "c", "tool_changes": [unknown]}),
        json!({"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}, "trigger": unknown}),
        json!({"type": "mcp_tool_listing", "mcp_server_name": "s", "tools": [unknown]}),
    ];
    assert_are_kept(&blocks);
    let members = json!({
        "stop_details": unknown, "container": unknown, "diagnostics": {"cache_miss_reason": unknown},
        "context_management": {"applied_edits": [unknown]}, "input_transformations": [unknown],
        "usage": {"iterations": [unknown], "fallback_credit": {"status": unknown}},
    });
    assert_eq!(orderly(&[message_start(members.clone())]).message(), message(members));
}

// Deltas

#[test]
fn an_unknown_delta_changes_nothing() {
    let unknown = json!({"type": "future_delta", "text": "x", "thinking": "x", "partial_json": "{}", "content": "x"});
    let citations = json!({"type": "text", "text": "t", "citations": [cited("c")]});
    for block in [
        text_block("t"),
        citations,
        thinking_block("x"),
        tool(json!({"a": 1})),
        compaction_block(json!("c")),
        json!({"type": "redacted_thinking", "data": "d"}),
        json!({"type": "future_block", "text": "t", "thinking": "x", "input": {}, "content": "c"}),
    ] {
        let run = orderly(&[begin(), start(0, block.clone()), delta(0, unknown.clone()), stop(0), end_turn(), end()]);
        assert_eq!(run.content(), json!([block]));
        assert!(run.end().is_ok());
    }
}

#[test]
fn an_unknown_delta_is_delivered_with_all_its_members() {
    let unknown = json!({"type": "future_delta", "text": "x", "future": {"a": [null]}});
    let body = body(around(sse(&[delta(0, unknown.clone())])));
    let delivered = body.events.iter().find_map(|event| match event {
        StreamEvent::ContentBlockDelta(piece) => match &piece.delta {
            Delta::Unknown(delivered) => Some((piece.index, delivered)),
            _ => None,
        },
        _ => None,
    });
    let (index, delivered) = delivered.unwrap();
    assert_eq!((index, &*delivered.type_name()), (0, "future_delta"));
    assert_eq!(delivered.to_json(), unknown);
}

// Values of enumerations

#[test]
fn an_unknown_stop_reason_is_kept_and_ends_the_message_as_any() {
    let run = orderly(&[begin(), message_delta(json!({"stop_reason": "future_reason"}), json!({})), end()]);
    let expected = StopReason::Unknown("future_reason".into());
    assert_eq!(run.accumulator.snapshot().stop_reason(), Some(&expected));
    assert_eq!(to_json(&run.end().unwrap()), message(json!({"stop_reason": "future_reason", "usage": {}})));
    let unterminated = orderly(&[begin(), message_delta(json!({"stop_reason": "future_reason"}), json!({}))]);
    assert!(unterminated.end().is_ok(), "the stop reason is known to have come");
}

#[test]
fn unknown_values_of_enumerations_are_kept_in_the_message() {
    let future = "future_value";
    let members = json!({
        "role": future, "stop_reason": future,
        "stop_details": {"type": "refusal", "category": future},
        "container": {"id": "c", "expires_at": future, "skills": [{"type": future, "skill_id": "s", "version": "1"}]},
        "input_transformations": [{"type": "thinking_dropped", "path": "p", "reason": future}],
        "usage": {
            "service_tier": future, "speed": future, "inference_geo": future,
            "fallback_credit": {"status": {"type": "not_applied", "reason": future}},
        },
    });
    assert_eq!(orderly(&[message_start(members.clone())]).message(), message(members.clone()));
    let mut delta = members.clone();
    let on_message = ["role", "usage", "input_transformations"].map(|name| delta.as_object_mut().unwrap().remove(name));
    let [role, usage, transformations] = on_message.map(Option::unwrap);
    let event = json!({
        "type": "message_delta", "delta": delta, "usage": usage, "input_transformations": transformations,
    });
    let run = orderly(&[message_start(json!({"role": role})), event, end()]);
    assert_eq!(to_json(&run.end().unwrap()), message(members), "from a message_delta, into the final message");
}

#[test]
fn unknown_values_of_enumerations_are_kept_in_blocks() {
    let failed = |kind: &str| {
        let content = json!({"type": format!("{kind}_error"), "error_code": "future_code"});
        json!({"type": kind, "tool_use_id": "i", "content": content})
    };
    let results = [
        "web_search_tool_result",
        "web_fetch_tool_result",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "tool_search_tool_result",
        "advisor_tool_result",
    ];
    assert_are_kept(&results.map(failed));
    assert_are_kept(&[
        json!({"type": "server_tool_use", "id": "i", "name": "future_tool", "input": {}}),
        json!({"type": "text_editor_code_execution_tool_result", "tool_use_id": "i", "content": {
            "type": "text_editor_code_execution_view_result", "content": "c", "file_type": "future_type",
        }}),
        json!({"type": "web_fetch_tool_result", "tool_use_id": "i", "content": {
            "type": "web_fetch_result", "url": "u", "content": {
                "type": "document", "source": {"type": "base64", "data": "d", "media_type": "future/type"},
            },
        }}),
        json!({"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}, "trigger": {
            "type": "refusal", "category": "future_category",
        }}),
    ]);
}

// Members

#[test]
fn unknown_members_of_the_message_survive() {
    for future in futures() {
        let members = json!({
            "future": future,
            "usage": {
                "output_tokens": 1, "future": future, "cache_creation": {"future": future},
                "output_tokens_details": {"future": future}, "server_tool_use": {"future": future},
                "iterations": [{"type": "message", "future": future}],
            },
            "container": {"id": "c", "future": future, "skills": [{"type": "custom", "future": future}]},
            "stop_details": {"type": "refusal", "future": future},
            "context_management": {"future": future, "applied_edits": [
                {"type": "clear_tool_uses_20250919", "future": future},
            ]},
            "diagnostics": {"future": future, "cache_miss_reason": {"type": "model_changed", "future": future}},
            "input_transformations": [{"type": "thinking_dropped", "future": future}],
        });
        let run = orderly(&[message_start(members.clone()), end()]);
        assert_eq!(to_json(&run.end().unwrap()), message(members));
    }
}

#[test]
fn unknown_members_of_a_message_delta_survive() {
    for future in futures().into_iter().filter(|future| !future.is_null()) {
        let delta = json!({"stop_reason": "end_turn", "container": {"id": "c", "future": future}, "future": future});
        let run = orderly(&[begin(), message_delta(delta.clone(), json!({"future": future})), end()]);
        let mut expected = message(delta);
        expected["usage"] = json!({"future": future});
        assert_eq!(to_json(&run.end().unwrap()), expected);
    }
}

#[test]
fn unknown_members_of_blocks_survive() {
    for future in futures() {
        assert_are_kept(&[
            json!({"type": "text", "text": "t", "future": future}),
            json!({"type": "text", "text": "t", "citations": [{"type": "char_location", "future": future}]}),
            json!({"type": "thinking", "thinking": "x", "signature": "s", "future": future}),
            json!({"type": "redacted_thinking", "data": "d", "future": future}),
            json!({"type": "tool_use", "id": "i", "name": "f", "input": {}, "future": future}),
            json!({"type": "tool_use", "id": "i", "input": {}, "caller": {"type": "direct", "future": future}}),
            json!({"type": "server_tool_use", "id": "i", "name": "web_search", "input": {}, "future": future}),
            json!({"type": "mcp_tool_use", "id": "i", "name": "f", "input": {}, "server_name": "s", "future": future}),
            json!({"type": "web_search_tool_result", "tool_use_id": "i", "future": future, "content": [
                {"type": "web_search_result", "title": "t", "future": future},
            ]}),
            json!({"type": "web_fetch_tool_result", "tool_use_id": "i", "future": future, "content": {
                "type": "web_fetch_result", "future": future, "content": {
                    "type": "document", "future": future, "citations": {"enabled": true, "future": future},
                    "source": {"type": "text", "data": "d", "future": future},
                },
            }}),
            json!({"type": "code_execution_tool_result", "tool_use_id": "i", "future": future, "content": {
                "type": "code_execution_result", "future": future, "content": [
                    {"type": "code_execution_output", "file_id": "f", "future": future},
                ],
            }}),
            json!({"type": "bash_code_execution_tool_result", "tool_use_id": "i", "future": future, "content": {
                "type": "bash_code_execution_tool_result_error", "future": future,
            }}),
            json!({"type": "text_editor_code_execution_tool_result", "tool_use_id": "i", "future": future, "content": {
                "type": "text_editor_code_execution_create_result", "is_file_update": true, "future": future,
            }}),
            json!({"type": "tool_search_tool_result", "tool_use_id": "i", "future": future, "content": {
                "type": "tool_search_tool_search_result", "future": future, "tool_references": [
                    {"type": "tool_reference", "tool_name": "f", "future": future},
                ],
            }}),
            json!({"type": "container_upload", "file_id": "f", "future": future}),
            json!({"type": "advisor_tool_result", "tool_use_id": "i", "future": future, "content": {
                "type": "advisor_result", "text": "t", "future": future,
            }}),
            json!({"type": "mcp_tool_result", "tool_use_id": "i", "future": future, "content": [
                {"type": "text", "text": "t", "future": future},
            ]}),
            json!({"type": "compaction", "content": "c", "future": future, "tool_changes": [
                {"type": "tool_addition", "future": future, "tool": {"type": "tool_reference", "future": future}},
            ]}),
            json!({"type": "fallback", "from": {"model": "a", "future": future}, "future": future,
                "to": {"model": "b"}, "trigger": {"type": "refusal", "future": future}}),
            json!({"type": "mcp_tool_listing", "mcp_server_name": "s", "future": future, "tools": [
                {"name": "f", "input_schema": {}, "future": future},
            ]}),
        ]);
    }
}

#[test]
fn unknown_members_stay_while_deltas_come() {
    let future = json!({"a": [null]});
    let with = |mut block: Value| {
        block["future"] = future.clone();
        block
    };
    let run = orderly(&[
        begin(),
        start(0, with(text_block("a"))),
        text(0, "b"),
        stop(0),
        start(1, with(thinking_block("x"))),
        thinking(1, "y"),
        stop(1),
        start(2, with(tool(json!({})))),
        input(2, "{\"k\": 1}"),
        stop(2),
        start(3, with(compaction_block(Value::Null))),
        compaction(3, json!("c")),
        stop(3),
        end(),
    ]);
    let expected =
        [text_block("ab"), thinking_block("xy"), tool(json!({"k": 1})), compaction_block(json!("c"))].map(with);
    assert_eq!(to_json(&run.end().unwrap())["content"], json!(expected));
}

#[test]
fn a_citation_that_a_delta_brings_keeps_its_unknown_members() {
    for citation in [
        json!({"type": "char_location", "cited_text": "c", "future": [1]}),
        json!({"type": "future_location", "future": {"a": null}}),
    ] {
        let piece = json!({"type": "citations_delta", "citation": citation});
        let run = orderly(&[begin(), start(0, text_block("t")), delta(0, piece), stop(0), end()]);
        let expected = json!([{"type": "text", "text": "t", "citations": [citation]}]);
        assert_eq!(to_json(&run.end().unwrap())["content"], expected);
    }
}

/// They are not part of the block.
#[test]
fn unknown_members_of_a_delta_are_delivered_with_it_and_change_nothing() {
    let plain = [
        (text_block("a"), json!({"type": "text_delta", "text": "b"})),
        (text_block("a"), json!({"type": "citations_delta", "citation": cited("c")})),
        (thinking_block("a"), json!({"type": "thinking_delta", "thinking": "b"})),
        (thinking_block("a"), json!({"type": "signature_delta", "signature": "s"})),
        (tool(json!({})), json!({"type": "input_json_delta", "partial_json": "{\"k\": 1}"})),
        (compaction_block(json!("a")), json!({"type": "compaction_delta", "content": "b"})),
    ];
    for (block, piece) in plain {
        let events = |delta: Value| [begin(), start(0, block.clone()), delta, stop(0), end()];
        let expected = orderly(&events(delta(0, piece.clone()))).message();
        for future in futures() {
            let mut odd = piece.clone();
            odd["future"] = future.clone();
            let mut event = delta(0, odd);
            event["future"] = future;
            assert_eq!(round_trip(&event), event);
            assert_eq!(orderly(&events(event)).message(), expected);
        }
    }
}

#[test]
fn unknown_members_of_an_event_are_delivered_with_it_and_change_nothing() {
    let plain = [message_start(message(json!({}))), start(0, text_block("a")), text(0, "b"), stop(0), end_turn()];
    let odd = plain.clone().map(with_future);
    for event in &odd {
        assert_eq!(round_trip(event), *event);
    }
    assert_eq!(orderly(&odd).message(), orderly(&plain).message());
}

/// Gateways put their metrics on the last event.
#[test]
fn unknown_members_of_a_message_stop_or_a_ping_change_nothing_and_are_in_the_payload() {
    for event in [end(), ping()].map(with_future) {
        let mut stream = ssewire_messages::MessageDecoder::new();
        let sse = sse(&[begin(), event.clone()]);
        let mut input = sse.as_bytes();
        let Step::Update(first) = stream.decode(&mut input).unwrap() else { panic!("an update") };
        assert_eq!(first.payload, begin().to_string().as_bytes());
        let Step::Update(item) = stream.decode(&mut input).unwrap() else { panic!("an update") };
        assert_eq!(serde_json::from_slice::<Value>(item.payload).unwrap(), event);
        assert_eq!(orderly(&[begin(), event]).message(), message(json!({})));
    }
}

#[test]
fn unknown_members_of_an_error_are_delivered_with_it() {
    let mut error = with_future(error());
    error["error"]["future"] = json!([null]);
    assert_eq!(round_trip(&error), error);
    let incomplete = orderly(&[begin(), error.clone()]).end().unwrap_err();
    assert_eq!(incomplete.server_error().unwrap().body(), &error);
}

// Helpers

/// Values of an unknown member.
fn futures() -> [Value; 6] {
    [
        json!(null),
        json!(true),
        json!(1.5),
        json!("x"),
        json!([{"type": "text", "text": "x"}]),
        json!({"a": {"b": null}}),
    ]
}

fn with_future(mut event: Value) -> Value {
    event["future"] = json!({"metrics": {"count": 1, "nothing": null}});
    event
}

/// The returned event.
fn round_trip(event: &Value) -> Value {
    let json = event.to_string();
    match StreamEvent::from_json(json.as_bytes()).unwrap().unwrap() {
        StreamEvent::Unknown(unknown) => unknown.to_json().to_value().unwrap(),
        StreamEvent::Error(error) => error.body().to_value().unwrap(),
        StreamEvent::ContentBlockStart(start) => {
            let mut event = event.clone();
            event["content_block"] = serde_json::to_value(start.content_block).unwrap();
            event
        }
        // Further members of others are in the payload.
        _ => event.clone(),
    }
}

/// Blocks are returned unchanged, started or initial, also in the update of their start.
#[track_caller]
fn assert_are_kept(blocks: &[Value]) {
    let mut events = vec![begin()];
    for (index, block) in (0..).zip(blocks) {
        let start = start(index, block.clone());
        assert_eq!(round_trip(&start), start);
        events.extend([start, stop(index)]);
    }
    events.extend([end_turn(), end()]);
    assert_eq!(to_json(&orderly(&events).end().unwrap())["content"], json!(blocks));
    let initial = [message_start(json!({"content": blocks})), end_turn(), end()];
    assert_eq!(to_json(&orderly(&initial).end().unwrap())["content"], json!(blocks));
}

// Members that occur twice

/// `docs/protocol.md`, heading "Tolerances of the decoder". The value is checked as text: a JSON object cannot hold one
/// name twice.
#[test]
fn a_repeated_member_is_written_once_with_its_last_value() {
    for (members, written) in [
        (r#""x":1,"y":2,"x":3"#, r#""y":2,"x":3"#),
        (r#""stop_reason":5,"stop_reason":"end_turn""#, r#""stop_reason":"end_turn""#),
        (r#""stop_reason":"end_turn","stop_reason":5"#, r#""stop_reason":5"#),
        (r#""stop_reason":"end_turn","stop_reason":null"#, r#""stop_reason":null"#),
        (r#""id":7,"id":"msg_1""#, r#""id":"msg_1""#),
        (r#""id":"msg_1","id":null"#, r#""id":null"#),
        (r#""model":[],"model":"m""#, r#""model":"m""#),
        (r#""model":"m","model":{}"#, r#""model":{}"#),
        (
            r#""usage":[],"usage":{"a":1,"output_tokens":"x","output_tokens":2,"a":3}"#,
            r#""usage":{"output_tokens":2,"a":3}"#,
        ),
        (r#""usage":{"a":1},"usage":"none""#, r#""usage":"none""#),
        (r#""role":"user","role":"assistant""#, ""),
    ] {
        let json = format!("{{{members},\"content\":[]}}");
        let message: Message = json.parse().unwrap();
        let tail = if written.is_empty() { String::new() } else { format!(",{written}") };
        let text = message.to_json().unwrap().into_string();
        let (head, content) = (r#""type":"message","role":"assistant""#, r#""content":[]"#);
        // An identifier is written before the type.
        let expected = [format!("{{{head}{tail},{content}}}"), format!("{{{written},{head},{content}}}")];
        assert!(expected.contains(&text), "{members}: {text}");
        assert_eq!(message.to_json_lossy().into_string(), text);
    }
    let message: Message = r#"{"type":5,"type":"message","role":1,"role":2,"content":[]}"#.parse().unwrap();
    assert_eq!(message.to_json().unwrap().as_str(), r#"{"type":"message","role":2,"content":[]}"#);
}

#[test]
fn a_repeated_member_of_a_block_is_written_once_with_its_last_value() {
    for (block, written) in [
        (r#"{"type":"text","text":"a","x":1,"text":"b","x":2}"#, r#"{"type":"text","text":"b","x":2}"#),
        (
            r#"{"type":"thinking","thinking":"a","signature":5,"signature":"s"}"#,
            r#"{"type":"thinking","signature":"s","thinking":"a"}"#,
        ),
        (
            r#"{"type":"thinking","thinking":"a","signature":"s","signature":5}"#,
            r#"{"type":"thinking","thinking":"a","signature":5}"#,
        ),
        (
            r#"{"type":"text","text":"a","citations":[{}],"citations":null}"#,
            r#"{"type":"text","citations":null,"text":"a"}"#,
        ),
    ] {
        let message: Message = format!("{{\"content\":[{block}]}}").parse().unwrap();
        assert_eq!(message.content()[0].to_json().unwrap().as_str(), written, "{block}");
    }
}

#[test]
fn the_last_of_a_repeated_member_of_an_event_counts() {
    let block = r#"{"type":"text","text":"a"}"#;
    let delta = r#"{"type":"text_delta","text":"a"}"#;
    for (event_type, members) in [
        ("message_start", vec![("message", r#"{"content":[]}"#)]),
        ("content_block_start", vec![("index", "0"), ("content_block", block)]),
        ("content_block_delta", vec![("index", "0"), ("delta", delta)]),
        ("content_block_stop", vec![("index", "0")]),
        ("message_delta", vec![("delta", r#"{"stop_reason":"end_turn"}"#), ("usage", r#"{"output_tokens":2}"#)]),
    ] {
        let payload = |repeated: Option<(usize, &str)>, mistyped_is_last: bool| {
            let mut json = format!(r#"{{"type":"{event_type}""#);
            for (at, (name, value)) in members.iter().enumerate() {
                let mut values = vec![*value];
                if let Some((_, mistyped)) = repeated.filter(|(repeated, _)| *repeated == at) {
                    values.insert(usize::from(mistyped_is_last), mistyped);
                }
                for value in values {
                    json += &format!(r#","{name}":{value}"#);
                }
            }
            json + "}"
        };
        let once = payload(None, false);
        let expected = StreamEvent::from_json(once.as_bytes()).unwrap();
        for at in 0..members.len() {
            for mistyped in ["true", "[]", r#""x""#] {
                let first = payload(Some((at, mistyped)), false);
                assert_eq!(StreamEvent::from_json(first.as_bytes()).as_ref(), Ok(&expected), "{first}");
                let last = payload(Some((at, mistyped)), true);
                assert!(StreamEvent::from_json(last.as_bytes()).is_err(), "{last}");
            }
        }
    }
}

#[test]
fn a_known_member_is_known_however_its_value_is_escaped() {
    let escaped = Message::from_json(br#"{"type":"me\u0073sage","role":"assist\u0061nt","content":[]}"#).unwrap();
    let plain = Message::from_json(br#"{"type":"message","role":"assistant","content":[]}"#).unwrap();
    assert!(escaped.extra().is_empty());
    assert_eq!(escaped, plain);
}

/// A repeated member within a block, a delta or a message: the last one counts, whatever the type of those before it.
#[test]
fn a_repeated_member_of_another_type_gives_way_to_the_last_one() {
    let block = |block: &str| format!(r#"{{"type":"content_block_start","index":0,"content_block":{block}}}"#);
    let delta = |delta: &str| format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#);
    let message = |content: &str| format!(r#"{{"type":"message_start","message":{{{content}}}}}"#);
    for (payload, name, good, bad) in [
        (block(r#"{"type":"text",@}"#), "text", r#""Hi""#, "7"),
        (block(r#"{"type":"text",@}"#), "text", "null", "{}"),
        (block(r#"{"type":"text","text":"Hi",@}"#), "citations", r#"[{"a":1}]"#, "7"),
        (block(r#"{"type":"text","text":"Hi",@}"#), "citations", "null", r#"[{"a":1},7]"#),
        (block(r#"{"type":"thinking",@}"#), "thinking", r#""Hm""#, "[]"),
        (block(r#"{"type":"compaction",@}"#), "content", r#""c""#, "[]"),
        (block(r#"{"type":"compaction",@}"#), "content", "null", "5"),
        (delta(r#"{"type":"text_delta",@}"#), "text", r#""Hi""#, "7"),
        (delta(r#"{"type":"citations_delta",@}"#), "citation", r#"{"a":1}"#, "7"),
        (delta(r#"{"type":"compaction_delta",@}"#), "content", r#""c""#, "7"),
        (delta(r#"{"type":"compaction_delta",@}"#), "encrypted_content", "null", "[7]"),
        (message("@"), "content", r#"[{"type":"text","text":"Hi"}]"#, "7"),
        (message("@"), "content", "null", "[7]"),
        (message("@"), "content", r#"[{"type":"text","text":"Hi"}]"#, r#"[{"type":"text","text":7}]"#),
    ] {
        let with = |members: String| payload.replace('@', &members);
        let decoded = |json: &str| {
            let mut accumulator = ssewire_messages::Accumulator::new();
            accumulator.accumulate_json(json.as_bytes()).unwrap();
            // A block of raw JSON is written with all its members.
            let message = accumulator.snapshot().to_json_lossy();
            (accumulator.completion(), message.to_value().unwrap())
        };
        let expected = decoded(&with(format!(r#""{name}":{good}"#)));
        assert_ne!(expected.0, ssewire_messages::Completion::ContentLost, "{payload}");
        let last = with(format!(r#""{name}":{bad},"{name}":{good}"#));
        assert!(StreamEvent::from_json(last.as_bytes()).is_ok(), "{last}");
        assert_eq!(decoded(&last), expected, "{last}");
        let again = with(format!(r#""{name}":{good},"{name}":{bad},"{name}":{good}"#));
        assert_eq!(decoded(&again), expected, "{again}");
        let first = with(format!(r#""{name}":{good},"{name}":{bad}"#));
        assert!(StreamEvent::from_json(first.as_bytes()).is_err(), "{first}");
    }
}

/// The accessors of the event and the message it is merged into.
#[test]
fn the_accessors_of_a_message_delta_return_the_merged_values() {
    for (members, reason, tokens) in [
        (r#""usage":{"output_tokens":5,"output_tokens":null}"#, None, Some(5)),
        (r#""usage":{"output_tokens":null,"output_tokens":5}"#, None, Some(5)),
        (r#""usage":{"output_tokens":5,"output_tokens":[]}"#, None, None),
        (r#""usage":{"output_tokens":[],"output_tokens":5}"#, None, Some(5)),
        (r#""delta":{"stop_reason":"end_turn","stop_reason":null}"#, Some("end_turn"), None),
        (r#""delta":{"stop_reason":"end_turn","stop_reason":7}"#, None, None),
        (r#""delta":{"stop_reason":7,"stop_reason":"end_turn"}"#, Some("end_turn"), None),
        (r#""delta":{"stop_reason":"tool_use","stop_reason":"end_turn"}"#, Some("end_turn"), None),
    ] {
        let payload = format!(r#"{{"type":"message_delta",{members}}}"#);
        let event = StreamEvent::from_json(payload.as_bytes()).unwrap().unwrap();
        let StreamEvent::MessageDelta(delta) = &event else { panic!("{payload}") };
        let [accessor, expected] = [delta.stop_reason(), reason.map(StopReason::from)];
        assert_eq!(accessor, expected, "{payload}");
        assert_eq!(delta.usage().and_then(|usage| usage.output_tokens()), tokens, "{payload}");
        let mut accumulator = run(&[begin()]).accumulator;
        accumulator.accumulate(event).unwrap();
        let message = accumulator.snapshot();
        assert_eq!((message.stop_reason(), message.output_tokens()), (expected.as_ref(), tokens), "{payload}");
    }
}
