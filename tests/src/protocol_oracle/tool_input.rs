//! `docs/protocol.md`, heading "Tool input": the value of the collected text, and whether it is complete.

use serde_json::{Value, json};
use ssewire_messages::PartialStrings;

use super::json::{Json, Units, text};
use crate::partial_json;

/// The JSON text of one tool block.
#[derive(Debug, Clone, Default)]
pub struct Input {
    pub text: Units,
    /// Length of the text at which a piece was lost.
    pub lost_at: Option<usize>,
}

/// How the end of the message truncates an input.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// The block has no end: no text from deltas, or a number, may be a part of the input.
    pub unfinished: bool,
    /// The output limit may have truncated an input without text from deltas and without a value in the start.
    pub without_input: bool,
}

/// The value of an input, and whether it is complete.
#[derive(Debug)]
pub struct Settled {
    pub value: Value,
    pub is_complete: bool,
}

impl Input {
    pub fn lose_piece(&mut self) {
        self.lost_at = Some(self.lost_at.unwrap_or(self.text.len()));
    }

    pub fn is_blank(&self) -> bool {
        is_blank(&text(&self.text))
    }

    /// The input at the end of a message.
    pub fn settle(&self, start: Option<&Json>, cut: Cut) -> Settled {
        let all = text(&self.text);
        let known = text(&self.text[..self.lost_at.unwrap_or(self.text.len())]);
        let is_lost = self.lost_at.is_some();
        if is_blank(&all) {
            let (value, is_cut) = match start {
                Some(start) if !is_empty(start) => (start.to_value(), cut.unfinished),
                _ => (json!({}), cut.unfinished || cut.without_input),
            };
            return Settled { value, is_complete: !is_cut && !is_lost };
        }
        match serde_json::from_str::<Value>(&all) {
            // More digits may have been missing.
            Ok(value) if !is_lost => {
                let is_cut = cut.unfinished && value.is_number() && all.ends_with(|last: char| !last.is_whitespace());
                Settled { value, is_complete: !is_cut }
            }
            _ => Settled { value: so_far(&known), is_complete: false },
        }
    }
}

pub fn is_blank(text: &str) -> bool {
    text.trim_matches([' ', '\t', '\n', '\r']).is_empty()
}

fn is_empty(start: &Json) -> bool {
    match start {
        Json::Null => true,
        Json::String(units) => units.is_empty(),
        Json::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// "The value so far, up to the first error. An unfinished string at its end is left out."
fn so_far(text: &str) -> Value {
    let ends = text.char_indices().map(|(at, character)| at + character.len_utf8());
    let mut valid = 0;
    for end in ends {
        match serde_json::from_str::<Value>(&text[..end]) {
            Err(error) if error.to_string().contains("number out of range") => {
                // The number is the error, all of it, not the digit that made it too large.
                valid = text[..valid].trim_end_matches(|it: char| it.is_ascii_digit() || "+-.eE".contains(it)).len();
                break;
            }
            Err(error) if !error.is_eof() => break,
            _ => valid = end,
        }
    }
    // The byte that is not valid ends a number directly before it, as a space does.
    let is_ended = valid < text.len() && text[..valid].ends_with(|it: char| it.is_ascii_digit());
    let so_far = text[..valid].to_owned() + if is_ended { " " } else { "" };
    partial_json::view(&so_far, PartialStrings::Hide).shown.unwrap_or_else(|| json!({}))
}
