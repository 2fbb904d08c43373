//! Changes of the request before it reached the model (beta).

use alloc::string::String;

use super::UnknownObject;
use super::wire::{object, string_enum, tagged};

tagged! {
    /// A change to the request before the model saw it (Messages API: `BetaInputTransformation`).
    pub enum InputTransformation else UnknownObject {
        /// A thinking block was left out.
        ThinkingDropped(ThinkingDroppedInputTransformation),
        /// A thinking block was let through although it is bound to something else.
        ThinkingMismatchAllowed(ThinkingMismatchAllowedInputTransformation),
    }
}

object! {
    /// A thinking block was left out (Messages API: `BetaThinkingDroppedInputTransformation`).
    pub struct ThinkingDroppedInputTransformation = "thinking_dropped" {
        /// Where in the request, as in `messages.1.content.0`.
        pub path: Option<String>,
        /// The binding of the block that did not match.
        pub reason: Option<BindingReason>,
    }
}

object! {
    /// A thinking block was let through although it is bound to something else (Messages API:
    /// `BetaThinkingMismatchAllowedInputTransformation`).
    pub struct ThinkingMismatchAllowedInputTransformation = "thinking_mismatch_allowed" {
        /// Where in the request, as in `messages.1.content.0`.
        pub path: Option<String>,
        /// The binding of the block that did not match.
        pub reason: Option<BindingReason>,
    }
}

string_enum! {
    /// The binding of a thinking block that did not match (Messages API: `BindingReason`).
    pub enum BindingReason {
        /// Another model wrote the block.
        ModelBindingMismatch = "model_binding_mismatch",
        /// The block followed another beginning of the conversation.
        PrefixBindingMismatch = "prefix_binding_mismatch",
        /// The block was written for another organization.
        OrganizationBindingMismatch = "organization_binding_mismatch",
        /// The block was written for another end user.
        EndUserBindingMismatch = "end_user_binding_mismatch",
    }
}
