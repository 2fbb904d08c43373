//! The crates of this workspace.

use std::hint::black_box;

use ssewire::{Decoder, EventBuilder};
use ssewire_json::{PartialJson, PartialStrings};
use ssewire_messages::{Delta, MessageDecoder, Step, StreamEvent};

use crate::answer::{Answer, Sink};
use crate::corpora::Corpus;

pub(super) fn framing<S: Sink, const TEXT: bool>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    let mut decoder = Decoder::new();
    for mut input in corpus.stream.chunks(chunk) {
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
        let event = StreamEvent::decode(b"content_block_delta", &corpus.stream[payload.clone()]).expect("an event");
        if let Some(StreamEvent::ContentBlockDelta(event)) = event
            && let Delta::Text(delta) = event.delta
        {
            sink.event(b"", delta.text().as_bytes(), b"");
        }
    }
    sink.answer()
}

pub(super) fn accumulation<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut stream = MessageDecoder::new();
    for mut input in corpus.stream.chunks(chunk) {
        while let Step::Update(event) = stream.decode(&mut input).expect("not strict") {
            black_box(event.update);
        }
    }
    let message = stream.finish().expect("a complete message");
    let mut sink = S::default();
    let reason = message.stop_reason().map_or("", |reason| reason.as_str());
    sink.event(reason.as_bytes(), message.final_text().as_bytes(), b"");
    sink.answer()
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
