//! JSON lines as an event stream: what `ssewire events` prints, and the `stream_event` lines of agent tools.

use alloc::borrow::Cow;

use serde_json::Value;
use ssewire_messages::{RawJson, RawJsonRef, StreamEvent};

use super::Format;
use crate::json;

/// Translates input to an event stream, in chunks of any size. An event stream passes unchanged.
#[derive(Debug)]
pub(crate) struct Translator {
    mode: Mode,
    /// The bytes of a line that has not ended. Undecided: everything from the first byte that is not white space.
    pending: Vec<u8>,
    /// Undecided: where the last line of `pending` starts.
    searched: usize,
    /// Bytes that were held and are to be translated before further input.
    backlog: Vec<u8>,
    /// Number of bytes of the backlog that were translated.
    translated: usize,
    /// The number of the next line, from 1.
    line: u64,
    max_line_bytes: usize,
    /// A `stream_event` was seen: lines of unknown types are not events.
    is_wrapped: bool,
    /// Number of bytes of a byte order mark so far; `None` if the start of the input is over.
    mark: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Undecided,
    Sse,
    Lines,
    /// In a line that passes as one event: it is above the limit, which the decoder reports, or a long bare event.
    LongLine,
    /// In a long line of an agent tool, which is skipped.
    SkippedLine,
}

/// The events of the Messages API, which show that lines are JSON lines. An `error` does not: alone, it is a body.
const EVENTS: [&str; 7] = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "ping",
];

/// The type of the lines of agent tools that carry an event in their member `event`.
const WRAPPER: &str = "stream_event";

/// Lines of agent tools that carry no event.
const OTHER_LINES: [&str; 9] = [
    "system",
    "assistant",
    "user",
    "result",
    "message",
    "summary",
    "control_request",
    "control_response",
    "keep_alive",
];

