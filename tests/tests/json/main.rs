//! Partial JSON: every prefix, any pieces.

mod prefixes;
mod properties;
mod views;
