//! The stream of a body whose message has started, for gateways that change the server before that.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::error::Error;
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::stream::FusedStream;
use futures_core::{Stream, TryStream};
use ssewire_messages::MessageDecoder;

use super::error::{IncompleteMessage, StructuredError};
use super::state::{Found, MessageState};

/// A body whose message has started: a stream of all its chunks and of the transport's error, unchanged. The message
/// has started when its first content block begins, when it is complete without one, or after 1 MiB without one.
///
/// Many servers accept a request and fail within the stream. Before the first content, a gateway can send the request
/// to another server, and its client does not notice. If no server is left, it passes the body of the error on:
/// [`NotStarted::into_body`].
///
/// ```
/// use futures::stream;
/// use ssewire_io::{ByteStreamExt as _, StartedStream};
///
/// # futures::executor::block_on(async {
/// # let overloaded = &b"data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"\"}}\n\n"[..];
/// # let healthy = &b"data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}}\n\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n"[..];
/// # let responses = [overloaded, healthy].map(|body| stream::iter([Ok::<_, std::io::Error>(body)]));
/// for response in responses {
///     match StartedStream::wait_for(response).await {
///         Ok(body) => assert_eq!(body.message().finish().await?.text(), "Hi"),
///         Err(error) => eprintln!("try the next server: {error}"),
///     }
/// }
/// # Ok::<(), ssewire_io::IncompleteMessage<std::io::Error>>(())
/// # }).unwrap();
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct StartedStream<S: TryStream> {
    body: Pin<Box<S>>,
    /// Chunks that were read and not returned yet.
    chunks: VecDeque<S::Ok>,
    /// The transport's error after them.
    error: Option<S::Error>,
    is_ended: bool,
}

/// Bytes without content after which a body counts as started.
const MAX_BYTES: usize = 1 << 20;

/// The least size that a chunk counts as, so that the number of empty chunks is bounded, too.
const MIN_CHUNK_BYTES: usize = 256;

impl<S: TryStream> StartedStream<S>
where
    S::Ok: AsRef<[u8]>,
{
    /// Waits for the start of the message: reads until the first content block begins, the message is complete without
    /// one, or 1 MiB has arrived without one; empty and small chunks count as 256 bytes each. The chunks are kept until
    /// they are returned.
    ///
    /// It waits as long as pings and comments arrive: use a timeout. Dropping the future drops the body. The error
    /// keeps the body, and so the connection and the chunks, until it is dropped.
    ///
    /// # Errors
    /// [`NotStarted`], which has the body, too: the server reported an error, the transport failed, or the body ended
    /// or is not a stream of a message. It has no request ID: see
    /// [`wait_for_with_decoder`](Self::wait_for_with_decoder).
    pub async fn wait_for(body: S) -> Result<Self, NotStarted<S>> {
        Self::wait_for_with_decoder(body, MessageDecoder::new()).await
    }

    /// As [`wait_for`](Self::wait_for), with the given decoder: with the head of the response, whose request ID and
    /// rate limits are then in the error, or with other limits. The decoder is not kept: pass the head to the message
    /// that is read from this body, too.
    ///
    /// ```
    /// use ssewire_io::StartedStream;
    /// use ssewire_io::ssewire_messages::{MessageDecoder, ResponseHead};
    ///
    /// # futures::executor::block_on(async {
    /// # let headers = [("request-id", "req_1")];
    /// # let body = futures::stream::iter([Ok::<_, std::io::Error>("")]);
    /// let head = ResponseHead::new(200, headers); // `response.status().as_u16()` and `response.headers()`
    /// let decoder = MessageDecoder::new().with_response_head(head);
    /// let error = StartedStream::wait_for_with_decoder(body, decoder).await.unwrap_err();
    /// assert_eq!(error.incomplete().request_id(), Some("req_1"));
    /// # });
    /// ```
    ///
    /// # Errors
    /// As [`wait_for`](Self::wait_for).
    pub async fn wait_for_with_decoder(body: S, decoder: MessageDecoder) -> Result<Self, NotStarted<S>> {
        let mut body = Self { body: Box::pin(body), chunks: VecDeque::new(), error: None, is_ended: false };
        match body.read_to_content(MessageState::new(decoder)).await {
            Ok(()) => Ok(body),
            Err(incomplete) => Err(NotStarted { incomplete, body: SyncWrapper::new(body) }),
        }
    }

    async fn read_to_content(&mut self, mut state: MessageState<S::Error>) -> Result<(), IncompleteMessage<S::Error>> {
        let mut bytes = 0_usize;
        while bytes < MAX_BYTES {
            let chunk = match poll_fn(|context| self.body.as_mut().try_poll_next(context)).await {
                Some(Ok(chunk)) => chunk,
                end => {
                    self.is_ended = true;
                    if let Some(Err(error)) = end {
                        state.record_transport_error(error);
                    }
                    while state.drain()?.is_some() {}
                    self.error = state.take_transport_error();
                    break;
                }
            };
            bytes = bytes.saturating_add(chunk.as_ref().len().max(MIN_CHUNK_BYTES));
            let has_started = decode(&mut state, chunk.as_ref());
            self.chunks.push_back(chunk);
            if has_started? {
                break;
            }
        }
        Ok(())
    }
}

