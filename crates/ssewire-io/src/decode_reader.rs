//! Blocking input: anything that is `std::io::Read`.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::time::Duration;
use std::io::{self, Read};
use std::time::Instant;

use ssewire::{Block, Event, Frame};

use crate::end::{Ending, UnfinishedEvent, discard_pending};
use crate::error::EventError;
use crate::format::{Blocks, Decode, Events, Format, Frames, Lines, TextEvents};
use crate::read_source::{ReadError, ReadSource, Wait};

/// The events of a blocking reader.
pub type EventReader<R> = DecodeReader<R, Events>;

/// The blocks of a blocking reader, also those without data: priming events of MCP, `id` or `retry` alone.
pub type BlockReader<R> = DecodeReader<R, Blocks>;

/// The blocks, comments and unknown fields of a blocking reader. [`with_decoder`](DecodeReader::with_decoder) can omit
/// the latter two: a decoder returns them on request (`Decoder::with_comments`, `Decoder::with_unknown_fields`).
pub type FrameReader<R> = DecodeReader<R, Frames>;

/// The lines of a blocking reader, without their line ends: newline-delimited JSON.
#[doc(alias("ndjson", "jsonl", "json_lines"))]
pub type LineReader<R> = DecodeReader<R, Lines>;

/// The events of a blocking reader as [`TextEvent`](crate::TextEvent)s.
pub type TextEventReader<R> = DecodeReader<R, TextEvents>;

/// Items decoded from a blocking reader, for example the body of a response. Use its aliases:
///
/// | alias | item | without a copy | decoder |
/// |---|---|---|---|
/// | [`EventReader`] | [`OwnedEvent`](ssewire::OwnedEvent) | [`next_event`](EventReader::next_event) | [`Decoder`](ssewire::Decoder) |
/// | [`TextEventReader`] | [`TextEvent`](crate::TextEvent) | none | the same |
/// | [`BlockReader`] | [`OwnedBlock`](ssewire::OwnedBlock) | [`next_block`](BlockReader::next_block) | the same |
/// | [`FrameReader`] | [`OwnedFrame`](ssewire::OwnedFrame) | [`next_frame`](FrameReader::next_frame) | the same, with comments and unknown fields |
/// | [`LineReader`] | `Vec<u8>` | [`next_line`](LineReader::next_line) | [`LineDecoder`](ssewire::LineDecoder) |
///
/// ```
/// use ssewire_io::EventReader;
///
/// # let response = &b"event: greeting\ndata: hello\n\n"[..];
/// let mut events = EventReader::new(response);
/// while let Some(event) = events.next_event()? {
///     println!("{}: {}", event.event_type_lossy(), event.data_lossy());
/// }
/// # Ok::<(), ssewire_io::EventError<std::io::Error>>(())
/// ```
///
/// The methods `next_…` borrow their item: only an item that crosses two reads, or has several data lines, is copied.
/// As an iterator it returns items that own their bytes, for one copy each. It reads pieces of up to 16 KiB into one
/// buffer, which the first read allocates, and reads no further than the next item needs.
///
/// An error after which nothing follows ([`EventError::is_final`]) is returned once, then `None`. After any other
/// error, call again for the next item. A read timeout of the transport (`WouldBlock`, `TimedOut`) is one of these:
/// [`EventError::Timeout`].
#[must_use = "nothing is read before a method is called"]
pub struct DecodeReader<R, F: Decode> {
    source: ReadSource<R>,
    decoder: F::Decoder,
    ending: Ending,
    format: PhantomData<fn() -> F>,
}

impl<R, F: Decode> DecodeReader<R, F> {
    /// Creates a reader with default limits.
    pub fn new(reader: R) -> Self {
        Self::with_decoder(reader, F::decoder())
    }

    /// Creates a reader with the given decoder, for another limit or a last event ID.
    pub fn with_decoder(reader: R, decoder: F::Decoder) -> Self {
        Self { source: ReadSource::new(reader), decoder, ending: Ending::default(), format: PhantomData }
    }

    /// Sets what happens to an unfinished item when the input ends; [`UnfinishedEvent::Report`] by default.
    pub fn with_unfinished_event(self, policy: UnfinishedEvent) -> Self {
        Self { ending: self.ending.with_unfinished_event(policy), ..self }
    }

    /// Sets how long a call may wait for an item while only other bytes arrive, such as comments. After that time the
    /// call returns [`EventError::Timeout`]. `now` returns the time: [`Instant::now`], or the clock of a test.
    ///
    /// This does **not** interrupt a read that blocks: the time is checked between two reads. Set the read timeout of
    /// the socket as well. The read timeout of an HTTP client is not suitable, because it may end the stream; see
    /// [`EventError::Timeout`].
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// use ssewire_io::EventReader;
    ///
    /// # let response = &b"data: hello\n\n"[..];
    /// let events = EventReader::new(response).with_idle_timeout(Duration::from_secs(60), Instant::now);
    /// # assert_eq!(events.count(), 1);
    /// ```
    pub fn with_idle_timeout(mut self, timeout: Duration, now: fn() -> Instant) -> Self {
        self.source.set_idle_limit(timeout, now);
        self
    }

    /// Returns the decoder, which keeps the last event ID and the reconnection time.
    #[must_use]
    pub fn decoder(&self) -> &F::Decoder {
        &self.decoder
    }

