//! Errors of streams: those of the transport, lost events, and that nothing follows a final error.

use std::cell::Cell;
use std::convert::Infallible;
use std::error::Error as _;
use std::io;
use std::rc::Rc;

use futures::executor::block_on;
use futures::stream::{self, FusedStream, Stream, StreamExt as _};
use ssewire::{DecodeError, Decoder};
use ssewire_io::{EventError, EventStream, MessageReadError, MessageStream, SharedEventStream, TextEventStream};
use ssewire_tests::transport::Script;

/// An error that is not `Send`, `Sync` or `std::error::Error`, borrows, and has neither `Debug` nor `Display`.
struct WithoutTraits<'a>(Rc<Cell<u8>>, &'a str);

fn failing<E>(error: E) -> Script<E> {
    Script::of(&[b"data: a\n\ndata: lost"]).failing(error)
}

/// One event, then the error, then `None` for ever. The script panics if it is polled after its end.
fn check<T, E>(mut stream: impl FusedStream<Item = Result<T, EventError<E>>> + Unpin) -> E {
    assert!(!stream.is_terminated());
    assert!(matches!(block_on(stream.next()), Some(Ok(_))));
    let Some(Err(error)) = block_on(stream.next()) else { panic!("no error") };
    assert!(error.is_final());
    for _ in 0..3 {
        assert!(stream.is_terminated());
        assert!(block_on(stream.next()).is_none());
    }
    let EventError::Transport(error) = error else { panic!("not the transport's") };
    error
}

#[test]
fn an_error_without_traits_is_returned_unchanged_and_final() {
    let (counter, word) = (Rc::new(Cell::new(0)), "borrowed".to_owned());
    let error = || WithoutTraits(counter.clone(), &word);
    for error in [check(EventStream::new(failing(error()))), check(SharedEventStream::new(failing(error())))] {
        assert!(Rc::ptr_eq(&error.0, &counter) && std::ptr::eq(error.1, word.as_str()));
    }
}

#[test]
fn an_error_without_traits_in_the_other_views() {
    let counter = Rc::new(Cell::new(0));
    let mut texts = TextEventStream::new(failing(WithoutTraits(counter.clone(), "")));
    assert_eq!(block_on(texts.next()).unwrap().ok().unwrap().data, "a");
    assert!(matches!(block_on(texts.next()), Some(Err(EventError::Transport(WithoutTraits(..))))));
    assert!(block_on(texts.next()).is_none() && block_on(texts.next()).is_none());

    let mut messages = MessageStream::new(Script::of(&[]).failing(WithoutTraits(counter.clone(), "")));
    assert!(block_on(messages.next_event()).unwrap_err().transport().is_some());
    assert!(matches!(block_on(messages.next_event()), Ok(None)));
    assert!(matches!(block_on(messages.next_text()), Ok(None)));

    let error = block_on(MessageStream::new(failing(WithoutTraits(counter.clone(), ""))).finish()).unwrap_err();
    assert!(Rc::ptr_eq(&error.transport().unwrap().0, &counter));
}

/// An error after the last byte of an event, where nothing is pending, is an error as well.
#[test]
fn a_failure_between_events_is_a_failure() {
    let mut stream = EventStream::new(Script::of(&[b"data: a\n\n"]).failing("reset"));
    assert!(block_on(stream.next()).unwrap().is_ok());
    assert_eq!(block_on(stream.next()).unwrap().unwrap_err(), EventError::Transport("reset"));
    assert!(block_on(stream.next()).is_none());
}

#[test]
fn events_that_are_too_large_are_lost_alone() {
    let chunks = [&b"data: a\n\ndata: 123"[..], b"456789\n\ndata: b\n\n", b"data: 123456789\n\nda", b"ta: c\n\n"];
    let limited = || Decoder::new().with_max_event_bytes(8);
    let events = EventStream::with_decoder(Script::<Infallible>::slow(&chunks), limited());
    check_lost(events.map(|event| event.map(|event| event.data().to_vec())));
    let events = SharedEventStream::with_decoder(Script::<Infallible>::slow(&chunks), limited());
    check_lost(events.map(|event| event.map(|event| event.data().to_vec())));
}

fn check_lost(stream: impl Stream<Item = Result<Vec<u8>, EventError<Infallible>>>) {
    let seen: Vec<_> = block_on(stream.collect());
    let lost = || Err(EventError::Decode(DecodeError::LimitExceeded { limit: 8 }));
    assert_eq!(seen, [Ok(b"a".to_vec()), lost(), Ok(b"b".to_vec()), lost(), Ok(b"c".to_vec())]);
    assert!(seen.iter().filter_map(|item| item.as_ref().err()).all(|error| !error.is_final()));
}

/// A stream that loses an event is not terminated: `fuse` and `select!` go on.
#[test]
fn a_lost_event_does_not_terminate() {
    let decoder = Decoder::new().with_max_event_bytes(2);
    let mut stream = EventStream::with_decoder(Script::<()>::of(&[b"data: long\n\ndata: b\n\n"]), decoder).fuse();
    assert!(block_on(stream.next()).unwrap().is_err());
    assert!(!stream.is_terminated() && !stream.get_ref().is_terminated());
    assert!(block_on(stream.next()).unwrap().is_ok());
}

#[test]
fn a_cut_stream_is_truncated_once() {
    let mut stream = EventStream::new(stream::iter([Ok::<_, Infallible>("data: a\n\ndata: x\n")]));
    assert!(block_on(stream.next()).unwrap().is_ok());
    let error = block_on(stream.next()).unwrap().unwrap_err();
    assert!(error.is_final() && stream.is_terminated());
    assert!(matches!(error, EventError::Truncated(truncated) if truncated.pending_bytes() == 8));
    assert!(block_on(stream.next()).is_none());
}

#[test]
fn the_display_of_an_error_names_its_cause() {
    let failure = || io::Error::other("the peer is gone");
    let transport = EventError::Transport(failure());
    assert!(transport.to_string().contains("the peer is gone"));
    let lost = EventError::<io::Error>::Decode(DecodeError::LimitExceeded { limit: 8 });
    assert!(lost.to_string().contains("8 bytes"));
    assert!(lost.source().is_none());
    let timeout = MessageReadError::Timeout(failure());
    assert!(timeout.to_string().contains("the peer is gone"));
}

/// `?` converts to the usual error types of programs.
#[test]
fn errors_become_boxed_ones() {
    fn read() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut events = EventStream::new(Script::of(&[]).failing(io::Error::other("gone")));
        block_on(events.next()).unwrap()?;
        Ok(())
    }
    assert!(read().unwrap_err().to_string().contains("gone"));
}
