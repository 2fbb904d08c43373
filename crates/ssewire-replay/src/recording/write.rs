//! Writes the times of a stream into it.

use core::time::Duration;
use std::io::{self, Write};

use super::{Mark, MarkByte};

/// Writes a stream that arrives in chunks as a recording: the same bytes, and comment lines `: ssewire +123ms` with the
/// time since the previous one.
///
/// A comment precedes the first line that starts in a chunk, never a byte order mark, and is never between CR and LF. A
/// body that is not an event stream has no comment. The first line of such a body, apart from blank ones, does not
/// start with the name of a field of event streams. A response head in front of the body, and the lengths of chunks
/// that were left in it, are skipped.
///
/// ```
/// use core::time::Duration;
/// use ssewire_replay::RecordingWriter;
///
/// let mut recording = RecordingWriter::new(Vec::new());
/// recording.write(b"data: a\n\nda", Duration::from_millis(20))?;
/// recording.write(b"ta: b\n\n", Duration::from_millis(143))?;
/// let recording = recording.finish()?;
/// assert_eq!(recording, b": ssewire +20ms\ndata: a\n\ndata: b\n: ssewire +123ms\n\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct RecordingWriter<W> {
    writer: W,
    mode: Mode,
    /// The start of the stream up to the field name that decides, without the lines that are written.
    held: Vec<u8>,
    /// When the first byte of `held` arrived.
    held_at: Duration,
    /// The first byte of `held` arrived in an earlier chunk.
    is_held_earlier: bool,
    mark: Mark,
    last: Option<u8>,
    /// The time of the previous comment, in milliseconds, so that rounding does not accumulate.
    previous: u128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing yet but blank lines.
    Undecided,
    /// Nothing yet but blank lines, and white space at the start of a line.
    Blank,
    /// In the head of a response. The line has bytes.
    ResponseHead {
        has_bytes: bool,
    },
    EventStream,
    /// Something else.
    Other,
}

/// The decision at the start of a line.
enum Decision {
    NeedMore,
    /// The line does not belong to the body.
    Skip,
    Mode(Mode),
}

impl<W: Write> RecordingWriter<W> {
    /// Writes a recording to `writer`, which is written to once for each chunk.
    #[must_use]
    pub fn new(writer: W) -> Self {
        Self {
            writer,
            mode: Mode::Undecided,
            held: Vec::new(),
            held_at: Duration::ZERO,
            is_held_earlier: false,
            mark: Mark::default(),
            last: None,
            previous: 0,
        }
    }

    /// Writes a chunk that arrived at this time since the start of the recording. All but at most 9 bytes at the start
    /// of the stream are written at once.
    ///
    /// # Errors
    /// An error of the writer. A part of the chunk may have been written.
    pub fn write(&mut self, chunk: &[u8], at: Duration) -> io::Result<()> {
        let mut output = Vec::with_capacity(chunk.len().saturating_add(32));
        let mut rest = chunk;
        let mut has_comment = false;
        self.is_held_earlier = !self.held.is_empty();
        while matches!(self.mode, Mode::Undecided | Mode::Blank | Mode::ResponseHead { .. }) {
            let Some((byte, after)) = rest.split_first() else { break };
            rest = after;
            has_comment |= self.decide(*byte, at, &mut output);
        }
        let start = if self.mode == Mode::EventStream && !has_comment { self.line_start(rest) } else { None };
        let (before, after) = rest.split_at(start.unwrap_or(0));
        output.extend_from_slice(before);
        if start.is_some() {
            self.comment(at, &mut output);
        }
        output.extend_from_slice(after);
        self.last = rest.last().copied().or(self.last);
        self.writer.write_all(&output)
    }

