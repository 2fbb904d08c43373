use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;
use std::io::{self, Read};

use ssewire_messages::{Message, MessageDecodeError, MessageDecoder, UpdateEvent};

use super::{FinalMessageError, Found, MessageError, end_text, end_update, finish, judge, poll_text, poll_update};
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
/// while let Some(text) = stream.next_text()? {
///     print!("{text}");
/// }
/// let message = stream.final_message()?;
/// println!("\n{:?}", message.stop_reason());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Beside the text there are the updates of [`next_update`](Self::next_update), borrowed and each with its snapshot. They
/// read from the same stream: take what is wanted of it, then the [final message](Self::final_message). The stream ends
/// where the message does, whatever the connection does then.
///
/// Truncation is detected: a stream that ended early ends with an error. The error of the final message also has the
/// partial message, the server's error, and what the body was if it was not a stream.
pub struct MessageReader<R> {
    source: ReadSource<R>,
    decoder: MessageDecoder,
    is_input_ended: bool,
    is_ended: bool,
    failure: Option<io::Error>,
}

impl<R: Read> MessageReader<R> {
    /// With default limits; lenient.
    pub fn new(reader: R) -> Self {
        Self::with_decoder(reader, MessageDecoder::new())
    }

    /// With a decoder of the caller's: strict, with other limits, or with the head of the response.
    pub fn with_decoder(reader: R, decoder: MessageDecoder) -> Self {
        Self { source: ReadSource::new(reader), decoder, is_input_ended: false, is_ended: false, failure: None }
    }

    /// The next update, borrowed. Blocks until it is there. `None`: the message is complete.
    ///
    /// # Errors
    /// [`MessageError`]. Nothing follows.
    pub fn next_update(&mut self) -> Result<Option<UpdateEvent<'_>>, Error> {
        let found = self.find(poll_update, end_update)?;
        Ok(found.map(|(from, span)| {
            let chunk = from.map(|from| self.source.chunk(from)).unwrap_or_default();
            self.decoder.resolve(chunk, span)
        }))
    }

    /// The next piece of text. `None`: the message is complete.
    ///
    /// # Errors
    /// [`MessageError`]. Nothing follows.
    pub fn next_text(&mut self) -> Result<Option<String>, Error> {
        Ok(self.find(poll_text, end_text)?.map(|(_, text)| text))
    }

    /// The text as it arrives.
    pub fn text_deltas(&mut self) -> TextDeltas<'_, R> {
        TextDeltas(self)
    }

    /// Reads to the end of the message, and returns it.
    ///
    /// # Errors
    /// [`FinalMessageError`], with the partial message and why it is one.
    pub fn final_message(mut self) -> Result<Message, FinalMessageError<io::Error>> {
        loop {
            match self.next_update() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(MessageError::Transport(error)) => self.failure = Some(error),
                // `finish` judges.
                Err(_) => {}
            }
        }
        finish(self.decoder, self.failure)
    }

    /// The decoder, which has the snapshot, the violations, the accumulator.
    pub fn decoder(&self) -> &MessageDecoder {
        &self.decoder
    }

    /// The message so far.
    pub fn snapshot(&self) -> Cow<'_, Message> {
        self.decoder.snapshot()
    }

    fn find<T>(
        &mut self,
        mut poll: impl FnMut(&mut MessageDecoder, &mut &[u8]) -> Result<Found<T>, MessageDecodeError>,
        mut end: impl FnMut(&mut MessageDecoder) -> Result<Option<T>, MessageDecodeError>,
    ) -> Result<Option<(Option<usize>, T)>, Error> {
        if self.is_ended {
            return Ok(None);
        }
        let decoder = &mut self.decoder;
        if !self.is_input_ended {
            let found =
                self.source.find(|input| poll(decoder, input).map_err(MessageError::Decode), MessageError::Transport);
            match found {
                Ok(Some((from, Some(found)))) => return Ok(Some((Some(from), found))),
                Ok(Some((_, None))) => {
                    self.is_ended = true;
                    return judge(decoder).map(|()| None);
                }
                Ok(None) => self.is_input_ended = true,
                Err(error) => {
                    self.is_ended = true;
                    return Err(error);
                }
            }
        }
        match end(decoder) {
            Ok(Some(found)) => Ok(Some((None, found))),
            Ok(None) => {
                self.is_ended = true;
                judge(decoder).map(|()| None)
            }
            Err(error) => {
                self.is_ended = true;
                Err(MessageError::Decode(error))
            }
        }
    }
}

/// The text of a [`MessageReader`] as it arrives: that of all text blocks, with nothing in between.
#[derive(Debug)]
pub struct TextDeltas<'a, R>(&'a mut MessageReader<R>);

impl<R: Read> Iterator for TextDeltas<'_, R> {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_text().transpose()
    }
}

/// Shows states, never what the stream carried.
impl<R> fmt::Debug for MessageReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageReader")
            .field("decoder", &self.decoder)
            .field("is_ended", &self.is_ended)
            .finish_non_exhaustive()
    }
}
