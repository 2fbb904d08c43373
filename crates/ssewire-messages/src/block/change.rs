//! The change of a block.

/// The change that an event made to a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum BlockChange {
    /// A block of text or thinking began with this many bytes.
    Start { initial: usize },
    /// A block stopped. `is_half`: its text ended within a character.
    Stop { is_half: bool },
    /// The text of the block is new from here on.
    Text { from: usize },
    /// The thinking is new from here on.
    Thinking { from: usize },
    /// The signature was set.
    Signature,
    /// The new citation lies here.
    Citation { from: usize },
    /// The raw input is new from here on.
    Input { from: usize },
    /// A compaction block received its value.
    Compaction,
    /// A block of an unknown kind has changed.
    Raw,
}
