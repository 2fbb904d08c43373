//! The head of an HTTP response: status and known headers.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// The relevant parts of the head of an HTTP response: the status, and the headers for the request ID, for retries
/// and for rate limits.
///
/// It is made from the status and the headers of any HTTP client. All other headers are ignored, so it never contains
/// a key or a cookie, and it may be logged.
///
/// ```
/// use ssewire_messages::ResponseHead;
///
/// let head = ResponseHead::new(429, [("Request-Id", "req_1"), ("Retry-After", "2"), ("X-Api-Key", "secret")]);
/// assert_eq!(head.request_id(), Some("req_1"));
/// assert!(!format!("{head:?}").contains("secret"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ResponseHead {
    status: u16,
    /// The headers that matter, in the order of their names, which are in lower case.
    headers: Vec<(Box<str>, Box<str>)>,
}

/// When the server wants the next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryAfter {
    /// The client may retry after this delay.
    Delay(Duration),
    /// The client may retry at this time, counted from the Unix epoch.
    At(Duration),
}

impl RetryAfter {
    /// Returns the delay at the time `unix_time`, counted from the Unix epoch. `None` if it is zero or the time has
    /// passed: that requests nothing, as in the official SDKs. A pause of zero would bring all clients back at the same
    /// moment.
    #[must_use]
    pub fn delay(self, unix_time: Duration) -> Option<Duration> {
        let delay = match self {
            Self::Delay(delay) => delay,
            Self::At(time) => time.saturating_sub(unix_time),
        };
        (!delay.is_zero()).then_some(delay)
    }
}

const REQUEST_ID: &str = "request-id";
const CONTENT_TYPE: &str = "content-type";
const SHOULD_RETRY: &str = "x-should-retry";
const RETRY_AFTER: &str = "retry-after";
const RETRY_AFTER_MS: &str = "retry-after-ms";
const RATE_LIMIT_PREFIX: &str = "anthropic-ratelimit-";

impl ResponseHead {
    /// Keeps the known headers of a response: `http::HeaderMap::iter()` fits, and so does `[("retry-after", "1")]`.
    ///
    /// The case of names does not matter. The first of several headers with one name counts. White space around a value
    /// is removed. An empty value, or one with a byte other than printable ASCII, space or tab, counts as absent.
    #[must_use]
    pub fn new<N: AsRef<str>, V: AsRef<[u8]>>(status: u16, headers: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut head = Self { status, headers: Vec::new() };
        for (name, value) in headers {
            if let (Some(name), Some(value)) = (known_header(name.as_ref()), printable_ascii(value.as_ref())) {
                if let Err(at) = head.position(&name) {
                    head.headers.insert(at, (name.into(), value.into()));
                }
            }
        }
        head
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the identifier of the request, `req_…`, which support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.get(REQUEST_ID)
    }

    /// Returns the content type of the body.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.get(CONTENT_TYPE)
    }

    /// Returns the header `x-should-retry`, which takes precedence over the status.
    #[must_use]
    pub fn should_retry(&self) -> Option<bool> {
        let value = self.get(SHOULD_RETRY)?;
        if value.eq_ignore_ascii_case("true") {
            Some(true)
        } else if value.eq_ignore_ascii_case("false") {
            Some(false)
        } else {
            None
        }
    }

    /// Returns whether the request may be repeated, by `x-should-retry` or else by a status that redirects or fails.
    /// `docs/protocol.md`, heading "Errors".
    pub(crate) fn is_retryable(&self) -> Option<bool> {
        self.should_retry().or_else(|| (self.status >= 300).then(|| is_retryable_status(self.status)))
    }

    /// Returns when the server accepts the next request: by `retry-after-ms`, which is finer, or else by `retry-after`
    /// in seconds or, with feature `std`, as an HTTP date. Numbers may have a fraction.
    #[must_use]
    pub fn retry_after(&self) -> Option<RetryAfter> {
        let milliseconds = self.get(RETRY_AFTER_MS).and_then(decimal).map(|ms| RetryAfter::Delay(seconds(ms / 1000.0)));
        milliseconds.or_else(|| {
            let value = self.get(RETRY_AFTER)?;
            decimal(value).map(|s| RetryAfter::Delay(seconds(s))).or_else(|| http_date(value).map(RetryAfter::At))
        })
    }

    /// Returns the `anthropic-ratelimit-…` headers: the name without that prefix, and the value. In order of the names.
    pub fn rate_limits(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| Some((name.strip_prefix(RATE_LIMIT_PREFIX)?, &**value)))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.get(self.position(name).ok()?)?;
        Some(value)
    }

    /// Returns where a header is, or belongs.
    fn position(&self, name: &str) -> Result<usize, usize> {
        self.headers.binary_search_by(|(other, _)| (**other).cmp(name))
    }
}

/// Returns whether a request that got this status may succeed if it is sent again.
pub(crate) fn is_retryable_status(status: u16) -> bool {
    matches!(status, 408 | 409 | 429 | 500..)
}

/// Returns the name in lower case, if the header is one of those that are kept.
fn known_header(name: &str) -> Option<String> {
    let is_known = [REQUEST_ID, CONTENT_TYPE, SHOULD_RETRY, RETRY_AFTER, RETRY_AFTER_MS]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name));
    let is_rate_limit =
        name.get(..RATE_LIMIT_PREFIX.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(RATE_LIMIT_PREFIX));
    (is_known || is_rate_limit).then(|| name.to_ascii_lowercase())
}

/// Returns a value of printable ASCII: nothing else of a header belongs in a log or on a terminal.
fn printable_ascii(value: &[u8]) -> Option<&str> {
    let text = value.trim_ascii();
    let is_printable = text.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    if text.is_empty() || !is_printable { None } else { core::str::from_utf8(text).ok() }
}

/// Parses a number of digits and at most one point. `f64` would also read a sign, an exponent and `inf`.
fn decimal(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_plain { text.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
}

/// Converts a number of seconds. Saturates.
fn seconds(number: f64) -> Duration {
    Duration::try_from_secs_f64(number).unwrap_or(Duration::MAX)
}

#[cfg(feature = "std")]
fn http_date(value: &str) -> Option<Duration> {
    extern crate std;
    httpdate::parse_http_date(value).ok()?.duration_since(std::time::UNIX_EPOCH).ok()
}

#[cfg(not(feature = "std"))]
fn http_date(_: &str) -> Option<Duration> {
    None
}
