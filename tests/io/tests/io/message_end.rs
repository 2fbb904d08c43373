//! The end of a message: how far the connection is read, which bytes are kept, and the contents of errors.

use std::io::{self, ErrorKind, Read as _};

use futures::StreamExt as _;
use futures::executor::block_on;
use futures::stream::FusedStream as _;
use ssewire_io::{
    ByteStreamExt as _, IncompleteMessage, MessageObserver, MessageReadError, MessageReader, MessageStream, Observed,
    ReadExt as _, StructuredError, Tap,
};
use ssewire_messages::{Accumulator, ApiError, Completion, MessageDecoder, PartialStrings, ResponseHead, Validation};
use ssewire_tests::transport::{Script, Step};
use ssewire_tests::{adapters, chunks, samples};

fn reset() -> io::Error {
    io::Error::new(ErrorKind::ConnectionReset, "reset")
}

/// A complete message whose text is `text`.
fn message(text: &str) -> Vec<u8> {
    let start =
        format!(r#"data: {{"type":"message_start","message":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#);
    let delta = r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#;
    format!("{start}\n\n{delta}\n\ndata: {{\"type\":\"message_stop\"}}\n\n").into_bytes()
}

/// The stream polls once more, so that a client sees the end of a body that has ended, and reuses the connection.
#[test]
fn the_stream_sees_the_end_of_a_body_that_has_ended() {
    struct Body(Vec<Vec<u8>>, std::rc::Rc<std::cell::Cell<bool>>);
    impl futures::Stream for Body {
        type Item = Result<Vec<u8>, io::Error>;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            self.1.set(self.0.is_empty());
            let next = (!self.0.is_empty()).then(|| Ok(self.0.remove(0)));
            std::task::Poll::Ready(next)
        }
    }
    let saw_end = std::rc::Rc::new(std::cell::Cell::new(false));
    let mut reply = Body(vec![message("a")], saw_end.clone()).message();
    while block_on(reply.next_text()).unwrap().is_some() {}
    assert!(saw_end.get());
}

/// It does not wait for a connection that stays open, and does not read all of what follows.
#[test]
fn the_stream_looks_once_and_does_not_wait() {
    let body = message("a");
    let steps = [Step::chunk(&body), Step::Wait, Step::chunk(b"later")];
    let script = Script::<io::Error>::new(steps);
    let given = script.given();
    let mut reply = MessageStream::new(script);
    while block_on(reply.next_text()).unwrap().is_some() {}
    assert_eq!(given.bytes(), body.len());

    let script = Script::<io::Error>::of(&[&body, b": one\n\n", b": two\n\n"]);
    let given = script.given();
    let mut reply = MessageStream::new(script);
    while block_on(reply.next_text()).unwrap().is_some() {}
    assert_eq!(given.bytes(), body.len() + 7);
    assert!(block_on(reply.next_update()).unwrap().is_none());
    assert_eq!(given.bytes(), body.len() + 7);
    assert_eq!(block_on(reply.finish()).unwrap().text(), "a");
}

/// It also looks if the rest of the last chunk is unread, as in a body with a further end marker.
#[test]
fn the_stream_looks_with_a_rest_of_the_last_chunk() {
    let bodies: [&[&[u8]]; 3] = [
        &[&[message("a"), b"data: [DONE]\n\n".to_vec()].concat()],
        &[&[message("a"), message("b")].concat(), b": one\n\n"],
        &[&message("a"), &[message("b"), b": two\n\n".to_vec()].concat()],
    ];
    for (body, messages) in bodies.iter().zip([1, 2, 2]) {
        let script = Script::<io::Error>::of(body);
        let (given, size) = (script.given(), body.concat().len());
        let mut reply = MessageStream::new(script);
        for _ in 0..messages {
            while block_on(reply.next_update()).unwrap().is_some() {}
            assert!(block_on(reply.next_message()).unwrap().is_some());
        }
        assert_eq!(given.bytes(), size);
        assert!(block_on(reply.next_message()).unwrap().is_none());
    }
}

/// `next_message` does not look: its next call reads on.
#[test]
fn next_message_takes_no_chunk_after_its_message() {
    let body = message("a");
    let script = Script::<io::Error>::of(&[&body, b": one\n\n"]);
    let given = script.given();
    let mut reply = MessageStream::new(script);
    assert!(block_on(reply.next_message()).unwrap().is_some());
    assert_eq!(given.bytes(), body.len());
    assert!(block_on(reply.next_message()).unwrap().is_none());
    assert_eq!(given.bytes(), body.len() + 7);
}

