//! The bounds that no option changes. SECURITY.md lists them.

use ssewire_messages::{Incomplete, MessageDecoder, NonStreamBody, Step};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Decodes a body in chunks of 64 KiB. Returns the decoder and the bytes that it holds.
fn decode(body: &[u8]) -> (MessageDecoder, usize) {
    let before = ssewire_heap::held();
    let mut decoder = MessageDecoder::new();
    for mut chunk in body.chunks(64 * KIB) {
        while let Step::Update(_) = decoder.decode(&mut chunk).unwrap() {}
    }
    (decoder, ssewire_heap::held().saturating_sub(before))
}

fn error_message(incomplete: &Incomplete) -> &str {
    incomplete.server_error().and_then(|error| error.message()).expect("an error with a message")
}

#[test]
fn error_field_keeps_its_first_64_kib() {
    let body = |length: usize| format!("error: {}\n\n", "x".repeat(length));
    let (decoder, _) = decode(body(60 * KIB).as_bytes());
    assert_eq!(error_message(&decoder.finish().unwrap_err()).len(), 60 * KIB);

    let body = body(8 * MIB);
    let ((decoder, held), peak) = ssewire_heap::peak_of(|| decode(body.as_bytes()));
    let incomplete = decoder.finish().unwrap_err();
    let length = error_message(&incomplete).len();
    assert!((60 * KIB..=64 * KIB).contains(&length), "{length}");
    // The buffer of the decoder, 2.5 times while it grows; the value, its message and its JSON.
    assert!(peak <= 8 * 64 * KIB, "{peak}");
    assert!(held <= 5 * 64 * KIB, "{held}");
}

#[test]
fn non_stream_body_keeps_its_first_512_bytes() {
    let body = "some words\n".repeat(MIB / 11);
    let (decoder, held) = decode(body.as_bytes());
    assert!(held <= KIB, "{held}");
    assert_eq!(decoder.finish().unwrap_err().non_stream_body(), Some(&NonStreamBody::Text));
}

#[test]
fn json_body_is_kept_up_to_16_mib() {
    let body = |length: usize| {
        let (head, tail) = (r#"{"type":"message","id":"msg_1","content":[],"x":""#, "\"}");
        format!("{head}{}{tail}", "x".repeat(length - head.len() - tail.len()))
    };
    let (decoder, held) = decode(body(16 * MIB).as_bytes());
    // It grows by half.
    assert!(held <= 24 * MIB + 256 * KIB, "{held}");
    let incomplete = decoder.finish().unwrap_err();
    assert!(matches!(incomplete.non_stream_body(), Some(NonStreamBody::Message(_))), "{incomplete}");

    let (decoder, held) = decode(body(16 * MIB + 1).as_bytes());
    assert!(held <= 256 * KIB, "{held}");
    let incomplete = decoder.finish().unwrap_err();
    assert_eq!(incomplete.non_stream_body(), Some(&NonStreamBody::Json));
}
