//! Event stream encoder: fields to bytes, for servers, proxies and tests.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;
use core::time::Duration;

use crate::error::LastEventIdError;
use crate::event::{Block, Event};
use crate::lossy::Lossy;

/// Builder for one block of an event stream: an event, a comment, or both.
///
/// ```
/// use ssewire::EventBuilder;
///
/// let event = EventBuilder::new().event_type("greeting")?.id("7")?.data("hello\nworld");
/// assert_eq!(event.to_string(), "event: greeting\nid: 7\ndata: hello\ndata: world\n\n");
/// assert_eq!(EventBuilder::new().comment("keep-alive").to_string(), ": keep-alive\n\n");
/// # Ok::<(), ssewire::EncodeError>(())
/// ```
///
/// A decoder reads the block back as the same event, except that CR and CRLF in the data become LF: the format cannot
/// represent them. No value can inject a field. A line end in data or in a comment starts another line of the same
/// field; a line end in an event type or in an id is an error.
///
/// # Cost
/// Borrows every value and allocates nothing. Encoding scans each byte for line ends and copies it once. An event type
/// or an id is also scanned when it is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[must_use = "call an `encode…` or `to_…` method to write the block"]
pub struct EventBuilder<'a> {
    comment: Option<&'a [u8]>,
    event_type: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
    retry: Option<Duration>,
    data: Option<&'a [u8]>,
}

/// Error of [`EventBuilder`]: a value that the format cannot represent, or a buffer that is too small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EncodeError {
    /// The event type contains CR or LF. The rest of the value would be read as another field.
    InvalidEventType,
    /// The event ID contains CR, LF or NUL. A decoder ignores an `id` field that contains NUL (HTML standard, "process
    /// the field").
    InvalidId,
    /// The buffer is smaller than the encoded block.
    BufferTooSmall {
        /// Size of the encoded block in bytes.
        needed: usize,
    },
}

impl<'a> EventBuilder<'a> {
    /// Creates a builder without fields. It encodes to a blank line, which decoders ignore.
    pub const fn new() -> Self {
        Self { comment: None, event_type: None, id: None, retry: None, data: None }
    }

    /// Sets the comment, which is written before the fields, one comment line for each line of `text`, after a colon
    /// and a space. A decoder returns this space as part of the comment: remove it from a comment that you pass on.
    ///
    /// Decoders ignore comments. Servers send them to keep a connection open (HTML standard, "Authoring notes":
    /// "a comment line … every 15 seconds or so").
    pub fn comment(mut self, text: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.comment = Some(text.as_ref());
        self
    }

    /// Sets the event type. A decoder reads a missing or empty one as `message`.
    ///
    /// # Errors
    /// [`EncodeError::InvalidEventType`] if the value contains CR or LF.
    pub fn event_type(mut self, event_type: &'a (impl AsRef<[u8]> + ?Sized)) -> Result<Self, EncodeError> {
        let event_type = event_type.as_ref();
        if memchr::memchr2(b'\n', b'\r', event_type).is_some() {
            return Err(EncodeError::InvalidEventType);
        }
        self.event_type = Some(event_type);
        Ok(self)
    }

    /// Sets the id, which becomes the decoder's last event ID. An empty id resets it.
    ///
    /// # Errors
    /// [`EncodeError::InvalidId`] if the value contains CR, LF or NUL.
    pub fn id(mut self, id: &'a (impl AsRef<[u8]> + ?Sized)) -> Result<Self, EncodeError> {
        let id = id.as_ref();
        LastEventIdError::check_bytes(id).map_err(|_| EncodeError::InvalidId)?;
        self.id = Some(id);
        Ok(self)
    }

    /// Sets the reconnection time. It is written in whole milliseconds: fractions are truncated, and a time of more
    /// than [`u64::MAX`] milliseconds is written as that number.
    pub const fn retry(mut self, reconnection_time: Duration) -> Self {
        self.retry = Some(reconnection_time);
        self
    }

    /// Sets the data, which makes the block an event. Each line of `data` is written as a `data` field; empty data is
    /// written as one empty field.
    pub fn data(mut self, data: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.data = Some(data.as_ref());
        self
    }

