//! The fast path: an event that lies complete in one chunk, as most servers write it.
//!
//! **Warning.** This file decides the same things as the slow path (`slow_path.rs` over `line.rs` and `field.rs`) in
//! another way, on the bytes alone, before any state of the current block changes.
//!
//! * *Input*: at the start of a block, an optional `event: ` line, one `data: ` line, a blank line, all
//!   ended by LF. It stops at the first byte that does not fit and returns the complete lines before it; the slow path
//!   continues from there.
//! * *Decisions it shares with the slow path*: where a line ends, which field it is, where its value starts. It skips
//!   only bytes that it has compared or searched. Limits are checked by the caller.
//! * *Tests*: in `tests/tests/sse`, `conformance` decodes each short case at every split, `exhaustive` and `properties`
//!   use several chunk sizes and random splits. They compare the result with the transcription of the standard in
//!   `tests/src/oracle.rs`. So both paths see every case. The fuzz target `decoder` does the same. The unit tests below
//!   name the boundaries.
//! * *Gain*: see BENCHMARKS.md, "framing". Comparing the head of an event with that of the event before
//!   ([`EventHead`]) replaces one of the three searches of an event.
//! * *Read first*: [`scan_event`], then `Decoder::scan` in `decoder.rs`.

use crate::field::LineState;
use crate::line::{LineEnd, split_line};
use crate::trace;

const EVENT: &[u8] = b"event: ";
const DATA: &[u8] = b"data: ";

/// A position in the chunk, and the values of the current block that lie in it and have not been copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor<'c> {
    pub(crate) chunk: &'c [u8],
    /// The chunk from the start of the current block.
    pub(crate) block: &'c [u8],
    /// The bytes not consumed yet.
    pub(crate) rest: &'c [u8],
    pub(crate) event_type: Option<&'c [u8]>,
    /// The only `data` line so far.
    pub(crate) data: Option<&'c [u8]>,
    /// Where [`scan_event`] has stopped. `Blank`: after the blank line of a complete event. `Start`: at the start of a
    /// line, which the slow path reads. `Event` or `Data`: within such a value, which goes on to the end of the chunk.
    pub(crate) line: LineState,
}

impl<'c> Cursor<'c> {
    /// The start of a chunk.
    #[inline(always)]
    pub(crate) fn new(chunk: &'c [u8]) -> Self {
        Self { chunk, block: chunk, rest: chunk, event_type: None, data: None, line: LineState::Start }
    }

    /// The logical size of what [`scan_event`] has scanned: type, data and the open value. Cannot overflow: all of it
    /// lies in the chunk.
    #[inline(always)]
    pub(crate) fn scanned_size(&self) -> usize {
        let closed = self.event_type.map_or(0, <[u8]>::len).wrapping_add(self.data.map_or(0, <[u8]>::len));
        match self.line {
            LineState::Event | LineState::Data => closed.wrapping_add(self.rest.len()),
            _ => closed,
        }
    }
}

/// Scans the start of a block. `head` is the head of an earlier event, which the next one is likely to repeat.
#[inline(always)]
pub(crate) fn scan_event<'c>(chunk: &'c [u8], head: &mut EventHead) -> Cursor<'c> {
    let (event_type, value) = match head.strip_from(chunk) {
        Some((event_type, value)) => (Some(event_type), value),
        None => match scan_head(chunk, head) {
            Ok(scanned) => scanned,
            // By fields: a copy of the whole cursor copies its padding too, in overlapping words that the processor
            // stalls on when it reads them back.
            Err(cursor) => return Cursor { chunk, block: chunk, data: None, ..cursor },
        },
    };
    let (data, line, rest) = match split_line(value) {
        Ok((data, [b'\n', rest @ ..])) => {
            trace::examined(|| 1);
            (Some(data), LineState::Blank, rest)
        }
        Ok((data, rest)) => {
            trace::examined(|| rest.len().min(1));
            (Some(data), LineState::Start, rest)
        }
        Err(LineEnd::Cr) => {
            let line = chunk.get(chunk.len().wrapping_sub(value.len()).wrapping_sub(DATA.len())..);
            (None, LineState::Start, line.unwrap_or(value))
        }
        Err(LineEnd::Missing) => (None, LineState::Data, value),
    };
    Cursor { event_type, data, line, rest, ..Cursor::new(chunk) }
}

