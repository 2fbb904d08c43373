//! `DeltaDecoder`: what `ssewire.anthropic` builds the events of the official SDK from. Not public.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use ssewire_batch::{BatchDecoder, EventKind, EventRecord};
use ssewire_messages::{Delta, StreamEvent};

use crate::convert::{Repeated, with_bytes};

/// Decodes the events of a Messages stream, without merging them.
///
/// `feed` returns a tuple per event. A delta that has nothing but a piece of text, thinking or tool input is
/// `(delta type, index, piece)`. Every other event is `(None, event type, data)`. A lost event is
/// `(None, None, error)`.
#[pyclass(module = "ssewire")]
pub(crate) struct DeltaDecoder {
    decoder: BatchDecoder,
    event_type: Repeated,
}

#[pymethods]
impl DeltaDecoder {
    #[new]
    fn new() -> Self {
        Self { decoder: BatchDecoder::new(), event_type: Repeated::default() }
    }

    /// Decodes a chunk, and returns its events.
    fn feed<'py>(&mut self, py: Python<'py>, chunk: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        with_bytes(chunk, |mut bytes| {
            let events = PyList::empty(py);
            while !bytes.is_empty() {
                let batch = self.decoder.push(&mut bytes);
                for record in batch.records() {
                    append(py, record, &mut self.event_type, |span| batch.get(span), &events)?;
                }
            }
            Ok(events)
        })
    }
}

fn append<'t>(
    py: Python<'_>,
    record: &EventRecord,
    event_type: &mut Repeated,
    get: impl Fn(ssewire_batch::Span) -> &'t str,
    events: &Bound<'_, PyList>,
) -> PyResult<()> {
    let data = get(record.data);
    if record.kind != EventKind::Event {
        return events.append((py.None(), py.None(), data));
    }
    let name = get(record.event_type);
    match plain_delta(name, data) {
        Some((kind, index, piece)) => events.append((kind_name(py, kind), index, piece)),
        None => events.append((py.None(), event_type.get(py, name), data)),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Thinking,
    InputJson,
}

fn kind_name(py: Python<'_>, kind: Kind) -> Bound<'_, PyString> {
    match kind {
        Kind::Text => pyo3::intern!(py, "text_delta"),
        Kind::Thinking => pyo3::intern!(py, "thinking_delta"),
        Kind::InputJson => pyo3::intern!(py, "input_json_delta"),
    }
    .clone()
}

/// The piece of a delta that has no other members.
fn plain_delta(event_type: &str, data: &str) -> Option<(Kind, u64, String)> {
    if !matches!(event_type, "content_block_delta" | "message") || has_surrogate(data) {
        return None;
    }
    let Ok(Some(StreamEvent::ContentBlockDelta(delta))) = StreamEvent::from_json(data.as_bytes()) else { return None };
    if delta.has_extra {
        return None;
    }
    let (kind, piece) = match &delta.delta {
        Delta::Text(text) => (Kind::Text, text.text()),
        Delta::Thinking(thinking) => (Kind::Thinking, thinking.thinking()),
        Delta::InputJson(input) => (Kind::InputJson, input.partial_json()),
        _ => return None,
    };
    // `json.loads` keeps a null, which is an empty piece here.
    if piece.is_empty() && data.contains("null") {
        return None;
    }
    Some((kind, delta.index, piece.to_owned()))
}

/// Whether a string may have half a surrogate pair: `json.loads` keeps it, Rust's strings cannot.
fn has_surrogate(data: &str) -> bool {
    data.contains("\\ud") || data.contains("\\uD")
}
