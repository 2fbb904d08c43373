//! The content of a message: its blocks, one module for each family of them.

mod advisor;
mod bash_code_execution;
mod code_execution;
mod compaction;
mod container_upload;
mod fallback;
mod list;
mod mcp;
mod text;
mod text_editor_code_execution;
mod thinking;
mod tool_search;
mod tool_use;
mod unknown;
mod web_fetch;
mod web_search;

use alloc::boxed::Box;

pub use advisor::{
    AdvisorErrorCode, AdvisorRedactedResultBlock, AdvisorResultBlock, AdvisorToolResultBlock, AdvisorToolResultContent,
    AdvisorToolResultErrorObject,
};
pub use bash_code_execution::{
    BashCodeExecutionErrorCode, BashCodeExecutionOutput, BashCodeExecutionOutputBlock, BashCodeExecutionResultBlock,
    BashCodeExecutionToolResultBlock, BashCodeExecutionToolResultContent, BashCodeExecutionToolResultErrorObject,
};
pub use code_execution::{
    CodeExecutionErrorCode, CodeExecutionOutput, CodeExecutionOutputBlock, CodeExecutionResultBlock,
    CodeExecutionToolResultBlock, CodeExecutionToolResultContent, CodeExecutionToolResultErrorObject,
    EncryptedCodeExecutionResultBlock,
};
pub use compaction::{
    CompactionBlock, ToolAdditionBlock, ToolChange, ToolChangeMcpToolReference, ToolChangeMcpToolsetReference,
    ToolChangeTool, ToolChangeToolDefinition, ToolChangeToolReference, ToolRemovalBlock,
};
pub use container_upload::ContainerUploadBlock;
pub use fallback::{FallbackBlock, FallbackInfo, FallbackRefusalTrigger, FallbackTrigger};
pub use list::{Content, Iter};
pub use mcp::{McpTool, McpToolListingBlock, McpToolResultBlock, McpToolResultContent, McpToolUseBlock};
pub use text::TextBlock;
pub use text_editor_code_execution::{
    TextEditorCodeExecutionCreateResultBlock, TextEditorCodeExecutionErrorCode, TextEditorCodeExecutionFileType,
    TextEditorCodeExecutionStrReplaceResultBlock, TextEditorCodeExecutionToolResultBlock,
    TextEditorCodeExecutionToolResultContent, TextEditorCodeExecutionToolResultErrorObject,
    TextEditorCodeExecutionViewResultBlock,
};
pub use thinking::{RedactedThinkingBlock, ThinkingBlock};
pub use tool_search::{
    ToolReferenceBlock, ToolSearchErrorCode, ToolSearchReference, ToolSearchToolResultBlock,
    ToolSearchToolResultContent, ToolSearchToolResultErrorObject, ToolSearchToolSearchResultBlock,
};
pub use tool_use::{
    Caller, DirectCaller, ServerToolCaller, ServerToolCaller20260120, ServerToolName, ServerToolUseBlock, ToolUseBlock,
};
pub use unknown::UnknownBlock;
pub use web_fetch::{
    Base64PdfSource, CitationsConfig, DocumentBlock, DocumentSource, PlainTextSource, WebFetchBlock, WebFetchDocument,
    WebFetchErrorCode, WebFetchToolResultBlock, WebFetchToolResultContent, WebFetchToolResultErrorBlock,
};
pub use web_search::{
    WebSearchErrorCode, WebSearchResult, WebSearchResultBlock, WebSearchToolResultBlock, WebSearchToolResultContent,
    WebSearchToolResultErrorObject,
};

use crate::ToolInput;
use crate::wire::tagged;

