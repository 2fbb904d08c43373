#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]
//!
//! # Recordings and faults
//!
//! [`Server::serve`] and its variants set the response of a path. Without them, every server has the [`SAMPLES`]
//! at `/NAME`, the first of them at `/v1/messages`, and the sample `text` with each [`Fault`] at `/faults/NAME`. Any
//! other path responds with 404 and a JSON error.

#![forbid(unsafe_code)]

extern crate alloc;

mod config;
mod connection;
mod fault;
mod gate;
mod http1;
#[cfg(feature = "http2")]
mod http2;
mod incoming;
mod lines;
#[cfg(feature = "command")]
#[doc(hidden)]
pub mod options;
mod plan;
mod recording;
mod request;
mod request_log;
mod samples;
mod script;
mod server;
mod stop;
mod table;

pub use config::{Config, serve};
pub use fault::{Fault, UnknownFault};
pub use gate::Gate;
pub use recording::{RecordingDecoder, RecordingPart, RecordingWriter};
pub use request::{Request, Version};
pub use samples::{SAMPLES, sample};
pub use script::{Framing, Script};
pub use server::Server;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A test that panicked elsewhere must not make the server panic, too.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
