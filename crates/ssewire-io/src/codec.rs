//! A codec for tokio-util's `FramedRead`.

use core::fmt;
use std::io;

use bytes::{Bytes, BytesMut};
use ssewire::{DecodeError, Decoder, SharedEvent};

use crate::end::{Ending, UnfinishedEvent, discard_pending};
use crate::error::EventError;
use crate::format::Events;

/// Decodes events out of the buffer of a `tokio_util::codec::FramedRead`.
///
/// ```
/// use futures::TryStreamExt as _;
/// use ssewire_io::EventCodec;
/// use tokio_util::codec::FramedRead;
///
/// # futures::executor::block_on(async {
/// # let connection = &b"data: hello\n\n"[..];
/// let mut events = FramedRead::new(connection, EventCodec::new());
/// while let Some(event) = events.try_next().await? {
///     println!("{}", event?.data_lossy());
/// }
/// # Ok::<(), ssewire_io::EventError<std::io::Error>>(())
/// # }).unwrap();
/// ```
///
/// An event that is too large is lost: this is an item ([`DecodeError`]), and decoding continues after it. An error
/// of the codec would make `FramedRead` return `None`, and keep the rest of its buffer undecoded.
#[derive(Default)]
pub struct EventCodec {
    decoder: Decoder,
    ending: Ending,
}

impl EventCodec {
    /// Creates a codec with default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a codec with the given decoder, for another limit or a last event ID.
    #[must_use]
    pub fn with_decoder(decoder: Decoder) -> Self {
        Self { decoder, ending: Ending::default() }
    }

    /// Sets what happens to an unfinished event when the input ends; [`UnfinishedEvent::Report`] by default.
    #[must_use]
    pub fn with_unfinished_event(self, policy: UnfinishedEvent) -> Self {
        Self { ending: self.ending.with_unfinished_event(policy), ..self }
    }

    /// Returns the decoder, which keeps the last event ID and the reconnection time.
    #[must_use = "returns a reference and changes nothing"]
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// Returns the decoder, to change its last event ID.
    pub fn decoder_mut(&mut self) -> &mut Decoder {
        &mut self.decoder
    }

    /// Returns the decoder for another connection, as [`DecodeReader::into_decoder`](crate::DecodeReader::into_decoder)
    /// does.
    pub fn into_decoder(mut self) -> Decoder {
        discard_pending::<Events>(&mut self.decoder);
        self.decoder
    }
}

impl tokio_util::codec::Decoder for EventCodec {
    type Item = Result<SharedEvent, DecodeError>;
    type Error = EventError<io::Error>;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error> {
        if !buffer.is_empty() && self.ending.is_ended() {
            // `FramedRead` continues after an end of file: the file may have grown.
            self.ending.reopen::<Events>(&mut self.decoder);
        }
        let mut input: &[u8] = buffer;
        let advanced = self.decoder.poll_event(&mut input);
        let consumed = buffer.len().saturating_sub(input.len());
        let chunk = buffer.split_to(consumed);
        let resolve = |span| self.decoder.resolve_shared(&chunk.freeze(), span);
        Ok(advanced.map(|span| span.map(resolve)).transpose())
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error> {
        if let Some(event) = self.decode(buffer)? {
            return Ok(Some(event));
        }
        match self.ending.complete::<Events, _>(&mut self.decoder) {
            Ok(completed) => {
                Ok(completed.map(|(chunk, span)| Ok(self.decoder.resolve_shared(&Bytes::from_static(chunk), span))))
            }
            Err(EventError::Decode(error)) => Ok(Some(Err(error))),
            Err(error) => Err(error),
        }
    }
}

/// Shows the state of the decoder, never bytes of the stream.
impl fmt::Debug for EventCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventCodec").field("decoder", &self.decoder).field("ending", &self.ending).finish()
    }
}
