//! `EventStream`, `SharedEventStream` and `TextEventStream`: events of asynchronous streams of chunks.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::executor::block_on;
use futures::stream::{self, FusedStream, Stream};
use futures::task::noop_waker_ref;
use futures::{FutureExt as _, StreamExt as _};
use ssewire::{Decoder, Event};
use ssewire_io::{ByteStreamExt as _, EventError, EventStream, SharedEventStream, TextEventStream};
use ssewire_tests::outcome::{Decoded, Item, Outcome};
use ssewire_tests::transport::{Given, Script, Step};
use ssewire_tests::{adapters, cases};

/// Takes all of a stream, up to its end or final error.
fn take<T>(
    stream: &mut (impl FusedStream<Item = Result<T, EventError<io::Error>>> + Unpin),
    given: &Given,
    as_event: impl Fn(&T) -> Event<'_>,
) -> (Vec<Item>, Option<u64>) {
    let mut items = Vec::new();
    let pending = loop {
        match block_on(stream.next()) {
            Some(Ok(event)) => items.push(Item { at: given.bytes(), decoded: Decoded::Event(as_event(&event).into()) }),
            Some(Err(EventError::Truncated(truncated))) => break Some(truncated.pending_bytes()),
            Some(Err(error)) => panic!("{error}"),
            None => break None,
        }
        assert!(!stream.is_terminated());
    };
    for _ in 0..3 {
        assert!(stream.is_terminated());
        assert!(block_on(stream.next()).is_none(), "the end is returned once");
    }
    (items, pending)
}

#[test]
fn owned_events_of_every_case() {
    adapters::every_case(|script, decoder| {
        let given = script.given();
        let mut stream = EventStream::with_decoder(script, decoder);
        let (items, pending) = take(&mut stream, &given, |event| event.as_event());
        let decoder = stream.decoder();
        Outcome { items, pending, retry: decoder.retry(), last_event_id: decoder.last_event_id().into() }
    });
}

#[test]
fn shared_events_of_every_case() {
    adapters::every_case(|script, decoder| {
        let given = script.given();
        let mut stream = SharedEventStream::with_decoder(script, decoder);
        let (items, pending) = take(&mut stream, &given, |event| event.as_event());
        let decoder = stream.decoder();
        Outcome { items, pending, retry: decoder.retry(), last_event_id: decoder.last_event_id().into() }
    });
}

/// HTML standard: ill-formed UTF-8 is replaced with U+FFFD. The cases write their expectations so.
#[test]
fn text_events_of_every_case() {
    for case in cases::all() {
        for chunks in adapters::ways(&case.input) {
            let before = case.last_event_id_before.clone().unwrap_or_default();
            let decoder = Decoder::new().with_last_event_id(before.as_bytes()).unwrap();
            let mut stream = TextEventStream::with_decoder(Script::<io::Error>::slow(&chunks), decoder);
            let mut expected = case.events.iter();
            while let Some(Ok(event)) = block_on(stream.next()) {
                let case_event = expected.next().unwrap();
                // The standard does not bound an ID. The decoder ignores one of more than 4 KiB.
                let id = if case_event.id.len() > 4096 { "" } else { &case_event.id };
                let fields = (&case_event.event, &case_event.data, id);
                assert_eq!((&event.event, &event.data, event.id.as_str()), fields, "{}", case.id);
            }
            assert!(expected.next().is_none(), "{}", case.id);
            assert_eq!(stream.decoder().retry(), case.retry);
            assert!(block_on(stream.next()).is_none());
        }
    }
}

/// The reconnection time belongs to the event whose block sets it, in every kind of event.
#[test]
fn events_carry_the_retry_of_their_block() {
    let input = b"retry: 10\ndata: a\n\ndata: b\n\nretry: 20\n\nretry: x\ndata: c\n\n";
    let expected = [Some(Duration::from_millis(10)), None, None];
    for chunks in adapters::ways(input) {
        let script = || Script::<io::Error>::slow(&chunks);
        let owned = block_on(EventStream::new(script()).map(|event| event.unwrap().retry()).collect::<Vec<_>>());
        let shared = block_on(SharedEventStream::new(script()).map(|event| event.unwrap().retry()).collect::<Vec<_>>());
        let text = block_on(TextEventStream::new(script()).map(|event| event.unwrap().retry).collect::<Vec<_>>());
        assert_eq!([owned, shared, text], [expected, expected, expected]);
    }
}

