//! Bodies that are not event streams: `MessageDecoder` detects them in any chunking, and the error names the likely
//! cause.

use ssewire_messages::{Accumulator, Completion, Incomplete, MessageDecoder, NonStreamBody, Step, Validation};

fn end(mut stream: MessageDecoder, body: &[u8], chunk: usize) -> Incomplete {
    for mut input in body.chunks(chunk) {
        while let Ok(Step::Update(_)) = stream.decode(&mut input) {}
    }
    stream.finish().unwrap_err()
}

/// Decodes the body in several chunkings, and checks that all detect the same kind of body.
fn found(body: &[u8]) -> NonStreamBody {
    found_with(MessageDecoder::new, body)
}

fn found_with(stream: impl Fn() -> MessageDecoder, body: &[u8]) -> NonStreamBody {
    let whole = end(stream(), body, usize::MAX);
    assert_eq!(whole.reason(), Completion::NonStreamBody);
    for chunk in [1, 2, 3, 7, 511, 512, 513] {
        assert_eq!(end(stream(), body, chunk).non_stream_body(), whole.non_stream_body(), "chunks of {chunk}");
    }
    let found = whole.non_stream_body().unwrap().clone();
    assert!(whole.to_string().starts_with(&found.to_string()), "{whole}");
    found
}

