//! The decoder as its user sees it. The fast path for whole events is in `fast_path.rs`. The slow path is in
//! `slow_path.rs`, with two shortcuts: for a value that the chunk before cut, and for many `data` lines.

use core::fmt;
use core::ops::ControlFlow::{self, Break, Continue};
use core::time::Duration;

use crate::buffer::{EventBuffer, LARGEST_ID};
use crate::error::{DecodeError, LastEventIdError, Truncated};
use crate::event::{Block, BlockFlags, BlockSpan, Event, EventSpan, Frame, FrameParts, FrameSpan, Span};
use crate::fast_path::{Cursor, EventPrefix};
use crate::field::{LineState, split_field};
use crate::line::LineScanner;
use crate::lossy::Lossy;
use crate::storage::{HeapBuffer, Storage};

/// Decodes an event stream incrementally: takes bytes as they arrive and returns each event as soon as it is complete.
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
/// The methods come in groups. *Decoding*: [`decode`](Self::decode) returns events,
/// [`decode_block`](Self::decode_block) also blocks without data, [`decode_frame`](Self::decode_frame) also comments
/// and unknown fields. They may be mixed: each continues where the last one stopped. *In two steps*: `poll_…` finds the
/// same without borrowing, `resolve…` borrows it. *At the end of the input*: [`finish`](Self::finish),
/// [`finish_event`](Self::finish_event), [`reset`](Self::reset).
///
/// # Cost
/// Linear in the bytes: each is searched at most twice, three times in an unknown field that is returned. The first
/// bytes of a line, at most seven, are also compared with the names of fields, and those of an event, at most 32, with
/// those of an earlier event. The digits of a `retry` value are read once more. An event that lies in one chunk is
/// borrowed from it. A value that crosses a chunk boundary, `data` lines that are joined, and an `id` are copied into
/// the buffer. Within it, an event type and IDs move at the end of an `event` or `id` line, at the end of a block that
/// has an `id`, and when the buffer grows or shrinks. Nothing is allocated until something is copied, and then only
/// when the buffer grows.
#[derive(Clone)]
#[must_use]
pub struct Decoder<S = HeapBuffer> {
    pub(crate) buffer: EventBuffer<S>,
    pub(crate) max_id_bytes: usize,
    pub(crate) max_comment_bytes: usize,
    /// Bytes consumed since the last blank line, without a byte order mark.
    pub(crate) pending: u64,
    pub(crate) retry: Option<Duration>,
    pub(crate) scanner: LineScanner,
    pub(crate) line: LineState,
    pub(crate) block: BlockFlags,
    /// The caller reads comments. Chosen once, because lines that nobody reads are not kept.
    pub(crate) comments: bool,
    /// The caller reads unknown fields.
    pub(crate) unknown_fields: bool,
    /// The next byte starts a block for certain, so that the fast path applies. Computed once per call of the slow
    /// path.
    pub(crate) between_blocks: bool,
    event_prefix: EventPrefix,
}

/// The result of a call: a frame, or `None` if all of its input is consumed.
pub(crate) type Polled = Result<Option<FrameSpan>, DecodeError>;

/// The item at which a call returns. Each variant includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Until {
    Event,
    Block,
    Frame,
}

// The constants hold for every storage. They are here, so that `Decoder::NAME` needs no annotation of the storage.
impl Decoder<HeapBuffer> {
    /// The limit of an event unless [`with_max_event_bytes`](Self::with_max_event_bytes) sets another: 16 MiB.
    pub const DEFAULT_MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

    /// The limit of an `id` unless [`with_max_id_bytes`](Self::with_max_id_bytes) sets another: 4 KiB.
    pub const DEFAULT_MAX_ID_BYTES: usize = 4 * 1024;

    /// The limit of a comment or an unknown field unless [`with_max_comment_bytes`](Self::with_max_comment_bytes) sets
    /// another: 1 KiB.
    pub const DEFAULT_MAX_COMMENT_BYTES: usize = 1024;

    /// The end of a last line, and a blank line: a block lacks them if the input ends within it. Decoded after the
    /// input, they complete the pending block, as [`finish_event`](Self::finish_event) does for an event.
    pub const BLOCK_END: &'static [u8] = b"\n\n";

    /// Creates a decoder for the start of a stream, with a buffer on the heap. Allocates nothing yet.
    #[cfg(feature = "alloc")]
    pub const fn new() -> Self {
        Self::with_storage(HeapBuffer::new())
    }
}

