//! Bytes to lines: where a line begins and where it ends.
//!
//! HTML standard, [parsing an event stream]: the stream may begin with one byte order mark, and a line ends at
//! CRLF, at LF, or at CR.
//!
//! [parsing an event stream]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

use crate::observe;

const BYTE_ORDER_MARK: &[u8; 3] = b"\xEF\xBB\xBF";

/// What may stand before the first byte of a line and belongs to none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineStart {
    /// Bytes of the byte order mark seen so far; `None` once the first line has begun.
    mark: Option<u8>,
    /// The last byte was a CR that ended its line: an LF right behind it is the rest of that line end, also when it
    /// comes in a later chunk. Waiting for it instead would hold back an event whose blank line ends in CR.
    after_cr: bool,
}

/// What [`LineStart::skip_mark`] found at the start of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// No byte order mark.
    None,
    /// This many bytes are of a byte order mark; if that is all of the chunk, perhaps.
    Bytes(usize),
    /// These bytes of earlier chunks looked like one, but were none: they begin the line.
    Never(&'static [u8]),
}

impl LineStart {
    /// The start of a connection.
    pub(crate) const fn new() -> Self {
        Self { mark: Some(0), after_cr: false }
    }

    /// Looks for the byte order mark at the start of a chunk, before any byte of it was given to a line.
    #[inline]
    pub(crate) fn skip_mark(&mut self, chunk: &[u8]) -> Mark {
        match self.mark {
            None => Mark::None,
            Some(seen) => self.go_on_with_mark(seen, chunk),
        }
    }

    /// Whether an LF at the start of `rest` is the second half of a CRLF. Either way the question is settled then.
    #[inline]
    pub(crate) fn swallow_lf(&mut self, rest: &[u8]) -> bool {
        match rest.first() {
            None => false,
            Some(&byte) => core::mem::take(&mut self.after_cr) && byte == b'\n',
        }
    }

    /// Notes the byte that ended a line.
    #[inline]
    pub(crate) fn ended_by(&mut self, terminator: u8) {
        self.after_cr = terminator == b'\r';
    }

    /// Bytes of an unfinished byte order mark.
    pub(crate) fn mark_bytes(&self) -> u8 {
        self.mark.unwrap_or(0)
    }

    /// True when neither a byte order mark nor half a CRLF may stand before the next line.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.mark.is_none() && !self.after_cr
    }

    #[cold]
    fn go_on_with_mark(&mut self, seen: u8, chunk: &[u8]) -> Mark {
        let (before, ahead) = BYTE_ORDER_MARK.split_at_checked(usize::from(seen)).unwrap_or_default();
        let same = ahead.iter().zip(chunk).take_while(|(a, b)| a == b).count();
        if same < ahead.len() && same == chunk.len() {
            self.mark = Some(seen.saturating_add(u8::try_from(same).unwrap_or(0)));
            return Mark::Bytes(same);
        }
        self.mark = None;
        if same == ahead.len() {
            Mark::Bytes(same)
        } else if before.is_empty() {
            // `EF BB` and then something else, all in this chunk: content from its first byte on.
            Mark::None
        } else {
            Mark::Never(before)
        }
    }
}

/// The offset of the first byte that ends a line (LF or CR).
#[inline]
pub(crate) fn line_end(bytes: &[u8]) -> Option<usize> {
    let found = search(bytes);
    observe::examined(|| found.map_or(bytes.len(), |at| at.saturating_add(1)));
    found
}

/// So far the line end is looked for first where it mostly is.
const NEAR: usize = 64;

// Lines of an event stream are short: there the run-time dispatch of `memchr2` costs more than the search itself, and so
// does a call.
#[inline(always)]
fn search(bytes: &[u8]) -> Option<usize> {
    match bytes.split_at_checked(NEAR) {
        None => search_near(bytes),
        Some((near, far)) => search_near(near).or_else(|| search_far(far)),
    }
}

/// In long lines wider registers pay.
#[inline(never)]
fn search_far(bytes: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\n', b'\r', bytes).map(|at| at.wrapping_add(NEAR))
}

/// With the searcher that every processor of the target has, named here, where it can be inlined.
#[inline(always)]
fn search_near(bytes: &[u8]) -> Option<usize> {
    #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
    use memchr::arch::aarch64::neon::memchr::Two;
    #[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
    use memchr::arch::all::memchr::Two as Portable;
    #[cfg(target_arch = "x86_64")]
    use memchr::arch::x86_64::sse2::memchr::Two;

    #[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little")))]
    {
        match Two::new(b'\n', b'\r') {
            Some(two) => two.find(bytes),
            None => memchr::memchr2(b'\n', b'\r', bytes),
        }
    }
    #[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
    Portable::new(b'\n', b'\r').find(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_may_come_in_pieces() {
        let mut start = LineStart::new();
        assert_eq!(start.skip_mark(b"\xEF"), Mark::Bytes(1));
        assert_eq!(start.skip_mark(b""), Mark::Bytes(0));
        assert_eq!(start.skip_mark(b"\xBB"), Mark::Bytes(1));
        assert_eq!(start.mark_bytes(), 2);
        assert_eq!(start.skip_mark(b"\xBF\xEF"), Mark::Bytes(1));
        assert!(start.is_plain());
    }

    #[test]
    fn what_only_began_like_a_mark_is_content() {
        let mut start = LineStart::new();
        assert_eq!(start.skip_mark(b"\xEF\xBB"), Mark::Bytes(2));
        assert_eq!(start.skip_mark(b"d"), Mark::Never(b"\xEF\xBB"));
        assert_eq!(LineStart::new().skip_mark(b"\xEF\xBBd"), Mark::None);
    }

    #[test]
    fn an_lf_is_swallowed_only_right_behind_a_cr() {
        let mut start = LineStart::new();
        assert!(!start.swallow_lf(b"\n"));
        start.ended_by(b'\r');
        assert!(!start.swallow_lf(b""), "an empty chunk settles nothing");
        assert!(start.swallow_lf(b"\n"));
        assert!(!start.swallow_lf(b"\n"));
        start.ended_by(b'\n');
        assert!(!start.swallow_lf(b"\n"));
    }

    #[test]
    fn a_line_ends_at_the_first_of_both() {
        for at in (0..70).chain(150..170).chain([400]) {
            for terminator in [b'\n', b'\r'] {
                let mut bytes = [b'x'; 500];
                bytes[at] = terminator;
                bytes[at + 3] = b'\r';
                assert_eq!(line_end(&bytes), Some(at));
                assert_eq!(line_end(&bytes[..at]), None);
            }
        }
    }
}
