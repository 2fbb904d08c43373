//! Encoding: what was written is read back, and nothing that is put in becomes a field of its own.

use proptest::prelude::*;
use ssewire::{Decoder, Encode, Frame};

/// The lines of a text, as the format can say them: whichever of the three line ends stood there, LF comes back.
fn normalised(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::collection::vec(
            prop_oneof![
                Just("\n"), Just("\r"), Just("\r\n"), Just(" "), Just(":"), Just("data: x"), Just("id"), Just("\0"),
                Just("é"), Just("\u{FEFF}"), Just("a"), Just("\n\n"),
            ],
            0..12
        ).prop_map(|pieces| pieces.concat()),
        1 => ".{0,40}",
    ]
}

fn one_line() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.replace(['\n', '\r', '\0'], ""))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_encoded_is_decoded(
        events in proptest::collection::vec((one_line(), text(), proptest::option::of(one_line()), any::<Option<u64>>()), 1..6),
        comment in text(),
        chunk in 1..40_usize,
    ) {
        let mut bytes = Encode::new().comment(&comment).to_string().into_bytes();
        for (event_type, data, id, retry) in &events {
            let mut event = Encode::new().comment(&comment).event_type(event_type).unwrap().data(data);
            if let Some(id) = id {
                event = event.id(id).unwrap();
            }
            if let Some(retry) = retry {
                event = event.retry(*retry);
            }
            event.append_to(&mut bytes);
        }

        let mut decoder = Decoder::new();
        let mut seen = Vec::new();
        for mut input in bytes.chunks(chunk) {
            while let Some(event) = decoder.decode(&mut input).unwrap() {
                seen.push((
                    event.event_type_str().unwrap().to_owned(),
                    event.data_str().unwrap().to_owned(),
                    event.last_event_id_str().unwrap().to_owned(),
                ));
            }
        }
        prop_assert!(decoder.finish().is_ok());

        let mut last_event_id = String::new();
        let expected: Vec<_> = events
            .iter()
            .map(|(event_type, data, id, _)| {
                if let Some(id) = id {
                    last_event_id.clone_from(id);
                }
                let event_type = if event_type.is_empty() { "message" } else { event_type };
                (event_type.to_owned(), normalised(data), last_event_id.clone())
            })
            .collect();
        prop_assert_eq!(seen, expected);
        prop_assert_eq!(decoder.retry(), events.iter().rev().find_map(|event| event.3));
    }

    #[test]
    fn a_comment_is_never_more_than_comments(comment in text()) {
        let bytes = Encode::new().comment(&comment).to_string().into_bytes();
        let mut decoder = Decoder::new();
        let mut input = bytes.as_slice();
        let mut lines = Vec::new();
        while let Some(frame) = decoder.decode_frame(&mut input).unwrap() {
            let Frame::Comment(text) = frame else { panic!("{frame:?}") };
            lines.push(std::str::from_utf8(text).unwrap().strip_prefix(' ').unwrap().to_owned());
        }
        prop_assert_eq!(lines.join("\n"), normalised(&comment));
    }

    #[test]
    fn a_decoded_event_encodes_to_itself(data in text(), event_type in one_line(), id in one_line()) {
        let bytes = Encode::new().event_type(&event_type).unwrap().id(&id).unwrap().data(&data).to_string();
        let mut decoder = Decoder::new();
        let event = decoder.decode(&mut bytes.as_bytes()).unwrap().unwrap();
        let again = Encode::from(event).to_string();
        let mut second = Decoder::new();
        prop_assert_eq!(second.decode(&mut again.as_bytes()).unwrap().unwrap(), event);
    }
}

#[test]
fn ill_formed_bytes_are_written_as_they_are() {
    let mut bytes = Vec::new();
    Encode::new().data(b"a\xFFb").append_to(&mut bytes);
    assert_eq!(bytes, b"data: a\xFFb\n\n");
}

#[test]
fn passing_events_on_passes_a_reset_of_the_id_on() {
    let mut input = &b"id: 1\ndata: a\n\nid\ndata: b\n\n"[..];
    let mut decoder = Decoder::new();
    let mut passed_on = Vec::new();
    while let Some(event) = decoder.decode(&mut input).unwrap() {
        Encode::from(event).append_to(&mut passed_on);
    }
    let mut reader = Decoder::new();
    let mut input = passed_on.as_slice();
    assert_eq!(reader.decode(&mut input).unwrap().unwrap().last_event_id(), b"1");
    assert_eq!(reader.decode(&mut input).unwrap().unwrap().last_event_id(), b"");
}
