//! The oracle: a transcription of the standard. It is slow, takes the whole input at once, and shares no code with the
//! decoder.
//!
//! HTML standard, 9.2.5 "Parsing an event stream" and 9.2.6 "Interpreting an event stream". Comments mark the additions
//! of the design: offsets, the limit on the size of an event, frames, and pending bytes at the end.

use std::time::Duration;

use ssewire::DecodeError;

use crate::outcome::{Decoded, Item, Outcome, OwnedBlock, OwnedEvent, Text};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Configuration of the reader. The standard defines the last event ID only.
#[derive(Debug, Clone)]
pub struct Oracle {
    pub last_event_id: Vec<u8>,
    pub max_event_bytes: usize,
    pub max_id_bytes: usize,
    pub max_comment_bytes: usize,
    pub results: Results,
}

/// The kind of results that the reader returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Results {
    Events,
    /// Every block that has a field.
    Blocks,
    /// Blocks, comments and unknown fields.
    Frames,
}

impl Oracle {
    /// Events only, the decoder's default bounds, no last event ID.
    pub fn new() -> Self {
        Self {
            last_event_id: Vec::new(),
            max_event_bytes: usize::MAX,
            max_id_bytes: 4096,
            max_comment_bytes: 1024,
            results: Results::Events,
        }
    }

    pub fn after(self, last_event_id: &[u8]) -> Self {
        Self { last_event_id: last_event_id.to_vec(), ..self }
    }

    pub fn limited(self, max_event_bytes: usize) -> Self {
        Self { max_event_bytes, ..self }
    }

    pub fn blocks(self) -> Self {
        Self { results: Results::Blocks, ..self }
    }

    pub fn frames(self) -> Self {
        Self { results: Results::Frames, ..self }
    }

    pub fn read(&self, input: &[u8]) -> Outcome {
        let mut reading = Reading {
            oracle: self,
            items: Vec::new(),
            data_buffer: Vec::new(),
            event_type_buffer: Vec::new(),
            last_event_id_buffer: self.last_event_id.clone(),
            last_event_id: self.last_event_id.clone(),
            reconnection_time: None,
            block: Block::default(),
        };
        let mut block_start = body(input);
        let mut unfinished = false;
        for line in lines(input) {
            reading.line(&line);
            match line.ends_at {
                Some(_) if line.bytes.is_empty() => block_start = line.next,
                Some(_) => {}
                None => unfinished = true,
            }
        }
        let cut = unfinished || reading.block.has_field;
        Outcome {
            items: reading.items,
            retry: reading.reconnection_time,
            last_event_id: Text(reading.last_event_id),
            pending: cut.then(|| u64::try_from(input.len() - block_start).unwrap()),
        }
    }
}

impl Default for Oracle {
    fn default() -> Self {
        Self::new()
    }
}

/// A line of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    pub start: usize,
    pub bytes: &'a [u8],
    /// Number of bytes of the stream up to the end of the line; `None` for the unfinished last line. A CR ends its
    /// line, whether or not an LF follows.
    pub ends_at: Option<usize>,
    /// Offset of the next line: after the LF of a CRLF.
    pub next: usize,
}

/// "Lines must be separated by either a U+000D U+000A (CRLF) character pair, a single U+000A character, or a single
/// U+000D character." An unfinished last line is included only if it has bytes.
pub fn lines(input: &[u8]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut start = body(input);
    while start < input.len() {
        let mut end = start;
        while end < input.len() && input[end] != b'\n' && input[end] != b'\r' {
            end += 1;
        }
        let terminator: &[u8] = match &input[end..] {
            [] => b"",
            [b'\r', b'\n', ..] => b"\r\n",
            [one, ..] => std::slice::from_ref(one),
        };
        let ends_at = if terminator.is_empty() { None } else { Some(end + 1) };
        let next = end + terminator.len();
        lines.push(Line { start, bytes: &input[start..end], ends_at, next });
        start = next;
    }
    lines
}

