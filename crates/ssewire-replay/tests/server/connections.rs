//! Connections live as long as HTTP says, and beside each other.

use ssewire_replay::{Framing, Gate, Script, Server};

use crate::client::{Client, ask, header};

#[test]
fn a_connection_serves_request_after_request() {
    let server = Server::start().unwrap();
    server.serve("/chunked", Script::stream("one"));
    server.serve("/length", Script::status(429).json("{}"));
    let mut client = Client::connect(&server);
    for _ in 0..3 {
        let head = client.get("/chunked");
        assert_eq!(header(&head, "connection"), None);
        client.expect("3\r\none\r\n0\r\n\r\n");
        let head = client.get("/length");
        assert!(head.starts_with("http/1.1 429 "));
        assert_eq!(client.body(&head), "{}");
    }
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn requests_that_come_early_are_answered_in_order() {
    let server = Server::start().unwrap();
    server.serve("/one", Script::stream("one").framed(Framing::ContentLength));
    server.serve("/two", Script::stream("two").framed(Framing::ContentLength));
    let mut client = Client::connect(&server);
    client.send("POST /one HTTP/1.1\r\ncontent-length: 4\r\n\r\nbodyGET /two HTTP/1.1\r\n\r\n");
    client.head();
    client.expect("one");
    client.head();
    client.expect("two");
}

#[test]
fn a_connection_closes_when_it_must() {
    let server = Server::start().unwrap();
    server.serve("/length", Script::status(200).json("{}"));
    server.serve("/chunked", Script::stream("one"));

    let (head, body) = ask(&server, "/length");
    assert_eq!((header(&head, "connection"), body.as_str()), (Some("close"), "{}"));

    // HTTP/1.0 knows no chunks, and keeps nothing alive.
    let mut client = Client::connect(&server);
    client.send("GET /chunked HTTP/1.0\r\n\r\n");
    let head = client.head();
    assert_eq!(header(&head, "transfer-encoding"), None);
    assert_eq!(header(&head, "connection"), Some("close"));
    assert_eq!(client.rest(), "one");
}

#[test]
fn fifty_connections_are_served_at_the_same_time() {
    let (server, gate) = (Server::start().unwrap(), Gate::new());
    server.serve("/it", Script::stream("one").wait(&gate).send("two"));
    let mut clients: Vec<_> = (0..50).map(|_| Client::connect(&server)).collect();
    for client in &mut clients {
        client.get("/it");
        client.expect("3\r\none\r\n");
    }
    // Each has begun, and none has ended.
    gate.open();
    for client in &mut clients {
        client.expect("3\r\ntwo\r\n0\r\n\r\n");
    }
    assert_eq!(server.requests().len(), 50);
}

#[test]
fn scripts_take_turns_and_the_last_stays() {
    let server = Server::start().unwrap();
    server.serve_in_turn("/it", [Script::rate_limit(), Script::overloaded(), Script::stream("one")]);
    let mut client = Client::connect(&server);
    for status in [429, 529] {
        let head = client.get("/it");
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
        client.body(&head);
    }
    for _ in 0..2 {
        client.get("/it?beta=true");
        client.expect("3\r\none\r\n0\r\n\r\n");
    }
    server.serve("/it", Script::stream("two"));
    client.get("/it");
    client.expect("3\r\ntwo\r\n0\r\n\r\n");
    server.serve_in_turn("/it", []);
    assert!(client.get("/it").starts_with("http/1.1 404 "));
}

#[test]
fn a_connection_ends_after_a_cut() {
    let server = Server::start().unwrap();
    server.serve("/it", Script::stream("one").cut());
    let mut client = Client::connect(&server);
    client.get("/it");
    assert_eq!(client.rest(), "3\r\none\r\n");
}

/// Unread bytes would make a reset of it, which costs the client the unread bytes.
#[test]
fn a_connection_is_closed_in_order_while_the_client_sends_more() {
    let server = Server::start().unwrap();
    // More than the buffers of the system hold, so that some of it is under way when the server closes.
    let large = "x".repeat(8 << 20);
    server.serve("/cut", Script::stream(large.clone()).cut());
    server.serve("/end", Script::stream(large.clone()).framed(Framing::UntilClose));
    for path in ["/cut", "/end"] {
        let mut client = Client::connect(&server);
        client.send(format!("GET {path} HTTP/1.1\r\n\r\nPOST {path} HTTP/1.1\r\ncontent-length: 20000\r\n\r\n"));
        client.send([b'x'; 20_000]);
        client.head();
        assert!(client.rest().contains(&large), "{path}");
    }
}

#[test]
fn a_path_may_respond_by_the_request() {
    let server = Server::start().unwrap();
    server.serve_with("/it", |request| match request.method.as_str() {
        "DELETE" => Script::status(202),
        _ => Script::stream(request.last_event_id().unwrap_or("none")),
    });
    let mut client = Client::connect(&server);
    client.get("/it");
    client.expect("4\r\nnone\r\n0\r\n\r\n");
    client.send("GET /it HTTP/1.1\r\nLast-Event-ID: 7\r\n\r\n");
    client.head();
    client.expect("1\r\n7\r\n0\r\n\r\n");
    client.send("DELETE /it HTTP/1.1\r\n\r\n");
    assert!(client.head().starts_with("http/1.1 202 "));
}

#[test]
fn an_encoded_path_is_that_of_its_characters() {
    let server = Server::start().unwrap();
    server.serve("*", Script::stream("any"));
    server.serve("/my ü", Script::stream("one"));
    server.serve("/a%20b", Script::stream("two"));
    for (path, body) in [("/my%20%C3%BC?q", "one"), ("/a%20b", "two"), ("/my%", "any")] {
        assert_eq!(ask(&server, path).1, format!("3\r\n{body}\r\n0\r\n\r\n"), "{path}");
    }
    assert_eq!(server.requests()[0].path, "/my%20%C3%BC?q");
}

#[test]
fn a_star_is_every_other_path() {
    let server = Server::start().unwrap();
    server.serve("*", Script::stream("any"));
    server.serve("/it", Script::stream("one"));
    for (path, body) in [("/it", "one"), ("/v1/chat/completions", "any"), ("/", "any")] {
        assert_eq!(ask(&server, path).1, format!("3\r\n{body}\r\n0\r\n\r\n"), "{path}");
    }
}
