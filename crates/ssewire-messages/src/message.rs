use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::Nullable;
use crate::container::Container;
use crate::content::Content;
use crate::context_management::ContextManagementResponse;
use crate::diagnostics::Diagnostics;
use crate::input_transformation::InputTransformation;
use crate::stop::{StopDetails, StopReason};
use crate::usage::Usage;
use crate::wire::{object, string_enum};

object! {
    /// A message of the model (Messages API: `Message`, `BetaMessage`), as a whole or as far as it
    /// has arrived.
    ///
    /// Written as JSON it always has `type`, `role` and `content`; everything else is written only
    /// if it came.
    pub struct Message = "message" implied {
        /// The identifier of the message, `msg_…`.
        pub id: Option<String>,
        /// The container that code execution ran in. Null where none was used.
        pub container: Nullable<Box<Container>>,
        /// The content blocks.
        pub content (strict): Content,
        /// What the server's context management did to the request (beta).
        pub context_management: Nullable<Box<ContextManagementResponse>>,
        /// Why the prompt cache was missed, where diagnostics were asked for.
        pub diagnostics: Nullable<Box<Diagnostics>>,
        /// The model that wrote the message; after a fallback, the one that finished it.
        pub model: Option<String>,
        /// Whose message it is: the assistant's. `None` if it did not come.
        pub role (implied "assistant"): Option<Role>,
        /// What stands behind the stop reason, where it was a refusal.
        pub stop_details: Nullable<Box<StopDetails>>,
        /// Why the model stopped. Null until it has.
        pub stop_reason: Nullable<StopReason>,
        /// The stop sequence that was met, where the stop reason is `stop_sequence`.
        pub stop_sequence: Nullable<String>,
        /// What the message cost in tokens and requests.
        pub usage: Nullable<Box<Usage>>,
        /// What was changed in the request before the model saw it (beta).
        pub input_transformations: Nullable<Vec<InputTransformation>>,
    }
}

impl Message {
    /// The tokens of the request that were neither written to the cache nor read from it, as far as they are known.
    #[must_use]
    pub fn input_tokens(&self) -> Option<u64> {
        self.usage.get()?.input_tokens.get().copied()
    }

    /// The tokens that the model has written, as far as they are known. Grows with each
    /// [`MessageDelta`](crate::Update::MessageDelta), and is final with the last.
    #[must_use]
    pub fn output_tokens(&self) -> Option<u64> {
        self.usage.get()?.output_tokens
    }
}

string_enum! {
    /// Whose message it is (Messages API: the `role` of a `Message`).
    pub enum Role {
        /// The model's.
        Assistant = "assistant",
    }
}
