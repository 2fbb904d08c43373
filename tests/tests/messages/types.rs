//! Properties of the public types of the message layer: `Display`, `Debug`, `Nullable`, and lists of blocks.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Display;

use serde_json::{Value, from_value, json, to_value};
use ssewire_messages::vocabulary::{McpToolResultContent, WebSearchToolResultContent};
use ssewire_messages::{
    AccumulateError, Accumulator, ApiError, Backoff, BlockKey, BlockRef, Citations, CitationsIter, CompactionBlock,
    Completion, ContentBlock, ContentBlockDelta, ContentBlockStart, Delta, ErrorKind, ExceededLimit, ExtraMembers,
    ExtraMembersIter, GiveUp, Incomplete, InvalidJson, InvalidMessage, JsonError, LostEvent, Message, MessageDecoder,
    MessageDelta, NonStreamBody, Nullable, OwnedToolCall, ParseInputError, ParseTextError, PartialChange,
    PartialStrings, PayloadError, ProtocolViolation, ProtocolViolations, RawBlock, RawJson, RawJsonRef, ResponseHead,
    RetryAfter, Step, StopReason, StreamEvent, StructuredOutput, TextBlock, ThinkingBlock, ToolCall, ToolInput,
    ToolInputError, ToolResult, ToolUseBlock, TurnError, UnknownEvent, Update, UpdateEvent, UpdateSpan, Usage,
    Validation, ViolationKind,
};
use ssewire_tests::{assert_send_sync_unpin, samples};

/// Checked by the compiler.
const _: () = {
    assert_send_sync_unpin::<Accumulator>();
    assert_send_sync_unpin::<AccumulateError>();
    assert_send_sync_unpin::<ApiError>();
    assert_send_sync_unpin::<Backoff>();
    assert_send_sync_unpin::<BlockKey>();
    assert_send_sync_unpin::<BlockRef<'_>>();
    assert_send_sync_unpin::<Citations>();
    assert_send_sync_unpin::<CitationsIter<'_>>();
    assert_send_sync_unpin::<CompactionBlock>();
    assert_send_sync_unpin::<Completion>();
    assert_send_sync_unpin::<ContentBlock>();
    assert_send_sync_unpin::<ContentBlockDelta<'_>>();
    assert_send_sync_unpin::<ContentBlockStart>();
    assert_send_sync_unpin::<Delta<'_>>();
    assert_send_sync_unpin::<ErrorKind>();
    assert_send_sync_unpin::<ExceededLimit>();
    assert_send_sync_unpin::<ExtraMembers>();
    assert_send_sync_unpin::<ExtraMembersIter<'_>>();
    assert_send_sync_unpin::<GiveUp>();
    assert_send_sync_unpin::<Incomplete>();
    assert_send_sync_unpin::<InvalidJson>();
    assert_send_sync_unpin::<InvalidMessage>();
    assert_send_sync_unpin::<JsonError>();
    assert_send_sync_unpin::<LostEvent>();
    assert_send_sync_unpin::<Message>();
    assert_send_sync_unpin::<MessageDecoder>();
    assert_send_sync_unpin::<MessageDelta<'_>>();
    assert_send_sync_unpin::<NonStreamBody>();
    assert_send_sync_unpin::<Nullable<Value>>();
    assert_send_sync_unpin::<OwnedToolCall>();
    assert_send_sync_unpin::<ParseInputError>();
    assert_send_sync_unpin::<ParseTextError>();
    assert_send_sync_unpin::<PartialChange<'_>>();
    assert_send_sync_unpin::<PartialStrings>();
    assert_send_sync_unpin::<PayloadError>();
    assert_send_sync_unpin::<ProtocolViolation>();
    assert_send_sync_unpin::<ProtocolViolations>();
    assert_send_sync_unpin::<RawBlock>();
    assert_send_sync_unpin::<RawJson>();
    assert_send_sync_unpin::<RawJsonRef<'_>>();
    assert_send_sync_unpin::<ResponseHead>();
    assert_send_sync_unpin::<RetryAfter>();
    assert_send_sync_unpin::<StopReason>();
    assert_send_sync_unpin::<StreamEvent<'_>>();
    assert_send_sync_unpin::<StructuredOutput>();
    assert_send_sync_unpin::<TextBlock>();
    assert_send_sync_unpin::<ThinkingBlock>();
    assert_send_sync_unpin::<ToolCall<'_>>();
    assert_send_sync_unpin::<ToolInput>();
    assert_send_sync_unpin::<ToolInputError>();
    assert_send_sync_unpin::<ToolResult>();
    assert_send_sync_unpin::<ToolUseBlock>();
    assert_send_sync_unpin::<TurnError>();
    assert_send_sync_unpin::<UnknownEvent<'_>>();
    assert_send_sync_unpin::<Update<'_>>();
    assert_send_sync_unpin::<UpdateEvent<'_>>();
    assert_send_sync_unpin::<UpdateSpan>();
    assert_send_sync_unpin::<Usage>();
};

