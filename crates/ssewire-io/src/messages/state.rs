//! State of a message that arrives, shared by the blocking and the asynchronous adapter.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

use ssewire_messages::{Accumulator, Message, MessageDecoder, ProtocolViolation, Step, UpdateEvent, UpdateSpan};

use super::error::{IncompleteMessage, SharedReport};

/// The decoder, and the part of its message that was returned.
///
/// ```text
///           input ended or failed          no update left
///   Reading ────────────────> Draining ──────────────────────> Ended    complete: `None`
///      │                                                       Failed   incomplete: the error, then `None`
///      └──────────────────── message ended ──────────────────────^
/// ```
pub(super) struct MessageState<E> {
    /// Boxed: it has nearly a kilobyte, and adapters are moved into tasks.
    decoder: Box<MessageDecoder>,
    phase: Phase,
    rejected: Option<ProtocolViolation>,
    /// Report in the error of [`Phase::Failed`].
    returned_report: Option<SharedReport>,
    /// Set after the first message of the body: the absence of a further message is not an error.
    is_later: bool,
    /// The error of a transport that failed. Kept until the updates before it are returned, and after a message that is
    /// complete: the body was to continue.
    transport_error: Option<E>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// More input is decoded.
    Reading,
    /// The input has ended or failed; the decoder may still have updates.
    Draining,
    /// The message is complete, or there is no further one.
    Ended,
    /// The message is incomplete, and was returned in an error.
    Failed,
}

/// Item found in the input.
pub(super) enum Found {
    Update(UpdateSpan),
    /// The end of the message.
    End,
}

/// The position of an update, and where in the chunk the search for it began; nowhere after the end of the input.
pub(super) type Position = (Option<usize>, UpdateSpan);

impl<E> MessageState<E> {
    pub(super) fn new(decoder: MessageDecoder) -> Self {
        Self {
            decoder: Box::new(decoder),
            phase: Phase::Reading,
            rejected: None,
            returned_report: None,
            is_later: false,
            transport_error: None,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns whether nothing follows until `next_message`.
    #[cfg(feature = "stream")]
    pub(super) fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended | Phase::Failed)
    }

    pub(super) fn decoder(&self) -> &MessageDecoder {
        &self.decoder
    }

    pub(super) fn map_decoder(self, set: impl FnOnce(MessageDecoder) -> MessageDecoder) -> Self {
        Self { decoder: Box::new(set(*self.decoder)), ..self }
    }

    pub(super) fn map_accumulator(self, set: impl FnOnce(Accumulator) -> Accumulator) -> Self {
        self.map_decoder(|decoder| decoder.map_accumulator(set))
    }

    /// Finds the next update. `None`: more input is needed.
    pub(super) fn poll(&mut self, input: &mut &[u8]) -> Option<Found> {
        match self.decoder.poll(input) {
            Ok(Step::Update(span)) => Some(Found::Update(span)),
            Ok(Step::Ended) => Some(Found::End),
            Ok(Step::NeedInput) => None,
            Err(error) => {
                self.rejected = Some(error);
                Some(Found::End)
            }
        }
    }

    /// Records the end of the input, or that the transport failed for good.
    pub(super) fn end_input(&mut self) {
        self.phase = Phase::Draining;
    }

    /// Records the error of the transport: it belongs to the message that the input ends in.
    pub(super) fn record_transport_error(&mut self, error: E) {
        self.transport_error = Some(error);
    }

    /// Returns the error of a transport that failed after the message that is complete.
    #[cfg(feature = "stream")]
    pub(super) fn take_transport_error(&mut self) -> Option<E> {
        self.transport_error.take()
    }

    /// Returns the next update caused by the end of the input. After the last one determines whether the message is
    /// complete.
    pub(super) fn drain(&mut self) -> Result<Option<UpdateSpan>, IncompleteMessage<E>> {
        match self.decoder.poll_end() {
            Ok(Some(span)) => return Ok(Some(span)),
            Ok(None) => {}
            Err(error) => self.rejected = Some(error),
        }
        if self.transport_error.is_none() || self.decoder.is_complete() {
            return self.conclude().map(|()| None);
        }
        let transport_error = self.transport_error.take();
        self.take_message(transport_error).map(|_| None)
    }

    pub(super) fn resolve<'s>(&'s self, chunk: &'s [u8], span: UpdateSpan) -> UpdateEvent<'s> {
        self.decoder.resolve(chunk, span)
    }

    /// Ends the message at a read timeout, which does not matter for a message that is complete.
    #[cfg(feature = "std")]
    pub(super) fn interrupt(&mut self, timeout: E) -> Result<(), IncompleteMessage<E>> {
        self.transport_error = Some(timeout);
        // An event without its blank line still belongs to the message.
        while self.drain()?.is_some() {}
        // The transport may go on.
        self.transport_error = None;
        Ok(())
    }

    /// Determines whether the message that has ended is complete.
    pub(super) fn conclude(&mut self) -> Result<(), IncompleteMessage<E>> {
        if self.decoder.is_complete() || self.is_absent() {
            self.phase = Phase::Ended;
            return Ok(());
        }
        self.take_message(None).map(|_| ())
    }

    /// Returns whether the body has no further message.
    fn is_absent(&self) -> bool {
        self.is_later && !self.decoder.has_started() && self.rejected.is_none()
    }

