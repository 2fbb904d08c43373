//! Asynchronous input: any stream of byte chunks, on any executor.

#[cfg(feature = "json")]
use alloc::vec::Vec;
use core::fmt;
use core::future::poll_fn;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::stream::FusedStream;
use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;

use crate::chunk_buffer::{ChunkBuffer, Keep, KeepChunk};
use crate::end::{Ending, UnfinishedEvent, discard_pending};
use crate::error::EventError;
#[cfg(feature = "bytes")]
use crate::format::SharedEvents;
use crate::format::{Blocks, Decode, Events, Format, Frames, Lines, TextEvents};

/// The events of a stream of byte chunks.
pub type EventStream<S> = DecodeStream<S, Events>;

/// The events of a stream of `Bytes`. An event that lies within one chunk shares the chunk and is not copied. One that
/// crosses chunks, or has several `data` lines, is copied into one allocation.
///
/// The event keeps the chunk in memory. [Copy out](ssewire::SharedEvent::copy_out) an event that is stored for a long
/// time.
#[cfg(feature = "bytes")]
pub type SharedEventStream<S> = DecodeStream<S, SharedEvents>;

/// The blocks of a stream of byte chunks, also those without data: priming events of MCP, `id` or `retry` alone.
pub type BlockStream<S> = DecodeStream<S, Blocks>;

/// The blocks, comments and unknown fields of a stream of chunks. [`with_decoder`](DecodeStream::with_decoder) can omit
/// the latter two: a decoder returns them on request (`Decoder::with_comments`, `Decoder::with_unknown_fields`).
pub type FrameStream<S> = DecodeStream<S, Frames>;

/// The lines of a stream of byte chunks, without their line ends: newline-delimited JSON.
#[doc(alias("ndjson", "jsonl", "json_lines"))]
pub type LineStream<S> = DecodeStream<S, Lines>;

/// The events of a stream of byte chunks as [`TextEvent`](crate::TextEvent)s.
pub type TextEventStream<S> = DecodeStream<S, TextEvents>;

pin_project! {
    /// Items decoded from a stream of byte chunks, `Stream<Item = Result<impl AsRef<[u8]>, E>>`, for example the body
    /// of a response. Use its aliases:
    ///
    /// | alias | item | decoder |
    /// |---|---|---|
    /// | [`EventStream`] | [`OwnedEvent`](ssewire::OwnedEvent) | [`Decoder`](ssewire::Decoder) |
    /// | `SharedEventStream` | `SharedEvent`, for chunks of the type `Bytes` | the same |
    /// | [`TextEventStream`] | [`TextEvent`](crate::TextEvent) | the same |
    /// | [`BlockStream`] | [`OwnedBlock`](ssewire::OwnedBlock) | the same |
    /// | [`FrameStream`] | [`OwnedFrame`](ssewire::OwnedFrame) | the same, with comments and unknown fields |
    /// | [`LineStream`] | `Vec<u8>` | [`LineDecoder`](ssewire::LineDecoder) |
    ///
    /// ```
    /// use ssewire_io::EventStream;
    ///
    /// # futures::executor::block_on(async {
    /// # let body = futures::stream::iter([Ok::<_, std::io::Error>("data: hel"), Ok("lo\n\n")]);
    /// let mut events = EventStream::new(body);
    /// while let Some(event) = events.try_next().await? {
    ///     println!("{}", event.data_lossy());
    /// }
    /// # Ok::<(), ssewire_io::EventError<std::io::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// Each item owns its bytes: one copy, and for an event one allocation. A chunk with several items is copied once
    /// more. A `SharedEventStream` copies only an event that crosses chunks or has several `data` lines.
    ///
    /// It needs no executor, no boxing and no `Send` bound, and is `Send` and `Unpin` if the stream is. Dropping it
    /// cancels the response. After 64 chunks without a pause of the transport it yields to the executor.
    ///
    /// An error after which nothing follows ([`EventError::is_final`]) is returned once, then `None`. After any other
    /// error, call again for the next item.
    #[must_use = "streams do nothing unless polled"]
    pub struct DecodeStream<S, F: Decode> {
        #[pin]
        stream: S,
        chunks: ChunkBuffer<F::Buffer>,
        decoder: F::Decoder,
        ending: Ending,
        format: PhantomData<fn() -> F>,
    }
}

impl<S, F: Decode> DecodeStream<S, F> {
    /// Creates a stream with default limits.
    pub fn new(stream: S) -> Self {
        Self::with_decoder(stream, F::decoder())
    }

    /// Creates a stream with the given decoder, for another limit or a last event ID.
    pub fn with_decoder(stream: S, decoder: F::Decoder) -> Self {
        Self { stream, chunks: ChunkBuffer::new(), decoder, ending: Ending::default(), format: PhantomData }
    }

    /// Sets what happens to an unfinished item when the input ends; [`UnfinishedEvent::Report`] by default.
    pub fn with_unfinished_event(self, policy: UnfinishedEvent) -> Self {
        Self { ending: self.ending.with_unfinished_event(policy), ..self }
    }

    /// Returns the decoder, which keeps the last event ID and the reconnection time.
    #[must_use]
    pub fn decoder(&self) -> &F::Decoder {
        &self.decoder
    }

    /// Returns the decoder, to change its last event ID. Decoding with it loses items of this stream.
    pub fn decoder_mut(&mut self) -> &mut F::Decoder {
        &mut self.decoder
    }

