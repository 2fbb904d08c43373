//! The vocabulary of messages, checked against `docs/protocol.md`, heading "Types".
//!
//! [`GENERAL`] and [`BETA`] are the list of that page, with one type per line. For each object the tests generate all
//! shapes that it may have on the wire: everything set; each member absent, null or with another value; each list empty
//! or longer; each nested object in each of its shapes; and unknown members, values and variants. Each shape is
//! deserialized into its type, and must serialize to the same text.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, from_str, from_value, json, to_string, to_value};
use ssewire_messages::vocabulary::*;
use ssewire_messages::{Accumulator, ContentBlock, Message, Nullable, StopReason, Usage};

/// `name?` may be absent, `T|null` may be null.
const GENERAL: &str = r#"
ContentBlock = TextBlock|ThinkingBlock|RedactedThinkingBlock|ToolUseBlock|ServerToolUseBlock|WebSearchToolResultBlock|WebFetchToolResultBlock|CodeExecutionToolResultBlock|BashCodeExecutionToolResultBlock|TextEditorCodeExecutionToolResultBlock|ToolSearchToolResultBlock|ContainerUploadBlock
Citation = CitationCharLocation|CitationPageLocation|CitationContentBlockLocation|CitationsWebSearchResultLocation|CitationsSearchResultLocation
StopReason = "end_turn"|"max_tokens"|"stop_sequence"|"tool_use"|"pause_turn"|"refusal"|"model_context_window_exceeded"
RefusalCategory = "cyber"|"bio"|"frontier_llm"|"reasoning_extraction"|"general_harms"
ContainerSkill {type: "anthropic"|"custom", skill_id: string, version: string}
Container {id: string, expires_at: datetime, skills?: Array<ContainerSkill>|null}
CitationCharLocation {type: "char_location", cited_text: string, document_index: int, document_title?: string|null, end_char_index: int, file_id?: string|null, start_char_index: int}
CitationPageLocation {type: "page_location", cited_text: string, document_index: int, document_title?: string|null, end_page_number: int, file_id?: string|null, start_page_number: int}
CitationContentBlockLocation {type: "content_block_location", cited_text: string, document_index: int, document_title?: string|null, end_block_index: int, file_id?: string|null, start_block_index: int}
CitationsWebSearchResultLocation {type: "web_search_result_location", cited_text: string, encrypted_index: string, title?: string|null, url: string}
CitationsSearchResultLocation {type: "search_result_location", cited_text: string, end_block_index: int, search_result_index: int, source: string, start_block_index: int, title?: string|null}
TextBlock {type: "text", citations?: Array<Citation>|null, text: string}
ThinkingBlock {type: "thinking", signature: string, thinking: string}
RedactedThinkingBlock {type: "redacted_thinking", data: string}
DirectCaller {type: "direct"}
ServerToolCaller {type: "code_execution_20250825", tool_id: string}
ServerToolCaller20260120 {type: "code_execution_20260120", tool_id: string}
ToolUseBlock {type: "tool_use", id: string, caller?: Caller|null, input: Map<string,any>, name: string, toolset_name?: string|null}
ServerToolUseBlock {type: "server_tool_use", id: string, caller?: Caller|null, input: Map<string,any>, name: "web_search"|"web_fetch"|"code_execution"|"bash_code_execution"|"text_editor_code_execution"|"tool_search_tool_regex"|"tool_search_tool_bm25"}
WebSearchToolResultErrorObject {type: "web_search_tool_result_error", error_code: "invalid_tool_input"|"unavailable"|"max_uses_exceeded"|"too_many_requests"|"query_too_long"|"request_too_large"}
WebSearchResultBlock {type: "web_search_result", encrypted_content: string, page_age?: string|null, title: string, url: string}
WebSearchToolResultBlock {type: "web_search_tool_result", caller?: Caller|null, content: WebSearchToolResultErrorObject|Array<WebSearchResultBlock>, tool_use_id: string}
WebFetchToolResultErrorBlock {type: "web_fetch_tool_result_error", error_code: "invalid_tool_input"|"url_too_long"|"url_not_allowed"|"url_not_in_prior_context"|"url_not_accessible"|"unsupported_content_type"|"too_many_requests"|"max_uses_exceeded"|"unavailable"|"content_too_large"}
CitationsConfig {enabled: bool}
Base64PDFSource {type: "base64", data: string, media_type: "application/pdf"}
PlainTextSource {type: "text", data: string, media_type: "text/plain"}
DocumentBlock {type: "document", citations?: CitationsConfig|null, source: Base64PDFSource|PlainTextSource, title?: string|null}
WebFetchBlock {type: "web_fetch_result", content: DocumentBlock, retrieved_at?: string|null, url: string}
WebFetchToolResultBlock {type: "web_fetch_tool_result", caller?: Caller|null, content: WebFetchToolResultErrorBlock|WebFetchBlock, tool_use_id: string}
CodeExecutionToolResultErrorObject {type: "code_execution_tool_result_error", error_code: "invalid_tool_input"|"unavailable"|"too_many_requests"|"execution_time_exceeded"}
CodeExecutionOutputBlock {type: "code_execution_output", file_id: string}
CodeExecutionResultBlock {type: "code_execution_result", content: Array<CodeExecutionOutputBlock>, return_code: int, stderr: string, stdout: string}
EncryptedCodeExecutionResultBlock {type: "encrypted_code_execution_result", content: Array<CodeExecutionOutputBlock>, encrypted_stdout: string, return_code: int, stderr: string}
CodeExecutionToolResultBlock {type: "code_execution_tool_result", content: CodeExecutionToolResultErrorObject|CodeExecutionResultBlock|EncryptedCodeExecutionResultBlock, tool_use_id: string}
BashCodeExecutionToolResultErrorObject {type: "bash_code_execution_tool_result_error", error_code: "invalid_tool_input"|"unavailable"|"too_many_requests"|"execution_time_exceeded"|"output_file_too_large"}
BashCodeExecutionOutputBlock {type: "bash_code_execution_output", file_id: string}
BashCodeExecutionResultBlock {type: "bash_code_execution_result", content: Array<BashCodeExecutionOutputBlock>, return_code: int, stderr: string, stdout: string}
BashCodeExecutionToolResultBlock {type: "bash_code_execution_tool_result", content: BashCodeExecutionToolResultErrorObject|BashCodeExecutionResultBlock, tool_use_id: string}
TextEditorCodeExecutionToolResultErrorObject {type: "text_editor_code_execution_tool_result_error", error_code: "invalid_tool_input"|"unavailable"|"too_many_requests"|"execution_time_exceeded"|"file_not_found", error_message?: string|null}
TextEditorCodeExecutionViewResultBlock {type: "text_editor_code_execution_view_result", content: string, file_type: "text"|"image"|"pdf", num_lines?: int|null, start_line?: int|null, total_lines?: int|null}
TextEditorCodeExecutionCreateResultBlock {type: "text_editor_code_execution_create_result", is_file_update: bool}
TextEditorCodeExecutionStrReplaceResultBlock {type: "text_editor_code_execution_str_replace_result", lines?: Array<string>|null, new_lines?: int|null, new_start?: int|null, old_lines?: int|null, old_start?: int|null}
TextEditorCodeExecutionToolResultBlock {type: "text_editor_code_execution_tool_result", content: TextEditorCodeExecutionToolResultErrorObject|TextEditorCodeExecutionViewResultBlock|TextEditorCodeExecutionCreateResultBlock|TextEditorCodeExecutionStrReplaceResultBlock, tool_use_id: string}
ToolSearchToolResultErrorObject {type: "tool_search_tool_result_error", error_code: "invalid_tool_input"|"unavailable"|"too_many_requests"|"execution_time_exceeded", error_message?: string|null}
ToolReferenceBlock {type: "tool_reference", tool_name: string}
ToolSearchToolSearchResultBlock {type: "tool_search_tool_search_result", tool_references: Array<ToolReferenceBlock>}
ToolSearchToolResultBlock {type: "tool_search_tool_result", content: ToolSearchToolResultErrorObject|ToolSearchToolSearchResultBlock, tool_use_id: string}
ContainerUploadBlock {type: "container_upload", file_id: string}
CacheMissModelChanged {type: "model_changed", cache_missed_input_tokens: int}
CacheMissSystemChanged {type: "system_changed", cache_missed_input_tokens: int}
CacheMissToolsChanged {type: "tools_changed", cache_missed_input_tokens: int}
CacheMissMessagesChanged {type: "messages_changed", cache_missed_input_tokens: int}
CacheMissPreviousMessageNotFound {type: "previous_message_not_found"}
CacheMissUnavailable {type: "unavailable"}
Diagnostics {cache_miss_reason?: CacheMissModelChanged|CacheMissSystemChanged|CacheMissToolsChanged|CacheMissMessagesChanged|CacheMissPreviousMessageNotFound|CacheMissUnavailable|null}
RefusalStopDetails {type: "refusal", category?: RefusalCategory|null, explanation?: string|null}
CacheCreation {ephemeral_1h_input_tokens: int, ephemeral_5m_input_tokens: int}
OutputTokensDetails {thinking_tokens: int}
ServerToolUsage {web_fetch_requests: int, web_search_requests: int}
Usage {cache_creation?: CacheCreation|null, cache_creation_input_tokens?: int|null, cache_read_input_tokens?: int|null, inference_geo?: string|null, input_tokens: int, output_tokens: int, output_tokens_details?: OutputTokensDetails|null, server_tool_use?: ServerToolUsage|null, service_tier?: "standard"|"priority"|"batch"|null, speed?: "standard"|"fast"|null}
Message {type: "message", id: string, container?: Container|null, content: Array<ContentBlock>, diagnostics?: Diagnostics|null, model: string, role: "assistant", stop_details?: RefusalStopDetails|null, stop_reason?: StopReason|null, stop_sequence?: string|null, usage: Usage}
MessageDeltaUsage {cache_creation_input_tokens?: int|null, cache_read_input_tokens?: int|null, input_tokens?: int|null, output_tokens: int, output_tokens_details?: OutputTokensDetails|null, server_tool_use?: ServerToolUsage|null}
Caller = DirectCaller|ServerToolCaller|ServerToolCaller20260120
"#;