    /// Takes the message, and prepares for the next one of the body.
    fn take_message(&mut self, transport: Option<E>) -> Result<Message, IncompleteMessage<E>> {
        let result = self.decoder.next_message();
        self.is_later = true;
        self.phase = if result.is_ok() { Phase::Reading } else { Phase::Failed };
        result.map_err(|incomplete| {
            let report = self.returned_report.insert(incomplete.into());
            IncompleteMessage::new(report.clone(), self.rejected, transport)
        })
    }

    /// Returns the message that has ended, and continues with the next one. `None`: there is none, or an error has
    /// returned it.
    pub(super) fn next_message(&mut self) -> Result<Option<Message>, IncompleteMessage<E>> {
        if self.is_absent() {
            return Ok(None);
        }
        let message = self.take_message(None)?;
        self.rejected = None;
        Ok(Some(message))
    }

    /// Continues after an incomplete message.
    pub(super) fn skip_failed(&mut self) {
        if self.returned_report.take().is_some() {
            self.rejected = None;
            self.phase = Phase::Reading;
        }
    }

    /// Returns the message that has ended.
    pub(super) fn finish(self) -> Result<Message, IncompleteMessage<E>> {
        match self.returned_report {
            Some(report) => Err(IncompleteMessage::new(report, self.rejected, None)),
            None => self
                .decoder
                .finish()
                .map_err(|incomplete| IncompleteMessage::new(incomplete.into(), self.rejected, None)),
        }
    }

    /// Ends the message with the bytes that were taken from the transport. `unread` are those not decoded yet.
    pub(super) fn into_message(mut self, mut unread: &[u8]) -> Result<Message, IncompleteMessage<E>> {
        if self.phase == Phase::Reading {
            let mut found = self.poll(&mut unread);
            while let Some(Found::Update(_)) = found {
                found = self.poll(&mut unread);
            }
            if found.is_none() {
                self.end_input();
            }
        }
        while self.phase == Phase::Draining && self.drain()?.is_some() {}
        self.finish()
    }

    /// Converts the type of the transport's error.
    #[cfg(feature = "stream")]
    pub(super) fn map_transport<F>(self, convert: impl FnOnce(E) -> F) -> MessageState<F> {
        let Self { decoder, phase, rejected, returned_report, is_later, transport_error } = self;
        let transport_error = transport_error.map(convert);
        MessageState { decoder, phase, rejected, returned_report, is_later, transport_error }
    }

    /// Returns the message so far, also after an error.
    pub(super) fn snapshot(&self) -> Cow<'_, Message> {
        match &self.returned_report {
            Some(report) => Cow::Borrowed(report.partial()),
            None => self.decoder.snapshot(),
        }
    }
}

/// The methods of both adapters that need only their `state`.
macro_rules! message_methods {
    () => {
        /// Sets the head of the response: its request ID and rate limits are in every error of the message, and in the
        /// [`decoder`](Self::decoder) of a complete one.
        pub fn with_response_head(self, head: ResponseHead) -> Self {
            Self { state: self.state.map_decoder(|decoder| decoder.with_response_head(head)), ..self }
        }

        /// Makes [`Update::ToolInput`] contain the value of the input so far, with or without the unfinished string at
        /// its end. Replaces this setting of the accumulator, and so also `Accumulator::with_partial_changes`.
        pub fn with_partial_input(self, strings: PartialStrings) -> Self {
            Self { state: self.state.map_accumulator(|accumulator| accumulator.with_partial_input(strings)), ..self }
        }

        /// Sets the treatment of protocol violations; see [`Validation`].
        pub fn with_validation(self, validation: Validation) -> Self {
            Self { state: self.state.map_accumulator(|accumulator| accumulator.with_validation(validation)), ..self }
        }

        /// Sets the limit of the message in bytes, counted as `Accumulator::with_max_bytes` says. For other limits use
        /// [`with_decoder`](Self::with_decoder).
        pub fn with_max_bytes(self, bytes: usize) -> Self {
            Self { state: self.state.map_accumulator(|accumulator| accumulator.with_max_bytes(bytes)), ..self }
        }

        /// Reads the text of the message as JSON of the type `T`, while it arrives.
        #[doc(alias = "parsed_output")]
        pub fn structured<T: DeserializeOwned>(self) -> StructuredMessage<Self, T> {
            StructuredMessage::new(self)
        }

        /// Returns the decoder, which contains the protocol violations and the accumulator. Empty after an error.
        #[must_use]
        pub fn decoder(&self) -> &MessageDecoder {
            self.state.decoder()
        }

        /// Returns the request ID, also after an error, if the [head](Self::with_response_head) of the response has
        /// one.
        #[must_use]
        pub fn request_id(&self) -> Option<&str> {
            self.decoder().response_head().and_then(ResponseHead::request_id)
        }

        /// Returns the message so far, also after an error.
        #[doc(alias = "current_message_snapshot")]
        #[must_use]
        pub fn snapshot(&self) -> Cow<'_, Message> {
            self.state.snapshot()
        }
    };
}
pub(super) use message_methods;

/// Returns the text of an update, `None` if it has none.
pub(super) fn text_of(event: &UpdateEvent<'_>) -> Option<String> {
    let text: String = event.update.text_deltas().collect();
    (!text.is_empty()).then_some(text)
}
