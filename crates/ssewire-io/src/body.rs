//! Bodies of http-body, the type of hyper, axum and tonic.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use futures_core::Stream;
use futures_core::stream::FusedStream;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::SharedEventStream;

/// The events of an [`http_body::Body`]; created by [`HttpBodyExt::sse_events`](crate::HttpBodyExt::sse_events).
///
/// ```
/// use ssewire_io::HttpBodyExt as _;
///
/// # futures::executor::block_on(async {
/// # let body = http_body_util::Full::new(bytes::Bytes::from("data: hello\n\n"));
/// let mut events = body.sse_events(); // for example `response.into_body()` of hyper
/// while let Some(event) = events.try_next().await? {
///     println!("{}", event.data_lossy());
/// }
/// # Ok::<(), ssewire_io::EventError<std::convert::Infallible>>(())
/// # }).unwrap();
/// ```
pub type BodyEventStream<B> = SharedEventStream<BodyChunks<B>>;

pin_project! {
    /// The data of an [`http_body::Body`] as a stream of chunks, without trailers. Data that is [`Bytes`] is not
    /// copied. `None` follows the end or an error.
    #[must_use = "streams do nothing unless polled"]
    pub struct BodyChunks<B> {
        #[pin]
        body: B,
        is_ended: bool,
    }
}

impl<B> BodyChunks<B> {
    /// Wraps a body.
    pub fn new(body: B) -> Self {
        Self { body, is_ended: false }
    }

    /// Borrows the body.
    #[must_use]
    pub fn get_ref(&self) -> &B {
        &self.body
    }

    /// Borrows the body mutably. Taking frames from it loses them for this stream.
    pub fn get_mut(&mut self) -> &mut B {
        &mut self.body
    }

    /// Borrows the body, pinned.
    #[must_use]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut B> {
        self.project().body
    }

    /// Returns the body.
    #[must_use]
    pub fn into_inner(self) -> B {
        self.body
    }
}

impl<B: Body> Stream for BodyChunks<B> {
    type Item = Result<Bytes, B::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        /// Number of frames without data after which the stream yields to the executor.
        const MAX_FRAMES: usize = 64;

        let mut this = self.project();
        if *this.is_ended {
            return Poll::Ready(None);
        }
        for _ in 0..MAX_FRAMES {
            match ready!(this.body.as_mut().poll_frame(context)) {
                None => {
                    *this.is_ended = true;
                    return Poll::Ready(None);
                }
                Some(Err(error)) => {
                    *this.is_ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        let length = data.remaining();
                        return Poll::Ready(Some(Ok(data.copy_to_bytes(length))));
                    }
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<B: Body> FusedStream for BodyChunks<B> {
    fn is_terminated(&self) -> bool {
        self.is_ended
    }
}

/// Never shows the body, whose `Debug` may contain data.
impl<B> fmt::Debug for BodyChunks<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyChunks").field("is_ended", &self.is_ended).finish_non_exhaustive()
    }
}
