//! `DeltaDecoder`: what `ssewire.anthropic` builds the events of the official SDK from. Not public.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use ssewire_batch::{BatchDecoder, EventBatch, EventKind, EventRecord};
use ssewire_messages::{ContentBlockDelta, Delta, StreamEvent};

use crate::convert::{Repeated, number, with_bytes};

/// Decodes the events of a Messages stream, without merging them.
///
/// `feed` returns a tuple per event. A delta that has nothing but a piece of text, thinking or tool input is
/// `(delta type, index, piece)`. Every other event is `("event", event type, data)`. A lost event is
/// `("lost", None, error)`.
///
/// Some gateways leave the event type out. Then the payload decides (`docs/protocol.md`, headings "Errors" and
/// "Completion"): an error has the event type `error`, and a ping or a keep-alive is not returned.
#[pyclass(module = "ssewire")]
pub(crate) struct DeltaDecoder {
    decoder: BatchDecoder,
    event_type: Repeated,
}

#[pymethods]
impl DeltaDecoder {
    #[new]
    #[pyo3(signature = (*, max_event_bytes=None))]
    fn new(max_event_bytes: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut decoder = ssewire::Decoder::new();
        if let Some(bytes) = number("max_event_bytes", max_event_bytes, usize::MAX)? {
            decoder = decoder.with_max_event_bytes(bytes);
        }
        Ok(Self { decoder: BatchDecoder::with_decoder(decoder), event_type: Repeated::default() })
    }

    /// Decodes a chunk, and returns its events.
    fn feed<'py>(&mut self, py: Python<'py>, chunk: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        with_bytes(chunk, |mut bytes| {
            let events = PyList::empty(py);
            while !bytes.is_empty() {
                let batch = self.decoder.push(&mut bytes);
                for record in batch.records() {
                    append(py, &batch, record, &mut self.event_type, &events)?;
                }
            }
            Ok(events)
        })
    }
}

fn append(
    py: Python<'_>,
    batch: &EventBatch<'_>,
    record: &EventRecord,
    event_type: &mut Repeated,
    events: &Bound<'_, PyList>,
) -> PyResult<()> {
    let data = batch.data(record);
    if record.kind != EventKind::Event {
        return events.append((intern!(py, "lost"), py.None(), data));
    }
    let name = batch.event_type(record);
    let name = match classify(py, name, data) {
        Payload::Delta(kind, index, piece) => return events.append((kind_name(py, kind), index, piece)),
        Payload::Nothing => return Ok(()),
        Payload::Error => "error",
        Payload::Other => name,
    };
    events.append((intern!(py, "event"), event_type.get(py, name), data))
}

/// What an event is, as far as it matters to the middleware.
enum Payload<'py> {
    /// A delta that has nothing but a piece.
    Delta(Kind, u64, Bound<'py, PyString>),
    /// An error without an event type.
    Error,
    /// A ping or a keep-alive without an event type.
    Nothing,
    /// Everything else, also what cannot be read: parsing it raises the exception.
    Other,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Thinking,
    InputJson,
}

fn kind_name(py: Python<'_>, kind: Kind) -> Bound<'_, PyString> {
    match kind {
        Kind::Text => intern!(py, "text_delta"),
        Kind::Thinking => intern!(py, "thinking_delta"),
        Kind::InputJson => intern!(py, "input_json_delta"),
    }
    .clone()
}

/// What an event is. Its event type decides, as in the SDK; without one its payload does.
fn classify<'py>(py: Python<'py>, event_type: &str, data: &str) -> Payload<'py> {
    let is_unnamed = event_type == "message";
    if !is_unnamed && event_type != "content_block_delta" {
        return Payload::Other;
    }
    match StreamEvent::from_json(data.as_bytes()) {
        Ok(Some(StreamEvent::ContentBlockDelta(delta))) => plain_delta(py, &delta, data).unwrap_or(Payload::Other),
        Ok(Some(StreamEvent::Error(_))) if is_unnamed => Payload::Error,
        Ok(None | Some(StreamEvent::Ping | StreamEvent::Done)) if is_unnamed => Payload::Nothing,
        Err(error) if is_unnamed && error.is_keep_alive() => Payload::Nothing,
        _ => Payload::Other,
    }
}

/// The piece of a delta that has no other members.
fn plain_delta<'py>(py: Python<'py>, delta: &ContentBlockDelta<'_>, data: &str) -> Option<Payload<'py>> {
    if delta.has_extra || has_surrogate(data) {
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
    Some(Payload::Delta(kind, delta.index, PyString::new(py, piece)))
}

/// Returns whether a string may have half a surrogate pair: `json.loads` keeps it, Rust's strings cannot.
fn has_surrogate(data: &str) -> bool {
    // Few deltas have an escape, and a single byte is found faster.
    data.contains('\\') && (data.contains("\\ud") || data.contains("\\uD"))
}
