//! JSON of any vendor until `[DONE]`.

use std::io;

use futures::executor::block_on;
use futures::stream::FusedStream as _;
use serde::Deserialize;
use ssewire_io::{
    EventError, JsonEvent, JsonPayloadErrorKind, JsonReader, JsonStream, JsonStreamError, UnfinishedEvent,
};
use ssewire_tests::transport::Script;
use ssewire_tests::{adapters, chunks};

/// All members are optional, as those of vendors are: an error would parse as one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Chunk {
    text: Option<String>,
}

type Seen = Vec<Result<(String, Option<String>), String>>;

fn returned<E: std::fmt::Display>(error: JsonStreamError<E>) -> String {
    match error {
        JsonStreamError::Payload(error) => {
            assert_eq!(error.clone().into_text(), error.text());
            format!("{:?} {} {}", error.kind(), error.event_type(), error.text())
        }
        error => error.to_string(),
    }
}

/// The results of both sides, and whether `[DONE]` was received.
fn both(chunks: &[&[u8]], end: UnfinishedEvent) -> (Seen, bool) {
    let stream = JsonStream::new(Script::<io::Error>::slow(chunks)).with_unfinished_event(end);
    compared(stream, JsonReader::new(Script::slow(chunks)).with_unfinished_event(end))
}

/// The same, if `[DONE]` is required.
fn both_until_done(chunks: &[&[u8]], end: UnfinishedEvent) -> (Seen, bool) {
    let stream = JsonStream::new(Script::<io::Error>::slow(chunks)).with_unfinished_event(end).with_required_done();
    compared(stream, JsonReader::new(Script::slow(chunks)).with_unfinished_event(end).with_required_done())
}

fn compared(
    mut stream: JsonStream<Script<io::Error>, Chunk>,
    mut reader: JsonReader<Script<io::Error>, Chunk>,
) -> (Seen, bool) {
    let mut streamed = Vec::new();
    loop {
        match block_on(stream.try_next()) {
            Ok(Some(event)) => streamed.push(Ok((event.event_type, event.value.text))),
            Ok(None) => break,
            Err(error) => streamed.push(Err(returned(error))),
        }
    }
    assert!(stream.is_terminated() && block_on(stream.try_next()).unwrap().is_none());
    let read: Seen = reader
        .by_ref()
        .map(|event| event.map(|event| (event.event_type, event.value.text)).map_err(returned))
        .collect();
    assert_eq!((&read, reader.is_done()), (&streamed, stream.is_done()));
    (streamed, stream.is_done())
}

fn ok(event_type: &str, text: &str) -> Result<(String, Option<String>), String> {
    Ok((event_type.to_owned(), Some(text.to_owned())))
}

#[test]
fn values_come_until_the_end_marker_with_and_without_the_last_blank_line() {
    for end in ["data: [DONE]\n\n", "data: [DONE]\n", "data: [DONE]"] {
        let input = format!("data: {{\"text\":\"a\"}}\n\nevent: e\ndata: {{\"text\":\ndata: \"b\"}}\n\n: c\n\n{end}");
        for chunks in chunks::splits(input.as_bytes()).chain(adapters::ways(input.as_bytes())) {
            assert_eq!(both(&chunks, UnfinishedEvent::Dispatch), (vec![ok("message", "a"), ok("e", "b")], true));
        }
    }
}

/// Not every vendor sends a marker.
#[test]
fn the_input_may_end_without_the_marker() {
    assert_eq!(both(&[b"data: {\"text\":\"a\"}\n\n"], UnfinishedEvent::Dispatch), (vec![ok("message", "a")], false));
    assert_eq!(both(&[b"data: {\"text\":\"a\"}\n"], UnfinishedEvent::Dispatch), (vec![ok("message", "a")], false));
    let (seen, _) = both(&[b"data: {\"text\":\"a\"}\n"], UnfinishedEvent::Report);
    assert!(seen[0].as_ref().unwrap_err().starts_with("input is truncated"), "{seen:?}");
    assert_eq!(both(&[b"data: {\"text\":\"a\"}\n"], UnfinishedEvent::Discard), (vec![], false));
}

