//! The events between two messages, which the decoder of the messages skips.

use std::io;

use ssewire::{Decoder, Frame};
use ssewire_messages::{MessageDecoder, Step, StreamEvent};

use crate::json;

/// Decodes the bytes after a message, up to the end of the first event of the next one.
#[derive(Debug)]
pub(super) struct SkippedEvents {
    decoder: Decoder,
    /// Reads the fields `error` of the block that has not ended, and nothing else: it knows which of them counts as an
    /// event, after that of the block.
    error_fields: MessageDecoder,
}

/// An event between two messages.
#[derive(Debug)]
pub(super) struct SkippedEvent<'a> {
    pub(super) event_type: &'a [u8],
    pub(super) payload: &'a [u8],
    /// `None` if the payload is not a known event.
    pub(super) decoded: Option<StreamEvent<'a>>,
}

/// The longest field `error` that is read in full, as in the decoder of the messages.
const MAX_ERROR_FIELD_BYTES: usize = 64 * 1024;

impl SkippedEvents {
    pub(super) fn new(decoder: Decoder) -> Self {
        let mut decoder = decoder.with_unknown_fields().with_max_comment_bytes(MAX_ERROR_FIELD_BYTES);
        // A byte order mark is skipped at the start of the stream alone, and this is not the start.
        let _ = decoder.decode(&mut &b"\n"[..]);
        Self { decoder, error_fields: MessageDecoder::new() }
    }

    /// Passes each event to `show`, and the number of bytes after it; `None` is one above the limit.
    ///
    /// # Errors
    /// An error of `show`.
    pub(super) fn decode(
        &mut self,
        mut bytes: &[u8],
        mut show: impl FnMut(Option<SkippedEvent<'_>>, usize) -> io::Result<()>,
    ) -> io::Result<()> {
        loop {
            match self.decoder.decode_frame(&mut bytes) {
                Ok(Some(Frame::UnknownField { name: b"error", value, .. })) => {
                    for mut piece in [&b"error: "[..], value, b"\n"] {
                        // No update: the block has not ended.
                        let _ = self.error_fields.poll(&mut piece);
                    }
                }
                Ok(Some(Frame::Block(block))) => {
                    let event = block.event().map(|event| SkippedEvent::new(event.event_type(), event.data()));
                    let mut error_fields = core::mem::take(&mut self.error_fields);
                    if let Some(event) = event {
                        if matches!(event.decoded, Some(StreamEvent::MessageStart(_))) {
                            // They belong to that message, whose decoder returns them.
                            error_fields = MessageDecoder::new();
                        }
                        show(Some(event), bytes.len())?;
                    }
                    if let Ok(Step::Update(event)) = error_fields.decode(&mut &b"\n"[..]) {
                        show(Some(SkippedEvent::new(event.event_type, event.payload)), bytes.len())?;
                    }
                }
                Ok(Some(_)) => {}
                Err(_) => show(None, bytes.len())?,
                Ok(None) => return Ok(()),
            }
        }
    }

    /// Ends the last block as its blank line would. Its event and its field `error` are used if they are complete JSON
    /// objects; otherwise returns the number of bytes that are discarded, if they are more than a marker or a blank.
    ///
    /// # Errors
    /// An error of `show`.
    pub(super) fn end(
        &mut self,
        mut show: impl FnMut(Option<SkippedEvent<'_>>, usize) -> io::Result<()>,
    ) -> io::Result<Option<u64>> {
        let pending = self.decoder.pending_bytes();
        let (mut is_used, mut is_cut) = (false, false);
        // No bytes of the input follow the event.
        self.decode(b"\n\n", |event, _| {
            let payload = event.as_ref().map_or(&b""[..], |event| event.payload);
            is_used |= json::one_line(payload).is_some();
            is_cut |= !is_without_json(payload);
            if is_used || event.is_none() { show(event, 0) } else { Ok(()) }
        })?;
        Ok((is_cut && !is_used).then_some(pending))
    }
}

impl<'a> SkippedEvent<'a> {
    fn new(event_type: &'a [u8], payload: &'a [u8]) -> Self {
        Self { event_type, payload, decoded: StreamEvent::decode(event_type, payload).ok().flatten() }
    }
}

/// Returns whether an event is not meant to have a JSON payload: it is blank or the end marker of other APIs.
fn is_without_json(payload: &[u8]) -> bool {
    payload.trim_ascii().is_empty() || ssewire::is_done(payload)
}
