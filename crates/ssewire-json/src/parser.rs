//! The grammar (RFC 8259): a recursive descent that can be suspended after any byte.
//!
//! Between two pushes the tree holds the value so far, and [`Parser`] keeps the state to resume: the token that was
//! being read and, for each open container, its last member. A push finds the innermost open container from the root,
//! one step per level, changes it in place, and returns to the parents as containers close. A container that opens and
//! closes within one push is built first and put into its parent once.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::change::{ChangeLog, ChangeSpan};
use crate::member::{CurrentMember, MemberSlot};
use crate::number::NumberSpan;
use crate::slot::Slot;
use crate::span::{Scan, StringSpan};
use crate::{JsonError, JsonErrorKind, PartialStrings};

/// Maximum number of open containers, which is serde_json's limit.
const MAX_DEPTH: usize = 127;

/// The state between two pushes, except for the text and the tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parser {
    partial_strings: PartialStrings,
    /// Position of the first byte that was not read. Stale within strings and numbers: their spans have the position.
    pos: usize,
    /// The expected token in the innermost open container.
    state: State,
    /// The open containers, outermost first, each with its current member. Unused for an array.
    open: Vec<CurrentMember>,
    /// The value displaced by a provisional number.
    displaced: Option<Value>,
    error: Option<JsonError>,
    changes: ChangeLog,
}

/// The expected token.
#[derive(Debug, Clone, Copy, Default)]
enum State {
    /// A value: at the top level, after a comma in an array, after a colon.
    #[default]
    Value,
    /// A value or `]`, after `[`.
    FirstElement,
    /// A key or `}`, after `{`.
    FirstKey,
    /// A key, after a comma in an object.
    Key,
    /// The rest of a key.
    InKey(StringSpan),
    /// A colon, after this key.
    Colon(StringSpan),
    /// The rest of a string that is not shown.
    InString(StringSpan),
    /// The rest of a string that is shown; the span begins after the shown part.
    InShownString(StringSpan),
    /// The rest of a number.
    InNumber { number: NumberSpan, is_shown: bool },
    /// A comma or the end of the container, after a value. At the top level, only white space.
    End,
}

/// Result of reading a value or a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// The value was read to its end.
    Complete,
    /// The text ended first, or is invalid. [`Parser`] has the state to resume from, or the error.
    Suspended,
}

impl Parser {
    pub(crate) fn new(partial_strings: PartialStrings) -> Self {
        Self { partial_strings, ..Self::default() }
    }

    /// Records the changes of each read.
    pub(crate) fn record_changes(&mut self) {
        self.changes = ChangeLog::enabled();
    }

    pub(crate) fn changes(&self) -> &ChangeLog {
        &self.changes
    }

    /// Forgets the changes of the last read.
    pub(crate) fn clear_changes(&mut self) {
        self.changes.clear();
    }

    pub(crate) fn partial_strings(&self) -> PartialStrings {
        self.partial_strings
    }

    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn error(&self) -> Option<JsonError> {
        self.error
    }

    /// Returns whether `raw` is empty or white space.
    pub(crate) fn is_blank(&self, raw: &str) -> bool {
        // An incomplete literal at the top level leaves `pos` at its beginning.
        matches!(self.state, State::Value) && self.open.is_empty() && self.pos == raw.len()
    }

    /// Returns whether a number at the end of the text is shown.
    pub(crate) fn is_provisional(&self) -> bool {
        matches!(self.state, State::InNumber { is_shown: true, .. })
    }

