//! How a run ends, as a shell sees it.

use std::process::ExitCode;

/// The exit codes; scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All of it came.
    Complete,
    /// Input or output failed, or the input is no Messages stream.
    Failure,
    /// The command line cannot be understood.
    Usage,
    /// The server sent an error.
    ServerError,
    /// The message is not whole, or departs from the protocol where that was not to be tolerated.
    Incomplete,
    /// Standard output was closed by its reader: what a shell reports of a program that SIGPIPE ended.
    ReaderGone,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Complete => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::ServerError => 3,
            Exit::Incomplete => 4,
            Exit::ReaderGone => 141,
        })
    }
}
