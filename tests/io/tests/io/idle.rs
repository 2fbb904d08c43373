//! Ends silent streams by the caller's timer, or by the caller's clock.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read as _};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::stream::{self, FusedStream as _};
use futures::{Stream, StreamExt as _};
use ssewire_io::{
    ByteStreamExt as _, EventError, EventReader, IdleError, IdleTimeoutExt as _, JsonStreamError, MessageReadError,
    MessageReader, ReadExt as _, StructuredError,
};
use ssewire_messages::{ResponseHead, Update};

const IDLE: Duration = Duration::from_secs(60);

fn timer() -> tokio::time::Sleep {
    tokio::time::sleep(IDLE)
}

/// Returns each chunk after the given number of seconds, and is pending for ever afterwards.
fn body(chunks: &'static [(u64, &'static str)]) -> impl Stream<Item = Result<&'static str, io::Error>> {
    stream::iter(chunks)
        .then(|(seconds, chunk)| async move {
            tokio::time::sleep(Duration::from_secs(*seconds)).await;
            Ok(*chunk)
        })
        .chain(stream::pending())
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(test);
}

const COMMENTS: &[(u64, &str)] = &[(0, "data: a\n\n"), (50, ": alive\n\n"), (50, ": alive\n\n"), (50, ": alive\n\n")];

/// Around chunks, comments count: the end comes 60 s after the last comment.
#[test]
fn every_byte_keeps_a_stream_of_chunks_alive() {
    run(async {
        let start = tokio::time::Instant::now();
        let mut events = Box::pin(body(COMMENTS).idle_timeout(timer).sse_events());
        assert_eq!(events.next().await.unwrap().unwrap().data(), b"a");
        let error = events.next().await.unwrap().unwrap_err();
        assert!(matches!(error, EventError::Transport(IdleError::Idle)), "{error:?}");
        assert_eq!(start.elapsed(), Duration::from_secs(150) + IDLE);
        assert!(events.next().await.is_none());
    });
}

/// Around events they do not: the end comes 60 s after the event.
#[test]
fn comments_do_not_keep_a_stream_of_events_alive() {
    run(async {
        let start = tokio::time::Instant::now();
        let mut events = Box::pin(body(COMMENTS).sse_events().idle_timeout(timer));
        assert_eq!(events.next().await.unwrap().unwrap().data(), b"a");
        assert!(matches!(events.next().await, Some(Err(IdleError::Idle))));
        assert_eq!(start.elapsed(), IDLE);
        assert!(events.is_terminated() && events.next().await.is_none());
    });
}

#[test]
fn a_stream_that_is_busy_or_ends_has_no_timeout() {
    run(async {
        let busy = stream::iter(["data: a\n\n", "data: b\n\n"]).map(Ok::<_, io::Error>);
        let made = Cell::new(0);
        let count = || {
            made.set(made.get() + 1);
            timer()
        };
        assert_eq!(Box::pin(busy.idle_timeout(count).sse_events()).count().await, 2);
        assert_eq!(made.get(), 0, "the timer is made only when it is needed");
        let failing = stream::iter([Ok("x"), Err(io::Error::other("gone"))]).idle_timeout(timer);
        let seen: Vec<_> = Box::pin(failing).collect().await;
        assert!(matches!(&seen[1], Err(IdleError::Stream(error)) if error.to_string() == "gone"));
    });
}

const START: &str =
    "data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Once\"}]}}\n\n";