#[cfg(feature = "alloc")]
impl Default for Decoder<HeapBuffer> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Storage> Decoder<S> {
    /// A larger limit could not be held in the address space of the target: 1 GiB on 32 bits.
    const LARGEST_LIMIT: usize = usize::MAX / 4 + 1;

    /// Creates a decoder that copies values into `storage` where it cannot borrow them.
    ///
    /// ```
    /// use ssewire::Decoder;
    ///
    /// let mut in_itself = Decoder::with_storage([0; 512]);
    /// let mut memory = [0; 512];
    /// let mut in_borrowed_memory = Decoder::with_storage(&mut memory[..]);
    /// let mut input = &b"data: x\n\n"[..];
    /// assert_eq!(in_itself.decode(&mut input.clone())?.map(|event| event.data()), Some(&b"x"[..]));
    /// assert_eq!(in_borrowed_memory.decode(&mut input)?.map(|event| event.data()), Some(&b"x"[..]));
    /// # Ok::<(), ssewire::DecodeError>(())
    /// ```
    pub const fn with_storage(storage: S) -> Self {
        Self {
            buffer: EventBuffer::new(storage, Decoder::DEFAULT_MAX_EVENT_BYTES),
            max_id_bytes: Decoder::DEFAULT_MAX_ID_BYTES,
            max_comment_bytes: Decoder::DEFAULT_MAX_COMMENT_BYTES,
            pending: 0,
            retry: None,
            scanner: LineScanner::START,
            line: LineState::START,
            block: BlockFlags::NONE,
            comments: false,
            unknown_fields: false,
            between_blocks: false,
            event_prefix: EventPrefix::NONE,
        }
    }

    /// Sets the largest logical size of one event, in bytes: its type, its data with the LFs that join it, and the
    /// value of an unfinished `event` or `data` line. IDs, comments, unknown fields, `retry` and field names do not
    /// count. Set it between events: a limit that is lowered within an event may be found exceeded at an earlier byte
    /// in some chunks than in others.
    ///
    /// At most a quarter of the address space: on 32-bit targets a larger value means 1 GiB.
    pub const fn with_max_event_bytes(mut self, bytes: usize) -> Self {
        self.buffer.limit = if bytes < Self::LARGEST_LIMIT { bytes } else { Self::LARGEST_LIMIT };
        self
    }

    /// Returns the largest logical size of one event, in bytes.
    #[must_use]
    pub const fn max_event_bytes(&self) -> usize {
        self.buffer.limit
    }

    /// Sets the longest `id` that the stream may set, in bytes. A longer one is ignored, the previous ID stays, and
    /// [`Block::has_ignored_id`] returns true. An ID that was set before stays, whatever its length. At most 1 GiB.
    pub const fn with_max_id_bytes(mut self, bytes: usize) -> Self {
        self.max_id_bytes = if bytes < LARGEST_ID { bytes } else { LARGEST_ID };
        self
    }

    /// Makes [`decode_frame`](Self::decode_frame) return comments. Without it, comments need no memory.
    pub const fn with_comments(mut self) -> Self {
        self.comments = true;
        self
    }

    /// Makes [`decode_frame`](Self::decode_frame) return unknown fields. Without it, unknown fields need no memory.
    pub const fn with_unknown_fields(mut self) -> Self {
        self.unknown_fields = true;
        self
    }

    /// Sets how many bytes of a comment or of an unknown field (its whole line) a frame contains at most. A longer one
    /// is truncated, and the frame says so; it does not count towards the size of an event.
    pub const fn with_max_comment_bytes(mut self, bytes: usize) -> Self {
        self.max_comment_bytes = bytes;
        self
    }

    /// Returns the reconnection time that the stream set last, if it set one. Takes effect when its line ends, and
    /// outlives [`reset`](Self::reset): it is the time to wait before the next connection.
    #[must_use]
    pub const fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Returns the number of bytes that [`finish`](Self::finish) would discard: all after the last blank line, comments
    /// included; 0 if these are only complete comment lines. Constant time.
    ///
    /// ```
    /// let mut decoder = ssewire::Decoder::new();
    /// assert_eq!(decoder.decode(&mut &b": comment\ndata: x"[..])?, None);
    /// assert_eq!(decoder.pending_bytes(), 17);
    /// assert!(decoder.decode(&mut &b"\n\n"[..])?.is_some());
    /// assert_eq!(decoder.pending_bytes(), 0);
    /// # Ok::<(), ssewire::DecodeError>(())
    /// ```
    #[must_use]
    pub fn pending_bytes(&self) -> u64 {
        let is_pending = self.line != LineState::START || self.block.has_field;
        if is_pending { self.pending } else { self.scanner.bom_bytes().into() }
    }

