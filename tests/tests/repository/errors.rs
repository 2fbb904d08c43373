//! `docs/errors.md` has a row for each public error type, and the text of each keeps its rules.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ssewire::{DecodeError, Decoder, EventBuilder};
use ssewire_io::{EventError, IdleError, JsonReader, JsonStreamError, MessageReadError, ReadExt as _, StartedStream};
use ssewire_json::PartialJson;
use ssewire_messages::{
    AccumulateError, Accumulator, ApiError, Backoff, ExceededLimit, Incomplete, LostEvent, Message, MessageDecoder,
    RawJson, Step, StreamEvent, Validation,
};
use ssewire_replay::Fault;
use ssewire_tests::transport::Script;

/// The end of a body that was read by a decoder.
fn end_of(mut decoder: MessageDecoder, body: &str) -> Incomplete {
    let mut input = body.as_bytes();
    while let Ok(Step::Update(_)) = decoder.decode(&mut input) {}
    decoder.finish().unwrap_err()
}

/// An error of each type, with the text that it prints.
fn errors() -> Vec<(Box<dyn Error>, String)> {
    let faults: Vec<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    let fault = format!("unknown fault; available faults: {}", faults.join(", "));
    let others = errors_of_decoders().into_iter().chain(errors_of_adapters());
    let errors = others.map(|(error, text)| (error, text.to_owned()));
    errors.chain([(Box::from("none-such".parse::<Fault>().unwrap_err()), fault)]).collect()
}

/// Those of ssewire, ssewire-json and ssewire-messages.
fn errors_of_decoders() -> Vec<(Box<dyn Error>, &'static str)> {
    let payload = StreamEvent::from_json(b"{\"type\"").unwrap_err();
    let large = DecodeError::LimitExceeded { limit: 8 };
    let over = Accumulator::new().with_max_bytes(8).accumulate_json(START.as_bytes()).unwrap_err();
    let blocks = Accumulator::new().with_max_blocks(0).accumulate_json(BLOCK.as_bytes()).unwrap_err();
    let strict = || Accumulator::new().with_validation(Validation::Strict);
    let rejected = strict().accumulate_json(BLOCK.as_bytes()).unwrap_err();
    let mut decoder = MessageDecoder::new().with_accumulator(strict());
    let violation = decoder.decode(&mut format!("data: {BLOCK}\n\n").as_bytes()).unwrap_err();
    let AccumulateError::LimitExceeded(limit) = over else { panic!("{over:?}") };
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
        (Box::new(LostEvent::LimitExceeded(ExceededLimit::Event(large))), "event or line exceeds the limit of 8 bytes"),
        (Box::new(LostEvent::Payload(payload)), "event payload is not valid JSON (line 1, column 8)"),
        (Box::new(LostEvent::LimitExceeded(limit)), "message exceeds the limit of 8 bytes"),
        (Box::new(violation), "protocol violation: event before message_start (index 0)"),
        (Box::new(over), "message exceeds the limit of 8 bytes"),
        (Box::new(blocks), "message exceeds the limit of 0 blocks"),
        (Box::new(rejected), "protocol violation: event before message_start (index 0)"),
        (
            Box::new(end_of(limited(), &format!("data: {START}\n\ndata: {}\n\n", "x".repeat(200)))),
            "event or line exceeds the limit of 100 bytes; stream is truncated before the message was complete",
        ),
        (Box::new(ApiError::from_body("{\"error\":\"secret\"}".parse().unwrap())), "server reported an error"),
        (Box::new(Backoff::new().decide_without_response(2, 0.0).unwrap_err()), "retry limit reached"),
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

/// Those of ssewire-io.
fn errors_of_adapters() -> Vec<(Box<dyn Error>, &'static str)> {
    const LOST: &str = "connection failed: the peer is gone";
    const TIMED_OUT: &str = "read timed out: the peer is gone";
    const CUT: &str = "stream is truncated before the message was complete";
    let gone = || io::Error::other("the peer is gone");
    let body = || CUT_BODY.as_bytes().message();
    let json = |body: &'static [u8]| JsonReader::<_, u8>::new(body).next().unwrap().unwrap_err();
    let JsonStreamError::Payload(payload) = json(b"data: x\n\n") else { panic!("no payload") };
    let body_of_a_stream = Script::<io::Error>::of(&[CUT_BODY.as_bytes()]);
    let waiting = pin!(StartedStream::wait_for(body_of_a_stream));
    let Poll::Ready(Err(not_started)) = waiting.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("started")
    };
    vec![
        (Box::new(EventError::Transport(gone())), LOST),
        (Box::new(EventError::Timeout(gone())), TIMED_OUT),
        (Box::new(IdleError::<io::Error>::Idle), "no data within the idle timeout"),
        (Box::new(JsonStreamError::<io::Error>::MissingDone), "input ended without [DONE]"),
        (Box::new(payload), "event payload is not valid JSON (line 1, column 1)"),
        (Box::new(json(b"data: []\n\n")), "event payload is JSON, but not of the expected type (line 1, column 0)"),
        (Box::new(json(b"<html>")), "body is JSON or a web page, not an event stream"),
        (Box::new(body().finish().unwrap_err()), CUT),
        (Box::new(MessageReadError::from(body().finish().unwrap_err())), CUT),
        (Box::new(MessageReadError::Timeout(gone())), TIMED_OUT),
        (Box::new(body().structured::<u8>().finish().unwrap_err()), CUT),
        (Box::new(not_started), CUT),
    ]
}

const CUT_BODY: &str = "data: {\"type\":\"message_start\",\"message\":{}}\n\n";
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

/// The types of a crate that implement `Error`.
fn add_types(folder: &Path, types: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_types(&path, types);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
            let implementations = code.filter_map(|line| line.split_once("Error for "));
            types.extend(implementations.map(|(_, name)| name.split(['<', ' ']).next().unwrap().to_owned()));
        }
    }
}

#[test]
fn each_error_type_has_a_row() {
    let mut types = BTreeSet::new();
    for entry in fs::read_dir(ssewire_tests::at("../crates")).unwrap() {
        add_types(&entry.unwrap().path().join("src"), &mut types);
    }
    let page = fs::read_to_string(ssewire_tests::at("../docs/errors.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(rows.map(str::to_owned).collect::<BTreeSet<_>>(), types);
}
