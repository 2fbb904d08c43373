//! Why the model stopped.

use alloc::string::String;

use super::UnknownObject;
use super::wire::{object, string_enum, tagged};
use crate::Nullable;

tagged! {
    /// The details of a stop reason (Messages API: `stop_details` of a `Message`).
    pub enum StopDetails else UnknownObject {
        /// The refusal and its category.
        Refusal(RefusalStopDetails),
    }
}

object! {
    /// The refusal and its category (Messages API: `RefusalStopDetails`, `BetaRefusalStopDetails`).
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
