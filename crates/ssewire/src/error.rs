//! Errors of the decoder, and the way a stream can end.

use core::fmt;

/// An event, or a line of a [`LineDecoder`](crate::LineDecoder), that exceeds a limit. Input is never malformed: the
/// standard defines a reading for every byte sequence.
///
/// The event is lost, with the remaining comments and unknown fields of its block. Decoding continues after its blank
/// line, and its `id` and `retry` fields still take effect; after a lost line, it continues with the next. Safe to log:
/// contains no bytes of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeError {
    /// The event is larger than [`max_event_bytes`](crate::Decoder::with_max_event_bytes), or the line than
    /// [`max_line_bytes`](crate::LineDecoder::with_max_line_bytes). Returned at the first byte beyond the limit,
    /// however the input is split. A storage of fixed size may report [`CapacityExceeded`](Self::CapacityExceeded)
    /// earlier.
    LimitExceeded {
        /// The limit that was exceeded, in bytes.
        limit: usize,
    },
    /// The storage has no room for a value that the decoder must copy, or the allocator has no memory. Depends on the
    /// chunking.
    CapacityExceeded {
        /// The length of the storage, in bytes.
        capacity: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LimitExceeded { limit } => write!(f, "event or line exceeds the limit of {limit} bytes"),
            Self::CapacityExceeded { capacity } => {
                write!(f, "event or line does not fit the buffer of {capacity} bytes")
            }
        }
    }
}

impl core::error::Error for DecodeError {}

/// A last event ID that [`Decoder::set_last_event_id`](crate::Decoder::set_last_event_id) rejects. The previous ID
/// stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LastEventIdError {
    /// The ID contains LF, CR or NUL: no stream can set it, and in a header it could add another header.
    ForbiddenByte,
    /// The ID is longer than the limit.
    LimitExceeded {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The ID does not fit the storage.
    CapacityExceeded {
        /// The length of the storage, in bytes.
        capacity: usize,
    },
}

impl LastEventIdError {
    /// Returns an error if no stream can set this ID: a line has no LF or CR, and an `id` with NUL is ignored.
    pub(crate) fn check_bytes(id: &[u8]) -> Result<(), Self> {
        if memchr::memchr3(b'\n', b'\r', 0, id).is_none() { Ok(()) } else { Err(Self::ForbiddenByte) }
    }
}

impl fmt::Display for LastEventIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForbiddenByte => f.write_str("last event ID contains LF, CR or NUL"),
            Self::LimitExceeded { limit } => write!(f, "last event ID exceeds the limit of {limit} bytes"),
            Self::CapacityExceeded { capacity } => {
                write!(f, "last event ID does not fit the buffer of {capacity} bytes")
            }
        }
    }
}

impl core::error::Error for LastEventIdError {}

/// The input ended within an event, or within a line of a [`LineDecoder`](crate::LineDecoder). Pending input is
/// discarded (HTML standard: "Once the end of the file is reached, any pending data must be discarded").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Truncated {
    pending: u64,
}

impl Truncated {
    /// Returns an error unless nothing was pending.
    pub(crate) fn check(pending: u64) -> Result<(), Self> {
        if pending == 0 { Ok(()) } else { Err(Self { pending }) }
    }

    /// Returns the number of bytes discarded, whatever the chunking, without a complete byte order mark. From a
    /// [`Decoder`](crate::Decoder): all bytes after the last blank line, including comments. From a
    /// [`LineDecoder`](crate::LineDecoder): all bytes after the last line end.
    #[must_use]
    pub fn pending_bytes(&self) -> u64 {
        self.pending
    }
}

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "input is truncated: {} bytes pending", self.pending)
    }
}

impl core::error::Error for Truncated {}
