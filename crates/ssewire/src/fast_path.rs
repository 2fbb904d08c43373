//! The fast path: an event that lies complete in one chunk, as most servers write it.
//!
//! **Warning.** This file decides the same things as the slow path (`slow_path.rs` over `line.rs` and `field.rs`) in
//! another way, on the bytes alone. It changes no state of the decoder but [`EventPrefix`].
//!
//! * *Input*: at the start of a block, an optional `event: ` line, one `data: ` line, a blank line, all
//!   ended by LF. It stops at the first byte that does not fit and returns the complete lines before it; the slow path
//!   continues from there. `resume_value` of the slow path enters at the `data: ` line or at the blank line.
//! * *Decisions it shares with the slow path*: where a line ends, which field it is, where its value starts. It skips
//!   only bytes that it has compared or searched. Limits are checked by the caller.
//! * *Tests*: in `tests/tests/sse`, `conformance` decodes each short case at every split, `exhaustive` and `properties`
//!   use several chunk sizes and random splits. They compare the result with the transcription of the standard in
//!   `tests/src/oracle.rs`. A stream starts on the slow path, so `conformance` and `exhaustive` also decode
//!   streams after events, in the form that this path reads, and count the events that it completes. The fuzz target
//!   `decoder` compares random streams. The unit tests below name the boundaries.
//! * *Gain*: one look at the chunk in place of one state change for each line. Comparing the prefix of an event with
//!   that of the event before ([`EventPrefix`]) replaces one of the three searches of an event.
//! * *Read first*: [`Cursor::scan_event`], then `Decoder::scan` in `decoder.rs`.

use crate::field::LineState;
use crate::line::line_end;

const EVENT: &[u8] = b"event: ";
pub(crate) const DATA: &[u8] = b"data: ";

/// A position in the chunk, and the values of the current block that lie in it and have not been copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor<'c> {
    pub(crate) chunk: &'c [u8],
    /// The bytes not consumed yet.
    pub(crate) rest: &'c [u8],
    pub(crate) event_type: Option<&'c [u8]>,
    /// The only `data` line so far.
    pub(crate) data: Option<&'c [u8]>,
    /// Where the scan has stopped. `Blank`: after the blank line of a complete event. `Start`: at the start of a line,
    /// which the slow path reads. `Event` or `Data`: within such a value, which goes on to the end of the chunk.
    pub(crate) line: LineState,
}

impl<'c> Cursor<'c> {
    /// Creates the cursor at the start of a chunk.
    #[inline(always)]
    pub(crate) fn new(chunk: &'c [u8]) -> Self {
        Self { chunk, rest: chunk, event_type: None, data: None, line: LineState::START }
    }

    /// Scans the start of a block. `prefix` is that of an earlier event, which the next one is likely to repeat.
    #[inline(always)]
    pub(crate) fn scan_event(&mut self, prefix: &mut EventPrefix) {
        if let Some((event_type, rest)) = prefix.strip_from(self.rest) {
            self.event_type = Some(event_type);
            self.rest = rest;
        } else if let Some(value) = self.rest.strip_prefix(EVENT) {
            self.event_type = self.take_value(LineState::Event, value);
            let Some(event_type) = self.event_type else { return };
            prefix.remember(self.chunk, event_type);
        }
        self.scan_data();
    }

    /// Scans a `data` line, and the blank line after it.
    #[inline(always)]
    pub(crate) fn scan_data(&mut self) {
        if let Some(value) = self.rest.strip_prefix(DATA) {
            self.data = self.take_value(LineState::Data, value);
            if self.data.is_some() {
                self.scan_blank_line();
            }
        }
    }

    /// Moves past a value that ends in LF, and returns it. `value` is the rest of the chunk from there. If the chunk
    /// ends within the value, the scan stops there; if the value ends in CR, the cursor stays.
    #[inline(always)]
    pub(crate) fn take_value(&mut self, line: LineState, value: &'c [u8]) -> Option<&'c [u8]> {
        let Some(end) = line_end(value) else {
            self.line = line;
            self.rest = value;
            return None;
        };
        let (value, end) = value.split_at_checked(end)?;
        self.rest = end.strip_prefix(b"\n")?;
        Some(value)
    }

    /// Scans a blank line, which ends the event.
    #[inline(always)]
    pub(crate) fn scan_blank_line(&mut self) {
        if let Some(rest) = self.rest.strip_prefix(b"\n") {
            self.line = LineState::Blank;
            self.rest = rest;
        }
    }
}

/// The first bytes of an event: its `event` line, and the next five, mostly `data:`. Consecutive events mostly have the
/// same type: one comparison with these bytes then replaces the search for the end of the `event` line.
#[derive(Debug, Clone)]
pub(crate) struct EventPrefix {
    bytes: [u8; 2 * WINDOW],
    /// 0 while nothing is remembered, else at least [`WINDOW`].
    len: u8,
}

/// Width of one comparison: a vector register of every 64-bit target. Two of them hold the prefix of a
/// `content_block_delta`, the most frequent event of the Messages API.
const WINDOW: usize = 16;

impl EventPrefix {
    /// Length of the LF and of the bytes after it, which lengthen the prefixes of short types to a window.
    const END_LEN: usize = b"\ndata:".len();

