//! The examples of the README compile and run. They use the adapters, which is why they are not part of
//! `ssewire-tests`.

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub mod readme {}
