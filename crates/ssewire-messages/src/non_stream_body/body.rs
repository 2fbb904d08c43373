//! The bytes of a body that are kept until it is known to be a stream.

use alloc::boxed::Box;

use super::beginning::Beginning;

/// A body that may not be a stream.
#[derive(Clone, Default)]
pub(crate) struct Body {
    is_stream: bool,
    /// `None`: nothing of it was kept.
    pub(super) beginning: Option<Box<Beginning>>,
}

impl Body {
    /// Number of bytes that are kept of a body that is JSON.
    const JSON: usize = 16 * 1024 * 1024;

    /// Sets the content type of the response.
    pub(crate) fn set_content_type(&mut self, content_type: &str) {
        let essence = content_type.split(';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        let is_printable = essence.len() <= 127 && essence.bytes().all(|byte| byte.is_ascii_graphic());
        // That of a stream does not explain another body.
        let explains = is_printable && !essence.is_empty() && essence != "text/event-stream";
        if explains || self.beginning.is_some() {
            self.beginning.get_or_insert_default().content_type = explains.then(|| essence.into());
        }
    }

    /// Takes the next bytes of the body. `max_bytes`: of JSON.
    #[inline(always)]
    pub(crate) fn take(&mut self, piece: &[u8], max_bytes: usize) {
        if !self.is_stream {
            self.keep(piece, max_bytes);
        }
    }

    #[inline(never)]
    fn keep(&mut self, piece: &[u8], max_bytes: usize) {
        if !piece.is_empty() {
            self.beginning.get_or_insert_default().take(piece, max_bytes);
        }
    }

    /// Returns the number of bytes that are kept of a body that is JSON. `max_bytes`: the limit of a message.
    pub(crate) fn max_json(max_bytes: usize) -> usize {
        max_bytes.min(Self::JSON)
    }

    /// Returns the number of bytes that are kept of the body.
    pub(crate) fn byte_count(&self) -> usize {
        self.beginning.as_ref().map_or(0, |beginning| beginning.bytes.len())
    }

    /// Records that the body is a stream: nothing of it needs to be kept any more.
    pub(crate) fn mark_as_stream(&mut self) {
        *self = Self { is_stream: true, beginning: None };
    }

    /// Returns whether the body is known to be a stream.
    pub(crate) fn is_stream(&self) -> bool {
        self.is_stream
    }

    /// Returns whether the body is JSON that was too large to be kept.
    pub(crate) fn is_too_large(&self) -> bool {
        self.beginning.as_ref().is_some_and(|beginning| beginning.is_too_large)
    }

    /// Records that an event was dispatched, though perhaps none of the Messages API.
    #[inline(never)]
    pub(crate) fn set_has_events(&mut self) {
        if !self.is_stream {
            self.beginning.get_or_insert_default().has_events = true;
        }
    }

    /// Returns whether a line of it began like the field of an event.
    pub(crate) fn has_fields(&self) -> bool {
        self.beginning.as_ref().is_some_and(|beginning| beginning.has_fields && !beginning.is_document())
    }

    /// Returns whether the first event of the body has begun, if only with half the name of a field.
    pub(crate) fn has_partial_event(&self) -> bool {
        self.beginning.as_ref().is_some_and(|beginning| beginning.has_partial_event())
    }
}
