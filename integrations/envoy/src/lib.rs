//! A proxy-wasm filter that meters the Claude Messages API: each response becomes one [`Record`].
//!
//! ```text
//!  host.rs     the calls of Envoy: headers, chunks, the end; metrics, filter state. Compiled for wasm32 alone.
//!    │ bytes, times
//!  response.rs whether a response is read, and why it ended
//!  meter.rs    the bytes of one response in, one record out. Plain Rust, tested without a host.
//!    │ Record
//!  record.rs   the record as metrics and as fields
//!  memory.rs   bounds the memory of a VM
//!  labels.rs   bounds the number of values of a label
//!  config.rs   the configuration, validated
//!  compare.rs  `memcmp`, faster than that of the runtime. Compiled for wasm32 alone.
//! ```
//!
//! No text of a message leaves the meter. Of the content of a stream it keeps tool input alone, until the message ends,
//! because a truncated call is a finding. A plain JSON body is kept until it ends, within the limit of a message.

#[cfg(any(target_arch = "wasm32", test))]
mod compare;
mod config;
#[cfg(target_arch = "wasm32")]
mod host;
mod labels;
#[cfg(any(target_arch = "wasm32", test))]
mod memory;
mod meter;
mod record;
#[cfg(any(target_arch = "wasm32", test))]
mod response;

pub use self::config::{Config, ConfigError};
pub use self::labels::{LabelStore, Labels};
pub use self::meter::{End, Limits, Meter};
pub use self::record::{Kind, Record, Sample, Times, Tokens};
