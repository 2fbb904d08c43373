use alloc::string::String;
use alloc::vec::Vec;

use super::UnknownObject;
use super::wire::{object, string_enum, tagged};
use crate::Nullable;

object! {
    /// The result of the text editor (Messages API: `TextEditorCodeExecutionToolResultBlock`).
    pub struct TextEditorCodeExecutionToolResultBlock =
        "text_editor_code_execution_tool_result"
    {
        /// The outcome.
        pub content: Option<TextEditorCodeExecutionToolResultContent>,
        /// The identifier of the call.
        pub tool_use_id: Option<String>,
    }
}

tagged! {
    /// The outcome of a command to the text editor (Messages API: the `content` of a
    /// `TextEditorCodeExecutionToolResultBlock`).
    pub enum TextEditorCodeExecutionToolResultContent else UnknownObject {
        /// A file was viewed.
        View(TextEditorCodeExecutionViewResultBlock),
        /// A file was written.
        Create(TextEditorCodeExecutionCreateResultBlock),
        /// A passage of a file was replaced.
        StrReplace(TextEditorCodeExecutionStrReplaceResultBlock),
        /// The command failed.
        Error(TextEditorCodeExecutionToolResultErrorObject),
    }
}

object! {
    /// A file as it was viewed (Messages API: `TextEditorCodeExecutionViewResultBlock`).
    pub struct TextEditorCodeExecutionViewResultBlock =
        "text_editor_code_execution_view_result"
    {
        /// The part of the file that was viewed.
        pub content: Option<String>,
        /// The kind of the file.
        pub file_type: Option<TextEditorCodeExecutionFileType>,
        /// The number of lines that were seen.
        pub num_lines: Nullable<u64>,
        /// The number of the first line that was seen, counted from 1.
        pub start_line: Nullable<u64>,
        /// The number of lines that the file has.
        pub total_lines: Nullable<u64>,
    }
}

string_enum! {
    /// The kind of the viewed file (Messages API: the `file_type` of a `TextEditorCodeExecutionViewResultBlock`).
    pub enum TextEditorCodeExecutionFileType {
        /// A text.
        Text = "text",
        /// An image.
        Image = "image",
        /// A PDF.
        Pdf = "pdf",
    }
}

object! {
    /// A file was written (Messages API: `TextEditorCodeExecutionCreateResultBlock`).
    pub struct TextEditorCodeExecutionCreateResultBlock =
        "text_editor_code_execution_create_result"
    {
        /// Whether the file was there before.
        pub is_file_update: Option<bool>,
    }
}

object! {
    /// A passage of a file was replaced (Messages API: `TextEditorCodeExecutionStrReplaceResultBlock`).
    pub struct TextEditorCodeExecutionStrReplaceResultBlock =
        "text_editor_code_execution_str_replace_result"
    {
        /// The lines of the difference, each with its mark.
        pub lines: Nullable<Vec<String>>,
        /// The number of lines of the new passage.
        pub new_lines: Nullable<u64>,
        /// The number of the new passage's first line, counted from 1.
        pub new_start: Nullable<u64>,
        /// The number of lines of the old passage.
        pub old_lines: Nullable<u64>,
        /// The number of the old passage's first line, counted from 1.
        pub old_start: Nullable<u64>,
    }
}

object! {
    /// A command to the text editor failed (Messages API: `TextEditorCodeExecutionToolResultErrorObject`).
    pub struct TextEditorCodeExecutionToolResultErrorObject =
        "text_editor_code_execution_tool_result_error"
    {
        /// Why the command failed.
        pub error_code: Option<TextEditorCodeExecutionErrorCode>,
        /// Why the command failed, in words.
        pub error_message: Nullable<String>,
    }
}

string_enum! {
    /// Why a command to the text editor failed (Messages API: the `error_code` of a
    /// `TextEditorCodeExecutionToolResultErrorObject`).
    pub enum TextEditorCodeExecutionErrorCode {
        /// The model called the tool in a wrong way.
        InvalidToolInput = "invalid_tool_input",
        /// The tool does not work at the moment.
        Unavailable = "unavailable",
        /// There were too many calls in a short time.
        TooManyRequests = "too_many_requests",
        /// The command exceeded its time limit.
        ExecutionTimeExceeded = "execution_time_exceeded",
        /// The file does not exist.
        FileNotFound = "file_not_found",
    }
}
