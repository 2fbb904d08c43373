//! What the types themselves promise: size, threads, errors, and what they keep to themselves.

use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use ssewire::{
    DecodeError, Decoder, EncodeError, Event, EventBuilder, Field, Fixed, Frame, Growing, LineDecoder, Lossy, Ready,
    ReadyFrame, ReadyLine, Reconnect, ResponseAction, SharedEvent, Storage, Truncated,
};

#[test]
#[cfg(target_pointer_width = "64")]
fn an_idle_decoder_is_small() {
    // With the feature `bytes`, which adds to it.
    assert!(size_of::<Decoder>() <= 192, "{}", size_of::<Decoder>());
    assert!(size_of::<Decoder<&mut [u8]>>() <= 192);
    assert!(size_of::<Decoder<ArrayBuffer<0>>>() <= 192);
}

#[test]
fn everything_may_go_to_another_thread() {
    fn free<T: Send + Sync + Unpin>() -> usize {
        size_of::<T>()
    }
    let sizes = [
        free::<Decoder>(),
        free::<Decoder<ArrayBuffer<8>>>(),
        free::<Decoder<&mut [u8]>>(),
        free::<LineDecoder>(),
        free::<LineDecoder<ArrayBuffer<8>>>(),
        free::<LineDecoder<&mut [u8]>>(),
        free::<Growing>(),
        free::<ArrayBuffer<8>>(),
        free::<Event<'_>>(),
        free::<Frame<'_>>(),
        free::<Field<'_>>(),
        free::<Lossy<'_>>(),
        free::<SharedEvent>(),
        free::<EventBuilder<'_>>(),
        free::<EncodeError>(),
        free::<Reconnect>(),
        free::<ResponseAction>(),
        free::<Ready>(),
        free::<ReadyFrame>(),
        free::<ReadyLine>(),
        free::<DecodeError>(),
        free::<Truncated>(),
    ];
    assert!(sizes.iter().all(|&size| size > 0));
}

#[test]
fn errors_are_small_and_say_what_happened() {
    fn small<E: Error + Copy + Eq + 'static>(error: E) -> (String, E) {
        assert!(size_of::<E>() <= 16);
        assert!(error.source().is_none());
        (error.to_string(), error)
    }
    let mut decoder = Decoder::with_storage(ArrayBuffer::<3>::new()).with_limit(17);
    let truncated = {
        decoder.advance(&mut &b"data: secret"[..]).unwrap_err();
        decoder.finish().unwrap_err()
    };
    let texts = [
        small(DecodeError::LimitExceeded { limit: 17 }).0,
        small(DecodeError::CapacityExceeded { capacity: 3 }).0,
        small(truncated).0,
        small(EncodeError::BufferTooSmall { needed: 19 }).0,
        small(EncodeError::InvalidEventType).0,
        small(EncodeError::InvalidId).0,
    ];
    for (text, number) in texts.iter().zip(["17", "3", "12", "19", "event type", "id"]) {
        assert!(text.contains(number), "{text:?} names the figure");
        assert!(text.starts_with(char::is_lowercase) && !text.ends_with('.'), "{text:?} can stand within a sentence");
        assert!(!text.contains('\n') && !text.contains("secret"));
    }
}

/// Model output and keys do not belong in logs.
#[test]
fn a_decoder_shows_nothing_of_the_stream() {
    const SECRET: &[u8] = b"tOpSeCrEt";
    for line in ["data", "event", "id", "retry", "unknown", ""] {
        for end in ["", "\n", "\n\n"] {
            let stream = [line.as_bytes(), b": ", SECRET, end.as_bytes()].concat();
            for chunk in [1, 5, stream.len()] {
                let mut memory = [0; 64];
                shows_nothing(Decoder::new(), &stream, chunk);
                shows_nothing(Decoder::with_storage(ArrayBuffer::<64>::new()), &stream, chunk);
                shows_nothing(Decoder::with_storage(&mut memory[..]), &stream, chunk);
            }
        }
    }

    fn shows_nothing<S: Storage + Debug>(mut decoder: Decoder<S>, stream: &[u8], chunk: usize) {
        let mut shown = Vec::new();
        for mut input in stream.chunks(chunk) {
            while let Some(ready) = decoder.advance_frame(&mut input).unwrap() {
                shown.push(format!("{ready:?}"));
            }
            shown.push(format!("{decoder:?} {decoder:#?}"));
        }
        let text = std::str::from_utf8(SECRET).unwrap();
        let numbers = format!("{}, {}, {}", SECRET[0], SECRET[1], SECRET[2]);
        for shown in shown {
            assert!(!shown.contains(text) && !shown.contains(&numbers), "{shown}");
        }
    }
}

