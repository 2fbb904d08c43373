//! Partial JSON: every prefix of a document, and every split into pieces. Also the tests of the files with which the
//! command reads JSON, compiled from their sources: with other features of serde_json, and on processors of 32 bits.

// For the files of the command.
extern crate alloc;

mod command;
#[path = "../../../crates/ssewire-cli/src/json.rs"]
#[allow(dead_code, reason = "the command uses the rest")]
mod json;
mod prefixes;
mod properties;
mod views;

use ssewire_json::{JsonError, JsonErrorKind, PartialChange, PartialJson, PartialStrings};
use ssewire_tests::assert_send_sync_unpin;

/// Checked by the compiler.
const _: () = {
    assert_send_sync_unpin::<PartialJson>();
    assert_send_sync_unpin::<PartialStrings>();
    assert_send_sync_unpin::<PartialChange<'_>>();
    assert_send_sync_unpin::<JsonError>();
    assert_send_sync_unpin::<JsonErrorKind>();
};
