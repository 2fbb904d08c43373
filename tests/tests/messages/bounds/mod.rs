//! Bounds of a message on memory and work: bytes held and allocated, never time.

mod allocations;
mod breaks;
mod fixed;
mod limits;
mod repeated;