/// Each chunk contains a message, and the transport is never pending: the stream yields to the executor all the same.
#[test]
fn the_stream_yields_between_messages() {
    use futures::FutureExt as _;
    let body = message("a").repeat(200);
    let size = message("a").len();
    for reads_updates in [false, true] {
        let mut reply = MessageStream::new(futures::stream::iter(body.chunks(size).map(Ok::<_, io::Error>)));
        let (mut messages, mut pauses) = (0, 0);
        loop {
            // At the end of its message, `next_update` takes the chunk of the next one.
            let mut has_update = reads_updates;
            while has_update {
                match reply.next_update().now_or_never() {
                    Some(update) => has_update = update.unwrap().is_some(),
                    None => pauses += 1,
                }
            }
            match reply.next_message().now_or_never() {
                Some(next) if next.as_ref().unwrap().is_none() => break,
                Some(_) => messages += 1,
                None => pauses += 1,
            }
        }
        assert_eq!((messages, pauses), (200, 3), "updates are read: {reads_updates}");
    }
}

#[test]
fn the_reader_does_not_read_on_and_can_be_drained() {
    let body = message("a");
    let script = Script::of(&[&body, b"the rest"]);
    let given = script.given();
    let mut reply = MessageReader::new(script);
    while reply.next_text().unwrap().is_some() {}
    assert_eq!(given.bytes(), body.len());
    let mut rest = String::new();
    reply.into_inner().read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "the rest");

    let mut reply = MessageStream::new(Script::<io::Error>::of(&[&message("a"), b"one", b"two"]));
    while block_on(reply.next_text()).unwrap().is_some() {}
    let rest: Vec<_> = block_on(reply.into_inner().map(Result::unwrap).collect());
    assert_eq!(rest, ["two"], "one was looked at");
}

/// Several messages in one body, in any chunks, also in the chunk that the stream has polled ahead.
#[test]
fn messages_of_one_body_follow_each_other() {
    let body = [message("a"), b": between\n\n".to_vec(), message("b"), message("c")].concat();
    for chunks in chunks::splits(&body).chain(adapters::ways(&body)) {
        let mut reply = MessageStream::new(Script::<io::Error>::of(&chunks));
        let mut read = MessageReader::new(Script::of(&chunks));
        for expected in ["a", "b", "c"] {
            let mut text = String::new();
            while let Some(piece) = block_on(reply.next_text()).unwrap() {
                text.push_str(&piece);
            }
            assert_eq!(text, expected);
            assert_eq!(block_on(reply.next_message()).unwrap().unwrap().text(), expected);
            assert_eq!(read.next_message().unwrap().unwrap().text(), expected);
        }
        assert!(block_on(reply.next_text()).unwrap().is_none());
        for _ in 0..2 {
            assert!(block_on(reply.next_message()).unwrap().is_none());
            assert!(read.next_message().unwrap().is_none());
        }
    }
}

