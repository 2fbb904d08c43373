//! Events to bytes, for servers, proxies and tests.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::fmt;

use crate::event::Event;
use crate::lossy::Lossy;

/// A block of fields to be written: an event, a comment, or both.
///
/// ```
/// use ssewire::Encode;
///
/// let event = Encode::new().event_type("greeting")?.id("7")?.data("hello\nworld");
/// assert_eq!(event.to_string(), "event: greeting\nid: 7\ndata: hello\ndata: world\n\n");
/// assert_eq!(Encode::new().comment("keep-alive").to_string(), ": keep-alive\n\n");
/// # Ok::<(), ssewire::EncodeError>(())
/// ```
///
/// Whatever is written is read back as the same event, with each CR or CRLF in data as an LF: the format has no way to
/// say them. Nothing that is put in can end a line early and so add a field of its own: a line end in data or in a
/// comment begins a further line, one in an event type or an id is refused.
///
/// # Cost
/// Borrows everything, allocates nothing; each byte is looked at once and copied once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use = "it has to be written"]
pub struct Encode<'a> {
    comment: Option<&'a [u8]>,
    event_type: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
    retry: Option<u64>,
    data: Option<&'a [u8]>,
}

/// Why a value cannot be written: it would not come back as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// An event type with a line end, behind which it could go on as a field of its own.
    EventType,
    /// An id with a line end, or with a NUL, for which a reader has to ignore it.
    Id,
    /// The memory given is smaller than what is to be written.
    NoRoom {
        /// The bytes needed.
        needed: usize,
    },
}

impl<'a> Encode<'a> {
    /// A block without fields: just its blank line, which means nothing.
    pub const fn new() -> Self {
        Self { comment: None, event_type: None, id: None, retry: None, data: None }
    }

    /// A comment, ahead of the fields. Readers ignore it, but it keeps connections alive. A line end begins a further
    /// comment line.
    pub fn comment(mut self, text: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.comment = Some(text.as_ref());
        self
    }

    /// The event type. Without one, or with an empty one, it is read as `message`.
    ///
    /// # Errors
    /// [`EncodeError::EventType`] if it has a CR or LF.
    pub fn event_type(mut self, event_type: &'a (impl AsRef<[u8]> + ?Sized)) -> Result<Self, EncodeError> {
        let event_type = event_type.as_ref();
        if memchr::memchr2(b'\n', b'\r', event_type).is_some() {
            return Err(EncodeError::EventType);
        }
        self.event_type = Some(event_type);
        Ok(self)
    }

    /// The id, which becomes the reader's last event ID. An empty one resets it.
    ///
    /// # Errors
    /// [`EncodeError::Id`] if it has a CR, LF or NUL.
    pub fn id(mut self, id: &'a (impl AsRef<[u8]> + ?Sized)) -> Result<Self, EncodeError> {
        let id = id.as_ref();
        if memchr::memchr3(b'\n', b'\r', 0, id).is_some() {
            return Err(EncodeError::Id);
        }
        self.id = Some(id);
        Ok(self)
    }

    /// The reconnection time in milliseconds.
    pub const fn retry(mut self, milliseconds: u64) -> Self {
        self.retry = Some(milliseconds);
        self
    }

    /// The data: what makes the block an event. One `data` line for each of its lines, one for none.
    pub fn data(mut self, data: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.data = Some(data.as_ref());
        self
    }

    /// The number of bytes that will be written.
    #[must_use]
    pub fn len(&self) -> usize {
        let mut len = 0_usize;
        let _never_fails = self.write_to(|piece| {
            len = len.saturating_add(piece.len());
            Ok::<(), fmt::Error>(())
        });
        len
    }

    /// Whether there is neither field nor comment, only the blank line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::new()
    }

    /// Writes the block to the start of `memory` and returns the number of bytes written.
    ///
    /// # Errors
    /// [`EncodeError::NoRoom`] if it does not fit; nothing is written then.
    pub fn write_bytes(&self, memory: &mut [u8]) -> Result<usize, EncodeError> {
        let needed = self.len();
        let Some(mut room) = memory.get_mut(..needed) else { return Err(EncodeError::NoRoom { needed }) };
        let _fits = self.write_to(|piece| {
            let (place, rest) = core::mem::take(&mut room).split_at_mut_checked(piece.len()).ok_or(fmt::Error)?;
            place.copy_from_slice(piece);
            room = rest;
            Ok::<(), fmt::Error>(())
        });
        Ok(needed)
    }

    /// Appends the block to a vector.
    #[cfg(feature = "alloc")]
    pub fn append_to(&self, bytes: &mut Vec<u8>) {
        let _never_fails = self.write_to(|piece| {
            bytes.extend_from_slice(piece);
            Ok::<(), fmt::Error>(())
        });
    }

    /// Gives the block to `write`, piece by piece: for sinks that take bytes.
    ///
    /// # Errors
    /// Whatever `write` returns; what was written before it stays written.
    pub fn write_to<E>(&self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let lines = [("", self.comment), ("event", self.event_type), ("id", self.id)];
        for (name, value) in lines {
            write_lines(&mut write, name, value)?;
        }
        if let Some(milliseconds) = self.retry {
            let (digits, start) = decimal(milliseconds);
            write_lines(&mut write, "retry", digits.get(start..))?;
        }
        write_lines(&mut write, "data", self.data)?;
        write(b"\n")
    }
}

