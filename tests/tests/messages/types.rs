//! What the types of messages promise by themselves: words for people, views of what may be null, lists of blocks.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Display;

use serde_json::{Value, from_value, json, to_value};
use ssewire_messages::vocabulary::{McpToolResultContent, WebSearchToolResultContent};
use ssewire_messages::{
    AccumulateError, Accumulator, Completion, ContentBlock, LostEvent, Message, Nullable, ProtocolViolation,
    StopReason, StreamEvent, ToolInputError, TurnError, Update, Validation, ViolationKind,
};

/// All of them are words, each its own, and can stand within a sentence.
fn are_words<T: Display>(cases: &[T]) {
    let words: BTreeSet<String> = cases.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), cases.len(), "{words:?}");
    for words in words {
        assert!(words.len() > 10 && !words.ends_with('.') && !words.contains('\n'), "{words:?}");
        assert!(words.starts_with(char::is_lowercase), "{words:?}");
    }
}

#[test]
fn every_case_has_words_of_its_own() {
    use ViolationKind::*;
    let kinds = [
        BeforeMessageStart,
        DeltaBeforeStart,
        MismatchedDelta,
        DeltaAfterStop,
        IndexGap,
        StartOutOfOrder,
        IndexReused,
        StopWithoutStart,
        DuplicateStop,
        MissingStop,
        SecondMessageStart,
        MessageAfterStop,
        ReplacedMessage,
        KeepAliveData,
        MessageDeltaAfterStop,
        SecondMessageStop,
        BlockEventAfterStop,
        ErrorAfterStop,
        AfterError,
    ];
    are_words(&kinds);
    are_words(&[
        Completion::NonStreamBody,
        Completion::ServerError,
        Completion::LimitExceeded,
        Completion::Truncated,
        Completion::ContentLost,
        Completion::ToolInput,
        Completion::RejectedByStrictMode,
        Completion::Unterminated,
        Completion::Complete,
    ]);
    are_words(&[ToolInputError::Pending, ToolInputError::Truncated, ToolInputError::Invalid { offset: 7 }]);
    are_words(&[TurnError::UnprovenToolCall, TurnError::UnidentifiedToolCall]);
}

/// The figures that the documentation gives.
#[test]
fn limits_are_64_mib_and_4096_blocks() {
    assert_eq!(Accumulator::DEFAULT_MAX_BYTES, 67_108_864);
    assert_eq!(Accumulator::DEFAULT_MAX_BLOCKS, 4096);
}