/// A message that follows a truncated one is returned after the error.
#[test]
fn the_next_message_comes_after_an_incomplete_one() {
    let start = |id: &str| format!("data: {{\"type\":\"message_start\",\"message\":{{\"id\":\"{id}\"}}}}\n\n");
    let text = "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"b\"}}\n\n\
                data: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
                data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
                data: {\"type\":\"message_stop\"}\n\n";
    let body = [start("msg_1"), start("msg_2"), text.to_owned()].concat().into_bytes();
    let mut reply = MessageReader::new(&body[..]);
    let error = reply.next_message().unwrap_err();
    assert_eq!(error.reason(), Completion::Truncated);
    assert_eq!(reply.next_message().unwrap().unwrap().text(), "b");
    assert!(reply.next_message().unwrap().is_none());

    let mut reply = MessageStream::new(Script::<io::Error>::of(&[&body]));
    let error = loop {
        match block_on(reply.next_text()) {
            Ok(Some(_)) => {}
            Ok(None) => panic!("taken for complete"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.reason(), Completion::Truncated);
    assert_eq!(block_on(reply.next_message()).unwrap().unwrap().text(), "b");
}

/// One error, wherever it is met, with the reason, the partial message and the transport's cause; then the end.
#[test]
fn an_error_contains_everything_and_comes_once() {
    let sample = samples::named("text");
    let half = &sample.stream[..sample.stream.len() * 3 / 4];
    let head = || ResponseHead::new(200, [("request-id", "req_1"), ("anthropic-ratelimit-requests-remaining", "9")]);
    for chunks in adapters::ways(half) {
        let script = || Script::of(&chunks).failing(reset());
        let mut reply = MessageStream::new(script()).with_response_head(head());
        let mut read = MessageReader::new(script()).with_response_head(head());
        let mut text = String::new();
        let error = loop {
            match block_on(reply.next_text()) {
                Ok(piece) => text.push_str(&piece.expect("not complete")),
                Err(error) => break error,
            }
        };
        let read_error = loop {
            match read.next_update() {
                Ok(update) => assert!(update.is_some()),
                Err(error) => break error,
            }
        };
        for error in [error, read_error.into_incomplete().unwrap()] {
            let words = "stream is truncated before the message was complete (request req_1): reset";
            assert_eq!(error.to_string(), words);
            assert_eq!(error.transport().unwrap().kind(), ErrorKind::ConnectionReset);
            assert_eq!((error.reason(), error.request_id()), (Completion::Truncated, Some("req_1")));
            assert_eq!(error.response_head().unwrap().rate_limits().count(), 1);
            assert_eq!(error.into_partial().text(), text);
        }
        assert!(!text.is_empty() && sample.text().starts_with(&text));
        // The end, and the partial message for callers that ask again.
        assert!(block_on(reply.next_text()).unwrap().is_none() && read.next_text().unwrap().is_none());
        assert_eq!(reply.snapshot().text(), text);
        let again = block_on(reply.finish()).unwrap_err();
        assert_eq!((again.reason(), again.partial().text()), (Completion::Truncated, text.clone()));
        assert_eq!(read.finish().unwrap_err().partial().text(), text);
    }
}

/// A connection that fails after the message does not make the message fail, not even between the data of the last
/// event and its blank line.
#[test]
fn a_failure_after_the_message_does_not_matter() {
    let whole = message("a");
    for body in [&whole[..], &whole[..whole.len() - 1], &whole[..whole.len() - 2]] {
        let script = || Script::of(&[body]).failing(reset());
        let mut reply = MessageStream::new(script());
        while block_on(reply.next_update()).unwrap().is_some() {}
        assert_eq!(block_on(reply.finish()).unwrap().text(), "a");
        assert_eq!(block_on(MessageStream::new(script()).next_message()).unwrap().unwrap().text(), "a");
        assert_eq!(MessageReader::new(script()).finish().unwrap().text(), "a");
    }
}

/// An event without its blank line is returned, whether the body ends or fails after it, by every adapter. Regression:
/// after a failure it was merged, but only the tap returned it.
#[test]
fn the_last_event_is_returned_whether_the_body_ends_or_fails() {
    const START: &str = r#"{"type":"message_start","message":{"id":"msg_1"}}"#;
    const BLOCK: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    const HELLO: &str = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"#;
    const WORLD: &str = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" world"}}"#;
    const BLOCK_STOP: &str = r#"{"type":"content_block_stop","index":0}"#;
    const DELTA: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#;
    const STOP: &str = r#"{"type":"message_stop"}"#;
    const CUT: &str = r#"{"type":"message_stop"#;

    // The events before the last, the last, whether it is returned, the text, and whether the message is complete.
    type Row = (&'static [&'static str], &'static str, bool, &'static str, bool);
    let table: [Row; 6] = [
        (&[START, BLOCK, HELLO], WORLD, true, "Hello world", false),
        (&[START, BLOCK, HELLO, BLOCK_STOP], DELTA, true, "Hello", true),
        (&[START, BLOCK, HELLO, BLOCK_STOP, DELTA], STOP, true, "Hello", true),
        (&[START, BLOCK, HELLO, DELTA], WORLD, true, "Hello world", true),
        (&[START, BLOCK, HELLO], CUT, false, "Hello", false),
        (&[], START, true, "", false),
    ];
    for (before, last, is_used, text, is_complete) in table {
        let mut body: String = before.iter().map(|payload| format!("data: {payload}\n\n")).collect();
        let expected: Vec<String> = before.iter().copied().chain(is_used.then_some(last)).map(str::to_owned).collect();
        body += &format!("data: {last}");
        let bodies = if is_used { vec![body.clone(), body.clone() + "\n", body + "\r\n"] } else { vec![body] };
        for (body, fails) in bodies.iter().flat_map(|body| [(body, false), (body, true)]) {
            let script = || {
                let script = Script::of(&[body.as_bytes()]);
                if fails { script.failing(reset()) } else { script }
            };
            let case = format!("{body:?}, fails: {fails}");
            let payload = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let failed = |error: Option<&io::Error>| assert_eq!(error.is_some(), fails && !is_complete, "{case}");

            let (mut reply, mut seen) = (MessageStream::new(script()), Vec::new());
            let end = loop {
                match block_on(reply.next_event()) {
                    Ok(Some(event)) => seen.push(payload(event.payload)),
                    Ok(None) => break None,
                    Err(error) => break Some(error),
                }
            };
            assert_eq!((&seen, end.is_none()), (&expected, is_complete), "stream: {case}");
            failed(end.as_ref().and_then(IncompleteMessage::transport));
            assert!(block_on(reply.next_event()).unwrap().is_none(), "{case}");
            assert_eq!(reply.snapshot().text(), text, "{case}");
            assert_eq!(block_on(reply.finish()).is_ok(), is_complete, "{case}");

            let (mut read, mut seen) = (MessageReader::new(script()), Vec::new());
            let end = loop {
                match read.next_event() {
                    Ok(Some(event)) => seen.push(payload(event.payload)),
                    Ok(None) => break None,
                    Err(error) => break Some(error),
                }
            };
            assert_eq!((&seen, end.is_none()), (&expected, is_complete), "reader: {case}");
            failed(end.as_ref().and_then(MessageReadError::transport));
            assert!(read.next_event().unwrap().is_none(), "{case}");
            assert_eq!(read.snapshot().text(), text, "{case}");
            assert_eq!(read.finish().is_ok(), is_complete, "{case}");

            let (mut seen, mut ends) = (Vec::new(), Vec::new());
            let observer = MessageObserver::new(|observed| match observed {
                Observed::Update(event) => seen.push(payload(event.payload)),
                Observed::End(end) => ends.push((end.message().text(), end.incomplete().is_none())),
                _ => {}
            });
            let copied = io::copy(&mut Tap::new(script(), observer), &mut io::sink());
            assert_eq!((copied.is_err(), &seen), (fails, &expected), "tap: {case}");
            assert_eq!(ends, [(text.to_owned(), is_complete)], "tap: {case}");

            // Pieces of text and mapped updates are the same updates.
            let mut reply = MessageStream::new(script());
            let pieces = block_on(reply.text_deltas().filter_map(|piece| async { piece.ok() }).collect::<String>());
            let pieces_read: String = MessageReader::new(script()).text_deltas().filter_map(Result::ok).collect();
            assert_eq!((pieces.as_str(), pieces_read.as_str()), (text, text), "{case}");
            let mapped = MessageStream::new(script()).flat_map_updates(|event| Some(payload(event.payload)));
            let mapped: Vec<_> = block_on(mapped.collect());
            assert_eq!(mapped.len(), expected.len() + usize::from(!is_complete), "{case}");
        }
    }
}

