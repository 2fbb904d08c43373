//! Server-Sent Events as a protocol: bytes in, events out, cut anywhere.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;

mod buffer;
mod decoder;
mod error;
mod event;
mod field;
mod line;
mod lossy;
mod machine;
mod whole;

pub use buffer::{Fixed, Growing, Storage};
pub use decoder::Decoder;
pub use error::{DecodeError, Truncated};
pub use event::{Event, Frame, Ready, ReadyFrame};
pub use field::{Field, retry_milliseconds};
pub use lossy::Lossy;