    /// Borrows the stream of chunks.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Borrows the stream of chunks mutably. Taking chunks from it loses them for this stream.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Borrows the stream of chunks, pinned.
    #[must_use]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut S> {
        self.project().stream
    }

    /// Returns the stream of chunks. Bytes that were taken from it and not yet returned are lost.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.stream
    }

    /// Returns the decoder for another connection: it keeps the last event ID, the reconnection time and the limits;
    /// the pending item is discarded.
    #[must_use]
    pub fn into_decoder(mut self) -> F::Decoder {
        discard_pending::<F>(&mut self.decoder);
        self.decoder
    }

    /// Continues with another connection, also after the end. The decoder keeps the last event ID, the reconnection
    /// time and the limits; the pending item is discarded. [`Reconnect`](ssewire::Reconnect) computes when to connect
    /// again.
    ///
    /// ```
    /// use futures::stream::iter;
    /// use ssewire_io::{ByteStreamExt as _, ssewire::last_event_id_header};
    ///
    /// # futures::executor::block_on(async {
    /// let connect = |body: &'static str| iter([Ok::<_, std::io::Error>(body)]);
    /// let mut events = connect("id: 7\ndata: one\n\n").sse_events();
    /// while let Some(event) = events.try_next().await? {
    ///     assert_eq!(event.data(), b"one");
    /// }
    /// assert_eq!(last_event_id_header(events.decoder().last_event_id()), Some(("last-event-id", &b"7"[..])));
    /// events.reconnect(Box::pin(connect("data: two\n\n")));
    /// assert_eq!(events.try_next().await?.map(|event| event.last_event_id().to_vec()), Some(b"7".to_vec()));
    /// # Ok::<(), ssewire_io::EventError<std::io::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn reconnect(&mut self, stream: S)
    where
        S: Unpin,
    {
        Pin::new(self).reconnect_pinned(stream);
    }

    /// As [`reconnect`](Self::reconnect), for a stream that is not `Unpin`.
    pub fn reconnect_pinned(self: Pin<&mut Self>, stream: S) {
        let mut this = self.project();
        this.stream.set(stream);
        *this.chunks = ChunkBuffer::new();
        this.ending.reopen::<F>(this.decoder);
    }
}

impl<S: TryStream, F: Format> DecodeStream<S, F> {
    /// Returns the next item; `None` at the end. Replaces `TryStreamExt::try_next` of the crate futures. Cancel safe.
    ///
    /// A stream that is not `Unpin` has to be pinned first, by `pin!` or `Box::pin`; the methods of
    /// [`ByteStreamExt`](crate::ByteStreamExt) do so.
    ///
    /// # Errors
    /// [`EventError`]. If it is not [final](EventError::is_final), call again to continue after the item that was lost.
    pub async fn try_next(&mut self) -> Result<Option<F::Item>, EventError<S::Error>>
    where
        S: Unpin,
        Self: Stream<Item = Result<F::Item, EventError<S::Error>>>,
    {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await.transpose()
    }
}

/// An item of a chunk that owns its bytes, or the position of one that shares them.
enum Decoded<T, P> {
    Item(T),
    Span(P),
}

#[cfg(feature = "json")]
impl<S: TryStream, F: Decode<Buffer = Vec<u8>>> DecodeStream<S, F>
where
    S::Ok: AsRef<[u8]>,
{
    /// Polls the stream of chunks once, so that a body that has ended is read to its end.
    pub(crate) fn look_ahead(self: Pin<&mut Self>, context: &mut Context<'_>) {
        let this = self.project();
        if this.ending.is_open() {
            // All items have been returned; a later error does not matter.
            let _ = this.chunks.look_ahead(this.stream, context);
        }
    }
}

impl<S: TryStream, F: Format> Stream for DecodeStream<S, F>
where
    S::Ok: AsRef<[u8]>,
    F::Buffer: KeepChunk<S::Ok>,
{
    type Item = Result<F::Item, EventError<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        if this.ending.is_open() {
            let keep = if F::SHARES_CHUNK { Keep::Whole } else { Keep::Rest };
            let decode = |input: &mut &[u8]| {
                let chunk = *input;
                let span = F::poll(this.decoder, input)?;
                Ok(span.map(|span| match keep {
                    Keep::Whole => Decoded::Span(span),
                    Keep::Rest => Decoded::Item(F::resolve_owned(this.decoder, chunk, span)),
                }))
            };
            match ready!(this.chunks.poll_decode(this.stream, context, keep, decode, EventError::Transport)) {
                Ok(Some((_, Decoded::Item(item)))) => return Poll::Ready(Some(Ok(item))),
                Ok(Some((from, Decoded::Span(span)))) => {
                    return Poll::Ready(Some(Ok(F::resolve_kept(this.decoder, this.chunks.chunk(), from, span))));
                }
                Ok(None) => {}
                Err(error) => {
                    if error.is_final() {
                        this.ending.fail::<F>(this.decoder);
                    }
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        let completed = this.ending.complete::<F, _>(this.decoder).transpose();
        Poll::Ready(completed.map(|item| item.map(|(chunk, span)| F::resolve_unfinished(this.decoder, chunk, span))))
    }
}

impl<S: TryStream, F: Format> FusedStream for DecodeStream<S, F>
where
    S::Ok: AsRef<[u8]>,
    F::Buffer: KeepChunk<S::Ok>,
{
    fn is_terminated(&self) -> bool {
        self.ending.is_ended()
    }
}

/// Shows the state of the decoder, never bytes of the stream.
impl<S, F: Decode> fmt::Debug for DecodeStream<S, F>
where
    F::Decoder: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeStream")
            .field("decoder", &self.decoder)
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}
