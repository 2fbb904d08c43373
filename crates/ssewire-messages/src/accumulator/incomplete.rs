//! The report on a message that is not complete. `docs/protocol.md`, heading "Completion".

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use super::{Accumulator, Completion, ExceededLimit, Phase, ProtocolViolations};
use crate::api_error::ApiError;
use crate::message::Message;
use crate::non_stream_body::NonStreamBody;
use crate::response_head::ResponseHead;

/// A message that is not complete, and the reasons.
///
/// Nothing that was decoded is lost: the error holds the [partial message](Self::partial), which you may show, keep or
/// continue. `Display` names the reasons; no text of the message is in it, nor in `Debug`.
#[derive(Clone)]
pub struct Incomplete(Box<Report>);

#[derive(Clone)]
struct Report {
    message: Message,
    has_started: bool,
    reasons: Vec<Completion>,
    error: Option<ApiError>,
    unmatched_input: Vec<(u64, String)>,
    violations: ProtocolViolations,
    non_stream_body: Option<NonStreamBody>,
    replaced_by: Option<Box<str>>,
    exceeded_limit: Option<ExceededLimit>,
    pending_bytes: u64,
    response_head: Option<ResponseHead>,
}

impl Incomplete {
    /// Returns the partial message.
    #[must_use]
    pub fn partial(&self) -> &Message {
        &self.0.message
    }

    /// Returns the partial message. Do not act on it: see [`reason`](Self::reason).
    #[must_use]
    pub fn into_partial(self) -> Message {
        self.0.message
    }