const PING: &str = "data: {\"type\":\"ping\"}\n\n";
const STOP: &str = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
    data: {\"type\":\"message_stop\"}\n\n";

/// The idle timeout of a message ends it 60 s after its last update, in every method that reads.
#[test]
fn comments_do_not_keep_a_message_alive() {
    const CHUNKS: &[(u64, &str)] =
        &[(50, START), (50, PING), (50, ": alive\n\n"), (50, ": alive\n\n"), (50, ": alive\n\n")];
    run(async {
        let message = || body(CHUNKS).message().with_idle_timeout(timer);
        for method in ["finish", "next_message", "text_deltas", "structured", "flat_map_updates"] {
            let start = tokio::time::Instant::now();
            let error = match method {
                "finish" => message().finish().await.unwrap_err(),
                "next_message" => message().next_message().await.unwrap_err(),
                "text_deltas" => {
                    let mut message = message();
                    let mut texts = message.text_deltas();
                    assert_eq!(texts.next().await.unwrap().unwrap(), "Once");
                    texts.next().await.unwrap().unwrap_err()
                }
                "structured" => match message().structured::<String>().finish().await.unwrap_err() {
                    StructuredError::Message(MessageReadError::Incomplete(error)) => error,
                    error => panic!("{error:?}"),
                },
                _ => {
                    let mut updates = message().flat_map_updates(|_| Some(()));
                    updates.next().await.unwrap().unwrap();
                    updates.next().await.unwrap().unwrap();
                    updates.next().await.unwrap().unwrap_err()
                }
            };
            assert_eq!(start.elapsed(), Duration::from_secs(100) + IDLE, "{method}");
            assert!(matches!(error.transport(), Some(IdleError::Idle)), "{method}: {error:?}");
            assert_eq!((error.partial().text(), error.is_retryable()), ("Once".to_owned(), true), "{method}");
        }
    });
}

/// The time runs on through a call that was dropped, and restarts for the next message, however late that is read.
#[test]
fn the_idle_timeout_of_a_message_restarts_at_updates_alone() {
    run(async {
        let start = tokio::time::Instant::now();
        let mut reply = body(&[(0, START)]).message().with_idle_timeout(timer);
        assert_eq!(reply.next_text().await.unwrap().unwrap(), "Once");
        assert!(tokio::time::timeout(Duration::from_secs(40), reply.next_text()).await.is_err());
        assert!(matches!(reply.next_text().await.unwrap_err().transport(), Some(IdleError::Idle)));
        assert_eq!(start.elapsed(), IDLE);
        assert!(reply.next_update().await.unwrap().is_none());

        // The end of the first message is found by a call that polls the body once more.
        const TWO: &[(u64, &str)] = &[(50, START), (50, STOP), (300, START), (0, STOP)];
        let mut reply = body(TWO).message().with_idle_timeout(timer);
        while reply.next_update().await.unwrap().is_some() {}
        assert_eq!(reply.next_message().await.unwrap().unwrap().text(), "Once");
        tokio::time::sleep(Duration::from_secs(250)).await; // The program does something else.
        assert_eq!(reply.next_message().await.unwrap().unwrap().text(), "Once");
    });
}

/// Comments that are always ready do not keep the timer from expiring. An expired timer loses no chunk.
#[test]
fn comments_without_a_pause_do_not_keep_a_message_alive() {
    run(async {
        let polls = Cell::new(0);
        let timer = || {
            std::future::poll_fn(|_| {
                polls.set(polls.get() + 1);
                if polls.get() == 3 { Poll::Ready(()) } else { Poll::Pending }
            })
        };
        let returned = Cell::new(0);
        let comments = stream::iter(0..10_000).map(|_| {
            returned.set(returned.get() + 1);
            Ok::<_, io::Error>(": alive\n\n")
        });
        let mut reply = stream::iter([Ok(START)]).chain(comments).message().with_idle_timeout(timer);
        assert_eq!(reply.next_text().await.unwrap().unwrap(), "Once");
        let error = reply.next_update().await.unwrap_err();
        assert!(matches!(error.transport(), Some(IdleError::Idle)), "{error:?}");
        let body = Pin::into_inner(reply.into_inner()).into_inner();
        assert_eq!(returned.get() + body.count().await, 10_000);
    });
}

/// A message that has its stop reason is complete, as at the end of the body.
#[test]
fn a_complete_message_survives_the_idle_timeout() {
    run(async {
        let unterminated = &STOP[..STOP.find("data: {\"type\":\"message_stop").unwrap()];
        let chunks = [START, unterminated].map(Ok::<_, io::Error>);
        let body = stream::iter(chunks).chain(stream::pending());
        assert_eq!(body.message().with_idle_timeout(timer).finish().await.unwrap().text(), "Once");
    });
}

/// The options and the part of the message that was read before are kept; so are errors of the transport.
#[test]
fn the_idle_timeout_of_a_message_may_be_set_at_any_time() {
    run(async {
        let two = [START, PING].concat();
        let chunks = [Ok(&*two), Err(io::Error::other("gone"))];
        let head = ResponseHead::new(200, [("request-id", "req_1")]);
        let mut reply = stream::iter(chunks).message().with_response_head(head);
        assert_eq!(reply.next_text().await.unwrap().unwrap(), "Once");
        let mut reply = reply.with_idle_timeout(timer);
        assert!(matches!(reply.next_update().await.unwrap(), Some(Update::Ping)));
        let error = reply.finish().await.unwrap_err();
        assert!(matches!(error.transport(), Some(IdleError::Stream(error)) if error.to_string() == "gone"));
        assert_eq!((error.partial().text(), error.request_id()), ("Once".to_owned(), Some("req_1")));
    });
}

/// The stream inside is intact: the caller may continue to read it.
#[test]
fn nothing_is_lost_by_a_timeout() {
    run(async {
        let slow = body(&[(0, "data: a"), (100, "b\n\n")]);
        let mut events = Box::pin(slow).sse_events();
        let mut idle = Box::pin((&mut events).idle_timeout(timer));
        assert!(matches!(idle.next().await, Some(Err(IdleError::Idle))));
        drop(idle);
        assert_eq!(events.try_next().await.unwrap().unwrap().data(), b"ab");
    });
}

thread_local! {
    static NOW: Cell<Instant> = Cell::new(Instant::now());
}

/// A clock that the readers advance.
fn now() -> Instant {
    NOW.get()
}

fn advance() {
    NOW.set(now() + Duration::from_secs(10));
}

/// A reader that returns `next`, and then a keep-alive each time, after ten seconds. It counts its reads.
struct KeepAlives {
    keep_alive: &'static [u8],
    next: &'static [u8],
    reads: u64,
}

fn comments(next: &'static [u8]) -> KeepAlives {
    KeepAlives { keep_alive: b": alive\n", next, reads: 0 }
}

impl io::Read for KeepAlives {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        assert!(self.reads < 100, "no timeout");
        advance();
        let next = if self.next.is_empty() { self.keep_alive } else { std::mem::take(&mut self.next) };
        buffer[..next.len()].copy_from_slice(next);
        Ok(next.len())
    }
}

