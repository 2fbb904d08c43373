//! API errors, response heads and retry decisions, checked against `docs/protocol.md`, heading "Errors".

use std::time::Duration;

use serde_json::{Value, json};
use ssewire_messages::{
    ApiError, Backoff, ErrorKind, GiveUp, MessageDecoder, ResponseHead, RetryAfter, Step, StreamEvent,
};

const NO_HEADERS: [(&str, &str); 0] = [];

fn head(status: u16) -> ResponseHead {
    ResponseHead::new(status, NO_HEADERS)
}

fn response(status: u16, body: &str) -> ApiError {
    ApiError::from_response(head(status), body.as_bytes())
}

fn messages_api(kind: &str) -> String {
    json!({"type": "error", "error": {"type": kind, "message": "boom"}}).to_string()
}

/// The table of the page: status, type, and whether a retry is sensible.
const TABLE: [(u16, &str, bool); 11] = [
    (400, "invalid_request_error", false),
    (401, "authentication_error", false),
    (402, "billing_error", false),
    (403, "permission_error", false),
    (404, "not_found_error", false),
    (409, "conflict_error", true),
    (413, "request_too_large", false),
    (429, "rate_limit_error", true),
    (500, "api_error", true),
    (504, "timeout_error", true),
    (529, "overloaded_error", true),
];

#[test]
fn error_kind_agrees_with_the_table_of_errors() {
    for (status, kind, retryable) in TABLE {
        let of_status = ErrorKind::from_status(status).unwrap();
        assert_eq!(of_status, ErrorKind::from(kind));
        assert_eq!(of_status.as_str(), kind);
        assert_eq!(of_status.is_retryable(), retryable, "{kind}");
    }
    for status in [200, 408, 418, 503] {
        assert_eq!(ErrorKind::from_status(status), None);
    }
    assert_eq!(ErrorKind::from("tea_error"), ErrorKind::Unknown("tea_error".into()));
    assert!(!ErrorKind::from("tea_error").is_retryable());
}

/// A status without a body, and a type in a stream, give the same result.
#[test]
fn api_error_agrees_with_the_table_of_errors() {
    for (status, kind, again) in TABLE {
        let whole = response(status, &messages_api(kind));
        assert_eq!(whole.kind(), Some(&ErrorKind::from(kind)));
        assert_eq!(whole.message(), Some("boom"));
        assert_eq!((whole.status(), whole.is_retryable()), (Some(status), again), "{kind}");

        let silent = response(status, "");
        assert_eq!(silent.kind(), Some(&ErrorKind::from(kind)));
        assert_eq!((silent.message(), silent.is_retryable()), (None, again), "{kind}");

        let in_a_stream = error_event(&messages_api(kind));
        assert_eq!((in_a_stream.status(), in_a_stream.response_head()), (None, None));
        assert_eq!(in_a_stream.is_retryable(), again, "{kind}");

        // The type decides, not the status 200.
        let in_a_success = response(200, &messages_api(kind));
        assert_eq!(in_a_success.is_retryable(), again, "{kind}");
    }
}

#[test]
fn is_retryable_by_status_without_a_known_type() {
    for (status, again) in [(408, true), (502, true), (503, true), (520, true), (599, true), (418, false), (422, false)]
    {
        let error = response(status, "");
        assert_eq!((error.kind(), error.is_retryable()), (None, again), "{status}");
    }
    assert!(!response(200, "").is_retryable());
    assert!(!ApiError::from_body(json!({"error": {"type": "tea_error"}}).into()).is_retryable());
    assert!(!ApiError::from_body(json!({"error": "boom"}).into()).is_retryable());
    assert!(response(503, &messages_api("tea_error")).is_retryable(), "the status is known");
}

/// `docs/protocol.md`, heading "Errors": "An error inside a stream is classified by its `error.type`".
#[test]
fn is_retryable_by_a_status_in_the_body_only_without_a_known_type() {
    let error = |kind: Value| error_event(&json!({"type": "error", "error": {"type": kind, "code": 503}}).to_string());
    assert!(!error(json!("invalid_request_error")).is_retryable());
    assert!(error(json!("tea_error")).is_retryable());
    assert!(error(Value::Null).is_retryable());
}

