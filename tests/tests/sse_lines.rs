//! Lines alone.

use proptest::prelude::*;
use ssewire::{DecodeError, Fixed, LineDecoder, Storage};
use ssewire_tests::{chunks, streams};

/// The lines of a stream as the standard has them, and the bytes behind the last line end.
fn by_the_book(stream: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let (mut lines, mut line, mut at) = (Vec::new(), Vec::new(), 0);
    while at < stream.len() {
        match stream[at] {
            b'\r' | b'\n' => {
                lines.push(std::mem::take(&mut line));
                at += usize::from(stream[at..].starts_with(b"\r\n"));
            }
            byte => line.push(byte),
        }
        at += 1;
    }
    (lines, line)
}

fn decode<S: Storage>(decoder: &mut LineDecoder<S>, chunks: &[&[u8]]) -> (Vec<Result<Vec<u8>, DecodeError>>, Vec<u64>) {
    let (mut seen, mut at, mut before) = (Vec::new(), Vec::new(), 0);
    for chunk in chunks {
        let mut input = *chunk;
        while let Some(line) = decoder.decode(&mut input).transpose() {
            seen.push(line.map(<[u8]>::to_vec));
            at.push(before + (chunk.len() - input.len()) as u64);
        }
        assert!(input.is_empty());
        before += chunk.len() as u64;
    }
    (seen, at)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines_do_not_depend_on_the_chunking(stream in streams::any_stream(), lengths in chunks::any_lengths()) {
        let mut decoder = LineDecoder::new();
        let (seen, _) = decode(&mut decoder, &chunks::of_lengths(&lengths, &stream));
        let (lines, rest) = by_the_book(&stream);
        prop_assert_eq!(seen, lines.into_iter().map(Ok).collect::<Vec<_>>());
        // A byte order mark that is not whole is pending, but not yet known to be content.
        let mark = [&b"\xEF"[..], b"\xEF\xBB"].contains(&rest.as_slice()) && stream == rest;
        prop_assert_eq!(decoder.unfinished(), if mark { b"" } else { rest.as_slice() });
        prop_assert_eq!(decoder.finish().err().map_or(0, |cut| cut.pending_bytes()), rest.len() as u64);
    }

    #[test]
    fn what_is_too_large_does_not_depend_on_it_either(
        stream in streams::any_stream(),
        lengths in chunks::any_lengths(),
        limit in 3..40_usize,
    ) {
        let whole = decode(&mut LineDecoder::new().with_limit(limit), &[&stream]);
        let cut = decode(&mut LineDecoder::new().with_limit(limit), &chunks::of_lengths(&lengths, &stream));
        prop_assert_eq!(&whole, &cut);
        let kept: Vec<_> = whole.0.into_iter().filter_map(Result::ok).collect();
        let expected = by_the_book(&stream).0.into_iter().filter(|line| line.len() <= limit).collect::<Vec<_>>();
        prop_assert_eq!(kept, expected);
    }

    #[test]
    fn a_small_buffer_loses_only_what_straddles(stream in streams::any_stream(), lengths in chunks::any_lengths()) {
        let mut decoder = LineDecoder::with_storage(ArrayBuffer::<8>::new());
        let (seen, _) = decode(&mut decoder, &chunks::of_lengths(&lengths, &stream));
        let mut lines = by_the_book(&stream).0.into_iter();
        for line in seen.into_iter().filter_map(Result::ok) {
            prop_assert!(lines.any(|expected| expected == line), "a line of the stream, in its order");
        }
    }
}

#[test]
fn a_line_that_straddles_a_buffer_too_small_is_lost_alone() {
    let mut decoder = LineDecoder::with_storage(ArrayBuffer::<4>::new());
    let (seen, _) = decode(&mut decoder, &[b"a\nlong", b"er\nb\nwhole line\n"]);
    let full = Err(DecodeError::CapacityExceeded { capacity: 4 });
    assert_eq!(seen, [Ok(b"a".to_vec()), full, Ok(b"b".to_vec()), Ok(b"whole line".to_vec())]);
}

#[test]
fn after_an_end_another_stream_is_read_as_if_it_were_the_first() {
    let ends: [fn(&mut LineDecoder); 2] = [|lines| lines.finish().map_or((), |()| ()), LineDecoder::reset];
    for end in ends {
        // Half a byte order mark, half a line, a line end that may be half of one, a line that is too large.
        for begun in [&b"\xEF\xBB"[..], b"half", b"\n\r", b"much too large"] {
            let mut lines = LineDecoder::new().with_limit(8);
            decode(&mut lines, &[begun]);
            end(&mut lines);
            assert!(lines.unfinished().is_empty());
            let (seen, _) = decode(&mut lines, &[b"\xEF\xBB\xBF\nx\n"]);
            assert_eq!(seen, [Ok(vec![]), Ok(b"x".to_vec())], "{}", begun.escape_ascii());
            assert!(lines.finish().is_ok());
        }
    }
}

/// Half a byte order mark is the beginning of a line, and counts as such when that turns out.
#[test]
fn half_a_mark_counts_towards_the_limit() {
    let stream = b"\xEF\xBB\ny\n";
    for (limit, first) in [(1, Err(DecodeError::LimitExceeded { limit: 1 })), (2, Ok(stream[..2].to_vec()))] {
        for chunks in [chunks::whole(stream), chunks::of(1, stream), chunks::of(2, stream)] {
            let (seen, _) = decode(&mut LineDecoder::new().with_limit(limit), &chunks);
            assert_eq!(seen, [first.clone(), Ok(b"y".to_vec())], "{chunks:?}");
        }
    }
}
