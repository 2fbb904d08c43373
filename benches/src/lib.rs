//! Corpora and contestants, and the code that checks and times them.
//!
//! Shared by the criterion benchmarks and by the binary `ratios`, so that both measure the same work.

pub mod allocations;
pub mod answer;
pub mod chunks;
pub mod clock;
pub mod contest;
pub mod contestants;
pub mod corpora;

pub use answer::{Answer, Hashes, Sink, Sums};
pub use contest::{Entry, Result, contest};
pub use contestants::{Contestant, Role};
pub use corpora::Corpus;
