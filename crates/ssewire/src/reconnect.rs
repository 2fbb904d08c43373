//! Reconnection: when to connect again after a stream ended, and with which header. Arithmetic only.

use core::time::Duration;

use crate::error::LastEventIdError;

/// Reconnection policy of an event stream: exponential backoff with jitter, based on the stream's reconnection time.
///
/// `Reconnect` opens no connection, reads no clock and generates no random number. Report every connection that opens
/// with [`record_connected`](Self::record_connected) and every one that ends or fails with
/// [`record_disconnected`](Self::record_disconnected), which returns how long to wait. `now` is the time since any
/// fixed point of your choice, for example since the program started; it should come from a monotonic clock.
///
/// ```
/// use std::time::Duration;
///
/// use ssewire::{Decoder, Reconnect, ResponseAction, last_event_id_header};
///
/// // Replaces an HTTP client: the answers of the server.
/// let mut answers = [
///     Ok((200, "retry: 1000\n\nid: 7\ndata: one\n\ndata: incompl")),
///     Err("connection refused"),
///     Ok((503, "overloaded")),
///     Ok((200, "id: 8\ndata: two\n\n")),
///     Ok((204, "")),
/// ]
/// .into_iter();
/// let mut request_headers = Vec::new();
/// let mut send = |header: Option<(&str, &[u8])>| {
///     request_headers.push(header.map(|(name, value)| format!("{name}: {}", value.escape_ascii())));
///     answers.next().unwrap_or(Err("no more answers"))
/// };
/// // Replaces the clock, and sleeping.
/// let mut now = Duration::ZERO;
/// let mut delays = Vec::new();
///
/// let mut decoder = Decoder::new();
/// let mut reconnect = Reconnect::new();
/// let mut received = Vec::new();
/// loop {
///     match send(last_event_id_header(decoder.last_event_id())) {
///         Ok((status, body)) => match ResponseAction::from_status(status) {
///             ResponseAction::Announce => {
///                 reconnect.record_connected(now);
///                 let mut chunk = body.as_bytes();
///                 while let Some(event) = decoder.decode(&mut chunk)? {
///                     received.push(event.data_str()?.to_owned());
///                 }
///                 now += Duration::from_secs(60);
///             }
///             ResponseAction::Reestablish => {}
///             ResponseAction::Fail => break,
///         },
///         Err(_network_error) => {}
///     }
///     decoder.reset(); // Discards the incomplete event; the last event ID and the reconnection time stay.
///     let retry = decoder.retry();
///     let random = 0.5; // Replaces a random number generator.
///     let delay = reconnect.record_disconnected(now, retry, random);
///     delays.push(delay.as_millis());
///     now += delay;
/// }
/// assert_eq!(received, ["one", "two"]);
/// assert_eq!(delays, [1500, 3000, 6000, 1500], "the connection of 60 s resets the backoff");
/// let with_7 = || Some("last-event-id: 7".to_owned());
/// assert_eq!(request_headers, [None, with_7(), with_7(), with_7(), Some("last-event-id: 8".to_owned())]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # The delay
///
/// The *base* is the stream's reconnection time if it set one, else
/// [`with_reconnection_time`](Self::with_reconnection_time). The *upper bound* of the delay is twice the base; it
/// doubles with each attempt that follows without a good connection in between, and ends at the
/// [maximum](Self::with_max_delay). The delay is distributed uniformly between half the upper bound and the upper
/// bound, if `random` is distributed uniformly. It is never shorter than the base:
///
/// | attempt | delay for a base of 3 s and a maximum of 30 s |
/// |--:|---|
/// | 1 | 3 s to 6 s |
/// | 2 | 6 s to 12 s |
/// | 3 | 12 s to 24 s |
/// | 4 and later | 15 s to 30 s |
///
/// The rule is the HTML standard's "reestablish the connection", steps 2 and 3. Clients wait "a delay equal to the
/// reconnection time". They may "wait some more", in particular with "an exponential backoff delay". Therefore jitter
/// only lengthens the delay. It applies to the first attempt, too: clients that lost their connections at the same
/// moment should not return at the same moment.
///
/// # When to stop
///
/// [`ResponseAction`] says which responses end the stream for good. A limit on attempts is up to the caller; see
/// [`attempt`](Self::attempt).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconnect {
    reconnection_time: Duration,
    min_delay: Duration,
    max_delay: Duration,
    stable_after: Duration,
    connected_at: Option<Duration>,
    attempt: u32,
}

