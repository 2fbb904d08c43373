//! `docs/errors.md` has a row for each public error type, and each type keeps the rules of that page.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;

use ssewire::{DecodeError, Decoder, EventBuilder};
use ssewire_json::PartialJson;
use ssewire_messages::{
    Accumulator, ApiError, Incomplete, LostEvent, Message, MessageDecoder, RawJson, Step, StreamEvent, Validation,
};

const CRATES: [&str; 5] = ["ssewire", "ssewire-json", "ssewire-messages", "ssewire-io", "ssewire-replay"];

/// The types of a crate that implement `Error`.
fn implementors(folder: &Path, types: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            implementors(&path, types);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            types.extend(text.lines().filter_map(error_type).map(str::to_owned));
        }
    }
}

/// The type of a line `impl<…> core::error::Error for Type<…> …`, or with `Error` alone.
fn error_type(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("impl")?;
    let (before, name) = rest.split_once("Error for ")?;
    if !before.ends_with([' ', ':']) {
        return None;
    }
    name.split(|c: char| !c.is_alphanumeric()).next()
}

/// The types with a row under the heading of a crate.
fn rows(page: &str, name: &str) -> BTreeSet<String> {
    let section = page.split("\n## ").find(|section| section.lines().next() == Some(name)).unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn every_public_error_type_has_a_row() {
    let page = fs::read_to_string(ssewire_tests::at("../docs/errors.md")).unwrap();
    for name in CRATES {
        let mut types = BTreeSet::new();
        implementors(&ssewire_tests::at("../crates").join(name).join("src"), &mut types);
        assert!(!types.is_empty(), "{name}");
        assert_eq!(rows(&page, name), types, "{name}");
    }
}

#[test]
fn every_row_has_an_answer_to_each_question() {
    let page = fs::read_to_string(ssewire_tests::at("../docs/errors.md")).unwrap();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 5, "{row}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{row}");
    }
}

#[test]
fn an_implementation_is_found_however_it_is_written() {
    assert_eq!(error_type("impl core::error::Error for Simple {}"), Some("Simple"));
    assert_eq!(error_type("    impl<E: Debug> std::error::Error for Generic<E> {"), Some("Generic"));
    assert_eq!(error_type("impl<E> Error for Imported<E> {"), Some("Imported"));
    assert_eq!(error_type("impl From<Simple> for Error {"), None);
    assert_eq!(error_type("impl From<io::Error> for Wrapped {"), None);
    assert_eq!(error_type("impl MyError for Type {"), None);
    assert_eq!(error_type("/// impl core::error::Error for Commented {}"), None);
}

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
    let decode = decoder.decode(&mut format!("data: {BLOCK}\n\n").as_bytes()).unwrap_err();
    let violation = match decode {
        ssewire_messages::MessageDecodeError::Violation(violation) => violation,
        other => panic!("{other:?}"),
    };
    let limited = || MessageDecoder::new().with_decoder(Decoder::new().with_max_event_bytes(100));
    let call: Message = r#"{"content":[{"type":"tool_use","input":[]}],"stop_reason":"tool_use"}"#.parse().unwrap();
    let cut: Message = r#"{"content":[{"type":"text","text":"{"}],"stop_reason":"max_tokens"}"#.parse().unwrap();
    let mut pending = Accumulator::new();
    pending.accumulate_json(CALL.as_bytes()).unwrap();
    let input = pending.snapshot().content()[0].tool_input().unwrap().value().unwrap_err();
    let mut truncated = Decoder::new();
    truncated.decode(&mut &b"data"[..]).unwrap();
    vec![
        (Box::new(large), "event exceeds the limit of 8 bytes"),
        (Box::new(truncated.finish().unwrap_err()), "input is truncated: 4 bytes pending"),
        (Box::new(Decoder::new().set_last_event_id(b"\n").unwrap_err()), "last event ID contains LF, CR or NUL"),
        (Box::new(EventBuilder::new().id("\n").unwrap_err()), "id contains a line end or NUL"),
        (Box::new(PartialJson::new().push("x").unwrap_err()), "unexpected character in JSON text at byte 0"),
        (Box::new(payload), "event payload is not valid JSON (line 1, column 8)"),
        (Box::new(LostEvent::TooLarge(large)), "event exceeds the limit of 8 bytes"),
        (Box::new(LostEvent::Payload(payload)), "event payload is not valid JSON (line 1, column 8)"),
        (Box::new(LostEvent::OverLimit(over)), "message exceeds the limit of 8 bytes"),
        (Box::new(violation), "event before message_start (index 0)"),
        (Box::new(over), "message exceeds the limit of 8 bytes"),
        (Box::new(blocks), "message exceeds the limit of 0 blocks"),
        (Box::new(rejected), "protocol violation: event before message_start (index 0)"),
        (Box::new(decode), "protocol violation: event before message_start (index 0)"),
        (
            Box::new(end_of(limited(), &format!("data: {START}\n\ndata: {}\n\n", "x".repeat(200)))),
            "event exceeds the limit of 100 bytes; stream is truncated before the message was complete",
        ),
        (Box::new(ApiError::from_body("{\"error\":\"secret\"}".parse().unwrap())), "server reported an error"),
        (Box::new(input), "tool input is still arriving"),
        (
            Box::new(pending.snapshot().content()[0].tool_input().unwrap().parse::<u8>().unwrap_err()),
            "tool input is still arriving",
        ),
        (Box::new(call.tool_calls().unwrap_err()), "tool call has no id or no name"),
        (Box::new("{".parse::<Message>().unwrap_err()), "message is not valid JSON (at byte 1)"),
        (Box::new("{".parse::<RawJson>().unwrap_err()), "text is not valid JSON (at byte 1)"),
        (Box::new(cut.parse_text::<u8>().unwrap_err()), "message text was cut or declined: see the stop reason"),
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
