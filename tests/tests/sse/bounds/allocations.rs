//! Allocations: none per event, and no memory for lines that are not kept.

use ssewire::{Decoder, LineDecoder};

use super::{event, feed};

#[test]
fn decode_allocates_nothing_in_the_steady_state() {
    for (what, stream) in [
        ("deltas", event(91).repeat(500)),
        ("deltas with ids", [&b"id: 12345\n"[..], &event(91)].concat().repeat(500)),
        ("many lines", b"data: one\ndata: two\ndata: three\n\n".repeat(500)),
        ("64 KiB", event(64 * 1024).repeat(24)),
        ("a large one among small ones", [event(64 * 1024), event(91).repeat(20)].concat().repeat(12)),
    ] {
        for chunk in [usize::MAX, 16 * 1024, 1400, 64, 1] {
            let mut decoder = Decoder::new();
            // The first events may make the buffer grow.
            feed(&mut decoder, &stream[..stream.len() / 2], chunk);
            let (events, allocations) = feed(&mut decoder, &stream[stream.len() / 2..], chunk);
            assert!(events > 10);
            assert_eq!(allocations, 0, "{what}, chunks of {chunk}");
        }
    }
}

#[test]
fn decoder_owns_no_heap_memory_when_idle() {
    let before = ssewire_heap::held();
    let mut decoder = Decoder::new();
    assert_eq!(ssewire_heap::held(), before);
    // Nor after events that did not cross chunks.
    feed(&mut decoder, &event(91).repeat(100), usize::MAX);
    assert_eq!(ssewire_heap::held(), before);
}

#[test]
fn buffer_shrinks_after_a_large_event() {
    let before = ssewire_heap::held();
    let mut decoder = Decoder::new();
    feed(&mut decoder, &event(1 << 20), 1400);
    assert!(ssewire_heap::held() - before >= 1 << 20);
    feed(&mut decoder, &event(91).repeat(40), 64);
    assert!(ssewire_heap::held() - before <= 1024, "{} bytes are left", ssewire_heap::held() - before);

    feed(&mut decoder, &event(1 << 20), 1400);
    decoder.shrink_to_fit();
    assert_eq!(ssewire_heap::held(), before);
    assert_eq!(feed(&mut decoder, &event(91), 10).0, 1);
}

/// The buffer shrinks after 32 blocks that need less than a quarter of it, and only if it is larger than 1 KiB.
#[test]
fn buffer_does_not_shrink_if_a_quarter_is_used() {
    // Size of the large event, of the events after it, and of the buffer at the end. Each event is buffered completely.
    // Each needs one byte more for the LF that ends its line.
    for (large, small, left) in [(4095, 1023, 4096), (4095, 1022, 1024), (1023, 1, 1024), (1024, 1, 256)] {
        let before = ssewire_heap::held();
        let mut decoder = Decoder::new();
        for bytes in [large].into_iter().chain([small; 40]) {
            assert!(decoder.decode(&mut &[b"data:", vec![b'x'; bytes].as_slice()].concat()[..]).unwrap().is_none());
            assert!(decoder.decode(&mut &b"\n\n"[..]).unwrap().is_some());
        }
        assert_eq!(ssewire_heap::held() - before, left, "{large}, {small}");
    }
}

/// Regression: the buffer shrank to the ID and grew again, and moved the ID each time.
#[test]
fn buffer_does_not_shrink_around_a_long_id() {
    let mut decoder = Decoder::new();
    let head = [b"id: ", vec![b'x'; 4000].as_slice(), b"\n\n"].concat();
    let whole = [event(91).repeat(40), b"data: ".to_vec()].concat();
    feed(&mut decoder, &head, 1400);
    let mut allocations = 0;
    for _ in 0..10 {
        allocations += feed(&mut decoder, &whole, usize::MAX).1 + feed(&mut decoder, b"end\n\n", 4).1;
    }
    // It shrinks once, and grows once.
    assert!(allocations <= 2, "{allocations}");
}

#[test]
fn lines_that_are_not_kept_need_no_memory() {
    for (what, mut stream) in [
        ("an endless comment", b": ".to_vec()),
        ("an endless field name", b"x".to_vec()),
        ("an unknown field", b"x: ".to_vec()),
    ] {
        stream.extend(vec![b'y'; 32 << 20]);
        let ((events, _), peak) = ssewire_heap::peak_of(|| feed(&mut Decoder::new(), &stream, 1400));
        assert_eq!((events, peak), (0, 0), "{what}");
    }
}

#[test]
fn line_decoder_shrinks_to_its_unfinished_line() {
    let before = ssewire_heap::held();
    let mut lines = LineDecoder::default();
    let fed = |lines: &mut LineDecoder, bytes: &[u8]| {
        bytes.chunks(100).filter(|chunk| lines.decode(&mut &chunk[..]).unwrap().is_some()).count()
    };
    assert_eq!(fed(&mut lines, &[b'x'; 10_000]), 0);
    lines.shrink_to_fit();
    assert_eq!(lines.unfinished().len(), 10_000);
    assert_eq!(ssewire_heap::held() - before, 10_000);
    assert_eq!(fed(&mut lines, b"\n"), 1);
    lines.shrink_to_fit();
    assert_eq!(ssewire_heap::held(), before);
}

/// After a CR, an LF may follow that belongs to the same line end. The start of a block is not certain there.
#[test]
fn buffer_shrinks_in_a_stream_with_crlf() {
    let before = ssewire_heap::held();
    let mut decoder = Decoder::new();
    feed(&mut decoder, &super::field("data: ", 1 << 20, "\r\n\r\n"), 1400);
    for _ in 0..40 {
        feed(&mut decoder, b"data: a\r\n\r\n", usize::MAX);
    }
    assert!(ssewire_heap::held() - before <= 1024, "{} bytes are left", ssewire_heap::held() - before);
}

/// Regression: the copy of the ID for owned events stayed.
#[test]
fn shrinking_frees_the_id_that_no_event_holds() {
    let mut decoder = Decoder::new();
    drop(decoder.decode_owned(&mut &b"id: 1234567\ndata: x\n\n"[..]).unwrap());
    decoder.shrink_to_fit();
    let held = ssewire_heap::held();
    drop(decoder);
    assert_eq!(held - ssewire_heap::held(), "1234567".len());
}
