//! Protocol violations: events in another order than the protocol promises.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// An event that violates the protocol. In lenient mode it is recorded, and handled as its [kind](ViolationKind) says;
/// in strict mode it is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProtocolViolation {
    /// The kind of the violation.
    pub kind: ViolationKind,
    /// The index that the event names, if it is an event of a block.
    pub index: Option<u64>,
}

macro_rules! kinds {
    ($( $(#[$meta:meta])* $variant:ident = $text:literal, )+) => {
        /// The violations that servers, gateways and proxies are known for. `docs/protocol.md`, heading "Protocol
        /// violations".
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ViolationKind {
            $( $(#[$meta])* $variant, )+
        }

        impl ViolationKind {
            const ALL: &'static [Self] = &[$( Self::$variant, )+];
            const COUNT: usize = Self::ALL.len();

            const fn describe(self) -> &'static str {
                match self {
                    $( Self::$variant => $text, )+
                }
            }
        }
    };
}

kinds! {
    /// An event of the message before its `message_start`.
    BeforeMessageStart = "event before message_start",
    /// A delta before the start of its block.
    DeltaBeforeStart = "delta before the start of its block",
    /// A delta does not fit any block of its index.
    MismatchedDelta = "delta does not fit any block of its index",
    /// A delta after the stop of its block. It was merged.
    DeltaAfterStop = "delta after the stop of its block",
    /// A block started beyond the next index: there is a gap, perhaps to be filled later.
    IndexGap = "block started after a gap in the indices",
    /// A block started before the next index, at one that was free.
    StartOutOfOrder = "block started out of order",
    /// A block started at an index that was in use.
    IndexReused = "block started at an index that was in use",
    /// A stop for an index at which no block had started.
    StopWithoutStart = "stop for a block that never started",
    /// A stop for an index at which no block was open any more.
    DuplicateStop = "second stop for a block",
    /// The message stopped while a block was open. It was closed.
    MissingStop = "message stopped while a block was open",
    /// A second `message_start`, of the same id or of none. It was ignored.
    SecondMessageStart = "second message_start before message_stop",
    /// A second `message_start`, of another id: the message ended there, and the next one began.
    ReplacedMessage = "message_start of another message before message_stop",
    /// A `message_start` after the message had ended. It and all later events are ignored.
    MessageAfterStop = "message_start after the end of the message",
    /// A `message_delta` after the message had ended. It was ignored.
    MessageDeltaAfterStop = "message_delta after the end of the message",
    /// A second `message_stop`. It was ignored.
    SecondMessageStop = "second message_stop",
    /// An event of a block after the message had ended. It was ignored.
    BlockEventAfterStop = "event of a block after the end of the message",
    /// An error after the message had ended. The message stays complete.
    ErrorAfterStop = "error after the end of the message",
    /// An event after an error. It was ignored.
    AfterError = "event after an error",
    /// Data without an event type that is not a JSON object: a keep-alive of a proxy.
    KeepAliveData = "data without an event type that is not a JSON object",
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.describe())
    }
}

impl fmt::Display for ProtocolViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "{} (index {index})", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}

impl core::error::Error for ProtocolViolation {}

/// The protocol violations of one message: the first 64 of them, and the number of each kind.
#[derive(Debug, Clone, Default)]
pub struct ProtocolViolations(Option<Box<Record>>);

#[derive(Debug, Clone, Default)]
struct Record {
    first: Vec<ProtocolViolation>,
    counts: [u64; ViolationKind::COUNT],
}

impl ProtocolViolations {
    /// The number of violations that are kept in full.
    pub const KEPT: usize = 64;

    /// Returns the first violations, at most [`KEPT`](Self::KEPT), in the order of their arrival.
    #[must_use]
    pub fn first(&self) -> &[ProtocolViolation] {
        self.0.as_ref().map_or(&[], |record| &record.first)
    }

    /// Returns the number of violations of this kind.
    #[must_use]
    pub fn count(&self, kind: ViolationKind) -> u64 {
        self.0.as_ref().and_then(|record| record.counts.get(kind as usize).copied()).unwrap_or(0)
    }

    /// Returns the kinds of the violations, with their numbers.
    pub fn counts(&self) -> impl Iterator<Item = (ViolationKind, u64)> + '_ {
        let counts = ViolationKind::ALL.iter().map(|kind| (*kind, self.count(*kind)));
        counts.filter(|(_, count)| *count > 0)
    }

    /// Returns the number of violations.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.as_ref().map_or(0, |record| record.counts.iter().fold(0, |sum, count| sum.saturating_add(*count)))
    }

    /// Returns whether there was no violation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    #[cold]
    pub(super) fn record(&mut self, violation: ProtocolViolation) {
        let record = self.0.get_or_insert_default();
        if record.first.len() < Self::KEPT {
            record.first.push(violation);
        }
        if let Some(count) = record.counts.get_mut(violation.kind as usize) {
            *count = count.saturating_add(1);
        }
    }
}
