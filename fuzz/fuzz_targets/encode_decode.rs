//! Encodes blocks of fields and decodes them again.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ssewire_tests::fuzz::encode_decode(input));