/// An error event of a stream.
fn error_event(data: &str) -> ApiError {
    match StreamEvent::decode(b"error", data.as_bytes()) {
        Ok(Some(StreamEvent::Error(error))) => *error,
        other => panic!("an error: {other:?}"),
    }
}

/// The result is the same for a response and for an error event.
#[test]
fn api_error_decodes_the_error_shapes_of_other_servers() {
    let unknown = |name: &str| Some(ErrorKind::Unknown(name.into()));
    for (body, kind, message) in [
        (json!({"type": "error", "error": {"type": "api_error", "message": "m"}}), Some(ErrorKind::Api), Some("m")),
        (json!({"type": "overloaded_error", "message": "m"}), Some(ErrorKind::Overloaded), Some("m")),
        // vLLM
        (
            json!({"object": "error", "message": "m", "type": "BadRequestError", "param": null, "code": 400}),
            unknown("BadRequestError"),
            Some("m"),
        ),
        (json!({"object": "error", "message": "m", "code": 404}), Some(ErrorKind::NotFound), Some("m")),
        // OpenAI
        (
            json!({"error": {"message": "m", "type": "invalid_request_error", "param": null, "code": "bad_key"}}),
            Some(ErrorKind::InvalidRequest),
            Some("m"),
        ),
        (
            json!({"error": {"message": "m", "type": null, "code": "rate_limit_exceeded"}}),
            unknown("rate_limit_exceeded"),
            Some("m"),
        ),
        // Ollama
        (json!({"error": "m"}), None, Some("m")),
        // FastAPI
        (json!({"detail": "m"}), None, Some("m")),
        (json!({"detail": [{"loc": ["body", "x"], "msg": "m", "type": "missing"}]}), None, Some("m")),
        (json!({"detail": [{"msg": "m"}, {"loc": []}, {"msg": "n"}]}), None, Some("m; n")),
        (json!({"detail": {"type": "rate_limit_error", "message": "m"}}), Some(ErrorKind::RateLimit), Some("m")),
        (json!({"detail": []}), None, None),
        // llama.cpp
        (json!({"error": {"code": 500, "message": "m", "type": "server_error"}}), unknown("server_error"), Some("m")),
        // Like AWS
        (json!({"message": "m"}), None, Some("m")),
        (json!({"Message": "m"}), None, Some("m")),
        // Like Google
        (
            json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "m"}}),
            Some(ErrorKind::RateLimit),
            Some("m"),
        ),
        (json!({"error": {"code": 503, "status": "UNAVAILABLE", "message": "m"}}), unknown("UNAVAILABLE"), Some("m")),
        (json!([{"error": {"code": 401, "message": "m"}}]), Some(ErrorKind::Authentication), Some("m")),
        // No known shape
        (json!({}), None, None),
        (json!([]), None, None),
        (json!({"error": null}), None, None),
        (json!({"error": {"message": 5, "type": [], "code": -1}}), None, None),
        (json!({"error": {"code": 70000}}), None, None),
        (json!("m"), None, Some("m")),
    ] {
        for error in [response(418, &body.to_string()), error_event(&body.to_string())] {
            assert_eq!(error.kind(), kind.as_ref(), "{body}");
            assert_eq!(error.message(), message, "{body}");
            assert_eq!(error.body(), &body);
        }
    }
}

/// The status in the body counts only if neither a known type nor an error status of the response decides.
#[test]
fn is_retryable_by_the_status_in_the_body() {
    for (body, again) in [
        (json!({"error": {"code": 500, "message": "m", "type": "server_error"}}), true),
        (json!({"error": {"code": 503, "status": "UNAVAILABLE", "message": "m"}}), true),
        (json!({"error": {"code": "429", "type": "requests"}}), true),
        (json!({"object": "error", "type": "BadRequestError", "code": 400}), false),
        (json!({"error": {"code": 10000, "type": "x"}}), false),
    ] {
        assert_eq!(error_event(&body.to_string()).is_retryable(), again, "{body}");
        assert_eq!(response(200, &body.to_string()).is_retryable(), again, "{body}");
        assert!(!response(400, &body.to_string()).is_retryable(), "the status of the response has precedence: {body}");
    }
}

