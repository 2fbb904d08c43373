//! Bodies that are not an event stream.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ssewire::{BodyStart, BomSkipper, DecodeError, Decoder, EventSpan, Truncated};

use super::{JsonPayloadError, JsonPayloadErrorKind};

/// A decoder of events that keeps the first bytes of a body that begins as JSON or as a web page.
pub(crate) struct BodyDecoder {
    pub(crate) decoder: Decoder,
    state: BodyState,
    /// The next input is another body. The kept bytes stay until then.
    is_finished: bool,
}

enum BodyState {
    /// Nothing but a byte order mark, or a part of one, and white space so far.
    Blank(BomSkipper),
    /// JSON or a web page, if no event follows.
    Kept(Vec<u8>),
    /// An event stream.
    Stream,
}

impl BodyState {
    fn new() -> Self {
        Self::Blank(BomSkipper::new())
    }
}

impl BodyDecoder {
    /// Number of bytes that are kept: enough for the error of a server.
    const MAX_KEPT_BYTES: usize = 4096;

    pub(crate) fn new(decoder: Decoder) -> Self {
        Self { decoder, state: BodyState::new(), is_finished: false }
    }

    pub(crate) fn poll(&mut self, input: &mut &[u8]) -> Result<Option<EventSpan>, DecodeError> {
        if core::mem::take(&mut self.is_finished) {
            self.state = BodyState::new();
        }
        if !matches!(self.state, BodyState::Stream) {
            self.keep(input);
        }
        let found = self.decoder.poll_event(input);
        if !matches!(found, Ok(None)) {
            self.state = BodyState::Stream;
        }
        found
    }

    #[cold]
    fn keep(&mut self, mut input: &[u8]) {
        if let BodyState::Blank(mark) = &mut self.state {
            let (replayed, rest) = mark.skip(input);
            input = if replayed.is_empty() { rest } else { replayed };
            match BodyStart::skip_blank(&mut input) {
                BodyStart::Blank => {}
                BodyStart::Json | BodyStart::Html => self.state = BodyState::Kept(Vec::new()),
                _ => self.state = BodyState::Stream,
            }
        }
        if let BodyState::Kept(kept) = &mut self.state {
            let room = Self::MAX_KEPT_BYTES.saturating_sub(kept.len());
            kept.extend_from_slice(input.get(..room).unwrap_or(input));
        }
    }

    pub(crate) fn finish(&mut self) -> Result<(), Truncated> {
        self.is_finished = true;
        self.decoder.finish()
    }

    /// Returns the error for a body that has ended without any event, if it begins as JSON or as a web page.
    pub(crate) fn non_stream_body(&self) -> Option<JsonPayloadError> {
        let BodyState::Kept(kept) = &self.state else { return None };
        let whole = match kept.utf8_chunks().last() {
            // The limit may have cut a character.
            Some(last) if kept.len() == Self::MAX_KEPT_BYTES => kept.strip_suffix(last.invalid()).unwrap_or(kept),
            _ => kept,
        };
        // At the end, there may be a blank line that completes an event.
        let text = String::from_utf8_lossy(whole.trim_ascii_end()).into_owned();
        Some(JsonPayloadError::new(String::new(), text, JsonPayloadErrorKind::NonStreamBody, (0, 0)))
    }
}

/// Shows the state of the decoder, never bytes of the stream.
impl fmt::Debug for BodyDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decoder.fmt(f)
    }
}
