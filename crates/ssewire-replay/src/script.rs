//! One response, step by step.

use core::fmt::Display;
use core::time::Duration;

use serde_json::Value;

use crate::gate::Gate;
use crate::lines::event_ends;
use crate::recording;
use crate::request::{Request, Version};
use crate::samples;

/// One response: status, headers, how its body is framed and cut into pieces, and the steps that send it.
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
    /// Sizes of the pieces, in turn, over and over. If empty, each [`Step::Send`] is one piece.
    pub(crate) sizes: Vec<usize>,
    pub(crate) delay: Duration,
    pub(crate) speed: f64,
    pub(crate) cut_after: Option<usize>,
    pub(crate) steps: Vec<Step>,
}

/// How a client recognises the end of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `transfer-encoding: chunked`, each piece a chunk. HTTP/1.0: as [`Framing::UntilClose`]. HTTP/2: each piece a
    /// DATA frame.
    Chunked,
    /// The connection closes, so a client cannot distinguish a cut from the end. HTTP/2: a cut ends the stream in
    /// order.
    UntilClose,
    /// `content-length`: the length of everything that is sent; one byte more if the script cuts, resets or holds after
    /// that; 4,294,967,295 if it repeats a send.
    ContentLength,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    Pause(Duration),
    /// A pause of a recording, which [`Script::speed`] scales and [`Script::delayed_by`] replaces.
    RecordedPause(Duration),
    Wait(Gate),
    Repeat(Vec<u8>, Duration),
    Cut,
    Reset,
    Hold,
}

/// Complete responses and first steps.
impl Script {
    /// Creates a response of status 200 with an event stream, chunked.
    #[must_use]
    pub fn stream(bytes: impl Into<Vec<u8>>) -> Self {
        Self::event_stream().send(bytes)
    }

    /// Creates a response of status 200 with a recorded event stream, chunked, at its recorded pace. A comment line
    /// `: ssewire +123ms`, as `ssewire record` writes it, is a pause of that time and is not sent. A recording without
    /// such lines is sent at once. A response head in front of the body is not sent. [`speed`](Self::speed) scales the
    /// pace, [`delayed_by`](Self::delayed_by) replaces it.
    ///
    /// ```
    /// use ssewire_replay::Script;
    ///
    /// let script = Script::recording(": ssewire +0ms\ndata: a\n\n: ssewire +800ms\ndata: b\n\n").speed(2.0);
    /// ```
    #[must_use]
    pub fn recording(bytes: impl AsRef<[u8]>) -> Self {
        recording::split(bytes.as_ref()).into_iter().fold(Self::event_stream(), |script, (time, part)| {
            let script = if time.is_zero() { script } else { script.step(Step::RecordedPause(time)) };
            script.send(part)
        })
    }

    /// Creates a response of this status, with a content-length and without a body yet. The status is one of three
    /// digits.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(status, Framing::ContentLength)
    }

    /// Creates a response with an error as the Messages API sends it instead of a stream.
    #[must_use]
    pub fn error(status: u16, kind: &str, message: &str) -> Self {
        Self::status(status).json(error_body(kind, message))
    }

    /// Creates a response with the error 429, `rate_limit_error`, with `retry-after: 1`.
    #[must_use]
    pub fn rate_limit() -> Self {
        Self::error(429, "rate_limit_error", "Number of requests has exceeded your rate limit")
            .header("retry-after", "1")
    }

    /// Creates a response with the error 529, `overloaded_error`.
    #[must_use]
    pub fn overloaded() -> Self {
        Self::error(529, "overloaded_error", "Overloaded")
    }

    /// Creates a response with a whole message as JSON, as the API sends it for a request without `"stream": true`.
    #[must_use]
    pub fn json_message() -> Self {
        Self::status(200).json(samples::MESSAGE)
    }

    /// Creates a response with an HTML page instead of the stream, with status 200, as captive portals send it.
    #[must_use]
    pub fn html_page() -> Self {
        Self::status(200).header("content-type", "text/html").send(samples::HTML)
    }

    /// Creates a response with an event stream compressed by gzip, without the header that says so.
    #[must_use]
    pub fn compressed() -> Self {
        Self::stream(samples::GZIP)
    }

    /// Creates a response with an event stream without a byte.
    #[must_use]
    pub fn empty() -> Self {
        Self::event_stream()
    }

    /// Allows a page of any origin to send any request and to read the response.
    pub(crate) fn preflight(request: &Request) -> Self {
        // `*` would not include `authorization`.
        let headers = request.header("access-control-request-headers").unwrap_or("*");
        let method = request.header("access-control-request-method").unwrap_or("*");
        Self::status(204).header("access-control-allow-methods", method).header("access-control-allow-headers", headers)
    }

    fn event_stream() -> Self {
        Self::new(200, Framing::Chunked)
            .header("content-type", "text/event-stream; charset=utf-8")
            .header("cache-control", "no-cache")
    }

    fn new(status: u16, framing: Framing) -> Self {
        Self {
            status,
            headers: vec![("request-id".to_owned(), samples::REQUEST_ID.to_owned())],
            framing,
            sizes: Vec::new(),
            delay: Duration::ZERO,
            speed: 1.0,
            cut_after: None,
            steps: Vec::new(),
        }
    }
}

