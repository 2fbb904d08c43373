//! The parts of a long conversation that the server left out (beta).

use alloc::vec::Vec;

use super::UnknownObject;
use super::wire::{object, tagged};

object! {
    /// The edits of the request by the server's context management (Messages API: `BetaContextManagementResponse`).
    pub struct ContextManagementResponse {
        /// The edits that were applied, in their order.
        pub applied_edits: Option<Vec<AppliedEdit>>,
    }
}

tagged! {
    /// An edit of the conversation that was applied (Messages API: the elements of `applied_edits`).
    pub enum AppliedEdit else UnknownObject {
        /// Old tool uses and their results were cleared.
        ClearToolUses20250919(ClearToolUses20250919EditResponse),
        /// Old thinking was cleared.
        ClearThinking20251015(ClearThinking20251015EditResponse),
    }
}

object! {
    /// Old tool uses and their results were cleared (Messages API: `BetaClearToolUses20250919EditResponse`).
    pub struct ClearToolUses20250919EditResponse = "clear_tool_uses_20250919" {
        /// The number of input tokens that this saved.
        pub cleared_input_tokens (count): Option<u64>,
        /// The number of tool uses that were cleared.
        pub cleared_tool_uses (count): Option<u64>,
    }
}

object! {
    /// Old thinking was cleared (Messages API: `BetaClearThinking20251015EditResponse`).
    pub struct ClearThinking20251015EditResponse = "clear_thinking_20251015" {
        /// The number of input tokens that this saved.
        pub cleared_input_tokens (count): Option<u64>,
        /// The number of turns whose thinking was cleared.
        pub cleared_thinking_turns (count): Option<u64>,
    }
}
