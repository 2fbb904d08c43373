//! The body of a server's response.

use core::fmt;
use core::future::Pending;
use core::pin::Pin;
use core::task::{Context, Poll};

use bytes::Bytes;
use futures_core::TryStream;
use http_body::{Body, Frame};
use pin_project_lite::pin_project;
use ssewire::EventBuilder;

pin_project! {
    /// A stream of encoded events as the [`Body`] of a response, for hyper, axum and other servers; with comments that
    /// keep the connection alive.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use std::time::Duration;
    ///
    /// use futures::stream;
    /// use ssewire_io::{EventBody, ssewire::EventBuilder};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    /// # runtime.block_on(async {
    /// let event = EventBuilder::new().event_type("greeting")?.data("hello").to_bytes();
    /// let events = stream::iter([Ok::<_, Infallible>(event)]);
    /// let body = EventBody::new(events).with_keep_alive(|| tokio::time::sleep(Duration::from_secs(15)));
    /// // hyper: `Response::new(body)`; axum: `Response::new(axum::body::Body::new(body))`
    /// # use http_body_util::BodyExt as _;
    /// # assert_eq!(body.collect().await.unwrap().to_bytes(), "event: greeting\ndata: hello\n\n");
    /// # Ok::<(), ssewire_io::ssewire::EncodeError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// Each item of the stream is a whole event, or several:
    /// [`EventBuilder::to_bytes`](ssewire::EventBuilder::to_bytes). The response needs the header
    /// `content-type: text/event-stream`, and should have `cache-control: no-store` and, for nginx,
    /// `x-accel-buffering: no`. An error of the stream ends the body.
    #[must_use = "bodies do nothing unless polled"]
    pub struct EventBody<S, M = NoTimer, T = Pending<()>> {
        #[pin]
        events: S,
        make_timer: M,
        // Runs while there is no event.
        #[pin]
        timer: Option<T>,
        is_ended: bool,
    }
}

/// Type of the timer function of an [`EventBody`] without keep-alive comments.
pub type NoTimer = fn() -> Pending<()>;

impl<S> EventBody<S> {
    /// Sends only the events, without keep-alive comments.
    pub fn new(events: S) -> Self {
        Self { events, make_timer: core::future::pending, timer: None, is_ended: false }
    }

    /// Sends a comment when no event was sent for a time. This prevents proxies and clients from closing the connection
    /// as idle, and detects clients that have disconnected.
    ///
    /// `timer` returns a future that completes after that time: `|| tokio::time::sleep(…)`. It is called when there is
    /// no event to send, at most once per event or comment.
    pub fn with_keep_alive<M: FnMut() -> T, T: Future<Output = ()>>(self, timer: M) -> EventBody<S, M, T> {
        EventBody { events: self.events, make_timer: timer, timer: None, is_ended: self.is_ended }
    }
}

impl<S, M, T> EventBody<S, M, T> {
    /// Borrows the stream of events.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.events
    }

    /// Borrows the stream of events mutably.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.events
    }

    /// Borrows the stream of events, pinned.
    #[must_use]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut S> {
        self.project().events
    }

    /// Returns the stream of events.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.events
    }
}

impl<S, M, T> Body for EventBody<S, M, T>
where
    S: TryStream,
    S::Ok: Into<Bytes>,
    M: FnMut() -> T,
    T: Future<Output = ()>,
{
    type Data = Bytes;
    type Error = S::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, S::Error>>> {
        let mut this = self.project();
        if *this.is_ended {
            return Poll::Ready(None);
        }
        if let Poll::Ready(event) = this.events.try_poll_next(context) {
            this.timer.set(None);
            *this.is_ended = !matches!(event, Some(Ok(_)));
            return Poll::Ready(event.map(|event| event.map(|event| Frame::data(event.into()))));
        }
        if this.timer.is_none() {
            this.timer.set(Some((this.make_timer)()));
        }
        match this.timer.as_mut().as_pin_mut().map(|timer| timer.poll(context)) {
            Some(Poll::Ready(())) => {
                this.timer.set(None);
                Poll::Ready(Some(Ok(Frame::data(EventBuilder::new().comment("").to_bytes()))))
            }
            Some(Poll::Pending) | None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_ended
    }
}

/// Never shows the events.
impl<S, M, T> fmt::Debug for EventBody<S, M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBody").field("is_ended", &self.is_ended).finish_non_exhaustive()
    }
}
