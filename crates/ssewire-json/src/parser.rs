//! The grammar: a recursive descent that can stop after any byte and go on there.
//!
//! Between two pushes the tree is whole, and what is needed to go on stands beside it: which token was being read, and
//! for each container that is still open the name of its last member. A push finds the innermost open container again
//! from the root, one step per level, works on it in place, and climbs back as containers close. A container that
//! opens and closes within one push is built on the way and put into its parent once.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::number::Digits;
use crate::place::{Member, Name, Place};
use crate::string::Text;
use crate::token::Scan;
use crate::{JsonError, JsonErrorKind, Trailing};

/// As many containers may stand within one another; serde_json's limit.
const MAX_DEPTH: usize = 127;

/// All that is known between two pushes, but for the text and the tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parser {
    trailing: Trailing,
    /// The first byte that was not read. Stale within strings and numbers: they know where they are.
    pos: usize,
    /// What is read next, in the innermost open container.
    next: Next,
    /// The open containers, outermost first. An array's name is never used.
    open: Vec<Name>,
    /// What a provisional number displaced.
    displaced: Option<Value>,
    error: Option<JsonError>,
}

/// What is read next.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Next {
    /// A value: at the top level, behind a comma in an array, behind a colon.
    #[default]
    Value,
    /// Behind `[`.
    FirstElement,
    /// Behind `{`.
    FirstKey,
    /// Behind a comma in an object.
    Key,
    /// More of a key.
    RestOfKey(Text),
    /// Behind a key.
    Colon(Text),
    /// More of a string that is not shown.
    RestOfText(Text),
    /// More of a string that is shown but for this rest.
    RestOfShownText(Text),
    /// More of a number; whether what is there of it is shown.
    RestOfNumber { digits: Digits, shown: bool },
    /// Behind a value: a comma or the end of the container; at the top level nothing but white space.
    End,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// The value, or the container, is whole.
    Whole,
    /// The text is used up, or wrong. `Parser` knows where to go on, if at all.
    Stopped,
}

impl Parser {
    pub(crate) fn new(trailing: Trailing) -> Self {
        Self { trailing, ..Self::default() }
    }

    pub(crate) fn trailing(&self) -> Trailing {
        self.trailing
    }

    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn error(&self) -> Option<JsonError> {
        self.error
    }

    /// Whether `raw` holds nothing but white space.
    pub(crate) fn is_blank(&self, raw: &str) -> bool {
        // Half a literal at the top level leaves the position at its beginning.
        matches!(self.next, Next::Value) && self.open.is_empty() && self.pos == raw.len()
    }

    /// Whether a number that touches the end of the text is shown.
    pub(crate) fn is_provisional(&self) -> bool {
        matches!(self.next, Next::RestOfNumber { shown: true, .. })
    }

