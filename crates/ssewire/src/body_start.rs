//! How a body begins that should be an event stream: perhaps as JSON or as a web page, after a byte order mark and
//! white space.

use crate::line::LineScanner;

/// Kind of a body by its first byte after a byte order mark and white space. Servers and gateways send some errors as
/// JSON or HTML in place of an event stream, also with status 200. The decoder ignores them, as the standard requires.
///
/// ```
/// use ssewire::{BodyStart, BomSkipper};
///
/// let (_, mut text) = BomSkipper::new().skip(b"\xEF\xBB\xBF\r\n{\"error\":7}");
/// assert_eq!(BodyStart::skip_blank(&mut text), BodyStart::Json);
/// assert_eq!(text, b"{\"error\":7}");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyStart {
    /// No such byte has arrived yet.
    Blank,
    /// `{` or `[`.
    Json,
    /// `<`.
    Html,
    /// Another byte, as in an event stream.
    Other,
}

impl BodyStart {
    /// Skips space, tab, LF and CR, and returns the kind of the next byte. After [`Blank`](Self::Blank), call it again
    /// with the next text.
    #[must_use]
    pub fn skip_blank(text: &mut &[u8]) -> Self {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = text {
            *text = rest;
        }
        match text.first() {
            None => Self::Blank,
            Some(b'{' | b'[') => Self::Json,
            Some(b'<') => Self::Html,
            Some(_) => Self::Other,
        }
    }
}

/// State of a search for the byte order mark at the start of a body, in chunks of any size; see [`BodyStart`]. A
/// [`Decoder`](crate::Decoder) skips the mark itself.
#[derive(Debug, Clone)]
pub struct BomSkipper(LineScanner);

impl Default for BomSkipper {
    fn default() -> Self {
        Self::new()
    }
}

impl BomSkipper {
    /// Creates the state before the first byte of a body.
    #[must_use]
    pub const fn new() -> Self {
        Self(LineScanner::START)
    }

    /// Returns the bytes of earlier chunks that turned out not to be a mark, then the rest of this chunk. Without a
    /// mark, this is all of the body, except for an incomplete mark at its end: that is never returned.
    #[must_use]
    pub fn skip<'c>(&mut self, chunk: &'c [u8]) -> (&'static [u8], &'c [u8]) {
        let (skipped, replayed) = self.0.skip_before_line(chunk);
        (replayed, chunk.get(skipped..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_byte_after_white_space_decides() {
        for (mut text, start, rest) in [
            (&b""[..], BodyStart::Blank, &b""[..]),
            (b" \t\r\n", BodyStart::Blank, b""),
            (b"\n{ ", BodyStart::Json, b"{ "),
            (b"[", BodyStart::Json, b"["),
            (b" <html>", BodyStart::Html, b"<html>"),
            (b"data: {", BodyStart::Other, b"data: {"),
            // A form feed is not white space in JSON.
            (b"\x0C{", BodyStart::Other, b"\x0C{"),
        ] {
            assert_eq!((BodyStart::skip_blank(&mut text), text), (start, rest));
        }
    }

    #[test]
    fn only_a_whole_mark_at_the_start_is_skipped() {
        const NONE: &[u8] = b"";
        let mut mark = BomSkipper::new();
        assert_eq!(mark.skip(b"\xEF\xBB"), (NONE, NONE));
        assert_eq!(mark.skip(b"\xBF{"), (NONE, &b"{"[..]));
        assert_eq!(mark.skip(b"\xEF\xBB\xBF"), (NONE, &b"\xEF\xBB\xBF"[..]));
        let mut mark = BomSkipper::new();
        assert_eq!(mark.skip(b"\xEF\xBB"), (NONE, NONE));
        assert_eq!(mark.skip(b"{"), (&b"\xEF\xBB"[..], &b"{"[..]));
    }
}