/// Reading continues after a read timeout, in the middle of an event and of a character.
#[test]
fn a_reader_resumes_after_a_timeout() {
    let body = message("a\u{1F30D}b");
    for kind in [ErrorKind::WouldBlock, ErrorKind::TimedOut] {
        for at in 1..body.len() {
            let mut timeouts = 0;
            let mut reply = MessageReader::new(stalling(&body, at, kind));
            let mut text = String::new();
            loop {
                match reply.next_text() {
                    Ok(Some(piece)) => text.push_str(&piece),
                    Ok(None) => break,
                    Err(MessageReadError::Timeout(error)) => {
                        assert_eq!(error.kind(), kind);
                        timeouts += 1;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            assert_eq!((text.as_str(), timeouts), ("a\u{1F30D}b", 1));
            assert_eq!(reply.finish().unwrap().text(), text);
        }
    }
    // The final message contains the text received before the timeout.
    let delta = body.windows(13).position(|window| window == b"message_delta").unwrap();
    let error = MessageReader::new(stalling(&body, delta, ErrorKind::TimedOut)).finish().unwrap_err();
    assert_eq!(error.transport().unwrap().kind(), ErrorKind::TimedOut);
    assert_eq!(error.partial().text(), "a\u{1F30D}b");
}

/// A timeout within a message is not the end of the body: the last event of a later message counts, though its blank
/// line is missing.
#[test]
fn the_next_message_ends_with_the_body_after_a_timeout() {
    let (first, mut second) = (message("a"), message("b"));
    second.truncate(second.len() - 2);
    for validation in [Validation::Lenient, Validation::Strict] {
        for at in 1..first.len() - 2 {
            let body = [&first[..], &second].concat();
            let decoder = MessageDecoder::new().with_accumulator(Accumulator::new().with_validation(validation));
            let mut reply = MessageReader::with_decoder(stalling(&body, at, ErrorKind::TimedOut), decoder);
            match reply.next_message() {
                Ok(message) => assert_eq!(message.unwrap().text(), "a", "complete but for its blank line"),
                Err(error) => assert_eq!(error.transport().unwrap().kind(), ErrorKind::TimedOut),
            }
            assert_eq!(reply.next_message().unwrap().unwrap().text(), "b", "{validation:?} {at}");
            assert!(reply.next_message().unwrap().is_none());
        }
    }
}

/// The number of pending bytes is that of the message, not that of an earlier one.
#[test]
fn pending_bytes_are_those_of_the_message() {
    let (first, second) = (message("a"), message("b"));
    let start = second.windows(2).position(|pair| pair == b"\n\n").unwrap() + 2;
    for (rest, pending) in [(&b"data: {"[..], 7), (b"", 0)] {
        let body = [&first[..], &second[..start], rest].concat();
        let mut reply = MessageReader::new(stalling(&body, 50, ErrorKind::TimedOut));
        assert_eq!(reply.next_message().unwrap_err().report().pending_bytes(), 50);
        assert_eq!(reply.next_message().unwrap_err().report().pending_bytes(), pending);
    }
}

#[test]
fn events_resume_after_a_timeout() {
    let body = b"id: 7\ndata: a\n\ndata: b\n\n";
    for at in 0..=body.len() {
        let (mut data, mut timeouts) = (Vec::new(), 0);
        let events = stalling(body, at, ErrorKind::WouldBlock).sse_events();
        for event in events {
            match event {
                Ok(event) => data.push(event.data().to_vec()),
                Err(error) => {
                    assert!(!error.is_final() && error.transport().is_some());
                    timeouts += 1;
                }
            }
        }
        assert_eq!((data, timeouts), (vec![b"a".to_vec(), b"b".to_vec()], 1));
    }
}

/// Returns the bytes, and once an error after the given number of bytes.
fn stalling(body: &[u8], at: usize, kind: ErrorKind) -> impl io::Read {
    struct Stalling {
        before: io::Cursor<Vec<u8>>,
        error: Option<ErrorKind>,
        after: io::Cursor<Vec<u8>>,
    }
    impl io::Read for Stalling {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.before.read(buffer)? {
                0 => match self.error.take() {
                    Some(kind) => Err(kind.into()),
                    None => self.after.read(buffer),
                },
                length => Ok(length),
            }
        }
    }
    let (before, after) = body.split_at(at);
    Stalling { before: io::Cursor::new(before.to_vec()), error: Some(kind), after: io::Cursor::new(after.to_vec()) }
}

#[test]
fn partial_values_of_tool_input_are_shown_on_request() {
    let sample = samples::named("tool_use");
    let count = |mut reply: MessageReader<&[u8]>| {
        let mut partials = 0;
        while let Some(update) = reply.next_update().unwrap() {
            if let ssewire_messages::Update::ToolInput { partial: Some(_), block, .. } = update {
                assert_eq!(block.tool_name().as_deref(), Some("get_weather"));
                partials += 1;
            }
        }
        partials
    };
    assert_eq!(count((&sample.stream[..]).message()), 0);
    for strings in [PartialStrings::Show, PartialStrings::Hide] {
        assert!(count((&sample.stream[..]).message().with_partial_input(strings)) > 1);
    }
}

/// The connection fails between two messages, at once or later. Either way the body did not end.
#[test]
fn a_failure_between_messages_is_not_the_end_of_the_body() {
    let whole = message("a");
    let unterminated = whole.strip_suffix(b"\n").unwrap();
    let without_stop = whole.strip_suffix(b"data: {\"type\":\"message_stop\"}\n\n").unwrap();
    for (script, body) in [Script::of, Script::slow]
        .into_iter()
        .flat_map(|script| [&whole[..], unterminated, without_stop].map(|body| (script, body)))
    {
        let script = || script(&[body]).failing(reset());
        let mut reply = MessageStream::new(script());
        let mut read = MessageReader::new(script());
        assert_eq!(block_on(reply.next_message()).unwrap().unwrap().text(), "a");
        assert_eq!(read.next_message().unwrap().unwrap().text(), "a");
        for error in [block_on(reply.next_message()).unwrap_err(), read.next_message().unwrap_err()] {
            assert_eq!(error.reason(), Completion::Truncated);
            assert_eq!(error.transport().map(io::Error::kind), Some(reset().kind()));
        }
        assert!(block_on(reply.next_message()).unwrap().is_none());
        assert!(read.next_message().unwrap().is_none());

        // The end of the message was returned before, so the stream may have looked ahead.
        let mut reply = MessageStream::new(script());
        while block_on(reply.next_update()).unwrap().is_some() {}
        assert_eq!(block_on(reply.next_message()).unwrap().unwrap().text(), "a");
        let error = block_on(reply.next_message()).unwrap_err();
        assert_eq!(error.reason(), Completion::Truncated);
        assert_eq!(error.transport().map(io::Error::kind), Some(reset().kind()));
        assert!(block_on(reply.next_message()).unwrap().is_none());
    }
}

/// The error that the look ahead met belongs to the message that it cuts, not to one that was whole in the chunk.
#[test]
fn a_failure_is_that_of_the_message_that_it_cuts() {
    let error = "data: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"\"}}\n\n";
    let start = "data: {\"type\":\"message_start\",\"message\":{}}\n\n";
    let body = [&message("a")[..], start.as_bytes(), error.as_bytes(), start.as_bytes()].concat();
    let mut reply = MessageStream::new(Script::of(&[&body]).failing(reset()));
    while block_on(reply.next_update()).unwrap().is_some() {}
    assert_eq!(block_on(reply.next_message()).unwrap().unwrap().text(), "a");
    for (reason, transport) in [(Completion::ServerError, None), (Completion::Truncated, Some(reset().kind()))] {
        let error = block_on(reply.next_message()).unwrap_err();
        assert_eq!((error.reason(), error.transport().map(io::Error::kind)), (reason, transport));
    }
    assert!(block_on(reply.next_message()).unwrap().is_none());
}

/// Strict mode rejects an event at the end of a connection that failed: both are reasons.
#[test]
fn an_error_has_the_rejection_and_the_failure_of_the_transport() {
    let body = b"data: {\"type\":\"content_block_stop\",\"index\":0}\n";
    let strict = || MessageDecoder::new().with_accumulator(Accumulator::new().with_validation(Validation::Strict));
    let script = || Script::of(&[body]).failing(reset());
    let read = MessageReader::with_decoder(script(), strict()).finish().unwrap_err();
    let streamed = block_on(MessageStream::with_decoder(script(), strict()).finish()).unwrap_err();
    for error in [read, streamed] {
        assert_eq!(error.reason(), Completion::RejectedByStrictMode);
        assert!(error.rejected().is_some());
        assert_eq!(error.transport().map(io::Error::kind), Some(reset().kind()));
        let rejected = error.rejected().unwrap().to_string();
        assert_eq!(error.to_string().matches(&rejected).count(), 1, "{error}");
        assert_eq!(error.to_string().matches(&reset().to_string()).count(), 1, "{error}");
    }
}

/// A rejected request is explained by the error of whichever method meets it first.
#[test]
fn an_error_of_an_update_explains_a_rejected_request() {
    let body = br#"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: required"}}"#;
    let head = || ResponseHead::new(400, [("request-id", "req_1")]);
    let mut read = MessageReader::new(&body[..]).with_response_head(head());
    let mut streamed = MessageStream::new(Script::<io::Error>::of(&[body])).with_response_head(head());
    assert_eq!((read.request_id(), streamed.request_id()), (Some("req_1"), Some("req_1")));
    for error in [read.next_text().unwrap_err(), block_on(streamed.next_text()).unwrap_err().into()] {
        assert_eq!(error.server_error().and_then(ApiError::message), Some("max_tokens: required"));
        assert_eq!(error.reason(), Some(Completion::NonStreamBody));
        assert!(error.partial().unwrap().content().is_empty());
        assert_eq!(error.request_id(), Some("req_1"));
    }
    assert_eq!((read.request_id(), streamed.request_id()), (Some("req_1"), Some("req_1")), "after the error, too");

    let timeout = MessageReadError::Timeout(reset());
    assert!(timeout.server_error().is_none() && timeout.reason().is_none());
    assert!(timeout.partial().is_none() && timeout.request_id().is_none());
}

#[test]
fn a_complete_message_has_the_request_id() {
    let head = || ResponseHead::new(200, [("request-id", "req_1")]);
    let body = message("a");
    let mut read = MessageReader::new(&body[..]).with_response_head(head());
    let mut streamed = MessageStream::new(Script::<io::Error>::of(&[&body])).with_response_head(head());
    assert!(read.next_message().unwrap().is_some() && block_on(streamed.next_message()).unwrap().is_some());
    assert_eq!((read.request_id(), streamed.request_id()), (Some("req_1"), Some("req_1")));
    assert_eq!(MessageReader::new(&body[..]).request_id(), None);
}

#[test]
fn strictness_and_the_limit_are_those_of_the_accumulator() {
    let sample = samples::named("text");
    let strict_end = |body: &[u8]| {
        let read =
            MessageReader::new(body).with_validation(Validation::Strict).finish().map_err(|error| error.reason());
        let streamed = MessageStream::new(Script::<io::Error>::of(&[body])).with_validation(Validation::Strict);
        assert_eq!(read, block_on(streamed.finish()).map_err(|error| error.reason()));
        read.err()
    };
    assert_eq!(
        strict_end(b"data: {\"type\":\"content_block_stop\",\"index\":0}\n\n"),
        Some(Completion::RejectedByStrictMode)
    );
    assert_eq!(strict_end(&sample.stream), None);

    for (max, reason) in [(1, Some(Completion::LimitExceeded)), (1 << 20, None)] {
        let read = MessageReader::new(&sample.stream[..]).with_max_bytes(max).finish();
        assert_eq!(read.err().map(|error| error.reason()), reason);
        let streamed = MessageStream::new(Script::<io::Error>::of(&[&sample.stream])).with_max_bytes(max);
        assert_eq!(block_on(streamed.finish()).err().map(|error| error.reason()), reason);
    }
}

/// Regression: `finish` returned the error again without the rejection.
#[test]
fn an_error_that_is_returned_again_has_the_rejection() {
    let body = b"data: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
    let mut read = MessageReader::new(&body[..]).with_validation(Validation::Strict);
    let mut streamed = MessageStream::new(Script::<io::Error>::of(&[body])).with_validation(Validation::Strict);
    let rejected = read.next_update().unwrap_err().incomplete().unwrap().rejected();
    assert!(rejected.is_some());
    assert!(block_on(streamed.next_update()).is_err());
    assert_eq!(read.finish().unwrap_err().rejected(), rejected);
    assert_eq!(block_on(streamed.finish()).unwrap_err().rejected(), rejected);
}

/// A stream that continues with the next message is not terminated.
#[test]
fn mapped_updates_continue_with_the_next_message() {
    let body = [message("a"), message("b")].concat();
    let mut updates = MessageStream::new(Script::<io::Error>::of(&[&body]))
        .flat_map_updates(|event| event.update.text_deltas().next().map(str::to_owned));
    assert_eq!(block_on(updates.by_ref().map(Result::unwrap).collect::<Vec<_>>()), ["a"]);
    assert!(updates.is_terminated());
    assert!(block_on(updates.get_mut().next_message()).unwrap().is_some());
    assert!(!updates.is_terminated());
    assert_eq!(block_on(updates.by_ref().map(Result::unwrap).collect::<Vec<_>>()), ["b"]);
    assert!(updates.is_terminated());
}

/// One update may become several items, which are returned also if somebody else reads the message to its end.
#[test]
fn mapped_updates_return_every_item_of_an_update() {
    let start = br#"data: {"type":"message_start","message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}"#;
    let body = [&start[..], b"\n\ndata: {\"type\":\"message_stop\"}\n\n"].concat();
    let mut updates = MessageStream::new(Script::<io::Error>::of(&[&body]))
        .flat_map_updates(|event| event.update.text_deltas().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(block_on(updates.next()).unwrap().unwrap(), "a");
    while let Some(update) = block_on(updates.get_mut().next_update()).unwrap() {
        assert_eq!(update.text_deltas().count(), 0);
    }
    assert!(!updates.is_terminated());
    assert_eq!(block_on(updates.next()).unwrap().unwrap(), "b");
    assert!(block_on(updates.next()).is_none() && updates.is_terminated());
}

/// `into_message` returns what `finish` returns of a body that ends with the bytes taken so far, and reads nothing.
#[test]
fn a_message_ends_with_the_bytes_that_were_taken() {
    let sample = samples::named("tool_use");
    let head = || ResponseHead::new(200, [("request-id", "req_1")]);
    let outcome = |result: Result<ssewire_messages::Message, IncompleteMessage<io::Error>>| {
        result.map_err(|error| (error.report().reasons().to_vec(), error.into_partial().to_json_lossy()))
    };
    let mut complete = 0;
    for end in (0..=sample.stream.len()).step_by(7).chain([sample.stream.len()]) {
        let body = &sample.stream[..end];
        let expected = outcome(MessageReader::new(body).finish());
        complete += usize::from(expected.is_ok());
        // One update is taken, so the rest of the chunk is unread; or all of them, so a further read would wait.
        for takes_all in [false, true] {
            let script = Script::new([Step::chunk(body), Step::Wait, Step::chunk(b"data: later\n\n")]);
            let given = script.given();
            let mut streamed = MessageStream::new(script).with_response_head(head());
            while let Some(Ok(Some(_))) = futures::FutureExt::now_or_never(streamed.next_update()) {
                if !takes_all {
                    break;
                }
            }
            let before = given.bytes();
            let result = streamed.into_message();
            assert_eq!(given.bytes(), before);
            if let Err(error) = &result {
                assert_eq!((error.request_id(), error.transport().is_none()), (Some("req_1"), true));
            }
            assert_eq!(outcome(result), expected, "{end}");

            let mut read = MessageReader::new(body.chain(Waits));
            while let Ok(Some(_)) = read.next_update() {
                if !takes_all {
                    break;
                }
            }
            assert_eq!(outcome(read.into_message()), expected, "{end}");
        }
    }
    assert!(complete > 0);
    // Nothing was taken.
    let empty = outcome(MessageReader::new(&b""[..]).finish());
    assert_eq!(outcome(MessageStream::new(Script::of(&[&sample.stream])).into_message()), empty);
    assert_eq!(outcome(MessageReader::new(&sample.stream[..]).into_message()), empty);
}

/// A socket with a read timeout that expires.
struct Waits;
impl io::Read for Waits {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}

/// As `finish` does.
#[test]
fn a_message_that_ends_after_its_error_returns_it_again() {
    let body = &message("a")[..30];
    let mut streamed = MessageStream::new(Script::of(&[body]).failing(reset()));
    let mut read = MessageReader::new(Script::of(&[body]).failing(reset()));
    assert!(block_on(streamed.next_update()).is_err() && read.next_update().is_err());
    for error in [streamed.into_message().unwrap_err(), read.into_message().unwrap_err()] {
        assert_eq!((error.reason(), error.transport().is_none()), (Completion::Truncated, true));
    }

    let strict = b"data: {\"type\":\"content_block_stop\",\"index\":0}\n\n: later";
    let mut streamed = MessageStream::new(Script::<io::Error>::of(&[&message("a"), strict]));
    assert!(block_on(streamed.next_message()).unwrap().is_some());
    let error = streamed.with_validation(Validation::Strict).into_message().unwrap_err();
    assert!(error.rejected().is_none(), "the second chunk was not taken");
}

/// An owned error is converted to `IncompleteMessage`, or returned unchanged.
#[test]
fn an_error_that_is_not_an_incomplete_message_is_not_lost() {
    let incomplete = || MessageReader::new(&b""[..]).finish().unwrap_err();
    let timeout = || MessageReadError::Timeout(reset());
    assert_eq!(MessageReadError::from(incomplete()).into_incomplete().unwrap().reason(), Completion::NonStreamBody);
    assert_eq!(timeout().into_incomplete().unwrap_err().transport().unwrap().kind(), ErrorKind::ConnectionReset);

    assert_eq!(StructuredError::from(incomplete()).into_incomplete().unwrap().reason(), Completion::NonStreamBody);
    let timed_out = StructuredError::from(timeout()).into_incomplete().unwrap_err();
    assert!(matches!(timed_out, StructuredError::Message(MessageReadError::Timeout(_))));
    let text = MessageReader::new(&message("no JSON")[..]).structured::<u8>().finish().unwrap_err();
    let text = text.into_incomplete().unwrap_err();
    assert!(matches!(&text, StructuredError::Text { message, .. } if message.text() == "no JSON"));
}
