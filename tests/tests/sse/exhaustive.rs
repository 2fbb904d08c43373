//! `Decoder` on every stream of up to four tokens, in several chunkings, against the oracle.

use ssewire::{Decoder, HeapBuffer, Storage};
use ssewire_tests::chunks;
use ssewire_tests::drive;
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
const LONGEST: u32 = 4;

#[test]
fn decode_agrees_with_the_oracle_for_every_short_stream() {
    let mut streams = 0;
    for length in 0..=LONGEST {
        for number in 0..TOKENS.len().pow(length) {
            check(&stream(number, length));
            streams += 1;
        }
    }
    assert_eq!(streams, 1 + 13 + 169 + 2197 + 28561);
}

/// Builds a stream from the digits of the number: each digit is a token.
fn stream(mut number: usize, length: u32) -> Vec<u8> {
    let mut stream = Vec::new();
    for _ in 0..length {
        stream.extend_from_slice(TOKENS[number % TOKENS.len()]);
        number /= TOKENS.len();
    }
    stream
}

fn check(stream: &[u8]) {
    for small in [false, true] {
        for results in [Results::Events, Results::Blocks, Results::Frames] {
            let mut oracle = Oracle { results, ..Oracle::new() };
            if small {
                (oracle.max_event_bytes, oracle.max_id_bytes, oracle.max_comment_bytes) = (1, 0, 1);
            }
            let expected = oracle.read(stream);
            for size in [1, 2, 3, 7, usize::MAX] {
                let outcome = decode(HeapBuffer::new(), &oracle, stream, size);
                assert_eq!(outcome, expected, "{} in chunks of {size}, {oracle:?}", stream.escape_ascii());
            }
            let outcome = decode([0; 64], &oracle, stream, 5);
            assert_eq!(outcome, expected, "{} in an array, {oracle:?}", stream.escape_ascii());
        }
    }
}

fn decode<S: Storage>(storage: S, oracle: &Oracle, stream: &[u8], size: usize) -> Outcome {
    let mut decoder = Decoder::with_storage(storage)
        .with_max_event_bytes(oracle.max_event_bytes)
        .with_max_id_bytes(oracle.max_id_bytes)
        .with_max_comment_bytes(oracle.max_comment_bytes);
    let chunks = chunks::of(size, stream);
    match oracle.results {
        Results::Events => drive::events(&mut decoder, chunks),
        Results::Blocks => drive::blocks(&mut decoder, chunks),
        Results::Frames => drive::frames(&mut decoder.with_comments().with_unknown_fields(), chunks),
    }
}
