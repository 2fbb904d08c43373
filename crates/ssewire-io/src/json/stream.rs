use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::stream::FusedStream;
use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;
use serde::de::DeserializeOwned;
use ssewire::Decoder;

use super::body_decoder::BodyDecoder;
use super::{Json, JsonEvent, JsonStreamError, Progress, json_methods};
use crate::{DecodeStream, UnfinishedEvent};

pin_project! {
    /// The payloads of a stream of events, parsed as `T`, until `[DONE]` or the end of the input.
    ///
    /// ```
    /// use ssewire_io::ByteStreamExt as _;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Chunk {
    ///     text: String,
    /// }
    ///
    /// # futures::executor::block_on(async {
    /// # let body = futures::stream::iter([Ok::<_, std::io::Error>("data: {\"text\":\"Hi\"}\n\ndata: [DONE]\n")]);
    /// let mut chunks = body.json_until_done::<Chunk>();
    /// while let Some(chunk) = chunks.try_next().await? {
    ///     print!("{}", chunk.value.text);
    /// }
    /// assert!(chunks.is_done());
    /// # Ok::<(), ssewire_io::JsonStreamError<std::io::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    #[doc = include_str!("payloads.md")]
    ///
    /// At `[DONE]` it polls the body once, without waiting, so that the HTTP client can reuse the connection.
    #[must_use = "streams do nothing unless polled"]
    pub struct JsonStream<S, T> {
        #[pin]
        events: DecodeStream<S, Json<T>>,
        progress: Progress,
    }
}

impl<S, T> JsonStream<S, T> {
    /// Creates a stream with default limits.
    pub fn new(stream: S) -> Self {
        Self::with_decoder(stream, Decoder::new())
    }

    /// Creates a stream with the given decoder, for another limit or a last event ID.
    pub fn with_decoder(stream: S, decoder: Decoder) -> Self {
        Self {
            events: DecodeStream::with_decoder(stream, BodyDecoder::new(decoder))
                .with_unfinished_event(UnfinishedEvent::Dispatch),
            progress: Progress::default(),
        }
    }

    json_methods!();

    /// Borrows the stream of chunks.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        self.events.get_ref()
    }

    /// Borrows the stream of chunks mutably. Taking chunks from it loses them for this stream.
    pub fn get_mut(&mut self) -> &mut S {
        self.events.get_mut()
    }

    /// Borrows the stream of chunks, pinned.
    #[must_use]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut S> {
        self.project().events.get_pin_mut()
    }

    /// Returns the stream of chunks, to drain it.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.events.into_inner()
    }

    /// Continues with another connection, as [`DecodeStream::reconnect`] does.
    pub fn reconnect(&mut self, stream: S)
    where
        S: Unpin,
    {
        Pin::new(self).reconnect_pinned(stream);
    }

    /// Continues with another connection, as [`DecodeStream::reconnect_pinned`] does.
    pub fn reconnect_pinned(self: Pin<&mut Self>, stream: S) {
        let this = self.project();
        this.progress.reopen();
        this.events.reconnect_pinned(stream);
    }
}

impl<S: TryStream, T: DeserializeOwned> JsonStream<S, T>
where
    S::Ok: AsRef<[u8]>,
{
    /// Returns the next item, or `None` at the end, as [`DecodeStream::try_next`] does.
    ///
    /// # Errors
    /// [`JsonStreamError`]. If it is not [final](JsonStreamError::is_final), call again to continue.
    pub async fn try_next(&mut self) -> Result<Option<JsonEvent<T>>, JsonStreamError<S::Error>>
    where
        S: Unpin,
    {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await.transpose()
    }
}

impl<S: TryStream, T: DeserializeOwned> Stream for JsonStream<S, T>
where
    S::Ok: AsRef<[u8]>,
{
    type Item = Result<JsonEvent<T>, JsonStreamError<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if this.progress.is_ended() {
            return Poll::Ready(None);
        }
        let item = loop {
            match ready!(this.events.as_mut().poll_next(context)).map(Result::transpose) {
                Some(None) => {}
                item => break item.flatten(),
            }
        };
        let next = this.progress.next(item, this.events.decoder());
        if this.progress.is_done() {
            this.events.look_ahead(context);
        }
        Poll::Ready(next)
    }
}

impl<S: TryStream, T: DeserializeOwned> FusedStream for JsonStream<S, T>
where
    S::Ok: AsRef<[u8]>,
{
    fn is_terminated(&self) -> bool {
        self.progress.is_ended()
    }
}

/// Shows the state of the decoder, never bytes of the stream.
impl<S, T> fmt::Debug for JsonStream<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonStream").field("events", &self.events).field("progress", &self.progress).finish()
    }
}
