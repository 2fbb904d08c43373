//! Batches of updates: equal to the message decoder's, whatever the chunking.

use std::collections::HashSet;
use std::fs;

use ssewire::Decoder;
use ssewire_batch::{MessageBatch, MessageBatchDecoder, MessageKind};
use ssewire_messages::{
    Accumulator, Completion, Incomplete, Message, MessageDecoder, Step, Update, Validation, ViolationKind,
};
use ssewire_tests::chunks;

/// A record without the batch that it points into.
#[derive(Debug, Clone, PartialEq)]
struct Owned {
    kind: MessageKind,
    index: Option<u64>,
    text: String,
    id: String,
    name: String,
}

fn own(batch: MessageBatch<'_>, into: &mut Vec<Owned>) {
    into.extend(batch.records().iter().map(|record| Owned {
        kind: record.kind,
        index: record.has_index.then_some(record.index),
        text: batch.get(record.text).to_owned(),
        id: batch.get(record.id).to_owned(),
        name: batch.get(record.name).to_owned(),
    }));
}

fn records(mut decoder: MessageBatchDecoder, chunks: &[&[u8]]) -> (Vec<Owned>, Result<Message, Incomplete>) {
    let mut all = Vec::new();
    for mut chunk in chunks.iter().copied() {
        while !chunk.is_empty() && !decoder.is_ended() {
            own(decoder.push(&mut chunk), &mut all);
        }
    }
    own(decoder.push_end(), &mut all);
    (all, decoder.finish())
}

