//! `Decoder::finish_event`, `finish` and `pending_bytes`: the end of the input.

use proptest::prelude::*;
use proptest::test_runner::Config;
use ssewire::{DecodeError, Decoder, HeapBuffer, Storage};
use ssewire_tests::chunks::{self, any_lengths};
use ssewire_tests::drive;
use ssewire_tests::oracle::Oracle;
use ssewire_tests::outcome::{Decoded, OwnedEvent, Text, event};
use ssewire_tests::streams::cut_stream;

/// Decodes all chunks, then ends the input, and returns the events and errors.
fn finish_event<S: Storage>(decoder: &mut Decoder<S>, chunks: &[&[u8]]) -> Vec<Decoded> {
    let mut seen = Vec::new();
    for chunk in chunks {
        let mut input = *chunk;
        while let Some(event) = decoder.decode(&mut input).transpose() {
            seen.push(event.map_or_else(Decoded::Error, |event| Decoded::Event(event.into())));
        }
    }
    let is_pending = decoder.pending_bytes() > 0;
    let last = decoder.finish_event().map(|event| event.map(OwnedEvent::from));
    let last = last.map_or_else(|error| Some(Decoded::Error(error)), |event| event.map(Decoded::Event));
    assert!(is_pending || last.is_none(), "{last:?} without anything pending");
    seen.extend(last);
    assert_eq!(decoder.pending_bytes(), 0);
    seen
}

fn check(stream: &[u8], expected: &[Decoded]) {
    for cut in chunks::splits(stream).chain([chunks::of(1, stream)]) {
        let mut decoder = Decoder::new();
        assert_eq!(finish_event(&mut decoder, &cut), expected, "{} as {cut:?}", stream.escape_ascii());
        assert_eq!(decoder.finish(), Ok(()));
        assert_eq!(decoder.finish_event(), Ok(None));
    }
}

#[test]
fn finish_event_returns_the_pending_event() {
    check(b"data: a\n\ndata: b\n", &[event("message", "a", ""), event("message", "b", "")]);
    check(b"event: e\nid: 7\ndata: a\ndata: b\n", &[event("e", "a\nb", "7")]);
    check(b"data: a\r", &[event("message", "a", "")]);
    check(b"data: a\r\n", &[event("message", "a", "")]);
    check(b"data\n", &[event("message", "", "")]);
    check(b"data: a\n: comment", &[event("message", "a", "")]);
    check(b"data: a\nunknown", &[event("message", "a", "")]);
}

#[test]
fn finish_event_ends_an_unfinished_line() {
    check(b"data: a", &[event("message", "a", "")]);
    check(b"data: a\ndata: b", &[event("message", "a\nb", "")]);
    check(b"data: a\ndata", &[event("message", "a\n", "")]);
    check(b"data: a\ndat", &[event("message", "a", "")]);
    check(b"data: a\nid: 7", &[event("message", "a", "7")]);
    check(b"data: a\nevent: e", &[event("e", "a", "")]);
    check(b"data:", &[event("message", "", "")]);
}

#[test]
fn finish_event_returns_a_done_marker_without_a_blank_line() {
    for end in ["", "\n", "\r", "\r\n"] {
        let stream = format!("data: x\n\ndata: [DONE]{end}");
        check(stream.as_bytes(), &[event("message", "x", ""), event("message", "[DONE]", "")]);
    }
    let mut decoder = Decoder::new();
    assert_eq!(decoder.decode(&mut &b"data: [DONE]"[..]), Ok(None));
    assert!(decoder.finish_event().unwrap().is_some_and(|event| event.is_done()));
}

#[test]
fn finish_event_returns_none_without_data() {
    for stream in [&b""[..], b"\n", b": c", b": c\n", b"event: e\n", b"retry: 1", b"x", b"data: x\n\n", b"\xEF\xBB"] {
        let complete = Oracle::new().read(stream).decoded().into_iter().cloned().collect::<Vec<_>>();
        check(stream, &complete);
    }
}

/// Like a blank line, and in contrast to `finish`.
#[test]
fn finish_event_sets_id_and_retry_of_the_pending_block() {
    let mut decoder = Decoder::new();
    assert_eq!(decoder.decode(&mut &b"id: 7\nretry: 5"[..]), Ok(None));
    assert_eq!(decoder.finish_event(), Ok(None));
    assert_eq!((decoder.last_event_id(), decoder.retry().unwrap().as_millis()), (&b"7"[..], 5));
    assert_eq!(decoder.decode(&mut &b"id: 8\n"[..]), Ok(None));
    decoder.finish().unwrap_err();
    assert_eq!(decoder.last_event_id(), b"7");
}

