//! The C library `ssewire`. `include/ssewire.h` is its interface, generated from here.
//!
//! This is the only library of the project with unsafe code. It converts pointers to references and back, and decides
//! nothing: `ssewire-batch` decodes.
//!
//! All unsafe operations are in `pointer.rs`, each with its contract. The exported functions only pass the contract of
//! the header on to them, nearly all through `handle.rs`. No panic leaves a function: see `status.rs`.

mod decoder;
mod handle;
mod message;
mod pointer;
mod status;

pub use decoder::*;
pub use message::*;
pub use status::{Status, ssewire_status_text, ssewire_version};
