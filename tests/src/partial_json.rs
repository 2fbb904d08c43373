//! Partial JSON: a slow, obvious oracle for its two views.

use serde_json::{Map, Value};
use ssewire_json::{PartialChange, PartialStrings};

/// The view of a prefix of a JSON document.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    pub shown: Option<Value>,
    /// A number at the end of the prefix is shown.
    pub provisional: bool,
    /// An object has the same key twice; the last value wins.
    pub has_repeated_key: bool,
}

/// Returns the view of `prefix`, which must be a prefix of a valid document.
pub fn view(prefix: &str, partial_strings: PartialStrings) -> View {
    let mut rules = Rules { rest: prefix, partial_strings, provisional: false, has_repeated_key: false };
    let shown = rules.value().shown;
    View { shown, provisional: rules.provisional, has_repeated_key: rules.has_repeated_key }
}

/// Returns whether `later` extends `earlier`: arrays and objects may have more items, and strings more text if
/// partial strings are shown.
pub fn extends(later: &Value, earlier: &Value, partial_strings: PartialStrings) -> bool {
    match (earlier, later) {
        (Value::Array(earlier), Value::Array(later)) => {
            earlier.len() <= later.len() && earlier.iter().zip(later).all(|(e, l)| extends(l, e, partial_strings))
        }
        (Value::Object(earlier), Value::Object(later)) => {
            earlier.iter().all(|(key, e)| later.get(key).is_some_and(|l| extends(l, e, partial_strings)))
        }
        (Value::String(earlier), Value::String(later)) if partial_strings == PartialStrings::Show => {
            later.starts_with(earlier)
        }
        (earlier, later) => earlier == later,
    }
}

/// Parser of the rest of the text, which applies the rules of the two views.
struct Rules<'t> {
    rest: &'t str,
    partial_strings: PartialStrings,
    provisional: bool,
    has_repeated_key: bool,
}

/// A value of the text: the part that is shown, and whether it is complete.
struct Reading {
    shown: Option<Value>,
    is_complete: bool,
}

