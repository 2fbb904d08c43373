//! The end of the input, and the treatment of an event that it cuts.

use crate::error::EventError;
use crate::format::Decode;

/// Treatment of an unfinished event, or line, when the input ends. After a transport error it is always discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum UnfinishedEvent {
    /// The stream ends with [`EventError::Truncated`].
    #[default]
    Report,
    /// The event is returned as if its last line end and its blank line had come; a line as if its line end had come.
    /// For streams that end in `data: [DONE]\n`, and for files without a last line end. A truncated last event
    /// is returned as well.
    Dispatch,
    /// The event is discarded without an error, as a browser does (HTML standard: "any pending data must be
    /// discarded").
    Discard,
}

/// State of the input, and the policy for its end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ending {
    policy: UnfinishedEvent,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Open,
    /// The input has ended; the bytes that complete the pending item are not decoded yet.
    Completing(&'static [u8]),
    Ended,
}

impl Ending {
    pub(crate) fn with_unfinished_event(self, policy: UnfinishedEvent) -> Self {
        Self { policy, ..self }
    }

    /// Returns whether more input may follow.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Returns whether the end has been returned.
    #[cfg(any(feature = "stream", feature = "codec"))]
    pub(crate) fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Starts a new input.
    pub(crate) fn reopen<F: Decode>(&mut self, decoder: &mut F::Decoder) {
        self.state = State::Open;
        discard_pending::<F>(decoder);
    }

    /// Records that the transport failed. The pending item is discarded; the caller returns the transport's error.
    pub(crate) fn fail<F: Decode>(&mut self, decoder: &mut F::Decoder) {
        self.state = State::Ended;
        discard_pending::<F>(decoder);
    }

    /// Applies the policy to the pending item when the input has ended. Returns its position and the chunk to resolve
    /// it from, an error, or nothing.
    pub(crate) fn complete<F: Decode, E>(&mut self, decoder: &mut F::Decoder) -> Completed<F, E> {
        if self.is_open() {
            let rest = if self.policy == UnfinishedEvent::Dispatch { F::completion(decoder) } else { &[] };
            self.state = State::Completing(rest);
        }
        let State::Completing(rest) = &mut self.state else { return Ok(None) };
        let chunk = *rest;
        if let Some(span) = F::poll(decoder, rest)? {
            return Ok(Some((chunk, span)));
        }
        self.state = State::Ended;
        match F::finish(decoder) {
            Err(truncated) if self.policy == UnfinishedEvent::Report => Err(EventError::Truncated(truncated)),
            Ok(()) | Err(_) => Ok(None),
        }
    }
}

/// Prepares the decoder for another connection, or another adapter.
pub(crate) fn discard_pending<F: Decode>(decoder: &mut F::Decoder) {
    // Its error only reports the pending bytes.
    let _ = F::finish(decoder);
}

type Completed<F, E> = Result<Option<(&'static [u8], <F as Decode>::Span)>, EventError<E>>;
