use alloc::string::String;
use core::fmt;
use std::io::{self, Read};

use ssewire_messages::{Item, Message, MessageStream, StreamError, StreamEvent};

use super::{FinalMessageError, MessageError, advance_text, finish};
use crate::read_source::ReadSource;

type Error = MessageError<io::Error>;

/// A message that arrives from a blocking reader.
///
/// ```
/// use ssewire_io::MessageReader;
///
/// # let response = &b"data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}}\n\n\
/// #   data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n"[..];
/// let mut stream = MessageReader::new(response); // the body that any blocking HTTP client gives
/// for text in stream.text_pieces() {
///     match text {
///         Ok(text) => print!("{text}"),
///         Err(error) => eprintln!("{error}"), // One event is lost, or the stream has ended: the next line tells.
///     }
/// }
/// let message = stream.final_message()?;
/// println!("\n{:?}", message.stop_reason.get());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Beside the text there are the updates of [`next_item`](Self::next_item), lent and each with its snapshot, and, as an
/// iterator, the typed events, which own their bytes. They all read from the same stream: take what is wanted of it,
/// then the [final message](Self::final_message).
///
/// A stream that ended early never looks like one that ended well: its last item is an error. That one is short; the
/// error of the final message also has what came, what the server reported, and what the body was if it was no stream.
pub struct MessageReader<R> {
    source: ReadSource<R>,
    stream: MessageStream,
    ended: bool,
    failure: Option<io::Error>,
}

impl<R: Read> MessageReader<R> {
    /// With default limits; tolerant.
    pub fn new(reader: R) -> Self {
        Self::with_stream(reader, MessageStream::new())
    }

    /// With a driver of the caller's: strict, with other limits, or with the content type of the response.
    pub fn with_stream(reader: R, stream: MessageStream) -> Self {
        Self { source: ReadSource::new(reader), stream, ended: false, failure: None }
    }

    /// The next update, lent. Blocks until it is there. `None`: the message is whole.
    ///
    /// # Errors
    /// [`MessageError`]. If it is not [final](MessageError::is_final), call again to go on behind the event.
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, Error> {
        let found = self.find(MessageStream::advance)?;
        Ok(found.map(|(from, ready)| self.stream.item(self.source.chunk(from), ready)))
    }

    /// The text as it arrives.
    pub fn text_pieces(&mut self) -> TextPieces<'_, R> {
        TextPieces(self)
    }

    /// Reads to the end, and gives the message.
    ///
    /// # Errors
    /// [`FinalMessageError`], with the partial message and why it is one.
    pub fn final_message(mut self) -> Result<Message, FinalMessageError<io::Error>> {
        loop {
            match self.next_item() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(MessageError::Transport(error)) => self.failure = Some(error),
                Err(_judged_by_finish) => {}
            }
        }
        finish(self.stream, self.failure)
    }

    /// The driver, which has the snapshot, the anomalies, the accumulator.
    pub fn stream(&self) -> &MessageStream {
        &self.stream
    }

    /// The message so far. Free.
    pub fn snapshot(&self) -> &Message {
        self.stream.snapshot()
    }

    fn find<T>(
        &mut self,
        mut advance: impl FnMut(&mut MessageStream, &mut &[u8]) -> Result<Option<T>, StreamError>,
    ) -> Result<Option<(usize, T)>, Error> {
        if self.ended {
            return Ok(None);
        }
        let stream = &mut self.stream;
        let found =
            self.source.find(|input| advance(stream, input).map_err(MessageError::Event), MessageError::Transport);
        let told = match found {
            Ok(Some(found)) => return Ok(Some(found)),
            Ok(None) => stream.end().map(|()| None).map_err(MessageError::Incomplete),
            Err(error) if error.is_final() => Err(error),
            Err(error) => return Err(error),
        };
        self.ended = true;
        told
    }
}

impl<R: Read> Iterator for MessageReader<R> {
    type Item = Result<StreamEvent<'static>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.find(MessageStream::advance_owned).map(|found| found.map(|(_, event)| event)).transpose()
    }
}

/// The text of a [`MessageReader`] as it arrives: that of all text blocks, with nothing in between.
#[derive(Debug)]
pub struct TextPieces<'a, R>(&'a mut MessageReader<R>);

impl<R: Read> Iterator for TextPieces<'_, R> {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.find(advance_text).map(|found| found.map(|(_, text)| text)).transpose()
    }
}

/// Shows states, never what the stream carried.
impl<R> fmt::Debug for MessageReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageReader")
            .field("stream", &self.stream)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
