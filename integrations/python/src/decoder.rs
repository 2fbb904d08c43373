//! `Decoder` and its events.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use ssewire_batch::{BatchDecoder, EventBatch, EventKind};

use crate::convert::{Repeated, error, number, parse_json_object, with_bytes};

/// An event of the stream.
#[pyclass(frozen, module = "ssewire")]
pub(crate) struct Event {
    #[pyo3(get)]
    event: Py<PyString>,
    #[pyo3(get)]
    data: Py<PyString>,
    #[pyo3(get)]
    id: Py<PyString>,
    #[pyo3(get)]
    retry: Option<u64>,
}

#[pymethods]
impl Event {
    /// The data, parsed as JSON.
    fn json<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        parse_json_object(self.data.bind(py))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let text = |value: &Py<PyString>| value.bind(py).repr().map(|repr| repr.to_string());
        Ok(format!("Event(event={}, data={}, id={})", text(&self.event)?, text(&self.data)?, text(&self.id)?))
    }
}

/// A comment line.
#[pyclass(frozen, module = "ssewire")]
pub(crate) struct Comment {
    #[pyo3(get)]
    text: Py<PyString>,
    #[pyo3(get)]
    is_truncated: bool,
}

#[pymethods]
impl Comment {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Comment({})", self.text.bind(py).repr()?))
    }
}

/// An event that exceeds a limit. It has no `data`.
#[pyclass(frozen, module = "ssewire")]
pub(crate) struct LostEvent {
    #[pyo3(get)]
    error: Py<PyString>,
}

#[pymethods]
impl LostEvent {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("LostEvent({})", self.error.bind(py).repr()?))
    }
}

/// Decodes an event stream.
#[pyclass(module = "ssewire")]
pub(crate) struct Decoder {
    decoder: BatchDecoder,
    objects: Objects,
    /// Of `iter_events`: a list of the iterator over the events of the last chunk.
    #[pyo3(get, set, name = "_unread")]
    unread: Option<Py<PyAny>>,
}

/// The objects that events share.
#[derive(Default)]
struct Objects {
    event_type: Repeated,
    id: Repeated,
}

#[pymethods]
impl Decoder {
    #[new]
    #[pyo3(signature = (*, max_event_bytes=None, max_id_bytes=None, last_event_id=None, comments=false))]
    fn new(
        max_event_bytes: Option<&Bound<'_, PyAny>>,
        max_id_bytes: Option<&Bound<'_, PyAny>>,
        last_event_id: Option<&str>,
        comments: bool,
    ) -> PyResult<Self> {
        let mut decoder = ssewire::Decoder::new();
        if let Some(bytes) = number("max_event_bytes", max_event_bytes, usize::MAX)? {
            decoder = decoder.with_max_event_bytes(bytes);
        }
        if let Some(bytes) = number("max_id_bytes", max_id_bytes, usize::MAX)? {
            decoder = decoder.with_max_id_bytes(bytes);
        }
        let mut decoder = BatchDecoder::with_decoder(decoder);
        if comments {
            decoder = decoder.with_comments();
        }
        let mut this = Self { decoder, objects: Objects::default(), unread: None };
        if let Some(id) = last_event_id {
            this.set_last_event_id(id)?;
        }
        Ok(this)
    }

    /// Decodes a chunk, and returns its events.
    fn feed<'py>(&mut self, py: Python<'py>, chunk: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        with_bytes(chunk, |mut bytes| {
            let events = PyList::empty(py);
            while !bytes.is_empty() {
                self.objects.append(py, self.decoder.push(&mut bytes), &events)?;
            }
            Ok(events)
        })
    }

    /// Reports that the input has ended.
    fn finish(&mut self, py: Python<'_>) -> PyResult<()> {
        self.decoder.finish().map_err(|truncated| error(py, "TruncatedError", (truncated.pending_bytes(),)))
    }

    /// Reports that the input has ended, and returns an event without its blank line.
    fn finish_event<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let events = PyList::empty(py);
        self.objects.append(py, self.decoder.finish_event(), &events)?;
        Ok(events)
    }

    /// Discards an unfinished event.
    fn reset(&mut self) {
        self.decoder.reset();
    }

    #[getter]
    fn last_event_id(&self) -> String {
        String::from_utf8_lossy(self.decoder.last_event_id()).into_owned()
    }

    #[setter]
    fn set_last_event_id(&mut self, id: &str) -> PyResult<()> {
        self.decoder.set_last_event_id(id.as_bytes()).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The reconnection time in milliseconds.
    #[getter]
    fn retry(&self) -> Option<u64> {
        self.decoder.retry_ms()
    }
}

impl Objects {
    fn append(&mut self, py: Python<'_>, batch: EventBatch<'_>, events: &Bound<'_, PyList>) -> PyResult<()> {
        for record in batch.records() {
            let data = PyString::new(py, batch.data(record)).unbind();
            match record.kind {
                EventKind::Event => events.append(Bound::new(
                    py,
                    Event {
                        event: self.event_type.get(py, batch.event_type(record)),
                        data,
                        id: self.id.get(py, batch.last_event_id(record)),
                        retry: record.has_retry.then_some(record.retry_ms),
                    },
                )?)?,
                EventKind::Comment => {
                    events.append(Bound::new(py, Comment { text: data, is_truncated: record.is_truncated })?)?
                }
                _ => events.append(Bound::new(py, LostEvent { error: data })?)?,
            }
        }
        Ok(())
    }
}
