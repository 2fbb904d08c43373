//! Text of the model, text of the server and secrets of the caller appear in no error and in no `Debug` of a decoder
//! or stream; only accessors return them. A marker replaces every free text of the streams.

use std::convert::Infallible;
use std::error::Error;
use std::fmt::Debug;
use std::io::{self, Read};

use bytes::Bytes;
use futures::executor::block_on;
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use ssewire::{Decoder, EventBuilder, LineDecoder};
use ssewire_io::{
    BodyChunks, ByteStreamExt as _, EventCodec, EventObserver, EventReader, EventStream, MessageObserver,
    MessageReader, MessageStream, ReadExt as _, SharedEventStream, StartedStream, Tap,
};
use ssewire_json::{PartialJson, PartialStrings};
use ssewire_messages::{
    Accumulator, ApiError, Backoff, Message, MessageDecoder, ResponseHead, Step, StreamEvent, StructuredOutput, Update,
    Validation,
};
use ssewire_tests::samples;

/// A sentence, as models write them and as servers complain, with a key in it.
const MARKER: &str = "MARKER sk-ant-0123456789";

/// The part that must not appear: one word is enough.
const WORDS: [&str; 2] = ["MARKER", "sk-ant"];

/// `Debug` in both spellings does not show it.
#[track_caller]
fn hides(value: &impl Debug) {
    is_clean(&format!("{value:?}"));
    is_clean(&format!("{value:#?}"));
}

