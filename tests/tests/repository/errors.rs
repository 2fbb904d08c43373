//! The text of each public error type keeps the rules of `docs/errors.md`.

use std::error::Error;

use ssewire::{DecodeError, Decoder, EventBuilder};
use ssewire_json::PartialJson;
use ssewire_messages::{
    AccumulateError, Accumulator, ApiError, Backoff, ExceededLimit, Incomplete, LostEvent, Message, MessageDecoder,
    RawJson, Step, StreamEvent, Validation,
};

/// The end of a body that was read by a decoder.
fn end_of(mut decoder: MessageDecoder, body: &str) -> Incomplete {
    let mut input = body.as_bytes();
    while let Ok(Step::Update(_)) = decoder.decode(&mut input) {}
    decoder.finish().unwrap_err()
}

/// An error of each type, with the text that it prints.
fn errors() -> Vec<(Box<dyn Error>, &'static str)> {
    let payload = StreamEvent::from_json(b"{\"type\"").unwrap_err();
    let large = DecodeError::LimitExceeded { limit: 8 };
    let over = Accumulator::new().with_max_bytes(8).accumulate_json(START.as_bytes()).unwrap_err();
    let blocks = Accumulator::new().with_max_blocks(0).accumulate_json(BLOCK.as_bytes()).unwrap_err();
    let strict = || Accumulator::new().with_validation(Validation::Strict);
    let rejected = strict().accumulate_json(BLOCK.as_bytes()).unwrap_err();
    let mut decoder = MessageDecoder::new().with_accumulator(strict());
    let violation = decoder.decode(&mut format!("data: {BLOCK}\n\n").as_bytes()).unwrap_err();
    let AccumulateError::OverLimit(limit) = over else { panic!("{over:?}") };
    let limited = || MessageDecoder::new().with_decoder(Decoder::new().with_max_event_bytes(100));
    let call: Message = r#"{"content":[{"type":"tool_use","input":[]}],"stop_reason":"tool_use"}"#.parse().unwrap();
    let cut: Message = r#"{"content":[{"type":"text","text":"{"}],"stop_reason":"max_tokens"}"#.parse().unwrap();
    let mut pending = Accumulator::new();
    pending.accumulate_json(CALL.as_bytes()).unwrap();
    let input = pending.snapshot().content()[0].tool_input().unwrap().value().unwrap_err();
    let mut truncated = Decoder::new();
    truncated.decode(&mut &b"data"[..]).unwrap();
    vec![
        (Box::new(large), "event or line exceeds the limit of 8 bytes"),
        (Box::new(truncated.finish().unwrap_err()), "input is truncated: 4 bytes pending"),
        (Box::new(Decoder::new().set_last_event_id(b"\n").unwrap_err()), "last event ID contains LF, CR or NUL"),
        (Box::new(EventBuilder::new().id("\n").unwrap_err()), "event ID contains a line end or NUL"),
        (Box::new(PartialJson::new().push("x").unwrap_err()), "unexpected character in JSON text at byte 0"),
        (Box::new(payload), "event payload is not valid JSON (line 1, column 8)"),
        (Box::new(LostEvent::OverLimit(ExceededLimit::Event(large))), "event or line exceeds the limit of 8 bytes"),
        (Box::new(LostEvent::Payload(payload)), "event payload is not valid JSON (line 1, column 8)"),
        (Box::new(LostEvent::OverLimit(limit)), "message exceeds the limit of 8 bytes"),
        (Box::new(violation), "protocol violation: event before message_start (index 0)"),
        (Box::new(over), "message exceeds the limit of 8 bytes"),
        (Box::new(blocks), "message exceeds the limit of 0 blocks"),
        (Box::new(rejected), "protocol violation: event before message_start (index 0)"),
        (
            Box::new(end_of(limited(), &format!("data: {START}\n\ndata: {}\n\n", "x".repeat(200)))),
            "event or line exceeds the limit of 100 bytes; stream is truncated before the message was complete",
        ),
        (Box::new(ApiError::from_body("{\"error\":\"secret\"}".parse().unwrap())), "server reported an error"),
        (Box::new(Backoff::default().decide_without_response(2, 0.0).unwrap_err()), "retry limit reached"),
        (Box::new(input), "tool input is still arriving"),
        (
            Box::new(pending.snapshot().content()[0].tool_input().unwrap().parse::<u8>().unwrap_err()),
            "tool input is still arriving",
        ),
        (Box::new(call.tool_calls().unwrap_err()), "tool call has no id or no name"),
        (Box::new("{".parse::<Message>().unwrap_err()), "message is not valid JSON (at byte 1)"),
        (Box::new("[]".parse::<Message>().unwrap_err()), "message is not a JSON object"),
        (Box::new("{".parse::<RawJson>().unwrap_err()), "text is not valid JSON (at byte 1)"),
        (Box::new(cut.parse_text::<u8>().unwrap_err()), "message text was truncated or declined: see the stop reason"),
    ]
}

const START: &str = r#"{"type":"message_start","message":{"content":[],"id":"msg_0123456789"}}"#;
const BLOCK: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
const CALL: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","input":{}}}"#;

#[test]
fn each_error_prints_its_cause_once() {
    for (error, expected) in errors() {
        assert_eq!(error.to_string(), expected);
        if let Some(source) = error.source() {
            assert!(!expected.contains(&source.to_string()), "{expected}");
        }
    }
}

#[test]
fn each_error_is_printed_in_lower_case_and_without_an_article() {
    for (error, _) in errors() {
        let text = error.to_string();
        assert!(text.starts_with(|c: char| c.is_ascii_lowercase()), "{text}");
        assert!(!["a ", "an ", "the "].iter().any(|article| text.starts_with(article)), "{text}");
        assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
    }
}