/// Splits a complete `data: ` line that ends in LF: its value, and the bytes after it. If the chunk cuts the line, the
/// error is the start of its value.
#[inline(always)]
pub(crate) fn scan_data_line(chunk: &[u8]) -> Result<DataLine<'_>, Option<&[u8]>> {
    trace::examined(|| chunk.len().min(1));
    let value = chunk.strip_prefix(DATA).ok_or(None)?;
    trace::examined(|| DATA.len().wrapping_sub(1));
    split_line(value).map_err(|end| matches!(end, LineEnd::Missing).then_some(value))
}

/// The value of a `data` line, and the bytes after its line end.
type DataLine<'c> = (&'c [u8], &'c [u8]);

/// The event type, and the rest of the chunk after `data: `.
type Head<'c> = (Option<&'c [u8]>, &'c [u8]);

/// Searches the head of an event that does not repeat the head of the one before.
#[inline]
fn scan_head<'c>(chunk: &'c [u8], head: &mut EventHead) -> Result<Head<'c>, Cursor<'c>> {
    trace::examined(|| chunk.len().min(1));
    let (mut event_type, mut rest) = (None, chunk);
    if let Some(value) = chunk.strip_prefix(EVENT) {
        trace::examined(|| EVENT.len().wrapping_sub(1));
        match split_line(value) {
            Ok((value, next)) => (event_type, rest) = (Some(value), next),
            Err(LineEnd::Cr) => return Err(Cursor::new(chunk)),
            Err(LineEnd::Missing) => {
                return Err(Cursor { line: LineState::Event, rest: value, ..Cursor::new(chunk) });
            }
        }
    }
    let Some(value) = rest.strip_prefix(DATA) else {
        return Err(Cursor { event_type, rest, ..Cursor::new(chunk) });
    };
    trace::examined(|| DATA.len());
    if event_type.is_some() {
        head.remember(chunk.get(..chunk.len().wrapping_sub(value.len())).unwrap_or_default());
    }
    Ok((event_type, value))
}

/// The first bytes of an event, `event: TYPE`, LF and `data: `. Consecutive events mostly have the same type: one
/// comparison with these bytes then replaces the search for the end of the `event` line.
#[derive(Debug, Clone)]
pub(crate) struct EventHead {
    bytes: [u8; Self::CAPACITY],
    /// 0 while nothing is remembered, else at least [`WINDOW`].
    len: u8,
}

/// Width of one comparison: a vector register of every 64-bit target.
const WINDOW: usize = 16;

impl EventHead {
    /// Enough for `content_block_delta`, the most frequent event of the Messages API.
    const CAPACITY: usize = 33;

    pub(crate) const fn new() -> Self {
        Self { bytes: [0; Self::CAPACITY], len: 0 }
    }

