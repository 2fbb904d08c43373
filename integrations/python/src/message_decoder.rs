//! `MessageDecoder` and its events.

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use ssewire_batch::{MessageBatch, MessageBatchDecoder, MessageKind};
use ssewire_messages::{
    Accumulator, Completion, Incomplete, Message, NonStreamBody, PartialStrings, ProtocolViolations, ResponseHead,
    Validation,
};

use crate::convert::{error, number, parse_json, parse_json_object, with_bytes};
use crate::rest::Rest;

/// A change of the message.
#[pyclass(frozen, module = "ssewire")]
pub(crate) struct MessageEvent {
    /// An object that exists once, and not a name made at each access: a field is read without a call.
    #[pyo3(get, name = "type")]
    kind: Py<PyString>,
    #[pyo3(get)]
    index: Option<u64>,
    #[pyo3(get)]
    text: Py<PyString>,
    #[pyo3(get)]
    id: Option<Py<PyString>>,
    #[pyo3(get)]
    name: Option<Py<PyString>>,
}

#[pymethods]
impl MessageEvent {
    /// The text, parsed as JSON. `None` without text: a change may have no event of its own.
    fn json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let text = self.text.bind(py);
        if text.is_empty()? { Ok(None) } else { parse_json_object(text).map(Some) }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (kind, text) = (self.kind.bind(py), self.text.bind(py).repr()?);
        Ok(match self.index {
            Some(index) => format!("MessageEvent(type='{kind}', index={index}, text={text})"),
            None => format!("MessageEvent(type='{kind}', text={text})"),
        })
    }
}

/// Decodes a Messages stream.
#[pyclass(module = "ssewire")]
pub(crate) struct MessageDecoder {
    decoder: MessageBatchDecoder,
    /// After `finish`, which takes the message from the decoder.
    finished: Option<Finished>,
    rest: Rest,
    has_partial_input: bool,
    /// Of `iter_events`: a list of the iterator over the events of the last chunk.
    #[pyo3(get, set, name = "_unread")]
    unread: Option<Py<PyAny>>,
}

struct Finished {
    message: String,
    has_started: bool,
    completion: Completion,
    violations: ProtocolViolations,
}