/// The event type and the data of an event.
type Named<'a> = (Cow<'a, str>, Cow<'a, str>);

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl Translator {
    /// A longer line that starts with its type is not kept to check it.
    const MAX_HELD_BYTES: usize = 256 * 1024;
    /// The most bytes in which such a line names its type.
    const MAX_NAME_BYTES: usize = 64;
    /// The most bytes up to the end of the first event: lines of agent tools come before it. They are kept in
    /// addition to a JSON body of up to 16 MiB, so this limit is lower than that of an event.
    const MAX_UNDECIDED_BYTES: usize = 4 * 1024 * 1024;

    pub(crate) fn new(format: Format, max_line_bytes: usize) -> Self {
        let mode = match format {
            Format::Auto => Mode::Undecided,
            Format::Sse => Mode::Sse,
            Format::Jsonl => Mode::Lines,
        };
        Self {
            mode,
            pending: Vec::new(),
            searched: 0,
            backlog: Vec::new(),
            translated: 0,
            line: 1,
            max_line_bytes,
            is_wrapped: false,
            mark: Some(0).filter(|_| format != Format::Sse),
        }
    }

    /// Returns whether input passes unchanged from here on.
    pub(crate) fn is_transparent(&self) -> bool {
        self.mode == Mode::Sse && self.backlog.is_empty()
    }

    /// Returns the number of lines that were read as JSON lines; 0 if the input is something else.
    pub(crate) fn lines(&self) -> u64 {
        if matches!(self.mode, Mode::Undecided | Mode::Sse) { 0 } else { self.line.saturating_sub(1) }
    }

    /// Translates bytes from the start of `input` to the end of `output`, up to a line that is not an event: the note
    /// about it is returned. `None` if the input is used up.
    pub(crate) fn translate(&mut self, input: &mut &[u8], output: &mut Vec<u8>) -> Option<String> {
        loop {
            let note = if !self.backlog.is_empty() {
                // Not copied for each line: that would cost the square of its length.
                let backlog = core::mem::take(&mut self.backlog);
                if self.mode == Mode::Sse && output.is_empty() {
                    // Nor at once: it may be megabytes.
                    *output = backlog;
                    continue;
                }
                let mut rest = backlog.get(self.translated..).unwrap_or_default();
                let mut note = None;
                while note.is_none() && !rest.is_empty() {
                    note = self.translate_some(&mut rest, output);
                }
                if rest.is_empty() {
                    self.translated = 0;
                } else {
                    self.translated = backlog.len().saturating_sub(rest.len());
                    self.backlog = backlog;
                }
                note
            } else if input.is_empty() {
                return None;
            } else {
                self.translate_some(input, output)
            };
            if note.is_some() {
                return note;
            }
        }
    }

    /// Translates the remaining input at its end, up to a line that is not an event.
    pub(crate) fn finish(&mut self, output: &mut Vec<u8>) -> Option<String> {
        if let Some(length) = self.mark.take() {
            self.end_mark(length, output);
        }
        if self.backlog.is_empty() {
            let mut rest = core::mem::take(&mut self.pending);
            match self.mode {
                Mode::Undecided => {
                    let last = rest.get(self.searched..).unwrap_or_default();
                    if is_first_event(last) {
                        self.begin_lines(output);
                    } else {
                        self.mode = Mode::Sse;
                    }
                }
                Mode::Lines if !rest.is_empty() => rest.push(b'\n'),
                Mode::LongLine => rest.extend_from_slice(b"\n"),
                Mode::Lines | Mode::SkippedLine | Mode::Sse => {}
            }
            if self.mode == Mode::Lines && rest.last().is_some_and(|byte| *byte != b'\n') {
                rest.push(b'\n');
            }
            self.backlog = rest;
        }
        self.translate(&mut &b""[..], output)
    }

    /// Translates some of the input.
    fn translate_some(&mut self, input: &mut &[u8], output: &mut Vec<u8>) -> Option<String> {
        if let Some(length) = self.mark {
            self.match_mark(length, input, output);
            return None;
        }
        match self.mode {
            Mode::Sse => {
                output.extend_from_slice(input);
                *input = b"";
                None
            }
            Mode::Undecided => {
                self.decide(input, output);
                None
            }
            Mode::Lines | Mode::LongLine | Mode::SkippedLine => {
                let end = memchr::memchr(b'\n', input);
                let (piece, rest) = input.split_at(end.map_or(input.len(), |end| end.saturating_add(1)));
                *input = rest;
                let text = piece.get(..end.unwrap_or(piece.len())).unwrap_or_default();
                if self.mode == Mode::Lines {
                    self.mode = self.mode_of_line(text);
                    if self.mode == Mode::Lines {
                        if end.is_some() && self.pending.is_empty() {
                            return self.line(text, output);
                        }
                        self.pending.extend_from_slice(text);
                        let line = end.map(|_| core::mem::take(&mut self.pending))?;
                        return self.line(&line, output);
                    }
                    let pending = core::mem::take(&mut self.pending);
                    if self.mode == Mode::LongLine {
                        output.extend_from_slice(b"data: ");
                        push_data(&pending, output);
                    }
                }
                if self.mode == Mode::LongLine {
                    push_data(text, output);
                    output.extend_from_slice(if end.is_some() { b"\n\n" } else { b"" });
                }
                if end.is_some() {
                    self.mode = Mode::Lines;
                    self.line = self.line.saturating_add(1);
                }
                None
            }
        }
    }

    /// How the line that continues with this text is read. Depends on the line alone, not on its pieces.
    fn mode_of_line(&self, text: &[u8]) -> Mode {
        let length = self.pending.len().saturating_add(text.len());
        let limit = self.max_line_bytes.min(Self::MAX_HELD_BYTES);
        if length <= limit {
            return Mode::Lines;
        }
        let len = limit.saturating_add(1).min(Self::MAX_NAME_BYTES);
        let start: Vec<u8> = self.pending.iter().chain(text).take(len).copied().collect();
        match first_member(&start) {
            Some(name) if is_other(name, self.is_wrapped) => Mode::SkippedLine,
            Some(name) if EVENTS.contains(&name) => Mode::LongLine,
            _ if length > self.max_line_bytes => Mode::LongLine,
            _ => Mode::Lines,
        }
    }

    /// Passes a byte order mark at the start of the input, of which `length` bytes were read.
    fn match_mark(&mut self, length: usize, input: &mut &[u8], output: &mut Vec<u8>) {
        match (BYTE_ORDER_MARK.get(length), input.split_first()) {
            (Some(expected), Some((byte, rest))) if byte == expected => {
                (self.mark, *input) = (Some(length.saturating_add(1)), rest);
            }
            _ => {
                self.mark = None;
                self.end_mark(length, output);
            }
        }
    }

    /// The start of the input is over; these bytes of a byte order mark were read.
    fn end_mark(&mut self, length: usize, output: &mut Vec<u8>) {
        let mark = BYTE_ORDER_MARK.get(..length).unwrap_or_default();
        if self.mode == Mode::Lines && length < BYTE_ORDER_MARK.len() {
            self.pending.extend_from_slice(mark);
        } else {
            // The decoder of the event stream skips it.
            output.extend_from_slice(mark);
        }
        if (1..BYTE_ORDER_MARK.len()).contains(&length) && self.mode == Mode::Undecided {
            self.mode = Mode::Sse;
        }
    }

    fn decide(&mut self, input: &mut &[u8], output: &mut Vec<u8>) {
        if self.pending.is_empty() {
            // White space decides nothing: it passes, so that the decoder sees the body as it is.
            let length = input.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let (space, rest) = input.split_at(length);
            output.extend_from_slice(space);
            self.line = self.line.saturating_add(count_lines(space));
            *input = rest;
            if rest.first().is_some_and(|byte| *byte != b'{') {
                self.mode = Mode::Sse;
                return;
            }
        }
        let mut searched = self.pending.len();
        self.pending.extend_from_slice(input);
        *input = b"";
        while let Some(end) = self.pending.get(searched..).and_then(|rest| memchr::memchr(b'\n', rest)) {
            let end = searched.saturating_add(end);
            if end > Self::MAX_UNDECIDED_BYTES {
                break;
            }
            let line = self.pending.get(self.searched..end).unwrap_or_default();
            if is_first_event(line) {
                self.begin_lines(output);
            } else if !is_other_line(line) {
                self.mode = Mode::Sse;
            }
            searched = end.saturating_add(1);
            self.searched = searched;
            if self.mode != Mode::Undecided {
                break;
            }
        }
        if self.mode == Mode::Undecided && self.pending.len() > Self::MAX_UNDECIDED_BYTES {
            self.mode = Mode::Sse;
        }
        if self.mode != Mode::Undecided {
            self.backlog = core::mem::take(&mut self.pending);
        }
    }

    fn begin_lines(&mut self, output: &mut Vec<u8>) {
        self.mode = Mode::Lines;
        // White space may have passed without a line end.
        output.push(b'\n');
    }

    /// Translates a complete line. Returns a note if it is not an event.
    fn line(&mut self, line: &[u8], output: &mut Vec<u8>) -> Option<String> {
        let number = self.line;
        self.line = self.line.saturating_add(1);
        let line = line.trim_ascii();
        if line.is_empty() {
            return None;
        }
        let json = match RawJson::from_bytes(line) {
            Ok(json) if json.as_json().is_object() => json,
            // The decoder determines the content that is lost with it.
            Err(_) if line.starts_with(b"{") => {
                output.extend_from_slice(b"data: ");
                push_data(line, output);
                output.extend_from_slice(b"\n\n");
                return Some(format!("line {number}: not valid JSON"));
            }
            _ => return Some(format!("line {number}: not a JSON object, skipped")),
        };
        match event_of(json.as_json(), &mut self.is_wrapped) {
            Ok(Some((name, data))) => event(&name, data.as_bytes(), output),
            Ok(None) => {}
            Err(note) => return Some(format!("line {number}: {note}, skipped")),
        }
        None
    }
}

