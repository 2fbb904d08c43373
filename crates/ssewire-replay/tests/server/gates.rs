//! A gate holds back the steps after it, and nothing else.

use ssewire_replay::{Framing, Gate, Script, Server};

use crate::client::Client;

#[test]
fn bytes_before_a_gate_are_sent_and_the_rest_when_it_opens() {
    let (server, gates) = (Server::start().unwrap(), [Gate::new(), Gate::new()]);
    server.serve("/it", Script::stream("one").wait(&gates[0]).send("two").wait(&gates[1]).send("three"));
    let mut client = Client::connect(&server);
    client.get("/it");
    client.expect("3\r\none\r\n");
    gates[0].open();
    client.expect("3\r\ntwo\r\n");
    gates[1].open();
    client.expect("5\r\nthree\r\n0\r\n\r\n");
}

#[test]
fn the_head_does_not_wait_for_the_body() {
    let (server, gate) = (Server::start().unwrap(), Gate::new());
    server.serve("/it", Script::stream("").wait(&gate).send("one"));
    let mut client = Client::connect(&server);
    assert!(client.get("/it").starts_with("http/1.1 200 "));
    gate.open();
    client.expect("3\r\none\r\n0\r\n\r\n");
}

#[test]
fn nothing_passes_a_gate_that_never_opens() {
    for framing in [Framing::Chunked, Framing::UntilClose, Framing::ContentLength] {
        let (server, gate) = (Server::start().unwrap(), Gate::new());
        server.serve("/it", Script::stream("").wait(&gate).send("one").framed(framing));
        let mut client = Client::connect(&server);
        client.get("/it");
        // Lets the answer go, but not on.
        drop(server);
        assert_eq!(client.rest(), "", "{framing:?}");
    }
}

#[test]
fn an_open_gate_stays_open_for_all() {
    let (first, second, gate) = (Server::start().unwrap(), Server::start().unwrap(), Gate::new());
    let clients = [&first, &second, &second].map(|server| {
        server.serve("/it", Script::stream("one").wait(&gate).send("two"));
        let mut client = Client::connect(server);
        client.get("/it");
        client.expect("3\r\none\r\n");
        client
    });
    gate.clone().open();
    for mut client in clients {
        client.expect("3\r\ntwo\r\n0\r\n\r\n");
        client.get("/it");
        client.expect("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    }
}

#[test]
fn a_server_that_stops_leaves_the_gates_of_others_shut() {
    let (stopping, staying, gate) = (Server::start().unwrap(), Server::start().unwrap(), Gate::new());
    let [mut left, mut held] = [&stopping, &staying].map(|server| {
        server.serve("/it", Script::stream("one").wait(&gate).send("two"));
        let mut client = Client::connect(server);
        client.get("/it");
        client.expect("3\r\none\r\n");
        client
    });
    drop(stopping);
    assert_eq!(left.rest(), "");
    drop(staying);
    assert_eq!(held.rest(), "");
}
