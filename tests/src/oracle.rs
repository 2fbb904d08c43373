//! The standard, transcribed: slow, whole input at once, nothing shared with the decoder.
//!
//! HTML standard, 9.2.5 "Parsing an event stream" and 9.2.6 "Interpreting an event stream"; what the design adds to it
//! (offsets, the limit on the size of an event, frames, what is pending at the end) is marked as such.

use ssewire::DecodeError;

use crate::outcome::{Outcome, OwnedEvent, Text, Told, What};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const KNOWN_NAMES: [&[u8]; 4] = [b"event", b"data", b"id", b"retry"];

/// How a stream is to be read. The standard knows the last event ID only.
#[derive(Debug, Clone)]
pub struct Oracle {
    pub last_event_id: Vec<u8>,
    pub limit: usize,
    pub frames: bool,
}

impl Oracle {
    /// Events only, no limit, no last event ID.
    pub fn new() -> Self {
        Self { last_event_id: Vec::new(), limit: usize::MAX, frames: false }
    }

    pub fn after(self, last_event_id: &[u8]) -> Self {
        Self { last_event_id: last_event_id.to_vec(), ..self }
    }

    pub fn limited(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    pub fn frames(self) -> Self {
        Self { frames: true, ..self }
    }

    pub fn read(&self, input: &[u8]) -> Outcome {
        let mut reading = Reading {
            oracle: self,
            told: Vec::new(),
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
            told: reading.told,
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
    /// How many bytes of the stream must have come for the line to be over; `None` for the unfinished last one. A CR
    /// ends its line, whatever comes next.
    pub ends_at: Option<usize>,
    /// Where the next line starts: behind an LF that belongs to the CR.
    pub next: usize,
}

/// "Lines must be separated by either a U+000D U+000A (CRLF) character pair, a single U+000A character, or a single
/// U+000D character." The last line is there only if it has bytes.
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

/// A line taken apart.
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
pub fn milliseconds(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = std::str::from_utf8(value).unwrap();
    Some(digits.parse().unwrap_or(u64::MAX))
}

/// The buffers of the standard, and the block at hand.
struct Reading<'o> {
    oracle: &'o Oracle,
    told: Vec<Told>,
    /// With an LF behind each of its lines, as in the standard.
    data_buffer: Vec<u8>,
    event_type_buffer: Vec<u8>,
    last_event_id_buffer: Vec<u8>,
    last_event_id: Vec<u8>,
    reconnection_time: Option<u64>,
    block: Block,
}

/// Not in the standard: what the lines since the last blank line were.
#[derive(Default)]
struct Block {
    has_field: bool,
    has_id: bool,
    discarded: bool,
}

impl Reading<'_> {
    fn line(&mut self, line: &Line<'_>) {
        let excess = self.excess(line);
        if let Some(at) = excess {
            self.discard(at);
        }
        let Some(at) = line.ends_at else {
            return; // "Once the end of the file is reached, any pending data must be discarded."
        };
        match field(line.bytes) {
            Field::Blank => self.dispatch(at),
            Field::Comment(text) => self.tell_unless_discarded(at, What::Comment(text.into())),
            Field::Named { name, value } => {
                self.block.has_field = true;
                match name {
                    b"event" => self.event_type(value),
                    b"data" => self.data(at, value),
                    b"id" if excess.is_some() => {}
                    b"id" => self.id(value),
                    b"retry" => self.retry(at, value),
                    _ => self.tell_unless_discarded(at, What::UnknownField { name: name.into(), value: value.into() }),
                }
            }
        }
    }

    /// "Set the event type buffer to the field value."
    fn event_type(&mut self, value: &[u8]) {
        if !self.block.discarded {
            self.event_type_buffer = value.to_vec();
        }
    }

    /// "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF) character."
    fn data(&mut self, at: usize, value: &[u8]) {
        if self.block.discarded {
            return;
        }
        self.data_buffer.extend_from_slice(value);
        self.data_buffer.push(b'\n');
        // The design: the LF that joins this line to those before counts as the line ends.
        if self.size() > self.oracle.limit {
            self.discard(at);
        }
    }

    /// "If the field value does not contain U+0000 NULL, then set the last event ID buffer to the field value."
    fn id(&mut self, value: &[u8]) {
        // The design: an id that does not fit beside the old one is ignored.
        let fits = self.last_event_id_buffer.len() + value.len() <= self.oracle.limit;
        if !value.contains(&0) && (fits || !self.block.discarded) {
            self.last_event_id_buffer = value.to_vec();
            self.block.has_id = true;
        }
    }

    fn retry(&mut self, at: usize, value: &[u8]) {
        if let Some(milliseconds) = milliseconds(value) {
            self.reconnection_time = Some(milliseconds);
            self.tell(at, What::Retry(milliseconds));
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
        if data.is_empty() {
            // 2. "If the data buffer is an empty string, set the data buffer and the event type buffer to the empty
            // string and return." The design: frames tell how each block with a field ended.
            if block.has_id {
                self.tell(at, What::LastEventId(Text(self.last_event_id.clone())));
            } else if block.has_field {
                self.tell(at, What::EmptyBlock);
            }
            return;
        }
        // 3. "If the data buffer's last character is a U+000A LINE FEED (LF) character, then remove the last
        // character."
        data.pop();
        // 4 to 8. "message", unless "the event type buffer has a value other than the empty string".
        let event_type = if event_type.is_empty() { b"message".to_vec() } else { event_type };
        self.tell(
            at,
            What::Event(OwnedEvent {
                event_type: Text(event_type),
                data: Text(data),
                last_event_id: Text(self.last_event_id.clone()),
            }),
        );
    }

    /// The design: the offset behind the byte of this line with which the event exceeds the limit.
    fn excess(&self, line: &Line<'_>) -> Option<usize> {
        if self.block.discarded {
            return None;
        }
        let field = field(line.bytes);
        (1..=line.bytes.len())
            .find(|&arrived| {
                let unfinished = self.counted(line, field, arrived);
                unfinished > 0 && self.size() + unfinished > self.oracle.limit
            })
            .map(|arrived| line.start + arrived)
    }

    /// What of the first `arrived` bytes of a line counts while it is unfinished.
    fn counted(&self, line: &Line<'_>, field: Field<'_>, arrived: usize) -> usize {
        match field {
            Field::Blank => 0,
            Field::Comment(_) if self.oracle.frames => arrived - 1,
            Field::Comment(_) => 0,
            Field::Named { name, value } if KNOWN_NAMES.contains(&name) => {
                arrived.saturating_sub(line.bytes.len() - value.len())
            }
            // A caller of frames gets it whole. But its first five bytes could be those of a known name, which counts
            // nothing.
            Field::Named { .. } if self.oracle.frames => arrived.saturating_sub(5),
            Field::Named { .. } => 0,
        }
    }

    /// The logical size of the event, but for the unfinished line: type + data with joins + id buffer.
    fn size(&self) -> usize {
        let data = self.data_buffer.len().saturating_sub(1);
        self.event_type_buffer.len() + data + self.last_event_id_buffer.len()
    }

    fn discard(&mut self, at: usize) {
        self.block.discarded = true;
        self.event_type_buffer.clear();
        self.data_buffer.clear();
        self.tell(at, What::Lost(DecodeError::TooLarge { limit: self.oracle.limit }));
    }

    fn tell_unless_discarded(&mut self, at: usize, what: What) {
        if !self.block.discarded {
            self.tell(at, what);
        }
    }

    fn tell(&mut self, at: usize, what: What) {
        if self.oracle.frames || matches!(what, What::Event(_) | What::Lost(_)) {
            self.told.push(Told { at, what });
        }
    }
}
