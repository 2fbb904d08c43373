//! Properties of the public types: size, auto traits, `Display` and `Debug`.

use std::error::Error;
use std::fmt::Debug;

use ssewire::{
    Block, BlockSpan, BodyStart, BomSkipper, DecodeError, Decoder, EncodeError, Event, EventBuilder, EventSpan, Field,
    Frame, FrameSpan, HeapBuffer, LastEventIdError, LineDecoder, LineSpan, Lossy, OwnedBlock, OwnedEvent, OwnedEvents,
    OwnedFrame, Reconnect, ResponseAction, SharedEvent, Storage, Truncated,
};
use ssewire_tests::assert_send_sync_unpin;

#[test]
#[cfg(target_pointer_width = "64")]
fn decoder_is_at_most_184_bytes() {
    // With the feature `bytes`, which adds a field.
    assert!(size_of::<Decoder>() <= 184, "{}", size_of::<Decoder>());
    assert!(size_of::<Decoder<&mut [u8]>>() <= 184);
    assert!(size_of::<Decoder<[u8; 0]>>() <= 184);
}

/// Checked by the compiler.
const _: () = {
    assert_send_sync_unpin::<Decoder>();
    assert_send_sync_unpin::<Decoder<[u8; 8]>>();
    assert_send_sync_unpin::<Decoder<&mut [u8]>>();
    assert_send_sync_unpin::<LineDecoder>();
    assert_send_sync_unpin::<LineDecoder<[u8; 8]>>();
    assert_send_sync_unpin::<LineDecoder<&mut [u8]>>();
    assert_send_sync_unpin::<Event<'_>>();
    assert_send_sync_unpin::<Block<'_>>();
    assert_send_sync_unpin::<Frame<'_>>();
    assert_send_sync_unpin::<OwnedEvent>();
    assert_send_sync_unpin::<OwnedBlock>();
    assert_send_sync_unpin::<OwnedFrame>();
    assert_send_sync_unpin::<OwnedEvents<'_, HeapBuffer>>();
    assert_send_sync_unpin::<Field<'_>>();
    assert_send_sync_unpin::<BodyStart>();
    assert_send_sync_unpin::<BomSkipper>();
    assert_send_sync_unpin::<Lossy<'_>>();
    assert_send_sync_unpin::<SharedEvent>();
    assert_send_sync_unpin::<EventBuilder<'_>>();
    assert_send_sync_unpin::<EncodeError>();
    assert_send_sync_unpin::<Reconnect>();
    assert_send_sync_unpin::<ResponseAction>();
    assert_send_sync_unpin::<EventSpan>();
    assert_send_sync_unpin::<BlockSpan>();
    assert_send_sync_unpin::<FrameSpan>();
    assert_send_sync_unpin::<LineSpan>();
    assert_send_sync_unpin::<DecodeError>();
    assert_send_sync_unpin::<LastEventIdError>();
    assert_send_sync_unpin::<Truncated>();
};

#[test]
fn error_display_contains_the_number() {
    fn small<E: Error + Copy + Eq + 'static>(error: E) -> (String, E) {
        assert!(size_of::<E>() <= 16);
        assert!(error.source().is_none());
        (error.to_string(), error)
    }
    let mut decoder = Decoder::with_storage([0; 3]).with_max_event_bytes(17);
    let truncated = {
        decoder.poll_event(&mut &b"data: secret"[..]).unwrap_err();
        decoder.finish().unwrap_err()
    };
    let texts = [
        small(DecodeError::LimitExceeded { limit: 17 }).0,
        small(DecodeError::CapacityExceeded { capacity: 3 }).0,
        small(truncated).0,
        small(EncodeError::BufferTooSmall { needed: 19 }).0,
        small(EncodeError::InvalidEventType).0,
        small(EncodeError::InvalidId).0,
        small(LastEventIdError::ForbiddenByte).0,
        small(LastEventIdError::LimitExceeded { limit: 29 }).0,
        small(LastEventIdError::CapacityExceeded { capacity: 31 }).0,
    ];
    for (text, number) in texts.iter().zip(["17", "3", "12", "19", "event type", "event ID", "NUL", "29", "31"]) {
        assert!(text.contains(number), "{text:?} does not contain {number}");
        assert!(text.starts_with(char::is_lowercase) && !text.ends_with('.'), "{text:?} is not in error style");
        assert!(!text.contains('\n') && !text.contains("secret"));
    }
}

