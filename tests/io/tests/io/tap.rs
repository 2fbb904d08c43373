//! `Tap`: bytes pass unchanged, and an observer sees them.

use std::cell::{Cell, RefCell};
use std::io::{self, Read as _};
use std::rc::Rc;

use bytes::Bytes;
use futures::executor::block_on;
use futures::{StreamExt as _, TryStreamExt as _};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full};
use proptest::prelude::*;
use ssewire::Decoder;
use ssewire_io::{
    ByteStreamExt, EventObserver, MessageEnd, MessageEndObserver, MessageObserver, MessageReader, Observed, Observer,
    ReadExt, Tap,
};
use ssewire_messages::{Accumulator, Completion, Incomplete, Message, MessageDecoder, ResponseHead, Validation};
use ssewire_tests::outcome::OwnedEvent;
use ssewire_tests::transport::{Script, Step};
use ssewire_tests::{adapters, cases, chunks, disorder, drive, samples, streams};

/// Records everything that it observes.
#[derive(Debug, Clone, Default)]
struct Log(Rc<RefCell<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    bytes: Vec<u8>,
    ends: usize,
}

impl Observer for Log {
    fn on_chunk(&mut self, bytes: &[u8]) {
        let mut seen = self.0.borrow_mut();
        assert_eq!(seen.ends, 0, "nothing follows the end");
        seen.bytes.extend_from_slice(bytes);
    }

    fn on_end(&mut self) {
        self.0.borrow_mut().ends += 1;
    }
}

impl Log {
    fn check(&self, bytes: &[u8], ends: usize) {
        let seen = self.0.borrow();
        assert_eq!((seen.bytes.escape_ascii().to_string(), seen.ends), (bytes.escape_ascii().to_string(), ends));
    }
}

/// The bytes that pass a tap, over each kind of transport.
fn passed(input: &[&[u8]], observer: impl Fn() -> Box<dyn Observer>) -> [Vec<u8>; 3] {
    let mut read = Vec::new();
    Tap::new(Script::slow(input), observer()).read_to_end(&mut read).unwrap();
    let stream = Tap::new(Script::<io::Error>::slow(input), observer());
    let streamed: Vec<Bytes> = block_on(stream.try_collect()).unwrap();
    let body = Tap::new(Script::<io::Error>::slow(input), observer());
    let collected = block_on(http_body_util::BodyExt::collect(body)).unwrap().to_bytes();
    [read, streamed.concat(), collected.to_vec()]
}

fn observed(input: &[&[u8]]) -> ([Vec<u8>; 3], Vec<OwnedEvent>) {
    let events: Rc<RefCell<Vec<OwnedEvent>>> = Rc::default();
    let passed = passed(input, || {
        let events = events.clone();
        Box::new(EventObserver::new(move |event| events.borrow_mut().push(event.into())))
    });
    (passed, events.take())
}

