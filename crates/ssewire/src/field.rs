//! Lines to fields: the first colon, one space, exact names.
//!
//! HTML standard, [interpreting an event stream]: a line that begins with a colon is a comment; otherwise the first
//! colon ends the name and one U+0020 behind it is dropped; a line without a colon is a name with an empty value.
//! Names are compared literally, with no case folding.
//!
//! [interpreting an event stream]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

use crate::observe;

/// One line of an event stream, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field<'a> {
    /// The blank line: the block of fields before it is dispatched.
    Blank,
    /// `:` and a comment. Everything behind the colon, a leading space too: the standard gives it no structure.
    Comment(&'a [u8]),
    /// `event`: sets the event type.
    Event(&'a [u8]),
    /// `data`: one line of the event's data.
    Data(&'a [u8]),
    /// `id`: sets the id buffer, unless the value holds a NUL (then the line is ignored).
    Id(&'a [u8]),
    /// `retry`: the reconnection time, see [`retry_milliseconds`].
    Retry(&'a [u8]),
    /// Any other name. The standard ignores it; some servers put errors there.
    Unknown {
        /// Everything before the first colon; never one of the four names above.
        name: &'a [u8],
        /// Everything behind the colon, less one space.
        value: &'a [u8],
    },
}

impl<'a> Field<'a> {
    /// Takes a whole line apart, without its line end. Looks at each byte at most once, copies nothing.
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
        match line.first() {
            None => Self::Blank,
            Some(b':') => Self::Comment(line.get(1..).unwrap_or_default()),
            Some(_) => {
                let mut open = OpenLine::Start;
                let head = open.feed(line);
                let value = line.get(head..).unwrap_or_default();
                match open {
                    OpenLine::Name { name, matched } if name.is_whole(matched) && value.is_empty() => name.field(b""),
                    OpenLine::Colon(name) | OpenLine::Value(name) => name.field(value),
                    _ => Self::unknown(line),
                }
            }
        }
    }

    /// A line that is known to carry none of the four names.
    pub(crate) fn unknown(line: &'a [u8]) -> Self {
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        observe::examined(|| colon);
        let (name, value) = line.split_at_checked(colon).unwrap_or((line, b""));
        let value = value.strip_prefix(b":").unwrap_or(value);
        Self::Unknown { name, value: value.strip_prefix(b" ").unwrap_or(value) }
    }
}

/// The reconnection time in a `retry` value, in milliseconds: ASCII digits and nothing else, saturating at
/// [`u64::MAX`]. `None` for any other value, the empty one too: such a line changes nothing.
///
/// `str::parse` would not do: it takes `+5`, and it refuses the digits beyond 2^64 that the standard allows.
///
/// ```
/// use ssewire::retry_milliseconds;
///
/// assert_eq!(retry_milliseconds(b"3000"), Some(3000));
/// assert_eq!(retry_milliseconds(b"99999999999999999999999"), Some(u64::MAX));
/// assert_eq!(retry_milliseconds(b"+5"), None);
/// assert_eq!(retry_milliseconds(b""), None);
/// ```
#[must_use]
pub fn retry_milliseconds(value: &[u8]) -> Option<u64> {
    let mut digits = RetryDigits::new();
    digits.feed(value);
    digits.milliseconds()
}

/// A `retry` value that is still arriving. Needs no buffer, however many digits come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RetryDigits {
    so_far: u64,
    are: Digits,
}

/// What a value is that is to be digits only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digits {
    None,
    Good,
    Broken,
}

impl RetryDigits {
    pub(crate) const fn new() -> Self {
        Self { so_far: 0, are: Digits::None }
    }

    pub(crate) fn feed(&mut self, piece: &[u8]) {
        for byte in piece {
            if self.are == Digits::Broken || !byte.is_ascii_digit() {
                self.are = Digits::Broken;
                return;
            }
            self.are = Digits::Good;
            self.so_far = self.so_far.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
        }
    }

    pub(crate) fn milliseconds(self) -> Option<u64> {
        if self.are == Digits::Good { Some(self.so_far) } else { None }
    }
}

/// The four names that the standard knows. No two begin with the same letter, so the first byte of a line leaves at
/// most one candidate, and a name cut by a chunk boundary is resumed from a count instead of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Event,
    Data,
    Id,
    Retry,
}

impl Name {
    /// The bytes of the longest of them.
    pub(crate) const LONGEST: usize = 5;

    fn beginning_with(byte: u8) -> Option<Self> {
        match byte {
            b'd' => Some(Self::Data),
            b'e' => Some(Self::Event),
            b'i' => Some(Self::Id),
            b'r' => Some(Self::Retry),
            _ => None,
        }
    }

    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Event => b"event",
            Self::Data => b"data",
            Self::Id => b"id",
            Self::Retry => b"retry",
        }
    }

    /// The first `matched` bytes of the name.
    pub(crate) fn prefix(self, matched: u8) -> &'static [u8] {
        self.bytes().get(..usize::from(matched)).unwrap_or_default()
    }

    pub(crate) fn is_whole(self, matched: u8) -> bool {
        usize::from(matched) == self.bytes().len()
    }

    pub(crate) fn field(self, value: &[u8]) -> Field<'_> {
        match self {
            Self::Event => Field::Event(value),
            Self::Data => Field::Data(value),
            Self::Id => Field::Id(value),
            Self::Retry => Field::Retry(value),
        }
    }
}

/// How far the classification of an unfinished line has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenLine {
    /// No byte of it yet.
    Start,
    /// All bytes so far are the first `matched` of this name.
    Name { name: Name, matched: u8 },
    /// The colon behind this name was the last byte: one space may follow that is not part of the value.
    Colon(Name),
    /// In the value of this field.
    Value(Name),
    /// Behind the colon of a comment.
    Comment,
    /// Somewhere in a line of another name.
    Unknown,
    /// The rest of a line that nobody wants any more.
    Unwanted,
}

