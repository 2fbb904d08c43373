//! Whether and when to try again: arithmetic only.

use core::fmt;
use core::time::Duration;

use crate::accumulator::Incomplete;
use crate::api_error::ApiError;
use crate::response_head::ResponseHead;

/// Decides whether and when to repeat a failed request. As in the official SDKs: two retries, and before the
/// retry `n` (from 0) a pause of `min(0.5 s · 2ⁿ, 8 s) · (1 − 0.25 · random)`.
///
/// This is arithmetic only: it neither sleeps nor reads a clock, and the random number is the caller's.
///
/// ```
/// use std::time::Duration;
/// use ssewire_messages::{ApiError, Backoff, ResponseHead, RetryDecision};
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
/// // In place of clocks and dice.
/// let now = || Duration::from_secs(1_800_000_000);
/// let random = || 0.0;
/// let mut slept = Vec::new();
/// let mut sleep = |pause: Duration| slept.push(pause);
///
/// let backoff = Backoff::default();
/// let mut attempt = 0;
/// let response = loop {
///     let decision = match send() {
///         // The stream has begun: from here on `decide_incomplete` decides.
///         Ok(response) if response.status < 300 => break response,
///         Ok(response) => {
///             let head = ResponseHead::new(response.status, response.headers);
///             let error = ApiError::from_response(head, response.body.as_bytes());
///             backoff.decide(&error, attempt, now(), random())
///         }
///         Err(_) => backoff.decide_without_response(attempt, random()),
///     };
///     match decision {
///         RetryDecision::Retry { after } => sleep(after),
///         given_up => panic!("{given_up}"),
///     }
///     attempt += 1;
/// };
/// assert_eq!(response.status, 200);
/// assert_eq!(slept, [Duration::from_millis(500), Duration::from_secs(1)]);
/// ```
///
/// # What to send after an incomplete message
///
/// Repeat a request only while no text of its message was received. The tokens of a truncated stream are billed, and
/// its text was probably shown already; the same request would be billed again and return other text. For an
/// incomplete message [`decide_incomplete`](Self::decide_incomplete) therefore returns whether and when to send another
/// request. The content of that request depends on the partial message:
///
/// * No text was received: the same request.
/// * Text was received: a new request that continues it. Its last message is the partial text, with role `assistant`.
///   White space at its end has to be trimmed: the API refuses a final assistant text that ends in white space. (Some
///   models refuse any final assistant message; there, a last message with role `user` quotes the text and asks to go
///   on from it.)
/// * Blocks of tool use and thinking cannot be continued. Therefore the request ends with the last text block, and
///   later blocks are dropped; the model writes them again.
///
/// ```
/// use std::time::Duration;
/// use ssewire_messages::{Backoff, MessageDecoder, RetryDecision, Step};
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
/// let now = Duration::from_secs(1_800_000_000);
/// let decision = Backoff::default().decide_incomplete(&incomplete, 0, now, 0.0);
/// assert_eq!(decision, RetryDecision::Retry { after: Duration::from_millis(500) });
///
/// let text = incomplete.partial().final_text();
/// let last_message = serde_json::json!({"role": "assistant", "content": text.trim_end()});
/// assert_eq!(last_message["content"], "It was a dark and");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    max_retries: u32,
    initial: Duration,
    max: Duration,
}

/// What to do after a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryDecision {
    /// Repeat the request.
    Retry {
        /// How long to wait before. The server's delay if it sent one, even above [`Backoff::with_max`]: compare it, if
        /// you would rather give up.
        after: Duration,
    },
    /// Do not repeat the request.
    GiveUp(NoRetryReason),
}

/// Why not to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoRetryReason {
    /// Another request would not help, or the server asked not to send one: see [`ApiError::is_retryable`] and
    /// [`Incomplete::is_retryable`].
    NotRetryable,
    /// Another try might help, but there were enough of them.
    OutOfRetries,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { max_retries: 2, initial: Duration::from_millis(500), max: Duration::from_secs(8) }
    }
}