#[pymethods]
impl MessageDecoder {
    #[new]
    #[pyo3(signature = (*, strict=false, partial_input=false, max_event_bytes=None, max_bytes=None, max_blocks=None,
        content_type=None, status=None))]
    fn new(
        strict: bool,
        partial_input: bool,
        max_event_bytes: Option<&Bound<'_, PyAny>>,
        max_bytes: Option<&Bound<'_, PyAny>>,
        max_blocks: Option<&Bound<'_, PyAny>>,
        content_type: Option<&str>,
        status: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let mut accumulator = Accumulator::new();
        if strict {
            accumulator = accumulator.with_validation(Validation::Strict);
        }
        if partial_input {
            accumulator = accumulator.with_partial_input(PartialStrings::Show);
        }
        if let Some(bytes) = number("max_bytes", max_bytes, usize::MAX)? {
            accumulator = accumulator.with_max_bytes(bytes);
        }
        if let Some(blocks) = number("max_blocks", max_blocks, usize::MAX)? {
            accumulator = accumulator.with_max_blocks(blocks);
        }
        let mut decoder = ssewire_messages::MessageDecoder::new().with_accumulator(accumulator);
        if let Some(bytes) = number("max_event_bytes", max_event_bytes, usize::MAX)? {
            decoder = decoder.with_decoder(ssewire::Decoder::new().with_max_event_bytes(bytes));
        }
        if let Some(content_type) = content_type {
            decoder = decoder.with_content_type(content_type);
        }
        if let Some(status) = number("status", status, u16::MAX)? {
            decoder = decoder.with_response_head(ResponseHead::new(status, [("", ""); 0]));
        }
        Ok(Self {
            decoder: MessageBatchDecoder::with_decoder(decoder),
            finished: None,
            rest: Rest::default(),
            has_partial_input: partial_input,
            unread: None,
        })
    }

    /// Decodes a chunk, and returns its events.
    fn feed<'py>(&mut self, py: Python<'py>, chunk: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        if self.running()?.has_input_ended() {
            return Err(PyValueError::new_err("input has ended"));
        }
        let events = PyList::empty(py);
        with_bytes(chunk, |bytes| self.decode(py, bytes, &events))?;
        Ok(events)
    }

    /// Keeps a chunk for the next call of `feed`.
    #[pyo3(name = "_keep")]
    fn keep(&mut self, chunk: &Bound<'_, PyAny>) -> PyResult<()> {
        with_bytes(chunk, |bytes| {
            self.rest.decode(bytes, |_| ());
            Ok(())
        })
    }

    /// Reports that the input has ended, and returns the events that are left.
    fn feed_end<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let events = PyList::empty(py);
        self.decode(py, &[], &events)?;
        // Also after a message that has ended: what is left of its chunk belongs to the next one, but `feed` takes no
        // more. `push_end` then returns nothing.
        append(py, self.decoder.push_end(), &events)?;
        Ok(events)
    }

    /// Returns the message that has ended, and continues with the next one.
    fn next_message<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.running()?;
        // The events that no loop took are of this message. A loop over them ends: `_iter.py`.
        if let Some(unread) = self.unread.take() {
            let unread = unread.bind(py);
            for event in unread.get_item(0)?.try_iter()? {
                event?;
            }
            unread.set_item(0, py.None())?;
        }
        let result = self.running()?.next_message();
        message_or_exception(py, &result, &json_of_result(&result))
    }

    /// Returns the message.
    fn finish<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.feed_end(py)?;
        let decoder = self.decoder.decoder();
        let (has_started, completion) = (decoder.has_started(), decoder.completion());
        let violations = decoder.violations().clone();
        let result = std::mem::take(&mut self.decoder).finish();
        let message = json_of_result(&result);
        let outcome = message_or_exception(py, &result, &message);
        self.finished = Some(Finished { message, has_started, completion, violations });
        outcome
    }

    /// The message so far.
    #[getter]
    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.finished {
            Some(finished) => parse_json(py, &finished.message),
            None => parse_json(py, &json_of(&self.decoder.decoder().snapshot())),
        }
    }

    /// The value of unfinished tool input.
    fn partial_input<'py>(&self, index: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if !self.has_partial_input {
            return Err(PyValueError::new_err("decoder was made without partial_input=True"));
        }
        if self.finished.is_some() {
            return Err(is_finished());
        }
        let py = index.py();
        let index = number("index", Some(index), u64::MAX)?;
        let input = index.and_then(|index| self.decoder.decoder().accumulator().tool_input(index));
        let partial = input.and_then(ssewire_messages::ToolInput::partial);
        partial.map(|value| parse_json(py, &value.to_string())).transpose()
    }

    /// How the message ended, if the input ended here.
    #[getter]
    fn completion(&self) -> &'static str {
        let finished = self.finished.as_ref().map(|finished| finished.completion);
        finished.unwrap_or_else(|| self.decoder.decoder().completion()).as_str()
    }

    /// Returns whether the message or the input has ended.
    #[getter]
    fn is_ended(&self) -> bool {
        self.finished.is_some() || self.decoder.is_ended()
    }

    /// Returns whether the message has begun.
    #[getter]
    fn has_started(&self) -> bool {
        self.finished.as_ref().map_or_else(|| self.decoder.decoder().has_started(), |finished| finished.has_started)
    }

    /// The number of protocol violations, by their name.
    #[getter]
    fn violations<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let violations = PyDict::new(py);
        let finished = self.finished.as_ref().map(|finished| &finished.violations);
        for (kind, count) in finished.unwrap_or_else(|| self.decoder.decoder().violations()).counts() {
            violations.set_item(kind.as_str(), count)?;
        }
        Ok(violations)
    }
}

