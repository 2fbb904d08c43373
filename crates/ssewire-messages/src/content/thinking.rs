use alloc::string::String;

use crate::wire::object;

object! {
    /// The model's reasoning (Messages API: `ThinkingBlock`).
    pub struct ThinkingBlock = "thinking" {
        /// What proves to the server that the reasoning is the model's own. A block without it
        /// should not be sent back.
        pub signature: Option<String>,
        /// The reasoning; empty where it is not to be shown.
        pub thinking (text): String,
    }
}

object! {
    /// Reasoning that is only there in encrypted form (Messages API: `RedactedThinkingBlock`).
    pub struct RedactedThinkingBlock = "redacted_thinking" {
        /// The encrypted reasoning; to be sent back unchanged.
        pub data: Option<String>,
    }
}