/// A poll asks the transport for no more chunks than it needs to find an event.
#[test]
fn an_event_is_given_before_the_next_chunk_is_asked_for() {
    let steps = [
        Step::chunk(b"data: a\n\ndata: b\n\nda"),
        Step::Wait,
        Step::chunk(b"ta: c\n"),
        Step::chunk(b"\n"),
        Step::Wait,
        Step::Wait,
    ];
    let script = Script::<io::Error>::new(steps);
    let given = script.given();
    let mut stream = EventStream::new(script);
    let mut polls = Vec::new();
    while !stream.is_terminated() {
        polls.push(match stream.next().now_or_never() {
            Some(Some(event)) => (String::from_utf8(event.unwrap().data().into()).unwrap(), given.bytes()),
            Some(None) => ("end".to_owned(), given.bytes()),
            None => ("pending".to_owned(), given.bytes()),
        });
    }
    let polls: Vec<_> = polls.iter().map(|(what, given)| (what.as_str(), *given)).collect();
    let expected = [("a", 20), ("b", 20), ("pending", 20), ("c", 27), ("pending", 27), ("pending", 27), ("end", 27)];
    assert_eq!(polls, expected);
}

/// Nothing but `AsRef<[u8]>` is asked of a chunk.
#[test]
fn chunks_of_any_type() {
    fn data<C: AsRef<[u8]>>(chunks: Vec<C>) -> Vec<u8> {
        let stream = stream::iter(chunks.into_iter().map(Ok::<_, ()>)).sse_events();
        let events: Vec<_> = block_on(stream.collect());
        events.into_iter().flat_map(|event| event.unwrap().data().to_vec()).collect()
    }
    assert_eq!(data(vec!["data: a", "b\n\n"]), b"ab");
    assert_eq!(data(vec!["data: a".to_owned(), "b\n\n".to_owned()]), b"ab");
    assert_eq!(data(vec![b"data: a\n\n".to_vec(), b"data: b\n\n".to_vec()]), b"ab");
    assert_eq!(data(vec![*b"data: a\n\n", *b"data: b\n\n"]), b"ab");
}

/// Inline chunks move with the adapter between two polls.
#[test]
fn may_move_while_a_chunk_is_half_read() {
    let chunks = [*b"data: a\n\ndata: b\n\n"];
    let mut stream = EventStream::new(stream::iter(chunks.map(Ok::<_, ()>)));
    assert_eq!(block_on(stream.next()).unwrap().unwrap().data(), b"a");
    let mut moved = Box::new(stream);
    assert_eq!(block_on(moved.next()).unwrap().unwrap().data(), b"b");
    assert!(block_on(moved.next()).is_none());
}

#[test]
fn streams_that_are_not_unpin() {
    let chunks = stream::unfold(0, |n| async move {
        let chunks: [&[u8]; 2] = [b"data: ", b"x\n\n"];
        Some((Ok::<_, ()>(*chunks.get(n)?), n + 1))
    });
    let mut events = pin!(EventStream::new(chunks));
    assert_eq!(block_on(events.next()).unwrap().unwrap().data(), b"x");
    assert!(block_on(events.next()).is_none());
}

/// Many small events in one chunk; no recursion and no lost waker after many empty chunks.
#[test]
fn long_streams() {
    let one = "data: x\n\n".repeat(10_000);
    assert_eq!(block_on(EventStream::new(Script::<()>::slow(&[one.as_bytes()])).count()), 10_000);
    let empty = vec![&b""[..]; 100_000];
    assert_eq!(block_on(EventStream::new(Script::<()>::of(&empty)).count()), 0);
}

/// The waker goes down to the transport: only that one can wake.
#[test]
fn the_transport_gets_the_waker() {
    struct Never<'w>(&'w std::task::Waker, bool);
    impl Stream for Never<'_> {
        type Item = Result<&'static [u8], ()>;
        fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            self.1 = context.waker().will_wake(self.0);
            Poll::Pending
        }
    }
    let waker = noop_waker_ref();
    let mut stream = EventStream::new(Never(waker, false));
    assert!(stream.poll_next_unpin(&mut Context::from_waker(waker)).is_pending());
    assert!(stream.get_ref().1);
}