    /// Returns the number of bytes of the encoded block. Scans all values.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let mut len = 0_usize;
        let Ok(()) = self.encode_with(|bytes| {
            len = len.saturating_add(bytes.len());
            Ok::<(), Infallible>(())
        });
        len
    }

    /// Encodes the block to the start of `buffer` and returns the number of bytes written. Scans all values twice, the
    /// first time for the size.
    ///
    /// # Errors
    /// [`EncodeError::BufferTooSmall`] if the block does not fit. `buffer` is unchanged then.
    pub fn encode_into_slice(&self, buffer: &mut [u8]) -> Result<usize, EncodeError> {
        let needed = self.encoded_len();
        let Some(mut free) = buffer.get_mut(..needed) else { return Err(EncodeError::BufferTooSmall { needed }) };
        // Never fails: `free` has exactly the size of the block.
        let _ = self.encode_with(|bytes| {
            let (target, rest) = core::mem::take(&mut free).split_at_mut_checked(bytes.len()).ok_or(fmt::Error)?;
            target.copy_from_slice(bytes);
            free = rest;
            Ok::<(), fmt::Error>(())
        });
        Ok(needed)
    }

    /// Appends the encoded block to `buffer`, which grows as needed.
    #[cfg(feature = "alloc")]
    pub fn encode_into_vec(&self, buffer: &mut Vec<u8>) {
        let Ok(()) = self.encode_with(|bytes| {
            buffer.extend_from_slice(bytes);
            Ok::<(), Infallible>(())
        });
    }

    /// Encodes the block to a vector: one allocation, of exactly its size. Scans all values twice, the first time for
    /// the size.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut buffer = Vec::with_capacity(self.encoded_len());
        self.encode_into_vec(&mut buffer);
        buffer
    }

    /// Encodes the block to [`Bytes`](bytes::Bytes), the chunk type of most HTTP servers. Costs as much as
    /// [`to_vec`](Self::to_vec): the vector is not copied again.
    ///
    /// ```
    /// let chunk = ssewire::EventBuilder::new().data("hello").to_bytes();
    /// assert_eq!(chunk, "data: hello\n\n");
    /// ```
    #[cfg(feature = "bytes")]
    #[must_use]
    pub fn to_bytes(&self) -> bytes::Bytes {
        self.to_vec().into()
    }

    /// Encodes the block through `write`, which is called with one part of it after the other: four calls for each
    /// line, and one for the blank line. For sinks of any other kind; it needs no allocator.
    ///
    /// Put a buffer before a sink whose calls are expensive, such as a socket, and flush it after each block. Without a
    /// buffer each call is a system call; without a flush the event does not leave.
    ///
    /// ```
    /// use std::io::{BufWriter, Write};
    ///
    /// let mut out = BufWriter::new(std::io::stdout().lock());
    /// ssewire::EventBuilder::new().data("hello").encode_with(|bytes| out.write_all(bytes))?;
    /// out.flush()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the first error of `write`. The parts before it have been written.
    pub fn encode_with<E>(&self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let fields = [("", self.comment), ("event", self.event_type), ("id", self.id)];
        for (name, value) in fields {
            write_field(&mut write, name, value)?;
        }
        if let Some(reconnection_time) = self.retry {
            let milliseconds = u64::try_from(reconnection_time.as_millis()).unwrap_or(u64::MAX);
            let (digits, start) = decimal(milliseconds);
            write_field(&mut write, "retry", digits.get(start..))?;
        }
        write_field(&mut write, "data", self.data)?;
        write(b"\n")
    }
}

/// Copies the fields of a decoded event, for proxies that pass a stream on event by event.
///
/// The id is always written, also if it is empty. An empty last event ID may be the effect of an `id` field in this
/// very event, and then the next decoder must reset its own.
impl<'a> From<Event<'a>> for EventBuilder<'a> {
    fn from(event: Event<'a>) -> Self {
        let is_default_type = event.event_type() == b"message";
        Self {
            comment: None,
            event_type: if is_default_type { None } else { Some(event.event_type()) },
            id: Some(event.last_event_id()),
            retry: event.retry(),
            data: Some(event.data()),
        }
    }
}

/// Copies the fields of a decoded block, for proxies that pass a stream on block by block, also blocks without data.
///
/// Unlike an event, a block has an id only if it sets one. A proxy that omits a block with an id sends the id in a
/// block of its own. Otherwise a client that reconnects resumes before the omitted block.
///
/// ```
/// use ssewire::{Decoder, EventBuilder};
///
/// let mut input = &b"id: 7\nretry: 200\n\nevent: greeting\ndata: hello\n\n"[..];
/// let mut decoder = Decoder::new();
/// let mut passed_on = Vec::new();
/// while let Some(block) = decoder.decode_block(&mut input)? {
///     EventBuilder::from(block).encode_into_vec(&mut passed_on);
/// }
/// assert_eq!(passed_on, b"id: 7\nretry: 200\n\nevent: greeting\ndata: hello\n\n");
/// # Ok::<(), ssewire::DecodeError>(())
/// ```
impl<'a> From<Block<'a>> for EventBuilder<'a> {
    fn from(block: Block<'a>) -> Self {
        let data = block.data.map(|data| data.bytes);
        Self { comment: None, event_type: block.event_type(), id: block.id(), retry: block.retry, data }
    }
}

