//! Encodes blocks of fields, and decodes the result.

use std::time::Duration;

use ssewire::{Decoder, EncodeError, EventBuilder};

use super::cost;
use super::input::{Input, cut};
use crate::drive;
use crate::oracle::Oracle;
use crate::outcome::{self, Decoded, OwnedBlock, OwnedEvent, Text};

/// A block of fields, valid or not.
#[derive(Debug, Clone, Copy, Default)]
struct Block<'a> {
    comment: Option<&'a [u8]>,
    event_type: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
    retry: Option<u64>,
    data: Option<&'a [u8]>,
}

/// Checks that decoding returns the encoded fields in every chunking, and that only fields that the standard cannot
/// represent are rejected.
///
/// The input starts with the chunk lengths, see `Input::lengths`. Each block is one byte, whose bits select its
/// fields, and those fields: a length and that number of bytes, or eight bytes for `retry`.
pub fn encode_decode(input: &[u8]) {
    let mut input = Input::new(input);
    let lengths = input.lengths();
    let mut stream = Vec::new();
    let mut expected = Expected::default();
    while !input.is_empty() {
        let mut block = Block::read(&mut input);
        block.drop_invalid();
        block.write(&mut stream);
        expected.block(&block);
    }

    let mut decoder = Decoder::new().with_comments().with_unknown_fields();
    let seen = drive::frames(&mut decoder, cut(&lengths, &stream));
    assert_eq!(seen.decoded(), expected.frames.iter().collect::<Vec<_>>(), "{}", stream.escape_ascii());
    assert_eq!((seen.retry, &seen.last_event_id.0[..]), (expected.retry, expected.last_event_id));
    assert_eq!(seen.pending, None, "whole blocks");
    assert_eq!(seen, Oracle::new().frames().read(&stream));
    passed_on(&stream, &lengths);
    let chunks = cut(&lengths, &stream);
    let ((), cost) = cost::of(|| {
        let mut decoder = Decoder::new().with_comments().with_unknown_fields();
        for chunk in &chunks {
            let mut input = *chunk;
            while !matches!(decoder.decode_frame(&mut input), Ok(None)) {}
        }
    });
    // As in the target `decoder`. An ID, which counts four times, may be all of the stream.
    assert!(cost.peak <= 10 * stream.len() + 512, "{cost:?} for {} bytes", stream.len());
    assert!(cost.allocations <= 16 + stream.len() / 64, "{cost:?} for {} bytes", stream.len());
}

impl<'a> Block<'a> {
    fn read(input: &mut Input<'a>) -> Self {
        let has = input.byte();
        let mut field = |bit: u8| (has & bit != 0).then(|| input.blob());
        let (comment, event_type, id, data) = (field(1), field(2), field(4), field(8));
        let retry = (has & 16 != 0).then(|| input.bytes(8).iter().fold(0, |retry, &byte| retry << 8 | u64::from(byte)));
        Self { comment, event_type, id, retry, data }
    }

    /// Checks that the builder rejects exactly the values that the format cannot represent, and drops them: a line end
    /// in an event type or id, NUL in an id.
    fn drop_invalid(&mut self) {
        let has = |value: Option<&[u8]>, bad: &[u8]| value.is_some_and(|value| value.iter().any(|b| bad.contains(b)));
        let error = self.event_type.map(|event_type| EventBuilder::new().event_type(event_type).err());
        let (of_type, of_id) = (has(self.event_type, b"\r\n"), has(self.id, b"\r\n\0"));
        assert_eq!(error.flatten(), of_type.then_some(EncodeError::InvalidEventType));
        let error = self.id.map(|id| EventBuilder::new().id(id).err());
        assert_eq!(error.flatten(), of_id.then_some(EncodeError::InvalidId));
        self.event_type = self.event_type.filter(|_| !of_type);
        self.id = self.id.filter(|_| !of_id);
    }

    fn encode(&self) -> EventBuilder<'a> {
        let mut block = EventBuilder::new();
        if let Some(comment) = self.comment {
            block = block.comment(comment);
        }
        if let Some(event_type) = self.event_type {
            block = block.event_type(event_type).expect("no line end");
        }
        if let Some(id) = self.id {
            block = block.id(id).expect("no line end and no NUL");
        }
        if let Some(retry) = self.retry {
            block = block.retry(Duration::from_millis(retry));
        }
        match self.data {
            Some(data) => block.data(data),
            None => block,
        }
    }

    /// Appends the encoded block to the stream and checks that all outputs are equal.
    fn write(&self, stream: &mut Vec<u8>) {
        let (block, start) = (self.encode(), stream.len());
        block.encode_into_vec(stream);
        let written = &stream[start..];
        assert_eq!(block.encoded_len(), written.len());
        assert_eq!(block.to_string(), String::from_utf8_lossy(written));
        let mut memory = vec![0xAA; written.len() + 1];
        assert_eq!(block.encode_into_slice(&mut memory), Ok(written.len()));
        assert_eq!(memory.split_last(), Some((&0xAA, written)), "and no byte more");
        let mut memory = vec![0xAA; written.len() - 1];
        assert_eq!(block.encode_into_slice(&mut memory), Err(EncodeError::BufferTooSmall { needed: written.len() }));
        assert!(memory.iter().all(|byte| *byte == 0xAA), "nothing is written then");
    }
}

/// The frames that decoding must return.
#[derive(Default)]
struct Expected<'a> {
    frames: Vec<Decoded>,
    retry: Option<Duration>,
    last_event_id: &'a [u8],
}

impl<'a> Expected<'a> {
    fn block(&mut self, block: &Block<'a>) {
        if let Some(comment) = block.comment {
            let lines = normalised(comment);
            // The space after the colon is part of a comment.
            self.frames.extend(lines.split(|b| *b == b'\n').map(|line| outcome::comment([b" ", line].concat())));
        }
        let retry = block.retry.map(Duration::from_millis);
        self.retry = retry.or(self.retry);
        self.last_event_id = block.id.unwrap_or(self.last_event_id);
        let default_type: &[u8] = b"message";
        let event = block.data.map(|data| OwnedEvent {
            event_type: block.event_type.filter(|event_type| !event_type.is_empty()).unwrap_or(default_type).into(),
            data: (&normalised(data)).into(),
            last_event_id: self.last_event_id.into(),
            retry,
        });
        let (event_type, id) = (block.event_type.map(Text::from), block.id.map(Text::from));
        if event.is_some() || event_type.is_some() || id.is_some() || retry.is_some() {
            self.frames.push(Decoded::Block(OwnedBlock { event, event_type, id, has_ignored_id: false, retry }));
        }
    }
}

/// The format represents every line end as LF.
fn normalised(value: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(value.len());
    for (at, byte) in value.iter().enumerate() {
        match byte {
            b'\n' if at > 0 && value[at - 1] == b'\r' => {}
            b'\r' => lines.push(b'\n'),
            other => lines.push(*other),
        }
    }
    lines
}

/// A proxy that passes a stream on event by event changes none of them.
fn passed_on(stream: &[u8], lengths: &[usize]) {
    let mut again = Vec::new();
    let mut decoder = Decoder::new();
    for mut chunk in cut(lengths, stream) {
        while let Some(event) = decoder.decode(&mut chunk).expect("far from the limit") {
            EventBuilder::from(event).encode_into_vec(&mut again);
        }
    }
    let events = |stream| {
        let seen = drive::events(&mut Decoder::new(), cut(lengths, stream));
        seen.items.into_iter().map(|item| item.decoded).collect::<Vec<_>>()
    };
    assert_eq!(events(&again), events(stream));
}
