//! What a client asks: read from a connection that may carry many requests.

use std::io::{self, Read as _};
use std::net::TcpStream;

use serde_json::Value;

use crate::reply;

/// A request that came, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// As it was sent: `POST`.
    pub method: String,
    /// As it was sent, with its query.
    pub path: String,
    /// In the order they came, names as they were sent.
    pub headers: Vec<(String, String)>,
    /// Without its framing.
    pub body: Vec<u8>,
    pub(crate) is_http_1_0: bool,
}

impl Request {
    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether the connection is of no use after the answer.
    pub(crate) fn wants_close(&self) -> bool {
        self.is_http_1_0 || self.says("connection", "close")
    }

    /// Whether this word is in the comma-separated list that is a header.
    fn says(&self, name: &str, word: &str) -> bool {
        let words = self.header(name).unwrap_or_default().split(',');
        words.map(str::trim).any(|said| said.eq_ignore_ascii_case(word))
    }
}

/// Why there is no request.
#[derive(Debug)]
pub(crate) enum NoRequest {
    /// The client left, or the server stops.
    Gone,
    /// It cannot be understood, and what follows it neither.
    Refused { status: u16, kind: &'static str, message: &'static str },
}

impl From<io::Error> for NoRequest {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// The client's side of a connection.
#[derive(Debug)]
pub(crate) struct Incoming<'a> {
    stream: &'a TcpStream,
    /// What is read and not yet used: a client may send the next request early.
    unused: Vec<u8>,
}

const MOST_HEADERS: usize = 100;
const MOST_HEAD_BYTES: usize = 64 * 1024;
/// More than the API takes.
const MOST_BODY_BYTES: usize = 64 * 1024 * 1024;

impl<'a> Incoming<'a> {
    pub(crate) fn new(stream: &'a TcpStream) -> Self {
        Self { stream, unused: Vec::new() }
    }

    pub(crate) fn next_request(&mut self) -> Result<Request, NoRequest> {
        let mut request = self.head()?;
        let is_chunked = request.says("transfer-encoding", "chunked");
        let length = match request.header("content-length") {
            Some(length) => length.parse().map_err(|_| malformed("the content-length is no number"))?,
            None => 0,
        };
        let is_body_here = self.unused.len() >= length && !is_chunked;
        if request.says("expect", "100-continue") && !request.is_http_1_0 && !is_body_here {
            reply::go_on(self.stream)?;
        }
        request.body = if is_chunked { self.chunked_body()? } else { self.body(length)? };
        Ok(request)
    }

    fn head(&mut self) -> Result<Request, NoRequest> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
            let mut head = httparse::Request::new(&mut headers);
            let parsed = head.parse(&self.unused).map_err(|_| malformed("the request head is no HTTP/1"))?;
            if let httparse::Status::Complete(length) = parsed {
                let headers = head.headers.iter();
                let request = Request {
                    method: head.method.unwrap_or_default().to_owned(),
                    path: head.path.unwrap_or_default().to_owned(),
                    headers: headers.map(|header| (header.name.to_owned(), lossy(header.value))).collect(),
                    body: Vec::new(),
                    is_http_1_0: head.version == Some(0),
                };
                self.take(length)?;
                return Ok(request);
            }
            if self.unused.len() > MOST_HEAD_BYTES {
                return Err(malformed("the request head is too large"));
            }
            self.read_more()?;
        }
    }

    fn body(&mut self, length: usize) -> Result<Vec<u8>, NoRequest> {
        if length > MOST_BODY_BYTES {
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
            if size > MOST_BODY_BYTES - body.len() {
                return Err(too_large());
            }
            body.extend(self.take(size)?);
            if self.take(2)? != b"\r\n" {
                return Err(malformed("a chunk of the request is longer than its size"));
            }
        }
    }

    fn chunk_size(&mut self) -> Result<usize, NoRequest> {
        loop {
            let parsed = httparse::parse_chunk_size(&self.unused);
            match parsed.map_err(|_| malformed("a chunk of the request has no size"))? {
                httparse::Status::Complete((length, size)) => {
                    self.take(length)?;
                    return usize::try_from(size).map_err(|_| too_large());
                }
                httparse::Status::Partial if self.unused.len() > MOST_HEAD_BYTES => {
                    return Err(malformed("the size of a chunk is too long"));
                }
                httparse::Status::Partial => self.read_more()?,
            }
        }
    }

    /// Up to the blank line that ends them.
    fn skip_trailers(&mut self) -> Result<(), NoRequest> {
        let mut skipped = 0;
        loop {
            let line = self.line()?;
            skipped += line;
            if line <= 2 {
                return Ok(());
            }
            if skipped > MOST_HEAD_BYTES {
                return Err(malformed("the trailers of the request are too large"));
            }
        }
    }

    /// Uses up a line; gives its length, end included.
    fn line(&mut self) -> Result<usize, NoRequest> {
        loop {
            if let Some(end) = self.unused.iter().position(|&byte| byte == b'\n') {
                return Ok(self.take(end + 1)?.len());
            }
            if self.unused.len() > MOST_HEAD_BYTES {
                return Err(malformed("the trailers of the request are too large"));
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
        // Small: it is on the stack, and stacks are small here.
        let mut piece = [0; 4096];
        let length = self.stream.read(&mut piece)?;
        if length == 0 {
            return Err(NoRequest::Gone);
        }
        self.unused.extend(piece.iter().take(length));
        Ok(())
    }
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
