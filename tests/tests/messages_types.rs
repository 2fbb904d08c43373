//! What the types of messages promise by themselves: words for people, views of what may be null, lists of blocks.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Display;

use serde_json::{Value, from_value, json, to_value};
use ssewire_messages::content::{Content, ContentBlock, McpToolResultContent, WebSearchToolResultContent};
use ssewire_messages::stop::StopReason;
use ssewire_messages::{
    AccumulateError, Accumulator, ProtocolViolation, ViolationKind, Completion, InputError, Message, Nullable, StreamError,
    StreamEvent, Validation,
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
        MisfitDelta,
        DeltaAfterStop,
        IndexGap,
        StartOutOfOrder,
        IndexReused,
        StopWithoutStart,
        SecondStop,
        MissingStop,
        SecondMessageStart,
        NextMessage,
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
    are_words(&[InputError::Growing, InputError::Cut]);
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
    let departs = "the stream departs from the protocol: a stop came for a block that never started (index 7)";
    assert_eq!(error.to_string(), departs);
    let shown = format!("{accumulator:?}");
    assert!(shown.starts_with("Accumulator { completion: Cut, blocks: 0, bytes: "), "{shown}");
    assert!(shown.ends_with(", anomalies: 0, .. }"), "{shown}");
    let error = AccumulateError::TooLarge { limit: 17 };
    assert_eq!(error.to_string(), "the message is larger than its limit of 17");
}

#[test]
fn what_is_incomplete_names_its_reasons_and_the_error_behind_them() {
    let mut accumulator = Accumulator::new();
    accumulator.accumulate_json(br#"{"type":"message_start","message":{}}"#).unwrap();
    assert!(accumulator.clone().into_message().unwrap_err().source().is_none());
    let error = br#"{"type":"error","error":{"type":"overloaded_error","message":"secret"}}"#;
    accumulator.accumulate_json(error).unwrap();
    let incomplete = accumulator.into_message().unwrap_err();
    let cause = incomplete.source().expect("the server's error").to_string();
    assert_eq!(cause, incomplete.error().unwrap().to_string());
    let shown = format!("{incomplete:?}");
    assert!(shown.starts_with("Incomplete { reasons: [ServerError, Cut], error: Some(ApiError "), "{shown}");
    assert!(shown.ends_with(", started: true, .. }") && !shown.contains("secret"), "{shown}");
}

#[test]
fn a_departure_names_the_index_if_it_has_one() {
    let mut accumulator = Accumulator::new();
    for payload in [r#"{"type":"content_block_stop","index":7}"#, r#"{"type":"message_start","message":{}}"#] {
        accumulator.accumulate_json(payload.as_bytes()).unwrap();
    }
    let words: Vec<String> = accumulator.violations().first().iter().map(ProtocolViolation::to_string).collect();
    assert_eq!(
        words,
        ["an event came before message_start (index 7)", "a stop came for a block that never started (index 7)"]
    );
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
        assert_eq!(event.kind(), payload["type"], "{text}");
        assert_eq!(event.into_owned().kind(), payload["type"], "{text}");
    }
    assert_eq!(StreamEvent::from_json(b"[DONE]").unwrap().unwrap().kind(), "[DONE]");
}

#[test]
fn bare_json_is_accumulated_and_noted_where_it_is_none() {
    let mut message = Accumulator::new();
    assert!(message.accumulate_json(br#"{"type":"message_start","message":{}}"#).unwrap().is_some());
    assert!(message.accumulate_json(b"").unwrap().is_none());
    assert!(matches!(message.accumulate_json(b"{"), Err(StreamError::Payload(_))));
    assert!(message.accumulate_json(br#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#).is_ok());
    assert!(message.accumulate_json(br#"{"type":"message_stop"}"#).is_ok());
    assert_eq!(message.completion(), Completion::ContentLost);
}

#[test]
fn absent_and_null_are_two_things_and_neither_is_a_value() {
    let mut cases = [Nullable::Absent, Nullable::Null, Nullable::Value(7)];
    let seen = cases.map(|case| [case.is_absent(), case.is_null(), case.is_value()]);
    assert_eq!(seen, [[true, false, false], [false, true, false], [false, false, true]]);
    assert_eq!(cases.map(Nullable::into_option), [None, None, Some(7)]);
    assert_eq!(cases.each_ref().map(Nullable::as_ref), [Nullable::Absent, Nullable::Null, Nullable::Value(&7)]);
    cases.iter_mut().filter_map(Nullable::get_mut).for_each(|value| *value += 1);
    assert_eq!(cases, [Nullable::Absent, Nullable::Null, Nullable::from(8)]);
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
        let last = message.snapshot().content.last();
        assert_eq!(last, Some(&self::text("c")));
    }
    let content = &message.snapshot().content;
    let collected: Content = ["a", "b", "c"].into_iter().map(text).collect();
    assert_eq!(*content, collected);
    assert_eq!(collected.last(), Some(&text("c")));
    assert_eq!(format!("{content:?}"), format!("{:?}", collected.clone().into_vec()));
    assert_eq!(format!("{:?}", content.iter()), format!("{content:?}"));
    assert_eq!(content.iter().len(), 3);
    assert_eq!(Content::default().last(), None);
}

#[test]
fn unknown_members_are_counted() {
    let message: Message = from_value(json!({"content": [], "one": 1, "two": 2})).unwrap();
    assert_eq!((message.extra.len(), message.extra.is_empty()), (2, false));
    let message: Message = from_value(json!({"content": []})).unwrap();
    assert_eq!((message.extra.len(), message.extra.is_empty()), (0, true));
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
    assert_eq!(error.to_string(), "the text of the message is JSON, but not of the expected type (line 2, column 7)");
}
