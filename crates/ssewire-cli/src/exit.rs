//! Exit codes.

use std::process::ExitCode;

/// The exit codes; scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The stream is complete.
    Complete,
    /// Input or output failed, or the input is not a Messages stream.
    Failure,
    /// The command line is invalid.
    Usage,
    /// The server sent an error.
    ServerError,
    /// The message is incomplete, or violates the protocol in strict mode.
    Incomplete,
    /// Ctrl-C was pressed. A shell reports the same for a program that SIGINT ended.
    Interrupted,
    /// The reader of standard output closed it. A shell reports the same for a program that SIGPIPE ended.
    BrokenPipe,
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
            Self::BrokenPipe => 141,
        }
    }

    /// Returns this exit code, or the other one if this one is 0.
    pub(crate) fn or(self, other: Self) -> Self {
        if self == Self::Complete { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
