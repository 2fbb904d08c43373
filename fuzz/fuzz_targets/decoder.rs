//! Bytes, a chunking, a limit and a storage, against the transcription of the standard.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ssewire_tests::fuzz::decoder(input));
