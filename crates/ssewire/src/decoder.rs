//! The decoder as its user sees it. The machine inside is in `machine.rs`.

use core::fmt;

use crate::buffer::{Full, Growing, Room, Storage};
use crate::error::{DecodeError, Truncated};
use crate::event::{Event, Found, Frame, Part, Place, Ready, ReadyFrame};
use crate::field::{OpenLine, RetryDigits};
use crate::line::LineStart;
use crate::short::Step;

/// An incremental decoder of an event stream: feed it bytes as they come, take events as they are complete.
///
/// ```
/// use ssewire::Decoder;
///
/// let mut decoder = Decoder::new();
/// let mut seen = Vec::new();
/// for mut chunk in [&b"event: greeting\nda"[..], b"ta: hello\n\nda", b"ta: again\n\n"] {
///     while let Some(event) = decoder.decode(&mut chunk)? {
///         seen.push((event.event_type_str()?.to_owned(), event.data_str()?.to_owned()));
///     }
/// }
/// decoder.finish()?;
/// assert_eq!(seen, [("greeting".into(), "hello".into()), ("message".into(), "again".into())]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Every byte is looked at once, whatever the chunking. An event that lies within one chunk is borrowed from it; what
/// straddles a chunk boundary, or joins several `data` lines, is copied once (a straddling `event` or `id` value
/// twice). Nothing is allocated until something has to be copied, and nothing after that but when the buffer doubles.
pub struct Decoder<S = Growing> {
    pub(crate) room: Room<S>,
    pub(crate) limit: usize,
    /// Bytes consumed since the last blank line; those of an unfinished byte order mark do not count yet.
    pub(crate) pending: u64,
    pub(crate) retry: Option<u64>,
    pub(crate) line_start: LineStart,
    pub(crate) line: OpenLine,
    /// Bytes of the open line's value that came in earlier chunks. They lie at the front of the room, behind the data
    /// (and behind the LF that joins them to it, if this is a `data` line and not the first). Those of a `retry` line
    /// are counted, but lie nowhere.
    pub(crate) value: usize,
    /// The open line's value, if it is a `retry` line.
    pub(crate) digits: RetryDigits,
    /// Bytes of the data so far that lie at the front of the room.
    pub(crate) data: usize,
    pub(crate) block: Block,
    /// The last event ID as the events of `decode_bytes` share it.
    #[cfg(feature = "bytes")]
    pub(crate) shared_id: bytes::Bytes,
}

/// What is known of the block of fields since the last blank line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    /// A line that is no comment has ended.
    pub(crate) has_field: bool,
    /// A `data` line has ended: there will be an event.
    pub(crate) has_data: bool,
    /// A valid `id` line has ended; its value is in the id slot of the room.
    pub(crate) has_id: bool,
    /// The event found no room: there will be none. `id` and `retry` still count. Implies `has_field`, or an open line.
    pub(crate) discarded: bool,
    /// The event was discarded while something else was being told; the next call reports it.
    pub(crate) owes_error: bool,
}

impl Block {
    pub(crate) const fn new() -> Self {
        Self { has_field: false, has_data: false, has_id: false, discarded: false, owes_error: false }
    }
}

#[cfg(feature = "alloc")]
impl Decoder<Growing> {
    /// A decoder for the start of a stream, with a buffer that grows up to the
    /// [default limit](Decoder::DEFAULT_LIMIT). Allocates nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_storage(Growing::new())
    }
}

#[cfg(feature = "alloc")]
impl Default for Decoder<Growing> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Decoder<S> {
    /// The limit on the size of one event unless [`with_limit`](Self::with_limit) sets another: 16 MiB.
    pub const DEFAULT_LIMIT: usize = 16 * 1024 * 1024;

