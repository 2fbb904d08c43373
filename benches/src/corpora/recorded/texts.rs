//! The texts of deltas: as long, with as many escapes and as many other characters as in the profile.

use serde_json::Value;

use super::super::words::Words;
use super::profile::{Draws, Quantiles};

/// The texts of the deltas of one kind.
pub(super) struct Texts {
    bytes: Quantiles,
    escapes: Quantiles,
    with_escapes: f64,
    escaped: Draws,
    letters: Vec<(char, f64)>,
    letter: Draws,
    non_ascii: f64,
    other: Draws,
    padding: Quantiles,
    /// Numbers of escapes that no text had room for yet.
    waiting: Vec<usize>,
    /// Number of texts that were drawn to have escapes, but had no room for any.
    owed: isize,
    /// Number of backslashes that were drawn where the input cannot have one.
    owed_backslashes: usize,
    /// Number of other characters that were drawn where the input cannot have one.
    owed_others: usize,
    /// Number of quotation marks that were not drawn.
    quotes: usize,
    words: Words,
}

impl Texts {
    pub(super) fn new(profile: &Value, kind: &str) -> Self {
        let of = &profile["deltas"][kind];
        let share = |name: &str| of[name].as_f64().expect("a share");
        let counts = of["escape_letters"].as_object().expect("escapes");
        let all: f64 = counts.values().filter_map(Value::as_f64).sum();
        let meaning = |letter: &String| if letter == "n" { '\n' } else { letter.chars().next().expect("a letter") };
        Self {
            bytes: Quantiles::new(&of["value_bytes"], 2),
            escapes: Quantiles::new(&of["escapes_per_value_that_has_some"], 19),
            with_escapes: share("with_escapes_share"),
            escaped: Draws::new(5),
            letters: counts.iter().map(|(name, n)| (meaning(name), n.as_f64().unwrap_or_default() / all)).collect(),
            letter: Draws::new(7),
            non_ascii: share("non_ascii_share"),
            other: Draws::new(11),
            padding: Quantiles::new(&of["padding_spaces_before_a_closing_brace"], 13),
            waiting: Vec::new(),
            owed: 0,
            owed_backslashes: 0,
            owed_others: 0,
            quotes: 0,
            words: Words::new(),
        }
    }

    /// Draws the number of spaces before the last brace of a delta.
    pub(super) fn padding(&mut self) -> usize {
        self.padding.draw()
    }

    /// Draws the next text.
    pub(super) fn text(&mut self) -> String {
        let bytes = self.bytes.draw();
        let escapes = self.draw_escapes(bytes);
        let mut text = self.words.text(bytes - escapes);
        if self.other.chance(self.non_ascii) && text.len() > 2 {
            text.replace_range(..2, "é");
        }
        for _ in 0..escapes {
            let special = self.draw_letter();
            let mut at = self.words.random() as usize % (text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            text.insert(at, special);
        }
        text
    }

    /// Draws the next piece of an object, which `input` has so far.
    pub(super) fn input(&mut self, input: &mut Input, is_last: bool) -> String {
        // The end of the object needs up to four bytes.
        let bytes = self.bytes.draw().saturating_sub(if is_last { 4 } else { 0 });
        let mut escapes = self.draw_escapes(bytes / 3 * 2 + usize::from(bytes > 1));
        let mut text = String::new();
        while escapes > 0 && text.len() < bytes {
            let before = text.len();
            let letter = self.draw_letter();
            self.owed_backslashes += usize::from(letter == '\\');
            if input.is_in_string() && self.owed_backslashes > 0 {
                text += "\\n";
                self.owed_backslashes -= 1;
            } else if letter == '\n' && !input.is_in_string() {
                text.push('\n');
            } else {
                input.quote(&mut text);
            }
            escapes -= usize::from(text.len() > before);
            if escapes > 0 && input.is_in_string() && text.len() + 3 * escapes < bytes {
                text += self.words.word();
            }
        }
        let rest = bytes.saturating_sub(text.len());
        let mut words = self.words.text(rest);
        self.owed_others += usize::from(self.other.chance(self.non_ascii));
        if self.owed_others > 0 && input.is_in_string() && rest >= 2 {
            words.replace_range(..2, "é");
            self.owed_others -= 1;
        }
        input.fill(&mut text, &words);
        if is_last {
            self.end(input, &mut text);
        }
        text
    }

    /// Ends the object. What this adds was not drawn, so it replaces later draws.
    fn end(&mut self, input: &Input, text: &mut String) {
        let before = text.matches('"').count();
        input.end(text);
        let added = text.matches('"').count() - before;
        self.owed -= isize::from(before == 0 && added > 0);
        self.quotes += added;
        self.owed_backslashes += self.quotes / 4;
        self.quotes %= 4;
    }

    /// Draws how many escapes a text has for which there is room for `most`.
    fn draw_escapes(&mut self, most: usize) -> usize {
        self.owed += isize::from(self.escaped.chance(self.with_escapes));
        if most == 0 || self.owed <= 0 {
            return 0;
        }
        self.owed -= 1;
        if let Some(at) = self.waiting.iter().position(|escapes| *escapes <= most) {
            return self.waiting.swap_remove(at);
        }
        loop {
            let escapes = self.escapes.draw();
            if escapes <= most {
                return escapes;
            }
            self.waiting.push(escapes);
            if self.waiting.len() > 200 {
                return 1;
            }
        }
    }

    fn draw_letter(&mut self) -> char {
        let mut at = self.letter.next();
        for (letter, share) in &self.letters {
            at -= share;
            if at < 0.0 {
                return *letter;
            }
        }
        '"'
    }
}

/// The object that the pieces of a tool's input are cut from: strings as members.
#[derive(Debug, Default)]
pub(super) struct Input(Place);

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Place {
    #[default]
    Start,
    Open,
    Name,
    AfterName,
    Value,
    AfterValue,
}

impl Input {
    fn is_in_string(&self) -> bool {
        matches!(self.0, Place::Name | Place::Value)
    }

    /// Writes the next quotation mark.
    fn quote(&mut self, text: &mut String) {
        let (written, next) = match self.0 {
            Place::Start => ("{\"", Place::Name),
            Place::Open => ("\"", Place::Name),
            Place::Name => ("\"", Place::AfterName),
            Place::AfterName => (":\"", Place::Value),
            Place::Value => ("\"", Place::AfterValue),
            Place::AfterValue => (",\"", Place::Name),
        };
        *text += written;
        self.0 = next;
    }

    /// Writes the given number of bytes without a quotation mark.
    fn fill(&mut self, text: &mut String, words: &str) {
        let mut words = words.to_string();
        if self.0 == Place::Start && !words.is_empty() {
            text.push('{');
            words.pop();
            self.0 = Place::Open;
        }
        *text += &if self.is_in_string() { words } else { " ".repeat(words.len()) };
    }

    fn end(&self, text: &mut String) {
        *text += match self.0 {
            Place::Start => "{}",
            Place::Open | Place::AfterValue => "}",
            Place::Name => "\":0}",
            Place::AfterName => ":0}",
            Place::Value => "\"}",
        };
    }
}
