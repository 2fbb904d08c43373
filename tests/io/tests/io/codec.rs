//! `EventCodec` in tokio-util's `FramedRead`.

use std::io::{self, ErrorKind};

use bytes::BytesMut;
use futures::StreamExt as _;
use futures::executor::block_on;
use ssewire::{DecodeError, Decoder, SharedEvent};
use ssewire_io::{EventCodec, EventError};
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
