//! A server that is slow on purpose: a byte at a time, comments without end, silence. The library reads no clock; the
//! caller's timeouts end it, and what came until then is kept.
//!
//! The clock of the runtime is paused: it jumps to the next timer as soon as all wait.

use core::convert::Infallible;
use core::future::Future;
use core::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use ssewire_io::{ByteStreamExt as _, IncompleteMessage};
use ssewire_messages::Completion;
use ssewire_replay::{Script, Server};
use ssewire_tests::samples;
use tokio::time::{sleep, timeout};

/// How long the caller is ready to hear nothing.
const IDLE: Duration = Duration::from_secs(60);

/// A byte comes just in time.
const JUST_IN_TIME: Duration = Duration::from_secs(59);

#[derive(Debug, PartialEq)]
struct Idle;

/// As the page of recipes has it.
fn with_idle_timeout<B, E>(
    body: impl Stream<Item = Result<B, E>> + Unpin,
    idle: Duration,
) -> impl Stream<Item = Result<B, Idle>> + Unpin {
    Box::pin(stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        match timeout(idle, body.next()).await {
            Ok(Some(Ok(chunk))) => Some((Ok(chunk), Some(body))),
            Ok(None) => None,
            Ok(Some(Err(_))) | Err(_) => Some((Err(Idle), None)),
        }
    }))
}

/// One byte after the other, each just in time; without end if the bytes are.
fn drip(bytes: impl Iterator<Item = u8>) -> impl Stream<Item = Result<[u8; 1], Infallible>> + Unpin {
    Box::pin(stream::iter(bytes).then(|byte| async move {
        sleep(JUST_IN_TIME).await;
        Ok([byte])
    }))
}

/// All of the text sample but the last of its deltas.
fn begin() -> (Vec<u8>, String) {
    let sample = samples::named("text");
    let delta = b"event: content_block_delta";
    let last = sample.stream.windows(delta.len()).rposition(|window| window == delta).unwrap();
    let message = ssewire_io::MessageReader::new(&sample.stream[..last]).finish().unwrap_err();
    let text = message.incomplete().message().final_text();
    assert!(!text.is_empty() && text.len() < sample.text().len() && sample.text().starts_with(&text));
    (sample.stream[..last].to_vec(), text)
}

#[test]
fn a_byte_at_a_time_is_read_to_its_end() {
    let sample = samples::named("text");
    block_on_paused(async {
        let body = with_idle_timeout(drip(sample.stream.iter().copied()), IDLE);
        let message = body.message().finish().await.unwrap();
        assert_eq!(message.final_text(), sample.text());
    });
}

#[test]
fn silence_behind_single_bytes_ends_by_the_idle_timeout() {
    let (begin, text) = begin();
    block_on_paused(async {
        let body = with_idle_timeout(drip(begin.into_iter()).chain(stream::pending()), IDLE);
        let error = body.message().finish().await.unwrap_err();
        assert_eq!(error.transport(), Some(&Idle));
        assert_eq!(error.incomplete().reason(), Completion::Truncated);
        assert_eq!(error.incomplete().message().final_text(), text);
    });
}

/// An idle timeout does not end it, for there are signs of life. A deadline does, and the text so far is at hand. What
/// is no event takes no memory, however long it lasts.
#[test]
fn comments_without_end_cost_nothing_and_end_by_the_deadline() {
    let (begin, text) = begin();
    // In its first half a day it sends the beginning; then comments, and a field that nobody knows, for a month.
    let deadline = Duration::from_secs(31 * 24 * 60 * 60);
    block_on_paused(async {
        let body = drip(begin.into_iter().chain(b": still here\nwait: a little\n".iter().copied().cycle()));
        let mut stream = with_idle_timeout(body, IDLE).message();
        let (ended, peak) = {
            ssewire_heap::begin();
            let before = ssewire_heap::held();
            let ended = timeout(deadline, async { while stream.next_event().await.unwrap().is_some() {} }).await;
            (ended, ssewire_heap::peak() - before)
        };
        assert!(ended.is_err(), "ended before the deadline");
        assert_eq!(stream.snapshot().final_text(), text);
        assert!(peak <= 16 * 1024, "{peak} held");
    });
}

/// A line that grows a byte at a time takes as much as came of it, and no more.
#[test]
fn a_line_without_end_byte_by_byte_takes_what_came_of_it() {
    let deadline = Duration::from_secs(31 * 24 * 60 * 60);
    let came = usize::try_from(deadline.as_secs() / JUST_IN_TIME.as_secs()).unwrap();
    block_on_paused(async {
        let mut stream = drip(b"data: ".iter().copied().chain(core::iter::repeat(b'x'))).message();
        ssewire_heap::begin();
        let before = ssewire_heap::held();
        assert!(timeout(deadline, stream.next_event()).await.is_err(), "ended before the deadline");
        let peak = ssewire_heap::peak() - before;
        assert!((came / 2..=4 * came).contains(&peak), "{peak} held for {came}");
    });
}

/// Over a real connection, with a real clock: nobody looks how long it takes.
#[test]
fn a_real_server_that_falls_silent_is_left() {
    let (begin, text) = begin();
    let server = Server::start().unwrap();
    server.serve("/slow", Script::stream(begin).chunked_by(1).hold());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let response = reqwest::get(server.base_url() + "/slow").await.unwrap();
        let body = with_idle_timeout(Box::pin(response.bytes_stream()), Duration::from_secs(1));
        let error: IncompleteMessage<Idle> = body.message().finish().await.unwrap_err();
        assert_eq!(error.transport(), Some(&Idle));
        assert_eq!(error.incomplete().message().final_text(), text);
    });
}

fn block_on_paused<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}