#[test]
fn an_accumulator_shows_how_it_stands_and_refuses_in_words() {
    let mut accumulator = Accumulator::new().with_validation(Validation::Strict);
    accumulator.accumulate_json(br#"{"type":"message_start","message":{}}"#).unwrap();
    let error = accumulator.accumulate_json(br#"{"type":"content_block_stop","index":7}"#).unwrap_err();
    let departs = "protocol violation: stop for a block that never started (index 7)";
    assert_eq!(error.to_string(), departs);
    let shown = format!("{accumulator:?}");
    assert!(shown.starts_with("Accumulator { completion: Truncated, blocks: 0, bytes: "), "{shown}");
    assert!(shown.ends_with(", violations: 0, .. }"), "{shown}");
    let error = AccumulateError::BytesExceeded { limit: 17 };
    assert_eq!(error.to_string(), "message exceeds the limit of 17 bytes");
    let error = AccumulateError::BlocksExceeded { limit: 17 };
    assert_eq!(error.to_string(), "message exceeds the limit of 17 blocks");
}

#[test]
fn what_is_incomplete_names_its_reasons_and_the_error_behind_them() {
    let mut accumulator = Accumulator::new();
    accumulator.accumulate_json(br#"{"type":"message_start","message":{}}"#).unwrap();
    assert!(accumulator.clone().into_message().unwrap_err().source().is_none());
    let error = br#"{"type":"error","error":{"type":"overloaded_error","message":"secret"}}"#;
    accumulator.accumulate_json(error).unwrap();
    let incomplete = accumulator.into_message().unwrap_err();
    // Each error prints its own cause once.
    assert!(incomplete.source().is_none());
    assert!(incomplete.to_string().starts_with(&incomplete.error().unwrap().to_string()));
    let shown = format!("{incomplete:?}");
    assert!(shown.starts_with("Incomplete { reasons: [ServerError, Truncated], error: Some(ApiError "), "{shown}");
    assert!(shown.ends_with(", has_started: true, .. }") && !shown.contains("secret"), "{shown}");
}

#[test]
fn a_departure_names_the_index_if_it_has_one() {
    let mut accumulator = Accumulator::new();
    for payload in [r#"{"type":"content_block_stop","index":7}"#, r#"{"type":"message_start","message":{}}"#] {
        accumulator.accumulate_json(payload.as_bytes()).unwrap();
    }
    let words: Vec<String> = accumulator.violations().first().iter().map(ProtocolViolation::to_string).collect();
    assert_eq!(words, ["event before message_start (index 7)", "stop for a block that never started (index 7)"]);
}

/// Section 1 of the protocol: the type in the payload is what counts.
#[test]
fn the_kind_of_an_event_is_its_type() {
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

#[test]
fn bare_json_is_accumulated_and_noted_where_it_is_none() {
    let mut message = Accumulator::new();
    assert!(message.accumulate_json(br#"{"type":"message_start","message":{}}"#).is_ok());
    assert!(matches!(message.accumulate_json(b""), Ok(Update::Unchanged)));
    assert!(matches!(message.accumulate_json(b"{"), Ok(Update::Lost(LostEvent::Payload(_)))));
    assert!(message.accumulate_json(br#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#).is_ok());
    assert!(message.accumulate_json(br#"{"type":"message_stop"}"#).is_ok());
    assert_eq!(message.completion(), Completion::ContentLost);
}

#[test]
fn absent_and_null_are_two_things_and_neither_is_a_value() {
    let cases = [Nullable::Absent, Nullable::Null, Nullable::Value(7)];
    let seen = cases.map(|case| [case.is_absent(), case.is_null(), case.is_value()]);
    assert_eq!(seen, [[true, false, false], [false, true, false], [false, false, true]]);
    assert_eq!(cases.map(Nullable::into_option), [None, None, Some(7)]);
    assert_eq!(cases.each_ref().map(Nullable::as_ref), [Nullable::Absent, Nullable::Null, Nullable::Value(&7)]);
    assert_eq!(cases.map(|case| case.map(|value| value + 1)), [Nullable::Absent, Nullable::Null, Nullable::from(8)]);
    assert_eq!([Nullable::from(None), Nullable::from(Some(7))], [Nullable::Absent, Nullable::Value(7)]);
}

fn text(text: &str) -> ContentBlock {
    from_value(json!({"type": "text", "text": text})).unwrap()
}

/// However the blocks came, they stand in the order of their indices.
#[test]
fn a_list_of_blocks_is_in_order() {
    let mut message = Accumulator::new();
    for (index, text) in [(2, "c"), (0, "a"), (1, "b")] {
        let start = json!({"type": "content_block_start", "index": index,
            "content_block": {"type": "text", "text": text}});
        message.accumulate_json(start.to_string().as_bytes()).unwrap();
        // Each is the last one for a moment, or never is.
        assert_eq!(message.snapshot().content().last(), Some(&self::text("c")));
    }
    let snapshot = message.snapshot();
    let collected: Vec<ContentBlock> = ["a", "b", "c"].into_iter().map(text).collect();
    assert_eq!(snapshot.content(), collected);
}

#[test]
fn unknown_members_are_counted() {
    let message: Message = from_value(json!({"content": [], "one": 1, "two": 2})).unwrap();
    assert_eq!((message.extra().len(), message.extra().is_empty()), (2, false));
    let message: Message = from_value(json!({"content": []})).unwrap();
    assert_eq!((message.extra().len(), message.extra().is_empty()), (0, true));
}

/// Also on their own, for those who keep them so.
#[test]
fn contents_and_words_can_be_read_by_themselves() {
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
fn text_that_is_not_of_the_type_says_where() {
    let message: Message = from_value(json!({"content": [{"type": "text", "text": "[1,\n 2, \"x\"]"}]})).unwrap();
    let error = message.parse_text::<Vec<u32>>().unwrap_err();
    assert_eq!((error.line(), error.column()), (2, 7));
    assert_eq!(error.to_string(), "message text is JSON, but not of the expected type (line 2, column 7)");
}