#[test]
fn the_debug_of_an_event_is_legible() {
    let mut input = &b"event: e\nid: 7\ndata: a\xFF\"\n\n"[..];
    let mut decoder = Decoder::new();
    let event = decoder.decode(&mut input).unwrap().unwrap();
    assert_eq!(format!("{event:?}"), r#"Event { event_type: "e", data: "a\xFF\"", last_event_id: "7" }"#);
}

#[test]
fn text_that_is_none_is_an_error_of_its_own() {
    let mut input = &b"event: \xC3\xA9\nid: \xFF\ndata: \xE2\x82\n\n"[..];
    let mut decoder = Decoder::new();
    let event = decoder.decode(&mut input).unwrap().unwrap();
    assert_eq!(event.event_type_str(), Ok("é"));
    assert!(event.data_str().is_err());
    assert!(event.last_event_id_str().is_err());
    assert_eq!(event.data_lossy().to_string(), "\u{fffd}");
    assert_eq!(event.last_event_id_lossy().to_cow(), "\u{fffd}");
}

#[test]
fn an_event_of_ones_own_is_seen_as_the_one_it_was_made_of() {
    let chunk = bytes::Bytes::from_static(b"event: e\nid: 7\ndata: a\xFF\"\n\n");
    let mut decoder = Decoder::new();
    let owned = decoder.decode(&mut &chunk[..]).unwrap().unwrap().into_owned();
    assert_eq!((owned.event_type(), owned.data(), owned.last_event_id()), (&b"e"[..], &b"a\xFF\""[..], &b"7"[..]));
    let shared = Decoder::new().decode_bytes(&mut chunk.clone()).unwrap().unwrap();
    let legible = r#"Event { event_type: "e", data: "a\xFF\"", last_event_id: "7" }"#;
    assert_eq!([format!("{owned:?}"), format!("{shared:?}")], [legible, legible]);
}

#[test]
fn storage_shows_what_it_holds_at_most() {
    let shown = [format!("{:?}", HeapBuffer::new()), format!("{:?}", ArrayBuffer::<8>::default())];
    assert_eq!(shown, ["Growing { capacity: 0 }", "Fixed { capacity: 8 }"]);
}

#[test]
fn only_a_block_of_nothing_is_empty() {
    assert!(EventBuilder::new().is_empty());
    for block in [
        EventBuilder::new().event_type("").unwrap(),
        EventBuilder::new().id("").unwrap(),
        EventBuilder::new().retry(Duration::ZERO),
        EventBuilder::new().data(""),
        EventBuilder::new().comment(""),
    ] {
        assert!(!block.is_empty(), "{block:?}");
    }
}

#[test]
fn decoders_show_how_they_stand() {
    let mut decoder = Decoder::with_storage(ArrayBuffer::<32>::new()).with_limit(24);
    assert!(decoder.decode(&mut &b"retry: 5\nevent: e\ndata: abc"[..]).unwrap().is_none());
    let shown = format!("{decoder:?}");
    let expected = "Decoder { room: Room { capacity: 32, front: 3, back: 1 }, limit: 24, pending: 27, retry: Some(5), ";
    assert!(shown.starts_with(expected), "{shown}");

    let mut lines = LineDecoder::with_storage(ArrayBuffer::<8>::new()).with_limit(6);
    assert!(lines.decode(&mut &b"abc"[..]).unwrap().is_none());
    let expected = "LineDecoder { room: Room { capacity: 8, front: 3, back: 0 }, limit: 6, pending: 3, .. }";
    assert_eq!(format!("{lines:?}"), expected);
}
