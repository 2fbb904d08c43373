use alloc::string::String;
use alloc::vec::Vec;

use super::UnknownObject;
use super::wire::{object, string_enum, tagged};

object! {
    /// The result of a run of code (Messages API: `CodeExecutionToolResultBlock`).
    pub struct CodeExecutionToolResultBlock = "code_execution_tool_result" {
        /// The outcome.
        pub content: Option<CodeExecutionToolResultContent>,
        /// The identifier of the call.
        pub tool_use_id: Option<String>,
    }
}

tagged! {
    /// The outcome of a run of code (Messages API: the `content` of a `CodeExecutionToolResultBlock`).
    pub enum CodeExecutionToolResultContent else UnknownObject {
        /// The code ran.
        Result(CodeExecutionResultBlock),
        /// The code ran, and its output is only for the model.
        EncryptedResult(EncryptedCodeExecutionResultBlock),
        /// The code did not run to its end.
        Error(CodeExecutionToolResultErrorObject),
    }
}

object! {
    /// The output of code (Messages API: `CodeExecutionResultBlock`).
    pub struct CodeExecutionResultBlock = "code_execution_result" {
        /// The files that the code made.
        pub content: Option<Vec<CodeExecutionOutput>>,
        /// The exit code of the program.
        pub return_code: Option<i64>,
        /// The standard error of the code.
        pub stderr: Option<String>,
        /// The standard output of the code.
        pub stdout: Option<String>,
    }
}

object! {
    /// The output of code, with its standard output encrypted (Messages API: `EncryptedCodeExecutionResultBlock`).
    pub struct EncryptedCodeExecutionResultBlock = "encrypted_code_execution_result" {
        /// The files that the code made.
        pub content: Option<Vec<CodeExecutionOutput>>,
        /// The encrypted standard output of the code. Send it back unchanged.
        pub encrypted_stdout: Option<String>,
        /// The exit code of the program.
        pub return_code: Option<i64>,
        /// The standard error of the code.
        pub stderr: Option<String>,
    }
}

tagged! {
    /// One thing that code made (Messages API: an element of the `content` of a `CodeExecutionResultBlock`).
    pub enum CodeExecutionOutput else UnknownObject {
        /// A file.
        File(CodeExecutionOutputBlock),
    }
}

object! {
    /// A file that code made (Messages API: `CodeExecutionOutputBlock`).
    pub struct CodeExecutionOutputBlock = "code_execution_output" {
        /// The identifier to fetch it by.
        pub file_id: Option<String>,
    }
}

object! {
    /// A run of code failed (Messages API: `CodeExecutionToolResultErrorObject`).
    pub struct CodeExecutionToolResultErrorObject = "code_execution_tool_result_error" {
        /// Why the run failed.
        pub error_code: Option<CodeExecutionErrorCode>,
    }
}

string_enum! {
    /// Why a run of code failed (Messages API: the `error_code` of a `CodeExecutionToolResultErrorObject`).
    pub enum CodeExecutionErrorCode {
        /// The model called the tool in a wrong way.
        InvalidToolInput = "invalid_tool_input",
        /// The tool does not work at the moment.
        Unavailable = "unavailable",
        /// There were too many calls in a short time.
        TooManyRequests = "too_many_requests",
        /// The code ran too long.
        ExecutionTimeExceeded = "execution_time_exceeded",
    }
}
