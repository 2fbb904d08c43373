//! Every short stream there is, of what an event stream is made of: no chance involved.

use ssewire::{Decoder, Fixed};
use ssewire_tests::chunks;
use ssewire_tests::drive;
use ssewire_tests::oracle::Oracle;

/// Whole lines, halves of lines, line ends, and what only looks like one of them.
const PIECES: [&[u8]; 13] = [
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
fn every_stream_of_a_few_pieces() {
    let mut streams = 0;
    for length in 0..=LONGEST {
        for number in 0..PIECES.len().pow(length) {
            check(&stream(number, length));
            streams += 1;
        }
    }
    assert_eq!(streams, 1 + 13 + 169 + 2197 + 28561);
}

/// The pieces are the digits of the number.
fn stream(mut number: usize, length: u32) -> Vec<u8> {
    let mut stream = Vec::new();
    for _ in 0..length {
        stream.extend_from_slice(PIECES[number % PIECES.len()]);
        number /= PIECES.len();
    }
    stream
}

fn check(stream: &[u8]) {
    let seen = |decoder: &mut Decoder, frames: bool, size| {
        let cut = chunks::of(size, stream);
        if frames { drive::frames(decoder, cut) } else { drive::events(decoder, cut) }
    };
    for limit in [1, usize::MAX] {
        for frames in [false, true] {
            let oracle = Oracle { limit, frames, ..Oracle::new() };
            let expected = oracle.read(stream);
            for size in [1, 2, 3, 7, usize::MAX] {
                let outcome = seen(&mut Decoder::new().with_limit(limit), frames, size);
                assert_eq!(outcome, expected, "{} in chunks of {size}, {oracle:?}", stream.escape_ascii());
            }
        }
    }
    let fixed = drive::events(&mut Decoder::with_storage(ArrayBuffer::<64>::new()), chunks::of(5, stream));
    assert_eq!(fixed, Oracle::new().read(stream), "{}", stream.escape_ascii());
}
