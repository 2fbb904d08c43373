//! Lines to fields: the first colon, one space, exact names.
//!
//! HTML standard, [interpreting an event stream]: a line that starts with a colon is a comment. Otherwise the first
//! colon ends the name, and one U+0020 after it is dropped. A line without a colon is a name with an empty value.
//! Names are compared literally, without case folding.
//!
//! Only this file, `fast_path.rs` and `encode.rs` know the field names.
//!
//! [interpreting an event stream]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

use core::time::Duration;

/// One line of an event stream, split into its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field<'a> {
    /// The blank line: dispatches the block of fields before it.
    Blank,
    /// A comment: everything after the colon, including a leading space. The standard gives it no structure.
    Comment(&'a [u8]),
    /// `event`: sets the event type.
    Event(&'a [u8]),
    /// `data`: one line of the event's data.
    Data(&'a [u8]),
    /// `id`: sets the last event ID buffer. A client ignores a value that contains a NUL.
    Id(&'a [u8]),
    /// `retry`: the reconnection time; see [`parse_retry`].
    Retry(&'a [u8]),
    /// Any other name. The standard ignores it; some servers report errors in it.
    Unknown {
        /// Everything before the first colon; never one of the four names above.
        name: &'a [u8],
        /// Everything after the colon, without one leading space.
        value: &'a [u8],
    },
}

impl<'a> Field<'a> {
    /// Splits a complete line. The line must not include its line end: the function does not search for one. Examines
    /// each byte at most twice, copies nothing.
    ///
    /// ```
    /// use ssewire::Field;
    ///
    /// assert_eq!(Field::parse(b"data:  two spaces"), Field::Data(b" two spaces"));
    /// assert_eq!(Field::parse(b"data"), Field::Data(b""));
    /// assert_eq!(Field::parse(b": keep-alive"), Field::Comment(b" keep-alive"));
    /// assert_eq!(Field::parse(b"Data: x"), Field::Unknown { name: b"Data", value: b"x" });
    /// assert_eq!(Field::parse(b""), Field::Blank);
    /// ```
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Self {
        let (name, value) = split_field(line);
        match name {
            // A comment keeps its leading space.
            b"" => line.strip_prefix(b":").map_or(Self::Blank, Self::Comment),
            b"event" => Self::Event(value),
            b"data" => Self::Data(value),
            b"id" => Self::Id(value),
            b"retry" => Self::Retry(value),
            _ => Self::Unknown { name, value },
        }
    }
}

/// Splits a line at its first colon, and drops one space after the colon. A line without a colon is a name.
pub(crate) fn split_field(line: &[u8]) -> (&[u8], &[u8]) {
    let colon = memchr::memchr(b':', line).unwrap_or(line.len());
    let (name, value) = line.split_at_checked(colon).unwrap_or((line, b""));
    let value = value.strip_prefix(b":").unwrap_or(value);
    (name, value.strip_prefix(b" ").unwrap_or(value))
}

/// Parses the value of a `retry` field, the reconnection time in milliseconds: ASCII digits and nothing else,
/// saturating at 2^64 - 1 ms. Returns `None` for any other value, including the empty one: such a field is ignored.
///
/// `str::parse` accepts `+5` and rejects the digits beyond 2^64 that the standard allows.
///
/// ```
/// use core::time::Duration;
/// use ssewire::parse_retry;
///
/// assert_eq!(parse_retry(b"3000"), Some(Duration::from_secs(3)));
/// assert_eq!(parse_retry(b"99999999999999999999999"), Some(Duration::from_millis(u64::MAX)));
/// assert_eq!(parse_retry(b"+5"), None);
/// assert_eq!(parse_retry(b""), None);
/// ```
#[must_use]
pub fn parse_retry(value: &[u8]) -> Option<Duration> {
    RetryDigits::NONE.push(value)?.value()
}

/// The milliseconds of a `retry` value that arrives in pieces; `None` before the first digit. Needs no buffer, however
/// many digits come. A `u64` in bytes: its alignment would add seven bytes to every decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetryDigits(Option<[u8; 8]>);

impl RetryDigits {
    pub(crate) const NONE: Self = Self(None);

    /// Appends a piece. `None` if it contains another byte than a digit.
    pub(crate) fn push(self, piece: &[u8]) -> Option<Self> {
        piece.iter().try_fold(self, |Self(so_far), byte| {
            let digit = char::from(*byte).to_digit(10)?;
            let milliseconds = so_far.map_or(0, u64::from_ne_bytes).saturating_mul(10).saturating_add(digit.into());
            Some(Self(Some(milliseconds.to_ne_bytes())))
        })
    }

    pub(crate) fn value(self) -> Option<Duration> {
        self.0.map(|milliseconds| Duration::from_millis(u64::from_ne_bytes(milliseconds)))
    }
}

/// The line that is being read: its kind, and the state kept outside of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineState {
    /// At the start of a line, or within its first bytes, which leave the kind open: its first byte, and the number of
    /// its bytes in earlier chunks. No two names start with the same letter, so these two determine the bytes.
    Start {
        first: u8,
        seen: u8,
    },
    /// At the end of a blank line.
    Blank,
    /// In the value of a field of the standard.
    Event,
    Data,
    Id,
    Retry(RetryDigits),
    /// After the colon of a comment.
    Comment,
    /// In a field of another name.
    Unknown,
    /// In a line whose rest is discarded.
    Skipped,
}

/// The kind of a line, or its [`Start`](LineState::Start) if that is still open; the number of bytes of the chunk
/// before its content (name, colon and space); and the *replayed* bytes: those of earlier chunks that are content, as
/// all of the line is in an unknown field.
type Classified = (LineState, usize, &'static [u8]);

impl LineState {
    /// Before the first byte of a line.
    pub(crate) const START: Self = Self::Start { first: 0, seen: 0 };

    /// Classifies a line by its [`Start`](Self::Start) and the bytes that follow: at least one, and they may go beyond
    /// the end of the line.
    #[inline]
    pub(crate) fn classify(first: u8, seen: u8, rest: &[u8]) -> Classified {
        let first = if seen == 0 { rest.first().copied().unwrap_or(0) } else { first };
        match first {
            b'd' => Self::Data.compare(b"data:", first, seen, rest),
            b'e' => Self::Event.compare(b"event:", first, seen, rest),
            b'i' => Self::Id.compare(b"id:", first, seen, rest),
            b'r' => Self::Retry(RetryDigits::NONE).compare(b"retry:", first, seen, rest),
            b':' => (Self::Comment, 1, b""),
            b'\n' | b'\r' => (Self::Blank, 1, b""),
            _ => (Self::Unknown, 0, b""),
        }
    }

    /// Compares a line with the name of the only field of the standard that it can be.
    #[inline(always)]
    fn compare(self, name: &'static [u8], first: u8, seen: u8, rest: &[u8]) -> Classified {
        let (earlier, ahead) = name.split_at_checked(usize::from(seen)).unwrap_or_default();
        let same = ahead.iter().zip(rest).take_while(|(a, b)| a == b).count();
        match (ahead.len() - same, rest.get(same)) {
            (0, Some(b' ')) => (self, same + 1, b""),
            // "Otherwise, the string is not empty but does not contain a U+003A COLON character (:)": the value is
            // empty.
            (0, Some(_)) | (1, Some(b'\n' | b'\r')) => (self, same, b""),
            (_, None) => (Self::Start { first, seen: seen + u8::try_from(same).unwrap_or(0) }, same, b""),
            _ => (Self::Unknown, 0, earlier),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&[u8]; 22] = [
        b"",
        b":",
        b": c",
        b"data",
        b"data:",
        b"data: ",
        b"data:  x",
        b"data:x",
        b"data : x",
        b"dat",
        b"datax",
        b"datax: y",
        b"event: e",
        b"id: 7",
        b"id",
        b"i",
        b"retry: 10",
        b"retryx",
        b"x",
        b"x:y",
        b"\xEF\xBB: z",
        b"e:f",
    ];

    /// The rule as the standard words it.
    fn by_the_standard(line: &[u8]) -> Field<'_> {
        let (name, value) = match line.iter().position(|&b| b == b':') {
            None => (line, &b""[..]),
            Some(0) => return Field::Comment(&line[1..]),
            Some(colon) => (&line[..colon], &line[colon + 1..]),
        };
        let value = if value.first() == Some(&b' ') { &value[1..] } else { value };
        match name {
            b"" => Field::Blank,
            b"event" => Field::Event(value),
            b"data" => Field::Data(value),
            b"id" => Field::Id(value),
            b"retry" => Field::Retry(value),
            _ => Field::Unknown { name, value },
        }
    }

    #[test]
    fn parse_follows_the_standard() {
        for line in LINES {
            assert_eq!(Field::parse(line), by_the_standard(line), "{:?}", line.escape_ascii());
        }
    }

    fn classify(line: &[u8]) -> Classified {
        LineState::classify(0, 0, line)
    }

    #[test]
    fn classify_follows_the_standard() {
        for line in LINES {
            let (state, content_start, _) = classify(&[line, b"\n"].concat());
            let value = line.get(content_start..).unwrap_or_default();
            let field = match state {
                LineState::Blank => Field::Blank,
                LineState::Comment => Field::Comment(value),
                LineState::Event => Field::Event(value),
                LineState::Data => Field::Data(value),
                LineState::Id => Field::Id(value),
                LineState::Retry(_) => Field::Retry(value),
                _ => {
                    let (name, value) = split_field(value);
                    Field::Unknown { name, value }
                }
            };
            assert_eq!(field, by_the_standard(line), "{:?}", line.escape_ascii());
        }
    }

    #[test]
    fn classify_agrees_for_a_cut_line() {
        for line in LINES.into_iter().filter(|line| !line.is_empty()) {
            let line = [line, b"\n"].concat();
            let whole = classify(&line);
            for cut in 1..line.len() {
                let (first, rest) = line.split_at(cut);
                let seen = classify(first);
                if let (LineState::Start { first: byte, seen }, taken, b"") = seen {
                    assert_eq!(taken, cut, "{:?} cut at {cut}", line.escape_ascii());
                    let (kind, content_start, _) = whole;
                    let replayed = if kind == LineState::Unknown { first } else { b"" };
                    let expected = (kind, content_start.saturating_sub(cut), replayed);
                    assert_eq!(
                        LineState::classify(byte, seen, rest),
                        expected,
                        "{:?} cut at {cut}",
                        line.escape_ascii()
                    );
                } else {
                    assert_eq!(seen, whole, "{:?} cut at {cut}", line.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn classify_decides_as_soon_as_the_bytes_do() {
        let is_open = |line| matches!(classify(line), (LineState::Start { .. }, ..));
        for open in [&b"d"[..], b"data", b"data:", b"event:", b"retry:", b"id:"] {
            assert!(is_open(open), "{:?}", open.escape_ascii());
        }
        for decided in [&b"data: "[..], b"event:x", b"retry: ", b"datax", b"data\r", b":", b"x"] {
            assert!(!is_open(decided), "{:?}", decided.escape_ascii());
        }
    }

    #[test]
    fn parse_retry_accepts_digits_only() {
        assert_eq!(parse_retry(b"0010"), Some(Duration::from_millis(10)));
        assert_eq!(parse_retry(b"18446744073709551615"), Some(Duration::from_millis(u64::MAX)));
        for refused in [&b""[..], b"+1", b"-1", b"1.0", b"1e3", b"0x1", b"1 ", b" 1", b"1\0", "\u{ff11}".as_bytes()] {
            assert_eq!(parse_retry(refused), None, "{:?}", refused.escape_ascii());
        }
    }
}
