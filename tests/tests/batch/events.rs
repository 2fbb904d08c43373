//! Batches of events: the conformance cases, at every split.

use std::time::Duration;

use ssewire::{Decoder, LastEventIdError};
use ssewire_batch::{BatchDecoder, EventKind, EventRecord, Span};
use ssewire_tests::cases::{self, Case, Expected};
use ssewire_tests::chunks;

fn decoder(case: &Case) -> BatchDecoder {
    let decoder = Decoder::new().with_max_id_bytes(usize::MAX);
    let id = case.last_event_id_before.clone().unwrap_or_default();
    BatchDecoder::with_decoder(decoder.with_last_event_id(id.as_bytes()).unwrap())
}

/// Every event of the chunks.
fn events(decoder: &mut BatchDecoder, chunks: &[&[u8]]) -> Vec<Expected> {
    let mut events = Vec::new();
    for mut chunk in chunks.iter().copied() {
        while !chunk.is_empty() {
            let batch = decoder.push(&mut chunk);
            events.extend(batch.records().iter().filter(|record| record.kind == EventKind::Event).map(|record| {
                Expected {
                    event: batch.event_type(record).to_owned(),
                    data: batch.data(record).to_owned(),
                    id: batch.last_event_id(record).to_owned(),
                }
            }));
        }
    }
    events
}

fn check(case: &Case, mut decoder: BatchDecoder, chunks: &[&[u8]]) {
    assert_eq!(events(&mut decoder, chunks), case.events, "{}", case.id);
    assert_eq!(String::from_utf8_lossy(decoder.last_event_id()), case.last_event_id, "{}", case.id);
    assert_eq!(decoder.retry_ms().map(Duration::from_millis), case.retry, "{}", case.id);
}

#[test]
fn every_case_agrees_at_every_split_and_size_of_a_batch() {
    for case in cases::all() {
        let mut ways = vec![chunks::whole(&case.input), chunks::of(1, &case.input), chunks::of(7, &case.input)];
        if case.input.len() <= 300 {
            ways.extend(chunks::splits(&case.input));
        }
        for way in ways {
            check(&case, decoder(&case), &way);
            check(&case, decoder(&case).with_max_records(1), &way);
            check(&case, decoder(&case).with_comments().with_max_records(2), &way);
        }
    }
}

#[test]
fn an_event_is_in_the_batch_of_its_last_byte() {
    for case in cases::all() {
        let mut decoder = decoder(&case);
        let mut at = Vec::new();
        for (index, byte) in case.input.iter().enumerate() {
            let mut input = std::slice::from_ref(byte);
            at.extend(decoder.push(&mut input).records().iter().map(|_| index + 1));
        }
        assert_eq!(at, case.dispatch_at, "{}", case.id);
    }
}

#[test]
fn records_have_comments_lost_events_and_times_in_their_order() {
    let mut input = &b": note \xff\nretry: 250\ndata: a\n\ndata: too long\n\nignored: x\n\ndata: b\n\n"[..];
    let decoder = Decoder::new().with_max_event_bytes(4);
    let mut decoder = BatchDecoder::with_decoder(decoder).with_comments();
    let batch = decoder.push(&mut input);
    let seen: Vec<_> = batch
        .records()
        .iter()
        .map(|record| (record.kind, batch.data(record), record.has_retry.then_some(record.retry_ms)))
        .collect();
    assert_eq!(
        seen,
        [
            (EventKind::Comment, " note \u{FFFD}", None),
            (EventKind::Event, "a", Some(250)),
            (EventKind::Lost, "event or line exceeds the limit of 4 bytes", None),
            (EventKind::Event, "b", None),
        ]
    );
    assert!(input.is_empty());
}

/// Regression: after the first event with an ID, a decoder of the caller that returns comments made them records.
#[test]
fn comments_are_records_only_on_request() {
    let mut decoder = BatchDecoder::with_decoder(Decoder::new().with_comments());
    let mut input = &b": a\n\ndata: x\n\nid: 1\ndata: y\n\n: b\n\ndata: z\n\n"[..];
    let batch = decoder.push(&mut input);
    let seen: Vec<_> = batch.records().iter().map(|record| batch.data(record)).collect();
    assert_eq!(seen, ["x", "y", "z"]);
}

