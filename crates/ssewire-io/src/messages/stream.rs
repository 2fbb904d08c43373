use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::stream::FusedStream;
use futures_core::{Stream, TryStream};
use serde::de::DeserializeOwned;
use ssewire_messages::{Message, MessageDecoder, PartialStrings, ResponseHead, Update, UpdateEvent, Validation};

use super::error::IncompleteMessage;
use super::state::{Found, MessageState, Phase, Position, message_methods, text_of};
use super::structured::StructuredMessage;
use crate::chunk_buffer::{ChunkBuffer, Keep};
use crate::idle_timeout::{IdleError, IdleTimeout};

/// A message that arrives from a stream of byte chunks. It is not a `Stream` itself:
/// [`flat_map_updates`](Self::flat_map_updates) and [`text_deltas`](Self::text_deltas) return one.
///
/// ```
/// use ssewire_io::ByteStreamExt as _;
///
/// # futures::executor::block_on(async {
/// # let body = futures::stream::iter([Ok::<_, std::io::Error>(&b"data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}}\n\n\
/// #   data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n"[..])]);
/// let mut reply = body.message(); // for example `response.bytes_stream()` of reqwest
/// while let Some(text) = reply.next_text().await? {
///     print!("{text}");
/// }
/// let message = reply.finish().await?;
/// println!("\n{:?}, {:?} tokens", message.stop_reason(), message.output_tokens());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// All methods read from the same message; call [`finish`](Self::finish) last. It ends where the message does, not
/// where the connection does: at the end the body is polled once, without waiting, so that the HTTP client can reuse
/// the connection. What arrives, a chunk or an error, is kept for [`next_message`](Self::next_message), which itself
/// reads on only when it is called again. [`into_inner`](Self::into_inner) returns the body, to drain it.
///
/// Use `?` on every call: an incomplete message is one error, [`IncompleteMessage`], which contains the reason, the
/// partial message and the transport's error. A lost event is [`Update::Lost`], not an error.
///
/// The stream is boxed once, so that nothing has to be pinned. It needs no executor and no `Send` bound, and is `Send`
/// if the stream and its error are. Dropping it cancels the response. All futures except that of `finish`, which owns
/// the message, are cancel safe: dropping one loses nothing. For a timeout after which the message may continue, put it
/// around [`next_event`](Self::next_event).
#[must_use = "nothing is read before a method is called"]
pub struct MessageStream<S: TryStream> {
    stream: Pin<Box<S>>,
    chunks: ChunkBuffer,
    state: MessageState<S::Error>,
    /// Restarts the idle timeout, if the stream has one of updates. A function, because only its own type has it.
    restart_timer: fn(Pin<&mut S>),
}

/// The stream is boxed, and its error is never pinned.
impl<S: TryStream> Unpin for MessageStream<S> {}

impl<S: TryStream> MessageStream<S> {
    /// Creates a stream with default limits and [`Validation::Lenient`]: a violation of the
    /// protocol is counted, not an error, and a message that lacks only its `message_stop` is complete.
    pub fn new(stream: S) -> Self {
        Self::with_decoder(stream, MessageDecoder::new())
    }

    /// Creates a stream with the given decoder, for other limits of events or blocks, or a last event ID.
    pub fn with_decoder(stream: S, decoder: MessageDecoder) -> Self {
        let state = MessageState::new(decoder);
        Self { stream: Box::pin(stream), chunks: ChunkBuffer::new(), state, restart_timer: |_| () }
    }

    message_methods!();

    /// Borrows the stream of chunks.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Borrows the stream of chunks, pinned. Taking chunks from it loses them for this message.
    #[must_use]
    pub fn get_pin_mut(&mut self) -> Pin<&mut S> {
        self.stream.as_mut()
    }

    /// Borrows the stream of chunks mutably. Taking chunks from it loses them for this message.
    pub fn get_mut(&mut self) -> &mut S
    where
        S: Unpin,
    {
        &mut self.stream
    }

    /// Returns the stream of chunks, to drain it. Bytes that were taken and not yet returned are lost.
    #[must_use]
    pub fn into_inner(self) -> Pin<Box<S>> {
        self.stream
    }

    /// Ends the message with the bytes that were taken from the stream so far, without reading: after a timeout or a
    /// cancellation of your own. Bytes whose updates were not returned yet count, too; [`snapshot`](Self::snapshot) is
    /// the message without them.
    ///
    /// # Errors
    /// As [`finish`](Self::finish) of a body that ends here.
    pub fn into_message(self) -> Result<Message, IncompleteMessage<S::Error>> {
        self.state.into_message(self.chunks.unread())
    }