/// Headers, framing and pace.
impl Script {
    /// Sets a header; replaces one of the same name, also one that the server adds: `access-control-allow-origin`,
    /// `access-control-expose-headers` and `connection`. A `transfer-encoding`, or else a `content-length`, replaces
    /// the [framing](Self::framed): the body is sent in chunks if the last coding is `chunked`, and as it is otherwise.
    /// A `content-length` or `connection: close` also closes the connection after the body. HTTP/2: headers of a
    /// connection are not sent, and decide nothing.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the value of a header that was set.
    pub(crate) fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns the framing of the body over this version of HTTP. A header of the script decides, so that it never
    /// contradicts one that the server adds: no message has both a `content-length` and a `transfer-encoding` of the
    /// server (RFC 9112, section 6.2).
    pub(crate) fn framing(&self, version: Version) -> Framing {
        let coding = self.header_value("transfer-encoding").filter(|_| version != Version::Http2);
        match coding.and_then(|codings| codings.rsplit(',').next()) {
            Some(last) if last.trim().eq_ignore_ascii_case("chunked") => Framing::Chunked,
            // RFC 9112, section 6.3.
            Some(_) => Framing::UntilClose,
            None if self.header_value("content-length").is_some() => Framing::ContentLength,
            None if self.framing == Framing::Chunked && version == Version::Http10 => Framing::UntilClose,
            None => self.framing,
        }
    }

    /// Returns the headers that the server adds, with those of the framing, unless the script has one of the same name.
    pub(crate) fn added_headers<'a>(
        &self,
        framing: impl IntoIterator<Item = (&'a str, String)>,
    ) -> impl Iterator<Item = (&'a str, String)> {
        let cors = ["access-control-allow-origin", "access-control-expose-headers"].map(|name| (name, "*".to_owned()));
        cors.into_iter().chain(framing).filter(|(name, _)| self.header_value(name).is_none())
    }

    /// As [`delayed_by`](Self::delayed_by), unless a delay was set.
    pub(crate) fn delayed_by_default(self, delay: Duration) -> Self {
        if self.delay.is_zero() { self.delayed_by(delay) } else { self }
    }

