//! Values that cross the boundary.

use std::fmt::Display;

use pyo3::call::PyCallArgs;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyString};

/// Calls `decode` with the bytes of a chunk. Borrows `bytes`; copies `bytearray` and `memoryview`, which may change.
pub(crate) fn with_bytes<R>(chunk: &Bound<'_, PyAny>, decode: impl FnOnce(&[u8]) -> PyResult<R>) -> PyResult<R> {
    if let Ok(bytes) = chunk.cast::<PyBytes>() {
        return decode(bytes.as_bytes());
    }
    // The stable interface has no type object of memoryview.
    if chunk.is_instance_of::<PyByteArray>() || chunk.get_type().name()? == "memoryview" {
        let copy = chunk.py().get_type::<PyBytes>().call1((chunk,))?;
        return decode(copy.cast::<PyBytes>()?.as_bytes());
    }
    let name = chunk.get_type().name()?;
    Err(PyTypeError::new_err(format!("chunk must be bytes, bytearray or memoryview, not {name}")))
}

/// A number that a caller passes as `name`, from 0 to `max`. PyO3's own errors of numbers name neither.
pub(crate) fn number<'py, T>(name: &str, value: Option<&Bound<'py, PyAny>>, max: T) -> PyResult<Option<T>>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr> + Display,
{
    let Some(value) = value else { return Ok(None) };
    value.extract().map(Some).map_err(|error: PyErr| {
        if error.is_instance_of::<PyOverflowError>(value.py()) {
            return PyValueError::new_err(format!("{name} must be from 0 to {max}"));
        }
        match value.get_type().name() {
            Ok(kind) => PyTypeError::new_err(format!("{name} must be an integer, not {kind}")),
            Err(error) => error,
        }
    })
}

/// Parses JSON as Python's `json.loads` does.
pub(crate) fn parse_json<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    parse_json_object(&PyString::new(py, json))
}

/// Parses the JSON of a string object. An integer of more digits than Python converts (4,300) becomes an infinite
/// float.
#[pyfunction(name = "parse_json")]
pub(crate) fn parse_json_object<'py>(text: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    let py = text.py();
    loads(py)?.call1((text,)).or_else(|error| {
        // The error of a conversion is not that of a syntax error, which is a subclass.
        if !error.get_type(py).is(py.get_type::<PyValueError>()) {
            return Err(error);
        }
        let options = PyDict::new(py);
        options.set_item("parse_int", wrap_pyfunction!(parse_int, py)?)?;
        loads(py)?.call((text,), Some(&options))
    })
}

#[pyfunction]
fn parse_int<'py>(digits: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    let py = digits.py();
    py.get_type::<PyInt>().call1((digits,)).or_else(|_| py.get_type::<PyFloat>().call1((digits,)))
}

fn loads(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    LOADS.import(py, "json", "loads")
}

/// An exception of `ssewire._errors`.
pub(crate) fn error<'py>(py: Python<'py>, name: &str, arguments: impl PyCallArgs<'py>) -> PyErr {
    let raised = py.import("ssewire._errors").and_then(|module| module.getattr(name)?.call1(arguments));
    raised.map_or_else(|error| error, PyErr::from_value)
}

/// A string that most events repeat: its object is made once.
#[derive(Default)]
pub(crate) struct Repeated(Option<(String, Py<PyString>)>);

impl Repeated {
    pub(crate) fn get(&mut self, py: Python<'_>, text: &str) -> Py<PyString> {
        match &self.0 {
            Some((known, object)) if known == text => object.clone_ref(py),
            _ => {
                let object = PyString::new(py, text).unbind();
                self.0 = Some((text.to_owned(), object.clone_ref(py)));
                object
            }
        }
    }
}