/// Types of the beta; every other Beta type equals the type of the same name above.
const BETA: &str = r#"
BetaContentBlock = ContentBlock|BetaServerToolUseBlock|BetaAdvisorToolResultBlock|BetaMCPToolUseBlock|BetaMCPToolResultBlock|BetaCompactionBlock|BetaFallbackBlock|BetaMCPToolListingBlock
BetaStopReason = StopReason|"compaction"
BetaIteration = BetaMessageIterationUsage|BetaCompactionIterationUsage|BetaAdvisorMessageIterationUsage|BetaFallbackMessageIterationUsage
BetaInputTransformation = BetaThinkingDroppedInputTransformation|BetaThinkingMismatchAllowedInputTransformation
BindingReason = "model_binding_mismatch"|"prefix_binding_mismatch"|"organization_binding_mismatch"|"end_user_binding_mismatch"
BetaServerToolUseBlock {type: "server_tool_use", id: string, caller?: Caller|null, input: Map<string,any>, name: "advisor"|"web_search"|"web_fetch"|"code_execution"|"bash_code_execution"|"text_editor_code_execution"|"tool_search_tool_regex"|"tool_search_tool_bm25"}
BetaAdvisorToolResultErrorObject {type: "advisor_tool_result_error", error_code: "max_uses_exceeded"|"prompt_too_long"|"too_many_requests"|"overloaded"|"unavailable"|"execution_time_exceeded"|"model_not_found"}
BetaAdvisorResultBlock {type: "advisor_result", stop_reason?: string|null, text: string}
BetaAdvisorRedactedResultBlock {type: "advisor_redacted_result", encrypted_content: string, stop_reason?: string|null}
BetaAdvisorToolResultBlock {type: "advisor_tool_result", content: BetaAdvisorToolResultErrorObject|BetaAdvisorResultBlock|BetaAdvisorRedactedResultBlock, tool_use_id: string}
BetaMCPToolUseBlock {type: "mcp_tool_use", id: string, input: Map<string,any>, name: string, server_name: string}
BetaMCPToolResultBlock {type: "mcp_tool_result", content: string|Array<BetaTextBlock>, is_error: bool, tool_use_id: string}
BetaResponseToolChangeToolReference {type: "tool_reference", name: string}
BetaResponseToolChangeMCPToolReference {type: "mcp_tool_reference", name: string, server_name: string}
BetaResponseToolChangeMCPToolsetReference {type: "mcp_toolset_reference", server_name: string}
BetaResponseToolAdditionBlock {type: "tool_addition", tool: BetaResponseToolChangeToolReference|BetaResponseToolChangeMCPToolReference|BetaResponseToolChangeMCPToolsetReference|BetaToolChangeToolDefinition}
BetaResponseToolRemovalBlock {type: "tool_removal", tool: BetaResponseToolChangeToolReference|BetaResponseToolChangeMCPToolReference|BetaResponseToolChangeMCPToolsetReference}
BetaCompactionBlock {type: "compaction", content?: string|null, encrypted_content?: string|null, signature?: string|null, tool_changes?: Array<BetaResponseToolAdditionBlock|BetaResponseToolRemovalBlock>|null}
BetaFallbackInfo {model: string}
BetaFallbackRefusalTrigger {type: "refusal", category?: RefusalCategory|null}
BetaFallbackBlock {type: "fallback", from: BetaFallbackInfo, to: BetaFallbackInfo, trigger: BetaFallbackRefusalTrigger}
BetaMCPTool {input_schema: Map<string,any>, name: string, description?: string|null}
BetaMCPToolListingBlock {type: "mcp_tool_listing", mcp_server_name: string, tools: Array<BetaMCPTool>}
BetaClearToolUses20250919EditResponse {type: "clear_tool_uses_20250919", cleared_input_tokens: int, cleared_tool_uses: int}
BetaClearThinking20251015EditResponse {type: "clear_thinking_20251015", cleared_input_tokens: int, cleared_thinking_turns: int}
BetaContextManagementResponse {applied_edits: Array<BetaClearToolUses20250919EditResponse|BetaClearThinking20251015EditResponse>}
BetaRefusalStopDetails {type: "refusal", category?: RefusalCategory|null, explanation?: string|null, fallback_credit_token?: string|null, fallback_has_prefill_claim?: bool|null, recommended_model?: string|null}
BetaFallbackCreditRedeemed {type: "redeemed"}
BetaFallbackCreditNotApplied {type: "not_applied", reason: "body_mismatch"|"continuation_excluded"|"continuation_only"|"expired"|"invalid_target_model"|"not_enabled"|"reprice_unavailable"|"temporarily_unavailable"|"variant_fields_present"|"wrong_organization"|"wrong_platform"|"wrong_workspace", remove_to_redeem?: Array<string>|null}
BetaFallbackCreditUsage {status: BetaFallbackCreditRedeemed|BetaFallbackCreditNotApplied}
BetaMessageIterationUsage {type: "message", cache_creation?: BetaCacheCreation|null, cache_creation_input_tokens: int, cache_read_input_tokens: int, input_tokens: int, model?: string|null, output_tokens: int}
BetaCompactionIterationUsage {type: "compaction", cache_creation?: BetaCacheCreation|null, cache_creation_input_tokens: int, cache_read_input_tokens: int, input_tokens: int, output_tokens: int}
BetaAdvisorMessageIterationUsage {type: "advisor_message", cache_creation?: BetaCacheCreation|null, cache_creation_input_tokens: int, cache_read_input_tokens: int, input_tokens: int, model: string, output_tokens: int}
BetaFallbackMessageIterationUsage {type: "fallback_message", cache_creation?: BetaCacheCreation|null, cache_creation_input_tokens: int, cache_read_input_tokens: int, input_tokens: int, model: string, output_tokens: int}
BetaUsage {cache_creation?: BetaCacheCreation|null, cache_creation_input_tokens?: int|null, cache_read_input_tokens?: int|null, fallback_credit?: BetaFallbackCreditUsage|null, inference_geo?: string|null, input_tokens: int, iterations?: Array<BetaIteration>|null, output_tokens: int, output_tokens_details?: BetaOutputTokensDetails|null, server_tool_use?: BetaServerToolUsage|null, service_tier?: "standard"|"priority"|"batch"|null, speed?: "standard"|"fast"|null}
BetaThinkingDroppedInputTransformation {type: "thinking_dropped", path: string, reason: BindingReason}
BetaThinkingMismatchAllowedInputTransformation {type: "thinking_mismatch_allowed", path: string, reason: BindingReason}
BetaMessage {type: "message", id: string, container?: BetaContainer|null, content: Array<BetaContentBlock>, context_management?: BetaContextManagementResponse|null, diagnostics?: BetaDiagnostics|null, model: string, role: "assistant", stop_details?: BetaRefusalStopDetails|null, stop_reason?: BetaStopReason|null, stop_sequence?: string|null, usage: BetaUsage, input_transformations?: Array<BetaInputTransformation>|null}
BetaMessageDeltaUsage {cache_creation_input_tokens?: int|null, cache_read_input_tokens?: int|null, fallback_credit?: BetaFallbackCreditUsage|null, input_tokens?: int|null, iterations?: Array<BetaIteration>|null, output_tokens: int, output_tokens_details?: BetaOutputTokensDetails|null, server_tool_use?: BetaServerToolUsage|null}
BetaToolChangeToolDefinition {type: "tool_definition", definition: <opaque tool definition>}
"#;

