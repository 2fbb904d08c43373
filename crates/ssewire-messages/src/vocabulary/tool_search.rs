use alloc::string::String;
use alloc::vec::Vec;

use super::UnknownObject;
use super::wire::{object, string_enum, tagged};
use crate::Nullable;

object! {
    /// The result of a search for tools (Messages API: `ToolSearchToolResultBlock`).
    pub struct ToolSearchToolResultBlock = "tool_search_tool_result" {
        /// The outcome.
        pub content: Option<ToolSearchToolResultContent>,
        /// The identifier of the call.
        pub tool_use_id: Option<String>,
    }
}

tagged! {
    /// The outcome of a search for tools (Messages API: the `content` of a `ToolSearchToolResultBlock`).
    pub enum ToolSearchToolResultContent else UnknownObject {
        /// The search ran.
        Result(ToolSearchToolSearchResultBlock),
        /// The search failed.
        Error(ToolSearchToolResultErrorObject),
    }
}

object! {
    /// The tools that were found (Messages API: `ToolSearchToolSearchResultBlock`).
    pub struct ToolSearchToolSearchResultBlock = "tool_search_tool_search_result" {
        /// The tools, the best match first.
        pub tool_references: Option<Vec<ToolSearchReference>>,
    }
}

tagged! {
    /// One thing that a search for tools found (Messages API: an element of `tool_references`).
    pub enum ToolSearchReference else UnknownObject {
        /// A tool.
        Tool(ToolReferenceBlock),
    }
}

object! {
    /// A tool that was found (Messages API: `ToolReferenceBlock`).
    pub struct ToolReferenceBlock = "tool_reference" {
        /// The name of the tool.
        pub tool_name: Option<String>,
    }
}

object! {
    /// A search for tools failed (Messages API: `ToolSearchToolResultErrorObject`).
    pub struct ToolSearchToolResultErrorObject = "tool_search_tool_result_error" {
        /// Why the search failed.
        pub error_code: Option<ToolSearchErrorCode>,
        /// Why the search failed, in words.
        pub error_message: Nullable<String>,
    }
}

string_enum! {
    /// Why a search for tools failed (Messages API: the `error_code` of a `ToolSearchToolResultErrorObject`).
    pub enum ToolSearchErrorCode {
        /// The model called the tool in a wrong way.
        InvalidToolInput = "invalid_tool_input",
        /// The tool does not work at the moment.
        Unavailable = "unavailable",
        /// There were too many searches in a short time.
        TooManyRequests = "too_many_requests",
        /// The search exceeded its time limit.
        ExecutionTimeExceeded = "execution_time_exceeded",
    }
}
