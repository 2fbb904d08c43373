use alloc::string::String;

use super::UnknownObject;
use super::stop::RefusalCategory;
use super::wire::{object, tagged};
use crate::Nullable;

object! {
    /// From here on another model wrote (Messages API: `BetaFallbackBlock`).
    pub struct FallbackBlock = "fallback" {
        /// The model that wrote before.
        pub from: Option<FallbackInfo>,
        /// The model that took over.
        pub to: Option<FallbackInfo>,
        /// Why the model changed.
        pub trigger: Option<FallbackTrigger>,
    }
}

object! {
    /// One side of a fallback (Messages API: `BetaFallbackInfo`).
    pub struct FallbackInfo {
        /// The name of the model.
        pub model: Option<String>,
    }
}

tagged! {
    /// The reason for the change of the model (Messages API: the `trigger` of a `BetaFallbackBlock`).
    pub enum FallbackTrigger else UnknownObject {
        /// The model before refused.
        Refusal(FallbackRefusalTrigger),
    }
}

object! {
    /// The model before refused (Messages API: `BetaFallbackRefusalTrigger`).
    pub struct FallbackRefusalTrigger = "refusal" {
        /// The policy that the refusal falls under. Null where it falls under none that is named.
        pub category: Nullable<RefusalCategory>,
    }
}
