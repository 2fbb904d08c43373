//! The identifier of a block.

use core::num::NonZeroU32;

/// Identifies a block while its message is accumulated, whichever blocks start before or after it.
///
/// The index of the wire alone does not: a stream may use one for several blocks. Its position in the content does
/// not either: a block with a lower index may still start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct BlockKey {
    /// The index of the block on the wire.
    pub index: u64,
    /// The number of blocks of this index before it.
    pub generation: u32,
}

/// A block: an initial one of `message_start`, or one that started later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BlockId(NonZeroU32);

/// A decoded [`BlockId`].
pub(super) enum Place {
    Initial(usize),
    /// The position of the block in the order of arrival.
    Later(usize),
}

impl BlockId {
    const INITIAL: u32 = 1 << 31;

    pub(in crate::accumulator) fn initial(at: usize) -> Self {
        Self::new(at, Self::INITIAL)
    }

    pub(super) fn later(at: usize) -> Self {
        Self::new(at, 0)
    }

    fn new(at: usize, flag: u32) -> Self {
        let id = u32::try_from(at).unwrap_or(u32::MAX).min(Self::INITIAL - 2).saturating_add(1) | flag;
        Self(NonZeroU32::new(id).unwrap_or(NonZeroU32::MIN))
    }

    #[inline]
    pub(super) fn place(self) -> Place {
        let id = self.0.get();
        let at = usize::try_from((id & !Self::INITIAL).saturating_sub(1)).unwrap_or(usize::MAX);
        if id & Self::INITIAL == 0 { Place::Later(at) } else { Place::Initial(at) }
    }
}
