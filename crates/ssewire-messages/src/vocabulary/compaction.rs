use alloc::string::String;

use serde_json::Value;

use super::UnknownObject;
use super::wire::{object, tagged};

tagged! {
    /// A change of the tools (Messages API: an element of `tool_changes`).
    pub enum ToolChange else UnknownObject {
        /// Tools were added.
        Addition(ToolAdditionBlock),
        /// Tools were removed.
        Removal(ToolRemovalBlock),
    }
}

object! {
    /// Tools were added (Messages API: `BetaResponseToolAdditionBlock`).
    pub struct ToolAdditionBlock = "tool_addition" {
        /// The tools that were added.
        pub tool: Option<ToolChangeTool>,
    }
}

object! {
    /// Tools were removed (Messages API: `BetaResponseToolRemovalBlock`).
    pub struct ToolRemovalBlock = "tool_removal" {
        /// The tools that were removed; never [`ToolChangeTool::Definition`].
        pub tool: Option<ToolChangeTool>,
    }
}

tagged! {
    /// The tools that were added or removed (Messages API: the `tool` of a change).
    pub enum ToolChangeTool else UnknownObject {
        /// A tool of the request.
        Tool(ToolChangeToolReference),
        /// A tool of an MCP server.
        McpTool(ToolChangeMcpToolReference),
        /// All tools of an MCP server.
        McpToolset(ToolChangeMcpToolsetReference),
        /// A tool that is defined here.
        Definition(ToolChangeToolDefinition),
    }
}

object! {
    /// A tool of the request (Messages API: `BetaResponseToolChangeToolReference`).
    pub struct ToolChangeToolReference = "tool_reference" {
        /// The name of the tool.
        pub name: Option<String>,
    }
}

object! {
    /// A tool of an MCP server (Messages API: `BetaResponseToolChangeMCPToolReference`).
    pub struct ToolChangeMcpToolReference = "mcp_tool_reference" {
        /// The name of the tool.
        pub name: Option<String>,
        /// The name of the server.
        pub server_name: Option<String>,
    }
}

object! {
    /// All tools of an MCP server (Messages API: `BetaResponseToolChangeMCPToolsetReference`).
    pub struct ToolChangeMcpToolsetReference = "mcp_toolset_reference" {
        /// The name of the server.
        pub server_name: Option<String>,
    }
}

object! {
    /// A tool with its definition (Messages API: `BetaToolChangeToolDefinition`).
    pub struct ToolChangeToolDefinition = "tool_definition" {
        /// The definition, as a request would have it.
        pub definition: Option<Value>,
    }
}
