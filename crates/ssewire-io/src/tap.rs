//! Passes bytes on unchanged and shows them to an observer, for example a meter in a gateway.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::Observer;

pin_project! {
    /// Passes the bytes of a reader, a stream or a body on unchanged, and shows them to an observer.
    ///
    /// ```
    /// use std::io::Read as _;
    /// use ssewire_io::{EventObserver, Tap};
    ///
    /// # let response = &b"data: one\n\ndata: two\n\n"[..];
    /// let mut events = 0;
    /// let mut passed = Vec::new();
    /// Tap::new(response, EventObserver::new(|_| events += 1)).read_to_end(&mut passed)?;
    /// assert_eq!((passed.as_slice(), events), (response, 2));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// The bytes pass immediately; the only delay is the work of the observer.
    #[must_use = "a tap does nothing unless it is read or polled"]
    pub struct Tap<T, O> {
        #[pin]
        inner: T,
        observed: ObserverSlot<O>,
    }
}

/// An observer that is notified of the end once, at the latest when it is dropped.
struct ObserverSlot<O> {
    observer: O,
    /// [`Observer::on_end`], until it has been called; absent while [`Observer::on_chunk`] runs. A pointer, because a
    /// `Drop` with a bound would put the bound on every struct that contains a tap.
    on_end: Option<fn(&mut O)>,
}

impl<O: Observer> ObserverSlot<O> {
    fn on_chunk(&mut self, bytes: &[u8]) {
        // Some transports continue after an end or an error; that passes unseen.
        if let Some(on_end) = self.on_end.take() {
            self.observer.on_chunk(bytes);
            // Not after a panic: the observer may be half changed, and a second panic would abort the process.
            self.on_end = Some(on_end);
        }
    }
}

impl<O> ObserverSlot<O> {
    fn on_end(&mut self) {
        if let Some(on_end) = self.on_end.take() {
            on_end(&mut self.observer);
        }
    }
}

impl<O> Drop for ObserverSlot<O> {
    fn drop(&mut self) {
        self.on_end();
    }
}

impl<T, O: Observer> Tap<T, O> {
    /// Passes `inner` through.
    pub fn new(inner: T, observer: O) -> Self {
        Self { inner, observed: ObserverSlot { observer, on_end: Some(O::on_end) } }
    }
}

impl<T, O> Tap<T, O> {
    /// Borrows the observer.
    #[must_use]
    pub fn observer(&self) -> &O {
        &self.observed.observer
    }

    /// Borrows the wrapped reader, stream or body.
    #[must_use]
    pub fn get_ref(&self) -> &T {
        &self.inner
    }

    /// Borrows the wrapped reader, stream or body mutably. Bytes that are taken from it are not observed.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Borrows the wrapped stream or body, pinned.
    #[must_use]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut T> {
        self.project().inner
    }

    /// Returns the wrapped reader, stream or body, and ends the observation.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.inner
    }
}

#[cfg(feature = "std")]
impl<R: std::io::Read, O: Observer> std::io::Read for Tap<R, O> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = match self.inner.read(buffer) {
            Ok(length) => length,
            Err(error) => {
                if !is_resumable(error.kind()) {
                    self.observed.on_end();
                }
                return Err(error);
            }
        };
        match buffer.get(..length) {
            Some([]) | None if !buffer.is_empty() => self.observed.on_end(),
            passed => self.observed.on_chunk(passed.unwrap_or_default()),
        }
        Ok(length)
    }
}

/// Returns whether a later read may succeed.
#[cfg(feature = "std")]
fn is_resumable(error: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error, Interrupted | WouldBlock | TimedOut)
}

impl<S: futures_core::TryStream, O: Observer> futures_core::Stream for Tap<S, O>
where
    S::Ok: AsRef<[u8]>,
{
    type Item = Result<S::Ok, S::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let item = ready!(this.inner.try_poll_next(context));
        match &item {
            Some(Ok(chunk)) => this.observed.on_chunk(chunk.as_ref()),
            Some(Err(_)) | None => this.observed.on_end(),
        }
        Poll::Ready(item)
    }
}

impl<S: futures_core::stream::FusedStream + futures_core::TryStream, O: Observer> futures_core::stream::FusedStream
    for Tap<S, O>
where
    Self: futures_core::Stream,
{
    fn is_terminated(&self) -> bool {
        self.inner.is_terminated()
    }
}

#[cfg(feature = "http-body")]
impl<B: http_body::Body, O: Observer> http_body::Body for Tap<B, O>
where
    B::Data: AsRef<[u8]>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.observed.on_chunk(data.as_ref());
                }
            }
            Some(Err(_)) | None => this.observed.on_end(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.inner.size_hint()
    }
}

impl<T, O> fmt::Debug for Tap<T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap").field("is_ended", &self.observed.on_end.is_none()).finish_non_exhaustive()
    }
}