    /// Sets how a client recognises the end of the body, unless a [header](Self::header) says so.
    #[must_use]
    pub fn framed(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Sends pieces of `size` bytes, at least one; the last piece of each step may be shorter. A piece is a chunk or a
    /// DATA frame if the framing has them, and a write of its own.
    #[must_use]
    pub fn chunked_by(self, size: usize) -> Self {
        self.chunk_sizes([size])
    }

    /// As [`chunked_by`](Self::chunked_by), with these sizes in turn, over and over. Without sizes, each step is one
    /// piece.
    #[must_use]
    pub fn chunk_sizes(mut self, sizes: impl IntoIterator<Item = usize>) -> Self {
        // A chunk without bytes would end the body.
        self.sizes = sizes.into_iter().map(|size| size.max(1)).collect();
        self
    }

    /// Pauses for `delay` between any two pieces, instead of the recorded pace.
    #[must_use]
    pub fn delayed_by(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Plays a recording at this multiple of its pace: 2 is twice as fast. Infinity sends at once. A value that is not
    /// greater than zero changes nothing. A [delay](Self::delayed_by) replaces the pace, whatever the speed.
    #[must_use]
    pub fn speed(mut self, speed: f64) -> Self {
        if speed > 0.0 {
            self.speed = speed;
        }
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

    /// Sends JSON, and sets the content type.
    #[must_use]
    pub fn json(self, body: impl Display) -> Self {
        self.header("content-type", "application/json").send(body.to_string())
    }

    /// Sends an `error` event: an error after the status 200.
    #[must_use]
    pub fn error_event(self, kind: &str, message: &str) -> Self {
        self.send(error_event(kind, message))
    }

    /// Sends nothing for this time, whatever the speed.
    #[must_use]
    pub fn pause(self, duration: Duration) -> Self {
        self.step(Step::Pause(duration))
    }

    /// Holds the rest back until the gate is opened.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.step(Step::Wait(gate.clone()))
    }

    /// Sends these bytes again and again, with this pause before each, until the client leaves or the server stops.
    #[must_use]
    pub fn repeat(self, bytes: impl Into<Vec<u8>>, pause: Duration) -> Self {
        self.step(Step::Repeat(bytes.into(), pause))
    }

    /// Closes the connection in order, without the end that the framing requires. Between two chunks;
    /// [`cut_after`](Self::cut_after) also cuts within one. HTTP/2: resets the stream.
    #[must_use]
    pub fn cut(self) -> Self {
        self.step(Step::Cut)
    }

    /// Resets the connection (TCP RST). The client may lose bytes that it has not read yet.
    #[must_use]
    pub fn reset(self) -> Self {
        self.step(Step::Reset)
    }

    /// Keeps the connection open and silent until the client leaves or the server stops. Over HTTP/1, a client that
    /// closes its sending side has left.
    #[must_use]
    pub fn hold(self) -> Self {
        self.step(Step::Hold)
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// Changes of the steps so far.
impl Script {
    /// Closes the connection after this number of bytes of the body: within a chunk, after its full size was
    /// announced, if the count ends there. If the body is shorter, closes after it, also without the end that the
    /// framing requires.
    #[must_use]
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// Keeps the steps up to this number of bytes of the body and removes the rest.
    #[must_use]
    pub fn take(mut self, bytes: usize) -> Self {
        self.steps = split_steps(self.steps, bytes).0;
        self
    }

    /// Inserts a ping after each group of this number of events, at least one.
    #[must_use]
    pub fn with_pings_every(mut self, events: usize) -> Self {
        let body = self.body();
        let mut ends = event_ends(&body).skip(events.max(1) - 1).step_by(events.max(1)).peekable();
        let mut start = 0;
        for step in &mut self.steps {
            let Step::Send(bytes) = step else { continue };
            let end = start + bytes.len();
            let mut with_pings = Vec::new();
            while let Some(event_end) = ends.next_if(|event_end| *event_end <= end) {
                with_pings.extend_from_slice(body.get(start..event_end).unwrap_or_default());
                with_pings.extend(samples::PING);
                start = event_end;
            }
            with_pings.extend_from_slice(body.get(start..end).unwrap_or_default());
            *bytes = with_pings;
            start = end;
        }
        drop(ends);
        self
    }

    /// Inserts bytes before the byte of this offset in the body.
    pub(crate) fn insert(mut self, offset: usize, bytes: impl Into<Vec<u8>>) -> Self {
        let (before, after) = split_steps(self.steps, offset);
        self.steps = before;
        self.steps.push(Step::Send(bytes.into()));
        self.steps.extend(after);
        self
    }

    /// Replaces the line ends: LF, CRLF and CR, also a CRLF in two sends.
    pub(crate) fn with_line_ends(mut self, line_end: &[u8]) -> Self {
        if let Some(cut) = self.cut_after {
            let body = self.body();
            let before = body.get(..cut).unwrap_or(&body);
            let length = with_line_ends(before, line_end, &mut false).len();
            self.cut_after = Some((cut - before.len()).saturating_add(length));
        }
        let mut after_cr = false;
        for step in &mut self.steps {
            match step {
                Step::Send(bytes) => *bytes = with_line_ends(bytes, line_end, &mut after_cr),
                Step::Repeat(bytes, _) => *bytes = with_line_ends(bytes, line_end, &mut false),
                _ => {}
            }
        }
        self
    }
}

/// The properties that the server and the faults need.
impl Script {
    pub(crate) fn gates(&self) -> impl Iterator<Item = Gate> {
        self.steps.iter().filter_map(|step| match step {
            Step::Wait(gate) => Some(gate.clone()),
            _ => None,
        })
    }

    /// Returns the body that the steps send.
    pub(crate) fn body(&self) -> Vec<u8> {
        let sent = self.steps.iter().filter_map(|step| match step {
            Step::Send(bytes) => Some(bytes.as_slice()),
            _ => None,
        });
        sent.collect::<Vec<_>>().concat()
    }

    /// Returns the length of the body that the steps send.
    pub(crate) fn len(&self) -> usize {
        sent(&self.steps)
    }

    /// Returns the offset in the body after the last event that ends at `limit` or before it.
    pub(crate) fn event_end_before(&self, limit: usize) -> usize {
        event_ends(&self.body()).take_while(|end| *end <= limit).last().unwrap_or(0)
    }

    /// Returns the content-length to announce: never one that is reached before the script cuts, resets or holds, or
    /// while it repeats.
    pub(crate) fn announced_length(&self) -> usize {
        let total = self.len();
        let ends = |step: &Step| matches!(step, Step::Cut | Step::Reset | Step::Hold | Step::Repeat(..));
        let end = self.steps.iter().position(ends);
        if matches!(end.and_then(|end| self.steps.get(end)), Some(Step::Repeat(..))) {
            return ENDLESS;
        }
        let before_end = end.and_then(|end| self.steps.get(..end)).map(sent);
        let before_cut = self.cut_after.map(|bytes| bytes.min(total));
        before_end.into_iter().chain(before_cut).min().map_or(total, |reached| total.max(reached + 1))
    }
}

/// The content-length of a body that does not end.
const ENDLESS: usize = 0xFFFF_FFFF;

fn sent(steps: &[Step]) -> usize {
    steps.iter().map(|step| if let Step::Send(bytes) = step { bytes.len() } else { 0 }).sum()
}

/// Replaces the line ends. `after_cr`: the bytes before these ended with a CR; changed to whether these do.
fn with_line_ends(bytes: &[u8], line_end: &[u8], after_cr: &mut bool) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\n' if *after_cr => {}
            b'\r' | b'\n' => replaced.extend_from_slice(line_end),
            _ => replaced.push(byte),
        }
        *after_cr = byte == b'\r';
    }
    replaced
}

/// Splits the steps at this number of bytes of the body.
fn split_steps(steps: Vec<Step>, mut bytes: usize) -> (Vec<Step>, Vec<Step>) {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            step if !after.is_empty() => after.push(step),
            Step::Send(mut sent) if sent.len() > bytes => {
                after.push(Step::Send(sent.split_off(bytes)));
                before.push(Step::Send(sent));
            }
            Step::Send(sent) => {
                bytes -= sent.len();
                before.push(Step::Send(sent));
            }
            step => before.push(step),
        }
    }
    (before, after)
}

