//! Bytes, a chunking, bounds and a storage, against the transcription of the standard.

use std::time::Duration;

use bytes::Bytes;
use ssewire::{Decoder, HeapBuffer, Storage};
use ssewire_batch::{BatchDecoder, EventKind};
use ssewire_counted_memchr::take_bytes_searched;
use ssewire_observed as observed;

use super::cost;
use crate::chunks;
use crate::drive;
use crate::oracle::{Oracle, Results};
use crate::outcome::{Decoded, Item, Outcome};

/// Checks that a decoder returns the same as the oracle, whatever the bytes, the chunking, the bounds, the storage and
/// the method.
///
/// The first bytes of the input choose: one byte for flags and the number of chunk lengths, one for the limit, then the
/// lengths of the chunks.
pub fn decoder(input: &[u8]) {
    let Some((&[flags, limit], rest)) = input.split_first_chunk() else { return };
    let (lengths, stream) = rest.split_at(rest.len().min(usize::from(flags & 0x0F)));
    let lengths: Vec<usize> = lengths.iter().map(|&length| usize::from(length)).collect();
    let chunks = chunks::of_lengths(&lengths, stream);

    let default_limit = Decoder::DEFAULT_MAX_EVENT_BYTES;
    let mut oracle = Oracle::new().limited(if flags & 0x20 != 0 { usize::from(limit) } else { default_limit });
    oracle.results = match flags & 0x50 {
        0x10 => Results::Frames,
        0x40 => Results::Blocks,
        _ => Results::Events,
    };
    if flags & 0x80 != 0 {
        (oracle.max_id_bytes, oracle.max_comment_bytes) = (3, 5);
    }
    let expected = oracle.read(stream);
    assert_eq!(read(&mut decoder_for(HeapBuffer::new(), &oracle), &oracle, &chunks), expected);
    assert_eq!(read(&mut decoder_for(HeapBuffer::new(), &oracle), &oracle, &chunks::of(1, stream)), expected);
    bounded(&oracle, &chunks);
    bounded(&oracle, &chunks::of(1, stream));
    let decoder = || decoder_for(HeapBuffer::new(), &oracle);
    let parts = || chunks.iter().copied();
    match oracle.results {
        Results::Frames => assert_eq!(drive::polled_frames(&mut decoder(), parts()), expected),
        Results::Blocks => assert_eq!(drive::polled_blocks(&mut decoder(), parts()), expected),
        Results::Events => {
            assert_eq!(drive::polled_events(&mut decoder(), parts()), expected);
            assert_eq!(drive::owned_events(&mut decoder(), parts()), expected);
            assert_eq!(shared_events(decoder(), &chunks), expected);
            for comments in [false, true] {
                batched_events(&oracle, &chunks, usize::from(limit), comments, &expected);
            }
            if let Some(&window) = lengths.first() {
                assert_eq!(drive::windows(&mut decoder(), stream, window + 1), expected);
            }
        }
    }

    // With too little storage events may be lost and ids ignored, but the events returned are events of the stream, in
    // their order.
    let small = read(&mut decoder_for([0; 24], &oracle), &oracle, &chunks);
    let mut all = expected.decoded().into_iter().filter_map(Decoded::event);
    for event in small.decoded().into_iter().filter_map(Decoded::event) {
        // The last event ID depends on which ids fit.
        let is_same = all.any(|other| event.data == other.data && event.event_type == other.event_type);
        assert!(is_same, "an event of the stream, in its order: {event:?}");
    }
}

/// Checks the promised costs: each byte is searched at most twice, three times in an unknown field that is returned;
/// the buffer holds 2.5 times the bytes that it may keep; an ID counts four times.
fn bounded(oracle: &Oracle, chunks: &[&[u8]]) {
    let received: usize = chunks.iter().map(|chunk| chunk.len()).sum();
    let mut unknown = 0;
    take_bytes_searched();
    let (decoder, cost) = cost::of(|| {
        let decoder = observed::Decoder::new()
            .with_max_event_bytes(oracle.max_event_bytes)
            .with_max_id_bytes(oracle.max_id_bytes)
            .with_max_comment_bytes(oracle.max_comment_bytes);
        let mut decoder =
            if oracle.results == Results::Frames { decoder.with_comments().with_unknown_fields() } else { decoder };
        for chunk in chunks {
            let mut input = *chunk;
            while let Some(frame) = decoder.decode_frame(&mut input).transpose() {
                if let Ok(observed::Frame::UnknownField { name, value, .. }) = frame {
                    unknown += name.len() + value.len() + 1;
                }
            }
        }
        decoder
    });
    let searched = take_bytes_searched();
    assert!(searched <= 2 * received + unknown, "{searched} bytes searched of {received}");
    let kept = oracle.max_event_bytes.saturating_add(4 * oracle.max_id_bytes).saturating_add(oracle.max_comment_bytes);
    let kept = kept.min(received + 3 * longest_id(&chunks.concat()).min(oracle.max_id_bytes));
    // The least capacity of a buffer, and that of an ID.
    assert!(cost.peak <= kept.saturating_mul(5) / 2 + 512, "{cost:?} for {received} bytes");
    // A buffer that has shrunk grows again, but only after 32 blocks.
    assert!(cost.allocations <= 16 + received / 64, "{cost:?} for {received} bytes");
    assert!(cost.allocated <= 6 * (kept + received) + 1024, "{cost:?} for {received} bytes");
    drop(decoder);
}

