//! The two things that can go wrong, and the way a stream can end.

use core::fmt;

/// Why a step of the decoder gave no event. Malformed input does not exist: the standard finds a reading for every
/// byte sequence. What remains is room.
///
/// Either way one event is lost and nothing else: decoding goes on behind its blank line, and its `id` and `retry`
/// lines still take effect (unless the `id` itself was the excess: a client that reconnected from before it would
/// fetch the same giant for ever).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The event is larger than the limit of the decoder. Comes at the first byte beyond the limit, however the input
    /// is cut into chunks.
    TooLarge {
        /// The limit, in bytes of the event's logical size.
        limit: usize,
    },
    /// The storage has no more room for what straddles a chunk boundary. Depends on the chunking.
    BufferFull {
        /// The size of the storage in bytes.
        capacity: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "the event is larger than the limit of {limit} bytes"),
            Self::BufferFull { capacity } => {
                write!(f, "the event straddles chunks and does not fit the buffer of {capacity} bytes")
            }
        }
    }
}

impl core::error::Error for DecodeError {}

/// The input ended in the middle of something: what came since the last blank line is no event and was discarded
/// (HTML standard: "Once the end of the file is reached, any pending data must be discarded").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truncated {
    pub(crate) pending: u64,
}

impl Truncated {
    /// How many bytes were discarded: all that came behind the last blank line, whatever the chunking. Comments that
    /// stand there count; a complete byte order mark does not.
    #[must_use]
    pub fn pending_bytes(&self) -> u64 {
        self.pending
    }
}

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the stream ended within an event, {} bytes were pending", self.pending)
    }
}

impl core::error::Error for Truncated {}