#[test]
fn message_of_a_body_that_is_not_json_is_its_visible_text() {
    let long = "x".repeat(1025);
    let longest = "x".repeat(1024);
    for (body, message) in [
        ("upstream connect error\n", Some("upstream connect error")),
        ("\u{FEFF} two\r\nlines ", Some("two\r\nlines")),
        ("error code: 1015", Some("error code: 1015")),
        ("404", Some("404")),
        ("{not json", Some("{not json")),
        (longest.as_str(), Some(longest.as_str())),
        (long.as_str(), None),
        ("<!DOCTYPE html><title>502</title>", None),
        ("\r\n <html></html>", None),
        ("a\0b", None),
        ("\x1B[31mred", None),
        (" \n", None),
        ("", None),
    ] {
        let error = response(502, body);
        assert_eq!(error.message(), message, "{body:?}");
        assert_eq!((error.kind(), error.status(), error.is_retryable()), (None, Some(502), true), "{body:?}");
        let kept = if body.is_empty() { Value::Null } else { Value::from(body) };
        assert_eq!(error.body(), &kept);
    }
    let page = ResponseHead::new(403, [("content-type", "Text/HTML; charset=utf-8")]);
    let error = ApiError::from_response(page, b"Sorry, you have been blocked");
    assert_eq!((error.message(), error.kind()), (None, Some(&ErrorKind::Permission)));

    let bytes = ApiError::from_response(head(500), b"\x1F\x8B\x08\xFF");
    assert_eq!((bytes.message(), bytes.body().as_str(), bytes.kind()), (None, "null", Some(&ErrorKind::Api)));
}

#[test]
fn json_body_with_a_byte_order_mark_and_ill_formed_utf8_is_decoded() {
    let body = b"\xEF\xBB\xBF\r\n {\"error\":{\"type\":\"api_error\",\"message\":\"a\xFFb\"} }\n";
    let error = ApiError::from_response(head(418), body);
    assert_eq!((error.kind(), error.message()), (Some(&ErrorKind::Api), Some("a\u{FFFD}b")));
}

#[test]
fn error_code_is_read_from_the_details() {
    let of = |error: Value| ApiError::from_body(json!({"type": "error", "error": error}).into());
    let error = of(json!({"type": "permission_error", "message": "m", "details": {"error_code": "no_model"}}));
    assert_eq!(error.error_code().as_deref(), Some("no_model"));
    for details in [json!(null), json!({}), json!({"error_code": null}), json!("x"), json!([])] {
        let error = of(json!({"type": "permission_error", "message": "m", "details": details}));
        assert_eq!((error.error_code(), error.message()), (None, Some("m")));
    }
    assert_eq!(of(json!({"type": "permission_error"})).error_code(), None);
}

