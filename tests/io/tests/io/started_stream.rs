//! `StartedStream`: which bodies count as started, and that all bytes pass.

use std::cell::Cell;
use std::io;

use futures::StreamExt as _;
use futures::executor::block_on;
use futures::stream::FusedStream as _;
use ssewire_io::StartedStream;
use ssewire_messages::{Completion, MessageDecoder, ResponseHead};
use ssewire_tests::samples;
use ssewire_tests::transport::{Script, Step};

const START: &str = "data: {\"type\":\"message_start\",\"message\":{}}\n\n";
const PING: &str = "data: {\"type\":\"ping\"}\n\n";
const BLOCK: &str =
    "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
const END: &str = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
const ERROR: &str = "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}\n\n";

fn chunks(body: &str, size: usize) -> Vec<&[u8]> {
    body.as_bytes().chunks(size).collect()
}

#[test]
fn every_byte_passes_in_its_chunk() {
    for sample in samples::all().into_iter().filter(|sample| !sample.is_error) {
        for size in [1, 7, 200, usize::MAX] {
            let chunks: Vec<&[u8]> = sample.stream.chunks(size).collect();
            let body = block_on(StartedStream::wait_for(Script::<io::Error>::slow(&chunks))).expect("no error");
            let passed: Vec<_> = block_on(body.map(Result::unwrap).collect());
            assert_eq!(passed, chunks, "{} in chunks of {size}", sample.name);
        }
    }
}

#[test]
fn it_waits_for_the_first_block_and_no_longer() {
    let body = [START, PING, ": c\n\n", PING, BLOCK, END].concat();
    let script = Script::<io::Error>::slow(&chunks(&body, 1));
    let given = script.given();
    let mut body = block_on(StartedStream::wait_for(script)).unwrap();
    let until_block = [START, PING, ": c\n\n", PING, BLOCK].concat().len();
    assert_eq!(given.bytes(), until_block);
    // Nothing is read before the chunks have been returned.
    for _ in 0..until_block {
        block_on(body.next()).unwrap().unwrap();
        assert_eq!(given.bytes(), until_block);
    }
    block_on(body.next()).unwrap().unwrap();
    assert_eq!(given.bytes(), until_block + 1);
}

#[test]
fn content_of_the_start_and_a_complete_message_count() {
    let initial =
        "data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}}\n\n";
    for body in [initial.to_owned(), [START, END].concat()] {
        for size in [1, usize::MAX] {
            let chunks = chunks(&body, size);
            let body = block_on(StartedStream::wait_for(Script::<io::Error>::of(&chunks))).unwrap();
            assert_eq!(block_on(body.map(Result::unwrap).collect::<Vec<_>>()), chunks);
        }
    }
}

#[test]
fn a_failure_before_the_content_is_an_error_and_one_after_it_passes() {
    for (body, reason) in [
        ([START, ERROR].concat(), Completion::ServerError),
        (ERROR.to_owned(), Completion::ServerError),
        ([START, PING].concat(), Completion::Truncated),
        (START[..20].to_owned(), Completion::Truncated),
        ("<html>".to_owned(), Completion::NonStreamBody),
    ] {
        for size in [1, usize::MAX] {
            let error = block_on(StartedStream::wait_for(Script::<io::Error>::of(&chunks(&body, size)))).unwrap_err();
            let error = error.into_incomplete();
            assert_eq!(error.reason(), reason, "{body:?}");
            assert_eq!(error.server_error().is_some(), body.contains("overloaded"));
        }
    }
    let gone = || io::Error::other("gone");
    let error = block_on(StartedStream::wait_for(Script::of(&[START.as_bytes()]).failing(gone()))).unwrap_err();
    assert_eq!(error.incomplete().transport().map(ToString::to_string).as_deref(), Some("gone"));

    let mut body =
        block_on(StartedStream::wait_for(Script::of(&[START.as_bytes(), BLOCK.as_bytes()]).failing(gone()))).unwrap();
    let items: Vec<_> = block_on(body.by_ref().collect());
    assert_eq!(items.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]);
    assert!(body.is_terminated());
}

/// Whatever the failure: that of the server, of the transport, the end of the body, a body that is not a stream.
#[test]
fn an_error_has_the_head_of_the_response() {
    let error = [START, ERROR].concat();
    let bodies = [
        Script::of(&[error.as_bytes()]),
        Script::of(&[START.as_bytes()]).failing(io::Error::other("gone")),
        Script::of(&[START.as_bytes()]),
        Script::of(&[b"<html>"]),
    ];
    for body in bodies {
        let head = ResponseHead::new(200, [("request-id", "req_1")]);
        let decoder = MessageDecoder::new().with_response_head(head);
        let error = block_on(StartedStream::wait_for_with_decoder(body, decoder)).unwrap_err();
        assert_eq!(error.incomplete().request_id(), Some("req_1"));
        assert!(error.to_string().contains("req_1"), "{error}");
    }
}

#[test]
fn a_body_without_content_is_held_in_bounded_memory() {
    for chunk in [PING, ": comment\n", ""] {
        let held = Cell::new(0);
        let endless = futures::stream::repeat_with(|| {
            held.set(held.get() + 1);
            Ok::<_, io::Error>(chunk)
        });
        drop(block_on(StartedStream::wait_for(endless)).unwrap());
        // 1 MiB, and each small chunk counts as 256 bytes.
        assert_eq!(held.get(), 4096);
    }
    let large = "x".repeat(1 << 16);
    let script =
        Script::<io::Error>::new(std::iter::repeat_n((), 64).map(|()| Step::chunk(format!(": {large}\n").as_bytes())));
    let given = script.given();
    drop(block_on(StartedStream::wait_for(script)).unwrap());
    assert!(given.bytes() < 2 << 20, "{}", given.bytes());
}

/// The message is complete, but its body did not end: the reader of the chunks has to know.
#[test]
fn the_transports_error_follows_the_chunks() {
    let body = [START, END].concat();
    let cut = &body[..body.len() - 1];
    let script = Script::of(&[cut.as_bytes()]).failing(io::Error::other("gone"));
    let mut body = block_on(StartedStream::wait_for(script)).unwrap();
    assert_eq!(block_on(body.next()).unwrap().unwrap(), cut);
    assert!(!body.is_terminated());
    assert_eq!(block_on(body.next()).unwrap().unwrap_err().to_string(), "gone");
    assert!(body.is_terminated());
    assert!(block_on(body.next()).is_none());
}

/// A gateway without a further server passes on what the last one wrote, and how its connection ended.
#[test]
fn the_body_of_an_error_passes_unchanged() {
    let after_the_error = [START, ERROR, PING].concat();
    for body in [&after_the_error[..], START, "<html>", ""] {
        for (size, fails) in [(1, false), (usize::MAX, false), (1, true), (usize::MAX, true)] {
            let chunks = chunks(body, size);
            let script = Script::slow(&chunks);
            let script = if fails { script.failing(io::Error::other("gone")) } else { script };
            let mut passed = block_on(StartedStream::wait_for(script)).unwrap_err().into_body();
            let items: Vec<_> = block_on(passed.by_ref().collect());
            assert!(passed.is_terminated());
            let (errors, bytes): (Vec<_>, Vec<_>) = items.into_iter().partition(Result::is_err);
            assert_eq!(bytes.into_iter().map(Result::unwrap).collect::<Vec<_>>(), chunks, "{body:?}");
            assert_eq!(errors.len(), usize::from(fails), "{body:?}");
        }
    }
}