/// Returns the event in a line. `None`: it is a line of an agent tool. `is_wrapped`: one of its events has come, in a
/// `stream_event`.
fn event_of<'a>(line: RawJsonRef<'a>, is_wrapped: &mut bool) -> Result<Option<Named<'a>>, &'static str> {
    let name = line.get("type").and_then(RawJsonRef::decode_string);
    Ok(match name.as_deref() {
        Some(WRAPPER) => {
            let inner = line.get("event").filter(|inner| inner.is_object());
            let inner = inner.ok_or("stream_event without an event")?;
            *is_wrapped = true;
            let name = inner.get("type").and_then(RawJsonRef::decode_string);
            Some((name.unwrap_or_default(), inner.as_str().into()))
        }
        Some(other) if is_other(other, *is_wrapped) => None,
        None if *is_wrapped => None,
        None => named_event(line).or_else(|| Some(("".into(), line.as_str().into()))),
        Some(_) => Some((name.unwrap_or_default(), line.as_str().into())),
    })
}

/// Returns whether lines of this type are not events.
fn is_other(name: &str, is_wrapped: bool) -> bool {
    let may_be_event = EVENTS.contains(&name) || ["error", WRAPPER].contains(&name);
    OTHER_LINES.contains(&name) || (is_wrapped && !may_be_event)
}

