//! Takes the time comments out of a recording.

use core::time::Duration;

use super::{BYTE_ORDER_MARK, Line, MAX_COMMENT, Mark, MarkByte, PREFIX};

/// Decodes a recording into the bytes of the stream and the times between them, in chunks of any size.
///
/// ```
/// use ssewire_replay::{RecordingDecoder, RecordingPart};
///
/// let mut stream = Vec::new();
/// let mut elapsed = core::time::Duration::ZERO;
/// let mut decoder = RecordingDecoder::new();
/// for mut chunk in b": ssewire +5ms\ndata: a\n: ssewire +800ms\n\n".chunks(7) {
///     while let Some(part) = decoder.decode(&mut chunk) {
///         match part {
///             RecordingPart::Bytes(bytes) => stream.extend_from_slice(bytes),
///             RecordingPart::Elapsed(time) => elapsed += time,
///         }
///     }
/// }
/// stream.extend_from_slice(decoder.finish());
/// assert_eq!(stream, b"data: a\n\n");
/// assert_eq!(elapsed.as_millis(), 805);
/// ```
///
/// Bytes are delayed only while they can be the start of a time comment: at most 34. Any other stream passes unchanged.
///
/// An empty comment replaces a time comment in two places, where the bytes around it would change their meaning:
/// between CR and LF, which would be one line end, and at the start before a byte order mark, which would be skipped.
/// [`RecordingWriter`](crate::RecordingWriter) writes neither.
#[derive(Debug)]
pub struct RecordingDecoder {
    /// The start of a line that more bytes can make a time comment; empty if there is none.
    held: Vec<u8>,
    /// `held` was returned by the last call.
    is_held_returned: bool,
    is_at_line_start: bool,
    /// A time comment was taken out before the next byte.
    is_after_comment: bool,
    mark: Mark,
    /// The last byte that was returned, except for a byte order mark.
    last: Option<u8>,
}

/// A part of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingPart<'a> {
    /// Bytes of the stream. Never empty.
    Bytes(&'a [u8]),
    /// The time that passed between the bytes before and the bytes after.
    Elapsed(Duration),
}

impl Default for RecordingDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl RecordingDecoder {
    /// Creates a decoder at the start of a recording. Allocates nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            held: Vec::new(),
            is_held_returned: false,
            is_at_line_start: true,
            is_after_comment: false,
            mark: Mark::default(),
            last: None,
        }
    }

    /// Decodes the next part and advances `input`; `None` if the input is used up.
    pub fn decode<'d, 'c: 'd>(&'d mut self, input: &mut &'c [u8]) -> Option<RecordingPart<'d>> {
        if core::mem::take(&mut self.is_held_returned) {
            self.held.clear();
        }
        if !self.held.is_empty() {
            return self.decode_held(input);
        }
        let bytes: &'c [u8] = input;
        let first = *bytes.first()?;
        match self.mark.take(first) {
            MarkByte::Part => return Some(RecordingPart::Bytes(take(input, 1))),
            MarkByte::AfterPart => self.is_at_line_start = false,
            MarkByte::Other => {}
        }
        if core::mem::take(&mut self.is_after_comment) && self.joins(first) {
            self.last = Some(b'\n');
            return Some(RecordingPart::Bytes(b":\n"));
        }
        if self.is_at_line_start {
            match Line::of(bytes) {
                Line::Comment(time, length) => {
                    take(input, length);
                    self.is_after_comment = true;
                    return Some(RecordingPart::Elapsed(time));
                }
                Line::Prefix => {
                    self.held.extend_from_slice(take(input, bytes.len()));
                    return None;
                }
                Line::Other => {}
            }
        }
        let (length, is_at_line_start) = match next_comment(bytes) {
            Some(start) => (start, true),
            None => (bytes.len(), ends_line(bytes)),
        };
        self.is_at_line_start = is_at_line_start;
        let bytes = take(input, length);
        self.last = bytes.last().copied();
        Some(RecordingPart::Bytes(bytes))
    }

    /// Returns whether the next byte would mean something else without the comment before it.
    fn joins(&self, next: u8) -> bool {
        match self.last {
            Some(last) => (last, next) == (b'\r', b'\n'),
            None => BYTE_ORDER_MARK.first() == Some(&next),
        }
    }

    /// Returns the bytes that wait for more, at the end of the recording.
    #[must_use]
    pub fn finish(&mut self) -> &[u8] {
        if self.is_held_returned {
            self.held.clear();
        }
        self.is_held_returned = true;
        &self.held
    }

    fn decode_held(&mut self, input: &mut &[u8]) -> Option<RecordingPart<'_>> {
        while let Some(byte) = input.first() {
            self.held.push(*byte);
            match Line::of(&self.held) {
                Line::Comment(time, _) => {
                    take(input, 1);
                    self.held.clear();
                    self.is_after_comment = true;
                    return Some(RecordingPart::Elapsed(time));
                }
                Line::Prefix => {
                    take(input, 1);
                }
                Line::Other => {
                    // This byte may be the start of the next line.
                    self.held.pop();
                    self.is_at_line_start = ends_line(&self.held);
                    self.last = self.held.last().copied();
                    self.is_held_returned = true;
                    return Some(RecordingPart::Bytes(&self.held));
                }
            }
        }
        None
    }
}

