//! `EventCodec` in tokio-util's `FramedRead`.

use std::io::{self, ErrorKind};
use std::time::Duration;

use bytes::BytesMut;
use futures::StreamExt as _;
use futures::executor::block_on;
use ssewire::{DecodeError, Decoder, SharedEvent};
use ssewire_io::{EventCodec, EventError, UnfinishedEvent};
use ssewire_tests::adapters;
use ssewire_tests::outcome::{Decoded, Item, Outcome};
use ssewire_tests::transport::Script;
use tokio_util::codec::{Decoder as _, FramedRead};

#[test]
fn events_of_every_case() {
    adapters::every_case(|script, decoder| {
        let given = script.given();
        let mut framed = FramedRead::new(script, EventCodec::with_decoder(decoder));
        let mut items = Vec::new();
        let pending = loop {
            match block_on(framed.next()) {
                Some(Ok(event)) => {
                    let event = event.unwrap();
                    items.push(Item { at: given.bytes(), decoded: Decoded::Event(event.as_event().into()) });
                }
                Some(Err(EventError::Truncated(truncated))) => break Some(truncated.pending_bytes()),
                Some(Err(error)) => panic!("{error}"),
                None => break None,
            }
        };
        if pending.is_some() {
            assert!(block_on(framed.next()).is_none(), "the end is returned once");
        }
        let decoder = framed.decoder().decoder();
        Outcome { items, pending, retry: decoder.retry(), last_event_id: decoder.last_event_id().into() }
    });
}

/// `FramedRead` returns `None` after an error of a codec, and reads on before it decodes its buffer. So an event
/// that is lost is an item of the codec.
#[test]
fn events_that_are_too_large_are_lost_alone() {
    let lost = || Err(DecodeError::LimitExceeded { limit: 8 });
    let input = b"data: a\n\ndata: 123456789\n\ndata: 123456789\n\ndata: b\n\ndata: 123456789\n\ndata: cut";
    for chunks in adapters::ways(input) {
        let codec = EventCodec::with_decoder(Decoder::new().with_max_event_bytes(8));
        let mut framed = FramedRead::new(Script::slow(&chunks), codec);
        for expected in [Ok(&b"a"[..]), lost(), lost(), Ok(b"b"), lost()] {
            let item = block_on(framed.next()).unwrap().unwrap();
            assert_eq!(item.as_ref().map(SharedEvent::data).map_err(Clone::clone), expected);
        }
        let error = block_on(framed.next()).unwrap().unwrap_err();
        assert!(matches!(&error, EventError::Truncated(truncated) if truncated.pending_bytes() == 9), "{error:?}");
        assert!(block_on(framed.next()).is_none());
    }
}

#[test]
fn the_error_of_the_connection_is_returned() {
    let failure = io::Error::new(ErrorKind::ConnectionReset, "gone");
    let mut framed = FramedRead::new(Script::of(&[b"data: a\n\ndata: lost"]).failing(failure), EventCodec::new());
    assert_eq!(block_on(framed.next()).unwrap().unwrap().unwrap().data(), b"a");
    let error = block_on(framed.next()).unwrap().unwrap_err();
    assert!(matches!(&error, EventError::Transport(error) if error.kind() == ErrorKind::ConnectionReset), "{error:?}");
    assert!(error.is_final());
    assert!(block_on(framed.next()).is_none());
}

/// Called directly: consumed bytes leave the buffer, also those of an unfinished event, so that it cannot grow.
#[test]
fn the_buffer_is_used_up() {
    let mut codec = EventCodec::new();
    let mut buffer = BytesMut::from("data: a\n\ndata: b");
    assert_eq!(codec.decode(&mut buffer).unwrap().unwrap().unwrap().data(), b"a");
    assert!(codec.decode(&mut buffer).unwrap().is_none());
    assert!(buffer.is_empty());
    buffer.extend_from_slice(b"\n\ndata: c\n\n");
    assert_eq!(codec.decode_eof(&mut buffer).unwrap().unwrap().unwrap().data(), b"b");
    assert_eq!(codec.decode_eof(&mut buffer).unwrap().unwrap().unwrap().data(), b"c");
    assert!(codec.decode_eof(&mut buffer).unwrap().is_none());
}

/// `FramedRead` reads on after an end of file. What was pending there belongs to the input that ended.
#[test]
fn input_after_the_end_is_another_stream() {
    let mut codec = EventCodec::new();
    let mut buffer = BytesMut::from("id: 7\ndata: a\n\ndata: lost");
    assert_eq!(codec.decode_eof(&mut buffer).unwrap().unwrap().unwrap().data(), b"a");
    assert!(matches!(codec.decode_eof(&mut buffer), Err(EventError::Truncated(cut)) if cut.pending_bytes() == 10));
    assert!(codec.decode_eof(&mut buffer).unwrap().is_none());
    // A byte order mark starts a stream.
    buffer.extend_from_slice("\u{FEFF}data: b\n\ndata: lost".as_bytes());
    let event = codec.decode(&mut buffer).unwrap().unwrap().unwrap();
    assert_eq!((event.data(), event.last_event_id()), (&b"b"[..], &b"7"[..]));
    // The end is returned once for each stream.
    assert!(codec.decode(&mut buffer).unwrap().is_none());
    assert!(codec.decode_eof(&mut buffer).is_err());
    assert!(codec.decode_eof(&mut buffer).unwrap().is_none());
}

#[test]
fn an_event_that_is_lost_at_the_end_is_an_item() {
    let codec = EventCodec::with_decoder(Decoder::new().with_max_event_bytes(4));
    let mut codec = codec.with_unfinished_event(UnfinishedEvent::Dispatch);
    // The LF that joins the second line is in excess when the line ends.
    let mut buffer = BytesMut::from("data: ab\ndata: cd");
    let lost = codec.decode_eof(&mut buffer).unwrap().unwrap().map(|event| event.data().to_vec());
    assert_eq!(lost, Err(DecodeError::LimitExceeded { limit: 4 }));
    assert!(codec.decode_eof(&mut buffer).unwrap().is_none());
}

#[test]
fn into_decoder_discards_the_unfinished_event_alone() {
    let mut codec = EventCodec::new();
    codec.decoder_mut().set_last_event_id(b"7").unwrap();
    assert!(codec.decode(&mut BytesMut::from("retry: 250\ndata: lost\n")).unwrap().is_none());
    let mut decoder = codec.into_decoder();
    assert_eq!((decoder.pending_bytes(), decoder.last_event_id()), (0, &b"7"[..]));
    assert_eq!(decoder.retry(), Some(Duration::from_millis(250)));
    let mut input = &b"data: a\n\n"[..];
    assert_eq!(decoder.decode(&mut input).unwrap().map(|event| event.data().to_vec()), Some(b"a".to_vec()));
}
