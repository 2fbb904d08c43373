//! The events between two messages, which the decoder of the messages skips.

use std::io;

use ssewire::{Decoder, Frame};
use ssewire_messages::StreamEvent;

use crate::json;

/// Decodes the bytes after a message, up to the end of the first event of the next one.
#[derive(Debug)]
pub(super) struct Between {
    decoder: Decoder,
    /// The value of the field `error` of the block that has not ended: an event of this type, after that of the block.
    /// Of several, the first that is an error, or else the first.
    error_field: Option<Vec<u8>>,
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

impl Between {
    pub(super) fn new(decoder: Decoder) -> Self {
        let mut decoder = decoder.with_unknown_fields().with_max_comment_bytes(MAX_ERROR_FIELD_BYTES);
        // A byte order mark is skipped at the start of the stream alone, and this is not the start.
        let _ = decoder.decode(&mut &b"\n"[..]);
        Self { decoder, error_field: None }
    }

    /// Passes each event to `show`; `None` is one above the limit.
    ///
    /// # Errors
    /// An error of `show`.
    pub(super) fn decode(
        &mut self,
        mut bytes: &[u8],
        mut show: impl FnMut(Option<SkippedEvent<'_>>) -> io::Result<()>,
    ) -> io::Result<()> {
        loop {
            match self.decoder.decode_frame(&mut bytes) {
                Ok(Some(Frame::UnknownField { name: b"error", value, .. })) => {
                    if self.error_field.as_ref().is_none_or(|field| !is_error(field) && is_error(value)) {
                        self.error_field = Some(value.to_vec());
                    }
                }
                Ok(Some(Frame::Block(block))) => {
                    let event = block.event().map(|event| SkippedEvent::new(event.event_type(), event.data()));
                    let mut error_field = self.error_field.take();
                    if let Some(event) = event {
                        // The field belongs to that message, whose decoder returns it.
                        error_field.take_if(|_| matches!(event.decoded, Some(StreamEvent::MessageStart(_))));
                        show(Some(event))?;
                    }
                    if let Some(value) = error_field {
                        show(Some(SkippedEvent::new(b"error", &value)))?;
                    }
                }
                Ok(Some(_)) => {}
                Err(_) => show(None)?,
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
        mut show: impl FnMut(Option<SkippedEvent<'_>>) -> io::Result<()>,
    ) -> io::Result<Option<u64>> {
        let pending = self.decoder.pending_bytes();
        let (mut is_used, mut is_cut) = (false, false);
        self.decode(b"\n\n", |event| {
            let payload = event.as_ref().map_or(&b""[..], |event| event.payload);
            is_used |= json::one_line(payload).is_some();
            is_cut |= !is_without_json(payload);
            if is_used || event.is_none() { show(event) } else { Ok(()) }
        })?;
        Ok((is_cut && !is_used).then_some(pending))
    }
}

impl<'a> SkippedEvent<'a> {
    fn new(event_type: &'a [u8], payload: &'a [u8]) -> Self {
        Self { event_type, payload, decoded: StreamEvent::decode(event_type, payload).ok().flatten() }
    }
}

fn is_error(value: &[u8]) -> bool {
    matches!(SkippedEvent::new(b"error", value).decoded, Some(StreamEvent::Error(_)))
}

/// Returns whether an event is not meant to have a JSON payload: it is blank or the end marker of other APIs.
fn is_without_json(payload: &[u8]) -> bool {
    matches!(payload.trim_ascii(), b"" | b"[DONE]")
}
