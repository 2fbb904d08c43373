//! One payload: the short ways of the decoder against the general one.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ssewire_tests::fuzz::stream_event(input));
