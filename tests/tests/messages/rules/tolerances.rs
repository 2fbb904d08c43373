//! `docs/protocol.md`, heading "Tolerances of the decoder": unusual events that are not errors, also in strict mode.

use serde_json::{Value, json};
use ssewire_messages::vocabulary::{CacheCreation, Iteration, OutputTokensDetails};
use ssewire_messages::{Completion, MessageDecoder, Step, Update};

use super::support::*;

// The payload under the wrong event name, or no `event:` line

#[test]
fn the_type_of_the_payload_decides_under_any_event_type() {
    for name in EVENT_TYPES {
        let body: String = whole().iter().map(|event| named(name, &event.to_string())).collect();
        assert_eq!(tolerated(body), whole_message(), "all under the name {name:?}");
    }
}

#[test]
fn the_event_type_decides_only_without_a_type() {
    let body: String = whole()
        .into_iter()
        .map(|mut event| {
            let name = event.as_object_mut().unwrap().remove("type").unwrap();
            named(name.as_str().unwrap(), &event.to_string())
        })
        .collect();
    assert_eq!(tolerated(body), whole_message());
}

#[test]
fn an_unknown_type_decides_as_well() {
    // Except the event type `error`, which makes it an error.
    for name in EVENT_TYPES.into_iter().filter(|name| *name != "error") {
        let payload = json!({"type": "future_event", "index": 0, "delta": {"type": "text_delta", "text": "x"}});
        assert_eq!(tolerated(around(named(name, &payload.to_string()))), around_nothing(), "under the name {name:?}");
    }
}

// `data: [DONE]`

#[test]
fn a_done_marker_under_any_event_type_is_ignored() {
    for name in EVENT_TYPES.into_iter().chain(["done"]) {
        assert_eq!(tolerated(around(named(name, "[DONE]"))), around_nothing(), "under the name {name:?}");
        let after = sse(&whole()) + &named(name, "[DONE]");
        assert_eq!(tolerated(after), whole_message(), "at the end, under the name {name:?}");
    }
}

/// It is an event `error` whose data is the marker.
#[test]
fn a_done_marker_in_an_error_field_is_ignored() {
    assert_eq!(tolerated(around("error: [DONE]\n\n")), around_nothing());
}

// Empty or blank data

#[test]
fn empty_or_blank_data_is_ignored() {
    for name in EVENT_TYPES.into_iter().filter(|name| *name != "error") {
        for lines in ["data\n", "data:\n", "data: \n", "data:  \t \n", "data:\ndata: \ndata:\n"] {
            let event = if name.is_empty() { format!("{lines}\n") } else { format!("event: {name}\n{lines}\n") };
            assert_eq!(tolerated(around(&event)), around_nothing(), "{event:?}");
            assert_eq!(body(&event).events, [], "{event:?}");
        }
    }
}

#[test]
fn an_empty_string_as_the_data_of_a_ping_is_ignored() {
    assert_eq!(tolerated(around(named("ping", "\"\""))), around_nothing());
    assert_eq!(body(named("ping", "\"\"")).events, []);
}

#[test]
fn empty_or_blank_data_under_the_event_type_error_is_an_error_without_a_message() {
    for data in ["data\n", "data:\n", "data: \n", "data:  \t \n", "data:\ndata:\n"] {
        let body = body(around(format!("event: error\n{data}\n")));
        assert_eq!(body.lost, []);
        let incomplete = body.end.unwrap_err();
        assert_eq!(incomplete.reason(), Completion::ServerError, "{data:?}");
        assert_eq!(incomplete.server_error().unwrap().message(), None, "{data:?}");
    }
}

// An index, or a token count, as a string of digits or an integral float

#[test]
fn an_index_may_be_a_string_of_digits_or_an_integral_float() {
    for (written, index) in [
        ("\"0\"", 0),
        ("\"12\"", 12),
        ("\"012\"", 12),
        ("\"9007199254740993\"", 9_007_199_254_740_993),
        ("\"18446744073709551615\"", u64::MAX),
        ("0.0", 0),
        ("12.0", 12),
        ("12.000", 12),
        ("1.2e1", 12),
        ("1E3", 1000),
        ("120e-1", 12),
        ("9007199254740992.0", 9_007_199_254_740_992),
    ] {
        let events = [start(index, text_block("a")), text(index, "b"), future_delta(index), stop(index)];
        for event in events {
            let plain = event.to_string();
            let odd = plain.replace(&format!("\"index\":{index}"), &format!("\"index\":{written}"));
            assert_ne!(odd, plain);
            let [odd, plain] = [odd, plain].map(|json| decoded(&json));
            assert_eq!(odd, plain, "{written}");
        }
    }
}