#[test]
fn finish_event_returns_the_error_of_a_lost_event() {
    // The LF that joins the second line is in excess when the line ends.
    let mut decoder = Decoder::new().with_max_event_bytes(4);
    assert_eq!(decoder.decode(&mut &b"data: ab\ndata: cd"[..]), Ok(None));
    assert_eq!(decoder.finish_event(), Err(DecodeError::LimitExceeded { limit: 4 }));
    assert_eq!(decoder.finish_event(), Ok(None));

    // The end of the line needs a byte for its LF.
    let mut decoder = Decoder::with_storage([0; 4]);
    assert_eq!(decoder.decode(&mut &b"data: abcd"[..]), Ok(None));
    assert_eq!(decoder.finish_event(), Err(DecodeError::CapacityExceeded { capacity: 4 }));
    assert_eq!(decoder.finish_event(), Ok(None));
}

#[test]
fn finish_event_prepares_for_another_stream() {
    for pending in
        [&b"data: a"[..], b"event: e\n", b"id: 1\nda", b"data: a\n\r", b"data: a\n\n", b"\xEF\xBB", b"retry: 1"]
    {
        let mut decoder = Decoder::new();
        finish_event(&mut decoder, &[pending]);
        // A byte order mark again, and no LF of a CRLF.
        let seen = finish_event(&mut decoder, &[b"\xEF\xBB\xBFdata: x\n\nretry: 5\n\ndata: y"]);
        let id = if pending.starts_with(b"id") { "1" } else { "" };
        assert_eq!(seen, [event("message", "x", id), event("message", "y", id)], "{}", pending.escape_ascii());
        assert_eq!(decoder.retry().unwrap().as_millis(), 5);
    }
}

#[test]
fn pending_bytes_are_those_that_finish_reports() {
    let stream = b"\xEF\xBB\xBF: c\n\n: c\nid: 7\n: c\n\ndata: a\r\n\r\nretry: 1\nx\n\n\n";
    let mut decoder = Decoder::new();
    for (at, byte) in stream.iter().enumerate() {
        let pending = Oracle::new().read(&stream[..at]).pending;
        assert_eq!(decoder.pending_bytes(), pending.unwrap_or(0), "{at}");
        while decoder.decode(&mut std::slice::from_ref(byte)).unwrap().is_some() {}
    }
    assert_eq!(decoder.pending_bytes(), 0);
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 750, ..Config::default() })]

    #[test]
    fn finish_event_equals_a_line_end_and_a_blank_line(
        stream in cut_stream(),
        lengths in any_lengths(),
        limit in prop_oneof![0..20usize, Just(usize::MAX)],
    ) {
        let ended = [&stream[..], b"\n\n"].concat();
        let expected = Oracle::new().limited(limit).read(&ended);
        let all: Vec<_> = expected.decoded().into_iter().cloned().collect();
        let decoder = |storage: HeapBuffer| Decoder::with_storage(storage).with_max_event_bytes(limit);
        for cut in chunks::splits(&stream).chain([chunks::of(1, &stream), chunks::of_lengths(&lengths, &stream)]) {
            let mut decoder = decoder(HeapBuffer::new());
            prop_assert_eq!(&finish_event(&mut decoder, &cut), &all);
            prop_assert_eq!(decoder.retry(), expected.retry);
            prop_assert_eq!(Text::from(decoder.last_event_id()), expected.last_event_id.clone());
        }
    }

    /// `finish` discards the event that `finish_event` would return, if one is pending.
    #[test]
    fn finish_discards_the_pending_event(stream in cut_stream(), lengths in any_lengths()) {
        let cut = chunks::of_lengths(&lengths, &stream);
        let expected = Oracle::new().read(&stream);
        prop_assert_eq!(drive::events(&mut Decoder::new(), cut.iter().copied()), expected.clone());
        let with_last = finish_event(&mut Decoder::new(), &cut);
        let discarded = with_last.len() - expected.items.len();
        prop_assert!(discarded == 0 || discarded == 1 && expected.pending.is_some());
    }
}
