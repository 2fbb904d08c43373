//! Sends a response over HTTP/1, byte by byte: no HTTP library would send the broken ones.

use core::fmt::Write as _;
use core::time::Duration;
use std::io::{self, IoSlice, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use crate::plan::{Action, Plan};
use crate::request::{Request, Version};
use crate::script::{Framing, Script};
use crate::stop::Stop;

/// The state of the connection after a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    KeepAlive,
    Close,
    Reset,
}

/// Responds to `request` with `script`.
///
/// # Errors
/// The client has left.
pub(crate) fn send(stream: &TcpStream, request: &Request, script: &Script, stop: &Stop) -> io::Result<After> {
    let framing = script.framing(request.version);
    let has_body = !matches!(script.status, 204 | 304);
    let closes = request.wants_close()
        || (has_body && framing == Framing::UntilClose)
        // The body may have another length.
        || script.header_value("content-length").is_some()
        || script.header_value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let after = if closes { After::Close } else { After::KeepAlive };

    // Writing to a string cannot fail.
    let mut head = format!("HTTP/1.1 {} {}\r\n", script.status, reason(script.status));
    for (name, value) in &script.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let length = match framing {
        _ if !has_body => None,
        Framing::Chunked => Some(("transfer-encoding", "chunked".to_owned())),
        Framing::UntilClose => None,
        Framing::ContentLength => Some(("content-length", script.announced_length().to_string())),
    };
    let close = closes.then(|| ("connection", "close".to_owned()));
    for (name, value) in script.added_headers(length.into_iter().chain(close)) {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    write(stream, head.as_bytes())?;
    if request.method == "HEAD" || !has_body {
        return Ok(after);
    }
    Ok(match send_body(stream, framing, script, stop)? {
        End::Complete => after,
        End::Broken => After::Close,
        End::Reset => After::Reset,
    })
}

/// Asks a client that waits with its body to send it.
///
/// # Errors
/// The client has left.
pub(crate) fn send_continue(stream: &TcpStream) -> io::Result<()> {
    write(stream, b"HTTP/1.1 100 Continue\r\n\r\n")
}

/// Responds to bytes that are not a request, and ends the connection.
///
/// # Errors
/// The client has left.
pub(crate) fn refuse(stream: &TcpStream, script: &Script, stop: &Stop) -> io::Result<()> {
    let unread = Request {
        method: String::new(),
        path: String::new(),
        headers: vec![("connection".to_owned(), "close".to_owned())],
        body: Vec::new(),
        version: Version::Http11,
    };
    send(stream, &unread, script, stop)?;
    close(stream)
}

/// Ends the connection in order. Closing with unread bytes would reset it, and the client would lose the response.
///
/// # Errors
/// The client has left, or keeps its side open.
pub(crate) fn close(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    io::copy(&mut stream.take(64 * 1024 * 1024), &mut io::sink()).map(drop)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        // It may be empty.
        _ => "",
    }
}

enum End {
    Complete,
    /// The client must not wait for more.
    Broken,
    Reset,
}

fn send_body(stream: &TcpStream, framing: Framing, script: &Script, stop: &Stop) -> io::Result<End> {
    let mut plan = Plan::new(script);
    loop {
        match plan.next() {
            Action::Send { bytes, announced } => send_piece(stream, framing, bytes, announced)?,
            Action::Pause(duration) => stop.pause(duration),
            Action::Wait(gate) => gate.wait(stop),
            Action::Hold => {
                // Until the client closes or the server shuts the connection down.
                io::copy(&mut &*stream, &mut io::sink())?;
                return Ok(End::Broken);
            }
            Action::Cut => return Ok(End::Broken),
            Action::Reset => return Ok(End::Reset),
            Action::End => {
                if framing == Framing::Chunked {
                    write(stream, b"0\r\n\r\n")?;
                }
                return Ok(End::Complete);
            }
        }
        // A response that a stopping server ends must not look complete.
        if stop.is_stopped() {
            return Ok(End::Broken);
        }
    }
}

/// Sends a piece in one write, so that it is one read where the network allows. A chunk announces its full size, even
/// if the body is cut within it.
fn send_piece(stream: &TcpStream, framing: Framing, bytes: &[u8], announced: usize) -> io::Result<()> {
    if framing != Framing::Chunked {
        return write(stream, bytes);
    }
    let size_line = format!("{announced:x}\r\n");
    let end: &[u8] = if bytes.len() == announced { b"\r\n" } else { b"" };
    write_vectored(stream, [size_line.as_bytes(), bytes, end])
}

/// Writes the parts without a copy: a client that does not read would hold it.
fn write_vectored(mut stream: impl io::Write, parts: [&[u8]; 3]) -> io::Result<()> {
    let mut slices = parts.map(IoSlice::new);
    let mut rest = &mut slices[..];
    // Removes empty parts.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match stream.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn write(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes at most `most` bytes of a write, and every second time is interrupted.
    struct Slow {
        most: usize,
        is_interrupted: bool,
        written: Vec<u8>,
        writes: usize,
    }

    impl io::Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.write_vectored(&[IoSlice::new(bytes)])
        }

        fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            self.is_interrupted = !self.is_interrupted;
            if self.is_interrupted {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.writes += 1;
            let before = self.written.len();
            self.written.extend(slices.iter().flat_map(|slice| slice.iter()).take(self.most));
            Ok(self.written.len() - before)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_parts_are_one_write_and_any_number_of_short_ones() {
        for parts in [["3\r\n", "abc", "\r\n"], ["5\r\n", "abc", ""], ["0\r\n", "", "\r\n"], ["", "", ""]] {
            for most in [1, 2, 3, 4, 7, 100] {
                let mut slow = Slow { most, is_interrupted: false, written: Vec::new(), writes: 0 };
                write_vectored(&mut slow, parts.map(str::as_bytes)).unwrap();
                assert_eq!(slow.written, parts.concat().as_bytes());
                assert_eq!(slow.writes, parts.concat().len().div_ceil(most));
            }
        }
        let mut full = Slow { most: 0, is_interrupted: false, written: Vec::new(), writes: 0 };
        let error = write_vectored(&mut full, [b"a", b"", b""]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero);
    }
}
