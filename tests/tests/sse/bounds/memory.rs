//! Peak memory is proportional to the limits, for any stream.

use ssewire::{DecodeError, Decoder};

use super::{event, feed, feed_with_errors, field};

/// From here on, the bounds on IDs and comments add at most half of the event limit.
const MIN_LIMIT: usize = 80 * 1024;

/// Limits just below, at and above the capacities of the buffer, and 349,600, at which the bound was once exceeded.
fn limits() -> Vec<usize> {
    let sizes = [96 << 10, 128 << 10, 256 << 10];
    let around = sizes.into_iter().flat_map(|size| [size - 5000, size - 1, size, size + 1]);
    around.chain([MIN_LIMIT, 349_600, (1 << 20) - 1]).collect()
}

/// Checks the peak for a stream, which may contain errors.
fn check(what: &str, limit: usize, stream: &[u8]) {
    for chunk in [64, 1400, 16 * 1024] {
        let mut decoder = Decoder::new().with_max_event_bytes(limit).with_comments().with_unknown_fields();
        let ((), peak) = ssewire_heap::peak_of(|| {
            for mut input in stream.chunks(chunk) {
                while decoder.decode_frame(&mut input).map_or(true, |frame| frame.is_some()) {}
            }
        });
        let bound = 5 * (limit + 4 * 4096 + 1024) / 2;
        assert!(peak <= bound, "{what}, chunks of {chunk}: {peak} for a limit of {limit}");
        assert!(peak <= 3 * limit + 4096, "{what}, chunks of {chunk}: {peak} for a limit of {limit}");
    }
}

#[test]
fn peak_is_bounded_for_long_ids() {
    for limit in limits() {
        // Regression: the slot for the `id` of a block kept the length of the longest ID while the data grew.
        let mut stream = field("id: ", limit - 1, "\n\n");
        stream.extend(b"id: 1\n");
        stream.extend(field("id: ", limit - 1, "\n"));
        stream.extend(b"id: 1\n");
        stream.extend(field("data:", limit - 2, "\n\n"));
        check("ids above their bound", limit, &stream);

        let mut stream = field("id: ", 4096, "\n\n");
        for len in [1, 2049, 4096, 1, 4095] {
            stream.extend(field("id: ", len, "\n"));
        }
        stream.extend(field("data:", limit, "\nid: "));
        stream.extend(vec![b'i'; 4096]);
        check("ids at their bound", limit, &stream);
    }
}

#[test]
fn peak_is_bounded_for_data() {
    for limit in limits() {
        check("one line", limit, &field("data: ", limit, "\n\n"));
        check("one line above the limit", limit, &field("data: ", 3 * limit, "\n\n"));
        let two = [field("data: ", limit / 2, "\n"), field("data: ", limit / 2 - 1, "\n\n")].concat();
        check("two lines", limit, &two);
        check("empty lines", limit, &b"data\n".repeat(limit + 2));
        check("short lines", limit, &b"data: xyz\n".repeat(limit / 4 + 1));
        check(
            "type and data",
            limit,
            &[field("event: ", limit / 2, "\n"), field("data: ", limit / 2, "\n\n")].concat(),
        );
        let comments = [field("data: ", limit - 1, "\n"), field(": ", limit, "\n"), field("x: ", limit, "\ndata\n\n")];
        check("comments", limit, &comments.concat());
        check("events", limit, &field("data: ", limit, "\n\n").repeat(3));
    }
}

/// The value of an `event` line moves from one end of the buffer to the other.
#[test]
fn peak_is_bounded_for_event_types() {
    for limit in limits() {
        check("one type", limit, &field("event: ", limit, "\ndata\n\n"));
        check(
            "type after data",
            limit,
            &[field("data: ", limit / 3, "\n"), field("event: ", limit / 2, "\n\n")].concat(),
        );
        check("replaced types", limit, &field("event: ", limit / 2, "\n").repeat(5));
        check(
            "replaced by shorter ones",
            limit,
            &[field("event: ", limit - 9, "\n"), b"event: e\n".repeat(9)].concat(),
        );
    }
}