impl Backoff {
    /// How many retries follow the first try at most.
    #[must_use]
    pub const fn with_max_retries(self, max_retries: u32) -> Self {
        Self { max_retries, ..self }
    }

    /// The pause before the first retry. It doubles with each.
    #[must_use]
    pub const fn with_initial(self, initial: Duration) -> Self {
        Self { initial, ..self }
    }

    /// The longest delay. A delay that the server requests may be longer.
    #[must_use]
    pub const fn with_max(self, max: Duration) -> Self {
        Self { max, ..self }
    }

    /// The delay before a retry, if the server requests none.
    ///
    /// `attempt` counts the retries from 0. `random`, in 0 to 1, takes up to a quarter off, so that clients that failed
    /// together do not come back together.
    #[must_use]
    pub fn delay(&self, attempt: u32, random: f64) -> Duration {
        let mut delay = self.initial;
        for _ in 0..attempt {
            if delay.is_zero() || delay >= self.max {
                break;
            }
            delay = delay.saturating_mul(2);
        }
        let delay = delay.min(self.max);
        let random = if random.is_nan() { 0.0 } else { random.clamp(0.0, 1.0) };
        let off = Duration::try_from_secs_f64(delay.as_secs_f64() * 0.25 * random).unwrap_or_default();
        delay.saturating_sub(off)
    }

    /// What to do after a response that was no success. For an error in a stream, use
    /// [`decide_incomplete`](Self::decide_incomplete): content may have been lost before it.
    ///
    /// `attempt` is the number of retries so far, `now` the time since the Unix epoch, `random` as for
    /// [`delay`](Self::delay). [`ApiError::is_retryable`] decides whether to retry. The server's `retry-after` decides
    /// when, if [`RetryAfter::delay`](crate::RetryAfter::delay) returns a delay; otherwise [`delay`](Self::delay) does.
    #[must_use]
    pub fn decide(&self, error: &ApiError, attempt: u32, now: Duration, random: f64) -> RetryDecision {
        self.decide_by(error.is_retryable(), error.response_head(), attempt, now, random)
    }

    /// What to do after a stream whose message is not complete. [`Incomplete::is_retryable`] decides whether to send
    /// another request; everything else is as for [`decide`](Self::decide). What to send depends on the partial
    /// message: see [above](#what-to-send-after-an-incomplete-message).
    #[must_use]
    pub fn decide_incomplete(&self, message: &Incomplete, attempt: u32, now: Duration, random: f64) -> RetryDecision {
        self.decide_by(message.is_retryable(), message.response_head(), attempt, now, random)
    }

    /// What to do after a request that got no response at all: the connection was refused or reset, or it timed out.
    #[must_use]
    pub fn decide_without_response(&self, attempt: u32, random: f64) -> RetryDecision {
        self.within_limit(attempt, self.delay(attempt, random))
    }

    fn decide_by(
        &self,
        is_retryable: bool,
        head: Option<&ResponseHead>,
        attempt: u32,
        now: Duration,
        random: f64,
    ) -> RetryDecision {
        if !is_retryable {
            return RetryDecision::GiveUp(NoRetryReason::NotRetryable);
        }
        let requested = head.and_then(ResponseHead::retry_after).and_then(|after| after.delay(now));
        self.within_limit(attempt, requested.unwrap_or_else(|| self.delay(attempt, random)))
    }

    fn within_limit(&self, attempt: u32, after: Duration) -> RetryDecision {
        if attempt < self.max_retries {
            RetryDecision::Retry { after }
        } else {
            RetryDecision::GiveUp(NoRetryReason::OutOfRetries)
        }
    }
}

impl fmt::Display for RetryDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry { after } => write!(f, "try again after {after:?}"),
            Self::GiveUp(why) => write!(f, "give up: {why}"),
        }
    }
}

impl fmt::Display for NoRetryReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotRetryable => "another request would not help, or the server asked not to send one",
            Self::OutOfRetries => "there were enough retries",
        })
    }
}
