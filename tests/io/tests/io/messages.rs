//! Messages streams over each transport: typed events, updates, the final message, and errors.

use std::borrow::Cow;
use std::error::Error;
use std::io;

use futures::StreamExt as _;
use futures::executor::block_on;
use ssewire_io::{EventStream, IncompleteMessage, MessageReader, MessageStream, SharedEventStream};
use ssewire_messages::{Accumulator, MessageDecoder, UpdateEvent, Validation};
use ssewire_tests::samples;
use ssewire_tests::transport::Script;

/// The event types of a stream, in order.
fn event_types(stream: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stream);
    text.lines().filter_map(|line| line.strip_prefix("event: ")).map(str::to_owned).collect()
}

#[test]
fn a_reader_and_a_stream_give_the_same_updates() {
    let sample = samples::named("tool_use");
    let expected = event_types(&sample.stream);
    assert!(expected.len() > 5);
    let (mut read, mut streamed) = (Vec::new(), Vec::new());
    let name = |event: &UpdateEvent<'_>| String::from_utf8(event.event_type.to_vec()).unwrap();
    let mut reader = MessageReader::new(&sample.stream[..]);
    while let Some(event) = reader.next_event().unwrap() {
        read.push(name(&event));
    }
    let mut messages = MessageStream::new(Script::<io::Error>::of(&[&sample.stream]));
    while let Some(event) = block_on(messages.next_event()).unwrap() {
        streamed.push(name(&event));
    }
    for names in [&mut read, &mut streamed] {
        // Further updates of an event have no name.
        names.retain(|name| !name.is_empty());
        assert_eq!(*names, expected);
    }
}

#[test]
fn the_text_is_the_same_in_every_view() {
    let sample = samples::named("text");
    let read: String = MessageReader::new(&sample.stream[..]).text_deltas().map(Result::unwrap).collect();
    let script = || Script::<io::Error>::of(&[&sample.stream]);
    let mapped =
        MessageStream::new(script()).flat_map_updates(|event| Some(event.update.text_deltas().collect::<String>()));
    let streamed: Vec<_> = block_on(mapped.collect());
    let mut messages = MessageStream::new(script());
    let borrowed: Vec<_> = block_on(messages.text_deltas().collect());
    for texts in [streamed, borrowed] {
        assert_eq!(texts.into_iter().map(Result::unwrap).collect::<String>(), read);
    }
    assert_eq!(read, sample.text());
}

/// Gateways leave the connection open for minutes.
#[test]
fn a_stream_ends_where_the_message_does() {
    let sample = samples::named("text");
    let body = [&sample.stream[..], b"data: {\"type\":\"ping\"}\n\n"].concat();
    let open = futures::stream::iter([Ok::<_, io::Error>(body)]).chain(futures::stream::pending());
    let message = block_on(MessageStream::new(open).finish()).unwrap();
    assert_eq!(message.text(), sample.text());
}

#[test]
fn the_snapshot_is_the_message_of_the_stream() {
    let sample = samples::named("text");
    let mut reader = MessageReader::new(&sample.stream[..]);
    while reader.next_event().unwrap().is_some() {}
    let mut messages = MessageStream::new(Script::<io::Error>::of(&[&sample.stream]));
    while block_on(messages.next_event()).unwrap().is_some() {}
    for (decoder, snapshot) in [(reader.decoder(), reader.snapshot()), (messages.decoder(), messages.snapshot())] {
        assert_eq!(serde_json::to_value(&*snapshot).unwrap(), sample.message());
        assert_eq!(decoder.snapshot(), snapshot);
    }
}

#[test]
fn the_transport_can_be_looked_at() {
    let script = || Script::<io::Error>::of(&[b"data: one\n\n"]);
    let (events, shared) = (EventStream::new(script()), SharedEventStream::new(script()));
    let given = [events.get_ref().given(), shared.get_ref().given()];
    assert_eq!(block_on(events.count()) + block_on(shared.count()), 2);
    assert_eq!(given.map(|given| given.bytes()), [11, 11]);
}

/// The error's own words, and its cause.
fn returned(error: &dyn Error) -> (String, Option<String>) {
    (error.to_string(), error.source().map(ToString::to_string))
}

fn reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "reset")
}

/// The first error of a stream of items.
fn first_error(script: Script, stream: MessageDecoder) -> IncompleteMessage<io::Error> {
    let mut messages = MessageStream::with_decoder(script, stream);
    loop {
        if let Err(error) = block_on(messages.next_event()) {
            return error;
        }
    }
}

#[test]
fn errors_say_what_failed_and_why() {
    let error = first_error(Script::of(&[]).failing(reset()), MessageDecoder::new());
    assert_eq!(returned(&error), ("body is empty: it ended before the stream began: reset".into(), None));

    let strict = MessageDecoder::new().with_accumulator(Accumulator::new().with_validation(Validation::Strict));
    let stop = b"data: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
    let error = first_error(Script::of(&[stop]), strict);
    assert!(error.rejected().is_some());
    let words = returned(&error).0;
    assert!(words.ends_with(": protocol violation: event before message_start (index 0)"), "{words}");
    assert_eq!(returned(&error).1, None);

    let sample = samples::named("text");
    let error = first_error(Script::of(&[&sample.stream[..sample.stream.len() / 2]]), MessageDecoder::new());
    assert_eq!(returned(&error), ("stream is truncated before the message was complete".into(), None));
}

/// Both ways to the final message return the same error.
#[test]
fn no_final_message_mentions_the_events_between() {
    let sample = samples::named("text");
    let half = &sample.stream[..sample.stream.len() / 2];
    let cut = "stream is truncated before the message was complete";
    let check = |error: IncompleteMessage<io::Error>, words: &str, cause: Option<&str>| {
        // Each error prints its own cause once.
        assert_eq!(returned(&error), (words.to_owned(), None));
        assert_eq!(error.transport().map(io::Error::kind), cause.map(|_| io::ErrorKind::ConnectionReset));
        assert!(sample.text().starts_with(&error.into_report().partial().text()));
    };
    let failing = || Script::of(&[half]).failing(reset());
    let and_why = format!("{cut}: reset");
    check(MessageReader::new(failing()).finish().unwrap_err(), &and_why, Some("reset"));
    check(block_on(MessageStream::new(failing()).finish()).unwrap_err(), &and_why, Some("reset"));
    check(MessageReader::new(half).finish().unwrap_err(), cut, None);
    check(block_on(MessageStream::new(Script::of(&[half])).finish()).unwrap_err(), cut, None);
}

/// Regression: the message so far was copied.
#[test]
fn an_option_that_is_set_within_a_message_copies_nothing_of_it() {
    fn address(reader: &MessageReader<&[u8]>) -> *const u8 {
        let Cow::Borrowed(message) = reader.snapshot() else { panic!("a copy") };
        message.content()[0].as_text().unwrap().text().as_ptr()
    }
    let start = br#"{"type":"message_start","message":{"content":[{"type":"text","text":"Hi"}]}}"#;
    let body = [b"data: ", &start[..], b"\n\n"].concat();
    let mut reader = MessageReader::new(&body[..]);
    assert!(reader.next_update().unwrap().is_some());
    let before = address(&reader);
    assert_eq!(address(&reader.with_max_bytes(1000)), before);
}