/// The Rust type of each object of the table.
const TYPES: &[(&str, Trip)] = &[
    ("Base64PDFSource", trip::<Base64PdfSource>),
    ("BashCodeExecutionOutputBlock", trip::<BashCodeExecutionOutputBlock>),
    ("BashCodeExecutionResultBlock", trip::<BashCodeExecutionResultBlock>),
    ("BashCodeExecutionToolResultBlock", trip::<BashCodeExecutionToolResultBlock>),
    ("BashCodeExecutionToolResultErrorObject", trip::<BashCodeExecutionToolResultErrorObject>),
    ("BetaAdvisorMessageIterationUsage", trip::<AdvisorMessageIterationUsage>),
    ("BetaAdvisorRedactedResultBlock", trip::<AdvisorRedactedResultBlock>),
    ("BetaAdvisorResultBlock", trip::<AdvisorResultBlock>),
    ("BetaAdvisorToolResultBlock", trip::<AdvisorToolResultBlock>),
    ("BetaAdvisorToolResultErrorObject", trip::<AdvisorToolResultErrorObject>),
    ("BetaClearThinking20251015EditResponse", trip::<ClearThinking20251015EditResponse>),
    ("BetaClearToolUses20250919EditResponse", trip::<ClearToolUses20250919EditResponse>),
    ("BetaCompactionBlock", trip::<ContentBlock>),
    ("BetaCompactionIterationUsage", trip::<CompactionIterationUsage>),
    ("BetaContextManagementResponse", trip::<ContextManagementResponse>),
    ("BetaFallbackBlock", trip::<FallbackBlock>),
    ("BetaFallbackCreditNotApplied", trip::<FallbackCreditNotApplied>),
    ("BetaFallbackCreditRedeemed", trip::<FallbackCreditRedeemed>),
    ("BetaFallbackCreditUsage", trip::<FallbackCreditUsage>),
    ("BetaFallbackInfo", trip::<FallbackInfo>),
    ("BetaFallbackMessageIterationUsage", trip::<FallbackMessageIterationUsage>),
    ("BetaFallbackRefusalTrigger", trip::<FallbackRefusalTrigger>),
    ("BetaMCPTool", trip::<McpTool>),
    ("BetaMCPToolListingBlock", trip::<McpToolListingBlock>),
    ("BetaMCPToolResultBlock", trip::<McpToolResultBlock>),
    ("BetaMCPToolUseBlock", trip::<ContentBlock>),
    ("BetaMessage", trip::<Message>),
    ("BetaMessageDeltaUsage", trip::<Usage>),
    ("BetaMessageIterationUsage", trip::<MessageIterationUsage>),
    ("BetaRefusalStopDetails", trip::<RefusalStopDetails>),
    ("BetaResponseToolAdditionBlock", trip::<ToolAdditionBlock>),
    ("BetaResponseToolChangeMCPToolReference", trip::<ToolChangeMcpToolReference>),
    ("BetaResponseToolChangeMCPToolsetReference", trip::<ToolChangeMcpToolsetReference>),
    ("BetaResponseToolChangeToolReference", trip::<ToolChangeToolReference>),
    ("BetaResponseToolRemovalBlock", trip::<ToolRemovalBlock>),
    ("BetaServerToolUseBlock", trip::<ContentBlock>),
    ("BetaThinkingDroppedInputTransformation", trip::<ThinkingDroppedInputTransformation>),
    ("BetaThinkingMismatchAllowedInputTransformation", trip::<ThinkingMismatchAllowedInputTransformation>),
    ("BetaToolChangeToolDefinition", trip::<ToolChangeToolDefinition>),
    ("BetaUsage", trip::<Usage>),
    ("CacheCreation", trip::<CacheCreation>),
    ("CacheMissMessagesChanged", trip::<CacheMissMessagesChanged>),
    ("CacheMissModelChanged", trip::<CacheMissModelChanged>),
    ("CacheMissPreviousMessageNotFound", trip::<CacheMissPreviousMessageNotFound>),
    ("CacheMissSystemChanged", trip::<CacheMissSystemChanged>),
    ("CacheMissToolsChanged", trip::<CacheMissToolsChanged>),
    ("CacheMissUnavailable", trip::<CacheMissUnavailable>),
    ("CitationCharLocation", trip::<CitationCharLocation>),
    ("CitationContentBlockLocation", trip::<CitationContentBlockLocation>),
    ("CitationPageLocation", trip::<CitationPageLocation>),
    ("CitationsConfig", trip::<CitationsConfig>),
    ("CitationsSearchResultLocation", trip::<CitationsSearchResultLocation>),
    ("CitationsWebSearchResultLocation", trip::<CitationsWebSearchResultLocation>),
    ("CodeExecutionOutputBlock", trip::<CodeExecutionOutputBlock>),
    ("CodeExecutionResultBlock", trip::<CodeExecutionResultBlock>),
    ("CodeExecutionToolResultBlock", trip::<CodeExecutionToolResultBlock>),
    ("CodeExecutionToolResultErrorObject", trip::<CodeExecutionToolResultErrorObject>),
    ("Container", trip::<Container>),
    ("ContainerSkill", trip::<ContainerSkill>),
    ("ContainerUploadBlock", trip::<ContainerUploadBlock>),
    ("Diagnostics", trip::<Diagnostics>),
    ("DirectCaller", trip::<DirectCaller>),
    ("DocumentBlock", trip::<DocumentBlock>),
    ("EncryptedCodeExecutionResultBlock", trip::<EncryptedCodeExecutionResultBlock>),
    ("Message", trip::<Message>),
    ("MessageDeltaUsage", trip::<Usage>),
    ("OutputTokensDetails", trip::<OutputTokensDetails>),
    ("PlainTextSource", trip::<PlainTextSource>),
    ("RedactedThinkingBlock", trip::<RedactedThinkingBlock>),
    ("RefusalStopDetails", trip::<RefusalStopDetails>),
    ("ServerToolCaller", trip::<ServerToolCaller>),
    ("ServerToolCaller20260120", trip::<ServerToolCaller20260120>),
    ("ServerToolUsage", trip::<ServerToolUsage>),
    ("ServerToolUseBlock", trip::<ContentBlock>),
    ("TextBlock", trip::<ContentBlock>),
    ("TextEditorCodeExecutionCreateResultBlock", trip::<TextEditorCodeExecutionCreateResultBlock>),
    ("TextEditorCodeExecutionStrReplaceResultBlock", trip::<TextEditorCodeExecutionStrReplaceResultBlock>),
    ("TextEditorCodeExecutionToolResultBlock", trip::<TextEditorCodeExecutionToolResultBlock>),
    ("TextEditorCodeExecutionToolResultErrorObject", trip::<TextEditorCodeExecutionToolResultErrorObject>),
    ("TextEditorCodeExecutionViewResultBlock", trip::<TextEditorCodeExecutionViewResultBlock>),
    ("ThinkingBlock", trip::<ContentBlock>),
    ("ToolReferenceBlock", trip::<ToolReferenceBlock>),
    ("ToolSearchToolResultBlock", trip::<ToolSearchToolResultBlock>),
    ("ToolSearchToolResultErrorObject", trip::<ToolSearchToolResultErrorObject>),
    ("ToolSearchToolSearchResultBlock", trip::<ToolSearchToolSearchResultBlock>),
    ("ToolUseBlock", trip::<ContentBlock>),
    ("Usage", trip::<Usage>),
    ("WebFetchBlock", trip::<WebFetchBlock>),
    ("WebFetchToolResultBlock", trip::<WebFetchToolResultBlock>),
    ("WebFetchToolResultErrorBlock", trip::<WebFetchToolResultErrorBlock>),
    ("WebSearchResultBlock", trip::<WebSearchResultBlock>),
    ("WebSearchToolResultBlock", trip::<WebSearchToolResultBlock>),
    ("WebSearchToolResultErrorObject", trip::<WebSearchToolResultErrorObject>),
];

