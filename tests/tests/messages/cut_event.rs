//! Deltas that a chunk boundary cuts.
//!
//! The expectation is the result of the same body in one chunk.

use ssewire::Decoder;
use ssewire_messages::{Accumulator, MessageDecoder, PartialStrings, Step};

const START: &str = "\
    event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"content\":[]}}\n\n\
    event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";

/// A delta in canonical form: only after one is a cut event kept.
const DELTA: &str = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"one\"}}\n\n";

/// The framing of a delta in canonical form, and the payload up to its text.
const FRAMING: &str = "event: content_block_delta\ndata: ";
const UP_TO_TEXT: &str = "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"";

const END: &str = "\
    event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
    event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

/// Events that are cut. Most begin as a delta in canonical form, and go on in another way.
fn events() -> Vec<Vec<u8>> {
    let delta = |payload: &str| format!("{FRAMING}{payload}\n\n").into_bytes();
    let text = |text: &str| delta(&format!("{UP_TO_TEXT}{text}\"}}}}"));
    vec![
        text("two"),
        text(""),
        text(r#"\"two\" \\ and \n"#),
        text(r"\u00e9 \ud83d\ude00"),
        text("é and 😀"),
        text(&"a longer text than a cut event can have ".repeat(9)),
        delta(&format!("{UP_TO_TEXT}two\"}}         }}")),
        // Another block, another kind, another member, no JSON, no text.
        delta(&UP_TO_TEXT.replace(":0,", ":1,")),
        delta(&(UP_TO_TEXT.replace(":0,", ":1,") + "two\"}}")),
        delta(r#"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"x"}}}"#),
        delta(&format!("{UP_TO_TEXT}two\",\"other\":1}}}}")),
        delta(&format!("{UP_TO_TEXT}two\x01\"}}}}")),
        delta(r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":7}}"#),
        [FRAMING.as_bytes(), UP_TO_TEXT.as_bytes(), b"\xFF\xC3\"}}\n\n"].concat(),
        // The rest looks like an event of its own.
        format!("{FRAMING}{DELTA}").into_bytes(),
        format!("event: {DELTA}").into_bytes(),
        // Other lines.
        format!("{FRAMING}{UP_TO_TEXT}two\"}}}}\ndata: \n\n").into_bytes(),
        format!("{FRAMING}{UP_TO_TEXT}two\"}}}}\nid: 7\n\n").into_bytes(),
        format!("{FRAMING}{UP_TO_TEXT}two\"}}}}\r\rdata: x\n\n").into_bytes(),
        format!("{FRAMING}{UP_TO_TEXT}two\"}}}}\r\n\r\n").into_bytes(),
        b"event: content_block_delta\ndata: [DONE]\n\n".to_vec(),
        b"event: content_block_delta\n\n".to_vec(),
        b"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n".to_vec(),
        b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}\n\n"
            .to_vec(),
        b": comment\n\n".to_vec(),
    ]
}

/// The decoder and its updates, in words.
struct Read {
    decoder: MessageDecoder,
    updates: Vec<String>,
}

impl Read {
    fn new(decoder: MessageDecoder) -> Self {
        Self { decoder, updates: Vec::new() }
    }

    /// Reads by `poll` and `resolve`, or by `decode`.
    fn chunk(&mut self, mut input: &[u8], polls: bool) {
        loop {
            let before = input;
            let step = if polls {
                match self.decoder.poll(&mut input) {
                    Ok(Step::Update(span)) => Ok(Step::Update(self.decoder.resolve(before, span))),
                    Ok(Step::NeedInput) => Ok(Step::NeedInput),
                    Ok(Step::Ended) => Ok(Step::Ended),
                    Err(violation) => Err(violation),
                }
            } else {
                self.decoder.decode(&mut input)
            };
            match step {
                Ok(Step::Update(event)) => self.updates.push(format!(
                    "{:?} {} {}",
                    event.update,
                    event.event_type.escape_ascii(),
                    event.payload.escape_ascii()
                )),
                Ok(_) => return,
                Err(violation) => self.updates.push(violation.to_string()),
            }
        }
    }

    /// All that can be seen of the decoder after the end of the input.
    fn end(mut self) -> String {
        let events = self.decoder.event_count();
        while let Ok(Some(event)) = self.decoder.decode_end() {
            self.updates.push(format!("{:?} {}", event.update, event.payload.escape_ascii()));
        }
        let completion = self.decoder.completion();
        let violations = format!("{:?}", self.decoder.violations());
        let result = match self.decoder.finish() {
            Ok(message) => message.to_json_lossy().to_string(),
            Err(incomplete) => format!("{incomplete} {}", incomplete.partial().to_json_lossy()),
        };
        format!("{:#?}\n{events} {completion:?} {violations} {result}", self.updates)
    }
}

fn decoders() -> [MessageDecoder; 3] {
    let new = MessageDecoder::new;
    [
        new(),
        new().with_accumulator(Accumulator::new().with_discarded_text()),
        new().with_accumulator(Accumulator::new().with_partial_input(PartialStrings::Show)),
    ]
}

fn read(decoder: &MessageDecoder, chunks: &[&[u8]], polls: bool) -> String {
    let mut read = Read::new(decoder.clone());
    for chunk in chunks {
        read.chunk(chunk, polls);
    }
    read.end()
}

#[test]
fn the_place_of_a_cut_makes_no_difference() {
    for event in events() {
        let before = [START, DELTA, DELTA].concat().into_bytes();
        let body = [&before[..], &event, DELTA.as_bytes(), END.as_bytes()].concat();
        for decoder in decoders() {
            let whole = read(&decoder, &[&body], false);
            for at in 0..=event.len() {
                let (first, second) = body.split_at(before.len() + at);
                for polls in [false, true] {
                    assert_eq!(read(&decoder, &[first, second], polls), whole, "{} at {at}", event.escape_ascii());
                }
                for middle in [0, 1, 20] {
                    let (middle, third) = second.split_at(middle.min(second.len()));
                    let chunks = [first, middle, third];
                    assert_eq!(read(&decoder, &chunks, false), whole, "{} at {at}", event.escape_ascii());
                }
            }
        }
    }
}

#[test]
fn the_length_of_the_chunks_makes_no_difference() {
    let mut body = [START, DELTA].concat().into_bytes();
    for event in events() {
        body.extend([DELTA.as_bytes(), &event].concat());
    }
    body.extend(END.as_bytes());
    for decoder in decoders() {
        let whole = read(&decoder, &[&body], false);
        for length in 1..300 {
            let chunks: Vec<_> = body.chunks(length).collect();
            assert_eq!(read(&decoder, &chunks, length % 2 == 0), whole, "{length}");
        }
    }
}

#[test]
fn the_input_may_end_within_a_cut_event() {
    // Below a limit of 256 bytes no event is kept.
    let limit = 255;
    let before = [START, DELTA].concat().into_bytes();
    for event in events().into_iter().filter(|event| event.len() <= limit) {
        for at in 0..=event.len() {
            let start = &event[..at];
            let body = [&before[..], start].concat();
            let bytes: Vec<_> = body.chunks(1).collect();
            let halves = start.split_at(at / 2);
            for decoder in decoders() {
                let unkept = decoder.clone().with_decoder(Decoder::new().with_max_event_bytes(limit));
                let expected = read(&unkept, &[&body], false);
                for chunks in [&[&body[..]][..], &bytes, &[&before, start], &[&before, halves.0, halves.1]] {
                    assert_eq!(read(&decoder, chunks, false), expected, "{} at {at}", event.escape_ascii());
                }
            }
        }
    }
}

#[test]
fn a_cut_event_counts_towards_the_limit_of_events() {
    let before = [START, DELTA].concat().into_bytes();
    for event in events() {
        let body = [&before[..], &event, DELTA.as_bytes(), END.as_bytes()].concat();
        for limit in [DELTA.len(), event.len() - 4, event.len() / 2, 140, 300] {
            let decoder = MessageDecoder::new().with_decoder(Decoder::new().with_max_event_bytes(limit));
            let bytes: Vec<_> = body.chunks(1).collect();
            let expected = read(&decoder, &bytes, false);
            for at in 0..=event.len() {
                let (first, second) = body.split_at(before.len() + at);
                let (middle, third) = second.split_at(second.len() / 2);
                for chunks in [&[first, second][..], &[first, middle, third]] {
                    assert_eq!(read(&decoder, chunks, false), expected, "{} at {at}", event.escape_ascii());
                }
            }
        }
    }
}

#[test]
fn the_next_message_begins_with_a_cut_event() {
    let delta = DELTA.as_bytes();
    let further = [START, DELTA, END].concat();
    for at in 1..delta.len() {
        let (first, second) = delta.split_at(at);
        let mut read = Read::new(MessageDecoder::new());
        read.chunk(&[START.as_bytes(), delta, first].concat(), false);
        let incomplete = read.decoder.next_message().expect_err("no message_stop");
        assert_eq!(incomplete.partial().text(), "one", "at {at}");
        read.chunk(&[second, further.as_bytes()].concat(), false);
        assert_eq!(read.decoder.finish().expect("complete").text(), "one", "at {at}");
    }
}

#[test]
fn next_message_keeps_a_cut_event() {
    let framing = FRAMING.as_bytes();
    for at in 1..=framing.len() {
        let mut read = Read::new(MessageDecoder::new());
        read.chunk(&[START.as_bytes(), DELTA.as_bytes(), &framing[..at]].concat(), false);
        read.decoder.next_message().expect_err("no message_stop");
        let seen = read.updates.len();
        // An undecodable event may have been the `message_start`, so it is returned, with its event type.
        read.chunk(&[&framing[at..], b"{\n\n", START.as_bytes(), END.as_bytes()].concat(), false);
        assert!(read.updates[seen].contains("content_block_delta {"), "at {at}: {:#?}", &read.updates[seen..]);
    }
}

/// `with_decoder` discards the pending event, but not the one that its argument has begun.
#[test]
fn a_decoder_within_a_line_goes_on() {
    let delta = DELTA.as_bytes();
    for at in 1..delta.len() {
        let mut read = Read::new(MessageDecoder::new());
        read.chunk(&[START, DELTA].concat().into_bytes(), false);
        let mut within = Decoder::new().with_unknown_fields();
        assert_eq!(within.decode(&mut &b"id: 1\nother"[..]), Ok(None));
        read.decoder = read.decoder.with_decoder(within);
        // The first line is `otherevent: content_block_delta`.
        read.chunk(&delta[..at], false);
        read.chunk(&[&delta[at..], delta].concat(), false);
        assert_eq!(read.decoder.snapshot().text(), "oneoneone", "at {at}");
        let types: Vec<_> = read.updates.iter().filter(|update| update.contains(" message {")).collect();
        assert_eq!(types.len(), 1, "at {at}: {:#?}", read.updates);
    }
}

#[test]
fn with_decoder_discards_a_cut_event() {
    let delta = DELTA.as_bytes();
    for at in 1..delta.len() {
        let mut read = Read::new(MessageDecoder::new());
        read.chunk(&[START.as_bytes(), delta, &delta[..at]].concat(), false);
        read.decoder = read.decoder.with_decoder(Decoder::new());
        // Only the start of a stream has a byte order mark.
        read.chunk(&[b"\xEF\xBB\xBF", delta, &delta[..at]].concat(), false);
        read.chunk(&[&delta[at..], END.as_bytes()].concat(), false);
        assert_eq!(read.decoder.finish().expect("complete").text(), "oneoneone", "at {at}");
    }
}

#[test]
fn queued_updates_come_before_a_joined_delta() {
    let mut accumulator = Accumulator::new();
    for payload in [
        r#"{"type":"message_start","message":{"content":[]}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        // Only now the call is complete: `max_tokens` has not truncated it.
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
    ] {
        accumulator.accumulate_json(payload.as_bytes()).expect("not strict");
    }
    let delta = DELTA.replace(":0,", ":1,").into_bytes();
    let mut read = Read::new(MessageDecoder::new());
    read.chunk(&[START.as_bytes(), DELTA.as_bytes(), &delta[..100]].concat(), false);
    read.decoder = read.decoder.with_accumulator(accumulator);
    let seen = read.updates.len();
    read.chunk(&delta[100..], false);
    let updates = &read.updates[seen..];
    assert!(updates[0].starts_with("ToolCall") && updates[1].starts_with("Text"), "{updates:#?}");
}

#[test]
fn a_cut_event_is_counted_in_the_bytes_that_the_decoder_holds() {
    let cut = &DELTA.as_bytes()[..100];
    let accumulator = Accumulator::new().with_discarded_text();
    let mut read = Read::new(MessageDecoder::new().with_accumulator(accumulator));
    read.chunk(&[START, DELTA].concat().into_bytes(), false);
    let before = read.decoder.byte_count();
    read.chunk(&[DELTA.as_bytes(), cut].concat(), false);
    for _ in 0..3 {
        assert_eq!(read.decoder.byte_count(), before + 256);
        read.chunk(&[&DELTA.as_bytes()[cut.len()..], &DELTA.repeat(100).into_bytes(), cut].concat(), false);
    }
}
