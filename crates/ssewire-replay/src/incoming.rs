//! Reads HTTP/1 requests from a connection that may carry many.

use std::io::{self, Read as _};
use std::net::TcpStream;

use crate::http1;
use crate::request::{Request, Version};

/// Why no request was read.
#[derive(Debug)]
pub(crate) enum NoRequest {
    /// The client has left, or the server stops.
    Gone,
    /// The bytes are not a request, so the rest of the connection cannot be read either.
    Refused { status: u16, kind: &'static str, message: &'static str },
}

impl From<io::Error> for NoRequest {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// The requests of a client on a connection.
#[derive(Debug)]
pub(crate) struct Incoming<'a> {
    stream: &'a TcpStream,
    /// Bytes that were read and not yet parsed: a client may send the next request early.
    unused: Vec<u8>,
}

/// The first bytes of an HTTP/2 connection with prior knowledge: RFC 9113, section 3.4.
#[cfg(feature = "http2")]
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const MAX_HEADERS: usize = 100;
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// More than the Messages API accepts.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

impl<'a> Incoming<'a> {
    pub(crate) fn new(stream: &'a TcpStream) -> Self {
        Self { stream, unused: Vec::new() }
    }

    /// Returns whether the connection starts as HTTP/2 does. Reads as few bytes as that takes.
    #[cfg(feature = "http2")]
    pub(crate) fn starts_http2(&mut self) -> Result<bool, NoRequest> {
        while self.unused.len() < HTTP2_PREFACE.len() && HTTP2_PREFACE.starts_with(&self.unused) {
            self.read_more()?;
        }
        Ok(self.unused.starts_with(HTTP2_PREFACE))
    }

    /// Returns the bytes that were read and not parsed.
    #[cfg(feature = "http2")]
    pub(crate) fn into_unused(self) -> Vec<u8> {
        self.unused
    }

    pub(crate) fn next_request(&mut self) -> Result<Request, NoRequest> {
        let mut request = self.head()?;
        let is_chunked = request.has_token("transfer-encoding", "chunked");
        let length = match request.header("content-length") {
            Some(length) => length.parse().map_err(|_| malformed("content-length is not a number"))?,
            None => 0,
        };
        let is_body_here = self.unused.len() >= length && !is_chunked;
        if request.has_token("expect", "100-continue") && request.version != Version::Http10 && !is_body_here {
            http1::send_continue(self.stream)?;
        }
        request.body = if is_chunked { self.chunked_body()? } else { self.body(length)? };
        Ok(request)
    }

    fn head(&mut self) -> Result<Request, NoRequest> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut head = httparse::Request::new(&mut headers);
            let parsed = head.parse(&self.unused).map_err(|error| match error {
                httparse::Error::TooManyHeaders => malformed("request head has more than 100 headers"),
                _ => malformed("request head is not HTTP/1"),
            })?;
            if let httparse::Status::Complete(length) = parsed {
                let headers = head.headers.iter();
                let request = Request {
                    method: head.method.unwrap_or_default().to_owned(),
                    path: path_of(head.path.unwrap_or_default()),
                    headers: headers.map(|header| (header.name.to_owned(), lossy(header.value))).collect(),
                    body: Vec::new(),
                    version: if head.version == Some(0) { Version::Http10 } else { Version::Http11 },
                };
                self.take(length)?;
                return Ok(request);
            }
            if self.unused.len() > MAX_HEAD_BYTES {
                return Err(malformed("request head is too large"));
            }
            self.read_more()?;
        }
    }

    fn body(&mut self, length: usize) -> Result<Vec<u8>, NoRequest> {
        if length > MAX_BODY_BYTES {
            return Err(too_large());
        }
        self.take(length)
    }

    fn chunked_body(&mut self) -> Result<Vec<u8>, NoRequest> {
        let mut body = Vec::new();
        loop {
            let size = self.chunk_size()?;
            if size == 0 {
                self.skip_trailers()?;
                return Ok(body);
            }
            if size > MAX_BODY_BYTES - body.len() {
                return Err(too_large());
            }
            body.extend(self.take(size)?);
            if self.take(2)? != b"\r\n" {
                return Err(malformed("chunk of the request is longer than its size"));
            }
        }
    }

    fn chunk_size(&mut self) -> Result<usize, NoRequest> {
        loop {
            let parsed = httparse::parse_chunk_size(&self.unused);
            match parsed.map_err(|_| malformed("chunk of the request has no size"))? {
                httparse::Status::Complete((length, size)) => {
                    self.take(length)?;
                    return usize::try_from(size).map_err(|_| too_large());
                }
                httparse::Status::Partial if self.unused.len() > MAX_HEAD_BYTES => {
                    return Err(malformed("size of a chunk is too long"));
                }
                httparse::Status::Partial => self.read_more()?,
            }
        }
    }

    /// Skips the trailers and the blank line after them.
    fn skip_trailers(&mut self) -> Result<(), NoRequest> {
        let mut skipped = 0;
        loop {
            let line = self.line()?;
            skipped += line;
            if line <= 2 {
                return Ok(());
            }
            if skipped > MAX_HEAD_BYTES {
                return Err(malformed("trailers of the request are too large"));
            }
        }
    }

    /// Skips a line; returns its length with its end.
    fn line(&mut self) -> Result<usize, NoRequest> {
        loop {
            if let Some(end) = self.unused.iter().position(|&byte| byte == b'\n') {
                return Ok(self.take(end + 1)?.len());
            }
            if self.unused.len() > MAX_HEAD_BYTES {
                return Err(malformed("trailers of the request are too large"));
            }
            self.read_more()?;
        }
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>, NoRequest> {
        while self.unused.len() < length {
            self.read_more()?;
        }
        let rest = self.unused.split_off(length);
        Ok(core::mem::replace(&mut self.unused, rest))
    }

    fn read_more(&mut self) -> Result<(), NoRequest> {
        // Small, because it is on the stack of a connection, which is small.
        let mut piece = [0; 4096];
        let length = self.stream.read(&mut piece)?;
        if length == 0 {
            return Err(NoRequest::Gone);
        }
        self.unused.extend(piece.iter().take(length));
        Ok(())
    }
}

/// Returns the path of a request target, with its query. That of a request through a proxy begins with the address of
/// the server. (RFC 9112, section 3.2.2: *absolute-form*.)
fn path_of(target: &str) -> String {
    let Some((_, rest)) = target.split_once("://").filter(|_| !target.starts_with('/')) else {
        return target.to_owned();
    };
    let path = rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or_default();
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

fn malformed(message: &'static str) -> NoRequest {
    NoRequest::Refused { status: 400, kind: "invalid_request_error", message }
}

fn too_large() -> NoRequest {
    NoRequest::Refused { status: 413, kind: "request_too_large", message: "Request exceeds the maximum size" }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