    /// Writes the bytes that wait for a decision, flushes, and returns the writer.
    ///
    /// # Errors
    /// An error of the writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.writer.write_all(&self.held)?;
        self.writer.flush()?;
        Ok(self.writer)
    }

    /// Takes a byte before the kind of the body is known. Returns whether a comment was written for a line that
    /// starts in this chunk.
    fn decide(&mut self, byte: u8, at: Duration, output: &mut Vec<u8>) -> bool {
        self.last = Some(byte);
        let mark = self.mark.take(byte);
        if mark != MarkByte::Other {
            if mark == MarkByte::AfterPart {
                // The bytes belong to the first line, so its name is not that of a field.
                self.mode = Mode::Other;
            }
            output.push(byte);
            return false;
        }
        if self.mode != Mode::Undecided {
            output.push(byte);
            self.mode = match (self.mode, byte) {
                (Mode::ResponseHead { has_bytes: false }, b'\n') => Mode::Undecided,
                (Mode::ResponseHead { .. }, b'\n') => Mode::ResponseHead { has_bytes: false },
                (Mode::ResponseHead { has_bytes }, b'\r') => Mode::ResponseHead { has_bytes },
                (Mode::ResponseHead { .. }, _) => Mode::ResponseHead { has_bytes: true },
                (_, b'\r' | b'\n') => Mode::Undecided,
                (_, b' ' | b'\t') => Mode::Blank,
                _ => Mode::Other,
            };
            return false;
        }
        if self.held.is_empty() {
            self.held_at = at;
        }
        self.held.push(byte);
        match decision(&self.held) {
            Decision::NeedMore => return false,
            Decision::Skip => {}
            Decision::Mode(mode) => self.mode = mode,
        }
        let is_comment = self.mode == Mode::EventStream;
        if is_comment {
            self.comment(self.held_at, output);
        }
        output.append(&mut self.held);
        // For the bytes that were held, not for those that follow.
        let is_held_earlier = core::mem::take(&mut self.is_held_earlier);
        is_comment && !is_held_earlier
    }

    /// Returns where the first line of the chunk starts, if it starts in the chunk.
    fn line_start(&self, chunk: &[u8]) -> Option<usize> {
        let is_line_feed = |at: usize| chunk.get(at) == Some(&b'\n');
        let start = match self.last {
            Some(b'\r') if is_line_feed(0) => 1,
            Some(b'\r' | b'\n') => 0,
            _ => match memchr::memchr2(b'\r', b'\n', chunk)? {
                end if chunk.get(end) == Some(&b'\r') && is_line_feed(end + 1) => end + 2,
                end => end + 1,
            },
        };
        (start < chunk.len()).then_some(start)
    }

    fn comment(&mut self, at: Duration, output: &mut Vec<u8>) {
        let at = at.as_millis();
        let elapsed = at.saturating_sub(self.previous);
        self.previous = at.max(self.previous);
        output.extend_from_slice(format!(": ssewire +{elapsed}ms\n").as_bytes());
    }
}

