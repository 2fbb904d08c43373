//! The short way: events that lie in one chunk as most servers write them.
//!
//! `event:` and `data:` lines in either order, at most one of each, with comments between them, every line ended by LF:
//! read in local variables, without touching the decoder. Anything else is left, with the progress made, to the
//! line-by-line machine in `machine.rs`; nothing is skipped that was not looked at, so both ways see the same stream.

use crate::field::{Name, OpenLine};
use crate::line::line_end;
use crate::observe;

/// What stands in a chunk, up to the first thing that is not of the common shape.
#[derive(Debug)]
pub(crate) struct Sighting<'c> {
    /// The value of the `event` line.
    pub(crate) event_type: Option<&'c [u8]>,
    /// The value of the `data` line.
    pub(crate) data: Option<&'c [u8]>,
    /// What stands behind the last blank line that was passed, if one was.
    pub(crate) block: Option<&'c [u8]>,
    /// What was not taken.
    pub(crate) rest: &'c [u8],
    /// How far the line has come that goes on there.
    pub(crate) line: OpenLine,
    /// There is no line end in `rest`.
    pub(crate) is_cut: bool,
    /// The blank line was reached: the event is whole.
    pub(crate) is_whole: bool,
}

impl<'c> Sighting<'c> {
    /// Nothing of this was looked at.
    #[inline]
    pub(crate) const fn none(rest: &'c [u8]) -> Self {
        let (event_type, data, block) = (None, None, None);
        Self { event_type, data, block, rest, line: OpenLine::Start, is_cut: false, is_whole: false }
    }

    /// Behind a comment: servers that have nothing to say send it again and again, each with a blank line behind it.
    /// What was looked at once need only be compared.
    #[inline]
    fn pass_the_same_again(&mut self, comment: &'c [u8], before: Before) {
        let line = self.rest;
        if self.event_type.is_none() && self.data.is_none() && !before.fields {
            // Nothing is to be dispatched.
            while let Some(behind) = self.rest.strip_prefix(b"\n") {
                observe::examined(|| 1);
                (self.rest, self.block) = (behind, Some(behind));
            }
        }
        let has_blank_line = self.rest.len() < line.len();
        let Some((comment, _)) = comment.split_at_checked(comment.len().wrapping_sub(self.rest.len())) else { return };
        loop {
            observe::examined(|| seen_of(comment, self.rest));
            let Some(behind) = self.rest.strip_prefix(comment) else { return };
            self.rest = behind;
            if has_blank_line {
                self.block = Some(behind);
            }
        }
    }

    /// Nothing was seen but comments and blank lines that dispatch nothing.
    #[inline]
    pub(crate) fn is_nothing(&self) -> bool {
        let has_part = self.event_type.is_some() || self.data.is_some();
        self.line == OpenLine::Start && !self.is_whole && !has_part
    }
}

/// What of the block at hand earlier chunks have brought.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    pub(crate) fields: bool,
    pub(crate) event_type: bool,
    pub(crate) data: bool,
}

impl Before {
    /// A block begins here.
    pub(crate) const NOTHING: Self = Self { fields: false, event_type: false, data: false };
}

/// Looks at what begins with a line. With `FRAMES`, comments are left, since they are to be told.
// Always: returned through memory, what was seen would cost more than the look.
#[inline(always)]
pub(crate) fn sight<const FRAMES: bool>(chunk: &[u8], before: Before) -> Sighting<'_> {
    let mut seen = Sighting::none(chunk);
    loop {
        let (line, value) = if let Some(value) = seen.rest.strip_prefix(b"data:") {
            if seen.data.is_some() || before.data {
                break;
            }
            (OpenLine::Value(Name::Data), value.strip_prefix(b" ").unwrap_or(value))
        } else if let Some(behind) = seen.rest.strip_prefix(b"\n") {
            observe::examined(|| 1);
            seen.is_whole = seen.data.is_some() || before.data;
            if !seen.is_whole && (seen.event_type.is_some() || before.fields) {
                break;
            }
            seen.rest = behind;
            if seen.is_whole {
                break;
            }
            seen.block = Some(behind);
            continue;
        } else if let (Some(text), false) = (seen.rest.strip_prefix(b":"), FRAMES) {
            (OpenLine::Comment, text)
        } else if let Some(value) = seen.rest.strip_prefix(b"event:") {
            if seen.event_type.is_some() || before.event_type {
                break;
            }
            (OpenLine::Value(Name::Event), value.strip_prefix(b" ").unwrap_or(value))
        } else {
            observe::examined(|| seen_of_name(seen.rest));
            if let Some(behind) = data_alone(seen.rest) {
                seen.rest = behind;
                seen.line = OpenLine::Name { name: Name::Data, matched: 4 };
            }
            break;
        };
        observe::examined(|| seen.rest.len().saturating_sub(value.len()));
        let whole = line_end(value).and_then(|end| value.split_at_checked(end));
        let Some((value, Some(behind))) = whole.map(|(value, end)| (value, end.strip_prefix(b"\n"))) else {
            // Cut, or ended by a CR. But a chunk may end in `data:`, with the space still to come.
            if !value.is_empty() {
                (seen.rest, seen.line, seen.is_cut) = (value, line, whole.is_none());
            }
            break;
        };
        let begin = core::mem::replace(&mut seen.rest, behind);
        match line {
            OpenLine::Value(Name::Data) => seen.data = Some(value),
            OpenLine::Value(_) => seen.event_type = Some(value),
            _ => seen.pass_the_same_again(begin, before),
        }
    }
    seen
}

