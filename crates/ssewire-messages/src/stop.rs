//! Why the model stopped.

use alloc::string::String;

use crate::wire::{object, string_enum, tagged};
use crate::{Nullable, UnknownObject};

string_enum! {
    /// Why the model stopped (Messages API: `StopReason`, `BetaStopReason`).
    pub enum StopReason {
        /// It came to a natural end.
        EndTurn = "end_turn",
        /// The request's `max_tokens` was reached.
        MaxTokens = "max_tokens",
        /// One of the request's stop sequences was met.
        StopSequence = "stop_sequence",
        /// It wants tools to be called.
        ToolUse = "tool_use",
        /// The server paused a long turn; sent back as it is, the turn goes on.
        PauseTurn = "pause_turn",
        /// The request or the answer was declined.
        Refusal = "refusal",
        /// The model's context window is full.
        ModelContextWindowExceeded = "model_context_window_exceeded",
        /// The conversation was compacted, and the turn ends there (beta).
        Compaction = "compaction",
    }
}

tagged! {
    /// What stands behind a stop reason (Messages API: `stop_details` of a `Message`).
    pub enum StopDetails else UnknownObject {
        /// What was declined, and why.
        Refusal(RefusalStopDetails),
    }
}

object! {
    /// What was declined, and why (Messages API: `RefusalStopDetails`, `BetaRefusalStopDetails`).
    pub struct RefusalStopDetails = "refusal" {
        /// The policy that it falls under. Null where it falls under none that is named.
        pub category: Nullable<RefusalCategory>,
        /// The reason in words for people.
        pub explanation: Nullable<String>,
        /// A token that lowers the price of the same request to another model (beta).
        pub fallback_credit_token: Nullable<String>,
        /// Whether that credit also covers going on from the text so far (beta).
        pub fallback_has_prefill_claim: Nullable<bool>,
        /// A model that may accept the request (beta).
        pub recommended_model: Nullable<String>,
    }
}

string_enum! {
    /// The policy that a refusal falls under (Messages API: `RefusalCategory`).
    pub enum RefusalCategory {
        /// Harm to computer systems.
        Cyber = "cyber",
        /// Biological harm.
        Bio = "bio",
        /// The making of competing frontier models.
        FrontierLlm = "frontier_llm",
        /// The extraction of the model's hidden reasoning.
        ReasoningExtraction = "reasoning_extraction",
        /// Any other harm.
        GeneralHarms = "general_harms",
    }
}