/// Model output and keys do not belong in logs.
#[test]
fn debug_of_a_decoder_shows_nothing_of_the_stream() {
    const SECRET: &[u8] = b"tOpSeCrEt";
    for line in ["data", "event", "id", "retry", "unknown", ""] {
        for end in ["", "\n", "\n\n"] {
            let stream = [line.as_bytes(), b": ", SECRET, end.as_bytes()].concat();
            for chunk in [1, 5, stream.len()] {
                let mut memory = [0; 64];
                check(Decoder::new(), &stream, chunk);
                check(Decoder::with_storage([0; 64]), &stream, chunk);
                check(Decoder::with_storage(&mut memory[..]), &stream, chunk);
            }
        }
    }

    fn check<S: Storage + Debug>(decoder: Decoder<S>, stream: &[u8], chunk: usize) {
        let mut decoder = decoder.with_comments().with_unknown_fields();
        let mut shown = Vec::new();
        for mut input in stream.chunks(chunk) {
            while let Some(span) = decoder.poll_frame(&mut input).unwrap() {
                shown.push(format!("{span:?}"));
            }
            shown.push(format!("{decoder:?} {decoder:#?}"));
        }
        let text = std::str::from_utf8(SECRET).unwrap();
        let numbers = format!("{}, {}, {}", SECRET[0], SECRET[1], SECRET[2]);
        for shown in shown {
            assert!(!shown.contains(text) && !shown.contains(&numbers), "{shown}");
        }
        let shown = format!("{:?}", Decoder::new().owned_events(stream));
        assert!(!shown.contains(&numbers) && shown.contains(&format!("rest_bytes: {}", stream.len())), "{shown}");
    }
}

#[test]
fn debug_of_a_decoder_counts_pending_bytes_as_the_method_does() {
    for chunk in [&b": c\n"[..], b"\xEF\xBB", b"data: x", b"data: x\n\n", b"\xEF\xBBx"] {
        let (mut decoder, mut lines) = (Decoder::new(), LineDecoder::new());
        let mut rest = chunk;
        while decoder.decode(&mut rest).unwrap().is_some() {}
        rest = chunk;
        while lines.decode(&mut rest).unwrap().is_some() {}
        for (shown, pending) in
            [(format!("{decoder:?}"), decoder.pending_bytes()), (format!("{lines:?}"), lines.pending_bytes())]
        {
            assert!(shown.contains(&format!("pending_bytes: {pending},")), "{shown}");
        }
        assert_eq!(lines.finish().err().map_or(0, |truncated| truncated.pending_bytes()), lines_pending(chunk));
    }

    /// Bytes after the last line end.
    fn lines_pending(chunk: &[u8]) -> u64 {
        chunk.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len) as u64
    }
}

#[test]
fn debug_of_an_event_shows_text_also_of_an_owned_or_shared_one() {
    let chunk = bytes::Bytes::from_static(b"event: e\nid: 7\ndata: a\xFF\"\n\n");
    let mut decoder = Decoder::new();
    let event = decoder.decode(&mut &chunk[..]).unwrap().unwrap();
    let owned = event.into_owned();
    let shared = Decoder::new().decode_shared(&mut chunk.clone()).unwrap().unwrap();
    let shown = r#"Event { event_type: "e", data: "a\xFF\"", last_event_id: "7", retry: None }"#;
    assert_eq!([format!("{event:?}"), format!("{owned:?}"), format!("{shared:?}")], [shown; 3]);
}

#[test]
fn debug_of_a_block_shows_text_also_of_an_owned_one() {
    let mut decoder = Decoder::new();
    let block = decoder.decode_block(&mut &b"id: 7\nretry: 10\ndata: a\xFF\n\n"[..]).unwrap().unwrap();
    let shown = concat!(
        r#"Block { event_type: None, data: Some("a\xFF"), last_event_id: "7", retry: Some(10ms), "#,
        "has_id: true, has_ignored_id: false }"
    );
    assert_eq!(format!("{block:?}"), shown);
    assert_eq!(format!("{:?}", block.into_owned()), shown);
}

