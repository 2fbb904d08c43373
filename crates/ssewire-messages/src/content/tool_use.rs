use alloc::boxed::Box;
use alloc::string::String;

use crate::wire::{object, string_enum, tagged};
use crate::{Nullable, ToolInput, UnknownObject};

object! {
    /// A call of one of the request's tools (Messages API: `ToolUseBlock`).
    pub struct ToolUseBlock = "tool_use" {
        /// The identifier of the call, which its result has to name.
        pub id: Option<String>,
        /// Who called the tool.
        pub caller: Nullable<Box<Caller>>,
        /// What the tool is called with.
        pub input: ToolInput,
        /// The name of the tool.
        pub name: Option<String>,
        /// The name of the toolset that the tool belongs to, if it belongs to one.
        pub toolset_name: Nullable<String>,
    }
}

object! {
    /// A call of a tool that the server runs (Messages API: `ServerToolUseBlock`,
    /// `BetaServerToolUseBlock`).
    pub struct ServerToolUseBlock = "server_tool_use" {
        /// The identifier of the call, which its result names.
        pub id: Option<String>,
        /// Who called the tool.
        pub caller: Nullable<Box<Caller>>,
        /// What the tool is called with.
        pub input: ToolInput,
        /// The name of the tool.
        pub name: Option<ServerToolName>,
    }
}

string_enum! {
    /// A tool that the server runs (Messages API: the `name` of a `ServerToolUseBlock`).
    pub enum ServerToolName {
        /// The advisor, another model that is asked for advice (beta).
        Advisor = "advisor",
        /// The web search.
        WebSearch = "web_search",
        /// The web fetch.
        WebFetch = "web_fetch",
        /// The execution of code.
        CodeExecution = "code_execution",
        /// The execution of shell commands.
        BashCodeExecution = "bash_code_execution",
        /// The text editor.
        TextEditorCodeExecution = "text_editor_code_execution",
        /// The search for tools by regular expression.
        ToolSearchToolRegex = "tool_search_tool_regex",
        /// The search for tools by words.
        ToolSearchToolBm25 = "tool_search_tool_bm25",
    }
}

tagged! {
    /// Who called a tool (Messages API: the `caller` of a tool-use block).
    pub enum Caller else UnknownObject {
        /// The model itself.
        Direct(DirectCaller),
        /// Code that the model wrote, in the code execution tool of 2025-08-25.
        CodeExecution20250825(ServerToolCaller),
        /// Code that the model wrote, in the code execution tool of 2026-01-20.
        CodeExecution20260120(ServerToolCaller20260120),
    }
}

object! {
    /// The model itself called the tool (Messages API: `DirectCaller`).
    pub struct DirectCaller = "direct" {}
}

object! {
    /// Code in the code execution tool of 2025-08-25 called the tool (Messages API:
    /// `ServerToolCaller`).
    pub struct ServerToolCaller = "code_execution_20250825" {
        /// The identifier of the call that runs the code.
        pub tool_id: Option<String>,
    }
}

object! {
    /// Code in the code execution tool of 2026-01-20 called the tool (Messages API:
    /// `ServerToolCaller20260120`).
    pub struct ServerToolCaller20260120 = "code_execution_20260120" {
        /// The identifier of the call that runs the code.
        pub tool_id: Option<String>,
    }
}
