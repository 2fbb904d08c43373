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
    /// Ctrl-C was pressed: what a shell reports of a program that SIGINT ended.
    Interrupted,
    /// Standard output was closed by its reader: what a shell reports of a program that SIGPIPE ended.
    ReaderGone,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::ServerError => 3,
            Self::Incomplete => 4,
            Self::Interrupted => 130,
            Self::ReaderGone => 141,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