    /// Returns the decoder, to change its last event ID. Decoding with it loses items of this reader.
    pub fn decoder_mut(&mut self) -> &mut F::Decoder {
        &mut self.decoder
    }

    /// Borrows the reader.
    #[must_use]
    pub fn get_ref(&self) -> &R {
        self.source.get_ref()
    }

    /// Borrows the reader mutably. Reading from it loses bytes for this one.
    pub fn get_mut(&mut self) -> &mut R {
        self.source.get_mut()
    }

    /// Returns the reader. Bytes that were read and not yet returned are lost.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.source.into_inner()
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
    pub fn reconnect(&mut self, reader: R) {
        self.source.replace(reader);
        self.ending.reopen::<F>(&mut self.decoder);
    }
}

/// The chunk from which an item is resolved.
enum Place {
    Read { from: usize },
    Completion(&'static [u8]),
}

impl<R, F: Decode> DecodeReader<R, F> {
    fn chunk(&self, place: Place) -> &[u8] {
        match place {
            Place::Read { from } => self.source.chunk(from),
            Place::Completion(chunk) => chunk,
        }
    }
}

impl<R: Read, F: Decode> DecodeReader<R, F> {
    fn next_span(&mut self, wait: &mut Wait) -> Result<Option<(Place, F::Span)>, EventError<io::Error>> {
        if self.ending.is_open() {
            let decode = |input: &mut &[u8]| F::poll(&mut self.decoder, input).map_err(EventError::Decode);
            match self.source.decode(wait, decode, EventError::from) {
                Ok(Some((from, span))) => return Ok(Some((Place::Read { from }, span))),
                Ok(None) => {}
                Err(error) => {
                    if error.is_final() {
                        self.ending.fail::<F>(&mut self.decoder);
                    }
                    return Err(error);
                }
            }
        }
        let completed = self.ending.complete::<F, _>(&mut self.decoder)?;
        Ok(completed.map(|(chunk, span)| (Place::Completion(chunk), span)))
    }
}

impl<R: Read> EventReader<R> {
    /// Borrows the next event. Blocks until it is there. `None`: the input has ended.
    ///
    /// # Errors
    /// [`EventError`]. If it is not [final](EventError::is_final), call again to continue.
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, EventError<io::Error>> {
        let found = self.next_span(&mut self.source.begin_wait())?;
        Ok(found.map(|(place, span)| self.decoder.resolve_event(self.chunk(place), span)))
    }
}

impl<R: Read> BlockReader<R> {
    /// Borrows the next block; see [`next_event`](EventReader::next_event).
    ///
    /// # Errors
    /// As [`next_event`](EventReader::next_event). The block of a lost event follows, without an event.
    pub fn next_block(&mut self) -> Result<Option<Block<'_>>, EventError<io::Error>> {
        let found = self.next_span(&mut self.source.begin_wait())?;
        Ok(found.map(|(place, span)| self.decoder.resolve_block(self.chunk(place), span)))
    }
}

impl<R: Read> FrameReader<R> {
    /// Borrows the next frame; see [`next_event`](EventReader::next_event).
    ///
    /// # Errors
    /// As [`next_event`](EventReader::next_event).
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, EventError<io::Error>> {
        let found = self.next_span(&mut self.source.begin_wait())?;
        Ok(found.map(|(place, span)| self.decoder.resolve_frame(self.chunk(place), span)))
    }
}

impl<R: Read> LineReader<R> {
    /// Borrows the next line; see [`next_event`](EventReader::next_event).
    ///
    /// # Errors
    /// As [`next_event`](EventReader::next_event).
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, EventError<io::Error>> {
        let found = self.next_span(&mut self.source.begin_wait())?;
        Ok(found.map(|(place, span)| self.decoder.resolve_line(self.chunk(place), span)))
    }
}

impl<R: Read, F: Format> DecodeReader<R, F> {
    /// Begins the wait of one call. A call that skips items passes it to each [`next_within`](Self::next_within), so
    /// that they share the idle time.
    pub(crate) fn begin_wait(&self) -> Wait {
        self.source.begin_wait()
    }

    pub(crate) fn next_within(&mut self, wait: &mut Wait) -> Option<Result<F::Item, EventError<io::Error>>> {
        let (place, span) = match self.next_span(wait).transpose()? {
            Ok(found) => found,
            Err(error) => return Some(Err(error)),
        };
        Some(Ok(match place {
            Place::Read { from } => F::resolve_owned(&mut self.decoder, self.source.chunk(from), span),
            Place::Completion(chunk) => F::resolve_unfinished(&mut self.decoder, chunk, span),
        }))
    }
}

impl<R: Read, F: Format> Iterator for DecodeReader<R, F> {
    type Item = Result<F::Item, EventError<io::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_within(&mut self.begin_wait())
    }
}

impl<R: Read, F: Format> FusedIterator for DecodeReader<R, F> {}

/// Shows the state of the decoder, never bytes of the stream.
impl<R, F: Decode> fmt::Debug for DecodeReader<R, F>
where
    F::Decoder: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeReader")
            .field("decoder", &self.decoder)
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}

impl From<ReadError> for EventError<io::Error> {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Timeout(error) => Self::Timeout(error),
            ReadError::Failed(error) => Self::Transport(error),
        }
    }
}
