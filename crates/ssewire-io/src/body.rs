//! Bodies of http-body, as hyper, axum and tonic have them.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use futures_core::Stream;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::BytesEventStream;

/// The events of an [`http_body::Body`].
///
/// ```
/// use futures::StreamExt as _;
/// use ssewire_io::{BodyChunks, BodyStream};
///
/// # futures::executor::block_on(async {
/// # let body = http_body_util::Full::new(bytes::Bytes::from("data: hello\n\n"));
/// let mut events = BodyStream::new(BodyChunks::new(body)); // of a hyper response, say: `response.into_body()`
/// while let Some(event) = events.next().await {
///     println!("{}", event?.as_event().data_lossy());
/// }
/// # Ok::<(), ssewire_io::Error<std::convert::Infallible>>(())
/// # }).unwrap();
/// ```
pub type BodyStream<B> = BytesEventStream<BodyChunks<B>>;

pin_project! {
    /// The data of an [`http_body::Body`] as a stream of chunks; trailers are left out. Data that is [`Bytes`] is not
    /// copied.
    pub struct BodyChunks<B> {
        #[pin]
        body: B,
    }
}

impl<B: Body> BodyChunks<B> {
    /// The data of this body.
    pub fn new(body: B) -> Self {
        Self { body }
    }
}

impl<B: Body> Stream for BodyChunks<B> {
    type Item = Result<Bytes, B::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.project().body;
        loop {
            match ready!(body.as_mut().poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        let length = data.remaining();
                        return Poll::Ready(Some(Ok(data.copy_to_bytes(length))));
                    }
                }
            }
        }
    }
}

/// Never shows what the body carries; some bodies would.
impl<B> fmt::Debug for BodyChunks<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyChunks").finish_non_exhaustive()
    }
}
