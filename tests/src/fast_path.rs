//! Counts the events of a stream that the fast path of the decoder reads: by public methods and the number of bytes
//! searched, so that the decoder needs no counter.

use ssewire_counted_memchr::take_bytes_searched;
use ssewire_observed::Decoder;

/// Events that the fast path reads.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Fast {
    pub events: usize,
    /// Those whose `event` line is not searched, because it is that of an earlier event.
    pub by_prefix: usize,
}

/// Counts the events that the fast path reads of the last chunk.
///
/// It reads an event of the common form where `consume_recognized_event` finds the start of a block. An event whose
/// `event` line is not searched is on the fast path in any case: the slow path searches every line.
pub fn events_in_last(chunks: &[&[u8]]) -> Fast {
    let mut decoder = Decoder::new();
    let mut fast = Fast::default();
    for chunk in chunks {
        fast = Fast::default();
        let mut input = *chunk;
        loop {
            let has_type = input.starts_with(b"event: ");
            let data = common_form(input).filter(|(len, _)| {
                let mut ahead = input;
                decoder.clone().consume_recognized_event(&mut ahead, *len)
            });
            take_bytes_searched();
            let Some(event) = decoder.decode(&mut input).expect("below the limit") else { break };
            let searched = take_bytes_searched();
            if let Some((_, data)) = data {
                assert_eq!(event.data(), data, "{}", chunk.escape_ascii());
                fast.events += 1;
                // With the LF that ends the line.
                fast.by_prefix += usize::from(has_type && searched == data.len() + 1);
            }
        }
    }
    fast
}

/// The length and the data of an event at the start of the input: perhaps an `event` line, then one `data` line, each
/// with a space after the colon and an LF at its end.
fn common_form(input: &[u8]) -> Option<(usize, &[u8])> {
    let value = |line: &[u8]| line.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    let mut rest = input;
    if let Some(event_type) = rest.strip_prefix(b"event: ") {
        rest = event_type[value(event_type)?..].strip_prefix(b"\n")?;
    }
    let data = rest.strip_prefix(b"data: ")?;
    let (data, rest) = data.split_at(value(data)?);
    let rest = rest.strip_prefix(b"\n\n")?;
    Some((input.len() - rest.len(), data))
}
