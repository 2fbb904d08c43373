//! No allocation for an event in the steady state, and no more memory than promised.

use ssewire::{Decoder, LineDecoder};

#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

/// Feeds a stream and returns the number of events and of allocations.
fn feed(decoder: &mut Decoder, stream: &[u8], chunk: usize) -> (usize, usize) {
    let before = ssewire_heap::allocations();
    let mut events = 0;
    for mut input in stream.chunks(chunk) {
        while let Some(event) = decoder.decode(&mut input).unwrap() {
            assert!(!event.data().is_empty());
            events += 1;
        }
    }
    (events, ssewire_heap::allocations() - before)
}

fn event(bytes: usize) -> Vec<u8> {
    [b"event: content_block_delta\ndata: ", vec![b'x'; bytes].as_slice(), b"\n\n"].concat()
}

#[test]
fn the_steady_state_allocates_nothing() {
    for (what, stream) in [
        ("deltas", event(91).repeat(2000)),
        ("deltas with ids", [&b"id: 12345\n"[..], &event(91)].concat().repeat(2000)),
        ("many lines", b"data: one\ndata: two\ndata: three\n\n".repeat(2000)),
        ("64 KiB", event(64 * 1024).repeat(100)),
        ("a big one among small ones", [event(64 * 1024), event(91).repeat(20)].concat().repeat(50)),
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
fn an_idle_decoder_owns_no_heap_memory() {
    let before = ssewire_heap::held();
    let mut decoder = Decoder::new();
    assert_eq!(ssewire_heap::held(), before);
    // Nor does one that has only seen whole events.
    feed(&mut decoder, &event(91).repeat(100), usize::MAX);
    assert_eq!(ssewire_heap::held(), before);
}

#[test]
fn a_buffer_grown_by_a_giant_shrinks() {
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

/// What `Decoder::shrink_to_fit` says: it shrinks after a while in which less than a quarter of it was needed, and not
/// below 1 KiB.
#[test]
fn a_buffer_stays_that_is_small_or_of_which_a_quarter_is_used() {
    // The bytes of a giant, of the blocks behind it, and what is held in the end. Each comes without its last byte
    // first, so that just that much is in the buffer.
    for (giant, small, left) in [(4096, 1024, 4096), (4096, 1023, 1023), (1024, 1, 1024), (1025, 1, 1)] {
        let before = ssewire_heap::held();
        let mut decoder = Decoder::new();
        for bytes in [giant].into_iter().chain([small; 40]) {
            assert!(decoder.decode(&mut &[b"data:", vec![b'x'; bytes].as_slice()].concat()[..]).unwrap().is_none());
            assert!(decoder.decode(&mut &b"\n\n"[..]).unwrap().is_some());
        }
        assert_eq!(ssewire_heap::held() - before, left, "{giant}, {small}");
    }
}

/// What the crate page says: the buffer is the least of 64 · 2^k bytes that holds the event; while it grows, the half
/// of it stands beside.
#[test]
fn the_peak_is_what_the_formula_says() {
    for bytes in [1000, 64 * 1024, 1_000_000] {
        let stream = event(bytes);
        let needed = bytes + "content_block_delta".len();
        let mut buffer = 64;
        while buffer < needed {
            buffer *= 2;
        }
        let formula = buffer + buffer / 2;
        let (_, peak) = ssewire_heap::peak_of(|| feed(&mut Decoder::new(), &stream, 64));
        assert!(peak <= formula && peak * 11 >= formula * 10, "{bytes}: {peak} for {formula}");
    }
}

#[test]
fn what_is_not_kept_costs_no_memory() {
    for (what, mut stream) in [
        ("an endless comment", b": ".to_vec()),
        ("a giant field name", b"x".to_vec()),
        ("an unknown field", b"x: ".to_vec()),
    ] {
        stream.extend(vec![b'y'; 32 << 20]);
        let ((events, _), peak) = ssewire_heap::peak_of(|| feed(&mut Decoder::new(), &stream, 1400));
        assert_eq!((events, peak), (0, 0), "{what}");
    }
}

#[test]
fn an_event_without_end_stays_below_the_limit() {
    let limit = 1 << 20;
    for (what, unit) in [("empty data lines", &b"data\n"[..]), ("one line", b"data: "), ("data lines", b"data: xyz\n")]
    {
        let mut stream = unit.to_vec();
        stream.extend(unit.iter().copied().cycle().take(8 << 20));
        let before = ssewire_heap::held();
        ssewire_heap::begin();
        let mut decoder = Decoder::new().with_limit(limit);
        let mut errors = 0;
        for mut input in stream.chunks(1400) {
            while let Some(event) = decoder.decode(&mut input).transpose() {
                errors += usize::from(event.is_err());
            }
        }
        assert_eq!(errors, 1, "{what}");
        let peak = ssewire_heap::peak() - before;
        assert!(peak <= 3 * limit, "{what}: {peak}");
    }
}

#[test]
fn a_line_decoder_keeps_what_an_unfinished_line_needs_and_no_more() {
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