    pub(crate) const NONE: Self = Self { bytes: [0; 2 * WINDOW], len: 0 };

    /// Returns the event type, and the rest of the chunk after its line, if the chunk starts with the remembered
    /// prefix.
    #[inline(always)]
    fn strip_from<'c>(&self, chunk: &'c [u8]) -> Option<(&'c [u8], &'c [u8])> {
        let start = chunk.get(..usize::from(self.len))?;
        let prefix = self.bytes.get(..start.len())?;
        // Windows that may overlap cover all lengths, without a call to `memcmp`.
        let is_same = start.first_chunk::<WINDOW>()? == prefix.first_chunk()?
            && start.last_chunk::<WINDOW>()? == prefix.last_chunk()?;
        is_same.then(|| {
            let end = start.len() - Self::END_LEN;
            let event_type = start.get(EVENT.len()..end).unwrap_or_default();
            (event_type, chunk.get(end + 1..).unwrap_or_default())
        })
    }

    /// Remembers the prefix of this event, if the windows cover its length.
    #[inline]
    fn remember(&mut self, chunk: &[u8], event_type: &[u8]) {
        let len = EVENT.len() + event_type.len() + Self::END_LEN;
        if let (WINDOW.., Some(prefix), Some(bytes)) = (len, chunk.get(..len), self.bytes.get_mut(..len)) {
            bytes.copy_from_slice(prefix);
            self.len = u8::try_from(len).unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scans twice: with nothing remembered, and with the prefix that the first scan remembered. Both must agree.
    fn scan(chunk: &[u8]) -> Cursor<'_> {
        let mut prefix = EventPrefix::NONE;
        let first = scan_with(chunk, &mut prefix);
        assert_eq!(scan_with(chunk, &mut prefix), first, "{:?}", chunk.escape_ascii());
        first
    }

    fn scan_with<'c>(chunk: &'c [u8], prefix: &mut EventPrefix) -> Cursor<'c> {
        let mut cursor = Cursor::new(chunk);
        cursor.scan_event(prefix);
        cursor
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
            (b"event: ping\ndata:x\n\n", b"data:x\n\n"),
            (b"event: ping\nid: 12\n\n", b"id: 12\n\n"),
            (b"data:x\n\n", b"data:x\n\n"),
            (b": c\n", b": c\n"),
            (b"\n", b"\n"),
            (b"", b""),
        ] {
            let cursor = scan(chunk);
            assert_eq!((cursor.line, cursor.rest), (LineState::START, rest), "{}", chunk.escape_ascii());
        }
    }

    #[test]
    fn event_prefix_matches_only_its_own_bytes() {
        let mut prefix = EventPrefix::NONE;
        scan_with(b"event: content_block_delta\ndata: x\n\n", &mut prefix);
        for other in
            ["event: content_block_delt\ndata: x\n\n", "event: content_block_delta\ndate: x\n\n", "event: cont"]
        {
            assert!(prefix.strip_from(other.as_bytes()).is_none(), "{other}");
        }
        let stripped = prefix.strip_from(b"event: content_block_delta\ndata: y");
        assert_eq!(stripped, Some((&b"content_block_delta"[..], &b"data: y"[..])));
    }

    #[test]
    fn event_prefix_compares_every_byte() {
        for event_type in ["abc", "ping", "content_block_stop", "content_block_delta"] {
            let chunk = [b"event: ", event_type.as_bytes(), b"\ndata: x\n\n"].concat();
            let mut prefix = EventPrefix::NONE;
            scan_with(&chunk, &mut prefix);
            assert!(prefix.strip_from(&chunk).is_some(), "{event_type}");
            for at in 0..usize::from(prefix.len) {
                let mut other = chunk.clone();
                other[at] ^= 1;
                assert!(prefix.strip_from(&other).is_none(), "{event_type}, byte {at}");
            }
        }
    }

    #[test]
    fn event_prefix_remembers_only_lengths_that_its_windows_cover() {
        for (chunk, len) in [
            (&b"event: ab\ndata: x\n\n"[..], 0),
            (b"event: abc\ndata: x\n\n", 16),
            (b"event: content_block_delta\ndata: x\n\n", 32),
            (b"event: content_block_deltas\ndata: x\n\n", 0),
        ] {
            let mut prefix = EventPrefix::NONE;
            scan_with(chunk, &mut prefix);
            assert_eq!(prefix.len, len, "{}", chunk.escape_ascii());
        }
    }
}
