//! Bodies that are not an event stream.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ssewire::{DecodeError, Decoder, EventSpan, Truncated};

use super::{JsonPayloadError, JsonPayloadErrorKind};

/// A decoder of events that keeps the head of a body that begins as JSON or as a web page.
pub(crate) struct BodyDecoder {
    pub(crate) decoder: Decoder,
    head: Head,
    /// The next input is another body. The head stays until then.
    is_finished: bool,
}

enum Head {
    /// Nothing but this number of bytes of a byte order mark so far.
    Mark(usize),
    /// Nothing but white space so far, after the mark.
    Blank,
    /// JSON or a web page, if no event follows.
    Kept(Vec<u8>),
    /// Of an event stream.
    Stream,
}

impl BodyDecoder {
    /// Number of bytes that are kept: enough for the error of a server.
    const HEAD: usize = 4096;

    /// The byte order mark that a body may begin with.
    const MARK: &[u8] = "\u{FEFF}".as_bytes();

    pub(crate) fn new(decoder: Decoder) -> Self {
        Self { decoder, head: Head::Mark(0), is_finished: false }
    }

    pub(crate) fn poll(&mut self, input: &mut &[u8]) -> Result<Option<EventSpan>, DecodeError> {
        if core::mem::take(&mut self.is_finished) {
            self.head = Head::Mark(0);
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
        while let (&Head::Mark(known), Some((first, rest))) = (&self.head, input.split_first()) {
            self.head = match Self::MARK.get(known) {
                Some(byte) if byte == first => {
                    input = rest;
                    Head::Mark(known.saturating_add(1))
                }
                Some(_) if known > 0 => Head::Stream,
                _ => Head::Blank,
            };
        }
        if let Head::Blank = self.head {
            input = input.trim_ascii_start();
        }
        match (&mut self.head, input.first().copied().map(char::from)) {
            (Head::Blank, Some('{' | '[' | '<')) => self.head = Head::Kept(Vec::new()),
            (Head::Blank, Some(_)) => self.head = Head::Stream,
            _ => {}
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