/// The length of the longest line that may be an `id`.
fn longest_id(stream: &[u8]) -> usize {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let lines = stream.split(|byte| matches!(byte, b'\r' | b'\n'));
    lines.filter(|line| line.starts_with(b"id")).map(<[u8]>::len).max().unwrap_or(0)
}

fn decoder_for<S: Storage>(storage: S, oracle: &Oracle) -> Decoder<S> {
    let decoder = Decoder::with_storage(storage)
        .with_max_event_bytes(oracle.max_event_bytes)
        .with_max_id_bytes(oracle.max_id_bytes)
        .with_max_comment_bytes(oracle.max_comment_bytes);
    if oracle.results == Results::Frames { decoder.with_comments().with_unknown_fields() } else { decoder }
}

fn read<S: Storage>(decoder: &mut Decoder<S>, oracle: &Oracle, chunks: &[&[u8]]) -> Outcome {
    let chunks = chunks.iter().copied();
    match oracle.results {
        Results::Frames => drive::frames(decoder, chunks),
        Results::Blocks => drive::blocks(decoder, chunks),
        Results::Events => drive::events(decoder, chunks),
    }
}

/// Checks that batches have the events of a stream, with U+FFFD for ill-formed text, and the memory that they promise.
fn batched_events(oracle: &Oracle, chunks: &[&[u8]], max_records: usize, comments: bool, expected: &Outcome) {
    let mut decoder = BatchDecoder::with_decoder(decoder_for(HeapBuffer::new(), oracle)).with_max_records(max_records);
    if comments {
        decoder = decoder.with_comments();
    }
    let mut events = expected.decoded().into_iter();
    for mut input in chunks.iter().copied() {
        while !input.is_empty() {
            let (before, held) =
                (input.len(), decoder.decoder().pending_bytes() + decoder.last_event_id().len() as u64);
            let batch = decoder.push(&mut input);
            let consumed = before - input.len();
            assert!(batch.text().len() as u64 <= 3 * (consumed as u64 + held) + 1024, "of {consumed} and {held}");
            for record in batch.records().iter().filter(|record| record.kind != EventKind::Comment) {
                let data = batch.data(record).to_owned();
                match events.next().expect("no more records than results") {
                    Decoded::Event(event) => {
                        assert_eq!(record.kind, EventKind::Event);
                        let retry = record.has_retry.then(|| Duration::from_millis(record.retry_ms));
                        assert_eq!(
                            (batch.event_type(record).to_owned(), data, batch.last_event_id(record).to_owned(), retry),
                            (event.event_type.lossy(), event.data.lossy(), event.last_event_id.lossy(), event.retry)
                        );
                    }
                    Decoded::Error(error) => {
                        assert_eq!((record.kind, data), (EventKind::Lost, error.to_string()));
                    }
                    other => panic!("{other:?} is neither an event nor an error"),
                }
            }
        }
    }
    assert_eq!(events.next(), None);
}

/// The events of a stream, by `decode_shared`.
fn shared_events(mut decoder: Decoder, chunks: &[&[u8]]) -> Outcome {
    let (mut items, mut before) = (Vec::new(), 0);
    for chunk in chunks {
        let mut input = Bytes::copy_from_slice(chunk);
        while let Some(step) = decoder.decode_shared(&mut input).transpose() {
            let at = before + chunk.len() - input.len();
            let decoded = step.map_or_else(Decoded::Error, |event| Decoded::Event(event.as_event().into()));
            items.push(Item { at, decoded });
        }
        before += chunk.len();
    }
    let pending = decoder.finish().err().map(|truncated| truncated.pending_bytes());
    Outcome { items, retry: decoder.retry(), last_event_id: decoder.last_event_id().into(), pending }
}
