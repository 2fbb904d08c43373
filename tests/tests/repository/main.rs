//! Checks the pages and the structure of the repository against its sources.

mod architecture;
mod errors;
mod protocol_headings;
