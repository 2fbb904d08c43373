//! Extension traits for readers, streams of chunks and bodies.

#[cfg(feature = "stream")]
use alloc::boxed::Box;
#[cfg(feature = "stream")]
use core::pin::Pin;

/// `.message()`, `.sse_events()` and more on every stream of byte chunks.
///
/// ```
/// use ssewire_io::ByteStreamExt as _;
///
/// # futures::executor::block_on(async {
/// # let body = futures::stream::iter([Ok::<_, std::io::Error>("data: hello\n\n")]);
/// let mut events = body.sse_events();
/// while let Some(event) = events.try_next().await? {
///     println!("{}", event.data_lossy());
/// }
/// # Ok::<(), ssewire_io::EventError<std::io::Error>>(())
/// # }).unwrap();
/// ```
///
/// Each method except `tap_message` boxes the stream, one allocation per response, so that you need not pin it: that of
/// reqwest's `bytes_stream()`, for example, is not `Unpin`. A facade that names the type of its stream, or pins it
/// itself, calls [`EventStream::new`](crate::DecodeStream::new) and its like, which box nothing.
#[cfg(feature = "stream")]
pub trait ByteStreamExt: futures_core::TryStream + Sized
where
    Self::Ok: AsRef<[u8]>,
{
    /// Returns the events; see [`EventStream`](crate::EventStream).
    fn sse_events(self) -> crate::EventStream<Pin<Box<Self>>> {
        crate::EventStream::new(Box::pin(self))
    }

    /// Returns the events as three strings each; see [`TextEvent`](crate::TextEvent).
    fn text_events(self) -> crate::TextEventStream<Pin<Box<Self>>> {
        crate::TextEventStream::new(Box::pin(self))
    }

    /// Returns the events, which share the chunks that they lie within; see
    /// [`SharedEventStream`](crate::SharedEventStream).
    #[cfg(feature = "bytes")]
    fn shared_sse_events(self) -> crate::SharedEventStream<Pin<Box<Self>>>
    where
        Self: futures_core::TryStream<Ok = bytes::Bytes>,
    {
        crate::SharedEventStream::new(Box::pin(self))
    }

    /// Returns the blocks, also those without data; see [`BlockStream`](crate::BlockStream).
    fn sse_blocks(self) -> crate::BlockStream<Pin<Box<Self>>> {
        crate::BlockStream::new(Box::pin(self))
    }

    /// Returns the blocks, comments and unknown fields; see [`FrameStream`](crate::FrameStream).
    fn sse_frames(self) -> crate::FrameStream<Pin<Box<Self>>> {
        crate::FrameStream::new(Box::pin(self))
    }

    /// Returns the lines, which end as those of an event stream, for newline-delimited JSON; see
    /// [`LineStream`](crate::LineStream).
    #[doc(alias("ndjson", "jsonl", "json_lines"))]
    fn sse_lines(self) -> crate::LineStream<Pin<Box<Self>>> {
        crate::LineStream::new(Box::pin(self))
    }

    /// Returns the payloads of the events as `T`, until `[DONE]`; see [`JsonStream`](crate::JsonStream).
    #[cfg(feature = "json")]
    fn json_until_done<T: serde::de::DeserializeOwned>(self) -> crate::JsonStream<Pin<Box<Self>>, T> {
        crate::JsonStream::new(Box::pin(self))
    }

    /// Returns the message; see [`MessageStream`](crate::MessageStream). It keeps an error of the transport, so it is
    /// `Send` only if the error is, too.
    #[cfg(feature = "messages")]
    fn message(self) -> crate::MessageStream<Self> {
        crate::MessageStream::new(self)
    }

    /// Passes the bytes on unchanged, and calls `on_end` at the end of each message; see
    /// [`MessageEnd`](crate::MessageEnd).
    #[cfg(all(feature = "messages", feature = "tap"))]
    fn tap_message<F: FnMut(crate::MessageEnd)>(self, on_end: F) -> crate::Tap<Self, crate::MessageEndObserver<F>> {
        crate::Tap::new(self, crate::MessageEndObserver::new(on_end))
    }
}

#[cfg(feature = "stream")]
impl<S: futures_core::TryStream> ByteStreamExt for S where S::Ok: AsRef<[u8]> {}

/// `.idle_timeout()` on every stream of results: of chunks, where every byte counts, or of events, where comments do
/// not.
///
/// ```
/// use std::time::Duration;
///
/// use futures::{StreamExt as _, stream};
/// use ssewire_io::{ByteStreamExt as _, IdleError, IdleTimeoutExt as _};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
/// # runtime.block_on(async {
/// # let body = || stream::iter([Ok::<_, std::io::Error>(": alive\n\n")]).chain(stream::pending());
/// let timer = || tokio::time::sleep(Duration::from_secs(60));
/// let mut any_byte = body().idle_timeout(timer).message();
/// let mut events_only = body().sse_events().idle_timeout(timer);
/// assert!(matches!(events_only.next().await, Some(Err(IdleError::Idle))));
/// # assert!(any_byte.next_text().await.unwrap_err().to_string().ends_with("no data within the idle timeout"));
/// # });
/// ```
#[cfg(feature = "stream")]
pub trait IdleTimeoutExt: futures_core::TryStream + Sized {
    /// Ends the stream with an error if it returns nothing for a time; see [`IdleTimeout`](crate::IdleTimeout).
    fn idle_timeout<M, T>(self, timer: M) -> crate::IdleTimeout<Self, M, T>
    where
        M: FnMut() -> T,
        T: Future<Output = ()>,
    {
        crate::IdleTimeout::new(self, timer)
    }
}

