//! Checks the pages and the structure of the repository against its sources.

mod architecture;
mod checks;
mod contributing;
mod errors;
mod mutants;
mod protocol_headings;
mod security;