/// Returns the line from which the same event is read: its payload, if that alone is enough, or else its event type and
/// its data. `None` for an event that carries nothing: blank data, an end marker, a keep-alive.
pub(crate) fn line_of(event_type: &[u8], data: &[u8]) -> Option<String> {
    let event = StreamEvent::decode(event_type, data);
    let carries_nothing = match &event {
        Ok(event) => matches!(event, None | Some(StreamEvent::Done)),
        Err(error) => error.is_keep_alive(),
    };
    if carries_nothing {
        return None;
    }
    // The trap: a payload that looks complete may lose something. Half of a surrogate pair, for example, is replaced.
    let is_same = |line: &RawJson| {
        let read = event_of(line.as_json(), &mut false);
        matches!(read, Ok(Some((name, data))) if StreamEvent::decode(name.as_bytes(), data.as_bytes()) == event)
    };
    if let Some(line) = json::one_line(data).filter(is_same) {
        return Some(line.into_string());
    }
    let [event_type, data] = [event_type, data].map(|text| Value::from(String::from_utf8_lossy(text)));
    Some(format!(r#"{{"event":{event_type},"data":{data}}}"#))
}

/// Returns the event in a line that has its event type and its data as strings.
fn named_event(line: RawJsonRef<'_>) -> Option<Named<'_>> {
    Some((line.get("event")?.decode_string()?, line.get("data")?.decode_string()?))
}

/// Returns the type of the line that starts with these bytes, if that is its first member and has no escape.
fn first_member(start: &[u8]) -> Option<&str> {
    let rest = start.trim_ascii_start().strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"type\"")?;
    let name = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', name)?;
    // An escape may spell a known type: such a name is not read here.
    core::str::from_utf8(name.get(..end)?).ok().filter(|name| !name.contains('\\'))
}

/// Returns whether a line is one of JSON lines, and nothing else: it has an event of the Messages API.
fn is_first_event(line: &[u8]) -> bool {
    json::one_line(line).is_some_and(|line| match line.get("type").and_then(RawJsonRef::decode_string) {
        Some(name) if name == WRAPPER => line.get("event").is_some_and(RawJsonRef::is_object),
        Some(name) => EVENTS.contains(&&*name),
        None => named_event(line.as_json()).is_some(),
    })
}

/// Returns whether an event can follow this line: it is blank, or an object of another kind. A message is a body.
fn is_other_line(line: &[u8]) -> bool {
    let is_body = |line: &RawJson| line.get("type").and_then(RawJsonRef::decode_string).as_deref() == Some("message");
    line.trim_ascii().is_empty() || json::one_line(line).is_some_and(|line| !is_body(&line))
}

/// Writes an event.
fn event(name: &str, data: &[u8], output: &mut Vec<u8>) {
    if !name.is_empty() && !name.contains(['\n', '\r']) {
        output.extend_from_slice(b"event: ");
        output.extend_from_slice(name.as_bytes());
        output.push(b'\n');
    }
    for line in data.split(|byte| matches!(byte, b'\r' | b'\n')) {
        output.extend_from_slice(b"data: ");
        output.extend_from_slice(line);
        output.push(b'\n');
    }
    output.push(b'\n');
}

/// Writes data of one line. A CR would end the line, so a tab replaces it: both are white space between the tokens of
/// JSON, and invalid in its strings.
fn push_data(data: &[u8], output: &mut Vec<u8>) {
    output.extend(data.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b'\t' } else { *byte }));
}