    /// Sets the last event ID, as [`set_last_event_id`](Self::set_last_event_id) does.
    ///
    /// # Errors
    /// As [`set_last_event_id`](Self::set_last_event_id).
    pub fn with_last_event_id(mut self, id: &[u8]) -> Result<Self, LastEventIdError> {
        self.set_last_event_id(id)?;
        Ok(self)
    }

    /// Sets the last event ID of a client that reconnects with `Last-Event-ID`: events carry it until the stream sets
    /// another. The fields of an unfinished block are kept; its event carries the new ID unless the block sets one.
    ///
    /// ```
    /// use ssewire::{Decoder, LastEventIdError};
    ///
    /// let mut decoder = Decoder::new();
    /// decoder.set_last_event_id(b"7")?;
    /// assert_eq!(decoder.set_last_event_id(b"8\r\nx: y"), Err(LastEventIdError::ForbiddenByte));
    /// let event = decoder.decode(&mut &b"data: x\n\n"[..])?.unwrap();
    /// assert_eq!(event.last_event_id(), b"7");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`LastEventIdError`] if the ID contains LF, CR or NUL, which no stream can set, is longer than
    /// [`with_max_id_bytes`](Self::with_max_id_bytes) allows, or does not fit the storage. The previous ID stays then.
    pub fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), LastEventIdError> {
        LastEventIdError::check_bytes(id)?;
        if id.len() > self.max_id_bytes {
            return Err(LastEventIdError::LimitExceeded { limit: self.max_id_bytes });
        }
        let capacity = self.buffer.capacity();
        self.buffer.set_last_event_id(id).map_err(|_| LastEventIdError::CapacityExceeded { capacity })
    }

    /// Returns the last event ID: after the last complete block, or as the caller set it since; empty if there is none.
    /// Sent as `Last-Event-ID` on the next connection. (HTML standard: the *last event ID string*.)
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.buffer.last_event_id()
    }

    /// Decodes up to the end of the next event. Advances `input` past the bytes consumed, so that the caller may stop
    /// and continue anywhere. `Ok(None)`: all of `input` is consumed; continue with the next chunk. An empty chunk is
    /// not the end of the input; see [the crate](crate#the-end-of-the-input).
    ///
    /// The event borrows from the decoder and from the chunk. A loop that refills its input while it holds the decoder
    /// needs the two steps that this consists of: [`poll_event`](Self::poll_event) and
    /// [`resolve_event`](Self::resolve_event).
    ///
    /// # Errors
    /// [`DecodeError`]: this event exceeds a limit and is lost. Call again to continue after it: `input` is advanced
    /// past the bytes consumed. The crate's page [shows how](crate#errors).
    #[inline]
    pub fn decode<'d, 'c: 'd>(&'d mut self, input: &mut &'c [u8]) -> Result<Option<Event<'d>>, DecodeError> {
        let chunk: &'c [u8] = input;
        match self.scan(input) {
            // The fast path reads no `retry` line.
            Break(None) => Ok(None),
            Break(Some((set_type, data))) => Ok(Some(Event::new(set_type, data, self.last_event_id(), None))),
            Continue(cursor) => {
                let frame = self.read(input, Until::Event, cursor)?;
                Ok(frame.and_then(FrameSpan::event).map(|span| self.resolve_event(chunk, span)))
            }
        }
    }

    /// Decodes up to the end of the next block that has a field. Blocks without data are returned, too: they may set
    /// the last event ID or the reconnection time.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ssewire::Decoder;
    ///
    /// let mut decoder = Decoder::new();
    /// let mut input = &b"id: 7\nretry: 10\n\ndata: x\n\n"[..];
    /// let block = decoder.decode_block(&mut input)?.unwrap();
    /// assert_eq!((block.id(), block.retry()), (Some(&b"7"[..]), Some(Duration::from_millis(10))));
    /// assert_eq!(block.event(), None);
    /// let block = decoder.decode_block(&mut input)?.unwrap();
    /// assert_eq!(block.id(), None);
    /// assert_eq!(block.event().map(|event| event.last_event_id()), Some(&b"7"[..]));
    /// # Ok::<(), ssewire::DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// As [`decode`](Self::decode). The block of a lost event still ends in a [`Block`], without an event.
    pub fn decode_block<'d, 'c: 'd>(&'d mut self, input: &mut &'c [u8]) -> Result<Option<Block<'d>>, DecodeError> {
        let chunk: &'c [u8] = input;
        Ok(self.poll_block(input)?.map(|span| self.resolve_block(chunk, span)))
    }

    /// Decodes up to the next frame: a block, a comment ([`with_comments`](Self::with_comments)) or an unknown field
    /// ([`with_unknown_fields`](Self::with_unknown_fields)).
    ///
    /// ```
    /// use ssewire::{Decoder, Frame};
    ///
    /// let mut decoder = Decoder::new().with_comments().with_unknown_fields();
    /// let mut input = &b": ping\nerror: overloaded\n\n"[..];
    /// assert_eq!(decoder.decode_frame(&mut input)?, Some(Frame::Comment { text: b" ping", truncated: false }));
    /// let error = Frame::UnknownField { name: b"error", value: b"overloaded", truncated: false };
    /// assert_eq!(decoder.decode_frame(&mut input)?, Some(error));
    /// assert!(matches!(decoder.decode_frame(&mut input)?, Some(Frame::Block(block)) if block.event().is_none()));
    /// assert_eq!(decoder.decode_frame(&mut input)?, None);
    /// # Ok::<(), ssewire::DecodeError>(())
    /// ```
    ///
    /// # Cost
    /// A frame within a block makes the decoder copy the values of the block before it. In a fixed storage
    /// that is too small for them, the event is lost as if a chunk had ended there, and the frame with it.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_frame<'d, 'c: 'd>(&'d mut self, input: &mut &'c [u8]) -> Result<Option<Frame<'d>>, DecodeError> {
        let chunk: &'c [u8] = input;
        Ok(self.poll_frame(input)?.map(|span| self.resolve_frame(chunk, span)))
    }

    /// As [`decode`](Self::decode), but returns the position of the event and borrows nothing, so that the caller can
    /// refill its input in a loop.
    ///
    /// ```
    /// # use ssewire::{DecodeError, Decoder, Event};
    /// struct Source { decoder: Decoder, chunks: Vec<&'static [u8]>, chunk: &'static [u8], at: usize }
    ///
    /// impl Source {
    ///     /// Returns the next event. The borrow checker rejects this loop with `decode` alone.
    ///     fn next(&mut self) -> Result<Option<Event<'_>>, DecodeError> {
    ///         loop {
    ///             let rest = &self.chunk[self.at..];
    ///             let mut input = rest;
    ///             let span = self.decoder.poll_event(&mut input)?;
    ///             self.at = self.chunk.len() - input.len();
    ///             if let Some(span) = span {
    ///                 return Ok(Some(self.decoder.resolve_event(rest, span)));
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
    pub fn poll_event(&mut self, input: &mut &[u8]) -> Result<Option<EventSpan>, DecodeError> {
        Ok(self.step(input, Until::Event)?.and_then(FrameSpan::event))
    }

    /// As [`decode_block`](Self::decode_block), without borrowing; see [`poll_event`](Self::poll_event).
    ///
    /// # Errors
    /// As [`decode_block`](Self::decode_block).
    #[inline]
    pub fn poll_block(&mut self, input: &mut &[u8]) -> Result<Option<BlockSpan>, DecodeError> {
        Ok(self.step(input, Until::Block)?.and_then(FrameSpan::block))
    }

    /// As [`decode_frame`](Self::decode_frame), without borrowing; see [`poll_event`](Self::poll_event).
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    #[inline]
    pub fn poll_frame(&mut self, input: &mut &[u8]) -> Result<Option<FrameSpan>, DecodeError> {
        self.step(input, Until::Frame)
    }

    /// Consumes an event that the caller has recognized by itself: the first `len` bytes of the input, up to the end of
    /// its blank line. A fast path of callers that know what most events of their stream look like. Constant time.
    ///
    /// Returns `false`, and changes nothing, unless the next byte starts a block for certain and the bytes end in two
    /// LFs. The bytes must also be at most [`max_event_bytes`](Self::max_event_bytes). If refused,
    /// [`decode`](Self::decode) reads the event. The caller is responsible for the bytes before the two LFs: one `data`
    /// line, perhaps an `event` line before it, and no other line.
    ///
    /// ```
    /// let mut decoder = ssewire::Decoder::new();
    /// let mut input = &b"data: one\n\ndata: ping\n\ndata: two\n\n"[..];
    /// assert!(decoder.decode(&mut input)?.is_some());
    /// let ping = b"data: ping\n\n";
    /// assert!(input.starts_with(ping) && decoder.consume_recognized_event(&mut input, ping.len()));
    /// assert_eq!(decoder.decode(&mut input)?.map(|event| event.data()), Some(&b"two"[..]));
    /// # Ok::<(), ssewire::DecodeError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn consume_recognized_event(&mut self, input: &mut &[u8], len: usize) -> bool {
        let Some((event, rest)) = input.split_at_checked(len) else { return false };
        let is_consumed = self.between_blocks && len <= self.buffer.limit && event.ends_with(Decoder::BLOCK_END);
        if is_consumed {
            *input = rest;
            self.pending = 0;
            self.buffer.note_block();
        }
        is_consumed
    }

    /// Borrows the event that [`poll_event`](Self::poll_event) found. `chunk` is its input as it was *before* that
    /// call. Constant time.
    ///
    /// Passing a different chunk, or polling again first, yields unspecified contents but never panics.
    #[must_use]
    pub fn resolve_event<'d>(&'d self, chunk: &'d [u8], span: EventSpan) -> Event<'d> {
        let block = self.resolve_block(chunk, span.0);
        let data = block.data.unwrap_or(Lossy::new(b""));
        Event::new(block.event_type(), data.bytes, block.last_event_id(), block.retry)
    }

    /// Borrows the block that [`poll_block`](Self::poll_block) found; see [`resolve_event`](Self::resolve_event).
    #[must_use]
    pub fn resolve_block<'d>(&'d self, chunk: &'d [u8], span: BlockSpan) -> Block<'d> {
        let resolve = |part| Lossy::new(self.buffer.resolve(chunk, part));
        Block {
            event_type: span.event_type.map(resolve),
            data: span.data.map(resolve),
            last_event_id: Lossy::new(self.last_event_id()),
            retry: self.retry.filter(|_| span.flags.has_retry),
            has_id: span.flags.has_id,
            has_ignored_id: span.flags.has_ignored_id,
        }
    }

    /// Borrows the frame that [`poll_frame`](Self::poll_frame) found; see [`resolve_event`](Self::resolve_event).
    #[must_use]
    pub fn resolve_frame<'d>(&'d self, chunk: &'d [u8], span: FrameSpan) -> Frame<'d> {
        let resolve = |part| self.buffer.resolve(chunk, part);
        match span.0 {
            FrameParts::Block(block) => Frame::Block(self.resolve_block(chunk, block)),
            FrameParts::Comment(text, truncated) => Frame::Comment { text: resolve(text), truncated },
            FrameParts::UnknownField(line, truncated) => {
                let (name, value) = split_field(resolve(line));
                Frame::UnknownField { name, value, truncated }
            }
        }
    }

    /// Ends the input and discards the pending block (HTML standard: "Once the end of the file is reached, any pending
    /// data must be discarded"). Afterwards the decoder is ready for another stream, as after [`reset`](Self::reset):
    /// it is borrowed, because it keeps the last event ID and the reconnection time for the next connection.
    ///
    /// # Errors
    /// [`Truncated`] if the input ends within a line, or after a field that no blank line follows: the pending block is
    /// lost. A second call finds nothing pending.
    pub fn finish(&mut self) -> Result<(), Truncated> {
        let pending = self.pending_bytes();
        self.reset();
        Truncated::check(pending)
    }

    /// Ends the input and returns the pending event, as if its last line and the blank line after it had come. For
    /// streams whose last event lacks the blank line, such as `data: [DONE]\n`; the standard discards it. Afterwards
    /// the decoder is ready for another stream, as after [`reset`](Self::reset).
    ///
    /// ```
    /// let mut decoder = ssewire::Decoder::new();
    /// assert_eq!(decoder.decode(&mut &b"data: [DO"[..])?, None);
    /// assert_eq!(decoder.decode(&mut &b"NE]"[..])?, None);
    /// assert!(decoder.finish_event()?.is_some_and(|event| event.is_done()));
    /// assert_eq!(decoder.finish(), Ok(()));
    /// # Ok::<(), ssewire::DecodeError>(())
    /// ```
    ///
    /// Cannot distinguish a last event from one that was cut: use it for formats that end so, not after a network
    /// error. An `id` of the pending block takes effect, too.
    ///
    /// # Errors
    /// [`DecodeError`] if the pending event exceeds a limit and is lost. The decoder is reset in either case.
    pub fn finish_event(&mut self) -> Result<Option<Event<'_>>, DecodeError> {
        let mut input = Decoder::BLOCK_END;
        let polled = self.poll_event(&mut input);
        if polled.is_err() {
            // The blank line is still to come: the `id` of a lost event takes effect.
            let _ = self.poll_event(&mut input);
        }
        self.reset();
        Ok(polled?.map(|span| self.resolve_event(Decoder::BLOCK_END, span)))
    }

    /// Prepares for a new connection: a byte order mark is looked for again, and the pending block is discarded. The
    /// last event ID, [`retry`](Self::retry) and the buffer stay.
    pub fn reset(&mut self) {
        self.buffer.discard_block();
        self.scanner = LineScanner::START;
        self.line = LineState::START;
        self.block = BlockFlags::NONE;
        self.pending = 0;
        self.between_blocks = false;
    }

    /// Frees all memory that nothing pending needs; a [`HeapBuffer`] with nothing pending and no last event ID owns
    /// none afterwards. A buffer of more than 1 KiB also shrinks by itself, after 32 blocks in a row that needed less
    /// than a quarter of it, unless a long last event ID fills half of it.
    pub fn shrink_to_fit(&mut self) {
        self.buffer.shrink_to_fit();
    }

    /// Returns the size of the buffer of an unfinished block and of the last event ID, in bytes: the capacity of a
    /// [`HeapBuffer`]. Constant time.
    ///
    /// ```
    /// let mut decoder = ssewire::Decoder::new();
    /// let mut input = &b"data: borrowed from the chunk\n\ndata: cop"[..];
    /// assert!(decoder.decode(&mut input)?.is_some());
    /// assert_eq!(decoder.buffer_bytes(), 0);
    /// assert_eq!(decoder.decode(&mut input)?, None);
    /// assert!(decoder.buffer_bytes() >= "cop".len());
    /// # Ok::<(), ssewire::DecodeError>(())
    /// ```
    #[must_use]
    pub fn buffer_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    /// Reads up to the next frame: on the fast path if an event lies complete in the chunk, else on the slow path.
    #[inline(always)]
    fn step(&mut self, input: &mut &[u8], until: Until) -> Polled {
        let chunk = *input;
        match self.scan(input) {
            Break(None) => Ok(None),
            Break(Some((event_type, data))) => {
                let event_type = event_type.map(|part| Span::in_chunk(chunk, part));
                let data = Some(Span::in_chunk(chunk, data));
                let flags = BlockFlags { has_field: true, ..BlockFlags::NONE };
                Ok(Some(FrameSpan(FrameParts::Block(BlockSpan { event_type, data, flags }))))
            }
            Continue(cursor) => self.read(input, until, cursor),
        }
    }

    /// Fast path. Breaks with an event that lies complete in the chunk, and consumes it, or with `None` if nothing is
    /// left to read after the last event of a chunk. Otherwise [`read`](Self::read) continues at the cursor.
    #[inline(always)]
    fn scan<'c>(&mut self, input: &mut &'c [u8]) -> ControlFlow<Option<EventInChunk<'c>>, Cursor<'c>> {
        let mut cursor = Cursor::new(input);
        if !self.between_blocks {
            return Continue(cursor);
        }
        if input.is_empty() {
            self.buffer.maybe_shrink();
            return Break(None);
        }
        cursor.scan_event(&mut self.event_prefix);
        // Cannot overflow: these bytes are the end of the input.
        let is_within = |unread: &[u8]| input.len() - unread.len() <= self.buffer.limit;
        match cursor {
            Cursor { event_type, data: Some(data), line: LineState::Blank, rest, .. } if is_within(rest) => {
                *input = rest;
                self.pending = 0;
                self.buffer.note_block();
                Break(Some((event_type, data)))
            }
            Cursor { line: LineState::Start { .. }, rest, .. } if is_within(rest) => Continue(cursor),
            Cursor { line: LineState::Event | LineState::Data, .. } if is_within(b"") => Continue(cursor),
            // Perhaps an event above the limit: reading it line by line finds the first byte in excess.
            _ => Continue(Cursor::new(input)),
        }
    }
}

/// The type and the data of an event.
type EventInChunk<'c> = (Option<&'c [u8]>, &'c [u8]);

/// Shows counts and states, never the contents of the stream.
impl<S: Storage> fmt::Debug for Decoder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("max_event_bytes", &self.max_event_bytes())
            .field("pending_bytes", &self.pending_bytes())
            .field("retry", &self.retry())
            .field("capacity", &self.buffer.capacity())
            .finish_non_exhaustive()
    }
}
