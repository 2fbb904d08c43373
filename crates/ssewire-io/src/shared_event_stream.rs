//! Asynchronous input in `Bytes`: events that share their chunks.

use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::stream::FusedStream;
use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;
use ssewire::{Decoder, SharedEvent};

use crate::chunk_buffer::{ChunkBuffer, Keep};
use crate::end::{Ending, UnfinishedEvent, discard_pending};
use crate::error::EventError;
use crate::format::Events;

pin_project! {
    /// As [`EventStream`](crate::EventStream), for streams of [`Bytes`]. An event that lies within one chunk shares the
    /// chunk and is not copied. One that crosses chunks, or has several `data` lines, is copied into one allocation.
    ///
    /// The event keeps the chunk in memory. [Copy out](SharedEvent::copy_out) an event that is stored for a long
    /// time.
    #[must_use = "streams do nothing unless polled"]
    pub struct SharedEventStream<S> {
        #[pin]
        stream: S,
        chunks: ChunkBuffer<Bytes>,
        decoder: Decoder,
        ending: Ending,
    }
}

impl<S> SharedEventStream<S> {
    /// Creates a stream with default limits.
    pub fn new(stream: S) -> Self {
        Self::with_decoder(stream, Decoder::new())
    }

    /// Creates a stream with the given decoder, for another limit or a last event ID.
    pub fn with_decoder(stream: S, decoder: Decoder) -> Self {
        Self { stream, chunks: ChunkBuffer::new(), decoder, ending: Ending::default() }
    }

    /// Sets what happens to an unfinished event when the input ends; [`UnfinishedEvent::Report`] by default.
    pub fn with_unfinished_event(self, policy: UnfinishedEvent) -> Self {
        Self { ending: self.ending.with_unfinished_event(policy), ..self }
    }

    /// Returns the decoder, which keeps the last event ID and the reconnection time.
    #[must_use]
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// Returns the decoder, to change its last event ID. Decoding with it loses events of this stream.
    pub fn decoder_mut(&mut self) -> &mut Decoder {
        &mut self.decoder
    }

    /// Returns the stream of chunks.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Returns the stream of chunks. Taking chunks from it loses them for this stream.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Returns the stream of chunks, pinned.
    #[must_use]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut S> {
        self.project().stream
    }

    /// Returns the stream of chunks. Bytes that were taken from it and not yet returned are lost.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.stream
    }

    /// Returns the decoder for another connection, as [`DecodeStream::into_decoder`](crate::DecodeStream::into_decoder)
    /// does.
    #[must_use]
    pub fn into_decoder(mut self) -> Decoder {
        discard_pending::<Events>(&mut self.decoder);
        self.decoder
    }

    /// Continues with another connection, as [`DecodeStream::reconnect`](crate::DecodeStream::reconnect) does.
    pub fn reconnect(&mut self, stream: S)
    where
        S: Unpin,
    {
        Pin::new(self).reconnect_pinned(stream);
    }

    /// Continues with another connection, as
    /// [`DecodeStream::reconnect_pinned`](crate::DecodeStream::reconnect_pinned) does.
    pub fn reconnect_pinned(self: Pin<&mut Self>, stream: S) {
        let mut this = self.project();
        this.stream.set(stream);
        *this.chunks = ChunkBuffer::new();
        this.ending.reopen::<Events>(this.decoder);
    }
}

impl<S: TryStream<Ok = Bytes>> SharedEventStream<S> {
    /// Returns the next event, or `None` at the end, as [`DecodeStream::try_next`](crate::DecodeStream::try_next) does.
    ///
    /// # Errors
    /// [`EventError`].
    pub async fn try_next(&mut self) -> Result<Option<SharedEvent>, EventError<S::Error>>
    where
        S: Unpin,
    {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await.transpose()
    }
}

impl<S: TryStream<Ok = Bytes>> Stream for SharedEventStream<S> {
    type Item = Result<SharedEvent, EventError<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        if this.ending.is_open() {
            let decode = |input: &mut &[u8]| this.decoder.poll_event(input).map_err(EventError::Decode);
            match ready!(this.chunks.poll_drive(this.stream, context, Keep::Whole, decode, EventError::Transport)) {
                Ok(Some((from, span))) => {
                    let chunk = this.chunks.chunk();
                    let rest = chunk.slice(from.min(chunk.len())..);
                    return Poll::Ready(Some(Ok(this.decoder.resolve_shared(&rest, span))));
                }
                Ok(None) => {}
                Err(error) => {
                    if error.is_final() {
                        this.ending.fail::<Events>(this.decoder);
                    }
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        let completed = this.ending.complete::<Events, _>(this.decoder).transpose();
        let resolve = |(chunk, span)| this.decoder.resolve_shared(&Bytes::from_static(chunk), span);
        Poll::Ready(completed.map(|event| event.map(resolve)))
    }
}

impl<S: TryStream<Ok = Bytes>> FusedStream for SharedEventStream<S> {
    fn is_terminated(&self) -> bool {
        self.ending.is_ended()
    }
}

/// Shows the state of the decoder, never bytes of the stream.
impl<S> fmt::Debug for SharedEventStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedEventStream")
            .field("decoder", &self.decoder)
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}
