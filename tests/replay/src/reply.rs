//! Sends an answer as its script says, byte by byte by hand: no HTTP library would send the broken ones.

use core::fmt::Write as _;
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use crate::request::Request;
use crate::script::{Framing, Script, Step};
use crate::stop::Stop;

/// What the connection is good for after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// The next request.
    KeepAlive,
    Close,
}

/// Answers `request` with `script`.
///
/// # Errors
/// The client is gone.
pub(crate) fn send(stream: &TcpStream, request: &Request, script: &Script, stop: &Stop) -> io::Result<After> {
    let framing = match script.framing {
        Framing::Chunked if request.is_http_1_0 => Framing::UntilClose,
        framing => framing,
    };
    let after = if framing == Framing::UntilClose || request.wants_close() { After::Close } else { After::KeepAlive };

    let mut head = head(script.status, &script.headers);
    // Writing to a string cannot fail.
    let _ = match framing {
        Framing::Chunked => write!(head, "transfer-encoding: chunked\r\n"),
        Framing::UntilClose => Ok(()),
        Framing::ContentLength => write!(head, "content-length: {}\r\n", script.announced_length()),
    };
    if after == After::Close {
        head.push_str("connection: close\r\n");
    }
    head.push_str("\r\n");
    write(stream, head.as_bytes())?;
    if request.method == "HEAD" {
        return Ok(after);
    }
    let body = Body {
        stream,
        framing,
        script,
        stop,
        sizes: script.sizes.iter().cycle(),
        left: script.cut_after,
        begun: false,
    };
    Ok(match body.send()? {
        End::Whole => after,
        End::Broken => After::Close,
    })
}

/// Lets a page of any origin send what it likes, and read what it gets.
///
/// # Errors
/// The client is gone.
pub(crate) fn preflight(stream: &TcpStream, request: &Request) -> io::Result<After> {
    let after = if request.wants_close() { After::Close } else { After::KeepAlive };
    let mut head = head(204, &[]);
    // `*` would not cover `authorization`.
    let headers = request.header("access-control-request-headers").unwrap_or("*");
    let _ =
        write!(head, "access-control-allow-methods: GET, POST, OPTIONS\r\naccess-control-allow-headers: {headers}\r\n");
    if after == After::Close {
        head.push_str("connection: close\r\n");
    }
    head.push_str("\r\n");
    write(stream, head.as_bytes())?;
    Ok(after)
}

/// Tells a client that waits with its body to send it.
///
/// # Errors
/// The client is gone.
pub(crate) fn go_on(stream: &TcpStream) -> io::Result<()> {
    write(stream, b"HTTP/1.1 100 Continue\r\n\r\n")
}

/// Answers what could not be read, and ends the connection.
///
/// # Errors
/// The client is gone.
pub(crate) fn refuse(stream: &TcpStream, script: &Script, stop: &Stop) -> io::Result<()> {
    let unread = Request {
        method: String::new(),
        path: String::new(),
        headers: vec![("connection".to_owned(), "close".to_owned())],
        body: Vec::new(),
        is_http_1_0: false,
    };
    send(stream, &unread, script, stop)?;
    // To close with bytes unread would reset the connection, and the client would lose the answer.
    stream.shutdown(std::net::Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    io::copy(&mut stream.take(64 * 1024 * 1024), &mut io::sink()).map(drop)
}

/// Without the framing, and without the blank line at its end.
fn head(status: u16, headers: &[(String, String)]) -> String {
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("access-control-allow-origin: *\r\naccess-control-expose-headers: *\r\n");
    head
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        // It may be empty.
        _ => "",
    }
}

struct Body<'a> {
    stream: &'a TcpStream,
    framing: Framing,
    script: &'a Script,
    stop: &'a Stop,
    sizes: core::iter::Cycle<core::slice::Iter<'a, usize>>,
    /// Bytes until the cut, if there is one.
    left: Option<usize>,
    begun: bool,
}

#[derive(PartialEq, Eq)]
enum End {
    Whole,
    /// The client must not wait for more.
    Broken,
}

impl Body<'_> {
    fn send(mut self) -> io::Result<End> {
        for step in &self.script.steps {
            let end = match step {
                Step::Send(bytes) => self.send_pieces(bytes)?,
                Step::Pause(duration) => {
                    self.stop.pause(*duration);
                    End::Whole
                }
                Step::Wait(gate) => {
                    gate.wait(self.stop);
                    End::Whole
                }
                Step::Cut => End::Broken,
                Step::Hold => {
                    // Until the client closes or the server shuts the connection down.
                    io::copy(&mut &*self.stream, &mut io::sink())?;
                    End::Broken
                }
            };
            // What a stopping server lets go must not look like a whole answer.
            if end == End::Broken || self.stop.is_stopped() {
                return Ok(End::Broken);
            }
        }
        if self.left.is_some() {
            return Ok(End::Broken);
        }
        if self.framing == Framing::Chunked {
            write(self.stream, b"0\r\n\r\n")?;
        }
        Ok(End::Whole)
    }

    fn send_pieces(&mut self, mut bytes: &[u8]) -> io::Result<End> {
        while !bytes.is_empty() {
            if self.left == Some(0) {
                return Ok(End::Broken);
            }
            if self.begun && !self.script.delay.is_zero() {
                self.stop.pause(self.script.delay);
            }
            self.begun = true;
            let size = self.sizes.next().map_or(bytes.len(), |&size| size.min(bytes.len()));
            let (piece, rest) = bytes.split_at(size);
            self.send_piece(piece)?;
            bytes = rest;
        }
        Ok(if self.left == Some(0) { End::Broken } else { End::Whole })
    }

    /// In one write, so that it is one read where the network allows. Only the bytes before the cut are sent, but a
    /// chunk tells its full size.
    fn send_piece(&mut self, piece: &[u8]) -> io::Result<()> {
        let length = self.left.map_or(piece.len(), |left| left.min(piece.len()));
        self.left = self.left.map(|left| left - length);
        let bytes = piece.split_at(length).0;
        if self.framing != Framing::Chunked {
            return write(self.stream, bytes);
        }
        let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
        chunk.extend(bytes);
        if length == piece.len() {
            chunk.extend(b"\r\n");
        }
        write(self.stream, &chunk)
    }
}

fn write(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)
}