    /// Returns whether `message_start` arrived. If not, [`partial`](Self::partial) holds what arrived without it, or is
    /// empty.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.0.has_started
    }

    /// Returns the first of the reasons.
    #[must_use]
    pub fn reason(&self) -> Completion {
        self.0.reasons.first().copied().unwrap_or(Completion::Truncated)
    }

    /// Returns all reasons that hold, in their order.
    #[must_use]
    pub fn reasons(&self) -> &[Completion] {
        &self.0.reasons
    }

    /// Returns the error that the server reported: in the stream, or as a JSON body in place of one.
    #[must_use]
    pub fn server_error(&self) -> Option<&ApiError> {
        match &self.0.non_stream_body {
            Some(NonStreamBody::Error(error)) => Some(error),
            _ => self.0.error.as_ref(),
        }
    }

    /// Returns whether a content block of the message has begun. If not, and if [`is_retryable`](Self::is_retryable)
    /// holds, the same request may be sent again. If so, content was paid for and perhaps shown, and a tool may have
    /// run at [`Update::ToolCall`](crate::Update::ToolCall).
    #[must_use]
    pub fn has_content(&self) -> bool {
        !self.partial().content().is_empty()
    }

    /// Returns whether another request may succeed. That is the same request if the message has no
    /// [content](Self::has_content), and one that continues its text if it has text. `docs/protocol.md` has the rules,
    /// under the heading "Errors". [`Backoff`](crate::Backoff) decides when to send the request.
    ///
    /// Retryable are a truncated message, a body without an event, an error for which [`ApiError::is_retryable`] holds,
    /// and a body other than a stream after a retryable status. A message is not retryable if a part of it was lost or
    /// rejected, or if the server has ended it.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        const PARTS_MISSING: [Completion; 3] =
            [Completion::LimitExceeded, Completion::RejectedByStrictMode, Completion::ContentLost];
        let by_response = self.response_head().and_then(ResponseHead::is_retryable);
        match (self.reason(), self.server_error()) {
            (Completion::NonStreamBody, Some(error)) => error.is_retryable(),
            (Completion::NonStreamBody, None) => by_response.unwrap_or(matches!(
                self.non_stream_body(),
                // `None`: an accumulator without a decoder knows only that no event of a message arrived.
                None | Some(NonStreamBody::Empty | NonStreamBody::OnlyComments | NonStreamBody::OnlyDone)
            )),
            _ if self.reasons().iter().any(|reason| PARTS_MISSING.contains(reason)) => false,
            (_, Some(error)) => error.is_retryable(),
            (Completion::Truncated, None) => by_response.unwrap_or(true),
            _ => false,
        }
    }

    /// Returns the kind of body, if [`MessageDecoder`](crate::MessageDecoder) found no stream in it.
    #[must_use]
    pub fn non_stream_body(&self) -> Option<&NonStreamBody> {
        self.0.non_stream_body.as_ref()
    }

    /// Returns the message that the body was instead of a stream, [`NonStreamBody::Message`]. It is complete.
    ///
    /// # Errors
    /// The report, unchanged, if the body was anything else.
    pub fn into_non_stream_message(mut self) -> Result<Message, Self> {
        match self.0.non_stream_body.take() {
            Some(NonStreamBody::Message(message)) => Ok(*message),
            body => {
                self.0.non_stream_body = body;
                Err(self)
            }
        }
    }

    /// Returns the id of the message that began before this one had stopped. For a report of a
    /// [`MessageDecoder`](crate::MessageDecoder), this includes a start that strict mode rejected.
    #[must_use]
    pub fn replaced_by(&self) -> Option<&str> {
        self.0.replaced_by.as_deref()
    }

    /// Returns the limit that was exceeded first: that of an event, or of the message.
    #[must_use]
    pub fn exceeded_limit(&self) -> Option<ExceededLimit> {
        self.0.exceeded_limit
    }

    /// Returns the number of bytes of an unfinished event at the end of the input.
    #[must_use]
    pub fn pending_bytes(&self) -> u64 {
        self.0.pending_bytes
    }

    /// Returns the input JSON whose block never started, by index. Input of white space alone is omitted.
    #[must_use]
    pub fn unmatched_input(&self) -> &[(u64, String)] {
        &self.0.unmatched_input
    }

    /// Returns the protocol violations of the stream.
    #[must_use]
    pub fn violations(&self) -> &ProtocolViolations {
        &self.0.violations
    }

    /// Returns the head of the response, if the decoder has it.
    #[must_use]
    pub fn response_head(&self) -> Option<&ResponseHead> {
        self.0.response_head.as_ref()
    }

    /// Returns the request ID, if the decoder has the [head](Self::response_head) of the response.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.response_head().and_then(ResponseHead::request_id)
    }

    /// Creates the report on an accumulator at the end of its stream.
    pub(crate) fn new(of: Accumulator) -> Self {
        let mut reasons = Vec::new();
        for reason in Completion::REASONS {
            if of.has_reason(reason) {
                reasons.push(reason);
            }
        }
        let unmatched_input = of.unmatched_input().map(|(index, json)| (index, json.to_string())).collect();
        let (error, replaced_by) = match of.phase {
            Phase::Failed(error) => (Some(*error), None),
            Phase::Replaced(message) | Phase::RejectedStart(message) => (None, message.id().map(Box::from)),
            _ => (None, None),
        };
        Self(Box::new(Report {
            message: of.message,
            has_started: of.has_started,
            reasons,
            error,
            unmatched_input,
            violations: of.violations,
            non_stream_body: None,
            replaced_by,
            exceeded_limit: of.cold.and_then(|cold| cold.exceeded_limit),
            pending_bytes: 0,
            response_head: None,
        }))
    }

    /// Adds the kind of a body that is not a stream.
    pub(crate) fn with_body(mut self, body: NonStreamBody) -> Self {
        self.0.non_stream_body = Some(body);
        self
    }

    /// Adds the number of bytes that were pending when the input ended.
    pub(crate) fn with_pending_bytes(mut self, bytes: u64) -> Self {
        self.0.pending_bytes = bytes;
        self
    }

    /// Adds the head of the response.
    pub(crate) fn with_response_head(mut self, head: Option<ResponseHead>) -> Self {
        if let Some(head) = &head {
            if let Some(error) = &mut self.0.error {
                error.add_response_head(head);
            }
            if let Some(NonStreamBody::Error(error)) = &mut self.0.non_stream_body {
                error.add_response_head(head);
            }
        }
        self.0.response_head = head;
        self
    }

    fn write_reason(&self, f: &mut fmt::Formatter<'_>, reason: Completion) -> fmt::Result {
        match (reason, self.0.exceeded_limit) {
            (Completion::LimitExceeded, Some(limit)) => fmt::Display::fmt(&limit, f),
            _ => fmt::Display::fmt(&reason, f),
        }
    }
}

/// Names the reasons, with the number of an exceeded limit. Never shows text of the message.
impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.non_stream_body, self.reason(), &self.0.error) {
            (Some(body), ..) => body.fmt(f)?,
            (None, Completion::ServerError, Some(error)) => error.fmt(f)?,
            (None, reason, _) => self.write_reason(f, reason)?,
        }
        for reason in self.0.reasons.iter().skip(1) {
            f.write_str("; ")?;
            self.write_reason(f, *reason)?;
        }
        match self.request_id() {
            Some(id) if self.server_error().is_none() => write!(f, " (request {id})"),
            _ => Ok(()),
        }
    }
}

/// Shows the text of `Display`: a program whose `main` returns the error prints its `Debug`.
impl fmt::Debug for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Incomplete").field(&format_args!("{self}")).finish_non_exhaustive()
    }
}

/// `Display` names the server's error, so `source` returns `None`.
impl core::error::Error for Incomplete {}