/// Objects that deltas build. Their types are not in the vocabulary, and keep all members that are not merged as text.
const MERGED: &[&str] = &[
    // Its blocks are kept as maps, in the order of the maps.
    "BetaMCPToolResultBlock",
    "BetaCompactionBlock",
    "BetaMCPToolUseBlock",
    "BetaMessage",
    "BetaMessageDeltaUsage",
    "BetaServerToolUseBlock",
    "BetaUsage",
    "Message",
    "MessageDeltaUsage",
    "ServerToolUseBlock",
    "TextBlock",
    "ThinkingBlock",
    "ToolUseBlock",
    "Usage",
];

/// Members that are always written: `""` or `{}` if they were absent. So absent is not distinguished.
const ALWAYS_WRITTEN: &[&str] = &[
    "TextBlock.text",
    "ThinkingBlock.thinking",
    "ToolUseBlock.input",
    "ServerToolUseBlock.input",
    "MCPToolUseBlock.input",
    "Message.role",
    "Message.content",
];

/// Members that may be null although the table does not say so: `usage` by the merge rules, and its `input_tokens`
/// because a `MessageDeltaUsage` has the same Rust type.
const NULL_TOO: &[&str] = &["Message.usage", "Usage.input_tokens"];

/// Members for which another JSON type is an error.
const STRICT: &[&str] =
    &["TextBlock.text", "TextBlock.citations", "ThinkingBlock.thinking", "CompactionBlock.content", "Message.content"];

// Deserializing, serializing and inspecting.

/// Deserializes a type from a text and serializes it again.
type Trip = fn(&str) -> Result<Read, serde_json::Error>;

struct Read {
    written: String,
    debug: String,
}

