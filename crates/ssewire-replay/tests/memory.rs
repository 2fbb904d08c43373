//! The memory of a server whose clients do not read.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use bytes::Bytes;
use ssewire_replay::{Framing, Script, Server};

const BODY: usize = 8 << 20;
const CLIENTS: usize = 8;

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// Each client has received the first bytes of the body, and reads no further.
#[test]
fn a_client_that_does_not_read_holds_no_copy_of_the_body() {
    let server = Server::start().unwrap();
    for (path, framing) in [("/chunked", Framing::Chunked), ("/length", Framing::ContentLength)] {
        server.serve(path, Script::stream("x".repeat(BODY)).framed(framing));
    }
    let before = resident_bytes();
    let mut clients = Vec::new();
    for path in ["/chunked", "/length"].repeat(CLIENTS) {
        let mut client = TcpStream::connect(server.address()).unwrap();
        client.write_all(format!("GET {path} HTTP/1.1\r\nhost: replay\r\n\r\n").as_bytes()).unwrap();
        // More than a head.
        client.read_exact(&mut [0; 2048]).unwrap();
        clients.push(client);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let socket = tokio::net::TcpStream::connect(server.address()).await.unwrap();
        let mut client = h2::client::Builder::new();
        // Room for the window of each stream.
        let client = client.initial_connection_window_size(1 << 20);
        let (requests, connection) = client.handshake::<_, Bytes>(socket).await.unwrap();
        tokio::spawn(connection);
        let mut bodies = Vec::new();
        for _ in 0..CLIENTS {
            let request = http::Request::get("http://replay/chunked").body(()).unwrap();
            let (response, _) = requests.clone().ready().await.unwrap().send_request(request, true).unwrap();
            bodies.push(response.await.unwrap().into_body());
        }
        for body in &mut bodies {
            body.data().await.unwrap().unwrap();
        }
        let grown = resident_bytes().saturating_sub(before);
        assert!(grown < 2 * BODY, "{grown} bytes for {} clients", 3 * CLIENTS);
    });
}
