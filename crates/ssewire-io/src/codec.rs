//! A codec for tokio-util's `FramedRead`.

use core::fmt;
use std::io;

use bytes::BytesMut;
use ssewire::SharedEvent;

use crate::Error;

/// Decodes events out of the buffer of a `tokio_util::codec::FramedRead`.
///
/// ```
/// use futures::StreamExt as _;
/// use ssewire_io::Codec;
/// use tokio_util::codec::FramedRead;
///
/// # futures::executor::block_on(async {
/// # let connection = &b"data: hello\n\n"[..];
/// let mut events = FramedRead::new(connection, Codec::new());
/// while let Some(event) = events.next().await {
///     println!("{}", event?.as_event().data_lossy());
/// }
/// # Ok::<(), ssewire_io::Error<std::io::Error>>(())
/// # }).unwrap();
/// ```
///
/// An event that was too large is an error of the codec, behind which `FramedRead` says `None` once; asked again, it
/// goes on.
#[derive(Default)]
pub struct Codec {
    decoder: ssewire::Decoder,
}

impl Codec {
    /// With the decoder's default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a decoder of the caller's: another limit, or a last event ID.
    #[must_use]
    pub fn with_decoder(decoder: ssewire::Decoder) -> Self {
        Self { decoder }
    }

    /// The decoder, which knows the last event ID and the reconnection time.
    #[must_use]
    pub fn decoder(&self) -> &ssewire::Decoder {
        &self.decoder
    }
}

impl tokio_util::codec::Decoder for Codec {
    type Item = SharedEvent;
    type Error = Error<io::Error>;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<SharedEvent>, Self::Error> {
        let mut input: &[u8] = buffer;
        let advanced = self.decoder.poll_event(&mut input);
        let consumed = buffer.len().saturating_sub(input.len());
        let chunk = buffer.split_to(consumed);
        Ok(advanced?.map(|ready| self.decoder.resolve_bytes(&chunk.freeze(), ready)))
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<SharedEvent>, Self::Error> {
        match self.decode(buffer)? {
            Some(event) => Ok(Some(event)),
            None => self.decoder.finish().map(|()| None).map_err(Error::Truncated),
        }
    }
}

/// Shows the decoder's state, never what the stream carried.
impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").field("decoder", &self.decoder).finish()
    }
}
