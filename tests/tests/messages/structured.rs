//! Structured output: the text of a message as JSON, partial and complete.

use serde_json::{Value, json};
use ssewire_messages::{
    Accumulator, Completion, Message, MessageDecoder, ParseTextError, PartialStrings, Step, StreamEvent,
    StructuredOutput, Update,
};

fn message(text: &str) -> Message {
    serde_json::from_value(json!({"type": "message", "content": [{"type": "text", "text": text}]})).unwrap()
}

fn text_event(text: &str) -> Value {
    json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
}

/// Feeds the pieces as deltas, and returns the partial value after each.
fn views(mut output: StructuredOutput, pieces: &[&str]) -> Vec<Option<Value>> {
    let mut accumulator = Accumulator::new();
    let start = json!({"type": "message_start", "message": {}});
    let block = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
    let events = [start, block].into_iter().chain(pieces.iter().map(|piece| text_event(piece)));
    let mut views = Vec::new();
    for event in events {
        let payload = event.to_string();
        let event = StreamEvent::from_json(payload.as_bytes()).unwrap().unwrap();
        output.extend_from(&accumulator.accumulate(event).unwrap());
        views.push(output.partial().cloned());
    }
    views.split_off(2)
}

#[test]
fn partial_returns_the_value_after_each_delta() {
    let pieces = [r#"{"ti"#, r#"tle":"T"#, r#"ea","n":[1,"#, r#" 2]}"#];
    let hidden = views(StructuredOutput::new(), &pieces);
    assert_eq!(
        hidden,
        [
            Some(json!({})),
            Some(json!({})),
            Some(json!({"title": "Tea", "n": [1]})),
            Some(json!({"title": "Tea", "n": [1, 2]})),
        ]
    );
    let shown = views(StructuredOutput::with_partial_strings(PartialStrings::Show), &pieces);
    assert_eq!(shown[1], Some(json!({"title": "T"})));
}

#[test]
fn invalid_json_keeps_the_value_before_it_and_sets_the_error() {
    let mut output = StructuredOutput::new();
    let message = message(r#"{"a":1} and so on"#);
    let start = json!({"type": "message_start", "message": message}).to_string();
    let event = StreamEvent::from_json(start.as_bytes()).unwrap().unwrap();
    let mut accumulator = Accumulator::new();
    output.extend_from(&accumulator.accumulate(event).unwrap());
    assert_eq!(output.partial(), Some(&json!({"a": 1})));
    assert_eq!(output.error().unwrap().offset(), 8);
    assert_eq!(output.raw(), r#"{"a":1} and so on"#);
    assert!(!format!("{output:?}").contains("and so"));
    assert!(matches!(accumulator.accumulate(StreamEvent::Ping).unwrap(), Update::Ping));
}

#[test]
fn parse_text_returns_the_requested_type_or_the_kind_of_error() {
    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Recipe {
        title: String,
        steps: Vec<u8>,
    }
    let recipe: Recipe = message(r#" {"title":"Tea","steps":[1,2]} "#).parse_text().unwrap();
    assert_eq!(recipe, Recipe { title: "Tea".to_owned(), steps: vec![1, 2] });

    for (text, expected) in [
        (r#"{"title":"SECRET"#, ParseTextError::Eof { line: 1, column: 16 }),
        ("", ParseTextError::Eof { line: 1, column: 0 }),
        (r#"{"title":SECRET}"#, ParseTextError::Syntax { line: 1, column: 10 }),
        (r#"{"title":"SECRET","steps":"SECRET"}"#, ParseTextError::Data { line: 1, column: 34 }),
        (r#"{"title":"Tea","steps":[]} SECRET"#, ParseTextError::Syntax { line: 1, column: 28 }),
    ] {
        let error = message(text).parse_text::<Recipe>().unwrap_err();
        assert_eq!(error, expected, "{text}");
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{error}");
    }
}

#[test]
fn parse_text_fails_for_stop_reasons_that_mean_incomplete_text() {
    for reason in ["max_tokens", "refusal", "model_context_window_exceeded", "compaction", "a_later_limit"] {
        let content = json!([{"type": "text", "text": "12"}]);
        let message: Message = serde_json::from_value(json!({"content": content, "stop_reason": reason})).unwrap();
        assert_eq!(message.parse_text::<u8>().unwrap_err(), ParseTextError::StopReason);
    }
}

/// The documentation of `parse_text` warns of this: only `finish` returns whether the text is complete.
#[test]
fn parse_text_of_a_partial_message_may_lack_text() {
    let start = r#"{"type":"message_start","message":{"content":[{"type":"text","text":""}]}}"#.to_owned();
    let stop_reason = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#.to_owned();
    let stop = r#"{"type":"message_stop"}"#.to_owned();
    let piece = |text: &str| text_event(text).to_string();
    let lost = piece("000").replace('}', "");
    let lacking = vec![start.clone(), piece(r#"{"amount":10"#), lost, piece("}"), stop_reason, stop];
    let cut = vec![start, piece("12")];
    for (payloads, reason, value) in
        [(lacking, Completion::ContentLost, json!({"amount": 10})), (cut, Completion::Truncated, json!(12))]
    {
        let body: String = payloads.iter().map(|payload| format!("data: {payload}\n\n")).collect();
        let (mut decoder, mut input) = (MessageDecoder::new(), body.as_bytes());
        while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
        let incomplete = decoder.finish().unwrap_err();
        assert_eq!(incomplete.reason(), reason);
        assert_eq!(incomplete.partial().parse_text::<Value>().unwrap(), value);
    }
}