    /// Returns whether the top-level value has ended.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.state, State::End) && self.open.is_empty()
    }

    /// Returns the top-level number, if the text ends in one.
    pub(crate) fn top_level_number(&self) -> Option<NumberSpan> {
        match self.state {
            State::InNumber { number, .. } if self.open.is_empty() => Some(number),
            _ => None,
        }
    }

    /// Shows the top-level number at the end of the text, whatever its length, until the next push.
    pub(crate) fn publish_top_level_number(&mut self, raw: &str, root: &mut Option<Value>) {
        if let State::InNumber { number, is_shown } = &mut self.state {
            if self.open.is_empty() && !*is_shown {
                *root = number.value(raw).map(Value::Number);
                *is_shown = root.is_some();
            }
        }
    }

    /// Reads the text appended to `raw` since the last call into the tree under `root`.
    pub(crate) fn read(&mut self, raw: &str, root: &mut Option<Value>) {
        debug_assert!(self.error.is_none(), "reading stops at the first error");
        if let State::InKey(string) | State::InString(string) = &mut self.state {
            // Fast path: nothing shown changes within these, so the innermost container need not be found.
            if string.scan(raw) == Scan::Partial {
                return;
            }
        }
        let progress = match root {
            Some(value) if !self.open.is_empty() => self.resume(raw, value, 0),
            _ => self.value(raw, root),
        };
        if progress == Progress::Complete {
            self.state = State::End;
            if self.peek(raw).is_some() {
                self.fail(JsonErrorKind::TrailingCharacters);
            }
        }
    }

    /// Resumes in `container`, the open one at `level`: first in its open child, then in itself.
    fn resume(&mut self, raw: &str, container: &mut Value, level: usize) -> Progress {
        if level + 1 < self.open.len() {
            let child = match container {
                Value::Array(elements) => elements.last_mut(),
                Value::Object(members) => self.open.get_mut(level).and_then(|current| current.find(members, raw)),
                _ => None,
            };
            debug_assert!(child.is_some(), "open container is missing from the tree");
            let Some(child) = child else {
                return Progress::Suspended;
            };
            if self.resume(raw, child, level + 1) == Progress::Suspended {
                return Progress::Suspended;
            }
            self.state = State::End;
        }
        match container {
            Value::Array(elements) => self.array(raw, elements),
            Value::Object(members) => self.object(raw, members),
            _ => Progress::Suspended,
        }
    }

    /// Reads the elements and the end of the innermost open container, an array.
    fn array(&mut self, raw: &str, elements: &mut Vec<Value>) -> Progress {
        if matches!(self.state, State::FirstElement) && self.peek(raw) == Some(b']') {
            return self.close();
        }
        loop {
            if self.value(raw, elements) == Progress::Suspended {
                return Progress::Suspended;
            }
            self.state = State::End;
            match self.peek(raw) {
                Some(b',') => {
                    self.pos += 1;
                    self.state = State::Value;
                }
                Some(b']') => return self.close(),
                Some(_) => return self.fail(JsonErrorKind::UnexpectedCharacter),
                None => return Progress::Suspended,
            }
        }
    }

    /// Reads the members and the end of the innermost open container, an object.
    fn object(&mut self, raw: &str, members: &mut Map<String, Value>) -> Progress {
        let level = self.open.len().saturating_sub(1);
        let current = self.open.get_mut(level).map(CurrentMember::take).unwrap_or_default();
        let mut slot = MemberSlot { members, current, raw };
        let progress = self.members(raw, &mut slot);
        if progress == Progress::Suspended {
            // The object is still open. Containers within it may be, too.
            if let Some(current) = self.open.get_mut(level) {
                *current = slot.current;
            }
        }
        progress
    }

    /// Does the work of [`object`](Self::object) with the slot of the current member.
    fn members(&mut self, raw: &str, slot: &mut MemberSlot<'_>) -> Progress {
        if matches!(self.state, State::FirstKey) && self.peek(raw) == Some(b'}') {
            return self.close();
        }
        loop {
            if let State::FirstKey | State::Key | State::InKey(_) | State::Colon(_) = self.state {
                match self.key(raw) {
                    Some(key) => slot.current = CurrentMember::new(key),
                    None => return Progress::Suspended,
                }
                self.state = State::Value;
            }
            if self.value(raw, slot) == Progress::Suspended {
                return Progress::Suspended;
            }
            self.state = State::End;
            match self.peek(raw) {
                Some(b',') => {
                    self.pos += 1;
                    self.state = State::Key;
                }
                Some(b'}') => return self.close(),
                Some(_) => return self.fail(JsonErrorKind::UnexpectedCharacter),
                None => return Progress::Suspended,
            }
        }
    }

    /// Reads a key and its colon. `None` if suspended.
    fn key(&mut self, raw: &str) -> Option<StringSpan> {
        let key = match self.state {
            State::Colon(key) => key,
            State::InKey(key) => self.resume_key(raw, key)?,
            _ => match self.peek(raw)? {
                b'"' => {
                    let key = self.begin_string();
                    self.resume_key(raw, key)?
                }
                _ => {
                    self.fail(JsonErrorKind::UnexpectedCharacter);
                    return None;
                }
            },
        };
        match self.peek(raw) {
            Some(b':') => {
                self.pos += 1;
                return Some(key);
            }
            Some(_) => {
                self.fail(JsonErrorKind::UnexpectedCharacter);
            }
            None => {}
        }
        self.state = State::Colon(key);
        None
    }

    fn resume_key(&mut self, raw: &str, mut key: StringSpan) -> Option<StringSpan> {
        match key.scan(raw) {
            Scan::Ended => {
                self.pos = key.end() + 1;
                self.changes.push(ChangeSpan::Key(key));
                return Some(key);
            }
            Scan::Partial => {}
            Scan::Failed(error) => self.error = Some(error),
        }
        self.state = State::InKey(key);
        None
    }

    /// Reads a value, or the rest of one, and shows it in `slot`.
    fn value(&mut self, raw: &str, slot: &mut impl Slot) -> Progress {
        match self.state {
            State::End => return Progress::Complete,
            State::InString(string) => return self.string(raw, slot, string),
            State::InShownString(rest) => return self.shown_string(raw, slot, rest),
            State::InNumber { number, is_shown } => {
                return self.number(raw, slot, number, is_shown);
            }
            _ => {}
        }
        match self.peek(raw) {
            Some(b'"') => {
                let string = self.begin_string();
                self.string(raw, slot, string)
            }
            Some(b'-' | b'0'..=b'9') => self.number(raw, slot, NumberSpan::begin(self.pos), false),
            Some(b'{') => self.container(slot, State::FirstKey, |parser| {
                let mut members = Map::new();
                let progress = parser.object(raw, &mut members);
                (Value::Object(members), progress)
            }),
            Some(b'[') => self.container(slot, State::FirstElement, |parser| {
                let mut elements = Vec::new();
                let progress = parser.array(raw, &mut elements);
                (Value::Array(elements), progress)
            }),
            Some(b't') => self.literal(raw, slot, b"true", ChangeSpan::Bool(true), Value::Bool(true)),
            Some(b'f') => self.literal(raw, slot, b"false", ChangeSpan::Bool(false), Value::Bool(false)),
            Some(b'n') => self.literal(raw, slot, b"null", ChangeSpan::Null, Value::Null),
            Some(_) => self.fail(JsonErrorKind::UnexpectedCharacter),
            None => Progress::Suspended,
        }
    }

    /// Opens a container, reads it as far as the text goes and puts it into `slot`.
    fn container(
        &mut self,
        slot: &mut impl Slot,
        state: State,
        read: impl FnOnce(&mut Self) -> (Value, Progress),
    ) -> Progress {
        if self.open.len() == MAX_DEPTH {
            return self.fail(JsonErrorKind::TooDeep);
        }
        self.pos += 1;
        let is_object = matches!(state, State::FirstKey);
        self.changes.push(if is_object { ChangeSpan::Object } else { ChangeSpan::Array });
        self.state = state;
        self.open.push(CurrentMember::default());
        let (value, progress) = read(self);
        slot.put(value);
        progress
    }

    fn close(&mut self) -> Progress {
        self.pos += 1;
        self.changes.push(ChangeSpan::End);
        self.open.pop();
        Progress::Complete
    }

    /// Reads a literal. An incomplete one is read again at the next push: it is short.
    fn literal(
        &mut self,
        raw: &str,
        slot: &mut impl Slot,
        literal: &[u8],
        change: ChangeSpan,
        value: Value,
    ) -> Progress {
        let rest = raw.as_bytes().get(self.pos..).unwrap_or_default();
        if rest.starts_with(literal) {
            self.pos += literal.len();
            self.changes.push(change);
            slot.put(value);
            return Progress::Complete;
        }
        if let Some(at) = literal.iter().zip(rest).position(|(a, b)| a != b) {
            self.error = Some(JsonError::new(JsonErrorKind::UnexpectedCharacter, self.pos + at));
        }
        Progress::Suspended
    }

    /// Skips an opening quote.
    fn begin_string(&mut self) -> StringSpan {
        self.pos += 1;
        StringSpan::begin(self.pos)
    }

    /// Reads a string, or the rest of one, that is not shown.
    fn string(&mut self, raw: &str, slot: &mut impl Slot, mut string: StringSpan) -> Progress {
        match string.scan(raw) {
            Scan::Ended => {
                self.pos = string.end() + 1;
                self.show_string(raw, slot, string);
                return Progress::Complete;
            }
            Scan::Partial => {}
            Scan::Failed(error) => self.error = Some(error),
        }
        self.state = match self.partial_strings {
            PartialStrings::Hide => State::InString(string),
            PartialStrings::Show => {
                self.show_string(raw, slot, string);
                State::InShownString(string.rest())
            }
        };
        Progress::Suspended
    }

    fn show_string(&mut self, raw: &str, slot: &mut impl Slot, string: StringSpan) {
        slot.put(Value::String(string.decode(raw)));
        self.changes.push(ChangeSpan::String);
        self.log_text(string);
    }

    fn log_text(&mut self, text: StringSpan) {
        if text.raw_len() > 0 {
            self.changes.push(ChangeSpan::Text(text));
        }
    }

    /// Reads the rest of a string that is shown, and appends it.
    fn shown_string(&mut self, raw: &str, slot: &mut impl Slot, mut rest: StringSpan) -> Progress {
        let scan = rest.scan(raw);
        if let Some(Value::String(shown)) = slot.shown() {
            rest.decode_onto(shown, raw);
            self.log_text(rest);
        }
        match scan {
            Scan::Ended => {
                self.pos = rest.end() + 1;
                return Progress::Complete;
            }
            Scan::Partial => {}
            Scan::Failed(error) => self.error = Some(error),
        }
        self.state = State::InShownString(rest.rest());
        Progress::Suspended
    }

    /// Reads a number, or the rest of one; `is_shown` says whether its beginning is shown.
    fn number(&mut self, raw: &str, slot: &mut impl Slot, mut number: NumberSpan, is_shown: bool) -> Progress {
        let scan = number.scan(raw);
        let value = if scan == Scan::Ended { number.value(raw) } else { number.provisional(raw) };
        let is_shown = self.show_number(slot, value.map(Value::Number), is_shown);
        match scan {
            Scan::Ended if is_shown => {
                self.displaced = None;
                self.changes.push(ChangeSpan::Number(number));
                self.pos = number.end();
                return Progress::Complete;
            }
            Scan::Ended => {
                let kind = JsonErrorKind::NumberOutOfRange;
                self.error = Some(JsonError::new(kind, number.start()));
            }
            Scan::Partial => {}
            Scan::Failed(error) => self.error = Some(error),
        }
        self.state = State::InNumber { number, is_shown };
        Progress::Suspended
    }

    /// Shows the current value of a number: `1`, nothing at `1.`, then `1.5`. Returns whether a value is shown.
    ///
    /// The displaced value is kept until the number ends, and shown again while the number is not: `{"a":true,"a":1.`
    /// shows `true`.
    fn show_number(&mut self, slot: &mut impl Slot, value: Option<Value>, was_shown: bool) -> bool {
        let is_shown = value.is_some();
        match (value, was_shown) {
            (Some(value), false) => self.displaced = slot.put(value),
            (Some(value), true) => {
                if let Some(shown) = slot.shown() {
                    *shown = value;
                }
            }
            (None, true) => slot.restore(self.displaced.take()),
            (None, false) => {}
        }
        is_shown
    }

    /// Skips white space and returns the next byte.
    fn peek(&mut self, raw: &str) -> Option<u8> {
        loop {
            match raw.as_bytes().get(self.pos) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.pos += 1,
                other => return other.copied(),
            }
        }
    }

    /// Records an error at `pos`.
    fn fail(&mut self, kind: JsonErrorKind) -> Progress {
        self.error = Some(JsonError::new(kind, self.pos));
        Progress::Suspended
    }
}
