use alloc::string::String;
use core::fmt;
use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};

use futures_core::stream::FusedStream;
use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;
use ssewire_messages::{Item, Message, MessageStream, StreamError, StreamEvent};

use super::{FinalMessageError, MessageError, advance_text, finish};
use crate::chunks::Chunks;

pin_project! {
    /// A message that arrives from a stream of byte chunks.
    ///
    /// ```
    /// use futures::StreamExt as _;
    /// use ssewire_io::Messages;
    ///
    /// # futures::executor::block_on(async {
    /// # let body = futures::stream::iter([Ok::<_, std::io::Error>(&b"data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}}\n\n\
    /// #   data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n"[..])]);
    /// let mut stream = Messages::new(body); // `response.bytes_stream()` of reqwest, say
    /// let mut texts = stream.text_stream();
    /// while let Some(text) = texts.next().await {
    ///     match text {
    ///         Ok(text) => print!("{text}"),
    ///         Err(error) => eprintln!("{error}"), // One event is lost, or the stream has ended: the next line tells.
    ///     }
    /// }
    /// let message = stream.final_message().await?;
    /// println!("\n{:?}", message.stop_reason.get());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// Beside the text there are the updates of [`next_item`](Self::next_item), lent and each with its snapshot, and,
    /// as a stream, the typed events, which own their bytes. They all read from the same stream: take what is wanted of
    /// it, then the [final message](Self::final_message).
    ///
    /// A stream that ended early never looks like one that ended well: its last item is an error. That one is short;
    /// the error of the final message also has what came, what the server reported, and what the body was if it was no
    /// stream. No executor, no boxing, no `Send` bound. Dropping it cancels the response.
    pub struct Messages<S: TryStream> {
        #[pin]
        chunks: Chunks<S>,
        stream: MessageStream,
        ended: bool,
    }
}

type Found<T, S> = Result<Option<(usize, T)>, MessageError<<S as TryStream>::Error>>;

impl<S: TryStream> Messages<S>
where
    S::Ok: AsRef<[u8]>,
{
    /// With default limits; tolerant.
    pub fn new(chunks: S) -> Self {
        Self::with_stream(chunks, MessageStream::new())
    }

    /// With a driver of the caller's: strict, with other limits, or with the content type of the response.
    pub fn with_stream(chunks: S, stream: MessageStream) -> Self {
        Self { chunks: Chunks::new(chunks), stream, ended: false }
    }

    /// The next update, lent. `None`: the message is whole. Cancel safe: a future that is dropped has taken nothing.
    ///
    /// A stream that is not `Unpin` has to be pinned first, by `pin!` or `Box::pin`.
    ///
    /// # Errors
    /// [`MessageError`]. If it is not [final](MessageError::is_final), call again to go on behind the event.
    pub async fn next_item(&mut self) -> Result<Option<Item<'_>>, MessageError<S::Error>>
    where
        S: Unpin,
    {
        let found = poll_fn(|context| Pin::new(&mut *self).poll_find(context, MessageStream::advance)).await?;
        Ok(found.map(|(from, ready)| {
            let chunk = self.chunks.chunk().map(AsRef::as_ref).unwrap_or_default();
            self.stream.item(chunk.get(from..).unwrap_or_default(), ready)
        }))
    }

    /// The text as it arrives.
    pub fn text_stream(&mut self) -> TextStream<'_, S>
    where
        S: Unpin,
    {
        TextStream { messages: Pin::new(self) }
    }

    /// Reads to the end, and gives the message.
    ///
    /// # Errors
    /// [`FinalMessageError`], with the partial message and why it is one.
    pub async fn final_message(self) -> Result<Message, FinalMessageError<S::Error>> {
        let mut messages = pin!(self);
        let mut failure = None;
        loop {
            match poll_fn(|context| messages.as_mut().poll_find(context, MessageStream::advance)).await {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(MessageError::Transport(error)) => failure = Some(error),
                Err(_judged_by_finish) => {}
            }
        }
        finish(core::mem::take(messages.project().stream), failure)
    }

    /// The driver, which has the snapshot, the anomalies, the accumulator.
    pub fn stream(&self) -> &MessageStream {
        &self.stream
    }

    /// The message so far. Free.
    pub fn snapshot(&self) -> &Message {
        self.stream.snapshot()
    }

    fn poll_find<T>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut advance: impl FnMut(&mut MessageStream, &mut &[u8]) -> Result<Option<T>, StreamError>,
    ) -> Poll<Found<T, S>> {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(Ok(None));
        }
        let decode = |input: &mut &[u8]| advance(this.stream, input).map_err(MessageError::Event);
        let told = match ready!(this.chunks.poll_find(context, decode, MessageError::Transport)) {
            Ok(None) => this.stream.end().map(|()| None).map_err(MessageError::Incomplete),
            Err(error) if error.is_final() => Err(error),
            found => return Poll::Ready(found),
        };
        *this.ended = true;
        Poll::Ready(told)
    }
}

impl<S: TryStream> Stream for Messages<S>
where
    S::Ok: AsRef<[u8]>,
{
    type Item = Result<StreamEvent<'static>, MessageError<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_find(context, MessageStream::advance_owned).map(next)
    }
}

impl<S: TryStream> FusedStream for Messages<S>
where
    S::Ok: AsRef<[u8]>,
{
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

/// The text of [`Messages`] as it arrives: that of all text blocks, with nothing in between.
#[derive(Debug)]
pub struct TextStream<'a, S: TryStream> {
    messages: Pin<&'a mut Messages<S>>,
}

impl<S: TryStream> Stream for TextStream<'_, S>
where
    S::Ok: AsRef<[u8]>,
{
    type Item = Result<String, MessageError<S::Error>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.messages.as_mut().poll_find(context, advance_text).map(next)
    }
}

/// As items of a stream are given.
fn next<T, E>(found: Result<Option<(usize, T)>, E>) -> Option<Result<T, E>> {
    found.map(|found| found.map(|(_, item)| item)).transpose()
}

/// Shows states, never what the stream carried.
impl<S: TryStream> fmt::Debug for Messages<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").field("stream", &self.stream).field("ended", &self.ended).finish_non_exhaustive()
    }
}
