//! The byte order mark that a body may begin with.

/// The state of the byte order mark. Its first bytes alone belong to the text.
#[derive(Debug, Clone, Copy)]
pub(super) enum ByteOrderMark {
    /// Number of bytes of the mark so far. They are withheld.
    Partial(usize),
    /// The mark is complete, or the body does not begin with one.
    Past,
}

impl Default for ByteOrderMark {
    fn default() -> Self {
        Self::Partial(0)
    }
}

impl ByteOrderMark {
    /// Returns the text of the piece, and before it the bytes of earlier pieces and of this one that were withheld and
    /// turned out to be text.
    pub(super) fn skip<'p>(&mut self, piece: &'p [u8]) -> (&'static [u8], &'p [u8]) {
        let Self::Partial(known) = *self else { return (&[], piece) };
        let matching = piece.iter().zip(BYTES.iter().skip(known)).take_while(|(byte, mark)| byte == mark).count();
        let rest = piece.get(matching..).unwrap_or_default();
        let length = known.saturating_add(matching);
        if length < BYTES.len() && rest.is_empty() {
            *self = Self::Partial(length);
            return (&[], rest);
        }
        *self = Self::Past;
        let withheld = if length < BYTES.len() { BYTES.get(..length) } else { None };
        (withheld.unwrap_or_default(), rest)
    }
}

/// The byte order mark that a body may begin with.
const BYTES: [u8; 3] = [0xEF, 0xBB, 0xBF];
