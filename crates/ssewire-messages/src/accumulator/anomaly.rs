//! Departures from the order that the protocol promises.

use alloc::vec::Vec;
use core::fmt;

/// One departure from the promised order of events, tolerated and recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Anomaly {
    /// What happened.
    pub kind: AnomalyKind,
    /// The index that the event names, if it is an event of a block.
    pub index: Option<u64>,
}

/// The departures that servers, gateways and proxies are known for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AnomalyKind {
    /// An event of the message came before its `message_start`.
    BeforeMessageStart,
    /// A delta came before the start of its block.
    DeltaBeforeStart,
    /// A delta does not fit any block of its index.
    MisfitDelta,
    /// A delta came after the stop of its block. It was merged.
    DeltaAfterStop,
    /// A block started behind the next index: there is a gap, perhaps to be filled later.
    IndexGap,
    /// A block started before the next index, at one that was free.
    StartOutOfOrder,
    /// A block started at an index that was in use.
    IndexReused,
    /// A stop for an index at which no block had started.
    StopWithoutStart,
    /// A stop for an index at which no block was open any more.
    SecondStop,
    /// The message stopped while a block was open. It was closed.
    MissingStop,
    /// A second `message_start` before the message had stopped. It was ignored.
    SecondMessageStart,
    /// A `message_start` after the message had stopped. It and all that follows is ignored.
    NextMessage,
    /// A `message_delta` after the message had stopped. It was merged.
    MessageDeltaAfterStop,
    /// A second `message_stop`. It was ignored.
    SecondMessageStop,
    /// An event of a block after the message had stopped. It was ignored.
    BlockEventAfterStop,
    /// An error after the message had stopped. The message stays complete.
    ErrorAfterStop,
    /// An event after an error. It was ignored.
    AfterError,
}

impl AnomalyKind {
    const COUNT: usize = Self::AfterError as usize + 1;

    const fn describe(self) -> &'static str {
        match self {
            Self::BeforeMessageStart => "an event came before message_start",
            Self::DeltaBeforeStart => "a delta came before the start of its block",
            Self::MisfitDelta => "a delta does not fit any block of its index",
            Self::DeltaAfterStop => "a delta came after the stop of its block",
            Self::IndexGap => "a block started behind a gap in the indices",
            Self::StartOutOfOrder => "a block started out of order",
            Self::IndexReused => "a block started at an index that was in use",
            Self::StopWithoutStart => "a stop came for a block that never started",
            Self::SecondStop => "a second stop came for a block",
            Self::MissingStop => "the message stopped while a block was open",
            Self::SecondMessageStart => "a second message_start came before message_stop",
            Self::NextMessage => "a message_start came after message_stop",
            Self::MessageDeltaAfterStop => "a message_delta came after message_stop",
            Self::SecondMessageStop => "a second message_stop came",
            Self::BlockEventAfterStop => "an event of a block came after message_stop",
            Self::ErrorAfterStop => "an error came after message_stop",
            Self::AfterError => "an event came after an error",
        }
    }
}

impl fmt::Display for AnomalyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.describe())
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "{} (index {index})", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}

impl core::error::Error for Anomaly {}

/// The departures of one stream: the first 64 of them, and how many there were of each kind.
#[derive(Debug, Clone, Default)]
pub struct Anomalies(Option<alloc::boxed::Box<Record>>);

#[derive(Debug, Clone, Default)]
struct Record {
    first: Vec<Anomaly>,
    counts: [u64; AnomalyKind::COUNT],
}

impl Anomalies {
    /// How many are kept one by one.
    pub const KEPT: usize = 64;

    /// The first departures, at most [`KEPT`](Self::KEPT), in the order they came.
    #[must_use]
    pub fn first(&self) -> &[Anomaly] {
        self.0.as_ref().map_or(&[], |record| &record.first)
    }

    /// How many departures of this kind there were.
    #[must_use]
    pub fn count(&self, kind: AnomalyKind) -> u64 {
        self.0.as_ref().and_then(|record| record.counts.get(kind as usize).copied()).unwrap_or(0)
    }

    /// How many departures there were.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.as_ref().map_or(0, |record| record.counts.iter().fold(0, |sum, count| sum.saturating_add(*count)))
    }

    /// Whether the stream kept the promised order.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn record(&mut self, anomaly: Anomaly) {
        let record = self.0.get_or_insert_default();
        if record.first.len() < Self::KEPT {
            record.first.push(anomaly);
        }
        if let Some(count) = record.counts.get_mut(anomaly.kind as usize) {
            *count = count.saturating_add(1);
        }
    }
}
