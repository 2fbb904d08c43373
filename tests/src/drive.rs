//! Drives a decoder over chunks and records what it tells.

use ssewire::{DecodeError, Decoder, Storage};

use crate::outcome::{Outcome, Told, What};

/// The events of a stream, through `decode`.
pub fn events<'c, S: Storage>(decoder: &mut Decoder<S>, chunks: impl IntoIterator<Item = &'c [u8]>) -> Outcome {
    outcome(decoder, chunks, |decoder, input| Ok(decoder.decode(input)?.map(|event| What::Event(event.into()))))
}

/// The same through `advance` and `event`.
pub fn two_steps<'c, S: Storage>(decoder: &mut Decoder<S>, chunks: impl IntoIterator<Item = &'c [u8]>) -> Outcome {
    outcome(decoder, chunks, |decoder, input| {
        let chunk = *input;
        Ok(decoder.advance(input)?.map(|ready| What::Event(decoder.event(chunk, ready).into())))
    })
}

/// The frames of a stream, through `decode_frame`.
pub fn frames<'c, S: Storage>(decoder: &mut Decoder<S>, chunks: impl IntoIterator<Item = &'c [u8]>) -> Outcome {
    outcome(decoder, chunks, |decoder, input| Ok(decoder.decode_frame(input)?.map(What::from)))
}

/// The same through `advance_frame` and `frame`.
pub fn two_frame_steps<'c, S: Storage>(
    decoder: &mut Decoder<S>,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> Outcome {
    outcome(decoder, chunks, |decoder, input| {
        let chunk = *input;
        Ok(decoder.advance_frame(input)?.map(|ready| decoder.frame(chunk, ready).into()))
    })
}

/// The events of a stream for a caller who goes on, after each thing told, with the next `window` bytes behind what was
/// consumed, wherever the chunk before ended.
pub fn windows<S: Storage>(decoder: &mut Decoder<S>, input: &[u8], window: usize) -> Outcome {
    let mut told = Vec::new();
    let mut at = 0;
    loop {
        let chunk = &input[at..input.len().min(at + window)];
        let mut rest = chunk;
        let step = decoder.decode(&mut rest);
        let what = step.map(|event| event.map(|event| What::Event(event.into())));
        at += chunk.len() - rest.len();
        match what {
            Ok(None) if at == input.len() => return end(decoder, told),
            Ok(None) => assert!(rest.is_empty(), "asked for more before the chunk was used up"),
            Ok(Some(what)) => told.push(Told { at, what }),
            Err(error) => told.push(Told { at, what: What::Lost(error) }),
        }
    }
}

fn outcome<'c, S: Storage>(
    decoder: &mut Decoder<S>,
    chunks: impl IntoIterator<Item = &'c [u8]>,
    mut step: impl FnMut(&mut Decoder<S>, &mut &'c [u8]) -> Result<Option<What>, DecodeError>,
) -> Outcome {
    let mut told = Vec::new();
    let mut before = 0;
    for chunk in chunks {
        let mut input = chunk;
        let up_to_here = before + chunk.len();
        while let Some(what) = step(decoder, &mut input).unwrap_or_else(|error| Some(What::Lost(error))) {
            told.push(Told { at: up_to_here - input.len(), what });
            // A line ends in one frame at most, a block is lost once at most.
            assert!(told.len() <= 2 * up_to_here + 1, "tells things without end");
        }
        assert!(input.is_empty(), "asked for more before the chunk was used up");
        before = up_to_here;
    }
    end(decoder, told)
}

fn end<S: Storage>(decoder: &mut Decoder<S>, told: Vec<Told>) -> Outcome {
    let pending = decoder.finish().err().map(|truncated| truncated.pending_bytes());
    assert_eq!(decoder.finish(), Ok(()), "the second time nothing is pending");
    Outcome { told, retry: decoder.retry(), last_event_id: decoder.last_event_id().into(), pending }
}
