//! eventsource-stream: the event stream parser of most Rust SDKs.

use eventsource_stream::EventStream;

use super::payload_shapes::{Blocks, Tagged, TaggedMessage};
use crate::answer::{Answer, Sink};
use crate::chunks::{Slices, drain};
use crate::corpora::Corpus;

pub(super) fn framing<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    drain(EventStream::new(Slices(corpus.chunks(chunk))), |event| {
        let event = event.expect("well-formed");
        sink.event(event.event.as_bytes(), event.data.as_bytes(), event.id.as_bytes());
    });
    sink.answer()
}

pub(super) fn accumulation<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut message = TaggedMessage::default();
    drain(EventStream::new(Slices(corpus.chunks(chunk))), |event| {
        let event = event.expect("well-formed");
        message.add(serde_json::from_str::<Tagged>(&event.data).expect("JSON"));
    });
    message.answer::<S>()
}

pub(super) fn recorded<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    for chunks in corpus.streams(chunk) {
        let mut message = Blocks::default();
        drain(EventStream::new(Slices(chunks)), |event| {
            let event = event.expect("well-formed");
            message.add_tagged(serde_json::from_str::<Tagged>(&event.data).expect("JSON"));
        });
        message.say(&mut sink);
    }
    sink.answer()
}