    /// Ends the message if no update arrives for a time. Each update restarts it, also a `ping`, which shows that the
    /// server is alive; comments and other bytes do not. The message is then incomplete, unless it has its stop reason,
    /// and its [`transport`](IncompleteMessage::transport) is [`IdleError::Idle`](crate::IdleError::Idle).
    ///
    /// `timer` is called as that of an [`IdleTimeout`], which contains the stream, boxed. Set one timeout only: after a
    /// second call, no update restarts the first timer.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use futures::{StreamExt as _, stream};
    /// use ssewire_io::{ByteStreamExt as _, IdleError};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    /// # runtime.block_on(async {
    /// # let body = stream::unfold((), |()| async {
    /// #     tokio::time::sleep(Duration::from_secs(10)).await;
    /// #     Some((Ok::<_, std::io::Error>(": alive\n\n"), ()))
    /// # });
    /// let reply = body.message().with_idle_timeout(|| tokio::time::sleep(Duration::from_secs(60)));
    /// let error = reply.finish().await.unwrap_err();
    /// assert!(matches!(error.transport(), Some(IdleError::Idle)));
    /// # });
    /// ```
    pub fn with_idle_timeout<M, T>(self, timer: M) -> MessageStream<IdleTimeout<Pin<Box<S>>, M, T>>
    where
        S: Stream<Item = Result<S::Ok, S::Error>>,
        M: FnMut() -> T,
        T: Future<Output = ()>,
    {
        MessageStream {
            stream: Box::pin(IdleTimeout::of_updates(self.stream, timer)),
            chunks: self.chunks,
            state: self.state.map_transport(IdleError::Stream),
            restart_timer: IdleTimeout::restart,
        }
    }

    fn event(&self, (at, span): Position) -> UpdateEvent<'_> {
        let chunk = at.and_then(|from| self.chunks.chunk().get(from..)).unwrap_or_default();
        self.state.resolve(chunk, span)
    }
}

