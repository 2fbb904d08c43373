//! Protocol violations: events in another order than the protocol promises.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::{AccumulateError, Accumulator, Validation};

/// An event that violates the protocol. In lenient mode it is recorded, and handled as its [kind](ViolationKind) says;
/// in strict mode it is an error. As an error of a [`MessageDecoder`](crate::MessageDecoder) it ends the message:
/// [`next_message`](crate::MessageDecoder::next_message) continues with the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ProtocolViolation {
    /// The kind of the violation.
    pub kind: ViolationKind,
    /// The index that the event names, if it is an event of a block.
    pub index: Option<u64>,
}

/// The violations that servers, gateways and proxies are known for. `docs/protocol.md`, heading "Protocol
/// violations".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ViolationKind {
    /// An event of the message before its `message_start`.
    BeforeMessageStart,
    /// A delta before the start of its block.
    DeltaBeforeStart,
    /// A delta does not fit any block of its index.
    MismatchedDelta,
    /// A delta after the stop of its block. It was merged.
    DeltaAfterStop,
    /// A block started beyond the next index: there is a gap, perhaps to be filled later.
    IndexGap,
    /// A block started before the next index, at one that was free.
    StartOutOfOrder,
    /// A block started at an index that was in use.
    IndexReused,
    /// A stop for an index at which no block had started.
    StopWithoutStart,
    /// A stop for an index at which no block was open any more.
    DuplicateStop,
    /// The message stopped while a block was open. It was closed.
    MissingStop,
    /// A second `message_start`, of the same id or of none. It was ignored.
    SecondMessageStart,
    /// A second `message_start`, of another id: the message ended there, and the next one began.
    ReplacedMessage,
    /// A `message_start` after the message had ended. It and all later events are ignored.
    MessageAfterStop,
    /// A `message_delta` after the message had ended. It was ignored.
    MessageDeltaAfterStop,
    /// A second `message_stop`. It was ignored.
    SecondMessageStop,
    /// An event of a block after the message had ended. It was ignored.
    BlockEventAfterStop,
    /// An error after the message had ended. The message stays complete.
    ErrorAfterStop,
    /// An event after an error. It was ignored.
    AfterError,
    /// Data without an event type that is not a JSON object: a keep-alive of a proxy.
    KeepAliveData,
}

impl ViolationKind {
    /// Returns the name of the variant, for labels and logs. Later versions keep it.
    ///
    /// ```
    /// use ssewire_messages::ViolationKind;
    ///
    /// assert_eq!(ViolationKind::MissingStop.as_str(), "missing_stop");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeMessageStart => "before_message_start",
            Self::DeltaBeforeStart => "delta_before_start",
            Self::MismatchedDelta => "mismatched_delta",
            Self::DeltaAfterStop => "delta_after_stop",
            Self::IndexGap => "index_gap",
            Self::StartOutOfOrder => "start_out_of_order",
            Self::IndexReused => "index_reused",
            Self::StopWithoutStart => "stop_without_start",
            Self::DuplicateStop => "duplicate_stop",
            Self::MissingStop => "missing_stop",
            Self::SecondMessageStart => "second_message_start",
            Self::ReplacedMessage => "replaced_message",
            Self::MessageAfterStop => "message_after_stop",
            Self::MessageDeltaAfterStop => "message_delta_after_stop",
            Self::SecondMessageStop => "second_message_stop",
            Self::BlockEventAfterStop => "block_event_after_stop",
            Self::ErrorAfterStop => "error_after_stop",
            Self::AfterError => "after_error",
            Self::KeepAliveData => "keep_alive_data",
        }
    }
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforeMessageStart => "event before message_start",
            Self::DeltaBeforeStart => "delta before the start of its block",
            Self::MismatchedDelta => "delta does not fit any block of its index",
            Self::DeltaAfterStop => "delta after the stop of its block",
            Self::IndexGap => "block started after a gap in the indices",
            Self::StartOutOfOrder => "block started out of order",
            Self::IndexReused => "block started at an index that was in use",
            Self::StopWithoutStart => "stop for a block that never started",
            Self::DuplicateStop => "second stop for a block",
            Self::MissingStop => "message stopped while a block was open",
            Self::SecondMessageStart => "second message_start before message_stop",
            Self::ReplacedMessage => "message_start of another message before message_stop",
            Self::MessageAfterStop => "message_start after the end of the message",
            Self::MessageDeltaAfterStop => "message_delta after the end of the message",
            Self::SecondMessageStop => "second message_stop",
            Self::BlockEventAfterStop => "event of a block after the end of the message",
            Self::ErrorAfterStop => "error after the end of the message",
            Self::AfterError => "event after an error",
            Self::KeepAliveData => "data without an event type that is not a JSON object",
        })
    }
}

impl fmt::Display for ProtocolViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "protocol violation: {} (index {index})", self.kind),
            None => write!(f, "protocol violation: {}", self.kind),
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
    /// In the order of the kinds; without those that did not occur.
    counts: Vec<(ViolationKind, u64)>,
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
        self.counts().find(|(of, _)| *of == kind).map_or(0, |(_, count)| count)
    }

    /// Returns the kinds of the violations, with their numbers, in the order of the kinds.
    pub fn counts(&self) -> impl Iterator<Item = (ViolationKind, u64)> + '_ {
        self.0.as_ref().map_or(&[][..], |record| &record.counts).iter().copied()
    }

    /// Returns the number of violations.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts().fold(0, |sum, (_, count)| sum.saturating_add(count))
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
        let position = record.counts.binary_search_by_key(&violation.kind, |(kind, _)| *kind);
        match position.map(|at| record.counts.get_mut(at)) {
            Ok(Some((_, count))) => *count = count.saturating_add(1),
            Ok(None) => {}
            Err(at) => record.counts.insert(at, (violation.kind, 1)),
        }
    }
}

impl Accumulator {
    /// Records a violation, or in strict mode returns it as an error. Each rule calls this before it changes anything.
    #[cold]
    #[inline(never)]
    pub(super) fn record_violation(&mut self, kind: ViolationKind, index: Option<u64>) -> Result<(), AccumulateError> {
        let violation = ProtocolViolation { kind, index };
        match self.options.validation {
            Validation::Strict => Err(AccumulateError::Violation(violation)),
            Validation::Lenient => {
                self.violations.record(violation);
                Ok(())
            }
        }
    }

    /// Records a violation of an event that does not fit the known blocks. Does nothing after the limit was exceeded:
    /// the block may be one that was not merged.
    #[cold]
    #[inline(never)]
    pub(super) fn record_violation_by_index(&mut self, kind: ViolationKind, index: u64) -> Result<(), AccumulateError> {
        if self.is_over_limit { Ok(()) } else { self.record_violation(kind, Some(index)) }
    }
}
