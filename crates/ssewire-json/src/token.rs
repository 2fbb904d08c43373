//! How far a token got: the answer of all scanners.

use crate::JsonError;

/// What scanning a string or a number came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// The token's end was seen.
    Ended,
    /// The text ends first; scan again when there is more.
    Partial,
    /// No more text can make a token of it.
    Failed(JsonError),
}
