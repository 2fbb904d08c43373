//! Compares the message decoder with the oracle of the protocol, for arbitrary response bodies in arbitrary chunks.

#![no_main]

#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

libfuzzer_sys::fuzz_target!(|input: &[u8]| ssewire_tests::fuzz::message_protocol(input));