/// Writes the block as text, with ill-formed UTF-8 replaced by U+FFFD. The other outputs write the bytes unchanged.
impl fmt::Display for EventBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.encode_with(|bytes| Lossy::new(bytes).fmt(f))
    }
}

/// Writes one field for each line of the value, which may end in LF, CR or CRLF. Writes nothing for `None`.
fn write_field<E>(write: &mut impl FnMut(&[u8]) -> Result<(), E>, name: &str, value: Option<&[u8]>) -> Result<(), E> {
    let Some(mut rest) = value else { return Ok(()) };
    loop {
        let line_len = memchr::memchr2(b'\n', b'\r', rest);
        let (line, after) = rest.split_at_checked(line_len.unwrap_or(rest.len())).unwrap_or((rest, b""));
        write(name.as_bytes())?;
        // The space is not optional: a decoder strips one, so a value that begins with a space would lose it.
        write(b": ")?;
        write(line)?;
        write(b"\n")?;
        if line_len.is_none() {
            return Ok(());
        }
        rest = after.strip_prefix(b"\r\n").or(after.get(1..)).unwrap_or_default();
    }
}

/// Returns the decimal digits of `number`, right-aligned, and the index of the first one.
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
            Self::InvalidEventType => f.write_str("event type contains a line end"),
            Self::InvalidId => f.write_str("event ID contains a line end or NUL"),
            Self::BufferTooSmall { needed } => write!(f, "buffer is too small for a block of {needed} bytes"),
        }
    }
}

impl core::error::Error for EncodeError {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn data_and_comment_write_one_field_per_line() {
        let block = EventBuilder::new().data("a\nb\rc\r\nd\n");
        assert_eq!(block.to_string(), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
        assert_eq!(EventBuilder::new().comment("a\r\nb").to_string(), ": a\n: b\n\n");
        assert_eq!(EventBuilder::new().data("").to_string(), "data: \n\n");
    }

    #[test]
    fn event_type_and_id_reject_line_ends() {
        for bad in ["a\nid: 1", "a\rb", "\r\n"] {
            assert_eq!(EventBuilder::new().event_type(bad), Err(EncodeError::InvalidEventType));
            assert_eq!(EventBuilder::new().id(bad), Err(EncodeError::InvalidId));
        }
    }

    #[test]
    fn only_id_rejects_nul() {
        assert_eq!(EventBuilder::new().id("a\0"), Err(EncodeError::InvalidId));
        assert!(EventBuilder::new().event_type("a\0").is_ok());
    }

    #[test]
    fn all_outputs_are_equal() {
        let block = EventBuilder::new().event_type("e").unwrap().id("7").unwrap().comment("c").data("x\ny");
        let block = block.retry(Duration::from_millis(1200));
        let text = ": c\nevent: e\nid: 7\nretry: 1200\ndata: x\ndata: y\n\n";
        let mut vector = b"before ".to_vec();
        block.encode_into_vec(&mut vector);
        assert_eq!(vector, [b"before ", text.as_bytes()].concat());
        let mut memory = [0; 64];
        let written = block.encode_into_slice(&mut memory).unwrap();
        assert_eq!(&memory[..written], text.as_bytes());
        assert_eq!(block.to_string(), text);
        assert_eq!(block.encoded_len(), text.len());
        assert_eq!(block.to_vec(), text.as_bytes());
        assert_eq!(block.to_vec().capacity(), text.len());
        #[cfg(feature = "bytes")]
        assert_eq!(block.to_bytes(), text);
    }

    #[test]
    fn encode_into_slice_reports_the_size_needed() {
        let block = EventBuilder::new().data("x");
        let mut memory = [7; 8];
        assert_eq!(block.encode_into_slice(&mut memory), Err(EncodeError::BufferTooSmall { needed: 9 }));
        assert_eq!(memory, [7; 8]);
    }

    #[test]
    fn encode_with_stops_at_the_first_error() {
        let mut parts = 0;
        let result = EventBuilder::new().data("x").encode_with(|_| {
            parts += 1;
            if parts < 3 { Ok(()) } else { Err("disk full") }
        });
        assert_eq!((result, parts), (Err("disk full"), 3));
    }

    #[test]
    fn retry_is_written_in_whole_milliseconds() {
        let text = |time| EventBuilder::new().retry(time).to_string();
        for number in [0, 7, 10, 1000, u64::MAX] {
            assert_eq!(text(Duration::from_millis(number)), alloc::format!("retry: {number}\n\n"));
        }
        assert_eq!(text(Duration::from_micros(1999)), "retry: 1\n\n");
        assert_eq!(text(Duration::from_nanos(1)), "retry: 0\n\n");
        assert_eq!(text(Duration::MAX), alloc::format!("retry: {}\n\n", u64::MAX));
    }
}
