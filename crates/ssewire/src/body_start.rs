//! How a body begins that should be an event stream: perhaps as JSON or as a web page, after a byte order mark and
//! white space.

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
}