impl<S: TryStream> MessageStream<S>
where
    S::Ok: AsRef<[u8]>,
{
    /// Returns the next update, borrowed. `None`: the message is complete, or its error was returned before.
    ///
    /// # Errors
    /// [`IncompleteMessage`]. Nothing follows.
    pub async fn next_update(&mut self) -> Result<Option<Update<'_>>, IncompleteMessage<S::Error>> {
        Ok(self.next_event().await?.map(|event| event.update))
    }

    /// As [`next_update`](Self::next_update), with the payload and the type of the event that caused the update.
    ///
    /// # Errors
    /// As [`next_update`](Self::next_update).
    pub async fn next_event(&mut self) -> Result<Option<UpdateEvent<'_>>, IncompleteMessage<S::Error>> {
        let found = poll_fn(|context| self.poll_position(context)).await?;
        Ok(found.map(|position| self.event(position)))
    }

    /// As [`next_event`](Self::next_event), for a hand-written [`Stream`].
    ///
    /// # Errors
    /// As [`next_update`](Self::next_update).
    pub fn poll_next_event(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<UpdateEvent<'_>>, IncompleteMessage<S::Error>>> {
        let found = ready!(self.poll_position(context))?;
        Poll::Ready(Ok(found.map(|position| self.event(position))))
    }

    /// Returns the next piece of text. `None`: the message is complete, or its error was returned before.
    ///
    /// # Errors
    /// As [`next_update`](Self::next_update).
    #[doc(alias = "text_stream")]
    pub async fn next_text(&mut self) -> Result<Option<String>, IncompleteMessage<S::Error>> {
        poll_fn(|context| self.poll_next_text(context)).await
    }

    fn poll_next_text(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<String>, IncompleteMessage<S::Error>>> {
        while let Some(position) = ready!(self.poll_position(context))? {
            if let Some(text) = text_of(&self.event(position)) {
                return Poll::Ready(Ok(Some(text)));
            }
        }
        Poll::Ready(Ok(None))
    }

    /// Returns the text as it arrives, as a [`Stream`]: the items of [`next_text`](Self::next_text). A stream that owns
    /// the message is [`flat_map_updates`](Self::flat_map_updates) of `Update::text_deltas`.
    #[doc(alias = "text_stream")]
    pub fn text_deltas(&mut self) -> TextDeltaStream<'_, S> {
        TextDeltaStream(self)
    }

    /// Maps each update to any number of items of a [`Stream`], for example of a type that all vendors share. The
    /// closure returns an `Option`, a `Vec` or anything else that can be iterated over.
    ///
    /// ```
    /// use futures::TryStreamExt as _;
    /// use ssewire_io::{ByteStreamExt as _, IncompleteMessage};
    /// use ssewire_io::ssewire_messages::{OwnedToolCall, Update};
    ///
    /// # #[derive(Debug, PartialEq)]
    /// enum Delta {
    ///     Text(String),
    ///     ToolCall(OwnedToolCall),
    /// }
    ///
    /// # futures::executor::block_on(async {
    /// # let body = futures::stream::iter([Ok::<_, std::io::Error>(&b"data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"A\"}]}}\n\n\
    /// #   data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"B\"}}\n\n\
    /// #   data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"C\"}}\n\n\
    /// #   data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n"[..])]);
    /// let deltas = body.message().flat_map_updates(|event| {
    ///     // Not `Update::Text` alone: the start of a message or of a block may have text, too.
    ///     let mut deltas: Vec<_> = event.update.text_deltas().map(|text| Delta::Text(text.to_owned())).collect();
    ///     if let Update::ToolCall(call) = event.update {
    ///         deltas.push(Delta::ToolCall(call.into_owned()));
    ///     }
    ///     deltas
    /// });
    /// let deltas: Vec<Delta> = deltas.try_collect().await?;
    /// # assert_eq!(deltas, ["A", "B", "C"].map(|text| Delta::Text(text.to_owned())));
    /// # Ok::<(), IncompleteMessage<std::io::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// [`Update::MessageStop`] may be missing, and does not prove that the message is complete: only the end of the
    /// stream without an error does. The error that [`Update::Error`] announces follows as the `Err` of the stream.
    /// The recipe "A stream of your own events" has an item for the end, too.
    pub fn flat_map_updates<F, I>(self, map: F) -> FlatMapUpdates<S, F, I::IntoIter>
    where
        F: FnMut(UpdateEvent<'_>) -> I,
        I: IntoIterator,
    {
        FlatMapUpdates { message: self, map, items: None }
    }

    /// Reads to the end of the message, and returns it.
    ///
    /// # Errors
    /// [`IncompleteMessage`], with the partial message and the reason. An error that was returned before is returned
    /// again, without the transport's error.
    #[doc(alias("get_final_message", "until_done"))]
    pub async fn finish(mut self) -> Result<Message, IncompleteMessage<S::Error>> {
        self.read_to_end(true).await?;
        self.state.finish()
    }

    /// Reads to the end of the message, returns it, and continues with the next one of the same body. `None`: the body
    /// has no further message.
    ///
    /// ```
    /// # use ssewire_io::ByteStreamExt as _;
    /// # futures::executor::block_on(async {
    /// # let one = &b"data: {\"type\":\"message_start\",\"message\":{}}\n\n\
    /// #   data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n"[..];
    /// # let body = futures::stream::iter([Ok::<_, std::io::Error>(one), Ok(one)]);
    /// let mut reply = body.message();
    /// let mut messages = Vec::new();
    /// while let Some(message) = reply.next_message().await? {
    ///     messages.push(message);
    /// }
    /// assert_eq!(messages.len(), 2);
    /// # Ok::<(), ssewire_io::IncompleteMessage<std::io::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`IncompleteMessage`], also if the transport failed between two messages. The next call continues with the next
    /// message, and so does this one if another method has returned the error of the message before.
    pub async fn next_message(&mut self) -> Result<Option<Message>, IncompleteMessage<S::Error>> {
        self.state.skip_failed();
        // The next call reads on, and then returns an error of the transport.
        self.read_to_end(false).await?;
        self.state.next_message()
    }

    async fn read_to_end(&mut self, looks_ahead: bool) -> Result<(), IncompleteMessage<S::Error>> {
        while poll_fn(|context| self.poll_to(looks_ahead, context)).await?.is_some() {}
        Ok(())
    }

    fn poll_position(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Position>, IncompleteMessage<S::Error>>> {
        self.poll_to(true, context)
    }

    /// `looks_ahead`: at the end of the message, a ready chunk is read, so that the connection may be used again.
    fn poll_to(
        &mut self,
        looks_ahead: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Position>, IncompleteMessage<S::Error>>> {
        loop {
            match self.state.phase() {
                Phase::Reading => {
                    let state = &mut self.state;
                    let decode = |input: &mut &[u8]| Ok(state.poll(input));
                    let stream = self.stream.as_mut();
                    let found = ready!(self.chunks.poll_decode(stream, context, Keep::Whole, decode, |error| error));
                    if let Ok(Some(_)) = &found {
                        (self.restart_timer)(self.stream.as_mut());
                    }
                    match found {
                        Ok(Some((from, Found::Update(span)))) => return Poll::Ready(Ok(Some((Some(from), span)))),
                        Ok(Some((_, Found::End))) => {
                            if looks_ahead {
                                let looked = self.chunks.look_ahead(self.stream.as_mut(), context);
                                looked.unwrap_or_else(|error| self.state.record_transport_error(error));
                                // No time is measured until the next message is read.
                                (self.restart_timer)(self.stream.as_mut());
                            }
                            return Poll::Ready(self.state.conclude().map(|()| None));
                        }
                        Ok(None) => self.state.end_input(),
                        Err(error) => {
                            self.state.record_transport_error(error);
                            self.state.end_input();
                        }
                    }
                }
                Phase::Draining => return Poll::Ready(Ok(self.state.drain()?.map(|span| (None, span)))),
                Phase::Ended | Phase::Failed => return Poll::Ready(Ok(None)),
            }
        }
    }
}

/// Shows states, never bytes of the stream.
impl<S: TryStream> fmt::Debug for MessageStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageStream")
            .field("decoder", self.decoder())
            .field("phase", &self.state.phase())
            .finish_non_exhaustive()
    }
}

