//! Any body through the whole driver, cut anywhere.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ssewire_tests::fuzz::message_stream(input));
