use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::UnknownObject;
use super::wire::{FromJson, deserialize, object};
use crate::Nullable;

object! {
    /// The result of a tool of an MCP server (Messages API: `BetaMCPToolResultBlock`).
    pub struct McpToolResultBlock = "mcp_tool_result" {
        /// The outcome.
        pub content: Option<McpToolResultContent>,
        /// Whether the outcome is an error.
        pub is_error: Option<bool>,
        /// The identifier of the call.
        pub tool_use_id: Option<String>,
    }
}

/// The result of a tool of an MCP server (Messages API: the `content` of a `BetaMCPToolResultBlock`): a string or an
/// array of blocks.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum McpToolResultContent {
    /// A text.
    Text(String),
    /// Blocks. The API documents text blocks.
    Blocks(Vec<UnknownObject>),
}

impl FromJson for McpToolResultContent {
    fn matches(value: &Value) -> bool {
        value.is_string() || Vec::<UnknownObject>::matches(value)
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        match value {
            Value::String(text) => Ok(Self::Text(text)),
            other => Vec::from_json(other).map(Self::Blocks),
        }
    }
}

impl Serialize for McpToolResultContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Blocks(blocks) => blocks.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for McpToolResultContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer, "McpToolResultContent")
    }
}

object! {
    /// The tools that an MCP server has (Messages API: `BetaMCPToolListingBlock`).
    pub struct McpToolListingBlock = "mcp_tool_listing" {
        /// The name of the server.
        pub mcp_server_name: Option<String>,
        /// The tools of the server.
        pub tools: Option<Vec<McpTool>>,
    }
}

object! {
    /// A tool of an MCP server (Messages API: `BetaMCPTool`).
    pub struct McpTool {
        /// The JSON schema of its input.
        pub input_schema: Option<Map<String, Value>>,
        /// The name of the tool.
        pub name: Option<String>,
        /// The description of the tool.
        pub description: Nullable<String>,
    }
}
