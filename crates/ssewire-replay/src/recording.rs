//! The times in a recording, as `ssewire record` writes them: comment lines `: ssewire +123ms`.

use core::time::Duration;

const PREFIX: &[u8] = b": ssewire +";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Splits a recording at its time comments. Returns each part with the time that passed before it, zero for what
/// precedes the first comment. The parts are the recording without those lines; empty parts are kept only for their
/// time.
pub(crate) fn split(recording: &[u8]) -> Vec<(Duration, Vec<u8>)> {
    let mut parts = Vec::new();
    let mut time = Duration::ZERO;
    let mut part = Vec::new();
    let mut rest = recording;
    if let Some(text) = rest.strip_prefix(BYTE_ORDER_MARK) {
        part.extend(BYTE_ORDER_MARK);
        rest = text;
    }
    while !rest.is_empty() {
        if let Some((next_time, after)) = time_comment(rest) {
            if !part.is_empty() || !time.is_zero() {
                parts.push((time, core::mem::take(&mut part)));
            }
            (time, rest) = (next_time, after);
            continue;
        }
        let (line, after) = rest.split_at(line_len(rest));
        part.extend(line);
        rest = after;
    }
    if !part.is_empty() || !time.is_zero() {
        parts.push((time, part));
    }
    parts
}

/// Returns the time of the comment at the start of `bytes` and what follows its line. The line ends with LF, as it is
/// written, or with CRLF, as a version control system may store it. A CR alone does not end it: the stream could
/// continue with a blank line that starts with LF.
fn time_comment(bytes: &[u8]) -> Option<(Duration, &[u8])> {
    let text = bytes.strip_prefix(PREFIX)?;
    let digits = text.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = text.split_at(digits);
    let rest = rest.strip_prefix(b"ms")?;
    let after = rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n"))?;
    let milliseconds = core::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((Duration::from_millis(milliseconds), after))
}

/// Length of the first line with its end: LF, CR or CRLF.
fn line_len(bytes: &[u8]) -> usize {
    match bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        Some(end) if bytes.get(end..end + 2) == Some(b"\r\n") => end + 2,
        Some(end) => end + 1,
        None => bytes.len(),
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
