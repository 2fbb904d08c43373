//! Bodies that are not an event stream.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ssewire::{BodyStart, ByteOrderMark, DecodeError, Decoder, EventSpan, Truncated};

use super::{JsonPayloadError, JsonPayloadErrorKind};

/// A decoder of events that keeps the head of a body that begins as JSON or as a web page.
pub(crate) struct BodyDecoder {
    pub(crate) decoder: Decoder,
    head: Head,
    /// The next input is another body. The head stays until then.
    is_finished: bool,
}

enum Head {
    /// Nothing but a byte order mark, or a part of one, and white space so far.
    Blank(ByteOrderMark),
    /// JSON or a web page, if no event follows.
    Kept(Vec<u8>),
    /// Of an event stream.
    Stream,
}

impl Head {
    fn new() -> Self {
        Self::Blank(ByteOrderMark::default())
    }
}

impl BodyDecoder {
    /// Number of bytes that are kept: enough for the error of a server.
    const HEAD: usize = 4096;

    pub(crate) fn new(decoder: Decoder) -> Self {
        Self { decoder, head: Head::new(), is_finished: false }
    }

    pub(crate) fn poll(&mut self, input: &mut &[u8]) -> Result<Option<EventSpan>, DecodeError> {
        if core::mem::take(&mut self.is_finished) {
            self.head = Head::new();
        }
        if !matches!(self.head, Head::Stream) {
            self.keep(input);
        }
        let found = self.decoder.poll_event(input);
        if !matches!(found, Ok(None)) {
            self.head = Head::Stream;
        }
        found
    }

    #[cold]
    fn keep(&mut self, mut input: &[u8]) {
        if let Head::Blank(mark) = &mut self.head {
            let (withheld, rest) = mark.skip(input);
            input = if withheld.is_empty() { rest } else { withheld };
            match BodyStart::skip_blank(&mut input) {
                BodyStart::Blank => {}
                BodyStart::Json | BodyStart::Html => self.head = Head::Kept(Vec::new()),
                BodyStart::Other => self.head = Head::Stream,
            }
        }
        if let Head::Kept(head) = &mut self.head {
            let room = Self::HEAD.saturating_sub(head.len());
            head.extend_from_slice(input.get(..room).unwrap_or(input));
        }
    }

    pub(crate) fn finish(&mut self) -> Result<(), Truncated> {
        self.is_finished = true;
        self.decoder.finish()
    }

    /// The error for a body that has ended without any event, if it begins as JSON or as a web page.
    pub(crate) fn non_stream_body(&self) -> Option<JsonPayloadError> {
        let Head::Kept(head) = &self.head else { return None };
        let whole = match head.utf8_chunks().last() {
            // The limit may have cut a character.
            Some(last) if head.len() == Self::HEAD => head.strip_suffix(last.invalid()).unwrap_or(head),
            _ => head,
        };
        // At the end, there may be a blank line that completes an event.
        let text = String::from_utf8_lossy(whole.trim_ascii_end()).into_owned();
        Some(JsonPayloadError::new(String::new(), text, JsonPayloadErrorKind::NonStreamBody))
    }
}

/// Shows the state of the decoder, never bytes of the stream.
impl fmt::Debug for BodyDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decoder.fmt(f)
    }
}