/// Every kind of violation, and its name. Labels of metrics have these names: a new name of a variant must not change
/// them.
const VIOLATIONS: [(ViolationKind, &str); 19] = [
    (ViolationKind::BeforeMessageStart, "before_message_start"),
    (ViolationKind::DeltaBeforeStart, "delta_before_start"),
    (ViolationKind::MismatchedDelta, "mismatched_delta"),
    (ViolationKind::DeltaAfterStop, "delta_after_stop"),
    (ViolationKind::IndexGap, "index_gap"),
    (ViolationKind::StartOutOfOrder, "start_out_of_order"),
    (ViolationKind::IndexReused, "index_reused"),
    (ViolationKind::StopWithoutStart, "stop_without_start"),
    (ViolationKind::DuplicateStop, "duplicate_stop"),
    (ViolationKind::MissingStop, "missing_stop"),
    (ViolationKind::SecondMessageStart, "second_message_start"),
    (ViolationKind::ReplacedMessage, "replaced_message"),
    (ViolationKind::MessageAfterStop, "message_after_stop"),
    (ViolationKind::MessageDeltaAfterStop, "message_delta_after_stop"),
    (ViolationKind::SecondMessageStop, "second_message_stop"),
    (ViolationKind::BlockEventAfterStop, "block_event_after_stop"),
    (ViolationKind::ErrorAfterStop, "error_after_stop"),
    (ViolationKind::AfterError, "after_error"),
    (ViolationKind::KeepAliveData, "keep_alive_data"),
];

const COMPLETIONS: [(Completion, &str); 9] = [
    (Completion::NonStreamBody, "non_stream_body"),
    (Completion::ServerError, "server_error"),
    (Completion::LimitExceeded, "limit_exceeded"),
    (Completion::RejectedByStrictMode, "rejected_by_strict_mode"),
    (Completion::Truncated, "truncated"),
    (Completion::ContentLost, "content_lost"),
    (Completion::ToolInput, "tool_input"),
    (Completion::Unterminated, "unterminated"),
    (Completion::Complete, "complete"),
];

#[test]
fn kinds_of_violations_completions_bodies_and_decisions_keep_their_names() {
    for (kind, name) in VIOLATIONS {
        assert_eq!(kind.as_str(), name);
    }
    for (completion, name) in COMPLETIONS {
        assert_eq!(completion.as_str(), name);
    }
    let bodies: [(&[u8], &str); 11] = [
        (br#"{"type":"message","content":[]}"#, "message"),
        (br#"{"type":"error","error":{"type":"api_error","message":"m"}}"#, "error"),
        (b"{}", "json"),
        (b"<!DOCTYPE html>", "html"),
        (b"\x1F\x8B\x08", "compressed"),
        (b"\xFF\xFEd\0", "utf16"),
        (b"\0\x01\x02", "binary"),
        (b"no stream", "text"),
        (b" \n", "empty"),
        (b": waiting\n\n", "only_comments"),
        (b"data: [DONE]\n\n", "only_done"),
    ];
    for (body, name) in bodies {
        assert_eq!(name_of(MessageDecoder::new(), body), name);
    }
    assert_eq!(name_of(MessageDecoder::new(), b"event: other\ndata: {}\n\n"), "other_events");
    let other_type = MessageDecoder::new().with_content_type("text/plain");
    assert_eq!(name_of(other_type, b"no stream"), "content_type");
    assert_eq!([GiveUp::NotRetryable, GiveUp::OutOfRetries].map(GiveUp::as_str), ["not_retryable", "out_of_retries"]);
}

/// The name of a body that is not a stream.
fn name_of(mut decoder: MessageDecoder, mut body: &[u8]) -> &'static str {
    while let Step::Update(_) = decoder.decode(&mut body).unwrap() {}
    decoder.finish().unwrap_err().non_stream_body().unwrap().as_str()
}

/// `docs/protocol.md`, heading "Protocol violations": each is counted by its kind.
#[test]
fn counts_of_violations_are_in_the_order_of_the_kinds() {
    let mut accumulator = Accumulator::new();
    let stop = br#"{"type":"content_block_stop","index":7}"#;
    for payload in [&stop[..], br#"{"type":"message_start","message":{}}"#, stop, stop] {
        accumulator.accumulate_json(payload).unwrap();
    }
    let violations = accumulator.violations();
    let expected = [(ViolationKind::BeforeMessageStart, 1), (ViolationKind::StopWithoutStart, 3)];
    assert_eq!(violations.counts().collect::<Vec<_>>(), expected);
    assert_eq!((violations.total(), violations.first().len()), (4, 4));
    assert_eq!(violations.count(ViolationKind::StopWithoutStart), 3);
    assert_eq!(violations.count(ViolationKind::MissingStop), 0);
}

/// Checks that the texts are distinct and in error style: lower-case, one line, without a full stop.
fn check_display<T: Display>(cases: &[T]) {
    let texts: BTreeSet<String> = cases.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), cases.len(), "{texts:?}");
    for text in texts {
        assert!(text.len() > 10 && !text.ends_with('.') && !text.contains('\n'), "{text:?}");
        assert!(text.starts_with(char::is_lowercase), "{text:?}");
    }
}

