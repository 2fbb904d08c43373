//! What a path answers with, step by step.

use core::fmt::Display;
use core::time::Duration;

use serde_json::Value;

use crate::builtin;
use crate::gate::Gate;

/// One answer: status, headers, how its body is framed and cut into pieces, and the steps that send it.
///
/// ```
/// use ssewire_replay::{Gate, Script};
///
/// let gate = Gate::new();
/// let script = Script::stream("data: one\n\n").wait(&gate).send("data: two\n\n").chunked_by(4);
/// let refusal = Script::status(429).header("retry-after", "1").json(r#"{"type":"error"}"#);
/// ```
#[derive(Debug, Clone)]
pub struct Script {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) framing: Framing,
    /// In turn, over and over; none: each [`Step::Send`] is one piece.
    pub(crate) sizes: Vec<usize>,
    pub(crate) delay: Duration,
    pub(crate) cut_after: Option<usize>,
    pub(crate) steps: Vec<Step>,
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `transfer-encoding: chunked`, each piece a chunk. To a request of HTTP/1.0: as [`Framing::UntilClose`].
    Chunked,
    /// The connection closes. A client cannot tell a cut from the end.
    UntilClose,
    /// `content-length`: of everything that is sent; where the script cuts or holds behind that, one byte more.
    ContentLength,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    Pause(Duration),
    Wait(Gate),
    Cut,
    Hold,
}

/// What to begin with.
impl Script {
    /// 200 and an event stream, chunked.
    #[must_use]
    pub fn stream(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(200, Framing::Chunked)
            .header("content-type", "text/event-stream; charset=utf-8")
            .header("cache-control", "no-cache")
            .send(bytes)
    }

    /// A status and no body yet, with a content-length.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(status, Framing::ContentLength)
    }

    /// An error as the API sends it instead of a stream.
    #[must_use]
    pub fn error(status: u16, kind: &str, message: &str) -> Self {
        Self::status(status).json(error_body(kind, message))
    }

    /// 429, to be tried again after a second.
    #[must_use]
    pub fn rate_limit() -> Self {
        Self::error(429, "rate_limit_error", "Number of requests has exceeded your rate limit")
            .header("retry-after", "1")
    }

    /// 529.
    #[must_use]
    pub fn overloaded() -> Self {
        Self::error(529, "overloaded_error", "Overloaded")
    }

    /// The whole message as JSON: what comes when the request forgot `"stream": true`.
    #[must_use]
    pub fn json_message() -> Self {
        Self::status(200).json(builtin::MESSAGE)
    }

    /// A page where the stream should be, with status 200: a captive portal.
    #[must_use]
    pub fn html_page() -> Self {
        Self::status(200).header("content-type", "text/html").send(builtin::HTML)
    }

    /// An event stream compressed by gzip, without the header that says so.
    #[must_use]
    pub fn compressed() -> Self {
        Self::stream(builtin::GZIP)
    }

    /// An event stream without a byte.
    #[must_use]
    pub fn empty() -> Self {
        Self::stream("")
    }

    fn new(status: u16, framing: Framing) -> Self {
        Self {
            status,
            headers: vec![("request-id".to_owned(), builtin::REQUEST_ID.to_owned())],
            framing,
            sizes: Vec::new(),
            delay: Duration::ZERO,
            cut_after: None,
            steps: Vec::new(),
        }
    }
}