/// Returns where the next line starts, beyond the first byte, that is a time comment or its start.
fn next_comment(bytes: &[u8]) -> Option<usize> {
    let is_line_start =
        |at: &usize| at.checked_sub(1).and_then(|at| bytes.get(at)).is_some_and(|byte| is_line_end(*byte));
    let complete = memchr::memmem::find_iter(bytes, PREFIX).find(is_line_start);
    complete.or_else(|| {
        // The start of one at the end of the chunk.
        let near_end = bytes.len().saturating_sub(MAX_COMMENT).max(1)..bytes.len();
        near_end.filter(is_line_start).find(|at| Line::of(bytes.get(*at..).unwrap_or_default()) == Line::Prefix)
    })
}

fn ends_line(bytes: &[u8]) -> bool {
    bytes.last().is_some_and(|byte| is_line_end(*byte))
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Splits off the first `length` bytes.
fn take<'a>(input: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at_checked(length).unwrap_or((input, b""));
    *input = rest;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stream, and each time with the offset in it.
    fn decoded(recording: &[u8], chunk: usize) -> (Vec<u8>, Vec<(usize, u128)>) {
        let (mut stream, mut times) = (Vec::new(), Vec::new());
        let mut decoder = RecordingDecoder::new();
        for mut chunk in recording.chunks(chunk) {
            while let Some(part) = decoder.decode(&mut chunk) {
                match part {
                    RecordingPart::Bytes(bytes) => {
                        assert!(!bytes.is_empty());
                        stream.extend_from_slice(bytes);
                    }
                    RecordingPart::Elapsed(time) => times.push((stream.len(), time.as_millis())),
                }
            }
        }
        stream.extend_from_slice(decoder.finish());
        (stream, times)
    }

    #[test]
    fn the_chunking_changes_nothing() {
        let recordings: [&[u8]; 6] = [
            b"\xef\xbb\xbf: ssewire +7ms\ndata: a\n\n: ssewire +123ms\r\ndata: b\r\r: ssewire +1ms\n\r",
            b": ssewire +7ms\n: ssewire +8ms\r: ssewire +9ms\n: ssewire +10ms",
            b"data: \n: ssewire +\n: ssewire\n: ssewire +5m\n: ssewire +5ms\ndata",
            b"\xef\xbbdata: a\n: ssewire +18446744073709551615ms\n: ssewire +18446744073709551616ms\n",
            b"data: : ssewire +7ms\n\n : ssewire +7ms\n",
            b": s",
        ];
        for recording in recordings {
            let whole = decoded(recording, recording.len());
            for size in 1..recording.len() {
                assert_eq!(decoded(recording, size), whole, "{} in {size}", recording.escape_ascii());
            }
        }
        let (stream, times) = decoded(recordings[0], 3);
        assert_eq!(stream, b"\xef\xbb\xbfdata: a\n\ndata: b\r\r\r");
        assert_eq!(times, [(3, 7), (12, 123), (21, 1)]);
    }

    /// CR and LF that a comment separated are not a CRLF, and a byte order mark after it is part of a field name.
    #[test]
    fn a_comment_that_separates_bytes_becomes_an_empty_one() {
        for (recording, expected) in [
            ("data: a\r: ssewire +5ms\n\ndata: b\n\n", "data: a\r:\n\ndata: b\n\n"),
            ("a\r: ssewire +5ms\r\n: ssewire +6ms\n\n", "a\r:\n\n"),
            (": ssewire +0ms\n\u{feff}data: a\n\n", ":\n\u{feff}data: a\n\n"),
            (": ssewire +0ms\n: ssewire +1ms\n\u{feff}: ssewire +2ms\n", ":\n\u{feff}: ssewire +2ms\n"),
            ("\u{feff}: ssewire +0ms\n\n", "\u{feff}\n"),
            ("a\r: ssewire +5ms\nb\r\n", "a\rb\r\n"),
        ] {
            for size in 1..=recording.len() {
                let (stream, _) = decoded(recording.as_bytes(), size);
                assert_eq!(stream.escape_ascii().to_string(), expected.as_bytes().escape_ascii().to_string(), "{size}");
            }
        }
    }

    #[test]
    fn at_most_the_length_of_a_comment_waits() {
        let mut decoder = RecordingDecoder::new();
        let mut input = &b": ssewire +00000000000000000000000000000000000000"[..];
        let mut passed = 0;
        while let Some(RecordingPart::Bytes(bytes)) = decoder.decode(&mut input) {
            passed += bytes.len();
        }
        assert_eq!(passed, 49);
        assert_eq!(decoder.finish(), b"");
        assert_eq!(MAX_COMMENT, 35);
    }
}
