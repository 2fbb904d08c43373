//! Serves recorded event streams over HTTP/1.1, with chosen faults: what real HTTP clients are tested against.
//!
//! ```
//! use ssewire_replay::{Script, Server};
//!
//! let server = Server::start()?;
//! server.serve("/v1/messages", Script::stream("event: ping\ndata: {}\n\n").chunked_by(7).cut_after(20));
//! let address = server.base_url() + "/v1/messages"; // For any client.
//! # assert!(address.starts_with("http://127.0.0.1:"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Beside what [`Server::serve`] adds, every server has the [`SAMPLES`] at `/NAME`, the first of them at
//! `/v1/messages` too, and the [`faults`] at `/faults/NAME`.

extern crate alloc;

mod builtin;
mod connection;
mod gate;
mod reply;
mod request;
mod script;
mod server;
mod stop;
mod table;

pub use builtin::{SAMPLES, faults, sample};
pub use gate::Gate;
pub use request::Request;
pub use script::{Framing, Script};
pub use server::Server;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A test that panicked elsewhere must not make the server panic too.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
