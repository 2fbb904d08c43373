//! Bytes to lines: where a line starts and where it ends.
//!
//! HTML standard, [parsing an event stream]: the stream may start with one byte order mark, and a line ends at
//! CRLF, at LF, or at CR.
//!
//! [parsing an event stream]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
use memchr::arch::aarch64::neon::memchr::Two;
#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::sse2::memchr::Two;

const BYTE_ORDER_MARK: &[u8; 3] = b"\xEF\xBB\xBF";

/// The state between two pieces of input that decides which bytes belong to a line. Stores no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineScanner {
    /// At the start of the stream, after this number of bytes of a byte order mark.
    Mark(u8),
    /// The previous line ended in CR: an LF directly after it, also in a later chunk, is the rest of that line end.
    /// Waiting for the LF instead would hold back an event whose blank line ends in CR.
    AfterCr,
    /// The next byte belongs to a line for certain.
    Content,
}

impl LineScanner {
    /// At the start of a stream.
    pub(crate) const START: Self = Self::Mark(0);

    /// Returns the number of bytes of an incomplete byte order mark.
    pub(crate) fn bom_bytes(self) -> u8 {
        if let Self::Mark(seen) = self { seen } else { 0 }
    }

    /// Skips what precedes a line and belongs to none: a byte order mark, and the LF that completes a CRLF. An empty
    /// `rest` leaves both open. Returns how many bytes of `rest` it skips, and the *replayed* bytes: those of earlier
    /// chunks that began like a mark but are content. They precede `rest`.
    #[inline]
    pub(crate) fn skip_before_line(&mut self, rest: &[u8]) -> (usize, &'static [u8]) {
        match *self {
            Self::Mark(seen) => {
                let (earlier, ahead) = BYTE_ORDER_MARK.split_at_checked(usize::from(seen)).unwrap_or_default();
                let same = ahead.iter().zip(rest).take_while(|(a, b)| a == b).count();
                let is_open = same < ahead.len() && same == rest.len();
                *self = if is_open { Self::Mark(seen + u8::try_from(same).unwrap_or(0)) } else { Self::Content };
                if is_open || same == ahead.len() { (same, b"") } else { (0, earlier) }
            }
            Self::AfterCr if !rest.is_empty() => {
                *self = Self::Content;
                (usize::from(rest.starts_with(b"\n")), b"")
            }
            Self::AfterCr | Self::Content => (0, b""),
        }
    }

    /// Records the byte that ended a line.
    pub(crate) fn set_terminator(&mut self, terminator: &[u8]) {
        debug_assert!(matches!(terminator, b"\n" | b"\r"));
        *self = if terminator.first() == Some(&b'\r') { Self::AfterCr } else { Self::Content };
    }
}

/// Length up to which the search for a line end is inlined. Lines of an event stream are short: the run-time dispatch
/// of `memchr2`, and even the call, would cost more than the search itself.
const INLINE_LEN: usize = 64;

/// Returns the offset of the first byte that ends a line (LF or CR).
#[inline(always)]
pub(crate) fn line_end(bytes: &[u8]) -> Option<usize> {
    match bytes.split_at_checked(INLINE_LEN) {
        Some((near, far)) if !far.is_empty() => find_inline(near).or_else(|| find_dispatched(far)),
        _ => find_inline(bytes),
    }
}

/// Searches with the vectors of this processor: long lines repay the dispatch to wider vector registers.
#[inline(never)]
fn find_dispatched(bytes: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\n', b'\r', bytes).map(|at| at + INLINE_LEN)
}

/// Searches with the vectors that every processor of the target has, named here so that the search can be inlined.
#[inline(always)]
fn find_inline(bytes: &[u8]) -> Option<usize> {
    #[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little")))]
    if let Some(searcher) = Two::new(b'\n', b'\r') {
        return searcher.find(bytes);
    }
    memchr::memchr2(b'\n', b'\r', bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skip_before_line_accepts_a_mark_in_pieces() {
        let mut scanner = LineScanner::START;
        assert_eq!(scanner.skip_before_line(b"\xEF"), (1, &b""[..]));
        assert_eq!(scanner.skip_before_line(b""), (0, &b""[..]));
        assert_eq!(scanner.skip_before_line(b"\xBB"), (1, &b""[..]));
        assert_eq!(scanner.bom_bytes(), 2);
        assert_eq!(scanner.skip_before_line(b"\xBF\xEF"), (1, &b""[..]));
        assert_eq!(scanner, LineScanner::Content);
    }

    #[test]
    fn skip_before_line_replays_a_false_start() {
        let mut scanner = LineScanner::START;
        assert_eq!(scanner.skip_before_line(b"\xEF\xBB"), (2, &b""[..]));
        assert_eq!(scanner.skip_before_line(b"d"), (0, &b"\xEF\xBB"[..]));
        let mut scanner = LineScanner::START;
        assert_eq!(scanner.skip_before_line(b"\xEF\xBBd"), (0, &b""[..]));
    }

    #[test]
    fn skip_before_line_skips_one_lf_directly_after_a_cr() {
        let mut scanner = LineScanner::Content;
        assert_eq!(scanner.skip_before_line(b"\n"), (0, &b""[..]));
        scanner.set_terminator(b"\r");
        assert_eq!(scanner.skip_before_line(b""), (0, &b""[..]), "an empty chunk leaves the question open");
        assert_eq!(scanner.skip_before_line(b"\n"), (1, &b""[..]));
        assert_eq!(scanner.skip_before_line(b"\n"), (0, &b""[..]));
        scanner.set_terminator(b"\n");
        assert_eq!(scanner.skip_before_line(b"\n"), (0, &b""[..]));
    }

    #[test]
    fn line_end_finds_the_first_terminator() {
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
