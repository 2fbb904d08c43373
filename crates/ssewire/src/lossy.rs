//! Text display of bytes that may be ill-formed UTF-8.

#[cfg(feature = "alloc")]
use alloc::{borrow::Cow, string::String};
use core::fmt::{self, Write as _};

/// Bytes that are displayed as text, with ill-formed UTF-8 replaced by U+FFFD.
///
/// Each maximal ill-formed subpart becomes one U+FFFD, as in the UTF-8 decoder of the WHATWG Encoding standard and
/// therefore in browsers. [`Display`](fmt::Display) writes the text without allocating and ignores formatting options
/// such as width. [`Debug`](fmt::Debug) writes a quoted and escaped string in which ill-formed bytes appear as `\xFF`.
///
/// ```
/// use ssewire::Lossy;
///
/// assert_eq!(Lossy::new(b"a\xF0\x9F\x98b\xFF").to_string(), "a\u{FFFD}b\u{FFFD}");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub struct Lossy<'a> {
    pub(crate) bytes: &'a [u8],
}

impl<'a> Lossy<'a> {
    /// Wraps the bytes. Scans nothing: the bytes are decoded each time they are displayed.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Returns the text: borrowed if the bytes are well-formed UTF-8, otherwise a new string with the replacements.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_cow(self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }
}

impl fmt::Display for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.bytes.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for chunk in self.bytes.utf8_chunks() {
            write!(f, "{}", chunk.valid().escape_debug())?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02X}")?;
            }
        }
        f.write_char('"')
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use alloc::format;
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn display_replaces_each_maximal_ill_formed_subpart() {
        // From the Unicode standard, section 3.9: truncated sequences, a surrogate, a sequence that is too long.
        for (bytes, text) in [
            (&b"a\xF0\x9F\x98b\xFF"[..], "a\u{FFFD}b\u{FFFD}"),
            (b"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}A"),
            (b"\xED\xA0\x80", "\u{FFFD}\u{FFFD}\u{FFFD}"),
            (b"\xC0\xAF", "\u{FFFD}\u{FFFD}"),
            (b"\xC3\xA9", "\u{E9}"),
            (b"", ""),
        ] {
            assert_eq!(Lossy::new(bytes).to_string(), text);
            assert_eq!(Lossy::new(bytes).to_cow(), text);
        }
    }

    #[test]
    fn to_cow_borrows_well_formed_text() {
        assert!(matches!(Lossy::new(b"abc").to_cow(), Cow::Borrowed("abc")));
        assert!(matches!(Lossy::new(b"abc\xFF").to_cow(), Cow::Owned(_)));
    }

    #[test]
    fn debug_escapes_quotes_and_ill_formed_bytes() {
        assert_eq!(format!("{:?}", Lossy::new(b"a\"\n\xFF")), r#""a\"\n\xFF""#);
    }
}
