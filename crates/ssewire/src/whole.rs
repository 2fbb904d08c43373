//! The short way: an event that lies in one chunk as most servers write it.
//!
//! `event:` and `data:` lines in either order, at most one of each, every line ended by LF: read in local variables,
//! without touching the decoder. Anything else is left, with the progress made, to the line-by-line machine in
//! `machine.rs`; nothing is skipped that was not looked at, so both ways see the same stream.

use core::ops::Range;

use crate::field::{Name, OpenLine};
use crate::line::line_end;
use crate::observe;

/// What stands at the start of a chunk, up to the first thing that is not of the common shape.
#[derive(Debug)]
pub(crate) struct Sighting {
    /// The value of the `event` line.
    pub(crate) event_type: Option<Range<usize>>,
    /// The value of the `data` line.
    pub(crate) data: Option<Range<usize>>,
    /// Everything before this was taken.
    pub(crate) end: usize,
    /// How far the line has come that stands there.
    pub(crate) line: OpenLine,
    /// There is no line end behind `end`.
    pub(crate) is_cut: bool,
    /// The blank line was reached: the event is whole.
    pub(crate) is_whole: bool,
}

impl Sighting {
    /// Nothing was looked at.
    pub(crate) const NONE: Self =
        Self { event_type: None, data: None, end: 0, line: OpenLine::Start, is_cut: false, is_whole: false };
}

/// Looks at `chunk`, whose first byte begins a line outside any block.
#[inline]
pub(crate) fn sight(chunk: &[u8]) -> Sighting {
    let (mut event_type, mut data) = (None, None);
    let mut end = 0;
    let mut line = OpenLine::Start;
    let (mut is_cut, mut is_whole) = (false, false);
    loop {
        let rest = chunk.get(end..).unwrap_or_default();
        let (name, value) = if let Some(value) = rest.strip_prefix(b"data:") {
            (Name::Data, value)
        } else if let Some(value) = rest.strip_prefix(b"event:") {
            (Name::Event, value)
        } else {
            observe::examined(|| seen_of_name(rest));
            if rest.first() == Some(&b'\n') && data.is_some() {
                end = end.saturating_add(1);
                is_whole = true;
                break;
            }
            if is_data_alone(rest) {
                end = end.saturating_add(4);
                line = OpenLine::Name { name: Name::Data, matched: 4 };
            }
            break;
        };
        observe::examined(|| rest.len().saturating_sub(value.len()));
        let slot = if name == Name::Data { &mut data } else { &mut event_type };
        if slot.is_some() {
            break;
        }
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let start = chunk.len().saturating_sub(value.len());
        let found = line_end(value);
        if let Some(len) = found.filter(|len| value.get(*len) == Some(&b'\n')) {
            let value_end = start.saturating_add(len);
            *slot = Some(start..value_end);
            end = value_end.saturating_add(1);
            continue;
        }
        // Cut, or ended by a CR. But a chunk may end in `data:`, with the space still to come.
        if found.is_some() || !value.is_empty() {
            end = start;
            line = OpenLine::Value(name);
            is_cut = found.is_none();
        }
        break;
    }
    Sighting { event_type, data, end, line, is_cut, is_whole }
}

/// `data` without a colon: a stream of nothing but that and blank lines shall not be looked at three times.
#[cold]
fn is_data_alone(rest: &[u8]) -> bool {
    matches!(rest.strip_prefix(b"data"), Some([b'\n' | b'\r', ..]))
}

/// How many bytes it takes to see that neither `data:` nor `event:` stands here.
fn seen_of_name(rest: &[u8]) -> usize {
    let same = |name: &[u8]| name.iter().zip(rest).take_while(|(a, b)| a == b).count();
    same(b"data:").max(same(b"event:")).saturating_add(1).min(rest.len())
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
            assert!(seen.is_whole);
            assert_eq!((seen.event_type, seen.data), (event_type, data));
        }
    }

    #[test]
    fn leaves_everything_else_with_the_progress_made() {
        for (chunk, end) in [
            (&b"event: ping\ndata: {"[..], 18),
            (b"event: ping\ndata:", 12),
            (b"event: ping\ndata: {}\n", 21),
            (b"data: a\ndata: b\n\n", 8),
            (b"data: a\nid: 1\n\n", 8),
            (b"event: e\n\n", 9),
            (b"data: a\r\n\r\n", 6),
            (b": c\n", 0),
            (b"\n", 0),
            (b"", 0),
        ] {
            let seen = sight(chunk);
            assert!(!seen.is_whole);
            assert_eq!(seen.end, end, "{:?}", chunk.escape_ascii());
        }
    }
}