#[test]
fn the_end_discards_an_event_or_returns_it() {
    for cut in ["data: [DONE]", "data: [DONE]\n", "event: message\ndata: [DONE]\r"] {
        let mut decoder = BatchDecoder::new();
        decoder.push(&mut cut.as_bytes());
        let truncated = decoder.clone().finish().unwrap_err();
        assert_eq!(truncated.pending_bytes(), cut.len() as u64);
        let batch = decoder.finish_event();
        assert_eq!(batch.records().iter().map(|record| batch.data(record)).collect::<Vec<_>>(), ["[DONE]"]);
        assert_eq!(decoder.finish_event().records(), []);
        assert_eq!(decoder.finish(), Ok(()));
    }
}

#[test]
fn an_event_that_is_lost_at_the_end_is_a_record() {
    // The LF that joins the second line is in excess when the line ends.
    let mut decoder = BatchDecoder::with_decoder(Decoder::new().with_max_event_bytes(4));
    assert_eq!(decoder.push(&mut &b"id: 7\ndata: ab\ndata: cd"[..]).records(), []);
    let batch = decoder.finish_event();
    let seen: Vec<_> = batch.records().iter().map(|record| (record.kind, batch.data(record))).collect();
    assert_eq!(seen, [(EventKind::Lost, "event or line exceeds the limit of 4 bytes")]);
    assert_eq!(decoder.last_event_id(), b"7");
    assert_eq!(decoder.finish_event().records(), []);
}

/// HTML standard: a client that reconnects keeps the last event ID and the reconnection time.
#[test]
fn reset_discards_the_unfinished_event_alone() {
    let mut decoder = BatchDecoder::new();
    decoder.push(&mut &b"id: 7\nretry: 250\ndata: a\n\ndata: lost\n"[..]);
    decoder.reset();
    assert_eq!((decoder.last_event_id(), decoder.retry_ms()), (&b"7"[..], Some(250)));
    // A byte order mark starts another stream.
    let batch = decoder.push(&mut "\u{FEFF}data: b\n\n".as_bytes());
    let seen: Vec<_> = batch.records().iter().map(|record| (batch.data(record), batch.last_event_id(record))).collect();
    assert_eq!(seen, [("b", "7")]);
    assert_eq!(decoder.finish(), Ok(()));
}

#[test]
fn set_last_event_id_sets_that_of_the_events_without_an_id() {
    let mut decoder = BatchDecoder::new();
    decoder.set_last_event_id(b"7").unwrap();
    assert_eq!(decoder.set_last_event_id(b"8\n"), Err(LastEventIdError::ForbiddenByte));
    assert_eq!(decoder.last_event_id(), b"7");
    let batch = decoder.push(&mut &b"data: a\n\nid: 9\ndata: b\n\n"[..]);
    assert_eq!(batch.records().iter().map(|record| batch.last_event_id(record)).collect::<Vec<_>>(), ["7", "9"]);
}

#[test]
fn a_batch_ends_at_its_largest_number_of_records() {
    let body = b"data: a\n\n".repeat(10);
    let mut input = &body[..];
    let mut decoder = BatchDecoder::new().with_max_records(4);
    let mut sizes = Vec::new();
    while !input.is_empty() {
        sizes.push((decoder.push(&mut input).records().len(), input.len()));
    }
    assert_eq!(sizes, [(4, 54), (4, 18), (2, 0)]);
}

#[test]
fn a_record_of_another_batch_has_no_or_unspecified_text_but_never_panics() {
    for input in [&["data: ä\n\n".as_bytes()][..], &[b"data: \xC3", b"\xA4\n\n"]] {
        let mut decoder = BatchDecoder::new();
        let mut records =
            input.iter().copied().filter_map(|mut chunk| decoder.push(&mut chunk).records().first().copied());
        let record = records.next().unwrap();
        assert_eq!(decoder.push(&mut "data: €\n\n".as_bytes()).data(&record), "");
        let _ = decoder.push(&mut &b"data"[..]).data(&record);
    }
}

#[test]
fn a_comment_says_whether_it_is_truncated() {
    let decoder = Decoder::new().with_max_comment_bytes(3);
    let mut decoder = BatchDecoder::with_decoder(decoder).with_comments();
    let batch = decoder.push(&mut &b":abc\n:abcd\ndata: abcd\n\n"[..]);
    let seen: Vec<_> = batch.records().iter().map(|record| (batch.data(record), record.is_truncated)).collect();
    assert_eq!(seen, [("abc", false), ("abc", true), ("abcd", false)]);
}

