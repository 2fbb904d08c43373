use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;
use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};

use futures_core::stream::FusedStream;
use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;
use ssewire_messages::{Message, MessageDecodeError, MessageDecoder, UpdateEvent};

use super::{FinalMessageError, Found, MessageError, end_text, end_update, finish, judge, poll_text, poll_update};
use crate::chunks::Chunks;

pin_project! {
    /// A message that arrives from a stream of byte chunks.
    ///
    /// ```
    /// use ssewire_io::Messages;
    ///
    /// # futures::executor::block_on(async {
    /// # let body = futures::stream::iter([Ok::<_, std::io::Error>(&b"data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}}\n\n\
    /// #   data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n"[..])]);
    /// let mut stream = Messages::new(body); // `response.bytes_stream()` of reqwest, say
    /// while let Some(text) = stream.next_text().await? {
    ///     print!("{text}");
    /// }
    /// let message = stream.final_message().await?;
    /// println!("\n{:?}", message.stop_reason());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// Beside the text there are the updates of [`next_update`](Self::next_update), borrowed and each with its snapshot.
    /// They read from the same stream: take what is wanted of it, then the [final message](Self::final_message). The
    /// stream ends where the message does, whatever the connection does then. As a [`Stream`] it yields the text.
    ///
    /// Truncation is detected: a stream that ended early ends with an error. The error of the final message also has the
    /// partial message, the server's error, and what the body was if it was not a stream. No executor, no boxing, no
    /// `Send` bound. Dropping it cancels the response.
    pub struct Messages<S: TryStream> {
        #[pin]
        chunks: Chunks<S>,
        decoder: MessageDecoder,
        is_input_ended: bool,
        is_ended: bool,
    }
}

type Polled<T, S> = Result<Option<(Option<usize>, T)>, MessageError<<S as TryStream>::Error>>;

impl<S: TryStream> Messages<S>
where
    S::Ok: AsRef<[u8]>,
{
    /// With default limits; lenient.
    pub fn new(chunks: S) -> Self {
        Self::with_decoder(chunks, MessageDecoder::new())
    }

    /// With a decoder of the caller's: strict, with other limits, or with the head of the response.
    pub fn with_decoder(chunks: S, decoder: MessageDecoder) -> Self {
        Self { chunks: Chunks::new(chunks), decoder, is_input_ended: false, is_ended: false }
    }

    /// The next update, borrowed. `None`: the message is complete. Cancel safe: a future that is dropped has taken
    /// nothing.
    ///
    /// A stream that is not `Unpin` has to be pinned first, by `pin!` or `Box::pin`.
    ///
    /// # Errors
    /// [`MessageError`]. Nothing follows.
    pub async fn next_update(&mut self) -> Result<Option<UpdateEvent<'_>>, MessageError<S::Error>>
    where
        S: Unpin,
    {
        let found = poll_fn(|context| Pin::new(&mut *self).poll_find(context, poll_update, end_update)).await?;
        Ok(found.map(|(from, span)| {
            let chunk = self.chunks.chunk().map(AsRef::as_ref).unwrap_or_default();
            let chunk = from.and_then(|from| chunk.get(from..)).unwrap_or_default();
            self.decoder.resolve(chunk, span)
        }))
    }

    /// The next piece of text. `None`: the message is complete. Cancel safe.
    ///
    /// # Errors
    /// [`MessageError`]. Nothing follows.
    pub async fn next_text(&mut self) -> Result<Option<String>, MessageError<S::Error>>
    where
        S: Unpin,
    {
        let found = poll_fn(|context| Pin::new(&mut *self).poll_find(context, poll_text, end_text)).await?;
        Ok(found.map(|(_, text)| text))
    }

    /// The text as it arrives.
    pub fn text_deltas(&mut self) -> TextStream<'_, S>
    where
        S: Unpin,
    {
        TextStream { messages: Pin::new(self) }
    }

    /// Reads to the end of the message, and returns it.
    ///
    /// # Errors
    /// [`FinalMessageError`], with the partial message and why it is one.
    pub async fn final_message(self) -> Result<Message, FinalMessageError<S::Error>> {
        let mut messages = pin!(self);
        let mut failure = None;
        loop {
            match poll_fn(|context| messages.as_mut().poll_find(context, poll_update, end_update)).await {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(MessageError::Transport(error)) => failure = Some(error),
                // `finish` judges.
                Err(_) => {}
            }
        }
        finish(core::mem::take(messages.project().decoder), failure)
    }

    /// The decoder, which has the snapshot, the violations, the accumulator.
    pub fn decoder(&self) -> &MessageDecoder {
        &self.decoder
    }

    /// The message so far.
    pub fn snapshot(&self) -> Cow<'_, Message> {
        self.decoder.snapshot()
    }

    fn poll_find<T>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut poll: impl FnMut(&mut MessageDecoder, &mut &[u8]) -> Result<Found<T>, MessageDecodeError>,
        mut end: impl FnMut(&mut MessageDecoder) -> Result<Option<T>, MessageDecodeError>,
    ) -> Poll<Polled<T, S>> {
        let this = self.project();
        if *this.is_ended {
            return Poll::Ready(Ok(None));
        }
        let decoder = this.decoder;
        if !*this.is_input_ended {
            let decode = |input: &mut &[u8]| poll(decoder, input).map_err(MessageError::Decode);
            match ready!(this.chunks.poll_find(context, decode, MessageError::Transport)) {
                Ok(Some((from, Some(found)))) => return Poll::Ready(Ok(Some((Some(from), found)))),
                Ok(Some((_, None))) => {
                    *this.is_ended = true;
                    return Poll::Ready(judge(decoder).map(|()| None));
                }
                Ok(None) => *this.is_input_ended = true,
                Err(error) => {
                    *this.is_ended = true;
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(match end(decoder) {
            Ok(Some(found)) => Ok(Some((None, found))),
            Ok(None) => {
                *this.is_ended = true;
                judge(decoder).map(|()| None)
            }
            Err(error) => {
                *this.is_ended = true;
                Err(MessageError::Decode(error))
            }
        })
    }
}

impl<S: TryStream> Stream for Messages<S>
where
    S::Ok: AsRef<[u8]>,
{
    type Item = Result<String, MessageError<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_find(context, poll_text, end_text).map(next)
    }
}

impl<S: TryStream> FusedStream for Messages<S>
where
    S::Ok: AsRef<[u8]>,
{
    fn is_terminated(&self) -> bool {
        self.is_ended
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
        self.messages.as_mut().poll_find(context, poll_text, end_text).map(next)
    }
}

/// As items of a stream are returned.
fn next<F, T, E>(found: Result<Option<(F, T)>, E>) -> Option<Result<T, E>> {
    found.map(|found| found.map(|(_, item)| item)).transpose()
}

/// Shows states, never what the stream carried.
impl<S: TryStream> fmt::Debug for Messages<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages")
            .field("decoder", &self.decoder)
            .field("is_ended", &self.is_ended)
            .finish_non_exhaustive()
    }
}
