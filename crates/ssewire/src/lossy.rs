//! Bytes shown as text that may be none.

#[cfg(feature = "alloc")]
use alloc::{borrow::Cow, string::String};
use core::fmt::{self, Write as _};

/// Shows bytes as text: each maximal ill-formed subpart becomes one U+FFFD, as the WHATWG Encoding standard's UTF-8
/// decoder has it, and so every browser. [`Display`](fmt::Display) writes it without allocating; formatting options
/// such as width are ignored.
///
/// ```
/// use ssewire::Lossy;
///
/// assert_eq!(Lossy::new(b"a\xF0\x9F\x98b\xFF").to_string(), "a\u{FFFD}b\u{FFFD}");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lossy<'a> {
    bytes: &'a [u8],
}

impl<'a> Lossy<'a> {
    /// Looks at nothing yet.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The text: borrowed if it is well-formed, else one allocation with the replacements made.
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
