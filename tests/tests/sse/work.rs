//! The bounds on the bytes that a decoder searches for the end of a line, a colon or a NUL. Counted, never timed. Each
//! thread has its own counter.
//!
//! Not counted is what the decoder compares or reads without a search:
//!
//! * the first bytes of a line, at most seven, which it compares with the names of fields, more than once;
//! * the first bytes of an event, at most 32, which it compares with those of an earlier one;
//! * the digits of a `retry` value, which it reads once more;
//! * a byte order mark, and the LF of a CRLF.
//!
//! The costs of `Decoder` and SECURITY.md name these, except for the last: each of these bytes is only compared once.
//!
//! All other bytes are searched at least once. So a search that the counter misses fails the lower bounds.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use ssewire_counted_memchr::take_bytes_searched;
use ssewire_observed::{Decoder, Frame, LineDecoder};
use ssewire_tests::{cases, chunks, streams};

/// Returns the number of bytes searched, and the number of bytes in the unknown fields that were returned.
fn searched(mut decoder: Decoder, chunks: &[&[u8]], frames: bool) -> (usize, usize) {
    let mut unknown = 0;
    take_bytes_searched();
    for chunk in chunks {
        let mut input = *chunk;
        if frames {
            while let Some(frame) = decoder.decode_frame(&mut input).transpose() {
                if let Ok(Frame::UnknownField { name, value, .. }) = frame {
                    // With the colon, if there is one.
                    unknown += name.len() + value.len() + 1;
                }
            }
        } else {
            while decoder.decode(&mut input).map_or(true, |event| event.is_some()) {}
        }
    }
    (take_bytes_searched(), unknown)
}

/// Returns the number of bytes that a decoder cannot but search.
fn least(stream: &[u8]) -> usize {
    const NAME: usize = b"retry: ".len();
    /// An `event` line of at most this length may be compared with that of an earlier event.
    const COMPARED: usize = 32 - b"\ndata:".len();
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let lines = stream.split(|byte| matches!(byte, b'\r' | b'\n'));
    lines.map(|line| line.len().saturating_sub(if line.starts_with(b"event: ") { COMPARED } else { NAME })).sum()
}

/// "Each byte is searched at most twice, three times in an unknown field that is returned."
fn check(decoder: &Decoder, stream: &[u8], chunks: &[&[u8]]) {
    let least = least(stream);
    for frames in [false, true] {
        let decoder = if frames { decoder.clone().with_comments().with_unknown_fields() } else { decoder.clone() };
        let (searched, unknown) = searched(decoder.clone(), chunks, frames);
        let most = 2 * stream.len() + unknown;
        assert!(
            (least..=most).contains(&searched),
            "{searched} bytes searched of {}, not {least} to {most} (frames: {frames}, {} chunks, {decoder:?}):\n{}",
            stream.len(),
            chunks.len(),
            stream.escape_ascii().to_string().chars().take(200).collect::<String>(),
        );
    }
}

/// Events as servers write them are searched once. In one chunk, up to three bytes per event are searched again; in
/// small chunks also the first bytes of a line that is cut.
fn typical_events_are_searched_once() {
    for (event, again) in [
        (&b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0}\n\n"[..], 0),
        (b"data: {\"object\":\"chat.completion.chunk\",\"index\":0}\n\n", 1),
        (b"data: {\"type\":\"content_block_delta\",\"index\":0}\nevent: content_block_delta\n\n", 2),
        (b"event:content_block_delta\ndata:{\"type\":\"content_block_delta\",\"index\":0}\n\n", 3),
    ] {
        let stream = event.repeat(100);
        let (whole, _) = searched(Decoder::new(), &[&stream], false);
        let most = stream.len() + 100 * again + 8;
        assert!(whole <= most, "{whole} of {}: {}", stream.len(), event.escape_ascii());
        for (size, most) in
            [(1, stream.len() * 8 / 5), (8, stream.len() * 9 / 8), (64, most * 9 / 8), (1400, most * 9 / 8)]
        {
            let chunks = chunks::of(size, &stream);
            let (searched, _) = searched(Decoder::new(), &chunks, false);
            assert!(searched <= most, "{searched} of {} in chunks of {size}: {}", stream.len(), event.escape_ascii());
        }
    }
}

