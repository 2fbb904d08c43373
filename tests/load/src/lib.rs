//! Soaks the library, crowds it with connections, and watches its memory. The program `ssewire-load` does it at full
//! size, the tests beside it in small.

pub mod crowd;
pub mod made;
mod random;
pub mod resident;
pub mod serving;
pub mod soak;
