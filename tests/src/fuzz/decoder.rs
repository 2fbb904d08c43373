//! Bytes, a chunking, a limit and a storage, against the transcription of the standard.

use bytes::Bytes;
use ssewire::{Decoder, Fixed, Growing, Storage};

use crate::chunks;
use crate::drive;
use crate::oracle::Oracle;
use crate::outcome::{Outcome, Told, What};

/// A decoder tells what the oracle tells, whatever the bytes, the chunking, the limit, the storage and the call.
///
/// The first bytes of the input say how: one for flags and the length of the chunking, one for the limit, then the
/// lengths of the chunks.
pub fn decoder(input: &[u8]) {
    let Some((&[how, limit], rest)) = input.split_first_chunk() else { return };
    let (lengths, stream) = rest.split_at(rest.len().min(usize::from(how & 0x0F)));
    let lengths: Vec<usize> = lengths.iter().map(|&length| usize::from(length)).collect();
    let chunks = chunks::of_lengths(&lengths, stream);
    let (frames, limited) = (how & 0x10 != 0, how & 0x20 != 0);

    let mut oracle =
        Oracle::new().limited(if limited { usize::from(limit) } else { Decoder::<Growing>::DEFAULT_LIMIT });
    oracle.frames = frames;
    let expected = oracle.read(stream);
    let seen = read(Growing::new(), &oracle, &chunks);
    assert_eq!(seen, expected);
    assert_eq!(read(Growing::new(), &oracle, &chunks::of(1, stream)), expected);
    let decoder = || Decoder::new().with_limit(oracle.limit);
    if frames {
        assert_eq!(drive::two_frame_steps(&mut decoder(), chunks.iter().copied()), expected);
    } else {
        assert_eq!(drive::two_steps(&mut decoder(), chunks.iter().copied()), expected);
        assert_eq!(shared(decoder(), &chunks), expected);
        if let Some(&window) = lengths.first() {
            assert_eq!(drive::windows(&mut decoder(), stream, window + 1), expected);
        }
    }

    // With too little room events may be lost, but what is told was there, in that order. (Not so under a limit: an id
    // that found no room does not count towards it, and so a later event may fit.)
    oracle.limit = Decoder::<Growing>::DEFAULT_LIMIT;
    let cramped = read(Fixed::<24>::new(), &oracle, &chunks);
    let unlimited = oracle.read(stream);
    let mut all = unlimited.whats().into_iter();
    for what in cramped.whats().into_iter().filter(|what| matches!(what, What::Event(_))) {
        let same = |other: &&What| match (what, other) {
            // The last event ID depends on which ids found room.
            (What::Event(seen), What::Event(other)) => seen.data == other.data && seen.event_type == other.event_type,
            _ => false,
        };
        assert!(all.any(|other| same(&other)), "an event of the stream, in its order: {what:?}");
    }
}

fn read<S: Storage>(storage: S, oracle: &Oracle, chunks: &[&[u8]]) -> Outcome {
    let mut decoder = Decoder::with_storage(storage).with_limit(oracle.limit);
    let chunks = chunks.iter().copied();
    if oracle.frames { drive::frames(&mut decoder, chunks) } else { drive::events(&mut decoder, chunks) }
}

/// The events of a stream, through `decode_bytes`.
fn shared(mut decoder: Decoder, chunks: &[&[u8]]) -> Outcome {
    let (mut told, mut before) = (Vec::new(), 0);
    for chunk in chunks {
        let mut input = Bytes::copy_from_slice(chunk);
        while let Some(step) = decoder.decode_bytes(&mut input).transpose() {
            let at = before + chunk.len() - input.len();
            told.push(Told { at, what: step.map_or_else(What::Lost, |event| What::Event(event.as_event().into())) });
        }
        before += chunk.len();
    }
    let pending = decoder.finish().err().map(|truncated| truncated.pending_bytes());
    Outcome { told, retry: decoder.retry(), last_event_id: decoder.last_event_id().into(), pending }
}