/// "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any."
fn body(input: &[u8]) -> usize {
    if input.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 }
}

/// A parsed line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    Blank,
    Comment(&'a [u8]),
    Named { name: &'a [u8], value: &'a [u8] },
}

/// "If the line is empty… starts with a colon… contains a colon… Otherwise".
pub fn field(line: &[u8]) -> Field<'_> {
    if line.is_empty() {
        return Field::Blank;
    }
    if line[0] == b':' {
        return Field::Comment(&line[1..]);
    }
    let Some(colon) = line.iter().position(|&byte| byte == b':') else {
        return Field::Named { name: line, value: b"" };
    };
    let mut value = &line[colon + 1..];
    if value.starts_with(b" ") {
        value = &value[1..];
    }
    Field::Named { name: &line[..colon], value }
}

/// "If the field value consists of only ASCII digits, then interpret the field value as an integer in base ten."
/// An empty value consists of no digits. The design: beyond 64 bits it saturates.
pub fn reconnection_time(value: &[u8]) -> Option<Duration> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = std::str::from_utf8(value).unwrap();
    Some(Duration::from_millis(digits.parse().unwrap_or(u64::MAX)))
}

/// The buffers of the standard, and the current block.
struct Reading<'o> {
    oracle: &'o Oracle,
    items: Vec<Item>,
    /// With an LF after each of its lines, as in the standard.
    data_buffer: Vec<u8>,
    event_type_buffer: Vec<u8>,
    last_event_id_buffer: Vec<u8>,
    last_event_id: Vec<u8>,
    reconnection_time: Option<Duration>,
    block: Block,
}

/// Not in the standard: the fields set since the last blank line.
#[derive(Default)]
struct Block {
    has_field: bool,
    has_event_type: bool,
    has_id: bool,
    has_ignored_id: bool,
    retry: Option<Duration>,
    discarded: bool,
}

