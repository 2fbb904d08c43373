//! Every rule of `docs/protocol.md` has a test that is named after it, one module for each table.
//!
//! The expectations are those of the page, row by row.

mod completion;
mod edges;
mod errors;
mod late_input;
mod limits;
mod losses;
mod merge;
mod openness;
mod support;
mod tolerances;
mod undecodable;
mod updates;
mod violations;