#[test]
fn a_blocking_reader_that_brings_only_comments_times_out_and_resumes() {
    let mut events = EventReader::new(comments(b"data: a\n\n")).with_idle_timeout(Duration::from_secs(60), now);
    assert_eq!(events.next_event().unwrap().unwrap().data(), b"a");
    let before = events.get_ref().reads;
    let Err(EventError::Timeout(error)) = events.next_event() else { panic!("no timeout") };
    assert_eq!((error.kind(), events.get_ref().reads - before), (ErrorKind::TimedOut, 6), "six reads of ten seconds");
    // Nothing is lost: the next read returns an event.
    events.get_mut().next = b"data: b\n\n";
    assert_eq!(events.next_event().unwrap().unwrap().data(), b"b");

    let mut reply = MessageReader::new(comments(b"")).with_idle_timeout(Duration::from_secs(60), now);
    assert!(matches!(reply.next_update(), Err(MessageReadError::Timeout(_))));
}

/// A `ping` is an update, and each update restarts the time: in a call that skips it, too.
#[test]
fn a_ping_keeps_a_message_alive() {
    let ping = b"data: {\"type\":\"ping\"}\n\n";
    let pings = || KeepAlives { keep_alive: ping, next: b"", reads: 0 }.take(10 * ping.len() as u64);
    let message = || MessageReader::new(pings()).with_idle_timeout(Duration::from_secs(60), now);
    let mut reply = message();
    assert!(matches!(reply.next_text(), Err(MessageReadError::Incomplete(_))), "ten pings, and the end");
    assert!(message().finish().unwrap_err().transport().is_none());
}