/// `LineDecoder` searches each byte once, also in a line above the limit.
fn lines_are_searched_once(stream: &[u8], chunks: &[&[u8]]) {
    // But for a byte order mark and the LFs of CRLFs.
    let least = stream.len().saturating_sub(3 + stream.windows(2).filter(|pair| pair == b"\r\n").count());
    for limit in [0, 1, 10, 1000, usize::MAX] {
        let mut decoder = LineDecoder::new().with_max_line_bytes(limit);
        take_bytes_searched();
        for chunk in chunks {
            let mut input = *chunk;
            while decoder.decode(&mut input).map_or(true, |line| line.is_some()) {}
        }
        let searched = take_bytes_searched();
        assert!(
            (least..=stream.len()).contains(&searched),
            "{searched} bytes searched of {}, not at least {least}, with a limit of {limit}",
            stream.len(),
        );
    }
}

#[test]
fn bytes_are_searched_at_most_twice() {
    typical_events_are_searched_once();
    for case in cases::all() {
        for size in [1, 2, 3, 7, 64, 1400, usize::MAX] {
            check(&Decoder::new(), &case.input, &chunks::of(size, &case.input));
        }
    }
    let delta = b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0}\n\n".repeat(200);
    let line = [b"data: ", vec![b'x'; 1 << 18].as_slice(), b"\n\n"].concat();
    let event_type = [b"event: ", vec![b'x'; 100_000].as_slice(), b"\ndata\n\n"].concat();
    let id = [b"id: ", vec![b'x'; 100_000].as_slice(), b"\ndata\n\n"].concat();
    let crlf = b"event: e\r\ndata: some text\r\n\r\n".repeat(200);
    let short = b"data\n\n".repeat(200);
    let unknown = b"datax\ndata\n\n".repeat(200);
    let joined = b"data: xyz\n".repeat(1000);
    // After joined lines, lines that begin like a known field and like `data: `.
    let joined_then_unknown = [b"data:\ndata:\n", b"i\n".repeat(1000).as_slice(), &b"datax\n".repeat(200)].concat();
    let streams = [&delta[..], &line, &event_type, &id, &crlf, &short, &unknown, &joined, &joined_then_unknown];
    for stream in streams {
        for size in [1, 2, 7, 8, 9, 64, 1400, usize::MAX] {
            check(&Decoder::new(), stream, &chunks::of(size, stream));
        }
    }
    // A line above the limit is searched at most twice, too: where it exceeds the limit, and when it is skipped.
    for limit in [0, 1, 10, 100, 1000, 10_000] {
        for stream in streams.map(|stream| &stream[..stream.len().min(25_000)]) {
            for size in [1, 2, 7, 64, 1400, 16 * 1024, usize::MAX] {
                let decoder = Decoder::new().with_max_event_bytes(limit).with_max_id_bytes(limit);
                check(&decoder.with_max_comment_bytes(limit), stream, &chunks::of(size, stream));
            }
        }
    }

    let config = ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() };
    let limit = || prop_oneof![0..40_usize, Just(1 << 20)];
    let limits = (limit(), limit(), limit());
    TestRunner::new(config)
        .run(&(streams::any_stream(), chunks::any_lengths(), limits), |(stream, lengths, (event, id, comment))| {
            let decoder =
                Decoder::new().with_max_event_bytes(event).with_max_id_bytes(id).with_max_comment_bytes(comment);
            check(&decoder, &stream, &chunks::of_lengths(&lengths, &stream));
            check(&decoder, &stream, &chunks::whole(&stream));
            lines_are_searched_once(&stream, &chunks::of_lengths(&lengths, &stream));
            Ok(())
        })
        .unwrap();
}
