//! Compares partial JSON with the oracle at every prefix, and with serde_json at the end.

#![no_main]

#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

libfuzzer_sys::fuzz_target!(|input: &[u8]| ssewire_tests::fuzz::json_prefixes(input));