/// `JsonReader` skips events with blank data: "some servers send them as keep-alives". The idle timeout also limits the
/// time in which only such events arrive.
#[test]
fn a_reader_of_json_to_which_only_keep_alives_come_times_out_and_resumes() {
    for keep_alive in [&b": alive\n\n"[..], b"data:\n\n", b"event: ping\ndata: \n\n", b"data:\n\n: \ndata:\n\n"] {
        let reader = KeepAlives { keep_alive, next: b"data: 1\n\n", reads: 0 };
        let mut values = reader.json_until_done::<u32>().with_idle_timeout(Duration::from_secs(60), now);
        assert_eq!(values.next().unwrap().unwrap().value, 1);
        for _ in 0..2 {
            let before = values.get_ref().reads;
            let error = values.next().unwrap().unwrap_err();
            assert!(matches!(error, JsonStreamError::Event(EventError::Timeout(_))), "{error}");
            assert_eq!(values.get_ref().reads - before, 6, "six reads of ten seconds");
        }
        values.get_mut().next = b"data:\n\ndata: 2\n\n";
        assert_eq!(values.next().unwrap().unwrap().value, 2);
    }
}

/// A limit that no clock reaches is none.
#[test]
fn the_longest_timeout_never_expires() {
    // The time is checked after each comment.
    let reader = comments(b"").take(16).chain(&b"data: a\n\n"[..]);
    let mut events = EventReader::new(reader).with_idle_timeout(Duration::MAX, now);
    assert_eq!(events.next_event().unwrap().unwrap().data(), b"a");
}

/// A call reads at least once. Otherwise a timeout of zero, or a slow clock, would read nothing for ever.
#[test]
fn a_call_reads_before_it_times_out() {
    let mut events = EventReader::new(comments(b"data: a\n\n")).with_idle_timeout(Duration::ZERO, now);
    assert_eq!(events.next_event().unwrap().unwrap().data(), b"a");
    for expected in [2, 3] {
        assert!(matches!(events.next_event(), Err(EventError::Timeout(_))));
        assert_eq!(events.get_ref().reads, expected, "one read a call");
    }
    events.get_mut().next = b"data: b\n\n";
    assert_eq!(events.next_event().unwrap().unwrap().data(), b"b");

    // The item of that read is returned, though the time is over when its keep-alive is skipped.
    let reader = KeepAlives { keep_alive: b"data:\n\n", next: b"data:\n\ndata: 1\n\n", reads: 0 };
    let mut values = reader.json_until_done::<u32>().with_idle_timeout(Duration::ZERO, now);
    assert_eq!(values.next().unwrap().unwrap().value, 1);
    for expected in [2, 3] {
        assert!(matches!(values.next(), Some(Err(JsonStreamError::Event(EventError::Timeout(_))))));
        assert_eq!(values.get_ref().reads, expected, "one read a call");
    }
}

/// Reads that are interrupted count, too.
#[test]
fn interrupted_reads_time_out() {
    struct Interrupted;
    impl io::Read for Interrupted {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            advance();
            Err(ErrorKind::Interrupted.into())
        }
    }
    let mut events = EventReader::new(Interrupted).with_idle_timeout(Duration::from_secs(60), now);
    assert!(matches!(events.next_event(), Err(EventError::Timeout(_))));
}
