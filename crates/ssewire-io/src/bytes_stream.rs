//! Asynchronous input in `Bytes`: events that share the chunks they came in.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::stream::FusedStream;
use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;
use ssewire::{Decoder, SharedEvent};

use crate::Error;
use crate::chunks::Chunks;

pin_project! {
    /// As [`EventStream`](crate::EventStream), for streams of [`Bytes`]: an event that lies within one chunk shares it
    /// instead of copying from it.
    ///
    /// That keeps the chunk in memory for as long as the event lives: what is kept for long should be
    /// [detached](SharedEvent::detach).
    pub struct BytesEventStream<S: TryStream> {
        #[pin]
        chunks: Chunks<S>,
        decoder: Decoder,
        ended: bool,
    }
}

impl<S: TryStream<Ok = Bytes>> BytesEventStream<S> {
    /// With the decoder's default limits.
    pub fn new(stream: S) -> Self {
        Self::with_decoder(stream, Decoder::new())
    }

    /// With a decoder of the caller's: another limit, or a last event ID.
    pub fn with_decoder(stream: S, decoder: Decoder) -> Self {
        Self { chunks: Chunks::new(stream), decoder, ended: false }
    }

    /// The decoder, which knows the last event ID and the reconnection time.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// The stream of chunks.
    pub fn get_ref(&self) -> &S {
        self.chunks.get_ref()
    }
}

impl<S: TryStream<Ok = Bytes>> Stream for BytesEventStream<S> {
    type Item = Result<SharedEvent, Error<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        let advance = |input: &mut &[u8]| this.decoder.poll_event(input).map_err(Error::Decode);
        let item = match ready!(this.chunks.as_mut().poll_find(context, advance, Error::Transport)) {
            Ok(Some((from, ready))) => {
                let chunk = this.chunks.chunk().map(|chunk| chunk.slice(from..)).unwrap_or_default();
                Some(Ok(this.decoder.resolve_bytes(&chunk, ready)))
            }
            Ok(None) => this.decoder.finish().err().map(|truncated| Err(truncated.into())),
            Err(error) => Some(Err(error)),
        };
        *this.ended = match &item {
            Some(Err(error)) => error.is_final(),
            Some(Ok(_)) => false,
            None => true,
        };
        Poll::Ready(item)
    }
}

impl<S: TryStream<Ok = Bytes>> FusedStream for BytesEventStream<S> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

/// Shows the decoder's state, never what the stream carried.
impl<S: TryStream> fmt::Debug for BytesEventStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BytesEventStream")
            .field("decoder", &self.decoder)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
