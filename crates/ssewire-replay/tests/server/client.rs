//! A client that hides nothing: it writes bytes, and reads bytes.

use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use ssewire_replay::Server;

pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) fn connect(server: &Server) -> Self {
        Self::new(TcpStream::connect(server.base_url().strip_prefix("http://").unwrap()).unwrap())
    }

    pub(crate) fn new(stream: TcpStream) -> Self {
        // What would hang, fails.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(stream)
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).unwrap();
    }

    /// Asks, and gives the head of the answer, in lower case.
    pub(crate) fn get(&mut self, path: &str) -> String {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: replay\r\n\r\n"));
        self.head()
    }

    /// Up to the blank line, and with it.
    pub(crate) fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.exactly(1));
        }
        String::from_utf8(head).unwrap().to_ascii_lowercase()
    }

    pub(crate) fn exactly(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    pub(crate) fn expect(&mut self, bytes: &str) {
        assert_eq!(String::from_utf8_lossy(&self.exactly(bytes.len())), bytes);
    }

    /// Everything received until the server closes.
    pub(crate) fn rest(&mut self) -> String {
        String::from_utf8(self.rest_bytes()).unwrap()
    }

    pub(crate) fn rest_bytes(&mut self) -> Vec<u8> {
        self.rest_or_error().unwrap()
    }

    pub(crate) fn rest_or_error(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The body that the content-length of this head announces.
    pub(crate) fn body(&mut self, head: &str) -> String {
        let length = header(head, "content-length").unwrap().parse().unwrap();
        String::from_utf8(self.exactly(length)).unwrap()
    }
}

/// Asks on a connection of its own: head, in lower case, and all that comes until the server closes.
pub(crate) fn ask(server: &Server, path: &str) -> (String, String) {
    let (head, rest) = ask_bytes(server, path);
    (head, String::from_utf8(rest).unwrap())
}

pub(crate) fn ask_bytes(server: &Server, path: &str) -> (String, Vec<u8>) {
    let mut client = Client::connect(server);
    client.send(format!("POST {path} HTTP/1.1\r\nhost: replay\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}"));
    let head = client.head();
    (head, client.rest_bytes())
}

/// From a head in lower case.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}