/// Head and framing.
impl Script {
    /// Sets a header, in the place of one of the same name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How the end of the body is told.
    #[must_use]
    pub fn framed(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Sends pieces of `size` bytes, of at least one; the last of each [`send`](Self::send) may be shorter. A piece is
    /// a chunk where the framing has chunks, and a write of its own everywhere.
    #[must_use]
    pub fn chunked_by(self, size: usize) -> Self {
        self.chunk_sizes([size])
    }

    /// As [`chunked_by`](Self::chunked_by), with these sizes in turn, over and over. None: each `send` is one piece.
    #[must_use]
    pub fn chunk_sizes(mut self, sizes: impl IntoIterator<Item = usize>) -> Self {
        // A chunk of no bytes would end the body.
        self.sizes = sizes.into_iter().map(|size| size.max(1)).collect();
        self
    }

    /// Waits between any two pieces.
    #[must_use]
    pub fn delayed_by(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// Steps, in the order of the calls.
impl Script {
    /// Sends these bytes.
    #[must_use]
    pub fn send(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Send(bytes.into()))
    }

    /// Sends JSON, and says so in the content-type.
    #[must_use]
    pub fn json(self, body: impl Display) -> Self {
        self.header("content-type", "application/json").send(body.to_string())
    }

    /// Sends an `error` event: an error that comes after the 200.
    #[must_use]
    pub fn error_event(self, kind: &str, message: &str) -> Self {
        self.send(format!("event: error\ndata: {}\n\n", error_body(kind, message)))
    }

    /// Sends nothing for a while.
    #[must_use]
    pub fn pause(self, duration: Duration) -> Self {
        self.step(Step::Pause(duration))
    }

    /// Holds the rest back until the gate is opened.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.step(Step::Wait(gate.clone()))
    }

    /// Closes the connection, without the end that the framing asks for. Between two chunks;
    /// [`cut_after`](Self::cut_after) also cuts within one.
    #[must_use]
    pub fn cut(self) -> Self {
        self.step(Step::Cut)
    }

    /// Keeps the connection open and silent until the client leaves or the server stops.
    #[must_use]
    pub fn hold(self) -> Self {
        self.step(Step::Hold)
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// Changes to what is sent.
impl Script {
    /// Closes the connection after so many bytes of the body: within a chunk whose size is already told, if they end
    /// there. After fewer if there are no more, and then too without the end that the framing asks for.
    #[must_use]
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// Puts a ping behind every so many events (of at least one) of what the script sends so far. Lines end with LF
    /// or CRLF.
    #[must_use]
    pub fn with_pings_every(mut self, events: usize) -> Self {
        let mut lines = Lines { is_blank: true, in_event: false };
        let mut until_ping = events.max(1);
        for step in &mut self.steps {
            let Step::Send(bytes) = step else { continue };
            for byte in core::mem::take(bytes) {
                bytes.push(byte);
                if lines.ends_event(byte) {
                    until_ping -= 1;
                    if until_ping == 0 {
                        bytes.extend(builtin::PING);
                        until_ping = events.max(1);
                    }
                }
            }
        }
        self
    }
}

/// What a server asks.
impl Script {
    pub(crate) fn gates(&self) -> impl Iterator<Item = Gate> {
        self.steps.iter().filter_map(|step| match step {
            Step::Wait(gate) => Some(gate.clone()),
            _ => None,
        })
    }

    /// The content-length to announce: never one that is reached where the script cuts or holds.
    pub(crate) fn announced_length(&self) -> usize {
        let total = sent(&self.steps);
        let stop = self.steps.iter().position(|step| matches!(step, Step::Cut | Step::Hold));
        let before_stop = stop.and_then(|stop| self.steps.get(..stop)).map(sent);
        let before_cut = self.cut_after.map(|bytes| bytes.min(total));
        before_stop.into_iter().chain(before_cut).min().map_or(total, |reached| total.max(reached + 1))
    }
}

fn sent(steps: &[Step]) -> usize {
    steps.iter().map(|step| if let Step::Send(bytes) = step { bytes.len() } else { 0 }).sum()
}

fn error_body(kind: &str, message: &str) -> String {
    let (kind, message, id) = (Value::from(kind), Value::from(message), Value::from(builtin::REQUEST_ID));
    format!(r#"{{"type":"error","error":{{"type":{kind},"message":{message}}},"request_id":{id}}}"#)
}

/// Where events end: at a blank line behind one that is not.
struct Lines {
    is_blank: bool,
    in_event: bool,
}

impl Lines {
    fn ends_event(&mut self, byte: u8) -> bool {
        match byte {
            b'\n' => {
                let ends = self.is_blank && self.in_event;
                self.in_event = !self.is_blank;
                self.is_blank = true;
                ends
            }
            b'\r' => false,
            _ => {
                self.is_blank = false;
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(script: &Script) -> String {
        let sent = script.steps.iter().filter_map(|step| match step {
            Step::Send(bytes) => Some(bytes.as_slice()),
            _ => None,
        });
        String::from_utf8(sent.collect::<Vec<_>>().concat()).unwrap()
    }

    #[test]
    fn pings_stand_between_events_and_nowhere_else() {
        let ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
        for (events, stream, expected) in [
            (1, "data: a\n\ndata: b\n\n", format!("data: a\n\n{ping}data: b\n\n{ping}")),
            (2, "data: a\n\ndata: b\n\ndata: c\n\n", format!("data: a\n\ndata: b\n\n{ping}data: c\n\n")),
            (0, "data: a\n\n", format!("data: a\n\n{ping}")),
            (1, "\n\ndata: a\r\nid: 1\r\n\r\n\r\n", format!("\n\ndata: a\r\nid: 1\r\n\r\n{ping}\r\n")),
            (1, "data: a\n", "data: a\n".to_owned()),
        ] {
            assert_eq!(body(&Script::stream(stream).with_pings_every(events)), expected);
        }
        let in_two_sends = Script::stream("data: a\n").send("\ndata: b\n\n").with_pings_every(1);
        assert_eq!(body(&in_two_sends), format!("data: a\n\n{ping}data: b\n\n{ping}"));
    }

    #[test]
    fn a_cut_or_held_answer_never_reaches_its_length() {
        let four = || Script::status(200).send("1234");
        for (script, length) in [
            (four(), 4),
            (four().cut(), 5),
            (four().hold(), 5),
            (four().cut().send("56"), 6),
            (four().cut_after(2), 4),
            (four().cut_after(4), 5),
            (four().cut_after(9), 5),
            (Script::status(200), 0),
        ] {
            assert_eq!(script.announced_length(), length, "{script:?}");
        }
    }

    #[test]
    fn a_header_replaces_its_namesake() {
        let script = Script::html_page().header("Content-Type", "text/plain");
        let types = script.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        assert_eq!(types.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["text/plain"]);
    }

    #[test]
    fn errors_are_json_whatever_their_message() {
        let error: Value = serde_json::from_str(&error_body("api_error", "a \"quoted\"\nline")).unwrap();
        assert_eq!(error["type"], "error");
        assert_eq!(error["error"]["type"], "api_error");
        assert_eq!(error["error"]["message"], "a \"quoted\"\nline");
    }
}
