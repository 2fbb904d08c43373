//! Why the prompt cache was missed.

use super::UnknownObject;
use super::wire::{object, tagged};
use crate::Nullable;

object! {
    /// Diagnostics of the request by the server (Messages API: `Diagnostics`).
    pub struct Diagnostics {
        /// Why the prompt cache was missed. Null where it was not, or is not known yet.
        pub cache_miss_reason: Nullable<CacheMissReason>,
    }
}

tagged! {
    /// Why the prompt cache was missed, compared with an earlier message (Messages API: the `CacheMiss…` types).
    pub enum CacheMissReason else UnknownObject {
        /// The model differs.
        ModelChanged(CacheMissModelChanged),
        /// The system prompt differs.
        SystemChanged(CacheMissSystemChanged),
        /// The tools differ.
        ToolsChanged(CacheMissToolsChanged),
        /// The messages differ.
        MessagesChanged(CacheMissMessagesChanged),
        /// The earlier message was not found.
        PreviousMessageNotFound(CacheMissPreviousMessageNotFound),
        /// The comparison could not be made.
        Unavailable(CacheMissUnavailable),
    }
}

object! {
    /// The model differs (Messages API: `CacheMissModelChanged`).
    pub struct CacheMissModelChanged = "model_changed" {
        /// The number of input tokens that the cache could have served.
        pub cache_missed_input_tokens (count): Option<u64>,
    }
}

object! {
    /// The system prompt differs (Messages API: `CacheMissSystemChanged`).
    pub struct CacheMissSystemChanged = "system_changed" {
        /// The number of input tokens that the cache could have served.
        pub cache_missed_input_tokens (count): Option<u64>,
    }
}

object! {
    /// The tools differ (Messages API: `CacheMissToolsChanged`).
    pub struct CacheMissToolsChanged = "tools_changed" {
        /// The number of input tokens that the cache could have served.
        pub cache_missed_input_tokens (count): Option<u64>,
    }
}

object! {
    /// The messages differ (Messages API: `CacheMissMessagesChanged`).
    pub struct CacheMissMessagesChanged = "messages_changed" {
        /// The number of input tokens that the cache could have served.
        pub cache_missed_input_tokens (count): Option<u64>,
    }
}

object! {
    /// The earlier message was not found (Messages API: `CacheMissPreviousMessageNotFound`).
    pub struct CacheMissPreviousMessageNotFound = "previous_message_not_found" {}
}

object! {
    /// The comparison could not be made (Messages API: `CacheMissUnavailable`).
    pub struct CacheMissUnavailable = "unavailable" {}
}
