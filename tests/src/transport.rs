//! A transport that follows a script of chunks, waits and failures. It implements the interface of every adapter.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use bytes::Bytes;

/// A blocking reader, a stream of chunks, a body and an asynchronous reader. It panics if it is polled after its end,
/// because the behaviour of a transport is unspecified then.
#[derive(Debug)]
pub struct Script<E = io::Error> {
    steps: VecDeque<Step<E>>,
    is_over: bool,
    given: Given,
}

#[derive(Debug)]
pub enum Step<E> {
    Chunk(Bytes),
    /// Returns `Pending` once and wakes the task; `Interrupted` for a blocking reader.
    Wait,
    /// Trailers of a body; no effect on the other interfaces.
    Trailers,
    Fail(E),
}

/// Counter of the bytes that a script has delivered.
#[derive(Debug, Clone, Default)]
pub struct Given(Arc<AtomicUsize>);

impl Given {
    pub fn bytes(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl<E> Script<E> {
    pub fn new(steps: impl IntoIterator<Item = Step<E>>) -> Self {
        Self { steps: steps.into_iter().collect(), is_over: false, given: Given::default() }
    }

    /// One step for each chunk.
    pub fn of(chunks: &[&[u8]]) -> Self {
        Self::new(chunks.iter().copied().map(Step::chunk))
    }

    /// One step for each chunk, with a wait before each chunk and before the end.
    pub fn slow(chunks: &[&[u8]]) -> Self {
        let chunks = chunks.iter().copied().flat_map(|chunk| [Step::Wait, Step::chunk(chunk)]);
        Self::new(chunks.chain([Step::Wait]))
    }

    /// Adds a failure at the end.
    pub fn failing(mut self, error: E) -> Self {
        self.steps.push_back(Step::Fail(error));
        self
    }

    pub fn given(&self) -> Given {
        self.given.clone()
    }

    /// Returns the next step, `None` at the end. A chunk has at most `max` bytes.
    fn next(&mut self, max: usize) -> Option<Step<E>> {
        assert!(!self.is_over, "polled after the end");
        let mut step = self.steps.pop_front();
        self.is_over = matches!(step, None | Some(Step::Fail(_)));
        if let Some(Step::Chunk(chunk)) = &mut step {
            let rest = chunk.split_off(max.min(chunk.len()));
            if !rest.is_empty() {
                self.steps.push_front(Step::Chunk(rest));
            }
            self.given.0.fetch_add(chunk.len(), Relaxed);
        }
        step
    }

    fn poll(&mut self, context: &mut Context<'_>, max: usize) -> Poll<Option<Step<E>>> {
        match self.next(max) {
            Some(Step::Wait) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            step => Poll::Ready(step),
        }
    }
}

impl<E> Step<E> {
    pub fn chunk(bytes: &[u8]) -> Self {
        Self::Chunk(Bytes::copy_from_slice(bytes))
    }
}

impl<E> Unpin for Script<E> {}

impl<E> futures_core::Stream for Script<E> {
    type Item = Result<Bytes, E>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            return Poll::Ready(match ready!(this.poll(context, usize::MAX)) {
                Some(Step::Chunk(chunk)) => Some(Ok(chunk)),
                Some(Step::Fail(error)) => Some(Err(error)),
                Some(Step::Wait | Step::Trailers) => continue,
                None => None,
            });
        }
    }
}

impl<E> http_body::Body for Script<E> {
    type Data = Bytes;
    type Error = E;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<http_body::Frame<Bytes>, E>>> {
        let step = ready!(self.get_mut().poll(context, usize::MAX));
        Poll::Ready(step.map(|step| match step {
            Step::Chunk(chunk) => Ok(http_body::Frame::data(chunk)),
            Step::Wait | Step::Trailers => Ok(http_body::Frame::trailers(Default::default())),
            Step::Fail(error) => Err(error),
        }))
    }
}

impl io::Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.next(buffer.len()) {
                // Reading 0 bytes would mean the end.
                Some(Step::Chunk(chunk)) if chunk.is_empty() => {}
                Some(Step::Chunk(chunk)) => {
                    buffer[..chunk.len()].copy_from_slice(&chunk);
                    return Ok(chunk.len());
                }
                Some(Step::Wait) => return Err(io::ErrorKind::Interrupted.into()),
                Some(Step::Trailers) => {}
                Some(Step::Fail(error)) => return Err(error),
                None => return Ok(0),
            }
        }
    }
}

impl tokio::io::AsyncRead for Script {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match ready!(this.poll(context, buffer.remaining())) {
                Some(Step::Chunk(chunk)) if chunk.is_empty() => {}
                Some(Step::Chunk(chunk)) => {
                    buffer.put_slice(&chunk);
                    return Poll::Ready(Ok(()));
                }
                Some(Step::Wait | Step::Trailers) => {}
                Some(Step::Fail(error)) => return Poll::Ready(Err(error)),
                None => return Poll::Ready(Ok(())),
            }
        }
    }
}