/// The buffer is the smallest of 256 * 2^k and 384 * 2^k bytes that fits, and grows in these steps.
#[test]
fn buffer_sizes_are_two_steps_per_doubling() {
    let sizes: Vec<usize> = (8..25).flat_map(|shift| [1 << shift, 3 << (shift - 1)]).collect();
    for bytes in [1000, 64 * 1024, 98_000, 1_000_000] {
        let needed = bytes + "content_block_delta".len() + "\n".len();
        let at = sizes.iter().position(|&size| size >= needed).unwrap();
        let stream = event(bytes);
        let before = ssewire_heap::held();
        let mut decoder = Decoder::new();
        let (_, peak) = ssewire_heap::peak_of(|| feed(&mut decoder, &stream, 16));
        assert_eq!(ssewire_heap::held() - before, sizes[at], "{bytes}");
        assert_eq!(peak, sizes[at] + sizes[at - 1], "{bytes}");
    }
}

#[test]
fn comments_and_unknown_fields_need_no_event_limit() {
    for start in [":", "x: "] {
        let stream = [field(start, 20_000_000, "\n\n"), event(91)].concat();
        let mut decoder = Decoder::new();
        let ((events, errors), peak) = ssewire_heap::peak_of(|| feed_with_errors(&mut decoder, &stream, 16 * 1024));
        assert_eq!((events, errors.len()), (1, 0), "{start}");
        assert!(peak <= 1024, "{start}: {peak}");
    }
    // In the block of the event.
    let stream = [&field("x: ", 5000, "\n")[..], b"data: a\n\n"].concat();
    for chunk in [1, 64, 4096, usize::MAX] {
        let mut decoder = Decoder::new().with_max_event_bytes(4000);
        assert_eq!(feed_with_errors(&mut decoder, &stream, chunk), (1, vec![]));
    }
}

#[test]
fn returned_comments_and_unknown_fields_are_bounded() {
    for start in [":", "x: "] {
        let stream = field(start, 20_000_000, "\n\n");
        let mut decoder = Decoder::new().with_comments().with_unknown_fields();
        let (frames, peak) = ssewire_heap::peak_of(|| {
            let mut frames = 0;
            for mut input in stream.chunks(1400) {
                while decoder.decode_frame(&mut input).unwrap().is_some() {
                    frames += 1;
                }
            }
            frames
        });
        assert_eq!(frames, if start == ":" { 1 } else { 2 });
        assert!(peak <= 2048, "{start}: {peak}");
    }
}

/// The largest possible limit exceeds the address space while the buffer grows.
#[test]
#[cfg(target_pointer_width = "32")]
fn line_without_end_is_an_error_on_32_bits() {
    let value = vec![b'x'; 1 << 20];
    for limit in [3 << 29, usize::MAX] {
        let mut decoder = Decoder::new().with_max_event_bytes(limit);
        assert_eq!(decoder.max_event_bytes(), 1 << 30);
        let mut errors = Vec::new();
        for chunk in [&b"data: "[..]].into_iter().chain([&value[..]; 1100]) {
            errors.extend(feed_with_errors(&mut decoder, chunk, usize::MAX).1);
        }
        let [DecodeError::LimitExceeded { .. } | DecodeError::CapacityExceeded { .. }] = errors[..] else {
            panic!("{errors:?}")
        };
    }
}

#[test]
fn event_without_end_is_one_error() {
    let limit = 1 << 20;
    for (what, unit) in [("empty data lines", &b"data\n"[..]), ("data lines", b"data: xyz\n"), ("one line", b"data: ")]
    {
        let stream: Vec<u8> = unit.iter().copied().cycle().take(8 << 20).collect();
        let mut decoder = Decoder::new().with_max_event_bytes(limit);
        let ((events, errors), peak) = ssewire_heap::peak_of(|| feed_with_errors(&mut decoder, &stream, 1400));
        assert_eq!((events, errors), (0, vec![DecodeError::LimitExceeded { limit }]), "{what}");
        assert!(peak <= 3 * limit, "{what}: {peak}");
    }
}