/// The data and the type of each event, and whether they are in the input.
fn places(decoder: &mut BatchDecoder, mut input: &[u8]) -> Vec<(String, bool, String, bool)> {
    let chunk = input;
    let batch = decoder.push(&mut input);
    let bytes = |span: Span, is_in_input| {
        &(if is_in_input { chunk } else { batch.text().as_bytes() })[span.offset..][..span.len]
    };
    let place = |record: &EventRecord| {
        // As C reads them.
        assert_eq!(bytes(record.data, record.is_data_in_input), batch.data(record).as_bytes());
        assert_eq!(bytes(record.event_type, record.is_event_type_in_input), batch.event_type(record).as_bytes());
        let (data, event_type) = (batch.data(record).to_owned(), batch.event_type(record).to_owned());
        (data, record.is_data_in_input, event_type, record.is_event_type_in_input)
    };
    batch.records().iter().map(place).collect()
}

#[test]
fn a_value_in_the_input_is_not_copied() {
    let place = |data: &str, is_data, event_type: &str, is_type| (data.into(), is_data, event_type.into(), is_type);
    let mut decoder = BatchDecoder::new();
    let first = "data: a\n\nevent: ä\r\ndata: b\r\n\r\ndata: c\ndata: d\n\ndata: größ".as_bytes();
    let seen = places(&mut decoder, &first[..first.len() - 1]);
    assert_eq!(
        seen,
        [place("a", true, "message", false), place("b", true, "ä", true), place("c\nd", false, "message", false)]
    );
    // The chunk begins within a character, and ends within one.
    let second =
        [&first[first.len() - 1..], "er\n\nevent: e\ndata: é\n\nid: 1\nevent: f\ndata: g\n\nü".as_bytes()].concat();
    let seen = places(&mut decoder, &second[..second.len() - 1]);
    assert_eq!(
        seen,
        [place("größer", false, "message", false), place("é", true, "e", true), place("g", true, "f", true)]
    );
}

#[test]
fn ill_formed_text_is_copied_wherever_it_is() {
    for at in 0..4 {
        let mut events = [&b"event: \xE2\x82\ndata: \xC3\xA4\n\n"[..]; 4];
        events[at] = b"data: \xFF\n\n";
        let mut expected = vec![(String::from("ä"), String::from("\u{FFFD}")); 4];
        expected[at] = ("\u{FFFD}".into(), "message".into());
        let places = places(&mut BatchDecoder::new(), &events.concat());
        let seen: Vec<_> = places.into_iter().map(|(data, _, event_type, _)| (data, event_type)).collect();
        assert_eq!(seen, expected);
    }
    let [seen] = &places(&mut BatchDecoder::new(), b"data: a\xF0\x9F\n\n")[..] else { panic!("one event") };
    assert_eq!(*seen, ("a\u{FFFD}".into(), false, "message".into(), false));
}

#[test]
fn ill_formed_text_is_copied_in_any_order_of_the_fields() {
    for event in [&b"event: \xFF\ndata: a\n\n"[..], b"data: a\nevent: \xFF\n\n"] {
        let seen = places(&mut BatchDecoder::new(), event);
        assert_eq!(seen, [("a".into(), false, "\u{FFFD}".into(), false)], "{}", event.escape_ascii());
    }
    for event in [&b"event: a\ndata: \xFF\n\n"[..], b"data: \xFF\nevent: a\n\n"] {
        let seen = places(&mut BatchDecoder::new(), event);
        assert_eq!(seen, [("\u{FFFD}".into(), false, "a".into(), false)], "{}", event.escape_ascii());
    }
}

#[test]
fn ill_formed_bytes_after_the_last_event_copy_nothing() {
    let seen = places(&mut BatchDecoder::new(), b"event: e\ndata: a\n\n:\xFF\n\ndata: \xC3");
    assert_eq!(seen, [("a".into(), true, "e".into(), true)]);
}

#[test]
fn a_batch_has_only_the_input_that_it_consumed() {
    let mut input = &b"data: a\n\ndata: b\n\n"[..];
    let mut decoders = [BatchDecoder::new(), BatchDecoder::new()].map(|decoder| decoder.with_max_records(1));
    let [first, second] = &mut decoders;
    assert_eq!(first.push(&mut &input[..9]), second.push(&mut input));
    assert_eq!(input, b"data: b\n\n");
}

#[test]
fn the_end_has_no_input() {
    for cut in ["data", "data:", "data: x", "id: 1\ndata\n"] {
        let mut decoder = BatchDecoder::new();
        decoder.push(&mut cut.as_bytes());
        let record = decoder.finish_event().records()[0];
        assert!(!record.is_data_in_input && !record.is_event_type_in_input, "{cut}");
    }
}
