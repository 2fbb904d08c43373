//! sse-stream: a stream of events over a stream of buffers.

use sse_stream::{Sse, SseByteStream};

use crate::answer::{Answer, Sink};
use crate::chunks::{Slices, drain};
use crate::corpora::Corpus;

pub(super) fn framing<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    drain(SseByteStream::new(Slices(corpus.chunks(chunk))), |event| {
        let event = event.expect("well-formed");
        // It also returns blocks without data, which are not events.
        if let Some(data) = event.data {
            let event_type = event.event.as_deref().unwrap_or("message");
            sink.event(event_type.as_bytes(), data.as_bytes(), event.id.unwrap_or_default().as_bytes());
        }
    });
    sink.answer()
}

/// Its encoder accepts only owned strings.
pub(super) fn encoding<S: Sink>(corpus: &Corpus, _: usize) -> Answer {
    let text = std::str::from_utf8(&corpus.stream).expect("UTF-8");
    let mut written = Vec::with_capacity(text.len());
    for payload in &corpus.payloads {
        let event = Sse::default().event("content_block_delta").data(&text[payload.clone()]);
        written.extend_from_slice(&event.encode().expect("one line"));
    }
    let mut sink = S::default();
    sink.event(b"", &written, b"");
    sink.answer()
}
