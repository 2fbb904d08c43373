//! How a stream ended, and the message that it did not finish.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use super::{Accumulator, Anomalies, Phase};
use crate::api_error::ApiError;
use crate::content::ContentBlock;
use crate::message::Message;
use crate::not_a_stream::NotAStream;
use crate::tool_input::{InputState, ToolInput};

/// How a stream ended, if it ended here. Ordered as they are looked for: where several hold, the first is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Completion {
    /// Nothing of a Messages stream was seen.
    NotAStream,
    /// The server reported an error.
    ServerError,
    /// The message passed its limit, or an event of it did.
    TooLarge,
    /// The input ended before the message did.
    Cut,
    /// A piece of content could not be decoded: text or tool input may be missing.
    Hole,
    /// The input of a tool call is cut or no JSON, or never found its block.
    ToolInput,
    /// An event that departs from the protocol was refused ([`Strictness::Strict`](crate::Strictness::Strict)): what it
    /// carried is missing. Only a [`MessageStream`](crate::MessageStream) says so: a refusal changes nothing in an
    /// [`Accumulator`].
    Refused,
    /// The stop reason came, but no `message_stop`: the message is whole, the terminator is missing.
    Unterminated,
    /// All of it came.
    Complete,
}

impl Completion {
    /// All that keeps a message from being complete, in its order.
    const REASONS: [Self; 8] = [
        Self::NotAStream,
        Self::ServerError,
        Self::TooLarge,
        Self::Cut,
        Self::Hole,
        Self::ToolInput,
        Self::Refused,
        Self::Unterminated,
    ];
}

impl fmt::Display for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAStream => "nothing of a Messages stream was seen",
            Self::ServerError => "the server reported an error",
            Self::TooLarge => "the message, or an event of it, is larger than its limit",
            Self::Cut => "the stream was cut before the message was complete",
            Self::Hole => "an event could not be decoded, so text or tool input may be missing",
            Self::ToolInput => "the input of a tool call is cut or no valid JSON",
            Self::Refused => {
                "an event that departs from the protocol was refused, so text or tool input may be missing"
            }
            Self::Unterminated => "the message is whole, but message_stop is missing",
            Self::Complete => "the message is complete",
        })
    }
}

impl Accumulator {
    /// How the stream ended, if it ended here.
    #[must_use]
    pub fn completion(&self) -> Completion {
        Completion::REASONS.into_iter().find(|reason| self.holds(*reason)).unwrap_or(Completion::Complete)
    }

    fn holds(&self, reason: Completion) -> bool {
        let stopped = matches!(self.phase, Phase::Stopped | Phase::NextMessage);
        let has_reason = self.message.stop_reason.is_value();
        match reason {
            Completion::NotAStream => !self.seen(),
            Completion::ServerError => self.error().is_some(),
            Completion::TooLarge => self.too_large || self.lost_event,
            // What never was a stream was not cut either.
            Completion::Cut => self.seen() && (!self.started || !(stopped || has_reason)),
            Completion::Hole => self.holes > 0,
            Completion::ToolInput => {
                self.blocks.orphans().next().is_some() || self.message.content.iter().any(has_broken_input)
            }
            // An accumulator hears of no refusal, and a message is whole where no reason holds.
            Completion::Refused | Completion::Complete => false,
            Completion::Unterminated => self.started && has_reason && !stopped,
        }
    }
}

/// At the end of the stream nothing more will come: input that is still growing then is cut.
fn has_broken_input(block: &ContentBlock) -> bool {
    let state = block.input().map(ToolInput::state_at_the_end);
    state.is_some_and(|state| !matches!(state, InputState::Complete | InputState::Empty))
}

/// A message that did not become whole, and why.
///
/// Nothing that was decoded is lost: the partial message is [inside](Self::message), to be shown, to be kept, or to be
/// gone on from. `Display` names the reasons; no text of the message is in it, nor in `Debug`.
pub struct Incomplete(Box<Parts>);

