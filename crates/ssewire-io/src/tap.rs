//! Bytes pass through untouched, while what they carry is observed: a gateway's meter.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::Observe;

pin_project! {
    /// Passes the bytes of a reader, a stream or a body through as they are, and shows them to an observer.
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
    /// Whatever the observer makes of the bytes, they pass unchanged and at once; its work is all that they wait for.
    pub struct Tap<T, O>
    where
        O: Observe,
    {
        #[pin]
        inner: T,
        observer: O,
        ended: bool,
    }

    impl<T, O> PinnedDrop for Tap<T, O>
    where
        O: Observe,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            end(this.observer, this.ended);
        }
    }
}

impl<T, O: Observe> Tap<T, O> {
    /// Passes `inner` through.
    pub fn new(inner: T, observer: O) -> Self {
        Self { inner, observer, ended: false }
    }

    /// The observer.
    pub fn observer(&self) -> &O {
        &self.observer
    }

    /// What is passed through.
    pub fn get_ref(&self) -> &T {
        &self.inner
    }
}

fn end(observer: &mut impl Observe, ended: &mut bool) {
    if !core::mem::replace(ended, true) {
        observer.end();
    }
}

#[cfg(feature = "std")]
impl<R: std::io::Read, O: Observe> std::io::Read for Tap<R, O> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = match self.inner.read(buffer) {
            Ok(length) => length,
            Err(error) => {
                if !may_go_on(error.kind()) {
                    end(&mut self.observer, &mut self.ended);
                }
                return Err(error);
            }
        };
        match buffer.get(..length) {
            Some([]) | None if !buffer.is_empty() => end(&mut self.observer, &mut self.ended),
            passed if !self.ended => self.observer.chunk(passed.unwrap_or_default()),
            _ => {}
        }
        Ok(length)
    }
}

/// Whether a reader that failed so has more to give to those who try again.
#[cfg(feature = "std")]
fn may_go_on(error: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error, Interrupted | WouldBlock | TimedOut)
}

impl<S: futures_core::TryStream, O: Observe> futures_core::Stream for Tap<S, O>
where
    S::Ok: AsRef<[u8]>,
{
    type Item = Result<S::Ok, S::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let item = ready!(this.inner.try_poll_next(context));
        match &item {
            // Some streams go on behind an error; what they bring then passes unseen.
            Some(Ok(chunk)) if !*this.ended => this.observer.chunk(chunk.as_ref()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => end(this.observer, this.ended),
        }
        Poll::Ready(item)
    }
}

#[cfg(feature = "http-body")]
impl<B: http_body::Body, O: Observe> http_body::Body for Tap<B, O>
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
                if let Some(data) = frame.data_ref().filter(|_| !*this.ended) {
                    this.observer.chunk(data.as_ref());
                }
            }
            Some(Err(_)) | None => end(this.observer, this.ended),
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

impl<T, O: Observe> fmt::Debug for Tap<T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap").field("ended", &self.ended).finish_non_exhaustive()
    }
}
