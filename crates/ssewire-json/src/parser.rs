//! The grammar (RFC 8259): a recursive descent that can be suspended after any byte.
//!
//! Between two pushes the tree holds the value so far, and [`Parser`] keeps the state to resume: the token that was
//! being read and, for each open container, its last member. A push finds the innermost open container from the root,
//! one step per level, changes it in place, and returns to the parents as containers close. A container that opens and
//! closes within one push is built first and put into its parent once.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Number, Value};

use crate::change::{ChangeLog, ChangeSpan};
use crate::member::{CurrentMember, MemberSlot};
use crate::number::NumberSpan;
use crate::slot::Slot;
use crate::span::{Scan, StringSpan};
use crate::{JsonError, JsonErrorKind, PartialStrings};

/// Maximum number of open containers, which is serde_json's limit.
const MAX_DEPTH: usize = 127;

/// The state between two pushes, except for the text and the tree.
// The spans of tokens are changed in place. Within `State`, they would be copied from memory to memory at every token,
// and each copy would wait for the writes before it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parser {
    partial_strings: PartialStrings,
    /// Position of the first byte that was not read. Stale within strings and numbers: their spans have the position.
    pos: usize,
    /// The expected token in the innermost open container.
    state: State,
    /// The open containers, outermost first, each with its current member. Unused for an array.
    open: Vec<CurrentMember>,
    /// The string that was begun last, except for keys. If it is shown, the span begins after the shown part.
    string: StringSpan,
    /// The number that was begun last.
    number: NumberSpan,
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
    /// The rest of the key of the current member.
    InKey,
    /// A colon, after the key of the current member.
    Colon,
    /// The rest of a string that is not shown.
    InString,
    /// The rest of a string that is shown.
    InShownString,
    /// The rest of a number that is not shown.
    InNumber,
    /// The rest of a number that is shown.
    InShownNumber,
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
        matches!(self.state, State::InShownNumber)
    }

    /// Returns whether the top-level value has ended.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.state, State::End) && self.open.is_empty()
    }

    /// Returns the top-level number, if the text ends in one.
    pub(crate) fn top_level_number(&self) -> Option<NumberSpan> {
        match self.state {
            State::InNumber | State::InShownNumber if self.open.is_empty() => Some(self.number),
            _ => None,
        }
    }

    /// Shows the top-level number at the end of the text, whatever its length, until the next push.
    pub(crate) fn publish_top_level_number(&mut self, raw: &str, root: &mut Option<Value>) {
        if matches!(self.state, State::InNumber) && self.open.is_empty() {
            *root = self.number.value(raw).map(Value::Number);
            self.state = State::in_number(root.is_some());
        }
    }

    /// Reads the text appended to `raw` since the last call into the tree under `root`.
    pub(crate) fn read(&mut self, raw: &str, root: &mut Option<Value>) {
        debug_assert!(self.error.is_none(), "reading stops at the first error");
        // Fast path: the text ends within a string, so no container changes.
        let string = match self.state {
            State::InKey => self.open.last_mut().map(CurrentMember::key_mut),
            State::InString | State::InShownString => Some(&mut self.string),
            _ => None,
        };
        if string.is_some_and(|string| string.scan(raw) == Scan::Partial) {
            if let State::InShownString = self.state {
                self.extend_shown_string(raw, root);
            }
            return;
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

    /// Appends the new part of the string, which the innermost container shows.
    fn extend_shown_string(&mut self, raw: &str, root: &mut Option<Value>) {
        let last = |container: Option<_>, current: &mut CurrentMember| current.last_of(container?, raw);
        if let Some(Value::String(shown)) = self.open.iter_mut().fold(root.as_mut(), last) {
            self.string.decode_onto(shown, raw);
            self.log_text();
        }
        self.string = self.string.rest();
    }

    /// Resumes in `container`, the open one at `level`: first in its open child, then in itself.
    fn resume(&mut self, raw: &str, container: &mut Value, level: usize) -> Progress {
        if level + 1 < self.open.len() {
            let child = self.open.get_mut(level).and_then(|current| current.last_of(container, raw));
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
            if let State::FirstKey | State::Key | State::InKey | State::Colon = self.state {
                if self.key(raw, &mut slot.current) == Progress::Suspended {
                    return Progress::Suspended;
                }
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

    /// Reads the key of a new member, or the rest of it, and its colon.
    fn key(&mut self, raw: &str, current: &mut CurrentMember) -> Progress {
        if let State::FirstKey | State::Key = self.state {
            match self.peek(raw) {
                Some(b'"') => *current = CurrentMember::new(self.begin_string()),
                Some(_) => return self.fail(JsonErrorKind::UnexpectedCharacter),
                None => return Progress::Suspended,
            }
            self.state = State::InKey;
        }
        if let State::InKey = self.state {
            let key = current.key_mut();
            match key.scan(raw) {
                Scan::Ended => {}
                Scan::Partial => return Progress::Suspended,
                Scan::Failed(error) => return self.suspend(error),
            }
            self.pos = key.end() + 1;
            self.changes.push(|| ChangeSpan::Key(*key));
            self.state = State::Colon;
        }
        match self.peek(raw) {
            Some(b':') => {
                self.pos += 1;
                self.state = State::Value;
                Progress::Complete
            }
            Some(_) => self.fail(JsonErrorKind::UnexpectedCharacter),
            None => Progress::Suspended,
        }
    }

    /// Reads a value, or the rest of one, and shows it in `slot`.
    fn value(&mut self, raw: &str, slot: &mut impl Slot) -> Progress {
        match self.state {
            State::End => return Progress::Complete,
            State::InString => return self.string(raw, slot),
            State::InShownString => return self.shown_string(raw, slot),
            State::InNumber => return self.number(raw, slot, false),
            State::InShownNumber => return self.number(raw, slot, true),
            _ => {}
        }
        match self.peek(raw) {
            Some(b'"') => {
                self.string = self.begin_string();
                self.string(raw, slot)
            }
            Some(b'-' | b'0'..=b'9') => {
                self.number = NumberSpan::begin(self.pos);
                self.number(raw, slot, false)
            }
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
        self.changes.push(|| if is_object { ChangeSpan::Object } else { ChangeSpan::Array });
        self.state = state;
        self.open.push(CurrentMember::default());
        let (value, progress) = read(self);
        slot.put(value);
        progress
    }

    fn close(&mut self) -> Progress {
        self.pos += 1;
        self.changes.push(|| ChangeSpan::End);
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
            self.changes.push(|| change);
            slot.put(value);
            return Progress::Complete;
        }
        if let Some(at) = literal.iter().zip(rest).position(|(a, b)| a != b) {
            return self.suspend(JsonError::new(JsonErrorKind::UnexpectedCharacter, self.pos + at));
        }
        Progress::Suspended
    }

    /// Skips an opening quote.
    fn begin_string(&mut self) -> StringSpan {
        self.pos += 1;
        StringSpan::begin(self.pos)
    }

    /// Reads the string, or the rest of it, which is not shown.
    fn string(&mut self, raw: &str, slot: &mut impl Slot) -> Progress {
        match self.string.scan(raw) {
            Scan::Ended => {
                self.pos = self.string.end() + 1;
                self.show_string(raw, slot);
                return Progress::Complete;
            }
            Scan::Partial => {}
            Scan::Failed(error) => self.error = Some(error),
        }
        self.state = match self.partial_strings {
            PartialStrings::Hide => State::InString,
            PartialStrings::Show => {
                self.show_string(raw, slot);
                self.string = self.string.rest();
                State::InShownString
            }
        };
        Progress::Suspended
    }

    fn show_string(&mut self, raw: &str, slot: &mut impl Slot) {
        slot.put(Value::String(self.string.decode(raw)));
        self.changes.push(|| ChangeSpan::String);
        self.log_text();
    }

    fn log_text(&mut self) {
        if self.string.raw_len() > 0 {
            self.changes.push(|| ChangeSpan::Text(self.string));
        }
    }

    /// Reads the end of the string, whose beginning is shown.
    fn shown_string(&mut self, raw: &str, slot: &mut impl Slot) -> Progress {
        let scan = self.string.scan(raw);
        if let Some(Value::String(shown)) = slot.shown() {
            self.string.decode_onto(shown, raw);
            self.log_text();
        }
        match scan {
            Scan::Ended => {
                self.pos = self.string.end() + 1;
                Progress::Complete
            }
            Scan::Partial => Progress::Suspended,
            Scan::Failed(error) => self.suspend(error),
        }
    }

    /// Reads the number, or the rest of it; `is_shown` says whether its beginning is shown.
    fn number(&mut self, raw: &str, slot: &mut impl Slot, is_shown: bool) -> Progress {
        let scan = self.number.scan(raw);
        let value = if scan == Scan::Ended { self.number.value(raw) } else { self.number.provisional(raw) };
        let is_shown = self.show_number(slot, value, is_shown);
        self.state = State::in_number(is_shown);
        match scan {
            Scan::Ended if is_shown => {
                self.displaced = None;
                self.changes.push(|| ChangeSpan::Number(self.number));
                self.pos = self.number.end();
                Progress::Complete
            }
            Scan::Ended => self.suspend(JsonError::new(JsonErrorKind::NumberOutOfRange, self.number.start())),
            Scan::Partial => Progress::Suspended,
            Scan::Failed(error) => self.suspend(error),
        }
    }

    /// Shows the current value of a number: `1`, nothing at `1.`, then `1.5`. Returns whether a value is shown.
    ///
    /// The displaced value is kept until the number ends, and shown again while the number is not: `{"a":true,"a":1.`
    /// shows `true`.
    fn show_number(&mut self, slot: &mut impl Slot, value: Option<Number>, was_shown: bool) -> bool {
        let is_shown = value.is_some();
        match (value, was_shown) {
            (Some(value), false) => self.displaced = slot.put(Value::Number(value)),
            (Some(value), true) => {
                if let Some(shown) = slot.shown() {
                    *shown = Value::Number(value);
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
        self.suspend(JsonError::new(kind, self.pos))
    }

    fn suspend(&mut self, error: JsonError) -> Progress {
        self.error = Some(error);
        Progress::Suspended
    }
}

impl State {
    fn in_number(is_shown: bool) -> Self {
        if is_shown { Self::InShownNumber } else { Self::InNumber }
    }
}
