//! The state of a message at the end of its stream. `docs/protocol.md`, heading "Completion".

use core::fmt;

use super::{Accumulator, Phase};
use crate::block::ContentBlock;

/// The state of a message at the end of its stream. If several variants apply, the first in this order is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Completion {
    /// Nothing of a Messages stream was seen.
    NonStreamBody,
    /// The server reported an error.
    ServerError,
    /// The message exceeded its limit, or an event exceeded that of events.
    LimitExceeded,
    /// An event that violates the protocol was rejected ([`Validation::Strict`](crate::Validation::Strict)): its
    /// content is missing. Only a [`MessageDecoder`](crate::MessageDecoder) reports this: a rejection changes nothing
    /// in an [`Accumulator`].
    RejectedByStrictMode,
    /// The input ended before the message did, or another message began.
    Truncated,
    /// A piece of content, the stop reason, or the start of another message was undecodable: text or tool input may be
    /// missing, or be that of another message.
    ContentLost,
    /// The input of a tool call is truncated or not valid, or never found its block.
    ToolInput,
    /// All content and the stop reason arrived, but not `message_stop`.
    Unterminated,
    /// The message is complete.
    Complete,
}

impl Completion {
    /// All reasons for which a message is not complete, in their order.
    pub(super) const REASONS: [Self; 8] = [
        Self::NonStreamBody,
        Self::ServerError,
        Self::LimitExceeded,
        Self::RejectedByStrictMode,
        Self::Truncated,
        Self::ContentLost,
        Self::ToolInput,
        Self::Unterminated,
    ];

    /// Returns the name of the variant, for labels and logs. Later versions keep it.
    ///
    /// ```
    /// use ssewire_messages::Completion;
    ///
    /// assert_eq!(Completion::ServerError.as_str(), "server_error");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NonStreamBody => "non_stream_body",
            Self::ServerError => "server_error",
            Self::LimitExceeded => "limit_exceeded",
            Self::RejectedByStrictMode => "rejected_by_strict_mode",
            Self::Truncated => "truncated",
            Self::ContentLost => "content_lost",
            Self::ToolInput => "tool_input",
            Self::Unterminated => "unterminated",
            Self::Complete => "complete",
        }
    }
}

impl fmt::Display for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NonStreamBody => "body is not a Messages stream",
            Self::ServerError => "server reported an error",
            Self::LimitExceeded => "message, or an event of it, is larger than its limit",
            Self::RejectedByStrictMode => "event that violates the protocol was rejected, so content may be missing",
            Self::Truncated => "stream is truncated before the message was complete",
            Self::ContentLost => "event could not be decoded, so text or tool input may be missing",
            Self::ToolInput => "tool input is truncated or not valid JSON",
            Self::Unterminated => "message_stop is missing, but all content arrived",
            Self::Complete => "message is complete",
        })
    }
}

impl Accumulator {
    /// Returns how the message would end if the stream ended now. Linear in the size of the message.
    #[must_use]
    pub fn completion(&self) -> Completion {
        Completion::REASONS.into_iter().find(|reason| self.has_reason(*reason)).unwrap_or(Completion::Complete)
    }

    pub(super) fn has_reason(&self, reason: Completion) -> bool {
        let has_stopped = matches!(self.phase, Phase::Stopped | Phase::NextMessage);
        match reason {
            Completion::NonStreamBody => !self.is_messages_stream(),
            Completion::ServerError => self.server_error().is_some(),
            Completion::LimitExceeded => self.cold.as_ref().is_some_and(|cold| cold.exceeded_limit.is_some()),
            Completion::RejectedByStrictMode => self.is_rejected,
            // A body that never was a stream was not truncated either.
            Completion::Truncated => {
                self.is_messages_stream() && (!self.has_started || !(has_stopped || self.has_stop_reason))
            }
            Completion::ContentLost => self.has_lost_content || (self.has_lost_message_delta && !self.has_stop_reason),
            Completion::ToolInput => {
                // A half without its other half is not JSON.
                self.blocks.has_any_unmatched()
                    || self.blocks.has_half_of_input()
                    || self.message.content.iter().any(has_broken_input)
            }
            Completion::Unterminated => self.has_started && self.has_stop_reason && !has_stopped,
            Completion::Complete => false,
        }
    }
}

/// Returns whether the input of a block is truncated or invalid if the stream ends here.
fn has_broken_input(block: &ContentBlock) -> bool {
    match block {
        ContentBlock::ToolUse(block) => block.input.is_broken_at_end(),
        ContentBlock::Raw(block) => block.has_broken_input(),
        _ => false,
    }
}
