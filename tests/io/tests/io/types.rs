//! Properties of the types: `Send` and `Unpin` if the stream is, no further bounds, small size.

use std::cell::Cell;
use std::convert::Infallible;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::executor::block_on;
use futures::{Stream, StreamExt as _, stream};
use ssewire_io::{
    BodyEventStream, EventCodec, EventError, EventObserver, EventReader, EventStream, IncompleteMessage,
    JsonStreamError, MessageReadError, MessageReader, MessageStream, SharedEventStream, StructuredError, Tap,
    TextDeltaStream, TextEventStream,
};
use ssewire_tests::transport::Script;

fn is_send<T: Send>() {}
fn is_sync<T: Sync>() {}
fn is_unpin<T: Unpin>() {}
fn is_clone<T: Clone>() {}

/// Neither `Send` nor `Sync`, with chunks and errors that are not either.
struct Local(Rc<Cell<usize>>);

impl Stream for Local {
    type Item = Result<LocalChunk, Rc<()>>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.set(self.0.get() + 1);
        Poll::Ready((self.0.get() < 3).then(|| Ok(LocalChunk(Rc::from(&b"data: x\n\n"[..])))))
    }
}

struct LocalChunk(Rc<[u8]>);

impl AsRef<[u8]> for LocalChunk {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A chunk that may not move, in a stream that may: chunks are held, never pinned.
struct PinnedChunk(PhantomPinned);

impl AsRef<[u8]> for PinnedChunk {
    fn as_ref(&self) -> &[u8] {
        b"data: x\n\n"
    }
}

type Plain = Script<Infallible>;
type OneChunk = stream::Iter<std::array::IntoIter<Result<PinnedChunk, Infallible>, 1>>;

#[test]
fn adapters_are_what_their_streams_are() {
    is_send::<EventStream<Plain>>();
    is_send::<SharedEventStream<Plain>>();
    is_send::<BodyEventStream<Plain>>();
    is_send::<TextEventStream<Plain>>();
    is_send::<MessageStream<Plain>>();
    is_send::<TextDeltaStream<'_, Plain>>();
    is_send::<Tap<Plain, EventObserver<fn(ssewire::Event<'_>)>>>();
    is_send::<EventReader<std::net::TcpStream>>();
    is_send::<MessageReader<std::net::TcpStream>>();
    is_send::<EventCodec>();
    is_sync::<EventStream<Plain>>();
    is_sync::<MessageStream<Plain>>();
    is_unpin::<EventStream<Plain>>();
    is_unpin::<SharedEventStream<Plain>>();
    is_unpin::<BodyEventStream<Plain>>();
    is_unpin::<TextEventStream<Plain>>();
    is_unpin::<MessageStream<Plain>>();
    is_unpin::<MessageStream<stream::Empty<Result<Bytes, PhantomPinned>>>>();
    is_unpin::<Tap<Plain, EventObserver<fn(ssewire::Event<'_>)>>>();
    is_send::<EventError<std::io::Error>>();
    is_send::<MessageReadError<std::io::Error>>();
    is_send::<IncompleteMessage<std::io::Error>>();
    is_sync::<IncompleteMessage<std::io::Error>>();
    // For shared futures and broadcast channels.
    is_clone::<IncompleteMessage<Arc<std::io::Error>>>();
    is_clone::<MessageReadError<Arc<std::io::Error>>>();
    is_clone::<StructuredError<Arc<std::io::Error>>>();
    is_clone::<JsonStreamError<Arc<std::io::Error>>>();
}

/// The bounds of `tokio::spawn`.
#[test]
fn futures_of_messages_are_send() {
    fn send<F: Future + Send>(_: F) {}
    let messages = || MessageStream::new(Plain::of(&[]));
    send(async {
        let mut messages = messages();
        while let Ok(Some(item)) = messages.next_event().await {
            drop(item.payload.to_vec());
        }
        messages.text_deltas().next().await
    });
    send(messages().finish());
    let seen = std::thread::spawn(move || block_on(EventStream::new(Plain::of(&[b"data: x\n\n"])).count()));
    assert_eq!(seen.join().unwrap(), 1);
}

#[test]
fn nothing_has_to_be_send() {
    let polls = Rc::new(Cell::new(0));
    assert_eq!(block_on(EventStream::new(Local(polls.clone())).count()), 2);
    assert_eq!(polls.replace(0), 3);
    let mut messages = MessageStream::new(Local(polls.clone()));
    // `x` is not an event of the Messages API.
    assert!(matches!(block_on(messages.next_event()), Err(IncompleteMessage { .. })));
    assert_eq!(polls.replace(0), 3);
    let mut passed = Tap::new(Local(polls.clone()), EventObserver::new(|_| polls.set(polls.get() + 10)));
    assert!(block_on(passed.next()).unwrap().is_ok());
    assert_eq!(polls.get(), 11);
}

#[test]
fn chunks_may_be_anything() {
    is_unpin::<OneChunk>();
    let stream: OneChunk = stream::iter([Ok(PinnedChunk(PhantomPinned))]);
    assert_eq!(block_on(EventStream::new(stream).boxed_local().count()), 1);
}

/// They are part of the state of tasks, of which a server has many.
#[test]
fn they_are_small() {
    let beside = |all: usize, inner: usize| all - inner;
    assert!(beside(size_of::<EventStream<Plain>>(), size_of::<Plain>() + size_of::<Bytes>()) <= 300);
    assert!(beside(size_of::<EventStream<Plain>>(), size_of::<Plain>()) <= 300 + size_of::<Bytes>());
    assert!(beside(size_of::<SharedEventStream<Plain>>(), size_of::<Plain>()) <= 340);
    assert!(beside(size_of::<TextEventStream<Plain>>(), size_of::<EventStream<Plain>>()) == 0);
    assert!(beside(size_of::<EventReader<Plain>>(), size_of::<Plain>()) <= 340);
    assert!(size_of::<EventCodec>() <= 300);
    assert!(size_of::<MessageStream<Plain>>() <= 128);
    assert!(size_of::<MessageReader<std::fs::File>>() <= 128);
    let mut messages = MessageStream::new(Plain::of(&[]));
    assert!(size_of_val(&messages.next_event()) <= 256);
    assert!(size_of_val(&messages.text_deltas()) <= 16);
    assert!(size_of_val(&messages.finish()) <= 2048);
    assert!(size_of::<Result<Option<ssewire_messages::UpdateEvent<'_>>, IncompleteMessage<std::io::Error>>>() <= 256);
}
