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

/// State of a search for the byte order mark at the start of a body, in chunks of any size; see
/// [`BodyStart`](crate::BodyStart). A [`Decoder`](crate::Decoder) skips the mark itself.
#[derive(Debug, Clone, Default)]
pub struct BomSkipper(u8);

impl BomSkipper {
    /// In place of the number of bytes of an incomplete mark: the search is over.
    const DONE: u8 = 4;

    /// Creates the state before the first byte of a body.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Returns the bytes of earlier chunks that turned out not to be a mark, then the rest of this chunk. Without a
    /// mark, this is all of the body, except for an incomplete mark at its end: that is never returned.
    #[must_use]
    pub fn skip<'c>(&mut self, chunk: &'c [u8]) -> (&'static [u8], &'c [u8]) {
        let Some((earlier, ahead)) = BYTE_ORDER_MARK.split_at_checked(usize::from(self.0)) else { return (b"", chunk) };
        let same = ahead.iter().zip(chunk).take_while(|(a, b)| a == b).count();
        let is_open = same < ahead.len() && same == chunk.len();
        self.0 = if is_open { self.0 + u8::try_from(same).unwrap_or(0) } else { Self::DONE };
        let is_mark = is_open || same == ahead.len();
        if is_mark { (b"", chunk.get(same..).unwrap_or_default()) } else { (earlier, chunk) }
    }
}

/// The state between two pieces of input that decides which bytes belong to a line. Stores no content.
#[derive(Debug, Clone)]
pub(crate) struct LineScanner {
    bom: BomSkipper,
    /// The previous line ended in CR: an LF directly after it, also in a later chunk, is the rest of that line end.
    /// Waiting for the LF instead would hold back an event whose blank line ends in CR.
    pub(crate) is_after_cr: bool,
}

impl LineScanner {
    /// At the start of a stream.
    pub(crate) const START: Self = Self { bom: BomSkipper::new(), is_after_cr: false };

    /// Returns the number of bytes of an incomplete byte order mark.
    pub(crate) fn bom_bytes(&self) -> u8 {
        if self.bom.0 == BomSkipper::DONE { 0 } else { self.bom.0 }
    }

    /// Returns whether the next byte belongs to a line for certain.
    pub(crate) fn is_in_content(&self) -> bool {
        self.bom.0 == BomSkipper::DONE && !self.is_after_cr
    }

    /// Skips what precedes a line and belongs to none: a byte order mark, and the LF that completes a CRLF. An empty
    /// `rest` leaves both open. Returns the *replayed* bytes, those of earlier chunks that began like a mark but are
    /// content, and what follows them.
    #[inline]
    pub(crate) fn skip_before_line<'c>(&mut self, rest: &'c [u8]) -> (&'static [u8], &'c [u8]) {
        if self.is_after_cr && !rest.is_empty() {
            self.is_after_cr = false;
            return (b"", rest.strip_prefix(b"\n").unwrap_or(rest));
        }
        self.bom.skip(rest)
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

    const NOTHING: (&[u8], &[u8]) = (b"", b"");

    #[test]
    fn skip_before_line_accepts_a_mark_in_pieces() {
        let mut scanner = LineScanner::START;
        assert_eq!(scanner.skip_before_line(b"\xEF"), NOTHING);
        assert_eq!(scanner.skip_before_line(b""), NOTHING);
        assert_eq!(scanner.skip_before_line(b"\xBB"), NOTHING);
        assert_eq!((scanner.bom_bytes(), scanner.is_in_content()), (2, false));
        assert_eq!(scanner.skip_before_line(b"\xBF\xEF"), (&b""[..], &b"\xEF"[..]));
        assert_eq!((scanner.bom_bytes(), scanner.is_in_content()), (0, true));
    }

    #[test]
    fn skip_before_line_replays_a_false_start() {
        let mut scanner = LineScanner::START;
        assert_eq!(scanner.skip_before_line(b"\xEF\xBB"), NOTHING);
        assert_eq!(scanner.skip_before_line(b"d"), (&b"\xEF\xBB"[..], &b"d"[..]));
        let mut scanner = LineScanner::START;
        assert_eq!(scanner.skip_before_line(b"\xEF\xBBd"), (&b""[..], &b"\xEF\xBBd"[..]));
    }

    #[test]
    fn skip_before_line_skips_one_lf_directly_after_a_cr() {
        let mut scanner = LineScanner::START;
        assert_eq!(scanner.skip_before_line(b"x"), (&b""[..], &b"x"[..]));
        assert_eq!(scanner.skip_before_line(b"\n"), (&b""[..], &b"\n"[..]));
        scanner.is_after_cr = true;
        assert_eq!(scanner.skip_before_line(b""), NOTHING);
        assert!(!scanner.is_in_content(), "an empty chunk leaves the question open");
        assert_eq!(scanner.skip_before_line(b"\n\n"), (&b""[..], &b"\n"[..]));
        assert_eq!(scanner.skip_before_line(b"\n"), (&b""[..], &b"\n"[..]));
        scanner.is_after_cr = true;
        assert_eq!(scanner.skip_before_line(b"x\n"), (&b""[..], &b"x\n"[..]));
    }

    #[test]
    fn only_a_whole_mark_at_the_start_is_skipped() {
        let mut mark = BomSkipper::new();
        assert_eq!(mark.skip(b"\xEF\xBB"), NOTHING);
        assert_eq!(mark.skip(b"\xBF{"), (&b""[..], &b"{"[..]));
        assert_eq!(mark.skip(b"\xEF\xBB\xBF"), (&b""[..], &b"\xEF\xBB\xBF"[..]));
        let mut mark = BomSkipper::default();
        assert_eq!(mark.skip(b"\xEF\xBB"), NOTHING);
        assert_eq!(mark.skip(b"{"), (&b"\xEF\xBB"[..], &b"{"[..]));
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