impl Reconnect {
    /// Default of [`with_reconnection_time`](Self::with_reconnection_time): 3 s. The HTML standard asks for "a few
    /// seconds".
    pub const DEFAULT_RECONNECTION_TIME: Duration = Duration::from_secs(3);

    /// Default of [`with_min_delay`](Self::with_min_delay): 100 ms.
    pub const DEFAULT_MIN_DELAY: Duration = Duration::from_millis(100);

    /// Default of [`with_max_delay`](Self::with_max_delay): 5 minutes.
    pub const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(300);

    /// Default of [`with_stable_after`](Self::with_stable_after): 10 s.
    pub const DEFAULT_STABLE_AFTER: Duration = Duration::from_secs(10);

    /// Creates a policy with the default times, before its first connection.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            reconnection_time: Self::DEFAULT_RECONNECTION_TIME,
            min_delay: Self::DEFAULT_MIN_DELAY,
            max_delay: Self::DEFAULT_MAX_DELAY,
            stable_after: Self::DEFAULT_STABLE_AFTER,
            connected_at: None,
            attempt: 0,
        }
    }

    /// Sets the base of the delay for a stream that sets no reconnection time with `retry`.
    #[must_use]
    pub const fn with_reconnection_time(self, reconnection_time: Duration) -> Self {
        Self { reconnection_time, ..self }
    }

    /// Sets the minimum of the base. A shorter reconnection time is raised to it, so that `retry: 0` does not make a
    /// client reconnect in a busy loop.
    ///
    /// With [`Duration::ZERO`] a stream may ask for reconnections without any delay. They do not slow down after
    /// failures: zero stays zero when it is doubled.
    #[must_use]
    pub const fn with_min_delay(self, min_delay: Duration) -> Self {
        Self { min_delay, ..self }
    }

    /// Sets the maximum of the delay, including jitter. It takes precedence over the minimum and over the stream's
    /// reconnection time.
    ///
    /// Without it, `retry: 99999999999999` would keep a client away for ever. Choose at least twice the longest
    /// reconnection time that you expect: with less the jitter becomes smaller, and a reconnection time at or above the
    /// maximum leaves none.
    #[must_use]
    pub const fn with_max_delay(self, max_delay: Duration) -> Self {
        Self { max_delay, ..self }
    }

    /// Sets how long a connection must stay open to be a good one, which resets the backoff. It protects servers that
    /// accept connections and fail right afterwards.
    ///
    /// With [`Duration::ZERO`] every connection that opens is a good one. That suits servers that end each response on
    /// purpose and use `retry` as the polling interval. It is also how the HTML standard describes backoff: for the
    /// case that "the previous attempt failed".
    #[must_use]
    pub const fn with_stable_after(self, stable_after: Duration) -> Self {
        Self { stable_after, ..self }
    }

    /// Returns the number of the attempt that the last delay precedes: 1 for the first one after a good connection. 0
    /// before the first disconnection and after [`reset`](Self::reset).
    ///
    /// Compare it with a limit of your own in order to give up.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Records that a connection was opened: the response arrived, and its stream is about to be read.
    pub const fn record_connected(&mut self, now: Duration) {
        self.connected_at = Some(now);
    }

    /// Records that the connection ended, or that an attempt failed before there was one. Returns the time to wait
    /// before the next attempt.
    ///
    /// * `now`: the time, from the same fixed point as in [`record_connected`](Self::record_connected). If it is
    ///   earlier than that, the connection counts as open for no time.
    /// * `retry`: the reconnection time of the stream, as the decoder's `retry` method returns it. For a response with
    ///   a `Retry-After` header, pass the longer one of the two.
    /// * `random`: a random number in 0 to 1, chosen anew for each call. Numbers outside count as the nearer bound, NaN
    ///   counts as 0. A constant is allowed, and gives delays without jitter.
    #[must_use = "the delay is the time to wait before the next attempt"]
    pub fn record_disconnected(&mut self, now: Duration, retry: Option<Duration>, random: f64) -> Duration {
        let connected_at = self.connected_at.take();
        if connected_at.is_some_and(|connected_at| now.saturating_sub(connected_at) >= self.stable_after) {
            self.attempt = 0;
        }
        self.attempt = self.attempt.saturating_add(1);
        self.delay(retry, random)
    }

    /// Resets the backoff: the next delay is that of a first attempt. For callers that recognise a good connection by
    /// something other than its duration, for example by its first event.
    pub const fn reset(&mut self) {
        self.attempt = 0;
    }

    /// Computes the delay before attempt number `self.attempt`.
    fn delay(&self, retry: Option<Duration>, random: f64) -> Duration {
        let base = retry.unwrap_or(self.reconnection_time).max(self.min_delay).min(self.max_delay);
        // 94 doublings of a nanosecond exceed `Duration::MAX`.
        let doubled = (0..self.attempt.min(94)).fold(base, |delay, _| delay.saturating_mul(2));
        let upper = doubled.min(self.max_delay);
        let lower = base.max(upper / 2);
        let spread = upper.saturating_sub(lower);
        let random = if random.is_nan() { 0.0 } else { random.clamp(0.0, 1.0) };
        // Out of range only by rounding, next to `Duration::MAX`.
        let jitter = Duration::try_from_secs_f64(spread.as_secs_f64() * random).unwrap_or(spread);
        lower.saturating_add(jitter).min(upper)
    }
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::new()
    }
}