#[test]
fn message_body_is_decoded_and_its_display_names_the_stream_parameter() {
    let body =
        br#"  {"type":"message","id":"msg_1","content":[{"type":"text","text":"Hi"}],"model":"m","role":"assistant"}"#;
    let NonStreamBody::Message(message) = found(body) else { panic!("no message") };
    assert_eq!(message.text(), "Hi");
    assert!(NonStreamBody::Message(message).to_string().contains(r#""stream": true"#));
}

#[test]
fn error_body_is_decoded_in_every_known_shape() {
    for (body, message) in [
        (r#"{"type":"error","error":{"type":"api_error","message":"gone"},"request_id":"req_1"}"#, "gone"),
        (r#"{"error":{"message":"gone","type":"server_error","code":500}}"#, "gone"),
        (r#"{"object":"error","message":"gone","type":"BadRequestError","code":400}"#, "gone"),
        (r#"{"error":"gone"}"#, "gone"),
        (r#"{"detail":"gone"}"#, "gone"),
        (r#"{"message":"gone"}"#, "gone"),
        (r#"{"code":503,"msg":"gone"}"#, "gone"),
        ("{\n  \"type\": \"error\",\n  \"error\": {\"type\": \"api_error\", \"message\": \"gone\"}\n}\n", "gone"),
    ] {
        let NonStreamBody::Error(error) = found(body.as_bytes()) else { panic!("no error: {body}") };
        assert_eq!(error.message(), Some(message), "{body}");
        assert!(
            !NonStreamBody::Error(error).to_string().contains(message),
            "Display does not show the message of the server"
        );
    }
}

/// The standard removes a space after the first colon; here it is part of a name.
#[test]
fn error_on_a_line_keeps_the_space_after_its_first_colon() {
    for body in ["  {\"a: b\":1,\"error\":\"x\"}\n\n", ": hi\n\n {\"a:b\": 1,\"error\":\"x\"}\n"] {
        let body = format!(": a comment\n{body}");
        let NonStreamBody::Error(error) = found(body.as_bytes()) else { panic!("no error: {body}") };
        let name = if body.contains("a: b") { "a: b" } else { "a:b" };
        assert_eq!(error.body().to_value().unwrap()[name], 1, "{body:?}");
    }
}

/// A gateway may fail before the first event. By the standard, its line is an unknown field.
#[test]
fn error_on_a_line_without_a_field_name_is_detected() {
    let errors =
        [r#"{"error":"gone"}"#, r#"{"message":"gone"}"#, r#"{"code":503,"msg":"gone"}"#, r#"{"detail":"gone"}"#];
    for before in [": hi\n\n", "retry: 3000\n\n: hi\n", "data: [DONE]\n\n", "event: x\ndata: 1\n\n", "please wait\n"] {
        for (error, after) in errors.iter().flat_map(|error| ["", "\n", "\n\n"].map(|after| (error, after))) {
            let body = [before, error, after].concat();
            let NonStreamBody::Error(found) = found(body.as_bytes()) else { panic!("no error: {body}") };
            assert_eq!(found.message(), Some("gone"), "{body}");
        }
    }
    assert_eq!(found(b"<html>\n{\"error\":\"gone\"}\n</html>"), NonStreamBody::Html);
    assert_eq!(found(b": hi\n\n{\"status\":\"ok\"}"), NonStreamBody::OnlyComments);
}

/// "Unless it is a complete document": bytes that are not text are none.
#[test]
fn error_on_a_line_of_any_other_body_is_the_error() {
    let line = b"\n{\"error\":\"gone\"}\n";
    for before in [&b"\x80"[..], b"\x1F\x8B\x08\x00", b"\xFF\xFEd\0", b"no upstream", b"HTTP/1.1 200 OK", b"[1,"] {
        let NonStreamBody::Error(error) = found(&[before, line].concat()) else {
            panic!("no error: {}", before.escape_ascii())
        };
        assert_eq!(error.message(), Some("gone"), "{}", before.escape_ascii());
    }
    let message = found(b"{\"type\":\"message\",\"content\":[],\"x\":\n{\"error\":\"gone\"}\n}");
    assert!(matches!(message, NonStreamBody::Message(_)));
}

/// "An `error` or a `detail` that is not null is an error for any `type`."
#[test]
fn json_body_with_an_error_is_not_a_message() {
    for error in [r#""error":{"type":"overloaded_error","message":"x"}"#, r#""detail":"x""#, r#""object":"error""#] {
        let body = format!(r#"{{"type":"message","content":[],{error}}}"#);
        assert!(matches!(found(body.as_bytes()), NonStreamBody::Error(_)), "{body}");
    }
    let null = br#"{"type":"message","content":[],"error":null,"detail":null}"#;
    assert!(matches!(found(null), NonStreamBody::Message(_)));
}

/// Google's servers put the error into a list.
#[test]
fn json_list_whose_first_element_is_an_error_is_an_error() {
    let body = r#"[{"error":{"code":503,"message":"gone"}}]"#;
    let NonStreamBody::Error(error) = found(body.as_bytes()) else { panic!("no error") };
    assert_eq!((error.message(), error.body().as_str()), (Some("gone"), body));
    for body in ["[]", "[1]", r#"[{"role":"user","content":"x"}]"#, r#"[{"id":1},{"error":"x"}]"#] {
        assert_eq!(found(body.as_bytes()), NonStreamBody::Json, "{body}");
    }
}

#[test]
fn byte_order_mark_is_skipped_only_at_the_beginning_whatever_the_chunks() {
    for body in [&b"xyz\n\xBBdat"[..], b"x\n\xEFdat", b"xyz\n\n\xBFevent"] {
        assert_eq!(found(body), NonStreamBody::Binary);
    }
}

#[test]
fn non_stream_body_names_each_kind_of_body() {
    let long_text = format!("{}é and so on", "x".repeat(511));
    let page = format!("<!doctype html>\n<html>{}\ndata: in a page\n</html>", "x".repeat(600));
    let cases: [(&[u8], NonStreamBody); 25] = [
        (b"", NonStreamBody::Empty),
        (b"\r\n\n", NonStreamBody::Empty),
        (b"\xEF\xBB\xBF", NonStreamBody::Empty),
        (b"<html><body>502 Bad Gateway</body></html>", NonStreamBody::Html),
        (b"\xEF\xBB\xBF\n <!DOCTYPE html>", NonStreamBody::Html),
        (page.as_bytes(), NonStreamBody::Html),
        (b"\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03", NonStreamBody::Compressed),
        (b"\x28\xB5\x2F\xFD\x24\x05", NonStreamBody::Compressed),
        (b"\x78\x9C\xCB\x48", NonStreamBody::Compressed),
        (b"\x00\x00\x01\x20\x00\x00\x00\x4B", NonStreamBody::Binary),
        (b"\xFF\xFEd\0a\0t\0a\0:\0", NonStreamBody::Utf16),
        (b"\xFE\xFF\0d\0a\0t\0a\0:", NonStreamBody::Utf16),
        (b"{\0\"\0t\0y\0p\0e\0\"\0", NonStreamBody::Utf16),
        (b"upstream connect error", NonStreamBody::Text),
        (b"no healthy upstream: retry later\n", NonStreamBody::Text),
        (long_text.as_bytes(), NonStreamBody::Text),
        (br#"{"object":"list","data":[]}"#, NonStreamBody::Json),
        (b"[1, 2", NonStreamBody::Json),
        (b": ping\n\n: ping\n\n", NonStreamBody::OnlyComments),
        (b"retry: 3000\n\n", NonStreamBody::OnlyComments),
        (b"event: message_start\n\n", NonStreamBody::OnlyComments),
        (b"data: [DONE]\n\n", NonStreamBody::OnlyDone),
        (
            b"data: {\"object\":\"chat.completion.chunk\",\"choices\":[]}\n\ndata: [DONE]\n\n",
            NonStreamBody::OtherEvents,
        ),
        (b"event: greeting\ndata: {}\n\n", NonStreamBody::OtherEvents),
        (b"data: hello\n\n", NonStreamBody::OtherEvents),
    ];
    for (body, expected) in cases {
        // An event without a type whose payload is invalid may belong to a message: it counts as lost content instead.
        assert_eq!(found(body), expected, "{}", body.escape_ascii());
    }
}

/// Servers send blank lines while they work.
#[test]
fn json_body_after_white_space_is_detected() {
    let message = br#"{"type":"message","id":"msg_1","content":[{"type":"text","text":"Hi"}]}"#;
    let error = br#"{"type":"error","error":{"type":"api_error","message":"gone"}}"#;
    for (white, times) in [("\n", 512), ("\r\n", 600), (" ", 1000), ("\n \t", 50_000), ("\n", 1_000_000)] {
        let bytes = |body: &[u8]| [white.repeat(times).as_bytes(), body].concat();
        for chunk in [1, 16 * 1024, usize::MAX] {
            let found = end(MessageDecoder::new(), &bytes(message), chunk);
            assert!(matches!(found.non_stream_body(), Some(NonStreamBody::Message(_))), "{times} of {white:?}");
            let found = end(MessageDecoder::new(), &bytes(error), chunk);
            assert!(matches!(found.non_stream_body(), Some(NonStreamBody::Error(_))), "{times} of {white:?}");
        }
    }
}

/// `curl -i` prints the headers before the body.
#[test]
fn response_headers_before_the_body_are_skipped() {
    for line_end in ["\n", "\r\n"] {
        let head = format!("HTTP/1.1 200 OK{line_end}content-type: application/json{line_end}{line_end}");
        let again = format!("HTTP/1.1 100 Continue{line_end}{line_end}{head}");
        for head in [head, again] {
            let body = head + r#"{"type":"message","content":[]}"#;
            assert!(matches!(found(body.as_bytes()), NonStreamBody::Message(_)));
        }
    }
    assert_eq!(found(b"HTTP is a protocol"), NonStreamBody::Text);
}

#[test]
fn json_body_above_the_limit_is_reported_without_its_content() {
    let body = format!(r#"{{"type":"message","content":[],"x":"{}"}}"#, "x".repeat(100_000));
    let decoder = MessageDecoder::new().with_accumulator(Accumulator::new().with_max_bytes(1000));
    let incomplete = end(decoder, body.as_bytes(), 1400);
    assert_eq!(incomplete.reasons(), [Completion::NonStreamBody, Completion::LimitExceeded]);
}

/// The chunk that exceeds the limit may begin as a response head does, or with a blank line and JSON.
#[test]
fn json_body_above_the_limit_is_reported_in_any_chunks() {
    let body = format!(r#"{{"x":"{}HTTP/1.1 200 OK"#, "x".repeat(50)) + "\r\n\r\n{\"type\":\"message\",\"content\":[]}";
    for cut in 1..body.len() {
        for max_bytes in [1, cut, cut + 1, body.len() - 1] {
            let mut decoder = MessageDecoder::new().with_accumulator(Accumulator::new().with_max_bytes(max_bytes));
            for mut input in [&body.as_bytes()[..cut], &body.as_bytes()[cut..]] {
                assert!(matches!(decoder.decode(&mut input), Ok(Step::NeedInput)));
            }
            let incomplete = decoder.finish().unwrap_err();
            assert_eq!(incomplete.non_stream_body(), Some(&NonStreamBody::Json), "cut {cut} limit {max_bytes}");
        }
    }
}

/// A body that begins with `{` is no stream, also after its bytes were discarded.
#[test]
fn json_body_above_the_limit_stays_json_whatever_its_lines_begin_with() {
    let long = "x".repeat(100);
    for body in [
        format!("{{\"x\":\"{long}\"}}\ndata: y"),
        format!(" [\"{long}\",\nevent"),
        format!("{{\n{long}\ndata: {long}\n\n"),
    ] {
        for chunk in [1, 7, usize::MAX] {
            let decoder = MessageDecoder::new()
                .with_decoder(ssewire::Decoder::new().with_max_event_bytes(50))
                .with_accumulator(Accumulator::new().with_max_bytes(50));
            let incomplete = end(decoder, body.as_bytes(), chunk);
            assert_eq!(incomplete.reasons(), [Completion::NonStreamBody, Completion::LimitExceeded], "{body:?}");
            assert_eq!(incomplete.non_stream_body(), Some(&NonStreamBody::Json), "{body:?}");
        }
    }
}

/// `docs/protocol.md`, heading "Completion": an unfinished first `event:` or `data:` field is a truncated stream.
#[test]
fn incomplete_first_event_is_truncated() {
    for body in [
        "event: message_st",
        "event: message_start\ndata: {\"type\"",
        "dat",
        "data:",
        ": hi\n\nevent",
        "\u{feff}data: {",
        "event: x\n\nevent",
        "event: x\r\n\r\ndata: {",
        "event: x\r\n: hi\r\n",
        "data:\n\nevent: x",
    ] {
        for chunk in [1, 2, 3, 7, usize::MAX] {
            let incomplete = end(MessageDecoder::new(), body.as_bytes(), chunk);
            assert_eq!(incomplete.reason(), Completion::Truncated, "{body:?}");
            assert_eq!(incomplete.non_stream_body(), None, "{body:?}");
        }
    }
}

/// `docs/protocol.md`, heading "Completion": a block without `data` dispatches no event, so its `event:` does not
/// begin one. A byte order mark is complete, or its bytes belong to the name of a field.
#[test]
fn event_type_of_a_block_without_data_begins_no_event() {
    for body in [
        "event: x\n\n: hi",
        "event: x\r\rid: 1",
        "event: x\r\n\r\nretry: 1\r\n",
        "event: message_start\n\nevA: {\"",
        "\u{feff}event: x\n\n{",
    ] {
        assert_eq!(found(body.as_bytes()), NonStreamBody::OnlyComments, "{body:?}");
    }
    for body in [&b"\xEFdata: {"[..], b"\xEF\xBBevent: x", b"\xEF\xEF\xBB\xBFdata: {", b"\xEF{"] {
        assert_eq!(found(body), NonStreamBody::Binary, "{}", body.escape_ascii());
    }
}

#[test]
fn truncated_stream_of_another_protocol_is_other_events() {
    assert_eq!(found(b"event: greeting\ndata: {}\n\nevent: gree"), NonStreamBody::OtherEvents);
}

/// The event above the limit may have been part of a message.
#[test]
fn stream_of_one_event_above_the_limit_is_limit_exceeded() {
    let body = format!("data: {}\n\n", "x".repeat(100));
    for chunk in [1, 7, usize::MAX] {
        let stream = MessageDecoder::new().with_decoder(ssewire::Decoder::new().with_max_event_bytes(50));
        let incomplete = end(stream, body.as_bytes(), chunk);
        assert_eq!(incomplete.reasons(), [Completion::LimitExceeded, Completion::Truncated]);
    }
}

#[test]
fn content_type_classifies_a_body_that_its_bytes_do_not() {
    let with_type = |kind: &'static str| move || MessageDecoder::new().with_content_type(kind);
    let bedrock = "application/vnd.amazon.eventstream";
    assert_eq!(found_with(with_type(bedrock), b"\x00\x00\x01"), NonStreamBody::ContentType(bedrock.into()));
    assert!(NonStreamBody::ContentType(bedrock.into()).to_string().contains("Bedrock"));
    assert_eq!(
        found_with(with_type("Text/Plain; charset=utf-8"), b"no upstream"),
        NonStreamBody::ContentType("text/plain".into())
    );
    assert_eq!(found_with(with_type("text/event-stream; charset=utf-8"), b"no upstream"), NonStreamBody::Text);
    assert_eq!(found_with(with_type("text/plain"), b"<html>"), NonStreamBody::Html, "the bytes are more specific");
    assert_eq!(found_with(with_type(""), b"no upstream"), NonStreamBody::Text);
    assert_eq!(found_with(with_type("text/\nplain"), b"no upstream"), NonStreamBody::Text, "not a media type");
    for length in [127, 128] {
        let kind = "x".repeat(length);
        let expected = if length == 127 { NonStreamBody::ContentType((&*kind).into()) } else { NonStreamBody::Text };
        let decoder = || MessageDecoder::new().with_content_type(&kind);
        assert_eq!(found_with(decoder, b"no upstream"), expected, "a name of {length} bytes");
    }
}

#[test]
fn stream_with_a_wrong_content_type_is_decoded() {
    let body = include_bytes!("../../data/streams/samples/text.sse");
    let mut stream = MessageDecoder::new().with_content_type("application/json");
    let mut input = &body[..];
    while let Step::Update(_) = stream.decode(&mut input).unwrap() {}
    assert!(!stream.finish().unwrap().text().is_empty());
}

/// A rejected event changes nothing, but it shows that the body is a Messages stream.
#[test]
fn stream_whose_first_event_is_rejected_is_not_a_non_stream_body() {
    let stream = MessageDecoder::new().with_accumulator(Accumulator::new().with_validation(Validation::Strict));
    let incomplete = end(stream, b"data: {\"type\":\"content_block_stop\",\"index\":0}\n\n", usize::MAX);
    assert_eq!(incomplete.reasons(), [Completion::RejectedByStrictMode, Completion::Truncated]);
}

/// The text of a rejected event is missing, so the message must not count as complete.
#[test]
fn message_with_a_rejected_event_is_incomplete() {
    let body = concat!(
        "data: {\"type\":\"message_start\",\"message\":{}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Not \"}}\n\n",
        "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"guilty\"}}\n\n",
        "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n",
        "data: {\"type\":\"message_stop\"}\n\n",
    );
    let stream = MessageDecoder::new().with_accumulator(Accumulator::new().with_validation(Validation::Strict));
    let incomplete = end(stream, body.as_bytes(), usize::MAX);
    assert_eq!(incomplete.reasons(), [Completion::RejectedByStrictMode, Completion::Truncated]);
    assert_eq!(incomplete.partial().text(), "", "the message ends at the first violation");
}

/// Debug output goes to logs. It must not contain text of a body, whether decoded or only buffered.
#[test]
fn debug_does_not_show_text_of_a_body() {
    let canary = "sk-ant-canary";
    let message = format!("{{\"type\":\"message\",\"content\":[{{\"type\":\"text\",\"text\":\"{canary}\"}}]}}");
    for body in [message, format!("{{\"x-api-key\":\"{canary}\"}}"), format!("error: {canary}\n"), canary.to_owned()] {
        let mut stream = MessageDecoder::new();
        let mut input = body.as_bytes();
        while let Ok(Step::Update(_)) = stream.decode(&mut input) {}
        let shown = format!("{stream:?}");
        let bytes = format!("{:?}", canary.as_bytes());
        assert!(!shown.contains(canary) && !shown.contains(bytes.trim_matches(['[', ']'])), "{shown}");
        let incomplete = stream.finish().unwrap_err();
        let shown = format!("{incomplete:?} {incomplete} {:?}", incomplete.non_stream_body());
        assert!(!shown.contains(canary), "{shown}");
    }
}
