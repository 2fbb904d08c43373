//! `Field::parse`, `parse_retry` and `Lossy`, each against its standard.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;
use ssewire::{Field, Lossy, parse_retry};
use ssewire_tests::{oracle, streams, utf8};

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 1000, ..Config::default() })]

    #[test]
    fn field_parse_agrees_with_the_standard(stream in streams::any_stream()) {
        for line in oracle::lines(&stream) {
            let expected = match oracle::field(line.bytes) {
                oracle::Field::Blank => Field::Blank,
                oracle::Field::Comment(text) => Field::Comment(text),
                oracle::Field::Named { name: b"event", value } => Field::Event(value),
                oracle::Field::Named { name: b"data", value } => Field::Data(value),
                oracle::Field::Named { name: b"id", value } => Field::Id(value),
                oracle::Field::Named { name: b"retry", value } => Field::Retry(value),
                oracle::Field::Named { name, value } => Field::Unknown { name, value },
            };
            prop_assert_eq!(Field::parse(line.bytes), expected);
        }
    }

    #[test]
    fn parse_retry_agrees_with_the_standard(value in prop_oneof!["[0-9]{0,25}", "[0-9+ .x-]{0,4}", ".{0,4}"]) {
        prop_assert_eq!(parse_retry(value.as_bytes()), oracle::reconnection_time(value.as_bytes()));
    }

    #[test]
    fn lossy_agrees_with_the_encoding_standard(
        bytes in vec(prop_oneof![
            4 => any::<u8>(),
            // First and continuation bytes at the boundaries of their ranges.
            4 => prop::sample::select(&b"\x7F\x80\x8F\x90\x9F\xA0\xBF\xC1\xC2\xDF\xE0\xED\xEF\xF0\xF4\xF5"[..]),
            1 => Just(b'a'),
        ], 0..24),
    ) {
        let expected = utf8::decode(&bytes);
        let lossy = Lossy::new(&bytes);
        prop_assert_eq!(&lossy.to_string(), &expected);
        prop_assert_eq!(lossy.to_cow(), &expected[..]);
        prop_assert_eq!(utf8::decode(expected.as_bytes()), expected, "well-formed text stays");
    }
}

/// The caller must pass one line. For more than one line the result is unspecified, but there is no panic.
#[test]
fn field_parse_accepts_line_ends_within_a_line() {
    assert_eq!(Field::parse(b"data: a\nb"), Field::Data(b"a\nb"));
    for line in [&b"\n"[..], b"\r\n", b"data\n: x", b"data\n", b"dat\na", b":\n", b"\ndata: x"] {
        assert_ne!(Field::parse(line), Field::Blank);
    }
}

#[test]
fn transcribed_utf8_decoder_replaces_maximal_subparts() {
    for (bytes, text) in [
        (&b"a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"[..], "aé€😀"),
        (b"\xE2\x82", "\u{fffd}"),
        (b"\xE2\x82a", "\u{fffd}a"),
        (b"\xF0\x9F\x98", "\u{fffd}"),
        (b"\xC0\xAF", "\u{fffd}\u{fffd}"),
        (b"\xED\xA0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
        (b"\xF4\x90\x80\x80", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
        (b"\xF0\x80\x80", "\u{fffd}\u{fffd}\u{fffd}"),
        (b"\xFF\xFE", "\u{fffd}\u{fffd}"),
    ] {
        assert_eq!(utf8::decode(bytes), text, "{:?}", bytes.escape_ascii().to_string());
    }
}
