use alloc::string::String;

use super::UnknownObject;
use super::wire::{object, string_enum, tagged};
use crate::Nullable;

object! {
    /// The answer of the advisor, another model (Messages API: `BetaAdvisorToolResultBlock`).
    pub struct AdvisorToolResultBlock = "advisor_tool_result" {
        /// The outcome.
        pub content: Option<AdvisorToolResultContent>,
        /// The identifier of the call.
        pub tool_use_id: Option<String>,
    }
}

tagged! {
    /// The outcome of asking the advisor (Messages API: the `content` of a `BetaAdvisorToolResultBlock`).
    pub enum AdvisorToolResultContent else UnknownObject {
        /// The advisor's advice.
        Result(AdvisorResultBlock),
        /// The advisor's advice, only for the model.
        RedactedResult(AdvisorRedactedResultBlock),
        /// The reason why the advice is missing.
        Error(AdvisorToolResultErrorObject),
    }
}

object! {
    /// The advisor's advice (Messages API: `BetaAdvisorResultBlock`).
    pub struct AdvisorResultBlock = "advisor_result" {
        /// Why the advisor stopped.
        pub stop_reason: Nullable<String>,
        /// The text of the advisor.
        pub text: Option<String>,
    }
}

object! {
    /// The advisor's advice in encrypted form (Messages API: `BetaAdvisorRedactedResultBlock`).
    pub struct AdvisorRedactedResultBlock = "advisor_redacted_result" {
        /// The encrypted text of the advisor. Send it back unchanged.
        pub encrypted_content: Option<String>,
        /// Why the advisor stopped.
        pub stop_reason: Nullable<String>,
    }
}

object! {
    /// The advisor could not be asked (Messages API: `BetaAdvisorToolResultErrorObject`).
    pub struct AdvisorToolResultErrorObject = "advisor_tool_result_error" {
        /// Why the advisor could not be asked.
        pub error_code: Option<AdvisorErrorCode>,
    }
}

string_enum! {
    /// Why the advisor could not be asked (Messages API: the `error_code` of a `BetaAdvisorToolResultErrorObject`).
    pub enum AdvisorErrorCode {
        /// The request's limit of calls is used up.
        MaxUsesExceeded = "max_uses_exceeded",
        /// The conversation is too long for the advisor.
        PromptTooLong = "prompt_too_long",
        /// There were too many calls in a short time.
        TooManyRequests = "too_many_requests",
        /// The advisor has more to do than it can.
        Overloaded = "overloaded",
        /// The tool does not work at the moment.
        Unavailable = "unavailable",
        /// The advisor exceeded its time limit.
        ExecutionTimeExceeded = "execution_time_exceeded",
        /// The model does not exist.
        ModelNotFound = "model_not_found",
    }
}
