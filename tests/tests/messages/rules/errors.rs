//! `docs/protocol.md`, heading "Errors": which bytes are an error, at any position, and its result.

use serde_json::json;
use ssewire_messages::{
    Accumulator, ApiError, Completion, ErrorKind, Incomplete, MessageDecoder, ResponseHead, Step, StreamEvent, Update,
};

use super::support::*;

/// [`EVENT_TYPES`] except `error`.
fn other_types() -> impl Iterator<Item = &'static str> {
    EVENT_TYPES.into_iter().filter(|name| *name != "error")
}

// Bytes that are an error

#[test]
fn a_payload_whose_type_is_error() {
    for payload in [error(), json!({"type": "error"}), json!({"type": "error", "error": null, "index": 0})] {
        for name in EVENT_TYPES {
            assert_eq!(error_in(&named(name, &payload.to_string())).body(), &payload, "under the name {name:?}");
        }
    }
}

#[test]
fn a_payload_whose_object_is_error_whatever_its_type() {
    let types = ["BadRequestError", "overloaded_error", "error", "future_event"].into_iter();
    for kind in types.chain(other_types().skip(2)) {
        let payload = json!({"object": "error", "type": kind, "message": "boom", "code": 400});
        for name in EVENT_TYPES {
            let error = error_in(&named(name, &payload.to_string()));
            assert_eq!(
                (error.body().to_value().unwrap(), error.message()),
                (payload.clone(), Some("boom")),
                "{kind} under {name:?}"
            );
        }
    }
    let mut delta = text(0, "x");
    delta["object"] = json!("error");
    assert_eq!(error_in(&sse(&[delta.clone()])).body(), &delta, "a whole delta, too");
    assert_eq!(error_in(&named("", r#"{"object":"error"}"#)).body(), &json!({"object": "error"}), "or no type at all");
}

/// JSON has several spellings of one string.
#[test]
fn an_error_is_one_however_its_strings_are_escaped() {
    for payload in [
        r#"{"type":"ping","object":"\u0065rror"}"#,
        r#"{"type":"ping","\u006fbject":"err\u006Fr"}"#,
        r#"{"\u0065rror":"boom"}"#,
        r#"{"type":"\u0065rror"}"#,
    ] {
        for name in EVENT_TYPES {
            error_in(&named(name, payload));
        }
    }
}

/// Each occurrence of a repeated member counts: no error is ignored.
#[test]
fn a_repeated_member_hides_no_error() {
    for payload in [
        r#"{"type":"ping","object":"error","object":"list"}"#,
        r#"{"type":"ping","object":"list","object":"error"}"#,
        r#"{"error":"boom","error":null}"#,
        r#"{"detail":null,"detail":"boom"}"#,
    ] {
        error_in(&named("", payload));
    }
}

#[test]
fn a_payload_without_a_type_and_with_a_non_null_error_or_detail() {
    for payload in [
        json!({"error": {"type": "overloaded_error", "message": "boom"}}),
        json!({"error": "boom"}),
        json!({"error": "boom", "detail": null}),
        json!({"error": false}),
        json!({"error": {}}),
        json!({"detail": "boom"}),
        json!({"detail": [{"msg": "boom"}]}),
        json!({"detail": 0, "error": null}),
    ] {
        for name in EVENT_TYPES {
            assert_eq!(error_in(&named(name, &payload.to_string())).body(), &payload, "under the name {name:?}");
        }
    }
}

#[test]
fn a_null_error_or_detail_is_not_an_error() {
    for payload in [json!({"error": null}), json!({"detail": null, "x": 1}), json!({"error": null, "detail": null})] {
        for name in ["", "message", "future_event", "ping"] {
            assert_not_an_error(&named(name, &payload.to_string()));
        }
    }
}

#[test]
fn an_error_or_detail_beside_a_type_is_not_an_error() {
    for kind in ["future_event", "overloaded_error", "ping"] {
        for name in other_types() {
            assert_not_an_error(&named(name, &json!({"type": kind, "error": {"message": "boom"}}).to_string()));
            assert_not_an_error(&named(name, &json!({"type": kind, "detail": "boom"}).to_string()));
        }
    }
    let mut delta = text(0, "");
    delta["error"] = json!("boom");
    assert_not_an_error(&sse(&[delta]));
}

#[test]
fn a_json_object_of_another_kind_is_not_an_error() {
    for object in [json!("chat.completion.chunk"), json!(null), json!(["error"])] {
        assert_not_an_error(&named("", &json!({"object": object}).to_string()));
        assert_not_an_error(&named("", &json!({"object": object, "type": "ping"}).to_string()));
    }
}

#[test]
fn anything_under_the_event_type_error() {
    for payload in [
        json!({}),
        json!({"message": "boom"}),
        json!({"index": 0, "delta": {"type": "text_delta", "text": "x"}}),
        json!({"error": null, "detail": null}),
        json!({"type": "future_event"}),
        json!({"type": "future_event", "error": {"message": "boom"}}),
        json!({"type": null}),
        json!("boom"),
        json!(["boom"]),
        json!(5),
        json!(null),
        json!(true),
    ] {
        assert_eq!(error_in(&named("error", &payload.to_string())).body(), &payload);
    }
    assert_eq!(error_in(&named("error", "\"boom\"")).message(), Some("boom"));
}

#[test]
fn a_known_event_under_the_event_type_error_is_itself() {
    let events = [begin(), start(0, text_block("a")), text(0, "b"), stop(0), end_turn(), ping(), end()];
    let body: String = events.iter().map(|event| named("error", &event.to_string())).collect();
    assert_eq!(tolerated(body), orderly(&events).message());
}

#[test]
fn text_that_is_not_json_under_the_event_type_error_is_the_message() {
    for text in ["boom", "upstream connect error: 503", "{\"type\": \"error\"", "<html>boom</html>", "500 boom"] {
        let error = error_in(&named("error", text));
        assert_eq!((error.message(), error.body().to_value().unwrap(), error.kind()), (Some(text), json!(text), None));
    }
    let lines = error_in("event: error\ndata: boom\ndata: bang\n\n");
    assert_eq!(lines.message(), Some("boom\nbang"));
    for spaced in [
        "event: error\ndata: \t boom bang \t\n\n",
        "error:  boom bang \n\n",
        "event: error\ndata:\ndata: boom bang\n\n",
    ] {
        assert_eq!(error_in(spaced).message(), Some("boom bang"), "{spaced:?}");
    }
}

#[test]
fn the_type_of_an_error_under_the_event_type_error_is_its_kind() {
    for (kind, expected, _) in KINDS {
        let payload = json!({"type": kind, "message": "boom"});
        let error = error_in(&named("error", &payload.to_string()));
        assert_eq!((error.kind(), error.message()), (Some(&expected), Some("boom")));
        assert_eq!(error.body(), &payload);
        assert_not_an_error(&named("message", &payload.to_string()));
    }
}

// The field `error`

#[test]
fn a_field_named_error_is_an_error_at_its_blank_line() {
    let overloaded = error().to_string();
    for (field, message) in [
        (format!("error: {overloaded}"), Some("Overloaded")),
        (format!("error:{overloaded}"), Some("Overloaded")),
        ("error: {\"message\": \"boom\", \"code\": 500}".to_owned(), Some("boom")),
        ("error: boom".to_owned(), Some("boom")),
        ("id: 1\nerror: boom\nretry: 5".to_owned(), Some("boom")),
        (": comment\nerror: boom".to_owned(), Some("boom")),
        ("error: ".to_owned(), None),
        ("error:".to_owned(), None),
        ("error".to_owned(), None),
    ] {
        for line_end in ["\n", "\r\n", "\r"] {
            let block = format!("{field}\n\n").replace('\n', line_end);
            assert_eq!(error_in(&block).message(), message, "{block:?}");
        }
    }
}

#[test]
fn a_field_named_error_without_its_blank_line_is_not_an_error() {
    let body = body(sse(&[begin(), end_turn()]) + "error: boom\n");
    assert_eq!(body.lost, []);
    assert_eq!(to_json(&body.end.unwrap())["stop_reason"], "end_turn");
}

/// Before `message_stop` no error is ignored: in one block with it, the error comes first.
#[test]
fn a_field_named_error_in_the_block_of_message_stop_ends_the_message_before_it() {
    let before = sse(&[begin(), start(0, text_block("a")), stop(0), end_turn()]);
    for block in [format!("error: boom\ndata: {}\n\n", end()), format!("data: {}\nerror: boom\n\n", end())] {
        for cut in [0, 1] {
            // A file that lacks its last line end.
            let bytes = before.clone() + &block[..block.len() - cut];
            let incomplete = body(bytes).end.unwrap_err();
            assert_eq!(incomplete.reason(), Completion::ServerError);
            assert_eq!(incomplete.server_error().unwrap().message(), Some("boom"));
        }
    }
    let beside = format!("error: {}\ndata: {}\n\n", ping(), end());
    assert!(body(before + &beside).end.is_ok(), "an event that is no error hides no message_stop");
}

#[test]
fn a_known_event_in_a_field_named_error_is_itself() {
    assert_not_an_error("error: {\"type\": \"ping\"}\n\n");
    let body = body(around(format!("error: {}\n\n", text(0, "+"))));
    assert_eq!(to_json(&body.end.unwrap())["content"], json!([text_block("a+b")]));
}

#[test]
fn a_field_of_another_name_is_not_an_error() {
    for field in
        ["Error: boom", "ERROR: boom", "errors: boom", " error: boom", "error : boom", ":error: boom", "err: x"]
    {
        assert_not_an_error(&format!("{field}\n\n"));
    }
}

#[test]
fn an_event_with_a_field_named_error_beside_its_data_is_both() {
    for block in [format!("data: {}\nerror: boom\n\n", text(0, "+")), format!("error: boom\ndata: {}\n\n", ping())] {
        let [lenient, strict] = streams().map(|stream| body_with(stream, &around(&block)));
        for body in [lenient, strict] {
            assert_eq!(body.end.unwrap_err().server_error().unwrap().message(), Some("boom"), "{block}");
        }
    }
}

// Without an event

#[test]
fn a_block_without_a_data_line_is_not_an_event() {
    for block in [
        "event: error\n\n",
        "event: error\nid: 1\nretry: 5\n\n",
        "event: error\n: data: x\n\n",
        "event: error\nDATA: x\n\n",
    ] {
        assert_not_an_error(block);
        assert_eq!(body(block).events, [], "{block:?}");
    }
    assert_not_an_error("event: message_stop\n\n");
}

#[test]
fn the_event_type_of_a_block_without_a_data_line_is_not_that_of_the_next() {
    assert_not_an_error("event: error\n\ndata: {\"x\": 1}\n\n");
}

// Retries

/// The kinds of errors, and whether a retry is sensible.
const KINDS: [(&str, ErrorKind, bool); 11] = [
    ("invalid_request_error", ErrorKind::InvalidRequest, false),
    ("authentication_error", ErrorKind::Authentication, false),
    ("billing_error", ErrorKind::Billing, false),
    ("permission_error", ErrorKind::Permission, false),
    ("not_found_error", ErrorKind::NotFound, false),
    ("conflict_error", ErrorKind::Conflict, true),
    ("request_too_large", ErrorKind::RequestTooLarge, false),
    ("rate_limit_error", ErrorKind::RateLimit, true),
    ("api_error", ErrorKind::Api, true),
    ("timeout_error", ErrorKind::Timeout, true),
    ("overloaded_error", ErrorKind::Overloaded, true),
];

#[test]
fn an_overloaded_error_inside_a_200_stream_is_retryable() {
    let body = body(around(sse(&[error()])));
    let incomplete = body.end.unwrap_err();
    let overloaded = incomplete.server_error().unwrap();
    assert_eq!((overloaded.kind(), overloaded.status()), (Some(&ErrorKind::Overloaded), None));
    assert!(overloaded.is_retryable());
    // Also if it is known that the status was 200.
    let in_200 = ApiError::from_response(head(200), error().to_string().as_bytes());
    let in_529 = ApiError::from_response(head(529), error().to_string().as_bytes());
    assert!(in_200.is_retryable() && in_529.is_retryable());
}

#[test]
fn an_error_in_a_stream_is_classified_by_its_type() {
    for (name, kind, retryable) in KINDS {
        let payload = json!({"type": "error", "error": {"type": name, "message": "boom"}, "request_id": "req_1"});
        let error = error_in(&sse(&[payload]));
        assert_eq!((error.kind(), error.is_retryable()), (Some(&kind), retryable), "{name}");
        assert_eq!((error.message(), error.request_id()), (Some("boom"), Some("req_1")));
    }
}

#[test]
fn an_error_of_a_response_is_classified_by_its_status_if_it_has_no_type() {
    let retryable = [408, 409, 429, 500, 501, 502, 503, 504, 520, 529, 599];
    let final_ = [400, 401, 402, 403, 404, 413, 418, 422];
    for (statuses, expected) in [(&retryable[..], true), (&final_[..], false)] {
        for status in statuses {
            let error = ApiError::from_response(head(*status), b"");
            assert_eq!(error.is_retryable(), expected, "{status}");
        }
    }
}

/// The table of incomplete messages. "Else": the head of the response says nothing.
#[test]
fn an_incomplete_message_is_retryable_as_its_row_says() {
    let [lenient, strict, limited]: [fn() -> MessageDecoder; 3] = [
        MessageDecoder::new,
        || MessageDecoder::new().with_accumulator(strict_accumulator()),
        || MessageDecoder::new().with_accumulator(Accumulator::new().with_max_bytes(1000)),
    ];
    let begun = || sse(&[begin(), start(0, text_block("")), text(0, "a")]);
    let with_error = |kind| sse(&[json!({"type": "error", "error": {"type": kind, "message": "boom"}})]);
    let json_error = |kind| json!({"type": "error", "error": {"type": kind, "message": "boom"}}).to_string();
    let call = sse(&[begin(), start(0, tool(json!({}))), input(0, "{\"a\": ")]);
    let lost_piece = named("content_block_delta", "{");
    let too_large = sse(&[text(0, &"x".repeat(2000))]);
    for (decoder, body, reason, expected) in [
        // An error in JSON: as the error.
        (lenient, json_error("overloaded_error"), Completion::NonStreamBody, true),
        (lenient, json_error("invalid_request_error"), Completion::NonStreamBody, false),
        (limited, json_error("overloaded_error") + "\n" + &"more\n".repeat(400), Completion::NonStreamBody, true),
        // Any other body.
        (lenient, String::new(), Completion::NonStreamBody, true),
        (lenient, "\r\n \n".into(), Completion::NonStreamBody, true),
        (lenient, ": hi\n\n".into(), Completion::NonStreamBody, true),
        (lenient, "retry: 3000\n\n".into(), Completion::NonStreamBody, true),
        (lenient, named("", "[DONE]"), Completion::NonStreamBody, true),
        (lenient, sse(&[unknown_event()]), Completion::NonStreamBody, false),
        (lenient, message(json!({})).to_string(), Completion::NonStreamBody, false),
        (lenient, "{\"ok\": ".into(), Completion::NonStreamBody, false),
        (lenient, "<html>502</html>".into(), Completion::NonStreamBody, false),
        (lenient, "no upstream".into(), Completion::NonStreamBody, false),
        (lenient, "\u{1}\0\u{2}".into(), Completion::NonStreamBody, false),
        // A part is missing, for any other reason beside it.
        (limited, begun() + &too_large, Completion::LimitExceeded, false),
        (limited, begun() + &too_large + &with_error("overloaded_error"), Completion::ServerError, false),
        (strict, begun() + &sse(&[text(7, "b")]), Completion::RejectedByStrictMode, false),
        (lenient, begun() + &lost_piece, Completion::Truncated, false),
        (lenient, begun() + &lost_piece + &sse(&[end_turn(), end()]), Completion::ContentLost, false),
        (lenient, begun() + &lost_piece + &with_error("api_error"), Completion::ServerError, false),
        // An error of the server: as the error.
        (lenient, with_error("overloaded_error"), Completion::ServerError, true),
        (lenient, begun() + &with_error("overloaded_error"), Completion::ServerError, true),
        (lenient, call.clone() + &with_error("api_error"), Completion::ServerError, true),
        (lenient, begun() + &with_error("invalid_request_error"), Completion::ServerError, false),
        (lenient, begun() + &with_error("tea_error"), Completion::ServerError, false),
        // Truncated, wherever it is.
        (lenient, "da".into(), Completion::Truncated, true),
        (lenient, sse(&[ping()]), Completion::Truncated, true),
        (lenient, begun(), Completion::Truncated, true),
        (lenient, begun() + &sse(&[message_start(json!({"id": "msg_2"}))]), Completion::Truncated, true),
        (lenient, call.clone(), Completion::Truncated, true),
        // Ended by the server.
        (lenient, call.clone() + &sse(&[end_turn(), end()]), Completion::ToolInput, false),
        (strict, begun() + &sse(&[stop(0), end_turn()]), Completion::Unterminated, false),
    ] {
        for (status, should_retry) in [(None, None), (Some(200), None), (Some(200), Some("perhaps"))] {
            let head = status.map(|status| ResponseHead::new(status, should_retry.map(|it| ("x-should-retry", it))));
            let incomplete = incomplete(decoder, &body, head);
            assert_eq!((incomplete.reason(), incomplete.is_retryable()), (reason, expected), "{body:?} {status:?}");
            assert_eq!(incomplete.has_content(), body.contains("content_block_start"), "{body:?}");
        }
    }
}

/// "As the head of the response says".
#[test]
fn an_incomplete_message_without_an_error_is_retryable_as_the_head_of_its_response_says() {
    let by_head: [(u16, Option<&str>, Option<bool>); 14] = [
        (200, None, None),
        (204, None, None),
        (200, Some("true"), Some(true)),
        (200, Some("false"), Some(false)),
        (302, None, Some(false)),
        (400, None, Some(false)),
        (400, Some("true"), Some(true)),
        (404, None, Some(false)),
        (408, None, Some(true)),
        (429, None, Some(true)),
        (502, None, Some(true)),
        (502, Some("false"), Some(false)),
        (503, None, Some(true)),
        (529, None, Some(true)),
    ];
    for (status, should_retry, expected) in by_head {
        for (body, otherwise) in [("", true), (": hi\n\n", true), ("data: {\"type\":", true), ("<html>502", false)] {
            let head = ResponseHead::new(status, should_retry.map(|it| ("x-should-retry", it)));
            let incomplete = incomplete(MessageDecoder::new, body, Some(head.clone()));
            assert_eq!(incomplete.is_retryable(), expected.unwrap_or(otherwise), "{status} {should_retry:?} {body:?}");
            if status >= 300 {
                let error = ApiError::from_response(head, body.as_bytes());
                assert_eq!(error.is_retryable(), incomplete.is_retryable(), "{status} {should_retry:?} {body:?}");
            }
        }
        // It does not restore lost content, and does not reopen a message that has ended.
        let lost = sse(&[begin(), start(0, text_block(""))]) + &named("content_block_delta", "{");
        let ended = sse(&[begin(), start(0, tool(json!({}))), input(0, "{"), end_turn(), end()]);
        for body in [lost, ended] {
            let head = ResponseHead::new(status, should_retry.map(|it| ("x-should-retry", it)));
            assert!(!incomplete(MessageDecoder::new, &body, Some(head)).is_retryable(), "{status} {body:?}");
        }
    }
}

#[test]
fn the_members_of_the_body_are_read() {
    let payload = json!({
        "type": "error", "request_id": "req_1",
        "error": {"type": "invalid_request_error", "message": "boom", "details": {"error_code": "code"}},
    });
    let error = error_in(&sse(&[payload]));
    assert_eq!((error.error_code().as_deref(), error.request_id()), (Some("code"), Some("req_1")));
    let null = json!({"type": "error", "error": {"type": "api_error", "message": "boom", "details": null}});
    assert_eq!(error_in(&sse(&[null])).error_code(), None);
}

// Before and after message_stop

/// Every shape of an error.
fn shapes() -> [String; 8] {
    [
        sse(&[error()]),
        named("", &error().to_string()),
        named("", r#"{"object":"error","type":"content_block_delta","message":"boom"}"#),
        named("message", r#"{"error":{"type":"api_error","message":"boom"}}"#),
        named("", r#"{"detail":"boom"}"#),
        named("error", "boom"),
        named("error", r#"{"type":"overloaded_error","message":"boom"}"#),
        "error: boom\n\n".to_owned(),
    ]
}

#[test]
fn before_message_stop_no_error_is_ever_ignored() {
    let events = [ping(), begin(), start(0, text_block("")), text(0, "a"), stop(0), end_turn(), end()];
    for shape in shapes() {
        for at in 0..events.len() {
            let (before, after) = events.split_at(at);
            let bytes = sse(before) + &shape + &sse(after);
            let expected = orderly(before).message();
            for stream in streams() {
                let incomplete = body_with(stream, bytes.as_bytes()).end.unwrap_err();
                assert_eq!(incomplete.reason(), Completion::ServerError, "{shape} before event {at}");
                assert!(incomplete.server_error().is_some());
                assert_eq!(to_json(incomplete.partial()), expected, "final: later events change nothing");
            }
        }
    }
}

#[test]
fn before_message_stop_an_error_is_not_ignored_whatever_came_before_it() {
    let broken = named("content_block_delta", "{");
    let oddities = [
        named("", "[DONE]"),
        broken,
        named("ping", "\"\""),
        sse(&[unknown_event()]),
        "event: error\n\n".to_owned(),
        sse(&[text(7, "early"), stop(9), begin()]),
    ];
    for shape in shapes() {
        for oddity in &oddities {
            for stream in streams() {
                let body = body_with(stream, &around(format!("{oddity}{shape}")));
                let incomplete = body.end.unwrap_err();
                let is_rejected = incomplete.reason() == Completion::RejectedByStrictMode;
                assert!(is_rejected || incomplete.server_error().is_some(), "{oddity}{shape}");
                assert!(is_rejected || incomplete.reason() == Completion::ServerError);
            }
        }
    }
}

#[test]
fn the_first_error_is_kept() {
    let second = json!({"type": "error", "error": {"type": "api_error", "message": "second"}});
    for stream in streams() {
        let body = body_with(stream, &around(sse(&[error(), second.clone()])));
        assert_eq!(body.end.unwrap_err().server_error().unwrap().body(), &error());
    }
}

#[test]
fn a_body_of_an_error_event_alone_reports_it() {
    for shape in shapes() {
        let body = body(&shape);
        assert_eq!(body.lost, []);
        let incomplete = body.end.unwrap_err();
        assert_eq!(incomplete.reason(), Completion::ServerError, "{shape}");
        assert!(incomplete.server_error().is_some() && !incomplete.has_started());
    }
}

#[test]
fn after_message_stop_the_message_stays_complete() {
    let events = [begin(), start(0, text_block("a")), stop(0), end_turn(), end()];
    let expected = orderly(&events).message();
    for shape in shapes() {
        for stream in streams() {
            let bytes = sse(&events) + &shape;
            let message = body_with(stream, bytes.as_bytes()).end.unwrap();
            assert_eq!(to_json(&message), expected, "{shape}");
        }
    }
}

#[test]
fn after_message_stop_an_error_is_recorded_and_in_strict_mode_rejected() {
    let events = [begin(), end_turn(), end()];
    let run = orderly(&events).then(&[error()]);
    assert!(run.results.iter().all(Result::is_ok));
    assert_eq!(run.violations().len(), 1);
    assert!(run.accumulator.server_error().is_none());
    let refused = strict(&events).then(&[error()]);
    assert!(refused.results.last().unwrap().is_err());
    assert_eq!(refused.violations(), []);
    assert_eq!(refused.accumulator.completion(), Completion::Complete);
}

// Helpers

/// A lenient stream and a strict one.
fn streams() -> [fn() -> MessageDecoder; 2] {
    [MessageDecoder::new, || MessageDecoder::new().with_accumulator(strict_accumulator())]
}

/// The report on a body that was read to its end.
fn incomplete(decoder: fn() -> MessageDecoder, body: &str, head: Option<ResponseHead>) -> Incomplete {
    let make = || match &head {
        Some(head) => decoder().with_response_head(head.clone()),
        None => decoder(),
    };
    body_with(make, body.as_bytes()).end.unwrap_err()
}

fn head(status: u16) -> ResponseHead {
    ResponseHead::new(status, [("content-type", "text/event-stream")])
}

/// Returns the error of these bytes in the middle of a stream. It is returned as an update, is in the completion, and
/// ends the message.
#[track_caller]
fn error_in(bytes: &str) -> ApiError {
    let [lenient, strict] = streams().map(|stream| {
        let mut body = body_with(stream, &around(bytes));
        let errors = body.events.iter().filter(|event| matches!(event, StreamEvent::Error(_))).count();
        assert_eq!(errors, 1, "delivered once: {bytes}");
        let incomplete = body.end.unwrap_err();
        assert_eq!(incomplete.reason(), Completion::ServerError, "{bytes}");
        assert_eq!(to_json(incomplete.partial()), message(json!({"content": [text_block("a")]})), "{bytes}");
        let at = body.events.iter().position(|event| matches!(event, StreamEvent::Error(_))).unwrap();
        let StreamEvent::Error(delivered) = body.events.swap_remove(at) else { panic!("an error") };
        assert_eq!(incomplete.server_error(), Some(&*delivered));
        *delivered
    });
    assert_eq!(lenient, strict);
    lenient
}

/// Checks that these bytes, in the middle of a stream, are not an error and change nothing.
#[track_caller]
fn assert_not_an_error(bytes: &str) {
    assert_eq!(tolerated(around(bytes)), around_nothing(), "{bytes}");
}

/// "The ASCII white space around the text is removed first", also white space that JSON does not know.
#[test]
fn white_space_around_the_json_of_an_error_is_not_part_of_it() {
    for payload in [error().to_string(), serde_json::to_string_pretty(&error()).unwrap(), "\"boom\"".to_owned()] {
        let expected = error_in(&named("error", &payload));
        for (before, after) in [("\u{c}", ""), ("", "\u{c}"), (" \t", "\u{c} ")] {
            assert_eq!(error_in(&named("error", &format!("{before}{payload}{after}"))), expected, "{payload:?}");
        }
    }
}

/// "If its last line is a JSON object", also with white space around it.
#[test]
fn white_space_around_the_last_line_of_an_error_text_decides_nothing() {
    for (before, after) in [("", ""), (" ", ""), ("\t ", " ")] {
        let text = format!("data: {{\"broken\ndata:{before} {}{after}\n\n", error());
        let found = error_in(&format!("event: error\n{text}"));
        assert_eq!(found.body(), &error(), "{text:?}");
    }
}

// Several `error` fields in one block

/// "The first one that is an error counts; without such a one, the first."
#[test]
fn the_first_error_among_the_error_fields_of_a_block_counts() {
    let others = ["{\"type\":\"ping\"}", "[DONE]", "{\"type\":\"content_block_stop\"}"];
    for other in others {
        for block in [
            format!("error: {other}\nerror: boom\n\n"),
            format!("error: {other}\nerror: {other}\nerror: boom\nerror: later\n\n"),
            format!("error: {other}\ndata: {{\"type\":\"ping\"}}\nerror: boom\n\n"),
        ] {
            assert_eq!(error_in(&block).message(), Some("boom"), "{block}");
        }
        let last = format!("error: {other}\nevent: message_stop\ndata: {{}}\nerror: boom\n\n");
        let incomplete = body(sse(&[begin(), end_turn()]) + &last).end.unwrap_err();
        assert_eq!(incomplete.server_error().and_then(ApiError::message), Some("boom"), "before message_stop");
    }
    assert_eq!(error_in("error: first\nerror: second\n\n").message(), Some("first"));
    let without_error = around("error: {\"type\":\"content_block_stop\"}\nerror: {\"type\":\"ping\"}\n\n");
    assert_eq!(body(without_error).lost.len(), 1, "the first, which is undecodable");
}

/// "A skipped event that is too large or undecodable is reported as lost": such a field is an event.
#[test]
fn an_error_field_before_a_further_message_is_an_event() {
    let first = sse(&[begin(), end_turn(), end()]);
    for (field, lost) in [("boom", 0), ("{\"type\":\"ping\"}", 0), ("{\"type\":\"content_block_stop\"}", 1)] {
        let bytes = format!("{first}error: {field}\n\n{first}");
        let (mut decoder, mut input) = (MessageDecoder::new(), bytes.as_bytes());
        while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
        decoder.next_message().unwrap();
        let mut updates = Vec::new();
        while let Step::Update(event) = decoder.decode(&mut input).unwrap() {
            updates.push(matches!(event.update, Update::Lost(_)));
        }
        assert_eq!((updates.len(), updates.iter().filter(|is_lost| **is_lost).count()), (3 + lost, lost), "{field}");
        assert_eq!((decoder.event_count(), decoder.finish().is_ok()), (7, true), "{field}");
    }
}