#[test]
fn request_id_of_the_body_has_precedence_over_the_header() {
    let in_head = || ResponseHead::new(500, [("request-id", "req_head")]);
    for (body, id) in [
        (r#"{"type":"error","error":{"type":"api_error"},"request_id":"req_body"}"#, "req_body"),
        (r#"{"type":"error","error":{"type":"api_error","request_id":"req_body"}}"#, "req_body"),
        (r#"{"type":"error","error":{"type":"api_error"},"request_id":null}"#, "req_head"),
        (r#"{"type":"error","error":{"type":"api_error"},"request_id":""}"#, "req_head"),
        (r#"{"type":"error","error":{"type":"api_error"},"request_id":"two\nlines"}"#, "req_head"),
        ("bad gateway", "req_head"),
        ("", "req_head"),
    ] {
        assert_eq!(ApiError::from_response(in_head(), body.as_bytes()).request_id(), Some(id), "{body}");
    }
    assert_eq!(response(500, "").request_id(), None);
}

#[test]
fn display_of_an_error_names_kind_status_and_request_id() {
    let body = r#"{"type":"error","error":{"type":"overloaded_error","message":"boom"},"request_id":"req_1"}"#;
    for (error, words) in [
        (response(529, body), "server reported overloaded_error (status 529) for request req_1"),
        (error_event(body), "server reported overloaded_error for request req_1"),
        (response(418, "tea"), "server reported an error (status 418)"),
        (error_event("tea"), "server reported an error"),
    ] {
        assert_eq!(error.to_string(), words);
    }
}

/// A type with spaces or control characters is not a type name. It would go into logs.
#[test]
fn kind_is_none_for_a_type_that_is_not_a_name() {
    for kind in ["something went wrong", "a\nb", "a\u{1B}[31m", "", "error", &"x".repeat(129)] {
        assert_eq!(ApiError::from_body(json!({"error": {"type": kind}}).into()).kind(), None, "{kind:?}");
    }
}

#[test]
fn response_head_ignores_case_and_keeps_the_first_of_repeated_headers() {
    let head = ResponseHead::new(
        200,
        [
            ("REQUEST-ID", &b" req_1 "[..]),
            ("request-id", b"req_2"),
            ("Content-Type", b"text/event-stream"),
            ("X-Should-Retry", b"true"),
            ("Anthropic-RateLimit-Tokens-Remaining", b"7"),
            ("anthropic-ratelimit-requests-reset", b"2026-11-01T00:00:00Z"),
            ("anthropic-ratelimit-tokens-remaining", b"8"),
            ("x-anthropic-ratelimit-no", b"9"),
        ],
    );
    assert_eq!(head.status(), 200);
    assert_eq!(head.request_id(), Some("req_1"));
    assert_eq!(head.content_type(), Some("text/event-stream"));
    assert_eq!(head.should_retry(), Some(true));
    assert_eq!(
        head.rate_limits().collect::<Vec<_>>(),
        [("requests-reset", "2026-11-01T00:00:00Z"), ("tokens-remaining", "7")]
    );
}

#[test]
fn response_head_ignores_values_that_are_not_visible_ascii() {
    for value in [&b""[..], b" ", b"req\n1", b"req\x001", b"req\x7F", b"r\xC3\xA9q", b"\xFF"] {
        let head = ResponseHead::new(200, [("request-id", value)]);
        assert_eq!(head, ResponseHead::new(200, NO_HEADERS), "{value:?}");
        let head = ResponseHead::new(200, [("request-id", value), ("request-id", b"req_2")]);
        assert_eq!(head.request_id(), Some("req_2"), "{value:?}");
    }
    assert_eq!(ResponseHead::default(), ResponseHead::new(0, NO_HEADERS));
}

/// The header maps of HTTP clients have their own types for names and values.
#[test]
fn response_head_accepts_header_types_of_any_client() {
    struct Name(String);
    struct Bytes(Vec<u8>);
    impl AsRef<str> for Name {
        fn as_ref(&self) -> &str {
            &self.0
        }
    }
    impl AsRef<[u8]> for Bytes {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    let map = [(Name("request-id".into()), Bytes(b"req_1".to_vec()))];
    let borrowed = ResponseHead::new(200, map.iter().map(|(name, value)| (name, value)));
    let owned = ResponseHead::new(200, vec![(String::from("request-id"), String::from("req_1"))]);
    assert_eq!(borrowed.request_id(), Some("req_1"));
    assert_eq!(borrowed, owned);
}

#[test]
fn retry_after_parses_delays_and_dates() {
    let millis = |ms| Some(RetryAfter::Delay(Duration::from_millis(ms)));
    let at = |seconds| Some(RetryAfter::At(Duration::from_secs(seconds)));
    for (headers, expected) in [
        (vec![("retry-after", "2")], millis(2000)),
        (vec![("retry-after", "1.5")], millis(1500)),
        (vec![("retry-after", "0")], millis(0)),
        (vec![("retry-after-ms", "250")], millis(250)),
        (vec![("retry-after-ms", "1500.5")], Some(RetryAfter::Delay(Duration::from_micros(1_500_500)))),
        (vec![("retry-after", "9"), ("retry-after-ms", "250")], millis(250)),
        (vec![("retry-after", "9"), ("retry-after-ms", "soon")], millis(9000)),
        (vec![("retry-after", "9"), ("retry-after-ms", "-250")], millis(9000)),
        (vec![("retry-after", "99999999999999999999999")], Some(RetryAfter::Delay(Duration::MAX))),
        // The example of RFC 9110, in its three forms.
        (vec![("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], at(784_111_777)),
        (vec![("retry-after", "Sunday, 06-Nov-94 08:49:37 GMT")], at(784_111_777)),
        (vec![("retry-after", "Sun Nov  6 08:49:37 1994")], at(784_111_777)),
        (vec![("retry-after-ms", "Sun, 06 Nov 1994 08:49:37 GMT")], None),
        (vec![], None),
    ] {
        assert_eq!(ResponseHead::new(429, headers.clone()).retry_after(), expected, "{headers:?}");
    }
    for garbage in ["-1", "+1", "soon", "inf", "nan", "NaN", "1e3", "0x1", "1,5", "1 2", ".", "1.2.3", "", "Sun"] {
        let head = ResponseHead::new(429, [("retry-after", garbage), ("retry-after-ms", garbage)]);
        assert_eq!(head.retry_after(), None, "{garbage:?}");
    }
}

#[test]
fn should_retry_header_has_precedence_over_the_status() {
    for (value, expected) in [("true", Some(true)), ("false", Some(false)), ("maybe", None), ("1", None)] {
        for (status, by_status) in [(400, false), (429, true), (500, true), (404, false)] {
            let head = ResponseHead::new(status, [("x-should-retry", value)]);
            assert_eq!(head.should_retry(), expected);
            let error = ApiError::from_response(head, b"");
            assert_eq!(error.is_retryable(), expected.unwrap_or(by_status), "{value} {status}");
        }
    }
}

#[test]
fn backoff_delays_are_those_of_the_official_sdks() {
    let backoff = Backoff::new();
    for (attempt, longest) in [(0, 500), (1, 1000), (2, 2000), (3, 4000), (4, 8000), (5, 8000), (u32::MAX, 8000)] {
        let longest = Duration::from_millis(longest);
        assert_eq!(backoff.delay(attempt, 0.0), longest);
        assert_eq!(backoff.delay(attempt, 1.0), longest * 3 / 4);
        assert_eq!(backoff.delay(attempt, 0.5), longest * 7 / 8);
    }
}

#[test]
fn a_backoff_can_be_a_constant_and_states_its_defaults() {
    const POLICY: Backoff = Backoff::new().with_max_retries(3);
    assert_eq!(POLICY, Backoff::default().with_max_retries(3));
    let defaults = Backoff::new()
        .with_max_retries(Backoff::DEFAULT_MAX_RETRIES)
        .with_initial_delay(Backoff::DEFAULT_INITIAL_DELAY)
        .with_max_delay(Backoff::DEFAULT_MAX_DELAY);
    assert_eq!(defaults, Backoff::new());
    assert_eq!(Backoff::DEFAULT_MAX_RETRIES, 2);
}

#[test]
fn backoff_delay_never_overflows() {
    let backoff = Backoff::new();
    for (random, as_if) in
        [(-1.0, 0.0), (f64::NEG_INFINITY, 0.0), (f64::NAN, 0.0), (1.5, 1.0), (f64::INFINITY, 1.0), (-0.0, 0.0)]
    {
        assert_eq!(backoff.delay(0, random), backoff.delay(0, as_if), "{random}");
    }
    let endless = backoff.with_initial_delay(Duration::from_nanos(1)).with_max_delay(Duration::MAX);
    assert_eq!(endless.delay(40, 0.0), Duration::from_nanos(1 << 40));
    assert_eq!(endless.delay(u32::MAX, 0.0), Duration::MAX);
    assert!(endless.delay(u32::MAX, 1.0) >= Duration::MAX / 2);
    assert_eq!(backoff.with_initial_delay(Duration::MAX).delay(1, 0.0), Duration::from_secs(8));
    assert_eq!(backoff.with_initial_delay(Duration::ZERO).delay(u32::MAX, 0.5), Duration::ZERO);
    assert_eq!(backoff.with_max_delay(Duration::from_millis(100)).delay(0, 0.0), Duration::from_millis(100));
}

const NOW: Duration = Duration::from_secs(784_111_777);

fn decide(headers: &[(&str, &str)], status: u16, attempt: u32) -> Result<Duration, GiveUp> {
    let head = ResponseHead::new(status, headers.iter().copied());
    Backoff::new().decide(&ApiError::from_response(head, b""), attempt, NOW, 0.0)
}

fn retry(milliseconds: u64) -> Result<Duration, GiveUp> {
    Ok(Duration::from_millis(milliseconds))
}

#[test]
fn decide_agrees_with_the_table_of_retries() {
    let not_retryable = Err(GiveUp::NotRetryable);
    let out_of_retries = Err(GiveUp::OutOfRetries);
    for (headers, status, attempt, expected) in [
        (&[][..], 529, 0, retry(500)),
        (&[], 529, 1, retry(1000)),
        (&[], 529, 2, out_of_retries),
        (&[], 529, u32::MAX, out_of_retries),
        (&[], 400, 0, not_retryable),
        (&[], 400, 2, not_retryable),
        // `x-should-retry` has precedence over the status, but not over the number of retries.
        (&[("x-should-retry", "true")], 400, 0, retry(500)),
        (&[("x-should-retry", "true")], 400, 2, out_of_retries),
        (&[("x-should-retry", "false")], 529, 0, not_retryable),
        (&[("x-should-retry", "false"), ("retry-after", "1")], 429, 0, not_retryable),
        // `retry-after` has precedence over the backoff.
        (&[("retry-after", "3")], 429, 0, retry(3000)),
        (&[("retry-after", "3600")], 429, 1, retry(3_600_000)),
        // Zero and a past date request nothing, as in the official SDKs.
        (&[("retry-after", "0")], 429, 1, retry(1000)),
        (&[("retry-after-ms", "0")], 429, 0, retry(500)),
        (&[("retry-after", "soon")], 429, 1, retry(1000)),
        (&[("retry-after", "3")], 429, 2, out_of_retries),
        (&[("retry-after", "3")], 400, 0, not_retryable),
        (&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")], 429, 0, retry(10_000)),
        (&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], 429, 0, retry(500)),
        (&[("retry-after", "Sun, 06 Nov 1994 08:49:07 GMT")], 429, 0, retry(500)),
    ] {
        assert_eq!(decide(headers, status, attempt), expected, "{headers:?} {status} {attempt}");
    }
}

#[test]
fn decide_incomplete_uses_the_report_and_the_head_of_the_response() {
    let begun = "data: {\"type\":\"message_start\",\"message\":{}}\n\n";
    let overloaded = "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n";
    let not_retryable = Err(GiveUp::NotRetryable);
    let out_of_retries = Err(GiveUp::OutOfRetries);
    for (headers, status, body, attempt, expected) in [
        (&[][..], 200, begun, 0, retry(500)),
        (&[], 200, begun, 1, retry(1000)),
        (&[], 200, begun, 2, out_of_retries),
        (&[], 200, overloaded, 1, retry(1000)),
        (&[], 200, "<html>", 0, not_retryable),
        (&[("retry-after", "3")], 503, "<html>", 0, retry(3000)),
        (&[("retry-after", "0")], 503, "<html>", 0, retry(500)),
        (&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")], 503, "", 0, retry(10_000)),
        (&[("retry-after", "3")], 400, "<html>", 2, not_retryable),
    ] {
        let head = ResponseHead::new(status, headers.iter().copied());
        let mut decoder = MessageDecoder::new().with_response_head(head);
        let mut input = body.as_bytes();
        while let Ok(Step::Update(_)) = decoder.decode(&mut input) {}
        let decision = Backoff::new().decide_incomplete(&decoder.finish().unwrap_err(), attempt, NOW, 0.0);
        assert_eq!(decision, expected, "{headers:?} {status} {body:?} {attempt}");
    }
}

/// "A delay of zero and a past date request nothing."
#[test]
fn retry_after_is_a_delay_unless_it_requests_nothing() {
    let second = Duration::from_secs(1);
    for (after, expected) in [
        (RetryAfter::Delay(second), Some(second)),
        (RetryAfter::Delay(Duration::ZERO), None),
        (RetryAfter::At(NOW + second), Some(second)),
        (RetryAfter::At(NOW), None),
        (RetryAfter::At(NOW - second), None),
    ] {
        assert_eq!(after.delay(NOW), expected, "{after:?}");
    }
}

#[test]
fn decide_without_response_uses_the_backoff() {
    let backoff = Backoff::new();
    assert_eq!(backoff.decide_without_response(0, 0.0), retry(500));
    assert_eq!(backoff.decide_without_response(1, 1.0), retry(750));
    assert_eq!(backoff.decide_without_response(2, 0.0), Err(GiveUp::OutOfRetries));
    assert_eq!(backoff.with_max_retries(0).decide_without_response(0, 0.0), Err(GiveUp::OutOfRetries));
    assert_eq!(backoff.with_max_retries(9).decide_without_response(8, 0.0), retry(8000));
}

#[test]
fn decide_for_an_error_event_uses_its_type() {
    let decide = |kind| Backoff::new().decide(&error_event(&messages_api(kind)), 0, NOW, 0.0);
    assert_eq!(decide("overloaded_error"), retry(500));
    assert_eq!(decide("invalid_request_error"), Err(GiveUp::NotRetryable));
    assert_eq!(decide("tea_error"), Err(GiveUp::NotRetryable));
}

/// `Display` and `Debug` go into logs. They must show neither text of the server nor credentials of the user.
#[test]
fn display_and_debug_show_no_private_text() {
    const CANARY: &str = "canary";
    let head = ResponseHead::new(
        429,
        [
            ("x-api-key", "canary-key"),
            ("X-API-Key", "canary-key"),
            ("authorization", "Bearer canary-token"),
            ("Proxy-Authorization", "Basic canary"),
            ("cookie", "a=canary"),
            ("set-cookie", "session=canary"),
            ("Location", "https://user:canary@example.com/"),
            ("anthropic-organization-id", "canary"),
            ("request-id", "req_1"),
            ("retry-after", "1"),
        ],
    );
    let mut shown = vec![format!("{head:?} {head:#?}")];
    let bodies = [
        json!({"type": "error", "error": {"type": "api_error", "message": CANARY, "details": {"error_code": CANARY}}}),
        json!({"object": "error", "message": CANARY, "type": "canary in prose", "code": 400}),
        json!({"error": CANARY, "request_id": "canary in prose"}),
        json!({"error": {"code": "canary in prose", "status": "canary in prose", "message": CANARY}}),
        json!({"detail": CANARY}),
        json!({"detail": [{"msg": CANARY}]}),
        json!({"Message": CANARY}),
        json!([{"error": {"message": CANARY}}]),
        json!(CANARY),
    ];
    let mut errors = vec![
        ApiError::from_response(head.clone(), CANARY.as_bytes()),
        ApiError::from_response(head.clone(), format!("<html>{CANARY}").as_bytes()),
        error_event(CANARY),
    ];
    for body in bodies {
        errors.push(ApiError::from_response(head.clone(), body.to_string().as_bytes()));
        errors.push(error_event(&body.to_string()));
    }
    for error in &errors {
        let decision = Backoff::new().decide(error, 0, NOW, 0.0);
        shown.push(format!("{error} {error:?} {error:#?} {decision:?}"));
        assert!(error.body().to_string().contains(CANARY), "the body has the text: {error}");
    }
    let mut stream = MessageDecoder::new();
    let event = format!("event: error\ndata: {}\n\n", messages_api("api_error").replace("boom", CANARY));
    let mut rest = event.as_bytes();
    while let Step::Update(_) = stream.decode(&mut rest).unwrap() {}
    let incomplete = stream.finish().unwrap_err();
    shown.push(format!("{incomplete} {:?}", incomplete.server_error()));

    for text in shown {
        assert!(!text.contains(CANARY), "{text}");
    }
}
