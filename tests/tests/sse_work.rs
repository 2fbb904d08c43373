//! The work is linear: no byte is looked at more than twice, whatever the stream and the chunking. Counted, not timed.
//! One test alone in its binary: the count is one for all decoders of the process.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use ssewire::{Decoder, take_bytes_examined};
use ssewire_tests::{cases, chunks, streams};

/// How many bytes were looked at to decode the stream.
fn examined(chunks: &[&[u8]], frames: bool) -> usize {
    let mut decoder = Decoder::new();
    take_bytes_examined();
    for chunk in chunks {
        let mut input = *chunk;
        if frames {
            while decoder.decode_frame(&mut input).unwrap().is_some() {}
        } else {
            while decoder.decode(&mut input).unwrap().is_some() {}
        }
    }
    take_bytes_examined()
}

fn check(stream: &[u8], chunks: &[&[u8]]) {
    // Who asks for frames wants unknown fields taken apart: their names are searched for the colon once more.
    for (frames, times) in [(false, 2), (true, 3)] {
        let examined = examined(chunks, frames);
        // A byte order mark and the LF of a CRLF are not counted. A count of less than the others is one that misses some.
        let least = stream.len().saturating_sub(3 + stream.windows(2).filter(|pair| pair == b"\r\n").count());
        assert!(
            (least..=times * stream.len()).contains(&examined),
            "{examined} bytes looked at for {} (frames: {frames}): {:?}",
            stream.len(),
            stream.escape_ascii().to_string().chars().take(200).collect::<String>(),
        );
    }
}

/// In one piece but for the first name, before which a byte order mark might stand; in small ones a few behind each cut twice.
fn what_servers_write_is_looked_at_once() {
    for event in [
        &b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0}\n\n"[..],
        b"data: {\"type\":\"content_block_delta\",\"index\":0}\nevent: content_block_delta\n\n",
        b"event:content_block_delta\ndata:{\"type\":\"content_block_delta\",\"index\":0}\n\n",
        b"data: {\"object\":\"chat.completion.chunk\",\"index\":0}\n\n",
    ] {
        let stream = event.repeat(100);
        let whole = examined(&[&stream], false);
        assert!(whole <= stream.len() + 8, "{whole} for {}: {}", stream.len(), event.escape_ascii());
        for size in [1, 8, 64, 1400] {
            let examined = examined(&chunks::of(size, &stream), false);
            assert!(examined <= stream.len() * 9 / 8, "{examined} in chunks of {size}: {}", event.escape_ascii());
        }
    }
}

#[test]
fn no_byte_is_looked_at_more_than_twice() {
    what_servers_write_is_looked_at_once();
    for case in cases::all() {
        for size in [1, 2, 3, 7, 64, 1400, usize::MAX] {
            check(&case.input, &chunks::of(size, &case.input));
        }
    }
    let delta = b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0}\n\n".repeat(200);
    let line = [b"data: ", vec![b'x'; 1 << 20].as_slice(), b"\n\n"].concat();
    let crlf = b"event: e\r\ndata: some text\r\n\r\n".repeat(200);
    let short = b"data\n\n".repeat(200);
    let unknown = b"datax\ndata\n\n".repeat(200);
    for stream in [&delta[..], &line, &crlf, &short, &unknown] {
        for size in [1, 2, 7, 8, 9, 64, 1400, usize::MAX] {
            check(stream, &chunks::of(size, stream));
        }
    }

    let config = ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&(streams::any_stream(), chunks::any_lengths()), |(stream, lengths)| {
            check(&stream, &chunks::of_lengths(&lengths, &stream));
            Ok(())
        })
        .unwrap();
}
