//! One line on whatever gives the bytes.

/// `.sse_events()` and `.messages()` on every stream of byte chunks.
///
/// ```
/// use futures::StreamExt as _;
/// use ssewire_io::ByteStreamExt as _;
///
/// # futures::executor::block_on(async {
/// # let body = futures::stream::iter([Ok::<_, std::io::Error>("data: hello\n\n")]);
/// let mut events = body.sse_events();
/// while let Some(event) = events.next().await {
///     println!("{}", event?.as_event().data_lossy());
/// }
/// # Ok::<(), ssewire_io::Error<std::io::Error>>(())
/// # }).unwrap();
/// ```
#[cfg(feature = "stream")]
pub trait ByteStreamExt: futures_core::TryStream + Sized
where
    Self::Ok: AsRef<[u8]>,
{
    /// The events of the stream; see [`EventStream`](crate::EventStream).
    fn sse_events(self) -> crate::EventStream<Self> {
        crate::EventStream::new(self)
    }

    /// The events of the stream as three strings each, as eventsource-stream has them; see
    /// [`TextEvent`](crate::TextEvent).
    fn text_events(self) -> crate::TextEventStream<Self> {
        crate::TextEventStream::new(self)
    }

    /// The events of the stream, which share its chunks; see [`BytesEventStream`](crate::BytesEventStream).
    #[cfg(feature = "bytes")]
    fn shared_sse_events(self) -> crate::BytesEventStream<Self>
    where
        Self: futures_core::TryStream<Ok = bytes::Bytes>,
    {
        crate::BytesEventStream::new(self)
    }

    /// The message that the stream brings; see [`Messages`](crate::Messages).
    #[cfg(feature = "messages")]
    fn messages(self) -> crate::Messages<Self> {
        crate::Messages::new(self)
    }
}

#[cfg(feature = "stream")]
impl<S: futures_core::TryStream> ByteStreamExt for S where S::Ok: AsRef<[u8]> {}

/// `.sse_events()` and `.messages()` on every blocking reader.
///
/// ```
/// use ssewire_io::ReadExt as _;
///
/// # let response = &b"data: hello\n\n"[..];
/// for event in response.sse_events() {
///     println!("{}", event?.as_event().data_lossy());
/// }
/// # Ok::<(), ssewire_io::Error<std::io::Error>>(())
/// ```
#[cfg(feature = "std")]
pub trait ReadExt: std::io::Read + Sized {
    /// The events that the reader brings; see [`Reader`](crate::Reader).
    fn sse_events(self) -> crate::Reader<Self> {
        crate::Reader::new(self)
    }

    /// The message that the reader brings; see [`MessageReader`](crate::MessageReader).
    #[cfg(feature = "messages")]
    fn messages(self) -> crate::MessageReader<Self> {
        crate::MessageReader::new(self)
    }
}

#[cfg(feature = "std")]
impl<R: std::io::Read> ReadExt for R {}
