//! Mixed calls of the methods of `Decoder`: each continues where the last one stopped, and returns the same results as
//! alone.

use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};
use ssewire::{DecodeError, Decoder, Frame};
use ssewire_tests::chunks::{self, any_lengths};
use ssewire_tests::oracle::Oracle;
use ssewire_tests::outcome::{Decoded, Item};
use ssewire_tests::streams::any_stream;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Decode,
    PollEvent,
    DecodeOwned,
    DecodeShared,
    DecodeBlock,
    PollBlock,
    DecodeFrame,
    PollFrame,
}

impl Method {
    const ALL: [Self; 8] = [
        Self::Decode,
        Self::PollEvent,
        Self::DecodeOwned,
        Self::DecodeShared,
        Self::DecodeBlock,
        Self::PollBlock,
        Self::DecodeFrame,
        Self::PollFrame,
    ];

    fn call(self, decoder: &mut Decoder, input: &mut &[u8]) -> Result<Option<Decoded>, DecodeError> {
        let chunk = *input;
        Ok(match self {
            Self::Decode => decoder.decode(input)?.map(|event| Decoded::Event(event.into())),
            Self::PollEvent => {
                decoder.poll_event(input)?.map(|span| Decoded::Event(decoder.resolve_event(chunk, span).into()))
            }
            Self::DecodeOwned => decoder.decode_owned(input)?.map(|event| Decoded::Event(event.as_event().into())),
            Self::DecodeShared => {
                let mut bytes = Bytes::copy_from_slice(chunk);
                let event = decoder.decode_shared(&mut bytes);
                *input = &chunk[chunk.len() - bytes.len()..];
                event?.map(|event| Decoded::Event(event.as_event().into()))
            }
            Self::DecodeBlock => decoder.decode_block(input)?.map(|block| Decoded::Block(block.into())),
            Self::PollBlock => {
                decoder.poll_block(input)?.map(|span| Decoded::Block(decoder.resolve_block(chunk, span).into()))
            }
            Self::DecodeFrame => decoder.decode_frame(input)?.map(Decoded::from),
            Self::PollFrame => decoder.poll_frame(input)?.map(|span| decoder.resolve_frame(chunk, span).into()),
        })
    }

    /// The result of the method for an item of `decode_frame`, if any.
    fn result_for(self, item: &Decoded) -> Option<Decoded> {
        match (self, item) {
            (_, Decoded::Error(_)) | (Self::DecodeFrame | Self::PollFrame, _) => Some(item.clone()),
            (Self::DecodeBlock | Self::PollBlock, item) => matches!(item, Decoded::Block(_)).then(|| item.clone()),
            (_, item) => item.event().cloned().map(Decoded::Event),
        }
    }
}

/// Decodes the chunks, cycling through these methods, and checks each result.
fn check(oracle: &Oracle, chunks: &[&[u8]], methods: &[Method]) -> Result<(), TestCaseError> {
    let mut decoder = Decoder::new()
        .with_comments()
        .with_unknown_fields()
        .with_max_event_bytes(oracle.max_event_bytes)
        .with_max_id_bytes(oracle.max_id_bytes)
        .with_max_comment_bytes(oracle.max_comment_bytes);
    let stream = chunks.concat();
    let expected = oracle.clone().frames().read(&stream);
    let mut items = expected.items.iter().peekable();
    let mut methods = methods.iter().copied().cycle();
    let mut consumed = 0;
    for chunk in chunks {
        let mut input = *chunk;
        loop {
            let method = methods.next().unwrap();
            let before = input.len();
            let seen = method.call(&mut decoder, &mut input).unwrap_or_else(|error| Some(Decoded::Error(error)));
            consumed += before - input.len();
            // Each item up to here is either returned, or of a kind that the method skips.
            let mut passed = Vec::new();
            while let Some(item) = items.next_if(|item| item.at <= consumed) {
                passed.extend(method.result_for(&item.decoded).map(|decoded| Item { at: item.at, decoded }));
                if passed.len() == usize::from(seen.is_some()) && seen.is_some() {
                    break;
                }
            }
            let seen: Vec<_> = seen.into_iter().map(|decoded| Item { at: consumed, decoded }).collect();
            prop_assert_eq!(&seen, &passed, "{:?}", method);
            if seen.is_empty() {
                break;
            }
        }
        prop_assert!(input.is_empty());
    }
    prop_assert_eq!(items.next(), None);
    prop_assert_eq!(decoder.retry(), expected.retry);
    prop_assert_eq!(decoder.last_event_id(), &expected.last_event_id.0[..]);
    prop_assert_eq!(decoder.finish().err().map(|truncated| truncated.pending_bytes()), expected.pending);
    Ok(())
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 1000, ..Config::default() })]

    #[test]
    fn mixed_methods_agree_with_the_oracle(
        input in any_stream(),
        lengths in any_lengths(),
        methods in prop::collection::vec(prop::sample::select(&Method::ALL[..]), 1..9),
        limit in prop_oneof![0..40usize, Just(usize::MAX)],
        (max_id_bytes, max_comment_bytes) in prop_oneof![Just((4096, 1024)), (0..5usize, 0..9usize)],
    ) {
        let oracle = Oracle { max_id_bytes, max_comment_bytes, ..Oracle::new().limited(limit) };
        check(&oracle, &chunks::of_lengths(&lengths, &input), &methods)?;
    }
}

#[test]
fn mixed_methods_agree_at_every_split() {
    let stream = b"\xEF\xBB\xBFdata: a\n: c\nx: y\ndata: b\r\n\r\nid: 7\n\nretry: 1\r\revent: e\nid: 8\ndata: z\n\n";
    for cut in chunks::splits(stream) {
        for first in Method::ALL {
            for second in Method::ALL {
                check(&Oracle::new(), &cut, &[first, second]).unwrap();
            }
        }
    }
}

/// `decode_frame` must not take the rest of a line for a new line.
#[test]
fn decode_frame_after_decode_within_a_line_continues_the_line() {
    for (first, second, expected) in [
        (&b"da"[..], &b"ta: x\n\n"[..], None),
        (b"some", b"data: x\n", Some(Frame::UnknownField { name: b"somedata", value: b"x", truncated: false })),
        (b": c", b"data: x\n", Some(Frame::Comment { text: b" cdata: x", truncated: false })),
        (b"event: e\n: c", b"data: x\n", Some(Frame::Comment { text: b" cdata: x", truncated: false })),
    ] {
        let mut decoder = Decoder::new().with_comments().with_unknown_fields();
        assert_eq!(decoder.decode(&mut &first[..]), Ok(None));
        let mut input = second;
        let frame = decoder.decode_frame(&mut input).unwrap();
        match expected {
            Some(expected) => assert_eq!(frame, Some(expected)),
            None => assert!(matches!(frame, Some(Frame::Block(block)) if block.event().unwrap().data() == b"x")),
        }
    }
}

/// Without `with_comments` and `with_unknown_fields`, the only frames are blocks.
#[test]
fn decode_frame_after_decode_returns_blocks_only_unless_chosen() {
    for at in 0..b"some: field\n: c\ndata: x\n\n".len() {
        let (mut first, mut second) = b"some: field\n: c\ndata: x\n\n".split_at(at);
        let mut decoder = Decoder::new();
        assert_eq!(decoder.decode(&mut first), Ok(None));
        let frame = decoder.decode_frame(&mut second).unwrap();
        assert!(matches!(frame, Some(Frame::Block(block)) if block.event().unwrap().data() == b"x"), "{at}");
        assert!(second.is_empty());
    }
}