    /// Returns the event type and what follows the remembered head, if the chunk starts with it.
    #[inline(always)]
    fn strip_from<'c>(&self, chunk: &'c [u8]) -> Option<(&'c [u8], &'c [u8])> {
        let len = usize::from(self.len);
        let (start, rest) = chunk.split_at_checked(len)?;
        let head = self.bytes.get(..len)?;
        // Windows that may overlap cover all lengths, without a call to `memcmp`.
        let same = start.first_chunk::<WINDOW>()? == head.first_chunk()?
            && start.last_chunk::<WINDOW>()? == head.last_chunk()?
            && start.get(WINDOW..)?.first_chunk::<WINDOW>() == head.get(WINDOW..)?.first_chunk();
        same.then(|| {
            trace::examined(|| len);
            let event_type = start.get(EVENT.len()..len.wrapping_sub(DATA.len().wrapping_add(1)));
            (event_type.unwrap_or_default(), rest)
        })
    }

    /// Remembers these first bytes of an event, if the windows cover their number.
    #[inline]
    fn remember(&mut self, head: &[u8]) {
        if let (WINDOW..=Self::CAPACITY, Ok(len)) = (head.len(), u8::try_from(head.len())) {
            self.len = len;
            for (slot, byte) in self.bytes.iter_mut().zip(head) {
                *slot = *byte;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scans twice: with nothing remembered, and with the head that the first scan remembered. Both must agree.
    fn scan(chunk: &[u8]) -> Cursor<'_> {
        let mut head = EventHead::new();
        let first = scan_event(chunk, &mut head);
        assert_eq!(scan_event(chunk, &mut head), first, "{:?}", chunk.escape_ascii());
        first
    }

    #[test]
    fn scan_event_finds_complete_events() {
        for (chunk, event_type, data, rest) in [
            (&b"event: ping\ndata: {}\n\nrest"[..], Some(&b"ping"[..]), &b"{}"[..], &b"rest"[..]),
            (b"event: content_block_delta\ndata: x\n\n", Some(b"content_block_delta"), b"x", b""),
            (b"event: \ndata: x\n\n", Some(b""), b"x", b""),
            (b"data: x\n\n\n", None, b"x", b"\n"),
            (b"data:  x\n\n", None, b" x", b""),
            (b"data: \n\n", None, b"", b""),
        ] {
            let expected = Cursor { event_type, data: Some(data), line: LineState::Blank, rest, ..Cursor::new(chunk) };
            assert_eq!(scan(chunk), expected, "{}", chunk.escape_ascii());
        }
    }

    #[test]
    fn scan_event_stops_within_a_value() {
        for (chunk, event_type, line, rest) in [
            (&b"event: pin"[..], None, LineState::Event, &b"pin"[..]),
            (b"event: ping\ndata: {", Some(&b"ping"[..]), LineState::Data, b"{"),
            (b"data: ", None, LineState::Data, b""),
        ] {
            assert_eq!(
                scan(chunk),
                Cursor { event_type, line, rest, ..Cursor::new(chunk) },
                "{}",
                chunk.escape_ascii()
            );
        }
    }

    #[test]
    fn scan_event_leaves_other_lines_to_the_slow_path() {
        for (chunk, rest) in [
            (&b"event: ping\ndata:"[..], &b"data:"[..]),
            (b"event: ping\ndata: {}\n", b""),
            (b"data: a\ndata: b\n\n", b"data: b\n\n"),
            (b"data: a\nid: 1\n\n", b"id: 1\n\n"),
            (b"event: e\n\n", b"\n"),
            (b"event: e\r\n\r\n", b"event: e\r\n\r\n"),
            (b"event: a_long_enough_type\ndata: a\r\n\r\n", b"data: a\r\n\r\n"),
            (b"data\n", b"data\n"),
            (b"data:x\n\n", b"data:x\n\n"),
            (b": c\n", b": c\n"),
            (b"\n", b"\n"),
            (b"", b""),
        ] {
            let cursor = scan(chunk);
            assert_eq!((cursor.line, cursor.rest), (LineState::Start, rest), "{}", chunk.escape_ascii());
        }
    }

    #[test]
    fn event_head_matches_only_its_own_bytes() {
        let mut head = EventHead::new();
        scan_event(b"event: content_block_delta\ndata: x\n\n", &mut head);
        for other in
            ["event: content_block_delt\ndata: x\n\n", "event: content_block_delta\ndate: x\n\n", "event: cont"]
        {
            assert!(head.strip_from(other.as_bytes()).is_none(), "{other}");
        }
        let stripped = head.strip_from(b"event: content_block_delta\ndata: y");
        assert_eq!(stripped, Some((&b"content_block_delta"[..], &b"y"[..])));
    }

    #[test]
    fn event_head_compares_every_byte() {
        for event_type in ["ab", "ping", "content_block_stop", "content_block_delta"] {
            let chunk = [b"event: ", event_type.as_bytes(), b"\ndata: x\n\n"].concat();
            let mut head = EventHead::new();
            scan_event(&chunk, &mut head);
            assert!(head.strip_from(&chunk).is_some(), "{event_type}");
            for at in 0..usize::from(head.len) {
                let mut other = chunk.clone();
                other[at] ^= 1;
                assert!(head.strip_from(&other).is_none(), "{event_type}, byte {at}");
            }
        }
    }

    #[test]
    fn event_head_remembers_only_lengths_that_its_windows_cover() {
        for (chunk, len) in [
            (&b"event: a\ndata: x\n\n"[..], 0),
            (b"event: ab\ndata: x\n\n", 16),
            (b"event: content_block_delta\ndata: x\n\n", 33),
            (b"event: content_block_deltas\ndata: x\n\n", 0),
        ] {
            let mut head = EventHead::new();
            scan_event(chunk, &mut head);
            assert_eq!(head.len, len, "{}", chunk.escape_ascii());
        }
    }
}
