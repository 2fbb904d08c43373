//! `LineDecoder`.

use proptest::prelude::*;
use ssewire::{DecodeError, LineDecoder, Storage};
use ssewire_tests::{chunks, streams};

/// The lines of a stream by the standard, and the bytes after the last line end.
fn reference_lines(stream: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
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
    fn decode_agrees_with_the_standard(stream in streams::any_stream(), lengths in chunks::any_lengths()) {
        let mut decoder = LineDecoder::new();
        let (seen, _) = decode(&mut decoder, &chunks::of_lengths(&lengths, &stream));
        let (lines, rest) = reference_lines(&stream);
        prop_assert_eq!(seen, lines.into_iter().map(Ok).collect::<Vec<_>>());
        // An incomplete byte order mark is pending, but not yet known to be content.
        let mark = [&b"\xEF"[..], b"\xEF\xBB"].contains(&rest.as_slice()) && stream == rest;
        prop_assert_eq!(decoder.unfinished(), if mark { b"" } else { rest.as_slice() });
        prop_assert_eq!(decoder.finish().err().map_or(0, |cut| cut.pending_bytes()), rest.len() as u64);
    }

    #[test]
    fn limit_does_not_depend_on_the_chunking(
        stream in streams::any_stream(),
        lengths in chunks::any_lengths(),
        limit in 3..40_usize,
    ) {
        let whole = decode(&mut LineDecoder::new().with_max_line_bytes(limit), &[&stream]);
        let cut = decode(&mut LineDecoder::new().with_max_line_bytes(limit), &chunks::of_lengths(&lengths, &stream));
        prop_assert_eq!(&whole, &cut);
        let expected = DecodeError::LimitExceeded { limit };
        prop_assert!(whole.0.iter().filter_map(|line| line.as_ref().err()).all(|error| *error == expected));
        let kept: Vec<_> = whole.0.into_iter().filter_map(Result::ok).collect();
        let expected = reference_lines(&stream).0.into_iter().filter(|line| line.len() <= limit).collect::<Vec<_>>();
        prop_assert_eq!(kept, expected);
    }

    #[test]
    fn small_storage_loses_only_lines_that_cross_chunks(stream in streams::any_stream(), lengths in chunks::any_lengths()) {
        let mut decoder = LineDecoder::with_storage([0; 8]);
        let (seen, _) = decode(&mut decoder, &chunks::of_lengths(&lengths, &stream));
        let mut lines = reference_lines(&stream).0.into_iter();
        for line in seen.into_iter().filter_map(Result::ok) {
            prop_assert!(lines.any(|expected| expected == line), "a line of the stream, in its order");
        }
    }
}

#[test]
fn capacity_exceeded_loses_one_line() {
    let mut decoder = LineDecoder::with_storage([0; 4]);
    let (seen, _) = decode(&mut decoder, &[b"a\nlong", b"er\nb\nwhole line\n"]);
    let full = Err(DecodeError::CapacityExceeded { capacity: 4 });
    assert_eq!(seen, [Ok(b"a".to_vec()), full, Ok(b"b".to_vec()), Ok(b"whole line".to_vec())]);
}

#[test]
fn finish_and_reset_prepare_for_another_stream() {
    let ends: [fn(&mut LineDecoder); 2] = [|lines| lines.finish().map_or((), |()| ()), LineDecoder::reset];
    for end in ends {
        // An incomplete byte order mark, an unfinished line, a CR that an LF may follow, a line above the limit.
        for begun in [&b"\xEF\xBB"[..], b"half", b"\n\r", b"much too large"] {
            let mut lines = LineDecoder::new().with_max_line_bytes(8);
            decode(&mut lines, &[begun]);
            end(&mut lines);
            assert_eq!(lines.max_line_bytes(), 8);
            assert!(lines.unfinished().is_empty());
            let (seen, _) = decode(&mut lines, &[b"\xEF\xBB\xBF\nx\n"]);
            assert_eq!(seen, [Ok(vec![]), Ok(b"x".to_vec())], "{}", begun.escape_ascii());
            assert!(lines.finish().is_ok());
        }
    }
}

/// The first bytes of a byte order mark are content of the line if it stays incomplete.
#[test]
fn limit_counts_an_incomplete_byte_order_mark() {
    let stream = b"\xEF\xBB\ny\n";
    for (limit, first) in [(1, Err(DecodeError::LimitExceeded { limit: 1 })), (2, Ok(stream[..2].to_vec()))] {
        for chunks in [chunks::whole(stream), chunks::of(1, stream), chunks::of(2, stream)] {
            let (seen, _) = decode(&mut LineDecoder::new().with_max_line_bytes(limit), &chunks);
            assert_eq!(seen, [first.clone(), Ok(b"y".to_vec())], "{chunks:?}");
        }
    }
}

#[test]
fn poll_line_and_resolve_equal_decode() {
    for chunks in chunks::splits(b"a\nbcd\r\nef\rg\n") {
        let expected = decode(&mut LineDecoder::new(), &chunks).0;
        let mut lines = LineDecoder::new();
        let mut seen = Vec::new();
        for mut input in chunks {
            loop {
                let chunk = input;
                let Some(span) = lines.poll_line(&mut input).unwrap() else { break };
                seen.push(Ok(lines.resolve_line(chunk, span).to_vec()));
            }
        }
        assert_eq!(seen, expected);
    }
}

#[test]
fn error_is_returned_at_the_first_byte_in_excess() {
    for chunks in chunks::splits(b"abcdef\nx\n") {
        let (seen, at) = decode(&mut LineDecoder::new().with_max_line_bytes(3), &chunks);
        assert_eq!(seen, [Err(DecodeError::LimitExceeded { limit: 3 }), Ok(b"x".to_vec())]);
        assert_eq!(at, [4, 9]);
    }
}
