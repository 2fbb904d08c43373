//! sseer: a stream of events over a stream of reference-counted chunks, which it slices.

use sseer::EventStream;

use crate::answer::{Answer, Sink};
use crate::chunks::{Shared, drain};
use crate::corpora::Corpus;

pub(super) fn framing<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    drain(EventStream::new(Shared::new(&corpus.stream, corpus.chunks(chunk))), |event| {
        let event = event.expect("well-formed");
        sink.event(event.event.as_bytes(), event.data.as_bytes(), event.id.as_bytes());
    });
    sink.answer()
}