/// Neither does `Display`, nor the sources of the error.
#[track_caller]
fn hides_error(error: &(impl Error + 'static)) {
    hides(error);
    let mut error: Option<&dyn Error> = Some(error);
    while let Some(returned) = error {
        is_clean(&returned.to_string());
        is_clean(&format!("{returned:?}"));
        error = returned.source();
    }
}

#[track_caller]
fn is_clean(shown: &str) {
    // As bytes that are shown as numbers, too.
    let bytes = format!("{:?}", WORDS[0].as_bytes());
    let leaks = WORDS.iter().any(|word| shown.contains(word)) || shown.contains(bytes.trim_matches(['[', ']']));
    assert!(!leaks, "{shown}");
}

/// An event with the marker as type, data, id, comment, unknown field and name of one.
fn event() -> Vec<u8> {
    format!(": {MARKER}\nid: {MARKER}\nevent: {MARKER}\n{MARKER}: {MARKER}\nerror: {MARKER}\ndata: {MARKER}\n").into()
}

#[test]
fn decoders_and_their_errors() {
    let (complete, half) = ([&event()[..], b"\n"].concat(), event());
    let stream = [&complete[..], &half].concat();

    let mut decoder = Decoder::new().with_last_event_id(MARKER.as_bytes()).unwrap();
    hides(&decoder);
    for chunk in stream.chunks(5) {
        let mut input = chunk;
        while decoder.decode_frame(&mut input).unwrap().is_some() {}
        hides(&decoder);
    }
    hides_error(&decoder.finish().unwrap_err());

    let mut small = Decoder::new().with_max_event_bytes(30);
    let mut input = &stream[..];
    hides_error(&small.decode(&mut input).unwrap_err());
    hides(&small);

    let mut fixed = Decoder::with_storage([0; 8]);
    let errors: Vec<_> = stream.chunks(5).filter_map(|mut chunk| fixed.decode(&mut chunk).err()).collect();
    errors.iter().for_each(hides_error);
    assert!(!errors.is_empty());
    hides(&fixed);
    let mut memory = [0; 200];
    let mut borrowed = Decoder::with_storage(&mut memory[..]);
    for mut chunk in stream.chunks(5) {
        while borrowed.decode(&mut chunk).is_ok_and(|event| event.is_some()) {}
    }
    hides(&borrowed);

    let mut lines = LineDecoder::new().with_max_line_bytes(10);
    hides_error(&lines.decode(&mut &stream[..]).unwrap_err());
    hides(&lines);
    assert!(lines.decode(&mut &b"\nMARKER"[..]).is_ok());
    hides(&lines);

    let mut input = b"data: MARKER \xFF\n\n".as_slice();
    let mut decoder = Decoder::new();
    let event = decoder.decode(&mut input).unwrap().unwrap();
    hides_error(&event.data_str().unwrap_err());

    let with_line_end = format!("{MARKER}\n");
    hides_error(&EventBuilder::new().event_type(&with_line_end).unwrap_err());
    hides_error(&EventBuilder::new().id(&with_line_end).unwrap_err());
    hides_error(&EventBuilder::new().data(MARKER).encode_into_slice(&mut [0; 4]).unwrap_err());
}

#[test]
fn json_that_is_wrong() {
    let broken = [
        format!(r#"{{"MARKER": {MARKER}}}"#),
        format!(r#"["{MARKER}", tru]"#),
        format!("\"{MARKER}\\x\""),
        format!("\"{MARKER}\\ud83d \""),
        format!("\"{MARKER}\n\""),
        format!("[\"{MARKER}\", 01]"),
        format!("[\"{MARKER}\", 1e999]"),
        "[\"MARKER\",".repeat(200),
        format!("\"{MARKER}\" {MARKER}"),
        format!("[\"{MARKER}"),
    ];
    for text in &broken {
        for partial_strings in [PartialStrings::Hide, PartialStrings::Show] {
            let mut json = PartialJson::with_partial_strings(partial_strings);
            for piece in text.split_inclusive(' ') {
                json.push(piece).err().iter().for_each(hides_error);
                hides(&json);
            }
            hides_error(&json.complete_value().unwrap_err());
        }
        let message = message_of(&json!([{ "type": "text", "text": text }]));
        hides_error(&message.parse_text::<Vec<u64>>().unwrap_err());
    }
    // JSON, but of another type: serde_json would show the value.
    let message = message_of(&json!([{ "type": "text", "text": json!(MARKER).to_string() }]));
    hides_error(&message.parse_text::<u64>().unwrap_err());
}

fn message_of(content: &Value) -> Message {
    let start = json!({ "type": "message_start", "message": { "content": content, "stop_reason": "end_turn" } });
    let stream = format!("data: {start}\n\ndata: {{\"type\":\"message_stop\"}}\n\n");
    stream.as_bytes().message().finish().unwrap()
}

/// The payload with the marker in place of every string that a model or a server may choose: the names of kinds stay,
/// or it would be another event.
fn marked(value: &Value) -> Value {
    match value {
        Value::String(_) => MARKER.into(),
        Value::Array(items) => items.iter().map(marked).collect(),
        Value::Object(members) => {
            let mark = |(name, value): (&String, &Value)| match name.as_str() {
                "type" | "role" => (name.clone(), value.clone()),
                // In tool input it makes the JSON invalid.
                _ => (name.clone(), marked(value)),
            };
            let mut marked: serde_json::Map<_, _> = members.iter().map(mark).collect();
            marked.insert(MARKER.to_owned(), MARKER.into());
            Value::Object(marked)
        }
        other => other.clone(),
    }
}

/// Every sample with the marker in it; and with it as id, in comments and in fields.
fn marked_streams() -> Vec<String> {
    let mark = |line: &str| match line.strip_prefix("data: ") {
        Some(payload) => format!("data: {}\n", marked(&serde_json::from_str(payload).unwrap())),
        None if line.is_empty() => "\n".to_owned(),
        None => format!(": {MARKER}\nid: {MARKER}\n{MARKER}: {MARKER}\n{line}\n"),
    };
    let streams = samples::all().into_iter().map(|sample| String::from_utf8(sample.stream).unwrap());
    streams.map(|stream| stream.lines().map(mark).collect()).collect()
}

/// Ways to spoil a stream; the events that they spoil differ from run to run.
const SPOILS: [fn(&str, usize) -> String; 6] = [
    // Cut, in the middle of whatever is there.
    |stream, at| stream[..at].to_owned(),
    // One payload is not JSON, or is other JSON.
    |stream, at| insert(stream, at, &format!("data: {{\"{MARKER}\": {MARKER}}}\n\n")),
    |stream, at| insert(stream, at, &format!("data: \"{MARKER}\"\n\n")),
    // One payload lacks required members.
    |stream, at| {
        let event = json!({"type": "content_block_delta", "index": MARKER, "delta": MARKER});
        insert(stream, at, &format!("data: {event}\n\n"))
    },
    // Protocol violations.
    |stream, at| {
        let event = json!({"type": "content_block_delta", "index": 77,
            "delta": {"type": "input_json_delta", "partial_json": MARKER}});
        insert(stream, at, &format!("data: {event}\n\n"))
    },
    // An error with the text of its sender.
    |stream, at| {
        let error = json!({"type": "overloaded_error", "message": MARKER, MARKER: MARKER, "details": {"x": MARKER}});
        let event = json!({"type": "error", "error": error, "request_id": MARKER});
        insert(stream, at, &format!("event: error\ndata: {event}\n\n"))
    },
];

/// Between two events.
fn insert(stream: &str, at: usize, event: &str) -> String {
    let at = stream[at..].find("\n\n").map_or(stream.len(), |end| at + end + 2);
    [&stream[..at], event, &stream[at..]].concat()
}

#[test]
fn streams_that_are_spoiled() {
    let (mut errors, mut incomplete) = (0, 0);
    for (number, stream) in marked_streams().iter().enumerate() {
        for (nth, spoil) in SPOILS.iter().enumerate() {
            // A separate position for each, anywhere in the stream.
            let at = stream.len() * (2 * nth + number % 2 + 1) / 14;
            for (strictness, limit, max_bytes) in
                [(Validation::Lenient, 1 << 20, 1 << 20), (Validation::Strict, 1 << 20, 1 << 20)]
                    .into_iter()
                    .chain([(Validation::Lenient, 150, 1 << 20), (Validation::Lenient, 1 << 20, 100)])
            {
                let accumulator = Accumulator::new().with_validation(strictness).with_max_bytes(max_bytes);
                let decoder = Decoder::new().with_max_event_bytes(limit);
                let mut driver = MessageDecoder::new().with_decoder(decoder).with_accumulator(accumulator);
                for mut chunk in spoil(stream, at).as_bytes().chunks(200) {
                    loop {
                        match driver.decode(&mut chunk) {
                            Ok(Step::Update(event)) => {
                                if let Update::Lost(error) = event.update {
                                    hides_error(&error);
                                    errors += 1;
                                }
                            }
                            Ok(_) => break,
                            Err(error) => {
                                hides_error(&error);
                                errors += 1;
                            }
                        }
                    }
                    hides(&driver);
                    hides(driver.accumulator());
                    hides(driver.violations());
                }
                match driver.finish() {
                    Ok(message) => inputs_hide(&message),
                    Err(error) => {
                        hides_error(&error);
                        error.server_error().into_iter().for_each(hides_error);
                        error.non_stream_body().into_iter().for_each(|body| {
                            hides(body);
                            is_clean(&body.to_string());
                        });
                        hides(error.violations());
                        inputs_hide(error.partial());
                        incomplete += 1;
                    }
                }
            }
        }
    }
    // Without any error the test would prove nothing.
    assert!(errors > 300 && incomplete > 300, "{errors} errors, {incomplete} incomplete");
}

/// The reason for missing input does not contain the text received.
fn inputs_hide(message: &Message) {
    for input in message.content().iter().filter_map(|block| block.as_tool_use()).map(|tool| tool.input()) {
        input.value().err().iter().for_each(hides_error);
    }
    message.to_json().err().iter().for_each(hides_error);
    message.to_turn().err().iter().for_each(hides_error);
}

#[test]
fn payloads_that_cannot_be_read() {
    let payloads = [
        MARKER.to_owned(),
        format!("{{\"type\": \"{MARKER}\", {MARKER}"),
        format!("[\"{MARKER}\"]"),
        json!({"type": "content_block_start", "index": MARKER, "content_block": {"type": "text"}}).to_string(),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": [MARKER]}})
            .to_string(),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": MARKER}})
            .to_string(),
        json!({"type": "message_start", "message": MARKER}).to_string(),
        json!({"type": "message_delta", "delta": MARKER}).to_string(),
    ];
    for payload in payloads {
        hides_error(&StreamEvent::from_json(payload.as_bytes()).unwrap_err());
        hides_error(&StreamEvent::decode(b"message", payload.as_bytes()).unwrap_err());
    }
}

#[test]
fn bodies_that_are_not_a_stream() {
    let message = json!({"type": "message", "role": "assistant", "content": [{"type": "text", "text": MARKER}]});
    let bodies = [
        marked(&message).to_string(),
        json!({"type": "error", "error": {"type": "api_error", "message": MARKER}}).to_string(),
        json!({"error": MARKER}).to_string(),
        json!({ "detail": [{"msg": MARKER}] }).to_string(),
        json!({MARKER: MARKER}).to_string(),
        format!("<html>{MARKER}"),
        format!("\u{1F}{MARKER}"),
        format!("{MARKER}\0"),
        MARKER.to_owned(),
        format!(": {MARKER}\n\n"),
        format!("id: {MARKER}\n\n"),
        format!("event: {MARKER}\ndata: {MARKER}\n\n"),
        format!("event: error\ndata: {MARKER}\n\n"),
        format!("error: {MARKER}\n\n"),
    ];
    for body in bodies {
        for content_type in ["text/event-stream", MARKER] {
            let driver = MessageDecoder::new().with_content_type(content_type);
            let error = MessageReader::with_decoder(body.as_bytes(), driver).finish().unwrap_err();
            hides_error(&error);
            hides_error(error.report());
            error.report().server_error().into_iter().for_each(hides_error);
            error.report().non_stream_body().into_iter().for_each(|body| {
                hides(body);
                is_clean(&body.to_string());
            });
        }
    }
}

#[test]
fn errors_of_the_server_and_the_head_of_a_response() {
    let head = || {
        let secrets = ["x-api-key", "authorization", "proxy-authorization", "cookie", "set-cookie", "location"];
        let headers = secrets.map(|name| (name, MARKER));
        ResponseHead::new(401, headers.into_iter().chain([("retry-after", "1"), ("content-type", "application/json")]))
    };
    hides(&head());
    let bodies = [
        json!({"type": "error", "error": {"type": MARKER, "message": MARKER}, "request_id": MARKER}),
        json!({"error": {"code": MARKER, "status": MARKER, "message": MARKER, "param": MARKER}}),
        json!({"error": MARKER}),
        json!({ "detail": [{"msg": MARKER, "loc": [MARKER]}] }),
        json!({ "message": MARKER, "__type": MARKER }),
        json!(MARKER),
    ];
    for body in bodies {
        let errors =
            [ApiError::from_body(body.clone().into()), ApiError::from_response(head(), body.to_string().as_bytes())];
        for error in errors {
            hides_error(&error);
            hides(&Backoff::new().decide(&error, 0, std::time::Duration::ZERO, 0.5));
            // It is not lost: the accessor returns it.
            assert!(error.body().to_string().contains(MARKER));
        }
    }
    for text in [MARKER.to_owned(), format!("<html>{MARKER}</html>")] {
        hides_error(&ApiError::from_response(head(), text.as_bytes()));
    }
}

/// Identifiers are shown: the kind of an error, a request ID, a content type. They are single words, never prose.
#[test]
fn errors_name_error_type_request_id_and_content_type() {
    let body = json!({"type": "error", "error": {"type": "odd_error", "message": MARKER}, "request_id": "req_1"});
    let shown = ApiError::from_body(body.into()).to_string();
    assert_eq!(shown, "server reported odd_error for request req_1");
    let driver = MessageDecoder::new().with_content_type("application/odd; charset=MARKER");
    let shown = MessageReader::with_decoder(MARKER.as_bytes(), driver).finish().unwrap_err().to_string();
    assert!(shown.contains("application/odd"));
    is_clean(&shown);
}

/// In the middle of a stream, with the marker in the chunk at hand, in the buffer and in the message.
#[test]
fn adapters_in_the_middle_of_a_stream() {
    let whole = format!("data: {MARKER}\n\n");
    let chunks = || {
        let chunks = [whole.clone(), format!("id: {MARKER}\ndata: {MARKER}\n\ndata: {MARKER}"), MARKER.to_owned()];
        stream::iter(chunks.map(|chunk| Ok::<_, Infallible>(Bytes::from(chunk))))
    };
    let mut events = EventStream::new(chunks());
    while let Some(event) = block_on(events.next()) {
        event.err().iter().for_each(hides_error);
        hides(&events);
    }
    let mut events = SharedEventStream::new(chunks());
    while let Some(event) = block_on(events.next()) {
        event.err().iter().for_each(hides_error);
        hides(&events);
    }
    let mut texts = chunks().text_events();
    while let Some(event) = block_on(texts.next()) {
        event.err().iter().for_each(hides_error);
        hides(&texts);
    }
    let body = whole.repeat(3) + "data: MARKER";
    let mut reader = EventReader::new(body.as_bytes());
    while let Some(event) = reader.next() {
        event.err().iter().for_each(hides_error);
        hides(&reader);
    }
    let mut codec = EventCodec::new();
    let mut buffer = bytes::BytesMut::from(body.as_bytes());
    while let Ok(Some(_)) = tokio_util::codec::Decoder::decode(&mut codec, &mut buffer) {}
    hides(&codec);
    hides_error(&tokio_util::codec::Decoder::decode_eof(&mut codec, &mut buffer).unwrap_err());
    let mut tap = Tap::new(body.as_bytes(), EventObserver::new(|_| ()));
    tap.read_exact(&mut [0; 50]).unwrap();
    hides(&tap);
    hides(&EventObserver::new(|_| ()));
    hides(&MessageObserver::new(|_| ()));
    hides(&BodyChunks::new(http_body_util::Full::new(Bytes::from(MARKER))));
}

#[test]
fn messages_in_the_middle_of_a_stream() {
    let body = &marked_streams()[0];
    let mut output = StructuredOutput::new();
    let mut reader = body.as_bytes()[..body.len() * 2 / 3].message();
    loop {
        match reader.next_event() {
            Ok(Some(item)) => output.extend_from(&item.update),
            Ok(None) => break,
            Err(error) => hides_error(&error),
        }
        hides(&reader);
        hides(&output);
    }
    hides(&reader.text_deltas());
    hides_error(&reader.finish().unwrap_err());

    let chunks = || stream::iter(body.as_bytes().chunks(100).take(9).map(Ok::<_, Infallible>));
    let mut messages = chunks().message();
    loop {
        match block_on(messages.next_text()) {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => hides_error(&error),
        }
        hides(&messages);
    }
    hides(&messages.text_deltas());
    hides_error(&block_on(messages.finish()).unwrap_err());

    let unknown = format!("data: {{\"type\":\"{MARKER}\"}}\n\n");
    let body = stream::iter([Ok::<_, Infallible>(unknown)]);
    hides_error(&block_on(StartedStream::wait_for(body)).unwrap_err());

    let mut texts = MessageStream::new(chunks());
    let returned: Vec<_> = block_on(texts.text_deltas().collect());
    returned.iter().filter_map(|text| text.as_ref().err()).for_each(hides_error);
}

/// The error of the transport is shown unchanged, and our error adds nothing from the stream.
#[test]
fn a_transport_that_fails_in_the_middle() {
    let chunks = [Ok(format!("data: {MARKER}")), Err(io::Error::other("gone"))];
    let error = block_on(EventStream::new(stream::iter(chunks)).next()).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "connection failed: gone");
    hides_error(&error);
}