impl OpenLine {
    /// Takes what comes before the content of the line (name, colon, space), as far as it is there, and returns how many
    /// bytes that were. Behind them stands content, or the end of the line, or of the bytes.
    ///
    /// In a line of another name, all of it counts as content, what was taken for one of the four names included.
    #[inline]
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> usize {
        // Nearly every line is one of these. Where no byte follows, a space may yet come.
        if let (Self::Start, Some([b'd', b'a', b't', b'a', b':', next])) = (*self, bytes.first_chunk()) {
            *self = Self::Value(Name::Data);
            observe::examined(|| 6);
            return if *next == b' ' { 6 } else { 5 };
        }
        if let Self::Value(_) | Self::Comment | Self::Unknown | Self::Unwanted = self {
            return 0;
        }
        let mut rest = bytes;
        while let Some((&byte, behind)) = rest.split_first() {
            *self = match *self {
                Self::Start => match (Name::beginning_with(byte), byte) {
                    (Some(name), _) => Self::Name { name, matched: 0 },
                    (None, b'\n' | b'\r') => break,
                    (None, b':') => {
                        rest = behind;
                        Self::Comment
                    }
                    (None, _) => Self::Unknown,
                },
                Self::Name { name, matched } => {
                    let wanted = name.bytes().get(usize::from(matched)..).unwrap_or_default();
                    let same = wanted.iter().zip(rest).take_while(|(a, b)| a == b).count();
                    rest = rest.get(same..).unwrap_or_default();
                    let matched = matched.saturating_add(u8::try_from(same).unwrap_or(0));
                    match rest.split_first() {
                        None | Some((b'\n' | b'\r', _)) => {
                            *self = Self::Name { name, matched };
                            break;
                        }
                        Some((b':', behind)) if name.is_whole(matched) => {
                            rest = behind;
                            Self::Colon(name)
                        }
                        Some(_) => Self::Unknown,
                    }
                }
                Self::Colon(name) => {
                    if byte == b' ' {
                        rest = behind;
                    }
                    *self = Self::Value(name);
                    break;
                }
                Self::Value(_) | Self::Comment | Self::Unknown | Self::Unwanted => break,
            };
        }
        let head = bytes.len().saturating_sub(rest.len());
        // One more byte may have been looked at than was taken.
        observe::examined(|| head.saturating_add(usize::from(!rest.is_empty())));
        head
    }
}

impl OpenLine {
    /// [`feed`](Self::feed) with a single byte. True if it was taken; else nothing has changed.
    #[inline]
    pub(crate) fn feed_byte(&mut self, byte: u8) -> bool {
        if let Self::Name { name, matched } = self {
            if name.bytes().get(usize::from(*matched)) == Some(&byte) {
                *matched = matched.saturating_add(1);
                observe::examined(|| 1);
                return true;
            }
        }
        let mut line = *self;
        let takes = line.feed(&[byte]) > 0;
        if takes {
            *self = line;
        }
        takes
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
    fn by_the_book(line: &[u8]) -> Field<'_> {
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
            assert_eq!(Field::parse(line), by_the_book(line), "{:?}", line.escape_ascii());
        }
    }

    #[test]
    fn a_cut_line_is_classified_like_a_whole_one() {
        for line in LINES {
            for cut in 0..=line.len() {
                let (mut whole, mut halves) = (OpenLine::Start, OpenLine::Start);
                let content = line.len() - whole.feed(line);
                halves.feed(&line[..cut]);
                let rest = &line[cut..];
                let content_of_rest = rest.len() - halves.feed(rest);
                assert_eq!(halves, whole, "{:?} cut at {cut}", line.escape_ascii());
                if whole != OpenLine::Unknown {
                    assert_eq!(content_of_rest, content.min(rest.len()), "{:?} cut at {cut}", line.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn a_line_end_ends_the_name() {
        for (bytes, head) in [(&b"\n"[..], 0), (b"data\nid", 4), (b"dat\r", 3), (b"data:\n", 5), (b"data: \n", 6)] {
            let mut line = OpenLine::Start;
            assert_eq!(line.feed(bytes), head, "{:?}", bytes.escape_ascii());
            assert_ne!(line, OpenLine::Unknown);
        }
    }

    #[test]
    fn retry_is_digits_only() {
        assert_eq!(retry_milliseconds(b"0010"), Some(10));
        assert_eq!(retry_milliseconds(b"18446744073709551615"), Some(u64::MAX));
        for refused in [&b""[..], b"+1", b"-1", b"1.0", b"1e3", b"0x1", b"1 ", b" 1", b"1\0", "\u{ff11}".as_bytes()] {
            assert_eq!(retry_milliseconds(refused), None, "{:?}", refused.escape_ascii());
        }
    }

    /// What stands before the content is taken byte by byte, and nothing of the content.
    #[test]
    fn single_bytes_are_taken_up_to_the_content() {
        use Name::{Data, Event, Id};
        for (bytes, taken, line) in [
            (&b"data: x"[..], 6, OpenLine::Value(Data)),
            (b"id:x", 3, OpenLine::Colon(Id)),
            (b"eve", 3, OpenLine::Name { name: Event, matched: 3 }),
            (b"date", 3, OpenLine::Name { name: Data, matched: 3 }),
            (b": c", 1, OpenLine::Comment),
            (b"x", 0, OpenLine::Start),
            (b"\n", 0, OpenLine::Start),
        ] {
            let mut open = OpenLine::Start;
            let count = bytes.iter().take_while(|byte| open.feed_byte(**byte)).count();
            assert_eq!((count, open), (taken, line), "{}", bytes.escape_ascii());
        }
    }
}