    /// A decoder that keeps what straddles chunks in `storage`.
    ///
    /// ```
    /// use ssewire::{Decoder, Fixed};
    ///
    /// let mut in_itself = Decoder::with_storage(Fixed::<512>::new());
    /// let mut memory = [0; 512];
    /// let mut in_the_callers = Decoder::with_storage(&mut memory[..]);
    /// # let mut input = &b"data: x\n\n"[..];
    /// # assert_eq!(in_itself.decode(&mut input.clone())?.map(|e| e.data()), Some(&b"x"[..]));
    /// # assert_eq!(in_the_callers.decode(&mut input)?.map(|e| e.data()), Some(&b"x"[..]));
    /// # Ok::<(), ssewire::DecodeError>(())
    /// ```
    #[must_use]
    pub const fn with_storage(storage: S) -> Self {
        Self {
            room: Room::new(storage),
            limit: Self::DEFAULT_LIMIT,
            pending: 0,
            retry: None,
            line_start: LineStart::new(),
            line: OpenLine::Start,
            value: 0,
            digits: RetryDigits::new(),
            data: 0,
            block: Block::new(),
            #[cfg(feature = "bytes")]
            shared_id: bytes::Bytes::new(),
        }
    }

    /// Sets the largest logical size of one event, in bytes: its type, its data with the LFs that join it, the id
    /// buffer, and the value of the unfinished line. Comments, unknown fields and field names count nothing.
    #[must_use]
    pub const fn with_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// The largest logical size of one event, in bytes.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// The reconnection time in milliseconds that the stream last set, if it set one. Takes effect as its line ends,
    /// and outlives [`reset`](Self::reset): it tells how long to wait before the next connection.
    #[must_use]
    pub const fn retry(&self) -> Option<u64> {
        self.retry
    }
}

impl<S: Storage> Decoder<S> {
    /// Seeds the last event ID, as a client does that reconnects with `Last-Event-ID`: events carry it until the
    /// stream sets another. One that no stream can have set, with a line end or a NUL in it, counts as none: in a
    /// header it would be two.
    ///
    /// # Errors
    /// [`DecodeError::TooLarge`] if it is longer than the limit, [`DecodeError::BufferFull`] if it does not fit the
    /// storage.
    pub fn with_last_event_id(mut self, id: &[u8]) -> Result<Self, DecodeError> {
        let id = if memchr::memchr3(b'\n', b'\r', 0, id).is_some() { b"" } else { id };
        if id.len() > self.limit {
            return Err(DecodeError::TooLarge { limit: self.limit });
        }
        self.room.clear_event_type();
        self.room.set_id(id).map_err(|Full| self.full())?;
        self.room.commit_id();
        Ok(self)
    }

