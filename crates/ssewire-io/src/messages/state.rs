//! State of a message that arrives, shared by the blocking and the asynchronous adapter.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

use ssewire_messages::{
    Accumulator, Message, MessageDecodeError, MessageDecoder, ResponseHead, Step, UpdateEvent, UpdateSpan,
};

use super::error::{IncompleteMessage, SharedReport};

/// The decoder, and the part of its message that was returned.
///
/// ```text
///              input ended                 no update left
///   Reading ────────────────> Draining ──────────────────────> Ended    complete: `None`
///      │                                                       Failed   incomplete: the error, then `None`
///      └──────── message ended, or transport failed ─────────────^
/// ```
pub(super) struct MessageState {
    /// Boxed: it has nearly a kilobyte, and adapters are moved into tasks.
    decoder: Box<MessageDecoder>,
    phase: Phase,
    rejected: Option<MessageDecodeError>,
    /// Report and rejection in the error of [`Phase::Failed`].
    failed: Option<(SharedReport, Option<MessageDecodeError>)>,
    /// Set after the first message of the body: the absence of a further message is not an error.
    is_later: bool,
    /// The transport failed after a message that is complete. A further one may be missing.
    has_failed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// More input is decoded.
    Reading,
    /// The input has ended; the decoder may still have updates.
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

impl MessageState {
    pub(super) fn new(decoder: MessageDecoder) -> Self {
        Self {
            decoder: Box::new(decoder),
            phase: Phase::Reading,
            rejected: None,
            failed: None,
            is_later: false,
            has_failed: false,
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

    pub(super) fn with_response_head(self, head: ResponseHead) -> Self {
        Self { decoder: Box::new(self.decoder.with_response_head(head)), ..self }
    }

    pub(super) fn map_accumulator(self, set: impl FnOnce(Accumulator) -> Accumulator) -> Self {
        let accumulator = set(self.decoder.accumulator().clone());
        Self { decoder: Box::new(self.decoder.with_accumulator(accumulator)), ..self }
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

    /// Records the end of the input.
    ///
    /// # Errors
    /// The transport failed after the message before.
    pub(super) fn end_input<E>(&mut self) -> Result<(), IncompleteMessage<E>> {
        self.phase = Phase::Draining;
        if core::mem::take(&mut self.has_failed) { self.fail(None).map(|_| ()) } else { Ok(()) }
    }

    /// Records that the transport failed after the end of the message.
    #[cfg(feature = "stream")]
    pub(super) fn record_failure(&mut self) {
        self.has_failed = true;
    }

    /// Returns the next update caused by the end of the input.
    pub(super) fn drain(&mut self) -> Option<UpdateSpan> {
        match self.decoder.poll_end() {
            Ok(Step::Update(span)) => Some(span),
            Ok(Step::NeedInput | Step::Ended) => None,
            Err(error) => {
                self.rejected = Some(error);
                None
            }
        }
    }

    pub(super) fn resolve<'s>(&'s self, chunk: &'s [u8], span: UpdateSpan) -> UpdateEvent<'s> {
        self.decoder.resolve(chunk, span)
    }

    /// Records that the transport failed for good; see [`interrupt`](Self::interrupt).
    pub(super) fn fail<E>(&mut self, error: Option<E>) -> Result<Option<E>, IncompleteMessage<E>> {
        let error = self.interrupt(error)?;
        self.has_failed = true;
        Ok(error)
    }

    /// Records that the transport failed or timed out, with its error if it is known. This does not matter for the
    /// message if it is complete: the error is returned.
    pub(super) fn interrupt<E>(&mut self, error: Option<E>) -> Result<Option<E>, IncompleteMessage<E>> {
        // An event without its blank line still belongs to the message if it is complete.
        while self.drain().is_some() {}
        if self.decoder.is_complete() {
            self.phase = Phase::Ended;
            return Ok(error);
        }
        self.take_message(error).map(|_| None)
    }

    /// Determines whether the message that has ended is complete.
    pub(super) fn conclude<E>(&mut self) -> Result<(), IncompleteMessage<E>> {
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
    fn take_message<E>(&mut self, transport: Option<E>) -> Result<Message, IncompleteMessage<E>> {
        let result = self.decoder.next_message();
        self.is_later = true;
        let rejected = self.rejected.take();
        self.phase = if result.is_ok() { Phase::Reading } else { Phase::Failed };
        result.map_err(|incomplete| {
            let (report, _) = self.failed.insert((incomplete.into(), rejected));
            IncompleteMessage::new(report.clone(), rejected, transport)
        })
    }

    /// Returns the message that has ended, and continues with the next one. `None`: there is none, or an error has
    /// returned it.
    pub(super) fn next_message<E>(&mut self) -> Result<Option<Message>, IncompleteMessage<E>> {
        if self.is_absent() {
            return Ok(None);
        }
        self.take_message(None).map(Some)
    }

    /// Continues after an incomplete message.
    pub(super) fn skip_failed(&mut self) {
        if self.failed.take().is_some() {
            self.phase = Phase::Reading;
        }
    }

    /// Returns the message that has ended.
    pub(super) fn finish<E>(self) -> Result<Message, IncompleteMessage<E>> {
        match self.failed {
            Some((report, rejected)) => Err(IncompleteMessage::new(report, rejected, None)),
            None => self
                .decoder
                .finish()
                .map_err(|incomplete| IncompleteMessage::new(incomplete.into(), self.rejected, None)),
        }
    }

    /// Returns the message so far, also after an error.
    pub(super) fn snapshot(&self) -> Cow<'_, Message> {
        match &self.failed {
            Some((report, _)) => Cow::Borrowed(report.partial()),
            None => self.decoder.snapshot(),
        }
    }
}

/// Returns the text of an update, `None` if it has none.
pub(super) fn text_of(event: &UpdateEvent<'_>) -> Option<String> {
    let text: String = event.update.text_deltas().collect();
    (!text.is_empty()).then_some(text)
}
