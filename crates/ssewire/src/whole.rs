//! The short way: events that lie in one chunk as most servers write them.
//!
//! `event:` and `data:` lines in either order, at most one of each, with comments between them, every line ended by LF:
//! read in local variables, without touching the decoder. Anything else is left, with the progress made, to the
//! line-by-line machine in `machine.rs`; nothing is skipped that was not looked at, so both ways see the same stream.

use crate::field::{Name, OpenLine};
use crate::line::line_end;
use crate::observe;

/// What stands in a chunk, up to the first thing that is not of the common shape.
#[derive(Debug, PartialEq, Eq)]
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

    /// A chunk that ends in a value, with at most an `event` line before it.
    pub(crate) fn cut(event_type: Option<&'c [u8]>, line: OpenLine, value: &'c [u8]) -> Self {
        Self { event_type, line, is_cut: true, ..Self::none(value) }
    }

    /// In a line that does not end in an LF.
    fn stopped(mut self, line: OpenLine, value: &'c [u8], is_cut: bool) -> Self {
        // A chunk may end in `data:`, with the space still to come.
        if !value.is_empty() {
            (self.rest, self.line, self.is_cut) = (value, line, is_cut);
        }
        self
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
            observe::examined(|| observe::seen_of(comment, self.rest));
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

/// What a look at the beginning of a block comes to.
pub(crate) enum Look<'c> {
    /// A whole event.
    Event { event_type: &'c [u8], data: &'c [u8], rest: &'c [u8] },
    /// The chunk ends in this value, and before it there is at most an `event` line.
    Cut { event_type: Option<&'c [u8]>, line: OpenLine, value: &'c [u8] },
    /// Anything else.
    Other(Sighting<'c>),
}

/// Looks at what begins with a block. First for `event: …`, `data: …` and a blank line, and straight on: what else may
/// come is decided elsewhere, so that the processor's registers are left to this.
#[inline(always)]
pub(crate) fn look<const FRAMES: bool>(chunk: &[u8]) -> Look<'_> {
    let seen = |event_type, data, rest| Sighting { event_type, data, ..Sighting::none(rest) };
    let (mut event_type, mut rest) = (None, chunk);
    if let Some(value) = chunk.strip_prefix(b"event: ") {
        observe::examined(|| 7);
        match Line::of(value) {
            Line::Whole(value, behind) => (event_type, rest) = (Some(value), behind),
            Line::Cut => return Look::Cut { event_type, line: OpenLine::Value(Name::Event), value },
            Line::Cr => {
                return Look::Other(seen(None, None, chunk).stopped(OpenLine::Value(Name::Event), value, false));
            }
        }
    }
    let Some(value) = rest.strip_prefix(b"data: ") else {
        return Look::on::<FRAMES>(seen(event_type, None, rest));
    };
    observe::examined(|| 6);
    match Line::of(value) {
        Line::Whole(data, behind) => match behind.strip_prefix(b"\n") {
            Some(rest) => {
                observe::examined(|| 1);
                Look::Event { event_type: event_type.unwrap_or_default(), data, rest }
            }
            // A further line of data: there is nothing more to see.
            None if behind.starts_with(b"data:") => Look::Other(seen(event_type, Some(data), behind)),
            None => Look::on::<FRAMES>(seen(event_type, Some(data), behind)),
        },
        Line::Cut => Look::Cut { event_type, line: OpenLine::Value(Name::Data), value },
        Line::Cr => Look::Other(seen(event_type, None, rest).stopped(OpenLine::Value(Name::Data), value, false)),
    }
}

impl<'c> Look<'c> {
    /// A look that goes on from here.
    #[inline]
    fn on<const FRAMES: bool>(seen: Sighting<'c>) -> Self {
        match sight::<FRAMES>(seen, Before::NOTHING) {
            Sighting { event_type, data: Some(data), rest, is_whole: true, .. } => {
                Self::Event { event_type: event_type.unwrap_or_default(), data, rest }
            }
            seen => Self::Other(seen),
        }
    }
}

/// Looks on from a line to the next. With `FRAMES`, comments are left, since they are to be told.
#[inline(never)]
pub(crate) fn sight<const FRAMES: bool>(mut seen: Sighting<'_>, before: Before) -> Sighting<'_> {
    loop {
        let (line, value) = if let Some(value) = seen.rest.strip_prefix(b"data:") {
            if seen.data.is_some() || before.data {
                return seen;
            }
            (OpenLine::Value(Name::Data), value.strip_prefix(b" ").unwrap_or(value))
        } else if let Some(behind) = seen.rest.strip_prefix(b"\n") {
            observe::examined(|| 1);
            seen.is_whole = seen.data.is_some() || before.data;
            if !seen.is_whole && (seen.event_type.is_some() || before.fields) {
                return seen;
            }
            seen.rest = behind;
            if seen.is_whole {
                return seen;
            }
            seen.block = Some(behind);
            continue;
        } else if let (Some(text), false) = (seen.rest.strip_prefix(b":"), FRAMES) {
            (OpenLine::Comment, text)
        } else if let Some(value) = seen.rest.strip_prefix(b"event:") {
            if seen.event_type.is_some() || before.event_type {
                return seen;
            }
            (OpenLine::Value(Name::Event), value.strip_prefix(b" ").unwrap_or(value))
        } else {
            observe::examined(|| seen_of_name(seen.rest));
            if let Some(behind) = data_alone(seen.rest) {
                seen.rest = behind;
                seen.line = OpenLine::Name { name: Name::Data, matched: 4 };
            }
            return seen;
        };
        observe::examined(|| seen.rest.len().saturating_sub(value.len()));
        let (value, behind) = match Line::of(value) {
            Line::Whole(value, behind) => (value, behind),
            Line::Cr => return seen.stopped(line, value, false),
            Line::Cut => return seen.stopped(line, value, true),
        };
        let begin = core::mem::replace(&mut seen.rest, behind);
        match line {
            OpenLine::Value(Name::Data) => seen.data = Some(value),
            OpenLine::Value(_) => seen.event_type = Some(value),
            _ => seen.pass_the_same_again(begin, before),
        }
    }
}

/// How the content of a line ends.
pub(crate) enum Line<'c> {
    /// With an LF: the content, and what stands behind the LF.
    Whole(&'c [u8], &'c [u8]),
    /// With a CR.
    Cr,
    /// With the chunk.
    Cut,
}

impl<'c> Line<'c> {
    #[inline(always)]
    pub(crate) fn of(value: &'c [u8]) -> Self {
        let Some((value, end)) = line_end(value).and_then(|end| value.split_at_checked(end)) else { return Self::Cut };
        match end.strip_prefix(b"\n") {
            Some(behind) => Self::Whole(value, behind),
            None => Self::Cr,
        }
    }
}

/// What follows `data` without a colon: a stream of nothing but that and blank lines shall not be looked at three times.
#[cold]
fn data_alone(rest: &[u8]) -> Option<&[u8]> {
    rest.strip_prefix(b"data").filter(|behind| matches!(behind, [b'\n' | b'\r', ..]))
}

/// How many bytes it takes to see that neither `data:` nor `event:` stands here.
fn seen_of_name(rest: &[u8]) -> usize {
    observe::seen_of(b"data:", rest).max(observe::seen_of(b"event:", rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What both looks see, which have to agree.
    fn seen_in<const FRAMES: bool>(chunk: &[u8]) -> Sighting<'_> {
        let seen = sight::<FRAMES>(Sighting::none(chunk), Before::NOTHING);
        let looked = match look::<FRAMES>(chunk) {
            Look::Event { event_type, data, rest } => {
                assert_eq!((seen.event_type.unwrap_or_default(), seen.data, seen.rest), (event_type, Some(data), rest));
                return seen;
            }
            Look::Cut { event_type, line, value } => Sighting::cut(event_type, line, value),
            Look::Other(looked) => looked,
        };
        assert_eq!(looked, seen);
        seen
    }

    #[test]
    fn takes_the_common_shape_whole() {
        for (chunk, event_type, data) in [
            (&b"event: ping\ndata: {}\n\nrest"[..], Some(&b"ping"[..]), &b"{}"[..]),
            (b"data:x\nevent:y\n\nrest", Some(b"y"), b"x"),
            (b"data:\n\nrest", None, b""),
        ] {
            let seen = seen_in::<false>(chunk);
            assert!(seen.is_whole);
            assert_eq!((seen.event_type, seen.data, seen.rest), (event_type, Some(data), &b"rest"[..]));
        }
    }

    #[test]
    fn passes_comments_that_nobody_asked_for_and_blank_lines() {
        let seen = seen_in::<false>(b": c\n\n\n:\ndata: x\n\n");
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
            let seen = seen_in::<false>(chunk);
            assert_eq!((seen.rest, seen.block), (rest, block), "{:?}", chunk.escape_ascii());
        }
        // Behind a field, the blank line means something.
        let seen = seen_in::<false>(b"data: x\n: c\n\n: c\n\n");
        assert!(seen.is_whole);
        assert_eq!(seen.rest, b": c\n\n");
    }

    #[test]
    fn goes_on_with_a_block() {
        let data = Before { fields: true, data: true, ..Before::NOTHING };
        let seen = sight::<false>(Sighting::none(b"event: e\n\n"), data);
        assert!(seen.is_whole);
        assert_eq!((seen.event_type, seen.data, seen.rest), (Some(&b"e"[..]), None, &b""[..]));
        // A second line of data is to be joined, a type to be replaced; a block without data may have set an id.
        let event_type = Before { fields: true, event_type: true, ..Before::NOTHING };
        for (chunk, before) in [(&b"data: x\n\n"[..], data), (b"event: e\n", event_type), (b"\n", event_type)] {
            let seen = sight::<false>(Sighting::none(chunk), before);
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
            let seen = seen_in::<true>(chunk);
            assert!(!seen.is_whole);
            assert_eq!(seen.rest, rest, "{:?}", chunk.escape_ascii());
        }
    }
}