    /// The last event ID: of the last block that was dispatched, or as seeded; empty if none. To be sent as
    /// `Last-Event-ID` on the next connection. (HTML standard: the *last event ID string*.)
    #[inline]
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.room.bytes(self.room.last_event_id_range())
    }

    /// Decodes up to the end of the next event. `input` is advanced behind what was consumed, so a caller may stop
    /// anywhere and go on later. `Ok(None)`: all of the input is used up, bring more.
    ///
    /// The event borrows from the decoder and from the chunk. To hold the decoder in a loop that refills its input,
    /// use the two steps that this is made of: [`advance`](Self::advance) and [`event`](Self::event).
    ///
    /// # Errors
    /// [`DecodeError`]: this event was lost for want of room. The input is advanced; call again to go on behind it.
    #[inline]
    pub fn decode<'d, 'c: 'd>(&'d mut self, input: &mut &'c [u8]) -> Result<Option<Event<'d>>, DecodeError> {
        if self.takes_all(input) { Ok(None) } else { self.decode_rest(input) }
    }

    /// [`advance`](Self::advance) and [`event`](Self::event) in one, without the detour over ranges.
    #[inline(never)]
    fn decode_rest<'d, 'c: 'd>(&'d mut self, input: &mut &'c [u8]) -> Result<Option<Event<'d>>, DecodeError> {
        let chunk: &'c [u8] = input;
        match self.short_way::<false>(input) {
            Step::Lent { event_type, data } => Ok(Some(self.lend(event_type, data))),
            Step::Told(told) => match told? {
                Some(Found::Event(ready)) => Ok(Some(self.event(chunk, ready))),
                _ => Ok(None),
            },
        }
    }

    /// As [`decode`](Self::decode), but says where the event lies instead of lending it, so that nothing is borrowed
    /// while the caller decides whether to refill its input.
    ///
    /// ```
    /// # use ssewire::{DecodeError, Decoder, Event};
    /// struct Source { decoder: Decoder, chunks: Vec<&'static [u8]>, chunk: &'static [u8], at: usize }
    ///
    /// impl Source {
    ///     /// The next event. With `decode` alone the borrow checker would refuse this loop.
    ///     fn next(&mut self) -> Result<Option<Event<'_>>, DecodeError> {
    ///         loop {
    ///             let rest = &self.chunk[self.at..];
    ///             let mut input = rest;
    ///             let ready = self.decoder.advance(&mut input)?;
    ///             self.at = self.chunk.len() - input.len();
    ///             if let Some(ready) = ready {
    ///                 return Ok(Some(self.decoder.event(rest, ready)));
    ///             }
    ///             let Some(chunk) = self.chunks.pop() else { return Ok(None) };
    ///             (self.chunk, self.at) = (chunk, 0);
    ///         }
    ///     }
    /// }
    /// # let mut source = Source { decoder: Decoder::new(), chunks: vec![b"x\n\n", b"data: "], chunk: b"", at: 0 };
    /// # assert_eq!(source.next()?.map(|event| event.data().to_vec()), Some(b"x".to_vec()));
    /// # assert_eq!(source.next()?, None);
    /// # Ok::<(), DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    #[inline]
    pub fn advance(&mut self, input: &mut &[u8]) -> Result<Option<Ready>, DecodeError> {
        match self.step::<false>(input)? {
            Some(Found::Event(ready)) => Ok(Some(ready)),
            _ => Ok(None),
        }
    }

    /// Lends the event that [`advance`](Self::advance) found. `chunk` is the input as it was *before* that call. Free.
    ///
    /// With another chunk, or after a further call to `advance`, the event is a wrong one; there is no panic.
    #[inline]
    #[must_use]
    pub fn event<'d>(&'d self, chunk: &'d [u8], ready: Ready) -> Event<'d> {
        self.lend(self.resolve(chunk, ready.event_type), self.resolve(chunk, ready.data))
    }

    #[inline]
    fn lend<'d>(&'d self, event_type: &'d [u8], data: &'d [u8]) -> Event<'d> {
        let event_type = if event_type.is_empty() { b"message" } else { event_type };
        Event { event_type, data, last_event_id: self.last_event_id() }
    }

    /// As [`decode`](Self::decode), for those who want more than events: comments, `retry` lines, blocks that only set
    /// the last event ID, unknown fields. The same engine; those who do not ask pay nothing.
    ///
    /// Comments and unknown fields are kept until their line ends, so here they count towards the limit (an unknown
    /// field without its first five bytes, which could be those of a known one). Frames that stand within a block make
    /// the decoder copy what of the block came before them.
    ///
    /// ```
    /// use ssewire::{Decoder, Frame};
    ///
    /// let mut decoder = Decoder::new();
    /// let mut input = &b": ping\nretry: 10\nerror: overloaded\n\n"[..];
    /// assert_eq!(decoder.decode_frame(&mut input)?, Some(Frame::Comment(b" ping")));
    /// assert_eq!(decoder.decode_frame(&mut input)?, Some(Frame::Retry(10)));
    /// assert_eq!(
    ///     decoder.decode_frame(&mut input)?,
    ///     Some(Frame::UnknownField { name: b"error", value: b"overloaded" }),
    /// );
    /// assert_eq!(decoder.decode_frame(&mut input)?, Some(Frame::EmptyBlock));
    /// assert_eq!(decoder.decode_frame(&mut input)?, None);
    /// # Ok::<(), ssewire::DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    #[inline]
    pub fn decode_frame<'d, 'c: 'd>(&'d mut self, input: &mut &'c [u8]) -> Result<Option<Frame<'d>>, DecodeError> {
        let chunk: &'c [u8] = input;
        Ok(self.advance_frame(input)?.map(|ready| self.frame(chunk, ready)))
    }

    /// As [`advance`](Self::advance), for frames.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    #[inline]
    pub fn advance_frame(&mut self, input: &mut &[u8]) -> Result<Option<ReadyFrame>, DecodeError> {
        Ok(self.step::<true>(input)?.map(ReadyFrame))
    }

    /// Lends the frame that [`advance_frame`](Self::advance_frame) found, as [`event`](Self::event) does for events.
    #[inline]
    #[must_use]
    pub fn frame<'d>(&'d self, chunk: &'d [u8], ready: ReadyFrame) -> Frame<'d> {
        match ready.0 {
            Found::Event(ready) => Frame::Event(self.event(chunk, ready)),
            Found::Comment(text) => Frame::Comment(self.resolve(chunk, text)),
            Found::Retry(milliseconds) => Frame::Retry(milliseconds),
            Found::LastEventId => Frame::LastEventId(self.last_event_id()),
            Found::UnknownField { name, value } => {
                Frame::UnknownField { name: self.resolve(chunk, name), value: self.resolve(chunk, value) }
            }
            Found::EmptyBlock => Frame::EmptyBlock,
        }
    }

    /// Says that the input has ended, and discards what is pending.
    ///
    /// # Errors
    /// [`Truncated`] if an unfinished line, or any field line, stands behind the last blank line: the stream was cut,
    /// and what it would have dispatched is lost. A second call finds nothing pending.
    pub fn finish(&mut self) -> Result<(), Truncated> {
        let mark = u64::from(self.line_start.mark_bytes());
        let pending = self.pending.saturating_add(mark);
        let cut = mark > 0 || self.line != OpenLine::Start || self.block.has_field;
        self.abandon_block();
        self.line_start = LineStart::new();
        if cut { Err(Truncated { pending }) } else { Ok(()) }
    }

    /// Makes ready for a new connection: a byte order mark is looked for again, what was pending (half a CRLF and an
    /// event being discarded, too) is forgotten, and the id buffer becomes the last *dispatched* ID. The last event ID,
    /// [`retry`](Self::retry) and the buffer stay.
    pub fn reset(&mut self) {
        self.abandon_block();
        self.line_start = LineStart::new();
    }

    /// Gives back all memory that nothing pending needs; a [`Growing`] buffer with nothing pending and no last event ID
    /// owns none afterwards. Happens by itself, too: after 32 blocks in a row that needed less than a quarter of it, a
    /// buffer of more than 1 KiB shrinks to what those needed.
    pub fn shrink_to_fit(&mut self) {
        self.room.shrink(0);
    }

    fn abandon_block(&mut self) {
        self.room.truncate_front(0);
        self.room.clear_event_type();
        self.room.drop_id();
        (self.data, self.value, self.pending) = (0, 0, 0);
        self.line = OpenLine::Start;
        self.digits = RetryDigits::new();
        self.block = Block::new();
    }

    #[inline]
    pub(crate) fn resolve<'d>(&'d self, chunk: &'d [u8], part: Part) -> &'d [u8] {
        let range = part.start..part.end;
        match part.place {
            Place::Chunk => chunk.get(range).unwrap_or_default(),
            Place::Room => self.room.bytes(range),
        }
    }

    pub(crate) fn full(&self) -> DecodeError {
        DecodeError::BufferFull { capacity: self.room.capacity() }
    }
}

impl<S: Clone> Clone for Decoder<S> {
    fn clone(&self) -> Self {
        Self {
            room: self.room.clone(),
            #[cfg(feature = "bytes")]
            shared_id: self.shared_id.clone(),
            ..*self
        }
    }
}

/// Shows counts and states, never what the stream carried.
impl<S: Storage> fmt::Debug for Decoder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("room", &self.room)
            .field("limit", &self.limit)
            .field("pending", &self.pending)
            .field("retry", &self.retry)
            .field("block", &self.block)
            .finish_non_exhaustive()
    }
}
