//! JSON text as it arrives: every prefix against the rules, the end against serde_json.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ssewire_tests::fuzz::json_prefixes(input));
