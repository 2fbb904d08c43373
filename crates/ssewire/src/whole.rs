//! The short way: an event that lies in one chunk as most servers write it.
//!
//! `event:` and `data:` lines in either order, at most one of each, every line ended by LF: read in local variables,
//! without touching the decoder. Anything else is left, with the progress made, to the line-by-line machine in
//! `decoder.rs`; nothing is skipped that was not looked at, so both ways see the same stream.

use core::ops::Range;

use crate::line::line_end;

/// What stands at the start of a chunk, up to the first thing that is not of the common shape.
#[derive(Debug, Default)]
pub(crate) struct Sighting {
    /// The value of the `event` line.
    pub(crate) event_type: Option<Range<usize>>,
    /// The value of the `data` line.
    pub(crate) data: Option<Range<usize>>,
    /// Everything before this was taken.
    pub(crate) end: usize,
    /// The blank line was reached: the event is whole.
    pub(crate) whole: bool,
}

/// Looks at `chunk`, whose first byte begins a line outside any block.
#[inline]
pub(crate) fn sight(chunk: &[u8]) -> Sighting {
    let mut seen = Sighting::default();
    loop {
        let rest = chunk.get(seen.end..).unwrap_or_default();
        let (value, slot) = if let Some(value) = rest.strip_prefix(b"data:") {
            (value, &mut seen.data)
        } else if let Some(value) = rest.strip_prefix(b"event:") {
            (value, &mut seen.event_type)
        } else {
            if rest.first() == Some(&b'\n') && seen.data.is_some() {
                seen.end = seen.end.saturating_add(1);
                seen.whole = true;
            }
            return seen;
        };
        if slot.is_some() {
            return seen;
        }
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match line_end(value) {
            Some(len) if value.get(len) == Some(&b'\n') => {
                let start = chunk.len().saturating_sub(value.len());
                let end = start.saturating_add(len);
                *slot = Some(start..end);
                seen.end = end.saturating_add(1);
            }
            _ => return seen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_common_shape_whole() {
        for (chunk, event_type, data) in [
            (&b"event: ping\ndata: {}\n\nrest"[..], Some(7..11), Some(18..20)),
            (b"data:x\nevent:y\n\n", Some(13..14), Some(5..6)),
            (b"data:\n\n", None, Some(5..5)),
        ] {
            let seen = sight(chunk);
            assert!(seen.whole);
            assert_eq!((seen.event_type, seen.data), (event_type, data));
        }
    }

    #[test]
    fn leaves_everything_else_with_the_progress_made() {
        for (chunk, end) in [
            (&b"event: ping\ndata: {"[..], 12),
            (b"event: ping\ndata: {}\n", 21),
            (b"data: a\ndata: b\n\n", 8),
            (b"data: a\nid: 1\n\n", 8),
            (b"event: e\n\n", 9),
            (b"data: a\r\n\r\n", 0),
            (b": c\n", 0),
            (b"\n", 0),
            (b"", 0),
        ] {
            let seen = sight(chunk);
            assert!(!seen.whole);
            assert_eq!(seen.end, end, "{:?}", chunk.escape_ascii());
        }
    }
}
