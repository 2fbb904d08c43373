//! The result of scanning a token.

use crate::JsonError;

/// Result of scanning a string or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// The end of the token was found.
    Ended,
    /// The text ends first: scan again when more has arrived.
    Partial,
    /// The text cannot become a valid token.
    Failed(JsonError),
}