/// What follows `data` without a colon: a stream of nothing but that and blank lines shall not be looked at three times.
#[cold]
fn data_alone(rest: &[u8]) -> Option<&[u8]> {
    rest.strip_prefix(b"data").filter(|behind| matches!(behind, [b'\n' | b'\r', ..]))
}

/// How many bytes it takes to see that neither `data:` nor `event:` stands here.
fn seen_of_name(rest: &[u8]) -> usize {
    seen_of(b"data:", rest).max(seen_of(b"event:", rest))
}

/// How many bytes it takes to see whether this stands here.
fn seen_of(expected: &[u8], rest: &[u8]) -> usize {
    let same = expected.iter().zip(rest).take_while(|(a, b)| a == b).count();
    same.saturating_add(1).min(expected.len()).min(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_common_shape_whole() {
        for (chunk, event_type, data) in [
            (&b"event: ping\ndata: {}\n\nrest"[..], Some(&b"ping"[..]), &b"{}"[..]),
            (b"data:x\nevent:y\n\nrest", Some(b"y"), b"x"),
            (b"data:\n\nrest", None, b""),
        ] {
            let seen = sight::<false>(chunk, Before::NOTHING);
            assert!(seen.is_whole);
            assert_eq!((seen.event_type, seen.data, seen.rest), (event_type, Some(data), &b"rest"[..]));
        }
    }

    #[test]
    fn passes_comments_that_nobody_asked_for_and_blank_lines() {
        let seen = sight::<false>(b": c\n\n\n:\ndata: x\n\n", Before::NOTHING);
        assert!(seen.is_whole);
        assert_eq!((seen.event_type, seen.data), (None, Some(&b"x"[..])));
        assert_eq!(seen.block, Some(&b":\ndata: x\n\n"[..]));
    }

    #[test]
    fn passes_a_comment_that_comes_again() {
        for (chunk, rest, block) in [
            (&b": c\n\n: c\n\n: c\n\nid"[..], &b"id"[..], Some(&b"id"[..])),
            (b": c\n: c\nid", b"id", None),
            (b": c\n\n: c\n: c\n\nid", b"id", Some(b"id")),
            (b": c\n\n: c\nid", b"id", Some(b": c\nid")),
            // The same so far, but it goes on.
            (b":c\n:c", b"c", None),
            (b":c\n:cd\nid", b"id", None),
        ] {
            let seen = sight::<false>(chunk, Before::NOTHING);
            assert_eq!((seen.rest, seen.block), (rest, block), "{:?}", chunk.escape_ascii());
        }
        // Behind a field, the blank line means something.
        let seen = sight::<false>(b"data: x\n: c\n\n: c\n\n", Before::NOTHING);
        assert!(seen.is_whole);
        assert_eq!(seen.rest, b": c\n\n");
    }

    #[test]
    fn goes_on_with_a_block() {
        let data = Before { fields: true, data: true, ..Before::NOTHING };
        let seen = sight::<false>(b"event: e\n\n", data);
        assert!(seen.is_whole);
        assert_eq!((seen.event_type, seen.data, seen.rest), (Some(&b"e"[..]), None, &b""[..]));
        // A second line of data is to be joined, a type to be replaced; a block without data may have set an id.
        let event_type = Before { fields: true, event_type: true, ..Before::NOTHING };
        for (chunk, before) in [(&b"data: x\n\n"[..], data), (b"event: e\n", event_type), (b"\n", event_type)] {
            let seen = sight::<false>(chunk, before);
            assert!(!seen.is_whole);
            assert_eq!(seen.rest, chunk);
        }
    }

    #[test]
    fn leaves_everything_else_with_the_progress_made() {
        for (chunk, rest) in [
            (&b"event: ping\ndata: {"[..], &b"{"[..]),
            (b"event: ping\ndata:", b"data:"),
            (b"event: ping\ndata: {}\n", b""),
            (b"data: a\ndata: b\n\n", b"data: b\n\n"),
            (b"data: a\nid: 1\n\n", b"id: 1\n\n"),
            (b"event: e\n\n", b"\n"),
            (b"data: a\r\n\r\n", b"a\r\n\r\n"),
            (b"data\n", b"\n"),
            (b": c\n", b": c\n"),
            (b"\n", b""),
            (b"", b""),
        ] {
            let seen = sight::<true>(chunk, Before::NOTHING);
            assert!(!seen.is_whole);
            assert_eq!(seen.rest, rest, "{:?}", chunk.escape_ascii());
        }
    }
}