struct Parts {
    message: Message,
    started: bool,
    reasons: Vec<Completion>,
    error: Option<ApiError>,
    orphan_input: Vec<(u64, String)>,
    anomalies: Anomalies,
    not_a_stream: Option<NotAStream>,
}

impl Incomplete {
    pub(crate) fn new(mut of: Accumulator) -> Self {
        for arrival in (0..).take(of.message.content.len()) {
            if let Some(input) = of.message.content.by_arrival_mut(arrival).and_then(ContentBlock::input_mut) {
                input.end();
            }
        }
        let reasons = Completion::REASONS.into_iter().filter(|reason| of.holds(*reason)).collect();
        let orphan_input = of.blocks.orphans().map(|(index, json)| (index, json.to_string())).collect();
        of.message.content.settle();
        let error = match of.phase {
            Phase::Failed(error) => Some(*error),
            _ => None,
        };
        let (message, started, anomalies) = (of.message, of.started, of.anomalies);
        let not_a_stream = None;
        Self(Box::new(Parts { message, started, reasons, error, orphan_input, anomalies, not_a_stream }))
    }

    /// Adds that an event was refused.
    pub(crate) fn after_a_refusal(mut self) -> Self {
        let reasons = &mut self.0.reasons;
        let place = reasons.partition_point(|reason| *reason < Completion::Refused);
        reasons.insert(place, Completion::Refused);
        self
    }

    /// Adds what the body was instead of a stream.
    pub(crate) fn explained_by(mut self, body: NotAStream) -> Self {
        self.0.not_a_stream = Some(body);
        self
    }

    /// The message as far as it came.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.0.message
    }

    /// The same, to keep. Never a result to act upon: see [`reason`](Self::reason).
    #[must_use]
    pub fn into_partial(self) -> Message {
        self.0.message
    }

    /// Whether `message_start` came; if not, [`message`](Self::message) is an empty one, or holds what came without.
    #[must_use]
    pub fn started(&self) -> bool {
        self.0.started
    }

    /// The first of the reasons.
    #[must_use]
    pub fn reason(&self) -> Completion {
        self.0.reasons.first().copied().unwrap_or(Completion::Cut)
    }

    /// All reasons that hold, in their order.
    #[must_use]
    pub fn reasons(&self) -> &[Completion] {
        &self.0.reasons
    }

    /// What the server reported: in the stream, or as a JSON body in place of one.
    #[must_use]
    pub fn error(&self) -> Option<&ApiError> {
        match &self.0.not_a_stream {
            Some(NotAStream::Error(error)) => Some(error),
            _ => self.0.error.as_ref(),
        }
    }

    /// What the body was instead, if [`MessageStream`](crate::MessageStream) found no stream in it.
    #[must_use]
    pub fn not_a_stream(&self) -> Option<&NotAStream> {
        self.0.not_a_stream.as_ref()
    }

    /// Input JSON that never found its block, by index.
    #[must_use]
    pub fn orphan_input(&self) -> &[(u64, String)] {
        &self.0.orphan_input
    }

    /// The departures of the stream.
    #[must_use]
    pub fn anomalies(&self) -> &Anomalies {
        &self.0.anomalies
    }
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.not_a_stream, self.reason(), &self.0.error) {
            (Some(body), ..) => write!(f, "{body}")?,
            (None, Completion::ServerError, Some(error)) => write!(f, "{error}")?,
            (None, reason, _) => write!(f, "{reason}")?,
        }
        self.0.reasons.iter().skip(1).try_for_each(|reason| write!(f, "; {reason}"))
    }
}

impl fmt::Debug for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incomplete")
            .field("reasons", &self.0.reasons)
            .field("error", &self.0.error)
            .field("started", &self.0.started)
            .finish_non_exhaustive()
    }
}

impl core::error::Error for Incomplete {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.error().map(|error| error as _)
    }
}