impl Read {
    /// Returns whether all objects, members and values in the tree are known.
    fn all_known(&self) -> bool {
        !self.debug.contains(r#"extra: {""#) && !self.debug.contains("Unknown(")
    }

    fn has_extra(&self, name: &str) -> bool {
        self.debug.contains(&format!(r#"extra: {{"{name}""#))
    }
}

fn trip<T: DeserializeOwned + Serialize + Debug>(text: &str) -> Result<Read, serde_json::Error> {
    let read: T = from_str(text)?;
    Ok(Read { written: to_string(&read).unwrap(), debug: format!("{read:?}") })
}

// The table.

enum Definition {
    Union(Type),
    Object(Vec<Member>),
}

struct Member {
    name: String,
    optional: bool,
    ty: Type,
}

#[derive(Clone, PartialEq)]
enum Type {
    Literal(String),
    Named(String),
    Array(Box<Type>),
    Union(Vec<Type>),
}

struct Table(BTreeMap<String, Definition>);

impl Table {
    fn new() -> Self {
        let lines = GENERAL.lines().chain(BETA.lines()).filter(|line| !line.is_empty());
        Self(lines.map(|line| Parser(line).definition()).collect())
    }

    fn objects(&self) -> impl Iterator<Item = (&str, &[Member])> {
        self.0.iter().filter_map(|(name, definition)| match definition {
            Definition::Object(members) => Some((name.as_str(), members.as_slice())),
            Definition::Union(_) => None,
        })
    }

    fn definition(&self, name: &str) -> &Definition {
        let namesake = || name.strip_prefix("Beta").and_then(|name| self.0.get(name));
        self.0.get(name).or_else(namesake).unwrap_or_else(|| panic!("{name} is not in the table"))
    }

    /// Returns the alternatives of a type, with names of unions resolved.
    fn alternatives(&self, ty: &Type) -> Vec<Type> {
        match ty {
            Type::Union(types) => types.iter().flat_map(|ty| self.alternatives(ty)).collect(),
            Type::Named(name) if !is_builtin(name) => match self.definition(name) {
                Definition::Union(ty) => self.alternatives(ty),
                Definition::Object(_) => vec![ty.clone()],
            },
            other => vec![other.clone()],
        }
    }
}

fn is_builtin(name: &str) -> bool {
    matches!(name, "string" | "int" | "bool" | "datetime" | "null" | "map" | "opaque")
}

/// Parser of a line of the table.
struct Parser<'a>(&'a str);

impl Parser<'_> {
    fn definition(mut self) -> (String, Definition) {
        let name = self.word();
        if self.eat(" = ") {
            return (name, Definition::Union(self.ty()));
        }
        assert!(self.eat(" {"), "{}", self.0);
        let mut members = Vec::new();
        loop {
            let member = self.word();
            let optional = self.eat("?");
            assert!(self.eat(": "), "{}", self.0);
            members.push(Member { name: member, optional, ty: self.ty() });
            if self.eat("}") {
                assert_eq!(self.0, "");
                return (name, Definition::Object(members));
            }
            assert!(self.eat(", "), "{}", self.0);
        }
    }

    fn ty(&mut self) -> Type {
        let mut types = vec![self.alternative()];
        while self.eat("|") {
            types.push(self.alternative());
        }
        if types.len() == 1 { types.remove(0) } else { Type::Union(types) }
    }

    fn alternative(&mut self) -> Type {
        if self.eat("Array<") {
            let ty = self.ty();
            assert!(self.eat(">"), "{}", self.0);
            Type::Array(Box::new(ty))
        } else if self.eat("Map<string,any>") {
            Type::Named("map".into())
        } else if self.eat("<opaque tool definition>") {
            Type::Named("opaque".into())
        } else if self.eat("\"") {
            let (literal, rest) = self.0.split_once('"').unwrap();
            self.0 = rest;
            Type::Literal(literal.into())
        } else {
            Type::Named(self.word())
        }
    }

    fn word(&mut self) -> String {
        let end = self.0.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        assert_ne!(word, "", "{}", self.0);
        self.0 = rest;
        word.into()
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.0.strip_prefix(token) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }
}

// The shapes that a type may have on the wire.

#[derive(Clone)]
struct Shape {
    /// JSON text, with members in the documented order.
    text: String,
    /// `true` if the shape has only members and values of the table.
    documented: bool,
}

impl Shape {
    fn documented(text: impl Into<String>) -> Self {
        Self { text: text.into(), documented: true }
    }

