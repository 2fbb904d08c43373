//! Transports that misbehave: endless ones, ones that lie, and ones that go on after an error.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::executor::block_on;
use futures::stream::{self, Stream};
use futures::{FutureExt as _, StreamExt as _};
use ssewire_io::{
    BodyChunks, ByteStreamExt as _, EventError, EventReader, EventStream, MessageReader, MessageStream, ReadExt as _,
    SharedEventStream,
};

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Polls a future once: it is pending although its transport never is, and it has asked to be polled again.
#[track_caller]
fn yields<T>(future: impl Future<Output = T>) {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut future = std::pin::pin!(future);
    for polls in 1..=3 {
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(woken.0.load(Relaxed), polls);
    }
}

/// A server must not stop a whole executor by sending faster than it is read.
#[test]
fn endless_useless_chunks_yield_to_the_executor() {
    for chunk in ["", ": alive\n", "\n\n", "id: 7\n\n", "da"] {
        let endless = || stream::repeat(chunk).map(|chunk| Ok::<_, Infallible>(bytes::Bytes::from(chunk)));
        yields(EventStream::new(endless()).next());
        yields(SharedEventStream::new(endless()).next());
        yields(endless().message().next_text());
        yields(endless().message().finish());
    }
    // Useful ones, too, if nobody waits in between.
    let pings = stream::repeat("data: {\"type\":\"ping\"}\n\n").map(Ok::<_, Infallible>);
    yields(pings.message().finish());
}

/// An idle timeout does not end such a stream, since its bytes arrive.
#[tokio::test]
async fn a_timeout_ends_a_response_that_never_pauses() {
    let endless = || stream::repeat("data: {\"type\":\"ping\"}\n\n").map(Ok::<_, Infallible>);
    let soon = Duration::from_millis(1);
    assert!(tokio::time::timeout(soon, endless().message().finish()).await.is_err());
    let all_events = EventStream::new(endless()).for_each(|_| async {});
    assert!(tokio::time::timeout(soon, all_events).await.is_err());
}

#[test]
fn endless_trailers_yield_to_the_executor() {
    struct Trailers;
    impl http_body::Body for Trailers {
        type Data = bytes::Bytes;
        type Error = Infallible;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<bytes::Bytes>, Infallible>>> {
            Poll::Ready(Some(Ok(http_body::Frame::trailers(Default::default()))))
        }
    }
    yields(BodyChunks::new(Trailers).next());
}

/// A reader that says that it has read more than it was given room for.
#[test]
fn a_reader_that_lies_about_lengths_is_a_clear_error_once() {
    struct Lies(bool);
    impl io::Read for Lies {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let first = b"data: a\n\ndata: b";
            buffer[..first.len()].copy_from_slice(first);
            Ok(if std::mem::replace(&mut self.0, true) { buffer.len() + 1 } else { first.len() })
        }
    }
    let mut events = EventReader::new(Lies(false));
    assert_eq!(events.next_event().unwrap().unwrap().data(), b"a");
    let Err(EventError::Transport(error)) = events.next_event() else { panic!("no error") };
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(error.to_string(), "reader returned more bytes than the buffer has room for");
    assert!(events.next_event().unwrap().is_none());
    let error = Lies(true).message().finish().unwrap_err();
    assert_eq!(error.transport().unwrap().kind(), ErrorKind::InvalidData);
}

/// A reader and a stream that return an error and then data: the error ends them, and is returned once.
#[test]
fn nothing_follows_an_error() {
    struct GoesOn(usize);
    impl GoesOn {
        fn next(&mut self) -> Option<io::Result<&'static [u8]>> {
            self.0 += 1;
            Some(match self.0 {
                1 => Ok(b"data: a\n\ndata: hal"),
                2 => Err(io::Error::new(ErrorKind::ConnectionReset, "reset")),
                _ => Ok(b"f\n\ndata: b\n\n"),
            })
        }
    }
    impl io::Read for GoesOn {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let chunk = self.next().unwrap()?;
            buffer[..chunk.len()].copy_from_slice(chunk);
            Ok(chunk.len())
        }
    }
    impl Stream for GoesOn {
        type Item = io::Result<&'static [u8]>;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(GoesOn::next(&mut self))
        }
    }
    let kinds = |seen: Vec<Result<Vec<u8>, EventError<io::Error>>>| {
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert_eq!(seen[0].as_ref().unwrap(), b"a");
        assert!(matches!(seen[1], Err(EventError::Transport(_))), "{seen:?}");
    };
    kinds(EventReader::new(GoesOn(0)).map(|event| event.map(|event| event.data().to_vec())).collect());
    kinds(block_on(EventStream::new(GoesOn(0)).map(|event| event.map(|event| event.data().to_vec())).collect()));
    let mut reply = MessageStream::new(GoesOn(0));
    let error = block_on(async {
        while reply.next_update().await?.is_some() {}
        Ok::<_, ssewire_io::IncompleteMessage<io::Error>>(())
    });
    assert!(error.unwrap_err().transport().is_some());
    assert!(reply.next_update().now_or_never().unwrap().unwrap().is_none());
    assert_eq!(reply.get_ref().0, 2);
}

/// A body that ends within a character: the text so far is whole, and the end is an error.
#[test]
fn a_body_may_end_within_a_character() {
    let whole = "data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}}\n\n\
                 data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"b\u{1F30D}";
    for cut in 1..4 {
        let body = &whole.as_bytes()[..whole.len() - cut];
        let error = MessageReader::new(body).finish().unwrap_err();
        assert_eq!(error.partial().text(), "a");
        let chunks = stream::iter([Ok::<_, Infallible>(body)]);
        assert_eq!(block_on(chunks.message().finish()).unwrap_err().partial().text(), "a");
    }
    let events: Vec<_> =
        EventReader::new("data: \u{1F30D}\n\ndata: \u{1F30D}".as_bytes().split_last().unwrap().1).collect();
    assert!(events[0].is_ok() && matches!(events[1], Err(EventError::Truncated(_))) && events.len() == 2);
}