#[cfg(feature = "stream")]
impl<S: futures_core::TryStream> IdleTimeoutExt for S {}

/// `.message()`, `.sse_events()` and more on every [`http_body::Body`]. For other items call
/// [`.chunks()`](Self::chunks): it returns a stream of byte chunks, which has the methods of [`ByteStreamExt`].
///
/// ```
/// use ssewire_io::HttpBodyExt as _;
///
/// # futures::executor::block_on(async {
/// # let body = http_body_util::Full::new(bytes::Bytes::from("data: hello\n\n"));
/// let mut events = body.sse_events();
/// while let Some(event) = events.try_next().await? {
///     println!("{}", event.data_lossy());
/// }
/// # Ok::<(), ssewire_io::EventError<std::convert::Infallible>>(())
/// # }).unwrap();
/// ```
#[cfg(feature = "http-body")]
pub trait HttpBodyExt: http_body::Body + Sized {
    /// Returns the data as a stream of chunks; see [`BodyChunks`](crate::BodyChunks).
    fn chunks(self) -> crate::BodyChunks<Self> {
        crate::BodyChunks::new(self)
    }

    /// Returns the events, which share the data that they lie within; see [`BodyEventStream`](crate::BodyEventStream).
    /// It boxes the body, as the methods of [`ByteStreamExt`] do; `BodyEventStream::new(body.chunks())` does not.
    /// `events.reconnect(Box::pin(body).chunks())` continues with the body of another connection.
    fn sse_events(self) -> crate::BodyEventStream<Pin<Box<Self>>> {
        crate::BodyEventStream::new(crate::BodyChunks::new(Box::pin(self)))
    }

    /// Returns the message; see [`MessageStream`](crate::MessageStream).
    #[cfg(feature = "messages")]
    fn message(self) -> crate::MessageStream<crate::BodyChunks<Self>> {
        crate::MessageStream::new(self.chunks())
    }

    /// Passes the body on unchanged, and calls `on_end` at the end of each message; see
    /// [`MessageEnd`](crate::MessageEnd).
    #[cfg(all(feature = "messages", feature = "tap"))]
    fn tap_message<F: FnMut(crate::MessageEnd)>(self, on_end: F) -> crate::Tap<Self, crate::MessageEndObserver<F>>
    where
        Self::Data: AsRef<[u8]>,
    {
        crate::Tap::new(self, crate::MessageEndObserver::new(on_end))
    }
}

#[cfg(feature = "http-body")]
impl<B: http_body::Body> HttpBodyExt for B {}

/// `.message()`, `.sse_events()` and more on every blocking reader.
///
/// ```
/// use ssewire_io::ReadExt as _;
///
/// # let response = &b"data: hello\n\n"[..];
/// for event in response.sse_events() {
///     println!("{}", event?.data_lossy());
/// }
/// # Ok::<(), ssewire_io::EventError<std::io::Error>>(())
/// ```
#[cfg(feature = "std")]
pub trait ReadExt: std::io::Read + Sized {
    /// Returns the events; see [`EventReader`](crate::EventReader).
    fn sse_events(self) -> crate::EventReader<Self> {
        crate::EventReader::new(self)
    }

    /// Returns the events as three strings each; see [`TextEvent`](crate::TextEvent).
    fn text_events(self) -> crate::TextEventReader<Self> {
        crate::TextEventReader::new(self)
    }

    /// Returns the blocks, also those without data; see [`BlockReader`](crate::BlockReader).
    fn sse_blocks(self) -> crate::BlockReader<Self> {
        crate::BlockReader::new(self)
    }

    /// Returns the blocks, comments and unknown fields; see [`FrameReader`](crate::FrameReader).
    fn sse_frames(self) -> crate::FrameReader<Self> {
        crate::FrameReader::new(self)
    }

    /// Returns the lines, which end as those of an event stream, for newline-delimited JSON; see
    /// [`LineReader`](crate::LineReader).
    #[doc(alias("ndjson", "jsonl", "json_lines"))]
    fn sse_lines(self) -> crate::LineReader<Self> {
        crate::LineReader::new(self)
    }

    /// Returns the payloads of the events as `T`, until `[DONE]`; see [`JsonReader`](crate::JsonReader).
    #[cfg(feature = "json")]
    fn json_until_done<T: serde::de::DeserializeOwned>(self) -> crate::JsonReader<Self, T> {
        crate::JsonReader::new(self)
    }

    /// Returns the message; see [`MessageReader`](crate::MessageReader).
    #[cfg(feature = "messages")]
    fn message(self) -> crate::MessageReader<Self> {
        crate::MessageReader::new(self)
    }

    /// Passes the bytes on unchanged, and calls `on_end` at the end of each message; see
    /// [`MessageEnd`](crate::MessageEnd).
    #[cfg(all(feature = "messages", feature = "tap"))]
    fn tap_message<F: FnMut(crate::MessageEnd)>(self, on_end: F) -> crate::Tap<Self, crate::MessageEndObserver<F>> {
        crate::Tap::new(self, crate::MessageEndObserver::new(on_end))
    }
}

#[cfg(feature = "std")]
impl<R: std::io::Read> ReadExt for R {}