/// All samples, hostile streams and reports.
fn streams() -> Vec<(String, Vec<u8>)> {
    let mut streams = Vec::new();
    for folder in ["data/streams/samples", "data/streams/hostile", "data/reports/cases"] {
        for entry in fs::read_dir(ssewire_tests::at(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && path.extension().is_none_or(|extension| extension != "json") {
                streams.push((path.display().to_string(), fs::read(path).unwrap()));
            }
        }
    }
    assert!(streams.len() > 60, "{}", streams.len());
    // A folder has no order, but each run of a test is to be the same.
    streams.sort();
    streams
}

/// The results of the message decoder: the name of each update, and all text.
#[derive(Debug, Default, PartialEq)]
struct Native {
    kinds: Vec<MessageKind>,
    text: String,
    thinking: String,
    input: String,
    calls: Vec<[String; 3]>,
    lost: Vec<String>,
    rejected: Vec<(Option<u64>, String, String)>,
}

fn native(decoder: &mut MessageDecoder, stream: &[u8]) -> Native {
    let mut native = Native::default();
    let mut input = stream;
    loop {
        let step = match decoder.decode(&mut input) {
            Ok(Step::Update(event)) => Ok(event),
            Ok(_) => match decoder.decode_end() {
                Ok(Some(event)) => Ok(event),
                Ok(None) => return native,
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        let event = match step {
            Ok(event) => event,
            Err(violation) => {
                native.kinds.push(MessageKind::Rejected);
                let name = violation.kind.as_str().to_owned();
                native.rejected.push((violation.index, name, violation.to_string()));
                continue;
            }
        };
        native.text.extend(event.update.text_deltas());
        native.thinking.extend(event.update.thinking_deltas());
        native.kinds.push(match event.update {
            Update::MessageStart { .. } => MessageKind::MessageStart,
            Update::BlockStart { .. } => MessageKind::BlockStart,
            Update::Text { .. } | Update::Thinking { .. } => continue,
            Update::Signature { .. } => MessageKind::Signature,
            Update::Citation { .. } => MessageKind::Citation,
            Update::ToolInput { partial_json, .. } => {
                native.input += partial_json;
                MessageKind::ToolInput
            }
            Update::ToolCall(call) => {
                native.calls.push([call.id.into(), call.name.into(), call.input.as_str().into()]);
                MessageKind::ToolCall
            }
            Update::Compaction { .. } => MessageKind::Compaction,
            Update::RawBlock { .. } => MessageKind::RawBlock,
            Update::BlockStop { .. } => MessageKind::BlockStop,
            Update::MessageDelta { .. } => MessageKind::MessageDelta,
            Update::MessageStop { .. } => MessageKind::MessageStop,
            Update::Error(_) => MessageKind::Error,
            Update::Replaced => MessageKind::Replaced,
            Update::Lost(lost) => {
                native.lost.push(lost.to_string());
                MessageKind::Lost
            }
            Update::Ping => MessageKind::Ping,
            Update::Done => MessageKind::Done,
            _ => MessageKind::Unchanged,
        });
    }
}

fn as_native(records: &[Owned]) -> Native {
    let mut native = Native::default();
    for record in records {
        match record.kind {
            MessageKind::Text => native.text += &record.text,
            MessageKind::Thinking => native.thinking += &record.text,
            MessageKind::ToolInput => native.input += &record.text,
            MessageKind::ToolCall => {
                native.calls.push([record.id.clone(), record.name.clone(), record.text.clone()]);
            }
            MessageKind::Lost => native.lost.push(record.text.clone()),
            MessageKind::Rejected => {
                native.rejected.push((record.index, record.name.clone(), record.text.clone()));
            }
            _ => {}
        }
        if !matches!(record.kind, MessageKind::Text | MessageKind::Thinking) {
            native.kinds.push(record.kind);
        }
    }
    native
}

fn outcome(result: &Result<Message, Incomplete>) -> (String, String) {
    match result {
        Ok(message) => (message.to_json_lossy().as_str().to_owned(), String::new()),
        Err(incomplete) => (incomplete.partial().to_json_lossy().as_str().to_owned(), incomplete.to_string()),
    }
}

fn decoder(validation: Validation) -> MessageDecoder {
    MessageDecoder::new().with_accumulator(Accumulator::new().with_validation(validation))
}

#[test]
fn every_stream_has_the_updates_and_the_outcome_of_the_message_decoder() {
    for (name, stream) in streams() {
        for validation in [Validation::Lenient, Validation::Strict] {
            let mut expected_decoder = decoder(validation);
            let expected = native(&mut expected_decoder, &stream);
            let batches = MessageBatchDecoder::with_decoder(decoder(validation));
            let (records, result) = records(batches, &[&stream]);
            assert_eq!(as_native(&records), expected, "{name}");
            assert_eq!(outcome(&result), outcome(&expected_decoder.finish()), "{name}");
        }
    }
}

#[test]
fn the_records_do_not_depend_on_the_chunks_or_the_size_of_a_batch() {
    for (name, stream) in streams() {
        let (expected, result) = records(MessageBatchDecoder::new(), &[&stream]);
        for size in [1, 2, 3, 5, 11, 64, 1400] {
            for max_records in [1, 3, usize::MAX] {
                let decoder = MessageBatchDecoder::new().with_max_records(max_records);
                let (seen, end) = records(decoder, &chunks::of(size, &stream));
                assert_eq!(seen, expected, "{name} in chunks of {size}");
                assert_eq!(outcome(&end), outcome(&result), "{name} in chunks of {size}");
            }
        }
    }
}

/// At the end of each event of a short stream, and at each byte of an event that no stream before had: streams share
/// most of their events.
#[test]
fn the_records_are_the_same_at_any_split_of_an_event() {
    let mut events = HashSet::new();
    for (name, stream) in streams().into_iter().filter(|(_, stream)| stream.len() <= 800) {
        let (expected, _) = records(MessageBatchDecoder::new(), &[&stream]);
        let mut start = 0;
        for end in (1..=stream.len()).filter(|&at| at == stream.len() || stream[..at].ends_with(b"\n\n")) {
            let is_new = events.insert(stream[start..end].to_vec());
            for at in if is_new { start..=end } else { end..=end } {
                let split = chunks::split(&stream, at);
                assert_eq!(records(MessageBatchDecoder::new(), &split).0, expected, "{name} split at {at}");
            }
            start = end;
        }
    }
}

#[test]
fn records_have_the_names_and_ids_of_their_subjects() {
    let stream = ssewire_tests::samples::named("tool_use").stream;
    let (records, result) = records(MessageBatchDecoder::new(), &[&stream]);
    let message = result.unwrap();
    let of = |kind| records.iter().find(|record| record.kind == kind).unwrap();
    assert_eq!(of(MessageKind::MessageStart).id, message.id().unwrap());
    assert_eq!(of(MessageKind::MessageStart).name, message.model().unwrap());
    let starts: Vec<_> = records.iter().filter(|record| record.kind == MessageKind::BlockStart).collect();
    assert_eq!(starts.iter().map(|start| &*start.name).collect::<Vec<_>>(), ["text", "tool_use"]);
    let call = of(MessageKind::ToolCall);
    assert_eq!((&*starts[1].id, starts[1].index), (&*call.id, Some(1)));
    assert_eq!(of(MessageKind::MessageDelta).name, "tool_use");
    for payload in [MessageKind::MessageStart, MessageKind::BlockStart, MessageKind::MessageDelta] {
        let payload: serde_json::Value = serde_json::from_str(&of(payload).text).unwrap();
        assert!(payload["type"].is_string());
    }
}

/// After the record of the start, in the order of the content, each with its index.
#[test]
fn text_and_thinking_of_the_start_are_records() {
    let content = r#"[{"type":"thinking","thinking":"t","signature":""},{"type":"text","text":""},
        {"type":"text","text":"a"},{"type":"thinking","thinking":"","signature":""},
        {"type":"tool_use","id":"i","name":"n","input":{}}]"#;
    let event = format!(r#"{{"type":"message_start","message":{{"content":{content}}}}}"#).replace('\n', "");
    let (records, _) = records(MessageBatchDecoder::new(), &[format!("data: {event}\n\n").as_bytes()]);
    let seen: Vec<_> = records.iter().map(|record| (record.kind, record.index, &*record.text)).collect();
    assert_eq!(
        seen,
        [
            (MessageKind::MessageStart, None, &*event),
            (MessageKind::Thinking, Some(0), "t"),
            (MessageKind::Text, Some(2), "a"),
        ]
    );
}

#[test]
fn nothing_after_the_message_is_consumed() {
    let stream = ssewire_tests::samples::named("text").stream;
    let body = [&stream[..], b"data: rest\n\n"].concat();
    let mut input = &body[..];
    let mut decoder = MessageBatchDecoder::new().with_max_records(usize::MAX);
    let last = decoder.push(&mut input).records().last().unwrap().kind;
    assert_eq!((last, input), (MessageKind::MessageStop, &b"data: rest\n\n"[..]));
    assert!(decoder.is_ended());
}

#[test]
fn nothing_after_the_input_is_consumed() {
    const STOP: &[u8] = b"data: {\"type\":\"message_stop\"}\n\n";
    let mut body = &b"data: {\"type\":\"message_start\",\"message\":{\"content\":[]}}\n\n"[..];
    let mut decoder = MessageBatchDecoder::new();
    assert_eq!(decoder.push(&mut body).records().len(), 1);
    assert!(!decoder.is_ended());
    for _ in 0..2 {
        assert!(decoder.push_end().records().is_empty());
        assert!(decoder.is_ended());
        let mut rest = STOP;
        assert!(decoder.push(&mut rest).records().is_empty());
        assert_eq!(rest, STOP);
        assert_eq!(decoder.decoder().completion(), Completion::Truncated);
    }
    assert!(decoder.finish().is_err());
}

#[test]
fn an_event_that_is_rejected_at_the_end_is_a_record() {
    // The blank line is missing, and a strict decoder rejects the stop of a block that has not started.
    let start = b"data: {\"type\":\"message_start\",\"message\":{\"content\":[]}}\n\n";
    let stop = b"data: {\"type\":\"content_block_stop\",\"index\":5}";
    let mut decoder = MessageBatchDecoder::with_decoder(decoder(Validation::Strict));
    let mut all = Vec::new();
    own(decoder.push(&mut &[&start[..], stop].concat()[..]), &mut all);
    assert_eq!((all.len(), decoder.has_input_ended()), (1, false));
    own(decoder.push_end(), &mut all);
    assert_eq!((all.len(), decoder.has_input_ended()), (2, true));
    assert_eq!(
        (all[1].kind, all[1].index, &*all[1].name),
        (MessageKind::Rejected, Some(5), ViolationKind::StopWithoutStart.as_str())
    );
}

#[test]
fn a_lost_event_is_a_record() {
    let mut body = &b"data: {\"type\":\"message_start\",\"message\":{}}\n\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{}}\n\n"[..];
    let limited = MessageDecoder::new().with_decoder(Decoder::new().with_max_event_bytes(50));
    let mut decoder = MessageBatchDecoder::with_decoder(limited);
    let mut all = Vec::new();
    own(decoder.push(&mut body), &mut all);
    assert_eq!(all[1].kind, MessageKind::Lost);
    assert_eq!(all[1].text, "event or line exceeds the limit of 50 bytes");
}

/// The records and the outcome of each message of a body.
fn messages(mut decoder: MessageBatchDecoder, chunks: &[&[u8]]) -> Vec<(Vec<Owned>, (String, String))> {
    let (mut all, mut records) = (Vec::new(), Vec::new());
    for mut chunk in chunks.iter().copied() {
        loop {
            own(decoder.push(&mut chunk), &mut records);
            if decoder.is_ended() {
                all.push((std::mem::take(&mut records), outcome(&decoder.next_message())));
            } else if chunk.is_empty() {
                break;
            }
        }
    }
    loop {
        own(decoder.push_end(), &mut records);
        if !decoder.decoder().has_started() {
            return all;
        }
        all.push((std::mem::take(&mut records), outcome(&decoder.next_message())));
    }
}

#[test]
fn the_messages_of_a_body_follow_each_other() {
    let start = |id: &str| {
        format!("data: {{\"type\":\"message_start\",\"message\":{{\"id\":\"{id}\",\"content\":[]}}}}\n\n").into_bytes()
    };
    let text = ssewire_tests::samples::named("text").stream;
    let whole = messages(MessageBatchDecoder::new(), &[&text]);
    assert_eq!((whole.len(), whole[0].1.1.is_empty()), (1, true));
    // The last blank line is missing.
    let body = [&start("a")[..], &text, b"data: [DONE]\n\n", &start("c"), start("d").trim_ascii_end()].concat();
    let expected = messages(MessageBatchDecoder::new(), &[&body]);
    let kinds = |message: usize| expected[message].0.iter().map(|record| record.kind).collect::<Vec<_>>();
    assert_eq!(expected.len(), 4);
    let (first, last) = ([MessageKind::MessageStart, MessageKind::Replaced], [MessageKind::MessageStart]);
    assert_eq!((kinds(0), kinds(2), kinds(3)), (first.to_vec(), first.to_vec(), last.to_vec()));
    let ids = [&expected[0], &expected[2], &expected[3]].map(|(records, _)| &*records[0].id);
    assert_eq!(ids, ["a", "c", "d"]);
    // The one that replaced another has no payload.
    assert_eq!((&expected[1].0[1..], &expected[1].1), (&whole[0].0[1..], &whole[0].1));
    assert_eq!((&*expected[1].0[0].id, &*expected[1].0[0].text), (&*whole[0].0[0].id, ""));
    for size in [1, 7, 64] {
        for max_records in [1, usize::MAX] {
            let decoder = MessageBatchDecoder::new().with_max_records(max_records);
            assert_eq!(messages(decoder, &chunks::of(size, &body)), expected, "in chunks of {size}");
        }
    }
}