#[test]
fn debug_of_usage_is_its_json() {
    let message: Message = json!({"usage": {"output_tokens": 7, "x": [1]}}).to_string().parse().unwrap();
    assert_eq!(format!("{:?}", message.usage().unwrap()), r#"Usage({"output_tokens":7,"x":[1]})"#);
}

/// The JSON, not how it is stored, also of input that is not finished. Each value that contains a message shows it so.
#[test]
fn debug_of_a_message_and_its_blocks_is_their_json() {
    let text = r#"{"type":"text","text":"Hi \"you\""}"#;
    let thinking = r#"{"type":"thinking","thinking":"a","signature":"s"}"#;
    let tool = r#"{"type":"tool_use","id":"toolu_1","name":"n","input":{"a":1}}"#;
    let compaction = r#"{"type":"compaction","content":"c"}"#;
    let raw = r#"{"type":"tea","leaf":[1]}"#;
    let blocks = [
        (text, "Text(TextBlock("),
        (thinking, "Thinking(ThinkingBlock("),
        (tool, "ToolUse(ToolUseBlock("),
        (compaction, "Compaction(CompactionBlock("),
        (raw, "Raw(RawBlock("),
    ];
    let content = blocks.map(|(json, _)| json).join(",");
    let json = format!(r#"{{"id":"msg_1","type":"message","role":"assistant","content":[{content}]}}"#);
    let message: Message = json.parse().unwrap();
    let shown = message.to_json().unwrap();
    assert_eq!(format!("{message:?}"), format!("Message({shown})"));
    assert_eq!(shown, json.parse::<Value>().unwrap());
    for (block, (_, before)) in message.content().iter().zip(blocks) {
        assert_eq!(format!("{block:?}"), format!("{before}{}))", block.to_json().unwrap()));
    }

    let mut unfinished = Accumulator::new();
    let block = r#"{"type":"tool_use","id":"t","name":"n","input":{}}"#;
    let delta = r#"{"type":"input_json_delta","partial_json":"{\"a\": [1"}"#;
    for payload in [
        format!(r#"{{"type":"message_start","message":{{"content":[{block}]}}}}"#),
        format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#),
    ] {
        unfinished.accumulate_json(payload.as_bytes()).unwrap();
    }
    let shown = format!("{:?}", unfinished.snapshot());
    assert!(shown.ends_with(r#""content":[{"type":"tool_use","id":"t","name":"n","input":{"a":[1]}}]})"#), "{shown}");
}

#[test]
fn display_of_every_variant_is_distinct_and_in_error_style() {
    check_display(&VIOLATIONS.map(|(kind, _)| kind));
    check_display(&COMPLETIONS.map(|(completion, _)| completion));
    check_display(&[ToolInputError::Pending, ToolInputError::Truncated, ToolInputError::Invalid { offset: 7 }]);
    check_display(&[TurnError::UnprovenToolCall, TurnError::UnidentifiedToolCall]);
}

/// The documentation states these numbers.
#[test]
fn limits_are_64_mib_and_4096_blocks() {
    assert_eq!(Accumulator::DEFAULT_MAX_BYTES, 67_108_864);
    assert_eq!(Accumulator::DEFAULT_MAX_BLOCKS, 4096);
}

#[test]
fn debug_of_an_accumulator_shows_counts_and_display_of_its_errors_is_text() {
    let mut accumulator = Accumulator::new().with_validation(Validation::Strict);
    accumulator.accumulate_json(br#"{"type":"message_start","message":{}}"#).unwrap();
    let error = accumulator.accumulate_json(br#"{"type":"content_block_stop","index":7}"#).unwrap_err();
    assert_eq!(error.to_string(), "protocol violation: stop for a block that never started (index 7)");
    let shown = format!("{accumulator:?}");
    assert!(shown.starts_with("Accumulator { has_started: true, is_ended: false, blocks: 0, bytes: "), "{shown}");
    assert!(shown.ends_with(", violations: 0, .. }"), "{shown}");
    let error = ExceededLimit::Bytes { limit: 17 };
    assert_eq!(error.to_string(), "message exceeds the limit of 17 bytes");
    let error = ExceededLimit::Blocks { limit: 17 };
    assert_eq!(error.to_string(), "message exceeds the limit of 17 blocks");
}

#[test]
fn display_and_debug_of_incomplete_show_reasons_and_error() {
    let mut accumulator = Accumulator::new();
    accumulator.accumulate_json(br#"{"type":"message_start","message":{}}"#).unwrap();
    assert!(accumulator.clone().into_message().unwrap_err().source().is_none());
    let error = br#"{"type":"error","error":{"type":"overloaded_error","message":"secret"}}"#;
    accumulator.accumulate_json(error).unwrap();
    let incomplete = accumulator.into_message().unwrap_err();
    // Each error prints its own cause once.
    assert!(incomplete.source().is_none());
    assert!(incomplete.to_string().starts_with(&incomplete.server_error().unwrap().to_string()));
    assert_eq!(format!("{incomplete:?}"), format!("Incomplete({incomplete}, ..)"));
    assert!(!incomplete.to_string().contains("secret"), "{incomplete}");
    // Regression: a program that returns the error from `main` did not show which error the server had reported.
    let refused = br#"{"type":"error","error":{"type":"authentication_error","message":"secret"}}"#;
    let mut decoder = MessageDecoder::new();
    assert!(matches!(decoder.decode(&mut &refused[..]), Ok(Step::NeedInput)));
    let shown = format!("{:?}", decoder.finish().unwrap_err());
    assert!(shown.contains("authentication_error") && !shown.contains("secret"), "{shown}");
}

#[test]
fn display_of_a_violation_has_the_index() {
    let mut accumulator = Accumulator::new();
    for payload in [r#"{"type":"content_block_stop","index":7}"#, r#"{"type":"message_start","message":{}}"#] {
        accumulator.accumulate_json(payload.as_bytes()).unwrap();
    }
    let texts: Vec<String> = accumulator.violations().first().iter().map(ProtocolViolation::to_string).collect();
    assert_eq!(
        texts,
        [
            "protocol violation: event before message_start (index 7)",
            "protocol violation: stop for a block that never started (index 7)",
        ]
    );
}

/// `docs/protocol.md`, heading "Merge rules": null changes nothing, and the members beside `delta` are merged last.
#[test]
fn a_message_delta_returns_every_member_that_it_sets() {
    let event = json!({
        "type": "message_delta",
        "delta": {"stop_sequence": "END", "container": null, "later": [1], "context_management": {"from": "delta"}},
        "context_management": {"from": "event"},
        "input_transformations": [{"type": "thinking_dropped"}],
    });
    let payload = event.to_string();
    let Ok(Some(StreamEvent::MessageDelta(delta))) = StreamEvent::from_json(payload.as_bytes()) else { panic!() };
    let mut accumulator = Accumulator::new();
    accumulator.accumulate_json(br#"{"type":"message_start","message":{}}"#).unwrap();
    accumulator.accumulate(StreamEvent::MessageDelta(delta.clone())).unwrap();
    let message = accumulator.snapshot();
    for (name, value) in [
        ("stop_sequence", Some(json!("END"))),
        ("container", None),
        ("later", Some(json!([1]))),
        ("context_management", Some(json!({"from": "event"}))),
        ("input_transformations", Some(json!([{"type": "thinking_dropped"}]))),
        ("absent", None),
    ] {
        assert_eq!(delta.get(name).map(|value| value.to_value().unwrap()), value, "{name}");
        assert_eq!(message.get(name).map(|value| value.to_value().unwrap()), value, "{name}");
    }
    assert_eq!(delta.delta_to_json().unwrap(), event["delta"]);
}

/// In every part of a message, a member that is null has no value; its JSON has the null.
#[test]
fn a_member_that_is_null_has_no_value_in_any_part_of_a_message() {
    let message = json!({
        "later": null,
        "usage": {"later": null},
        "content": [
            {"type": "text", "text": "", "later": null},
            {"type": "thinking", "thinking": "", "later": null},
            {"type": "tool_use", "input": {}, "later": null},
            {"type": "compaction", "content": null},
            {"type": "hologram", "later": null},
        ],
    });
    let message: Message = from_value(message).unwrap();
    let usage = message.usage().unwrap();
    assert_eq!((message.get("later"), usage.get("later")), (None, None));
    for extra in [message.extra(), usage.extra()] {
        assert!(extra.get("later").unwrap().is_null());
    }
    for block in message.content() {
        let (value, json) = match block {
            ContentBlock::Text(block) => (block.get("later"), block.extra().get("later").unwrap().to_raw_json()),
            ContentBlock::Thinking(block) => (block.get("later"), block.extra().get("later").unwrap().to_raw_json()),
            ContentBlock::Compaction(block) => {
                assert!(block.content().is_null());
                (block.get("content"), "null".parse().unwrap())
            }
            ContentBlock::ToolUse(block) => (block.get("later"), "null".parse().unwrap()),
            ContentBlock::Raw(block) => (block.get("later"), block.start_json().get("later").unwrap().to_raw_json()),
            _ => panic!("{block:?}"),
        };
        assert_eq!((value, json.as_str()), (None, "null"), "{block:?}");
    }
}

/// `docs/protocol.md`, heading "On the wire": the type in the payload decides.
#[test]
fn type_name_of_an_event_is_the_type_in_its_payload() {
    let payloads = [
        json!({"type": "message_start", "message": {}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {}}),
        json!({"type": "message_stop"}),
        json!({"type": "ping"}),
        json!({"type": "error", "error": {"type": "overloaded_error", "message": ""}}),
        json!({"type": "of_the_future"}),
    ];
    for payload in payloads {
        let text = payload.to_string();
        let event = StreamEvent::from_json(text.as_bytes()).unwrap().unwrap();
        assert_eq!(event.type_name(), payload["type"], "{text}");
        assert_eq!(event.into_owned().type_name(), payload["type"], "{text}");
    }
    assert_eq!(StreamEvent::from_json(b"[DONE]").unwrap().unwrap().type_name(), "[DONE]");
}

/// "The `type` of the event, or else the SSE event type; `message` if there is none." An empty `type` is one.
#[test]
fn type_name_of_an_unknown_event_is_the_event_type_only_without_a_type() {
    for (event_type, payload, expected) in [
        ("", r#"{"type":""}"#, ""),
        ("content_block_delta", r#"{"type":"","index":1}"#, ""),
        ("future", r#"{"type":""}"#, ""),
        ("future", r#"{"index":1}"#, "future"),
        ("future", r#"{"type":5}"#, "future"),
        ("message", "{}", "message"),
        ("", "{}", "message"),
    ] {
        let event = StreamEvent::decode(event_type.as_bytes(), payload.as_bytes()).unwrap().unwrap();
        assert_eq!(event.type_name(), expected, "{event_type}: {payload}");
        assert!(matches!(event, StreamEvent::Unknown(_)), "{event_type}: {payload}");
    }
}

/// `FromStr` of `Message`: the kind of the error, and its place.
#[test]
fn a_text_that_is_not_a_message_is_an_error() {
    for (text, error) in [
        ("", InvalidMessage::Syntax { offset: 0 }),
        ("hello", InvalidMessage::Syntax { offset: 0 }),
        ("[1", InvalidMessage::Syntax { offset: 2 }),
        (r#"{"id": 1"#, InvalidMessage::Syntax { offset: 8 }),
        ("{} {}", InvalidMessage::Syntax { offset: 3 }),
        (" [1]", InvalidMessage::NotAnObject),
        ("null", InvalidMessage::NotAnObject),
        ("\"{}\"", InvalidMessage::NotAnObject),
        (r#"{"content": 1}"#, InvalidMessage::Member("message.content")),
    ] {
        assert_eq!(text.parse::<Message>().unwrap_err(), error, "{text}");
    }
}

#[test]
fn accumulate_json_records_lost_content_for_invalid_json() {
    let mut message = Accumulator::new();
    assert!(message.accumulate_json(br#"{"type":"message_start","message":{}}"#).is_ok());
    assert!(matches!(message.accumulate_json(b""), Ok(Update::Unchanged)));
    assert!(matches!(message.accumulate_json(b"{"), Ok(Update::Lost(LostEvent::Payload(_)))));
    assert!(message.accumulate_json(br#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#).is_ok());
    assert!(message.accumulate_json(br#"{"type":"message_stop"}"#).is_ok());
    assert_eq!(message.completion(), Completion::ContentLost);
}

#[test]
fn nullable_distinguishes_absent_null_and_value() {
    let cases = [Nullable::Absent, Nullable::Null, Nullable::Value(7)];
    let seen = cases.map(|case| [case.is_absent(), case.is_null(), case.is_value()]);
    assert_eq!(seen, [[true, false, false], [false, true, false], [false, false, true]]);
    assert_eq!(cases.map(Nullable::into_option), [None, None, Some(7)]);
    assert_eq!(cases.map(Option::from), [None, None, Some(7)]);
    assert_eq!(cases.each_ref().map(Nullable::as_ref), [Nullable::Absent, Nullable::Null, Nullable::Value(&7)]);
    assert_eq!(cases.map(|case| case.map(|value| value + 1)), [Nullable::Absent, Nullable::Null, Nullable::from(8)]);
    assert_eq!([Nullable::from(None), Nullable::from(Some(7))], [Nullable::Absent, Nullable::Value(7)]);
}

#[test]
fn nullable_is_read_from_a_member_that_may_be_absent() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Members {
        #[serde(default)]
        a: Nullable<u8>,
    }
    for (json, a) in [("{}", Nullable::Absent), (r#"{"a":null}"#, Nullable::Null), (r#"{"a":7}"#, Nullable::Value(7))] {
        assert_eq!(serde_json::from_str::<Members>(json).unwrap(), Members { a });
    }
}

/// The input came with the start in one message, in deltas in the other.
#[test]
fn messages_of_one_json_text_are_equal_and_others_are_not() {
    let message = |input: &str| {
        let block = format!(r#"{{"type":"tool_use","id":"t","name":"n","input":{input}}}"#);
        format!(r#"{{"content":[{block}],"stop_reason":"tool_use"}}"#).parse::<Message>().unwrap()
    };
    let mut streamed = Accumulator::new();
    for event in message(r#"{"city":"Paris"}"#).to_events().unwrap() {
        streamed.accumulate_json(event.as_str().as_bytes()).unwrap();
    }
    let streamed = streamed.into_message().unwrap();
    assert_eq!(streamed, message(r#"{"city":"Paris"}"#));
    assert_ne!(streamed, message(r#"{"city":"Rome"}"#));
    assert_ne!(streamed, message("{}"));
    assert_eq!(streamed.content(), message(r#"{"city":"Paris"}"#).content());
    assert_ne!(streamed.content(), message(r#"{"city":"Rome"}"#).content());
}

/// `1e400` is kept as it was written in the input of a start. In deltas it is invalid.
#[test]
fn the_events_of_a_message_carry_numbers_that_no_f64_holds() {
    let input = r#"{"n":1e400}"#;
    let block = format!(r#"{{"type":"tool_use","id":"t","name":"n","input":{input}}}"#);
    let message: Message = format!(r#"{{"content":[{block}],"stop_reason":"tool_use"}}"#).parse().unwrap();
    let mut streamed = Accumulator::new();
    for event in message.to_events().unwrap() {
        streamed.accumulate_json(event.as_str().as_bytes()).unwrap();
    }
    let streamed = streamed.into_message().unwrap();
    assert_eq!(streamed.tool_calls().unwrap()[0].input.as_str(), input);
    assert_eq!(streamed, message);
}

/// As all JSON text that a message keeps: one line, so that it fits a line of a file and of an event.
#[test]
fn finished_tool_input_has_no_line_ends() {
    let pieces = ["\n{\n\"a\": \"x\\n\",\r\n\t\"é\":", " [\r1]}\n"];
    for stop_at in [1, 2] {
        let mut streamed = Accumulator::new();
        let start = json!({"type": "content_block_start", "index": 0,
            "content_block": {"type": "tool_use", "id": "t", "name": "n", "input": {}}});
        let mut events = Vec::from(pieces.map(|piece| {
            json!({"type": "content_block_delta", "index": 0,
                "delta": {"type": "input_json_delta", "partial_json": piece}})
        }));
        // After the first piece: the second one is late, and the input is found to be complete at `message_stop`.
        events.insert(stop_at, json!({"type": "content_block_stop", "index": 0}));
        events.splice(0..0, [json!({"type": "message_start", "message": {}}), start]);
        events.push(json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}));
        events.push(json!({"type": "message_stop"}));
        for event in events {
            streamed.accumulate_json(event.to_string().as_bytes()).unwrap();
        }
        let message = streamed.into_message().unwrap();
        let calls = message.tool_calls().unwrap();
        let text = "{ \"a\": \"x\\n\",  \t\"é\": [ 1]}";
        assert_eq!(calls[0].input.as_str(), text);
        assert_eq!(serde_json::to_string(&calls[0].input).unwrap(), text);
        assert_eq!(calls[0].input.to_raw_json(), text.parse::<RawJson>().unwrap());
        let same: Message = message.to_json().unwrap().as_str().parse().unwrap();
        assert_eq!(same, message);
        assert_eq!(same.tool_calls().unwrap(), calls);
    }
}

/// Whatever the type of the block: the limit counts from the document.
#[test]
fn a_block_of_each_type_may_nest_as_deeply_as_a_message() {
    let deep = "[".repeat(127) + &"]".repeat(127);
    for kind in ["text", "thinking", "tool_use", "compaction", "web_search_tool_result", "new"] {
        let message = format!(r#"{{"content":[{{"type":"{kind}","x":{deep}}}],"stop_reason":"end_turn"}}"#);
        assert!(Message::from_json(message.as_bytes()).is_ok(), "{kind}");
    }
}

/// A conversation is saved and loaded as JSON. The input of a tool may nest as deeply as a payload.
#[test]
fn written_message_is_read_again() {
    let deep = "[".repeat(127) + &"]".repeat(127);
    let block = format!(r#"{{"type":"tool_use","id":"t","name":"n","input":{deep}}}"#);
    let message: Message = format!(r#"{{"content":[{block}],"stop_reason":"tool_use"}}"#).parse().unwrap();
    for json in [message.to_json().unwrap(), message.to_json_lossy(), message.to_turn().unwrap().unwrap()] {
        assert!(json.as_str().contains(&deep));
        assert_eq!(json.as_str().parse(), Ok(json.clone()));
        assert_eq!(serde_json::from_str::<RawJson>(&serde_json::to_string(&json).unwrap()).unwrap(), json);
    }
    let deeper = "[".repeat(132) + &"]".repeat(132);
    assert!(deeper.parse::<RawJson>().is_err());
}

/// In these places serde passes a value instead of its text: below a tag, in one of several alternatives, and among
/// the members that no field takes.
#[test]
fn stored_value_is_read_again_from_every_representation_of_serde() {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Turn { turn: RawJson },
        Block { block: ContentBlock },
        Reply { message: Message },
        Bill { usage: Usage },
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Flag(bool),
        Turn { turn: RawJson },
        Any(RawJson),
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        extra: BTreeMap<String, RawJson>,
        tagged: Vec<Tagged>,
        untagged: Vec<Untagged>,
    }
    #[derive(Deserialize)]
    #[serde(tag = "kind", content = "event")]
    enum Adjacent {
        Event(StreamEvent<'static>),
    }

    let exact = r#"{"a":18446744073709551615,"b":[-9223372036854775808,1.5,null,true,[]],"c":{"d":"\u00e9\n"}}"#;
    let turn: RawJson = exact.replace("\\u00e9", "\u{e9}").parse().unwrap();
    let message: Message =
        json!({"content": [{"type": "text", "text": "t", "x": 1}], "usage": {"output_tokens": 7}, "y": [null]})
            .to_string()
            .parse()
            .unwrap();
    let usage = message.usage().unwrap().clone();
    let stored = Flat {
        extra: [("x".to_owned(), turn.clone()), ("y".to_owned(), "\"text\"".parse().unwrap())].into(),
        tagged: vec![
            Tagged::Turn { turn: turn.clone() },
            Tagged::Block { block: text("t") },
            Tagged::Reply { message: message.clone() },
            Tagged::Bill { usage },
        ],
        untagged: vec![
            Untagged::Flag(true),
            Untagged::Turn { turn: turn.clone() },
            Untagged::Any("300".parse().unwrap()),
            Untagged::Any("null".parse().unwrap()),
        ],
    };
    let json = serde_json::to_string(&stored).unwrap();
    assert_eq!(serde_json::from_str::<Flat>(&json).unwrap(), stored);
    assert_eq!(from_value::<Flat>(serde_json::from_str(&json).unwrap()).unwrap(), stored);
    // The content comes before the tag, as a database may return the members.
    let Adjacent::Event(event) = serde_json::from_str(r#"{"event":{"type":"message_stop"},"kind":"Event"}"#).unwrap();
    assert_eq!(event, StreamEvent::MessageStop);
    // Not read as such, and the value is not in the error.
    let error = serde_json::from_str::<Tagged>(r#"{"kind":"Reply","message":"secret"}"#).unwrap_err();
    assert!(error.to_string().contains("not a Messages API `Message`"), "{error}");
}

/// The text is written again there: members are not sorted, those of one name are not merged, and none is taken for a
/// private name of serde_json.
#[test]
fn members_stay_as_they_are_where_serde_passes_a_value() {
    let objects = [
        r#"{"c":1,"a":[{"z":"\"\\\u0001\n","b":-1.5},null],"c":{},"b":""}"#,
        r#"{"$serde_json::private::RawValue":"[1]"}"#,
        r#"{"$serde_json::private::RawValue":"not JSON"}"#,
        r#"{"$serde_json::private::Number":"not a number"}"#,
        r#"{"$serde_json::private::Number":"1","b":2}"#,
    ];
    for object in objects {
        let stored = Stored::Turn { turn: object.parse().unwrap() };
        let json = serde_json::to_string(&stored).unwrap();
        assert_eq!(serde_json::from_str::<Stored>(&json).unwrap(), stored);
    }
}

/// serde_json parses the value before this crate sees it. The documentation of `RawJson` names these errors.
#[test]
fn value_that_serde_json_does_not_parse_is_an_error_where_serde_passes_a_value() {
    let nested = |levels: usize| format!(r#"{{"kind":"Turn","turn":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    assert!(serde_json::from_str::<Stored>(&nested(126)).is_ok());
    assert!(serde_json::from_str::<Stored>(&nested(127)).is_err());
    let number = serde_json::from_str::<Stored>(r#"{"kind":"Turn","turn":1e400}"#);
    // Without a limit of its own, `arbitrary_precision` passes the text of a number.
    assert_eq!(number.is_ok(), cfg!(feature = "json-features"));
    let delta = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\ud83d"}}"#;
    let half = format!(r#"{{"kind":"Event","event":{delta}}}"#);
    assert!(serde_json::from_str::<Stored>(&half).is_err());
    assert!(serde_json::from_str::<Stored>(&half.replace(r"\ud83d", "")).is_ok());
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind")]
enum Stored {
    Turn {
        turn: RawJson,
    },
    #[serde(skip_serializing)]
    Event {
        event: StreamEvent<'static>,
    },
}

/// A binary format may write the struct of one member, as which `RawJson` is written, as a list: not the value itself.
#[test]
fn a_binary_format_does_not_pass_another_value() {
    use serde::de::{Deserialize, Deserializer, Visitor};

    struct Binary(Value);

    impl<'de> Deserializer<'de> for Binary {
        type Error = serde_json::Error;

        fn is_human_readable(&self) -> bool {
            false
        }

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.0.deserialize_any(visitor)
        }

        fn deserialize_newtype_struct<V: Visitor<'de>>(
            self,
            _name: &'static str,
            visitor: V,
        ) -> Result<V::Value, Self::Error> {
            visitor.visit_newtype_struct(self.0)
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }

    assert!(RawJson::deserialize(Binary(json!([r#"{"a":1}"#]))).is_err());
}

fn text(text: &str) -> ContentBlock {
    from_value(json!({"type": "text", "text": text})).unwrap()
}

/// The order of arrival does not matter.
#[test]
fn content_is_in_the_order_of_the_block_indices() {
    let mut message = Accumulator::new();
    for (index, text) in [(2, "c"), (0, "a"), (1, "b")] {
        let start = json!({"type": "content_block_start", "index": index,
            "content_block": {"type": "text", "text": text}});
        message.accumulate_json(start.to_string().as_bytes()).unwrap();
        // Index 2 is always the last one.
        assert_eq!(message.snapshot().content().last(), Some(&self::text("c")));
    }
    let message = message.snapshot().into_owned();
    let collected: Vec<ContentBlock> = ["a", "b", "c"].into_iter().map(text).collect();
    assert_eq!(message.content(), collected);
    assert_eq!(message.into_content(), collected);
}

#[test]
fn a_block_is_of_one_kind() {
    for kind in ["text", "thinking", "tool_use", "compaction", "hologram"] {
        let block: ContentBlock = from_value(json!({"type": kind, "input": {}})).unwrap();
        let kinds = [
            block.as_text().map(|_| "text"),
            block.as_thinking().map(|_| "thinking"),
            block.as_tool_use().map(|_| "tool_use"),
            block.as_compaction().map(|_| "compaction"),
            block.as_raw().map(|_| "hologram"),
        ];
        assert_eq!(kinds.into_iter().flatten().collect::<Vec<_>>(), [kind]);
    }
}

#[test]
fn an_owned_tool_call_is_borrowed_as_the_call() {
    let message: Message =
        from_value(json!({"content": [{"type": "tool_use", "id": "t", "name": "n", "input": {"a": 1}}],
            "stop_reason": "tool_use"}))
        .unwrap();
    let calls = message.tool_calls().unwrap();
    let [call] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(&call.clone().into_owned().as_call(), call);
}

#[test]
fn the_first_exceeded_limit_is_reported() {
    let mut accumulator = Accumulator::new().with_max_blocks(1);
    assert_eq!(accumulator.clone().into_message().unwrap_err().exceeded_limit(), None);
    accumulator.accumulate_json(br#"{"type":"message_start","message":{"content":[{"type":"text"}]}}"#).unwrap();
    let start = br#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#;
    let limit = ExceededLimit::Blocks { limit: 1 };
    assert_eq!(accumulator.accumulate_json(start).unwrap_err(), AccumulateError::LimitExceeded(limit));
    accumulator.record_oversized_event(ssewire::DecodeError::LimitExceeded { limit: 7 });
    assert_eq!(accumulator.into_message().unwrap_err().exceeded_limit(), Some(limit));
}

#[test]
fn estimated_tokens_of_a_thinking_delta_may_be_absent_or_null() {
    for (member, expected) in [("", None), (r#","estimated_tokens":null"#, None), (r#","estimated_tokens":7"#, Some(7))]
    {
        let delta = format!(r#"{{"type":"thinking_delta","thinking":"x"{member}}}"#);
        let payload = format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#);
        let Ok(Some(StreamEvent::ContentBlockDelta(event))) = StreamEvent::from_json(payload.as_bytes()) else {
            panic!("{payload}")
        };
        let Delta::Thinking(thinking) = &event.delta else { panic!("{payload}") };
        assert_eq!(thinking.estimated_tokens(), expected, "{payload}");
    }
}

#[test]
fn extra_counts_unknown_members() {
    let message: Message = from_value(json!({"content": [], "one": 1, "two": 2})).unwrap();
    assert_eq!((message.extra().len(), message.extra().is_empty()), (2, false));
    let message: Message = from_value(json!({"content": []})).unwrap();
    assert_eq!((message.extra().len(), message.extra().is_empty()), (0, true));
}

/// Programs store these types separately.
#[test]
fn tool_result_contents_and_stop_reason_round_trip_through_serde() {
    fn trip<T: serde::de::DeserializeOwned + serde::Serialize>(value: Value) {
        assert_eq!(to_value(from_value::<T>(value.clone()).unwrap()).unwrap(), value);
    }
    trip::<McpToolResultContent>(json!("text"));
    trip::<McpToolResultContent>(json!([{"type": "text", "text": "x"}]));
    trip::<WebSearchToolResultContent>(json!([]));
    trip::<WebSearchToolResultContent>(json!({"type": "web_search_tool_result_error", "error_code": "unavailable"}));
    trip::<WebSearchToolResultContent>(json!({"type": "of_the_future"}));
    trip::<StopReason>(json!("end_turn"));
    trip::<StopReason>(json!("of_the_future"));
    assert!(from_value::<StopReason>(json!(7)).is_err());
    assert!(from_value::<McpToolResultContent>(json!(7)).is_err());
    assert!(from_value::<WebSearchToolResultContent>(json!(7)).is_err());
}

#[test]
fn parse_text_error_has_line_and_column() {
    let message: Message = from_value(json!({"content": [{"type": "text", "text": "[1,\n 2, \"x\"]"}]})).unwrap();
    let error = message.parse_text::<Vec<u32>>().unwrap_err();
    assert_eq!(error, ParseTextError::Data { line: 2, column: 7 });
    assert_eq!(error.to_string(), "message text is JSON, but not of the expected type (line 2, column 7)");
}

/// serde tries the variants of an untagged enum on a copy of the value, which has no positions.
#[test]
fn parse_text_error_of_an_unknown_position_has_line_and_column_0() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(untagged)]
    enum Answer {
        #[expect(dead_code, reason = "only its type is used")]
        Number(u32),
    }

    let message: Message = from_value(json!({"content": [{"type": "text", "text": "\"x\""}]})).unwrap();
    let error = message.parse_text::<Answer>().unwrap_err();
    assert_eq!(error, ParseTextError::Data { line: 0, column: 0 });
}

/// `StreamEvent` as a member of another type, and from a value.
#[test]
fn events_are_deserialized_as_they_are_decoded() {
    #[derive(serde::Deserialize)]
    struct Line {
        event: StreamEvent<'static>,
    }

    let mut count = 0;
    for sample in samples::all() {
        for event in ssewire::Decoder::new().owned_events(&sample.stream) {
            let data = event.unwrap().data().to_vec();
            let Ok(Some(decoded)) = StreamEvent::from_json(&data) else { continue };
            if decoded == StreamEvent::Done {
                continue; // Not JSON.
            }
            let line = [b"{\"type\":\"stream_event\",\"event\":", &data[..], b"}"].concat();
            assert_eq!(serde_json::from_slice::<Line>(&line).unwrap().event, decoded);
            let value: Value = serde_json::from_slice(&data).unwrap();
            let written = value.to_string();
            assert_eq!(
                from_value::<StreamEvent<'_>>(value).unwrap(),
                StreamEvent::from_json(written.as_bytes()).unwrap().unwrap()
            );
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

/// Each event is valid UTF-8, but each has half of a surrogate pair.
#[test]
fn halves_of_surrogate_pairs_survive_deserialization() {
    let mut accumulator = Accumulator::new();
    for half in [r"\ud83d", r"\ude00"] {
        let payload =
            format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{half}"}}}}"#);
        let event: StreamEvent<'_> = serde_json::from_str(&payload).unwrap();
        assert_eq!(event, StreamEvent::from_json(payload.as_bytes()).unwrap().unwrap());
        accumulator.accumulate(event).unwrap();
    }
    assert_eq!(accumulator.snapshot().text(), "\u{1F600}");
}

/// An error of the text is not reported as one of the type.
#[test]
fn an_enumeration_keeps_the_cause_of_an_error() {
    use serde_json::error::Category;
    for (json, category) in [
        (r#""end_tu"#, Category::Eof),
        ("\"end\u{1}\"", Category::Syntax),
        ("4321", Category::Data),
        ("-4321", Category::Data),
        ("4321.5", Category::Data),
        ("true", Category::Data),
        ("null", Category::Data),
        (r#"["secret"]"#, Category::Data),
        (r#"{"secret":1}"#, Category::Data),
    ] {
        let error = serde_json::from_str::<StopReason>(json).unwrap_err();
        assert_eq!(error.classify(), category, "{json}: {error}");
        let error = error.to_string();
        assert_eq!(error.contains("expected a Messages API `StopReason`"), category == Category::Data, "{error}");
        assert!(!error.contains("4321") && !error.contains("true") && !error.contains("secret"), "{error}");
    }
}

#[test]
fn value_that_is_not_an_event_is_refused_without_its_text() {
    for value in
        [json!(7), json!("secret"), json!(["secret"]), json!({"type": "content_block_delta", "delta": "secret"})]
    {
        let error = from_value::<StreamEvent<'_>>(value.clone()).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
        assert_eq!(error, StreamEvent::from_json(value.to_string().as_bytes()).unwrap_err().to_string());
    }
    assert!(matches!(from_value::<StreamEvent<'_>>(json!({"type": "new"})).unwrap(), StreamEvent::Unknown(_)));
}