    fn unknown(text: impl Into<String>) -> Self {
        Self { text: text.into(), documented: false }
    }
}

impl Table {
    /// The shapes of a type; the first one has everything set.
    fn shapes(&self, ty: &Type) -> Vec<Shape> {
        let alternatives = self.alternatives(ty);
        let mut shapes: Vec<_> = alternatives.iter().flat_map(|ty| self.shapes_of_one(ty)).collect();
        if alternatives.iter().any(|ty| matches!(ty, Type::Literal(_))) {
            shapes.push(Shape::unknown(r#""value_of_tomorrow""#));
        }
        if alternatives.iter().any(|ty| self.is_tagged(ty)) {
            shapes.push(Shape::unknown(r#"{"a":[1,{"b":null}],"type":"type_of_tomorrow"}"#));
        }
        shapes
    }

    fn shapes_of_one(&self, ty: &Type) -> Vec<Shape> {
        let texts: &[&str] = match ty {
            Type::Union(_) => unreachable!("unions are resolved"),
            Type::Literal(value) => return vec![Shape::documented(format!("\"{value}\""))],
            Type::Array(element) => return self.shapes_of_array(element),
            Type::Named(name) => match name.as_str() {
                "string" => &[r#""text""#, r#""""#, r#""\"wörld\"\n🌍""#],
                "int" => &["7", "0", "4611686018427387904"],
                "bool" => &["true", "false"],
                "datetime" => &[r#""2025-05-23T22:13:31Z""#],
                "null" => &["null"],
                "map" => &[r#"{"a":[1,2500.5,true,null,{"b":"c"}]}"#, "{}"],
                "opaque" => &[r#"{"name":"f"}"#, r#""f""#, "null", "7"],
                name => match self.definition(name) {
                    Definition::Object(members) => return self.shapes_of_object(name, members),
                    Definition::Union(_) => unreachable!("unions are resolved"),
                },
            },
        };
        texts.iter().map(|text| Shape::documented(*text)).collect()
    }

    fn shapes_of_array(&self, element: &Type) -> Vec<Shape> {
        let elements = self.shapes(element);
        let mut shapes: Vec<_> =
            elements.iter().map(|shape| Shape { text: format!("[{}]", shape.text), ..shape.clone() }).collect();
        let documented: Vec<_> =
            elements.into_iter().filter(|shape| shape.documented).map(|shape| shape.text).collect();
        shapes.push(Shape::documented("[]"));
        shapes.push(Shape::documented(format!("[{}]", documented.join(","))));
        shapes
    }

    fn shapes_of_object(&self, object: &str, members: &[Member]) -> Vec<Shape> {
        let shapes_of_members: Vec<_> = members.iter().map(|member| self.shapes(&member.ty)).collect();
        let everything: Vec<_> = members
            .iter()
            .zip(&shapes_of_members)
            .map(|(member, shapes)| format!(r#""{}":{}"#, member.name, shapes[0].text))
            .collect();
        let write = |members: &[String]| format!("{{{}}}", members.join(","));

        let mut shapes = vec![Shape::documented(write(&everything))];
        for (at, (member, shapes_of_member)) in members.iter().zip(&shapes_of_members).enumerate() {
            if is_tag(member) {
                continue;
            }
            for shape in &shapes_of_member[1..] {
                let mut members = everything.clone();
                members[at] = format!(r#""{}":{}"#, member.name, shape.text);
                shapes.push(Shape { text: write(&members), ..shape.clone() });
            }
            // A required member is absent as well if no event had it.
            if !ALWAYS_WRITTEN.contains(&path(object, member).as_str()) {
                let mut members = everything.clone();
                members.remove(at);
                shapes.push(Shape::documented(write(&members)));
            } else {
                assert!(!member.optional);
            }
        }
        let mut members = everything;
        members.push(r#""member_of_tomorrow":{"a":[null,1]}"#.into());
        members.push(r#""member_of_tomorrow_too":null"#.into());
        shapes.push(Shape::unknown(write(&members)));
        shapes
    }

    fn is_tagged(&self, ty: &Type) -> bool {
        let Type::Named(name) = ty else { return false };
        if is_builtin(name) || name == "Message" || name == "BetaMessage" {
            return false;
        }
        matches!(self.definition(name), Definition::Object(members) if members.iter().any(is_tag))
    }

    /// Returns whether a value is of a type. Checks only the outermost level and the elements.
    fn accepts(&self, ty: &Type, value: &Value) -> bool {
        self.alternatives(ty).iter().any(|ty| match ty {
            Type::Union(_) => unreachable!("unions are resolved"),
            Type::Literal(_) => value.is_string(),
            Type::Array(ty) => {
                value.as_array().is_some_and(|values| values.iter().all(|value| self.accepts(ty, value)))
            }
            Type::Named(name) => match name.as_str() {
                "string" | "datetime" => value.is_string(),
                "int" => value.is_u64(),
                "bool" => value.is_boolean(),
                "null" => value.is_null(),
                "opaque" => true,
                _ => value.is_object(),
            },
        })
    }
}

/// Returns `true` for the tag of an object: a member with one possible value.
fn is_tag(member: &Member) -> bool {
    member.name == "type" && matches!(member.ty, Type::Literal(_))
}

/// The path of a member; that of a Beta type has no prefix `Beta`.
fn path(object: &str, member: &Member) -> String {
    format!("{}.{}", object.strip_prefix("Beta").unwrap_or(object), member.name)
}

// Tests of the complete table.

#[test]
fn every_object_of_the_table_has_a_type() {
    let table = Table::new();
    let objects: Vec<_> = table.objects().map(|(name, _)| name).collect();
    let types: Vec<_> = TYPES.iter().map(|(name, _)| *name).collect();
    assert_eq!(objects, types);
    assert_eq!(objects.len(), 93);
}

#[test]
fn every_shape_of_every_object_round_trips() {
    let table = Table::new();
    let mut count = 0;
    for ((object, members), (_, trip)) in table.objects().zip(TYPES) {
        for shape in table.shapes_of_object(object, members) {
            count += 1;
            let read = trip(&shape.text).unwrap_or_else(|error| panic!("{object}: {error}: {}", shape.text));
            if MERGED.contains(&object) {
                let values = [&read.written, &shape.text].map(|text| from_str::<Value>(text).unwrap());
                assert_eq!(values[0], values[1], "{object}");
                continue;
            }
            assert_eq!(read.written, shape.text, "{object}");
            // On the page a media type is any string; every other unknown value is reported as unknown.
            let known = shape.documented || shape.text.contains(r#""media_type":"value_of_tomorrow""#);
            assert_eq!(read.all_known(), known, "{object}: {}: {}", shape.text, read.debug);
        }
    }
    assert!(count > 2000, "only {count} shapes");
}

#[test]
fn member_of_another_json_type_is_kept_in_extra() {
    let table = Table::new();
    let values =
        [json!(null), json!(true), json!(1.5), json!("no"), json!([]), json!([null]), json!({}), json!({"type": 5})];
    for ((object, members), (_, trip)) in table.objects().zip(TYPES) {
        let everything: Value = from_str(&table.shapes_of_object(object, members)[0].text).unwrap();
        for member in members.iter().filter(|member| !is_tag(member) && member.name != "input") {
            let mut odd: Vec<_> = values.iter().filter(|value| !table.accepts(&member.ty, value)).cloned().collect();
            if let Some(Value::Array(elements)) = everything.get(&member.name) {
                let mut elements = elements.clone();
                elements.push(json!(5));
                odd.push(Value::Array(elements));
            }
            for odd in odd {
                let path = path(object, member);
                // Here null means the empty text or content.
                let empty = ALWAYS_WRITTEN.contains(&path.as_str()) && member.name != "role";
                if odd.is_null() && (empty || NULL_TOO.contains(&path.as_str())) {
                    continue;
                }
                let mut value = everything.clone();
                value[&member.name] = odd;
                let read = trip(&value.to_string());
                if STRICT.contains(&path.as_str()) {
                    let error = read.err().unwrap_or_else(|| panic!("{path} was read from {value}")).to_string();
                    assert!(error.starts_with("not a Messages API `"), "{error}");
                    continue;
                }
                let read = read.unwrap_or_else(|error| panic!("{path}: {error}: {value}"));
                assert_eq!(from_str::<Value>(&read.written).unwrap(), value, "{path}");
                let is_seen = read.has_extra(&member.name) || MERGED.contains(&object);
                assert!(is_seen, "{path}: {value}: {}", read.debug);
            }
        }
    }
}

#[test]
fn deserialize_error_for_a_non_object_does_not_show_its_content() {
    for (name, trip) in TYPES {
        for text in ["null", "5", "\"sesame\"", "[{}]"] {
            let error = trip(text).err().unwrap_or_else(|| panic!("{name} was read from {text}")).to_string();
            assert!(error.starts_with("not a Messages API `") && !error.contains("sesame"), "{error}");
        }
    }
}

// Rules that are not in the table.

/// Deserializes a value and serializes it again.
fn again<T: DeserializeOwned + Serialize>(value: Value) -> Value {
    to_value(from_value::<T>(value).unwrap()).unwrap()
}

#[test]
fn message_always_serializes_type_role_and_content() {
    let empty = json!({"type": "message", "role": "assistant", "content": []});
    assert_eq!(again::<Message>(json!({})), empty);
    assert_eq!(again::<Message>(json!({"content": null})), empty);
    assert_eq!(to_value(Message::default()).unwrap(), empty);
    assert_eq!(from_value::<Message>(json!({})).unwrap(), Message::default());

    for value in [
        json!({"type": "completion", "role": "user", "content": []}),
        json!({"type": null, "role": null, "content": []}),
        json!({"type": 5, "role": ["assistant"], "content": []}),
    ] {
        assert_eq!(again::<Message>(value.clone()), value);
    }
}

#[test]
fn content_block_always_serializes_text_thinking_and_input() {
    for (sent, written) in [
        (json!({"type": "text"}), json!({"type": "text", "text": ""})),
        (json!({"type": "text", "text": null}), json!({"type": "text", "text": ""})),
        (json!({"type": "thinking"}), json!({"type": "thinking", "thinking": ""})),
        (json!({"type": "thinking", "thinking": null}), json!({"type": "thinking", "thinking": ""})),
        (json!({"type": "redacted_thinking"}), json!({"type": "redacted_thinking"})),
    ] {
        assert_eq!(again::<ContentBlock>(sent), written);
    }
    for kind in ["tool_use", "server_tool_use", "mcp_tool_use"] {
        let empty = json!({"type": kind, "input": {}});
        assert_eq!(again::<ContentBlock>(json!({"type": kind})), empty);
        for none in [json!(null), json!("")] {
            assert_eq!(again::<ContentBlock>(json!({"type": kind, "input": none})), empty);
        }
        for odd in [json!(5), json!("a"), json!([{}])] {
            let value = json!({"type": kind, "input": odd});
            assert_eq!(again::<ContentBlock>(value.clone()), value);
        }
    }
}

#[test]
fn message_with_an_invalid_block_or_citation_is_an_error() {
    for block in [
        json!(null),
        json!("text"),
        json!({}),
        json!({"type": null}),
        json!({"type": ["text"]}),
        json!({"type": "text", "text": 5}),
        json!({"type": "text", "text": "", "citations": {}}),
        json!({"type": "text", "text": "", "citations": [{"type": "char_location"}, "nowhere"]}),
        json!({"type": "thinking", "thinking": []}),
        json!({"type": "compaction", "content": 5}),
    ] {
        assert!(from_value::<ContentBlock>(block.clone()).is_err(), "{block}");
        let message = json!({"type": "message", "role": "assistant", "content": [{"type": "text", "text": ""}, block]});
        assert!(from_value::<Message>(message).is_err(), "{block}");

        // In the result of a tool it is kept as an unknown value.
        let result = json!({"type": "mcp_tool_result", "content": [{"type": "text", "text": null}, block]});
        assert_eq!(again::<ContentBlock>(result.clone()), result);
    }
    for citation in [json!({}), json!({"type": null, "url": 5})] {
        let block = json!({"type": "text", "citations": [citation], "text": ""});
        assert_eq!(again::<ContentBlock>(block.clone()), block);
    }
}

#[test]
fn counts_are_deserialized_leniently_other_integers_are_not() {
    let usage = |count: &str| from_str::<Usage>(&format!(r#"{{"output_tokens": {count}}}"#)).unwrap();
    for (sent, read) in [
        ("7", 7),
        (r#""7""#, 7),
        (r#""007""#, 7),
        ("7.0", 7),
        ("7e2", 700),
        ("18446744073709551615", u64::MAX),
        (r#""18446744073709551615""#, u64::MAX),
        ("1e19", 10_000_000_000_000_000_000),
    ] {
        assert_eq!(usage(sent).output_tokens(), Some(read), "{sent}");
        assert_eq!(to_string(&usage(sent)).unwrap(), format!(r#"{{"output_tokens":{read}}}"#));
    }
    for sent in
        ["7.5", "-7", r#""+7""#, r#""""#, r#"" 7""#, r#""7.0""#, "2e19", r#""18446744073709551616""#, "null", "[7]"]
    {
        assert_eq!(usage(sent).output_tokens(), None, "{sent}");
        assert_eq!(usage(sent).to_json(), json!({"output_tokens": from_str::<Value>(sent).unwrap()}), "{sent}");
    }
    assert_eq!(from_value::<Usage>(json!({"input_tokens": "7"})).unwrap().input_tokens(), Some(7));
    assert_eq!(again::<Usage>(json!({"input_tokens": null})), json!({"input_tokens": null}));

    for (sent, read) in [(json!(7), Some(7)), (json!("7"), None), (json!(7.0), None), (json!(-7), None)] {
        let citation: CitationCharLocation =
            from_value(json!({"type": "char_location", "document_index": sent})).unwrap();
        assert_eq!(citation.document_index, read);
        assert_eq!(citation.extra.get("document_index").cloned(), read.is_none().then_some(sent));
    }
    let result = json!({"type": "code_execution_result", "return_code": -9});
    assert_eq!(from_value::<CodeExecutionResultBlock>(result).unwrap().return_code, Some(-9));
}

#[test]
fn typed_member_replaces_the_extra_of_the_same_name() {
    let mut block: ContainerUploadBlock = from_value(json!({"type": "container_upload", "file_id": 5})).unwrap();
    assert_eq!(block.extra.get("file_id"), Some(&json!(5)));
    for (name, value) in &block.extra {
        assert_eq!((name.as_str(), value), ("file_id", &json!(5)));
    }
    block.file_id = Some("file_1".into());
    assert_eq!(to_string(&block).unwrap(), r#"{"type":"container_upload","file_id":"file_1"}"#);
}

#[test]
fn extra_members_are_set_read_and_removed() {
    let mut extra = ExtraMap::default();
    assert_eq!((extra.is_empty(), extra.remove("a")), (true, None));
    assert_eq!(extra.insert("a", json!(1)), None);
    assert_eq!(extra.insert("b", json!(2)), None);
    assert_eq!(extra.insert("a", json!(3)), Some(json!(1)));
    assert_eq!(extra.insert("c", json!(null)), None);
    assert_eq!((extra.len(), extra.is_empty()), (3, false));
    assert!(extra.contains("c") && !extra.contains("d"));

    assert_eq!((extra.remove("d"), extra.remove("a")), (None, Some(json!(3))));
    assert_eq!(extra.iter().collect::<Vec<_>>(), [("b", &json!(2)), ("c", &json!(null))], "in their order");
    let owned: serde_json::Map<_, _> = extra.clone().into_iter().collect();
    assert_eq!(Value::Object(owned), json!({"b": 2, "c": null}));

    // Without members it equals one that never had any.
    assert_eq!((extra.remove("b"), extra.remove("c")), (Some(json!(2)), Some(json!(null))));
    assert!(extra.is_empty() && extra == ExtraMap::default() && extra == ExtraMap::from(serde_json::Map::new()));
}

#[test]
fn usage_is_merged_member_by_member() {
    let merged = |start: Value, delta: Value| {
        let mut message = Accumulator::new();
        for event in [
            json!({"type": "message_start", "message": {"usage": start}}),
            json!({"type": "message_delta", "usage": delta}),
        ] {
            message.accumulate_json(event.to_string().as_bytes()).unwrap();
        }
        to_value(message.snapshot().usage()).unwrap()
    };
    assert_eq!(
        merged(
            json!({
                "input_tokens": 472, "output_tokens": 2, "service_tier": "standard", "inference_geo": null, "speed": "fast",
                "cache_creation": {"ephemeral_1h_input_tokens": 1, "ephemeral_5m_input_tokens": 2},
                "future": 1, "kept": true,
            }),
            json!({
                "input_tokens": null, "output_tokens": 89, "speed": null, "server_tool_use": {"web_fetch_requests": 1},
                "cache_creation": {"ephemeral_1h_input_tokens": 3}, "future": {"a": 2}, "nothing": null,
            }),
        ),
        json!({
            "input_tokens": 472, "output_tokens": 89, "service_tier": "standard", "inference_geo": null, "speed": "fast",
            "cache_creation": {"ephemeral_1h_input_tokens": 3}, "server_tool_use": {"web_fetch_requests": 1},
            "future": {"a": 2}, "kept": true,
        })
    );
    // A value of another type replaces a typed one, and vice versa.
    assert_eq!(merged(json!({"output_tokens": 2}), json!({"output_tokens": "many"})), json!({"output_tokens": "many"}));
    assert_eq!(merged(json!({"output_tokens": "many"}), json!({"output_tokens": 2})), json!({"output_tokens": 2}));
    assert_eq!(merged(json!({"output_tokens": 2}), json!({"output_tokens": null})), json!({"output_tokens": 2}));
}

#[test]
fn known_members_are_accessible_as_fields() {
    let message: Message = from_value(json!({
        "type": "message", "id": "msg_1", "model": "claude", "role": "assistant",
        "container": {"id": "c_1", "skills": [{"type": "custom", "skill_id": "s_1"}]},
        "stop_reason": "refusal", "stop_sequence": null,
        "stop_details": {"type": "refusal", "category": "bio", "fallback_has_prefill_claim": true},
        "usage": {"output_tokens": 5, "speed": "fast", "fallback_credit": {"status": {"type": "redeemed"}},
                  "iterations": [{"type": "compaction", "input_tokens": 100}]},
        "context_management": {"applied_edits": [{"type": "clear_thinking_20251015", "cleared_thinking_turns": 3}]},
        "diagnostics": {"cache_miss_reason": {"type": "tools_changed", "cache_missed_input_tokens": 4}},
        "input_transformations": [{"type": "thinking_dropped", "reason": "prefix_binding_mismatch"}],
        "content": [
            {"type": "text", "text": "hi", "citations": [{"type": "page_location", "start_page_number": 2}]},
            {"type": "tool_use", "id": "t_1", "name": "f", "input": {"x": 1}, "caller": {"type": "direct"}},
            {"type": "server_tool_use", "name": "web_search", "input": {}},
            {"type": "web_search_tool_result", "content": [{"type": "web_search_result", "url": "u"}, {"type": "image"}]},
            {"type": "web_fetch_tool_result", "content": {"type": "web_fetch_result", "content":
                {"type": "document", "source": {"type": "text", "data": "d"}}}},
            {"type": "mcp_tool_result", "content": [{"type": "text", "text": "m"}], "is_error": false},
            {"type": "fallback", "to": {"model": "claude-2"}, "trigger": {"type": "refusal", "category": "cyber"}},
            {"type": "hologram", "depth": 3},
        ],
    }))
    .unwrap();

    assert_eq!(message.id(), Some("msg_1"));
    let container: Container = message.get("container").unwrap().parse().unwrap();
    assert_eq!(container.skills.as_option().unwrap()[0].kind, Some(ContainerSkillKind::Custom));
    assert_eq!(message.stop_reason(), Some(&StopReason::Refusal));
    assert_eq!(message.stop_sequence(), None);
    let details: StopDetails = message.get("stop_details").unwrap().parse().unwrap();
    let StopDetails::Refusal(details) = details else { panic!() };
    assert_eq!(details.category, Nullable::Value(RefusalCategory::Bio));
    assert_eq!(details.fallback_has_prefill_claim, Nullable::Value(true));
    assert!(details.explanation.is_absent());

    let usage = message.usage().unwrap();
    assert_eq!((usage.output_tokens(), usage.input_tokens()), (Some(5), None));
    assert_eq!(usage.get("speed").unwrap().parse::<Speed>().unwrap(), Speed::Fast);
    let credit: FallbackCreditUsage = usage.get("fallback_credit").unwrap().parse().unwrap();
    assert!(matches!(credit.status, Some(FallbackCreditStatus::Redeemed(_))));
    let iterations: Vec<Iteration> = usage.get("iterations").unwrap().parse().unwrap();
    assert!(matches!(&iterations[0], Iteration::Compaction(iteration) if iteration.input_tokens == Some(100)));

    let management: ContextManagementResponse = message.get("context_management").unwrap().parse().unwrap();
    let edits = management.applied_edits.unwrap();
    assert!(matches!(&edits[0], AppliedEdit::ClearThinking20251015(edit) if edit.cleared_thinking_turns == Some(3)));
    let diagnostics: Diagnostics = message.get("diagnostics").unwrap().parse().unwrap();
    assert_eq!(diagnostics.cache_miss_reason.as_option().unwrap().type_name(), "tools_changed");
    let transformations: Vec<InputTransformation> = message.get("input_transformations").unwrap().parse().unwrap();
    let InputTransformation::ThinkingDropped(dropped) = &transformations[0] else { panic!() };
    assert_eq!(dropped.reason, Some(BindingReason::PrefixBindingMismatch));

    let mut blocks = message.content().iter();
    let mut next = || blocks.next().unwrap();
    let text = next().as_text().unwrap();
    assert_eq!(text.text(), "hi");
    let citation = text.citations().into_option().unwrap().iter().next().unwrap();
    let Citation::PageLocation(citation) = citation.parse().unwrap() else { panic!() };
    assert_eq!(citation.start_page_number, Some(2));
    let call = next().as_tool_use().unwrap();
    assert_eq!(call.name().as_deref(), Some("f"));
    assert_eq!(call.input().value().unwrap(), json!({"x": 1}));
    assert!(matches!(call.get("caller").unwrap().parse().unwrap(), Caller::Direct(_)));
    assert_eq!(next().as_tool_use().unwrap().name().as_deref(), Some("web_search"));
    let search: WebSearchToolResultBlock = next().parse().unwrap();
    let Some(WebSearchToolResultContent::Results(results)) = &search.content else { panic!() };
    assert!(matches!(&results[0], WebSearchResult::Page(page) if page.url.as_deref() == Some("u")));
    assert_eq!(results[1].type_name(), "image");
    let fetch: WebFetchToolResultBlock = next().parse().unwrap();
    let Some(WebFetchToolResultContent::Result(result)) = &fetch.content else { panic!() };
    let Some(WebFetchDocument::Document(document)) = &result.content else { panic!() };
    assert!(matches!(&document.source, Some(DocumentSource::Text(text)) if text.data.as_deref() == Some("d")));
    let result: McpToolResultBlock = next().parse().unwrap();
    let Some(McpToolResultContent::Blocks(blocks)) = &result.content else { panic!() };
    assert_eq!(blocks[0].members()["text"], "m");
    let stored = serde_json::to_string(&blocks[0]).unwrap();
    assert_eq!(serde_json::from_str::<UnknownObject>(&stored).unwrap(), blocks[0]);
    assert!(serde_json::from_str::<UnknownObject>("[]").is_err());
    let fallback: FallbackBlock = next().parse().unwrap();
    assert_eq!(fallback.to.as_ref().unwrap().model.as_deref(), Some("claude-2"));
    let hologram = next();
    assert_eq!(hologram.type_name(), "hologram");
    assert_eq!(hologram.as_raw().unwrap().get("depth").unwrap(), json!(3));
}

#[test]
fn message_of_every_sample_round_trips() {
    let mut count = 0;
    for entry in std::fs::read_dir(ssewire_tests::at("data/streams/samples")).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with(".message.json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let read = trip::<Message>(&text).unwrap();
        assert_eq!(from_str::<Value>(&read.written).unwrap(), from_str::<Value>(&text).unwrap(), "{path:?}");
        count += 1;
    }
    assert!(count >= 20, "{count} samples");
}

#[test]
fn message_types_have_bounded_sizes() {
    // On 64-bit targets. An accumulator holds these for the duration of a stream.
    assert!(size_of::<Message>() <= 288, "{}", size_of::<Message>());
    assert!(size_of::<Usage>() <= 112, "{}", size_of::<Usage>());
    assert!(size_of::<ContentBlock>() <= 40, "{}", size_of::<ContentBlock>());
}
