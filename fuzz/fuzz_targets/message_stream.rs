//! Feeds arbitrary response bodies in arbitrary chunks to the message decoder.

#![no_main]

#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

libfuzzer_sys::fuzz_target!(|input: &[u8]| ssewire_tests::fuzz::message_stream(input));