fn future_delta(index: u64) -> Value {
    delta(index, json!({"type": "future_delta", "future": 1}))
}

#[test]
fn a_block_is_one_block_whichever_way_its_index_is_written() {
    let events: String = [
        r#"{"type":"message_start","message":{"content":[{"type":"text","text":"0"}]}}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"a"}}"#,
        r#"{"type":"content_block_delta","index":"1","delta":{"type":"text_delta","text":"b"}}"#,
        r#"{"type":"content_block_delta","index":1.0,"delta":{"type":"text_delta","text":"c"}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"d"}}"#,
        r#"{"type":"content_block_stop","index":"1"}"#,
        r#"{"type":"content_block_start","index":2.0,"content_block":{"type":"text","text":"e"}}"#,
        r#"{"type":"content_block_stop","index":"2"}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
        r#"{"type":"message_stop"}"#,
    ]
    .map(|payload| named("", payload))
    .concat();
    let content = ["0", "abcd", "e"].map(text_block);
    assert_eq!(tolerated(events), message(json!({"content": content, "stop_reason": "end_turn"})));
}

#[test]
fn a_token_count_may_be_a_string_of_digits_or_an_integral_float() {
    for (written, count) in [
        (json!("7"), 7_u64),
        (json!("007"), 7),
        (json!("0"), 0),
        (json!("18446744073709551615"), u64::MAX),
        (json!(7.0), 7),
        (json!(0.0), 0),
        (json!(1e15), 1_000_000_000_000_000),
    ] {
        let counts = |mut message: Value| {
            let usage = message["usage"].take();
            ["input_tokens", "output_tokens", "cache_read_input_tokens"].map(|name| usage[name].clone())
        };
        let expected = counts(tolerated(sse(&with_count(&json!(count)))));
        assert_eq!(counts(tolerated(sse(&with_count(&written)))), expected, "{written}");
    }
}

#[test]
fn a_token_count_in_a_string_or_float_is_returned_as_a_number() {
    for count in [json!("7"), json!(7.0)] {
        let run = orderly(&with_count(&count));
        let message = run.accumulator.snapshot();
        assert_eq!((message.input_tokens(), message.output_tokens()), (Some(7), Some(7)));
        let usage = message.usage().unwrap();
        assert_eq!(usage.cache_creation_input_tokens(), Some(7));
        assert_eq!(usage.cache_read_input_tokens(), Some(7));
        // Values that are not merged are kept unchanged, and read in the same way on request.
        let creation: CacheCreation = usage.get("cache_creation").unwrap().parse().unwrap();
        assert_eq!(creation.ephemeral_5m_input_tokens, Some(7));
        let details: OutputTokensDetails = usage.get("output_tokens_details").unwrap().parse().unwrap();
        assert_eq!(details.thinking_tokens, Some(7));
        let iterations: Vec<Iteration> = usage.get("iterations").unwrap().parse().unwrap();
        assert!(matches!(&iterations[0], Iteration::Message(run) if run.output_tokens == Some(7)));
    }
}

/// A complete body with this value for every token count.
fn with_count(count: &Value) -> [Value; 5] {
    let run = |kind| {
        json!({
            "type": kind, "cache_creation": {"ephemeral_1h_input_tokens": count, "ephemeral_5m_input_tokens": count},
            "cache_creation_input_tokens": count, "cache_read_input_tokens": count, "input_tokens": count,
            "output_tokens": count,
        })
    };
    let mut at_start = run("message");
    at_start.as_object_mut().unwrap().remove("type");
    let runs = ["message", "compaction", "advisor_message", "fallback_message"].map(run);
    let edits = ["clear_tool_uses_20250919", "clear_thinking_20251015"]
        .map(|edit| json!({"type": edit, "cleared_input_tokens": count}));
    let thought = json!({"type": "thinking_delta", "thinking": "", "estimated_tokens": count});
    let miss = json!({"type": "model_changed", "cache_missed_input_tokens": count});
    [
        message_start(json!({
            "content": [thinking_block("")], "diagnostics": {"cache_miss_reason": miss}, "usage": at_start,
        })),
        delta(0, thought),
        message_delta(
            json!({"stop_reason": "end_turn"}),
            json!({
                "cache_creation_input_tokens": count, "cache_read_input_tokens": count, "input_tokens": count,
                "output_tokens": count, "output_tokens_details": {"thinking_tokens": count}, "iterations": runs,
            }),
        ),
        json!({"type": "message_delta", "context_management": {"applied_edits": edits}}),
        end(),
    ]
}

