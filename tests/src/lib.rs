//! What the tests of this workspace share: the oracle they trust, the cases they run, the ways they cut input, and the
//! drivers that record what a decoder did with it.

use std::path::{Path, PathBuf};

pub mod adapters;
pub mod blocks;
pub mod cases;
pub mod chunks;
pub mod drive;
pub mod fuzz;
pub mod json;
pub mod messages;
pub mod oracle;
pub mod outcome;
pub mod partial_json;
pub mod samples;
pub mod streams;
pub mod transport;
pub mod utf8;

/// Where this lies, seen from the folder of this package: `data/…`, `../fuzz/…`.
pub fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The examples of the README compile and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub mod readme {}
