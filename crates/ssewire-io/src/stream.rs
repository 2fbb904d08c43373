//! Asynchronous input: any stream of byte chunks, on any executor.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::stream::FusedStream;
use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;
use ssewire::{Decoder, OwnedEvent};

use crate::Error;
use crate::chunks::Chunks;

pin_project! {
    /// The events of a stream of byte chunks, `Stream<Item = Result<impl AsRef<[u8]>, E>>`: what HTTP clients give as
    /// the body of a response.
    ///
    /// ```
    /// use futures::StreamExt as _;
    /// use ssewire_io::EventStream;
    ///
    /// # futures::executor::block_on(async {
    /// # let body = futures::stream::iter([Ok::<_, std::io::Error>("data: hel"), Ok("lo\n\n")]);
    /// let mut events = EventStream::new(body);
    /// while let Some(event) = events.next().await {
    ///     match event {
    ///         Ok(event) => println!("{}", event.as_event().data_lossy()),
    ///         Err(error) => eprintln!("{error}"), // if it is final, nothing follows
    ///     }
    /// }
    /// # });
    /// ```
    ///
    /// Each event owns its bytes: one copy and one allocation. Streams of `Bytes` have a
    /// [`BytesEventStream`](crate::BytesEventStream), which copies nothing.
    ///
    /// No executor, no boxing, no `Send` bound: it is `Send` and `Unpin` where the stream and its chunks are. Dropping
    /// it cancels the response. An end is told once: behind a [final](Error::is_final) error comes `None`, for ever.
    pub struct EventStream<S: TryStream> {
        #[pin]
        chunks: Chunks<S>,
        decoder: Decoder,
        ended: bool,
    }
}

impl<S: TryStream> EventStream<S>
where
    S::Ok: AsRef<[u8]>,
{
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

impl<S: TryStream> Stream for EventStream<S>
where
    S::Ok: AsRef<[u8]>,
{
    type Item = Result<OwnedEvent, Error<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        let advance = |input: &mut &[u8]| {
            let chunk = *input;
            let ready = this.decoder.poll_event(input)?;
            Ok(ready.map(|ready| this.decoder.resolve_owned(chunk, ready)))
        };
        let item = match ready!(this.chunks.poll_find(context, advance, Error::Transport)) {
            Ok(Some((_, event))) => Some(Ok(event)),
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

impl<S: TryStream> FusedStream for EventStream<S>
where
    S::Ok: AsRef<[u8]>,
{
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

/// Shows the decoder's state, never what the stream carried.
impl<S: TryStream> fmt::Debug for EventStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("decoder", &self.decoder)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
