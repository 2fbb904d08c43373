//! Support code that the tests of this workspace share: the oracle, the conformance cases, the chunkings of an input,
//! and the drivers that record the results of a decoder.

// Empty when it is built as a test, which `--lib` of `ci/mutants` does in spite of `test = false`: no file here has
// tests. The program `json` runs the tests of the two files of the command that are compiled here.
#![cfg(not(test))]

// For the file of the command that is compiled here.
extern crate alloc;

use std::path::{Path, PathBuf};

pub mod adapters;
pub mod blocks;
pub mod cases;
pub mod chunks;
pub mod disorder;
pub mod drive;
pub mod fast_path;
pub mod fuzz;
pub mod json;
pub mod messages;
pub mod oracle;
pub mod order;
pub mod outcome;
pub mod partial_json;
pub mod protocol_oracle;
pub mod random;
pub mod samples;
pub mod streams;
pub mod transport;
pub mod utf8;

/// Asserts these auto traits at compile time.
pub const fn assert_send_sync_unpin<T: Send + Sync + Unpin>() {}

/// Resolves a path relative to the folder of this package: `data/…`, `../fuzz/…`.
pub fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
