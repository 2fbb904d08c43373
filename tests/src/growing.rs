//! JSON that is still arriving: a slow and obvious reading of the rules of its two views.

use serde_json::{Map, Value};
use ssewire_json::Trailing;

/// What is to be seen of a prefix of a JSON document.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    pub shown: Option<Value>,
    /// A number that touches the end is shown.
    pub provisional: bool,
    /// A key stands in an object that has it already; the last one counts.
    pub repeats_a_key: bool,
}

/// Reads a text, which must be the beginning of a valid document, from its first character on.
pub fn view(prefix: &str, trailing: Trailing) -> View {
    let mut rules = Rules { rest: prefix, trailing, provisional: false, repeats_a_key: false };
    let shown = rules.value().shown;
    View { shown, provisional: rules.provisional, repeats_a_key: rules.repeats_a_key }
}

/// Whether `later` is what `earlier` may grow into: arrays and objects gain, and strings too where they are shown
/// unfinished.
pub fn has_grown_from(later: &Value, earlier: &Value, trailing: Trailing) -> bool {
    match (earlier, later) {
        (Value::Array(earlier), Value::Array(later)) => {
            earlier.len() <= later.len() && earlier.iter().zip(later).all(|(e, l)| has_grown_from(l, e, trailing))
        }
        (Value::Object(earlier), Value::Object(later)) => {
            earlier.iter().all(|(key, e)| later.get(key).is_some_and(|l| has_grown_from(l, e, trailing)))
        }
        (Value::String(earlier), Value::String(later)) if trailing == Trailing::Show => later.starts_with(earlier),
        (earlier, later) => earlier == later,
    }
}

/// The rules of the two views, applied to what is left of the text.
struct Rules<'t> {
    rest: &'t str,
    trailing: Trailing,
    provisional: bool,
    repeats_a_key: bool,
}

/// What stands at some place: `shown` is what is to be seen of it, `whole` says that its end has come.
struct Reading {
    shown: Option<Value>,
    whole: bool,
}

impl Rules<'_> {
    fn whole(value: Value) -> Reading {
        Reading { shown: Some(value), whole: true }
    }

    fn unfinished(shown: Option<Value>) -> Reading {
        Reading { shown, whole: false }
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
            None => Self::unfinished(None),
            Some('"') => match self.string() {
                (text, true) => Self::whole(text.into()),
                (text, false) if self.trailing == Trailing::Show => Self::unfinished(Some(text.into())),
                _ => Self::unfinished(None),
            },
            Some('[') => self.array(),
            Some('{') => self.object(),
            Some('t' | 'f' | 'n') => {
                for (literal, value) in
                    [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
                {
                    if self.eat(literal) {
                        return Self::whole(value);
                    }
                }
                self.rest = "";
                Self::unfinished(None)
            }
            Some(_) => self.number(),
        }
    }

    fn number(&mut self) -> Reading {
        let rest = self.rest.trim_start_matches(|c: char| c.is_ascii_digit() || "+-.eE".contains(c));
        let text = &self.rest[..self.rest.len() - rest.len()];
        self.rest = rest;
        if !rest.is_empty() {
            return Self::whole(serde_json::from_str(text).unwrap());
        }
        let shown = serde_json::from_str(text).ok().filter(|_| text.len() <= 64);
        self.provisional = shown.is_some();
        Self::unfinished(shown)
    }

    /// A string as far as its characters are decided, and whether the closing quote has come.
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
                    // The shortest piece that serde_json takes as a string by itself is the escape.
                    let whole = [2, 6, 12].into_iter().filter_map(|len| inside.get(at..at + len)).find_map(|escape| {
                        let quoted = format!("\"{}\"", escape.iter().collect::<String>());
                        Some((escape.len(), serde_json::from_str::<String>(&quoted).ok()?))
                    });
                    let Some((len, character)) = whole else { break };
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
            if !element.whole || self.rest.is_empty() {
                return Self::unfinished(Some(elements.into()));
            }
            self.eat(",");
        }
        Self::whole(elements.into())
    }

    fn object(&mut self) -> Reading {
        let mut members = Map::new();
        self.eat("{");
        while !self.eat("}") {
            let (key, whole) = if self.rest.is_empty() { (String::new(), false) } else { self.string() };
            if !whole || !self.eat(":") {
                return Self::unfinished(Some(members.into()));
            }
            let member = self.value();
            if let Some(value) = member.shown {
                self.repeats_a_key |= members.insert(key, value).is_some();
            }
            if !member.whole || self.rest.is_empty() {
                return Self::unfinished(Some(members.into()));
            }
            self.eat(",");
        }
        Self::whole(members.into())
    }
}
