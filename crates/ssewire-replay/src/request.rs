//! A request as a client sent it.

use serde_json::Value;

/// A complete request, as [`Server::requests`](crate::Server::requests) returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The method as it was sent: `POST`.
    pub method: String,
    /// The path with its query, as it was sent; of a request in absolute form, that of its URL.
    pub path: String,
    /// The headers in the order in which they were sent, with their names as they were sent. HTTP/2 names are in lower
    /// case.
    pub headers: Vec<(String, String)>,
    /// The body, without its framing.
    pub body: Vec<u8>,
    /// The protocol of the connection.
    pub version: Version,
}

/// The version of HTTP of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
    /// HTTP/2
    Http2,
}

impl Request {
    /// Returns the value of the first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns the `Last-Event-ID` header: the event after which a client that reconnects wants to continue.
    #[must_use]
    pub fn last_event_id(&self) -> Option<&str> {
        self.header("last-event-id")
    }

    /// Returns the body as JSON; null if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns whether the connection closes after the response.
    pub(crate) fn wants_close(&self) -> bool {
        self.version == Version::Http10 || self.has_token("connection", "close")
    }

    /// Returns whether a header that is a comma-separated list has this token, in any case. Headers of the same name
    /// are one list: RFC 9110, section 5.3.
    pub(crate) fn has_token(&self, name: &str, token: &str) -> bool {
        let lists = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let mut tokens = lists.flat_map(|(_, list)| list.split(',')).map(str::trim);
        tokens.any(|known| known.eq_ignore_ascii_case(token))
    }
}