tagged! {
    /// A block of a message's content (Messages API: `ContentBlock`, `BetaContentBlock`).
    ///
    /// The blocks that a message consists of by the thousand, text and thinking, stand in it
    /// directly; the others, rare or large, in a box.
    pub enum ContentBlock else Box<UnknownBlock> {
        /// Text for the user.
        Text(TextBlock),
        /// The model's reasoning.
        Thinking(ThinkingBlock),
        /// Reasoning that is only there in encrypted form.
        RedactedThinking(RedactedThinkingBlock),
        /// A call of one of the request's tools.
        ToolUse(Box<ToolUseBlock>),
        /// A call of a tool that the server runs.
        ServerToolUse(Box<ServerToolUseBlock>),
        /// What a web search found.
        WebSearchToolResult(Box<WebSearchToolResultBlock>),
        /// What a web fetch brought.
        WebFetchToolResult(Box<WebFetchToolResultBlock>),
        /// What a run of code gave.
        CodeExecutionToolResult(Box<CodeExecutionToolResultBlock>),
        /// What a run of a shell command gave.
        BashCodeExecutionToolResult(Box<BashCodeExecutionToolResultBlock>),
        /// What the text editor did.
        TextEditorCodeExecutionToolResult(Box<TextEditorCodeExecutionToolResultBlock>),
        /// What a search for tools found.
        ToolSearchToolResult(Box<ToolSearchToolResultBlock>),
        /// A file that was put into the container.
        ContainerUpload(ContainerUploadBlock),
        /// What the advisor said (beta).
        AdvisorToolResult(Box<AdvisorToolResultBlock>),
        /// A call of a tool of an MCP server (beta).
        McpToolUse(Box<McpToolUseBlock>),
        /// What a tool of an MCP server gave (beta).
        McpToolResult(Box<McpToolResultBlock>),
        /// The conversation so far in short (beta).
        Compaction(Box<CompactionBlock>),
        /// From here on another model wrote (beta).
        Fallback(Box<FallbackBlock>),
        /// The tools that an MCP server has (beta).
        McpToolListing(Box<McpToolListingBlock>),
    }
}

impl ContentBlock {
    /// The text block, if it is one.
    #[must_use]
    pub const fn as_text(&self) -> Option<&TextBlock> {
        match self {
            Self::Text(block) => Some(block),
            _ => None,
        }
    }

    /// The thinking block, if it is one; a redacted one is not.
    #[must_use]
    pub const fn as_thinking(&self) -> Option<&ThinkingBlock> {
        match self {
            Self::Thinking(block) => Some(block),
            _ => None,
        }
    }

    /// The call of one of the request's tools, if it is one.
    #[must_use]
    pub fn as_tool_use(&self) -> Option<&ToolUseBlock> {
        match self {
            Self::ToolUse(block) => Some(block),
            _ => None,
        }
    }

    /// The call of a tool that the server runs, if it is one.
    #[must_use]
    pub fn as_server_tool_use(&self) -> Option<&ServerToolUseBlock> {
        match self {
            Self::ServerToolUse(block) => Some(block),
            _ => None,
        }
    }

    /// The call of a tool of an MCP server, if it is one.
    #[must_use]
    pub fn as_mcp_tool_use(&self) -> Option<&McpToolUseBlock> {
        match self {
            Self::McpToolUse(block) => Some(block),
            _ => None,
        }
    }

    /// The block of a kind that this version does not know, if it is one.
    #[must_use]
    pub fn as_unknown(&self) -> Option<&UnknownBlock> {
        match self {
            Self::Unknown(block) => Some(block),
            _ => None,
        }
    }

    /// The input of the call, if the block is one of a tool, whoever runs it.
    #[must_use]
    pub fn input(&self) -> Option<&ToolInput> {
        match self {
            Self::ToolUse(block) => Some(&block.input),
            Self::ServerToolUse(block) => Some(&block.input),
            Self::McpToolUse(block) => Some(&block.input),
            Self::Unknown(block) => block.input.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn input_mut(&mut self) -> Option<&mut ToolInput> {
        match self {
            Self::Unknown(block) => block.input.as_mut(),
            other => other.input_for_deltas(),
        }
    }

    /// The input that deltas grow, also if an unknown block has not had any yet.
    pub(crate) fn input_for_deltas(&mut self) -> Option<&mut ToolInput> {
        match self {
            Self::ToolUse(block) => Some(&mut block.input),
            Self::ServerToolUse(block) => Some(&mut block.input),
            Self::McpToolUse(block) => Some(&mut block.input),
            Self::Unknown(block) => block.input_for_deltas(),
            _ => None,
        }
    }
}
