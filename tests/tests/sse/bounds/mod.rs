//! Bounds of the decoder on memory: bytes held, at the peak and afterwards, and number of allocations. Counted, never
//! timed; `work` counts the bytes searched.

mod allocations;
mod ids;
mod memory;

use ssewire::{DecodeError, Decoder};

/// Decodes a stream and returns the number of events and of allocations.
fn feed(decoder: &mut Decoder, stream: &[u8], chunk: usize) -> (usize, usize) {
    let before = ssewire_heap::allocations();
    let mut events = 0;
    for mut input in stream.chunks(chunk) {
        while let Some(event) = decoder.decode(&mut input).unwrap() {
            assert!(!event.data().is_empty());
            events += 1;
        }
    }
    (events, ssewire_heap::allocations() - before)
}

/// Decodes a stream and returns the number of events and the errors.
fn feed_with_errors(decoder: &mut Decoder, stream: &[u8], chunk: usize) -> (usize, Vec<DecodeError>) {
    let (mut events, mut errors) = (0, Vec::new());
    for mut input in stream.chunks(chunk) {
        while let Some(event) = decoder.decode(&mut input).transpose() {
            match event {
                Ok(_) => events += 1,
                Err(error) => errors.push(error),
            }
        }
    }
    (events, errors)
}

/// An event with `bytes` bytes of data.
fn event(bytes: usize) -> Vec<u8> {
    field("event: content_block_delta\ndata: ", bytes, "\n\n")
}

/// A line with `bytes` bytes of value.
fn field(start: &str, bytes: usize, end: &str) -> Vec<u8> {
    [start.as_bytes(), vec![b'x'; bytes].as_slice(), end.as_bytes()].concat()
}
