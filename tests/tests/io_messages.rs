//! The Messages view of a transport, whichever it is: typed events, updates, what stands by the stream, and its errors.

use std::error::Error;
use std::io;

use futures::StreamExt as _;
use futures::executor::block_on;
use ssewire_io::{BytesEventStream, EventStream, FinalMessageError, MessageError, MessageReader, Messages};
use ssewire_messages::{Accumulator, MessageDecoder, StreamError, StreamEvent, Validation};
use ssewire_tests::samples;
use ssewire_tests::transport::Script;

/// The types that `event:` lines of a stream name, in their order.
fn event_types(stream: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stream);
    text.lines().filter_map(|line| line.strip_prefix("event: ")).map(str::to_owned).collect()
}

fn kind(event: Result<StreamEvent<'static>, MessageError<io::Error>>) -> String {
    event.unwrap().kind().to_owned()
}

#[test]
fn a_reader_and_a_stream_give_the_same_events() {
    let sample = samples::named("tool_use");
    let expected = event_types(&sample.stream);
    assert!(expected.len() > 5);
    let read: Vec<String> = MessageReader::new(&sample.stream[..]).map(kind).collect();
    assert_eq!(read, expected);
    let streamed: Vec<String> = block_on(Messages::new(Script::of(&[&sample.stream])).map(kind).collect());
    assert_eq!(streamed, expected);
}

#[test]
fn the_snapshot_stands_by_the_stream() {
    let sample = samples::named("text");
    let mut reader = MessageReader::new(&sample.stream[..]);
    while reader.next_item().unwrap().is_some() {}
    let mut messages = Messages::new(Script::<io::Error>::of(&[&sample.stream]));
    while block_on(messages.next_item()).unwrap().is_some() {}
    for (stream, snapshot) in [(reader.stream(), reader.snapshot()), (messages.stream(), messages.snapshot())] {
        assert_eq!(serde_json::to_value(snapshot).unwrap(), sample.message());
        assert_eq!(stream.snapshot(), snapshot);
    }
}

#[test]
fn the_transport_can_be_looked_at() {
    let script = || Script::<io::Error>::of(&[b"data: one\n\n"]);
    let (events, shared) = (EventStream::new(script()), BytesEventStream::new(script()));
    let given = [events.get_ref().given(), shared.get_ref().given()];
    assert_eq!(block_on(events.count()) + block_on(shared.count()), 2);
    assert_eq!(given.map(|given| given.bytes()), [11, 11]);
}

/// The error's own words, and its cause.
fn told(error: &dyn Error) -> (String, Option<String>) {
    (error.to_string(), error.source().map(ToString::to_string))
}

fn reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "reset")
}

/// The first error of a stream of items.
fn first_error(script: Script, stream: MessageDecoder) -> MessageError<io::Error> {
    let mut messages = Messages::with_stream(script, stream);
    loop {
        if let Err(error) = block_on(messages.next_item()) {
            return error;
        }
    }
}

#[test]
fn errors_say_what_failed_and_why() {
    let error = first_error(Script::of(&[]).failing(reset()), MessageDecoder::new());
    assert_eq!(told(&error), ("the connection failed: reset".into(), Some("reset".into())));

    let strict = MessageDecoder::new().with_accumulator(Accumulator::new().with_validation(Validation::Strict));
    let stop = b"data: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
    let error = first_error(Script::of(&[stop]), strict);
    let MessageError::Event(StreamError::Accumulate(cause)) = error else { panic!("{error:?}") };
    let words = StreamError::Accumulate(cause).to_string();
    assert_eq!(told(&MessageError::<io::Error>::Event(cause.into())), (words.clone(), Some(words)));

    let sample = samples::named("text");
    let error = first_error(Script::of(&[&sample.stream[..sample.stream.len() / 2]]), MessageDecoder::new());
    assert_eq!(told(&error), ("the stream was cut before the message was complete".into(), None));
}

/// Both ways to the final message tell the same of its failure.
#[test]
fn no_final_message_says_what_came_between() {
    let sample = samples::named("text");
    let half = &sample.stream[..sample.stream.len() / 2];
    let cut = "the stream was cut before the message was complete";
    let check = |error: FinalMessageError<io::Error>, words: &str, cause: Option<&str>| {
        assert_eq!(told(&error), (words.to_owned(), cause.map(str::to_owned)));
        assert_eq!(error.transport().map(io::Error::kind), cause.map(|_| io::ErrorKind::ConnectionReset));
        assert!(sample.text().starts_with(&error.into_incomplete().message().final_text()));
    };
    let failing = || Script::of(&[half]).failing(reset());
    let and_why = format!("{cut}: reset");
    check(MessageReader::new(failing()).final_message().unwrap_err(), &and_why, Some("reset"));
    check(block_on(Messages::new(failing()).final_message()).unwrap_err(), &and_why, Some("reset"));
    check(MessageReader::new(half).final_message().unwrap_err(), cut, None);
    check(block_on(Messages::new(Script::of(&[half])).final_message()).unwrap_err(), cut, None);
}
