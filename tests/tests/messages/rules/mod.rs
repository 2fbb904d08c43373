//! Every rule of `docs/protocol.md` has a test that is named after it, one module for each table.
//!
//! What is expected here is what the page says, row by row; where the page and the program part, the test says so.

mod completion;
mod departures;
mod edges;
mod errors;
mod losses;
mod merge;
mod openness;
mod support;
mod tolerances;
mod undecodable;
mod updates;
