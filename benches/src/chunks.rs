//! A corpus in chunks, in the form that each kind of contestant reads.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;

/// Chunk sizes in bytes.
pub const SIZES: [usize; 5] = [WHOLE, 16 * 1024, 1400, 64, 1];

/// The complete corpus in one chunk.
pub const WHOLE: usize = usize::MAX;

/// Returns the name of a chunk size.
#[must_use]
pub fn name(chunk: usize) -> String {
    if chunk == WHOLE { "whole".into() } else { chunk.to_string() }
}

/// A stream of borrowed chunks that is always ready.
#[derive(Debug)]
pub struct Slices<'a>(std::slice::Chunks<'a, u8>);

impl<'a> Slices<'a> {
    #[must_use]
    pub fn new(bytes: &'a [u8], chunk: usize) -> Self {
        Self(bytes.chunks(chunk))
    }
}

impl<'a> Stream for Slices<'a> {
    type Item = Result<&'a [u8], Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

/// A stream of reference-counted chunks that is always ready.
#[derive(Debug)]
pub struct Shared {
    rest: Bytes,
    chunk: usize,
}

impl Shared {
    #[must_use]
    pub fn new(bytes: &Bytes, chunk: usize) -> Self {
        Self { rest: bytes.clone(), chunk }
    }
}

impl Stream for Shared {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let len = self.chunk.min(self.rest.len());
        Poll::Ready(Some(Ok(self.rest.split_to(len))))
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
