//! Slow servers: single bytes, endless comments, silence. The library reads no clock. Timeouts of the caller end the
//! stream, and the partial message is kept.
//!
//! The clock of the runtime is paused: it advances to the next timer as soon as all tasks wait.

use core::convert::Infallible;
use core::future::Future;
use core::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use ssewire_io::{ByteStreamExt as _, IdleError, IdleTimeoutExt as _};
use ssewire_messages::Completion;
use ssewire_replay::{Script, Server};
use ssewire_tests::samples;
use tokio::time::{sleep, timeout};

/// Idle timeout of the caller.
const IDLE: Duration = Duration::from_secs(60);

/// Interval between bytes, just below the idle timeout.
const JUST_IN_TIME: Duration = Duration::from_secs(59);

/// Delivers single bytes, each just before the idle timeout. Endless if the iterator is.
fn drip(bytes: impl Iterator<Item = u8>) -> impl Stream<Item = Result<[u8; 1], Infallible>> + Unpin {
    Box::pin(stream::iter(bytes).then(|byte| async move {
        sleep(JUST_IN_TIME).await;
        Ok([byte])
    }))
}

/// The bytes of the text sample before its last delta, and the text in them.
fn begin() -> (Vec<u8>, String) {
    let sample = samples::named("text");
    let delta = b"event: content_block_delta";
    let last = sample.stream.windows(delta.len()).rposition(|window| window == delta).unwrap();
    let message = ssewire_io::MessageReader::new(&sample.stream[..last]).finish().unwrap_err();
    let text = message.report().partial().text();
    assert!(!text.is_empty() && text.len() < sample.text().len() && sample.text().starts_with(&text));
    (sample.stream[..last].to_vec(), text)
}

#[test]
fn message_stream_decodes_a_stream_of_slow_single_bytes() {
    let sample = samples::named("text");
    block_on_paused(async {
        let body = drip(sample.stream.iter().copied()).idle_timeout(|| sleep(IDLE));
        let message = body.message().finish().await.unwrap();
        assert_eq!(message.text(), sample.text());
    });
}

#[test]
fn silence_after_single_bytes_ends_by_the_idle_timeout() {
    let (begin, text) = begin();
    block_on_paused(async {
        let body = drip(begin.into_iter()).chain(stream::pending()).idle_timeout(|| sleep(IDLE));
        let error = body.message().finish().await.unwrap_err();
        assert!(matches!(error.transport(), Some(IdleError::Idle)));
        assert_eq!(error.report().reason(), Completion::Truncated);
        assert_eq!(error.report().partial().text(), text);
    });
}

/// The idle timeout does not expire, but a deadline does, and the partial text is kept. Comments and unknown fields
/// need no memory.
#[test]
fn endless_comments_need_no_memory_and_end_by_the_deadline() {
    let (begin, text) = begin();
    // The server sends the start of the message in half a day, and then comments and an unknown field for a month.
    let deadline = Duration::from_secs(31 * 24 * 60 * 60);
    block_on_paused(async {
        let body = drip(begin.into_iter().chain(b": still here\nwait: a little\n".iter().copied().cycle()));
        let mut stream = body.idle_timeout(|| sleep(IDLE)).message();
        let (ended, peak) = {
            ssewire_heap::begin();
            let before = ssewire_heap::held();
            let ended = timeout(deadline, async { while stream.next_event().await.unwrap().is_some() {} }).await;
            (ended, ssewire_heap::peak() - before)
        };
        assert!(ended.is_err(), "ended before the deadline");
        assert_eq!(stream.snapshot().text(), text);
        assert!(peak <= 16 * 1024, "{peak} bytes held");
    });
}

#[test]
fn endless_line_of_single_bytes_needs_memory_for_its_length_only() {
    let deadline = Duration::from_secs(31 * 24 * 60 * 60);
    let received = usize::try_from(deadline.as_secs() / JUST_IN_TIME.as_secs()).unwrap();
    block_on_paused(async {
        let mut stream = drip(b"data: ".iter().copied().chain(core::iter::repeat(b'x'))).message();
        ssewire_heap::begin();
        let before = ssewire_heap::held();
        assert!(timeout(deadline, stream.next_event()).await.is_err(), "ended before the deadline");
        let peak = ssewire_heap::peak() - before;
        assert!((received / 2..=4 * received).contains(&peak), "{peak} bytes held for {received}");
    });
}

/// A real connection and a real clock. The duration is not measured.
#[test]
fn idle_timeout_ends_a_silent_connection() {
    let (begin, text) = begin();
    let server = Server::start().unwrap();
    server.serve("/slow", Script::stream(begin).chunked_by(1).hold());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let response = reqwest::get(server.base_url() + "/slow").await.unwrap();
        let body = response.bytes_stream().idle_timeout(|| sleep(Duration::from_secs(1)));
        let error = body.message().finish().await.unwrap_err();
        assert!(matches!(error.transport(), Some(IdleError::Idle)));
        assert_eq!(error.report().partial().text(), text);
    });
}

fn block_on_paused<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}
