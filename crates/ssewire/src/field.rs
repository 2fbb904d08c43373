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
        if let Some(comment) = line.strip_prefix(b":") {
            return Self::Comment(comment);
        }
        let (name, value) = split_field(line);
        match name {
            b"" => Self::Blank,
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
    pub(crate) fn push(mut self, piece: &[u8]) -> Option<Self> {
        for byte in piece {
            let digit = char::from(*byte).to_digit(10)?;
            let milliseconds = self.0.map_or(0, u64::from_ne_bytes).saturating_mul(10).saturating_add(digit.into());
            self.0 = Some(milliseconds.to_ne_bytes());
        }
        Some(self)
    }

    pub(crate) fn value(self) -> Option<Duration> {
        self.0.map(|milliseconds| Duration::from_millis(u64::from_ne_bytes(milliseconds)))
    }
}

/// The line that is being read: its kind, and the state kept outside of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineState {
    /// At the start of a line, or within its first bytes, which leave the kind open.
    Start(LineStart),
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

impl LineState {
    /// Before the first byte of a line.
    pub(crate) const START: Self = Self::Start(LineStart { first: 0, seen: 0 });
}

/// The bytes of a line before a chunk boundary that cut it before its kind was known. No two names start with the same
/// letter, so that the first byte and a count determine the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineStart {
    first: u8,
    seen: u8,
}

/// The kind of a line; the number of bytes of the chunk before its content (name, colon and space); and the *replayed*
/// bytes: those of earlier chunks that are content, as all of the line is in an unknown field.
type Classified = (LineState, usize, &'static [u8]);

impl LineStart {
    /// Classifies the line that `rest` continues, which may go beyond the end of the line. Returns `None`, and counts
    /// the bytes, if `rest` ends before the decision.
    #[inline]
    pub(crate) fn classify(&mut self, rest: &[u8]) -> Option<Classified> {
        let next = *rest.first()?;
        let first = if self.seen == 0 { next } else { self.first };
        match first {
            b'd' => self.compare(LineState::Data, b"data:", rest),
            b'e' => self.compare(LineState::Event, b"event:", rest),
            b'i' => self.compare(LineState::Id, b"id:", rest),
            b'r' => self.compare(LineState::Retry(RetryDigits::NONE), b"retry:", rest),
            b':' => Some((LineState::Comment, 1, b"")),
            b'\n' | b'\r' => Some((LineState::Blank, 1, b"")),
            _ => Some((LineState::Unknown, 0, b"")),
        }
    }

    /// Compares a line with the only field of the standard that it can be.
    #[inline(always)]
    fn compare(&mut self, field: LineState, name: &'static [u8], rest: &[u8]) -> Option<Classified> {
        // The name and its colon are a constant: one comparison instead of a loop.
        if let (0, Some([next, ..])) = (self.seen, rest.strip_prefix(name)) {
            return Some((field, name.len() + usize::from(*next == b' '), b""));
        }
        let (earlier, ahead) = name.split_at_checked(usize::from(self.seen)).unwrap_or_default();
        let same = ahead.iter().zip(rest).take_while(|(a, b)| a == b).count();
        match (ahead.len() - same, rest.get(same)) {
            (0, Some(b' ')) => Some((field, same + 1, b"")),
            // "Otherwise, the string is not empty but does not contain a U+003A COLON character (:)": the value is
            // empty.
            (0, Some(_)) | (1, Some(b'\n' | b'\r')) => Some((field, same, b"")),
            (_, None) => {
                *self = Self { first: *name.first()?, seen: self.seen + u8::try_from(same).unwrap_or(0) };
                None
            }
            _ => Some((LineState::Unknown, 0, earlier)),
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

    fn classify(line: &[u8]) -> Option<Classified> {
        let mut start = LineStart { first: 0, seen: 0 };
        start.classify(line)
    }

    #[test]
    fn classify_follows_the_standard() {
        for line in LINES {
            let (state, content_start, _) = classify(&[line, b"\n"].concat()).unwrap();
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
            let whole = classify(&line).unwrap();
            for cut in 0..line.len() {
                let (first, rest) = line.split_at(cut);
                let mut start = LineStart { first: 0, seen: 0 };
                let Some(seen) = start.classify(first) else {
                    let (kind, content_start, _) = whole;
                    let replayed = if kind == LineState::Unknown { first } else { b"" };
                    let expected = Some((kind, content_start.saturating_sub(cut), replayed));
                    assert_eq!(start.classify(rest), expected, "{:?} cut at {cut}", line.escape_ascii());
                    continue;
                };
                assert_eq!(seen, whole, "{:?} cut at {cut}", line.escape_ascii());
            }
        }
    }

    #[test]
    fn classify_decides_as_soon_as_the_bytes_do() {
        for undecided in [&b""[..], b"d", b"data", b"data:", b"event:", b"retry:", b"id:"] {
            assert_eq!(classify(undecided), None, "{:?}", undecided.escape_ascii());
        }
        for decided in [&b"data: "[..], b"event:x", b"retry: ", b"datax", b"data\r", b":", b"x"] {
            assert!(classify(decided).is_some(), "{:?}", decided.escape_ascii());
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
