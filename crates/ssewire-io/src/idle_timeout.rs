//! A timeout for streams without input.

use alloc::boxed::Box;
use core::error::Error;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::stream::FusedStream;
use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;

pin_project! {
    /// Ends a stream with [`IdleError::Idle`] if it returns nothing for a given time. Created by
    /// [`IdleTimeoutExt::idle_timeout`](crate::IdleTimeoutExt::idle_timeout).
    ///
    /// `timer` is called when the stream has nothing to return, at most once per item, and returns a future that
    /// completes after the idle time: `|| tokio::time::sleep(…)`. It wakes the task even if the transport never does.
    /// Each is boxed: one allocation per pause of the stream.
    ///
    /// The kind of the stream decides what restarts the timer: every byte in a stream of chunks, including those of
    /// comments; only events in a stream of events; only updates in the stream of
    /// [`MessageStream::with_idle_timeout`](crate::MessageStream::with_idle_timeout).
    #[must_use = "streams do nothing unless polled"]
    pub struct IdleTimeout<S, M, T> {
        #[pin]
        stream: S,
        make_timer: M,
        // Runs while the stream has nothing to return.
        // Boxed, so that the stream is `Unpin` though the timers of runtimes are not.
        timer: Option<Pin<Box<T>>>,
        // Otherwise only `restart` does.
        restarts_at_items: bool,
        // Since the last restart. Stays 0 if items restart the timer.
        ready_items: u8,
        is_ended: bool,
    }
}

/// The error of a stream with an [`IdleTimeout`].
///
/// An [`Error`] if the transport's error is one; see [common behaviour](crate#common-behaviour).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdleError<E> {
    /// Nothing arrived within the idle time. Nothing follows.
    Idle,
    /// The error of the stream.
    Stream(E),
}

impl<S, M, T> IdleTimeout<S, M, T> {
    /// Wraps a stream of results.
    pub fn new(stream: S, timer: M) -> Self
    where
        M: FnMut() -> T,
        T: Future<Output = ()>,
    {
        Self { stream, make_timer: timer, timer: None, restarts_at_items: true, ready_items: 0, is_ended: false }
    }

    /// Wraps the chunks of a message, whose updates restart the timer.
    #[cfg(feature = "messages")]
    pub(crate) fn of_updates(stream: S, timer: M) -> Self
    where
        M: FnMut() -> T,
        T: Future<Output = ()>,
    {
        Self { restarts_at_items: false, ..Self::new(stream, timer) }
    }

    #[cfg(feature = "messages")]
    pub(crate) fn restart(self: Pin<&mut Self>) {
        let this = self.project();
        (*this.timer, *this.ready_items) = (None, 0);
    }

    /// Borrows the stream.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Borrows the stream mutably. Taking items from it loses them for this one.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Borrows the stream, pinned.
    #[must_use]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut S> {
        self.project().stream
    }

    /// Returns the stream, which has lost nothing even after a timeout.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.stream
    }
}

/// Number of items without a restart after which the timer is polled even if more are ready.
const MAX_READY_ITEMS: u8 = 64;

impl<S: TryStream, M: FnMut() -> T, T: Future<Output = ()>> Stream for IdleTimeout<S, M, T> {
    type Item = Result<S::Ok, IdleError<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        if *this.is_ended {
            return Poll::Ready(None);
        }
        // Comments that are always ready must not keep the timer from expiring.
        if *this.ready_items == MAX_READY_ITEMS {
            *this.ready_items = 0;
            context.waker().wake_by_ref();
        } else if let Poll::Ready(item) = this.stream.try_poll_next(context) {
            if *this.restarts_at_items {
                *this.timer = None;
            } else {
                *this.ready_items = this.ready_items.saturating_add(1);
            }
            *this.is_ended = item.is_none();
            return Poll::Ready(item.map(|item| item.map_err(IdleError::Stream)));
        }
        let timer = this.timer.get_or_insert_with(|| Box::pin((this.make_timer)()));
        ready!(timer.as_mut().poll(context));
        *this.timer = None;
        *this.is_ended = true;
        Poll::Ready(Some(Err(IdleError::Idle)))
    }
}

impl<S: TryStream, M: FnMut() -> T, T: Future<Output = ()>> FusedStream for IdleTimeout<S, M, T> {
    fn is_terminated(&self) -> bool {
        self.is_ended
    }
}

impl<E> IdleError<E> {
    /// Returns the error of the stream, if this is one. If the stream is one of chunks, this is the transport's error;
    /// if it is one of events, an [`EventError`](crate::EventError), which has a method of this name, too.
    #[must_use]
    pub fn transport(&self) -> Option<&E> {
        match self {
            Self::Idle => None,
            Self::Stream(error) => Some(error),
        }
    }

    /// Returns the error of the stream, owned, if this is one; see [`transport`](Self::transport).
    #[must_use]
    pub fn into_transport(self) -> Option<E> {
        match self {
            Self::Idle => None,
            Self::Stream(error) => Some(error),
        }
    }

    /// Converts the error of the stream; see [`transport`](Self::transport).
    #[must_use]
    pub fn map_transport<F>(self, convert: impl FnOnce(E) -> F) -> IdleError<F> {
        match self {
            Self::Idle => IdleError::Idle,
            Self::Stream(error) => IdleError::Stream(convert(error)),
        }
    }
}

impl<E: fmt::Display> fmt::Display for IdleError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("no data within the idle timeout"),
            Self::Stream(error) => error.fmt(f),
        }
    }
}

/// `Display` prints the error of the stream, so `source` returns the source of that error.
impl<E: Error + 'static> Error for IdleError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.transport()?.source()
    }
}

/// Never shows the stream, whose `Debug` may contain data.
impl<S, M, T> fmt::Debug for IdleTimeout<S, M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdleTimeout").field("is_ended", &self.is_ended).finish_non_exhaustive()
    }
}
