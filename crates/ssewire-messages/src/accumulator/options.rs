//! The options of an accumulator.

use super::Accumulator;
use crate::partial::PartialInput;

/// The treatment of protocol violations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Validation {
    /// A violation is recorded, and the event is merged where `docs/protocol.md` has a rule for it.
    #[default]
    Lenient,
    /// A violation is an error, and its event changes nothing: the content of the event is then missing.
    /// [`MessageDecoder::finish`](crate::MessageDecoder::finish) reports this. [`Accumulator::into_message`] cannot,
    /// because nothing was changed: stop at the first such error.
    Strict,
}

/// The options of an [`Accumulator`].
#[derive(Clone, Copy)]
pub(super) struct Options {
    pub(super) validation: Validation,
    pub(super) partial: Option<PartialInput>,
    pub(super) is_text_discarded: bool,
    pub(super) max_bytes: usize,
    pub(super) max_blocks: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            validation: Validation::Lenient,
            partial: None,
            is_text_discarded: false,
            max_bytes: Accumulator::DEFAULT_MAX_BYTES,
            max_blocks: Accumulator::DEFAULT_MAX_BLOCKS,
        }
    }
}