/// Returns whether content has begun, or the message is complete.
fn decode<E>(state: &mut MessageState<E>, mut input: &[u8]) -> Result<bool, IncompleteMessage<E>> {
    loop {
        match state.poll(&mut input) {
            Some(Found::Update(_)) if state.snapshot().content().is_empty() => {}
            Some(Found::Update(_)) => return Ok(true),
            Some(Found::End) => return state.conclude().map(|()| true),
            None => return Ok(false),
        }
    }
}

impl<S: TryStream> StartedStream<S> {
    /// Borrows the body.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.body
    }

    /// Borrows the body, pinned. Taking chunks from it loses them for this stream.
    #[must_use]
    pub fn get_pin_mut(&mut self) -> Pin<&mut S> {
        self.body.as_mut()
    }

    /// Borrows the body mutably. Taking chunks from it loses them for this stream.
    pub fn get_mut(&mut self) -> &mut S
    where
        S: Unpin,
    {
        &mut self.body
    }

    /// Returns the body. Chunks that were read and not returned are lost.
    #[must_use]
    pub fn into_inner(self) -> Pin<Box<S>> {
        self.body
    }
}

/// Never pins a chunk.
impl<S: TryStream> Unpin for StartedStream<S> {}

impl<S: TryStream> Stream for StartedStream<S> {
    type Item = Result<S::Ok, S::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(chunk) = self.chunks.pop_front() {
            return Poll::Ready(Some(Ok(chunk)));
        }
        if self.is_ended {
            return Poll::Ready(self.error.take().map(Err));
        }
        let item = ready!(self.body.as_mut().try_poll_next(context));
        self.is_ended = !matches!(item, Some(Ok(_)));
        Poll::Ready(item)
    }
}

impl<S: TryStream> FusedStream for StartedStream<S> {
    fn is_terminated(&self) -> bool {
        self.is_ended && self.chunks.is_empty() && self.error.is_none()
    }
}

/// Never shows bytes of the body.
impl<S: TryStream> fmt::Debug for StartedStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartedStream").field("is_ended", &self.is_ended).finish_non_exhaustive()
    }
}

/// The error of [`StartedStream::wait_for`]: the message that has failed before any content, and the body.
///
/// A gateway that has no further server passes the [body](Self::into_body) on, so that its client sees what the server
/// wrote. `?` converts this error to its [`IncompleteMessage`], or to an error that contains it. It converts the error
/// to a `Box<dyn Error + Send + Sync>`, too, if the body is `Send` and `'static`. For other bodies, and without the
/// feature `std` for one that is not `Sync`, use `.map_err(NotStarted::into_incomplete)?`.
///
/// ```
/// use futures::TryStreamExt as _;
/// use ssewire_io::StartedStream;
///
/// # futures::executor::block_on(async {
/// let response = "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"\"}}\n\n";
/// let body = futures::stream::iter([Ok::<_, std::io::Error>(response)]);
/// let error = StartedStream::wait_for(body).await.unwrap_err();
/// assert!(error.incomplete().is_retryable());
/// let chunks: Vec<&str> = error.into_body().try_collect().await?;
/// assert_eq!(chunks, [response]);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
///
/// An [`Error`] if the transport's error is one; see [common behaviour](crate#common-behaviour).
pub struct NotStarted<S: TryStream> {
    incomplete: IncompleteMessage<S::Error>,
    body: SyncWrapper<StartedStream<S>>,
}

/// Makes a value `Sync` that is only `Send`, with `std`: most boxed bodies are not `Sync`, but the errors of most
/// programs have to be. The value is only moved out, so nothing ever locks the mutex.
struct SyncWrapper<T>(#[cfg(feature = "std")] std::sync::Mutex<T>, #[cfg(not(feature = "std"))] T);

impl<T> SyncWrapper<T> {
    fn new(value: T) -> Self {
        #[cfg(feature = "std")]
        let value = std::sync::Mutex::new(value);
        Self(value)
    }

    fn into_inner(self) -> T {
        #[cfg(feature = "std")]
        let value = self.0.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        #[cfg(not(feature = "std"))]
        let value = self.0;
        value
    }
}

impl<S: TryStream> NotStarted<S> {
    /// Returns the incomplete message: its reason, and the error of the server or of the transport.
    #[must_use]
    pub fn incomplete(&self) -> &IncompleteMessage<S::Error> {
        &self.incomplete
    }

    /// Returns the incomplete message, owned, and drops the body.
    #[must_use]
    pub fn into_incomplete(self) -> IncompleteMessage<S::Error> {
        self.incomplete
    }

    /// Returns the body: a stream of all its chunks and of the transport's error, unchanged.
    pub fn into_body(self) -> StartedStream<S> {
        StartedStream { error: self.incomplete.into_transport(), ..self.body.into_inner() }
    }
}

impl<S: TryStream> From<NotStarted<S>> for IncompleteMessage<S::Error> {
    fn from(error: NotStarted<S>) -> Self {
        error.incomplete
    }
}

impl<S: TryStream> From<NotStarted<S>> for StructuredError<S::Error> {
    fn from(error: NotStarted<S>) -> Self {
        error.incomplete.into()
    }
}

impl<S: TryStream<Error: fmt::Display>> fmt::Display for NotStarted<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.incomplete.fmt(f)
    }
}

/// Never shows bytes of the body.
impl<S: TryStream<Error: fmt::Debug>> fmt::Debug for NotStarted<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotStarted").field("incomplete", &self.incomplete).finish_non_exhaustive()
    }
}

/// `Display` prints the transport's error, so `source` returns the source of that error.
impl<S: TryStream<Error: Error + 'static>> Error for NotStarted<S> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.incomplete.source()
    }
}