/// The action of a client for the response to its request for an event stream. The variants are the standard's terms.
///
/// The HTML standard (`EventSource` constructor, "process the response") distinguishes:
///
/// | outcome of the request | HTML standard | here |
/// |---|---|---|
/// | aborted by the client | fail the connection | no call |
/// | network error | reestablish the connection, "unless the user agent knows that to be futile" | call |
/// | status 200 and `Content-Type: text/event-stream` | announce the connection | [`Announce`](Self::Announce) |
/// | the body of that response ended, or broke off | reestablish the connection | call |
/// | status 200 and another content type | fail the connection | [`Fail`](Self::Fail) |
/// | status 204 | fail the connection | [`Fail`](Self::Fail) |
/// | status 408, 429 or 5xx | fail the connection | [`Reestablish`](Self::Reestablish) |
/// | any other status | fail the connection | [`Fail`](Self::Fail) |
///
/// *Call* is a call of [`record_disconnected`](Reconnect::record_disconnected).
///
/// One row deviates: 408, 429 and 5xx usually report a condition that passes. Examples are a timeout, too many
/// requests, and a server that is overloaded or being restarted. Clients outside of browsers commonly retry them. To
/// follow the standard to the letter, treat [`Reestablish`](Self::Reestablish) as [`Fail`](Self::Fail).
///
/// Status 204 is the way for a server to end a stream for good. The standard's introduction says: "a client can be told
/// to stop reconnecting using the HTTP 204 No Content response code". Redirects are up to the HTTP
/// client; one that it did not follow is [`Fail`](Self::Fail).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResponseAction {
    /// Announce the connection: call [`record_connected`](Reconnect::record_connected) and read the stream.
    Announce,
    /// Reestablish the connection: call [`record_disconnected`](Reconnect::record_disconnected), wait, and send the
    /// request again.
    Reestablish,
    /// Fail the connection: do not reconnect. The same request would fail again, or the server asked to stop.
    Fail,
}

impl ResponseAction {
    /// Returns the action for a status, without checking the content type.
    #[must_use]
    pub const fn from_status(status: u16) -> Self {
        match status {
            200 => Self::Announce,
            408 | 429 | 500..=599 => Self::Reestablish,
            _ => Self::Fail,
        }
    }

    /// Returns the action for a status and the value of the `Content-Type` header, `None` without such a header.
    ///
    /// The content type matters for status 200 only. It is compared without regard to ASCII case, and its parameters
    /// are ignored.
    ///
    /// ```
    /// use ssewire::ResponseAction;
    ///
    /// let action = |content_type: &'static [u8]| ResponseAction::from_head(200, Some(content_type));
    /// assert_eq!(action(b"text/event-stream; charset=utf-8"), ResponseAction::Announce);
    /// assert_eq!(action(b"text/html"), ResponseAction::Fail);
    /// ```
    #[must_use]
    pub fn from_head(status: u16, content_type: Option<&[u8]>) -> Self {
        match Self::from_status(status) {
            Self::Announce if !content_type.is_some_and(is_event_stream) => Self::Fail,
            action => action,
        }
    }
}