/// Returns an error event of the Messages API.
pub(crate) fn error_event(kind: &str, message: &str) -> String {
    format!("event: error\ndata: {}\n\n", error_body(kind, message))
}

fn error_body(kind: &str, message: &str) -> String {
    let (kind, message, id) = (Value::from(kind), Value::from(message), Value::from(samples::REQUEST_ID));
    format!(r#"{{"type":"error","error":{{"type":{kind},"message":{message}}},"request_id":{id}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(script: &Script) -> String {
        String::from_utf8(script.body()).unwrap()
    }

    #[test]
    fn pings_are_inserted_between_events_only() {
        let ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
        for (events, stream, expected) in [
            (1, "data: a\n\ndata: b\n\n", format!("data: a\n\n{ping}data: b\n\n{ping}")),
            (2, "data: a\n\ndata: b\n\ndata: c\n\n", format!("data: a\n\ndata: b\n\n{ping}data: c\n\n")),
            (0, "data: a\n\n", format!("data: a\n\n{ping}")),
            (1, "\n\ndata: a\r\nid: 1\r\n\r\n\r\n", format!("\n\ndata: a\r\nid: 1\r\n\r\n{ping}\r\n")),
            (1, "data: a\n", "data: a\n".to_owned()),
            (1, "data: a\r\rid: 1\r: c\r\r\r", format!("data: a\r\r{ping}id: 1\r: c\r\r{ping}\r")),
            (1, ": c\n\n: c\ndata: a\n\n", format!(": c\n\n: c\ndata: a\n\n{ping}")),
            (1, "\u{feff}: c\n\ndata: a\n\n", format!("\u{feff}: c\n\ndata: a\n\n{ping}")),
        ] {
            assert_eq!(body(&Script::stream(stream).with_pings_every(events)), expected);
        }
        let in_a_line_end = Script::stream("data: a\r\n\r").send("\ndata: b\r\n\r\n").with_pings_every(1);
        assert_eq!(body(&in_a_line_end), format!("data: a\r\n\r\n{ping}data: b\r\n\r\n{ping}"));
        let in_two_sends = Script::stream("data: a\n").send("\ndata: b\n\n").with_pings_every(1);
        assert_eq!(body(&in_two_sends), format!("data: a\n\n{ping}data: b\n\n{ping}"));
    }

    #[test]
    fn the_announced_length_is_never_reached_before_a_cut() {
        let four = || Script::status(200).send("1234");
        for (script, length) in [
            (four(), 4),
            (four().cut(), 5),
            (four().reset(), 5),
            (four().hold(), 5),
            (four().repeat("a", Duration::ZERO), 0xFFFF_FFFF),
            (four().cut().repeat("a", Duration::ZERO), 5),
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
    fn steps_are_split_at_a_byte() {
        let script = || Script::stream("abc").wait(&Gate::new()).send("def");
        for (bytes, expected) in [(0, ""), (2, "ab"), (3, "abc"), (4, "abcd"), (6, "abcdef"), (9, "abcdef")] {
            assert_eq!(body(&script().take(bytes)), expected, "{bytes}");
            assert_eq!(
                body(&script().insert(bytes, "_")),
                format!("{expected}_{}", "abcdef".strip_prefix(expected).unwrap())
            );
        }
        assert_eq!(script().take(2).steps.len(), 1);
        assert_eq!(script().take(4).steps.len(), 3);
    }

    #[test]
    fn the_last_end_of_an_event_is_found() {
        let script = Script::stream("data: a\n\nda").send("ta: b\n\ndata");
        let ends: Vec<_> = (0..=22).map(|limit| script.event_end_before(limit)).collect();
        let expected: Vec<_> = (0..=22)
            .map(|limit| {
                if limit >= 18 {
                    18
                } else if limit >= 9 {
                    9
                } else {
                    0
                }
            })
            .collect();
        assert_eq!(ends, expected);
    }

    #[test]
    fn a_header_replaces_its_namesake() {
        let script = Script::html_page().header("Content-Type", "text/plain");
        let types = script.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        assert_eq!(types.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["text/plain"]);
    }

    #[test]
    fn error_bodies_are_json_whatever_the_message() {
        let error: Value = serde_json::from_str(&error_body("api_error", "a \"quoted\"\nline")).unwrap();
        assert_eq!(error["type"], "error");
        assert_eq!(error["error"]["type"], "api_error");
        assert_eq!(error["error"]["message"], "a \"quoted\"\nline");
    }
}
