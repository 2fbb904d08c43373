//! Recordings: event streams whose arrival times are comment lines `: ssewire +123ms`.
//!
//! The only place that knows the comment: the command `ssewire` writes and reads recordings with this code, too.

mod decode;
mod write;

pub use decode::{RecordingDecoder, RecordingPart};
pub use write::RecordingWriter;

use core::time::Duration;

const PREFIX: &[u8] = b": ssewire +";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The most digits of a time: those of the largest `u64`.
const MAX_DIGITS: usize = 20;

/// The length of the longest time comment, with its line end.
const MAX_COMMENT: usize = PREFIX.len() + MAX_DIGITS + b"ms\r\n".len();

/// Returns the body of a recording, without the response heads that `curl -i` prints in front of it. White space and a
/// byte order mark may precede one, as every reader of recordings allows.
pub(crate) fn without_response_heads(mut recording: &[u8]) -> &[u8] {
    loop {
        let unmarked = recording.strip_prefix(BYTE_ORDER_MARK).unwrap_or(recording).trim_ascii_start();
        if !unmarked.starts_with(b"HTTP/") {
            return recording;
        }
        let mut len = 0;
        for line in unmarked.split_inclusive(|byte| *byte == b'\n') {
            len += line.len();
            if matches!(line, b"\n" | b"\r\n") {
                break;
            }
        }
        recording = unmarked.get(len..).unwrap_or_default();
    }
}

/// Splits a recording at its time comments. Returns each part with the time that passed before it, zero for what
/// precedes the first comment. The parts are the recording without those lines and response heads; empty parts are kept
/// only for their time.
pub(crate) fn split(recording: &[u8]) -> Vec<(Duration, Vec<u8>)> {
    let mut parts = Vec::new();
    let mut time = Duration::ZERO;
    let mut part = Vec::new();
    let mut decoder = RecordingDecoder::new();
    let mut rest = without_response_heads(recording);
    while let Some(found) = decoder.decode(&mut rest) {
        match found {
            RecordingPart::Bytes(bytes) => part.extend_from_slice(bytes),
            RecordingPart::Elapsed(next_time) => {
                if !part.is_empty() || !time.is_zero() {
                    parts.push((time, core::mem::take(&mut part)));
                }
                time = next_time;
            }
        }
    }
    part.extend_from_slice(decoder.finish());
    if !part.is_empty() || !time.is_zero() {
        parts.push((time, part));
    }
    parts
}

/// Finds a byte order mark at the start of a stream, in chunks of any size: counts its bytes so far.
#[derive(Debug, Default)]
struct Mark(usize);

/// The meaning of a byte for a [`Mark`].
#[derive(Debug, PartialEq, Eq)]
enum MarkByte {
    Part,
    /// It follows a part of a mark, which is the start of the first line.
    AfterPart,
    Other,
}

impl Mark {
    /// Takes the next byte of the stream.
    fn take(&mut self, byte: u8) -> MarkByte {
        let Some(expected) = BYTE_ORDER_MARK.get(self.0) else { return MarkByte::Other };
        if byte == *expected {
            self.0 += 1;
            return MarkByte::Part;
        }
        let matched = core::mem::replace(&mut self.0, BYTE_ORDER_MARK.len());
        if matched > 0 { MarkByte::AfterPart } else { MarkByte::Other }
    }
}

/// The kind of the bytes at a line start.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// A time comment of this length.
    Comment(Duration, usize),
    /// More bytes could make a time comment of them.
    Prefix,
    Other,
}

impl Line {
    /// Classifies a line by its bytes so far. The line of a time comment ends with LF, as it is written, or with CRLF,
    /// as a version control system may store it. A CR alone does not end it: the stream could continue with a blank
    /// line that starts with LF.
    fn of(bytes: &[u8]) -> Self {
        let Some(text) = bytes.strip_prefix(PREFIX) else {
            return if PREFIX.starts_with(bytes) { Self::Prefix } else { Self::Other };
        };
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > MAX_DIGITS {
            return Self::Other;
        }
        let (digits, end) = text.split_at(digits);
        for line_end in [&b"ms\n"[..], b"ms\r\n"] {
            if end.starts_with(line_end) {
                return match core::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()) {
                    Some(milliseconds) => {
                        Self::Comment(Duration::from_millis(milliseconds), PREFIX.len() + digits.len() + line_end.len())
                    }
                    None => Self::Other,
                };
            }
            if line_end.starts_with(end) {
                return Self::Prefix;
            }
        }
        Self::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(recording: &str) -> Vec<(u64, String)> {
        let parts = split(recording.as_bytes()).into_iter();
        parts.map(|(time, part)| (u64::try_from(time.as_millis()).unwrap(), String::from_utf8(part).unwrap())).collect()
    }

    #[test]
    fn time_comments_become_times() {
        for (recording, expected) in [
            (
                ": ssewire +0ms\ndata: a\n\n: ssewire +123ms\ndata: b\n\n",
                &[(0, "data: a\n\n"), (123, "data: b\n\n")][..],
            ),
            ("data: a\n: ssewire +5ms\ndata: b\n\n", &[(0, "data: a\n"), (5, "data: b\n\n")]),
            ("data: a\r\r: ssewire +5ms\ndata: b\r\r", &[(0, "data: a\r\r"), (5, "data: b\r\r")]),
            ("data: a\r\n: ssewire +5ms\r\n\r\n", &[(0, "data: a\r\n"), (5, "\r\n")]),
            ("\u{feff}: ssewire +7ms\ndata: a\n\n", &[(0, "\u{feff}"), (7, "data: a\n\n")]),
            // Only times.
            (": ssewire +5ms\n: ssewire +6ms\n", &[(5, ""), (6, "")]),
            ("", &[]),
        ] {
            let expected: Vec<_> = expected.iter().map(|(time, part)| (*time, (*part).to_owned())).collect();
            assert_eq!(parts(recording), expected, "{recording:?}");
        }
    }

    #[test]
    fn other_lines_stay() {
        for line in [
            ": ssewire +ms\n",
            ": ssewire +5\n",
            ": ssewire +5ms and more\n",
            ": ssewire +5ms",
            ": ssewire +5ms\rdata: b\n",
            ": ssewire +99999999999999999999999ms\n",
            ":ssewire +5ms\n",
            " : ssewire +5ms\n",
            "data: : ssewire +5ms\n",
        ] {
            let recording = format!("data: a\n{line}");
            assert_eq!(parts(&recording), [(0, recording.clone())], "{line:?}");
        }
    }
}
