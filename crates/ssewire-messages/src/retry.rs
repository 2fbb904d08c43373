//! Whether and when to try again: arithmetic only.

use core::fmt;
use core::time::Duration;

use crate::accumulator::Incomplete;
use crate::api_error::ApiError;
use crate::response_head::ResponseHead;

/// Decides whether and when to repeat a failed request. As in the official SDKs: two retries, and before the
/// retry `n` (from 0) a pause of `min(0.5 s · 2ⁿ, 8 s) · (1 − 0.25 · random)`.
///
/// This is arithmetic only: it neither sleeps nor reads a clock, and the caller supplies the random number.
///
/// ```
/// use std::error::Error;
/// use std::time::Duration;
/// use ssewire_messages::{ApiError, Backoff, ResponseHead};
///
/// struct Response {
///     status: u16,
///     headers: Vec<(&'static str, &'static str)>,
///     body: &'static str,
/// }
///
/// // In place of an HTTP client: no connection, then an overloaded server, then an answer.
/// let mut answers = vec![
///     Ok(Response { status: 200, headers: vec![], body: "event: message_start\n…" }),
///     Ok(Response { status: 529, headers: vec![("retry-after", "1")], body: r#"{"type":"error"}"# }),
///     Err("connection refused"),
/// ];
/// let mut send = || answers.pop().unwrap();
/// // In place of a clock and a random number generator.
/// let unix_time = || Duration::from_secs(1_800_000_000);
/// let random = || 0.0;
/// let mut slept = Vec::new();
/// let mut sleep = |pause: Duration| slept.push(pause);
///
/// let backoff = Backoff::new();
/// let mut attempt = 0;
/// let response = loop {
///     let (decision, error): (_, Box<dyn Error>) = match send() {
///         // The stream has begun: from here on `decide_incomplete` decides.
///         Ok(response) if response.status < 300 => break response,
///         Ok(response) => {
///             let head = ResponseHead::new(response.status, response.headers);
///             let error = ApiError::from_response(head, response.body.as_bytes());
///             (backoff.decide(&error, attempt, unix_time(), random()), error.into())
///         }
///         Err(error) => (backoff.decide_without_response(attempt, random()), error.into()),
///     };
///     // Not `decision?`: the error of the request says more than `GiveUp`.
///     let Ok(delay) = decision else { return Err(error) };
///     sleep(delay);
///     attempt += 1;
/// };
/// assert_eq!(response.status, 200);
/// assert_eq!(slept, [Duration::from_millis(500), Duration::from_secs(1)]);
/// # Ok::<(), Box<dyn Error>>(())
/// ```
///
/// # The request after an incomplete message
///
/// For an incomplete message, [`decide_incomplete`](Self::decide_incomplete) returns whether and when to send another
/// request. That is the same request if the message has no [content](Incomplete::has_content). If it has text, the
/// request continues this text: it contains [`Message::to_text_turn`](crate::Message::to_text_turn), and a turn of the
/// user that asks the model to continue. Tool calls and thinking cannot be continued: the model generates them again.
/// The page [retries] of the guide has the rules, and a complete program.
///
/// [retries]: https://docs.rs/ssewire-io/latest/ssewire_io/guide/retries/index.html
///
/// ```
/// use std::time::Duration;
///
/// use serde_json::json;
/// use ssewire_messages::{Backoff, MessageDecoder, RawJson, Step};
///
/// let mut cut: &[u8] = br#"data: {"type":"message_start","message":{}}
///
/// data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"It was a dark and "}}
///
/// data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"weather","input":{}}}
///
/// "#;
/// let mut decoder = MessageDecoder::new();
/// while let Step::Update(_) = decoder.decode(&mut cut)? {}
/// let incomplete = decoder.finish().unwrap_err();
///
/// let unix_time = Duration::from_secs(1_800_000_000);
/// let delay = Backoff::new().decide_incomplete(&incomplete, 0, unix_time, 0.0)?;
/// assert_eq!(delay, Duration::from_millis(500));
///
/// let mut turns: Vec<RawJson> = vec![json!({"role": "user", "content": "Tell me a story."}).into()];
/// if let Some(partial) = incomplete.partial().to_text_turn() {
///     turns.extend([partial, json!({"role": "user", "content": "Continue exactly where your answer ended."}).into()]);
/// }
/// assert_eq!(turns[1], json!({"role": "assistant", "content": "It was a dark and"}));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Backoff {
    max_retries: u32,
    initial_delay: Duration,
    max_delay: Duration,
}

/// The reason why [`Backoff`] does not repeat a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GiveUp {
    /// Another request would not help, or the server asked not to send one: see [`ApiError::is_retryable`] and
    /// [`Incomplete::is_retryable`].
    NotRetryable,
    /// Another request might help, but [`Backoff::with_max_retries`] is reached.
    OutOfRetries,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

impl Backoff {
    /// The limit of retries unless [`with_max_retries`](Self::with_max_retries) sets another: 2.
    pub const DEFAULT_MAX_RETRIES: u32 = 2;

    /// The delay before the first retry unless [`with_initial_delay`](Self::with_initial_delay) sets another: 500 ms.
    pub const DEFAULT_INITIAL_DELAY: Duration = Duration::from_millis(500);

