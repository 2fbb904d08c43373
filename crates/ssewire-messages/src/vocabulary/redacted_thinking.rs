use alloc::string::String;

use super::wire::object;

object! {
    /// Reasoning that is only there in encrypted form (Messages API: `RedactedThinkingBlock`).
    pub struct RedactedThinkingBlock = "redacted_thinking" {
        /// The encrypted reasoning; to be sent back unchanged.
        pub data: Option<String>,
    }
}
