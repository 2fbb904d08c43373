//! JSON as the rules need it: members in order, repeated members, numbers as written, and halves of surrogate pairs.

use serde_json::{Number, Value};

/// UTF-16 code units, because a string of the stream may end in the middle of a surrogate pair.
pub type Units = Vec<u16>;

/// A JSON value without any loss.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    String(Units),
    Array(Vec<Json>),
    Object(Members),
}

/// The members of an object, in order; a name may occur more than once.
pub type Members = Vec<(String, Json)>;

/// A half of a pair without its other half is U+FFFD.
pub fn text(units: &[u16]) -> String {
    String::from_utf16_lossy(units)
}

pub fn units(text: &str) -> Units {
    text.encode_utf16().collect()
}

/// Returns the member that counts: the last one, of `type` the first.
pub fn member<'j>(members: &'j Members, name: &str) -> Option<&'j Json> {
    let mut found = members.iter().filter(|(other, _)| other == name).map(|(_, value)| value);
    if name == "type" { found.next() } else { found.next_back() }
}

/// Replaces a member, or adds it.
pub fn set(members: &mut Members, name: &str, value: Json) {
    members.retain(|(other, _)| other != name);
    members.push((name.to_owned(), value));
}

impl Json {
    /// Parses one document of RFC 8259. Ill-formed UTF-8 becomes U+FFFD.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text: Vec<char> = String::from_utf8_lossy(text).chars().collect();
        let mut parser = Parser { text: &text };
        let value = parser.value()?;
        parser.space();
        parser.text.is_empty().then_some(value)
    }

    /// The members before the first invalid byte of a text that is not JSON.
    pub fn members_before_error(text: &[u8]) -> Members {
        let text: Vec<char> = String::from_utf8_lossy(text).chars().collect();
        let mut parser = Parser { text: &text };
        parser.space();
        let mut members = Members::new();
        let mut next = parser.eat('{');
        while next.is_some() {
            let Some(member) = parser.member() else { break };
            members.push(member);
            parser.space();
            next = parser.eat(',');
        }
        members
    }

    pub fn as_object(&self) -> Option<&Members> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    pub fn as_units(&self) -> Option<&Units> {
        match self {
            Self::String(units) => Some(units),
            _ => None,
        }
    }

    /// A string without halves of pairs.
    pub fn as_text(&self) -> Option<String> {
        self.as_units().map(|units| text(units))
    }

    /// A non-negative integer; also as a string of digits, or as a float without a fraction.
    pub fn as_count(&self) -> Option<u64> {
        match self {
            Self::Number(number) if number.starts_with('-') => None,
            Self::Number(number) => number.parse().ok().or_else(|| whole(number.parse().ok()?)),
            Self::String(units) => {
                let digits = text(units);
                let is_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                if is_digits { digits.parse().ok() } else { None }
            }
            _ => None,
        }
    }

    /// The value for a comparison: the last of equal members counts, of `type` the first.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => number_value(number),
            Self::String(units) => Value::String(text(units)),
            Self::Array(items) => items.iter().map(Self::to_value).collect(),
            Self::Object(members) => {
                members.iter().filter_map(|(name, _)| Some((name.clone(), member(members, name)?.to_value()))).collect()
            }
        }
    }
}

/// `2.5e+3` and `2500.0` are the same, and `-0` is a float; a number beyond the range of `f64` is compared as text.
fn number_value(number: &str) -> Value {
    if let Ok(number) = number.parse::<u64>() {
        return number.into();
    }
    if let (Ok(number), true) = (number.parse::<i64>(), number != "-0") {
        return number.into();
    }
    // Rounded as the value of tool input is.
    let float = serde_json::from_str(number).ok().and_then(Number::from_f64);
    float.map_or_else(|| number.into(), Value::Number)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
fn whole(float: f64) -> Option<u64> {
    let is_whole = float.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(&float);
    is_whole.then_some(float as u64)
}

/// A recursive descent over the rest of the text.
struct Parser<'t> {
    text: &'t [char],
}

impl Parser<'_> {
    fn space(&mut self) {
        while let [' ' | '\t' | '\n' | '\r', rest @ ..] = self.text {
            self.text = rest;
        }
    }

    fn eat(&mut self, wanted: char) -> Option<()> {
        let [first, rest @ ..] = self.text else { return None };
        (*first == wanted).then(|| self.text = rest)
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        word.chars().try_for_each(|character| self.eat(character))?;
        Some(value)
    }

    fn value(&mut self) -> Option<Json> {
        self.space();
        match self.text.first()? {
            'n' => self.word("null", Json::Null),
            't' => self.word("true", Json::Bool(true)),
            'f' => self.word("false", Json::Bool(false)),
            '"' => self.string().map(Json::String),
            '[' => self.array(),
            '{' => self.object(),
            _ => self.number(),
        }
    }

    fn array(&mut self) -> Option<Json> {
        self.eat('[')?;
        let mut items = Vec::new();
        self.space();
        if self.eat(']').is_some() {
            return Some(Json::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.space();
            if self.eat(']').is_some() {
                return Some(Json::Array(items));
            }
            self.eat(',')?;
        }
    }

    fn object(&mut self) -> Option<Json> {
        self.eat('{')?;
        let mut members = Vec::new();
        self.space();
        if self.eat('}').is_some() {
            return Some(Json::Object(members));
        }
        loop {
            members.push(self.member()?);
            self.space();
            if self.eat('}').is_some() {
                return Some(Json::Object(members));
            }
            self.eat(',')?;
        }
    }

    fn member(&mut self) -> Option<(String, Json)> {
        self.space();
        let name = text(&self.string()?);
        self.space();
        self.eat(':')?;
        Some((name, self.value()?))
    }

    fn string(&mut self) -> Option<Units> {
        self.eat('"')?;
        let mut units = Units::new();
        loop {
            let [first, rest @ ..] = self.text else { return None };
            self.text = rest;
            match first {
                '"' => return Some(units),
                '\\' => units.push(self.escape()?),
                '\0'..='\x1f' => return None,
                other => units.extend_from_slice(other.encode_utf16(&mut [0; 2])),
            }
        }
    }

    fn escape(&mut self) -> Option<u16> {
        let [first, rest @ ..] = self.text else { return None };
        self.text = rest;
        Some(match first {
            '"' | '\\' | '/' => *first as u16,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'u' => {
                let (digits, rest) = self.text.split_at_checked(4)?;
                self.text = rest;
                let unit = digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + digit.to_digit(16)?))?;
                u16::try_from(unit).ok()?
            }
            _ => return None,
        })
    }

    fn number(&mut self) -> Option<Json> {
        let before = self.text;
        let _ = self.eat('-');
        if self.eat('0').is_none() {
            self.digits()?;
        }
        if self.eat('.').is_some() {
            self.digits()?;
        }
        if self.eat('e').or_else(|| self.eat('E')).is_some() {
            let _ = self.eat('+').or_else(|| self.eat('-'));
            self.digits()?;
        }
        Some(Json::Number(before[..before.len() - self.text.len()].iter().collect()))
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.text.iter().take_while(|character| character.is_ascii_digit()).count();
        self.text = &self.text[count..];
        (count > 0).then_some(())
    }
}