impl MessageDecoder {
    /// Decodes the rest of an earlier chunk, and this one, up to the end of the message.
    fn decode(&mut self, py: Python<'_>, chunk: &[u8], events: &Bound<'_, PyList>) -> PyResult<()> {
        if self.running()?.is_ended() {
            return Ok(());
        }
        self.rest.decode(chunk, |input| {
            loop {
                append(py, self.decoder.push(input), events)?;
                if input.is_empty() || self.decoder.is_ended() {
                    return Ok(());
                }
            }
        })
    }

    fn running(&mut self) -> PyResult<&mut MessageBatchDecoder> {
        if self.finished.is_some() { Err(is_finished()) } else { Ok(&mut self.decoder) }
    }
}

fn is_finished() -> PyErr {
    PyValueError::new_err("decoder is finished")
}

/// The message as JSON. Unfinished tool input is the value so far.
fn json_of(message: &Message) -> String {
    message.to_json_lossy().as_str().to_owned()
}

fn json_of_result(result: &Result<Message, Incomplete>) -> String {
    json_of(result.as_ref().unwrap_or_else(|incomplete| incomplete.partial()))
}

/// The message, or the exception with the partial one.
fn message_or_exception<'py>(
    py: Python<'py>,
    result: &Result<Message, Incomplete>,
    json: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let message = parse_json(py, json)?;
    match result {
        Ok(_) => Ok(message),
        Err(incomplete) => Err(raise_incomplete(py, incomplete, message)?),
    }
}

fn raise_incomplete(py: Python<'_>, incomplete: &Incomplete, message: Bound<'_, PyAny>) -> PyResult<PyErr> {
    let reasons: Vec<_> = incomplete.reasons().iter().map(|reason| reason.as_str()).collect();
    let server_error = incomplete.server_error().map(|error| parse_json(py, error.body().as_str())).transpose()?;
    let body = match incomplete.non_stream_body() {
        Some(NonStreamBody::Message(message)) => Some(parse_json(py, &json_of(message))?),
        _ => None,
    };
    let arguments = (incomplete.to_string(), message, reasons, server_error, incomplete.pending_bytes(), body);
    Ok(error(py, "IncompleteError", arguments))
}

fn append(py: Python<'_>, batch: MessageBatch<'_>, events: &Bound<'_, PyList>) -> PyResult<()> {
    let string = |text: &str| (!text.is_empty()).then(|| PyString::new(py, text).unbind());
    for record in batch.records() {
        let event = MessageEvent {
            kind: type_of(py, record.kind).clone().unbind(),
            index: record.has_index.then_some(record.index),
            text: PyString::new(py, batch.get(record.text)).unbind(),
            id: string(batch.get(record.id)),
            name: string(batch.get(record.name)),
        };
        events.append(Bound::new(py, event)?)?;
    }
    Ok(())
}

fn type_of(py: Python<'_>, kind: MessageKind) -> &Bound<'_, PyString> {
    match kind {
        MessageKind::MessageStart => intern!(py, "message_start"),
        MessageKind::BlockStart => intern!(py, "block_start"),
        MessageKind::Text => intern!(py, "text"),
        MessageKind::Thinking => intern!(py, "thinking"),
        MessageKind::Signature => intern!(py, "signature"),
        MessageKind::Citation => intern!(py, "citation"),
        MessageKind::ToolInput => intern!(py, "tool_input"),
        MessageKind::ToolCall => intern!(py, "tool_call"),
        MessageKind::Compaction => intern!(py, "compaction"),
        MessageKind::RawBlock => intern!(py, "raw_block"),
        MessageKind::BlockStop => intern!(py, "block_stop"),
        MessageKind::MessageDelta => intern!(py, "message_delta"),
        MessageKind::MessageStop => intern!(py, "message_stop"),
        MessageKind::Error => intern!(py, "error"),
        MessageKind::Replaced => intern!(py, "replaced"),
        MessageKind::Lost => intern!(py, "lost"),
        MessageKind::Ping => intern!(py, "ping"),
        MessageKind::Done => intern!(py, "done"),
        MessageKind::Rejected => intern!(py, "rejected"),
        _ => intern!(py, "unchanged"),
    }
}
