//! Blocking input: anything that is `std::io::Read`.

use core::fmt;
use std::io::{self, Read};

use ssewire::{Decoder, Event, OwnedEvent};

use crate::Error;
use crate::read_source::ReadSource;

/// The events of a blocking reader.
///
/// ```
/// use ssewire_io::Reader;
///
/// # let response = &b"event: greeting\ndata: hello\n\n"[..];
/// let mut events = Reader::new(response); // the body that any blocking HTTP client gives
/// while let Some(event) = events.next_event()? {
///     println!("{}: {}", event.event_type_lossy(), event.data_lossy());
/// }
/// # Ok::<(), ssewire_io::Error<std::io::Error>>(())
/// ```
///
/// [`next_event`](Self::next_event) lends each event: no copy, no allocation. As an iterator it gives events that own
/// their bytes, for one copy and one allocation each.
///
/// An end is told once: behind a [final](Error::is_final) error there is nothing more.
pub struct Reader<R> {
    source: ReadSource<R>,
    decoder: Decoder,
}

impl<R: Read> Reader<R> {
    /// Reads in pieces of up to 16 KiB, with the decoder's default limits.
    pub fn new(reader: R) -> Self {
        Self::with_decoder(reader, Decoder::new())
    }

    /// The same with a decoder of the caller's: another limit, or a last event ID.
    pub fn with_decoder(reader: R, decoder: Decoder) -> Self {
        Self { source: ReadSource::new(reader), decoder }
    }

    /// The next event, lent. Blocks until it is there. `None`: the stream has ended well.
    ///
    /// # Errors
    /// [`Error`]. If it is not [final](Error::is_final), call again to go on behind the event that was lost.
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, Error<io::Error>> {
        let decoder = &mut self.decoder;
        let found = self.source.find(|input| decoder.poll_event(input).map_err(Error::Decode), Error::Transport);
        match found {
            Ok(Some((from, ready))) => Ok(Some(self.decoder.resolve(self.source.chunk(from), ready))),
            Ok(None) => self.decoder.finish().map(|()| None).map_err(Error::Truncated),
            Err(error) => {
                if error.is_final() {
                    // What is pending was cut by this error, which says so already.
                    let _told = self.decoder.finish();
                }
                Err(error)
            }
        }
    }

    /// The decoder, which knows the last event ID and the reconnection time.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// The reader. What was read ahead of the last event is lost.
    pub fn into_inner(self) -> R {
        self.source.into_inner()
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<OwnedEvent, Error<io::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_event().map(|event| event.map(Event::into_owned)).transpose()
    }
}

/// Shows the decoder's state, never what the stream carried.
impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("decoder", &self.decoder).finish_non_exhaustive()
    }
}
