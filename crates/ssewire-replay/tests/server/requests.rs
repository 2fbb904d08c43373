//! What clients send is understood, kept, and where it cannot be served, refused as the API refuses.

use ssewire_replay::{Script, Server};

use crate::client::{Client, header};

#[test]
fn requests_are_kept_as_they_came() {
    let server = Server::start().unwrap();
    server.serve("/it", Script::status(200).json("{}"));
    let body = r#"{"stream": true}"#;
    let mut client = Client::connect(&server);
    client.send(format!(
        "POST /it?beta=true HTTP/1.1\r\nX-Api-Key: secret\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    client.head();
    let [request] = &server.requests()[..] else { panic!("one request was sent") };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/it?beta=true"));
    assert_eq!(request.headers[0], ("X-Api-Key".to_owned(), "secret".to_owned()));
    assert_eq!(request.header("x-api-key"), Some("secret"));
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.body, body.as_bytes());
    assert_eq!(request.json()["stream"], true);
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let server = Server::start().unwrap();
    let mut client = Client::connect(&server);
    for byte in b"POST /faults/529 HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc" {
        client.send([*byte]);
    }
    assert!(client.head().starts_with("http/1.1 529 "));
    assert_eq!(server.requests()[0].body, b"abc");
    assert!(server.requests()[0].json().is_null());
}

#[test]
fn a_body_may_come_in_chunks() {
    let server = Server::start().unwrap();
    let mut client = Client::connect(&server);
    let head = "POST /faults/529 HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";
    for (body, expected) in [
        ("3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\n\r\n", "abc0123456789"),
        ("1\r\na\r\n0\r\ntrailer: 1\r\nanother: 2\r\n\r\n", "a"),
        ("0\r\n\r\n", ""),
    ] {
        client.send(format!("{head}{body}"));
        let head = client.head();
        client.body(&head);
        assert_eq!(String::from_utf8_lossy(&server.requests().last().unwrap().body), expected);
    }
}

#[test]
fn a_client_that_waits_with_its_body_receives_100_continue() {
    let server = Server::start().unwrap();
    for (framing, body) in [("content-length: 3", "abc"), ("transfer-encoding: chunked", "3\r\nabc\r\n0\r\n\r\n")] {
        let mut client = Client::connect(&server);
        client.send(format!("POST /text HTTP/1.1\r\nexpect: 100-continue\r\n{framing}\r\n\r\n"));
        client.expect("HTTP/1.1 100 Continue\r\n\r\n");
        client.send(body);
        assert!(client.head().starts_with("http/1.1 200 "));
        assert_eq!(server.requests().last().unwrap().body, b"abc");
    }
}

/// As deep as `serde_json` parses: the stack of a connection has room for it.
#[test]
fn a_function_may_parse_a_nested_body() {
    let server = Server::start().unwrap();
    server.serve_with("/it", |request| Script::status(if request.json().is_object() { 200 } else { 500 }));
    let body = "{\"a\":".repeat(126) + "{}" + &"}".repeat(126);
    let mut client = Client::connect(&server);
    client.send(format!("POST /it HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    assert!(client.head().starts_with("http/1.1 200 "));
}

/// RFC 9110, section 5.3: lines of the same name are one list.
#[test]
fn a_list_may_have_several_lines() {
    let server = Server::start().unwrap();
    let mut client = Client::connect(&server);
    client.send(
        "POST /faults/529 HTTP/1.1\r\nconnection: keep-alive\r\nConnection: close\r\n\
         transfer-encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    );
    let head = client.head();
    assert_eq!(header(&head, "connection"), Some("close"));
    client.body(&head);
    assert_eq!(client.rest(), "");
    assert_eq!(server.requests()[0].body, b"a");
}

#[test]
fn too_many_headers_are_named() {
    let server = Server::start().unwrap();
    let mut client = Client::connect(&server);
    client.send(format!("GET /text HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(101)));
    let head = client.head();
    assert!(head.starts_with("http/1.1 400 "), "{head}");
    assert!(client.body(&head).contains("more than 100 headers"));
}

#[test]
fn an_unknown_path_gets_an_error_of_the_api() {
    let server = Server::start().unwrap();
    let mut client = Client::connect(&server);
    for request in ["GET /no\"where", "DELETE /text", "POST /"] {
        client.send(format!("{request} HTTP/1.1\r\n\r\n"));
        let head = client.head();
        assert!(head.starts_with("http/1.1 404 "), "{head}");
        assert_eq!(header(&head, "content-type"), Some("application/json"));
        let body: serde_json::Value = serde_json::from_str(&client.body(&head)).unwrap();
        assert_eq!(body["type"], "error");
        assert_eq!(body["error"]["type"], "not_found_error");
        assert!(body["error"]["message"].is_string());
    }
}

/// A test copies the path from `Request::path`.
#[test]
fn a_path_with_a_query_responds_to_that_query_only() {
    let server = Server::start().unwrap();
    server.serve("/it", Script::status(200));
    server.serve("/it?beta=true", Script::status(201));
    server.serve_with("/by?a=1", |_| Script::status(202));
    server.serve("/a b?x=é", Script::status(203));
    for (path, status) in [
        ("/it", 200),
        ("/it?beta=true", 201),
        ("/it?beta=false", 200),
        ("/by?a=1", 202),
        ("/by?a=2", 404),
        ("/a%20b?x=%C3%A9", 203),
    ] {
        let head = Client::connect(&server).get(path);
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{path}: {head}");
    }
    // It names the query, which decides.
    let mut client = Client::connect(&server);
    let head = client.get("/by?a=2");
    let body = client.body(&head);
    assert!(body.contains("no response to GET /by?a=2"), "{body}");
}

#[test]
fn an_answer_to_head_has_no_body() {
    let server = Server::start().unwrap();
    let mut client = Client::connect(&server);
    client.send("HEAD /text HTTP/1.1\r\n\r\n");
    let head = client.head();
    assert!(head.starts_with("http/1.1 404 "), "{head}");
    assert!(header(&head, "content-length").is_some());
    // The next bytes are the next answer.
    assert!(client.get("/text").starts_with("http/1.1 200 "));
}

#[test]
fn a_page_of_any_origin_may_ask() {
    let server = Server::start().unwrap();
    let mut client = Client::connect(&server);
    client.send(
        "OPTIONS /faults/529 HTTP/1.1\r\norigin: http://localhost:8000\r\n\
         access-control-request-method: PATCH\r\naccess-control-request-headers: x-api-key,content-type\r\n\r\n",
    );
    let head = client.head();
    assert!(head.starts_with("http/1.1 204 "), "{head}");
    assert_eq!(header(&head, "access-control-allow-origin"), Some("*"));
    assert_eq!(header(&head, "access-control-allow-methods"), Some("patch"));
    assert_eq!(header(&head, "access-control-allow-headers"), Some("x-api-key,content-type"));
    assert_eq!(header(&head, "content-length"), None);
    for path in ["/faults/529", "/nowhere"] {
        let head = client.get(path);
        assert_eq!(header(&head, "access-control-allow-origin"), Some("*"));
        client.body(&head);
    }
}

#[test]
fn requests_that_are_not_http_are_refused() {
    for (request, status) in [
        ("\0\0\0\0\r\n\r\n".to_owned(), 400),
        ("POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n".to_owned(), 400),
        ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_owned(), 400),
        ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc".to_owned(), 400),
        ("POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n".to_owned(), 413),
        ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nfffffffff\r\n".to_owned(), 413),
        (format!("GET / HTTP/1.1\r\nlong: {}", "x".repeat(70_000)), 400),
    ] {
        let server = Server::start().unwrap();
        let mut client = Client::connect(&server);
        client.send(&request);
        let head = client.head();
        let begin: String = request.chars().take(60).collect();
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{begin:?}: {head}");
        assert_eq!(header(&head, "connection"), Some("close"));
        client.body(&head);
        assert_eq!(client.rest(), "", "{begin:?}");
        assert!(server.requests().is_empty());
    }
}

/// Clients write it if the server is their proxy.
#[test]
fn the_path_of_a_request_in_absolute_form_is_that_of_its_url() {
    let server = Server::start().unwrap();
    server.serve("/it", Script::stream("a"));
    server.serve("/", Script::stream("b"));
    for (target, path, body) in [
        ("http://example.com/it", "/it", "a"),
        ("https://example.com:8443/it?to=http://b/c", "/it?to=http://b/c", "a"),
        ("http://example.com", "/", "b"),
        ("http://example.com?a=1", "/?a=1", "b"),
        ("/it?to=http://b/c", "/it?to=http://b/c", "a"),
    ] {
        let mut client = Client::connect(&server);
        client.send(format!("GET {target} HTTP/1.1\r\nhost: example.com\r\nconnection: close\r\n\r\n"));
        assert!(client.rest().ends_with(&format!("\r\n{body}\r\n0\r\n\r\n")), "{target}");
        assert_eq!(server.requests().last().unwrap().path, path);
    }
}
