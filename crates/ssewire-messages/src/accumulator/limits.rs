//! The violations of an event, and the limits of a message. Each rule asks for both before it changes anything.
//! `docs/protocol.md`, headings "Protocol violations" and "Limits of a message".

use super::{AccumulateError, Accumulator, ExceededLimit, Phase, ProtocolViolation, Validation, ViolationKind};

impl Accumulator {
    /// A protocol violation: an error, or recorded.
    #[cold]
    #[inline(never)]
    pub(super) fn violation(&mut self, kind: ViolationKind, index: Option<u64>) -> Result<(), AccumulateError> {
        let violation = ProtocolViolation { kind, index };
        match self.options.validation {
            Validation::Strict => Err(AccumulateError::Violation(violation)),
            Validation::Lenient => {
                self.violations.record(violation);
                Ok(())
            }
        }
    }

    /// `true` if the message has ended, which makes the event a violation.
    pub(super) fn violation_if_stopped(
        &mut self,
        kind: ViolationKind,
        index: Option<u64>,
    ) -> Result<bool, AccumulateError> {
        let has_stopped = matches!(self.phase, Phase::Stopped | Phase::Replaced(_));
        if has_stopped {
            self.violation(kind, index)?;
        }
        Ok(has_stopped)
    }

    pub(super) fn violation_before_start(&mut self, index: Option<u64>) -> Result<(), AccumulateError> {
        if self.has_started { Ok(()) } else { self.violation(ViolationKind::BeforeMessageStart, index) }
    }

    /// Records a violation of an event that does not fit the known blocks. Does nothing after the limit was exceeded:
    /// the block may be one that was not merged.
    #[cold]
    #[inline(never)]
    pub(super) fn violation_by_index(&mut self, kind: ViolationKind, index: u64) -> Result<(), AccumulateError> {
        if self.is_over_limit { Ok(()) } else { self.violation(kind, Some(index)) }
    }

    /// Counts further bytes and blocks, if they keep the message within its limits. `false`: the limit was passed
    /// before.
    pub(super) fn charge(&mut self, bytes: usize, blocks: usize) -> Result<bool, AccumulateError> {
        if self.is_over_limit {
            return Ok(false);
        }
        let total = self.bytes.saturating_add(bytes);
        let limit = if total > self.options.max_bytes {
            ExceededLimit::Bytes { limit: self.options.max_bytes }
        } else if blocks > 0 && self.blocks.count().saturating_add(blocks) > self.options.max_blocks {
            ExceededLimit::Blocks { limit: self.options.max_blocks }
        } else {
            self.bytes = total;
            return Ok(true);
        };
        self.is_over_limit = true;
        self.cold_mut().exceeded_limit.get_or_insert(limit);
        Err(AccumulateError::OverLimit(limit))
    }

    /// The number of bytes that still fit into the limit.
    pub(super) fn room(&self) -> usize {
        self.options.max_bytes.saturating_sub(self.bytes)
    }

    /// Returns whether further bytes keep the message within its limit for certain.
    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        !self.is_over_limit && bytes <= self.room()
    }
}