    /// The maximum of the delay unless [`with_max_delay`](Self::with_max_delay) sets another: 8 s.
    pub const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(8);

    /// Creates the policy of the official SDKs.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_retries: Self::DEFAULT_MAX_RETRIES,
            initial_delay: Self::DEFAULT_INITIAL_DELAY,
            max_delay: Self::DEFAULT_MAX_DELAY,
        }
    }

    /// Sets how many retries follow the first try at most.
    #[must_use]
    pub const fn with_max_retries(self, max_retries: u32) -> Self {
        Self { max_retries, ..self }
    }

    /// Sets the delay before the first retry. It doubles with each.
    #[must_use]
    pub const fn with_initial_delay(self, initial_delay: Duration) -> Self {
        Self { initial_delay, ..self }
    }

    /// Sets the maximum of the delay. A delay that the server requests may be longer.
    #[must_use]
    pub const fn with_max_delay(self, max_delay: Duration) -> Self {
        Self { max_delay, ..self }
    }

    /// Returns the delay before a retry, if the server requests none.
    ///
    /// `attempt` counts the retries from 0. `random`, in 0 to 1, takes up to a quarter off, so that clients that failed
    /// together do not come back together. Numbers outside count as the nearer bound, NaN as 0.
    #[must_use]
    pub fn delay(&self, attempt: u32, random: f64) -> Duration {
        // 94 doublings of a nanosecond exceed `Duration::MAX`.
        let doubled = (0..attempt.min(94)).fold(self.initial_delay, |delay, _| delay.saturating_mul(2));
        let delay = doubled.min(self.max_delay);
        let random = if random.is_nan() { 0.0 } else { random.clamp(0.0, 1.0) };
        let off = Duration::try_from_secs_f64(delay.as_secs_f64() * 0.25 * random).unwrap_or_default();
        delay.saturating_sub(off)
    }

    /// Returns how long to wait before the request is repeated, after an unsuccessful response. For an error in a
    /// stream, use [`decide_incomplete`](Self::decide_incomplete): content may have been lost before it.
    ///
    /// `attempt` is the number of retries so far, `unix_time` the time since the Unix epoch, `random` as for
    /// [`delay`](Self::delay). [`ApiError::is_retryable`] decides whether to retry. The server's `retry-after` decides
    /// when, if [`RetryAfter::delay`](crate::RetryAfter::delay) returns a delay, even above the
    /// [maximum](Self::with_max_delay): compare it, if you would rather give up. Otherwise [`delay`](Self::delay) does.
    ///
    /// # Errors
    /// [`GiveUp`]: do not repeat the request.
    pub fn decide(&self, error: &ApiError, attempt: u32, unix_time: Duration, random: f64) -> Result<Duration, GiveUp> {
        self.decide_by(error.is_retryable(), error.response_head(), attempt, unix_time, random)
    }

    /// Returns how long to wait before another request, after a stream whose message is not complete.
    /// [`Incomplete::is_retryable`] decides whether to send one; everything else is as for [`decide`](Self::decide).
    /// The content of that request depends on the partial message: see
    /// [above](#the-request-after-an-incomplete-message).
    ///
    /// # Errors
    /// [`GiveUp`]: send no other request.
    pub fn decide_incomplete(
        &self,
        message: &Incomplete,
        attempt: u32,
        unix_time: Duration,
        random: f64,
    ) -> Result<Duration, GiveUp> {
        self.decide_by(message.is_retryable(), message.response_head(), attempt, unix_time, random)
    }

    /// Returns how long to wait before the request is repeated, after one that got no response at all: the connection
    /// was refused or reset, or it timed out.
    ///
    /// # Errors
    /// [`GiveUp::OutOfRetries`].
    pub fn decide_without_response(&self, attempt: u32, random: f64) -> Result<Duration, GiveUp> {
        self.within_limit(attempt, self.delay(attempt, random))
    }

    fn decide_by(
        &self,
        is_retryable: bool,
        head: Option<&ResponseHead>,
        attempt: u32,
        unix_time: Duration,
        random: f64,
    ) -> Result<Duration, GiveUp> {
        if !is_retryable {
            return Err(GiveUp::NotRetryable);
        }
        let requested = head.and_then(ResponseHead::retry_after).and_then(|after| after.delay(unix_time));
        self.within_limit(attempt, requested.unwrap_or_else(|| self.delay(attempt, random)))
    }

    fn within_limit(&self, attempt: u32, delay: Duration) -> Result<Duration, GiveUp> {
        if attempt < self.max_retries { Ok(delay) } else { Err(GiveUp::OutOfRetries) }
    }
}

impl GiveUp {
    /// Returns the name of the variant, for labels and logs. Later versions keep it.
    ///
    /// ```
    /// use ssewire_messages::GiveUp;
    ///
    /// assert_eq!(GiveUp::OutOfRetries.as_str(), "out_of_retries");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRetryable => "not_retryable",
            Self::OutOfRetries => "out_of_retries",
        }
    }
}

impl fmt::Display for GiveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotRetryable => "another request would not help, or the server asked not to send one",
            Self::OutOfRetries => "retry limit reached",
        })
    }
}

impl core::error::Error for GiveUp {}
