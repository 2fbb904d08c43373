//! Drives the adapters over any transport by any schedule of polls.

#![no_main]

#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

libfuzzer_sys::fuzz_target!(|input: &[u8]| ssewire_tests::fuzz::adapters(input));
