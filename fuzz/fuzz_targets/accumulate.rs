//! Any sequence of events through the accumulator.

#![no_main]

use ssewire_tests::allocations::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

libfuzzer_sys::fuzz_target!(|input: &[u8]| ssewire_tests::fuzz::accumulate(input));
