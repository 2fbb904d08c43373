//! Encodes blocks of fields and decodes them again.

#![no_main]

#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

libfuzzer_sys::fuzz_target!(|input: &[u8]| ssewire_tests::fuzz::encode_decode(input));
