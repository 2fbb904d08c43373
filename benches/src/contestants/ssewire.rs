//! The crates of this workspace.

use std::hint::black_box;

use serde::de::IgnoredAny;
use ssewire::{Decoder, EventBuilder};
use ssewire_json::{PartialJson, PartialStrings};
use ssewire_messages::{ContentBlock, Delta, Message, MessageDecoder, Step, StreamEvent};

use crate::answer::{Answer, Sink};
use crate::corpora::{Corpus, say_message};

pub(super) fn framing<S: Sink, const TEXT: bool>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    let mut decoder = Decoder::new();
    for mut input in corpus.chunks(chunk) {
        while let Some(event) = decoder.decode(&mut input).expect("within the limit") {
            let data = if TEXT { event.data_str().expect("UTF-8").as_bytes() } else { event.data() };
            sink.event(event.event_type(), data, event.last_event_id());
        }
    }
    decoder.finish().expect("a complete stream");
    sink.answer()
}

pub(super) fn decoding<S: Sink>(corpus: &Corpus, _: usize) -> Answer {
    let mut sink = S::default();
    for payload in &corpus.payloads {
        let event = StreamEvent::decode(b"content_block_delta", &corpus.stream[payload.clone()]);
        if let Some(StreamEvent::ContentBlockDelta(event)) = event.as_ref().expect("an event")
            && let Delta::Text(delta) = &event.delta
        {
            sink.event(b"", delta.text().as_bytes(), b"");
        }
    }
    sink.answer()
}

pub(super) fn accumulation<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut stream = MessageDecoder::new();
    for mut input in corpus.chunks(chunk) {
        while let Step::Update(event) = stream.decode(&mut input).as_ref().expect("not strict") {
            black_box(&event.update);
        }
    }
    let message = stream.finish().expect("a complete message");
    let mut sink = S::default();
    let reason = message.stop_reason().map_or("", |reason| reason.as_str());
    sink.event(reason.as_bytes(), message.text().as_bytes(), b"");
    sink.answer()
}

/// Payloads of one kind: the name of each, and its text.
pub(super) fn kinds<S: Sink>(corpus: &Corpus, _: usize) -> Answer {
    let mut sink = S::default();
    for payload in &corpus.payloads {
        let event = StreamEvent::decode(corpus.kind.as_bytes(), &corpus.stream[payload.clone()]);
        match event.as_ref().expect("an event").as_ref().expect("not blank") {
            StreamEvent::ContentBlockDelta(event) => {
                let text = if let Delta::Text(delta) = &event.delta { delta.text() } else { "" };
                sink.event(b"content_block_delta", text.as_bytes(), b"");
            }
            event => sink.event(name(event).as_bytes(), b"", b""),
        }
    }
    sink.answer()
}

fn name(event: &StreamEvent<'_>) -> &'static str {
    match event {
        StreamEvent::MessageStart(_) => "message_start",
        StreamEvent::ContentBlockStart(_) => "content_block_start",
        StreamEvent::ContentBlockStop(_) => "content_block_stop",
        StreamEvent::MessageDelta(_) => "message_delta",
        StreamEvent::MessageStop => "message_stop",
        StreamEvent::Ping => "ping",
        _ => "another",
    }
}

/// Complete streams. The text of every update is read, as by a program that shows it.
pub(super) fn recorded<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    for chunks in corpus.streams(chunk) {
        let mut stream = MessageDecoder::new();
        for mut input in chunks {
            while let Step::Update(event) = stream.decode(&mut input).as_ref().expect("not strict") {
                for text in event.update.text_deltas() {
                    black_box(text);
                }
                black_box(&event.update);
            }
        }
        say(&mut sink, &stream.finish().expect("a complete message"));
    }
    sink.answer()
}

pub(super) fn say<S: Sink>(sink: &mut S, message: &Message) {
    let reason = message.stop_reason().map_or("", |reason| reason.as_str());
    say_message(sink, reason, message.content().iter().map(block_text));
}

fn block_text(block: &ContentBlock) -> &str {
    match block {
        ContentBlock::Text(block) => block.text(),
        ContentBlock::Thinking(block) => block.thinking(),
        block => block.tool_input().map_or("", |input| input.raw()),
    }
}

/// Events whose payloads are skipped as JSON. It decodes nothing, so it reports the expected answer.
pub(super) fn recorded_skipping<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    for chunks in corpus.streams(chunk) {
        let mut decoder = Decoder::new();
        for mut input in chunks {
            while let Some(event) = decoder.decode(&mut input).expect("within the limit") {
                let IgnoredAny = serde_json::from_slice(event.data()).expect("JSON");
            }
        }
        decoder.finish().expect("a complete stream");
    }
    S::given(corpus.expected)
}

pub(super) fn partial_json<S: Sink>(corpus: &Corpus, piece: usize) -> Answer {
    let text = std::str::from_utf8(&corpus.stream).expect("UTF-8");
    let mut json = PartialJson::with_partial_strings(PartialStrings::Show);
    for from in (0..text.len()).step_by(piece) {
        json.push(&text[from..text.len().min(from + piece)]).expect("JSON");
        black_box(json.value());
    }
    let value = json.complete_value().expect("complete JSON");
    let mut sink = S::default();
    sink.value(|| value.to_string());
    sink.answer()
}

pub(super) fn encoding_vec<S: Sink>(corpus: &Corpus, _: usize) -> Answer {
    let mut written = Vec::with_capacity(corpus.stream.len());
    for payload in &corpus.payloads {
        let data = &corpus.stream[payload.clone()];
        EventBuilder::new()
            .event_type("content_block_delta")
            .expect("one line")
            .data(data)
            .encode_into_vec(&mut written);
    }
    let mut sink = S::default();
    sink.event(b"", &written, b"");
    sink.answer()
}

/// Encodes as a server without an allocator does; the output is collected for the check.
pub(super) fn encoding_slice<S: Sink>(corpus: &Corpus, _: usize) -> Answer {
    let mut written = Vec::with_capacity(corpus.stream.len());
    let mut memory = [0; 1024];
    for payload in &corpus.payloads {
        let data = &corpus.stream[payload.clone()];
        let event = EventBuilder::new().event_type("content_block_delta").expect("one line").data(data);
        let len = event.encode_into_slice(&mut memory).expect("it fits");
        written.extend_from_slice(&memory[..len]);
    }
    let mut sink = S::default();
    sink.event(b"", &written, b"");
    sink.answer()
}