/// A payload that was cut is an error, by the default policy, too.
#[test]
fn a_cut_payload_is_an_error() {
    let input = b"data: {\"text\":\"a\"}\n\ndata: {\"text\":\"b";
    let cut = Err("Eof message {\"text\":\"b".to_owned());
    assert_eq!(both(&[input], UnfinishedEvent::Dispatch), (vec![ok("message", "a"), cut], false));
}

/// A stream that was cut is one final error, wherever it was cut.
#[test]
fn an_end_without_a_required_marker_is_an_error() {
    let missing = || Err("input ended without [DONE]".to_owned());
    for (input, before) in [
        ("", vec![]),
        ("data: {\"text\":\"a\"}\n\n", vec![ok("message", "a")]),
        ("data: {\"text\":\"a\"}\n\ndata", vec![ok("message", "a")]),
        ("data: {\"text\":\"a\"}\n\ndata: {\"text\":\"b", vec![ok("message", "a")]),
        ("data: {\"text\":\"a\"}\n\ndata: [DON", vec![ok("message", "a")]),
        // Not a `Chunk`, and perhaps cut.
        ("data: {\"text\":1", vec![]),
        // Complete JSON, though its blank line is missing.
        ("data: {\"text\":\"a\"}", vec![ok("message", "a")]),
        ("data: {\"error\":1}\n", vec![Err("Reported message {\"error\":1}".to_owned())]),
        ("data: {\"text\":1}", vec![Err("Data message {\"text\":1}".to_owned())]),
        ("data: true\n", vec![Err("Data message true".to_owned())]),
        ("data: tru", vec![]),
        ("data: 12", vec![]),
        ("data: {\"text\":1}\n\n", vec![Err("Data message {\"text\":1}".to_owned())]),
    ] {
        let expected = [before, vec![missing()]].concat();
        for chunks in adapters::ways(input.as_bytes()) {
            assert_eq!(both_until_done(&chunks, UnfinishedEvent::Dispatch), (expected.clone(), false), "{input}");
        }
    }
    for end in ["data: [DONE]\n\n", "data: [DONE]"] {
        let input = format!("data: no JSON\n\n{end}");
        let payload = Err("Syntax message no JSON".to_owned());
        assert_eq!(both_until_done(&[input.as_bytes()], UnfinishedEvent::Dispatch), (vec![payload], true));
    }
    assert_eq!(both_until_done(&[b"data: {}"], UnfinishedEvent::Discard), (vec![missing()], false));
    // These ends have an error of their own.
    let truncated = both_until_done(&[b"data: {}"], UnfinishedEvent::Report).0;
    assert_eq!(truncated, both(&[b"data: {}"], UnfinishedEvent::Report).0);
    assert_eq!(truncated.len(), 1);
    let script = || Script::of(&[b"data: {\"text\":\"a\"}\n\n"]).failing(io::Error::other("gone"));
    let (stream, reader) = (JsonStream::new(script()), JsonReader::new(script()));
    let failed = compared(stream.with_required_done(), reader.with_required_done()).0;
    assert_eq!(failed, [ok("message", "a"), Err("connection failed: gone".to_owned())]);
}

#[test]
fn a_required_marker_may_come_with_the_next_connection() {
    let mut stream = JsonStream::<_, Chunk>::new(Script::<io::Error>::of(&[b"data: {}\n\n"])).with_required_done();
    assert!(block_on(stream.try_next()).unwrap().is_some() && !stream.is_terminated());
    let error = block_on(stream.try_next()).unwrap_err();
    assert!(error.is_final() && error.transport().is_none() && stream.is_terminated());
    assert!(matches!(error.map_transport(drop), JsonStreamError::MissingDone));
    stream.reconnect(Script::of(&[b"data: [DONE]\n\n"]));
    assert!(!stream.is_terminated());
    assert!(block_on(stream.try_next()).unwrap().is_none() && stream.is_done());
}