fn count_lines(bytes: &[u8]) -> u64 {
    u64::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The translation, and the notes in their places.
    fn translated(format: Format, input: &str, chunk: usize) -> String {
        let mut translator = Translator::new(format, 60);
        let mut output = Vec::new();
        for mut chunk in input.as_bytes().chunks(chunk) {
            while let Some(note) = translator.translate(&mut chunk, &mut output) {
                output.extend_from_slice(format!("({note})").as_bytes());
            }
        }
        while let Some(note) = translator.finish(&mut output) {
            output.extend_from_slice(format!("({note})").as_bytes());
        }
        String::from_utf8(output).unwrap()
    }

    fn check(format: Format, input: &str, expected: &str) {
        for chunk in [1, 2, 7, 59, 1000] {
            assert_eq!(translated(format, input, chunk), expected, "{input:?} in {chunk}");
        }
    }

    #[test]
    fn lines_become_events() {
        check(
            Format::Auto,
            " \n{\"type\":\"ping\"}\n\n{\"type\": \"new\", \"a\":[1]}\r\n{\"type\":\"message_stop\"}",
            " \n\nevent: ping\ndata: {\"type\":\"ping\"}\n\nevent: new\ndata: {\"type\": \"new\", \"a\":[1]}\n\n\
             event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        );
    }

    /// Whatever kinds of objects come before the first known event.
    #[test]
    fn lines_with_their_event_type_become_events() {
        check(
            Format::Auto,
            "{\"event\":\"error\",\"data\":\"a\\n\\nb\"}\n{\"event\":\"a\\nb\",\"data\":\"\"}\n{\"data\":\"a\"}\n",
            "\nevent: error\ndata: a\ndata: \ndata: b\n\ndata: \n\ndata: {\"data\":\"a\"}\n\n",
        );
        check(
            Format::Auto,
            "{\"id\":1}\n{\"type\":\"ping\"}\n",
            "\ndata: {\"id\":1}\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n",
        );
        // Regression: an error in the first line was a body, and so was what followed it.
        check(
            Format::Auto,
            "{\"type\":\"error\"}\n{\"type\":\"ping\"}\n",
            "\nevent: error\ndata: {\"type\":\"error\"}\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n",
        );
    }

    #[test]
    fn lines_of_agent_tools_are_unwrapped() {
        check(
            Format::Auto,
            "{\"type\":\"system\"}\n{\"type\":\"stream_event\",\"event\":{\"type\":\"ping\"}}\n{\"type\":\"new\"}\n{\"a\":1}\n{\"type\":\"result\"}\n",
            "\nevent: ping\ndata: {\"type\":\"ping\"}\n\n",
        );
    }

    #[test]
    fn other_input_passes_unchanged() {
        for input in [
            "data: {\"type\":\"ping\"}\n\n",
            "\n\n{\"type\":\"message\",\"content\":[]}\n",
            "{\"type\":\"error\",\"error\":{}}\n",
            "{\"type\":\"error\",\"error\":{}}\ndata: {\"type\":\"ping\"}\n\n",
            "{\n\"type\":\"ping\"}\n",
            "{\"type\":\"system\"}\n",
            "{\"id\":1}\n{\"id\":2}\n",
            "[1]",
            "{",
            "",
        ] {
            check(Format::Auto, input, input);
        }
        check(Format::Sse, "{\"type\":\"ping\"}\n", "{\"type\":\"ping\"}\n");
    }

    #[test]
    fn lines_that_are_not_events_are_reported_with_their_number() {
        check(
            Format::Jsonl,
            "npm warn\n{\"type\":\"ping\"}\n\n[1]\n{\"type\":\"pi\n{\"a\":1}\n{\"type\":\"stream_event\"}\n{\"type\":\"user\"}\nlast",
            "(line 1: not a JSON object, skipped)event: ping\ndata: {\"type\":\"ping\"}\n\n\
             (line 4: not a JSON object, skipped)data: {\"type\":\"pi\n\n(line 5: not valid JSON)\
             data: {\"a\":1}\n\n(line 7: stream_event without an event, skipped)\
             (line 9: not a JSON object, skipped)",
        );
    }

    #[test]
    fn lines_above_the_limit_pass_as_one_event() {
        let ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
        for (length, is_long) in [(60, false), (61, true), (100, true)] {
            let line = "x".repeat(length);
            let expected =
                if is_long { format!("data: {line}\n\n") } else { "(line 2: not a JSON object, skipped)".into() };
            let input = format!("{{\"type\":\"ping\"}}\n{line}\n{{\"type\":\"ping\"}}\n");
            check(Format::Auto, &input, &format!("\n{ping}{expected}{ping}"));
        }
        // A CR between the tokens does not cut the event: a tab replaces it.
        let (start, rest) = ("{\"type\":\"ping\",", "\"a\":1}".repeat(20));
        check(Format::Jsonl, &format!("{start}\r{rest}\r\n"), &format!("data: {start}\t{rest}\t\n\n"));
    }

    /// 4 MiB, and what is read at once.
    #[test]
    fn an_input_without_an_event_is_held_to_4_mib() {
        let line = format!("{{\"type\":\"user\",\"a\":\"{}\"}}\n", "x".repeat(1000));
        for chunk in [line.repeat(64), "{".repeat(64 * 1024)] {
            let mut translator = Translator::new(Format::Auto, 16 << 20);
            let held = (0..500).map(|_| {
                let mut output = Vec::new();
                assert_eq!(translator.translate(&mut chunk.as_bytes(), &mut output), None);
                translator.pending.len() + translator.backlog.len() + output.len()
            });
            let most = held.max().unwrap();
            assert!((4 << 20..=(4 << 20) + chunk.len()).contains(&most), "{most}");
        }
    }

    /// Random inputs of these pieces.
    #[test]
    fn chunks_change_nothing() {
        const PIECES: [&str; 16] = [
            "{\"type\":\"ping\"}",
            "{\"type\":\"stream_event\",\"event\":{\"type\":\"ping\"}}",
            "{\"type\":\"system\"}",
            "{\"type\":\"error\"}",
            "{\"type\":\"pi",
            "\n",
            "\r\n",
            "\r",
            " ",
            "data: a\n\n",
            "[1]",
            "\u{feff}",
            "{",
            "}",
            "\"",
            "0123456789",
        ];
        let mut state = 1_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or_default() % below
        };
        for _ in 0..4000 {
            let count = random(10);
            let input: String = (0..count).filter_map(|_| PIECES.get(random(PIECES.len()))).copied().collect();
            for format in [Format::Auto, Format::Sse, Format::Jsonl] {
                let whole = translated(format, &input, usize::MAX);
                for chunk in [1, 2, 3, 11] {
                    assert_eq!(translated(format, &input, chunk), whole, "{format:?} {input:?} in {chunk}");
                }
            }
        }
    }
}