/// Returns whether the essence of the MIME type is `text/event-stream`.
fn is_event_stream(content_type: &[u8]) -> bool {
    let end = memchr::memchr(b';', content_type).unwrap_or(content_type.len());
    let essence = content_type.get(..end).unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
}

/// Returns the name and value of the request header that reports the last event ID to the server. Returns `None`, so
/// that no header is sent, if the ID is empty, or if it contains LF, CR or NUL, which no stream can set.
///
/// The rule is step 5.3 of "reestablish the connection" in the HTML standard: "If the EventSource object's last event
/// ID string is not the empty string", set `Last-Event-ID`. The name is in lower case, as HTTP/2 requires; HTTP/1
/// ignores the case. The value is the ID as the server sent it, byte for byte. It may contain
/// control characters, which some HTTP clients reject: leave the header out then. A browser would replace
/// ill-formed UTF-8 by U+FFFD, after which a server no longer recognises its ID.
///
/// ```
/// use ssewire::last_event_id_header;
///
/// assert_eq!(last_event_id_header(b"7"), Some(("last-event-id", &b"7"[..])));
/// assert_eq!(last_event_id_header(b""), None);
/// assert_eq!(last_event_id_header(b"7\r\nx: y"), None);
/// ```
#[must_use]
pub fn last_event_id_header(last_event_id: &[u8]) -> Option<(&'static str, &[u8])> {
    let is_sent = !last_event_id.is_empty() && LastEventIdError::check_bytes(last_event_id).is_ok();
    is_sent.then_some(("last-event-id", last_event_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: Duration = Duration::from_secs(60);

    /// A `const`, as a program without a heap would keep it.
    const POLICY: Reconnect = Reconnect::new().with_reconnection_time(SECOND).with_max_delay(Duration::from_secs(10));

    #[test]
    fn record_disconnected_doubles_up_to_the_maximum() {
        let (mut shortest, mut longest) = (POLICY, POLICY);
        let bounds = [(1, 2), (2, 4), (4, 8), (5, 10), (5, 10)];
        for (attempt, (lower, upper)) in (1..).zip(bounds) {
            assert_eq!(shortest.record_disconnected(MINUTE, None, 0.0), lower * SECOND);
            assert_eq!(longest.record_disconnected(MINUTE, None, 1.0), upper * SECOND);
            assert_eq!((shortest.attempt(), longest.attempt()), (attempt, attempt));
        }
    }

    #[test]
    fn record_disconnected_uses_retry_as_the_base() {
        let mut reconnect = POLICY;
        assert_eq!(reconnect.record_disconnected(MINUTE, Some(3 * SECOND), 0.0), 3 * SECOND);
        assert_eq!(reconnect.record_disconnected(MINUTE, Some(4 * SECOND), 0.0), 5 * SECOND);
        assert_eq!(reconnect.record_disconnected(MINUTE, Some(7 * SECOND), 0.0), 7 * SECOND);
        assert_eq!(reconnect.record_disconnected(MINUTE, Some(7 * SECOND), 1.0), 10 * SECOND);
        assert_eq!(reconnect.record_disconnected(MINUTE, Some(Duration::MAX), 0.0), 10 * SECOND);
    }

    #[test]
    fn record_disconnected_raises_retry_zero_to_the_minimum() {
        let delay = |policy: &Reconnect| policy.clone().record_disconnected(MINUTE, Some(Duration::ZERO), 0.0);
        assert_eq!(delay(&POLICY), Reconnect::DEFAULT_MIN_DELAY);
        assert_eq!(delay(&POLICY.with_min_delay(SECOND)), SECOND);
        assert_eq!(delay(&POLICY.with_min_delay(MINUTE)), 10 * SECOND, "the maximum takes precedence");
        assert_eq!(delay(&POLICY.with_min_delay(Duration::ZERO)), Duration::ZERO);
    }

    #[test]
    fn record_disconnected_resets_after_a_good_connection() {
        let mut reconnect = POLICY.with_stable_after(5 * SECOND);
        let _ = reconnect.record_disconnected(MINUTE, None, 0.0);
        reconnect.record_connected(MINUTE);
        assert_eq!(reconnect.record_disconnected(MINUTE + Duration::from_millis(4999), None, 0.0), 2 * SECOND);
        reconnect.record_connected(2 * MINUTE);
        assert_eq!(reconnect.record_disconnected(2 * MINUTE + 5 * SECOND, None, 0.0), SECOND);
        assert_eq!(reconnect.attempt(), 1);
        assert_eq!(reconnect.record_disconnected(3 * MINUTE, None, 0.0), 2 * SECOND, "there was no connection since");
    }

    #[test]
    fn record_disconnected_tolerates_a_clock_that_goes_back() {
        let mut reconnect = POLICY;
        let _ = reconnect.record_disconnected(MINUTE, None, 0.0);
        reconnect.record_connected(MINUTE);
        assert_eq!(reconnect.record_disconnected(Duration::ZERO, None, 0.0), 2 * SECOND);
    }

    #[test]
    fn record_disconnected_clamps_random() {
        for (random, seconds) in [(-1.0, 1), (f64::NAN, 1), (f64::NEG_INFINITY, 1), (2.0, 2), (f64::INFINITY, 2)] {
            assert_eq!(POLICY.clone().record_disconnected(MINUTE, None, random), seconds * SECOND, "{random}");
        }
        assert_eq!(POLICY.clone().record_disconnected(MINUTE, None, 0.5), Duration::from_millis(1500));
    }

    #[test]
    fn record_disconnected_saturates() {
        let mut reconnect = POLICY.with_max_delay(Duration::MAX).with_reconnection_time(Duration::MAX / 3);
        reconnect.attempt = u32::MAX;
        assert_eq!(reconnect.record_disconnected(Duration::MAX, None, 1.0), Duration::MAX);
        assert_eq!(reconnect.attempt(), u32::MAX);
        let mut reconnect = reconnect.with_reconnection_time(Duration::from_nanos(1)).with_min_delay(Duration::ZERO);
        assert_eq!(reconnect.record_disconnected(Duration::MAX, None, 0.0), Duration::MAX / 2);
    }

    #[test]
    fn reset_restarts_the_backoff() {
        let mut reconnect = POLICY;
        let _ = reconnect.record_disconnected(MINUTE, None, 0.0);
        reconnect.record_connected(MINUTE);
        reconnect.reset();
        assert_eq!(reconnect.attempt(), 0);
        assert_eq!(reconnect.record_disconnected(MINUTE, None, 0.0), SECOND);
    }

    #[test]
    fn from_status_fails_on_204_and_retries_passing_conditions() {
        assert_eq!(ResponseAction::from_status(200), ResponseAction::Announce);
        for status in [408, 429, 500, 503, 529, 599] {
            assert_eq!(ResponseAction::from_status(status), ResponseAction::Reestablish, "{status}");
        }
        for status in [0, 100, 201, 204, 301, 304, 400, 401, 403, 404, 409, 410, 499, 600, u16::MAX] {
            assert_eq!(ResponseAction::from_status(status), ResponseAction::Fail, "{status}");
        }
    }

    #[test]
    fn from_head_checks_the_content_type_of_status_200() {
        let action =
            |status, content_type: &'static str| ResponseAction::from_head(status, Some(content_type.as_bytes()));
        for good in ["text/event-stream", "Text/Event-Stream;charset=UTF-8", " text/event-stream ; x=y"] {
            assert_eq!(action(200, good), ResponseAction::Announce, "{good}");
        }
        for bad in ["", ";", "text/html", "application/json", "text/event-streams", "text/html; text/event-stream"] {
            assert_eq!(action(200, bad), ResponseAction::Fail, "{bad}");
        }
        assert_eq!(ResponseAction::from_head(200, None), ResponseAction::Fail);
        assert_eq!(ResponseAction::from_head(503, None), ResponseAction::Reestablish);
        assert_eq!(action(204, "text/event-stream"), ResponseAction::Fail);
    }

    #[test]
    fn last_event_id_header_is_absent_for_an_empty_id() {
        assert_eq!(last_event_id_header(b""), None);
        assert_eq!(last_event_id_header(b"\xFF 7"), Some(("last-event-id", &b"\xFF 7"[..])));
    }
}
