//! Types of values that are not merged: results of server tools, citations, containers, details of the usage.
//!
//! A message keeps these values as [text](crate::RawJson). Parse each on demand:
//!
//! ```
//! use ssewire_messages::Message;
//! use ssewire_messages::vocabulary::{WebSearchToolResultBlock, WebSearchToolResultContent};
//!
//! let message: Message = r#"{"content": [{"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}]}"#.parse()?;
//! for block in message.content() {
//!     if block.type_name() == "web_search_tool_result" {
//!         let result: WebSearchToolResultBlock = block.parse()?;
//!         assert!(matches!(result.content, Some(WebSearchToolResultContent::Results(results)) if results.is_empty()));
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! All are plain serde types; all but [`UnknownObject`] have public fields. A value that is read and written again is
//! the same JSON value: members that this version does not know, and known ones of another type than documented, are in
//! `extra`. Two values change: a count that was a string of digits or a float, as gateways send it, is written as an
//! integer. A number that `serde_json`'s `Number` does not hold is rounded. A value with a number that no `f64` holds
//! cannot be parsed; its text is unchanged. Every union and every enumeration has a variant for values that this
//! version does not know.

mod advisor;
mod bash_code_execution;
mod caller;
mod citation;
mod code_execution;
mod compaction;
mod container;
mod container_upload;
mod context_management;
mod diagnostics;
mod fallback;
mod input_transformation;
mod mcp;
mod redacted_thinking;
mod stop;
mod text_editor_code_execution;
mod tool_search;
mod usage;
mod web_fetch;
mod web_search;
pub(crate) mod wire;

pub use self::advisor::*;
pub use self::bash_code_execution::*;
pub use self::caller::*;
pub use self::citation::*;
pub use self::code_execution::*;
pub use self::compaction::*;
pub use self::container::*;
pub use self::container_upload::*;
pub use self::context_management::*;
pub use self::diagnostics::*;
pub use self::fallback::*;
pub use self::input_transformation::*;
pub use self::mcp::*;
pub use self::redacted_thinking::*;
pub use self::stop::*;
pub use self::text_editor_code_execution::*;
pub use self::tool_search::*;
pub use self::usage::*;
pub use self::web_fetch::*;
pub use self::web_search::*;
pub use self::wire::{ExtraMap, UnknownObject};
