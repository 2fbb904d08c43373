//! The native module of the Python package `ssewire`. `python/ssewire/_ssewire.pyi` documents its types.
//!
//! It converts batches to Python objects, and decides nothing: `ssewire-batch` decodes. A feed returns all events of a
//! chunk, because a call from Python costs more than an event.

#![forbid(unsafe_code)]

mod convert;
mod decoder;
mod delta_decoder;
mod message_decoder;
mod rest;

use pyo3::prelude::*;

/// The module `ssewire._ssewire`.
#[pymodule]
fn _ssewire(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<decoder::Decoder>()?;
    module.add_class::<decoder::Event>()?;
    module.add_class::<decoder::Comment>()?;
    module.add_class::<decoder::LostEvent>()?;
    module.add_class::<message_decoder::MessageDecoder>()?;
    module.add_class::<message_decoder::MessageEvent>()?;
    module.add_class::<delta_decoder::DeltaDecoder>()?;
    module.add_function(wrap_pyfunction!(convert::parse_json_object, module)?)?;
    Ok(())
}
