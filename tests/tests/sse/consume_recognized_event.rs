//! `consume_recognized_event`: consumes an event that the caller recognized, and refuses where that would be wrong.

use ssewire::{DecodeError, Decoder};

const EVENT: &[u8] = b"event: e\ndata: x\n\n";

/// A decoder that has decoded this.
fn decoder_after(mut stream: &[u8]) -> Decoder {
    let mut decoder = Decoder::new();
    while decoder.decode(&mut stream).unwrap().is_some() {}
    decoder
}

#[test]
fn consumes_the_event_and_nothing_else() {
    let mut decoder = decoder_after(b"id: 7\nretry: 10\n\n");
    let stream = [EVENT, EVENT, b"data: after\n\n"].concat();
    let mut input = &stream[..];
    for _ in 0..2 {
        assert!(decoder.consume_recognized_event(&mut input, EVENT.len()));
        assert!(decoder.pending_bytes() == 0);
    }
    let event = decoder.decode(&mut input).unwrap().unwrap();
    assert_eq!((event.event_type(), event.data()), (&b"message"[..], &b"after"[..]));
    assert_eq!(event.last_event_id(), b"7");
    assert_eq!(decoder.finish(), Ok(()));
}

#[test]
fn refuses_where_no_block_starts() {
    for before in [
        &b""[..],
        b"\xEF\xBB",
        b"data: x\n\nd",
        b"data: x\n",
        b"data: x\n\ndata: y",
        b"data: x\n\nretry: 5\n",
        b"data: x\n\nid: 1\n",
        b": comment",
        b"data: x\n\r",
    ] {
        let mut decoder = decoder_after(before);
        let (mut input, mut reference) = (EVENT, decoder.clone());
        assert!(!decoder.consume_recognized_event(&mut input, EVENT.len()), "{}", before.escape_ascii());
        assert_eq!(input, EVENT);
        assert_eq!(decoder.decode(&mut input), reference.decode(&mut &*EVENT), "{}", before.escape_ascii());
        assert_eq!(decoder.finish(), reference.finish());
    }
}

#[test]
fn refuses_bytes_that_do_not_end_in_a_blank_line() {
    let mut decoder = decoder_after(b"\n");
    for len in [0, 1, EVENT.len() - 1, EVENT.len() + 1, usize::MAX] {
        let mut input = EVENT;
        assert!(!decoder.consume_recognized_event(&mut input, len), "{len}");
        assert_eq!(input, EVENT);
    }
    let mut carriage_returns = &b"data: x\r\r"[..];
    assert!(!decoder.consume_recognized_event(&mut carriage_returns, 9));
    assert!(decoder.consume_recognized_event(&mut { EVENT }, EVENT.len()));
}

#[test]
fn refuses_an_event_above_the_limit() {
    let mut decoder = Decoder::new().with_max_event_bytes(EVENT.len() - 1);
    assert_eq!(decoder.decode(&mut &b"\n"[..]), Ok(None));
    assert!(!decoder.consume_recognized_event(&mut { EVENT }, EVENT.len()));
    // The limit counts type and data alone: `decode` reads the event.
    assert!(decoder.decode(&mut { EVENT }).unwrap().is_some());
    let mut decoder = decoder.with_max_event_bytes(1);
    assert!(!decoder.consume_recognized_event(&mut { EVENT }, EVENT.len()));
    assert_eq!(decoder.decode(&mut { EVENT }), Err(DecodeError::LimitExceeded { limit: 1 }));
}
