//! Bounds of a message on memory and work: bytes held and allocated, never time.

mod breaks;
mod fixed;
mod limits;