impl Rules<'_> {
    fn complete(value: Value) -> Reading {
        Reading { shown: Some(value), is_complete: true }
    }

    fn incomplete(shown: Option<Value>) -> Reading {
        Reading { shown, is_complete: false }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Reading {
        self.skip_space();
        match self.rest.chars().next() {
            None => Self::incomplete(None),
            Some('"') => match self.string() {
                (text, true) => Self::complete(text.into()),
                (text, false) if self.partial_strings == PartialStrings::Show => Self::incomplete(Some(text.into())),
                _ => Self::incomplete(None),
            },
            Some('[') => self.array(),
            Some('{') => self.object(),
            Some('t' | 'f' | 'n') => {
                for (literal, value) in
                    [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
                {
                    if self.eat(literal) {
                        return Self::complete(value);
                    }
                }
                self.rest = "";
                Self::incomplete(None)
            }
            Some(_) => self.number(),
        }
    }

    fn number(&mut self) -> Reading {
        let rest = self.rest.trim_start_matches(|c: char| c.is_ascii_digit() || "+-.eE".contains(c));
        let text = &self.rest[..self.rest.len() - rest.len()];
        self.rest = rest;
        if !rest.is_empty() {
            return Self::complete(serde_json::from_str(text).unwrap());
        }
        let shown = serde_json::from_str(text).ok().filter(|_| text.len() <= 64);
        self.provisional = shown.is_some();
        Self::incomplete(shown)
    }

    /// Reads a string up to its last complete character. Returns whether it has its closing quote.
    fn string(&mut self) -> (String, bool) {
        let inside: Vec<char> = self.rest.chars().skip(1).collect();
        let (mut text, mut at) = (String::new(), 0);
        loop {
            match inside.get(at) {
                None => break,
                Some('"') => {
                    self.rest = &self.rest[1 + inside[..=at].iter().map(|c| c.len_utf8()).sum::<usize>()..];
                    return (text, true);
                }
                Some('\\') => {
                    // The escape is the shortest piece that serde_json accepts as a string of its own.
                    let escape = [2, 6, 12].into_iter().filter_map(|len| inside.get(at..at + len)).find_map(|escape| {
                        let quoted = format!("\"{}\"", escape.iter().collect::<String>());
                        Some((escape.len(), serde_json::from_str::<String>(&quoted).ok()?))
                    });
                    let Some((len, character)) = escape else { break };
                    text.push_str(&character);
                    at += len;
                }
                Some(c) => {
                    text.push(*c);
                    at += 1;
                }
            }
        }
        self.rest = "";
        (text, false)
    }

    fn array(&mut self) -> Reading {
        let mut elements = Vec::new();
        self.eat("[");
        while !self.eat("]") {
            let element = self.value();
            elements.extend(element.shown);
            if !element.is_complete || self.rest.is_empty() {
                return Self::incomplete(Some(elements.into()));
            }
            self.eat(",");
        }
        Self::complete(elements.into())
    }

    fn object(&mut self) -> Reading {
        let mut members = Map::new();
        self.eat("{");
        while !self.eat("}") {
            let (key, is_complete) = if self.rest.is_empty() { (String::new(), false) } else { self.string() };
            if !is_complete || !self.eat(":") {
                return Self::incomplete(Some(members.into()));
            }
            let member = self.value();
            if let Some(value) = member.shown {
                self.has_repeated_key |= members.insert(key, value).is_some();
            }
            if !member.is_complete || self.rest.is_empty() {
                return Self::incomplete(Some(members.into()));
            }
            self.eat(",");
        }
        Self::complete(members.into())
    }
}

/// A value built from changes alone, as a binding to another language builds one.
#[derive(Debug, Default)]
pub struct Mirror {
    root: Option<Value>,
    /// The open containers, outermost first: where the last value of each is.
    open: Vec<String>,
    key: String,
}

impl Mirror {
    /// The value so far.
    pub fn value(&self) -> Option<&Value> {
        self.root.as_ref()
    }

    /// Applies the next change.
    pub fn apply(&mut self, change: PartialChange<'_>) {
        match change {
            PartialChange::Object => self.open_container(Value::Object(Map::new())),
            PartialChange::Array => self.open_container(Value::Array(Vec::new())),
            PartialChange::End => self.key = self.open.pop().expect("a container is open"),
            PartialChange::Key(key) => self.key = key.into_owned(),
            PartialChange::String => self.put(Value::String(String::new())),
            PartialChange::Text(text) => {
                assert!(!text.is_empty());
                match self.last() {
                    Some(Value::String(string)) => string.push_str(&text),
                    other => panic!("text for {other:?}"),
                }
            }
            PartialChange::Number(number) => self.put(Value::Number(number)),
            PartialChange::Bool(value) => self.put(Value::Bool(value)),
            PartialChange::Null => self.put(Value::Null),
            other => panic!("an unknown change: {other:?}"),
        }
    }

    fn open_container(&mut self, container: Value) {
        self.put(container);
        self.open.push(std::mem::take(&mut self.key));
    }

    fn put(&mut self, value: Value) {
        let key = self.key.clone();
        match self.innermost() {
            None => self.root = Some(value),
            Some(Value::Array(elements)) => elements.push(value),
            Some(Value::Object(members)) => {
                members.insert(key, value);
            }
            Some(other) => panic!("a member of {other:?}"),
        }
    }

    fn innermost(&mut self) -> Option<&mut Value> {
        let (_, inner) = self.open.split_first()?;
        inner.iter().fold(self.root.as_mut(), |value, key| last_of(value?, key))
    }

    fn last(&mut self) -> Option<&mut Value> {
        let key = self.key.clone();
        match self.open.is_empty() {
            true => self.root.as_mut(),
            false => last_of(self.innermost()?, &key),
        }
    }
}

fn last_of<'v>(container: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    match container {
        Value::Array(elements) => elements.last_mut(),
        Value::Object(members) => members.get_mut(key),
        _ => None,
    }
}
