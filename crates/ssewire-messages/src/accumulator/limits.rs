//! The limits of a message. Each rule asks for them before it changes anything. `docs/protocol.md`, heading "Limits of
//! a message".

use super::{AccumulateError, Accumulator, ExceededLimit};

impl Accumulator {
    /// Counts further bytes and blocks, if they keep the message within its limits. `false`: the limit was
    /// exceeded before.
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
        Err(AccumulateError::LimitExceeded(limit))
    }

    /// Returns the number of bytes that still fit into the limit.
    pub(super) fn room(&self) -> usize {
        self.options.max_bytes.saturating_sub(self.bytes)
    }

    /// Returns whether further bytes keep the message within its limit for certain.
    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        !self.is_over_limit && bytes <= self.room()
    }
}
