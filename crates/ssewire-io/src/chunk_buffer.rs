//! A stream of byte chunks as a source of input: keeps the part of a chunk that is not decoded yet.

use alloc::vec::Vec;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::TryStream;

/// The undecoded part of the last chunk, and whether the stream has ended.
///
/// Does not contain the stream, and copies a chunk with more than one item into its own buffer. Therefore no adapter
/// has to name the type of a chunk, and none has a bound on its stream.
#[derive(Debug)]
pub(crate) struct ChunkBuffer<C = Vec<u8>> {
    chunk: C,
    /// Number of bytes of the chunk that are consumed.
    start: usize,
    /// Where the newest chunk starts. The bytes before it are of the previous chunk.
    last_chunk_start: usize,
    is_ended: bool,
    /// Number of chunks since the transport was last pending.
    ready_chunks: u8,
}

/// Part of a chunk that is kept when an item was found in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The bytes after the item, because the item owns its bytes.
    Rest,
    /// The complete chunk, because the item is resolved from it.
    Whole,
}

pub(crate) use self::sealed::KeepChunk;

mod sealed {
    /// A buffer for bytes of chunks of the type `T`.
    #[diagnostic::on_unimplemented(
        message = "a buffer of the type `{Self}` cannot keep chunks of the type `{T}`",
        note = "`SharedEventStream` decodes chunks of the type `Bytes`; other streams, chunks that are `AsRef<[u8]>`"
    )]
    pub trait KeepChunk<T>: Default + AsRef<[u8]> {
        /// Keeps the bytes from `from` on.
        fn keep(&mut self, chunk: T, from: usize);

        /// Drops the contents.
        fn discard(&mut self);
    }
}

impl<T: AsRef<[u8]>> KeepChunk<T> for Vec<u8> {
    fn keep(&mut self, chunk: T, from: usize) {
        self.clear();
        self.extend_from_slice(chunk.as_ref().get(from..).unwrap_or_default());
    }

    /// An idle stream keeps no large buffer.
    fn discard(&mut self) {
        const KEPT_CAPACITY: usize = 4 * 1024;
        if self.capacity() > KEPT_CAPACITY { *self = Self::new() } else { self.clear() }
    }
}

#[cfg(feature = "bytes")]
impl KeepChunk<bytes::Bytes> for bytes::Bytes {
    fn keep(&mut self, chunk: bytes::Bytes, from: usize) {
        *self = chunk.slice(from.min(chunk.len())..);
    }

    fn discard(&mut self) {
        *self = Self::new();
    }
}

/// Number of chunks without a pause after which the stream yields to the executor.
const MAX_READY_CHUNKS: u8 = 64;

impl<C: Default + AsRef<[u8]>> ChunkBuffer<C> {
    pub(crate) fn new() -> Self {
        Self { chunk: C::default(), start: 0, last_chunk_start: 0, is_ended: false, ready_chunks: 0 }
    }

    /// Returns the chunk that [`Keep::Whole`] kept.
    pub(crate) fn chunk(&self) -> &C {
        &self.chunk
    }

    /// Returns the bytes that are not decoded yet.
    pub(crate) fn unread(&self) -> &[u8] {
        self.chunk.as_ref().get(self.start..).unwrap_or_default()
    }

    /// Passes input to `decode` until that returns an item or an error. Returns the item, and the offset in the
    /// [`chunk`](Self::chunk) at which the input of that call began. With [`Keep::Whole`] the item is resolved from the
    /// chunk from this offset on; with [`Keep::Rest`] the offset has no meaning. Returns `None` after the end of the
    /// stream or an error of it. After either the stream is not polled again.
    pub(crate) fn poll_decode<S: TryStream, T, E>(
        &mut self,
        mut stream: Pin<&mut S>,
        context: &mut Context<'_>,
        keep: Keep,
        mut decode: impl FnMut(&mut &[u8]) -> Result<Option<T>, E>,
        transport_error: impl FnOnce(S::Error) -> E,
    ) -> Poll<Result<Option<(usize, T)>, E>>
    where
        S::Ok: AsRef<[u8]>,
        C: KeepChunk<S::Ok>,
    {
        // Here, too: `look_ahead` counts a chunk that it has put into the buffer.
        ready!(self.poll_yield(context));
        let (from, found) = self.decode_kept(&mut decode);
        if let Some(found) = found? {
            return Poll::Ready(Ok(Some((from, found))));
        }
        self.chunk.discard();
        (self.start, self.last_chunk_start) = (0, 0);
        loop {
            if self.is_ended {
                return Poll::Ready(Ok(None));
            }
            ready!(self.poll_yield(context));
            let chunk = match ready!(self.poll_chunk(stream.as_mut(), context)) {
                Some(Ok(chunk)) => chunk,
                Some(Err(error)) => return Poll::Ready(Err(transport_error(error))),
                None => return Poll::Ready(Ok(None)),
            };
            let (consumed, found) = decode_counted(chunk.as_ref(), &mut decode);
            if matches!(found, Ok(None)) {
                continue;
            }
            self.keep_rest(keep, chunk, consumed);
            return Poll::Ready(found.map(|found| found.map(|found| (0, found))));
        }
    }