#[test]
fn the_estimated_tokens_of_a_thinking_delta_may_be_a_string_of_digits_or_an_integral_float() {
    for written in ["\"7\"", "7.0"] {
        let piece = |count| {
            let delta = format!(r#"{{"type":"thinking_delta","thinking":"x","estimated_tokens":{count}}}"#);
            decoded(&format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#))
        };
        assert_eq!(piece(written), piece("7"));
    }
}

// Ill-formed UTF-8 and lone surrogate escapes

/// The text of each in a JSON string, and the decoded text.
const ILL_FORMED: [(&[u8], &str); 9] = [
    (b"\xFF", "\u{FFFD}"),
    (b"\xE2\x82", "\u{FFFD}"),
    (b"\xC0\xAF", "\u{FFFD}\u{FFFD}"),
    (b"\xED\xA0\x80", "\u{FFFD}\u{FFFD}\u{FFFD}"),
    (br"\ud83d", "\u{FFFD}"),
    (br"\uDE00", "\u{FFFD}"),
    (br"\ude00\ud83d", "\u{FFFD}\u{FFFD}"),
    (br"\ud83d\ud83d\ude00", "\u{FFFD}\u{1F600}"),
    (b"\xFF\\ud83d\\n", "\u{FFFD}\u{FFFD}\n"),
];

/// The event with these bytes in place of each `@`.
fn ill_formed(event: &Value, bytes: &[u8]) -> Vec<u8> {
    let json = event.to_string();
    let pieces: Vec<_> = json.split('@').map(str::as_bytes).collect();
    [b"data: ", &pieces.join(bytes)[..], b"\n\n"].concat()
}

#[test]
fn ill_formed_text_in_any_delta_is_replaced_and_the_event_kept() {
    for (bytes, read) in ILL_FORMED {
        let blocks = [text_block(""), thinking_block(""), compaction_block(Value::Null)];
        let content = [
            (text(0, "(@)"), ("text", json!(format!("({read})")))),
            (citation(0, "(@)"), ("citations", json!([cited(&format!("({read})"))]))),
            (thinking(1, "(@)"), ("thinking", json!(format!("({read})")))),
            (signature(1, "(@)"), ("signature", json!(format!("({read})")))),
            (compaction(2, json!("(@)")), ("content", json!(format!("({read})")))),
        ];
        for (piece, (member, value)) in content {
            let index = piece["index"].as_u64().unwrap();
            let mut expected = blocks.clone();
            expected[usize::try_from(index).unwrap()][member] = value;
            let body = [
                sse(&[message_start(json!({"content": blocks}))]).into_bytes(),
                ill_formed(&piece, bytes),
                sse(&[end_turn(), end()]).into_bytes(),
            ];
            let expected = message(json!({"content": expected, "stop_reason": "end_turn"}));
            assert_eq!(tolerated(body.concat()), expected, "{piece}");
        }
    }
}

#[test]
fn ill_formed_text_elsewhere_is_replaced_and_the_event_kept() {
    for (bytes, read) in ILL_FORMED {
        let events = |at: &str| {
            [
                message_start(json!({"model": at, "content": [text_block(at)], "future": {"member": at}})),
                start(1, json!({"type": "text", "text": at, "citations": [cited(at)]})),
                stop(1),
                start(2, json!({"type": "future_block", "future": [at]})),
                stop(2),
                start(3, tool(json!({"key": at}))),
                stop(3),
                message_delta(json!({"stop_sequence": at, "stop_reason": "stop_sequence"}), json!({"future": at})),
                json!({"type": "future_event", "future": at}),
                end(),
            ]
        };
        let odd = events("@").map(|event| ill_formed(&event, bytes)).concat();
        assert_eq!(tolerated(odd), tolerated(sse(&events(read))));
    }
}

#[test]
fn ill_formed_text_in_names_of_members_is_replaced_and_the_event_kept() {
    for (bytes, read) in ILL_FORMED {
        let odd = [ill_formed(&message_start(json!({"a @": 1})), bytes), sse(&[end_turn(), end()]).into_bytes()];
        let mut expected = message(json!({"stop_reason": "end_turn"}));
        expected[format!("a {read}")] = json!(1);
        assert_eq!(tolerated(odd.concat()), expected);
    }
}

#[test]
fn a_surrogate_pair_split_over_two_deltas_is_one_character() {
    let halves = [ill_formed(&text(0, "@"), br"\ud83d"), ill_formed(&text(0, "@"), br"\ude00")].concat();
    let mut expected = around_nothing();
    expected["content"] = json!([text_block("a\u{1F600}b")]);
    assert_eq!(tolerated(around(halves)), expected);
    let with_others = [ill_formed(&text(0, "x@"), br"\ud83d"), ill_formed(&text(0, "@y"), br"\ude00")].concat();
    expected["content"] = json!([text_block("ax\u{1F600}yb")]);
    assert_eq!(tolerated(around(with_others)), expected);
}

/// Split within the payload, not within the JSON that is in it.
#[test]
fn a_surrogate_pair_split_over_two_pieces_of_input_is_one_character() {
    let halves =
        [ill_formed(&input(0, "{\"k\": \"(@"), br"\ud83d"), ill_formed(&input(0, "@)\"}"), br"\ude00")].concat();
    let begun = sse(&[start(0, tool(json!({})))]).into_bytes();
    let ended = sse(&[stop(0), end_turn(), end()]).into_bytes();
    let expected = message(json!({"content": [tool(json!({"k": "(\u{1F600})"}))], "stop_reason": "end_turn"}));
    let begin = sse(&[begin()]).into_bytes();
    assert_eq!(tolerated([&begin[..], &begun, &halves, &ended].concat()), expected);
    // Before the start of the block, and on both sides of it.
    assert_eq!(to_json(&body([&begin[..], &halves, &begun, &ended].concat()).end.unwrap()), expected);
    let at = halves.len() / 2;
    let at = at + halves[at..].iter().position(|byte| *byte == b'd').unwrap();
    let (first, second) = halves.split_at(at);
    assert_eq!(to_json(&body([&begin[..], first, &begun, second, &ended].concat()).end.unwrap()), expected);
}

#[test]
fn a_half_that_stays_alone_in_input_is_replaced() {
    let alone = ill_formed(&input(0, "{\"k\": \"@"), br"\ud83d");
    let begun = sse(&[begin(), start(0, tool(json!({})))]).into_bytes();
    let ended = sse(&[input(0, ")\"}"), stop(0), end_turn(), end()]).into_bytes();
    let expected = message(json!({"content": [tool(json!({"k": "\u{FFFD})"}))], "stop_reason": "end_turn"}));
    assert_eq!(tolerated([&begun[..], &alone, &ended].concat()), expected);
    let incomplete = body([&sse(&[begin()]).into_bytes()[..], &alone].concat()).end.unwrap_err();
    assert_eq!(incomplete.unmatched_input(), [(0, "{\"k\": \"\u{FFFD}".to_owned())]);
}

/// `message_stop` is missing, so nothing has replaced the half. With it the input is not JSON, though the text before
/// it is; a text goes on to be one.
#[test]
fn a_half_at_the_end_of_the_body_breaks_input_and_no_other_string() {
    let ended_after = |events: &[Value], piece| {
        let half = ill_formed(&piece, br"\ud83d");
        let bytes = [&sse(events).into_bytes()[..], &half, &sse(&[end_turn()]).into_bytes()].concat();
        let (mut decoder, mut input) = (MessageDecoder::new(), &bytes[..]);
        while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
        (decoder.completion(), body(bytes).end)
    };
    let (completion, input) = ended_after(&[begin(), start(0, tool(json!({})))], input(0, "{}@"));
    assert_eq!(completion, Completion::ToolInput);
    assert_eq!(input.unwrap_err().reasons(), [Completion::ToolInput, Completion::Unterminated]);
    let (completion, text) = ended_after(&[begin(), start(0, text_block(""))], text(0, "a@"));
    let expected = message(json!({"content": [text_block("a\u{FFFD}")], "stop_reason": "end_turn"}));
    assert_eq!(completion, Completion::Unterminated);
    assert_eq!(to_json(&text.unwrap()), expected);
}

/// A block of an unknown kind may have several strings.
#[test]
fn halves_of_two_strings_of_a_block_are_not_a_pair() {
    let block = json!({"type": "future", "text": "", "thinking": ""});
    let bytes = [
        sse(&[begin(), start(0, block)]).into_bytes(),
        ill_formed(&text(0, "a@"), br"\ud83d"),
        ill_formed(&thinking(0, "@b"), br"\ude00"),
        sse(&[stop(0), end_turn(), end()]).into_bytes(),
    ];
    let content = json!([{"type": "future", "text": "a\u{FFFD}", "thinking": "\u{FFFD}b"}]);
    assert_eq!(tolerated(bytes.concat()), message(json!({"content": content, "stop_reason": "end_turn"})));
}

#[test]
fn a_half_that_stays_alone_is_replaced() {
    let mut expected = around_nothing();
    expected["content"] = json!([text_block("a\u{FFFD}b")]);
    for half in [&br"\ud83d"[..], br"\ude00"] {
        assert_eq!(tolerated(around(ill_formed(&text(0, "@"), half))), expected);
    }
    // At the end of the block, and its pieces are its text.
    let mut decoder = MessageDecoder::new();
    let bytes = [
        sse(&[begin(), start(0, text_block("a"))]).into_bytes(),
        ill_formed(&text(0, "b@"), br"\ud83d"),
        sse(&[stop(0), end_turn(), end()]).into_bytes(),
    ]
    .concat();
    let (mut input, mut pieces) = (&bytes[..], String::new());
    while let Step::Update(event) = decoder.decode(&mut input).unwrap() {
        pieces.extend(event.update.text_deltas());
    }
    assert_eq!(pieces, "ab\u{FFFD}");
    assert_eq!(decoder.finish().unwrap().text(), pieces);
}

#[test]
fn message_stop_counts_the_blocks_that_it_ends_within_a_character() {
    let bytes = [
        sse(&[begin(), start(0, text_block("")), start(1, thinking_block("")), start(2, text_block(""))]).into_bytes(),
        ill_formed(&text(0, "@"), br"\ud83d"),
        ill_formed(&thinking(1, "@"), br"\ud83d"),
        ill_formed(&text(2, "@"), br"\ud83d"),
        // Without their stops.
        sse(&[end_turn(), end()]).into_bytes(),
    ]
    .concat();
    let (mut decoder, mut input, mut counts) = (MessageDecoder::new(), &bytes[..], Vec::new());
    while let Step::Update(event) = decoder.decode(&mut input).unwrap() {
        if let Update::MessageStop { text_halves, thinking_halves, .. } = event.update {
            counts.push((text_halves, thinking_halves));
            assert!(event.update.text_deltas().eq(["\u{FFFD}"; 2]));
            assert!(event.update.thinking_deltas().eq(["\u{FFFD}"]));
        }
    }
    assert_eq!(counts, [(2, 1)]);
}

#[test]
fn well_formed_text_beside_ill_formed_text_is_unchanged() {
    let odd = ill_formed(&text(0, "@"), b"\xFF \xF0\x9F\x98\x80 \\ud83d\\ude00 \\\\ud83d \\u00e9\\\"");
    let mut expected = around_nothing();
    expected["content"] = json!([text_block("a\u{FFFD} \u{1F600} \u{1F600} \\ud83d \u{e9}\"b")]);
    assert_eq!(tolerated(around(odd)), expected);
}

/// The payload is ill-formed, not the tool input in it.
#[test]
fn ill_formed_text_in_the_payload_of_an_input_json_delta_is_replaced() {
    // Without the line end, which a string of tool input must not contain.
    for (bytes, read) in ILL_FORMED.into_iter().filter(|(_, read)| !read.contains('\n')) {
        let begun = sse(&[begin(), start(0, tool(json!({})))]).into_bytes();
        let ended = sse(&[stop(0), end_turn(), end()]).into_bytes();
        let body = [begun, ill_formed(&input(0, "{\"k\": \"(@)\"}"), bytes), ended];
        let content = [tool(json!({"k": format!("({read})")}))];
        assert_eq!(tolerated(body.concat()), message(json!({"content": content, "stop_reason": "end_turn"})));
    }
}

#[test]
fn a_lone_surrogate_in_tool_input_is_invalid() {
    for escape in [r"\ud83d", r"\ude00", r"\ud83d\ud83d"] {
        let piece = format!("{{\"a\": 1, \"k\": \"{escape}\", \"z\": 2}}");
        assert!(serde_json::from_str::<Value>(&piece).is_err(), "as in serde_json");
        let run = orderly(&[begin(), start(0, tool(json!({}))), input(0, &piece), stop(0), end_turn(), end()]);
        assert!(matches!(run.input_state(0), InputState::Invalid), "{escape}");
        assert_eq!(reasons(run), [Completion::ToolInput], "{escape}");
    }
}

/// In tool input a surrogate pair may be split between pieces.
#[test]
fn a_pair_of_surrogates_in_tool_input_may_come_in_two_pieces() {
    let pieces = [input(0, r#"{"k": "\ud83d"#), input(0, r#"\ude00"}"#)];
    let run = orderly(&[begin(), start(0, tool(json!({})))]).then(&pieces).then(&[stop(0)]);
    assert_eq!(run.content(), json!([tool(json!({"k": "\u{1F600}"}))]));
}

// Helpers

/// A body of every kind of event.
fn whole() -> Vec<Value> {
    let initial = json!({"id": "msg_1", "content": [text_block("initial")], "usage": {"output_tokens": 1}});
    vec![
        message_start(initial),
        ping(),
        start(1, text_block("")),
        text(1, "a"),
        citation(1, "c"),
        stop(1),
        start(2, thinking_block("")),
        thinking(2, "x"),
        signature(2, "s"),
        stop(2),
        start(3, tool(json!({}))),
        input(3, "{\"k\": 1}"),
        stop(3),
        message_delta(json!({"stop_reason": "tool_use"}), json!({"output_tokens": 2})),
        end(),
    ]
}

fn whole_message() -> Value {
    let content = [
        text_block("initial"),
        json!({"type": "text", "text": "a", "citations": [cited("c")]}),
        json!({"type": "thinking", "thinking": "x", "signature": "s"}),
        tool(json!({"k": 1})),
    ];
    let usage = json!({"output_tokens": 2});
    message(json!({"id": "msg_1", "content": content, "stop_reason": "tool_use", "usage": usage}))
}

/// The only event of a body of one payload, as JSON.
fn decoded(payload: &str) -> Value {
    let body = body(named("", payload));
    assert_eq!(body.lost, [], "{payload}");
    let [event] = &body.events[..] else { panic!("one event: {payload}") };
    json!(format!("{event:?}"))
}

/// Regression: of a foreign member, the last value that fits counted.
#[test]
fn last_of_two_foreign_members_of_a_delta_counts() {
    for (kind, own, second, fits) in [
        ("text_delta", r#""text":"a""#, "citation", r#"{"type":"c"}"#),
        ("thinking_delta", r#""thinking":"a""#, "signature", r#""s""#),
        ("signature_delta", r#""signature":"s""#, "thinking", r#""a""#),
        ("citations_delta", r#""citation":{"type":"c"}"#, "text", r#""a""#),
    ] {
        let content = |further: &str| {
            let delta = format!(r#"{{"type":"{kind}",{own}{further}}}"#);
            let event = format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#);
            let bytes = sse(&[begin()]) + &named("", &event) + &sse(&[end_turn(), end()]);
            to_json(&body(bytes).end.unwrap())["content"].clone()
        };
        let [alone, both] = [String::new(), format!(r#","{second}":{fits}"#)].map(|further| content(&further));
        assert_ne!(alone, both, "{kind}");
        for other in ["5", "null", "[]"] {
            assert_eq!(content(&format!(r#","{second}":{fits},"{second}":{other}"#)), alone, "{kind} {other}");
            assert_eq!(content(&format!(r#","{second}":{other},"{second}":{fits}"#)), both, "{kind} {other}");
        }
    }
}
