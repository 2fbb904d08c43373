//! Drives a decoder over chunks and records its results.

use ssewire::{DecodeError, Decoder, Storage};

use crate::outcome::{Decoded, Item, Outcome};

/// Decodes the events of a stream by `decode`.
pub fn events<'c, S: Storage>(decoder: &mut Decoder<S>, chunks: impl IntoIterator<Item = &'c [u8]>) -> Outcome {
    outcome(decoder, chunks, |decoder, input| Ok(decoder.decode(input)?.map(|event| Decoded::Event(event.into()))))
}

/// Decodes the events of a stream by `poll_event` and `resolve_event`.
pub fn polled_events<'c, S: Storage>(decoder: &mut Decoder<S>, chunks: impl IntoIterator<Item = &'c [u8]>) -> Outcome {
    outcome(decoder, chunks, |decoder, input| {
        let chunk = *input;
        Ok(decoder.poll_event(input)?.map(|span| Decoded::Event(decoder.resolve_event(chunk, span).into())))
    })
}

/// Decodes the events of a stream by `decode_owned`.
pub fn owned_events<'c, S: Storage>(decoder: &mut Decoder<S>, chunks: impl IntoIterator<Item = &'c [u8]>) -> Outcome {
    outcome(decoder, chunks, |decoder, input| {
        Ok(decoder.decode_owned(input)?.map(|event| Decoded::Event(event.as_event().into())))
    })
}

/// Decodes the blocks of a stream by `decode_block`.
pub fn blocks<'c, S: Storage>(decoder: &mut Decoder<S>, chunks: impl IntoIterator<Item = &'c [u8]>) -> Outcome {
    outcome(decoder, chunks, |decoder, input| {
        Ok(decoder.decode_block(input)?.map(|block| Decoded::Block(block.into())))
    })
}

/// Decodes the blocks of a stream by `poll_block` and `resolve_block`.
pub fn polled_blocks<'c, S: Storage>(decoder: &mut Decoder<S>, chunks: impl IntoIterator<Item = &'c [u8]>) -> Outcome {
    outcome(decoder, chunks, |decoder, input| {
        let chunk = *input;
        Ok(decoder.poll_block(input)?.map(|span| Decoded::Block(decoder.resolve_block(chunk, span).into())))
    })
}

/// Decodes the frames of a stream by `decode_frame`.
pub fn frames<'c, S: Storage>(decoder: &mut Decoder<S>, chunks: impl IntoIterator<Item = &'c [u8]>) -> Outcome {
    outcome(decoder, chunks, |decoder, input| Ok(decoder.decode_frame(input)?.map(Decoded::from)))
}

/// Decodes the frames of a stream by `poll_frame` and `resolve_frame`.
pub fn polled_frames<'c, S: Storage>(decoder: &mut Decoder<S>, chunks: impl IntoIterator<Item = &'c [u8]>) -> Outcome {
    outcome(decoder, chunks, |decoder, input| {
        let chunk = *input;
        Ok(decoder.poll_frame(input)?.map(|span| decoder.resolve_frame(chunk, span).into()))
    })
}

/// Decodes the events of a stream with a sliding window: after each result, the next chunk is the `window` bytes after
/// those consumed, wherever the previous chunk ended.
pub fn windows<S: Storage>(decoder: &mut Decoder<S>, input: &[u8], window: usize) -> Outcome {
    let mut items = Vec::new();
    let mut at = 0;
    loop {
        let chunk = &input[at..input.len().min(at + window)];
        let mut rest = chunk;
        let step = decoder.decode(&mut rest);
        let decoded = step.map(|event| event.map(|event| Decoded::Event(event.into())));
        at += chunk.len() - rest.len();
        match decoded {
            Ok(None) if at == input.len() => return end(decoder, items),
            Ok(None) => assert!(rest.is_empty(), "asked for more before the chunk was consumed"),
            Ok(Some(decoded)) => items.push(Item { at, decoded }),
            Err(error) => items.push(Item { at, decoded: Decoded::Error(error) }),
        }
    }
}

fn outcome<'c, S: Storage>(
    decoder: &mut Decoder<S>,
    chunks: impl IntoIterator<Item = &'c [u8]>,
    mut step: impl FnMut(&mut Decoder<S>, &mut &'c [u8]) -> Result<Option<Decoded>, DecodeError>,
) -> Outcome {
    let mut items = Vec::new();
    let mut before = 0;
    for chunk in chunks {
        let mut input = chunk;
        let up_to_here = before + chunk.len();
        while let Some(decoded) = step(decoder, &mut input).unwrap_or_else(|error| Some(Decoded::Error(error))) {
            items.push(Item { at: up_to_here - input.len(), decoded });
            // A line ends in at most one frame, and a block is lost at most once.
            assert!(items.len() <= 2 * up_to_here + 1, "returns more results than the input can contain");
        }
        assert!(input.is_empty(), "asked for more before the chunk was consumed");
        before = up_to_here;
    }
    end(decoder, items)
}

fn end<S: Storage>(decoder: &mut Decoder<S>, items: Vec<Item>) -> Outcome {
    let before = decoder.pending_bytes();
    let pending = decoder.finish().err().map(|truncated| truncated.pending_bytes());
    assert_eq!(before, pending.unwrap_or(0));
    assert_eq!(decoder.finish(), Ok(()), "nothing is pending at the second call");
    Outcome { items, retry: decoder.retry(), last_event_id: decoder.last_event_id().into(), pending }
}
