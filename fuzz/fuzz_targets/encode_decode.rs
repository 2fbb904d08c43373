//! Blocks of fields through the encoder and back.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ssewire_tests::fuzz::encode_decode(input));