/// Decides by the start of a line, which is not empty.
fn decision(line: &[u8]) -> Decision {
    const FIELDS: [&[u8]; 4] = [b"data", b"event", b"id", b"retry"];
    const HTTP: &[u8] = b"HTTP/";
    /// The digits of a chunk length.
    const LENGTH: usize = 8;
    match line.split_last() {
        // A comment.
        Some((b':', [])) => return Decision::Mode(Mode::EventStream),
        // A field without a colon has an empty value.
        Some((b':' | b'\r' | b'\n', name)) if FIELDS.contains(&name) => return Decision::Mode(Mode::EventStream),
        _ if line == HTTP => return Decision::Mode(Mode::ResponseHead { has_bytes: true }),
        _ => {}
    }
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    match line.get(digits..) {
        Some([b' ' | b'\t']) if digits == 0 => Decision::Mode(Mode::Blank),
        Some([b'\r' | b'\n']) => Decision::Skip,
        Some([]) if digits <= LENGTH => Decision::NeedMore,
        _ if FIELDS.iter().chain([&HTTP]).any(|start| start.starts_with(line)) => Decision::NeedMore,
        _ => Decision::Mode(Mode::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{RecordingDecoder, RecordingPart};
    use super::*;

    /// The recording of chunks that arrive 10 ms apart, the first one after 10 ms.
    fn recorded<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut recording = RecordingWriter::new(Vec::new());
        for (number, chunk) in (1..).zip(chunks) {
            recording.write(chunk, Duration::from_millis(10 * number)).unwrap();
        }
        recording.finish().unwrap()
    }

    fn without_times(recording: &[u8]) -> Vec<u8> {
        let mut stream = Vec::new();
        let mut decoder = RecordingDecoder::new();
        let mut rest = recording;
        while let Some(part) = decoder.decode(&mut rest) {
            if let RecordingPart::Bytes(bytes) = part {
                stream.extend_from_slice(bytes);
            }
        }
        stream.extend_from_slice(decoder.finish());
        stream
    }

    #[test]
    fn comments_precede_the_first_line_start_of_a_chunk() {
        for (chunks, expected) in [
            (&["data: a\n\ndata: b\n\n"][..], ": ssewire +10ms\ndata: a\n\ndata: b\n\n"),
            (&["data: a\n\n", "data: b\n\n"], ": ssewire +10ms\ndata: a\n\n: ssewire +10ms\ndata: b\n\n"),
            // No line starts in the second chunk.
            (&["data: ", "a", "b\n", "\n"], ": ssewire +10ms\ndata: ab\n: ssewire +30ms\n\n"),
            (&["data: a", "b\n\n"], ": ssewire +10ms\ndata: ab\n: ssewire +10ms\n\n"),
            // The start of the stream waits for its field.
            (&["da", "ta: a\n\n"], ": ssewire +10ms\ndata: a\n: ssewire +10ms\n\n"),
            (&["\u{feff}data: a\n\n"], "\u{feff}: ssewire +10ms\ndata: a\n\n"),
            (&["\u{feff}", "data: a\n\n"], "\u{feff}: ssewire +20ms\ndata: a\n\n"),
            (&["data: a\r", "\n\r\ndata: b"], ": ssewire +10ms\ndata: a\r\n: ssewire +10ms\n\r\ndata: b"),
            (&["data: a\r", "\n", "\r\n"], ": ssewire +10ms\ndata: a\r\n: ssewire +20ms\n\r\n"),
            (&["data: a\r", "data: b\r\r"], ": ssewire +10ms\ndata: a\r: ssewire +10ms\ndata: b\r\r"),
            (&["\n\n", ": c\n"], "\n\n: ssewire +20ms\n: c\n"),
            (
                &["HTTP/1.1 200 OK\r\ndata: x\r\n\r\n", "id: 1\n"],
                "HTTP/1.1 200 OK\r\ndata: x\r\n\r\n: ssewire +20ms\nid: 1\n",
            ),
            (&["HT", "TP/1.1 200 OK\r\n\r\ndata: a\n\n"], "HTTP/1.1 200 OK\r\n\r\n: ssewire +20ms\ndata: a\n\n"),
            (&["fc\ndata: a\n"], "fc\n: ssewire +10ms\ndata: a\n"),
            // A field without a colon has an empty value.
            (&["data\ndata: a\n\n"], ": ssewire +10ms\ndata\ndata: a\n\n"),
            (&["id\r", "\ndata: a\n\n"], ": ssewire +10ms\nid\r\n: ssewire +10ms\ndata: a\n\n"),
        ] {
            let recording = recorded(chunks.iter().map(|chunk| chunk.as_bytes()));
            assert_eq!(String::from_utf8(recording).unwrap(), expected, "{chunks:?}");
        }
    }

    #[test]
    fn other_bodies_have_no_comments() {
        for body in [
            "{\n\"type\": \"message\",\ndata: x\n}",
            "\n \n {\"a\":\ndata: 1\n}",
            " data: x\n",
            "<html>\ndata: x\n",
            "Hello\ndata: x\n",
            "datum\ndata: x\n",
            "foo: x\ndata: x\n",
            "\u{1f}\u{8b}\ndata: x\n",
            "0123456789\ndata: x\n",
            "",
        ] {
            for size in [1, 3, 100] {
                assert_eq!(recorded(body.as_bytes().chunks(size)), body.as_bytes(), "{body:?} in {size}");
            }
        }
    }

    /// The bytes belong to the first line, so its name is not that of a field.
    #[test]
    fn half_a_byte_order_mark_is_not_a_mark() {
        let body = b"\xef\xbb: ssewire +7ms\r\ndata: a\n\n";
        for size in [1, 2, 3, 100] {
            assert_eq!(recorded(body.chunks(size)), body, "chunks of {size}");
        }
    }

    #[test]
    fn a_recording_without_its_times_is_the_input() {
        for stream in [
            &b"\xef\xbb\xbf\r\n\rdata: a\r\n\r\n\rid\n\n: c\r\rdata: : ssewire +5ms\n"[..],
            b"data: a\n\n: ssewire + 5ms\n: ssewire",
            b"HTTP/1.1 200 OK\r\n\r\nevent: a\r\r\n\n",
        ] {
            for size in 1..=stream.len() {
                let recording = recorded(stream.chunks(size));
                assert_eq!(without_times(&recording), stream, "chunks of {size}");
            }
        }
    }

    #[test]
    fn rounded_times_do_not_drift() {
        let mut recording = RecordingWriter::new(Vec::new());
        for number in 1..=10 {
            recording.write(b"\n:", Duration::from_micros(1900 * number)).unwrap();
        }
        let recording = String::from_utf8(recording.finish().unwrap()).unwrap();
        let times = recording.lines().filter_map(|line| line.strip_prefix(": ssewire +")?.strip_suffix("ms"));
        assert_eq!(times.map(|time| time.parse::<u64>().unwrap()).sum::<u64>(), 19);
    }
}
