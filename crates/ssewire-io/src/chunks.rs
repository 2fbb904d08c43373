//! A stream of byte chunks as a source.

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::TryStream;
use pin_project_lite::pin_project;

pin_project! {
    /// Holds the chunk that is being decoded.
    pub(crate) struct Chunks<S: TryStream> {
        #[pin]
        stream: S,
        chunk: Option<S::Ok>,
        // How much of the chunk is consumed.
        start: usize,
        ended: bool,
    }
}

impl<S: TryStream> Chunks<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, chunk: None, start: 0, ended: false }
    }

    /// The chunk in which something was found.
    #[cfg(any(feature = "bytes", feature = "messages"))]
    pub(crate) fn chunk(&self) -> Option<&S::Ok> {
        self.chunk.as_ref()
    }

    pub(crate) fn get_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: TryStream> Chunks<S>
where
    S::Ok: AsRef<[u8]>,
{
    /// Feeds `advance` until it finds something. It is found in the [`chunk`](Self::chunk) from the place on that is
    /// returned with it. `None`: the input has ended, or has failed before.
    pub(crate) fn poll_find<T, E>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut advance: impl FnMut(&mut &[u8]) -> Result<Option<T>, E>,
        failed: impl FnOnce(S::Error) -> E,
    ) -> Poll<Result<Option<(usize, T)>, E>> {
        let mut this = self.project();
        loop {
            if let Some(chunk) = this.chunk.as_ref() {
                let (chunk, from) = (chunk.as_ref(), *this.start);
                let mut input = chunk.get(from..).unwrap_or_default();
                let advanced = advance(&mut input);
                *this.start = chunk.len().saturating_sub(input.len());
                if let Some(found) = advanced? {
                    return Poll::Ready(Ok(Some((from, found))));
                }
                *this.chunk = None;
            }
            if *this.ended {
                return Poll::Ready(Ok(None));
            }
            match ready!(this.stream.as_mut().try_poll_next(context)) {
                Some(Ok(chunk)) => (*this.chunk, *this.start) = (Some(chunk), 0),
                None => *this.ended = true,
                Some(Err(error)) => {
                    *this.ended = true;
                    return Poll::Ready(Err(failed(error)));
                }
            }
        }
    }
}
