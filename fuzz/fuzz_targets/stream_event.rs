//! Compares the fast paths of the payload decoder with its slow path for one payload.

#![no_main]

#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

libfuzzer_sys::fuzz_target!(|input: &[u8]| ssewire_tests::fuzz::stream_event(input));