    /// Whether the value at the top level has ended.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.next, Next::End) && self.open.is_empty()
    }

    /// The number that is all there is, and touches the end of the text.
    pub(crate) fn lone_number(&self) -> Option<Digits> {
        match self.next {
            Next::RestOfNumber { digits, .. } if self.open.is_empty() => Some(digits),
            _ => None,
        }
    }

    /// Shows the number that is all there is, however long it is, until more text comes.
    pub(crate) fn show_lone_number(&mut self, raw: &str, root: &mut Option<Value>) {
        if let Next::RestOfNumber { digits, shown } = &mut self.next {
            if self.open.is_empty() && !*shown {
                *root = digits.value(raw);
                *shown = root.is_some();
            }
        }
    }

    /// Reads what has been appended to `raw` since the last time into the tree under `root`.
    pub(crate) fn read(&mut self, raw: &str, root: &mut Option<Value>) {
        if let Next::RestOfKey(text) | Next::RestOfText(text) = &mut self.next {
            // Nothing that is shown changes within these, so there is no need to walk to the place.
            if text.scan(raw) == Scan::Partial {
                return;
            }
        }
        let flow = match root {
            Some(value) if !self.open.is_empty() => self.resume(raw, value, 0),
            _ => self.value(raw, root),
        };
        if flow == Flow::Whole {
            self.next = Next::End;
            if self.peek(raw).is_some() {
                self.fail(JsonErrorKind::TrailingCharacters);
            }
        }
    }

    /// Goes on in `container`, the open one at `level`: first within it, then in itself.
    fn resume(&mut self, raw: &str, container: &mut Value, level: usize) -> Flow {
        if level + 1 < self.open.len() {
            let child = match container {
                Value::Array(elements) => elements.last_mut(),
                Value::Object(members) => match self.open.get_mut(level) {
                    Some(name) => name.find(members, raw),
                    None => None,
                },
                _ => None,
            };
            // An open container is always there, so this is never `None`.
            let Some(child) = child else {
                return Flow::Stopped;
            };
            if self.resume(raw, child, level + 1) == Flow::Stopped {
                return Flow::Stopped;
            }
            self.next = Next::End;
        }
        match container {
            Value::Array(elements) => self.array(raw, elements),
            Value::Object(members) => self.object(raw, members),
            _ => Flow::Stopped,
        }
    }

    /// Reads the elements and the end of the innermost open container, an array.
    fn array(&mut self, raw: &str, elements: &mut Vec<Value>) -> Flow {
        if matches!(self.next, Next::FirstElement) && self.peek(raw) == Some(b']') {
            return self.close();
        }
        loop {
            if self.value(raw, elements) == Flow::Stopped {
                return Flow::Stopped;
            }
            self.next = Next::End;
            match self.peek(raw) {
                Some(b',') => {
                    self.pos += 1;
                    self.next = Next::Value;
                }
                Some(b']') => return self.close(),
                Some(_) => return self.fail(JsonErrorKind::UnexpectedCharacter),
                None => return Flow::Stopped,
            }
        }
    }

    /// Reads the members and the end of the innermost open container, an object.
    fn object(&mut self, raw: &str, members: &mut Map<String, Value>) -> Flow {
        let level = self.open.len().saturating_sub(1);
        let mut member = Member { members, name: self.open.get(level).copied().unwrap_or_default(), raw };
        let flow = self.members(raw, &mut member);
        if flow == Flow::Stopped {
            if let Some(name) = self.open.get_mut(level) {
                *name = member.name;
            }
        }
        flow
    }

    /// The same, with the place where values go; its name is that of each member in turn.
    fn members(&mut self, raw: &str, member: &mut Member<'_>) -> Flow {
        if matches!(self.next, Next::FirstKey) && self.peek(raw) == Some(b'}') {
            return self.close();
        }
        loop {
            if let Next::FirstKey | Next::Key | Next::RestOfKey(_) | Next::Colon(_) = self.next {
                match self.key(raw) {
                    Some(key) => member.name = Name::new(key),
                    None => return Flow::Stopped,
                }
                self.next = Next::Value;
            }
            if self.value(raw, member) == Flow::Stopped {
                return Flow::Stopped;
            }
            self.next = Next::End;
            match self.peek(raw) {
                Some(b',') => {
                    self.pos += 1;
                    self.next = Next::Key;
                }
                Some(b'}') => return self.close(),
                Some(_) => return self.fail(JsonErrorKind::UnexpectedCharacter),
                None => return Flow::Stopped,
            }
        }
    }

    /// Reads a key and its colon.
    fn key(&mut self, raw: &str) -> Option<Text> {
        let key = match self.next {
            Next::Colon(key) => key,
            Next::RestOfKey(key) => self.rest_of_key(raw, key)?,
            _ => match self.peek(raw)? {
                b'"' => {
                    let key = self.begin_text();
                    self.rest_of_key(raw, key)?
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
        self.next = Next::Colon(key);
        None
    }

    fn rest_of_key(&mut self, raw: &str, mut key: Text) -> Option<Text> {
        match key.scan(raw) {
            Scan::Ended => {
                self.pos = key.end() + 1;
                return Some(key);
            }
            Scan::Partial => {}
            Scan::Failed(error) => self.error = Some(error),
        }
        self.next = Next::RestOfKey(key);
        None
    }

    /// Reads a value, or the rest of one, and shows it at `place`.
    fn value(&mut self, raw: &str, place: &mut impl Place) -> Flow {
        match self.next {
            Next::End => return Flow::Whole,
            Next::RestOfText(text) => return self.text(raw, place, text),
            Next::RestOfShownText(rest) => return self.shown_text(raw, place, rest),
            Next::RestOfNumber { digits, shown } => {
                return self.number(raw, place, digits, shown);
            }
            _ => {}
        }
        match self.peek(raw) {
            Some(b'"') => {
                let text = self.begin_text();
                self.text(raw, place, text)
            }
            Some(b'-' | b'0'..=b'9') => self.number(raw, place, Digits::begin(self.pos), false),
            Some(b'{') => self.container(place, Next::FirstKey, |parser| {
                let mut members = Map::new();
                let flow = parser.object(raw, &mut members);
                (Value::Object(members), flow)
            }),
            Some(b'[') => self.container(place, Next::FirstElement, |parser| {
                let mut elements = Vec::new();
                let flow = parser.array(raw, &mut elements);
                (Value::Array(elements), flow)
            }),
            Some(b't') => self.literal(raw, place, b"true", Value::Bool(true)),
            Some(b'f') => self.literal(raw, place, b"false", Value::Bool(false)),
            Some(b'n') => self.literal(raw, place, b"null", Value::Null),
            Some(_) => self.fail(JsonErrorKind::UnexpectedCharacter),
            None => Flow::Stopped,
        }
    }

    /// Opens a container and puts into `place` what `read` makes of it, whole or not.
    fn container(&mut self, place: &mut impl Place, next: Next, read: impl FnOnce(&mut Self) -> (Value, Flow)) -> Flow {
        if self.open.len() == MAX_DEPTH {
            return self.fail(JsonErrorKind::TooDeep);
        }
        self.pos += 1;
        self.next = next;
        self.open.push(Name::default());
        let (value, flow) = read(self);
        place.put(value);
        flow
    }

    fn close(&mut self) -> Flow {
        self.pos += 1;
        self.open.pop();
        Flow::Whole
    }

    /// Half a literal is not remembered but read again: it is short.
    fn literal(&mut self, raw: &str, place: &mut impl Place, literal: &[u8], value: Value) -> Flow {
        let rest = raw.as_bytes().get(self.pos..).unwrap_or_default();
        if rest.starts_with(literal) {
            self.pos += literal.len();
            place.put(value);
            return Flow::Whole;
        }
        if let Some(at) = literal.iter().zip(rest).position(|(a, b)| a != b) {
            self.error = Some(JsonError::new(JsonErrorKind::UnexpectedCharacter, self.pos + at));
        }
        Flow::Stopped
    }

    /// Passes an opening quote.
    fn begin_text(&mut self) -> Text {
        self.pos += 1;
        Text::begin(self.pos)
    }

    /// Goes on in a string of which nothing is shown.
    fn text(&mut self, raw: &str, place: &mut impl Place, mut text: Text) -> Flow {
        match text.scan(raw) {
            Scan::Ended => {
                self.pos = text.end() + 1;
                place.put(Value::String(text.decode(raw)));
                return Flow::Whole;
            }
            Scan::Partial => {}
            Scan::Failed(error) => self.error = Some(error),
        }
        self.next = match self.trailing {
            Trailing::Hide => Next::RestOfText(text),
            Trailing::Show => {
                place.put(Value::String(text.decode(raw)));
                Next::RestOfShownText(text.rest())
            }
        };
        Flow::Stopped
    }

    /// Goes on in a string that is shown, and shows the rest too.
    fn shown_text(&mut self, raw: &str, place: &mut impl Place, mut rest: Text) -> Flow {
        let scan = rest.scan(raw);
        if let Some(Value::String(shown)) = place.shown() {
            rest.decode_onto(shown, raw);
        }
        match scan {
            Scan::Ended => {
                self.pos = rest.end() + 1;
                return Flow::Whole;
            }
            Scan::Partial => {}
            Scan::Failed(error) => self.error = Some(error),
        }
        self.next = Next::RestOfShownText(rest.rest());
        Flow::Stopped
    }

    /// Goes on in a number, of which `shown` says whether its beginning is shown.
    fn number(&mut self, raw: &str, place: &mut impl Place, mut digits: Digits, shown: bool) -> Flow {
        let scan = digits.scan(raw);
        let value = if scan == Scan::Ended { digits.value(raw) } else { digits.provisional(raw) };
        let shows = self.show_number(place, value, shown);
        match scan {
            Scan::Ended if shows => {
                self.displaced = None;
                self.pos = digits.end();
                return Flow::Whole;
            }
            Scan::Ended => {
                let kind = JsonErrorKind::NumberOutOfRange;
                self.error = Some(JsonError::new(kind, digits.start()));
            }
            Scan::Partial => {}
            Scan::Failed(error) => self.error = Some(error),
        }
        self.next = Next::RestOfNumber { digits, shown: shows };
        Flow::Stopped
    }

    /// Shows what a number comes to now: `1`, nothing at `1.`, `1.5`. What it displaces is kept until it has ended,
    /// and is shown again when the number vanishes: at `{"a":true,"a":1.` it is `true` that stands.
    ///
    /// Returns whether the number is shown.
    fn show_number(&mut self, place: &mut impl Place, value: Option<Value>, shown: bool) -> bool {
        let shows = value.is_some();
        match (value, shown) {
            (Some(value), false) => self.displaced = place.put(value),
            (Some(value), true) => {
                if let Some(shown) = place.shown() {
                    *shown = value;
                }
            }
            (None, true) => place.take_back(self.displaced.take()),
            (None, false) => {}
        }
        shows
    }

    /// Skips white space and returns the byte behind it.
    fn peek(&mut self, raw: &str) -> Option<u8> {
        loop {
            match raw.as_bytes().get(self.pos) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.pos += 1,
                other => return other.copied(),
            }
        }
    }

    /// The byte at `pos` is wrong.
    fn fail(&mut self, kind: JsonErrorKind) -> Flow {
        self.error = Some(JsonError::new(kind, self.pos));
        Flow::Stopped
    }
}
