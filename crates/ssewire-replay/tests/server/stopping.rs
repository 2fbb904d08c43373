//! A server that is dropped stops, whatever its connections are at.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use ssewire_replay::{Gate, Script, Server};

use crate::client::Client;

/// Fails where `drop` would hang.
fn drop_or_fail(server: Server) {
    let (done, is_done) = mpsc::channel();
    let dropper = thread::spawn(move || {
        drop(server);
        done.send(()).unwrap();
    });
    assert!(is_done.recv_timeout(Duration::from_secs(60)).is_ok(), "the server does not stop");
    dropper.join().unwrap();
}

#[test]
fn a_server_stops_without_a_client() {
    let server = Server::start().unwrap();
    server.serve("/it", Script::stream("a word of this server alone"));
    let address = server.base_url().strip_prefix("http://").unwrap().to_owned();
    assert!(says(&address, "a word of this server alone"));
    drop_or_fail(server);
    // Another test's server may have the port by now.
    assert!(!says(&address, "a word of this server alone"));
}

fn says(address: &str, word: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let mut answer = String::new();
    let asked = stream.write_all(b"GET /it HTTP/1.0\r\n\r\n").and_then(|()| stream.shutdown(Shutdown::Write));
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.contains(word)
}

#[test]
fn a_server_stops_whatever_its_connections_wait_for() {
    let hour = Duration::from_secs(3600);
    for script in [
        Script::stream("one").wait(&Gate::new()),
        Script::stream("one").hold(),
        Script::stream("one").pause(hour),
        Script::stream("one").send("two").delayed_by(hour),
    ] {
        let returned = format!("{script:?}");
        let server = Server::start().unwrap();
        server.serve("/it", script);
        let mut client = Client::connect(&server);
        client.get("/it");
        client.expect("3\r\none\r\n");
        drop_or_fail(server);
        // Never as if it had been the end.
        assert!(!client.rest().ends_with("0\r\n\r\n"), "{returned}");
    }
}

#[test]
fn a_server_stops_while_clients_are_silent() {
    let server = Server::start().unwrap();
    let mut unread = Client::connect(&server);
    server.serve("/large", Script::stream(vec![b'x'; 64 << 20]));
    unread.get("/large");
    let (mut idle, mut begun, mut waited) =
        (Client::connect(&server), Client::connect(&server), Client::connect(&server));
    let head = idle.get("/faults/529");
    idle.body(&head);
    begun.send("POST /text HT");
    waited.send("POST /text HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n");
    waited.expect("HTTP/1.1 100 Continue\r\n\r\n");
    drop_or_fail(server);
    assert_eq!(idle.rest(), "");
    assert_eq!(waited.rest(), "");
}

#[test]
fn a_held_connection_stays_open_until_the_server_stops() {
    let server = Server::start().unwrap();
    server.serve("/it", Script::stream("one").hold().send("never"));
    let mut client = Client::connect(&server);
    client.get("/it");
    client.expect("3\r\none\r\n");
    drop_or_fail(server);
    assert_eq!(client.rest(), "");
}

#[test]
fn a_server_of_every_address_stops_too() {
    let server = Server::start_on("0.0.0.0:0").unwrap();
    drop_or_fail(server);
    // A port that is taken is an error, not another port.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(Server::start_on(taken.local_addr().unwrap()).is_err());
}
