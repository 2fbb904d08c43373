//! Partial JSON: every prefix of a document, and every split into pieces.

mod prefixes;
mod properties;
mod views;
