//! The server as a client sees it, byte by byte.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may stop at the first surprise"
)]

mod builtin;
mod client;
mod connections;
mod faults;
mod framing;
mod gates;
mod http2;
mod requests;
mod stopping;
