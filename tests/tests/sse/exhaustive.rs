//! `Decoder` on every stream of up to four tokens, in several chunkings, against the oracle: at the start of a stream,
//! which the slow path reads, and after events, where the fast path reads.

use ssewire::{Decoder, HeapBuffer, Storage};
use ssewire_tests::chunks;
use ssewire_tests::drive;
use ssewire_tests::fast_path;
use ssewire_tests::oracle::{Oracle, Results};
use ssewire_tests::outcome::Outcome;

/// Lines, parts of lines, line ends.
const TOKENS: [&[u8]; 13] = [
    b"data",
    b"event: e",
    b"id: 7",
    b"retry: 4",
    b"x",
    b":",
    b" ",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\xEF\xBB\xBF",
    b"\0",
];
/// Lines and blank lines as most servers write them, and the bytes that may come between them.
const COMMON_TOKENS: [&[u8]; 10] =
    [b"event: abc\n", b"data: x\n\n", b"data: x\n", b"data: ", b"event: ", b"x", b"\n", b"\r\n", b"id: 7\n", b": c\n"];
const LONGEST: u32 = 4;
/// After the first of these events, the fast path reads; after the second, it knows the `event` line of the tokens.
const BEFORE: &[u8] = b"data: x\n\nevent: abc\ndata: x\n\n";

#[test]
fn decode_agrees_with_the_oracle_for_every_short_stream() {
    let streams = streams(&TOKENS);
    assert_eq!(streams.len(), 1 + 13 + 169 + 2197 + 28561);
    for stream in streams {
        check(b"", &stream);
    }
}

#[test]
fn decode_agrees_with_the_oracle_for_every_short_stream_after_events() {
    let streams = streams(&COMMON_TOKENS);
    let (mut fast, mut by_prefix) = (0, 0);
    for stream in &streams {
        check(BEFORE, stream);
        let events = fast_path::events_in_last(&[BEFORE, stream]);
        fast += usize::from(events.events > 0);
        by_prefix += usize::from(events.by_prefix > 0);
    }
    assert!(fast >= 1000 && by_prefix >= 100, "{fast} and {by_prefix} of {}", streams.len());
}

/// Returns all streams of up to that number of tokens.
fn streams(tokens: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut streams = vec![Vec::new()];
    let mut of_last_length = 0;
    for _ in 0..LONGEST {
        let shorter = of_last_length..streams.len();
        of_last_length = streams.len();
        for at in shorter {
            let longer = tokens.iter().map(|token| [&streams[at], *token].concat()).collect::<Vec<_>>();
            streams.extend(longer);
        }
    }
    streams
}

/// Checks the results of the stream after the bytes of another chunk.
fn check(before: &[u8], stream: &[u8]) {
    let all = [before, stream].concat();
    let before = (!before.is_empty()).then_some(before);
    for small in [false, true] {
        for results in [Results::Events, Results::Blocks, Results::Frames] {
            let mut oracle = Oracle { results, ..Oracle::new() };
            if small {
                (oracle.max_event_bytes, oracle.max_id_bytes, oracle.max_comment_bytes) = (1, 0, 1);
            }
            let expected = oracle.read(&all);
            for size in [1, 2, 3, 7, usize::MAX] {
                let chunks = before.into_iter().chain(chunks::of(size, stream));
                let outcome = decode(HeapBuffer::new(), &oracle, chunks);
                assert_eq!(outcome, expected, "{} in chunks of {size}, {oracle:?}", all.escape_ascii());
            }
            let chunks = before.into_iter().chain(chunks::of(5, stream));
            let outcome = decode([0; 64], &oracle, chunks);
            assert_eq!(outcome, expected, "{} in an array, {oracle:?}", all.escape_ascii());
        }
    }
}

fn decode<'c, S: Storage>(storage: S, oracle: &Oracle, chunks: impl Iterator<Item = &'c [u8]>) -> Outcome {
    let mut decoder = Decoder::with_storage(storage)
        .with_max_event_bytes(oracle.max_event_bytes)
        .with_max_id_bytes(oracle.max_id_bytes)
        .with_max_comment_bytes(oracle.max_comment_bytes);
    match oracle.results {
        Results::Events => drive::events(&mut decoder, chunks),
        Results::Blocks => drive::blocks(&mut decoder, chunks),
        Results::Frames => drive::frames(&mut decoder.with_comments().with_unknown_fields(), chunks),
    }
}