impl Reading<'_> {
    fn line(&mut self, line: &Line<'_>) {
        if let Some(at) = self.excess(line) {
            self.discard(at);
        }
        let Some(at) = line.ends_at else {
            return; // "Once the end of the file is reached, any pending data must be discarded."
        };
        match field(line.bytes) {
            Field::Blank => self.dispatch(at),
            Field::Comment(text) => {
                let (text, truncated) = self.bounded(text);
                self.frame(at, Decoded::Comment { text: text.into(), truncated });
            }
            Field::Named { name, value } => {
                self.block.has_field = true;
                match name {
                    b"event" => self.event_type(value),
                    b"data" => self.data(at, value),
                    b"id" => self.id(value),
                    b"retry" => self.retry(value),
                    _ => {
                        // The design: the bound is one for name and value.
                        let (kept, truncated) = self.bounded(line.bytes);
                        let Field::Named { name, value } = field_of_unknown(kept) else { unreachable!() };
                        self.frame(at, Decoded::UnknownField { name: name.into(), value: value.into(), truncated });
                    }
                }
            }
        }
    }

    /// "Set the event type buffer to the field value."
    fn event_type(&mut self, value: &[u8]) {
        if !self.block.discarded {
            self.event_type_buffer = value.to_vec();
            self.block.has_event_type = true;
        }
    }

    /// "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF) character."
    fn data(&mut self, at: usize, value: &[u8]) {
        if self.block.discarded {
            return;
        }
        self.data_buffer.extend_from_slice(value);
        self.data_buffer.push(b'\n');
        // The design: the LF that joins this line to those before counts when the line ends.
        if self.size() > self.oracle.max_event_bytes {
            self.discard(at);
        }
    }

    /// "If the field value does not contain U+0000 NULL, then set the last event ID buffer to the field value."
    fn id(&mut self, value: &[u8]) {
        // The design: an ID above its bound is ignored and reported by the block, unless a NUL was found before.
        let within = &value[..value.len().min(self.oracle.max_id_bytes)];
        if within.contains(&0) {
            return;
        }
        if value.len() > self.oracle.max_id_bytes {
            self.block.has_ignored_id = true;
            return;
        }
        self.last_event_id_buffer = value.to_vec();
        self.block.has_id = true;
    }

    fn retry(&mut self, value: &[u8]) {
        if let Some(retry) = reconnection_time(value) {
            self.reconnection_time = Some(retry);
            self.block.retry = Some(retry);
        }
    }

    /// "Dispatch the event."
    fn dispatch(&mut self, at: usize) {
        // 1. "Set the last event ID string of the event source to the value of the last event ID buffer. The buffer
        // does not get reset."
        self.last_event_id = self.last_event_id_buffer.clone();
        let block = std::mem::take(&mut self.block);
        let event_type = std::mem::take(&mut self.event_type_buffer);
        let mut data = std::mem::take(&mut self.data_buffer);
        let set_type = block.has_event_type.then(|| Text(event_type.clone()));
        // 2. "If the data buffer is an empty string, set the data buffer and the event type buffer to the empty
        // string and return."
        let event = if data.is_empty() {
            None
        } else {
            // 3. "If the data buffer's last character is a U+000A LINE FEED (LF) character, then remove the last
            // character."
            data.pop();
            // 4 to 8. "message", unless "the event type buffer has a value other than the empty string".
            let event_type = if event_type.is_empty() { b"message".to_vec() } else { event_type };
            Some(OwnedEvent {
                event_type: Text(event_type),
                data: Text(data),
                last_event_id: Text(self.last_event_id.clone()),
                retry: block.retry,
            })
        };
        // The design: blocks without data are returned, too, if the results are blocks or frames.
        if self.oracle.results == Results::Events {
            self.items.extend(event.map(|event| Item { at, decoded: Decoded::Event(event) }));
        } else if block.has_field {
            let block = OwnedBlock {
                event,
                event_type: set_type,
                id: block.has_id.then(|| Text(self.last_event_id.clone())),
                has_ignored_id: block.has_ignored_id,
                retry: block.retry,
            };
            self.items.push(Item { at, decoded: Decoded::Block(block) });
        }
    }

    /// The design: the offset after the byte of this line with which the event exceeds the limit.
    fn excess(&self, line: &Line<'_>) -> Option<usize> {
        let Field::Named { name: b"event" | b"data", value } = field(line.bytes) else { return None };
        if self.block.discarded {
            return None;
        }
        let head = line.bytes.len() - value.len();
        let allowed = self.oracle.max_event_bytes.checked_sub(self.size()).expect("discarded above the limit");
        (value.len() > allowed).then(|| line.start + head + allowed + 1)
    }

    /// Logical size of the event without the unfinished line: event type, and data with its joining LFs.
    fn size(&self) -> usize {
        self.event_type_buffer.len() + self.data_buffer.len().saturating_sub(1)
    }

    fn discard(&mut self, at: usize) {
        self.block.discarded = true;
        self.block.has_event_type = false;
        self.event_type_buffer.clear();
        self.data_buffer.clear();
        let error = DecodeError::LimitExceeded { limit: self.oracle.max_event_bytes };
        self.items.push(Item { at, decoded: Decoded::Error(error) });
    }

    /// The design: the part of a comment or an unknown field that is kept, and whether it is truncated.
    fn bounded<'b>(&self, bytes: &'b [u8]) -> (&'b [u8], bool) {
        let len = bytes.len().min(self.oracle.max_comment_bytes);
        (&bytes[..len], len < bytes.len())
    }

    fn frame(&mut self, at: usize, decoded: Decoded) {
        if self.oracle.results == Results::Frames && !self.block.discarded {
            self.items.push(Item { at, decoded });
        }
    }
}

/// Parses a truncated line whose field name is known to be an unknown one.
fn field_of_unknown(line: &[u8]) -> Field<'_> {
    if line.is_empty() { Field::Named { name: b"", value: b"" } } else { field(line) }
}
