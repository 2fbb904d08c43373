//! The lines of an event stream and the ends of its events: lines end with LF, CRLF or CR.

/// A line of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Without its line end; with a byte order mark at the start of the body.
    pub(crate) text: &'a [u8],
    /// Offset of its first byte in the body.
    pub(crate) start: usize,
    /// Offset after its line end.
    pub(crate) end: usize,
}

impl Line<'_> {
    /// Returns the text without a byte order mark at the start of the body, which is not part of the line.
    pub(crate) fn content(&self) -> &[u8] {
        let mark = if self.start == 0 { "\u{feff}" } else { "" };
        self.text.strip_prefix(mark.as_bytes()).unwrap_or(self.text)
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.content().is_empty()
    }

    /// Returns whether the line is neither blank nor a comment.
    pub(crate) fn is_field(&self) -> bool {
        !self.is_blank() && !self.content().starts_with(b":")
    }
}

/// Returns the lines of a body. The last one may have no line end.
pub(crate) fn lines(body: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    core::iter::from_fn(move || {
        let rest = body.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let (text, line_end) = rest.split_at(length);
        let line_end = if line_end.starts_with(b"\r\n") { 2 } else { line_end.len().min(1) };
        let line = Line { text, start, end: start + length + line_end };
        start = line.end;
        Some(line)
    })
}

/// Returns the offsets after the events of a body: after the blank lines that follow a field.
pub(crate) fn event_ends(body: &[u8]) -> impl Iterator<Item = usize> {
    let mut in_event = false;
    lines(body).filter_map(move |line| {
        let ends = line.is_blank() && in_event;
        in_event = !line.is_blank() && (in_event || line.is_field());
        ends.then_some(line.end)
    })
}
