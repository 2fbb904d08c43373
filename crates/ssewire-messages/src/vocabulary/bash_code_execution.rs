use alloc::string::String;
use alloc::vec::Vec;

use super::UnknownObject;
use super::wire::{object, string_enum, tagged};

object! {
    /// The result of a shell command (Messages API: `BashCodeExecutionToolResultBlock`).
    pub struct BashCodeExecutionToolResultBlock = "bash_code_execution_tool_result" {
        /// The outcome.
        pub content: Option<BashCodeExecutionToolResultContent>,
        /// The identifier of the call.
        pub tool_use_id: Option<String>,
    }
}

tagged! {
    /// The outcome of a shell command (Messages API: the `content` of a `BashCodeExecutionToolResultBlock`).
    pub enum BashCodeExecutionToolResultContent else UnknownObject {
        /// The command ran.
        Result(BashCodeExecutionResultBlock),
        /// The command did not run to its end.
        Error(BashCodeExecutionToolResultErrorObject),
    }
}

object! {
    /// The output of a shell command (Messages API: `BashCodeExecutionResultBlock`).
    pub struct BashCodeExecutionResultBlock = "bash_code_execution_result" {
        /// The files that the command made.
        pub content: Option<Vec<BashCodeExecutionOutput>>,
        /// The exit code of the command.
        pub return_code: Option<i64>,
        /// The standard error of the command.
        pub stderr: Option<String>,
        /// The standard output of the command.
        pub stdout: Option<String>,
    }
}

tagged! {
    /// One thing that a shell command made (Messages API: an element of the `content` of a
    /// `BashCodeExecutionResultBlock`).
    pub enum BashCodeExecutionOutput else UnknownObject {
        /// A file.
        File(BashCodeExecutionOutputBlock),
    }
}

object! {
    /// A file that a shell command made (Messages API: `BashCodeExecutionOutputBlock`).
    pub struct BashCodeExecutionOutputBlock = "bash_code_execution_output" {
        /// The identifier to fetch it by.
        pub file_id: Option<String>,
    }
}

object! {
    /// A run of a shell command failed (Messages API: `BashCodeExecutionToolResultErrorObject`).
    pub struct BashCodeExecutionToolResultErrorObject = "bash_code_execution_tool_result_error" {
        /// Why the shell command failed.
        pub error_code: Option<BashCodeExecutionErrorCode>,
    }
}

string_enum! {
    /// Why a run of a shell command failed (Messages API: the `error_code` of a
    /// `BashCodeExecutionToolResultErrorObject`).
    pub enum BashCodeExecutionErrorCode {
        /// The model called the tool in a wrong way.
        InvalidToolInput = "invalid_tool_input",
        /// The tool does not work at the moment.
        Unavailable = "unavailable",
        /// There were too many calls in a short time.
        TooManyRequests = "too_many_requests",
        /// The command ran too long.
        ExecutionTimeExceeded = "execution_time_exceeded",
        /// The command made a file that is too large.
        OutputFileTooLarge = "output_file_too_large",
    }
}
