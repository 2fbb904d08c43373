//! A corpus in chunks, in the form that each kind of contestant reads.

use std::convert::Infallible;
use std::ops::Range;
use std::pin::{Pin, pin};
use std::slice;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;

use crate::corpora::Corpus;

/// Chunk sizes in bytes.
pub const SIZES: [usize; 5] = [WHOLE, 16 * 1024, 1400, 64, 1];

/// The complete corpus in one chunk.
pub const WHOLE: usize = usize::MAX;

/// One event in each chunk, as servers flush them.
pub const ONE_EVENT: usize = 0;

/// Returns the name of a chunk size.
#[must_use]
pub fn name(chunk: usize) -> String {
    match chunk {
        WHOLE => "whole".into(),
        ONE_EVENT => "one event".into(),
        size => size.to_string(),
    }
}

/// The chunks of a stream.
#[derive(Debug, Clone)]
pub enum Chunks<'a> {
    Sized(slice::Chunks<'a, u8>),
    Events { stream: &'a [u8], from: usize, ends: slice::Iter<'a, usize> },
}

impl<'a> Chunks<'a> {
    /// Cuts a range of a corpus.
    #[must_use]
    pub fn new(corpus: &'a Corpus, range: Range<usize>, chunk: usize) -> Self {
        if chunk != ONE_EVENT {
            return Self::Sized(corpus.stream[range].chunks(chunk));
        }
        let first = corpus.ends.partition_point(|end| *end <= range.start);
        let last = corpus.ends.partition_point(|end| *end <= range.end);
        Self::Events { stream: &corpus.stream, from: range.start, ends: corpus.ends[first..last].iter() }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        match self {
            Self::Sized(chunks) => chunks.next(),
            Self::Events { stream, from, ends } => {
                let end = *ends.next()?;
                Some(&stream[std::mem::replace(from, end)..end])
            }
        }
    }
}

/// A stream of borrowed chunks that is always ready.
#[derive(Debug)]
pub struct Slices<'a>(pub Chunks<'a>);

impl<'a> Stream for Slices<'a> {
    type Item = Result<&'a [u8], Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

/// A stream of reference-counted chunks that is always ready.
#[derive(Debug)]
pub struct Shared<'a> {
    rest: Bytes,
    chunks: Chunks<'a>,
}

impl<'a> Shared<'a> {
    #[must_use]
    pub fn new(bytes: &Bytes, chunks: Chunks<'a>) -> Self {
        Self { rest: bytes.clone(), chunks }
    }
}

impl Stream for Shared<'_> {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(chunk) = self.chunks.next() else { return Poll::Ready(None) };
        Poll::Ready(Some(Ok(self.rest.split_to(chunk.len()))))
    }
}

/// Polls a stream to its end. The streams are always ready, so no waker is needed.
pub fn drain<S: Stream>(stream: S, mut each: impl FnMut(S::Item)) {
    let mut stream = pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut context) {
        each(item);
    }
}
