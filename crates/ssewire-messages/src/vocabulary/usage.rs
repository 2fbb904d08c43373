//! The tokens and requests that a message cost.
//!
//! Every count is optional: one that no event carried is absent, not zero.

use alloc::string::String;
use alloc::vec::Vec;

use super::UnknownObject;
use super::wire::{object, string_enum, tagged};
use crate::Nullable;

object! {
    /// The input tokens that were written to the prompt cache, by lifetime (Messages API: `CacheCreation`).
    pub struct CacheCreation {
        /// The input tokens that are cached for one hour.
        pub ephemeral_1h_input_tokens (count): Option<u64>,
        /// The input tokens that are cached for five minutes.
        pub ephemeral_5m_input_tokens (count): Option<u64>,
    }
}

object! {
    /// The output tokens by their use (Messages API: `OutputTokensDetails`).
    pub struct OutputTokensDetails {
        /// The output tokens of the model's thinking, whether it is shown or not.
        pub thinking_tokens (count): Option<u64>,
    }
}

object! {
    /// The requests that tools of the server made (Messages API: `ServerToolUsage`).
    pub struct ServerToolUsage {
        /// The number of web fetches.
        pub web_fetch_requests (count): Option<u64>,
        /// The number of web searches.
        pub web_search_requests (count): Option<u64>,
    }
}

string_enum! {
    /// The capacity that served a request (Messages API: the `service_tier` of `Usage`).
    pub enum ServiceTier {
        /// Shared capacity.
        Standard = "standard",
        /// Capacity that was committed beforehand.
        Priority = "priority",
        /// The capacity of batches.
        Batch = "batch",
    }
}

string_enum! {
    /// The speed that a request was served with (Messages API: the `speed` of `Usage`).
    pub enum Speed {
        /// The usual speed.
        Standard = "standard",
        /// The fast mode, at a higher price.
        Fast = "fast",
    }
}

tagged! {
    /// The cost of one run of a model on the way to the message (Messages API: `BetaIteration`).
    pub enum Iteration else UnknownObject {
        /// A run that wrote to the message.
        Message(MessageIterationUsage),
        /// A run that compacted the conversation.
        Compaction(CompactionIterationUsage),
        /// A run of the advisor.
        AdvisorMessage(AdvisorMessageIterationUsage),
        /// A run of the model that took over after a refusal.
        FallbackMessage(FallbackMessageIterationUsage),
    }
}

/// The cost of a run. The kinds differ in `type`, and in whether they name the model.
macro_rules! iteration_usage {
    ($( $(#[$meta:meta])* $name:ident = $tag:literal $({ $(#[$model_meta:meta])* model: $model:ty })? )+) => {
        $(
            object! {
                $(#[$meta])*
                pub struct $name = $tag {
                    /// The input tokens that were written to the prompt cache, by lifetime.
                    pub cache_creation: Nullable<CacheCreation>,
                    /// The input tokens that were written to the prompt cache.
                    pub cache_creation_input_tokens (count): Option<u64>,
                    /// The input tokens that were read from the prompt cache.
                    pub cache_read_input_tokens (count): Option<u64>,
                    /// The input tokens that were neither written to the prompt cache nor read from it.
                    pub input_tokens (count): Option<u64>,
                    $( $(#[$model_meta])* pub model: $model, )?
                    /// The output tokens.
                    pub output_tokens (count): Option<u64>,
                }
            }
        )+
    };
}

iteration_usage! {
    /// A run that wrote to the message (Messages API: `BetaMessageIterationUsage`).
    MessageIterationUsage = "message" {
        /// The model that ran.
        model: Nullable<String>
    }
    /// A run that compacted the conversation (Messages API: `BetaCompactionIterationUsage`).
    CompactionIterationUsage = "compaction"
    /// A run of the advisor (Messages API: `BetaAdvisorMessageIterationUsage`).
    AdvisorMessageIterationUsage = "advisor_message" {
        /// The model that advised.
        model: Option<String>
    }
    /// A run of the model that took over after a refusal (Messages API: `BetaFallbackMessageIterationUsage`).
    FallbackMessageIterationUsage = "fallback_message" {
        /// The model that took over.
        model: Option<String>
    }
}

object! {
    /// The state of the credit for a request that another model refused (Messages API: `BetaFallbackCreditUsage`).
    pub struct FallbackCreditUsage {
        /// Whether the credit was redeemed.
        pub status: Option<FallbackCreditStatus>,
    }
}

tagged! {
    /// Whether a fallback credit was redeemed (Messages API: the `status` of `BetaFallbackCreditUsage`).
    pub enum FallbackCreditStatus else UnknownObject {
        /// The credit was redeemed.
        Redeemed(FallbackCreditRedeemed),
        /// The credit was not redeemed.
        NotApplied(FallbackCreditNotApplied),
    }
}

object! {
    /// The fallback credit was redeemed (Messages API: `BetaFallbackCreditRedeemed`).
    pub struct FallbackCreditRedeemed = "redeemed" {}
}

object! {
    /// The fallback credit was not redeemed (Messages API: `BetaFallbackCreditNotApplied`).
    pub struct FallbackCreditNotApplied = "not_applied" {
        /// Why the credit was not redeemed.
        pub reason: Option<FallbackCreditReason>,
        /// The fields of the request without which the credit would have been redeemed.
        pub remove_to_redeem: Nullable<Vec<String>>,
    }
}

string_enum! {
    /// Why a fallback credit was not redeemed (Messages API: the `reason` of `BetaFallbackCreditNotApplied`).
    pub enum FallbackCreditReason {
        /// The request is another one than was refused.
        BodyMismatch = "body_mismatch",
        /// The credit does not cover going on from the text so far.
        ContinuationExcluded = "continuation_excluded",
        /// The credit covers only going on from the text so far.
        ContinuationOnly = "continuation_only",
        /// The credit has expired.
        Expired = "expired",
        /// The credit does not hold for this model.
        InvalidTargetModel = "invalid_target_model",
        /// Fallback credits are not enabled here.
        NotEnabled = "not_enabled",
        /// The lower price could not be worked out.
        RepriceUnavailable = "reprice_unavailable",
        /// Credits cannot be redeemed at the moment.
        TemporarilyUnavailable = "temporarily_unavailable",
        /// The request has fields that the credit does not allow.
        VariantFieldsPresent = "variant_fields_present",
        /// The credit is another organization's.
        WrongOrganization = "wrong_organization",
        /// The credit is another platform's.
        WrongPlatform = "wrong_platform",
        /// The credit is another workspace's.
        WrongWorkspace = "wrong_workspace",
    }
}