/// The text of a [`MessageStream`] as it arrives: that of all text blocks, without separators.
#[must_use = "streams do nothing unless polled"]
pub struct TextDeltaStream<'a, S: TryStream>(&'a mut MessageStream<S>);

impl<S: TryStream> Stream for TextDeltaStream<'_, S>
where
    S::Ok: AsRef<[u8]>,
{
    type Item = Result<String, IncompleteMessage<S::Error>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_text(context).map(Result::transpose)
    }
}

impl<S: TryStream> FusedStream for TextDeltaStream<'_, S>
where
    S::Ok: AsRef<[u8]>,
{
    fn is_terminated(&self) -> bool {
        self.0.state.is_ended()
    }
}

impl<S: TryStream> fmt::Debug for TextDeltaStream<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TextDeltaStream").field(&self.0).finish()
    }
}

/// The updates of a [`MessageStream`], mapped; see [`MessageStream::flat_map_updates`].
#[must_use = "streams do nothing unless polled"]
pub struct FlatMapUpdates<S: TryStream, F, I> {
    message: MessageStream<S>,
    map: F,
    /// Of the last update; `None` if all of them have been returned.
    items: Option<I>,
}

impl<S: TryStream, F, I> FlatMapUpdates<S, F, I> {
    /// Borrows the message, with its snapshot.
    #[must_use = "returns a reference and changes nothing"]
    pub fn get_ref(&self) -> &MessageStream<S> {
        &self.message
    }

    /// Borrows the message mutably. Updates that are taken from it are not mapped.
    pub fn get_mut(&mut self) -> &mut MessageStream<S> {
        &mut self.message
    }

    /// Returns the message, to [`finish`](MessageStream::finish) it. Items of its last update that were not taken are
    /// lost.
    pub fn into_inner(self) -> MessageStream<S> {
        self.message
    }
}

/// The closure is called and the items are iterated over; neither is ever pinned.
impl<S: TryStream, F, I> Unpin for FlatMapUpdates<S, F, I> {}

impl<S: TryStream, F, I> Stream for FlatMapUpdates<S, F, I::IntoIter>
where
    S::Ok: AsRef<[u8]>,
    F: FnMut(UpdateEvent<'_>) -> I,
    I: IntoIterator,
{
    type Item = Result<I::Item, IncompleteMessage<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.items.as_mut().and_then(Iterator::next) {
                return Poll::Ready(Some(Ok(item)));
            }
            this.items = None;
            let Some(position) = ready!(this.message.poll_position(context))? else { return Poll::Ready(None) };
            this.items = Some((this.map)(this.message.event(position)).into_iter());
        }
    }
}

impl<S: TryStream, F, I> FusedStream for FlatMapUpdates<S, F, I::IntoIter>
where
    S::Ok: AsRef<[u8]>,
    F: FnMut(UpdateEvent<'_>) -> I,
    I: IntoIterator,
{
    fn is_terminated(&self) -> bool {
        self.items.is_none() && self.message.state.is_ended()
    }
}

impl<S: TryStream, F, I> fmt::Debug for FlatMapUpdates<S, F, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlatMapUpdates").field("message", &self.message).finish_non_exhaustive()
    }
}