#[test]
fn the_bytes_and_events_of_every_case() {
    for case in cases::all() {
        // The observer starts without a last event ID.
        let expected = drive::events(&mut Decoder::new(), [case.input.as_slice()]);
        let expected: Vec<OwnedEvent> = expected.events().into_iter().map(|(_, event)| event.clone()).collect();
        for chunks in adapters::ways(&case.input) {
            let (passed, events) = observed(&chunks);
            assert!(passed.iter().all(|bytes| *bytes == case.input), "{}", case.id);
            // Three times: of the reader, the stream, the body.
            assert_eq!(events, [expected.clone(), expected.clone(), expected.clone()].concat(), "{}", case.id);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_chunks_pass_unchanged(stream in streams::any_stream(), lengths in chunks::any_lengths()) {
        let log = Log::default();
        let chunks = chunks::of_lengths(&lengths, &stream);
        let mut tap = Tap::new(Script::<io::Error>::of(&chunks), log.clone());
        for chunk in chunks {
            prop_assert_eq!(block_on(tap.next()).unwrap().unwrap(), chunk);
        }
        prop_assert!(block_on(tap.next()).is_none());
        log.check(&stream, 1);
        let (passed, _) = observed(&chunks::of_lengths(&lengths, &stream));
        prop_assert!(passed.iter().all(|bytes| *bytes == stream));
    }
}

#[test]
fn a_chunk_passes_as_the_same_bytes_and_not_a_copy() {
    let chunk = Bytes::from(b"data: a\n\n".to_vec());
    let script = Script::<io::Error>::new([Step::Chunk(chunk.clone())]);
    let passed = block_on(Tap::new(script, Log::default()).next()).unwrap().unwrap();
    assert_eq!(passed.as_ptr_range(), chunk.as_ptr_range());
}

/// The observer has seen a chunk before the tap returns it.
#[test]
fn is_seen_as_it_passes() {
    let log = Log::default();
    let mut tap = Tap::new(Script::<io::Error>::slow(&[b"a", b"b"]), log.clone());
    block_on(tap.next()).unwrap().unwrap();
    log.check(b"a", 0);
    block_on(tap.next()).unwrap().unwrap();
    log.check(b"ab", 0);
}

#[test]
fn the_end_is_reported_once_at_the_end() {
    let log = Log::default();
    let mut tap = Tap::new(&b"ab"[..], log.clone());
    tap.read_to_end(&mut Vec::new()).unwrap();
    log.check(b"ab", 1);
    assert_eq!(tap.read(&mut [0]).unwrap(), 0);
    assert_eq!(tap.observer().0.borrow().ends, 1);
    drop(tap);
    log.check(b"ab", 1);

    let log = Log::default();
    let mut tap = Tap::new(Script::<io::Error>::of(&[b"ab"]), log.clone());
    while block_on(tap.next()).is_some() {}
    log.check(b"ab", 1);
    drop(tap);
    log.check(b"ab", 1);

    let log = Log::default();
    let mut tap = Tap::new(Full::new(&b"ab"[..]), log.clone());
    while block_on(tap.frame()).is_some() {}
    log.check(b"ab", 1);
    drop(tap);
    log.check(b"ab", 1);
}

#[test]
fn the_end_is_reported_once_at_an_error() {
    let failing = || Script::of(&[b"ab"]).failing(io::Error::other("gone"));

    let log = Log::default();
    let mut tap = Tap::new(failing(), log.clone());
    assert_eq!(tap.read_to_end(&mut Vec::new()).unwrap_err().to_string(), "gone");
    log.check(b"ab", 1);
    drop(tap);
    log.check(b"ab", 1);

    let log = Log::default();
    let mut tap = Tap::new(failing(), log.clone());
    assert!(block_on(tap.next()).unwrap().is_ok());
    assert_eq!(block_on(tap.next()).unwrap().unwrap_err().to_string(), "gone");
    log.check(b"ab", 1);
    drop(tap);
    log.check(b"ab", 1);

    let log = Log::default();
    let mut tap = Tap::new(failing(), log.clone());
    assert!(block_on(tap.frame()).unwrap().is_ok());
    assert_eq!(block_on(tap.frame()).unwrap().unwrap_err().to_string(), "gone");
    log.check(b"ab", 1);
    drop(tap);
    log.check(b"ab", 1);
}

/// An interrupted reader, or one without data at the moment, has not ended.
#[test]
fn a_reader_that_will_go_on_has_not_ended() {
    let log = Log::default();
    let mut tap = Tap::new(Script::slow(&[b"ab"]), log.clone());
    assert_eq!(tap.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::Interrupted);
    log.check(b"", 0);
    assert_eq!(tap.read(&mut [0; 8]).unwrap(), 2);
    log.check(b"ab", 0);
    // An empty buffer: nothing is read, which is not the end.
    assert_eq!(tap.get_ref().given().bytes(), 2);
    let mut tap = Tap::new(&b"ab"[..], log.clone());
    assert_eq!(tap.read(&mut []).unwrap(), 0);
    log.check(b"ab", 0);
}

#[test]
fn the_end_is_reported_once_when_it_is_dropped() {
    let log = Log::default();
    let mut tap = Tap::new(Script::<io::Error>::slow(&[b"ab", b"cd"]), log.clone());
    assert!(block_on(tap.next()).unwrap().is_ok());
    drop(tap);
    log.check(b"ab", 1);

    let log = Log::default();
    drop(Tap::new(&b"never read"[..], log.clone()));
    log.check(b"", 1);
}

/// Servers first ask a body whether it is empty.
#[test]
fn a_body_is_as_long_as_the_one_beneath() {
    let tap = Tap::new(Full::new(&b"ab"[..]), Log::default());
    assert_eq!((tap.size_hint().exact(), tap.is_end_stream()), (Some(2), false));
    let tap = Tap::new(Full::new(&b""[..]), Log::default());
    assert_eq!((tap.size_hint().exact(), tap.is_end_stream()), (Some(0), true));
}

#[test]
fn trailers_pass() {
    let tap = Tap::new(Script::<io::Error>::new([Step::chunk(b"ab"), Step::Trailers]), Log::default());
    let collected = block_on(http_body_util::BodyExt::collect(tap)).unwrap();
    assert!(collected.trailers().is_some());
    assert_eq!(collected.to_bytes(), "ab");
}

/// A gateway observes some bodies, and all have one type.
#[test]
fn an_observer_may_be_optional_or_borrowed() {
    let pass = |observer: Option<Log>| {
        let mut passed = Vec::new();
        Tap::new(&b"ab"[..], observer).read_to_end(&mut passed).unwrap();
        assert_eq!(passed, b"ab");
    };
    let mut log = Log::default();
    pass(None);
    log.check(b"", 0);
    pass(Some(log.clone()));
    log.check(b"ab", 1);
    log.0.take();
    Tap::new(&b"cd"[..], &mut log).read_to_end(&mut Vec::new()).unwrap();
    log.check(b"cd", 1);
}

/// A bill has the ID of each request, complete or not.
#[test]
fn an_end_has_the_head_of_the_response() {
    let sample = samples::named("text");
    let body = [&sample.stream[..], &sample.stream[..sample.stream.len() / 2]].concat();
    let decoder = MessageDecoder::new().with_response_head(ResponseHead::new(200, [("request-id", "req_1")]));
    let mut ends = Vec::new();
    let meter = MessageEndObserver::with_decoder(decoder, |end| {
        ends.push((
            end.completion(),
            end.request_id().map(str::to_owned),
            end.response_head().map(ResponseHead::status),
        ));
    });
    io::copy(&mut Tap::new(&body[..], meter), &mut io::sink()).unwrap();
    let with_head = |completion| (completion, Some("req_1".to_owned()), Some(200));
    assert_eq!(ends, [with_head(Completion::Complete), with_head(Completion::Truncated)]);
    let mut ends = Vec::new();
    let meter = MessageEndObserver::new(|end| ends.push((end.request_id().is_some(), end.response_head().is_some())));
    io::copy(&mut Tap::new(&sample.stream[..], meter), &mut io::sink()).unwrap();
    assert_eq!(ends, [(false, false)]);
}

/// A meter that counts keeps no text, and counts the same.
#[test]
fn discarded_text_is_not_in_the_message() {
    let sample = samples::named("text");
    let mut ends = Vec::new();
    let meter = MessageEndObserver::new(|end| ends.push((end.usage().cloned(), end.completion(), end.into_message())));
    io::copy(&mut Tap::new(&sample.stream[..], meter.with_discarded_text()), &mut io::sink()).unwrap();
    let [(usage, Completion::Complete, message)] = &ends[..] else { panic!("{ends:?}") };
    assert_eq!(serde_json::to_value(usage).unwrap(), sample.message()["usage"]);
    // The last piece of the text is kept.
    assert!(message.text().len() < sample.text().len() && sample.text().ends_with(&message.text()));
}

/// A live meter keeps no text, either, but sees all of it in the updates.
#[test]
fn discarded_text_is_in_the_updates() {
    let sample = samples::named("text");
    let (mut text, mut kept) = (String::new(), Vec::new());
    let meter = MessageObserver::new(|observed| match observed {
        Observed::Update(event) => text.extend(event.update.text_deltas()),
        Observed::End(end) => kept.push(end.into_result().unwrap().text().len()),
        _ => {}
    });
    io::copy(&mut Tap::new(&sample.stream[..], meter.with_discarded_text()), &mut io::sink()).unwrap();
    assert_eq!(text, sample.text());
    assert!(kept.len() == 1 && kept[0] < sample.text().len(), "{kept:?}");
}

/// The answer to a request that did not ask for a stream is billed, too.
#[test]
fn a_message_that_is_not_a_stream_is_metered() {
    let body = br#"{"type":"message","content":[],"usage":{"input_tokens":7,"output_tokens":42}}"#;
    let mut seen = Vec::new();
    let meter = MessageObserver::new(|observed| {
        if let Observed::End(end) = observed {
            let (message, incomplete) = (end.message(), end.incomplete());
            let was = incomplete.and_then(|incomplete| incomplete.non_stream_body()).map(ToString::to_string);
            seen.push((message.output_tokens(), was.is_some_and(|was| was.contains("\"stream\": true"))));
        }
    });
    Tap::new(&body[..], meter).read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(seen, [(Some(42), true)]);
}

/// A stream may continue after an error; the observer was notified of the end at the error.
#[test]
fn bytes_after_an_error_pass_unseen() {
    let log = Log::default();
    let items = [Ok("a"), Err("lost"), Ok("b")];
    let passed: Vec<_> = block_on(Tap::new(futures::stream::iter(items), log.clone()).collect());
    assert_eq!(passed, items);
    log.check(b"a", 1);
}

/// A reader may continue after its end, for example that of a growing file.
#[test]
fn bytes_after_the_end_pass_unseen() {
    struct Grows(usize);
    impl io::Read for Grows {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0 == 2 { Ok(0) } else { (&b"ab"[..]).read(buffer) }
        }
    }

    let log = Log::default();
    let mut tap = Tap::new(Grows(0), log.clone());
    for length in [2, 0, 2] {
        assert_eq!(tap.read(&mut [0; 8]).unwrap(), length);
    }
    log.check(b"ab", 1);
}

#[test]
fn an_event_that_is_too_large_passes_unseen() {
    let mut seen = Vec::new();
    let decoder = Decoder::new().with_max_event_bytes(4);
    let stream = &b"data: a\n\ndata: 12345\n\ndata: b\n\n"[..];
    let observer = EventObserver::with_decoder(decoder, |event| seen.push(event.data().to_vec()));
    assert_eq!(io::copy(&mut Tap::new(stream, observer), &mut io::sink()).unwrap(), stream.len() as u64);
    assert_eq!(seen, [b"a", b"b"]);
}

/// A meter sees the same as the caller of the stream: the updates, and the message at the end.
#[test]
fn a_message_is_metered_as_it_passes() {
    let sample = samples::named("text");
    let (mut text, mut ends) = (String::new(), Vec::new());
    let meter = MessageObserver::new(|observed| match observed {
        Observed::Update(item) => text.extend(item.update.text_deltas()),
        Observed::End(end) => {
            ends.push((serde_json::to_value(end.message()).unwrap(), end.completion(), end.incomplete().is_some()));
        }
        _ => {}
    });
    io::copy(&mut Tap::new(&sample.stream[..], meter), &mut io::sink()).unwrap();
    assert_eq!(text, sample.text());
    assert_eq!(ends, [(sample.message(), Completion::Complete, false)]);
}

/// `MessageEnd::into_message`: the complete message, the partial one, and that of a body other than a stream.
#[test]
fn the_message_of_an_end_can_be_taken() {
    let sample = samples::named("text");
    let plain = br#"{"type":"message","content":[{"type":"text","text":"Hi"}]}"#;
    for body in [&sample.stream[..], &sample.stream[..sample.stream.len() * 3 / 4], plain] {
        let mut taken = Vec::new();
        let meter = MessageEndObserver::new(|end| {
            let borrowed = end.message().clone();
            taken.push((borrowed, end.into_message()));
        });
        io::copy(&mut Tap::new(body, meter), &mut io::sink()).unwrap();
        let [(borrowed, owned)] = &taken[..] else { panic!("{} ends", taken.len()) };
        assert!(!owned.text().is_empty() && owned == borrowed);
    }
}

/// A program may take the transport back.
#[test]
fn into_inner_ends_the_observation() {
    let log = Log::default();
    let mut tap = Tap::new(&b"abcd"[..], log.clone());
    tap.read_exact(&mut [0; 2]).unwrap();
    assert_eq!(tap.into_inner(), b"cd");
    log.check(b"ab", 1);
}

/// `docs/protocol.md`, heading "End of a message": drivers and adapters report the end at once. Gateways leave bodies
/// open for minutes.
#[test]
fn the_end_of_a_message_does_not_wait_for_the_end_of_the_body() {
    let sample = samples::named("text");
    for body in [sample.stream.clone(), [&sample.stream[..], b": still open\n\n"].concat()] {
        let (ends, named) = (Cell::new(0), Cell::new(0));
        let script = || Script::<io::Error>::new([Step::chunk(&body), Step::Wait]);
        let observer = MessageObserver::new(|observed| {
            if let Observed::End(end) = observed {
                assert_eq!(end.completion(), Completion::Complete);
                ends.set(ends.get() + 1);
            }
        });
        let mut tap = Tap::new(script(), observer);
        block_on(tap.next()).unwrap().unwrap();
        assert_eq!(ends.get(), 1);
        drop(tap);
        assert_eq!(ends.get(), 1, "the body has no further message");

        let mut tap = ByteStreamExt::tap_message(script(), |_| named.set(named.get() + 1));
        block_on(tap.next()).unwrap().unwrap();
        assert_eq!(named.get(), 1);
        drop(tap);
        assert_eq!(named.get(), 1);
    }
}

/// A gateway that fails over within a body writes several messages, also without an end of the first. Each is billed.
#[test]
fn every_message_of_a_body_is_metered() {
    const START: &str =
        "data: {\"type\":\"message_start\",\"message\":{\"id\":\"a\",\"usage\":{\"output_tokens\":1}}}\n\n";
    const END: &str = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n\
                       data: {\"type\":\"message_stop\"}\n\n";
    const ERROR: &str = "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}\n\n";
    const PING: &str = "data: {\"type\":\"ping\"}\n\n";
    // Another ID: a repeated `message_start` is ignored.
    let other_start = &START.replace("\"a\"", "\"b\"");
    let unfinished_start = other_start.trim_end();
    let (complete, truncated, server_error) =
        ((Some(9), Completion::Complete), (Some(1), Completion::Truncated), (Some(1), Completion::ServerError));
    for (body, expected) in [
        ([START, END, START, END].concat(), vec![complete, complete]),
        ([START, other_start, END].concat(), vec![truncated, complete]),
        ([START, ERROR, PING, START, END, PING].concat(), vec![server_error, complete]),
        ([START, END, START].concat(), vec![complete, truncated]),
        ([START, END, unfinished_start].concat(), vec![complete, truncated]),
        ([START, unfinished_start].concat(), vec![truncated, truncated]),
        ([START, END, ERROR].concat(), vec![complete]),
        ([START, END, START, END.trim_end()].concat(), vec![complete, complete]),
        (String::new(), vec![(None, Completion::NonStreamBody)]),
    ] {
        for chunks in adapters::ways(body.as_bytes()) {
            let (mut ends, mut named, mut updates) = (Vec::new(), Vec::new(), 0);
            let observer = MessageObserver::new(|observed| match observed {
                Observed::End(end) => ends.push((end.message().output_tokens(), end.completion())),
                _ => updates += 1,
            });
            io::copy(&mut Tap::new(Script::slow(&chunks), observer), &mut io::sink()).unwrap();
            let on_end = |end: MessageEnd| named.push((end.message().output_tokens(), end.completion()));
            io::copy(&mut ReadExt::tap_message(Script::slow(&chunks), on_end), &mut io::sink()).unwrap();
            assert_eq!((&ends, &named), (&expected, &expected), "{body}");
            assert_eq!(updates > 0, !body.is_empty());
        }
    }
}

/// Every event that strict mode rejects ends a message; the next one is metered all the same.
#[test]
fn a_rejected_message_ends_at_once() {
    let rejected = "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
    let start = "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"output_tokens\":1}}}\n\n";
    for body in [[rejected, start].concat(), [rejected, start.trim_end()].concat()] {
        for chunks in adapters::ways(body.as_bytes()) {
            let mut ends = Vec::new();
            let decoder =
                MessageDecoder::new().with_accumulator(Accumulator::new().with_validation(Validation::Strict));
            let observer = MessageEndObserver::with_decoder(decoder, |end| {
                ends.push((end.message().output_tokens(), end.completion()));
            });
            io::copy(&mut Tap::new(Script::slow(&chunks), observer), &mut io::sink()).unwrap();
            assert_eq!(ends, [(None, Completion::RejectedByStrictMode), (Some(1), Completion::Truncated)]);
        }
    }
}

/// A second panic, while the first one drops the tap, would abort the process.
#[test]
fn an_observer_that_panicked_is_not_called_again() {
    struct Panics(Rc<Cell<usize>>);
    impl Observer for Panics {
        fn on_chunk(&mut self, _: &[u8]) {
            self.0.set(self.0.get() + 1);
            panic!("the observer fails");
        }

        fn on_end(&mut self) {
            self.0.set(self.0.get() + 100);
        }
    }

    let calls = Rc::new(Cell::new(0));
    let mut tap = Tap::new(&b"abcd"[..], Panics(calls.clone()));
    let read = |tap: &mut Tap<_, _>| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tap.read(&mut [0; 2])));
    read(&mut tap).unwrap_err();
    assert_eq!(read(&mut tap).unwrap().unwrap(), 2, "the bytes pass");
    drop(tap);
    assert_eq!(calls.get(), 1);
}