/// Every layer of the workspace accepts white space around the end marker.
#[test]
fn is_done_is_true_for_the_end_marker_alone() {
    for (data, is_done) in [
        ("[DONE]", true),
        ("  [DONE] \t", true),
        ("[DONE", false),
        ("[DONE] x", false),
        ("[DONE][DONE]", false),
        ("", false),
        ("{}", false),
    ] {
        let stream = format!("data: {data}\n\n");
        let mut decoder = Decoder::new();
        let event = decoder.decode(&mut stream.as_bytes()).unwrap().unwrap();
        assert_eq!(event.is_done(), is_done, "{data:?}");
    }
}

/// Events that own their bytes have the accessors of a borrowed one.
#[test]
fn events_have_the_accessors_of_text() {
    let stream = b"event: \xC3\xA9\nid: \xFF\ndata: \xE2\x82\n\ndata: [DONE]\n\n";
    let mut decoder = Decoder::new();
    let owned: Vec<_> = decoder.owned_events(stream).map(Result::unwrap).collect();
    let borrowed: Vec<_> = owned.iter().map(OwnedEvent::as_event).collect();
    let mut bytes = bytes::Bytes::from_static(stream);
    let shared: Vec<_> = std::iter::from_fn(|| decoder.decode_shared(&mut bytes).unwrap()).collect();
    macro_rules! check {
        ($events:expr) => {
            let [event, end] = &$events[..] else { panic!("two events") };
            assert_eq!(event.event_type_str(), Ok("é"));
            assert!(event.data_str().is_err() && event.last_event_id_str().is_err());
            assert_eq!(event.event_type_lossy().to_cow(), "é");
            assert_eq!(event.data_lossy().to_cow(), "\u{fffd}");
            assert_eq!(event.last_event_id_lossy().to_cow(), "\u{fffd}");
            assert!(!event.is_done() && end.is_done());
            assert_eq!(end.data_str(), Ok("[DONE]"));
        };
    }
    check!(borrowed);
    check!(owned);
    check!(shared);
}

#[test]
fn owned_items_are_made_from_borrowed_and_shared_ones() {
    let stream = b"event: e\nid: 7\nretry: 5\ndata: x\n\n";
    let event = Decoder::new().decode_owned(&mut &stream[..]).unwrap().unwrap();
    let shared = Decoder::new().decode_shared(&mut bytes::Bytes::from_static(stream)).unwrap().unwrap();
    assert_eq!([OwnedEvent::from(event.as_event()), OwnedEvent::from(shared)], [event.clone(), event]);
    let mut decoder = Decoder::new();
    let block = decoder.decode_block(&mut &stream[..]).unwrap().unwrap();
    assert_eq!(OwnedBlock::from(block).as_block(), block);
    let frame = decoder.decode_frame(&mut &stream[..]).unwrap().unwrap();
    assert_eq!(OwnedFrame::from(frame).as_frame(), frame);
}

#[test]
fn debug_of_decoders_shows_counts() {
    let mut decoder = Decoder::with_storage([0; 32]).with_max_event_bytes(24);
    assert!(decoder.decode(&mut &b"retry: 5\nevent: e\ndata: abc"[..]).unwrap().is_none());
    let shown = format!("{decoder:?}");
    let expected = "Decoder { max_event_bytes: 24, pending_bytes: 27, retry: Some(5ms), \
                    capacity: 32, .. }";
    assert_eq!(shown, expected);

    let mut lines = LineDecoder::with_storage([0; 8]).with_max_line_bytes(6);
    assert!(lines.decode(&mut &b"abc"[..]).unwrap().is_none());
    let expected = "LineDecoder { max_line_bytes: 6, pending_bytes: 3, \
                    capacity: 8, .. }";
    assert_eq!(format!("{lines:?}"), expected);
}
