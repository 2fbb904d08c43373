//! The pages and the structure of the repository agree with its sources.

mod architecture;
mod protocol_headings;