/// The ends that a tap observes, as texts.
fn observed_ends(body: &[u8], lengths: &[usize], decoder: MessageDecoder) -> Vec<String> {
    let mut ends = Vec::new();
    let observer = MessageEndObserver::with_decoder(decoder, |end| ends.push(shown(end.into_result())));
    let script = Script::slow(&chunks::of_lengths(lengths, body));
    io::copy(&mut Tap::new(script, observer), &mut io::sink()).unwrap();
    ends
}

/// The messages that a caller of the reader gets from the same body.
fn read_ends(body: &[u8], decoder: MessageDecoder) -> Vec<String> {
    let mut reader = MessageReader::with_decoder(body, decoder);
    let mut ends = Vec::new();
    loop {
        match reader.next_message() {
            Ok(Some(message)) => ends.push(shown(Ok(message))),
            Ok(None) => return ends,
            Err(error) => ends.push(shown(Err(error.into_report()))),
        }
    }
}

fn shown(result: Result<Message, Incomplete>) -> String {
    match result {
        Ok(message) => format!("{message:?}"),
        Err(incomplete) => format!("{} {:?}", incomplete.reason(), incomplete.partial()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A meter sees every message that a reader returns, in the same state.
    #[test]
    fn a_tap_ends_the_messages_that_a_reader_returns(
        bodies in proptest::collection::vec(disorder::any_body(), 1..4),
        lengths in chunks::any_lengths(),
        cut in any::<proptest::sample::Index>(),
        is_strict in any::<bool>(),
    ) {
        let body = bodies.concat();
        let validation = if is_strict { Validation::Strict } else { Validation::Lenient };
        let decoder = || MessageDecoder::new().with_accumulator(Accumulator::new().with_validation(validation));
        for body in [&body[..], &body[..cut.index(body.len() + 1)]] {
            prop_assert_eq!(observed_ends(body, &lengths, decoder()), read_ends(body, decoder()));
        }
    }
}