    /// Keeps the part of the chunk that is needed after an item was found in it.
    fn keep_rest<T: AsRef<[u8]>>(&mut self, keep: Keep, chunk: T, consumed: usize)
    where
        C: KeepChunk<T>,
    {
        match keep {
            Keep::Whole => {
                self.chunk.keep(chunk, 0);
                self.start = consumed;
            }
            Keep::Rest if consumed < chunk.as_ref().len() => self.chunk.keep(chunk, consumed),
            Keep::Rest => {}
        }
    }

    /// Polls the stream, and notes its end and how long it was never pending.
    fn poll_chunk<S: TryStream>(
        &mut self,
        stream: Pin<&mut S>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<S::Ok, S::Error>>> {
        let next = stream.try_poll_next(context);
        match &next {
            Poll::Pending => self.ready_chunks = 0,
            Poll::Ready(Some(Ok(_))) => self.ready_chunks = self.ready_chunks.saturating_add(1),
            Poll::Ready(Some(Err(_)) | None) => self.is_ended = true,
        }
        next
    }

    /// Yields after [`MAX_READY_CHUNKS`] chunks without a pause: wakes the task and returns `Pending`. A stream that is
    /// never pending must not block its executor.
    fn poll_yield(&mut self, context: &Context<'_>) -> Poll<()> {
        if self.ready_chunks < MAX_READY_CHUNKS {
            return Poll::Ready(());
        }
        self.ready_chunks = 0;
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Decodes the bytes that were kept, even if there are none: a decoder may return several items for its last byte.
    /// Returns the offset of the first byte. `None`: more input is needed.
    fn decode_kept<T, E>(
        &mut self,
        decode: &mut impl FnMut(&mut &[u8]) -> Result<Option<T>, E>,
    ) -> (usize, Result<Option<T>, E>) {
        let from = self.start;
        let (consumed, found) = decode_counted(self.unread(), decode);
        self.start = from.saturating_add(consumed);
        (from, found)
    }
}

/// Decodes the bytes up to an item. Returns the number of bytes consumed, too.
fn decode_counted<T, E>(
    bytes: &[u8],
    decode: &mut impl FnMut(&mut &[u8]) -> Result<Option<T>, E>,
) -> (usize, Result<Option<T>, E>) {
    let mut input = bytes;
    let found = decode(&mut input);
    (bytes.len().saturating_sub(input.len()), found)
}

impl ChunkBuffer {
    /// Polls the stream once, without waiting, so that a body that has ended is read to its end: HTTP clients reuse the
    /// connection only then. If a chunk arrives, it is kept.
    ///
    /// Does nothing while bytes from before the last chunk are unread. Otherwise each message of a body would add a
    /// chunk, and the buffer would grow to the size of the body.
    #[cfg(any(feature = "messages", feature = "json"))]
    pub(crate) fn look_ahead<S: TryStream>(
        &mut self,
        stream: Pin<&mut S>,
        context: &mut Context<'_>,
    ) -> Result<(), S::Error>
    where
        S::Ok: AsRef<[u8]>,
    {
        if self.is_ended || self.start < self.last_chunk_start {
            return Ok(());
        }
        if let Poll::Ready(Some(chunk)) = self.poll_chunk(stream, context) {
            let chunk = chunk?;
            self.chunk.drain(..self.start.min(self.chunk.len()));
            (self.start, self.last_chunk_start) = (0, self.chunk.len());
            self.chunk.extend_from_slice(chunk.as_ref());
        }
        Ok(())
    }
}
