//! Long runs that measure memory: a soak test, and many simultaneous connections. The program `ssewire-load` runs them
//! at full size, the tests of this package at a small size.

pub mod crowd;
pub mod made;
mod random;
pub mod resident;
pub mod serving;
pub mod soak;
