//! What every server serves without being returned.

use serde_json::Value;
use ssewire_replay::{SAMPLES, Server, sample};

use crate::client::{Client, ask, ask_bytes, header};

/// Returns the body of a chunked response, and whether it is complete.
pub(crate) fn unchunk(mut raw: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(end) = raw.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(core::str::from_utf8(&raw[..end]).unwrap(), 16).unwrap();
        let rest = &raw[end + 2..];
        if size == 0 {
            return (body, rest == b"\r\n");
        }
        let (piece, rest) = rest.split_at(size.min(rest.len()));
        body.extend(piece);
        raw = rest.strip_prefix(b"\r\n").unwrap_or_default();
    }
    (body, false)
}

fn text() -> &'static [u8] {
    sample("text").unwrap()
}

#[test]
fn the_samples_are_served_under_their_names() {
    let server = Server::start().unwrap();
    for (name, bytes) in SAMPLES {
        let (head, raw) = ask_bytes(&server, &format!("/{name}"));
        assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
        assert_eq!(header(&head, "content-type"), Some("text/event-stream; charset=utf-8"));
        assert!(header(&head, "request-id").is_some());
        assert_eq!(unchunk(&raw), (bytes.to_vec(), true), "{name}");
    }
    assert_eq!(unchunk(&ask_bytes(&server, "/v1/messages").1), (text().to_vec(), true));
}

#[test]
fn errors_have_their_status_and_the_shape_of_the_api() {
    let server = Server::start().unwrap();
    for (name, status, kind) in
        [("429", 429, "rate_limit_error"), ("529", 529, "overloaded_error"), ("400", 400, "invalid_request_error")]
    {
        let (head, body) = ask(&server, &format!("/faults/{name}"));
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
        assert_eq!(header(&head, "content-type"), Some("application/json"));
        assert_eq!(header(&head, "retry-after"), (status == 429).then_some("1"));
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&body["type"], &body["error"]["type"]), (&"error".into(), &kind.into()));
    }
}

#[test]
fn bodies_that_are_not_a_stream_have_status_200() {
    let server = Server::start().unwrap();
    for (name, content_type, begin) in
        [("json-body", "application/json", "{"), ("html-body", "text/html", "<!DOCTYPE html>")]
    {
        let (head, body) = ask(&server, &format!("/faults/{name}"));
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        assert_eq!(header(&head, "content-type"), Some(content_type));
        assert!(body.starts_with(begin), "{body}");
    }
    let (_, message) = ask(&server, "/faults/json-body");
    assert_eq!(serde_json::from_str::<Value>(&message).unwrap()["type"], "message");
    assert_eq!(ask(&server, "/faults/empty").1, "0\r\n\r\n");
}

#[test]
fn compressed_bytes_come_without_the_header_that_says_so() {
    let server = Server::start().unwrap();
    let mut client = Client::connect(&server);
    let head = client.get("/faults/gzip");
    assert_eq!(header(&head, "content-encoding"), None);
    assert_eq!(header(&head, "content-type"), Some("text/event-stream; charset=utf-8"));
    // RFC 1952: the two bytes of gzip, then deflate.
    let size = client.exactly(4);
    assert!(size.ends_with(b"\r\n"));
    assert_eq!(client.exactly(3), [0x1f, 0x8b, 8]);
}

#[test]
fn errors_also_come_as_events() {
    let server = Server::start().unwrap();
    for name in ["error-event", "error-first"] {
        let (head, raw) = ask_bytes(&server, &format!("/faults/{name}"));
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        let (body, is_whole) = unchunk(&raw);
        let body = String::from_utf8(body).unwrap();
        let (before, error) = body.split_once("event: error\ndata: ").unwrap();
        assert_eq!(before.is_empty(), name == "error-first");
        let error: Value = serde_json::from_str(error.lines().next().unwrap()).unwrap();
        assert_eq!(error["error"]["type"], "overloaded_error");
        assert!(is_whole);
    }
}

#[test]
fn cuts_are_where_they_say() {
    let (server, text) = (Server::start().unwrap(), text());
    let middle = &text[..text.len() * 2 / 3];
    let asked = |name: &str| ask_bytes(&server, &format!("/faults/{name}")).1;
    assert_eq!(unchunk(&asked("cut")), (middle.to_vec(), false));
    assert!(asked("cut").ends_with(b"\r\n"));
    assert_eq!(asked("cut-in-chunk"), [format!("{:x}\r\n", text.len()).as_bytes(), middle].concat());
    assert_eq!(asked("cut-unnoticed"), middle);
    assert_eq!(unchunk(&asked("split")), (text.to_vec(), true));
}

#[test]
fn a_held_stream_is_silent_after_its_first_part() {
    let server = Server::start().unwrap();
    let middle = &text()[..text().len() * 2 / 3];
    let mut client = Client::connect(&server);
    client.get("/faults/stall");
    client.expect(&format!("{:x}\r\n", middle.len()));
    assert_eq!(client.exactly(middle.len()), middle);
    client.expect("\r\n");
    drop(server);
    assert_eq!(client.rest(), "");
}