/// The event as it was read. Its id is always written, also an empty one, which resets the reader's: a stream that is
/// passed on event by event shall leave the same last event ID behind each of them.
impl<'a> From<Event<'a>> for Encode<'a> {
    fn from(event: Event<'a>) -> Self {
        let message = event.event_type() == b"message";
        Self {
            event_type: if message { None } else { Some(event.event_type()) },
            id: Some(event.last_event_id()),
            data: Some(event.data()),
            ..Self::new()
        }
    }
}

/// Writes the block as text, ill-formed UTF-8 as U+FFFD; the byte sinks write it as it is.
impl fmt::Display for Encode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(|piece| Lossy::new(piece).fmt(f))
    }
}

/// One field for each line of the value, whichever of the three line ends it has.
fn write_lines<E>(write: &mut impl FnMut(&[u8]) -> Result<(), E>, name: &str, value: Option<&[u8]>) -> Result<(), E> {
    let Some(mut rest) = value else { return Ok(()) };
    loop {
        let len = memchr::memchr2(b'\n', b'\r', rest);
        let (line, behind) = rest.split_at_checked(len.unwrap_or(rest.len())).unwrap_or((rest, b""));
        write(name.as_bytes())?;
        // The space is always written: without it a value that begins with one would lose it.
        write(b": ")?;
        write(line)?;
        write(b"\n")?;
        if len.is_none() {
            return Ok(());
        }
        rest = behind.strip_prefix(b"\r\n").or(behind.get(1..)).unwrap_or_default();
    }
}

/// The decimal digits, and where in the array they begin.
fn decimal(mut number: u64) -> ([u8; 20], usize) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    for (at, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0'.saturating_add(u8::try_from(number % 10).unwrap_or(0));
        number /= 10;
        start = at;
        if number == 0 {
            break;
        }
    }
    (digits, start)
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EventType => f.write_str("the event type has a line end in it"),
            Self::Id => f.write_str("the id has a line end or a NUL in it"),
            Self::NoRoom { needed } => write!(f, "the event needs {needed} bytes, more than there is room for"),
        }
    }
}

impl core::error::Error for EncodeError {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn every_line_end_begins_a_further_line() {
        let block = Encode::new().data("a\nb\rc\r\nd\n");
        assert_eq!(block.to_string(), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
        assert_eq!(Encode::new().comment("a\r\nb").to_string(), ": a\n: b\n\n");
        assert_eq!(Encode::new().data("").to_string(), "data: \n\n");
    }

    #[test]
    fn what_would_inject_a_field_is_refused() {
        for bad in ["a\nid: 1", "a\rb", "\r\n"] {
            assert_eq!(Encode::new().event_type(bad), Err(EncodeError::EventType));
            assert_eq!(Encode::new().id(bad), Err(EncodeError::Id));
        }
        assert_eq!(Encode::new().id("a\0"), Err(EncodeError::Id));
        assert!(Encode::new().event_type("a\0").is_ok(), "only an id with a NUL is ignored");
    }

    #[test]
    fn all_sinks_write_the_same() {
        let block = Encode::new().event_type("e").unwrap().id("7").unwrap().retry(1200).comment("c").data("x\ny");
        let text = ": c\nevent: e\nid: 7\nretry: 1200\ndata: x\ndata: y\n\n";
        let mut vector = Vec::new();
        block.append_to(&mut vector);
        let mut memory = [0; 64];
        let written = block.write_bytes(&mut memory).unwrap();
        assert_eq!(vector, text.as_bytes());
        assert_eq!(&memory[..written], text.as_bytes());
        assert_eq!(block.to_string(), text);
        assert_eq!(block.len(), text.len());
        assert_eq!(block.write_bytes(&mut memory[..5]), Err(EncodeError::NoRoom { needed: text.len() }));
    }

    #[test]
    fn retry_is_written_in_decimal() {
        for number in [0, 7, 10, 1000, u64::MAX] {
            assert_eq!(Encode::new().retry(number).to_string(), alloc::format!("retry: {number}\n\n"));
        }
    }
}