/// Errors in the middle, as the vendors write them; each would be a `Chunk` without text.
#[test]
fn an_error_of_the_vendor_is_its_text() {
    for (event, payload) in [
        ("", r#"{"error":{"message":"overloaded","code":503}}"#),
        ("", r#"{"type":"error","message":"overloaded"}"#),
        ("", r#"{"object":"error","message":"overloaded"}"#),
        ("", r#"{"error":"overloaded"}"#),
        ("", r#"{"error":"overloaded","error":null,"object":["error"]}"#),
        ("", r#"{"type":{"a":[1]},"type":[{}],"type":null,"type":true,"error":"overloaded"}"#),
        ("", r#"{"type":-1,"type":1,"type":0.5,"type":"","object":"error"}"#),
        ("event: error\n", r#"{"text":"overloaded"}"#),
        ("event: error\n", "overloaded"),
    ] {
        let input = format!("data: {{\"text\":\"a\"}}\n\n{event}data: {payload}\n\ndata: {{\"text\":\"b\"}}\n\n");
        let event_type = if event.is_empty() { "message" } else { "error" };
        for chunks in adapters::ways(input.as_bytes()) {
            let error = Err(format!("Reported {event_type} {payload}"));
            assert_eq!(both(&chunks, UnfinishedEvent::Dispatch).0, [ok("message", "a"), error, ok("message", "b")]);
        }
    }
    // These are not errors.
    for payload in
        [r#"{"text":"\"error\"","error":null}"#, r#"{"text":"\"error\"","type":"delta"}"#, r#"{"text":"\"error\""}"#]
    {
        let input = format!("data: {payload}\n\n");
        assert_eq!(both(&[input.as_bytes()], UnfinishedEvent::Dispatch).0, [ok("message", "\"error\"")]);
    }
}

/// An error is an object: an array of any length is a value, also if its elements look like the members of one.
#[test]
fn an_array_is_not_an_error_of_the_vendor() {
    for payload in [
        r#"["error"]"#,
        r#"["error","a","b"]"#,
        r#" [null,"error",null]"#,
        r#"[{"level":"error"},1,2]"#,
        r#"[{"error":"a"}]"#,
        r#""\"error\"""#,
    ] {
        let input = format!("data: {payload}\n\n");
        let mut values = JsonReader::<_, serde_json::Value>::new(input.as_bytes());
        assert_eq!(values.next().unwrap().unwrap().value, serde_json::from_str::<serde_json::Value>(payload).unwrap());
    }
    let mut padded = JsonReader::<_, serde_json::Value>::new(&b"data: \t {\"error\":1}\n\n"[..]);
    let Some(Err(JsonStreamError::Payload(error))) = padded.next() else { panic!("taken for a value") };
    assert_eq!(error.kind(), JsonPayloadErrorKind::Reported);
}

#[test]
fn a_payload_of_another_type_is_its_text_and_the_stream_continues() {
    let input = b"data: no JSON\n\ndata: {\"text\":1}\n\ndata: [1\n\ndata: {\"text\":\"b\"}\n\n";
    let expected = [
        Err("Syntax message no JSON".to_owned()),
        Err("Data message {\"text\":1}".to_owned()),
        Err("Data message [1".to_owned()),
        ok("message", "b"),
    ];
    assert_eq!(both(&[input], UnfinishedEvent::Dispatch).0, expected);
    let mut events = JsonReader::<_, Chunk>::new(&b"data: {\"error\":{\"code\":503}}\n\n"[..]);
    let Some(Err(JsonStreamError::Payload(error))) = events.next() else { panic!("no payload") };
    #[derive(Deserialize)]
    struct Body {
        error: Code,
    }
    #[derive(Deserialize)]
    struct Code {
        code: u16,
    }
    assert_eq!(error.parse::<Body>().unwrap().error.code, 503);
    assert_eq!(error.kind(), JsonPayloadErrorKind::Reported);
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("503"), "no payload in the texts of errors: {shown}");
}

#[test]
fn errors_of_the_transport_and_lost_events_pass() {
    let script = Script::of(&[b"data: {\"text\":\"long\"}\n\ndata: {}\n\n"]).failing(io::Error::other("gone"));
    let decoder = ssewire::Decoder::new().with_max_event_bytes(8);
    let mut stream = JsonStream::<_, Chunk>::with_decoder(script, decoder);
    let lost = block_on(stream.try_next()).unwrap_err();
    assert!(!lost.is_final() && matches!(lost, JsonStreamError::Event(EventError::Decode(_))));
    assert!(lost.transport().is_none());
    assert_eq!(block_on(stream.try_next()).unwrap().unwrap().value, Chunk { text: None });
    let failed = block_on(stream.try_next()).unwrap_err();
    assert!(failed.is_final());
    assert_eq!(failed.transport().map(ToString::to_string).as_deref(), Some("gone"));
    assert_eq!(failed.to_string(), "connection failed: gone");
    assert!(block_on(stream.try_next()).unwrap().is_none());
}

/// At the marker the stream looks once whether the body has ended, and the reader does not read on.
#[test]
fn after_the_marker_the_transport_is_polled_at_most_once() {
    let chunks: [&[u8]; 3] = [b"data: {}\n\ndata: [DONE]\n\n", b"more", b"and more"];
    let script = Script::<io::Error>::of(&chunks);
    let given = script.given();
    let mut stream = JsonStream::<_, Chunk>::new(script);
    assert!(block_on(stream.try_next()).unwrap().is_some());
    assert!(block_on(stream.try_next()).unwrap().is_none());
    assert_eq!(given.bytes(), chunks[0].len() + chunks[1].len());
    let mut reader = JsonReader::<_, Chunk>::new(Script::of(&chunks));
    assert_eq!(reader.by_ref().count(), 1);
    assert_eq!(reader.get_ref().given().bytes(), chunks[0].len());
    let mut rest = String::new();
    io::Read::read_to_string(&mut reader.into_inner(), &mut rest).unwrap();
    assert_eq!(rest, "moreand more");
}

/// HTML standard: a stream is decoded with replacement. So ill-formed UTF-8 changes a text, and not its JSON.
#[test]
fn ill_formed_utf8_is_replaced() {
    let input = b"data: {\"error\":{\"message\":\"caf\xE9 overloaded\"}}\n\ndata: {\"text\":\"caf\xE9\"}\n\n";
    let reported = Err("Reported message {\"error\":{\"message\":\"caf\u{FFFD} overloaded\"}}".to_owned());
    for chunks in adapters::ways(input) {
        assert_eq!(both(&chunks, UnfinishedEvent::Dispatch).0, [reported.clone(), ok("message", "caf\u{FFFD}")]);
    }
}

/// JSON allows an escape in the name of a member, too.
#[test]
fn an_error_of_the_vendor_may_be_escaped() {
    for payload in [
        r#"{"\u0065rror":{"message":"m"}}"#,
        r#"{"err\u006Fr":"m"}"#,
        r#"{"e\u0072\u0072or":"m"}"#,
        r#"{"type":"\u0065rror"}"#,
    ] {
        let input = format!("data: {payload}\n\n");
        let reported = Err(format!("Reported message {payload}"));
        assert_eq!(both(&[input.as_bytes()], UnfinishedEvent::Dispatch).0, [reported]);
    }
    assert_eq!(
        both(&[br#"data: {"text":"\u0065rror"}"#, b"\n\n"], UnfinishedEvent::Dispatch).0,
        [ok("message", "error")]
    );
}

/// Every other JSON value shows where it ends. A number that was cut would be another number.
#[test]
fn a_number_that_may_be_cut_is_an_error() {
    for input in ["data: 123\n\ndata: 12", "data: 123\n\ndata: -12\n", "data: 123\n\ndata:  12"] {
        let last = input.rsplit_once(':').unwrap().1.trim_end();
        let last = last.strip_prefix(' ').unwrap();
        for chunks in adapters::ways(input.as_bytes()) {
            let mut read = JsonReader::<_, i64>::new(Script::slow(&chunks));
            let mut streamed = JsonStream::<_, i64>::new(Script::<io::Error>::slow(&chunks));
            assert_eq!(read.next().unwrap().unwrap().value, 123);
            assert_eq!(block_on(streamed.try_next()).unwrap().unwrap().value, 123);
            let expected = format!("Eof message {last}");
            assert_eq!(returned(read.next().unwrap().unwrap_err()), expected);
            assert_eq!(returned(block_on(streamed.try_next()).unwrap_err()), expected);
            assert!(read.next().is_none() && block_on(streamed.try_next()).unwrap().is_none());
        }
    }
    // Whatever the type accepts; and only a number can be one that was cut.
    for (payload, kind) in [("-", "Eof"), ("1.", "Eof"), ("12x", "Syntax"), (r#""\ud800""#, "Syntax")] {
        let input = format!("data: {payload}");
        let mut values = JsonReader::<_, serde_json::Value>::new(input.as_bytes());
        assert_eq!(returned(values.next().unwrap().unwrap_err()), format!("{kind} message {payload}"));
    }
    let mut ignored = JsonReader::<_, serde::de::IgnoredAny>::new(&b"data: 1e999"[..]);
    assert_eq!(returned(ignored.next().unwrap().unwrap_err()), "Eof message 1e999");
    for value in ["\"a\"", "null", "true", "[1]", "{}"] {
        let input = format!("data: {value}");
        let mut values = JsonReader::<_, serde_json::Value>::new(input.as_bytes());
        assert_eq!(values.next().unwrap().unwrap().value.to_string(), value);
    }
}

/// With status 200, too: the error of a server or a gateway must not look like a stream without events. Its head has no
/// white space around it.
#[test]
fn a_body_of_json_or_html_is_one_final_error_with_its_head() {
    let long = format!("[{}", "1,".repeat(2100));
    let cut_within_a_character = format!("[{}", "é".repeat(2100));
    for (before, body, head) in [
        ("", "{\"error\":{\"message\":\"bad key\"}}", None),
        ("", "{\"error\":{\"message\":\"bad key\"}}\n", None),
        ("\r\n \t", "{\n  \"error\": {\n    \"message\": \"bad key\"\n  }\n}\n", None),
        ("", "<html>\n\n<body>bad gateway</body>\n\n", None),
        ("", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n", None),
        ("\u{FEFF}", "{\"error\":{\"message\":\"bad key\"}}", None),
        ("\u{FEFF}\r\n ", "<html>\n", None),
        ("", &*long, Some(&long[..4096])),
        ("", &*cut_within_a_character, Some(&cut_within_a_character[..4095])),
    ] {
        let input = [before, body].concat();
        let expected = (vec![Err(format!("NonStreamBody  {}", head.unwrap_or(body.trim_end())))], false);
        for chunks in adapters::ways(input.as_bytes()) {
            for end in [UnfinishedEvent::Dispatch, UnfinishedEvent::Report, UnfinishedEvent::Discard] {
                assert_eq!(both(&chunks, end), expected, "{input}");
                assert_eq!(both_until_done(&chunks, end), expected, "{input}");
            }
        }
    }
    let error = JsonReader::<_, Chunk>::new(&b"{\"error\":7}"[..]).next().unwrap().unwrap_err();
    assert!(error.is_final());
    let JsonStreamError::Payload(error) = error else { panic!("{error}") };
    assert_eq!(error.parse::<serde_json::Value>().unwrap()["error"], 7);
    assert!(!format!("{error} {error:?}").contains('7'));
}

#[test]
fn a_body_with_an_event_or_an_error_of_its_own_is_not_taken_for_json_or_html() {
    for (input, expected) in [
        ("{\"error\":1}\ndata: {\"text\":\"a\"}\n\n", vec![ok("message", "a")]),
        ("\u{FEFF}data: {\"text\":\"a\"}\n\n", vec![ok("message", "a")]),
        // Only a whole mark, at the start of the body, is one.
        ("\u{FEFE}{\n", vec![]),
        ("\u{FEFF}\u{FEFF}{\n", vec![]),
        (" \u{FEFF}{\n", vec![]),
        ("\u{FEFF}", vec![]),
        (": {\n\n", vec![]),
        ("retry: 1\n{\n\n", vec![]),
        ("", vec![]),
        (" \n", vec![]),
    ] {
        for chunks in adapters::ways(input.as_bytes()) {
            assert_eq!(both(&chunks, UnfinishedEvent::Dispatch), (expected.clone(), false), "{input}");
        }
    }
    let script = || Script::of(&[b"{\"error\":"]).failing(io::Error::other("gone"));
    let failed = compared(JsonStream::new(script()), JsonReader::new(script())).0;
    assert_eq!(failed, [Err("connection failed: gone".to_owned())]);
    // Each connection has a body of its own.
    let mut reader = JsonReader::<_, Chunk>::new(&b"data: {}\n\n"[..]);
    assert!(reader.next().unwrap().is_ok() && reader.next().is_none());
    reader.reconnect(b"<html>");
    assert!(reader.next().unwrap().is_err() && reader.next().is_none());
    reader.reconnect(b"data: {}\n\n");
    assert!(reader.next().unwrap().is_ok() && reader.next().is_none());
}

/// As in a message: blank data is a keep-alive, whatever its event type, except `error`.
#[test]
fn blank_data_is_skipped_and_the_marker_may_have_white_space_around_it() {
    let blanks = ["data\n\n", "data:\n\n", "data: \n\n", "data: \t \n\n", "data:\ndata:\n\n", "event: end\ndata:\n\n"];
    for blank in blanks {
        for done in ["data: [DONE] \n\n", "data:  [DONE]\t\n\n", "data: [DONE]\ndata:\n\n", "data: [DONE] "] {
            let input = format!("{blank}data: {{\"text\":\"a\"}}\n\n{blank}{blank}{done}");
            for chunks in adapters::ways(input.as_bytes()) {
                assert_eq!(
                    both_until_done(&chunks, UnfinishedEvent::Dispatch),
                    (vec![ok("message", "a")], true),
                    "{input:?}"
                );
            }
        }
    }
    // The server reports an error, and the rest of a payload that was cut is not known.
    assert_eq!(both(&[b"event: error\ndata:\n\n"], UnfinishedEvent::Dispatch).0, [Err("Reported error ".to_owned())]);
    assert_eq!(both(&[b"data: "], UnfinishedEvent::Dispatch).0, [Err("Eof message ".to_owned())]);
}

/// A report of a bug names the place, and the caller asks for the reason.
#[test]
fn an_error_has_the_position_that_serde_json_reports() {
    for (payload, line, words) in [
        ("{\"text\":\n7}", 2, "event payload is JSON, but not of the expected type (line 2, column "),
        ("{\"text\" 7}", 1, "event payload is not valid JSON (line 1, column "),
        ("{\"text\":", 1, "event payload ends before its JSON does (line 1, column "),
    ] {
        let stream = format!("data: {}\n\n", payload.replace('\n', "\ndata: "));
        let error = JsonReader::<_, Chunk>::new(stream.as_bytes()).next().unwrap().unwrap_err();
        assert!(error.to_string().starts_with(words), "{error}");
        let JsonStreamError::Payload(error) = error else { panic!("{error}") };
        let reason = error.parse::<Chunk>().unwrap_err();
        assert_eq!((error.line(), error.column()), (line, reason.column()), "{reason}");
        assert_eq!(error.line(), reason.line());
    }
    // The server's errors have no place, nor has another body.
    for body in ["data: {\"error\":1}\n\n", "<html>"] {
        let error = JsonReader::<_, Chunk>::new(body.as_bytes()).next().unwrap().unwrap_err();
        assert!(!error.to_string().contains("line"), "{error}");
        let JsonStreamError::Payload(error) = error else { panic!("{error}") };
        assert_eq!((error.line(), error.column()), (0, 0));
    }
}

/// A test of a caller's function makes the events that the stream would return.
#[test]
fn an_event_that_a_test_makes_is_the_parsed_one() {
    let parsed = JsonReader::<_, Chunk>::new(&b"event: e\ndata: {\"text\":\"a\"}\n\n"[..]).next().unwrap().unwrap();
    assert_eq!(parsed, JsonEvent::new("e", Chunk { text: Some("a".to_owned()) }));
}
