//! Every sample stream decodes to its expected message, in every chunking and through every interface.

use serde_json::Value;
use ssewire::Decoder;
use ssewire_messages::{Accumulator, Completion, Incomplete, Message, MessageDecoder, Step, StreamEvent};
use ssewire_tests::json::by_value;
use ssewire_tests::samples::{self, Sample};

fn drive(stream: &[u8], chunk: usize) -> (Result<Message, Incomplete>, String) {
    let mut driver = MessageDecoder::new();
    let mut text = String::new();
    for mut input in stream.chunks(chunk) {
        while let Step::Update(event) = driver.decode(&mut input).unwrap() {
            text.extend(event.update.text_deltas());
        }
    }
    assert!(driver.violations().is_empty(), "{:?}", driver.violations());
    (driver.finish(), text)
}

fn check(sample: &Sample, result: Result<Message, Incomplete>) {
    let name = &sample.name;
    if !sample.is_error {
        let message = result.unwrap_or_else(|incomplete| panic!("{name}: {incomplete}"));
        let sent = serde_json::to_value(&message).unwrap();
        assert_eq!(by_value(&sent), by_value(&sample.message()), "{name}");
        let read: Message = serde_json::from_value(sent.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), sent, "{name}: does not round-trip through serde");
        return;
    }
    let incomplete = result.unwrap_err();
    assert_eq!(incomplete.reason(), Completion::ServerError, "{name}");
    assert_eq!(*incomplete.server_error().unwrap().body(), sample.expected["error"], "{name}");
    match &sample.expected["partial"] {
        Value::Null => assert!(!incomplete.has_started() && incomplete.partial().content().is_empty(), "{name}"),
        _ => assert_eq!(serde_json::to_value(incomplete.partial()).unwrap(), sample.message(), "{name}"),
    }
}

#[test]
fn message_decoder_returns_the_message_of_every_sample_at_every_chunk_size() {
    let samples = samples::all();
    assert_eq!(samples.len(), SAMPLES);
    for sample in &samples {
        for chunk in (1..=64).chain([usize::MAX]) {
            let (result, text) = drive(&sample.stream, chunk);
            match &result {
                Ok(message) if sample.name != "interleaved" => {
                    assert_eq!(text, message.text(), "{}", sample.name);
                }
                _ => {}
            }
            check(sample, result);
        }
    }
}

/// At any byte, also within a line.
#[test]
fn clone_of_a_decoder_continues_as_the_decoder() {
    for sample in samples::all() {
        for (mut first, rest) in (0..sample.stream.len()).step_by(97).map(|at| sample.stream.split_at(at)) {
            let mut decoder = MessageDecoder::new();
            while let Step::Update(_) = decoder.decode(&mut first).unwrap() {}
            for mut decoder in [decoder.clone(), decoder] {
                let mut input = rest;
                while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
                check(&sample, decoder.finish());
            }
        }
    }
}

/// The number of samples in the reference.
const SAMPLES: usize = 24;

#[test]
fn accumulator_returns_the_message_of_every_sample() {
    for sample in samples::all() {
        let mut decoder = Decoder::new();
        let (mut by_events, mut by_json) = (Accumulator::new(), Accumulator::new());
        let mut input = sample.stream.as_slice();
        while let Some(event) = decoder.decode(&mut input).unwrap() {
            if let Some(decoded) = StreamEvent::decode(event.event_type(), event.data()).unwrap() {
                by_events.accumulate(decoded).unwrap();
            }
            if let Some(decoded) = StreamEvent::from_json(event.data()).unwrap() {
                by_json.accumulate(decoded.into_owned()).unwrap();
            }
        }
        decoder.finish().unwrap();
        check(&sample, by_events.into_message());
        check(&sample, by_json.into_message());
    }
}

/// At every byte: no panic, no success before the stop reason, and the text is a prefix of the complete text.
#[test]
fn truncated_sample_is_never_complete() {
    for sample in samples::all().iter().filter(|sample| !sample.is_error) {
        let (whole, whole_text) = drive(&sample.stream, usize::MAX);
        let whole = whole.unwrap();
        for cut in 0..sample.stream.len() {
            let (result, text) = drive(&sample.stream[..cut], usize::MAX);
            assert!(whole_text.starts_with(&text));
            match result {
                Ok(message) => assert_eq!(message.stop_reason(), whole.stop_reason(), "{} cut at {cut}", sample.name),
                Err(incomplete) => assert!(
                    matches!(incomplete.reason(), Completion::Truncated | Completion::NonStreamBody),
                    "{} cut at {cut}: {incomplete}",
                    sample.name
                ),
            }
        }
    }
}

/// Each event has the type that its payload names.
#[test]
fn to_event_stream_of_every_sample_decodes_to_the_same_message() {
    for sample in samples::all().iter().filter(|sample| !sample.is_error) {
        let message = drive(&sample.stream, usize::MAX).0.unwrap();
        for characters in [1, 16, usize::MAX] {
            let stream = message.to_event_stream(characters).unwrap();
            assert_eq!(drive(&stream, usize::MAX).0.unwrap(), message, "{}", sample.name);
            let (mut decoder, mut input, mut events) = (Decoder::new(), &stream[..], 0);
            while let Some(event) = decoder.decode(&mut input).unwrap() {
                let payload: Value = serde_json::from_slice(event.data()).unwrap();
                assert_eq!(payload["type"], event.event_type_str().unwrap());
                events += 1;
            }
            assert_eq!(events, message.to_events_in_pieces(characters).unwrap().len());
        }
    }
}

#[test]
fn to_events_of_every_sample_decodes_to_the_same_message() {
    for sample in samples::all().iter().filter(|sample| !sample.is_error) {
        let message = drive(&sample.stream, usize::MAX).0.unwrap();
        let mut accumulator = Accumulator::new();
        for event in message.to_events().unwrap() {
            accumulator.accumulate_json(event.as_str().as_bytes()).unwrap();
        }
        assert!(accumulator.violations().is_empty());
        let again = accumulator.into_message().unwrap();
        assert_eq!(again, message, "{}", sample.name);
        assert_eq!(message.to_json().unwrap().as_str().parse::<Message>().unwrap(), message, "{}", sample.name);
        assert_eq!(serde_json::to_value(again).unwrap(), serde_json::to_value(&message).unwrap(), "{}", sample.name);
    }
}
