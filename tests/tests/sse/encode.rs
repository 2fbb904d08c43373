//! Encoder: every encoded block decodes to the values that it was built from, and no value can inject a field.

use std::time::Duration;

use proptest::prelude::*;
use ssewire::{Decoder, EventBuilder, LineDecoder, OwnedBlock};

/// Replaces CR and CRLF by LF, the only line end that decoded data contains.
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
        ).prop_map(|parts| parts.concat()),
        1 => ".{0,40}",
    ]
}

fn one_line() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.replace(['\n', '\r', '\0'], ""))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn encode_into_vec_round_trips(
        events in proptest::collection::vec((one_line(), text(), proptest::option::of(one_line()), any::<Option<u64>>()), 1..6),
        comment in text(),
        chunk in 1..40_usize,
    ) {
        let mut bytes = EventBuilder::new().comment(&comment).to_vec();
        for (event_type, data, id, retry) in &events {
            let mut event = EventBuilder::new().comment(&comment).event_type(event_type).unwrap().data(data);
            if let Some(id) = id {
                event = event.id(id).unwrap();
            }
            if let Some(retry) = retry {
                event = event.retry(Duration::from_millis(*retry));
            }
            event.encode_into_vec(&mut bytes);
        }

        let mut decoder = Decoder::new();
        let mut seen = Vec::new();
        for mut input in bytes.chunks(chunk) {
            while let Some(event) = decoder.decode(&mut input).unwrap() {
                seen.push((
                    event.event_type_lossy().to_string(),
                    event.data_str().unwrap().to_owned(),
                    event.last_event_id_lossy().to_string(),
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
        let retry = events.iter().rev().find_map(|event| event.3);
        prop_assert_eq!(decoder.retry(), retry.map(Duration::from_millis));
    }

    #[test]
    fn comment_encodes_to_comment_lines_only(comment in text()) {
        let bytes = EventBuilder::new().comment(&comment).to_vec();
        let mut decoder = LineDecoder::new();
        let mut input = bytes.as_slice();
        let mut lines = Vec::new();
        while let Some(line) = decoder.decode(&mut input).unwrap() {
            lines.push(std::str::from_utf8(line).unwrap().to_owned());
        }
        prop_assert_eq!(lines.pop().unwrap(), "", "the block ends in a blank line");
        let texts: Vec<_> = lines.iter().map(|line| line.strip_prefix(": ").unwrap()).collect();
        prop_assert_eq!(texts.join("\n"), normalised(&comment));
    }

    #[test]
    fn builder_from_event_encodes_an_equal_event(data in text(), event_type in one_line(), id in one_line()) {
        let bytes = EventBuilder::new().event_type(&event_type).unwrap().id(&id).unwrap().data(&data).to_vec();
        let mut decoder = Decoder::new();
        let event = decoder.decode(&mut bytes.as_slice()).unwrap().unwrap();
        let again = EventBuilder::from(event).to_vec();
        let mut second = Decoder::new();
        prop_assert_eq!(second.decode(&mut again.as_slice()).unwrap().unwrap(), event);
    }

    #[test]
    fn all_outputs_are_equal(data in text(), comment in text(), retry in any::<Duration>()) {
        let block = EventBuilder::new().comment(&comment).data(&data).retry(retry);
        let bytes = block.to_vec();
        prop_assert_eq!(block.encoded_len(), bytes.len());
        prop_assert_eq!(block.to_bytes(), &bytes);
        prop_assert_eq!(block.to_string().into_bytes(), bytes.as_slice());
        let mut memory = vec![0; bytes.len()];
        prop_assert_eq!(block.encode_into_slice(&mut memory), Ok(bytes.len()));
        prop_assert_eq!(memory, bytes);
    }
}

/// Also blocks without data, an empty value, and a block whose `id` resets the last event ID.
#[test]
fn builder_from_block_encodes_an_equal_block() {
    let stream =
        b": hi\n\nid: 1\n\nretry: 200\n\nevent: e\n\nevent\ndata: a\rdata\r\n\nid\ndata\n\nevent: message\ndata: b\n\n";
    let blocks = |stream: &[u8]| {
        let (mut decoder, mut input, mut blocks) = (Decoder::new(), stream, Vec::new());
        while let Some(block) = decoder.decode_block(&mut input).unwrap() {
            blocks.push(OwnedBlock::from(block));
        }
        blocks
    };
    let expected = blocks(stream);
    assert_eq!(expected.len(), 6);
    let again: Vec<_> = expected.iter().flat_map(|block| EventBuilder::from(block.as_block()).to_vec()).collect();
    assert_eq!(blocks(&again), expected);
}

/// `id` and `retry` of a block count, though its event is above the limit and lost.
#[test]
fn builder_from_block_of_a_lost_event_passes_on_its_id() {
    let mut decoder = Decoder::new().with_max_event_bytes(4);
    let mut input = &b"event: e\nid: 7\nretry: 9\ndata: too long\n\n"[..];
    assert!(decoder.decode_block(&mut input).is_err());
    let block = decoder.decode_block(&mut input).unwrap().unwrap();
    assert_eq!(EventBuilder::from(block).to_string(), "id: 7\nretry: 9\n\n");
}

#[test]
fn encode_into_vec_keeps_ill_formed_bytes() {
    let mut bytes = Vec::new();
    EventBuilder::new().data(b"a\xFFb").encode_into_vec(&mut bytes);
    assert_eq!(bytes, b"data: a\xFFb\n\n");
}

#[test]
fn builder_from_event_passes_on_an_id_reset() {
    let mut input = &b"id: 1\ndata: a\n\nid\ndata: b\n\n"[..];
    let mut decoder = Decoder::new();
    let mut passed_on = Vec::new();
    while let Some(event) = decoder.decode(&mut input).unwrap() {
        EventBuilder::from(event).encode_into_vec(&mut passed_on);
    }
    let mut reader = Decoder::new();
    let mut input = passed_on.as_slice();
    assert_eq!(reader.decode(&mut input).unwrap().unwrap().last_event_id(), b"1");
    assert_eq!(reader.decode(&mut input).unwrap().unwrap().last_event_id(), b"");
}
